//! The peer as a server.

use tls12::{
    crypto::LocalKey,
    schedule::Side,
    wire::{Message, NamedGroup, SignatureScheme},
};

use super::{ALERT, Greeting, Raw, certificate, framed, key_exchange};
use crate::common::{
    certs::{Ca, Issued, Spec},
    pair::NAME,
};

/// What a server answers to a hello, header included each. An empty message is left out.
#[derive(Debug, Clone)]
pub struct Answer {
    pub hello: Vec<u8>,
    pub certificate: Vec<u8>,
    pub key_exchange: Vec<u8>,
    pub request: Vec<u8>,
    pub done: Vec<u8>,
}

/// Who the server is in [`World::new`](crate::common::pair::World::new).
pub fn identity() -> Issued {
    Ca::new("test root").issue(&Spec::server(&[NAME]))
}

impl Raw {
    /// Reads the hello, and makes the answer that a client of ours accepts.
    pub fn answer(&mut self) -> Answer {
        self.answer_in(NamedGroup::X25519)
    }

    /// The same, with a key exchange in this group.
    pub fn answer_in(&mut self, group: NamedGroup) -> Answer {
        self.answer_as(&identity(), group)
    }

    /// The same, as somebody.
    pub fn answer_as(&mut self, issued: &Issued, group: NamedGroup) -> Answer {
        let hello = self.next_message();
        match Message::decode(&hello) {
            Ok(Some(Message::ClientHello(hello))) => self.randoms.client = hello.random,
            other => panic!("a ClientHello is next, not {other:?}"),
        }
        let share = self.share(group);
        Answer {
            hello: Greeting::new().message(),
            certificate: certificate(&issued.chain),
            key_exchange: self.signed(group, &share, &issued.local_key()),
            request: vec![],
            done: framed(14, &[]),
        }
    }

    /// ServerKeyExchange with this share.
    pub fn signed(&self, group: NamedGroup, share: &[u8], key: &LocalKey) -> Vec<u8> {
        key_exchange(&self.randoms, (group, share), (key, SignatureScheme::ECDSA_SECP256R1_SHA256))
    }

    /// Sends the answer in one record.
    pub fn say(&mut self, answer: &Answer) {
        let Answer { hello, certificate, key_exchange, request, done } = answer;
        self.message(&[&hello[..], certificate, key_exchange, request, done].concat());
    }

    /// Reads the client's second flight, without a certificate.
    pub fn read_answer(&mut self) {
        self.read_answer_with(true);
    }

    /// The same, with the extended master secret or without.
    pub fn read_answer_with(&mut self, extended: bool) {
        let message = self.next_message();
        match Message::decode(&message) {
            Ok(Some(Message::ClientKeyExchange(message))) => self.derive(message.public, extended),
            other => panic!("ClientKeyExchange is next, not {other:?}"),
        }
        self.read_finished();
    }

    /// Accepts a client of ours with this hello, which has no extended master secret, up to our Finished, and closes.
    pub fn serve_plainly(&mut self, greeting: &Greeting) {
        let mut answer = self.answer();
        answer.hello = greeting.message();
        self.say(&answer);
        self.read_answer_with(false);
        self.change_cipher_spec();
        let finished = self.finished(Side::Server);
        self.message(&finished);
        self.record(ALERT, &[1, 0]);
    }

    /// Accepts a client of ours up to our ChangeCipherSpec; Finished is next.
    pub fn up_to_server_finished(&mut self) -> Vec<u8> {
        let answer = self.answer();
        self.say(&answer);
        self.read_answer();
        self.change_cipher_spec();
        self.finished(Side::Server)
    }

    /// The whole handshake.
    pub fn accept(&mut self) {
        let finished = self.up_to_server_finished();
        self.message(&finished);
    }
}
