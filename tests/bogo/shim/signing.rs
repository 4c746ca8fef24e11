//! Keys, credentials, and the two inputs that every handshake takes.

use std::{io, time::SystemTime};

use tls12::{
    CertificateDer, PrivateKeyDer, Seed, UnixTime,
    crypto::{LocalKey, RUSTCRYPTO, Sign, SignError, Signature, SignatureRequest},
    pem::PemObject,
    pki::Credential,
    wire::SignatureScheme,
};

use super::flags::{CredentialFlags, Unimplemented};

/// A credential and its key.
pub(super) struct Holder {
    /// Its name is its number on the command line; -1 is the default.
    pub(super) credential: Credential,
    pub(super) must_match_issuer: bool,
    key: LocalKey,
}

pub(super) fn seed() -> io::Result<Seed> {
    Seed::from_os()
}

#[expect(clippy::disallowed_methods, reason = "the program is an edge")]
pub(super) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixTime::since_unix_epoch(since)
}

impl Holder {
    /// Reads chain and key; a kind of key that we do not have is not implemented.
    pub(super) fn load(flags: &CredentialFlags, index: i32) -> Result<Option<Self>, Unimplemented> {
        let (Some(cert), Some(key)) = (&flags.cert_file, &flags.key_file) else { return Ok(None) };
        let chain = certificates(cert)?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unimplemented("-key-file", &error))?;
        let key = LocalKey::new(&RUSTCRYPTO, key).map_err(|error| unimplemented("-key-file", &error))?;
        let mut credential =
            Credential::new(index.to_string(), chain).map_err(|error| unimplemented("-cert-file", &error))?;
        if !flags.signing_prefs.is_empty() {
            credential = credential.with_schemes(&flags.signing_prefs);
        }
        credential = credential.with_ocsp(flags.ocsp_response.clone().unwrap_or_default());
        Ok(Some(Self { credential, must_match_issuer: flags.must_match_issuer, key }))
    }
}

pub(super) fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, Unimplemented> {
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    chain.map_err(|error| unimplemented(path, &error))
}

fn unimplemented(what: &str, why: &dyn std::fmt::Display) -> Unimplemented {
    Unimplemented(format!("{what}: {why}"))
}

/// Signs with the key of the credential that the request names.
pub(super) fn sign(holders: &[Holder], request: &SignatureRequest) -> Result<Signature, SignError> {
    let holder = holders.iter().find(|holder| holder.credential.name_arc() == &request.credential);
    holder.map_or(Err(SignError), |holder| holder.key.sign(request))
}

/// The schemes that BoringSSL takes by default: all of ours but Ed25519.
pub(super) fn default_verify_prefs() -> Vec<SignatureScheme> {
    RUSTCRYPTO.schemes().filter(|scheme| *scheme != SignatureScheme::ED25519).collect()
}
