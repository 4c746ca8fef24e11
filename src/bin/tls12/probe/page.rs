//! The file of `--html`.
#![expect(clippy::disallowed_types, reason = "the command writes files")]

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
};

use crate::Failure;

/// A file that can be written.
pub(crate) struct Page<'p> {
    path: &'p Path,
    file: File,
}

impl<'p> Page<'p> {
    /// What is in there stays until there is something better.
    pub(crate) fn open(path: &'p Path) -> Result<Self, String> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        Ok(Self { path, file })
    }

    /// Writes the page in its place.
    pub(crate) fn write(mut self, page: &str) -> Result<(), Failure> {
        let is_file = self.file.metadata().is_ok_and(|metadata| metadata.is_file());
        let emptied = if is_file { self.file.set_len(0) } else { Ok(()) };
        let written = emptied.and_then(|()| self.file.write_all(page.as_bytes()));
        written.map_err(|error| Failure::Failed(format!("{}: {error}", self.path.display())))
    }
}
