//! The command line.

use std::{env, path::PathBuf};

/// What to do, and how much of it.
pub(crate) struct Args {
    /// The command `tls12`.
    pub(crate) binary: PathBuf,
    /// A folder with certificates, which everything else is put into.
    pub(crate) dir: PathBuf,
    /// How long there is load, in seconds.
    pub(crate) seconds: u32,
    /// How many connections are held.
    pub(crate) held: usize,
    /// How many callers there are, each with one connection at a time.
    pub(crate) callers: usize,
}

impl Args {
    /// Fails with a sentence.
    pub(crate) fn read() -> Result<Self, String> {
        let mut words = env::args().skip(1);
        let mut args =
            Self { binary: PathBuf::new(), dir: PathBuf::new(), seconds: 120, held: 5000, callers: 16 };
        while let Some(option) = words.next() {
            let value = words.next().ok_or_else(|| format!("{option} needs a value"))?;
            let number = || value.parse::<u32>().map_err(|_| format!("{option} is a number, not {value}"));
            match option.as_str() {
                "--binary" => args.binary = value.into(),
                "--dir" => args.dir = value.into(),
                "--seconds" => args.seconds = number()?,
                "--held" => args.held = number()? as usize,
                "--callers" => args.callers = number()? as usize,
                _ => return Err(format!("there is no option {option}")),
            }
        }
        match args.binary.is_file() && args.dir.is_dir() && args.callers > 1 {
            true => Ok(args),
            false => {
                Err("a binary, a folder and at least two callers are needed; scripts/soak has them".into())
            }
        }
    }
}
