//! Certificates for tests, the same in every run: keys and serial numbers follow from names.
//!
//! ```ignore
//! let ca = Ca::new("test root");
//! let server = ca.issue(&Spec::server(&["a.example", "127.0.0.1"]));
//! let rsa = ca.issue(&Spec { key: Key::Rsa2048, ..Spec::server(&["a.example"]) });
//! let client = ca.intermediate("test intermediate").issue(&Spec::client("alice"));
//! let (credential, key) = (server.credential("web"), server.local_key());
//! let verifier = WebPki::new(&RUSTCRYPTO, [ca.root()])?;
//! ```

use std::time::Duration;

use pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime, pem::PemObject};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PublicKeyData, SerialNumber, SignatureAlgorithm, SigningKey,
};
use sha2::{Digest, Sha384};
use tls12::{
    crypto::{LocalKey, RUSTCRYPTO, Sign, SignatureRequest},
    pki::Credential,
    wire::SignatureScheme,
};

/// The time of the tests in seconds since 1970: 2027-01-15 08:00:00 UTC.
pub const NOW: u64 = 1_800_000_000;
/// 2020-01-01 00:00:00 UTC, when certificates begin unless their [`Spec`] says otherwise.
pub const NOT_BEFORE: u64 = 1_577_836_800;
/// 2100-01-01 00:00:00 UTC, when they end.
pub const NOT_AFTER: u64 = 4_102_444_800;

/// The time of the tests, or another.
pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    EcdsaP256,
    EcdsaP384,
    Ed25519,
    /// Always the same one, for making them takes long.
    Rsa2048,
}

/// What the extended key usage says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Server,
    Client,
    /// Both serverAuth and clientAuth.
    Both,
    /// Nothing: there is no such extension.
    Any,
    /// Signing code, which is neither.
    CodeSigning,
}

/// What a certificate is to say.
#[derive(Debug, Clone)]
pub struct Spec<'a> {
    /// The common name; the key follows from it. Where it is empty, there is no name.
    pub subject: &'a str,
    /// DNS names and IP addresses of subjectAltName.
    pub names: &'a [&'a str],
    pub key: Key,
    pub not_before: u64,
    pub not_after: u64,
    pub purpose: Purpose,
    /// Empty for a certificate without the extension.
    pub key_usage: &'a [KeyUsagePurpose],
    /// Whether it is a CA's, by its basic constraints.
    pub is_ca: bool,
    /// How many CAs may be below it, if it is one and says so.
    pub path_len: Option<u8>,
    /// More extensions: an object identifier, whether it is critical, and the value.
    pub extensions: &'a [(&'a [u64], bool, &'a [u8])],
}

impl<'a> Spec<'a> {
    /// A server with these names, the first of which is its subject.
    pub fn server(names: &'a [&'a str]) -> Self {
        Self {
            subject: names.first().copied().unwrap_or("nobody"),
            names,
            key: Key::EcdsaP256,
            not_before: NOT_BEFORE,
            not_after: NOT_AFTER,
            purpose: Purpose::Server,
            key_usage: &[KeyUsagePurpose::DigitalSignature],
            is_ca: false,
            path_len: None,
            extensions: &[],
        }
    }

    /// A client, which has no host name.
    pub fn client(subject: &'a str) -> Self {
        Self { subject, purpose: Purpose::Client, ..Self::server(&[]) }
    }

    fn params(&self) -> CertificateParams {
        let names: Vec<String> = self.names.iter().map(|name| (*name).into()).collect();
        let mut params = CertificateParams::new(names).expect("names are ASCII");
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + Duration::from_secs(self.not_before);
        params.not_after = epoch + Duration::from_secs(self.not_after);
        params.distinguished_name = DistinguishedName::new();
        if !self.subject.is_empty() {
            params.distinguished_name.push(DnType::CommonName, self.subject);
        }
        params.key_usages = self.key_usage.to_vec();
        params.extended_key_usages = match self.purpose {
            Purpose::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Purpose::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Purpose::Both => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            Purpose::Any => vec![],
            Purpose::CodeSigning => vec![ExtendedKeyUsagePurpose::CodeSigning],
        };
        params.custom_extensions = self.extensions.iter().map(custom).collect();
        if self.is_ca {
            let path_len = self.path_len.map(BasicConstraints::Constrained);
            params.is_ca = IsCa::Ca(path_len.unwrap_or(BasicConstraints::Unconstrained));
            params.use_authority_key_identifier_extension = true;
        }
        let id = digest("id", self.subject);
        params.key_identifier_method = KeyIdMethod::PreSpecified(id[..20].to_vec());
        let mut serial = digest("serial", self.subject)[..16].to_vec();
        serial[0] = (serial[0] & 0x3f) | 0x40;
        params.serial_number = Some(SerialNumber::from(serial));
        params
    }
}

