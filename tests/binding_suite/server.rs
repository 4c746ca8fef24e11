//! A server and a client as a case has them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pki_types::UnixTime;
use serde_json::Value;
use tls12::{
    ClientAuth, ServerConfig,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::{Credential, VerifyPeer, WebPki},
    session::{KeyRing, KeyTimes, Partition, Resumption, SessionContext, TicketKey, Tickets},
    wire::CipherSuite,
};

use crate::{
    case::{Case, Path},
    common::{
        certs::{Ca, NOW, Spec, at},
        pair::{Store, World},
        raw::{EXTENDED_MASTER_SECRET, Hello, Kept, Over, Raw, SESSION_TICKET, prefixed, server_name},
        resuming::{HOUR, HOURS_12, key},
    },
};

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

type Identity = (Credential, LocalKey);

/// What all cases share: the certificates.
pub(crate) struct Fixture {
    servers: BTreeMap<&'static str, Identity>,
    clients: Ca,
    verifies_clients: Arc<dyn VerifyPeer>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let (servers, clients) = (Ca::new("test root"), Ca::new("test root of clients"));
        let server = |name: &'static str| {
            let spec = Spec { subject: name, ..Spec::server(&["a.example", "b.example"]) };
            let issued = servers.issue(&spec);
            (name, (issued.credential(name), issued.local_key()))
        };
        let verifier = WebPki::new(&RUSTCRYPTO, [clients.root()]).expect("a root");
        Self { servers: ["A", "B"].map(server).into(), clients, verifies_clients: Arc::new(verifier) }
    }
}

/// One of the two handshakes of a case.
pub(crate) struct Visit<'c> {
    fixture: &'c Fixture,
    case: &'c Case,
    client: &'c Value,
    server: &'c Value,
    now: UnixTime,
}

impl<'c> Visit<'c> {
    pub(crate) fn first(fixture: &'c Fixture, case: &'c Case) -> Self {
        let (client, server) = case.turn("first");
        Self { fixture, case, client, server, now: at(NOW) }
    }

    pub(crate) fn second(fixture: &'c Fixture, case: &'c Case) -> Self {
        let (client, server) = case.turn("second");
        Self { fixture, case, client, server, now: at(NOW + case.after()) }
    }

    /// A full handshake: what the client has then, and the store.
    pub(crate) fn make_session(&self, path: Path, store: Store) -> (Kept, Store) {
        let world = Arc::new(self.world(store));
        let mut raw = Raw::client(&world, Over::Memory);
        let hello = match path {
            Path::Ticket => Hello::new().with(SESSION_TICKET, &[]),
            Path::SessionId => Hello::new(),
        };
        let kept = raw.offer_as(&self.hello(hello), None, self.identity().as_ref()).kept;
        assert!(raw.close(b"").error.is_none(), "{}", self.case.name());
        (kept, Arc::into_inner(world).expect("nobody else has it").store)
    }

    /// The hello of the client of this handshake.
    pub(crate) fn hello(&self, hello: Hello) -> Hello {
        let names = strings(&self.client["suites"]);
        let mut hello = Hello { suites: names.map(suite).collect(), ..hello };
        if let Some(name) = self.client["server_name"].as_str() {
            hello = hello.with(SERVER_NAME, &server_name(name));
        }
        let protocols: Vec<u8> =
            strings(&self.client["alpn"]).flat_map(|each| prefixed::<1>(each.as_bytes())).collect();
        if !protocols.is_empty() {
            hello = hello.with(ALPN, &prefixed::<2>(&protocols));
        }
        match self.client["extended_master_secret"] == true {
            true => hello,
            false => hello.without(EXTENDED_MASTER_SECRET),
        }
    }

    /// Whom the client presents.
    pub(crate) fn identity(&self) -> Option<(Credential, LocalKey)> {
        let name = self.client["certificate"].as_str()?;
        let not_after = NOW + self.case.certificate_ends(name);
        let issued = self.fixture.clients.issue(&Spec { not_after, ..Spec::client("alice") });
        Some((issued.credential("client"), issued.local_key()))
    }

