//! Worlds in which something more than the usual is agreed on.

use std::sync::Arc;

use tls12::{
    ClientAuth, ClientConfig, ServerConfig,
    crypto::RUSTCRYPTO,
    pki::{VerifyPeer, WebPki},
    session::{RenewWhen, ResumedBy, Tickets},
    wire::MaxFragmentLength,
};

use super::{
    certs::{Ca, Key, NOW, Spec, at},
    pair::{NAME, World},
    resuming::{HOUR, policy},
};

/// What stands in for an OCSP response: the stack carries it and does not look into it.
pub const STAPLE: &[u8] = b"a response of some length";

impl World {
    /// Changes how the server behaves.
    pub fn with_server(mut self, change: impl FnOnce(ServerConfig) -> ServerConfig) -> Self {
        self.server = Arc::new(change(ServerConfig::clone(&self.server)));
        self
    }

    /// Changes how the client behaves.
    pub fn with_client(mut self, change: impl FnOnce(ClientConfig) -> ClientConfig) -> Self {
        self.client = Arc::new(change(ClientConfig::clone(&self.client)));
        self
    }

    /// A server with a certificate of this kind of key.
    pub fn with_key(key: Key) -> Self {
        let ca = Ca::new("test root");
        let issued = ca.issue(&Spec { key, ..Spec::server(&[NAME]) });
        let mut world = Self::new();
        world.server = Arc::new(ServerConfig::new(&RUSTCRYPTO, issued.credential("server")));
        world.keys = vec![("server".into(), issued.local_key())];
        world
    }

    /// A server that staples a response, and a client that asks for it.
    pub fn stapled() -> Self {
        let ca = Ca::new("test root");
        let issued = ca.issue(&Spec::server(&[NAME]));
        let credential = issued.credential("server").with_ocsp(STAPLE.to_vec());
        let mut world = Self::new().with_client(ClientConfig::with_status_request);
        world.server = Arc::new(ServerConfig::new(&RUSTCRYPTO, credential));
        world
    }

    /// The server wants client certificates, and this client has one.
    pub fn with_client_certificate(self, auth: ClientAuth, key: Key) -> Self {
        let ca = Ca::new("test root of clients");
        let issued = ca.issue(&Spec { key, ..Spec::client("alice") });
        let verifier: Arc<dyn VerifyPeer> = Arc::new(WebPki::new(&RUSTCRYPTO, [ca.root()]).expect("a root"));
        let mut world = self.with_server(|config| config.with_client_auth(auth));
        world.verifies_client = verifier;
        world.client_credential = Some((issued.credential("client"), issued.local_key()));
        world
    }

    /// The server would like a client certificate, and this client has none.
    pub fn with_anonymous_client(self) -> Self {
        self.with_server(|config| config.with_client_auth(ClientAuth::Request))
    }
}

/// The flows of RFC 5077, 3.1, and of RFC 5246, 7.3, by name: what a client that was here before, or never, is given.
pub fn resumption_flows() -> Vec<(&'static str, World)> {
    let back =
        |by, tickets| World::after_a_visit(by).with_policy(policy().with_tickets(tickets).with_ids(false));
    let mut without_key = World::resuming();
    // The only key of its ring has long ceased to seal.
    without_key.now = at(NOW + 40 * HOUR);
    let neither = policy().with_tickets(Tickets::Off).with_ids(false);
    let by_ticket = ResumedBy::Ticket;
    vec![
        ("full_with_ticket", World::resuming()),
        ("resumed_by_ticket", back(by_ticket, Tickets::Issue)),
        ("resumed_by_ticket_and_renewed", back(by_ticket, Tickets::Renew(RenewWhen::Always))),
        ("ticket_refused_and_nothing_new", back(by_ticket, Tickets::Ignore)),
        ("ticket_refused_and_a_new_one_issued", back(by_ticket, Tickets::IgnoreAndIssue)),
        ("zero_length_ticket", without_key),
        ("full_with_id", World::resuming_by(ResumedBy::SessionId)),
        ("resumed_by_id", World::after_a_visit(ResumedBy::SessionId)),
        ("full_with_neither", World::new().with_policy(neither)),
    ]
}

/// Worlds whose handshakes differ in what is said and how, by name.
pub fn worlds() -> Vec<(&'static str, World)> {
    full_worlds().into_iter().chain(resumption_flows()).collect()
}

/// Worlds without resumption.
fn full_worlds() -> Vec<(&'static str, World)> {
    const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
    vec![
        ("ECDSA", World::new()),
        ("P-384", World::with_key(Key::EcdsaP384)),
        ("Ed25519", World::with_key(Key::Ed25519)),
        ("RSA", World::with_key(Key::Rsa2048)),
        ("client certificate", World::new().with_client_certificate(ClientAuth::Require, Key::EcdsaP256)),
        ("no client certificate", World::new().with_anonymous_client()),
        ("OCSP", World::stapled()),
        (
            "OCSP, client certificate",
            World::stapled().with_client_certificate(ClientAuth::Request, Key::Ed25519),
        ),
        (
            "ALPN",
            World::new()
                .with_client(|config| config.with_alpn(PROTOCOLS))
                .with_server(|config| config.with_alpn([PROTOCOLS[1]])),
        ),
        (
            "record_size_limit",
            World::new()
                .with_client(|config| config.with_record_size_limit(700).expect("a limit"))
                .with_server(|config| config.with_record_size_limit(900).expect("a limit")),
        ),
        (
            "max_fragment_length",
            World::new().with_client(|config| config.with_max_fragment_length(MaxFragmentLength::MAX_512)),
        ),
    ]
}
