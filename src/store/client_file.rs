//! A file of a client's sessions.
//!
//! ```text
//! opaque magic[22] = "tls12 client sessions\n";
//! uint8  format = 1;
//! uint8  protection;                 // 0: plain, 1: sealed
//! select (protection) {
//!     case 0: body; opaque sha256[32];     // over all bytes before it
//!     case 1: opaque salt[32]; opaque sealed<16..>;   // AES-256-GCM of body; all bytes before it are authenticated
//! };
//!
//! body: uint32 count; opaque session<0..2^24-1>[count];   // the encoding of ClientSession
//! ```

use std::{
    ffi::OsString,
    fmt,
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    vec,
};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{ClientSessions, Reuse};
use crate::{
    crypto::{AeadAlgorithm, Label, Provider, Seed, TAG_LEN},
    session::{ClientSession, SALT_LEN, SealingSecret},
    wire::{DecodeError, Reader, Writer},
};

const MAGIC: &[u8; 22] = b"tls12 client sessions\n";
const FORMAT: u8 = 1;
const PLAIN: u8 = 0;
const SEALED: u8 = 1;
const CHECKSUM_LEN: usize = 32;
const LABEL: &[u8] = b"tls12 client sessions";
/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// How a file of sessions is protected besides its mode, which is 0600.
#[derive(Clone, Copy)]
pub enum Protection<'k> {
    /// Not at all: whoever can read the file can read and join the connections of its sessions.
    Plain,
    /// Sealed under a key of the caller's, which comes from a cryptographic generator.
    Sealed {
        /// What seals.
        provider: &'static Provider,
        /// Used for nothing else.
        key: &'k [u8; 32],
    },
}

impl fmt::Debug for Protection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Sealed { .. } => "Sealed",
        })
    }
}

/// Why a file of sessions was not read or written.
#[derive(Debug)]
pub enum FileError {
    /// The operating system refused.
    Io(io::Error),
    /// It is not such a file.
    Foreign,
    /// It is one, of a version that is not known here.
    Version(u8),
    /// It was cut or changed, or is larger than any that is written here.
    Damaged,
    /// The sessions take more than 256 MiB, which is the most that is written and read.
    TooLarge,
    /// It was cut or changed, or is sealed under another key.
    NotOpened,
    /// It is sealed, and no key was given.
    KeyMissing,
    /// It is not sealed although a key was given, so somebody else may have written it.
    NotSealed,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Foreign => f.write_str("this is not a file of client sessions"),
            Self::Version(version) => {
                write!(f, "this file of client sessions has the unknown version {version}")
            }
            Self::Damaged => f.write_str("this file of client sessions is damaged"),
            Self::TooLarge => f.write_str("these client sessions take more than 256 MiB: keep fewer of them"),
            Self::NotOpened => {
                f.write_str("this file of client sessions is damaged, or sealed under another key")
            }
            Self::KeyMissing => f.write_str("this file of client sessions is sealed, and no key was given"),
            Self::NotSealed => {
                f.write_str("this file of client sessions is not sealed although a key was given")
            }
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Foreign
            | Self::Version(_)
            | Self::Damaged
            | Self::TooLarge
            | Self::NotOpened
            | Self::KeyMissing
            | Self::NotSealed => None,
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl ClientSessions {
    /// Writes all sessions to a file, atomically: whoever reads `path` finds the former file or the new one, whole.
    /// On Unix only its owner can read it (mode 0600).
    pub fn save(&self, path: &Path, protection: Protection<'_>) -> Result<(), FileError> {
        let seed = Seed::from_os()?;
        let bytes = self.to_file(protection, &seed.draw_public(Label::Store))?;
        if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_FILE) {
            return Err(FileError::TooLarge);
        }
        let [a, b, c, d] = seed.draw_public::<4>(Label::SessionId);
        let temporary = beside(path, u32::from_be_bytes([a, b, c, d]));
        let written = write_new(&temporary, &bytes).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            // It may not even exist; the error that matters is the one above.
            let _ = fs::remove_file(&temporary);
        }
        Ok(written?)
    }

    /// Reads a file of sessions into a cache of at most `limit`. A file that is damaged, foreign or protected
    /// otherwise is an error that says so; nothing of it is used.
    pub fn load(
        path: &Path,
        protection: Protection<'_>,
        limit: usize,
        reuse: Reuse,
    ) -> Result<Self, FileError> {
        // Before it is opened: opening a pipe would wait for whoever writes to it.
        if !fs::metadata(path)?.is_file() {
            return Err(FileError::Damaged);
        }
        let file = OpenOptions::new().read(true).open(path)?;
        let len = file.metadata()?.len();
        if len > MAX_FILE {
            return Err(FileError::Damaged);
        }
        // As long as the file, so that it does not move as it fills.
        let mut bytes =
            Zeroizing::new(Vec::with_capacity(usize::try_from(len).unwrap_or(0).saturating_add(1)));
        file.take(len).read_to_end(&mut bytes)?;
        let body = open(&bytes, protection)?;
        let sessions = Self::new(limit, reuse);
        read_body(&body).map_err(|_| FileError::Damaged)?.into_iter().for_each(|one| sessions.insert(one));
        Ok(sessions)
    }

    fn to_file(
        &self,
        protection: Protection<'_>,
        salt: &[u8; SALT_LEN],
    ) -> Result<Zeroizing<Vec<u8>>, FileError> {
        let body = self.body();
        let mut out =
            Zeroizing::new(Vec::with_capacity(MAGIC.len() + 2 + SALT_LEN + body.len() + CHECKSUM_LEN));
        out.extend_from_slice(MAGIC);
        match protection {
            Protection::Plain => {
                out.extend_from_slice(&[FORMAT, PLAIN]);
                out.extend_from_slice(&body);
                let checksum: [u8; CHECKSUM_LEN] = Sha256::digest(&**out).into();
                out.extend_from_slice(&checksum);
            }
            Protection::Sealed { provider, key } => {
                out.extend_from_slice(&[FORMAT, SEALED]);
                out.extend_from_slice(salt);
                let sealed = seal(provider, key, (salt, &out), &body).ok_or(FileError::Damaged)?;
                out.extend_from_slice(&sealed);
            }
        }
        Ok(out)
    }

    fn body(&self) -> Zeroizing<Vec<u8>> {
        let mut encoded = Vec::new();
        self.for_each(|session| encoded.push(session.to_bytes()));
        let len = encoded.iter().map(|bytes| bytes.expose().len() + 3).sum::<usize>();
        let mut body = Zeroizing::new(Vec::with_capacity(4 + len));
        let mut w = Writer::new(&mut body);
        w.u32(u32::try_from(encoded.len()).unwrap_or(u32::MAX));
        encoded.iter().for_each(|bytes| w.u24_prefixed(|w| w.bytes(bytes.expose())));
        body
    }
}

