//! The flows of RFC 5077, 3.1, and of RFC 5246, 7.3, that resume, that could have, or that give something to resume.

use tls12::{
    schedule::Side,
    session::{RenewWhen, ResumedBy, Tickets},
    wire::{Handshake, HandshakeType as H, Message, ServerHello, SessionId},
};

use super::flows::{Flow, State};
use crate::common::{pair::World, recording::Recording, resuming::policy};

type Steps = [(State, H)];

/// What a server says in a full handshake behind ServerHello.
const FULL: &Steps =
    &[(State::ServerKeyExchange, H::SERVER_KEY_EXCHANGE), (State::RequestOrDone, H::SERVER_HELLO_DONE)];
const HELLO: &Steps = &[(State::ServerHello, H::SERVER_HELLO)];
const CERTIFICATE: &Steps = &[(State::ServerCertificate, H::CERTIFICATE)];
const TICKET: &Steps = &[(State::ServerTicket, H::NEW_SESSION_TICKET)];

/// Messages that the flow has not come from a full handshake, so that they are well formed.
fn flow(name: &'static str, side: Side, world: World, steps: &[&Steps]) -> Flow {
    let mut flow = Flow::new(name, side, world, &steps.concat());
    let full = Recording::of(&World::new());
    let own = flow.recording.clone();
    let lacks = |message: &Vec<u8>| own.find(H(message[0])).is_none();
    flow.recording.client.extend(full.client.into_iter().filter(lacks));
    flow.recording.server.extend(full.server.into_iter().filter(lacks));
    flow
}

fn client(name: &'static str, world: World, steps: &[&Steps]) -> Flow {
    flow(name, Side::Client, world, steps)
}

/// A client that was here before, by ticket; now its server does this with tickets, and stores nothing.
fn back(tickets: Tickets) -> World {
    World::after_a_visit(ResumedBy::Ticket).with_policy(policy().with_tickets(tickets).with_ids(false))
}

const ALWAYS: Tickets = Tickets::Renew(RenewWhen::Always);

/// A server that resumes with an empty ID, as wolfSSL does.
fn with_empty_id(mut flow: Flow, first: State) -> Flow {
    let hello = flow.recording.server.first_mut().expect("a hello");
    let Ok(Some(Message::ServerHello(message))) = Message::decode(hello) else {
        panic!("ServerHello is first")
    };
    let mut empty = Vec::new();
    ServerHello { session_id: SessionId::EMPTY, ..message }.write_framed(&mut empty);
    *hello = empty;
    flow.steps[1].0 = first;
    flow
}

/// Against a real client.
pub(crate) fn client_flows() -> Vec<Flow> {
    let by_id = || World::after_a_visit(ResumedBy::SessionId);
    let refused = |name, tickets, first| {
        let middle: &Steps = &[(first, H::CERTIFICATE)];
        let end: &Steps = if first == State::CertificateOrTicket { TICKET } else { &[] };
        client(name, back(tickets), &[HELLO, middle, FULL, end])
    };
    vec![
        client("full with ticket", World::resuming(), &[HELLO, CERTIFICATE, FULL, TICKET]),
        client("full with an ID", World::resuming_by(ResumedBy::SessionId), &[HELLO, CERTIFICATE, FULL]),
        client("resumed by ID", by_id(), &[HELLO]),
        client("resumed by ticket", back(Tickets::Issue), &[HELLO]),
        client("resumed by ticket, renewed", back(ALWAYS), &[HELLO, TICKET]),
        with_empty_id(
            client("resumed by ticket with an empty ID", back(Tickets::Issue), &[HELLO]),
            State::CertificateOrChangeCipherSpec,
        ),
        with_empty_id(
            client("resumed by ticket with an empty ID, renewed", back(ALWAYS), &[HELLO, TICKET]),
            State::CertificateOrTicket,
        ),
        refused("ticket refused", Tickets::Ignore, State::CertificateOrChangeCipherSpec),
        refused("ticket refused, new one", Tickets::IgnoreAndIssue, State::CertificateOrTicket),
    ]
}

/// Against a real server.
pub(crate) fn server_flows() -> Vec<Flow> {
    const HELLO: &Steps = &[(State::ClientHello, H::CLIENT_HELLO)];
    const EXCHANGE: &Steps = &[(State::ClientKeyExchange, H::CLIENT_KEY_EXCHANGE)];
    let flow = |name, world, steps: &[&Steps]| flow(name, Side::Server, world, steps);
    vec![
        flow("full with ticket", World::resuming(), &[HELLO, EXCHANGE]),
        flow("full with an ID", World::resuming_by(ResumedBy::SessionId), &[HELLO, EXCHANGE]),
        flow("resumed by ID", World::after_a_visit(ResumedBy::SessionId), &[HELLO]),
        flow("resumed by ticket", back(Tickets::Issue), &[HELLO]),
        flow("resumed by ticket, renewed", back(ALWAYS), &[HELLO]),
        flow("ticket refused, new one", back(Tickets::IgnoreAndIssue), &[HELLO, EXCHANGE]),
    ]
}
