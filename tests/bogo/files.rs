//! Certificates and keys in files.

use std::{
    fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::common::certs::Issued;

/// A folder that goes when this goes.
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("bogo-{}-{}", process::id(), COUNT.fetch_add(1, Relaxed));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).expect("a folder");
        Self { path }
    }

    /// Its chain, leaf first.
    pub(crate) fn chain(&self, issued: &Issued) -> String {
        self.write(issued.chain.iter().map(|each| pem("CERTIFICATE", each)).collect())
    }

    /// Its private key in PKCS#8.
    pub(crate) fn key(&self, issued: &Issued) -> String {
        self.write(pem("PRIVATE KEY", issued.key_der().secret_der()))
    }

    #[expect(clippy::disallowed_methods, reason = "the shim reads files")]
    fn write(&self, text: String) -> String {
        let count = fs::read_dir(&self.path).expect("a folder").count();
        let path = self.path.join(format!("{count}.pem"));
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let base64 = base64(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// RFC 4648, 4.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().chain(&[0, 0]).take(3).fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for n in 0..4 {
            let digit = ALPHABET[group >> (18 - 6 * n) & 63];
            text.push(if n <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Two digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
