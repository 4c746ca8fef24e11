//! A peer of which every byte can be chosen: messages made by hand, records sealed and opened one by one.

mod bytes;
mod client;
mod reach;
mod resumed;
mod server;

#[allow(unused_imports, reason = "each test uses a part")]
pub use self::{
    bytes::{Greeting, Hello, certificate, framed, key_exchange, prefixed},
    client::Flight,
    reach::Over,
    resumed::{
        EXTENDED_MASTER_SECRET, Finished, Kept, Offers, SESSION_TICKET, new_session_ticket, server_name,
    },
    server::{Answer, identity},
};
use tls12::{
    Error,
    crypto::{Digest, KeyExchange, RUSTCRYPTO, Secret, Suite},
    schedule::{MasterSecret, Premaster, Randoms, SessionHash, Side},
    wire::{Alert, AlertLevel, AlertMessage, CipherSuite, ContentType, Decode, NamedGroup},
};

use super::{
    forge::{self, Keys, Opening, Sealing, take_records},
    ours::{End, Link},
};

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

/// The suite that it speaks, unless it offers another with AES-GCM: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.
pub const SUITE: CipherSuite = CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256;

/// The peer of our side.
pub struct Raw {
    side: Side,
    link: Box<dyn Link>,
    received: Vec<u8>,
    /// Handshake bytes of records, not yet taken as messages.
    inbox: Vec<u8>,
    /// All handshake messages, sent and received, as Finished covers them.
    pub transcript: Vec<u8>,
    pub randoms: Randoms,
    suite: &'static Suite,
    exchange: Option<Box<dyn KeyExchange>>,
    secrets: Option<Secrets>,
    sealing: Option<Sealing>,
    opening: Option<Opening>,
    ended: bool,
}

/// The master secret, and the keys until they are in use.
struct Secrets {
    master: [u8; 48],
    keys: Keys,
    sealing: Option<Sealing>,
    opening: Option<Opening>,
}

