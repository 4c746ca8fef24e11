//! What an application may answer beside the usual: an alert of its own at every ask, and a second look at a server
//! whose session is resumed.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

use std::sync::{Arc, Mutex};

use common::{
    certs::{Key, NOW, at},
    forge::take_records,
    pair::World,
    resuming::{BOTH, HOUR, assert_declined, assert_not_offered, assert_resumed, policy, remade, shake},
    steps::{Need, Steps},
    worlds::STAPLE,
};
use tls12::{
    ClientAuth, ClientConfig, ClientHandshake, Error, Refusal, ServerConfig, ServerHandshake, ServerName,
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer},
    schedule::Side,
    session::{ClientSession, HandshakeKind, NotResumed, RenewWhen, ResumedBy, TicketSent, Tickets},
    wire::{Alert, ContentType, NamedGroup, SignatureScheme},
};

/// What one side asks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ask {
    Config,
    Session,
    Signature,
    Verdict,
    Store,
    Credential,
}

fn ask_of(step: &Steps) -> Option<(Side, Ask)> {
    use {ClientHandshake as C, ServerHandshake as S};
    Some(match step {
        Steps::Client(C::NeedsVerdict(_)) => (Side::Client, Ask::Verdict),
        Steps::Client(C::NeedsCredential(_)) => (Side::Client, Ask::Credential),
        Steps::Client(C::NeedsSignature(_)) => (Side::Client, Ask::Signature),
        Steps::Server(S::NeedsConfig(_)) => (Side::Server, Ask::Config),
        Steps::Server(S::NeedsSession(_)) => (Side::Server, Ask::Session),
        Steps::Server(S::NeedsSignature(_)) => (Side::Server, Ask::Signature),
        Steps::Server(S::NeedsVerdict(_)) => (Side::Server, Ask::Verdict),
        Steps::Server(S::NeedsStore(_)) => (Side::Server, Ask::Store),
        _ => return None,
    })
}

fn abort(step: Steps, alert: Alert) -> Steps {
    use {ClientHandshake as C, ServerHandshake as S};
    match step {
        Steps::Client(C::NeedsVerdict(ask)) => Steps::Client(ask.abort(alert)),
        Steps::Client(C::NeedsCredential(ask)) => Steps::Client(ask.abort(alert)),
        Steps::Client(C::NeedsSignature(ask)) => Steps::Client(ask.abort(alert)),
        Steps::Server(S::NeedsConfig(ask)) => Steps::Server(ask.abort(alert)),
        Steps::Server(S::NeedsSession(ask)) => Steps::Server(ask.abort(alert)),
        Steps::Server(S::NeedsSignature(ask)) => Steps::Server(ask.abort(alert)),
        Steps::Server(S::NeedsVerdict(ask)) => Steps::Server(ask.abort(alert)),
        Steps::Server(S::NeedsStore(ask)) => Steps::Server(ask.abort(alert)),
        other => panic!("it needs {:?}", other.need()),
    }
}

/// Goes on until bytes are needed that are not there; at one ask the answer is an alert.
fn advance(
    mut step: Steps,
    world: &World,
    (incoming, outgoing): (&mut Vec<u8>, &mut Vec<u8>),
    (at, alert): ((Side, Ask), Alert),
) -> Steps {
    loop {
        step = match step.need() {
            Need::Flush { bytes, .. } => {
                outgoing.extend_from_slice(&bytes);
                step.all_sent()
            }
            Need::Input if incoming.is_empty() => return step,
            Need::Input => {
                let len = incoming.len().min(4096);
                let bytes: Vec<u8> = incoming.drain(..len).collect();
                step.received(&bytes, world.now)
            }
            Need::Answer if ask_of(&step) == Some(at) => abort(step, alert),
            Need::Answer => step.answered(world),
            Need::Done | Need::Failed(_) => return step,
        };
    }
}

/// One side answers one ask with an alert; how the two ended, that side first.
fn aborted(world: &World, at: (Side, Ask), alert: Alert) -> (Need, Need) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut client = Steps::start(Side::Client, world);
    let mut server = Steps::start(Side::Server, world);
    // No handshake has more flights.
    for _ in 0..6 {
        client = advance(client, world, (&mut down, &mut up), (at, alert));
        server = advance(server, world, (&mut up, &mut down), (at, alert));
    }
    match at.0 {
        Side::Client => (client.need(), server.need()),
        Side::Server => (server.need(), client.need()),
    }
}

