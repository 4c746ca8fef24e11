//! Records as they leave our side, and records too long for what was agreed on.

use std::sync::Arc;

use tls12::{
    Error, RecordError,
    wire::{Alert, ContentType},
};

use crate::common::{
    forge::take_records,
    pair::World,
    raw::{Hello, Over, Raw},
    worlds::worlds,
};

/// RFC 5246, 6 and 6.2.1: four types, no handshake message, alert or ChangeCipherSpec in a record of no bytes, and none
/// too long.
#[test]
fn records_of_a_handshake_are_of_known_types_and_neither_empty_nor_too_long() {
    for (name, world) in worlds() {
        let wires = world.run(usize::MAX).wires;
        for mut log in [wires.up.log, wires.down.log] {
            let mut protected = false;
            for (content_type, body) in take_records(&mut log) {
                assert!((20..=23).contains(&content_type.0), "{name}: {content_type:?}");
                // Protected ones have at least 16 bytes of their own, or 24 with an explicit nonce.
                let (least, most) = if protected { (17, (1 << 14) + 24) } else { (1, 1 << 14) };
                assert!((least..=most).contains(&body.len()), "{name}: {} bytes", body.len());
                if content_type == ContentType::CHANGE_CIPHER_SPEC {
                    assert!(!protected && body == [1], "{name}");
                    protected = true;
                }
            }
            assert!(protected && log.is_empty(), "{name}");
        }
    }
}

/// RFC 6066, 4.
#[test]
fn a_record_too_long_for_what_was_agreed_on_is_refused_before_it_comes_and_is_not_opened() {
    let connected = || {
        let mut raw = Raw::client(&Arc::new(World::new()), Over::Memory);
        raw.connect(&Hello::new().with(1, &[1]));
        raw
    };
    // 8 bytes of nonce and 16 of tag around the 512.
    let longest = 512_u16 + 24;
    let mut raw = connected();
    raw.send(&[&[23, 3, 3][..], &(longest + 1).to_be_bytes()].concat());
    let error = raw.refused_with(Alert::RECORD_OVERFLOW, "only the header came");
    assert_eq!(error, Error::Record(RecordError::Overflow));
    let mut raw = connected();
    raw.send(&[&[23, 3, 3][..], &longest.to_be_bytes(), &[7; 536]].concat());
    raw.refused_with(Alert::BAD_RECORD_MAC, "as long as may be");
}
