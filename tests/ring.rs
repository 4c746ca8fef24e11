//! The key ring and its files, with time as an input.

mod session_values;

use std::time::Duration;

use session_values::{DAY, Fields, HOUR, NOW, at, key, secret, session, vector};
use tls12::{
    Seed,
    crypto::RUSTCRYPTO,
    session::{
        KeyFileError, KeyFileFormat, KeyMaterial, KeyName, KeyRing, KeyState, KeyTimes, NotResumed,
        Resumption, TicketKey, WeakKey,
    },
};

const PERIOD: u64 = 12 * HOUR;

fn seal(ring: &KeyRing, now: u64) -> Option<Vec<u8>> {
    ring.seal_ticket(&RUSTCRYPTO, &session(), &[1; 32], at(now))
}

fn open(ring: &KeyRing, ticket: &[u8], now: u64) -> Result<KeyState, NotResumed> {
    ring.open_ticket(&RUSTCRYPTO, ticket, at(now)).map(|opened| opened.key_state)
}

fn states(ring: &KeyRing, now: u64) -> Vec<(u8, KeyState)> {
    ring.keys(at(now)).map(|(key, state)| (key.name().0[0], state)).collect()
}

#[test]
fn r22_a_key_waits_seals_opens_and_is_erased_at_its_times() {
    let times = KeyTimes { sealing_from: NOW, sealing_until: NOW + 10, opening_until: NOW + 20 };
    let ring = KeyRing::new(key(1, NOW, PERIOD).with_times(times));
    let state = |now| states(&ring, now)[0].1;
    assert_eq!([state(NOW - 1), state(NOW)], [KeyState::Waiting, KeyState::Sealing]);
    assert_eq!([state(NOW + 9), state(NOW + 10)], [KeyState::Sealing, KeyState::Opening]);
    assert_eq!([state(NOW + 19), state(NOW + 20)], [KeyState::Opening, KeyState::Erased]);
    let ticket = seal(&ring, NOW).unwrap();
    assert_eq!(open(&ring, &ticket, NOW - 1), Ok(KeyState::Waiting));
    assert_eq!(open(&ring, &ticket, NOW + 19), Ok(KeyState::Opening));
    assert_eq!(open(&ring, &ticket, NOW + 20), Err(NotResumed::ExpiredTicketKey));
}

#[test]
fn r15_without_a_key_that_may_seal_there_is_no_ticket_and_no_failure() {
    let ring = KeyRing::new(key(1, NOW, PERIOD));
    assert!(seal(&ring, NOW - 1).is_none());
    assert!(seal(&ring, NOW + PERIOD - 1).is_some());
    assert!(seal(&ring, NOW + PERIOD).is_none());
    assert_eq!(ring.lifetime_hint(at(NOW + PERIOD), 600), 0);
}

#[test]
fn weeks_of_rotation_seal_with_one_key_at_a_time_and_open_for_one_period_more() {
    let mut ring = KeyRing::new(key(0, NOW, PERIOD));
    let mut tickets: Vec<(u64, Vec<u8>)> = Vec::new();
    for hour in 0..6 * 7 * 24 {
        let now = NOW + hour * HOUR;
        if hour > 0 && hour % 12 == 0 {
            ring = ring.rotate(key((hour / 12) as u8, now, PERIOD), at(now));
        }
        let sealing = states(&ring, now).iter().filter(|(_, state)| *state == KeyState::Sealing).count();
        assert_eq!(sealing, 1, "hour {hour}");
        assert!(ring.keys(at(now)).count() <= 2, "hour {hour}");
        tickets.push((hour, seal(&ring, now).unwrap()));
        for (sealed_in, ticket) in &tickets[tickets.len().saturating_sub(40)..] {
            // The key of a 12-hour period opens until the end of the next one.
            let expected = match hour / 12 - sealed_in / 12 {
                0 => Ok(KeyState::Sealing),
                1 => Ok(KeyState::Opening),
                _ => Err(NotResumed::ExpiredTicketKey),
            };
            assert_eq!(
                open(&ring, ticket, now),
                expected,
                "sealed in hour {sealed_in}, opened in hour {hour}"
            );
        }
    }
}

