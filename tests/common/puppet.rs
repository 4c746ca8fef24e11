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
    Error, Received,
    schedule::Side,
    wire::{Alert, AlertLevel, ContentType, Finished, Handshake},
};

use super::{
    forge::{Keys, Log, Opening, Sealing, record, take_messages, take_records},
    pair::{Peer, World},
    recording::hellos,
    steps::{Need, Steps},
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
    Handshake(Steps),
    Established(Peer),
    Closed(Peer),
    /// A handshake that failed is gone; a connection is still there.
    Failed(Error, Option<Alert>, Option<Peer>),
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
        let real = Real::Handshake(Steps::start(side, world));
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
            Real::Handshake(_) | Real::Gone => Now::Handshaking,
            Real::Established(_) => Now::Established,
            Real::Closed(_) => Now::Closed,
            Real::Failed(error, alert, _) => Now::Failed(error.clone(), *alert),
        }
    }

    /// The keys of both directions, once the real side has them.
    pub fn keys(&self) -> Option<Keys> {
        let (suite, randoms) = hellos(&self.transcript)?;
        Some(Keys::new(&self.log.master()?, suite, randoms))
    }

    /// The side that the test plays.
    pub fn played(&self) -> Side {
        match self.side {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// Gives bytes to the real side, which must be waiting for them; a handshake that failed takes none.
    fn take_in(&mut self, bytes: &[u8]) {
        let now = self.world.now;
        self.real = match std::mem::replace(&mut self.real, Real::Gone) {
            Real::Handshake(handshake) => Real::Handshake(handshake.received(bytes, now)),
            Real::Established(peer) => Real::Established(filled(peer, bytes)),
            Real::Closed(peer) => Real::Closed(filled(peer, bytes)),
            Real::Failed(error, alert, Some(peer)) => Real::Failed(error, alert, Some(filled(peer, bytes))),
            other => other,
        };
    }

    /// Takes steps until the real side waits for us, or has ended.
    fn settle(&mut self) {
        for _ in 0..1000 {
            let real = std::mem::replace(&mut self.real, Real::Gone);
            let (real, moved) = match real {
                Real::Handshake(handshake) => self.handshake(handshake),
                Real::Established(peer) => self.traffic(peer),
                ended => (after_the_end(ended), false),
            };
            self.real = real;
            if !moved {
                return;
            }
        }
        panic!("it takes step after step without anybody's doing");
    }

    fn handshake(&mut self, handshake: Steps) -> (Real, bool) {
        match handshake.need() {
            Need::Flush { bytes, failure } => {
                self.hear(&bytes);
                let next = handshake.all_sent();
                match failure {
                    Some(error) => (self.told_then(error, &next), false),
                    None => (Real::Handshake(next), true),
                }
            }
            Need::Input => (Real::Handshake(handshake), false),
            Need::Answer => (Real::Handshake(handshake.answered(self.world)), true),
            Need::Done => (Real::Established(handshake.connection()), true),
            Need::Failed(error) => (Real::Failed(error, None, None), false),
        }
    }

    /// A failure that was told: the last record is its alert, and what is reported is the same error.
    fn told_then(&self, told: Error, next: &Steps) -> Real {
        assert_eq!(next.need(), Need::Failed(told.clone()), "one error was told and another one reported");
        Real::Failed(told, Some(self.fatal_alert()), None)
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

    fn traffic(&mut self, mut peer: Peer) -> (Real, bool) {
        let mut out = Vec::new();
        let received = match peer.tls.receive(&mut peer.buf, &mut out) {
            Ok(Received::Data(data)) => {
                self.received.extend_from_slice(&data);
                Ok(Now::Established)
            }
            Ok(Received::NeedsInput) => Ok(Now::Handshaking),
            Ok(Received::NeedsFlush) => Ok(Now::Established),
            Ok(Received::Closed) => Ok(Now::Closed),
            Err(error) => Err(error),
        };
        assert!(received.is_ok() || out.is_empty(), "an error comes with bytes that nobody will send");
        self.hear(&out);
        match received {
            Ok(Now::Closed) => (Real::Closed(peer), false),
            Ok(now) => (Real::Established(peer), now == Now::Established),
            Err(error) => {
                let alert = error.alert().map(|_| self.fatal_alert());
                let after = peer.tls.send(b"more", &mut Vec::new());
                assert_eq!(after.as_ref(), Err(&error), "after a failure nothing is sent");
                (Real::Failed(error, alert, Some(peer)), false)
            }
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

/// Bytes for a connection, as far as its buffer has room: one that has ended need not make room.
fn filled(mut peer: Peer, bytes: &[u8]) -> Peer {
    let spare = peer.buf.spare();
    let n = bytes.len().min(spare.len());
    spare[..n].copy_from_slice(&bytes[..n]);
    if n > 0 {
        peer.buf.received(n).expect("some bytes");
    }
    peer
}

/// Whatever comes after the end of a connection changes nothing, and is not answered.
fn after_the_end(mut real: Real) -> Real {
    let mut out = Vec::new();
    match &mut real {
        Real::Closed(peer) => {
            let received = peer.tls.receive(&mut peer.buf, &mut out);
            assert!(matches!(received, Ok(Received::Closed)), "{received:?} after close_notify");
        }
        Real::Failed(error, _, Some(peer)) => {
            let again = peer.tls.receive(&mut peer.buf, &mut out).map(drop);
            assert_eq!(again, Err(error.clone()), "a failure is for ever");
        }
        _ => {}
    }
    assert!(out.is_empty(), "a connection that has ended speaks");
    real
}
