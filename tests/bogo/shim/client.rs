//! The shim as a client.

use std::sync::Arc;

use tls12::{
    ClientConfig, ClientHandshake, RecvBuf, ServerName,
    client::{NeedsCredential, NeedsVerdict},
    crypto::RUSTCRYPTO,
    pki::{CertificateError, VerifiedPeer},
    wire::{Alert, ClientCertificateType},
};

use super::{
    Failure, Kept, Seen, Shaken,
    flags::{Flags, OcspHook},
    names::Scene,
    server::known,
    signing::{Holder, default_verify_prefs, now, seed, sign},
    wire::Wire,
};

/// Makes one connection.
pub(super) fn call(flags: &Flags, kept: &mut Kept, wire: &mut Wire) -> Result<Shaken, Failure> {
    let config = Arc::new(config(flags)?);
    let mut seen = Seen::default();
    let mut scene = Scene { hello_only: true, ..Scene::default() };
    let session = kept.session.take();
    let mut step = ClientHandshake::start(config, server(flags)?, session, seed()?, RecvBuf::new(), now());
    loop {
        step = match step {
            ClientHandshake::NeedsFlush(ask) => {
                wire.send(ask.bytes())?;
                ask.all_sent()
            }
            ClientHandshake::NeedsInput(mut ask) => {
                let n = wire.receive(ask.spare())?;
                ask.received(n, now())
            }
            ClientHandshake::NeedsVerdict(ask) => {
                scene.hello_only = false;
                verdict(flags, ask, &mut seen, &mut scene)
            }
            ClientHandshake::NeedsCredential(ask) => {
                seen.certificate_types = ask.certificate_types().iter().map(|kind| kind.0).collect();
                seen.schemes = ask.schemes().iter().map(|scheme| scheme.0).collect();
                seen.authorities = ask.authorities().map(<[u8]>::to_vec).collect();
                choose(flags, ask, &mut scene)
            }
            ClientHandshake::NeedsSignature(ask) => {
                let signature = sign(&flags.holders, ask.request());
                ask.answer(signature)
            }
            ClientHandshake::Done(done) => {
                let (connection, buf, session) = (done.connection, done.buf, done.session);
                return Ok(Shaken { connection, buf, session, seen });
            }
            ClientHandshake::Failed(failed) => return Err(Failure::Tls(failed.error, scene)),
        };
    }
}

/// Without `-host-name` there is no server_name: an address has none.
fn server(flags: &Flags) -> Result<ServerName<'static>, Failure> {
    let name = flags.host_name.clone().unwrap_or_else(|| "127.0.0.1".into());
    ServerName::try_from(name).map_err(|_| Failure::Expectation("-host-name is no name".into()))
}

fn config(flags: &Flags) -> Result<ClientConfig, Failure> {
    let impossible = |error: tls12::ConfigError| Failure::Expectation(error.to_string());
    let mut config = ClientConfig::new(&RUSTCRYPTO)
        .with_fatal_renegotiation()
        .dangerous_without_extended_master_secret()
        .dangerous_resume_without_extended_master_secret()
        .with_tickets(!flags.no_ticket);
    if flags.ocsp_stapling {
        config = config.with_status_request();
    }
    if flags.fallback_scsv {
        config = config.with_fallback_scsv();
    }
    if flags.reverify_on_resume {
        config = config.with_reverification();
    }
    if flags.any_alpn {
        config = config.dangerous_any_alpn();
    }
    if flags.ignore_key_usage {
        config = config.dangerous_any_key_usage();
    }
    if !flags.curves.is_empty() {
        config = config.with_groups(&flags.curves).map_err(impossible)?;
    }
    if let Some(limit) = flags.max_send_fragment {
        config = config.with_max_send_fragment(limit).map_err(impossible)?;
    }
    let schemes = match flags.verify_prefs.as_slice() {
        [] => default_verify_prefs(),
        prefs => known(prefs),
    };
    config = config.with_peer_schemes(&schemes).map_err(impossible)?;
    Ok(config.with_alpn(protocols(&flags.advertise_alpn)))
}

/// The names of a list as it is on the wire.
fn protocols(mut list: &[u8]) -> Vec<&[u8]> {
    let mut names = Vec::new();
    while let Some((len, rest)) = list.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*len)).unwrap_or((rest, &[]));
        names.push(name);
        list = rest;
    }
    names
}

fn verdict(flags: &Flags, ask: NeedsVerdict, seen: &mut Seen, scene: &mut Scene) -> ClientHandshake {
    seen.verified = Some(!flags.verify_fail);
    if flags.verify_fail && flags.verify_peer {
        scene.refused = &[":CERTIFICATE_VERIFY_FAILED:"];
        return match flags.custom_verify {
            true => ask.answer(Err(CertificateError::Unacceptable("refused by a flag"))),
            false => ask.abort(Alert::HANDSHAKE_FAILURE),
        };
    }
    if flags.ocsp_hook == OcspHook::Fails {
        scene.refused = &[":OCSP_CB_ERROR:"];
        return ask.answer(Err(CertificateError::BadOcsp));
    }
    let presented = ask.presented().clone();
    ask.answer(Ok(VerifiedPeer::dangerous_unverified(&presented)))
}

/// The first credential that fits; none at all if we have none.
fn choose(flags: &Flags, ask: NeedsCredential, scene: &mut Scene) -> ClientHandshake {
    if flags.fail_cert_callback {
        scene.refused = &[":CERT_CB_ERROR:"];
        return ask.abort(Alert::INTERNAL_ERROR);
    }
    let mut nearest = None;
    for holder in &flags.holders {
        match fits(holder, &ask) {
            Ok(()) => return ask.answer(Some(holder.credential.clone())),
            Err(name) => nearest = Some(name),
        }
    }
    match nearest {
        None => ask.answer(None),
        Some(name) => {
            scene.refused = name;
            ask.refuse()
        }
    }
}

fn fits(holder: &Holder, ask: &NeedsCredential) -> Result<(), &'static [&'static str]> {
    let credential = &holder.credential;
    let needed = match credential.authentication() {
        tls12::crypto::Authentication::Ecdsa => ClientCertificateType::ECDSA_SIGN,
        tls12::crypto::Authentication::Rsa => ClientCertificateType::RSA_SIGN,
    };
    if !ask.certificate_types().contains(&needed) {
        return Err(&[":UNKNOWN_CERTIFICATE_TYPE:"]);
    }
    if !credential.schemes().iter().any(|scheme| ask.schemes().contains(scheme)) {
        return Err(&[":NO_COMMON_SIGNATURE_ALGORITHMS:"]);
    }
    let named = ask.authorities().next().is_some() && credential.issued_by_one_of(ask.authorities());
    if holder.must_match_issuer && !named { Err(&[":NO_MATCHING_ISSUER:"]) } else { Ok(()) }
}
