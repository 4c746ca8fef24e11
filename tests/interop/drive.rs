//! Our side: a blocking loop over the steps of a handshake, and over the two verbs of a connection.

use tls12::{
    ClientHandshake, Connection, Error, HalfReceived, Received, RecvBuf, ServerHandshake,
    connection::Reader,
    crypto::{LocalKey, Sign, Signature, SignatureRequest},
    session::ClientSession,
    store::{NoStore, SessionStore},
};

use crate::common::pair::World;

/// What is between us and the peer, and who signs.
pub(crate) trait Transport {
    /// Sends all of `bytes`.
    fn send(&mut self, bytes: &[u8]);

    /// Receives some bytes; none means that the peer is gone.
    fn receive(&mut self, into: &mut [u8]) -> usize;

    /// Signs for a handshake.
    fn sign(&mut self, key: &LocalKey, request: &SignatureRequest) -> Signature {
        key.sign(request).expect("a key that fits its certificate")
    }

    /// After a failure: nothing more is sent, but what the peer sends is still read, so that it gets the alert.
    fn linger(&mut self) {}
}

impl<T: Transport> Transport for &mut T {
    fn send(&mut self, bytes: &[u8]) {
        (**self).send(bytes);
    }

    fn receive(&mut self, into: &mut [u8]) -> usize {
        (**self).receive(into)
    }

    fn sign(&mut self, key: &LocalKey, request: &SignatureRequest) -> Signature {
        (**self).sign(key, request)
    }

    fn linger(&mut self) {
        (**self).linger();
    }
}

/// An established connection and its transport.
pub(crate) struct Tls<T> {
    pub(crate) tls: Connection,
    buf: RecvBuf,
    pub(crate) io: T,
    /// What to offer next time, if we are the client.
    pub(crate) session: Option<ClientSession>,
}

/// Calls a server.
pub(crate) fn connect<T: Transport>(world: &World, mut io: T) -> Result<Tls<T>, Error> {
    let mut step = world.start_client();
    loop {
        step = match step {
            ClientHandshake::NeedsFlush(ask) => {
                io.send(ask.bytes());
                ask.all_sent()
            }
            ClientHandshake::NeedsInput(mut ask) => {
                let n = io.receive(ask.spare());
                ask.received(n, world.now)
            }
            ClientHandshake::NeedsSignature(ask) => {
                let (_, key) = world.client_credential.as_ref().expect("a credential that was presented");
                let signature = io.sign(key, ask.request());
                ask.answer(Ok(signature))
            }
            ClientHandshake::Done(done) => {
                return Ok(Tls { tls: done.connection, buf: done.buf, io, session: done.session });
            }
            ClientHandshake::Failed(failed) => {
                io.linger();
                return Err(failed.error);
            }
            ask => world.answer_client(ask),
        }
    }
}

/// Serves a client, and keeps no sessions.
pub(crate) fn accept<T: Transport>(world: &World, io: T) -> Result<Tls<T>, Error> {
    accept_with(world, &NoStore, io)
}

/// Serves a client, with sessions in a store.
pub(crate) fn accept_with<T: Transport>(
    world: &World,
    store: &dyn SessionStore,
    mut io: T,
) -> Result<Tls<T>, Error> {
    let mut step = world.start_server();
    loop {
        step = match step {
            ServerHandshake::NeedsFlush(ask) => {
                io.send(ask.bytes());
                ask.all_sent()
            }
            ServerHandshake::NeedsInput(mut ask) => {
                let n = io.receive(ask.spare());
                ask.received(n, world.now)
            }
            ServerHandshake::NeedsSignature(ask) => {
                let named = world.keys.iter().find(|(name, _)| **name == *ask.request().credential);
                let signature = io.sign(&named.expect("a key of this name").1, ask.request());
                ask.answer(Ok(signature))
            }
            ServerHandshake::NeedsSession(ask) => {
                let found = store.get(ask.key());
                ask.answer(found)
            }
            ServerHandshake::NeedsStore(ask) => {
                store.put(ask.session());
                ask.stored()
            }
            ServerHandshake::Done(done) => {
                return Ok(Tls { tls: done.connection, buf: done.buf, io, session: None });
            }
            ServerHandshake::Failed(failed) => {
                failed.forget.iter().for_each(|key| store.remove(key));
                io.linger();
                return Err(failed.error);
            }
            ask => world.answer_server(ask),
        }
    }
}

impl<T: Transport> Tls<T> {
    /// Sends application data.
    pub(crate) fn write(&mut self, plaintext: &[u8]) {
        let mut out = Vec::new();
        self.tls.send(plaintext, &mut out).expect("a connection that works");
        self.io.send(&out);
    }

    /// The next application data, of one record; `None` when the peer has closed.
    pub(crate) fn read(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut out = Vec::new();
            let received = self.tls.receive(&mut self.buf, &mut out);
            match received.expect("records that are good") {
                Received::Data(data) => return Some(data.to_vec()),
                Received::Closed => return None,
                Received::NeedsFlush => self.io.send(&out),
                Received::NeedsInput => {
                    let n = self.io.receive(self.buf.spare());
                    self.buf.received(n).expect("the peer closes before it goes");
                }
            }
        }
    }

    /// As much application data as was asked for.
    pub(crate) fn read_exact(&mut self, len: usize) -> Vec<u8> {
        let mut all = Vec::with_capacity(len);
        while all.len() < len {
            let more = self.read();
            all.extend(more.unwrap_or_else(|| panic!("the peer closed after {} of {len} bytes", all.len())));
        }
        assert_eq!(all.len(), len, "more came than was asked for");
        all
    }

    /// Sends `close_notify`, reads up to the peer's, and returns what data came before it.
    pub(crate) fn close(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let reader = self.tls.close(&mut out);
        self.io.send(&out);
        read_to_close(reader, &mut self.buf, &mut self.io)
    }

    /// Waits for the peer's `close_notify`, and answers it.
    pub(crate) fn wait_for_close(mut self) {
        assert_eq!(self.read(), None, "the peer closes");
        let mut out = Vec::new();
        let _ = self.tls.close(&mut out);
        self.io.send(&out);
    }
}

fn read_to_close<T: Transport>(mut reader: Reader, buf: &mut RecvBuf, io: &mut T) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match reader.receive(buf).expect("records that are good") {
            HalfReceived::Data(data) => all.extend_from_slice(&data),
            HalfReceived::Closed => return all,
            HalfReceived::NeedsInput => {
                let n = io.receive(buf.spare());
                buf.received(n).expect("the peer closes before it goes");
            }
            HalfReceived::Reply(_) | HalfReceived::Abort(_) => panic!("the peer sends nothing to answer"),
        }
    }
}
