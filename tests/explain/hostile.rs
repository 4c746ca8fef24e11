//! Bytes that somebody changed.

use std::sync::Arc;

use tls12::{
    crypto::RUSTCRYPTO,
    explain::{Explainer, KeyLogSecrets, Sessions},
    schedule::Side,
};

use super::{
    secrets::with_key_log,
    transcripts::{Said, all},
};
use crate::common::{pair::World, resuming::policy};

/// Numbers that look like chance and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// Feeds it in pieces of any length, with bytes changed, left out, doubled and missing.
fn feed(explainer: &mut Explainer, said: &Said, numbers: &mut Numbers) {
    for (from, bytes) in said {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(1 + numbers.next(rest.len()));
            let mut piece = piece.to_vec();
            match numbers.next(12) {
                0 => {
                    let at = numbers.next(piece.len());
                    piece[at] ^= 1 << numbers.next(8);
                }
                1 => {
                    let at = numbers.next(piece.len());
                    piece[at] = numbers.next(256) as u8;
                }
                2 => drop(explainer.missing(*from, Some(numbers.next(40) as u64))),
                3 => piece.truncate(numbers.next(piece.len())),
                4 => drop(explainer.missing(Side::Server, None)),
                5 => drop(explainer.bytes(from.peer(), &piece)),
                _ => {}
            }
            let events = explainer.bytes(*from, &piece);
            // Whatever is told can be printed and, where it says so, decoded.
            assert!(events.iter().all(|event| !format!("{event:?}").is_empty()));
            rest = behind;
        }
    }
}

#[test]
fn no_change_of_the_bytes_makes_it_panic() {
    let mut numbers = Numbers(1);
    let mut sessions = Sessions::new(100);
    for round in 0..20 {
        for transcript in all() {
            let mut explainer = Explainer::new();
            feed(&mut explainer, &transcript.said, &mut numbers);
            sessions.add(round, explainer.verdict());
            assert!(!explainer.verdict().to_string().is_empty());
        }
    }
}

#[test]
fn no_change_of_the_bytes_makes_it_panic_with_secrets() {
    let (said, log) = with_key_log(World::resuming().with_policy(policy()));
    let secrets = Arc::new(KeyLogSecrets::read(log.as_bytes()));
    let mut numbers = Numbers(2);
    for _ in 0..500 {
        let mut explainer =
            Explainer::new().with_secrets(&RUSTCRYPTO, secrets.clone()).with_application_data();
        feed(&mut explainer, &said, &mut numbers);
    }
}

/// What happens to a connection: bytes, or that so many are missing.
type Acts = Vec<(Side, Result<Vec<u8>, u64>)>;

fn damaged(said: &Said, numbers: &mut Numbers) -> Acts {
    let mut acts = Acts::new();
    for (from, bytes) in said {
        let (before, behind) = bytes.split_at(numbers.next(bytes.len()));
        let lost = numbers.next(behind.len().min(60));
        acts.push((*from, Ok(before.to_vec())));
        acts.push((*from, Err(lost as u64)));
        acts.push((*from, Ok(behind[lost..].to_vec())));
    }
    acts
}

#[test]
fn how_it_is_cut_changes_nothing_where_bytes_are_missing_either() {
    let told = |acts: &Acts, piece: usize| {
        let (mut explainer, mut events) = (Explainer::new(), Vec::new());
        for (from, act) in acts {
            match act {
                Ok(bytes) => bytes.chunks(piece).for_each(|part| events.extend(explainer.bytes(*from, part))),
                Err(lost) => events.extend(explainer.missing(*from, Some(*lost))),
            }
        }
        (events, explainer.verdict().clone())
    };
    let mut numbers = Numbers(4);
    for transcript in all() {
        for _ in 0..5 {
            let acts = damaged(&transcript.said, &mut numbers);
            let whole = told(&acts, usize::MAX);
            assert_eq!(told(&acts, 1), whole, "{}", transcript.name);
            assert_eq!(told(&acts, 37), whole, "{}", transcript.name);
        }
    }
}

#[test]
fn random_bytes_are_told_as_no_tls_or_looked_through() {
    let mut numbers = Numbers(3);
    for round in 0..300 {
        let mut explainer = Explainer::new();
        if round % 2 == 0 {
            explainer.missing(Side::Client, None);
        }
        for _ in 0..20 {
            let bytes: Vec<u8> = (0..numbers.next(3000)).map(|_| numbers.next(256) as u8).collect();
            explainer.bytes(Side::Client, &bytes);
        }
        assert_eq!(explainer.verdict().handshake, None);
    }
}
