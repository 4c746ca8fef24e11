//! rustls 0.23 with each of its providers, by its buffered interface, which is the one that its users use.

use std::{
    any::Any,
    io::{BufRead, Write},
    ops::DerefMut,
    sync::Arc,
};

use rustls::{
    CipherSuite, ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, NamedGroup, RootCertStore,
    ServerConfig, ServerConnection, SideData,
    client::{Resumption, Tls12Resumption},
    crypto::CryptoProvider,
    pki_types::ServerName,
    server::{NoServerSessionStorage, ProducesTickets, ServerSessionMemoryCache},
    version::TLS12,
};

use crate::{
    cert::NAME,
    contestant::{Contestant, Family, Library, Setup, Side, Way},
};

/// rustls with a provider.
pub struct Rustls {
    name: &'static str,
    provider: CryptoProvider,
    ticketer: fn() -> Result<Arc<dyn ProducesTickets>, rustls::Error>,
}

impl Rustls {
    /// With aws-lc-rs.
    pub fn aws_lc() -> Self {
        use rustls::crypto::aws_lc_rs;
        let provider = aws_lc_rs::default_provider();
        Self { name: "aws-lc", provider, ticketer: aws_lc_rs::Ticketer::new }
    }

    /// With ring.
    pub fn ring() -> Self {
        use rustls::crypto::ring;
        Self { name: "ring", provider: ring::default_provider(), ticketer: ring::Ticketer::new }
    }

    /// With graviola.
    pub fn graviola() -> Self {
        let provider = rustls_graviola::default_provider();
        Self { name: "graviola", provider, ticketer: rustls_graviola::Ticketer::new }
    }

    /// With RustCrypto, whose provider makes no tickets itself: ring's do.
    pub fn rustcrypto() -> Self {
        use rustls::crypto::ring;
        let provider = rustls_rustcrypto::provider();
        Self { name: "RustCrypto", provider, ticketer: ring::Ticketer::new }
    }

    fn provider(&self, way: Way) -> Arc<CryptoProvider> {
        let groups: &[NamedGroup] = match way {
            Way::FullP256 => &[NamedGroup::secp256r1],
            _ => &[NamedGroup::X25519, NamedGroup::secp256r1],
        };
        let mut provider = self.provider.clone();
        let suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
        provider.cipher_suites.retain(|one| one.suite() == suite);
        provider.kx_groups.retain(|one| groups.contains(&one.name()));
        provider.kx_groups.sort_by_key(|one| groups.iter().position(|group| *group == one.name()));
        Arc::new(provider)
    }

    fn client(&self, setup: &Setup) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(setup.identity.root.clone()).expect("a root");
        let mut config = ClientConfig::builder_with_provider(self.provider(setup.way))
            .with_protocol_versions(&[&TLS12])
            .expect("TLS 1.2")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = match setup.way {
            Way::FullX25519 | Way::FullP256 => Resumption::disabled(),
            Way::SessionId => {
                Resumption::in_memory_sessions(16).tls12_resumption(Tls12Resumption::SessionIdOnly)
            }
            Way::Ticket | Way::TicketRenewed => Resumption::in_memory_sessions(16),
        };
        config
    }

    fn server(&self, setup: &Setup) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(self.provider(setup.way))
            .with_protocol_versions(&[&TLS12])
            .expect("TLS 1.2")
            .with_no_client_auth()
            .with_single_cert(setup.identity.chain.clone(), setup.identity.key.clone_key())
            .expect("a certificate and its key");
        match setup.way {
            Way::FullX25519 | Way::FullP256 => config.session_storage = Arc::new(NoServerSessionStorage {}),
            Way::SessionId => config.session_storage = ServerSessionMemoryCache::new(10_000),
            Way::Ticket | Way::TicketRenewed => config.ticketer = (self.ticketer)().expect("a ticketer"),
        }
        config
    }
}

impl Contestant for Rustls {
    type Library = Running;

    fn name(&self) -> String {
        format!("rustls + {}", self.name)
    }

    fn family(&self) -> Family {
        Family::Rustls
    }

    fn note(&self, way: Way) -> Option<&'static str> {
        (way == Way::Ticket).then_some("always renews")
    }

    fn configure(&self, setup: &Setup) -> Option<Running> {
        (!setup.lean).then(|| Running {
            client: Arc::new(self.client(setup)),
            server: Arc::new(self.server(setup)),
            name: ServerName::try_from(NAME).expect("a name"),
        })
    }
}

/// Both sides, configured.
pub struct Running {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    name: ServerName<'static>,
}

impl Library for Running {
    type Client = End<ClientConnection>;
    type Server = End<ServerConnection>;

    fn client(&self) -> Self::Client {
        End(ClientConnection::new(self.client.clone(), self.name.clone()).expect("a client"))
    }

    fn server(&self) -> Self::Server {
        End(ServerConnection::new(self.server.clone()).expect("a server"))
    }

    fn share(&self) -> Self {
        Self { client: self.client.clone(), server: self.server.clone(), name: self.name.clone() }
    }
}

/// One end.
pub struct End<C>(C);

impl<D: SideData, C: DerefMut<Target = ConnectionCommon<D>> + 'static> Side for End<C> {
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) {
        let mut rest = &input[..];
        while !rest.is_empty() {
            self.0.read_tls(&mut rest).expect("bytes are taken");
            self.0.process_new_packets().expect("the handshake goes on");
        }
        input.clear();
        while self.0.wants_write() {
            self.0.write_tls(output).expect("bytes are given");
        }
    }

    fn is_done(&self) -> bool {
        !self.0.is_handshaking()
    }

    fn is_resumed(&self) -> bool {
        self.0.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    fn seal(&mut self, plaintext: &[u8], output: &mut Vec<u8>) {
        self.0.writer().write_all(plaintext).expect("plaintext is taken");
        while self.0.wants_write() {
            self.0.write_tls(output).expect("records are given");
        }
    }

    fn open(&mut self, records: &mut Vec<u8>) -> usize {
        let mut shown = 0;
        let mut rest = &records[..];
        while !rest.is_empty() {
            self.0.read_tls(&mut rest).expect("records are taken");
            self.0.process_new_packets().expect("records open");
            let mut reader = self.0.reader();
            // There is nothing to read before a record is whole, which is said with an error.
            while let Ok(plaintext @ [_, ..]) = reader.fill_buf() {
                let length = plaintext.len();
                shown += length;
                reader.consume(length);
            }
        }
        records.clear();
        shown
    }

    fn rest(self) -> Box<dyn Any> {
        Box::new(self.0)
    }
}
