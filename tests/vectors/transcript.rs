//! A whole connection as a file: what our side was given, what it sent, and what it was told.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    sync::Arc,
};

use pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tls12::{
    ClientAuth, ClientConfig, ServerConfig,
    crypto::{LocalKey, RUSTCRYPTO, Sign, Signature, SignatureRequest},
    pki::{Credential, WebPki},
    wire::{CipherSuite, NamedGroup},
};

use crate::{
    common::{certs::at, pair::World},
    drive::{Tls, Transport, accept, connect},
    format::{blocks, from_hex},
};

/// The label of the keying material that both sides export.
pub(crate) const LABEL: &str = "EXPERIMENTAL-tls12-transcript";
/// What the client says.
pub(crate) const QUESTION: &[u8] = b"from the client";
/// What it is answered.
pub(crate) const ANSWER: &[u8] = b"from the server";

/// Which side is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ours {
    Client,
    Server,
}

/// Something that happened to our side, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Send(Vec<u8>),
    Receive(Vec<u8>),
    Sign { scheme: u16, message_digest: Vec<u8>, signature: Vec<u8> },
}

/// A certificate; its key is there on our side only.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Option<Vec<u8>>,
}

/// All that our side was given, then what happened.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) ours: Ours,
    pub(crate) suite: CipherSuite,
    pub(crate) group: NamedGroup,
    pub(crate) seed: [u8; 32],
    /// Seconds since 1970.
    pub(crate) now: u64,
    pub(crate) root: Vec<u8>,
    pub(crate) server: Holder,
    /// A client that is asked who it is.
    pub(crate) client: Option<Holder>,
    /// 40 bytes of keying material, as the peer exported it.
    pub(crate) exported: Vec<u8>,
    pub(crate) events: Vec<Event>,
}

impl Transcript {
    /// Our side, made of what it was given.
    pub(crate) fn world(&self) -> World {
        let root = CertificateDer::from(self.root.clone());
        let verifier = Arc::new(WebPki::new(&RUSTCRYPTO, [root]).expect("a root"));
        let groups = [self.group, NamedGroup::SECP256R1, NamedGroup::SECP384R1];
        let groups = if self.group == NamedGroup::X25519 { &groups[..] } else { &groups[..1] };
        let config = ClientConfig::new(&RUSTCRYPTO).with_suites(&[self.suite]);
        let client = config.and_then(|config| config.with_groups(groups)).expect("a suite and groups");
        let auth = if self.client.is_some() { ClientAuth::Require } else { ClientAuth::Off };
        let config = ServerConfig::new(&RUSTCRYPTO, self.server.credential("server")).with_client_auth(auth);
        let config = config.with_suites(&[self.suite]).and_then(|config| config.with_groups(&[self.group]));
        World {
            server: Arc::new(config.expect("a suite and a group")),
            client: Arc::new(client),
            keys: self.server.local_key().map(|key| ("server".into(), key)).into_iter().collect(),
            client_credential: self
                .client
                .as_ref()
                .and_then(|client| Some((client.credential("client"), client.local_key()?))),
            verifies_server: verifier.clone(),
            verifies_client: verifier,
            seeds: (self.seed, self.seed),
            now: at(self.now),
            ..World::new()
        }
    }

    /// Runs our side from its first byte to its last, over `io`.
    pub(crate) fn run<T: Transport>(&self, io: T, seen: impl FnOnce(&Tls<T>)) {
        let world = self.world();
        match self.ours {
            Ours::Client => {
                let mut tls = connect(&world, io).expect("a handshake");
                seen(&tls);
                tls.write(QUESTION);
                assert_eq!(tls.read_exact(ANSWER.len()), ANSWER);
                assert!(tls.close().is_empty());
            }
            Ours::Server => {
                let mut tls = accept(&world, io).expect("a handshake");
                seen(&tls);
                assert_eq!(tls.read_exact(QUESTION.len()), QUESTION);
                tls.write(ANSWER);
                assert!(tls.close().is_empty());
            }
        }
    }

    /// Reads a file.
    pub(crate) fn read(text: &str) -> Self {
        let mut blocks = blocks(text);
        let (block, true) = (blocks.remove(0), blocks.is_empty()) else { panic!("one transcript in a file") };
        let code = |name| u16::from_str_radix(block.text(name), 16).expect("a code point");
        let holder = |name: &str| {
            let certificate = block.get(&format!("{name}-certificate")).map(from_hex)?;
            Some(Holder { certificate, key: block.get(&format!("{name}-key")).map(from_hex) })
        };
        Self {
            ours: match block.text("ours") {
                "client" => Ours::Client,
                "server" => Ours::Server,
                other => panic!("no side: {other}"),
            },
            suite: CipherSuite(code("suite")),
            group: NamedGroup(code("group")),
            seed: block.array("seed"),
            now: block.number("now"),
            root: block.bytes("root"),
            server: holder("server").expect("a server"),
            client: holder("client"),
            exported: block.bytes("exported"),
            events: block.lines().iter().filter_map(|(name, value)| Event::read(name, value)).collect(),
        }
    }
}