    /// The server of this handshake.
    pub(crate) fn world(&self, store: Store) -> World {
        let (credential, key) = &self.fixture.servers[text(&self.server["certificate"])];
        let client_auth = match text(&self.server["client_auth"]) {
            "off" => ClientAuth::Off,
            "request" => ClientAuth::Request,
            "require" => ClientAuth::Require,
            other => panic!("client certificates are not {other}"),
        };
        let suites: Vec<_> = strings(&self.server["suites"]).map(|name| CipherSuite(suite(name))).collect();
        let mut world = World::new();
        let config = ServerConfig::new(&RUSTCRYPTO, credential.clone())
            .with_client_auth(client_auth)
            .with_alpn(strings(&self.server["alpn"]).map(str::as_bytes))
            .with_suites(&suites)
            .expect("suites of this crate")
            .with_resumption(self.resumption())
            .dangerous_without_extended_master_secret();
        world.server = Arc::new(config);
        world.keys = vec![(credential.name().to_owned(), key.clone())];
        world.verifies_client = self.fixture.verifies_clients.clone();
        world.now = self.now;
        // Each handshake has randomness of its own.
        world.seeds.1 = [u8::from(self.now != at(NOW)) + 3; 32];
        world.store = match text(&self.server["store"]) {
            "lost" => Store::default(),
            _ => store,
        };
        world.store.set_down(self.server["store"] == "down");
        world
    }

    fn resumption(&self) -> Resumption {
        let seconds = |name: &str| Duration::from_secs(self.server[name].as_u64().expect("seconds"));
        let mut policy = Resumption::new(self.ring())
            .with_tickets(Tickets::Issue)
            .with_partition(Partition::named(text(&self.server["partition"]).as_bytes()))
            .with_lifetime(seconds("lifetime"))
            .with_authentication_lifetime(seconds("authentication_lifetime"));
        if let Some(domain) = self.server["domain"].as_str() {
            policy = policy.with_context(SessionContext::derive([domain.as_bytes()]));
        }
        if self.server["requires_same_protocol"] == true {
            policy = policy.with_same_protocol_required();
        }
        match self.server["resumes_without_extended_master_secret"] == true {
            true => policy.dangerous_without_extended_master_secret(),
            false => policy,
        }
    }

    /// The keys, each in its state now.
    fn ring(&self) -> KeyRing {
        let now = self.now.as_secs();
        let long = 1_000 * HOUR;
        let keys = self.server["keys"].as_object().expect("keys by their names");
        let mut keys = keys.iter().map(|(name, state)| {
            let (sealing_from, sealing_until, opening_until) = match text(state) {
                "seals" => (NOW - HOUR, NOW + long, NOW + 2 * long),
                "opens" => (NOW - HOUR, now, now + 1),
                "retired" => (NOW - HOUR, now - 1, now),
                "waits" => (now + 1, now + 2, now + long),
                other => panic!("no key {other}"),
            };
            named_key(name).with_times(KeyTimes { sealing_from, sealing_until, opening_until })
        });
        let first = KeyRing::new(keys.next().expect("a key"));
        keys.fold(first, |ring, key| ring.with_key(key))
    }
}

/// A key by its name in the suite; one with an apostrophe has the name of the other, and another secret.
fn named_key(name: &str) -> TicketKey {
    match name {
        "K1" => key(1, at(NOW)),
        "K2" => key(2, at(NOW)),
        "K1'" => {
            let secret = b"another secret of the same name.";
            TicketKey::from_parts(key(1, at(NOW)).name().0, *secret, at(NOW), HOURS_12).expect("a key")
        }
        other => panic!("no key {other}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().expect("a list").iter().map(text)
}

/// The number of a suite by its name in the registry of IANA.
fn suite(name: &str) -> u16 {
    match name {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" => 0xc02b,
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" => 0xc02c,
        other => panic!("no suite {other}"),
    }
}