/// Every ask of both sides, in a world where it comes up.
fn asks() -> Vec<((Side, Ask), World)> {
    let with_certificate = || World::new().with_client_certificate(ClientAuth::Require, Key::EcdsaP256);
    let again = |by| World::after_a_visit(by).with_client(ClientConfig::with_reverification);
    vec![
        ((Side::Server, Ask::Config), World::new()),
        ((Side::Server, Ask::Session), World::after_a_visit(ResumedBy::SessionId)),
        ((Side::Server, Ask::Signature), World::new()),
        ((Side::Server, Ask::Verdict), with_certificate()),
        ((Side::Server, Ask::Store), World::resuming_by(ResumedBy::SessionId)),
        ((Side::Client, Ask::Verdict), World::new()),
        ((Side::Client, Ask::Credential), with_certificate()),
        ((Side::Client, Ask::Signature), with_certificate()),
        ((Side::Client, Ask::Verdict), again(ResumedBy::Ticket)),
        ((Side::Client, Ask::Verdict), again(ResumedBy::SessionId)),
    ]
}

#[test]
fn at_every_ask_an_application_may_end_the_handshake_with_an_alert_of_its_choice() {
    for (at, world) in asks() {
        for alert in [Alert::ACCESS_DENIED, Alert::INTERNAL_ERROR, Alert::USER_CANCELED] {
            let (own, peers) = aborted(&world, at, alert);
            let refused = Error::Refused(Refusal::Application(alert));
            assert_eq!(own, Need::Failed(refused), "{at:?}");
            assert_eq!(peers, Need::Failed(Error::Received(alert)), "{at:?}");
        }
    }
}

#[test]
fn an_abort_with_close_notify_is_not_taken_for_an_end_in_order() {
    // RFC 5246, 7.2.1: whatever the level, there was no handshake.
    let (own, peers) = aborted(&World::new(), (Side::Client, Ask::Verdict), Alert::CLOSE_NOTIFY);
    assert!(matches!(own, Need::Failed(_)), "{own:?}");
    assert!(matches!(peers, Need::Failed(_)), "{peers:?}");
}

/// Notes what it is asked, and answers as another one does, or with a refusal.
struct Noting {
    like: Arc<dyn VerifyPeer>,
    refuses: Option<CertificateError>,
    asked: Mutex<Vec<PresentedPeer>>,
}

impl VerifyPeer for Noting {
    fn verify(&self, presented: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        self.asked.lock().expect("nobody panics with it").push(presented.clone());
        match &self.refuses {
            Some(error) => Err(error.clone()),
            None => self.like.verify(presented),
        }
    }
}

/// A client that was here before comes back an hour later, and whoever verifies notes it.
fn back(world: &mut World, refuses: Option<CertificateError>) -> Arc<Noting> {
    let noting = Arc::new(Noting { like: world.verifies_server.clone(), refuses, asked: Mutex::default() });
    world.verifies_server = noting.clone();
    world.now = at(NOW + HOUR);
    noting
}

#[test]
fn a_client_that_reverifies_asks_again_in_an_abbreviated_handshake_at_the_time_of_now() {
    for by in BOTH {
        let mut world = World::after_a_visit(by).with_client(ClientConfig::with_reverification);
        let noting = back(&mut world, None);
        let shaken = shake(&world);
        assert_resumed(&shaken, by, TicketSent::No);
        let asked = noting.asked.lock().expect("nobody panics with it");
        let [presented] = &asked[..] else { panic!("it is asked {} times", asked.len()) };
        assert_eq!(presented.now, at(NOW + HOUR));
        assert_eq!(presented.expected, Some(world.name.clone()));
        assert_eq!(Some(&presented.chain), world.session.as_ref().and_then(|s| s.peer()).map(|p| &p.chain));
        assert_eq!(shaken.client.peer.expect("a peer").peer().now, at(NOW + HOUR));
    }
}

#[test]
fn a_client_that_reverifies_asks_also_where_its_ticket_is_renewed() {
    let mut world = World::after_a_visit(ResumedBy::Ticket).with_client(ClientConfig::with_reverification);
    world.set_policy(policy().with_tickets(Tickets::Renew(RenewWhen::Always)));
    let noting = back(&mut world, None);
    assert_resumed(&shake(&world), ResumedBy::Ticket, TicketSent::Issued);
    assert_eq!(noting.asked.lock().expect("nobody panics with it").len(), 1);
}

#[test]
fn a_client_that_reverifies_does_not_offer_a_session_whose_server_nobody_could_verify_anew() {
    for by in BOTH {
        let mut world = World::after_a_visit(by).with_client(ClientConfig::with_reverification);
        world.session = world.session.map(|session| remade(&session, |parts| parts.peer = None));
        assert_not_offered(&shake(&world), NotResumed::OtherContext);
    }
}

