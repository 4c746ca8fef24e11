//! The shim as a server.

use std::sync::Arc;

use tls12::{
    ClientAuth, RecvBuf, ServerConfig, ServerHandshake,
    crypto::RUSTCRYPTO,
    pki::{CertificateError, Credential, VerifiedPeer},
    server::{NeedsConfig, NeedsVerdict},
    session::{RenewWhen, Resumption, SessionContext, Tickets},
    wire::{Alert, ClientHello, ExtensionType, SignatureScheme},
};

use super::{
    Failure, Kept, Seen, Shaken,
    flags::{ChooseProtocol, Flags, OcspHook},
    names::Scene,
    signing::{Holder, default_verify_prefs, now, seed, sign},
    wire::Wire,
};

/// Takes one connection.
pub(super) fn accept(flags: &Flags, kept: &mut Kept, wire: &mut Wire) -> Result<Shaken, Failure> {
    let mut seen = Seen::default();
    let mut scene = Scene { server: true, ..Scene::default() };
    let mut step = ServerHandshake::start(seed()?, RecvBuf::new(), now());
    loop {
        step = match step {
            ServerHandshake::NeedsFlush(ask) => {
                wire.send(ask.bytes())?;
                ask.all_sent()
            }
            ServerHandshake::NeedsInput(mut ask) => {
                let n = wire.receive(ask.spare())?;
                ask.received(n, now())
            }
            ServerHandshake::NeedsConfig(ask) => {
                look_at_hello(&ask, &mut seen);
                choose(flags, kept, ask, &mut scene)
            }
            ServerHandshake::NeedsSession(ask) => {
                let found = kept.cache.get(ask.key()).cloned();
                ask.answer(found)
            }
            ServerHandshake::NeedsStore(ask) => {
                let session = ask.session();
                kept.cache.insert(session.key, session.sealed.clone());
                seen.stored = true;
                ask.stored()
            }
            ServerHandshake::NeedsSignature(ask) => {
                let signature = sign(&flags.holders, ask.request());
                ask.answer(signature)
            }
            ServerHandshake::NeedsVerdict(ask) => verdict(flags, ask, &mut seen, &mut scene),
            ServerHandshake::Done(done) => {
                let (connection, buf) = (done.connection, done.buf);
                return Ok(Shaken { connection, buf, session: None, seen });
            }
            ServerHandshake::Failed(failed) => return Err(Failure::Tls(failed.error, scene)),
        };
    }
}

fn look_at_hello(ask: &NeedsConfig, seen: &mut Seen) {
    let hello = ask.client_hello();
    seen.server_name = hello.server_name().map(str::to_owned);
    seen.schemes = hello.signature_schemes().map(|scheme| scheme.0).collect();
    for protocol in hello.alpn() {
        seen.protocols.push(u8::try_from(protocol.len()).unwrap_or(u8::MAX));
        seen.protocols.extend_from_slice(protocol);
    }
}

/// The hooks that see the hello, in the order of the reference: the early one, the certificate's, the protocol's, the
/// staple's.
fn choose(flags: &Flags, kept: &Kept, ask: NeedsConfig, scene: &mut Scene) -> ServerHandshake {
    if flags.fail_early_callback {
        scene.refused = &[":CONNECTION_REJECTED:"];
        return ask.refuse();
    }
    if flags.fail_cert_callback {
        scene.refused = &[":CERT_CB_ERROR:"];
        return ask.abort(Alert::INTERNAL_ERROR);
    }
    // RFC 8422, 4 leaves the group to the server then; the reference has none.
    let names_groups = |hello: &ClientHello<'_>| hello.extensions.supported_groups.is_some();
    if !ask.client_hello().message().as_ref().is_some_and(names_groups) {
        scene.refused = &[":NO_SHARED_CIPHER:"];
        return ask.refuse();
    }
    let asks_alpn = ask.client_hello().alpn().next().is_some();
    if asks_alpn && flags.choose_protocol == ChooseProtocol::Empty {
        scene.refused = &[":INVALID_ALPN_PROTOCOL:"];
        return ask.abort(Alert::INTERNAL_ERROR);
    }
    let asks_staple =
        ask.client_hello().message().is_some_and(|hello| hello.extensions.status_request.is_some());
    if asks_staple && flags.ocsp_hook == OcspHook::Fails {
        scene.refused = &[":OCSP_CB_ERROR:"];
        return ask.abort(Alert::INTERNAL_ERROR);
    }
    match config(flags, kept, &ask) {
        Some(config) => ask.answer(Arc::new(config)),
        None => {
            scene.refused = &[":NO_MATCHING_ISSUER:"];
            ask.refuse()
        }
    }
}

