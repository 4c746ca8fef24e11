//! The worlds: what each side is configured for, and every hello that can be said in each.

use std::{collections::HashMap, sync::Arc};

use tls12::{
    ClientAuth, ClientConfig, ServerConfig,
    crypto::RUSTCRYPTO,
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer},
    schedule::Side,
    session::{RenewWhen, ResumedBy, Tickets},
    wire::{Handshake, HandshakeType as H, Message, ServerExtensions, ServerHello, SessionId},
};

use super::{alphabet::Kind, model::Facts, stage::Stage};
use crate::common::{
    certs::{Ca, Key, Spec},
    forge::take_records,
    pair::{NAME, World},
    recording::Recording,
    resuming::policy,
    steps::{Need, Steps},
    worlds::STAPLE,
};

/// Makes a stage; each thread makes its own.
pub(crate) type MakeStage = fn() -> Stage;

/// Against a real client.
pub(crate) const CLIENT_STAGES: &[MakeStage] =
    &[plain_client, eager_client, client_with_ticket, client_with_id];

/// Against a real server.
pub(crate) const SERVER_STAGES: &[MakeStage] = &[
    plain_server,
    generous_server,
    renewing_server,
    reissuing_server,
    storing_server,
    requesting_server,
    requiring_server,
];

/// Paths are not what is explored: whoever is presented is believed.
struct Believes;

impl VerifyPeer for Believes {
    fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        Ok(VerifiedPeer::assertion(peer))
    }
}

fn believing(mut world: World) -> World {
    (world.verifies_client, world.verifies_server) = (Arc::new(Believes), Arc::new(Believes));
    world
}

/// A server with a key that is quick, and with a status if it is asked for it.
fn base() -> World {
    let issued = Ca::new("test root").issue(&Spec { key: Key::Ed25519, ..Spec::server(&[NAME]) });
    let credential = issued.credential("server").with_ocsp(STAPLE.to_vec());
    let mut world = World::new();
    world.server = Arc::new(ServerConfig::new(&RUSTCRYPTO, credential));
    world.keys = vec![("server".into(), issued.local_key())];
    believing(world)
}

/// The same, and its client was here before and has a session that it resumes by this.
fn after_a_visit(by: ResumedBy) -> World {
    let by_ticket = by == ResumedBy::Ticket;
    base().with_client(|config| config.with_tickets(by_ticket)).with_policy(policy()).visited()
}

/// A world in which everything is said that a full handshake can have but a ticket and a status.
fn talkative() -> World {
    believing(base().with_client_certificate(ClientAuth::Request, Key::Ed25519))
}

/// It wants no tickets and no status, and has no certificate.
pub(crate) fn plain_client() -> Stage {
    client(
        "a client that wants nothing",
        Facts::NONE,
        base().with_client(|config| config.with_tickets(false)),
    )
}

/// It wants tickets and a status, and has a certificate.
pub(crate) fn eager_client() -> Stage {
    let facts = Facts::WANTS_TICKETS.and(Facts::WANTS_STATUS).and(Facts::HAS_CERTIFICATE);
    let world = talkative().with_client(ClientConfig::with_status_request);
    client("a client that wants everything", facts, world)
}

/// It was here before, and offers its ticket.
pub(crate) fn client_with_ticket() -> Stage {
    let facts = Facts::WANTS_TICKETS.and(Facts::OFFERS_TICKET);
    client("a client with a ticket", facts, after_a_visit(ResumedBy::Ticket))
}

/// It was here before, and offers its ID.
pub(crate) fn client_with_id() -> Stage {
    client("a client with an ID", Facts::OFFERS_ID, after_a_visit(ResumedBy::SessionId))
}

fn client(name: &'static str, facts: Facts, world: World) -> Stage {
    let mut world = world;
    // What a server says that will not resume, with the randoms that this client and this server always have.
    world.set_policy(policy().with_tickets(Tickets::Ignore).with_ids(false));
    let recording = Recording::of(&world);
    let log = world.keep_key_log();
    let offer = &recording.client[0];
    let hello = &recording.server[0];
    let hellos = answers(facts).into_iter().map(|answer| (answer, server_hello(hello, offer, answer)));
    Stage {
        name,
        side: Side::Client,
        facts,
        hellos: hellos.collect(),
        messages: messages(&recording, &recording.server),
        world,
        log,
        client_key: None,
    }
}

