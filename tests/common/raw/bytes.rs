//! Messages as bytes, put together by hand.

use tls12::{
    crypto::{LocalKey, Sign, SignatureRequest},
    schedule::Randoms,
    wire::{EcdheParams, Encode, NamedGroup, SignatureScheme},
};

use super::SUITE;

/// A handshake message: its type, its length in three bytes, its body.
pub fn framed(msg_type: u8, body: &[u8]) -> Vec<u8> {
    [&[msg_type], &prefixed::<3>(body)[..]].concat()
}

/// Behind a length of `N` bytes.
pub fn prefixed<const N: usize>(body: &[u8]) -> Vec<u8> {
    let len = body.len().to_be_bytes();
    [&len[len.len() - N..], body].concat()
}

fn pairs(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Extensions of a hello, each a type and a body.
type Extensions = Vec<(u16, Vec<u8>)>;

fn block(extensions: &Extensions) -> Vec<u8> {
    let each =
        |(extension, body): &(u16, Vec<u8>)| [&extension.to_be_bytes(), &prefixed::<2>(body)[..]].concat();
    prefixed::<2>(&extensions.iter().flat_map(each).collect::<Vec<_>>())
}

fn set(extensions: &mut Extensions, extension: u16, body: &[u8]) {
    extensions.retain(|(each, _)| *each != extension);
    extensions.push((extension, body.to_vec()));
}

/// A ClientHello in parts.
#[derive(Debug, Clone)]
pub struct Hello {
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suites: Vec<u16>,
    pub compression: Vec<u8>,
    pub extensions: Extensions,
}

impl Hello {
    /// What a server of ours accepts.
    pub fn new() -> Self {
        Self {
            version: 0x0303,
            random: [0xc1; 32],
            session_id: vec![],
            suites: vec![SUITE.0],
            compression: vec![0],
            extensions: vec![
                (10, vec![0, 4, 0, 29, 0, 23]),
                (13, vec![0, 2, 4, 3]),
                (23, vec![]),
                (0xff01, vec![0]),
            ],
        }
    }

    /// With this extension, in the place of the one of its type.
    pub fn with(mut self, extension: u16, body: &[u8]) -> Self {
        set(&mut self.extensions, extension, body);
        self
    }

    pub fn without(mut self, extension: u16) -> Self {
        self.extensions.retain(|(each, _)| *each != extension);
        self
    }

    /// With no group but this one, and that of the certificate's key.
    pub fn for_group(self, group: NamedGroup) -> Self {
        self.with(10, &prefixed::<2>(&pairs(&[group.0])))
    }

    /// The body of the message.
    pub fn body(&self) -> Vec<u8> {
        [
            &self.version.to_be_bytes()[..],
            &self.random,
            &prefixed::<1>(&self.session_id),
            &prefixed::<2>(&pairs(&self.suites)),
            &prefixed::<1>(&self.compression),
            &block(&self.extensions),
        ]
        .concat()
    }

    /// The message with its header.
    pub fn message(&self) -> Vec<u8> {
        framed(1, &self.body())
    }
}

/// A ServerHello in parts.
#[derive(Debug, Clone)]
pub struct Greeting {
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suite: u16,
    pub compression: u8,
    pub extensions: Extensions,
}

impl Greeting {
    /// What a client of ours accepts.
    pub fn new() -> Self {
        Self {
            version: 0x0303,
            random: [0x5e; 32],
            session_id: vec![],
            suite: SUITE.0,
            compression: 0,
            extensions: vec![(23, vec![]), (0xff01, vec![0])],
        }
    }

    /// With this extension, in the place of the one of its type.
    pub fn with(mut self, extension: u16, body: &[u8]) -> Self {
        set(&mut self.extensions, extension, body);
        self
    }

    /// The message with its header.
    pub fn message(&self) -> Vec<u8> {
        let body = [
            &self.version.to_be_bytes()[..],
            &self.random,
            &prefixed::<1>(&self.session_id),
            &self.suite.to_be_bytes(),
            &[self.compression],
            &block(&self.extensions),
        ];
        framed(2, &body.concat())
    }
}

/// Certificate.
pub fn certificate<C: AsRef<[u8]>>(chain: impl IntoIterator<Item = C>) -> Vec<u8> {
    let entries: Vec<u8> = chain.into_iter().flat_map(|each| prefixed::<3>(each.as_ref())).collect();
    framed(11, &prefixed::<3>(&entries))
}

/// ServerKeyExchange: a share, signed by `key` under `scheme`.
pub fn key_exchange(
    randoms: &Randoms,
    (group, public): (NamedGroup, &[u8]),
    (key, scheme): (&LocalKey, SignatureScheme),
) -> Vec<u8> {
    let params = EcdheParams { group, public }.encode();
    let message = [&randoms.client[..], &randoms.server, &params].concat();
    let signature = key.sign(&SignatureRequest { credential: "raw".into(), scheme, message });
    let signature = signature.expect("a key that signs under this scheme").0;
    framed(12, &[&params[..], &scheme.encode(), &prefixed::<2>(&signature)].concat())
}
