//! The peer as a client.

use tls12::{
    crypto::Suite,
    schedule::Side,
    wire::{Message, NamedGroup},
};

use super::{HANDSHAKE, Hello, Raw, framed, prefixed};

/// What a server of ours answers to a hello.
#[derive(Debug, Clone)]
pub struct Flight {
    /// All of its messages, headers included.
    pub messages: Vec<Vec<u8>>,
    pub group: NamedGroup,
    pub share: Vec<u8>,
    /// Whether both sides have the extended master secret.
    pub extended: bool,
    /// Whether a certificate is asked for.
    pub request: bool,
}

impl Raw {
    /// Sends a hello, in a record of the oldest version, and reads the answer to it.
    pub fn greet(&mut self, hello: &Hello) -> Flight {
        self.randoms.client = hello.random;
        self.message(&hello.message());
        self.flight()
    }

    /// Reads the server's first flight.
    pub fn flight(&mut self) -> Flight {
        let mut flight = Flight {
            messages: vec![],
            group: NamedGroup::X25519,
            share: vec![],
            extended: false,
            request: false,
        };
        loop {
            let bytes = self.next_message();
            match Message::decode(&bytes).expect("our side writes messages").expect("of known types") {
                Message::ServerHello(hello) => {
                    self.randoms.server = hello.random;
                    self.suite = Suite::find(hello.cipher_suite).expect("a suite that was offered");
                    flight.extended = hello.extensions.extended_master_secret;
                }
                Message::ServerKeyExchange(message) => {
                    flight.group = message.params.group;
                    flight.share = message.params.public.to_vec();
                }
                Message::CertificateRequest(_) => flight.request = true,
                Message::ServerHelloDone(_) => {
                    flight.messages.push(bytes);
                    return flight;
                }
                _ => {}
            }
            flight.messages.push(bytes);
        }
    }

    /// ClientKeyExchange for a flight.
    pub fn client_key_exchange(&mut self, flight: &Flight) -> Vec<u8> {
        framed(16, &prefixed::<1>(&self.share(flight.group)))
    }

    /// Sends ClientKeyExchange, and makes the keys that follow from it.
    pub fn exchange(&mut self, flight: &Flight) {
        let message = self.client_key_exchange(flight);
        self.record(HANDSHAKE, &message);
        self.count_key_exchange(&message, flight);
    }

    /// Counts a ClientKeyExchange that was sent, and makes the keys that follow from it.
    pub fn count_key_exchange(&mut self, message: &[u8], flight: &Flight) {
        self.transcript.extend_from_slice(message);
        self.derive(&flight.share, flight.extended);
    }

    /// Sends ClientKeyExchange and ChangeCipherSpec; Finished is next.
    pub fn up_to_finished(&mut self, hello: &Hello) -> Vec<u8> {
        let flight = self.greet(hello);
        self.exchange(&flight);
        self.change_cipher_spec();
        self.finished(Side::Client)
    }

    /// The whole handshake.
    pub fn connect(&mut self, hello: &Hello) {
        let finished = self.up_to_finished(hello);
        self.message(&finished);
        self.read_finished();
    }
}
