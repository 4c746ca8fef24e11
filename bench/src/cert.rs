//! Whom everybody meets: a server with a P-256 key under a root with a P-256 key.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tls12::{CertificateDer, PrivateKeyDer};

/// The name that the server has, and that every client asks for.
pub const NAME: &str = "bench.example";

/// A certificate chain, its key and the root above it.
pub struct Identity {
    /// Leaf first, without the root.
    pub chain: Vec<CertificateDer<'static>>,
    /// PKCS#8.
    pub key: PrivateKeyDer<'static>,
    /// What clients trust.
    pub root: CertificateDer<'static>,
}

impl Identity {
    /// A server that sends `length` certificates: its own, and those of the authorities between it and the root.
    pub fn new(length: usize) -> Self {
        let (params, key) = (authority("bench root"), new_key());
        let root = params.self_signed(&key).expect("a root signs itself").der().clone();
        let mut issuer = Issuer::new(params, key);
        let mut chain = Vec::new();
        for level in 1..length {
            let (params, key) = (authority(&format!("bench authority {level}")), new_key());
            chain.push(params.signed_by(&key, &issuer).expect("an authority signs").der().clone());
            issuer = Issuer::new(params, key);
        }
        let key = new_key();
        chain.push(server().signed_by(&key, &issuer).expect("an authority signs").der().clone());
        chain.reverse();
        Self { chain, key: key.into(), root }
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key")
}

fn named(mut params: CertificateParams, name: &str) -> CertificateParams {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(CertificateParams::default(), name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server() -> CertificateParams {
    let mut params = named(CertificateParams::new([NAME.to_owned()]).expect("a name"), NAME);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}