/// What a ServerHello can say to this client: three ways to name the session, and two promises.
fn answers(client: Facts) -> Vec<Facts> {
    const PROMISES: [Facts; 2] = [Facts::NONE, Facts::PROMISES_TICKET];
    const STATUS: Facts = Facts::PROMISES_STATUS;
    let mut answers = PROMISES.to_vec();
    answers.extend(PROMISES.map(|promise| promise.and(STATUS)));
    answers.push(Facts::NAMES_NOTHING);
    if client.has(Facts::OFFERS_TICKET) {
        answers.push(Facts::NAMES_NOTHING.and(Facts::PROMISES_TICKET));
    }
    if client.has(Facts::OFFERS_TICKET) || client.has(Facts::OFFERS_ID) {
        answers.extend(PROMISES.map(|promise| promise.and(Facts::ECHOES)));
    }
    answers
}

fn server_hello(hello: &[u8], offer: &[u8], answer: Facts) -> Vec<u8> {
    let Ok(Some(Message::ServerHello(hello))) = Message::decode(hello) else { panic!("no ServerHello") };
    let Ok(Some(Message::ClientHello(offer))) = Message::decode(offer) else { panic!("no ClientHello") };
    let session_id = match (answer.has(Facts::ECHOES), answer.has(Facts::NAMES_NOTHING)) {
        (true, _) => offer.session_id,
        (false, true) => SessionId::EMPTY,
        (false, false) => SessionId::from([0x77; 32]),
    };
    let extensions = ServerExtensions {
        session_ticket: answer.has(Facts::PROMISES_TICKET),
        status_request: answer.has(Facts::PROMISES_STATUS),
        ..hello.extensions
    };
    let mut message = Vec::new();
    ServerHello { session_id, extensions, ..hello }.write_framed(&mut message);
    message
}

const TICKETS: Facts = Facts::WANTS_TICKETS;
const OFFERED: Facts = Facts::WANTS_TICKETS.and(Facts::OFFERS_TICKET);

/// It resumes nothing, and has no status.
pub(crate) fn plain_server() -> Stage {
    server("a server that gives nothing", Facts::HAS_STATUS, base(), &[Facts::NONE, TICKETS])
}

/// It gives and takes tickets and IDs, and has a status.
pub(crate) fn generous_server() -> Stage {
    let facts = Facts::GIVES_TICKETS.and(Facts::TAKES_TICKETS).and(Facts::HAS_STATUS);
    let world = after_a_visit(ResumedBy::Ticket);
    let status = Facts::WANTS_STATUS;
    let hellos = [Facts::NONE, TICKETS, status, TICKETS.and(status), OFFERED];
    server("a server that gives everything", facts, world, &hellos)
}

/// It takes tickets, and gives new ones for them.
pub(crate) fn renewing_server() -> Stage {
    let facts = Facts::GIVES_TICKETS.and(Facts::TAKES_TICKETS).and(Facts::RENEWS_TICKETS);
    let tickets = Tickets::Renew(RenewWhen::Always);
    let world = after_a_visit(ResumedBy::Ticket).with_policy(policy().with_tickets(tickets));
    server("a server that renews tickets", facts, world, &[OFFERED])
}

/// It takes no ticket, and gives new ones.
pub(crate) fn reissuing_server() -> Stage {
    let tickets = policy().with_tickets(Tickets::IgnoreAndIssue);
    let world = after_a_visit(ResumedBy::Ticket).with_policy(tickets);
    server("a server that refuses tickets", Facts::GIVES_TICKETS, world, &[OFFERED])
}

/// It has the session that the client names.
pub(crate) fn storing_server() -> Stage {
    let world = after_a_visit(ResumedBy::SessionId);
    server("a server that stores sessions", Facts::TAKES_IDS, world, &[Facts::NONE, Facts::OFFERS_ID])
}

/// It asks for a certificate.
pub(crate) fn requesting_server() -> Stage {
    server("a server that asks for a certificate", Facts::ASKS, talkative(), &[Facts::NONE])
}