fn custom((id, critical, value): &(&[u64], bool, &[u8])) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(id, value.to_vec());
    extension.set_criticality(*critical);
    extension
}

/// A CA: a root, or an intermediate one.
pub struct Ca {
    params: CertificateParams,
    signer: Signer,
    /// Its own certificate first, the root's last.
    certificates: Vec<CertificateDer<'static>>,
}

impl Ca {
    /// A root with a P-256 key.
    pub fn new(subject: &str) -> Self {
        Self::with_key(subject, Key::EcdsaP256)
    }

    /// A root. Mind that RSA signs slowly in a debug build.
    pub fn with_key(subject: &str, key: Key) -> Self {
        Self::of(&Self::spec(subject, key))
    }

    /// A root that says this, and issues whether it may or not.
    pub fn of(spec: &Spec<'_>) -> Self {
        let (params, signer) = (spec.params(), Signer::new(spec.key, spec.subject));
        let root = params.self_signed(&signer).expect("a root signs itself").der().clone();
        Self { params, signer, certificates: vec![root] }
    }

    /// What the certificate of a CA says.
    pub fn spec(subject: &str, key: Key) -> Spec<'_> {
        let key_usage = &[KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Spec { subject, key, key_usage, purpose: Purpose::Any, is_ca: true, ..Spec::server(&[]) }
    }

    /// The root's certificate.
    pub fn root(&self) -> CertificateDer<'static> {
        self.certificates.last().expect("there is a root").clone()
    }

    /// Its own certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificates[0].clone()
    }

    /// A CA below this one, with a P-256 key; what it issues carries its certificate in the chain.
    pub fn intermediate(&self, subject: &str) -> Self {
        self.intermediate_of(&Self::spec(subject, Key::EcdsaP256))
    }

    /// A CA below this one that says this, and issues whether it may or not.
    pub fn intermediate_of(&self, spec: &Spec<'_>) -> Self {
        let (params, signer) = (spec.params(), Signer::new(spec.key, spec.subject));
        let mut certificates = vec![self.sign(&params, &signer)];
        certificates.extend_from_slice(&self.certificates);
        Self { params, signer, certificates }
    }

    /// Issues a certificate; its chain has the intermediate CAs, but not the root.
    pub fn issue(&self, spec: &Spec<'_>) -> Issued {
        let signer = Signer::new(spec.key, spec.subject);
        let mut chain = vec![self.sign(&spec.params(), &signer)];
        chain.extend(self.certificates.iter().take(self.certificates.len() - 1).cloned());
        Issued { chain, signer }
    }

    /// The same, with its key encoded as `public`, whatever that is.
    pub fn issue_with_key(&self, spec: &Spec<'_>, public: &[u8]) -> Issued {
        let signer = Signer { public: public.to_vec(), ..Signer::new(spec.key, spec.subject) };
        let mut issued = self.issue(spec);
        issued.chain[0] = self.sign(&spec.params(), &signer);
        issued
    }

    fn sign(&self, params: &CertificateParams, of: &Signer) -> CertificateDer<'static> {
        let issuer = Issuer::from_params(&self.params, &self.signer);
        params.signed_by(of, &issuer).expect("a CA signs").der().clone()
    }
}

