//! The table of RFC 5246, 7.3, and of RFC 5077, 3.1, against every message in every state.

use tls12::{
    Error, RecordError,
    wire::{Alert, ContentType, HandshakeType as H},
};

use super::flows::{Flow, Input, State, client_flows, server_flows};
use crate::common::puppet::Now;

/// What may come in each state, by RFC 5246, 7.3 and 7.4, RFC 5077, 3.1 and 3.3, and RFC 6066, 8; nothing else may.
fn legal(state: State) -> Vec<Input> {
    use Input::{ApplicationData, ChangeCipherSpec, Message};
    let mut inputs = match state {
        State::ServerHello => vec![Message(H::SERVER_HELLO)],
        State::ServerCertificate => vec![Message(H::CERTIFICATE)],
        // RFC 6066, 8: "Note that a server MAY also choose not to send a "CertificateStatus" message".
        State::StatusOrKeyExchange => vec![Message(H::CERTIFICATE_STATUS), Message(H::SERVER_KEY_EXCHANGE)],
        State::ServerKeyExchange => vec![Message(H::SERVER_KEY_EXCHANGE)],
        State::RequestOrDone => vec![Message(H::CERTIFICATE_REQUEST), Message(H::SERVER_HELLO_DONE)],
        State::Done => vec![Message(H::SERVER_HELLO_DONE)],
        State::ServerTicket => vec![Message(H::NEW_SESSION_TICKET)],
        State::CertificateOrChangeCipherSpec => vec![Message(H::CERTIFICATE), ChangeCipherSpec],
        State::CertificateOrTicket => vec![Message(H::CERTIFICATE), Message(H::NEW_SESSION_TICKET)],
        State::ServerChangeCipherSpec | State::ClientChangeCipherSpec => vec![ChangeCipherSpec],
        State::ServerFinished | State::ClientFinished => vec![Message(H::FINISHED)],
        State::ClientHello => vec![Message(H::CLIENT_HELLO)],
        State::ClientCertificate => vec![Message(H::CERTIFICATE)],
        State::ClientKeyExchange => vec![Message(H::CLIENT_KEY_EXCHANGE)],
        State::CertificateVerify => vec![Message(H::CERTIFICATE_VERIFY)],
        State::ClientTraffic => vec![ApplicationData],
        // A renegotiation, which is declined with a warning (RFC 5246, 7.2.2).
        State::ServerTraffic => vec![ApplicationData, Message(H::CLIENT_HELLO)],
    };
    // RFC 5246, 7.4.1.1: "HelloRequest … may be sent by the server at any time."
    if is_client(state) {
        inputs.push(Message(H::HELLO_REQUEST));
    }
    inputs
}

fn is_client(state: State) -> bool {
    match state {
        State::ServerHello
        | State::ServerCertificate
        | State::StatusOrKeyExchange
        | State::ServerKeyExchange
        | State::RequestOrDone
        | State::Done
        | State::ServerTicket
        | State::CertificateOrChangeCipherSpec
        | State::CertificateOrTicket
        | State::ServerChangeCipherSpec
        | State::ServerFinished
        | State::ClientTraffic => true,
        State::ClientHello
        | State::ClientCertificate
        | State::ClientKeyExchange
        | State::CertificateVerify
        | State::ClientChangeCipherSpec
        | State::ClientFinished
        | State::ServerTraffic => false,
    }
}

/// Every message there is, and some that there are not in TLS 1.2: HelloVerifyRequest of DTLS, KeyUpdate and
/// EncryptedExtensions of TLS 1.3, and the last number.
fn inputs() -> Vec<Input> {
    let named = H::NAMED.iter().copied();
    let unknown = [3, 8, 24, 255].map(H);
    let mut inputs: Vec<_> = named.chain(unknown).map(Input::Message).collect();
    inputs.extend([Input::ChangeCipherSpec, Input::ApplicationData, Input::Heartbeat]);
    inputs
}

fn check_every_state(flow: &Flow) {
    for said in 0..=flow.steps.len() {
        let state = flow.state(said);
        let legal = legal(state);
        for input in inputs() {
            let context = format!("{}: {input:?} in {state:?}", flow.name);
            match legal.contains(&input) {
                true => check_accepted(flow, said, input, &context),
                false => check_refused(flow, said, input, &context),
            }
        }
    }
}

/// What is accepted moves the handshake on, or is one of those that change nothing.
fn check_accepted(flow: &Flow, said: usize, input: Input, context: &str) {
    let mut puppet = flow.after(said);
    let before = puppet.now();
    let told = puppet.told.len();
    let now = flow.say(&mut puppet, input);
    let next = flow.steps.get(said);
    match now {
        Now::Handshaking | Now::Established => {}
        other => panic!("{context}: {other:?}"),
    }
    if next.is_some_and(|(_, step)| *step == input) {
        assert_eq!(flow.finish(&mut puppet, said + 1), Now::Established, "{context}");
    } else if before == Now::Established && matches!(input, Input::Message(_)) {
        let warning = (ContentType::ALERT, vec![1, Alert::NO_RENEGOTIATION.0]);
        assert_eq!(puppet.told[told..], [warning], "{context}");
    } else if input == Input::Message(H::HELLO_REQUEST) {
        assert_eq!(puppet.told.len(), told, "{context}: it is ignored");
        assert_eq!(flow.finish(&mut puppet, said), Now::Established, "{context}");
    } else if input == Input::ApplicationData {
        assert_eq!(puppet.received, b"data", "{context}");
    }
}

/// What is refused is told with one fatal alert, and reported.
fn check_refused(flow: &Flow, said: usize, input: Input, context: &str) {
    let mut puppet = flow.after(said);
    let told = puppet.told.len();
    let Now::Failed(error, alert) = flow.say(&mut puppet, input) else {
        panic!("{context}: it was accepted");
    };
    let is_about_order = matches!(
        error,
        Error::Unexpected { .. } | Error::Record(RecordError::UnknownType(ContentType::HEARTBEAT))
    );
    assert!(is_about_order, "{context}: {error:?}");
    assert_eq!(alert, Some(Alert::UNEXPECTED_MESSAGE), "{context}");
    assert_eq!(puppet.told.len(), told + 1, "{context}: one alert and nothing else");
}

#[test]
fn a_client_takes_what_the_table_has_and_nothing_else() {
    for flow in client_flows() {
        check_every_state(&flow);
    }
}

#[test]
fn a_server_takes_what_the_table_has_and_nothing_else() {
    for flow in server_flows() {
        check_every_state(&flow);
    }
}
