//! One side of a handshake played by the test, which may say anything at any time, against a real other side.
//!
//! ```ignore
//! let mut puppet = Puppet::against(Side::Client, &mut world);   // we play the server
//! puppet.message(&server_hello);                                // said, and part of the transcript
//! puppet.change_cipher_spec();                                  // from now on our records are protected
//! puppet.finish();                                              // the right Finished over what was said
//! assert_eq!(puppet.send(ContentType::ALERT, &[1, 0]), Now::Closed);
//! ```

use std::sync::Arc;

use tls12::{
    ClientHandshake, Connection, Error, Received, RecvBuf, ServerHandshake,
    schedule::Side,
    wire::{Alert, AlertLevel, ContentType, Finished, Handshake},
};

use super::{
    forge::{Keys, Log, Opening, Sealing, record, take_messages, take_records},
    pair::World,
    recording::hellos,
};

/// How it stands with the real side.
#[derive(Debug, Clone, PartialEq)]
pub enum Now {
    /// The handshake goes on.
    Handshaking,
    /// The handshake is over, and traffic flows.
    Established,
    /// Our close_notify came.
    Closed,
    /// It failed. The alert is the last record that it sent before it said so, if it sent one.
    Failed(Error, Option<Alert>),
}

enum Real {
    Client(ClientHandshake),
    Server(ServerHandshake),
    Established(Box<Connection>, RecvBuf),
    Closed,
    Failed(Error, Option<Alert>),
    /// While a step is taken.
    Gone,
}

/// The side that the test plays, and the real side.
pub struct Puppet<'w> {
    world: &'w World,
    log: Arc<Log>,
    /// Which side is real.
    side: Side,
    real: Real,
    /// The handshake messages of both sides, in their order.
    pub transcript: Vec<Vec<u8>>,
    /// What the real side sent: type and plaintext of every record.
    pub told: Vec<(ContentType, Vec<u8>)>,
    /// Application data that the real side received.
    pub received: Vec<u8>,
    partial_message: Vec<u8>,
    pub sealing: Option<Sealing>,
    opening: Option<Opening>,
}