impl Raw {
    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.link.send(bytes);
    }

    /// Sends a record, sealed once there are keys.
    pub fn record(&mut self, content: u8, body: &[u8]) {
        let record = self.sealed(content, body);
        self.send(&record);
    }

    /// A record, sealed once there are keys.
    pub fn sealed(&mut self, content: u8, body: &[u8]) -> Vec<u8> {
        match &mut self.sealing {
            None => forge::record(ContentType(content), body),
            Some(sealing) => sealing.seal(ContentType(content), body),
        }
    }

    /// Sends handshake messages in a record of their own, and counts them as part of the handshake.
    pub fn message(&mut self, message: &[u8]) {
        self.transcript.extend_from_slice(message);
        self.record(HANDSHAKE, message);
    }

    /// Nothing more will be sent.
    pub fn cut(&mut self) {
        self.link.cut();
    }

    /// The next record, opened; `None` at the end.
    pub fn next_record(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((header, rest)) = self.received.split_first_chunk::<5>() {
                let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
                if let Some((body, rest)) = rest.split_at_checked(len) {
                    let (content, body, rest) = (header[0], body.to_vec(), rest.to_vec());
                    self.received = rest;
                    return Some((content, self.open(content, body)));
                }
            }
            let more = self.link.receive();
            if more.is_empty() {
                assert!(self.received.is_empty(), "our side ends in the middle of a record");
                self.ended = true;
                return None;
            }
            self.received.extend_from_slice(&more);
        }
    }

    fn open(&mut self, content: u8, mut body: Vec<u8>) -> Vec<u8> {
        if let Some(opening) = &mut self.opening {
            body = opening.open(ContentType(content), &body).expect("our side seals well");
        }
        if content == CHANGE_CIPHER_SPEC {
            let key = self.secrets.as_mut().and_then(|secrets| secrets.opening.take());
            self.opening = Some(key.expect("our side changes its keys once, in turn"));
        }
        body
    }

    /// The next handshake message, which must come, and be no alert.
    pub fn next_message(&mut self) -> Vec<u8> {
        loop {
            if let Some([_, a, b, c]) = self.inbox.first_chunk::<4>() {
                let len = 4 + u32::from_be_bytes([0, *a, *b, *c]) as usize;
                if self.inbox.len() >= len {
                    let rest = self.inbox.split_off(len);
                    let message = std::mem::replace(&mut self.inbox, rest);
                    self.transcript.extend_from_slice(&message);
                    return message;
                }
            }
            match self.next_record() {
                Some((HANDSHAKE, body)) => self.inbox.extend_from_slice(&body),
                other => panic!("a handshake message is next, not {other:?}"),
            }
        }
    }

    /// The master secret and the keys of a handshake whose transcript ends with ClientKeyExchange.
    fn derive(&mut self, peer_share: &[u8], extended: bool) {
        let exchange = self.exchange.take().expect("a key exchange was started");
        let premaster = Premaster::new(exchange.complete(peer_share).expect("our side sends a good share"));
        let hash = self.suite.hash;
        let master = match extended {
            true => {
                MasterSecret::extended(&RUSTCRYPTO, hash, premaster, &SessionHash::of(self.transcript_hash()))
            }
            false => MasterSecret::classic(&RUSTCRYPTO, hash, premaster, &self.randoms),
        };
        self.use_master(*master.secret().expose());
    }

    fn use_master(&mut self, master: [u8; 48]) {
        let keys = Keys::new(&master, self.suite.id, self.randoms);
        let (sealing, opening) = (Some(keys.sealing(self.side)), Some(keys.opening(self.side.peer())));
        self.secrets = Some(Secrets { master, keys, sealing, opening });
    }

    fn transcript_hash(&self) -> Digest {
        RUSTCRYPTO.hash(self.suite.hash).hash(&[&self.transcript])
    }

    /// Starts a key exchange; the share.
    pub fn share(&mut self, group: NamedGroup) -> Vec<u8> {
        let group = RUSTCRYPTO.group(group).expect("a group of the provider");
        let exchange = group.start(&Secret::new([0x3c; 64]));
        let share = exchange.share().to_vec();
        self.exchange = Some(exchange);
        share
    }

    /// Uses the keys for sending from now on.
    pub fn protect(&mut self) {
        let key = self.secrets.as_mut().and_then(|secrets| secrets.sealing.take());
        self.sealing = Some(key.expect("keys that are not in use yet"));
    }

    /// Sends ChangeCipherSpec, and uses the keys from now on.
    pub fn change_cipher_spec(&mut self) {
        self.record(CHANGE_CIPHER_SPEC, &[1]);
        self.protect();
    }

    /// Finished of one side over the transcript so far.
    pub fn finished(&self, side: Side) -> Vec<u8> {
        let keys = &self.secrets.as_ref().expect("keys").keys;
        framed(20, &keys.verify_data(side, &self.transcript))
    }

    /// The 48 bytes of the master secret in hex, as a key log has them.
    pub fn master_secret(&self) -> String {
        let master = &self.secrets.as_ref().expect("keys").master;
        master.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads ChangeCipherSpec and the Finished that belongs to it.
    pub fn read_finished(&mut self) {
        assert_eq!(self.next_record(), Some((CHANGE_CIPHER_SPEC, vec![1])));
        let expected = self.finished(match self.side {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        });
        assert_eq!(self.next_message(), expected);
    }

    /// The next alert; handshake messages before it are skipped.
    pub fn alert(&mut self) -> AlertMessage {
        loop {
            match self.next_record() {
                Some((HANDSHAKE | CHANGE_CIPHER_SPEC, _)) => {}
                Some((ALERT, body)) => return AlertMessage::decode(&body).expect("an alert has two bytes"),
                other => panic!("an alert is next, not {other:?}"),
            }
        }
    }

    /// A fatal alert comes, nothing after it, and it is the one of the error that our side reports.
    #[track_caller]
    pub fn refused(self) -> (Alert, Error) {
        let (alert, end) = self.refused_and_ended();
        (alert, end.error.expect("a fatal alert has a reason"))
    }

    #[track_caller]
    fn refused_and_ended(mut self) -> (Alert, End) {
        let alert = self.alert();
        assert_eq!(alert.level, AlertLevel::FATAL, "{alert:?}");
        assert_eq!(self.next_record(), None, "a fatal alert is the last that our side sends");
        let end = self.end();
        let error = end.error.as_ref().expect("a fatal alert has a reason");
        assert_eq!(error.alert(), Some(alert.description), "{error:?}");
        assert!(!error.to_string().is_empty());
        (alert.description, end)
    }

    /// The same, if the alert is this one; how our side ended.
    #[track_caller]
    pub fn refused_end(self, expected: Alert) -> End {
        let (alert, end) = self.refused_and_ended();
        assert_eq!(alert, expected, "{:?}", end.error);
        end
    }

    /// The same, if the alert is this one; why, otherwise.
    #[track_caller]
    pub fn refused_with(self, expected: Alert, case: &str) -> Error {
        let (alert, error) = self.refused();
        assert_eq!(alert, expected, "{case}: {error}");
        error
    }

    /// The same, if the next record is that alert.
    #[track_caller]
    pub fn refused_at_once(mut self, expected: Alert) -> End {
        assert_eq!(self.next_record(), Some((ALERT, vec![2, expected.0])));
        assert_eq!(self.next_record(), None);
        self.end()
    }

    /// How our side ended, whatever it says before; nobody opens it.
    pub fn end_in_any_way(mut self) -> End {
        self.drain_sealed();
        self.end()
    }

    /// All that our side still sends up to its end, record by record, as it is.
    pub fn drain_sealed(&mut self) -> Vec<(u8, Vec<u8>)> {
        loop {
            let more = self.link.receive();
            if more.is_empty() {
                return take_records(&mut self.received)
                    .into_iter()
                    .map(|(content, body)| (content.0, body))
                    .collect();
            }
            self.received.extend_from_slice(&more);
        }
    }

    /// The transport ends without an alert; the error that our side reports.
    pub fn ends_without_a_word(mut self) -> Error {
        assert_eq!(self.next_record(), None);
        self.end().error.expect("an end without close_notify is an error")
    }

    /// How our side ended.
    pub fn end(self) -> End {
        self.link.end()
    }

    /// Sends application data, and gets it back.
    #[track_caller]
    pub fn echo(&mut self, data: &[u8]) {
        self.record(APPLICATION_DATA, data);
        assert_eq!(self.next_record(), Some((APPLICATION_DATA, data.to_vec())));
    }

    /// Closes a connection in order, which has received `data` in all.
    #[track_caller]
    pub fn close(mut self, data: &[u8]) -> End {
        self.record(ALERT, &[1, 0]);
        assert_eq!(self.next_record(), Some((ALERT, vec![1, 0])), "close_notify answers close_notify");
        assert_eq!(self.next_record(), None);
        let end = self.end();
        assert_eq!((end.error.as_ref(), &end.data[..]), (None, data));
        end
    }
}
