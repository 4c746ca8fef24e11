//! Shares of the key exchange that are no points, and signatures that do not fit.

use tls12::{
    Error, Illegal,
    wire::{Alert, NamedGroup},
};

use super::{client_of, client_refuses, server_of, world};
use crate::common::{
    certs::{Ca, Spec},
    raw::{Hello, framed, identity, prefixed},
};

/// What `good`, a point of a NIST curve, becomes in every form that is not allowed.
fn bad_points(good: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let with = |first: u8| [&[first], &good[1..]].concat();
    let half = good.len().div_ceil(2);
    let mut off = good.to_vec();
    *off.last_mut().unwrap() ^= 1;
    vec![
        ([&[2], &good[1..half]].concat(), "compressed"),
        ([&[3], &good[1..half]].concat(), "compressed, odd"),
        (with(6), "hybrid"),
        (with(7), "hybrid, odd"),
        (with(5), "of no form"),
        (off, "off the curve"),
        ([&[4], &vec![0; good.len() - 1][..]].concat(), "(0, 0)"),
        (vec![0], "infinity"),
        ([&[4], &vec![0xff; good.len() - 1][..]].concat(), "over the prime"),
        (good[..good.len() - 1].to_vec(), "short"),
        ([good, &[0]].concat(), "long"),
    ]
}

/// Shares of x25519 that are not to be used.
fn bad_x25519() -> Vec<(Vec<u8>, &'static str)> {
    let mut one = vec![0; 32];
    one[0] = 1;
    // RFC 7748, 6.1: p and p + 1 in little endian are 0 and 1 again; all of these give zero.
    let prime = |low: u8| [&[low], &[0xff; 30][..], &[0x7f]].concat();
    vec![
        (vec![0; 32], "zero"),
        (one, "one"),
        (prime(0xed), "the prime"),
        (prime(0xee), "the prime and one"),
        (vec![9; 31], "short"),
        (vec![9; 33], "long"),
        (vec![9], "one byte"),
    ]
}

#[test]
fn an_ec_point_compressed_hybrid_or_off_the_curve_is_an_illegal_parameter() {
    for group in [NamedGroup::SECP256R1, NamedGroup::SECP384R1] {
        let good = client_of(&world()).share(group);
        for (point, case) in bad_points(&good) {
            let [high, low] = group.0.to_be_bytes();
            let hello = Hello::new().with(10, &[0, 4, high, low, 0, 23]);
            let schemes = hello.with(13, &[0, 2, 4, 3]);
            let world = super::serving(|config| config.with_groups(&[group]).unwrap());
            let mut raw = client_of(&world);
            assert_eq!(raw.greet(&schemes).group, group);
            raw.message(&framed(16, &prefixed::<1>(&point)));
            let error = raw.refused_with(Alert::ILLEGAL_PARAMETER, case);
            assert_eq!(error, Error::Illegal(Illegal::KeyShare), "to a server: {case}");

            let mut raw = server_of(&super::world());
            let mut answer = raw.answer_in(group);
            answer.key_exchange = raw.signed(group, &point, &identity().local_key());
            raw.say(&answer);
            let error = raw.refused_with(Alert::ILLEGAL_PARAMETER, case);
            assert_eq!(error, Error::Illegal(Illegal::KeyShare), "to a client: {case}");
        }
    }
}

#[test]
fn an_x25519_share_of_the_wrong_length_or_giving_all_zeros_is_an_illegal_parameter() {
    for (share, case) in bad_x25519() {
        let mut raw = client_of(&world());
        assert_eq!(raw.greet(&Hello::new()).group, NamedGroup::X25519);
        raw.message(&framed(16, &prefixed::<1>(&share)));
        let error = raw.refused_with(Alert::ILLEGAL_PARAMETER, case);
        assert_eq!(error, Error::Illegal(Illegal::KeyShare), "to a server: {case}");

        let signed =
            |raw: &crate::common::raw::Raw| raw.signed(NamedGroup::X25519, &share, &identity().local_key());
        let change = |raw: &_, a: &mut crate::common::raw::Answer| a.key_exchange = signed(raw);
        let error = client_refuses(&world(), change, Alert::ILLEGAL_PARAMETER, case);
        assert_eq!(error, Error::Illegal(Illegal::KeyShare), "to a client: {case}");
    }
}

#[test]
fn a_server_key_exchange_with_a_wrong_signature_is_a_decrypt_error() {
    let last = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    let error = client_refuses(&world(), |_, a| last(&mut a.key_exchange), Alert::DECRYPT_ERROR, "one bit");
    assert_eq!(error, Error::BadSignature);
    let other = Ca::new("another").issue(&Spec::server(&["b.example"])).local_key();
    let mut raw = server_of(&world());
    let mut answer = raw.answer();
    let share = raw.share(NamedGroup::X25519);
    answer.key_exchange = raw.signed(NamedGroup::X25519, &share, &other);
    raw.say(&answer);
    assert_eq!(raw.refused_with(Alert::DECRYPT_ERROR, "another key"), Error::BadSignature);
}

#[test]
fn a_server_key_exchange_under_a_scheme_not_offered_or_unfit_for_the_key_is_an_illegal_parameter() {
    // The scheme stands behind the curve, its name, and a share of 32 bytes.
    let at = 4 + 3 + 33;
    for (scheme, why) in [
        ([2, 3], Illegal::SchemeNotOffered),
        ([6, 3], Illegal::SchemeNotOffered),
        ([0x1a, 0x1a], Illegal::SchemeNotOffered),
        ([8, 4], Illegal::SchemeForOtherKey),
        ([4, 1], Illegal::SchemeForOtherKey),
        ([8, 7], Illegal::SchemeForOtherKey),
    ] {
        let change = |_: &_, a: &mut crate::common::raw::Answer| {
            assert_eq!(a.key_exchange[at..at + 2], [4, 3]);
            a.key_exchange[at..at + 2].copy_from_slice(&scheme);
        };
        let error = client_refuses(&world(), change, Alert::ILLEGAL_PARAMETER, "the scheme");
        assert_eq!(error, Error::Illegal(why), "{scheme:?}");
    }
}

#[test]
fn a_group_that_was_not_offered_is_an_illegal_parameter() {
    let world = super::calling(|config| config.with_groups(&[NamedGroup::SECP256R1]).unwrap());
    let error = client_refuses(&world, |_, _| {}, Alert::ILLEGAL_PARAMETER, "x25519");
    assert_eq!(error, Error::Illegal(Illegal::GroupNotOffered));
}
