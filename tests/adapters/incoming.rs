//! The hello decides who serves it.

use std::{io, sync::Arc, thread};

use tls12::{
    ClientConfig, Error, Excess, RecordError, Refusal, Seed, ServerConfig, ServerName, UnixTime,
    blocking::{Acceptor, Connector, Incoming, Stream},
    crypto::{LocalKey, RUSTCRYPTO},
    pki::WebPki,
    session::{
        HandshakeKind, KeyRing, NotResumed, Partition, ResumedBy, Resumption, SessionContext, TicketKey,
    },
    store::{ClientSessions, Reuse},
    wire::Alert,
};

use super::edges::{TIMEOUT, sockets};
use crate::common::certs::{Ca, Issued, Spec};

const NAMES: [&str; 2] = ["one.example", "other.example"];

/// Two names with one certificate, one ring of keys and one context: all that keeps their sessions apart is the
/// partition of each.
struct Hosts {
    ca: Ca,
    acceptors: Vec<Acceptor<LocalKey>>,
}

impl Hosts {
    fn new() -> Self {
        let ca = Ca::new("hosts root");
        let issued = ca.issue(&Spec::server(&NAMES));
        let key = TicketKey::generate(Seed::for_replay([7; 32]), UnixTime::now(), 100 * TIMEOUT);
        let ring = KeyRing::new(key);
        let acceptors = NAMES.iter().map(|name| acceptor(&issued, name, &ring)).collect();
        Self { ca, acceptors }
    }

    fn serve(&self, incoming: Incoming<std::net::TcpStream>) -> io::Result<Stream<std::net::TcpStream>> {
        let name = incoming.client_hello().server_name().map(str::to_owned);
        match NAMES.iter().position(|known| Some(*known) == name.as_deref()) {
            Some(at) => incoming.accept(&self.acceptors[at]),
            None => Err(incoming.refuse_name()),
        }
    }

    /// What both sides say of a connection.
    fn call(
        &self,
        connector: &Connector<WebPki>,
        name: &'static str,
        limit: usize,
    ) -> (io::Result<Stream<std::net::TcpStream>>, io::Result<Stream<std::net::TcpStream>>) {
        let (client, server) = sockets();
        thread::scope(|scope| {
            let serving = scope.spawn(|| self.serve(Incoming::read(server, limit)?));
            let name = ServerName::try_from(name).expect("a name");
            let called = connector.connect(name, None, client);
            (called, serving.join().expect("no panic"))
        })
    }

    fn connector(&self) -> Connector<WebPki> {
        let trust = WebPki::new(&RUSTCRYPTO, [self.ca.root()]).expect("a root");
        let sessions = ClientSessions::new(10, Reuse::Many);
        Connector::new(ClientConfig::new(&RUSTCRYPTO), trust).with_sessions(Arc::new(sessions))
    }
}

fn acceptor(issued: &Issued, name: &str, ring: &KeyRing) -> Acceptor<LocalKey> {
    let resumption = Resumption::new(ring.clone())
        .with_context(SessionContext::derive([&b"hosts"[..]]))
        .with_partition(Partition::named(name.as_bytes()));
    let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("server")).with_resumption(resumption);
    Acceptor::new(config, issued.local_key())
}

fn error(result: io::Result<Stream<std::net::TcpStream>>) -> Error {
    let error = result.expect_err("a refusal");
    error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).expect("an error of ours").clone()
}

#[test]
fn each_name_has_its_own_acceptor_and_resumes_there() {
    let hosts = Hosts::new();
    let connector = hosts.connector();
    for name in NAMES {
        let kinds = [(); 2].map(|()| {
            let (called, served) = hosts.call(&connector, name, usize::MAX);
            let (called, served) = (called.expect("a connection"), served.expect("a connection"));
            assert_eq!(
                served.info().server_name.as_ref().map(|name| name.to_str().into_owned()),
                Some(name.into())
            );
            assert_eq!(called.info().handshake, served.info().handshake);
            served.info().handshake
        });
        let expected =
            [HandshakeKind::Full(NotResumed::NotOffered), HandshakeKind::Resumed(ResumedBy::Ticket)];
        assert_eq!(kinds, expected, "{name}");
    }
}

#[test]
fn who_is_not_served_is_told_so() {
    let hosts = Hosts::new();
    let (called, served) = hosts.call(&hosts.connector(), "third.example", usize::MAX);
    assert_eq!(error(served), Error::Refused(Refusal::ServerName));
    assert_eq!(error(called), Error::Received(Alert::UNRECOGNIZED_NAME));
}

#[test]
fn a_client_may_be_sent_away_with_any_alert() {
    let hosts = Hosts::new();
    let (client, server) = sockets();
    let (called, served) = thread::scope(|scope| {
        let serving =
            scope.spawn(|| Incoming::read(server, usize::MAX).map(|it| it.abort(Alert::ACCESS_DENIED)));
        let name = ServerName::try_from(NAMES[0]).expect("a name");
        (hosts.connector().connect(name, None, client), serving.join().expect("no panic"))
    });
    let served = served.expect("a hello");
    assert_eq!(
        served.get_ref().and_then(|inner| inner.downcast_ref()),
        Some(&Error::Refused(Refusal::Application(Alert::ACCESS_DENIED)))
    );
    assert_eq!(error(called), Error::Received(Alert::ACCESS_DENIED));
}

/// The hello alone, and the hello with what follows it, are over the limit or within it to the byte.
#[test]
fn a_handshake_may_take_as_many_bytes_as_was_said() {
    let hosts = Hosts::new();
    let too_much = Error::Record(RecordError::Excessive(Excess::HandshakeSize));
    let fits = |limit: usize| {
        let (called, served) = hosts.call(&hosts.connector(), NAMES[0], limit);
        match served {
            Ok(_) => {
                called.expect("a connection");
                true
            }
            refused => {
                assert_eq!(error(refused), too_much);
                assert_eq!(error(called), Error::Received(Alert::DECODE_ERROR));
                false
            }
        }
    };
    assert!(!fits(0) && !fits(20) && fits(4096));
    // The fewest that will do, found by halving.
    let (mut small, mut large) = (20, 4096);
    while large - small > 1 {
        let middle = (small + large) / 2;
        if fits(middle) { large = middle } else { small = middle }
    }
    // ClientKeyExchange with x25519, ChangeCipherSpec and Finished are 42, 6 and 45 bytes of records.
    assert!(fits(large) && !fits(large - 1) && large > 42 + 6 + 45, "{large}");
}
