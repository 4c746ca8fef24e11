//! Resumption through `tls12::blocking`.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::Duration,
};

use tls12::{
    ClientAuth, ClientConfig, ConnectionInfo, Error, Seed, ServerConfig, UnixTime,
    blocking::{Acceptor, Connector, NoVerifier, Stream},
    crypto::{LocalKey, RUSTCRYPTO},
    pki::{VerifyPeer, WebPki, dangerous::DangerousAcceptAny},
    session::{
        ClientSession, ClientToken, HandshakeKind, KeyRing, NotResumed, RenewWhen, ResumedBy, Resumption,
        ResumptionStats, SessionContext, TicketKey, Tickets,
    },
    store::{ClientSessions, Limits, MemoryStore, Reuse, SessionStore},
    wire::Alert,
};

use super::edges::{Edges, name, sockets, tls_error};
use crate::common::certs::{Ca, Spec};

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn key() -> TicketKey {
    TicketKey::generate(Seed::from_os().expect("randomness"), UnixTime::now(), HOUR)
}

pub(super) fn resuming(edges: &Edges) -> ServerConfig {
    edges.server_config().with_resumption(Resumption::new(KeyRing::new(key())))
}

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Limits::sessions(100)))
}

/// A client and a server that resume by ID, and where each of them keeps sessions.
struct Both {
    connector: Connector<WebPki>,
    acceptor: Acceptor<LocalKey, NoVerifier, Arc<MemoryStore>>,
    sessions: Arc<ClientSessions>,
    store: Arc<MemoryStore>,
}

impl Both {
    fn by_id() -> Self {
        let edges = Edges::new();
        let sessions = Arc::new(ClientSessions::new(10, Reuse::Many));
        let config = ClientConfig::new(&RUSTCRYPTO).with_tickets(false);
        let connector = Connector::new(config, edges.trust()).with_sessions(sessions.clone());
        let store = store();
        let acceptor = Acceptor::new(resuming(&edges), edges.server.local_key()).with_store(store.clone());
        Self { connector, acceptor, sessions, store }
    }
}

type Pair = (Stream<TcpStream>, Stream<TcpStream>);

/// A client's stream and a server's.
fn both<C: VerifyPeer, V, S>(
    connector: &Connector<C>,
    acceptor: &Acceptor<LocalKey, V, S>,
    session: Option<ClientSession>,
) -> Pair
where
    V: VerifyPeer,
    S: SessionStore + 'static,
{
    let (client, server) = sockets();
    thread::scope(|scope| {
        let accepting = scope.spawn(|| acceptor.accept(server).expect("a server's connection"));
        let client = connector.connect(name(), session, client).expect("a client's connection");
        (client, accepting.join().expect("no panic"))
    })
}

fn kinds((client, server): &Pair) -> (HandshakeKind, HandshakeKind) {
    (client.info().handshake, server.info().handshake)
}

const BY_TICKET: HandshakeKind = HandshakeKind::Resumed(ResumedBy::Ticket);
const BY_ID: HandshakeKind = HandshakeKind::Resumed(ResumedBy::SessionId);

fn full(client: NotResumed, server: NotResumed) -> (HandshakeKind, HandshakeKind) {
    (HandshakeKind::Full(client), HandshakeKind::Full(server))
}

fn first() -> (HandshakeKind, HandshakeKind) {
    full(NotResumed::NotOffered, NotResumed::NotOffered)
}

#[test]
fn r7_sessions_that_any_key_usage_was_enough_for_are_found_again_and_nowhere_else() {
    let edges = Edges::new();
    let sessions = Arc::new(ClientSessions::new(10, Reuse::Many));
    let config = ClientConfig::new(&RUSTCRYPTO);
    let strict = Connector::new(config.clone(), edges.trust()).with_sessions(sessions.clone());
    let lenient =
        Connector::new(config.dangerous_any_key_usage(), edges.trust()).with_sessions(sessions.clone());
    let acceptor = edges.acceptor();
    acceptor.set_config(resuming(&edges));
    assert_eq!(kinds(&both(&lenient, &acceptor, None)), first());
    assert_eq!(kinds(&both(&lenient, &acceptor, None)), (BY_TICKET, BY_TICKET));
    assert_eq!(kinds(&both(&strict, &acceptor, None)), first());
    sessions.forget_trust(&lenient.trust());
    assert_eq!(sessions.len(), 1);
}

#[test]
fn a_session_that_is_taken_resumes_by_ticket_and_lasts_over_a_clean_close() {
    let edges = Edges::new();
    let (connector, acceptor) = (edges.connector(), edges.acceptor());
    acceptor.set_config(resuming(&edges));
    let mut pair = both(&connector, &acceptor, None);
    assert_eq!(kinds(&pair), first());
    pair.0.shutdown_write().unwrap();
    assert_eq!(pair.1.read(&mut [0]).unwrap(), 0);
    assert_eq!(pair.0.read(&mut [0]).unwrap(), 0);
    assert!(pair.1.take_session().is_none(), "servers have no session to offer");
    let session = pair.0.take_session();
    assert!(session.is_some() && pair.0.take_session().is_none());
    assert_eq!(kinds(&both(&connector, &acceptor, session)), (BY_TICKET, BY_TICKET));
}

