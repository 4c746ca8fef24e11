//! rustls, as client and as server. It runs on its provider graviola, which is Rust and needs a processor of this
//! decade.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConfig, ServerConnection, Stream,
    client::WebPkiServerVerifier, crypto::CryptoProvider, server::WebPkiClientVerifier, version::TLS12,
};
use tls12::{
    ClientAuth, Connection, Error,
    wire::{Alert, CipherSuite, NamedGroup},
};

use crate::{
    common::{
        certs::Key,
        pair::{NAME, World},
    },
    drive::Tls,
    openssl_client_auth::{asking, presenting},
    place::{Place, cases, groups, megabyte},
    ports::PATIENCE,
    socket::{Listener, Socket, connect},
};

/// Its suites of TLS 1.2 take ECDSA and RSA, but no Ed25519.
const KEYS: [Key; 3] = [Key::EcdsaP256, Key::EcdsaP384, Key::Rsa2048];

/// Whether graviola runs on this processor; says so if not.
pub(crate) fn runs_here() -> bool {
    #[cfg(target_arch = "x86_64")]
    let runs = std::is_x86_feature_detected!("aes")
        && std::is_x86_feature_detected!("pclmulqdq")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("bmi2")
        && std::is_x86_feature_detected!("adx")
        && std::is_x86_feature_detected!("avx2");
    #[cfg(target_arch = "aarch64")]
    let runs = std::arch::is_aarch64_feature_detected!("aes")
        && std::arch::is_aarch64_feature_detected!("pmull")
        && std::arch::is_aarch64_feature_detected!("sha2");
    if !runs {
        crate::common::say::say("left out: rustls, for its provider does not run on this processor");
    }
    runs
}

/// A provider with one suite and some groups.
fn provider(suite: CipherSuite, groups: &[NamedGroup]) -> Arc<CryptoProvider> {
    let mut provider = rustls_graviola::default_provider();
    provider.cipher_suites.retain(|known| u16::from(known.suite()) == suite.0);
    let find = |group: &NamedGroup| {
        provider.kx_groups.iter().copied().find(|known| u16::from(known.name()) == group.0)
    };
    provider.kx_groups = groups.iter().map(|group| find(group).expect("a group of rustls")).collect();
    assert_eq!(provider.cipher_suites.len(), 1, "a suite of rustls");
    Arc::new(provider)
}

pub(crate) fn every() -> Arc<CryptoProvider> {
    Arc::new(rustls_graviola::default_provider())
}

fn roots(place: &Place) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(place.ca().root()).expect("a root");
    Arc::new(roots)
}

/// A client that believes the root of a place, and presents its client certificate if it may.
pub(crate) fn client_config(place: &Place, provider: Arc<CryptoProvider>, presents: bool) -> ClientConfig {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(place), provider.clone()).build();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS12])
        .expect("TLS 1.2")
        .with_webpki_verifier(verifier.expect("a verifier"));
    match presents {
        true => builder
            .with_client_auth_cert(place.client().chain.clone(), place.client().key_der())
            .expect("a key that fits"),
        false => builder.with_no_client_auth(),
    }
}

/// The server of a place, which requires certificates if it may.
pub(crate) fn server_config(place: &Place, provider: Arc<CryptoProvider>, requires: bool) -> ServerConfig {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(place), provider.clone()).build();
    let builder =
        ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS12]).expect("TLS 1.2");
    let builder = match requires {
        true => builder.with_client_cert_verifier(verifier.expect("a verifier")),
        false => builder.with_no_client_auth(),
    };
    builder.with_single_cert(place.server().chain.clone(), place.server().key_der()).expect("a key that fits")
}

/// What rustls says about its end.
pub(crate) type Ended<C> = (C, Result<(), rustls::Error>);

fn limited(tcp: TcpStream) -> TcpStream {
    tcp.set_read_timeout(Some(PATIENCE)).expect("a socket");
    tcp.set_write_timeout(Some(PATIENCE)).expect("a socket");
    tcp
}

/// Why a stream of rustls failed.
fn reason(error: std::io::Error) -> rustls::Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(reason) => reason.clone(),
        None => rustls::Error::General(error.to_string()),
    }
}

