//! Both ends of a connection of the crate beside this one.

use std::{any::Any, sync::Arc};

use tls12::{
    ClientHandshake, Connection, Received, RecvBuf, Seed, ServerHandshake, UnixTime, client,
    crypto::Sign,
    pki::VerifyPeer,
    server::{self, NeedsConfig},
    session::{HandshakeKind, TicketSent},
    store::SessionStore,
};

use super::tls12::{Configs, Shared, Thread};
use crate::{cert::NAME, contestant::Side};

/// A handshake of either side, driven as far as the bytes go that have come.
pub trait Handshake: Sized {
    /// Answers asks until there is nothing more to read, or nothing more to do.
    fn drive(self, shared: &Shared, input: &mut &[u8], output: &mut Vec<u8>) -> Result<Opened, Self>;
}

/// What a handshake gives.
type Opened = (Connection, RecvBuf);

/// One end: a handshake, then a connection and the buffer that it uses.
pub struct End<H> {
    handshake: Option<H>,
    opened: Option<Opened>,
    thread: Arc<Thread>,
}

/// The client's end.
pub type Client = End<ClientHandshake>;
/// The server's.
pub type Server = End<ServerHandshake>;

impl Client {
    /// A handshake that offers what is kept for the server.
    pub fn start(thread: &Arc<Thread>) -> Self {
        let shared = &thread.shared;
        let (now, seed) = (UnixTime::now(), Seed::from_os().expect("randomness"));
        let session = shared.sessions.as_ref().and_then(|kept| kept.get(NAME, &shared.trust, now));
        let (config, name, buf) = (shared.client.clone(), shared.name.clone(), thread.pool.take());
        Self::new(ClientHandshake::start(config, name, session, seed, buf, now), thread)
    }
}

impl Server {
    /// A handshake with whoever comes.
    pub fn start(thread: &Arc<Thread>) -> Self {
        let (now, seed) = (UnixTime::now(), Seed::from_os().expect("randomness"));
        Self::new(ServerHandshake::start(seed, thread.pool.take(), now), thread)
    }
}

impl<H> End<H> {
    fn new(handshake: H, thread: &Arc<Thread>) -> Self {
        Self { handshake: Some(handshake), opened: None, thread: thread.clone() }
    }

    fn connection(&self) -> &Connection {
        &self.opened.as_ref().expect("the handshake is complete").0
    }
}

impl<H: Handshake> Side for End<H> {
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) {
        let Some(handshake) = self.handshake.take() else { return };
        let mut rest = &input[..];
        match handshake.drive(&self.thread.shared, &mut rest, output) {
            Ok(opened) => self.opened = Some(opened),
            Err(handshake) => self.handshake = Some(handshake),
        }
        assert!(rest.is_empty(), "a handshake uses all that has come");
        input.clear();
    }

    fn is_done(&self) -> bool {
        self.opened.is_some()
    }

    fn is_resumed(&self) -> bool {
        matches!(self.connection().info().handshake, HandshakeKind::Resumed(_))
    }

    fn seal(&mut self, plaintext: &[u8], output: &mut Vec<u8>) {
        let (connection, _) = self.opened.as_mut().expect("the handshake is complete");
        connection.send(plaintext, output).expect("a record is sealed");
    }

    fn open(&mut self, records: &mut Vec<u8>) -> usize {
        let (connection, buf) = self.opened.as_mut().expect("the handshake is complete");
        // What the connection would have to say; nothing, for nothing is wrong.
        let mut replies = Vec::new();
        let mut shown = 0;
        let mut rest = &records[..];
        while !rest.is_empty() {
            let n = take(buf.spare(), &mut rest);
            buf.received(n).expect("records came");
            while let Received::Data(plaintext) =
                connection.receive(buf, &mut replies).expect("a record opens")
            {
                shown += plaintext.len();
            }
        }
        records.clear();
        shown
    }

    fn rest(mut self) -> Box<dyn Any> {
        let (connection, buf) = self.opened.take().expect("the handshake is complete");
        self.thread.pool.give(buf);
        match self.thread.shared.parks {
            true => Box::new(connection.park()),
            false => Box::new(connection),
        }
    }
}

