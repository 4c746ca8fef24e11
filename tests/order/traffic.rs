//! After the handshake, and alerts at any time.

use tls12::{
    ClientConfig, Error, Excess, Illegal, RecordError, ServerConfig,
    schedule::Side,
    wire::{Alert, AlertLevel, ContentType, HandshakeType as H},
};

use super::flows::{Flow, Input, plain};
use crate::common::{
    forge,
    puppet::{Now, Puppet},
};

const BOTH: [Side; 2] = [Side::Client, Side::Server];

fn warning(alert: Alert) -> (ContentType, Vec<u8>) {
    (ContentType::ALERT, vec![AlertLevel::WARNING.0, alert.0])
}

fn excess(excess: Excess) -> Now {
    let error = Error::Record(RecordError::Excessive(excess));
    Now::Failed(error, Some(Alert::UNEXPECTED_MESSAGE))
}

/// What asks the real side to renegotiate.
fn request(flow: &Flow) -> Vec<u8> {
    match flow.side {
        Side::Client => flow.message(H::HELLO_REQUEST),
        Side::Server => flow.message(H::CLIENT_HELLO),
    }
}

/// A puppet in every state: what is said of alerts holds in all of them.
fn anytime(flow: &Flow) -> Vec<Puppet<'_>> {
    (0..=flow.steps.len()).map(|said| flow.after(said)).collect()
}

#[test]
fn a_wish_to_renegotiate_is_declined_eight_times_and_not_nine() {
    for flow in BOTH.map(plain) {
        let mut puppet = flow.established();
        let request = request(&flow);
        for n in 0..8 {
            let told = puppet.told.len();
            assert_eq!(puppet.send(ContentType::HANDSHAKE, &request), Now::Established, "{n}");
            assert_eq!(puppet.told[told..], [warning(Alert::NO_RENEGOTIATION)]);
            assert_eq!(puppet.send(ContentType::APPLICATION_DATA, b"."), Now::Established);
        }
        assert_eq!(puppet.received, b"........");
        assert_eq!(puppet.send(ContentType::HANDSHAKE, &request), excess(Excess::Renegotiations));
    }
}

#[test]
fn each_of_several_wishes_in_one_record_is_declined() {
    for flow in BOTH.map(plain) {
        let mut puppet = flow.established();
        let told = puppet.told.len();
        puppet.send(ContentType::HANDSHAKE, &request(&flow).repeat(3));
        assert_eq!(puppet.told[told..], vec![warning(Alert::NO_RENEGOTIATION); 3]);
        // And one in many records.
        for byte in request(&flow) {
            assert_eq!(puppet.send(ContentType::HANDSHAKE, &[byte]), Now::Established);
        }
        assert_eq!(puppet.told[told..], vec![warning(Alert::NO_RENEGOTIATION); 4]);
    }
}

#[test]
fn a_wish_to_renegotiate_is_fatal_where_configured() {
    for flow in BOTH.map(plain) {
        let flow = flow.in_world(|world| {
            world
                .with_client(ClientConfig::with_fatal_renegotiation)
                .with_server(ServerConfig::with_fatal_renegotiation)
        });
        let now = flow.established().send(ContentType::HANDSHAKE, &request(&flow));
        assert_eq!(now, Now::Failed(Error::Renegotiation, Some(Alert::NO_RENEGOTIATION)));
    }
}

#[test]
fn data_does_not_come_within_a_handshake_message() {
    for flow in BOTH.map(plain) {
        let mut puppet = flow.established();
        let request = request(&flow);
        let (most, rest) = request.split_at(request.len() - 1);
        assert_eq!(puppet.send(ContentType::HANDSHAKE, most), Now::Established);
        let now = puppet.send(ContentType::APPLICATION_DATA, b"data");
        assert!(matches!(now, Now::Failed(Error::Unexpected { .. }, Some(Alert::UNEXPECTED_MESSAGE))));
        let mut puppet = flow.established();
        puppet.send(ContentType::HANDSHAKE, most);
        puppet.send(ContentType::HANDSHAKE, rest);
        assert_eq!(puppet.send(ContentType::APPLICATION_DATA, b"data"), Now::Established);
    }
}

