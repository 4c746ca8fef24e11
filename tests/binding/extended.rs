//! The extended master secret, then and now: all four combinations on each side (RFC 7627, 5.3).

use std::sync::Arc;

use tls12::{
    ClientConfig, Error, Illegal, ServerConfig,
    session::{HandshakeKind, NotResumed, ResumedBy, Resumption},
    wire::Alert,
};

use crate::common::{
    pair::World,
    raw::{EXTENDED_MASTER_SECRET, Greeting, Hello, Kept, Over, Raw, SESSION_TICKET},
    resuming::{BOTH, assert_not_offered, policy, shake, tampered},
};

/// A server that speaks to clients without the extension too, and may resume their sessions.
fn lenient(policy: Resumption) -> World {
    World::new().with_policy(policy).with_server(ServerConfig::dangerous_without_extended_master_secret)
}

fn named(policy: Resumption) -> Resumption {
    policy.dangerous_without_extended_master_secret()
}

fn hello(by: ResumedBy, extended: bool) -> Hello {
    let hello = match by {
        ResumedBy::Ticket => Hello::new().with(SESSION_TICKET, &[]),
        ResumedBy::SessionId => Hello::new(),
    };
    if extended { hello } else { hello.without(EXTENDED_MASTER_SECRET) }
}

/// A session with or without it, and the server that has it.
fn session(by: ResumedBy, extended: bool) -> (Kept, World) {
    let world = Arc::new(lenient(named(policy())));
    let mut raw = Raw::client(&world, Over::Memory);
    let made = raw.offer(&hello(by, extended), None);
    raw.close(b"");
    assert_eq!((made.resumed, made.kept.extended), (false, extended));
    assert_eq!(made.kept.ticket.is_empty(), by == ResumedBy::SessionId);
    assert_eq!(made.kept.session_id.len(), if by == ResumedBy::SessionId { 32 } else { 0 });
    (made.kept, Arc::into_inner(world).expect("nobody else has it"))
}

/// A hello that offers this, with or without the extension.
fn offer(kept: &Kept, extended: bool) -> Hello {
    if extended { kept.hello() } else { kept.hello().without(EXTENDED_MASTER_SECRET) }
}

/// What the server makes of it, and whether it exports.
fn outcome(world: World, kept: &Kept, extended: bool) -> (HandshakeKind, bool) {
    let world = Arc::new(world);
    let mut raw = Raw::client(&world, Over::Memory);
    let resumed = raw.offer(&offer(kept, extended), Some(kept)).resumed;
    let info = raw.close(b"").info.expect("a handshake");
    assert_eq!(info.handshake.reason().is_none(), resumed);
    (info.handshake, info.extended_master_secret)
}

#[test]
fn r10_a_server_resumes_with_it_what_was_made_with_it() {
    for by in BOTH {
        let (kept, world) = session(by, true);
        assert_eq!(outcome(world, &kept, true), (HandshakeKind::Resumed(by), true));
    }
}

#[test]
fn r10_a_server_does_not_resume_with_it_what_was_made_without() {
    for by in BOTH {
        let (kept, world) = session(by, false);
        let full = HandshakeKind::Full(NotResumed::OtherMasterSecret);
        assert_eq!(outcome(world, &kept, true), (full, true));
    }
}

#[test]
fn r10_a_server_aborts_without_it_what_was_made_with_it_whatever_else_it_thinks_of_the_session() {
    for by in BOTH {
        let policies = [
            (true, policy()),
            (true, named(policy())),
            (true, policy().with_lifetime(std::time::Duration::from_secs(1))),
            (false, policy()),
        ];
        for (lenience, policy) in policies {
            let (kept, mut world) = session(by, true);
            if !lenience {
                world.server = World::new().with_policy(policy.clone()).server;
            }
            world.set_policy(policy);
            let world = Arc::new(world);
            let mut raw = Raw::client(&world, Over::Memory);
            raw.message(&offer(&kept, false).message());
            let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, "with, then without");
            let dropped = Error::Illegal(Illegal::ExtendedMasterSecretDropped);
            // Where it is required, nobody has to look at the session.
            assert!(error == dropped || !lenience, "{error:?}");
        }
    }
}