/// Echoes until the client closes, then closes too.
fn echo(tls: &mut (impl Read + Write)) -> std::io::Result<()> {
    let mut chunk = [0; 8192];
    loop {
        match tls.read(&mut chunk)? {
            0 => return Ok(()),
            n => tls.write_all(&chunk[..n])?,
        }
    }
}

/// Our client against rustls, which echoes.
fn call<T>(
    world: &World,
    config: ServerConfig,
    talk: impl FnOnce(Result<Tls<Socket>, Error>) -> T,
) -> (T, Ended<ServerConnection>) {
    call_by(config, |port| talk(connect(world, port)))
}

/// A client that calls the port that it is told, against rustls, which echoes.
pub(crate) fn call_by<T>(config: ServerConfig, talk: impl FnOnce(u16) -> T) -> (T, Ended<ServerConnection>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    thread::scope(|scope| {
        let peer = scope.spawn(move || {
            let mut tcp = limited(listener.accept().expect("a client").0);
            let mut tls = ServerConnection::new(Arc::new(config)).expect("a configuration that works");
            let mut result = echo(&mut Stream::new(&mut tls, &mut tcp)).map_err(reason);
            tls.send_close_notify();
            if result.is_ok() {
                result = tls.complete_io(&mut tcp).map(drop).map_err(reason);
            }
            (tls, result)
        });
        let said = talk(port);
        (said, peer.join().expect("rustls does not panic"))
    })
}

fn serve(
    world: &World,
    config: ClientConfig,
    data: &[u8],
) -> (Result<Connection, Error>, Ended<ClientConnection>) {
    let listener = Listener::new();
    serve_by(|| listener.accept(world), listener.port(), config, data)
}

/// Our server, which accepts as told and echoes, against rustls, which sends `data`, and closes when it has come back.
pub(crate) fn serve_by(
    accept: impl FnOnce() -> Result<Tls<Socket>, Error>,
    port: u16,
    config: ClientConfig,
    data: &[u8],
) -> (Result<Connection, Error>, Ended<ClientConnection>) {
    thread::scope(|scope| {
        let peer = scope.spawn(move || {
            let mut tcp = limited(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("our server"));
            let name = ServerName::try_from(NAME).expect("a name");
            let mut tls = ClientConnection::new(Arc::new(config), name).expect("a configuration that works");
            let result = send_and_compare(&mut Stream::new(&mut tls, &mut tcp), data).map_err(reason);
            tls.send_close_notify();
            let _ = tls.write_tls(&mut tcp);
            (tls, result)
        });
        let ours = accept().map(|mut tls| {
            while let Some(more) = tls.read() {
                tls.write(&more);
            }
            tls.tls
        });
        (ours, peer.join().expect("rustls does not panic"))
    })
}

fn send_and_compare(tls: &mut (impl Read + Write), data: &[u8]) -> std::io::Result<()> {
    for part in data.chunks(10_000) {
        tls.write_all(part)?;
        let mut back = vec![0; part.len()];
        tls.read_exact(&mut back)?;
        assert!(back == part, "what came back was altered");
    }
    Ok(())
}

const LABEL: &str = "EXPERIMENTAL-tls12-interop";

fn exported(tls: &Connection) -> [u8; 48] {
    let mut ours = [0; 48];
    let exporter = tls.exporter().expect("the extended master secret");
    exporter.derive(LABEL, Some(b"a context"), &mut ours).expect("a short context");
    ours
}

#[test]
fn our_client_speaks_every_suite_and_group_with_rustls() {
    if !runs_here() {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        for (suite, group) in cases(key) {
            let config = server_config(&place, provider(suite, &groups(key, group)), false);
            let (ours, (peer, result)) = call(&place.world_for(suite, group), config, |tls| {
                let mut tls = tls.unwrap_or_else(|error| panic!("{key:?} {suite:?} {group:?}: {error}"));
                tls.write(b"echo");
                assert_eq!(tls.read_exact(4), b"echo");
                assert_eq!((tls.tls.info().suite, tls.tls.info().group), (suite, Some(group)));
                let exported = exported(&tls.tls);
                assert!(tls.close().is_empty());
                exported
            });
            assert_eq!(result, Ok(()));
            assert_eq!(peer.server_name(), Some(NAME));
            assert_eq!(peer.handshake_kind(), Some(HandshakeKind::Full));
            assert_eq!(peer.export_keying_material([0; 48], LABEL.as_bytes(), Some(b"a context")), Ok(ours));
        }
    }
}

