//! The body of a ClientHello, given to a server in records and pieces that the input chooses.
//!
//! Oracle: whoever configures the server is asked only about a hello that decodes, and shown its very bytes; one that
//! does not decode is refused with decode_error or unexpected_message; and how it was cut into records and pieces
//! changes neither what is said nor how it ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls12::{
    Error, RecvBuf, Seed, ServerHandshake,
    schedule::Side,
    wire::{Alert, ClientHello, ContentType, Decode, HandshakeType, write_message},
};
use tls12_fuzz::{
    alone,
    answers::Answers,
    common::{
        certs::{NOW, at},
        forge::record,
    },
    input::{Choices, Cuts},
    stage::stages,
};

/// What is shown to whoever configures the server.
fn shown(stream: &[u8], message: &[u8]) -> Option<Error> {
    let mut step = ServerHandshake::start(Seed::for_replay([2; 32]), RecvBuf::new(), at(NOW));
    let mut rest = stream;
    loop {
        step = match step {
            ServerHandshake::NeedsInput(mut ask) => {
                let n = rest.len().min(ask.spare().len());
                ask.spare()[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                ask.received(n, at(NOW))
            }
            ServerHandshake::NeedsFlush(ask) => ask.all_sent(),
            ServerHandshake::NeedsConfig(ask) => {
                let hello = ask.client_hello();
                assert_eq!(hello.bytes(), message, "another hello is shown than came");
                let whole = hello.message().expect("what is shown was read before");
                assert_eq!(ClientHello::decode(&message[4..]), Ok(whole));
                let named = whole.extensions.server_name.and_then(|names| names.host_name());
                assert_eq!(hello.server_name().map(str::as_bytes), named);
                assert!(hello.alpn().count() < 1 << 16 && hello.signature_schemes().count() < 1 << 15);
                return None;
            }
            ServerHandshake::Failed(failed) => return Some(failed.error),
            other => panic!("a hello alone leads to {other:?}"),
        };
    }
}

fuzz_target!(|input: &[u8]| {
    let mut choices = Choices(input);
    let stages = stages();
    let stage = &stages[choices.one_of(stages.len())];
    let (mut fragments, cuts) = (Cuts::new(choices.byte()), choices.byte());
    let mut message = Vec::new();
    write_message(&mut message, HandshakeType::CLIENT_HELLO, |writer| writer.bytes(choices.0));

    let whole: Vec<u8> =
        message.chunks(1 << 14).flat_map(|part| record(ContentType::HANDSHAKE, part)).collect();
    if let (Err(why), Some(error)) = (ClientHello::decode(choices.0), shown(&whole, &message)) {
        let alert = error.alert();
        assert!(
            matches!(alert, Some(Alert::DECODE_ERROR | Alert::ILLEGAL_PARAMETER)),
            "{why:?} is answered with {alert:?}"
        );
    } else if ClientHello::decode(choices.0).is_err() {
        panic!("a configuration is asked for, and the hello does not decode");
    }

    let (mut pieces, mut rest) = (Vec::new(), &message[..]);
    while !rest.is_empty() {
        let (part, more) = rest.split_at(fragments.next(rest.len().min(1 << 14)));
        pieces.extend(record(ContentType::HANDSHAKE, part));
        rest = more;
    }
    let run = |stream: &[u8], cuts| {
        let mut honest = Answers::choose(&mut Choices(&[]));
        alone::run(Side::Server, stage, &mut honest, Cuts::new(cuts), stream)
    };
    let (one, other) = (run(&whole, 0), run(&pieces, cuts));
    assert_eq!((one.outcome, one.sent), (other.outcome, other.sent), "how it is cut changes what happens");
});
