//! How messages are packed into records: split, joined, and with something behind the end of a flight.

use tls12::{
    Error, Excess, RecordError,
    schedule::Side,
    wire::{Alert, ContentType, HandshakeType as H},
};

use super::flows::{Flow, Input, client_flows, flows, plain, server_flows};
use crate::common::puppet::{Now, Puppet};

const HELLO_REQUEST: [u8; 4] = [0; 4];
/// A message with which nothing may go on, whole and in parts.
const BEHIND: [&[u8]; 4] = [&[20], &[20, 0, 0], &[20, 0, 0, 12, 1], &[14, 0, 0, 0]];

const EXCESS: Now = Now::Failed(Error::ExcessData, Some(Alert::UNEXPECTED_MESSAGE));

/// The message that is next, with something packed behind it into the same record.
fn packed(flow: &Flow, puppet: &mut Puppet<'_>, msg_type: H, behind: &[u8]) -> Now {
    let message = match msg_type {
        H::FINISHED => puppet.finished(),
        _ => flow.message(msg_type),
    };
    puppet.send(ContentType::HANDSHAKE, &[&message[..], behind].concat())
}

#[test]
fn nothing_is_packed_behind_the_end_of_a_flight() {
    let ends = [
        (Side::Client, H::SERVER_HELLO_DONE),
        (Side::Client, H::FINISHED),
        (Side::Server, H::CLIENT_HELLO),
        (Side::Server, H::FINISHED),
    ];
    for (side, last) in ends {
        let flow = plain(side);
        for behind in BEHIND {
            let mut puppet = flow.after(flow.before(Input::Message(last)));
            assert_eq!(packed(&flow, &mut puppet, last, behind), EXCESS, "{last:?}, then {behind:?}");
        }
    }
}

/// RFC 5246, 7.1: the keys change at a ChangeCipherSpec, and no message is half under the one and half under the other.
#[test]
fn nothing_is_packed_behind_the_last_message_before_the_keys_change() {
    for flow in server_flows() {
        let ccs = flow.before(Input::ChangeCipherSpec);
        let Input::Message(last) = flow.steps[ccs - 1].1 else { panic!("a message comes before") };
        for behind in BEHIND {
            let mut puppet = flow.after(ccs - 1);
            let mut now = packed(&flow, &mut puppet, last, behind);
            if now == Now::Handshaking {
                now = puppet.send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
            }
            let Now::Failed(_, alert) = now else { panic!("{}: {behind:?} was accepted", flow.name) };
            assert_eq!(alert, Some(Alert::UNEXPECTED_MESSAGE), "{}: {behind:?}", flow.name);
        }
    }
}

/// The messages of the test's first flight after the other side's first one, or from its own start.
fn first_flight(flow: &Flow) -> (usize, usize) {
    match flow.side {
        Side::Client => {
            let done = flow.steps.iter().position(|(_, said)| *said == Input::Message(H::SERVER_HELLO_DONE));
            (0, done.map_or_else(|| flow.before(Input::ChangeCipherSpec), |done| done + 1))
        }
        Side::Server => (1, flow.before(Input::ChangeCipherSpec)),
    }
}

