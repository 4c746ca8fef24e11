//! A real side in its world, and whoever plays the other side and can say everything.

use std::{collections::HashMap, sync::Arc};

use tls12::{
    crypto::{LocalKey, Sign, SignatureRequest},
    schedule::Side,
    wire::{Alert, AlertLevel, CertificateVerify, ContentType, Handshake, HandshakeType, SignatureScheme},
};

use super::{
    alphabet::{Kind, Symbol},
    model::{Due, Facts, Says, Then},
    walk::Counts,
};
use crate::common::{
    forge::{Log, record, take_messages},
    pair::World,
    puppet::{Now, Puppet},
};

/// A real side, and what can be said to it.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// The side that is real.
    pub(crate) side: Side,
    pub(crate) world: World,
    pub(crate) log: Arc<Log>,
    /// What both sides have and want by their configurations, as far as the real side can know it.
    pub(crate) facts: Facts,
    /// The hellos of the side that is played.
    pub(crate) hellos: Vec<(Facts, Vec<u8>)>,
    /// Messages that are the same in every handshake of this stage.
    pub(crate) messages: HashMap<Kind, Vec<u8>>,
    /// The key of the client that is played, if its certificate is to be verified.
    pub(crate) client_key: Option<LocalKey>,
}

const HANDSHAKE: ContentType = ContentType::HANDSHAKE;
/// What begins a record that is sealed, so that it is no message if it is taken for plaintext.
const EXPLICIT_NONCE: [u8; 8] = [0xee; 8];
const DATA: &[u8] = b"data";

impl Stage {
    /// Nothing is said yet.
    pub(crate) fn start(&self) -> Puppet<'_> {
        Puppet::against(self.side, &self.world, &self.log)
    }

    /// Says one thing.
    pub(crate) fn say(&self, puppet: &mut Puppet<'_>, symbol: Symbol) -> Now {
        match symbol.kind {
            Kind::ClientHello | Kind::ServerHello => match self.hello(symbol) {
                Some(hello) => puppet.message(hello),
                None => puppet.message(&self.messages[&symbol.kind]),
            },
            Kind::CertificateVerify => {
                let verify = self.certificate_verify(puppet);
                puppet.message(&verify)
            }
            Kind::ForgedCertificateVerify => puppet.message(&forged(self.certificate_verify(puppet))),
            Kind::Finished => puppet.message(&finished(puppet)),
            Kind::ForgedFinished => puppet.message(&forged(finished(puppet))),
            Kind::ChangeCipherSpec => puppet.change_cipher_spec(),
            kind => self.say_as_it_is(puppet, kind),
        }
    }

    /// Says what is the same at any time.
    fn say_as_it_is(&self, puppet: &mut Puppet<'_>, kind: Kind) -> Now {
        let alert = |level: AlertLevel, alert: Alert| vec![level.0, alert.0];
        let (content_type, body) = match kind {
            // RFC 5246, 7.4.1.1: it "MUST NOT be included in the message hashes".
            Kind::HelloRequest => (HANDSHAKE, vec![0; 4]),
            Kind::ShortFinished => (HANDSHAKE, [&[20, 0, 0, 11][..], &[7; 11]].concat()),
            Kind::DatagramMessage => (HANDSHAKE, vec![3, 0, 0, 3, 0xfe, 0xfd, 0]),
            Kind::UnknownMessage => (HANDSHAKE, vec![99, 0, 0, 0]),
            Kind::EmptyHandshake => (HANDSHAKE, vec![]),
            Kind::LongChangeCipherSpec => (ContentType::CHANGE_CIPHER_SPEC, vec![1, 1]),
            Kind::Data => (ContentType::APPLICATION_DATA, DATA.to_vec()),
            Kind::EmptyData => (ContentType::APPLICATION_DATA, vec![]),
            Kind::Warning => (ContentType::ALERT, alert(AlertLevel::WARNING, Alert::USER_CANCELED)),
            Kind::Fatal => (ContentType::ALERT, alert(AlertLevel::FATAL, Alert::HANDSHAKE_FAILURE)),
            Kind::CloseNotify => (ContentType::ALERT, alert(AlertLevel::WARNING, Alert::CLOSE_NOTIFY)),
            Kind::LongAlert => (ContentType::ALERT, vec![1, 90, 0]),
            Kind::AlertOfNoLevel => (ContentType::ALERT, vec![3, 90]),
            Kind::Heartbeat => (ContentType::HEARTBEAT, [&[1, 0, 1, 7][..], &[0; 16]].concat()),
            Kind::UnknownRecord => (ContentType(99), b"what nobody knows".to_vec()),
            Kind::OtherFinished => return other(puppet, HANDSHAKE, &finished(puppet)),
            Kind::OtherChangeCipherSpec => return other(puppet, ContentType::CHANGE_CIPHER_SPEC, &[1]),
            Kind::OtherData => return other(puppet, ContentType::APPLICATION_DATA, DATA),
            Kind::OtherAlert => {
                return other(puppet, ContentType::ALERT, &alert(AlertLevel::WARNING, Alert::USER_CANCELED));
            }
            message => return puppet.message(&self.messages[&message]),
        };
        puppet.send(content_type, &body)
    }

    fn hello(&self, symbol: Symbol) -> Option<&[u8]> {
        let hello =
            self.hellos.iter().find(|(facts, hello)| *facts == symbol.hello && is(symbol.kind, hello));
        hello.map(|(_, hello)| &hello[..])
    }

    /// RFC 5246, 7.4.8: a signature over "all handshake messages sent or received, starting at client hello and up to,
    /// but not including, this message".
    fn certificate_verify(&self, puppet: &Puppet<'_>) -> Vec<u8> {
        let scheme = SignatureScheme::ED25519;
        let message = puppet.transcript.concat();
        let request = SignatureRequest { credential: "client".into(), scheme, message };
        let signature = match &self.client_key {
            Some(key) => key.sign(&request).expect("it signs").0,
            None => vec![0x55; 64],
        };
        let mut message = Vec::new();
        CertificateVerify { scheme, signature: &signature }.write_framed(&mut message);
        message
    }

    /// The hellos that can be said, as symbols.
    pub(crate) fn hellos(&self) -> Vec<Symbol> {
        let kind = match self.side {
            Side::Client => Kind::ServerHello,
            Side::Server => Kind::ClientHello,
        };
        self.hellos.iter().map(|(hello, _)| Symbol { kind, hello: *hello }).collect()
    }

    /// Says these symbols, all of which are accepted, and then one more, of which this is due. What the real side did,
    /// to be counted.
    pub(crate) fn check(&self, prefix: &[Symbol], symbol: Symbol, due: &Due) -> Counts {
        let mut puppet = self.start();
        for said in prefix {
            self.say(&mut puppet, *said);
        }
        let context = || format!("{}: {symbol:?} after {prefix:?}", self.name);
        let before = puppet.now();
        assert!(!matches!(before, Now::Failed(..)), "{}: {before:?} too early", context());
        let (told, received) = (puppet.told.len(), puppet.received.len());
        let now = self.say(&mut puppet, symbol);
        let says = says(&puppet.told[told..]);
        match due.then {
            Then::Refused(alerts) => {
                let Now::Failed(_, Some(alert)) = now else { panic!("{}: {now:?}, not refused", context()) };
                assert!(alerts.contains(&alert), "{}: {alert:?}, not {alerts:?}", context());
                assert_eq!(says, [Says::Fatal(alert)], "{}", context());
            }
            Then::Ends => {
                assert!(matches!(now, Now::Failed(_, None)), "{}: {now:?}, not the end", context());
                assert_eq!(says, [], "{}", context());
            }
            Then::Goes(_) | Then::Stays => {
                assert_eq!(now, due.next.is_now(), "{}", context());
                assert_eq!(says, due.says, "{}", context());
                let data: &[u8] =
                    if symbol.kind == Kind::Data && now == Now::Established { DATA } else { &[] };
                assert_eq!(&puppet.received[received..], data, "{}", context());
            }
        }
        if before == Now::Established && matches!(now, Now::Failed(..)) {
            self.check_final(&mut puppet, &now);
        }
        let failed = matches!(now, Now::Failed(..));
        Counts {
            accepted: u64::from(!failed),
            refused: u64::from(failed),
            complete: u64::from(before == Now::Handshaking && now == Now::Established),
        }
    }

    /// Nothing is accepted after a failure, not even what would have been right.
    fn check_final(&self, puppet: &mut Puppet<'_>, failed: &Now) {
        let told = puppet.told.len();
        for kind in [Kind::ChangeCipherSpec, Kind::Finished, Kind::Data] {
            assert_eq!(self.say(puppet, kind.into()), *failed, "{}: a failure is for ever", self.name);
        }
        assert_eq!(puppet.told.len(), told, "{}: it speaks after a failure", self.name);
    }
}