impl<H> Drop for End<H> {
    fn drop(&mut self) {
        if let Some((_, buf)) = self.opened.take() {
            self.thread.pool.give(buf);
        }
    }
}

impl Handshake for ClientHandshake {
    fn drive(mut self, shared: &Shared, input: &mut &[u8], output: &mut Vec<u8>) -> Result<Opened, Self> {
        loop {
            self = match self {
                Self::NeedsFlush(ask) => {
                    output.extend_from_slice(ask.bytes());
                    ask.all_sent()
                }
                Self::NeedsInput(ask) if input.is_empty() => return Err(Self::NeedsInput(ask)),
                Self::NeedsInput(mut ask) => {
                    let n = take(ask.spare(), input);
                    ask.received(n, UnixTime::now())
                }
                Self::NeedsVerdict(ask) => {
                    let verdict = shared.verifier.verify(ask.presented());
                    ask.answer(verdict)
                }
                Self::NeedsCredential(ask) => ask.answer(None),
                Self::NeedsSignature(ask) => ask.answer(Err(tls12::crypto::SignError)),
                Self::Done(done) => return Ok(keep(shared, done)),
                Self::Failed(failed) => panic!("the client failed: {}", failed.error),
            }
        }
    }
}

/// Keeps a session that is new, as a client with a cache does.
fn keep(shared: &Shared, done: client::Established) -> Opened {
    let client::Established { connection, buf, session } = done;
    let info = connection.info();
    let is_new = matches!(info.handshake, HandshakeKind::Full(_)) || info.ticket == TicketSent::Issued;
    if let (Some(sessions), Some(session), true) = (&shared.sessions, session, is_new) {
        sessions.insert(session);
    }
    (connection, buf)
}

impl Handshake for ServerHandshake {
    fn drive(mut self, shared: &Shared, input: &mut &[u8], output: &mut Vec<u8>) -> Result<Opened, Self> {
        loop {
            self = match self {
                Self::NeedsFlush(ask) => {
                    output.extend_from_slice(ask.bytes());
                    ask.all_sent()
                }
                Self::NeedsInput(ask) if input.is_empty() => return Err(Self::NeedsInput(ask)),
                Self::NeedsInput(mut ask) => {
                    let n = take(ask.spare(), input);
                    ask.received(n, UnixTime::now())
                }
                Self::NeedsConfig(ask) => configure(shared, ask),
                Self::NeedsSession(ask) => {
                    let found = shared.store.get(ask.key());
                    ask.answer(found)
                }
                Self::NeedsStore(ask) => {
                    shared.store.put(ask.session());
                    ask.stored()
                }
                Self::NeedsSignature(ask) => {
                    let signature = shared.key.sign(ask.request());
                    ask.answer(signature)
                }
                Self::NeedsVerdict(_) => panic!("no client was asked for a certificate"),
                Self::Done(server::Established { connection, buf }) => return Ok((connection, buf)),
                Self::Failed(failed) => panic!("the server failed: {}", failed.error),
            }
        }
    }
}

fn configure(shared: &Shared, ask: NeedsConfig) -> ServerHandshake {
    let config = match &shared.configs {
        Configs::One(config) => Some(config),
        Configs::ByName(configs) => ask.client_hello().server_name().and_then(|name| configs.get(name)),
    };
    match config.cloned() {
        Some(config) => ask.answer(config),
        None => ask.refuse_name(),
    }
}

/// Copies as much as fits, as a socket does.
fn take(to: &mut [u8], from: &mut &[u8]) -> usize {
    let n = to.len().min(from.len());
    to[..n].copy_from_slice(&from[..n]);
    *from = &from[n..];
    n
}