#[test]
fn a_key_that_is_added_ahead_of_time_takes_over_by_the_clock() {
    let ring = KeyRing::new(key(1, NOW, PERIOD)).with_key(key(2, NOW + 100, PERIOD));
    assert_eq!(ring.sealing_key(at(NOW + 99)).unwrap().name(), KeyName([1; 16]));
    assert_eq!(ring.sealing_key(at(NOW + 100)).unwrap().name(), KeyName([2; 16]));
    assert_eq!(states(&ring, NOW + 100), [(1, KeyState::Opening), (2, KeyState::Sealing)]);
}

#[test]
fn rotating_leaves_the_former_ring_as_it_was() {
    let former = KeyRing::new(key(1, NOW, PERIOD));
    let next = former.rotate(key(2, NOW + 1, PERIOD), at(NOW + 1));
    assert_eq!(states(&former, NOW + 1), [(1, KeyState::Sealing)]);
    assert_eq!(states(&next, NOW + 1), [(1, KeyState::Opening), (2, KeyState::Sealing)]);
    let ticket = seal(&former, NOW + 1).unwrap();
    assert_eq!(open(&next, &ticket, NOW + 1), Ok(KeyState::Opening));
}

#[test]
fn r22_the_names_of_erased_keys_stay_and_their_secrets_do_not() {
    let first = KeyRing::new(key(1, NOW, PERIOD));
    let ticket = seal(&first, NOW).unwrap();
    let late = NOW + 2 * PERIOD;
    let next = first.rotate(key(2, late, PERIOD), at(late));
    assert_eq!(states(&next, late), [(2, KeyState::Sealing)]);
    assert_eq!(open(&next, &ticket, late), Err(NotResumed::ExpiredTicketKey));
    // Not even a clock that goes back finds it.
    assert_eq!(open(&next, &ticket, NOW), Err(NotResumed::ExpiredTicketKey));
    let never = KeyRing::new(key(2, NOW, PERIOD));
    assert_eq!(open(&never, &ticket, NOW), Err(NotResumed::UnknownTicketKey));
}

#[test]
fn r23_the_hint_never_promises_more_than_the_ring_opens() {
    let ring = KeyRing::new(key(1, NOW, PERIOD));
    for minute in 0..PERIOD / 60 {
        let now = NOW + minute * 60;
        for session_lifetime in [60, 10 * HOUR as u32, u32::MAX] {
            let hint = ring.lifetime_hint(at(now), session_lifetime);
            assert!(hint <= session_lifetime && hint > 0);
            let ticket = seal(&ring, now).unwrap();
            assert!(open(&ring, &ticket, now + u64::from(hint) - 1).is_ok(), "{minute} {session_lifetime}");
        }
        assert_eq!(u64::from(ring.lifetime_hint(at(now), u32::MAX)), NOW + 2 * PERIOD - now);
    }
}

#[test]
fn r23_r27_the_lifetime_of_what_is_issued_ends_with_its_authentication() {
    let policy = Resumption::new(KeyRing::new(key(1, NOW, 7 * DAY)));
    assert_eq!(u64::from(policy.lifetime_of(NOW, at(NOW))), 10 * HOUR);
    assert_eq!(u64::from(policy.lifetime_of(NOW, at(NOW + 20 * HOUR))), 4 * HOUR);
    assert_eq!(policy.lifetime_of(NOW, at(NOW + DAY)), 0);
    let short = Resumption::new(KeyRing::new(key(1, NOW, HOUR)));
    assert_eq!(u64::from(short.lifetime_of(NOW, at(NOW))), 2 * HOUR);
}