/// `None` if no credential is left that may be used.
fn config(flags: &Flags, kept: &Kept, ask: &NeedsConfig) -> Option<ServerConfig> {
    let mut credentials = fitting(flags, ask).map(|holder| stapled(flags, &holder.credential));
    let mut config = ServerConfig::new(&RUSTCRYPTO, credentials.next()?);
    for credential in credentials {
        config = config.with_credential(credential);
    }
    config = config
        .with_fatal_renegotiation()
        .dangerous_without_extended_master_secret()
        .with_resumption(resumption(flags, kept))
        .with_client_auth(client_auth(flags))
        .with_client_authorities(flags.client_ca_list.clone().unwrap_or_default());
    if flags.ignore_key_usage {
        config = config.dangerous_any_key_usage();
    }
    if !flags.no_server_name_ack {
        config = config.with_name_acknowledged();
    }
    if !flags.curves.is_empty() {
        config = config.with_groups(&flags.curves).ok()?;
    }
    if let Some(limit) = flags.max_send_fragment {
        config = config.with_max_send_fragment(limit).ok()?;
    }
    let schemes = match flags.verify_prefs.as_slice() {
        [] => default_verify_prefs(),
        prefs => known(prefs),
    };
    config = config.with_peer_schemes(&schemes).ok()?;
    Some(match &flags.choose_protocol {
        ChooseProtocol::One(protocol) => config.with_alpn([&protocol[..]]),
        // Something that no client of the runner's offers.
        ChooseProtocol::Rejects => config.with_alpn([&b"rejected by the application"[..]]),
        ChooseProtocol::None | ChooseProtocol::Empty => config,
    })
}

/// Schemes that we do not have may be asked for, and are never used.
pub(super) fn known(prefs: &[SignatureScheme]) -> Vec<SignatureScheme> {
    prefs.iter().copied().filter(|scheme| !RUSTCRYPTO.verifiers(*scheme).is_empty()).collect()
}

/// The credentials whose issuer the client names, where that is asked for (RFC 8446, 4.2.4).
fn fitting<'f>(flags: &'f Flags, ask: &NeedsConfig) -> impl Iterator<Item = &'f Holder> {
    let authorities: Vec<Vec<u8>> =
        ask.client_hello().message().map(|hello| authorities(&hello)).unwrap_or_default();
    flags.holders.iter().filter(move |holder| {
        let named = authorities.iter().map(Vec::as_slice);
        !holder.must_match_issuer || (!authorities.is_empty() && holder.credential.issued_by_one_of(named))
    })
}

/// `opaque DistinguishedName<1..2^16-1>; DistinguishedName authorities<3..2^16-1>;`
fn authorities(hello: &ClientHello<'_>) -> Vec<Vec<u8>> {
    const CERTIFICATE_AUTHORITIES: ExtensionType = ExtensionType(47);
    let mut rest = hello
        .extensions
        .others
        .find(CERTIFICATE_AUTHORITIES)
        .and_then(|body| body.get(2..))
        .unwrap_or_default();
    let mut names = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk::<2>() {
        let Some((name, after)) = after.split_at_checked(u16::from_be_bytes(*len).into()) else { break };
        names.push(name.to_vec());
        rest = after;
    }
    names
}

/// The hook declines, or leaves what the command line says.
fn stapled(flags: &Flags, credential: &Credential) -> Credential {
    match flags.ocsp_hook {
        OcspHook::Declines => credential.clone().with_ocsp(Vec::new()),
        OcspHook::None | OcspHook::Passes | OcspHook::Fails | OcspHook::Sets => credential.clone(),
    }
}

fn resumption(flags: &Flags, kept: &Kept) -> Resumption {
    let tickets = match (flags.no_ticket, flags.skip_ticket, flags.renew_ticket) {
        (true, _, _) => Tickets::Off,
        (false, true, _) => Tickets::Ignore,
        (false, false, true) => Tickets::Renew(RenewWhen::Always),
        (false, false, false) => Tickets::Issue,
    };
    Resumption::new(kept.ring.clone())
        .with_tickets(tickets)
        .with_context(SessionContext::derive([&b"the runner's"[..]]))
        .dangerous_without_extended_master_secret()
}

fn client_auth(flags: &Flags) -> ClientAuth {
    match (flags.require_client_certificate, flags.verify_peer) {
        (true, _) => ClientAuth::Require,
        (false, true) => ClientAuth::Request,
        (false, false) => ClientAuth::Off,
    }
}

fn verdict(flags: &Flags, ask: NeedsVerdict, seen: &mut Seen, scene: &mut Scene) -> ServerHandshake {
    seen.verified = Some(!flags.verify_fail);
    if flags.verify_fail && flags.verify_peer {
        scene.refused = &[":CERTIFICATE_VERIFY_FAILED:"];
        return match flags.custom_verify {
            true => ask.answer(Err(CertificateError::Unacceptable("refused by a flag"))),
            false => ask.abort(Alert::HANDSHAKE_FAILURE),
        };
    }
    let presented = ask.presented().clone();
    ask.answer(Ok(VerifiedPeer::dangerous_unverified(&presented)))
}
