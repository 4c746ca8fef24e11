//! Keys that rotate under load: no handshake fails, and every full one has a reason that the schedule explains.

use std::{collections::BTreeMap, time::Duration};

use tls12::{
    Seed,
    session::{
        ClientSession, HandshakeKind, KeyRing, NotResumed, RenewWhen, ResumedBy, Resumption, TicketKey,
        TicketSent, Tickets,
    },
};

use crate::common::{
    certs::{NOW, at},
    pair::World,
    resuming::{HOUR, Shaken},
};

const HANDSHAKES: u64 = 10_000;
const ROTATIONS: u64 = 60;
/// How long a key seals; it opens for twice as long.
const PERIOD: u64 = HOUR;

/// A client between its visits.
struct Client {
    by: ResumedBy,
    session: Option<ClientSession>,
    /// When what it has was sealed, and when its full handshake was.
    sealed_at: u64,
    authenticated_at: u64,
}

/// Numbers that look random, the same in every run (a linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    /// Which of 40 clients is next: 20 come every few minutes, 10 every hour or so, and 10 every few hours.
    fn client(&mut self) -> usize {
        let group = match self.below(100) {
            0..90 => 0..20,
            90..98 => 20..30,
            _ => 30..40,
        };
        let of = self.below(group.end - group.start);
        usize::try_from(group.start + of).expect("a small number")
    }
}

/// The number of the period in which this time is.
fn period(time: u64) -> u64 {
    (time - NOW) / PERIOD
}

/// The key that seals in this period.
fn key(period: u64) -> TicketKey {
    let seed = Seed::for_replay([u8::try_from(period).expect("a small number") + 1; 32]);
    TicketKey::generate(seed, at(NOW + period * PERIOD), Duration::from_secs(PERIOD))
}

/// What the schedule says of a client that comes back now, written apart from the ring: the key of period n opens
/// until period n + 2 begins. First the client's word, then the server's.
fn expected(client: &Client, now: u64) -> (HandshakeKind, HandshakeKind) {
    let full = |client, server| (HandshakeKind::Full(client), HandshakeKind::Full(server));
    if client.session.is_none() {
        return full(NotResumed::NotOffered, NotResumed::NotOffered);
    }
    let opens_until = NOW + (period(client.sealed_at) + 2) * PERIOD;
    // The hint of a ticket says all that the server knows; an ID comes without one, and is offered for 10 hours.
    let offered_until = match client.by {
        ResumedBy::Ticket => opens_until.min(client.authenticated_at + 24 * HOUR),
        ResumedBy::SessionId => client.sealed_at + 10 * HOUR,
    };
    match client.by {
        _ if now >= offered_until => full(NotResumed::Expired, NotResumed::NotOffered),
        _ if now >= opens_until => full(NotResumed::Declined, NotResumed::ExpiredTicketKey),
        by => (HandshakeKind::Resumed(by), HandshakeKind::Resumed(by)),
    }
}

/// Whether a ticket comes: with every full handshake, and where the key that opened the former one seals no more.
fn expected_ticket(client: &Client, resumed: bool, now: u64) -> TicketSent {
    let same_key = period(client.sealed_at.max(NOW)) == period(now);
    match client.by {
        ResumedBy::Ticket if !(resumed && same_key) => TicketSent::Issued,
        ResumedBy::Ticket | ResumedBy::SessionId => TicketSent::No,
    }
}

/// One visit, which must be as the schedule says.
fn visit(world: &mut World, client: &mut Client) -> Shaken {
    let now = world.now.as_secs();
    let (ours, theirs) = expected(client, now);
    let resumed = matches!(theirs, HandshakeKind::Resumed(_));
    let ticket = expected_ticket(client, resumed, now);
    world.session = client.session.take();
    let shaken = world.visit();
    let context = format!("{} seconds, sealed at {}", now - NOW, client.sealed_at.saturating_sub(NOW));
    assert_eq!((shaken.client.handshake, shaken.server.handshake), (ours, theirs), "{context}");
    assert_eq!((shaken.client.ticket, shaken.server.ticket), (ticket, ticket), "{context}");
    if !resumed {
        client.authenticated_at = now;
    }
    if !resumed || ticket == TicketSent::Issued {
        client.sealed_at = now;
    }
    client.session = world.session.take();
    let told = shaken.server.session.as_ref().expect("a session");
    assert_eq!(told.key_name, Some(key(period(client.sealed_at)).name()), "{context}");
    assert_eq!(told.authenticated_at, client.authenticated_at, "{context}");
    shaken
}

#[test]
fn ten_thousand_handshakes_over_sixty_rotations_go_as_the_schedule_says() {
    let policy = |keys| Resumption::new(keys).with_tickets(Tickets::Renew(RenewWhen::KeyNotNewest));
    let mut ring = KeyRing::new(key(0));
    let by_id = World::resuming_by(ResumedBy::SessionId).client;
    let by_ticket = World::resuming().client;
    let mut world = World::new().with_policy(policy(ring.clone()));
    let mut clients: Vec<_> = (0..40)
        .map(|number| Client {
            by: if number % 4 == 0 { ResumedBy::SessionId } else { ResumedBy::Ticket },
            session: None,
            sealed_at: 0,
            authenticated_at: 0,
        })
        .collect();
    let (mut rotations, mut counts, mut numbers) = (0, BTreeMap::new(), Numbers(5077));
    for n in 0..HANDSHAKES {
        let now = NOW + n * PERIOD * (ROTATIONS + 1) / HANDSHAKES;
        world.now = at(now);
        while rotations < period(now) {
            rotations += 1;
            ring = ring.rotate(key(rotations), world.now);
            world.set_policy(policy(ring.clone()));
        }
        let client = &mut clients[numbers.client()];
        world.client = if client.by == ResumedBy::Ticket { by_ticket.clone() } else { by_id.clone() };
        let shaken = visit(&mut world, client);
        *counts.entry(shaken.server.handshake.to_string()).or_insert(0_u64) += 1;
        *counts.entry(format!("to the client {}", shaken.client.handshake)).or_insert(0) += 1;
    }
    println!("{counts:#?}");
    assert_eq!(rotations, ROTATIONS);
    // Every way to go came up, and most were abbreviated.
    let count = |name: &str| *counts.get(name).unwrap_or_else(|| panic!("never {name}"));
    assert!(count("resumed by ticket") + count("resumed by id") > HANDSHAKES * 9 / 10);
    assert!(count("resumed by id") > 1000);
    for name in ["full (NotOffered)", "full (ExpiredTicketKey)", "to the client full (Expired)"] {
        assert!(count(name) >= 40, "{name}: {}", count(name));
    }
}
