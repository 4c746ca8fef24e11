//! What both sides say in a handshake without trouble, message by message.
//!
//! With the same seeds both sides say the same again, so whoever plays one side can say what was recorded.

use tls12::{
    schedule::Randoms,
    wire::{CipherSuite, ClientHello, ContentType, HandshakeType, Message, ServerHello},
};

use super::{
    forge::{take_messages, take_records},
    pair::World,
};

/// The messages before each side's ChangeCipherSpec, headers included.
#[derive(Clone)]
pub struct Recording {
    pub client: Vec<Vec<u8>>,
    pub server: Vec<Vec<u8>>,
}

impl Recording {
    /// Runs a handshake and writes down what was said.
    pub fn of(world: &World) -> Self {
        let ended = world.run(usize::MAX);
        let _ = ended.client.expect("the client's handshake succeeds");
        let _ = ended.server.expect("the server's handshake succeeds");
        Self { client: messages(&ended.wires.up.log), server: messages(&ended.wires.down.log) }
    }

    /// A message of either side.
    pub fn find(&self, msg_type: HandshakeType) -> Option<Vec<u8>> {
        self.client.iter().chain(&self.server).find(|message| message[0] == msg_type.0).cloned()
    }
}

/// The handshake messages of a stream up to ChangeCipherSpec.
fn messages(stream: &[u8]) -> Vec<Vec<u8>> {
    let records = take_records(&mut stream.to_vec());
    let clear = records.into_iter().take_while(|(content_type, _)| *content_type == ContentType::HANDSHAKE);
    let mut bytes = clear.flat_map(|(_, body)| body).collect();
    let messages = take_messages(&mut bytes);
    assert!(bytes.is_empty(), "part of a message before ChangeCipherSpec");
    messages
}

/// What the hellos among these messages say, once both are there.
pub fn hellos(messages: &[Vec<u8>]) -> Option<(CipherSuite, Randoms)> {
    let (mut client, mut chosen) = (None, None);
    for message in messages {
        match Message::decode(message) {
            Ok(Some(Message::ClientHello(hello))) => client = Some(hello.random),
            Ok(Some(Message::ServerHello(hello))) => chosen = Some((hello.cipher_suite, hello.random)),
            _ => {}
        }
    }
    let (suite, server) = chosen?;
    Some((suite, Randoms { client: client?, server }))
}

/// A client's first message, header included, read.
pub fn client_hello(message: &[u8]) -> ClientHello<'_> {
    match Message::decode(message) {
        Ok(Some(Message::ClientHello(hello))) => hello,
        other => panic!("ClientHello is first, not {other:?}"),
    }
}

/// A server's first message, header included, read.
pub fn server_hello(message: &[u8]) -> ServerHello<'_> {
    match Message::decode(message) {
        Ok(Some(Message::ServerHello(hello))) => hello,
        other => panic!("ServerHello is first, not {other:?}"),
    }
}