impl Holder {
    fn credential(&self, name: &str) -> Credential {
        let certificate = CertificateDer::from(self.certificate.clone());
        Credential::new(name, vec![certificate]).expect("a certificate that parses")
    }

    fn local_key(&self) -> Option<LocalKey> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()?));
        Some(LocalKey::new(&RUSTCRYPTO, key).expect("a key that parses"))
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        writeln!(f, "{name}-certificate: {}", hex(&self.certificate))?;
        match &self.key {
            Some(key) => writeln!(f, "{name}-key: {}", hex(key)),
            None => Ok(()),
        }
    }
}

impl Event {
    fn read(name: &str, value: &str) -> Option<Self> {
        match name {
            "send" => Some(Self::Send(from_hex(value))),
            "receive" => Some(Self::Receive(from_hex(value))),
            "sign" => {
                let [scheme, message, signature] = value.split(' ').collect::<Vec<_>>()[..] else {
                    panic!("a scheme, a digest and a signature: {value}");
                };
                let scheme = u16::from_str_radix(scheme, 16).expect("a code point");
                Some(Self::Sign { scheme, message_digest: from_hex(message), signature: from_hex(signature) })
            }
            _ => None,
        }
    }

    /// What was signed, and how.
    pub(crate) fn signed(request: &SignatureRequest, signature: &Signature) -> Self {
        Self::Sign {
            scheme: request.scheme.0,
            message_digest: Sha256::digest(&request.message).to_vec(),
            signature: signature.0.clone(),
        }
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ours = if self.ours == Ours::Client { "client" } else { "server" };
        writeln!(f, "ours: {ours}\nsuite: {:04x}\ngroup: {:04x}", self.suite.0, self.group.0)?;
        writeln!(f, "seed: {}\nnow: {}\nroot: {}", hex(&self.seed), self.now, hex(&self.root))?;
        self.server.write(f, "server")?;
        if let Some(client) = &self.client {
            client.write(f, "client")?;
        }
        writeln!(f, "exported: {}", hex(&self.exported))?;
        for event in &self.events {
            match event {
                Event::Send(bytes) => writeln!(f, "send: {}", hex(bytes))?,
                Event::Receive(bytes) => writeln!(f, "receive: {}", hex(bytes))?,
                Event::Sign { scheme, message_digest, signature } => {
                    writeln!(f, "sign: {scheme:04x} {} {}", hex(message_digest), hex(signature))?;
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}

/// The recorded peer: gives what was received, and compares what is sent.
pub(crate) struct Recorded {
    events: VecDeque<Event>,
}

impl Recorded {
    pub(crate) fn new(events: &[Event]) -> Self {
        Self { events: events.iter().cloned().collect() }
    }

    /// All that was recorded has happened again.
    pub(crate) fn assert_over(&self) {
        assert!(self.events.is_empty(), "this was recorded too: {:?}", self.events);
    }

    fn next(&mut self) -> Event {
        self.events.pop_front().expect("more happens than was recorded")
    }
}

impl Transport for Recorded {
    fn send(&mut self, bytes: &[u8]) {
        let Event::Send(recorded) = self.next() else { panic!("nothing was sent here: {bytes:02x?}") };
        assert_eq!(hex(bytes), hex(&recorded));
    }

    fn receive(&mut self, into: &mut [u8]) -> usize {
        let Event::Receive(recorded) = self.next() else { panic!("nothing was received here") };
        into[..recorded.len()].copy_from_slice(&recorded);
        recorded.len()
    }

    fn sign(&mut self, key: &LocalKey, request: &SignatureRequest) -> Signature {
        let event = self.next();
        let Event::Sign { scheme, signature, .. } = &event else { panic!("nothing was signed here") };
        let recorded = Signature(signature.clone());
        assert_eq!(Event::signed(request, &recorded), event, "something else is to be signed");
        // Signatures with RSA may be random; the others follow from key and message.
        if [0x0403, 0x0503, 0x0807].contains(scheme) {
            assert_eq!(key.sign(request).expect("a key that fits").0, recorded.0);
        }
        recorded
    }
}