#[test]
fn a_flight_may_come_in_one_record() {
    for flow in flows() {
        let (from, to) = first_flight(&flow);
        let mut puppet = flow.after(from);
        let messages: Vec<_> = flow.steps[from..to].iter().map(|step| step.1).collect();
        let flight: Vec<u8> = messages
            .iter()
            .flat_map(|input| match input {
                Input::Message(msg_type) => flow.message(*msg_type),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(puppet.message(&flight), Now::Handshaking, "{}", flow.name);
        assert_eq!(flow.finish(&mut puppet, to), Now::Established, "{}", flow.name);
    }
}

#[test]
fn a_whole_flow_may_come_in_records_of_one_byte() {
    for flow in flows() {
        let mut puppet = flow.start();
        let mut records = 0;
        for (_, input) in &flow.steps {
            match input {
                Input::Message(msg_type) if *msg_type != H::FINISHED => {
                    let message = flow.message(*msg_type);
                    let (last, rest) = message.split_last().expect("a message");
                    for byte in rest {
                        assert_eq!(puppet.send(ContentType::HANDSHAKE, &[*byte]), Now::Handshaking);
                    }
                    // What the real side answers comes after the last byte, so the transcript has it in order.
                    puppet.transcript.push(message.clone());
                    puppet.send(ContentType::HANDSHAKE, &[*last]);
                    records += message.len();
                }
                input => drop(flow.say(&mut puppet, *input)),
            }
        }
        assert_eq!(puppet.now(), Now::Established, "{}", flow.name);
        assert!(records > 50, "{}: {records} records", flow.name);
    }
}

/// RFC 5246, 7.4.1.1: it "MUST NOT be included in the message hashes".
#[test]
fn a_client_ignores_requests_between_all_messages_alone_and_packed() {
    for flow in client_flows() {
        let mut puppet = flow.start();
        // Eight are put up with.
        for (_, input) in flow.steps.iter().take(8) {
            match input {
                Input::Message(msg_type) => {
                    let message = match *msg_type {
                        H::FINISHED => puppet.finished(),
                        other => flow.message(other),
                    };
                    puppet.transcript.push(message.clone());
                    puppet.send(ContentType::HANDSHAKE, &[&HELLO_REQUEST[..], &message].concat());
                }
                input => {
                    puppet.send(ContentType::HANDSHAKE, &HELLO_REQUEST);
                    flow.say(&mut puppet, *input);
                }
            }
        }
        let now = flow.finish(&mut puppet, flow.steps.len().min(8));
        assert_eq!(now, Now::Established, "{}", flow.name);
    }
}

#[test]
fn a_client_ignores_a_request_behind_the_end_of_a_flight() {
    let flow = plain(Side::Client);
    for last in [H::SERVER_HELLO_DONE, H::FINISHED] {
        let said = flow.before(Input::Message(last));
        let mut puppet = flow.after(said);
        let message = if last == H::FINISHED { puppet.finished() } else { flow.message(last) };
        puppet.transcript.push(message.clone());
        puppet.send(ContentType::HANDSHAKE, &[&message[..], &HELLO_REQUEST].concat());
        assert_eq!(flow.finish(&mut puppet, said + 1), Now::Established, "{last:?}");
    }
}

#[test]
fn a_client_ignores_eight_requests_in_a_handshake_and_not_nine() {
    let flow = plain(Side::Client);
    let mut puppet = flow.start();
    assert_eq!(puppet.send(ContentType::HANDSHAKE, &HELLO_REQUEST.repeat(8)), Now::Handshaking);
    let excess = Error::Record(RecordError::Excessive(Excess::Renegotiations));
    let now = puppet.send(ContentType::HANDSHAKE, &HELLO_REQUEST);
    assert_eq!(now, Now::Failed(excess, Some(Alert::UNEXPECTED_MESSAGE)));
}

#[test]
fn a_request_with_a_body_is_malformed() {
    let flow = plain(Side::Client);
    for said in 0..flow.steps.len() {
        let now = flow.after(said).send(ContentType::HANDSHAKE, &[0, 0, 0, 1, 0]);
        assert!(matches!(now, Now::Failed(Error::Decode { .. }, Some(Alert::DECODE_ERROR))), "{now:?}");
    }
    let now = flow.established().send(ContentType::HANDSHAKE, &[0, 0, 0, 1, 0]);
    assert!(matches!(now, Now::Failed(Error::Decode { .. }, Some(Alert::DECODE_ERROR))), "{now:?}");
}

/// Nothing of an unknown message is waited for: its first four bytes say enough.
#[test]
fn an_unknown_message_is_refused_before_its_body_comes() {
    for flow in [Side::Client, Side::Server].map(plain) {
        for said in 0..flow.steps.len() {
            let now = flow.after(said).send(ContentType::HANDSHAKE, &[99, 0xff, 0xff, 0xff]);
            assert!(matches!(now, Now::Failed(Error::Unexpected { .. }, Some(Alert::UNEXPECTED_MESSAGE))));
        }
    }
}
