//! Sessions as values, and sealed: golden files, and everything that is not one.

mod session_values;

use std::time::Duration;

use session_values::{
    Fields, HOUR, NOW, at, client_parts, client_session, key, parts, secret, session, vector,
};
use tls12::{
    crypto::{RUSTCRYPTO, SecretVec},
    session::{
        ClientSession, ClientToken, KeyRing, KeyTimes, Lineage, MAX_APPLICATION_DATA, MAX_SEALED, NotResumed,
        Partition, Resumption, SealedSession, Session, SessionContext, SessionTooLarge, StoreKey, TicketKey,
    },
    wire::{CipherSuite, DecodeError, NamedGroup, SessionId, SignatureScheme},
};

const SALT: [u8; 32] = [3; 32];

fn ring() -> KeyRing {
    KeyRing::new(key(1, NOW, 12 * HOUR))
}

fn open(ticket: &[u8]) -> Result<Session, NotResumed> {
    ring().open_ticket(&RUSTCRYPTO, ticket, at(NOW)).map(|opened| opened.session)
}

fn ticket() -> Vec<u8> {
    ring().seal_ticket(&RUSTCRYPTO, &session(), &SALT, at(NOW)).unwrap()
}

#[test]
fn a_session_of_version_1_is_read_and_written_as_the_golden_files_have_it() {
    let bytes = vector("sessions/full.bin");
    let session = Session::decode(&bytes).unwrap();
    assert_eq!(session.suite(), CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256);
    assert!(session.extended_master_secret());
    assert_eq!(session.server_name(), Some(&b"a.example"[..]));
    assert_eq!(session.alpn(), Some(&b"h2"[..]));
    assert_eq!(*session.context(), SessionContext::derive([&b"fleet"[..], b"one"]));
    assert_eq!(*session.partition(), Partition::named(b"a.example"));
    let times = [session.authenticated_at(), session.issued_at(), session.lifetime().into()];
    assert_eq!(times, [1_800_000_000, 1_800_003_600, 36_000]);
    assert_eq!(session.peer_scheme(), Some(SignatureScheme::ECDSA_SECP256R1_SHA256));
    assert_eq!(session.group(), Some(NamedGroup::X25519));
    assert_eq!(session.application_data(), b"account 7");
    let peer = session.peer().unwrap();
    assert_eq!(peer.not_after, 1_900_000_000);
    assert_eq!(peer.chain.iter().map(|certificate| certificate.len()).collect::<Vec<_>>(), [700, 500]);
    assert_eq!(session.encode().expose(), bytes);
}

#[test]
fn a_session_without_anything_optional_is_read_and_written_as_its_golden_file() {
    let bytes = vector("sessions/minimal.bin");
    let session = Session::decode(&bytes).unwrap();
    assert_eq!(session.suite(), CipherSuite::ECDHE_RSA_CHACHA20_POLY1305_SHA256);
    assert!(!session.extended_master_secret());
    assert!(session.server_name().is_none() && session.alpn().is_none() && session.peer().is_none());
    assert!(session.peer_scheme().is_none() && session.group().is_none());
    assert!(session.application_data().is_empty());
    assert_eq!(session.encode().expose(), bytes);
}

#[test]
fn a_client_session_of_version_1_is_read_as_the_golden_files_have_it_and_written_in_version_2() {
    let bytes = vector("sessions/client_ticket.bin");
    let session = ClientSession::from_bytes(&bytes).unwrap();
    assert_eq!(session.server(), "a.example");
    assert_eq!(*session.trust(), SessionContext::derive([&b"trust"[..]]));
    assert_eq!(session.suite(), CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384);
    assert!(session.extended_master_secret());
    assert_eq!([session.received_at(), session.authenticated_at()], [1_800_003_600, 1_800_000_000]);
    assert_eq!(session.alpn(), Some(&b"http/1.1"[..]));
    assert!(
        matches!(session.token(), ClientToken::Ticket { ticket, lifetime_hint: 7200 } if ticket.len() == 200)
    );
    assert_eq!(session.peer().unwrap().chain.len(), 2);
    assert!(session.peer_scheme().is_none() && session.group().is_none() && session.ocsp().is_none());
    assert_eq!(session.to_bytes().expose(), in_version_2(&bytes));

    let bytes = vector("sessions/client_id.bin");
    let session = ClientSession::from_bytes(&bytes).unwrap();
    assert!(matches!(session.token(), ClientToken::SessionId(id) if id.as_bytes().len() == 32));
    assert!(session.alpn().is_none() && session.peer().is_none());
    assert_eq!(session.to_bytes().expose(), in_version_2(&bytes));
}

/// What version 1 knows, and nothing of what it does not.
fn in_version_2(version_1: &[u8]) -> Vec<u8> {
    [&[2], &version_1[1..], &[0; 6]].concat()
}