#[test]
fn r20_secrets_that_are_not_random_are_refused() {
    let make = |secret| TicketKey::from_parts([1; 16], secret, at(NOW), Duration::from_secs(HOUR));
    assert_eq!(make([0; 32]).unwrap_err(), WeakKey::AllZero);
    assert_eq!(make([0xff; 32]).unwrap_err(), WeakKey::RepeatedByte);
    assert!(make(secret(1)).is_ok());
    let node = |hmac: u8, aes: u8| {
        let mut bytes = [1; 48];
        bytes[16..32].copy_from_slice(&secret(hmac)[..16]);
        bytes[32..].copy_from_slice(&[aes; 16]);
        TicketKey::from_bytes48(&bytes, at(NOW), Duration::from_secs(HOUR)).unwrap_err()
    };
    assert_eq!(node(3, 0), KeyFileError::Weak { key: 1, weak: WeakKey::AllZero });
    assert_eq!(node(3, 7), KeyFileError::Weak { key: 1, weak: WeakKey::RepeatedByte });
}

#[test]
fn r20_keys_of_different_seeds_differ_in_name_and_secret() {
    let generate = |n| {
        let key = TicketKey::generate(Seed::for_replay([n; 32]), at(NOW), Duration::from_secs(HOUR));
        key.to_bytes48().unwrap().expose().to_vec()
    };
    let (one, two) = (generate(1), generate(2));
    assert_eq!(one, generate(1));
    assert_ne!(one[..16], two[..16]);
    assert_ne!(one[16..], two[16..]);
}

#[test]
fn r35_keys_and_rings_print_no_secret() {
    let ring = KeyRing::new(key(1, NOW, HOUR));
    let text = format!("{ring:?} {:?}", key(2, NOW, HOUR));
    assert!(text.contains("01010101"), "{text}");
    let digits: String = secret(1)[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!text.contains(&digits) && !text.contains("secret"), "{text}");
}

/// Name, HMAC key and AES key of a key of the vectors.
fn parts(number: u8) -> Vec<u8> {
    let fields = Fields::read("key_files/parts.txt");
    ["name", "hmac", "aes"].map(|part| fields.bytes(&format!("{part}_{number}"))).concat()
}

fn read(file: &str, format: KeyFileFormat) -> Vec<KeyMaterial> {
    KeyMaterial::read(&vector(&format!("key_files/{file}")), format).unwrap()
}

#[test]
fn the_files_of_every_server_have_the_keys_that_they_have_there() {
    use KeyFileFormat::{Apache, Auto, Haproxy, Nginx, Node, OpenSsl};
    let table: [(&str, KeyFileFormat, &[u8]); 12] = [
        ("nginx48.key", Nginx, &[1]),
        ("nginx48.key", Auto, &[1]),
        ("nginx80.key", Nginx, &[2]),
        ("nginx80.key", Auto, &[2]),
        ("apache48.key", Apache, &[1]),
        ("node48.key", Node, &[1]),
        ("node48.key", OpenSsl, &[1]),
        ("openssl80.key", OpenSsl, &[2]),
        ("haproxy48.txt", Haproxy, &[3, 1, 4]),
        ("haproxy48.txt", Auto, &[3, 1, 4]),
        ("haproxy80.txt", Haproxy, &[2]),
        ("haproxy80.txt", Auto, &[2]),
    ];
    for (file, format, numbers) in table {
        let keys = read(file, format);
        assert_eq!(keys.len(), numbers.len(), "{file}");
        for (key, number) in keys.iter().zip(numbers) {
            assert_eq!(key.write(OpenSsl).unwrap().expose(), parts(*number), "{file} as {format:?}");
        }
    }
}

