//! What both hellos fixed, and what comes of it.

use alloc::vec::Vec;

use super::{
    channel::Channel,
    proofs::{Aligned, FinishedVerified},
    settings::{Renegotiation, Settings},
    step::Common,
};
use crate::{
    connection::{Connection, ConnectionInfo, Facts},
    crypto::{RecordOpenKey, RecordSealKey, Suite},
    error::{Error, Refusal},
    pki::Credential,
    record::RecvBuf,
    schedule::{MasterSecret, Premaster, Randoms, Side, Transcript},
    session::ClientSession,
    wire::{Finished, Handshake},
};

/// What both hellos fixed. A handshake carries it from the ServerHello to its end.
#[derive(Debug)]
pub(crate) struct Agreed {
    pub(crate) suite: &'static Suite,
    pub(crate) randoms: Randoms,
    pub(crate) transcript: Transcript,
    /// What the connection will tell, as far as it is known.
    pub(crate) info: ConnectionInfo,
    /// What we present, if we do.
    pub(crate) credential: Option<Credential>,
}

/// The master secret, and the keys of both directions that are not in use yet.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) master: MasterSecret,
    pub(crate) sealing: RecordSealKey,
    pub(crate) opening: RecordOpenKey,
}

impl Agreed {
    /// The master secret of a full handshake; the transcript ends with ClientKeyExchange.
    pub(crate) fn master(&self, settings: &Settings, premaster: Premaster) -> MasterSecret {
        let (provider, hash) = (settings.provider, self.suite.hash);
        match self.info.extended_master_secret {
            true => MasterSecret::extended(provider, hash, premaster, &self.transcript.session_hash()),
            false => MasterSecret::classic(provider, hash, premaster, &self.randoms),
        }
    }

    /// The keys that follow from the master secret.
    pub(crate) fn keys(&self, settings: &Settings, side: Side, master: MasterSecret) -> Result<Keys, Error> {
        let traffic = master.traffic_keys(self.suite, &self.randoms);
        let (ours, theirs) = match side {
            Side::Client => (&traffic.client, &traffic.server),
            Side::Server => (&traffic.server, &traffic.client),
        };
        let refused = Error::Refused(Refusal::Provider);
        let sealing = ours.sealing(settings.provider).ok_or(refused.clone())?;
        let opening = theirs.opening(settings.provider).ok_or(refused)?;
        if let Some(log) = &settings.key_log {
            master.log_to(&**log, &self.randoms);
        }
        Ok(Keys { master, sealing, opening })
    }

    /// Appends ChangeCipherSpec and our Finished.
    pub(crate) fn finish(
        &mut self,
        side: Side,
        master: &MasterSecret,
        sealing: RecordSealKey,
        (channel, out): (&mut Channel, &mut Vec<u8>),
    ) {
        let verify_data = *master.verify_data(side, &self.transcript.current()).expose();
        let mut finished = Vec::new();
        Finished { verify_data }.write_framed(&mut finished);
        self.transcript.add(&finished);
        channel.change_cipher_spec(sealing, out);
        channel.messages(&finished, out);
    }

    /// Checks the peer's Finished, and adds it to the transcript.
    pub(crate) fn check_finished(
        &mut self,
        side: Side,
        master: &MasterSecret,
        (finished, raw): (&Finished, &[u8]),
    ) -> Result<FinishedVerified, Error> {
        let verified = FinishedVerified::check(finished, side, master, &self.transcript)?;
        self.transcript.add(raw);
        Ok(verified)
    }

    /// What the connection keeps.
    pub(crate) fn facts(self, settings: &Settings, side: Side, master: MasterSecret) -> Facts {
        Facts {
            info: self.info,
            side,
            provider: settings.provider,
            master,
            randoms: self.randoms,
            credential: self.credential,
            store_key: None,
        }
    }
}

/// A handshake that is over: both Finished are verified, and nothing is left over.
#[derive(Debug)]
pub(crate) struct Complete {
    pub(crate) facts: Facts,
    pub(crate) renegotiation: Renegotiation,
    pub(crate) proofs: (FinishedVerified, Aligned),
    /// What a client may offer next time.
    pub(crate) session: Option<ClientSession>,
}

impl Complete {
    /// Traffic begins: the state of the handshake is gone.
    pub(crate) fn into_connection(self, common: Common) -> (Connection, RecvBuf, Option<ClientSession>) {
        let Self { facts, renegotiation, proofs, session } = self;
        (Connection::new(common.channel, renegotiation, facts, proofs), common.buf, session)
    }
}
