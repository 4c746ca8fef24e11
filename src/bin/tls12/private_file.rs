//! Files with secrets in them.
#![expect(clippy::disallowed_methods, reason = "the command reads files")]

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use zeroize::Zeroizing;

/// Writes a file that was not there, for its owner alone. Fails with a sentence.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| trouble(path, error))
}

/// Reads a file. Fails with a sentence.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    fs::read(path).map(Zeroizing::new).map_err(|error| trouble(path, error))
}

/// Who may read the file beside its owner, in words; `None` if nobody. Fails with a sentence.
pub(crate) fn others(path: &Path) -> Result<Option<String>, String> {
    let mode = fs::metadata(path).map_err(|error| trouble(path, error))?.mode() & 0o777;
    let open = mode & 0o077 != 0;
    Ok(open.then(|| {
        format!("{}: not its owner alone has access (mode {mode:04o}); chmod 600 it", path.display())
    }))
}

pub(crate) fn trouble(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
