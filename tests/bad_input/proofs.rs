//! Finished and signatures that prove something else, or nothing.

use tls12::{
    Error, Illegal,
    schedule::{Randoms, Side},
    wire::{Alert, NamedGroup, SignatureScheme},
};

use super::{Bystanders, World, alice_before, server_before};
use crate::common::{
    certs::{Ca, Spec},
    raw::{Answer, Hello, Over, Raw, framed, identity, key_exchange, prefixed},
};

#[test]
fn finished_altered_in_any_byte_is_refused() {
    for side in [Side::Client, Side::Server] {
        for at in 0..16 {
            for change in [0x01, 0x80, 0xff] {
                let (mut raw, mut finished) = match side {
                    Side::Client => alice_before("Finished"),
                    Side::Server => server_before("Finished"),
                };
                finished[at] ^= change;
                raw.message(&finished);
                // What announces more than came is not judged before the rest.
                raw.cut();
                if at >= 4 {
                    let error = raw.refused_with(Alert::DECRYPT_ERROR, &format!("byte {at}"));
                    assert_eq!(error, Error::BadFinished);
                    continue;
                }
                while raw.next_record().is_some() {}
                let end = raw.end();
                assert!(end.info.is_none() && end.error.is_some(), "{side:?}, byte {at} ^ {change:#x}");
            }
        }
    }
}

#[test]
fn the_other_sides_finished_is_refused_and_so_is_one_over_another_transcript() {
    let (mut raw, _) = alice_before("Finished");
    let mirrored = raw.finished(Side::Server);
    raw.message(&mirrored);
    assert_eq!(raw.refused_with(Alert::DECRYPT_ERROR, "the server's own"), Error::BadFinished);
    let (mut raw, _) = server_before("Finished");
    let mirrored = raw.finished(Side::Client);
    raw.message(&mirrored);
    assert_eq!(raw.refused_with(Alert::DECRYPT_ERROR, "the client's own"), Error::BadFinished);
    let (mut raw, _) = alice_before("Finished");
    raw.transcript.extend_from_slice(&[0, 0, 0, 0]);
    let other = raw.finished(Side::Client);
    raw.message(&other);
    assert_eq!(raw.refused_with(Alert::DECRYPT_ERROR, "another transcript"), Error::BadFinished);
}

/// What a client of ours says to a changed answer.
fn refused(change: impl FnOnce(&mut Raw, &mut Answer), alert: Alert, case: &str) -> Error {
    let world = std::sync::Arc::new(World::new());
    let mut raw = Raw::server(&world, Over::Memory);
    let mut answer = raw.answer();
    change(&mut raw, &mut answer);
    raw.say(&answer);
    raw.refused_with(alert, case)
}

#[test]
fn a_server_key_exchange_signed_over_anything_else_is_a_decrypt_error() {
    let (group, key) = (NamedGroup::X25519, identity().local_key());
    let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
    let signed = |randoms: Randoms, share: &[u8]| key_exchange(&randoms, (group, share), (&key, scheme));
    let alert = Alert::DECRYPT_ERROR;
    let replayed = |raw: &mut Raw, a: &mut Answer| {
        let share = raw.share(group);
        a.key_exchange = signed(Randoms { client: [9; 32], ..raw.randoms }, &share);
    };
    assert_eq!(refused(replayed, alert, "another client's random"), Error::BadSignature);
    let other_server = |raw: &mut Raw, a: &mut Answer| {
        let share = raw.share(group);
        a.key_exchange = signed(Randoms { server: [9; 32], ..raw.randoms }, &share);
    };
    assert_eq!(refused(other_server, alert, "another server random"), Error::BadSignature);
    let swapped = |raw: &mut Raw, a: &mut Answer| {
        let Randoms { client, server } = raw.randoms;
        let share = raw.share(group);
        a.key_exchange = signed(Randoms { client: server, server: client }, &share);
    };
    assert_eq!(refused(swapped, alert, "the randoms swapped"), Error::BadSignature);
    let other_share = |raw: &mut Raw, a: &mut Answer| {
        let made = signed(raw.randoms, &[9; 32]);
        a.key_exchange = [&a.key_exchange[..4 + 36], &made[4 + 36..]].concat();
        a.key_exchange = framed(12, &a.key_exchange[4..]);
    };
    assert_eq!(refused(other_share, alert, "another share"), Error::BadSignature);
    let other_group = |raw: &mut Raw, a: &mut Answer| {
        let share = raw.share(NamedGroup::SECP256R1);
        let made = raw.signed(NamedGroup::SECP384R1, &share, &key);
        a.key_exchange = made;
        a.key_exchange[6] = 23;
    };
    assert_eq!(refused(other_group, alert, "another group"), Error::BadSignature);
}

#[test]
fn a_server_key_exchange_signed_by_the_wrong_key_is_a_decrypt_error() {
    let other = Ca::new("test root").issue(&Spec::server(&["b.example"])).local_key();
    let change = |raw: &mut Raw, a: &mut Answer| {
        let share = raw.share(NamedGroup::X25519);
        a.key_exchange = raw.signed(NamedGroup::X25519, &share, &other);
    };
    assert_eq!(refused(change, Alert::DECRYPT_ERROR, "another certificate's key"), Error::BadSignature);
    let empty = |_: &mut Raw, a: &mut Answer| {
        a.key_exchange = framed(12, &[&a.key_exchange[4..4 + 38], &[0, 0]].concat());
    };
    assert_eq!(refused(empty, Alert::DECRYPT_ERROR, "no signature at all"), Error::BadSignature);
}

#[test]
fn a_curve_that_is_spelled_out_is_a_decode_error() {
    for curve_type in [0, 1, 2, 4, 255] {
        refused(|_, a| a.key_exchange[4] = curve_type, Alert::DECODE_ERROR, "curve type");
    }
}

#[test]
fn bad_shares_cost_nobody_else_the_connection() {
    let world = std::sync::Arc::new(World::new());
    let others = Bystanders::of(&world);
    for (share, alert) in [
        (&[0; 32][..], Alert::ILLEGAL_PARAMETER),
        (&[9; 31], Alert::ILLEGAL_PARAMETER),
        (&[9; 33], Alert::ILLEGAL_PARAMETER),
        (&[4; 65], Alert::ILLEGAL_PARAMETER),
        (&[], Alert::DECODE_ERROR),
    ] {
        let mut raw = Raw::client(&world, Over::Memory);
        raw.greet(&Hello::new());
        raw.message(&framed(16, &prefixed::<1>(share)));
        let error = raw.refused_with(alert, "a share");
        assert_eq!(error == Error::Illegal(Illegal::KeyShare), alert == Alert::ILLEGAL_PARAMETER);
    }
    others.are_well();
}