#[test]
fn r7_r3_sessions_that_any_key_usage_was_enough_for_do_not_resume_where_it_counts() {
    for by in BOTH {
        let strict = World::resuming_by(by);
        let config = strict.client.clone();
        let mut world = strict.with_client(ClientConfig::dangerous_any_key_usage).visited();
        assert_resumed(&shake(&world), by, TicketSent::No);
        world.client = config;
        assert_not_offered(&shake(&world), NotResumed::OtherContext);

        let strict = World::resuming_by(by);
        let config = strict.server.clone();
        let mut world = strict.with_server(ServerConfig::dangerous_any_key_usage).visited();
        assert_resumed(&shake(&world), by, TicketSent::No);
        world.server = config;
        assert_declined(&world.visit(), NotResumed::OtherContext);
    }
}

#[test]
fn a_client_that_does_not_reverify_asks_nobody_when_it_resumes() {
    for by in BOTH {
        let mut world = World::after_a_visit(by);
        let noting = back(&mut world, Some(CertificateError::Revoked));
        assert_resumed(&shake(&world), by, TicketSent::No);
        assert!(noting.asked.lock().expect("nobody panics with it").is_empty());
    }
}

#[test]
fn a_server_that_is_refused_when_it_resumes_hears_why_and_no_finished() {
    for by in BOTH {
        let mut world = World::after_a_visit(by).with_client(ClientConfig::with_reverification);
        back(&mut world, Some(CertificateError::Revoked));
        let ended = world.run(usize::MAX);
        let Err(error) = ended.client else { panic!("the client goes on") };
        assert_eq!(error, Error::Certificate(CertificateError::Revoked));
        assert_eq!(error.alert(), Some(Alert::CERTIFICATE_REVOKED));
        assert_eq!(ended.server.err(), Some(Error::Received(Alert::CERTIFICATE_REVOKED)));
        // ClientHello, and the alert before any change of keys.
        let records = take_records(&mut ended.wires.up.log.clone());
        let types: Vec<ContentType> = records.iter().map(|(content_type, _)| *content_type).collect();
        assert_eq!(types, [ContentType::HANDSHAKE, ContentType::ALERT]);
        assert!(ended.forgotten.0, "a session that was refused is not offered again");
    }
}

#[test]
fn a_proof_about_somebody_else_is_no_verdict_in_an_abbreviated_handshake_either() {
    struct Stubborn(PresentedPeer);
    impl VerifyPeer for Stubborn {
        fn verify(&self, _: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
            Ok(VerifiedPeer::dangerous_unverified(&self.0))
        }
    }
    let mut world = World::after_a_visit(ResumedBy::Ticket).with_client(ClientConfig::with_reverification);
    let session = world.session.as_ref().expect("a session");
    let chain = session.peer().expect("a peer").chain.clone();
    let expected = ServerName::try_from("b.example").expect("a name");
    let other = PresentedPeer { chain, expected: Some(expected), ocsp: None, now: world.now };
    world.verifies_server = Arc::new(Stubborn(other));
    assert_eq!(world.run(usize::MAX).client.err(), Some(Error::Refused(Refusal::OtherPeer)));
}

#[test]
fn what_a_client_knows_of_the_full_handshake_it_still_knows_when_it_resumes() {
    for by in BOTH {
        let tickets = by == ResumedBy::Ticket;
        let mut world =
            World::stapled().with_policy(policy()).with_client(|config| config.with_tickets(tickets));
        let full = world.visit();
        let session = world.session.take().expect("a session");
        assert_eq!(session.peer_scheme(), Some(SignatureScheme::ECDSA_SECP256R1_SHA256));
        assert_eq!(session.group(), Some(NamedGroup::X25519));
        assert_eq!(session.ocsp().map(|ocsp| &ocsp[..]), Some(STAPLE));
        let read = ClientSession::from_bytes(session.to_bytes().expose()).expect("its own encoding");
        for session in [session, read] {
            world.session = Some(session);
            let resumed = shake(&world).client;
            assert_eq!(resumed.handshake, HandshakeKind::Resumed(by));
            assert_eq!((resumed.group, resumed.session_group), (None, full.client.group));
            assert_eq!(resumed.peer_scheme, full.client.peer_scheme);
            assert_eq!(resumed.peer.expect("a peer").peer().ocsp.as_deref(), Some(STAPLE));
        }
    }
}

#[test]
fn a_client_that_reverifies_is_shown_the_staple_of_the_full_handshake() {
    let mut world = World::stapled().with_policy(policy()).visited();
    world.change_client(ClientConfig::with_reverification);
    let noting = back(&mut world, None);
    assert_resumed(&shake(&world), ResumedBy::Ticket, TicketSent::No);
    let asked = noting.asked.lock().expect("nobody panics with it");
    assert_eq!(asked[0].ocsp.as_deref(), Some(STAPLE));
}
