//! The sessions of a client, in memory and in a file.

mod session_values;

use std::{
    fs,
    path::{Path, PathBuf},
};

use session_values::{DAY, HOUR, NOW, at, client_parts, client_session, peer, secret, trust};
use tls12::{
    crypto::RUSTCRYPTO,
    session::{ClientSession, ClientSessionParts, ClientToken, NotResumed, SessionContext},
    store::{ClientSessions, FileError, Protection, Reuse},
    wire::{NamedGroup, SignatureScheme},
};

fn sessions(reuse: Reuse) -> ClientSessions {
    ClientSessions::new(3, reuse)
}

fn found(sessions: &ClientSessions, server: &str) -> bool {
    sessions.get(server, &trust(), at(NOW)).is_some()
}

#[test]
fn r7_a_session_is_found_by_server_and_trust_settings_and_by_nothing_less() {
    let sessions = sessions(Reuse::Many);
    sessions.insert(client_session("A.example"));
    assert!(found(&sessions, "a.EXAMPLE"));
    assert!(!found(&sessions, "b.example"));
    let changed = SessionContext::derive([&b"other roots"[..]]);
    assert!(sessions.get("a.example", &changed, at(NOW)).is_none());
    sessions.forget_trust(&trust());
    assert!(sessions.is_empty());
}

#[test]
fn r31_in_single_use_mode_a_session_is_handed_out_once() {
    let many = sessions(Reuse::Many);
    many.insert(client_session("a.example"));
    assert!(found(&many, "a.example") && found(&many, "a.example"));
    let once = sessions(Reuse::Once);
    once.insert(client_session("a.example"));
    assert!(found(&once, "a.example"));
    assert!(!found(&once, "a.example"));
    assert!(once.is_empty());
}

#[test]
fn r24_a_session_that_is_too_old_is_dropped() {
    let sessions = sessions(Reuse::Many);
    sessions.insert(client_session("a.example"));
    assert!(sessions.get("a.example", &trust(), at(NOW + 2 * HOUR - 1)).is_some());
    assert!(sessions.get("a.example", &trust(), at(NOW + 2 * HOUR)).is_none());
    assert!(sessions.is_empty());
}

#[test]
fn r24_a_session_is_offered_as_long_as_the_server_says_and_never_for_more_than_7_days() {
    for (lifetime_hint, seconds) in [
        (0, 10 * HOUR),
        (1, 1),
        (7 * DAY as u32, 7 * DAY),
        (7 * DAY as u32 + 1, 7 * DAY),
        (8 * DAY as u32, 7 * DAY),
        (u32::MAX, 7 * DAY),
    ] {
        let token = ClientToken::Ticket { ticket: vec![7; 200], lifetime_hint };
        let session = ClientSession::new(ClientSessionParts { token, ..client_parts("a.example") }).unwrap();
        assert_eq!(session.lifetime(), seconds, "a hint of {lifetime_hint}");
        assert_eq!(session.check_age(at(NOW + seconds)), Err(NotResumed::Expired));
        assert_ne!(session.check_age(at(NOW + seconds - 1)), Err(NotResumed::Expired));
    }
}

#[test]
fn r26_a_session_renewed_has_another_ticket_and_time_and_is_the_same_in_all_else() {
    let parts = || ClientSessionParts {
        peer: Some(peer(NOW + DAY)),
        ocsp: Some([0x30, 3, 10, 1, 0][..].into()),
        ..client_parts("a.example")
    };
    let renewed = ClientSession::new(parts()).unwrap().renewed(vec![8; 90], 60, at(NOW + HOUR)).unwrap();
    let token = ClientToken::Ticket { ticket: vec![8; 90], lifetime_hint: 60 };
    assert_eq!((renewed.token(), renewed.received_at()), (&token, NOW + HOUR));
    assert_eq!(renewed.peer_scheme(), Some(SignatureScheme::RSA_PSS_RSAE_SHA256));
    assert_eq!(renewed.group(), Some(NamedGroup::X25519));
    assert_eq!(renewed.ocsp().map(|ocsp| &ocsp[..]), Some(&[0x30, 3, 10, 1, 0][..]));
    assert_eq!(renewed.peer(), Some(&peer(NOW + DAY)));
    let expected =
        ClientSession::new(ClientSessionParts { token, received_at: NOW + HOUR, ..parts() }).unwrap();
    assert_eq!(renewed.to_bytes().expose(), expected.to_bytes().expose());
}

#[test]
fn r29_a_session_whose_handshake_failed_is_forgotten() {
    let sessions = sessions(Reuse::Many);
    sessions.insert(client_session("a.example"));
    sessions.insert(client_session("b.example"));
    sessions.forget("A.example", &trust());
    assert!(!found(&sessions, "a.example") && found(&sessions, "b.example"));
}

#[test]
fn a_clients_sessions_are_bounded_and_the_least_recently_used_goes_out() {
    let sessions = sessions(Reuse::Many);
    ["a", "b", "c"].into_iter().for_each(|server| sessions.insert(client_session(server)));
    assert!(found(&sessions, "a"));
    sessions.insert(client_session("d"));
    assert_eq!(["a", "b", "c", "d"].map(|server| found(&sessions, server)), [true, false, true, true]);
    let none = ClientSessions::new(0, Reuse::Many);
    none.insert(client_session("a"));
    assert!(none.is_empty());
}

