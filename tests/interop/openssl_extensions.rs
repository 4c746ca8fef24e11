//! What extensions agree on with OpenSSL: protocols, names, stapled responses, short records, exported keys.

use std::sync::{Arc, Mutex};

use pki_types::ServerName;
use tls12::{
    Connection, ServerConfig,
    crypto::RUSTCRYPTO,
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer},
    wire::{MaxFragmentLength, NamedGroup},
};

use crate::{
    common::{
        certs::{Key, Spec},
        pair::World,
    },
    openssl::{s_client, s_server},
    place::{Place, suites},
    program::{Program, has_peers},
    socket::{Listener, connect, record_lengths},
};

#[test]
fn alpn_is_agreed_on_with_both() {
    if !has_peers("ALPN with openssl") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let server = place.server_config().with_alpn([&b"ours"[..], b"h2"]);
    let client = place.client_config().with_alpn([&b"ours"[..], b"h2"]);
    let world = World { server: Arc::new(server), client: Arc::new(client), ..place.world() };

    let listener = Listener::new();
    let peer = s_client(&place, listener.port(), "-alpn theirs,h2");
    let tls = listener.accept(&world).expect("a handshake");
    assert_eq!(tls.tls.info().alpn.as_deref(), Some(&b"h2"[..]));
    peer.text_with("ALPN protocol: h2");
    tls.close();
    let peer = s_client(&place, listener.port(), "-alpn theirs");
    assert!(listener.accept(&world).is_err());
    assert!(peer.wait().1.contains("alert no application protocol"));

    let (peer, port) = s_server(&place, "-alpn h2,theirs");
    let tls = connect(&world, port).expect("a handshake");
    assert_eq!(tls.tls.info().alpn.as_deref(), Some(&b"h2"[..]));
    tls.close();
    peer.text_with("ALPN protocols selected: h2");
}

#[test]
fn the_server_name_chooses_the_certificate() {
    if !has_peers("SNI with openssl") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let other = place.ca().issue(&Spec::server(&["b.example"]));
    let config = place.server_config().with_credential(other.credential("other"));
    let mut world = World { server: Arc::new(config), ..place.world() };
    world.keys.push(("other".into(), other.local_key()));

    let listener = Listener::new();
    for (name, credential) in [("a.example", "server"), ("b.example", "other")] {
        let arguments = format!(
            "s_client -connect 127.0.0.1:{} -CAfile {} -verify_return_error -verify_hostname {name} \
             -servername {name} -quiet",
            listener.port(),
            place.path("root.pem")
        );
        let peer = Program::start("openssl", &arguments);
        let tls = listener.accept(&world).expect("a handshake");
        assert_eq!(tls.tls.info().credential.as_deref(), Some(credential));
        tls.close();
        peer.succeed();
    }

    place.write_pair("other", &other);
    let more = format!(
        "-rev -servername b.example -cert2 {} -key2 {}",
        place.path("other.pem"),
        place.path("other.key")
    );
    let (_peer, port) = s_server(&place, &more);
    for (name, issued) in [("a.example", place.server()), ("b.example", &other)] {
        world.name = ServerName::try_from(name).expect("a name");
        let tls = connect(&world, port).expect("a handshake");
        let peer = tls.tls.info().peer.clone().expect("a server that proved who it is");
        assert_eq!(&peer.peer().chain[0], issued.leaf());
        tls.close();
    }
}

#[test]
fn a_client_may_have_ecdsa_or_rsa_of_one_server() {
    if !has_peers("two kinds of certificates with openssl s_client") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let rsa = place.ca().issue(&Spec { key: Key::Rsa2048, ..Spec::server(&["a.example"]) });
    let config = place.server_config().with_credential(rsa.credential("rsa"));
    let mut world = World { server: Arc::new(config), ..place.world() };
    world.keys.push(("rsa".into(), rsa.local_key()));
    let listener = Listener::new();
    for (cipher, credential) in
        [("ECDHE-ECDSA-AES128-GCM-SHA256", "server"), ("ECDHE-RSA-AES128-GCM-SHA256", "rsa")]
    {
        let peer = s_client(&place, listener.port(), &format!("-quiet -cipher {cipher}"));
        let tls = listener.accept(&world).expect("a handshake");
        assert_eq!(tls.tls.info().credential.as_deref(), Some(credential));
        tls.close();
        peer.succeed();
    }
}

/// A response for the server of a place, which says that its certificate is good.
fn ocsp_response(place: &Place) -> Vec<u8> {
    let (root, cert) = (place.path("root.pem"), place.path("server.pem"));
    let text = Program::start("openssl", &format!("x509 -in {cert} -noout -serial")).succeed();
    let serial = text.trim().strip_prefix("serial=").expect("its serial number").to_owned();
    let index = format!("V\t991231235959Z\t\t{serial}\tunknown\t/CN=a.example\n");
    let (index, key) = (place.write("index.txt", index.as_bytes()), place.write("root.key", &place.ca_key()));
    let out = place.path("response.der");
    let arguments = format!(
        "ocsp -index {index} -CA {root} -rsigner {root} -rkey {key} -issuer {root} -cert {cert} -ndays 30 \
         -respout {out}"
    );
    Program::start("openssl", &arguments).succeed();
    std::fs::read(out).expect("a response")
}

