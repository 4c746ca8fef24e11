//! The gate: the full product of what a session and a hello can be, against a table that was written apart from it.

mod session_values;

use session_values::{DAY, HOUR, NOW, at, context, key_with_times, parts, peer, session};
use tls12::{
    crypto::RUSTCRYPTO,
    session::{
        ClientAuthNeed, Judgement, KeyRing, KeyTimes, NotResumed, Offer, OpenedTicket, Partition, RenewWhen,
        ResumedBy, Resumption, SealedSession, Session, SessionContext, SessionPeer, StoreKey, Tickets, judge,
    },
    wire::{CipherSuite, SessionId},
};

const SALT: [u8; 32] = [3; 32];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Waiting,
    Sealing,
    Opening,
    Erased,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Age {
    Young,
    /// Older than the session's own lifetime, not than the policy's.
    PastItsLifetime,
    /// Older than the policy's lifetime, not than its own.
    PastThePolicy,
    /// Issued by a clock that is a little ahead.
    SlightlyAhead,
    /// Issued by a clock that is wrong.
    FromTheFuture,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Certificate {
    None,
    Valid,
    Expired,
}

/// What was sealed.
#[derive(Clone, Copy, Debug)]
struct Then {
    name: Option<&'static str>,
    extended: bool,
    age: Age,
    authenticated_long_ago: bool,
    certificate: Certificate,
}

/// What comes now.
#[derive(Clone, Copy, Debug)]
struct Now {
    by: ResumedBy,
    name: Option<&'static str>,
    same_context: bool,
    same_partition: bool,
    suite_offered: bool,
    extended: bool,
    same_protocol: bool,
    client_auth: ClientAuthNeed,
}

/// What the server wants.
#[derive(Clone, Copy, Debug)]
struct Wants {
    same_protocol: bool,
    without_extended: bool,
    declines: bool,
}

/// What is wrong, as the numbers of the reasons; 0 stands for the abort. Written from the rules, not from the code:
/// each line is one rule by itself, and the order is only in [`ORDER`].
fn wrong(then: &Then, now: &Now, wants: &Wants) -> Vec<u16> {
    let table = [
        (0, then.extended && !now.extended),
        (40, !now.same_context),
        (47, !now.same_partition),
        (41, then.name != now.name),
        (30, matches!(then.age, Age::PastItsLifetime | Age::PastThePolicy | Age::FromTheFuture)),
        (31, then.authenticated_long_ago),
        (43, !now.suite_offered),
        (44, !then.extended && (now.extended || !wants.without_extended)),
        (45, then.certificate == Certificate::None && now.client_auth == ClientAuthNeed::Require),
        (46, then.certificate == Certificate::Expired),
        (42, wants.same_protocol && !now.same_protocol),
        (4, wants.declines),
    ];
    table.iter().filter(|(_, wrong)| *wrong).map(|(code, _)| *code).collect()
}

/// Which reason is told if there are several.
const ORDER: [u16; 12] = [0, 40, 47, 41, 30, 31, 43, 44, 45, 46, 42, 4];

fn expected(then: &Then, now: &Now, wants: &Wants) -> Judgement {
    let wrong = wrong(then, now, wants);
    match ORDER.iter().find(|code| wrong.contains(code)) {
        None => Judgement::Resume,
        Some(0) => Judgement::Abort,
        Some(code) => Judgement::Full(NotResumed::from_code(*code).unwrap()),
    }
}

fn sealed_sessions() -> Vec<(Then, Session)> {
    let mut all = Vec::new();
    for name in [Some("a.example"), None] {
        for extended in [true, false] {
            for age in
                [Age::Young, Age::PastItsLifetime, Age::PastThePolicy, Age::SlightlyAhead, Age::FromTheFuture]
            {
                for authenticated_long_ago in [false, true] {
                    for certificate in [Certificate::None, Certificate::Valid, Certificate::Expired] {
                        let then = Then { name, extended, age, authenticated_long_ago, certificate };
                        all.push((then, make(&then)));
                    }
                }
            }
        }
    }
    all
}

fn make(then: &Then) -> Session {
    let mut parts = parts();
    parts.server_name = then.name.map(|name| name.as_bytes().to_vec());
    parts.extended_master_secret = then.extended;
    // The policy below says 10 hours.
    (parts.issued_at, parts.lifetime) = match then.age {
        Age::Young => (NOW - HOUR, (10 * HOUR) as u32),
        Age::PastItsLifetime => (NOW - HOUR, HOUR as u32),
        Age::PastThePolicy => (NOW - 10 * HOUR, (20 * HOUR) as u32),
        Age::SlightlyAhead => (NOW + 300, (10 * HOUR) as u32),
        Age::FromTheFuture => (NOW + 301, (10 * HOUR) as u32),
    };
    // The policy below says 24 hours.
    parts.authenticated_at = if then.authenticated_long_ago { NOW - DAY } else { NOW - DAY + 1 };
    parts.peer = match then.certificate {
        Certificate::None => None,
        Certificate::Valid => Some(peer(NOW)),
        Certificate::Expired => Some(peer(NOW - 1)),
    };
    Session::new(parts).unwrap()
}

/// Seals under a key, and opens when the key is in this state.
fn through(session: &Session, key: Key, by: ResumedBy) -> Result<OpenedTicket, NotResumed> {
    let times = |from: u64, until: u64, opening_until: u64| KeyTimes {
        sealing_from: from,
        sealing_until: until,
        opening_until,
    };
    let sealing = KeyRing::new(key_with_times(1, times(NOW - 1, NOW + 1, NOW + 2)));
    let opening = KeyRing::new(key_with_times(2, times(NOW - 1, NOW + 1, NOW + 2)));
    let opening = match key {
        Key::Waiting => opening.with_key(key_with_times(1, times(NOW + 1, NOW + 2, NOW + 3))),
        Key::Sealing => opening.with_key(key_with_times(1, times(NOW, NOW + 1, NOW + 2))),
        Key::Opening => opening.with_key(key_with_times(1, times(NOW - 2, NOW, NOW + 1))),
        Key::Erased => opening.with_key(key_with_times(1, times(NOW - 2, NOW - 1, NOW))),
        Key::Unknown => opening,
    };
    let store_key = StoreKey::of(session.partition(), &SessionId::from([1; 32]));
    match by {
        ResumedBy::Ticket => {
            let ticket = sealing.seal_ticket(&RUSTCRYPTO, session, &SALT, at(NOW)).unwrap();
            opening.open_ticket(&RUSTCRYPTO, &ticket, at(NOW))
        }
        ResumedBy::SessionId => {
            let sealed: SealedSession =
                sealing.seal_stored(&RUSTCRYPTO, &store_key, session, &SALT, at(NOW)).unwrap();
            opening.open_stored(&RUSTCRYPTO, &store_key, &sealed, at(NOW))
        }
    }
}

fn hellos(by: ResumedBy, then: &Then) -> Vec<Now> {
    let both = [true, false];
    let mut all = Vec::new();
    for name in [then.name, Some("b.example"), if then.name.is_some() { None } else { Some("a.example") }] {
        for bits in 0..32_u8 {
            let [same_context, same_partition, suite_offered, extended, same_protocol] =
                [0, 1, 2, 3, 4].map(|bit| both[usize::from(bits >> bit & 1)]);
            for client_auth in [ClientAuthNeed::Off, ClientAuthNeed::Request, ClientAuthNeed::Require] {
                all.push(Now {
                    by,
                    name,
                    same_context,
                    same_partition,
                    suite_offered,
                    extended,
                    same_protocol,
                    client_auth,
                });
            }
        }
    }
    all
}

fn policies(by: ResumedBy) -> Vec<(Wants, Resumption)> {
    let ring = KeyRing::new(key_with_times(
        2,
        KeyTimes { sealing_from: NOW, sealing_until: NOW + 1, opening_until: NOW + 2 },
    ));
    let mut all = Vec::new();
    for bits in 0..8_u8 {
        let [same_protocol, without_extended, declines] = [0, 1, 2].map(|bit| bits >> bit & 1 == 1);
        let mut policy = Resumption::new(ring.clone());
        if same_protocol {
            policy = policy.with_same_protocol_required();
        }
        if without_extended {
            policy = policy.dangerous_without_extended_master_secret();
        }
        if declines {
            policy = match by {
                ResumedBy::Ticket => policy.with_tickets(Tickets::IgnoreAndIssue),
                ResumedBy::SessionId => policy.with_ids(false),
            };
        }
        all.push((Wants { same_protocol, without_extended, declines }, policy));
    }
    all
}

#[test]
fn r1_one_gate_decides_for_ids_and_tickets_over_the_full_product() {
    let (mine, other) = (context(), SessionContext([0; 32]));
    let (home, away) = (Partition::default(), Partition::named(b"away"));
    let suites = [CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256, CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256];
    let mut outcomes = std::collections::HashSet::new();
    for (then, session) in sealed_sessions() {
        for by in [ResumedBy::SessionId, ResumedBy::Ticket] {
            for key in [Key::Waiting, Key::Sealing, Key::Opening, Key::Erased, Key::Unknown] {
                let opened = match (through(&session, key, by), key) {
                    (Err(reason), Key::Erased) => {
                        assert_eq!(reason, NotResumed::ExpiredTicketKey);
                        continue;
                    }
                    (Err(reason), Key::Unknown) => {
                        assert_eq!(reason, NotResumed::UnknownTicketKey);
                        continue;
                    }
                    (opened, _) => opened.unwrap(),
                };
                for now in hellos(by, &then) {
                    let offer = Offer {
                        by: now.by,
                        server_name: now.name,
                        suites: if now.suite_offered { &suites } else { &suites[..1] },
                        extended_master_secret: now.extended,
                        alpn: if now.same_protocol { Some(b"h2") } else { None },
                        client_auth: now.client_auth,
                        context: if now.same_context { &mine } else { &other },
                        partition: if now.same_partition { &home } else { &away },
                    };
                    for (wants, policy) in policies(by) {
                        let judgement = judge(&opened.session, &offer, &policy, at(NOW));
                        let expected = expected(&then, &now, &wants);
                        assert_eq!(judgement, expected, "{key:?} {then:?} {now:?} {wants:?}");
                        outcomes.insert(format!("{judgement:?}"));
                    }
                }
            }
        }
    }
    // Resume, Abort and every reason of the gate: nothing in the table is never reached.
    assert_eq!(outcomes.len(), ORDER.len() + 1, "{outcomes:?}");
}

fn offer<'a>(mine: &'a SessionContext, home: &'a Partition) -> Offer<'a> {
    Offer {
        by: ResumedBy::Ticket,
        server_name: Some("a.example"),
        suites: &[CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256],
        extended_master_secret: true,
        alpn: Some(b"h2"),
        client_auth: ClientAuthNeed::Off,
        context: mine,
        partition: home,
    }
}

fn policy() -> Resumption {
    Resumption::new(KeyRing::new(session_values::key(1, NOW, 12 * HOUR)))
}

#[test]
fn r2_server_names_are_the_same_in_any_case_of_letters() {
    let (mine, home) = (context(), Partition::default());
    let offer = Offer { server_name: Some("A.eXample"), ..offer(&mine, &home) };
    assert_eq!(judge(&session(), &offer, &policy(), at(NOW)), Judgement::Resume);
    let longer = Offer { server_name: Some("a.example."), ..offer };
    let other = Judgement::Full(NotResumed::OtherServerName);
    assert_eq!(judge(&session(), &longer, &policy(), at(NOW)), other);
}

#[test]
fn r4_a_client_certificate_is_looked_at_again_to_the_second() {
    let (mine, home) = (context(), Partition::default());
    let mut parts = parts();
    parts.peer = Some(SessionPeer { not_after: NOW + 100, ..peer(0) });
    let session = Session::new(parts).unwrap();
    let offer = Offer { client_auth: ClientAuthNeed::Require, ..offer(&mine, &home) };
    assert_eq!(judge(&session, &offer, &policy(), at(NOW + 100)), Judgement::Resume);
    let expired = Judgement::Full(NotResumed::ClientCertificateExpired);
    assert_eq!(judge(&session, &offer, &policy(), at(NOW + 101)), expired);
}

#[test]
fn r27_renewing_again_and_again_does_not_outlive_the_authentication() {
    let (mine, home) = (context(), Partition::default());
    let policy = policy();
    let mut session = session();
    let mut last = NOW;
    for hour in 1..100 {
        let now = NOW + hour * HOUR;
        match judge(&session, &offer(&mine, &home), &policy, at(now)) {
            Judgement::Resume => {
                session = session.renewed(at(now), (10 * HOUR) as u32);
                last = now;
            }
            ended => {
                assert_eq!(ended, Judgement::Full(NotResumed::AuthenticationTooOld));
                break;
            }
        }
    }
    assert_eq!(last, NOW + 23 * HOUR);
    assert_eq!((session.authenticated_at(), session.lineage()), (NOW, parts().lineage));
}

#[test]
fn r27_no_policy_lets_a_session_live_longer_than_seven_days() {
    let week = 7 * DAY;
    let endless = std::time::Duration::from_secs(1000 * DAY);
    let policy = policy().with_lifetime(endless).with_authentication_lifetime(endless);
    assert_eq!(u64::from(policy.lifetime()), week);
    assert_eq!(u64::from(policy.authentication_lifetime()), week);
    let (mine, home) = (context(), Partition::default());
    let mut parts = parts();
    parts.lifetime = u32::MAX;
    let session = Session::new(parts).unwrap();
    assert_eq!(judge(&session, &offer(&mine, &home), &policy, at(NOW + week - 1)), Judgement::Resume);
    let expired = Judgement::Full(NotResumed::Expired);
    assert_eq!(judge(&session, &offer(&mine, &home), &policy, at(NOW + week)), expired);
}

#[test]
fn a_clock_that_went_back_makes_a_session_old_and_not_young() {
    let (mine, home) = (context(), Partition::default());
    let expired = Judgement::Full(NotResumed::Expired);
    assert_eq!(judge(&session(), &offer(&mine, &home), &policy(), at(NOW - 300)), Judgement::Resume);
    assert_eq!(judge(&session(), &offer(&mine, &home), &policy(), at(NOW - 301)), expired);
    assert_eq!(judge(&session(), &offer(&mine, &home), &policy(), at(0)), expired);
}

#[test]
fn every_ticket_policy_is_one_flow_of_rfc_5077() {
    // (policy, opens, resumes, issues in a full handshake)
    let table = [
        (Tickets::Off, [false, false, false]),
        (Tickets::Issue, [true, true, true]),
        (Tickets::Renew(RenewWhen::Always), [true, true, true]),
        (Tickets::Renew(RenewWhen::SecondHalf), [true, true, true]),
        (Tickets::Renew(RenewWhen::KeyNotNewest), [true, true, true]),
        (Tickets::Ignore, [true, false, false]),
        (Tickets::IgnoreAndIssue, [true, false, true]),
    ];
    for (tickets, expected) in table {
        assert_eq!([tickets.opens(), tickets.resumes(), tickets.issues()], expected, "{tickets}");
    }
}

#[test]
fn tickets_are_renewed_when_the_policy_says_so() {
    use tls12::session::KeyState::{Opening, Sealing, Waiting};
    let session = session();
    let half = NOW + 5 * HOUR;
    let renews = |tickets: Tickets, key, now| tickets.renews(&session, key, at(now));
    let second_half = Tickets::Renew(RenewWhen::SecondHalf);
    assert!(!renews(second_half, Opening, half - 1));
    assert!(renews(second_half, Sealing, half));
    let key_not_newest = Tickets::Renew(RenewWhen::KeyNotNewest);
    assert!(!renews(key_not_newest, Sealing, half));
    assert!(!renews(key_not_newest, Waiting, half));
    assert!(renews(key_not_newest, Opening, NOW));
    assert!(renews(Tickets::Renew(RenewWhen::Always), Sealing, NOW));
    assert!(!renews(Tickets::Issue, Opening, half));
    let always = policy().with_tickets(Tickets::Renew(RenewWhen::Always));
    assert!(always.renews(ResumedBy::Ticket, &session, Sealing, at(NOW)));
    assert!(!always.renews(ResumedBy::SessionId, &session, Sealing, at(NOW)));
}