#[test]
fn without_a_store_no_id_is_given_and_with_one_it_resumes() {
    let edges = Edges::new();
    let connector = Connector::new(ClientConfig::new(&RUSTCRYPTO).with_tickets(false), edges.trust());
    let acceptor = Acceptor::new(resuming(&edges), edges.server.local_key());
    let mut pair = both(&connector, &acceptor, None);
    assert!(pair.0.take_session().is_none());
    let store = store();
    let acceptor = acceptor.with_store(store.clone());
    let session = both(&connector, &acceptor, None).0.take_session().expect("a session");
    assert!(matches!(session.token(), ClientToken::SessionId(_)));
    assert_eq!(store.len(), 1);
    assert_eq!(kinds(&both(&connector, &acceptor, Some(session))), (BY_ID, BY_ID));
}

#[test]
fn r29_a_fatal_alert_removes_the_session_on_both_sides_and_a_missing_close_does_not() {
    let Both { connector, acceptor, sessions, store } = Both::by_id();
    let (client, mut server) = both(&connector, &acceptor, None);
    drop(client);
    assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!((store.len(), sessions.len()), (1, 1));

    let mut pair = both(&connector, &acceptor, None);
    assert_eq!(kinds(&pair), (BY_ID, BY_ID));
    pair.0.get_mut().write_all(&[23, 3, 3, 0, 32]).unwrap();
    pair.0.get_mut().write_all(&[7; 32]).unwrap();
    assert_eq!(tls_error(&pair.1.read(&mut [0]).unwrap_err()).alert(), Some(Alert::BAD_RECORD_MAC));
    assert!(store.is_empty());
    let error = pair.0.read(&mut [0]).unwrap_err();
    assert_eq!(*tls_error(&error), Error::Received(Alert::BAD_RECORD_MAC));
    assert!(sessions.is_empty() && pair.0.take_session().is_none());
    assert_eq!(kinds(&both(&connector, &acceptor, None)), first());
}

#[test]
fn r29_a_failed_resumption_removes_the_session_from_the_store_and_the_cache() {
    let Both { connector, acceptor, sessions, store } = Both::by_id();
    let session = both(&connector, &acceptor, None).0.take_session().expect("a session");
    // Somebody exchanged the master secret: the Finished does not match.
    let mut bytes = session.to_bytes().expose().to_vec();
    bytes[6] ^= 1;
    let session = ClientSession::from_bytes(&bytes).expect("a session");
    let (client, server) = sockets();
    let accepting = thread::spawn(move || acceptor.accept(server).map(|_| ()).unwrap_err());
    connector.connect(name(), Some(session), client).map(|_| ()).unwrap_err();
    assert_eq!(*tls_error(&accepting.join().unwrap()), Error::Received(Alert::BAD_RECORD_MAC));
    assert!(store.is_empty() && sessions.is_empty());
}

#[test]
fn a_connector_with_sessions_resumes_by_itself_and_takes_renewed_tickets() {
    let edges = Edges::new();
    let sessions = Arc::new(ClientSessions::new(10, Reuse::Once));
    let connector = edges.connector().with_sessions(sessions.clone());
    let policy = Resumption::new(KeyRing::new(key()));
    let renewing = policy.clone().with_tickets(Tickets::Renew(RenewWhen::Always));
    let acceptor = Acceptor::new(edges.server_config().with_resumption(renewing), edges.server.local_key());
    assert_eq!(kinds(&both(&connector, &acceptor, None)), first());
    for _ in 0..2 {
        assert_eq!(kinds(&both(&connector, &acceptor, None)), (BY_TICKET, BY_TICKET));
    }
    // R31: what is used once and not renewed is used up.
    acceptor.set_config(edges.server_config().with_resumption(policy.with_tickets(Tickets::Issue)));
    assert_eq!(kinds(&both(&connector, &acceptor, None)), (BY_TICKET, BY_TICKET));
    assert!(sessions.is_empty());
    assert_eq!(kinds(&both(&connector, &acceptor, None)), first());
}