/// Whether a message is of this kind.
fn is(kind: Kind, message: &[u8]) -> bool {
    let msg_type = match kind {
        Kind::ClientHello => HandshakeType::CLIENT_HELLO,
        _ => HandshakeType::SERVER_HELLO,
    };
    message.first() == Some(&msg_type.0)
}

/// The Finished that is right now, or one that could be, before there are keys.
fn finished(puppet: &Puppet<'_>) -> Vec<u8> {
    match puppet.keys() {
        Some(_) => puppet.finished(),
        None => [&[20, 0, 0, 12][..], &[7; 12]].concat(),
    }
}

/// The same with the last bit of it changed.
fn forged(mut message: Vec<u8>) -> Vec<u8> {
    if let Some(last) = message.last_mut() {
        *last ^= 1;
    }
    message
}

/// A record that is sealed as long as none should be, and in the clear from then on.
fn other(puppet: &mut Puppet<'_>, content_type: ContentType, body: &[u8]) -> Now {
    let record = match (&puppet.sealing, puppet.keys()) {
        (Some(_), _) => record(content_type, body),
        (None, Some(keys)) => {
            let mut sealing = keys.sealing(puppet.played());
            sealing.seal_with(EXPLICIT_NONCE.to_vec(), content_type, body)
        }
        (None, None) => record(content_type, &[0xee; 40]),
    };
    puppet.raw(&record)
}

/// What these records say; each is a whole number of messages.
fn says(told: &[(ContentType, Vec<u8>)]) -> Vec<Says> {
    let mut says = Vec::new();
    for (content_type, body) in told {
        match *content_type {
            ContentType::HANDSHAKE => {
                let mut bytes = body.clone();
                let messages = take_messages(&mut bytes);
                assert!(bytes.is_empty(), "part of a message");
                says.extend(messages.iter().map(|message| Says::Message(HandshakeType(message[0]))));
            }
            ContentType::CHANGE_CIPHER_SPEC => says.push(Says::ChangeCipherSpec),
            ContentType::ALERT => says.push(match body[..] {
                [1, alert] => Says::Warning(Alert(alert)),
                [2, alert] => Says::Fatal(Alert(alert)),
                _ => panic!("no alert: {body:?}"),
            }),
            other => panic!("nobody asked for {other:?}"),
        }
    }
    says
}