#[test]
fn keys_are_written_as_they_were_read() {
    use KeyFileFormat::{Apache, Haproxy, Nginx, Node, OpenSsl};
    for (file, format) in [
        ("nginx48.key", Nginx),
        ("nginx80.key", Nginx),
        ("apache48.key", Apache),
        ("node48.key", Node),
        ("openssl80.key", OpenSsl),
        ("haproxy48.txt", Haproxy),
        ("haproxy80.txt", Haproxy),
    ] {
        let written: Vec<u8> =
            read(file, format).iter().flat_map(|key| key.write(format).unwrap().expose().to_vec()).collect();
        assert_eq!(written, vector(&format!("key_files/{file}")), "{file}");
    }
    assert!(read("nginx80.key", Nginx)[0].write(Node).is_none());
}

#[test]
fn a_key_file_that_is_not_one_is_refused_by_what_is_wrong_with_it() {
    let read = |bytes: &[u8], format| KeyMaterial::read(bytes, format).unwrap_err();
    let raw = secret(1).repeat(3);
    assert_eq!(read(&[0xff; 47], KeyFileFormat::Nginx), KeyFileError::Length { found: 47 });
    assert_eq!(read(&raw[..79], KeyFileFormat::OpenSsl), KeyFileError::Length { found: 79 });
    assert_eq!(read(&raw[..80], KeyFileFormat::Node), KeyFileError::Length { found: 80 });
    assert_eq!(read(&raw[..80], KeyFileFormat::Apache), KeyFileError::Length { found: 80 });
    assert_eq!(read(&raw[..64], KeyFileFormat::OpenSsl), KeyFileError::Length { found: 64 });
    assert_eq!(read(&raw[..81], KeyFileFormat::Auto), KeyFileError::Length { found: 81 });
    assert_eq!(read(b"", KeyFileFormat::Auto), KeyFileError::Empty);
    assert_eq!(read(b"\n\n", KeyFileFormat::Haproxy), KeyFileError::Empty);
    let good = String::from_utf8(vector("key_files/haproxy80.txt")).unwrap();
    assert_eq!(
        read(format!("{good}\nnonsense\n").as_bytes(), KeyFileFormat::Haproxy),
        KeyFileError::Line { line: 3 }
    );
    assert_eq!(read(&[0; 48], KeyFileFormat::Auto), KeyFileError::Weak { key: 1, weak: WeakKey::AllZero });
    assert_eq!(
        read(&[7; 80], KeyFileFormat::Nginx),
        KeyFileError::Weak { key: 1, weak: WeakKey::RepeatedByte }
    );
}

#[test]
fn of_several_files_the_first_seals_and_all_open() {
    let files = [vector("key_files/nginx80.key"), vector("key_files/nginx48.key")];
    let period = Duration::from_secs(PERIOD);
    let ring = |files: [&Vec<u8>; 2]| {
        let files = files.map(Vec::as_slice);
        KeyRing::from_files(files, KeyFileFormat::Nginx, at(NOW), period).unwrap()
    };
    let [two, one] = &files;
    let here = ring([two, one]);
    let there = ring([one, two]);
    assert_eq!(here.sealing_key(at(NOW)).unwrap().name().0, parts(2)[..16]);
    assert_eq!(open(&there, &seal(&here, NOW).unwrap(), NOW), Ok(KeyState::Opening));
    assert_eq!(open(&here, &seal(&there, NOW).unwrap(), NOW), Ok(KeyState::Opening));
    assert_eq!(open(&here, &seal(&here, NOW).unwrap(), NOW), Ok(KeyState::Sealing));
    let bad: [&[u8]; 2] = [two, b"short"];
    let error = KeyRing::from_files(bad, KeyFileFormat::Nginx, at(NOW), period).unwrap_err();
    assert_eq!(error, (1, KeyFileError::Length { found: 5 }));
}

#[test]
fn of_the_lines_of_haproxy_the_last_but_one_seals() {
    let file = vector("key_files/haproxy48.txt");
    let period = Duration::from_secs(PERIOD);
    let ring = KeyRing::from_files([&file[..]], KeyFileFormat::Haproxy, at(NOW), period).unwrap();
    assert_eq!(ring.sealing_key(at(NOW)).unwrap().name().0, parts(1)[..16]);
    for number in [3, 4] {
        let name = parts(number)[..16].try_into().unwrap();
        assert!(ring.find(&name, at(NOW)).is_ok());
    }
}