#[test]
fn our_server_speaks_every_suite_and_group_with_rustls() {
    if !runs_here() {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        for (suite, group) in cases(key) {
            let config = client_config(&place, provider(suite, &groups(key, group)), false);
            let (ours, (peer, result)) = serve(&place.world_for(suite, group), config, b"echo");
            assert_eq!(result, Ok(()), "{key:?} {suite:?} {group:?}");
            let ours = ours.expect("a handshake");
            assert_eq!((ours.info().suite, ours.info().group), (suite, Some(group)));
            let theirs = peer.export_keying_material([0; 48], LABEL.as_bytes(), Some(b"a context"));
            assert_eq!(theirs, Ok(exported(&ours)));
        }
    }
}

#[test]
fn a_megabyte_each_way_with_rustls_is_intact() {
    if !runs_here() {
        return;
    }
    let (place, data) = (Place::new(Key::EcdsaP256), megabyte());
    let (ours, (_, result)) = serve(&place.world(), client_config(&place, every(), false), &data);
    assert!(ours.is_ok() && result.is_ok());
    let (_, (_, result)) = call(&place.world(), server_config(&place, every(), false), |tls| {
        let mut tls = tls.expect("a handshake");
        for part in data.chunks(10_000) {
            tls.write(part);
            assert!(tls.read_exact(part.len()) == part, "what came back was altered");
        }
        tls.close();
    });
    assert_eq!(result, Ok(()));
}

#[test]
fn certificates_of_clients_are_proved_with_rustls() {
    if !runs_here() {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let config = server_config(&place, every(), true);
        let (_, (peer, result)) = call(&presenting(&place), config, |tls| tls.expect("a handshake").close());
        assert_eq!(result, Ok(()));
        assert_eq!(peer.peer_certificates().and_then(|chain| chain.first()), Some(place.client().leaf()));

        let world = asking(&place, ClientAuth::Require);
        let (ours, (_, result)) = serve(&world, client_config(&place, every(), true), b"I am alice");
        assert_eq!(result, Ok(()));
        let peer = ours.expect("a handshake").info().peer.clone().expect("a client that proved who it is");
        assert_eq!(&peer.peer().chain[0], place.client().leaf());

        let (ours, (_, result)) = serve(&world, client_config(&place, every(), false), b"nobody");
        assert!(ours.is_err());
        assert_eq!(result, Err(rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure)));
    }
}

#[test]
fn protocols_are_agreed_on_with_rustls_or_refused() {
    if !runs_here() {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let ours = place.client_config().with_alpn([&b"ours"[..], b"h2"]);
    let world = World { client: Arc::new(ours), ..place.world() };
    let mut config = server_config(&place, every(), false);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (alpn, _) = call(&world, config.clone(), |tls| {
        let tls = tls.expect("a handshake");
        let alpn = tls.tls.info().alpn.clone();
        tls.close();
        alpn
    });
    assert_eq!(alpn.as_deref(), Some(&b"h2"[..]));
    config.alpn_protocols = vec![b"theirs".to_vec()];
    let (refused, _) = call(&world, config, |tls| tls.map(|_| ()));
    assert_eq!(refused, Err(Error::Received(Alert::NO_APPLICATION_PROTOCOL)));

    let ours = place.server_config().with_alpn([&b"ours"[..], b"h2"]);
    let world = World { server: Arc::new(ours), ..place.world() };
    let mut config = client_config(&place, every(), false);
    config.alpn_protocols = vec![b"theirs".to_vec(), b"h2".to_vec()];
    let (_, (peer, result)) = serve(&world, config, b"data");
    assert_eq!((peer.alpn_protocol(), result), (Some(&b"h2"[..]), Ok(())));
}
