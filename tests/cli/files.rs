//! Certificates in files.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use tls12::CertificateDer;

use crate::common::certs::{Ca, Issued, Spec};

/// A folder of its own, removed when dropped.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    /// Two of one name are two.
    pub(super) fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let own = format!("{name}-{}-{count}", std::process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(own);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// Writes a text, and gives its path.
    pub(super) fn write_text(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }

    pub(super) fn write(&self, name: &str, label: &str, ders: &[&[u8]]) -> String {
        let path = self.0.join(name);
        fs::write(&path, ders.iter().map(|der| pem(label, der)).collect::<String>()).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for chunk in der.chunks(3) {
        let group =
            chunk.iter().chain(&[0, 0]).take(3).fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for n in 0..4 {
            let digit = ALPHABET[group >> (18 - 6 * n) & 63];
            base64.push(if n <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Files with a root, a server of it and a client of it.
pub(super) struct Files {
    pub(super) folder: Folder,
    pub(super) ca: Ca,
    pub(super) root: String,
    pub(super) server: (String, String),
    pub(super) client: (String, String),
}

impl Files {
    pub(super) fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let ca = Ca::new("command root");
        let root = folder.write("root.pem", "CERTIFICATE", &[&ca.root()]);
        let server = write_pair(&folder, "server", &ca.issue(&Spec::server(&["localhost"])));
        let client = write_pair(&folder, "client", &ca.issue(&Spec::client("a client")));
        Self { folder, ca, root, server, client }
    }

    /// A certificate of the root and its key, in files of this name.
    pub(super) fn issue(&self, name: &str, spec: &Spec<'_>) -> (String, String) {
        write_pair(&self.folder, name, &self.ca.issue(spec))
    }
}

/// Writes a certificate and its key, and gives their paths.
pub(super) fn write_pair(folder: &Folder, name: &str, issued: &Issued) -> (String, String) {
    let chain: Vec<&[u8]> = issued.chain.iter().map(CertificateDer::as_ref).collect();
    let cert = folder.write(&format!("{name}.pem"), "CERTIFICATE", &chain);
    let key = folder.write(&format!("{name}-key.pem"), "PRIVATE KEY", &[issued.key_der().secret_der()]);
    (cert, key)
}