#[test]
fn a_newer_session_takes_the_place_of_the_one_before() {
    let sessions = sessions(Reuse::Many);
    sessions.insert(client_session("a.example"));
    let mut parts = client_parts("a.example");
    parts.alpn = None;
    sessions.insert(ClientSession::new(parts).unwrap());
    assert_eq!(sessions.len(), 1);
    assert!(sessions.get("a.example", &trust(), at(NOW)).unwrap().alpn().is_none());
}

/// A directory for one test, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tls12-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("sessions")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test of files")]
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test of files")]
fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

fn load(path: &Path, protection: Protection<'_>) -> Result<ClientSessions, FileError> {
    ClientSessions::load(path, protection, 10, Reuse::Many)
}

fn two_sessions() -> ClientSessions {
    let sessions = sessions(Reuse::Many);
    sessions.insert(client_session("a.example"));
    sessions.insert(client_session("b.example"));
    sessions
}

#[test]
fn a_file_of_sessions_is_read_back_plain_and_sealed() {
    let directory = Directory::new("back");
    let key = secret(1);
    for protection in [Protection::Plain, Protection::Sealed { provider: &RUSTCRYPTO, key: &key }] {
        two_sessions().save(&directory.file(), protection).unwrap();
        let read = load(&directory.file(), protection).unwrap();
        assert_eq!(read.len(), 2);
        let session = read.get("b.example", &trust(), at(NOW)).unwrap();
        assert_eq!(session.to_bytes().expose(), client_session("b.example").to_bytes().expose());
    }
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 1);
}

#[test]
fn a_smaller_cache_takes_the_most_recently_used_of_a_file() {
    let directory = Directory::new("smaller");
    two_sessions().save(&directory.file(), Protection::Plain).unwrap();
    let one = ClientSessions::load(&directory.file(), Protection::Plain, 1, Reuse::Many).unwrap();
    assert!(one.len() == 1 && found(&one, "b.example"));
}

#[cfg(unix)]
#[test]
fn a_file_of_sessions_is_its_owners_only_also_where_another_was_before() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new("mode");
    write(&directory.file(), b"readable by all");
    fs::set_permissions(directory.file(), fs::Permissions::from_mode(0o644)).unwrap();
    two_sessions().save(&directory.file(), Protection::Plain).unwrap();
    assert_eq!(fs::metadata(directory.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_sealed_file_shows_no_secret_and_a_plain_one_does() {
    let directory = Directory::new("secret");
    let shows = || read(&directory.file()).windows(48).any(|window| window == [0x5a; 48]);
    two_sessions().save(&directory.file(), Protection::Plain).unwrap();
    assert!(shows());
    let key = secret(1);
    two_sessions().save(&directory.file(), Protection::Sealed { provider: &RUSTCRYPTO, key: &key }).unwrap();
    assert!(!shows());
}

#[test]
fn a_damaged_file_says_so_whatever_bit_it_is() {
    let directory = Directory::new("damaged");
    let key = secret(1);
    for protection in [Protection::Plain, Protection::Sealed { provider: &RUSTCRYPTO, key: &key }] {
        let sessions = sessions(Reuse::Many);
        sessions.insert(client_session("a.example"));
        sessions.save(&directory.file(), protection).unwrap();
        let good = read(&directory.file());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            write(&directory.file(), &bad);
            let error = load(&directory.file(), protection).unwrap_err();
            match (at, protection) {
                (0..22, _) => assert!(matches!(error, FileError::Foreign), "{at}: {error}"),
                (22, _) => assert!(matches!(error, FileError::Version(0)), "{at}: {error}"),
                (23, Protection::Plain) => assert!(matches!(error, FileError::KeyMissing), "{at}: {error}"),
                (23, _) => assert!(matches!(error, FileError::NotSealed), "{at}: {error}"),
                (_, Protection::Plain) => assert!(matches!(error, FileError::Damaged), "{at}: {error}"),
                (_, _) => assert!(matches!(error, FileError::NotOpened), "{at}: {error}"),
            }
        }
        for len in (0..good.len()).step_by(7) {
            write(&directory.file(), &good[..len]);
            assert!(load(&directory.file(), protection).is_err(), "{len} bytes");
        }
    }
}

#[test]
fn a_file_that_is_missing_foreign_or_otherwise_protected_is_an_error_that_says_so() {
    let directory = Directory::new("foreign");
    let missing = load(&directory.file(), Protection::Plain).unwrap_err();
    assert!(matches!(missing, FileError::Io(error) if error.kind() == std::io::ErrorKind::NotFound));
    write(&directory.file(), b"-----BEGIN SSL SESSION PARAMETERS-----\n");
    assert!(matches!(load(&directory.file(), Protection::Plain), Err(FileError::Foreign)));
    let (key, other) = (secret(1), secret(2));
    let sealed = |key| Protection::Sealed { provider: &RUSTCRYPTO, key };
    two_sessions().save(&directory.file(), sealed(&key)).unwrap();
    assert!(matches!(load(&directory.file(), sealed(&other)), Err(FileError::NotOpened)));
    assert!(matches!(load(&directory.file(), Protection::Plain), Err(FileError::KeyMissing)));
    two_sessions().save(&directory.file(), Protection::Plain).unwrap();
    assert!(matches!(load(&directory.file(), sealed(&key)), Err(FileError::NotSealed)));
}