fn read_body(body: &[u8]) -> Result<Vec<ClientSession>, DecodeError> {
    let mut reader = Reader::new(body);
    let count = reader.u32()?;
    let sessions = (0..count).map(|_| ClientSession::from_bytes(reader.u24_prefixed()?)).collect();
    reader.end()?;
    sessions
}

fn seal(
    provider: &Provider,
    key: &[u8; 32],
    (salt, header): (&[u8; SALT_LEN], &[u8]),
    body: &[u8],
) -> Option<Vec<u8>> {
    let secret = SealingSecret::derive(key, salt, LABEL);
    let mut out = vec![0; body.len().checked_add(TAG_LEN)?];
    provider.aead(AeadAlgorithm::Aes256Gcm).seal_once(secret.once(header), body, &mut out).ok()?;
    Some(out)
}

/// The body of a file.
fn open(bytes: &[u8], protection: Protection<'_>) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(FileError::Foreign)?;
    let (kind, rest) = match rest.split_first_chunk() {
        Some(([FORMAT, kind], rest)) => (*kind, rest),
        Some(([version, _], _)) => return Err(FileError::Version(*version)),
        None => return Err(FileError::Damaged),
    };
    match (kind, protection) {
        (PLAIN, Protection::Plain) => open_plain(bytes, rest).ok_or(FileError::Damaged),
        (SEALED, Protection::Sealed { provider, key }) => {
            open_sealed(provider, key, bytes, rest).ok_or(FileError::NotOpened)
        }
        (PLAIN, Protection::Sealed { .. }) => Err(FileError::NotSealed),
        (SEALED, Protection::Plain) => Err(FileError::KeyMissing),
        (_, _) => Err(FileError::Damaged),
    }
}

fn open_plain(file: &[u8], rest: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (hashed, checksum) = file.split_last_chunk::<CHECKSUM_LEN>()?;
    let (body, _) = rest.split_last_chunk::<CHECKSUM_LEN>()?;
    let expected: [u8; CHECKSUM_LEN] = Sha256::digest(hashed).into();
    (expected == *checksum).then(|| Zeroizing::new(body.to_vec()))
}

fn open_sealed(provider: &Provider, key: &[u8; 32], file: &[u8], rest: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (salt, ciphertext) = rest.split_first_chunk::<SALT_LEN>()?;
    let (header, _) = file.split_at_checked(file.len().checked_sub(ciphertext.len())?)?;
    let secret = SealingSecret::derive(key, salt, LABEL);
    let mut body = Zeroizing::new(ciphertext.to_vec());
    let aead = provider.aead(AeadAlgorithm::Aes256Gcm);
    let len = aead.open_once(secret.once(header), &mut body).ok()?.len();
    body.truncate(len);
    Some(body)
}

/// A name in the same directory, for a rename does not cross file systems.
fn beside(path: &Path, random: u32) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(format!(".{random:08x}.tmp"));
    path.with_file_name(name)
}

/// Creates a file that was not there, for its owner only.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
