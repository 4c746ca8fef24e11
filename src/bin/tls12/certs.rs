//! Certificates, keys and roots: from files, from the system, or made on the spot.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the command reads files and the clock"
)]

use std::{
    fmt::Display,
    fs,
    io::Read,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use p256::{SecretKey, elliptic_curve::Generate, pkcs8::EncodePrivateKey};
use pki_types::pem::{self, PemObject};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyUsagePurpose, SanType,
    SerialNumber,
};
use tls12::{
    CertificateDer, PrivateKeyDer,
    crypto::{LocalKey, Provider, Sign, SignatureRequest},
    pki::{Credential, WebPki},
    wire::SignatureScheme,
};

/// A certificate chain and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) credential: Credential,
    pub(crate) key: LocalKey,
    /// What a person should know before using it.
    pub(crate) warning: Option<String>,
}

/// What cannot be used, and why, for a person to read.
pub(crate) type Trouble = String;

fn trouble(path: &Path, error: impl Display) -> Trouble {
    format!("{}: {error}", path.display())
}

/// The longest file that is read, in bytes: certificates of a whole system have less.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Reads a file, but not one without an end.
fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    if !fs::metadata(path).map_err(|error| trouble(path, error))?.is_file() {
        return Err(trouble(path, "this is not a regular file, and may keep a server waiting"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| trouble(path, error))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| trouble(path, error))?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MAX_FILE => Ok(bytes),
        _ => Err(trouble(path, "this file is longer than 4 MiB")),
    }
}

/// Reads a text. Fails with a sentence.
pub(crate) fn read_text(path: &Path) -> Result<String, Trouble> {
    String::from_utf8(read(path)?).map_err(|_| trouble(path, "this is no text in UTF-8"))
}

/// Reads an OCSP response that says something about a certificate (RFC 6960, 4.2.1):
/// `OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED { successful (0), … }, … }`, in DER.
pub(crate) fn ocsp_response(path: &Path) -> Result<Vec<u8>, Trouble> {
    const SUCCESSFUL: [u8; 3] = [0x0a, 1, 0];
    let bytes = read(path)?;
    if bytes.starts_with(b"-----BEGIN") {
        return Err(trouble(path, "an OCSP response is needed in DER, and this is PEM"));
    }
    let content = match bytes.as_slice() {
        [0x30, length, content @ ..] if *length < 0x80 && content.len() == usize::from(*length) => content,
        [0x30, 0x81, length, content @ ..] if content.len() == usize::from(*length) => content,
        [0x30, 0x82, high, low, content @ ..]
            if content.len() == usize::from(u16::from_be_bytes([*high, *low])) =>
        {
            content
        }
        _ => return Err(trouble(path, "this is no OCSP response (DER)")),
    };
    match content.starts_with(&SUCCESSFUL) {
        true => Ok(bytes),
        false => Err(trouble(path, "this OCSP response is none of status successful: no client takes it")),
    }
}

/// What there is to say about the dates of a certificate that no peer will accept.
fn out_of_date(credential: &Credential) -> Option<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let (leaf, name) = (credential.leaf(), credential.name());
    if now > leaf.not_after() {
        return Some(format!("the certificate in {name} has expired: peers will refuse it"));
    }
    (now < leaf.not_before())
        .then(|| format!("the certificate in {name} is not valid yet: peers will refuse it"))
}

/// Reads all certificates of a PEM file.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let bytes = read(path)?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found.map_err(|error| trouble(path, error))? {
        none if none.is_empty() => Err(trouble(path, "there is no CERTIFICATE in this file (PEM)")),
        found => Ok(found),
    }
}

/// Reads one private key of a PEM file: PKCS#8, SEC1 or PKCS#1.
fn private_key(provider: &'static Provider, path: &Path) -> Result<LocalKey, Trouble> {
    let bytes = read(path)?;
    let key = match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(key) => key,
        Err(pem::Error::NoItemsFound) => {
            return Err(trouble(path, "there is no unencrypted PRIVATE KEY in this file (PEM)"));
        }
        Err(error) => return Err(trouble(path, error)),
    };
    LocalKey::new(provider, key).map_err(|error| trouble(path, error))
}

/// Reads certificates with their keys. Each is named by its file.
pub(crate) fn identities(
    provider: &'static Provider,
    certs: &[PathBuf],
    keys: &[PathBuf],
) -> Result<Vec<Identity>, Trouble> {
    if certs.len() != keys.len() {
        return Err("each certificate needs a key, and each key a certificate, in the same order".into());
    }
    certs.iter().zip(keys).map(|(cert, key)| identity(provider, cert, key)).collect()
}

fn identity(provider: &'static Provider, cert: &Path, key_file: &Path) -> Result<Identity, Trouble> {
    let name = cert.display().to_string();
    let credential = Credential::new(name, certificates(cert)?).map_err(|error| trouble(cert, error))?;
    let key = private_key(provider, key_file)?;
    match credential.fits_key(&key.public_key()) {
        true => {
            let warning = out_of_date(&credential);
            Ok(Identity { credential, key, warning })
        }
        false => Err(trouble(
            key_file,
            format_args!("this is not the key of the certificate in {}", cert.display()),
        )),
    }
}

/// Trusts the certificates of a PEM file.
pub(crate) fn roots(provider: &'static Provider, path: &Path) -> Result<WebPki, Trouble> {
    WebPki::new(provider, certificates(path)?).map_err(|error| trouble(path, error))
}