#[test]
fn r7_a_client_that_trusts_other_roots_does_not_offer_what_it_has() {
    let (edges, other) = (Edges::new(), Ca::new("another root"));
    let acceptor = Acceptor::new(resuming(&edges), edges.server.local_key());
    let connect = |roots: &[&Ca]| {
        let verifier = WebPki::new(&RUSTCRYPTO, roots.iter().map(|ca| ca.root())).expect("roots");
        Connector::new(ClientConfig::new(&RUSTCRYPTO), verifier)
    };
    let session = || both(&connect(&[&edges.ca, &other]), &acceptor, None).0.take_session();
    let same = connect(&[&other, &edges.ca]);
    assert_eq!(kinds(&both(&same, &acceptor, session())), (BY_TICKET, BY_TICKET));
    let refused = full(NotResumed::OtherContext, NotResumed::NotOffered);
    assert_eq!(kinds(&both(&connect(&[&edges.ca]), &acceptor, session())), refused);
    // Nor one that was made without verifying anything (CVE-2016-5419, CVE-2020-8172).
    let careless = Connector::new(ClientConfig::new(&RUSTCRYPTO), DangerousAcceptAny);
    let made = both(&careless, &acceptor, None).0.take_session();
    assert_eq!(kinds(&both(&same, &acceptor, made)), refused);
    let issued = edges.ca.issue(&Spec::client("somebody"));
    let named = same.with_credential(issued.credential("somebody"), issued.local_key());
    assert_eq!(kinds(&both(&named, &acceptor, session())), refused);
    // Whoever says what sessions are bound to decides.
    let config = ClientConfig::new(&RUSTCRYPTO).with_trust(SessionContext::derive([&b"mine"[..]]));
    assert_eq!(Connector::new(config, edges.trust()).trust(), SessionContext::derive([&b"mine"[..]]));
}

#[test]
fn r3_sessions_of_clients_are_bound_to_the_roots_that_vouched_for_them() {
    let edges = Edges::new();
    let (one, two) = (Ca::new("one"), Ca::new("two"));
    let issued = one.issue(&Spec::client("somebody"));
    let connector = edges.connector().with_credential(issued.credential("client"), issued.local_key());
    let config = resuming(&edges).with_client_auth(ClientAuth::Require);
    let acceptor = |roots: &[&Ca]| {
        let verifier = WebPki::new(&RUSTCRYPTO, roots.iter().map(|ca| ca.root())).expect("roots");
        Acceptor::new(config.clone(), edges.server.local_key()).with_client_verifier(verifier)
    };
    let mut pair = both(&connector, &acceptor(&[&one]), None);
    assert_eq!(kinds(&pair), first());
    let session = pair.0.take_session().expect("a session");
    let offered = || Some(session.duplicate());
    let resumed = both(&connector, &acceptor(&[&one]), offered());
    assert_eq!(kinds(&resumed), (BY_TICKET, BY_TICKET));
    assert!(resumed.1.info().peer.is_some(), "the server knows whom it verified then");
    // CVE-2025-23419, CVE-2025-68121: the same keys, the same certificate, other roots.
    let refused = full(NotResumed::Declined, NotResumed::OtherContext);
    assert_eq!(kinds(&both(&connector, &acceptor(&[&one, &two]), offered())), refused);
}

#[test]
fn keys_rotate_in_a_running_server_without_a_failed_handshake() {
    let edges = Edges::new();
    let stats = Arc::new(ResumptionStats::new());
    let mut ring = KeyRing::new(key());
    let policy = |ring: &KeyRing| Resumption::new(ring.clone());
    let config = edges.server_config();
    let acceptor = Acceptor::new(config.clone().with_resumption(policy(&ring)), edges.server.local_key())
        .with_stats(stats.clone());
    let rotating = acceptor.clone();
    let sessions = Arc::new(ClientSessions::new(10, Reuse::Many));
    let connector = edges.connector().with_sessions(sessions);
    assert_eq!(kinds(&both(&connector, &acceptor, None)), first());
    let rotation = thread::spawn(move || {
        for _ in 0..60 {
            ring = ring.rotate(key(), UnixTime::now());
            rotating.set_config(config.clone().with_resumption(Resumption::new(ring.clone())));
            thread::sleep(Duration::from_millis(2));
        }
    });
    let mut handshakes = 1;
    while !rotation.is_finished() || handshakes < 61 {
        assert_eq!(kinds(&both(&connector, &acceptor, None)), (BY_TICKET, BY_TICKET));
        handshakes += 1;
    }
    rotation.join().unwrap();
    let counted = stats.snapshot();
    assert_eq!((counted.full_for(NotResumed::NotOffered), counted.by_ticket), (1, handshakes - 1));
}

#[test]
fn a_server_tells_lineage_and_key_of_what_it_resumed() {
    let edges = Edges::new();
    let (connector, acceptor) = (edges.connector(), edges.acceptor());
    acceptor.set_config(resuming(&edges));
    let mut pair = both(&connector, &acceptor, None);
    let resumed = both(&connector, &acceptor, pair.0.take_session());
    let of = |info: &ConnectionInfo| info.session.clone().expect("a session");
    let (made, again) = (of(pair.1.info()), of(resumed.1.info()));
    assert_eq!((made.lineage, made.key_name), (again.lineage, again.key_name));
    assert!(made.key_name.is_some());
}
