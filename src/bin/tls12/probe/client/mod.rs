//! A client of which every word can be chosen. It reads exactly and minds little: what a server does is a result, not a reason to stop.
//!
//! Whether a handshake was resumed is told by the handshake: what followed ServerHello, and whose keys opened the
//! server's Finished. IDs and tickets are never compared for it.

mod full;
mod handshake;
mod link;
mod offer;
mod preamble;
mod protection;
mod resumed;
mod seen;
mod talk;
mod trouble;

use std::{net::SocketAddr, time::Duration};

use rand::TryRng;
use tls12::{
    ServerName,
    crypto::{Provider, Secret},
    pki::VerifyPeer,
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use self::link::Link;
pub(crate) use self::{
    offer::{Ending, MasterSecretOffer, Offer, Session},
    preamble::Preamble,
    seen::{Certificate, Given, Kind, Seen, Times, Trust},
    talk::Talk,
    trouble::{Stage, Trouble},
};
use crate::certs::Identity;

/// For how long a server may take to answer close_notify.
const GOODBYE: Duration = Duration::from_millis(500);

/// What all connections of a probe have in common.
pub(crate) struct Caller {
    pub(crate) provider: &'static Provider,
    pub(crate) preamble: Preamble,
    /// For how long a connection may take to come about, and for how long a handshake.
    pub(crate) patience: Duration,
    /// Presented where the server asks for a certificate.
    pub(crate) identity: Option<Identity>,
    /// Whom to believe; nobody where there are no roots.
    pub(crate) verifier: Option<Box<dyn VerifyPeer>>,
    /// The name that the certificate should have.
    pub(crate) expected: Option<ServerName<'static>>,
}

impl Caller {
    /// One connection: what it says is `offer`, what came of it is the result. What was said goes to `talk`.
    pub(crate) async fn call(
        &self,
        address: SocketAddr,
        offer: &Offer,
        talk: &mut Talk,
    ) -> Result<Seen, Trouble> {
        let begun = Instant::now();
        let mut tcp = self.connect(address).await?;
        let connect = begun.elapsed();
        let _ = tcp.set_nodelay(true);
        match timeout(self.patience, self.preamble.speak(&mut tcp)).await {
            Ok(result) => result?,
            Err(_) => return Err(Trouble::Late(Stage::Preamble)),
        }
        let mut link = Link::new(tcp);
        let outcome = timeout(self.patience, handshake::run(&mut link, offer, self)).await;
        let handshake = link.elapsed();
        // What follows is not of the handshake any more.
        *talk = std::mem::take(&mut link.talk);
        let mut seen = outcome.unwrap_or(Err(Trouble::Late(link.stage)))?;
        seen.times = Times { connect, handshake, round_trips: link.round_trips };
        match offer.ending {
            Ending::Reset => link.reset(),
            Ending::Cut => timeout(GOODBYE, link.cut()).await.unwrap_or(()),
            // The server says here if it does not like our Finished; that it says nothing is an answer too.
            Ending::Clean => timeout(GOODBYE, link.close()).await.unwrap_or(Ok(()))?,
            Ending::Held => seen.held = Some(Held(Box::new(link))),
        }
        Ok(seen)
    }

    async fn connect(&self, address: SocketAddr) -> Result<TcpStream, Trouble> {
        match timeout(self.patience, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => Ok(tcp),
            Ok(Err(error)) => Err(Trouble::connecting(&error)),
            Err(_) => Err(Trouble::Connect("nobody answers there".into())),
        }
    }

    /// The name of the server, if it may stand in server_name: an address may not (RFC 6066, 3).
    pub(crate) fn server_name(&self) -> Option<String> {
        match &self.expected {
            Some(ServerName::DnsName(name)) => Some(name.as_ref().to_owned()),
            Some(_) | None => None,
        }
    }
}

/// A connection that goes on after its handshake.
pub(crate) struct Held(Box<Link>);

impl Held {
    /// Ends it with close_notify.
    pub(crate) async fn close(mut self) {
        // Whatever the server says to that, it is about nothing that was asked.
        let _ = timeout(GOODBYE, self.0.close()).await;
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    let drawn = rand::rngs::SysRng.try_fill_bytes(&mut bytes);
    drawn.map_err(|error| Trouble::Unexpected(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

/// The same, to be wiped.
pub(crate) fn random_secret() -> Result<Secret<64>, Trouble> {
    random().map(Secret::new)
}