/// Trusts what the system trusts. A root that cannot be read is left out.
pub(crate) fn system_roots(provider: &'static Provider) -> Result<WebPki, Trouble> {
    let found = rustls_native_certs::load_native_certs();
    let usable: Vec<_> =
        found.certs.into_iter().filter(|root| WebPki::new(provider, [root.clone()]).is_ok()).collect();
    if let (true, Some(error)) = (usable.is_empty(), found.errors.first()) {
        return Err(format!("the system's roots cannot be read ({error}); name a file with --ca"));
    }
    WebPki::new(provider, usable).map_err(|_| "the system trusts no roots; name a file with --ca".into())
}

/// A certificate for localhost, 127.0.0.1 and ::1, which is its own root and lasts 30 days.
pub(crate) fn for_localhost(provider: &'static Provider) -> Result<Identity, Trouble> {
    let names = vec![
        SanType::DnsName("localhost".try_into().map_err(made)?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    make(provider, "localhost", names, ExtendedKeyUsagePurpose::ServerAuth)
}

/// A client certificate, which is its own root and lasts 30 days.
pub(crate) fn for_client(provider: &'static Provider, name: &str) -> Result<Identity, Trouble> {
    make(provider, name, Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)
}

fn made(error: impl Display) -> Trouble {
    format!("no certificate can be made: {error}")
}

/// Makes an ECDSA key and a certificate signed with it.
fn make(
    provider: &'static Provider,
    name: &str,
    names: Vec<SanType>,
    purpose: ExtendedKeyUsagePurpose,
) -> Result<Identity, Trouble> {
    const DAY: Duration = Duration::from_secs(86_400);
    let signer = Signer::generate(provider)?;
    let now = SystemTime::now();
    let mut params = CertificateParams::default();
    params.not_before = (now - DAY).into();
    params.not_after = (now + 30 * DAY).into();
    params.subject_alt_names = names;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    // RFC 5280, 4.1.2.2: positive, unique, at most 20 bytes; here the time will do.
    let since = now.duration_since(SystemTime::UNIX_EPOCH).map_err(made)?;
    params.serial_number = Some(SerialNumber::from(u64::try_from(since.as_nanos() >> 1).unwrap_or(1)));
    params.key_identifier_method = KeyIdMethod::PreSpecified(signer.key_identifier());
    let certificate = params.self_signed(&signer).map_err(made)?;
    let credential = Credential::new(name, vec![certificate.der().clone()]).map_err(made)?;
    Ok(Identity { credential, key: signer.key, warning: None })
}

/// An ECDSA key that signs certificates.
struct Signer {
    key: LocalKey,
    /// The point, uncompressed: what a SubjectPublicKeyInfo of this kind ends with.
    point: Vec<u8>,
}

impl Signer {
    fn generate(provider: &'static Provider) -> Result<Self, Trouble> {
        let secret = SecretKey::try_generate().map_err(made)?;
        let der = secret.to_pkcs8_der().map_err(made)?;
        let key = LocalKey::new(provider, PrivateKeyDer::Pkcs8(der.as_bytes().into())).map_err(made)?;
        let point = secret.public_key().to_sec1_bytes().into_vec();
        Ok(Self { key, point })
    }

    /// The end of the public key: as good as a hash of it where it only has to be unlike others.
    fn key_identifier(&self) -> Vec<u8> {
        self.point.iter().rev().take(20).copied().collect()
    }
}

impl rcgen::PublicKeyData for Signer {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let request = SignatureRequest {
            credential: "throw-away".into(),
            scheme: SignatureScheme::ECDSA_SECP256R1_SHA256,
            message: message.to_vec(),
        };
        self.key.sign(&request).map(|signature| signature.0).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

#[cfg(test)]
mod tests {
    use tls12::{
        ServerName, UnixTime,
        crypto::RUSTCRYPTO,
        pki::{PresentedPeer, VerifyPeer, describe},
    };

    use super::*;

    #[test]
    fn a_made_certificate_is_accepted_by_who_trusts_it_for_what_it_is_for() {
        let server = for_localhost(&RUSTCRYPTO).unwrap();
        let client = for_client(&RUSTCRYPTO, "client").unwrap();
        let trust =
            |identity: &Identity| WebPki::new(&RUSTCRYPTO, identity.credential.chain().to_vec()).unwrap();
        let presented = |identity: &Identity, expected: Option<&'static str>| PresentedPeer {
            chain: identity.credential.chain().to_vec().into(),
            expected: expected.map(|name| ServerName::try_from(name).unwrap()),
            ocsp: None,
            now: UnixTime::now(),
        };
        for name in ["localhost", "127.0.0.1", "::1"] {
            trust(&server).verify(&presented(&server, Some(name))).unwrap();
        }
        trust(&client).verify(&presented(&client, None)).unwrap();
        assert!(trust(&server).verify(&presented(&server, Some("example.com"))).is_err());
        assert!(trust(&server).verify(&presented(&server, None)).is_err());
        assert!(trust(&client).verify(&presented(&server, Some("localhost"))).is_err());
        assert!(server.credential.fits_key(&server.key.public_key()));
        assert_eq!(describe(&client.credential.chain()[0]).unwrap().subject, "CN=client");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let message = certificates(Path::new("/nonexistent/cert.pem")).unwrap_err();
        assert!(message.starts_with("/nonexistent/cert.pem: "), "{message}");
    }
}
