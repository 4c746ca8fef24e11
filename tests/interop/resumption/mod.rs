//! Resumption with other programs. Each handshake is judged twice: by what we say of it, verdict and reason, and by
//! what the peer says.

mod curl;
mod gnutls;
mod key_files;
mod nginx;
mod node;
mod openssl;
mod python;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod rustls;
mod script;

use std::{sync::Arc, time::Duration};

use pki_types::UnixTime;
use tls12::{
    Error, Seed,
    session::{
        ClientSession, ClientToken, HandshakeKind, KeyRing, NotResumed, RenewWhen, ResumedBy, Resumption,
        TicketKey, TicketSent, Tickets,
    },
    store::{Limits, MemoryStore},
};

use crate::{
    common::pair::World,
    drive::{self, Tls},
    place::Place,
    socket::{Listener, Socket, connect},
};

/// What we say of a handshake.
type Verdict = (HandshakeKind, TicketSent);

const FULL: HandshakeKind = HandshakeKind::Full(NotResumed::NotOffered);
const NEW_TICKET: Verdict = (FULL, TicketSent::Issued);
const NEW_ID: Verdict = (FULL, TicketSent::No);
const NO_TICKET_AFTER_ALL: Verdict = (FULL, TicketSent::Empty);
const BY_TICKET: Verdict = (HandshakeKind::Resumed(ResumedBy::Ticket), TicketSent::No);
const RENEWED: Verdict = (HandshakeKind::Resumed(ResumedBy::Ticket), TicketSent::Issued);
const BY_ID: Verdict = (HandshakeKind::Resumed(ResumedBy::SessionId), TicketSent::No);
const UNKNOWN_KEY: Verdict = (HandshakeKind::Full(NotResumed::UnknownTicketKey), TicketSent::Issued);
/// What a client can know of a refusal.
const DECLINED: HandshakeKind = HandshakeKind::Full(NotResumed::Declined);

fn verdict<T>(tls: &Tls<T>) -> Verdict {
    (tls.tls.info().handshake, tls.tls.info().ticket)
}

/// One of many ticket keys.
fn key(number: u8) -> TicketKey {
    TicketKey::generate(Seed::for_replay([number; 32]), UnixTime::now(), Duration::from_secs(12 * 3600))
}

fn policy(number: u8) -> Resumption {
    Resumption::new(KeyRing::new(key(number)))
}

/// Connections of one client, one after the other: what our server does in each, and how each must end.
type Plan = Vec<(Resumption, Verdict)>;

/// The first connection makes a session, five more resume it.
fn resuming(first: Verdict, others: Verdict) -> Plan {
    [first, others, others, others, others, others].map(|verdict| (policy(1), verdict)).into()
}

/// Every ticket is renewed, and its key only opens in the next connection and is gone in the one after that: a client
/// that kept its first ticket would resume no more.
fn renewing() -> Plan {
    let ring = |number| KeyRing::new(key(number)).rotate(key(number + 1), UnixTime::now());
    let policy = |number| Resumption::new(ring(number)).with_tickets(Tickets::Renew(RenewWhen::Always));
    (1..=6).map(|number| (policy(number), if number == 1 { NEW_TICKET } else { RENEWED })).collect()
}

/// Twice the key is exchanged for another: the ticket is refused, and the one issued instead is good.
fn refusing() -> Plan {
    let steps =
        [(1, NEW_TICKET), (2, UNKNOWN_KEY), (2, BY_TICKET), (3, UNKNOWN_KEY), (3, BY_TICKET), (3, BY_TICKET)];
    steps.map(|(number, verdict)| (policy(number), verdict)).into()
}

/// A ticket is promised, and an empty one is sent, for no key seals; as soon as one does, there are tickets.
fn without_ticket_after_all() -> Plan {
    let sealed = KeyRing::new(key(1).opening_only(UnixTime::now()));
    let none = || (Resumption::new(sealed.clone()), NO_TICKET_AFTER_ALL);
    let some = |verdict| (policy(1), verdict);
    vec![none(), none(), some(NEW_TICKET), some(BY_TICKET), some(BY_TICKET), some(BY_TICKET)]
}

/// Which connections of a plan are resumed ones.
fn reused(plan: &[(Resumption, Verdict)]) -> Vec<bool> {
    plan.iter().map(|(_, (kind, _))| matches!(kind, HandshakeKind::Resumed(_))).collect()
}

/// Our server, with sessions in memory.
struct Ours<'p> {
    place: &'p Place,
    listener: Listener,
    store: MemoryStore,
}

impl<'p> Ours<'p> {
    fn new(place: &'p Place) -> Self {
        Self { place, listener: Listener::new(), store: MemoryStore::new(Limits::sessions(100)) }
    }

    fn port(&self) -> u16 {
        self.listener.port()
    }

    /// Serves the next client.
    fn accept(&self, policy: Resumption) -> Result<Tls<Socket>, Error> {
        let server = self.place.server_config().with_resumption(policy);
        let world = World { server: Arc::new(server), ..self.place.world() };
        drive::accept_with(&world, &self.store, self.listener.next())
    }

    /// Serves a client that comes again and again, and closes each time.
    fn serve(&self, plan: &[(Resumption, Verdict)]) {
        for (number, (policy, expected)) in plan.iter().enumerate() {
            let tls =
                self.accept(policy.clone()).unwrap_or_else(|error| panic!("connection {number}: {error}"));
            assert_eq!(verdict(&tls), *expected, "connection {number}");
            tls.wait_for_close();
        }
    }
}

/// Our client, which offers what the last connection left.
struct Caller<'p> {
    place: &'p Place,
    tickets: bool,
    session: Option<ClientSession>,
}

impl<'p> Caller<'p> {
    fn new(place: &'p Place) -> Self {
        Self { place, tickets: true, session: None }
    }

    fn without_tickets(place: &'p Place) -> Self {
        Self { tickets: false, ..Self::new(place) }
    }

    fn call(&mut self, port: u16) -> Tls<Socket> {
        let client = self.place.client_config().with_tickets(self.tickets);
        let world = World { client: Arc::new(client), session: self.session.take(), ..self.place.world() };
        let mut tls = connect(&world, port).expect("a handshake");
        self.session = tls.session.take();
        tls
    }

    /// The ticket that is offered next.
    fn ticket(&self) -> &[u8] {
        match self.session.as_ref().expect("a session").token() {
            ClientToken::Ticket { ticket, .. } => ticket,
            ClientToken::SessionId(_) => panic!("no ticket but an ID"),
        }
    }
}