#[test]
fn four_warnings_are_put_up_with_and_the_fifth_is_the_end() {
    for flow in BOTH.map(plain) {
        for (said, mut puppet) in anytime(&flow).into_iter().enumerate() {
            let before = puppet.now();
            let (_, user_canceled) = warning(Alert::USER_CANCELED);
            for _ in 0..4 {
                assert_eq!(puppet.send(ContentType::ALERT, &user_canceled), before, "after {said}");
            }
            assert_eq!(puppet.send(ContentType::ALERT, &user_canceled), excess(Excess::Warnings));
        }
    }
}

#[test]
fn warnings_with_something_in_between_are_put_up_with_for_ever() {
    for flow in BOTH.map(plain) {
        let mut puppet = flow.established();
        for _ in 0..10 {
            for _ in 0..4 {
                puppet.send(ContentType::ALERT, &[AlertLevel::WARNING.0, Alert::UNRECOGNIZED_NAME.0]);
            }
            assert_eq!(puppet.send(ContentType::APPLICATION_DATA, b"."), Now::Established);
        }
        assert_eq!(puppet.received, b"..........");
    }
}

#[test]
fn thirty_two_empty_records_are_put_up_with_and_the_next_is_the_end() {
    for flow in BOTH.map(plain) {
        for content_type in [ContentType::APPLICATION_DATA, ContentType::HANDSHAKE] {
            let mut puppet = flow.established();
            for _ in 0..3 {
                for _ in 0..32 {
                    assert_eq!(puppet.send(content_type, &[]), Now::Established);
                }
                assert_eq!(puppet.send(ContentType::APPLICATION_DATA, b"."), Now::Established);
            }
            for _ in 0..32 {
                puppet.send(content_type, &[]);
            }
            assert_eq!(puppet.send(content_type, &[]), excess(Excess::EmptyRecords));
        }
        for said in 0..flow.steps.len() {
            let mut puppet = flow.after(said);
            for _ in 0..32 {
                assert_eq!(puppet.send(ContentType::HANDSHAKE, &[]), Now::Handshaking);
            }
            assert_eq!(puppet.send(ContentType::HANDSHAKE, &[]), excess(Excess::EmptyRecords));
        }
    }
}

#[test]
fn an_empty_record_between_the_fragments_of_a_message_changes_nothing() {
    for flow in BOTH.map(plain) {
        let mut puppet = flow.start();
        let Input::Message(first) = flow.steps[0].1 else { panic!("a message is first") };
        let message = flow.message(first);
        let (some, rest) = message.split_at(20);
        puppet.transcript.push(message.clone());
        for part in [some, &[], rest] {
            assert_eq!(puppet.send(ContentType::HANDSHAKE, part), Now::Handshaking);
        }
        assert_eq!(flow.finish(&mut puppet, 1), Now::Established);
    }
}

#[test]
fn close_notify_of_either_level_is_a_close_and_what_came_before_is_delivered() {
    for flow in BOTH.map(plain) {
        for level in [AlertLevel::WARNING, AlertLevel::FATAL] {
            let mut puppet = flow.established();
            let data = puppet.seal(ContentType::APPLICATION_DATA, b"all of it");
            let close = puppet.seal(ContentType::ALERT, &[level.0, Alert::CLOSE_NOTIFY.0]);
            let after = puppet.seal(ContentType::APPLICATION_DATA, b"none of it");
            assert_eq!(puppet.raw(&[data, close, after].concat()), Now::Closed);
            assert_eq!(puppet.received, b"all of it");
        }
    }
}

