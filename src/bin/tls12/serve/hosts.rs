//! Who serves which name.

use std::{collections::HashMap, sync::Arc};

use tls12::{
    ServerConfig,
    crypto::LocalKey,
    pki::VerifyPeer,
    session::{Partition, SessionContext},
};

use super::{
    Service,
    resuming::Resuming,
    settings::{HostSettings, Settings},
};

/// What accepts connections here.
pub(crate) type Acceptor = tls12::tokio::Acceptor<LocalKey, Arc<dyn VerifyPeer>, super::cache::Cache>;

/// The hosts of a port, by the names that clients ask for.
pub(crate) struct Hosts {
    /// Of the file: whatever it says of a name, be it by a wildcard, comes first.
    file: Table,
    /// Of the certificates of the command line.
    command_line: Table,
    /// For all others.
    others: Option<Host>,
}

#[derive(Default)]
struct Table {
    names: HashMap<String, Host>,
    /// For all names one label below a domain, by the domain.
    below: HashMap<String, Host>,
}

/// What is served under one name.
pub(crate) struct Host {
    pub(crate) acceptor: Acceptor,
    pub(crate) service: Arc<Service>,
    config: ServerConfig,
    domain: Domain,
}

/// What keeps sessions of one host from being resumed at another.
pub(super) struct Domain {
    /// Each name has its own, whatever certificate and keys it shares with others.
    pub(super) partition: Partition,
    pub(super) context: Option<SessionContext>,
}

impl Hosts {
    pub(super) fn new(settings: &Settings, resuming: &Resuming) -> Self {
        Self {
            file: Table::new(&settings.hosts, resuming),
            command_line: Table::new(settings.others.as_slice(), resuming),
            others: settings.others.as_ref().map(|host| Host::new(host, Partition::default(), resuming)),
        }
    }

    /// Who serves a client that asks for this name, or for none. Names are compared without regard to case (RFC 6066, 3).
    pub(super) fn find(&self, name: Option<&str>) -> Option<&Host> {
        let Some(name) = name.map(str::to_ascii_lowercase) else {
            return self.others.as_ref();
        };
        self.file.find(&name).or_else(|| self.command_line.find(&name)).or(self.others.as_ref())
    }

    /// Resumes with the keys of now.
    pub(super) fn renew(&self, resuming: &Resuming) {
        for host in self.file.hosts().chain(self.command_line.hosts()).chain(&self.others) {
            host.acceptor.set_config(resuming.config(&host.config, &host.domain));
        }
    }
}

impl Table {
    fn new(hosts: &[HostSettings], resuming: &Resuming) -> Self {
        let mut table = Self::default();
        for host in hosts {
            for name in &host.names {
                let served = Host::new(host, Partition::named(name.as_bytes()), resuming);
                match name.strip_prefix("*.") {
                    Some(domain) => table.below.insert(domain.to_owned(), served),
                    None => table.names.insert(name.clone(), served),
                };
            }
        }
        table
    }

    fn find(&self, name: &str) -> Option<&Host> {
        self.names.get(name).or_else(|| self.below.get(name.split_once('.')?.1))
    }

    fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.names.values().chain(self.below.values())
    }
}

impl Host {
    fn new(settings: &HostSettings, partition: Partition, resuming: &Resuming) -> Self {
        let context = resuming.context(settings.client_auth, &*settings.verifier);
        let domain = Domain { partition, context };
        let config = resuming.config(&settings.config, &domain);
        let cache = resuming.cache();
        let deadline = cache.deadline;
        let mut identities = settings.identities.iter();
        let first = identities.next().map(|identity| identity.key.clone()).expect("a host has a certificate");
        let acceptor = tls12::tokio::Acceptor::new(config, first)
            .with_client_verifier(settings.verifier.clone())
            .with_store(cache)
            .with_store_deadline(deadline)
            .with_stats(resuming.stats.clone());
        let acceptor = identities.fold(acceptor, |acceptor, other| {
            acceptor.with_key(other.credential.name_arc().clone(), other.key.clone())
        });
        Self { acceptor, service: settings.service.clone(), config: settings.config.clone(), domain }
    }
}
