//! Secrets into a file.
#![expect(clippy::disallowed_types, reason = "the command writes files")]

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tls12::KeyLog;

/// A file that lines are appended to, readable by its owner alone where it is new.
#[derive(Debug)]
struct KeyLogFile(Mutex<File>);

/// Opens the file. Fails with a sentence.
pub(crate) fn open(path: &Path) -> Result<Arc<dyn KeyLog>, String> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Arc::new(KeyLogFile(Mutex::new(file))))
}

impl KeyLog for KeyLogFile {
    fn log(&self, line: &str) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            crate::say::say!("tls12: the key log cannot be written: {error}");
        }
    }
}