#[test]
fn close_notify_in_a_handshake_ends_it_without_a_word() {
    for flow in BOTH.map(plain) {
        for level in [AlertLevel::WARNING, AlertLevel::FATAL] {
            for said in 0..flow.steps.len() {
                let mut puppet = flow.after(said);
                let told = puppet.told.len();
                let now = puppet.send(ContentType::ALERT, &[level.0, Alert::CLOSE_NOTIFY.0]);
                assert_eq!(now, Now::Failed(Error::Received(Alert::CLOSE_NOTIFY), None));
                assert_eq!(puppet.told.len(), told);
            }
        }
    }
}

/// RFC 5246, 7.2.2: "Upon transmission or receipt of a fatal alert message, both parties immediately close the
/// connection."
#[test]
fn a_fatal_alert_is_the_end_and_is_not_answered() {
    for flow in BOTH.map(plain) {
        for mut puppet in anytime(&flow) {
            let told = puppet.told.len();
            let now = puppet.send(ContentType::ALERT, &[AlertLevel::FATAL.0, Alert::INTERNAL_ERROR.0]);
            assert_eq!(now, Now::Failed(Error::Received(Alert::INTERNAL_ERROR), None));
            assert_eq!(puppet.told.len(), told);
        }
        let fatal = Alert::NAMED.iter().copied().filter(|alert| *alert != Alert::CLOSE_NOTIFY);
        for alert in fatal.chain([Alert(99), Alert(255)]) {
            let now = flow.established().send(ContentType::ALERT, &[AlertLevel::FATAL.0, alert.0]);
            assert_eq!(now, Now::Failed(Error::Received(alert), None));
        }
    }
}

#[test]
fn an_alert_of_no_known_level_is_illegal() {
    for flow in BOTH.map(plain) {
        for level in [0, 3, 255] {
            for mut puppet in anytime(&flow) {
                let now = puppet.send(ContentType::ALERT, &[level, Alert::INTERNAL_ERROR.0]);
                assert_eq!(now, Now::Failed(Illegal::AlertLevel.into(), Some(Alert::ILLEGAL_PARAMETER)));
            }
        }
    }
}

#[test]
fn an_alert_has_two_bytes() {
    for flow in BOTH.map(plain) {
        for body in [&[][..], &[1], &[2], &[1, 90, 1], &[2, 40, 2, 40], &[1, 0, 0]] {
            for mut puppet in anytime(&flow) {
                let now = puppet.send(ContentType::ALERT, body);
                let malformed = matches!(now, Now::Failed(Error::Decode { .. }, Some(Alert::DECODE_ERROR)));
                assert!(malformed, "{body:?}: {now:?}");
            }
        }
    }
}

/// Records count from zero under each key, and what does not authenticate ends the connection (RFC 5246, 6.2.3.3).
#[test]
fn a_record_repeated_skipped_altered_or_in_the_clear_does_not_authenticate() {
    let bad_mac = Now::Failed(Error::Record(RecordError::BadMac), Some(Alert::BAD_RECORD_MAC));
    for flow in BOTH.map(plain) {
        let mut puppet = flow.established();
        let record = puppet.seal(ContentType::APPLICATION_DATA, b"once");
        assert_eq!(puppet.raw(&record), Now::Established);
        assert_eq!(puppet.raw(&record), bad_mac, "repeated");
        assert_eq!(puppet.received, b"once");

        let mut puppet = flow.established();
        puppet.seal(ContentType::APPLICATION_DATA, b"lost");
        assert_eq!(puppet.send(ContentType::APPLICATION_DATA, b"data"), bad_mac, "skipped");

        let mut puppet = flow.established();
        let clear = forge::record(ContentType::APPLICATION_DATA, b"in the clear, and long enough");
        assert_eq!(puppet.raw(&clear), bad_mac, "in the clear");

        let record = flow.established().seal(ContentType::APPLICATION_DATA, b"data");
        for at in 5..record.len() {
            let mut altered = record.clone();
            altered[at] ^= 0x10;
            assert_eq!(flow.established().raw(&altered), bad_mac, "byte {at}");
        }
        let mut as_alert = record;
        as_alert[0] = ContentType::ALERT.0;
        assert_eq!(flow.established().raw(&as_alert), bad_mac, "the type is authenticated too");
    }
}
