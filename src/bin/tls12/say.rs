//! Words for whoever looks on. That nobody looks on is no reason to end, and, for a command that serves, none to wait.

use std::{
    io::{self, Write as _},
    sync::OnceLock,
    time::Duration,
};

use crate::lines::Lines;

/// Writes a line to standard error.
macro_rules! say {
    ($($text:tt)*) => {
        crate::say::line(format!($($text)*))
    };
}

/// Writes a line to standard output.
macro_rules! show {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

pub(crate) use {say, show};

/// What writes to standard error where nobody may wait for it.
static LINES: OnceLock<Lines> = OnceLock::new();

/// From now on nobody waits for whoever reads standard error.
pub(crate) fn without_waiting() -> io::Result<()> {
    let lines = Lines::start("say", io::stderr())?;
    // Only the first one counts.
    let _ = LINES.set(lines);
    Ok(())
}

/// A line for standard error.
pub(crate) fn line(text: String) {
    match LINES.get() {
        Some(lines) => lines.write(text, |lost| format!("tls12: {lost} lines are missing here")),
        None => {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}

/// Waits until all that was said is written, at most for as long as `patience`.
pub(crate) fn finish(patience: Duration) {
    if let Some(lines) = LINES.get() {
        lines.finish(patience);
    }
}

/// Lines that are traced.
pub(crate) struct Traced;

impl io::Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        line(String::from_utf8_lossy(bytes).trim_end().to_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