/// A certificate that signs itself.
pub fn self_signed(spec: &Spec<'_>) -> Issued {
    let signer = Signer::new(spec.key, spec.subject);
    let chain = vec![spec.params().self_signed(&signer).expect("it signs itself").der().clone()];
    Issued { chain, signer }
}

/// A certificate with its chain and key.
pub struct Issued {
    /// Leaf first, without the root.
    pub chain: Vec<CertificateDer<'static>>,
    signer: Signer,
}

impl Issued {
    /// The leaf.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    /// Its chain under a name for its key.
    pub fn credential(&self, name: &str) -> Credential {
        Credential::new(name, self.chain.clone()).expect("a certificate that can be used")
    }

    /// Its private key in PKCS#8.
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        self.signer.der.clone_key()
    }

    /// Its private key.
    pub fn local_key(&self) -> LocalKey {
        self.signer.key.clone()
    }
}

/// Signs certificates with a key of this crate.
struct Signer {
    kind: Key,
    der: PrivateKeyDer<'static>,
    key: LocalKey,
    /// The content of the bit string of its SubjectPublicKeyInfo.
    public: Vec<u8>,
}

impl Signer {
    fn new(kind: Key, subject: &str) -> Self {
        let der = private_key(kind, subject);
        let key = LocalKey::new(&RUSTCRYPTO, der.clone_key()).expect("a key of a test parses");
        let spki = key.public_key();
        // RFC 5480, RFC 8410 and RFC 8017: what stands before the key in a SubjectPublicKeyInfo
        let header = match kind {
            Key::EcdsaP256 => 26,
            Key::EcdsaP384 => 23,
            Key::Ed25519 => 12,
            Key::Rsa2048 => 24,
        };
        Self { kind, der, key, public: spki[header..].to_vec() }
    }
}

impl PublicKeyData for Signer {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.kind {
            Key::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Key::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Key::Ed25519 => &rcgen::PKCS_ED25519,
            Key::Rsa2048 => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl SigningKey for Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let scheme = match self.kind {
            Key::EcdsaP256 => SignatureScheme::ECDSA_SECP256R1_SHA256,
            Key::EcdsaP384 => SignatureScheme::ECDSA_SECP384R1_SHA384,
            Key::Ed25519 => SignatureScheme::ED25519,
            Key::Rsa2048 => SignatureScheme::RSA_PKCS1_SHA256,
        };
        let request = SignatureRequest { credential: "test".into(), scheme, message: message.into() };
        Sign::sign(&self.key, &request).map(|signature| signature.0).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

fn digest(label: &str, subject: &str) -> Vec<u8> {
    Sha384::digest(format!("{label} of {subject}")).to_vec()
}

/// A key in PKCS#8 (RFC 5958): fixed bytes before a secret that follows from the subject.
fn private_key(kind: Key, subject: &str) -> PrivateKeyDer<'static> {
    let (before, len): (&[u8], _) = match kind {
        Key::EcdsaP256 => (
            b"\x30\x41\x02\x01\0\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
              \x04\x27\x30\x25\x02\x01\x01\x04\x20",
            32,
        ),
        Key::EcdsaP384 => (
            b"\x30\x4e\x02\x01\0\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\0\x22\
              \x04\x37\x30\x35\x02\x01\x01\x04\x30",
            48,
        ),
        Key::Ed25519 => (b"\x30\x2e\x02\x01\0\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 32),
        Key::Rsa2048 => return PrivateKeyDer::from_pem_slice(RSA_2048).expect("it is PEM"),
    };
    let secret = digest("key", subject);
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from([before, &secret[..len]].concat()))
}

const RSA_2048: &[u8] = include_bytes!("rsa_2048.pem");
