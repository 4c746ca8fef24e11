//! Files with secrets in them.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
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

/// The longest file that is read, in bytes: keys are short.
const MAX_FILE: u64 = 64 * 1024;

/// Reads a regular file, for anything else may keep a server waiting. Fails with a sentence.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    if !fs::metadata(path).map_err(|error| trouble(path, error))?.is_file() {
        return Err(trouble(path, "this is not a regular file"));
    }
    // With room from the start, so that it does not move as it fills.
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024 + 1));
    let file = OpenOptions::new().read(true).open(path).map_err(|error| trouble(path, error))?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| trouble(path, error))?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MAX_FILE => Ok(bytes),
        _ => Err(trouble(path, "this file is longer than 64 KiB, and no key is")),
    }
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