/// It insists on a certificate, and gives tickets.
pub(crate) fn requiring_server() -> Stage {
    let facts = Facts::ASKS.and(Facts::REQUIRES).and(Facts::GIVES_TICKETS);
    let world =
        believing(base().with_policy(policy()).with_client_certificate(ClientAuth::Require, Key::Ed25519));
    server("a server that insists on a certificate", facts, world, &[TICKETS])
}

fn server(name: &'static str, facts: Facts, world: World, hellos: &[Facts]) -> Stage {
    let mut world = world;
    let log = world.keep_key_log();
    let full = talkative();
    let recording = Recording::of(&full);
    let client_key = full.client_credential.map(|(_, key)| key);
    let hellos = hellos.iter().map(|offer| (*offer, client_hello(&mut world, *offer))).collect();
    let messages = messages(&recording, &recording.client);
    Stage { name, side: Side::Server, facts, hellos, messages, world, log, client_key }
}

/// What a client of this world says that wants and offers this. The world's session is offered if one is.
fn client_hello(world: &mut World, offer: Facts) -> Vec<u8> {
    let resumes = offer.has(Facts::OFFERS_TICKET) || offer.has(Facts::OFFERS_ID);
    let session = world.session.take();
    let mut config = ClientConfig::new(&RUSTCRYPTO).with_tickets(offer.has(Facts::WANTS_TICKETS));
    if offer.has(Facts::WANTS_STATUS) {
        config = config.with_status_request();
    }
    let before = std::mem::replace(&mut world.client, Arc::new(config));
    if resumes {
        world.session = session.as_ref().map(|session| session.duplicate());
    }
    let Need::Flush { mut bytes, .. } = Steps::start(Side::Client, world).need() else {
        panic!("a client says hello")
    };
    (world.client, world.session) = (before, session);
    take_records(&mut bytes).into_iter().flat_map(|(_, body)| body).collect()
}

/// What can be said at any time as it is; certificates are those of the side that `own` says.
fn messages(recording: &Recording, own: &[Vec<u8>]) -> HashMap<Kind, Vec<u8>> {
    let talkative = Recording::of(&talkative());
    let find = |msg_type: H| {
        let mine = own.iter().find(|message| message[0] == msg_type.0).cloned();
        mine.or_else(|| recording.find(msg_type)).or_else(|| talkative.find(msg_type)).expect("a message")
    };
    let mut forged = find(H::SERVER_KEY_EXCHANGE);
    *forged.last_mut().expect("a signature") ^= 1;
    HashMap::from([
        (Kind::ClientHello, find(H::CLIENT_HELLO)),
        (Kind::ServerHello, find(H::SERVER_HELLO)),
        (Kind::NewSessionTicket, vec![4, 0, 0, 9, 0, 0, 14, 16, 0, 3, 1, 2, 3]),
        (Kind::NoTicket, vec![4, 0, 0, 6, 0, 0, 0, 0, 0, 0]),
        (Kind::Certificate, find(H::CERTIFICATE)),
        (Kind::NoCertificate, vec![11, 0, 0, 3, 0, 0, 0]),
        (Kind::CertificateStatus, vec![22, 0, 0, 6, 1, 0, 0, 2, 0x30, 0]),
        (Kind::ServerKeyExchange, find(H::SERVER_KEY_EXCHANGE)),
        (Kind::ForgedServerKeyExchange, forged),
        (Kind::ExportServerKeyExchange, export()),
        (Kind::CertificateRequest, find(H::CERTIFICATE_REQUEST)),
        (Kind::ServerHelloDone, vec![14, 0, 0, 0]),
        (Kind::ClientKeyExchange, find(H::CLIENT_KEY_EXCHANGE)),
        (Kind::EmptyClientKeyExchange, vec![16, 0, 0, 0]),
    ])
}

/// RFC 2246, 7.4.3: `rsa_modulus`, `rsa_exponent` and a signature; the modulus has 512 bits.
fn export() -> Vec<u8> {
    let body = [&[0, 64][..], &[0xc5; 64], &[0, 3, 1, 0, 1], &[4, 1, 0, 64], &[0x5a; 64]].concat();
    let len = u8::try_from(body.len()).expect("a short message");
    [&[12, 0, 0, len][..], &body].concat()
}