#[test]
fn s_client_gets_the_response_that_we_staple_if_it_asks() {
    if !has_peers("stapling to openssl s_client") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let credential = place.server().credential("server").with_ocsp(ocsp_response(&place));
    let world = World { server: Arc::new(ServerConfig::new(&RUSTCRYPTO, credential)), ..place.world() };
    let listener = Listener::new();
    for (status, says) in [("-status", "Cert Status: good"), ("-ign_eof", "Verify return code: 0")] {
        let peer = s_client(&place, listener.port(), status);
        let tls = listener.accept(&world).expect("a handshake");
        let text = peer.text_with("Verify return code");
        assert!(text.contains(says), "{text}");
        assert_eq!(text.contains("OCSP Response Status: successful"), status == "-status");
        tls.close();
    }
}

/// Remembers the response that came with a chain.
struct Remembers {
    inner: Arc<dyn VerifyPeer>,
    response: Mutex<Option<Arc<[u8]>>>,
}

impl VerifyPeer for Remembers {
    fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        *self.response.lock().expect("nobody panics with it") = peer.ocsp.clone();
        self.inner.verify(peer)
    }
}

#[test]
fn the_response_that_s_server_staples_reaches_our_verifier_if_we_ask() {
    if !has_peers("stapling by openssl s_server") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let response = ocsp_response(&place);
    let (_peer, port) = s_server(&place, &format!("-rev -status_file {}", place.path("response.der")));
    for asks in [true, false] {
        let inner = place.world().verifies_server;
        let verifier = Arc::new(Remembers { inner, response: Mutex::new(None) });
        let config = match asks {
            true => place.client_config().with_status_request(),
            false => place.client_config(),
        };
        let world = World { client: Arc::new(config), verifies_server: verifier.clone(), ..place.world() };
        connect(&world, port).expect("a handshake").close();
        let seen = verifier.response.lock().expect("nobody panics with it").clone();
        assert_eq!(seen.as_deref(), asks.then_some(&response[..]));
    }
}

/// RFC 5246, 6.2.1: handshake, alerts and application data are cut alike.
fn longest(records: &[u8]) -> usize {
    record_lengths(records, 23).into_iter().max().expect("some application data")
}

#[test]
fn records_are_as_short_as_max_fragment_length_says() {
    if !has_peers("max_fragment_length with openssl") {
        return;
    }
    // RFC 5288, 3: eight bytes of nonce and sixteen of tag.
    const OVERHEAD: usize = 24;
    let (place, data) = (Place::new(Key::EcdsaP256), vec![7; 5000]);
    for (bytes, code) in [(512, MaxFragmentLength::MAX_512), (4096, MaxFragmentLength::MAX_4096)] {
        let listener = Listener::new();
        let peer = s_client(&place, listener.port(), &format!("-quiet -maxfraglen {bytes}"));
        let mut tls = listener.accept(&place.world()).expect("a handshake");
        tls.write(&data);
        assert_eq!(peer.output(data.len()), data);
        peer.input(&data);
        assert_eq!(tls.read_exact(data.len()), data);
        assert_eq!((longest(&tls.io.sent), longest(&tls.io.received)), (bytes + OVERHEAD, bytes + OVERHEAD));
        tls.close();

        let (peer, port) = s_server(&place, "-quiet");
        let config = place.client_config().with_max_fragment_length(code);
        let mut tls =
            connect(&World { client: Arc::new(config), ..place.world() }, port).expect("a handshake");
        tls.write(&data);
        assert_eq!(peer.output(data.len()), data);
        peer.input(&data);
        assert_eq!(tls.read_exact(data.len()), data);
        assert_eq!((longest(&tls.io.sent), longest(&tls.io.received)), (bytes + OVERHEAD, bytes + OVERHEAD));
        tls.close();
    }
}

/// The 40 bytes of keying material in what OpenSSL printed, in hex.
fn exported(text: &str) -> &str {
    let (_, after) = text.split_once("Keying material: ").expect("keying material");
    after.get(..80).expect("40 bytes")
}

#[test]
fn both_sides_export_the_same_keying_material() {
    if !has_peers("exporters with openssl") {
        return;
    }
    const LABEL: &str = "EXPERIMENTAL-tls12-interop";
    let place = Place::new(Key::EcdsaP256);
    let export = |tls: &Connection| {
        let mut ours = [0; 40];
        let exporter = tls.exporter().expect("the extended master secret");
        exporter.derive(LABEL, None, &mut ours).expect("no context");
        ours.iter().map(|byte| format!("{byte:02X}")).collect::<String>()
    };
    for suite in suites(Key::EcdsaP256) {
        let world = place.world_for(suite, NamedGroup::X25519);
        let arguments = format!("-keymatexport {LABEL} -keymatexportlen 40");
        let listener = Listener::new();
        let peer = s_client(&place, listener.port(), &arguments);
        let tls = listener.accept(&world).expect("a handshake");
        let text = peer.text_with("Verify return code");
        assert_eq!(exported(&text), export(&tls.tls));
        tls.close();

        let (peer, port) = s_server(&place, &arguments);
        let tls = connect(&world, port).expect("a handshake");
        let ours = export(&tls.tls);
        tls.close();
        assert_eq!(exported(&peer.text_with("DONE")), ours);
    }
}
