//! The crate beside this one, used as a server or a client of many connections would use it: buffers from a pool, a
//! store for sessions, a ring for tickets, a cache for the client's sessions, a seed from the system and the time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tls12::{
    ClientConfig, RecvBuf, Seed, ServerConfig, ServerName, UnixTime,
    crypto::{LocalKey, Provider},
    pki::{Credential, WebPki},
    session::{KeyRing, Partition, RenewWhen, Resumption, SessionContext, TicketKey, Tickets},
    store::{ClientSessions, Limits, MemoryStore, Reuse},
    wire::{CipherSuite, NamedGroup},
};

use super::RUSTCRYPTO;
use crate::{
    cert::NAME,
    contestant::{Contestant, Family, Library, Setup, Way},
    libraries::tls12_sides::{Client, Server},
};

/// The providers that this processor can run.
pub fn providers() -> Vec<&'static Provider> {
    let mut providers: Vec<&'static Provider> = vec![Provider::best(), &RUSTCRYPTO];
    providers.dedup_by_key(|provider| provider.name());
    providers
}

/// The crate with a provider.
pub struct Tls12 {
    provider: &'static Provider,
}

impl Tls12 {
    /// With this one.
    pub fn new(provider: &'static Provider) -> Self {
        Self { provider }
    }

    /// Both sides, and what a caller wants to change in them before they are used.
    pub fn parts(&self, setup: &Setup) -> Parts {
        // RFC 8422, 5.1: the curve of the certificate is among those that the client names.
        let groups: &[NamedGroup] = match setup.way {
            Way::FullP256 => &[NamedGroup::SECP256R1],
            _ => &[NamedGroup::X25519, NamedGroup::SECP256R1],
        };
        let suites = [CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256];
        let credential = Credential::new("bench", setup.identity.chain.clone()).expect("a certificate");
        let server = ServerConfig::new(self.provider, credential);
        let client = ClientConfig::new(self.provider).with_tickets(setup.way != Way::SessionId);
        let client = client.with_suites(&suites).and_then(|config| config.with_groups(groups));
        let server = server.with_suites(&suites).and_then(|config| config.with_groups(groups));
        Parts {
            client: client.expect("a suite and a group"),
            server: server.expect("a suite and a group"),
            ring: KeyRing::new(new_key()),
            store: MemoryStore::new(Limits::sessions(10_000)),
            hosts: None,
            partition: None,
            key: LocalKey::new(self.provider, setup.identity.key.clone_key()).expect("a key"),
            verifier: WebPki::new(self.provider, [setup.identity.root.clone()]).expect("a root"),
            way: setup.way,
            parks: setup.lean,
        }
    }
}

/// A ticket key that seals from now on.
pub fn new_key() -> TicketKey {
    TicketKey::generate(
        Seed::from_os().expect("randomness"),
        UnixTime::now(),
        Duration::from_secs(12 * 60 * 60),
    )
}

/// What both sides are made of.
pub struct Parts {
    /// The client's configuration.
    pub client: ClientConfig,
    /// The server's, without resumption.
    pub server: ServerConfig,
    /// The server's ticket keys.
    pub ring: KeyRing,
    /// The server's sessions.
    pub store: MemoryStore,
    /// How many names the server has; without a number, it does not look at the name.
    pub hosts: Option<usize>,
    /// In which part of its cache.
    pub partition: Option<Partition>,
    /// The server's key.
    pub key: LocalKey,
    /// Whom the client believes.
    pub verifier: WebPki,
    /// The handshake.
    pub way: Way,
    /// Whether idle connections are parked.
    pub parks: bool,
}

impl Parts {
    /// How the server resumes in such handshakes.
    pub fn resumption(&self) -> Option<Resumption> {
        let resumption = Resumption::new(self.ring.clone());
        let resumption = match self.partition {
            Some(partition) => resumption.with_partition(partition),
            None => resumption,
        };
        match self.way {
            Way::FullX25519 | Way::FullP256 => None,
            Way::SessionId => Some(resumption.with_tickets(Tickets::Off)),
            Way::Ticket => Some(resumption.with_ids(false).with_tickets(Tickets::Issue)),
            Way::TicketRenewed => {
                Some(resumption.with_ids(false).with_tickets(Tickets::Renew(RenewWhen::Always)))
            }
        }
    }

    /// All of it, ready.
    pub fn build(self) -> Running {
        let resumption = self.resumption();
        let server = match resumption {
            Some(resumption) => self.server.with_resumption(resumption),
            None => self.server,
        };
        let configs = match self.hosts {
            None => Configs::One(Arc::new(server)),
            Some(hosts) => {
                let names = (1..hosts).map(|at| format!("{at}.example")).chain([NAME.to_owned()]);
                Configs::ByName(names.map(|name| (name, Arc::new(server.clone()))).collect())
            }
        };
        let shared = Shared {
            client: Arc::new(self.client),
            configs,
            key: self.key,
            verifier: self.verifier,
            store: self.store,
            sessions: (!self.way.is_full()).then(|| ClientSessions::new(16, Reuse::Many)),
            trust: SessionContext::derive([]),
            name: ServerName::try_from(NAME).expect("a name"),
            parks: self.parks,
        };
        Running::new(Arc::new(shared))
    }
}

/// Which configuration a client meets.
pub enum Configs {
    /// The same for all.
    One(Arc<ServerConfig>),
    /// That of the name it asks for.
    ByName(HashMap<String, Arc<ServerConfig>>),
}

/// What all connections share.
pub struct Shared {
    pub(super) client: Arc<ClientConfig>,
    pub(super) configs: Configs,
    pub(super) key: LocalKey,
    pub(super) verifier: WebPki,
    pub(super) store: MemoryStore,
    pub(super) sessions: Option<ClientSessions>,
    pub(super) trust: SessionContext,
    pub(super) name: ServerName<'static>,
    pub(super) parks: bool,
}

/// Buffers that connections take and give back.
#[derive(Default)]
pub struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    pub(super) fn take(&self) -> RecvBuf {
        RecvBuf::from_vec(self.lock().pop().unwrap_or_default())
    }

    pub(super) fn give(&self, buf: RecvBuf) {
        self.lock().push(buf.into_vec());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the connections of one thread share.
pub struct Thread {
    pub(super) shared: Arc<Shared>,
    pub(super) pool: Pool,
}

/// Both sides, configured.
pub struct Running(Arc<Thread>);

impl Running {
    fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Thread { shared, pool: Pool::default() }))
    }
}

impl Library for Running {
    type Client = Client;
    type Server = Server;

    fn client(&self) -> Client {
        Client::start(&self.0)
    }

    fn server(&self) -> Server {
        Server::start(&self.0)
    }

    fn share(&self) -> Self {
        Self::new(self.0.shared.clone())
    }
}

impl Contestant for Tls12 {
    type Library = Running;

    fn name(&self) -> String {
        format!("tls12 + {}", self.provider.name())
    }

    fn family(&self) -> Family {
        Family::Tls12
    }

    fn note(&self, _: Way) -> Option<&'static str> {
        None
    }

    fn configure(&self, setup: &Setup) -> Option<Running> {
        Some(self.parts(setup).build())
    }
}
