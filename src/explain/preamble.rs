//! Where TLS begins in a direction that began with something else: after STARTTLS and its like, or behind a proxy.

use crate::wire::{Alert, HEADER_LEN, HandshakeType, MAX_CIPHERTEXT, MAX_PLAINTEXT, Reader};

/// What TLS begins with among other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// A hello, or an alert instead of one.
    Hello,
    /// Other records: the hello is among bytes that are missing.
    Records,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looking {
    ForHello,
    /// The hello may be missing, and records may follow.
    ForRecords,
}

/// Whether bytes are the beginning of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    Yes,
    No,
    /// There are too few of them.
    Open,
}

/// What the byte at a place may be: from this to that.
type Expected = (usize, u8, u8);

/// The header of a record of the handshake, and of a ClientHello or a ServerHello in it: its type, its length, its version,
/// and behind its random the length of the session ID, which is at most 32 (RFC 5246, 7.4.1.2).
const HELLO: [Expected; 10] = [
    (0, 22, 22),
    (1, 3, 3),
    (2, 0, 4),
    (3, 0, 0x40),
    (4, 0, 255),
    (5, 1, 2),
    (6, 0, 0),
    (9, 3, 3),
    (10, 0, 4),
    (43, 0, 32),
];

/// The header of a record with an alert, its level and its description.
const ALERT: [Expected; 7] =
    [(0, 21, 21), (1, 3, 3), (2, 0, 4), (3, 0, 0), (4, 2, 2), (5, 1, 2), (6, 0, 255)];

/// The header of a record.
const RECORD: [Expected; 4] = [(0, 20, 23), (1, 3, 3), (2, 1, 3), (3, 0, 0x48)];

/// Goes on to where TLS begins, or may begin once there are more bytes. What begins there for sure.
pub(super) fn skip(reader: &mut Reader<'_>, looking: Looking) -> Option<Begins> {
    loop {
        let bytes = reader.clone().rest();
        // Most bytes are not worth a closer look.
        let far = bytes.iter().position(|byte| matches!(byte, 20..=23)).unwrap_or(bytes.len());
        let _ = reader.take(far);
        let bytes = bytes.get(far..).unwrap_or_default();
        match (beginning(bytes), looking) {
            (Beginning::Yes, _) => return Some(Begins::Hello),
            (Beginning::Open, _) => return None,
            (Beginning::No, Looking::ForHello) => drop(reader.u8()),
            (Beginning::No, Looking::ForRecords) => match record(bytes) {
                Beginning::Yes => return Some(Begins::Records),
                Beginning::Open => return None,
                Beginning::No => drop(reader.u8()),
            },
        }
    }
}

/// TLS begins with a hello, or with an alert instead of one. Both can be read, and say so much that no text and hardly
/// any other bytes are like them.
fn beginning(bytes: &[u8]) -> Beginning {
    match bytes {
        [] => Beginning::Open,
        [21, ..] => alert(bytes),
        _ => hello(bytes),
    }
}

fn alert(bytes: &[u8]) -> Beginning {
    match bytes.get(6) {
        Some(description) if Alert(*description).name().is_none() => Beginning::No,
        _ => like(bytes, &ALERT, usize::MAX),
    }
}

fn hello(bytes: &[u8]) -> Beginning {
    let [_, _, _, high, low, ..] = bytes else { return like(bytes, &HELLO, HEADER_LEN) };
    match usize::from(u16::from_be_bytes([*high, *low])) {
        // What does not fit in goes on in another record.
        length @ 1..=MAX_PLAINTEXT => like(bytes, &HELLO, HEADER_LEN.saturating_add(length)),
        _ => Beginning::No,
    }
}

/// The header of a record, and what is no accident behind it: a message of the handshake, the one byte of
/// ChangeCipherSpec, or another record.
fn record(bytes: &[u8]) -> Beginning {
    if like(bytes, &RECORD, HEADER_LEN) == Beginning::No {
        return Beginning::No;
    }
    let [kind, _, _, high, low, body @ ..] = bytes else { return Beginning::Open };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if !(1..=MAX_CIPHERTEXT).contains(&length) {
        return Beginning::No;
    }
    match (kind, body) {
        (20, [1, ..]) if length == 1 => Beginning::Yes,
        (20, [_, ..]) => Beginning::No,
        (22, [msg_type, 0, high, low, ..]) if is_message(*msg_type, [*high, *low], length) => Beginning::Yes,
        _ => match body.get(length..) {
            Some(next) => like(next, &RECORD, 3),
            None => Beginning::Open,
        },
    }
}