#[test]
fn r11_a_server_resumes_without_it_what_was_made_without_only_where_an_option_by_name_says_so() {
    for by in BOTH {
        let (kept, world) = session(by, false);
        assert_eq!(outcome(world, &kept, false), (HandshakeKind::Resumed(by), false));
        let (kept, world) = session(by, false);
        let full = HandshakeKind::Full(NotResumed::OtherMasterSecret);
        assert_eq!(outcome(world.with_policy(policy()), &kept, false), (full, false));
    }
}

/// What will not be resumed is not given away either.
#[test]
fn r11_without_the_option_a_session_without_it_is_neither_sealed_nor_stored() {
    for by in BOTH {
        let world = Arc::new(lenient(policy()));
        let mut raw = Raw::client(&world, Over::Memory);
        let made = raw.offer(&hello(by, false), None);
        raw.close(b"");
        assert!(made.kept.ticket.is_empty() && made.kept.session_id.is_empty());
        assert!(world.store.kept().is_empty());
    }
}

#[test]
fn r11_a_client_offers_a_session_without_it_only_if_its_configuration_says_so_by_name() {
    for by in BOTH {
        let mut world = World::after_a_visit(by);
        world.change_client(ClientConfig::dangerous_without_extended_master_secret);
        world.session = world.session.map(|session| tampered(&session, |bytes| bytes[5] = 0));
        assert_not_offered(&shake(&world), NotResumed::OtherMasterSecret);
    }
}

/// A client of ours that offers a session with or without it, whatever it does with peers that have it not.
fn client(by: ResumedBy, extended: bool) -> (Kept, Arc<World>) {
    let mut world = World::after_a_visit(by);
    world.change_client(ClientConfig::dangerous_without_extended_master_secret);
    world.change_client(ClientConfig::dangerous_resume_without_extended_master_secret);
    world.session = world.session.map(|session| tampered(&session, |bytes| bytes[5] = u8::from(extended)));
    let kept = Kept::of(world.session.as_ref().expect("a session"));
    assert_eq!(kept.extended, extended);
    (kept, Arc::new(world))
}

/// A server that resumes what is offered, with or without the extension.
fn answer(kept: &Kept, world: &Arc<World>, extended: bool) -> Raw {
    let mut raw = Raw::server(world, Over::Memory);
    let offers = raw.read_offer();
    let mut greeting = Greeting { session_id: offers.session_id.as_bytes().to_vec(), ..Greeting::new() };
    if !extended {
        greeting.extensions.retain(|(extension, _)| *extension != EXTENDED_MASTER_SECRET);
    }
    raw.randoms.server = greeting.random;
    raw.message(&greeting.message());
    raw.adopt(kept);
    raw
}

#[test]
fn r12_a_client_goes_on_where_the_server_has_it_as_the_session_has() {
    for by in BOTH {
        for extended in [true, false] {
            let (kept, world) = client(by, extended);
            let mut raw = answer(&kept, &world, extended);
            raw.finish_resumed();
            let end = raw.close(b"");
            let info = end.info.expect("a handshake");
            assert_eq!((info.handshake, info.extended_master_secret), (HandshakeKind::Resumed(by), extended));
        }
    }
}

#[test]
fn r12_a_client_aborts_where_the_server_has_it_otherwise_than_the_session() {
    for by in BOTH {
        for (then, error) in
            [(true, Illegal::ExtendedMasterSecretDropped), (false, Illegal::ExtendedMasterSecretAdded)]
        {
            let (kept, world) = client(by, then);
            let raw = answer(&kept, &world, !then);
            let end = raw.refused_end(Alert::HANDSHAKE_FAILURE);
            assert_eq!(end.error, Some(Error::Illegal(error)));
            assert!(end.session.is_none() && end.info.is_none());
            assert!(end.forget, "the session is not offered again");
        }
    }
}

/// Without the option it does not come to that.
#[test]
fn r12_a_client_that_requires_it_refuses_a_server_that_has_it_not() {
    for by in BOTH {
        let world = Arc::new(World::after_a_visit(by));
        let kept = Kept::of(world.session.as_ref().expect("a session"));
        let end = answer(&kept, &world, false).refused_end(Alert::HANDSHAKE_FAILURE);
        assert!(end.session.is_none() && end.forget);
    }
}