impl<'w> Puppet<'w> {
    /// Starts the real side, which is `side`; `log` is the one that [`World::keep_key_log`] returned.
    pub fn against(side: Side, world: &'w World, log: &Arc<Log>) -> Self {
        log.clear();
        let real = match side {
            Side::Client => Real::Client(world.start_client()),
            Side::Server => Real::Server(world.start_server()),
        };
        let mut puppet = Self {
            world,
            log: log.clone(),
            side,
            real,
            transcript: Vec::new(),
            told: Vec::new(),
            received: Vec::new(),
            partial_message: Vec::new(),
            sealing: None,
            opening: None,
        };
        puppet.settle();
        puppet
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> Now {
        for piece in bytes.chunks(4096) {
            self.take_in(piece);
            self.settle();
        }
        self.now()
    }

    /// A record of our side, protected if our keys are on.
    pub fn seal(&mut self, content_type: ContentType, body: &[u8]) -> Vec<u8> {
        match &mut self.sealing {
            Some(sealing) => sealing.seal(content_type, body),
            None => record(content_type, body),
        }
    }

    /// Sends one record.
    pub fn send(&mut self, content_type: ContentType, body: &[u8]) -> Now {
        let record = self.seal(content_type, body);
        self.raw(&record)
    }

    /// Sends a handshake message, or several in one record, that the transcript has.
    pub fn message(&mut self, message: &[u8]) -> Now {
        self.transcript.extend(take_messages(&mut message.to_vec()));
        self.send(ContentType::HANDSHAKE, message)
    }

    /// Sends ChangeCipherSpec, and protects all that follows.
    pub fn change_cipher_spec(&mut self) -> Now {
        self.send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
        self.protect();
        self.now()
    }

    /// Protects our records from now on, whatever the real side thinks of it.
    pub fn protect(&mut self) {
        self.sealing = self.keys().map(|keys| keys.sealing(self.played()));
    }

    /// The Finished that is right after what was said so far, header included.
    pub fn finished(&self) -> Vec<u8> {
        let keys = self.keys().expect("the real side made its keys");
        let verify_data = keys.verify_data(self.played(), &self.transcript.concat());
        let mut message = Vec::new();
        Finished { verify_data }.write_framed(&mut message);
        message
    }

    /// Sends the right Finished.
    pub fn finish(&mut self) -> Now {
        let finished = self.finished();
        self.message(&finished)
    }

    /// How it stands with the real side.
    pub fn now(&self) -> Now {
        match &self.real {
            Real::Client(_) | Real::Server(_) | Real::Gone => Now::Handshaking,
            Real::Established(..) => Now::Established,
            Real::Closed => Now::Closed,
            Real::Failed(error, alert) => Now::Failed(error.clone(), *alert),
        }
    }

    /// The keys of both directions, once the real side has them.
    pub fn keys(&self) -> Option<Keys> {
        let (suite, randoms) = hellos(&self.transcript)?;
        Some(Keys::new(&self.log.master()?, suite, randoms))
    }

    fn played(&self) -> Side {
        match self.side {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// Gives bytes to the real side, which must be waiting for them; one that has ended takes none.
    fn take_in(&mut self, bytes: &[u8]) {
        let now = self.world.now;
        self.real = match std::mem::replace(&mut self.real, Real::Gone) {
            Real::Client(ClientHandshake::NeedsInput(mut ask)) => {
                ask.spare()[..bytes.len()].copy_from_slice(bytes);
                Real::Client(ask.received(bytes.len(), now))
            }
            Real::Server(ServerHandshake::NeedsInput(mut ask)) => {
                ask.spare()[..bytes.len()].copy_from_slice(bytes);
                Real::Server(ask.received(bytes.len(), now))
            }
            Real::Established(connection, mut buf) => {
                buf.spare()[..bytes.len()].copy_from_slice(bytes);
                buf.received(bytes.len()).expect("some bytes");
                Real::Established(connection, buf)
            }
            other => other,
        };
    }

    /// Takes steps until the real side waits for us, or has ended.
    fn settle(&mut self) {
        for _ in 0..1000 {
            let real = std::mem::replace(&mut self.real, Real::Gone);
            let (real, moved) = match real {
                Real::Client(step) => self.client_step(step),
                Real::Server(step) => self.server_step(step),
                Real::Established(connection, buf) => self.traffic(connection, buf),
                ended => (ended, false),
            };
            self.real = real;
            if !moved {
                return;
            }
        }
        panic!("it takes step after step without anybody's doing");
    }

    fn client_step(&mut self, step: ClientHandshake) -> (Real, bool) {
        match step {
            ClientHandshake::NeedsFlush(ask) => {
                self.hear(ask.bytes());
                match ask.failure().cloned() {
                    Some(error) => match ask.all_sent() {
                        ClientHandshake::Failed(failed) => (self.told_then(error, failed.error), false),
                        other => panic!("{error} was told, and then came {other:?}"),
                    },
                    None => (Real::Client(ask.all_sent()), true),
                }
            }
            ClientHandshake::Done(done) => (Real::Established(Box::new(done.connection), done.buf), true),
            ClientHandshake::Failed(failed) => (Real::Failed(failed.error, None), false),
            ClientHandshake::NeedsInput(ask) => (Real::Client(ClientHandshake::NeedsInput(ask)), false),
            ask => (Real::Client(self.world.answer_client(ask)), true),
        }
    }

    fn server_step(&mut self, step: ServerHandshake) -> (Real, bool) {
        match step {
            ServerHandshake::NeedsFlush(ask) => {
                self.hear(ask.bytes());
                match ask.failure().cloned() {
                    Some(error) => match ask.all_sent() {
                        ServerHandshake::Failed(failed) => (self.told_then(error, failed.error), false),
                        other => panic!("{error} was told, and then came {other:?}"),
                    },
                    None => (Real::Server(ask.all_sent()), true),
                }
            }
            ServerHandshake::Done(done) => (Real::Established(Box::new(done.connection), done.buf), true),
            ServerHandshake::Failed(failed) => (Real::Failed(failed.error, None), false),
            ServerHandshake::NeedsInput(ask) => (Real::Server(ServerHandshake::NeedsInput(ask)), false),
            ask => (Real::Server(self.world.answer_server(ask)), true),
        }
    }

    /// A failure that was told: the last record is its alert, and what is reported is the same error.
    fn told_then(&self, told: Error, reported: Error) -> Real {
        assert_eq!(told, reported, "one error was told and another one reported");
        Real::Failed(reported, Some(self.fatal_alert()))
    }

    /// The fatal alert that the last record is.
    fn fatal_alert(&self) -> Alert {
        match self.told.last() {
            Some((ContentType::ALERT, body)) if body.len() == 2 && body[0] == AlertLevel::FATAL.0 => {
                Alert(body[1])
            }
            other => panic!("the last record is no fatal alert: {other:?}"),
        }
    }

    fn traffic(&mut self, mut connection: Box<Connection>, mut buf: RecvBuf) -> (Real, bool) {
        let mut out = Vec::new();
        let step = match connection.receive(&mut buf, &mut out) {
            Ok(Received::NeedsInput) => None,
            Ok(Received::NeedsFlush) => Some(Now::Established),
            Ok(Received::Data(data)) => {
                self.received.extend_from_slice(&data);
                Some(Now::Established)
            }
            Ok(Received::Closed) => Some(Now::Closed),
            Err(error) => Some(Now::Failed(error, None)),
        };
        let owed = !out.is_empty();
        self.hear(&out);
        match step {
            None => (Real::Established(connection, buf), false),
            Some(Now::Closed) => (Real::Closed, false),
            // Nothing is told in the same breath as it is reported: the alert, if any, came before.
            Some(Now::Failed(error, _)) => {
                assert!(!owed, "an error comes with bytes that nobody will send");
                let alert = error.alert().map(|_| self.fatal_alert());
                let after = connection.send(b"more", &mut Vec::new());
                assert_eq!(after.as_ref(), Err(&error), "after a failure nothing is sent");
                (Real::Failed(error, alert), false)
            }
            Some(_) => (Real::Established(connection, buf), true),
        }
    }

    /// Reads what the real side sends: whole records, always.
    fn hear(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        for (content_type, body) in take_records(&mut bytes) {
            let body = match &mut self.opening {
                Some(opening) => opening.open(content_type, &body).expect("a record under the right key"),
                None => body,
            };
            match content_type {
                ContentType::HANDSHAKE => {
                    self.partial_message.extend_from_slice(&body);
                    self.transcript.extend(take_messages(&mut self.partial_message));
                }
                ContentType::CHANGE_CIPHER_SPEC => {
                    self.opening = self.keys().map(|keys| keys.opening(self.side));
                }
                _ => {}
            }
            self.told.push((content_type, body));
        }
        assert!(bytes.is_empty(), "part of a record was sent");
    }
}