/// Whether a message of this type and length fits into a record of that one.
fn is_message(msg_type: u8, length: [u8; 2], record: usize) -> bool {
    let length = usize::from(u16::from_be_bytes(length));
    HandshakeType(msg_type).name().is_some() && length.saturating_add(4) <= record
}

/// Whether bytes are what is expected of the first `end` of them.
fn like(bytes: &[u8], expected: &[Expected], end: usize) -> Beginning {
    for (at, low, high) in expected.iter().filter(|(at, ..)| *at < end) {
        match bytes.get(*at) {
            None => return Beginning::Open,
            Some(byte) if !(low..=high).contains(&byte) => return Beginning::No,
            Some(_) => {}
        }
    }
    Beginning::Yes
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn hello(msg_type: u8, session_id: u8) -> Vec<u8> {
        [&[22, 3, 1, 0, 90, msg_type, 0, 0, 86, 3, 3][..], &[7; 32], &[session_id, 0, 0]].concat()
    }

    fn left(bytes: &[u8]) -> (bool, usize) {
        let mut reader = Reader::new(bytes);
        (skip(&mut reader, Looking::ForHello) == Some(Begins::Hello), reader.len())
    }

    #[test]
    fn records_without_a_hello_are_found_where_it_may_be_missing() {
        let data = [&[23, 3, 3, 0, 30][..], &[9; 30]].concat();
        let finished = [&[22, 3, 3, 0, 40][..], &[9; 40]].concat();
        for tls in [
            [22, 3, 3, 0, 4, 14, 0, 0, 0].to_vec(),
            [20, 3, 3, 0, 1, 1].to_vec(),
            [&data[..], &data].concat(),
            [&finished[..], &data].concat(),
        ] {
            let bytes = [b"234 go\r\n\x17\x03", &tls[..]].concat();
            let mut reader = Reader::new(&bytes);
            assert_eq!(skip(&mut reader, Looking::ForRecords), Some(Begins::Records), "{tls:?}");
            assert_eq!(reader.len(), tls.len());
            assert_eq!(skip(&mut reader, Looking::ForHello), None);
        }
        // However little of it is there.
        for known in 1..=data.len() {
            assert_eq!(skip(&mut Reader::new(&data[..known]), Looking::ForRecords), None, "{known}");
        }
        for none in [&data[..], &[&data[..], b"none"].concat(), &[20, 3, 3, 0, 1, 2], &[22, 3, 3, 0, 4, 99]] {
            assert_eq!(skip(&mut Reader::new(none), Looking::ForRecords), None, "{none:?}");
        }
        let whole = hello(1, 0);
        assert_eq!(skip(&mut Reader::new(&whole), Looking::ForRecords), Some(Begins::Hello));
    }

    #[test]
    fn hellos_and_alerts_are_found_behind_any_bytes() {
        for tls in [hello(1, 32), hello(2, 0), [21, 3, 3, 0, 2, 2, 40].to_vec()] {
            for before in [&b"220 ready\r\n"[..], b"S", &[22, 22, 3, 22, 3, 1, 21, 3, 3, 0, 2, 9]] {
                assert_eq!(left(&[before, &tls].concat()), (true, tls.len()));
            }
        }
    }

    #[test]
    fn what_is_only_a_little_like_tls_is_passed_over() {
        let other_length = [22, 3, 1, 0xff, 0xff, 1, 0, 0, 86, 3, 3];
        let other_alert = [21, 3, 3, 0, 2, 2, 99];
        let none = [22, 3, 1, 0, 0, 1, 0, 0, 86, 3, 3];
        for bytes in [&hello(3, 0)[..], &hello(1, 33), &other_length, &other_alert, &none, &[0, 22, 7, 21, 9]]
        {
            assert_eq!(left(bytes), (false, 0), "{bytes:?}");
        }
    }

    #[test]
    fn what_may_become_tls_is_kept_and_no_more() {
        let whole = hello(1, 0);
        for end in 1..44 {
            assert_eq!(left(&[b"a 22", &whole[..end]].concat()), (false, end));
        }
        assert_eq!(left(&whole[..44]), (true, 44));
        // Of a hello in many records the first one has to do.
        assert_eq!(left(&[b'x', 22, 3, 1, 0, 1, 1]), (true, 6));
    }
}
