//! ChangeCipherSpec, Finished and CertificateVerify at the wrong time, in the wrong form, with the wrong content.

use tls12::{
    Error, RecordError,
    schedule::Side,
    wire::{Alert, ContentType, HandshakeType as H},
};

use super::flows::{Flow, Input, State, certified, flows, full_and_resumed};
use crate::common::{
    forge::record,
    puppet::{Now, Puppet},
};

const FINISHED: Input = Input::Message(H::FINISHED);

/// The alert that ended it.
fn alert(now: Now) -> Alert {
    match now {
        Now::Failed(_, Some(alert)) => alert,
        other => panic!("no alert, but {other:?}"),
    }
}

fn before_ccs(flow: &Flow) -> Puppet<'_> {
    flow.after(flow.before(Input::ChangeCipherSpec))
}

fn before_finished(flow: &Flow) -> Puppet<'_> {
    flow.after(flow.before(FINISHED))
}

#[test]
fn a_change_cipher_spec_has_one_byte_and_it_is_1() {
    for flow in full_and_resumed() {
        for body in [&[][..], &[0], &[2], &[1, 1], &[1, 0]] {
            let now = before_ccs(&flow).send(ContentType::CHANGE_CIPHER_SPEC, body);
            assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE, "{:?}: {body:?}", flow.side);
        }
        assert_eq!(before_ccs(&flow).send(ContentType::CHANGE_CIPHER_SPEC, &[1]), Now::Handshaking);
    }
}

/// The server's may not even come before the client's (RFC 5246, 7.3), when there are no keys yet.
#[test]
fn an_early_change_cipher_spec_is_refused_in_every_state() {
    for flow in flows() {
        for said in 0..flow.before(Input::ChangeCipherSpec) {
            // There it says that the session is resumed.
            if flow.state(said) == State::CertificateOrChangeCipherSpec {
                continue;
            }
            let now = flow.after(said).send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
            assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE, "{}: {said}", flow.name);
        }
    }
}

#[test]
fn a_second_change_cipher_spec_is_refused_under_the_new_keys_and_in_the_clear() {
    for flow in full_and_resumed() {
        let now = before_finished(&flow).send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
        assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE);
        let now = before_finished(&flow).raw(&record(ContentType::CHANGE_CIPHER_SPEC, &[1]));
        assert_eq!(now, Now::Failed(Error::Record(RecordError::BadMac), Some(Alert::BAD_RECORD_MAC)));
        let now = flow.established().send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
        assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE);
    }
}

#[test]
fn a_finished_in_the_place_of_change_cipher_spec_is_refused() {
    for flow in full_and_resumed() {
        let mut puppet = before_ccs(&flow);
        let finished = puppet.finished();
        assert_eq!(alert(puppet.message(&finished)), Alert::UNEXPECTED_MESSAGE);
    }
}

#[test]
fn a_change_cipher_spec_does_not_come_between_two_fragments_of_a_message() {
    for flow in full_and_resumed() {
        let finished = before_ccs(&flow).finished();
        for cut in 1..finished.len() {
            let mut puppet = before_ccs(&flow);
            assert_eq!(puppet.send(ContentType::HANDSHAKE, &finished[..cut]), Now::Handshaking);
            let now = puppet.send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
            assert_eq!(now, Now::Failed(Error::ExcessData, Some(Alert::UNEXPECTED_MESSAGE)), "{cut}");
        }
        // The same in a message before it.
        for said in 0..flow.before(Input::ChangeCipherSpec) {
            let Input::Message(msg_type) = flow.steps[said].1 else { continue };
            let mut puppet = flow.after(said);
            let message = flow.message(msg_type);
            let half = &message[..message.len() / 2];
            assert_eq!(puppet.send(ContentType::HANDSHAKE, half), Now::Handshaking);
            let now = puppet.send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
            assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE, "{msg_type:?}");
        }
    }
}

#[test]
fn a_finished_altered_in_any_byte_is_refused() {
    for flow in full_and_resumed() {
        for at in 4..16 {
            for bit in [0x01, 0x80] {
                let mut puppet = before_finished(&flow);
                let mut finished = puppet.finished();
                finished[at] ^= bit;
                let now = puppet.message(&finished);
                assert_eq!(now, Now::Failed(Error::BadFinished, Some(Alert::DECRYPT_ERROR)), "byte {at}");
            }
        }
    }
}