#[test]
fn a_client_session_of_version_2_is_read_and_written_as_its_golden_file_has_it() {
    let bytes = vector("sessions/client_ticket_2.bin");
    let session = ClientSession::from_bytes(&bytes).unwrap();
    assert_eq!(session.peer_scheme(), Some(SignatureScheme::RSA_PSS_RSAE_SHA256));
    assert_eq!(session.group(), Some(NamedGroup::X25519));
    assert_eq!(session.ocsp().map(|ocsp| ocsp.len()), Some(300));
    assert_eq!(session.to_bytes().expose(), bytes);
}

#[test]
fn sessions_that_are_cut_or_followed_by_something_are_not_read() {
    for file in ["sessions/full.bin", "sessions/minimal.bin"] {
        let bytes = vector(file);
        for len in 0..bytes.len() {
            assert_eq!(
                Session::decode(&bytes[..len]).unwrap_err(),
                NotResumed::UnknownFormat,
                "{file} {len}"
            );
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(Session::decode(&longer).unwrap_err(), NotResumed::UnknownFormat);
    }
    for file in ["sessions/client_ticket_2.bin", "sessions/client_ticket.bin", "sessions/client_id.bin"] {
        let bytes = vector(file);
        for len in 0..bytes.len() {
            assert!(ClientSession::from_bytes(&bytes[..len]).is_err(), "{file} {len}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(ClientSession::from_bytes(&longer).unwrap_err(), DecodeError::Trailing);
    }
}

#[test]
fn sessions_of_another_format_or_version_say_so() {
    // The format, the version of TLS, and flags that nobody has written yet.
    for (at, value) in [(0, 3), (0, 0), (1, 2), (2, 4), (5, 2), (5, 0x81)] {
        let mut bytes = vector("sessions/full.bin");
        bytes[at] = value;
        assert_eq!(Session::decode(&bytes).unwrap_err(), NotResumed::UnknownFormat, "{at}");
        let mut bytes = vector("sessions/client_ticket.bin");
        bytes[at] = value;
        assert_eq!(ClientSession::from_bytes(&bytes).unwrap_err(), DecodeError::UnknownFormat, "{at}");
        let mut bytes = vector("sessions/client_ticket_2.bin");
        bytes[at] = value;
        assert_eq!(ClientSession::from_bytes(&bytes).unwrap_err(), DecodeError::UnknownFormat, "{at}");
    }
}

#[test]
fn r18_r19_sealed_sessions_are_those_of_the_vectors() {
    let times = KeyTimes::starting(at(NOW), Duration::from_secs(HOUR));
    for len in [48, 80] {
        let fields = Fields::read(&format!("tickets/key{len}.txt"));
        let material = [fields.bytes("name"), fields.bytes("secret")].concat();
        let file =
            tls12::session::KeyMaterial::read(&material, tls12::session::KeyFileFormat::OpenSsl).unwrap();
        let ring = KeyRing::new(file[0].ticket_key(times));
        let salt = fields.array("salt");
        let full = Session::decode(&vector("sessions/full.bin")).unwrap();
        let minimal = Session::decode(&vector("sessions/minimal.bin")).unwrap();
        let ticket = ring.seal_ticket(&RUSTCRYPTO, &full, &salt, at(NOW)).unwrap();
        assert_eq!(ticket, fields.bytes("ticket"));
        let id = SessionId::new(&fields.bytes("session_id")).unwrap();
        let store_key = StoreKey::of(minimal.partition(), &id);
        assert_eq!(store_key.hash, fields.array("store_key"));
        let stored = ring.seal_stored(&RUSTCRYPTO, &store_key, &minimal, &salt, at(NOW)).unwrap();
        assert_eq!(stored.0, fields.bytes("stored"));
        let opened = ring.open_ticket(&RUSTCRYPTO, &ticket, at(NOW)).unwrap();
        assert_eq!(opened.session.encode().expose(), vector("sessions/full.bin"));
        assert_eq!(opened.key_name.0, fields.array("name"));
        let opened = ring.open_stored(&RUSTCRYPTO, &store_key, &stored, at(NOW)).unwrap();
        assert_eq!(opened.session.encode().expose(), vector("sessions/minimal.bin"));
    }
}

#[test]
fn r18_every_flipped_bit_of_a_ticket_is_a_reason_and_never_a_session() {
    let good = ticket();
    for at in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[at / 8] ^= 1 << (at % 8);
        let expected = if at < 16 * 8 { NotResumed::UnknownTicketKey } else { NotResumed::Forged };
        assert_eq!(open(&bad).unwrap_err(), expected, "bit {at}");
    }
    assert!(open(&good).is_ok());
}

#[test]
fn r18_tickets_of_every_length_are_refused_with_a_reason() {
    let good = ticket();
    for len in 0..good.len() {
        let expected = if len < 65 { NotResumed::UnknownFormat } else { NotResumed::Forged };
        assert_eq!(open(&good[..len]).unwrap_err(), expected, "{len} bytes");
    }
    let padded = |len: usize| [&good[..], &vec![0; len - good.len()]].concat();
    assert_eq!(open(&padded(MAX_SEALED)).unwrap_err(), NotResumed::Forged);
    assert_eq!(open(&padded(MAX_SEALED + 1)).unwrap_err(), NotResumed::TooLong);
    assert_eq!(open(&vec![0; 65_535]).unwrap_err(), NotResumed::TooLong);
}

#[test]
fn r18_a_key_name_is_authenticated() {
    // The same secret under another name: without the name in the additional data it would open.
    let other = TicketKey::from_parts([2; 16], secret(1), at(NOW), Duration::from_secs(HOUR)).unwrap();
    let mut renamed = ticket();
    renamed[..16].copy_from_slice(&[2; 16]);
    let opened = KeyRing::new(other).open_ticket(&RUSTCRYPTO, &renamed, at(NOW));
    assert_eq!(opened.unwrap_err(), NotResumed::Forged);
}

#[test]
fn r19_tickets_of_one_session_with_different_salts_have_nothing_in_common() {
    let (one, two) = (ticket(), ring().seal_ticket(&RUSTCRYPTO, &session(), &[4; 32], at(NOW)).unwrap());
    let same = one[48..].iter().zip(&two[48..]).filter(|(a, b)| a == b).count();
    // One in 256 by chance, of about 200 bytes.
    assert!(same < 10, "{same} bytes are the same");
}

#[test]
fn r32_a_stored_session_opens_under_its_own_key_only_and_is_no_ticket() {
    let ring = ring();
    let [here, there] = [1, 2].map(|n| StoreKey::of(&Partition::default(), &SessionId::from([n; 32])));
    let sealed = ring.seal_stored(&RUSTCRYPTO, &here, &session(), &SALT, at(NOW)).unwrap();
    assert!(ring.open_stored(&RUSTCRYPTO, &here, &sealed, at(NOW)).is_ok());
    assert_eq!(ring.open_stored(&RUSTCRYPTO, &there, &sealed, at(NOW)).unwrap_err(), NotResumed::Forged);
    assert_eq!(open(&sealed.0).unwrap_err(), NotResumed::Forged);
    let as_stored = ring.open_stored(&RUSTCRYPTO, &here, &SealedSession(ticket()), at(NOW));
    assert_eq!(as_stored.unwrap_err(), NotResumed::Forged);
}

#[test]
fn r32_a_sealed_session_shows_neither_secret_nor_names() {
    let sealed = ticket();
    for part in [&[0x5a; 8][..], b"a.example", b"account", &session().context().0] {
        assert!(!sealed.windows(part.len()).any(|window| window == part));
    }
}

#[test]
fn r15_a_session_that_is_too_large_is_not_sealed_and_parts_that_are_too_long_are_refused() {
    let mut long = parts();
    long.application_data = SecretVec::new(vec![1; MAX_APPLICATION_DATA]);
    let long = Session::new(long).unwrap();
    assert!(ring().seal_ticket(&RUSTCRYPTO, &long, &SALT, at(NOW)).is_some());
    let longer = SecretVec::new(vec![1; MAX_APPLICATION_DATA + 1]);
    assert_eq!(long.with_application_data(longer).unwrap_err(), SessionTooLarge);
    let mut parts = parts();
    parts.alpn = Some(Vec::new());
    assert_eq!(Session::new(parts).unwrap_err(), SessionTooLarge);
}

#[test]
fn the_longest_session_that_can_be_made_can_be_sealed() {
    let mut parts = parts();
    parts.server_name = Some(vec![b'a'; 255]);
    parts.alpn = Some(vec![b'a'; 255]);
    parts.application_data = SecretVec::new(vec![1; MAX_APPLICATION_DATA]);
    // 8 for the date and 3 in front of the certificate.
    let chain = vec![1; tls12::session::MAX_PEER_CHAIN - 11];
    parts.peer = Some(tls12::session::SessionPeer { chain: [chain.into()].into(), not_after: NOW });
    let session = Session::new(parts).unwrap();
    let ticket = ring().seal_ticket(&RUSTCRYPTO, &session, &SALT, at(NOW)).unwrap();
    assert_eq!(open(&ticket).unwrap().encode().expose(), session.encode().expose());
}

#[test]
fn a_new_session_lies_under_its_id_and_partition_for_no_longer_than_its_key_opens() {
    let policy = Resumption::new(KeyRing::new(key(1, NOW, HOUR)));
    let id = SessionId::from([1; 32]);
    let new = policy.new_session(&RUSTCRYPTO, &id, &session(), &SALT, at(NOW)).unwrap();
    assert_eq!(new.key, StoreKey::of(&Partition::default(), &id));
    assert_eq!(new.lifetime, Duration::from_secs(2 * HOUR));
    assert!(policy.keys().open_stored(&RUSTCRYPTO, &new.key, &new.sealed, at(NOW)).is_ok());
    assert!(policy.new_session(&RUSTCRYPTO, &id, &session(), &SALT, at(NOW + HOUR)).is_none());
}

#[test]
fn a_renewed_session_differs_in_its_times_only() {
    let renewed = session().renewed(at(NOW + 60), 30);
    assert_eq!((renewed.issued_at(), renewed.lifetime()), (NOW + 60, 30));
    let back = renewed.renewed(at(NOW), session().lifetime());
    assert_eq!(back.encode().expose(), session().encode().expose());
}

#[test]
fn r24_a_client_takes_a_hint_of_zero_as_its_own_policy_and_drops_at_expiry() {
    let with_hint = |lifetime_hint| {
        let mut parts = client_parts("a.example");
        parts.token = ClientToken::Ticket { ticket: vec![7; 200], lifetime_hint };
        ClientSession::new(parts).unwrap()
    };
    let hour = with_hint(HOUR as u32);
    assert!(hour.is_usable(at(NOW + HOUR - 1)));
    assert!(!hour.is_usable(at(NOW + HOUR)));
    let unspecified = with_hint(0);
    assert!(unspecified.is_usable(at(NOW + 10 * HOUR - 1)));
    assert!(!unspecified.is_usable(at(NOW + 10 * HOUR)));
    // R27 whatever the server promises.
    let endless = with_hint(u32::MAX);
    assert!(endless.is_usable(at(NOW + 24 * HOUR - 1)));
    assert!(!endless.is_usable(at(NOW + 24 * HOUR)));
    assert!(!hour.is_usable(at(NOW - 301)));
}

#[test]
fn r25_r27_a_ticket_takes_the_place_of_the_id_and_renewing_keeps_the_authentication() {
    let mut parts = client_parts("a.example");
    parts.token = ClientToken::SessionId(SessionId::from([1; 32]));
    let by_id = ClientSession::new(parts).unwrap();
    let renewed = by_id.renewed(vec![8; 100], 60, at(NOW + 5)).unwrap();
    assert_eq!(*renewed.token(), ClientToken::Ticket { ticket: vec![8; 100], lifetime_hint: 60 });
    assert_eq!([renewed.received_at(), renewed.authenticated_at()], [NOW + 5, NOW]);
    assert_eq!(renewed.lineage(), Lineage([9; 16]));
    let bytes = renewed.to_bytes();
    assert!(!bytes.expose().windows(32).any(|window| window == [1; 32]));
}

#[test]
fn r30_a_client_session_of_a_certificate_that_has_expired_is_not_offered() {
    let mut parts = client_parts("a.example");
    parts.peer = Some(session_values::peer(NOW + 60));
    let session = ClientSession::new(parts).unwrap();
    assert!(session.is_usable(at(NOW + 60)));
    assert!(!session.is_usable(at(NOW + 61)));
}

#[test]
fn r35_sessions_print_no_secret() {
    for text in
        [format!("{:?}", session()), format!("{:?}", client_session("a.example")), format!("{:?}", parts())]
    {
        assert!(!text.contains("5a5a") && !text.contains("90, 90"), "{text}");
    }
}

#[test]
fn r36_what_a_session_says_is_inside_of_its_seal() {
    // Two sessions that differ in one thing each seal to different bytes under one salt, whatever the thing is.
    let mut seals = vec![ticket()];
    let changes: [fn(&mut tls12::session::SessionParts); 9] = [
        |parts| parts.suite = CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256,
        |parts| parts.extended_master_secret = false,
        |parts| parts.server_name = None,
        |parts| parts.alpn = None,
        |parts| parts.context = SessionContext([0; 32]),
        |parts| parts.partition = Partition::named(b"b"),
        |parts| parts.authenticated_at = 0,
        |parts| parts.peer = Some(session_values::peer(NOW)),
        |parts| parts.application_data = SecretVec::copy_of(b"account 8"),
    ];
    for change in changes {
        let mut parts = parts();
        change(&mut parts);
        let changed = Session::new(parts).unwrap();
        let sealed = ring().seal_ticket(&RUSTCRYPTO, &changed, &SALT, at(NOW)).unwrap();
        assert_eq!(open(&sealed).unwrap().encode().expose(), changed.encode().expose());
        assert!(!seals.contains(&sealed));
        seals.push(sealed);
    }
}
