//! Certificates and keys, and what is put in their place while servers run.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use pki_types::{CertificateDer, pem::PemObject};

use crate::{findings::Trouble, random::Random};

/// How many seconds a ticket key seals.
pub(crate) const PERIOD: u64 = 5;
/// When servers let the first step of a ratchet begin: with 2020.
const EPOCH: u64 = 1_577_836_800;

/// What `scripts/soak` made: a root, and two certificates below it, each with a key.
pub(crate) struct Files {
    dir: PathBuf,
    leaves: [CertificateDer<'static>; 2],
}

/// What may be put in the place of a server's certificate and key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pair {
    /// One of the two.
    Good(usize),
    /// The first certificate and the key of the second.
    Crossed,
    /// A certificate that is cut short, and its key.
    Cut,
}

const NAMES: [&str; 2] = ["one", "two"];

impl Files {
    /// Puts the first pair where servers look for it.
    pub(crate) fn new(dir: &Path) -> Result<Self, Trouble> {
        let leaf = |name| CertificateDer::from_pem_file(dir.join(format!("{name}.pem")));
        let leaves = [leaf(NAMES[0])?, leaf(NAMES[1])?];
        let files = Self { dir: dir.to_owned(), leaves };
        files.put(Pair::Good(0))?;
        files.make_ratchet()?;
        Ok(files)
    }

    /// From a seed alone a server would have more steps of so few seconds to make than it makes: this one is in the
    /// middle of its life, as [`tls12::session::Ratchet::to_bytes`] writes it.
    fn make_ratchet(&self) -> Result<(), Trouble> {
        let step = (SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() - EPOCH) / PERIOD - 1;
        let mut random = Random::new(3_000_000);
        let seed: Vec<u8> = (0..4).flat_map(|_| random.next().to_be_bytes()).collect();
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.dir.join("ratchet"))?;
        Ok(file.write_all(&[&step.to_be_bytes()[..], &seed].concat())?)
    }

    pub(crate) fn root(&self) -> Result<CertificateDer<'static>, Trouble> {
        Ok(CertificateDer::from_pem_file(self.dir.join("root.pem"))?)
    }

    /// What peers see where this good pair is used.
    pub(crate) fn leaf(&self, good: usize) -> &[u8] {
        &self.leaves[good]
    }

    /// Whoever reads one of the files while it is replaced reads the former one or this one, and nothing between.
    pub(crate) fn put(&self, pair: Pair) -> Result<(), Trouble> {
        let (cert, key) = match pair {
            Pair::Good(one) => (NAMES[one], NAMES[one]),
            Pair::Crossed => (NAMES[0], NAMES[1]),
            Pair::Cut => (NAMES[1], NAMES[1]),
        };
        let mut cert = fs::read(self.dir.join(format!("{cert}.pem")))?;
        if let Pair::Cut = pair {
            cert.truncate(cert.len() / 2);
        }
        let key = fs::read(self.dir.join(format!("{key}.key")))?;
        self.replace("cert.pem", &cert)?;
        self.replace("cert.key", &key)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Trouble> {
        let new = self.dir.join(format!("{name}.new"));
        fs::write(&new, bytes)?;
        Ok(fs::rename(new, self.dir.join(name))?)
    }
}