#[test]
fn a_finished_of_another_length_is_malformed() {
    for flow in full_and_resumed() {
        for len in [0, 1, 11, 13, 36] {
            let mut puppet = before_finished(&flow);
            let finished = [&[20, 0, 0, len][..], &vec![7; len.into()]].concat();
            assert_eq!(alert(puppet.message(&finished)), Alert::DECODE_ERROR, "{len} bytes");
        }
    }
}

/// Each side's Finished has a label of its own, and covers all that was said (RFC 5246, 7.4.9).
#[test]
fn the_finished_of_the_other_side_and_of_less_is_refused() {
    for flow in full_and_resumed() {
        let mut puppet = before_finished(&flow);
        let keys = puppet.keys().expect("keys");
        let said = puppet.transcript.concat();
        let reflected = keys.verify_data(flow.side, &said);
        let less = puppet.transcript[..puppet.transcript.len() - 1].concat();
        let played = if flow.side == Side::Client { Side::Server } else { Side::Client };
        for verify_data in [reflected, keys.verify_data(played, &less)] {
            let now = puppet.message(&[&[20, 0, 0, 12][..], &verify_data].concat());
            assert_eq!(now, Now::Failed(Error::BadFinished, Some(Alert::DECRYPT_ERROR)));
            puppet = before_finished(&flow);
        }
        // And the right one, to be sure that it was not something else.
        assert_eq!(puppet.finish(), Now::Established);
    }
}

#[test]
fn a_repeated_finished_is_refused_packed_and_alone() {
    for flow in full_and_resumed() {
        let mut puppet = before_finished(&flow);
        let finished = puppet.finished();
        let now = puppet.message(&[&finished[..], &finished].concat());
        assert_eq!(now, Now::Failed(Error::ExcessData, Some(Alert::UNEXPECTED_MESSAGE)));
        let now = flow.established().send(ContentType::HANDSHAKE, &finished);
        assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE);
    }
}

#[test]
fn a_finished_in_fragments_is_whole_again() {
    for flow in full_and_resumed() {
        let mut puppet = before_finished(&flow);
        let finished = puppet.finished();
        for byte in &finished[..15] {
            assert_eq!(puppet.send(ContentType::HANDSHAKE, &[*byte]), Now::Handshaking);
        }
        assert_eq!(puppet.send(ContentType::HANDSHAKE, &finished[15..]), Now::Established);
    }
}

#[test]
fn data_instead_of_finished_is_refused_even_under_the_right_key() {
    for flow in full_and_resumed() {
        for data in [&b"data"[..], &[]] {
            let now = before_finished(&flow).send(ContentType::APPLICATION_DATA, data);
            assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE);
        }
    }
}

#[test]
fn a_certificate_without_its_certificate_verify_is_worth_nothing() {
    let flow = certified();
    let verify = Input::Message(H::CERTIFICATE_VERIFY);
    // Skipped: the keys change in its place.
    let now = flow.after(flow.before(verify)).send(ContentType::CHANGE_CIPHER_SPEC, &[1]);
    assert_eq!(alert(now), Alert::UNEXPECTED_MESSAGE);
    // Reordered: it comes before the key exchange, or after the keys changed.
    let mut puppet = flow.after(flow.before(Input::Message(H::CLIENT_KEY_EXCHANGE)));
    assert_eq!(alert(flow.say(&mut puppet, verify)), Alert::UNEXPECTED_MESSAGE);
    assert_eq!(alert(flow.say(&mut before_finished(&flow), verify)), Alert::UNEXPECTED_MESSAGE);
    // Repeated.
    assert_eq!(alert(flow.say(&mut before_ccs(&flow), verify)), Alert::UNEXPECTED_MESSAGE);
}

#[test]
fn a_certificate_verify_over_something_else_is_refused() {
    let flow = certified();
    let before = flow.before(Input::Message(H::CERTIFICATE_VERIFY));
    let message = flow.message(H::CERTIFICATE_VERIFY);
    // Header, scheme and length have 8 bytes; then come DER's tags and lengths, and the numbers r and s.
    for at in [12, 20, 30, message.len() - 1] {
        let mut altered = message.clone();
        altered[at] ^= 1;
        let now = flow.after(before).message(&altered);
        assert_eq!(now, Now::Failed(Error::BadSignature, Some(Alert::DECRYPT_ERROR)), "byte {at}");
    }
}