#[test]
fn a_key_file_that_is_named_twice_still_seals() {
    let file = [7_u8, 1].repeat(24);
    let ring =
        KeyRing::from_files([&file[..], &file], KeyFileFormat::Nginx, at(NOW), Duration::from_secs(PERIOD))
            .expect("a ring");
    assert!(ring.sealing_key(at(NOW)).is_some());
    assert_eq!(ring.keys(at(NOW)).count(), 1);
}

#[test]
fn a_reload_of_key_files_keeps_opening_what_the_former_ones_sealed() {
    let period = Duration::from_secs(PERIOD);
    let load = |file: &str, now| {
        KeyRing::from_files([&vector(file)[..]], KeyFileFormat::OpenSsl, at(now), period).unwrap()
    };
    let former = load("key_files/node48.key", NOW);
    let ticket = seal(&former, NOW).unwrap();
    let reloaded = former.replaced_by(&load("key_files/openssl80.key", NOW + 9), at(NOW + 9));
    assert_eq!(reloaded.sealing_key(at(NOW + 9)).unwrap().name().0, parts(2)[..16]);
    assert_eq!(open(&reloaded, &ticket, NOW + 9), Ok(KeyState::Opening));
    assert_eq!(open(&reloaded, &ticket, NOW + 2 * PERIOD), Err(NotResumed::ExpiredTicketKey));
    // The same file again is the same key, which seals for another period.
    let again = reloaded.replaced_by(&load("key_files/openssl80.key", NOW + PERIOD), at(NOW + PERIOD));
    assert!(again.sealing_key(at(NOW + PERIOD + PERIOD - 1)).is_some());
    assert_eq!(again.keys(at(NOW + PERIOD)).count(), 2);
}

#[test]
fn the_48_bytes_of_node_are_got_as_they_were_set_and_former_keys_go_on_opening() {
    let period = Duration::from_secs(PERIOD);
    let bytes: [u8; 48] = vector("key_files/node48.key").try_into().unwrap();
    let former = KeyRing::new(TicketKey::from_bytes48(&bytes, at(NOW), period).unwrap());
    assert_eq!(former.sealing_key(at(NOW)).unwrap().to_bytes48().unwrap().expose(), bytes);
    let ticket = seal(&former, NOW).unwrap();
    let other = key(9, NOW, PERIOD).to_bytes48().unwrap();
    let other: [u8; 48] = other.expose().try_into().unwrap();
    let next = former.rotate(TicketKey::from_bytes48(&other, at(NOW + 1), period).unwrap(), at(NOW + 1));
    assert_eq!(next.sealing_key(at(NOW + 1)).unwrap().to_bytes48().unwrap().expose(), other);
    assert_eq!(open(&next, &ticket, NOW + 1), Ok(KeyState::Opening));
    let long = read("nginx80.key", KeyFileFormat::Nginx)[0].ticket_key(KeyTimes::starting(at(NOW), period));
    assert!(long.to_bytes48().is_none());
}

#[test]
fn two_keys_of_one_name_both_open() {
    let period = Duration::from_secs(PERIOD);
    let twin = |n| TicketKey::from_parts([1; 16], secret(n), at(NOW), period).unwrap();
    let (one, two) = (KeyRing::new(twin(1)), KeyRing::new(twin(2)));
    let both = one.with_key(twin(2));
    assert!(open(&both, &seal(&one, NOW).unwrap(), NOW).is_ok());
    assert!(open(&both, &seal(&two, NOW).unwrap(), NOW).is_ok());
    assert_eq!(open(&one, &seal(&two, NOW).unwrap(), NOW), Err(NotResumed::Forged));
}
