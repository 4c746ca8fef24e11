//! Where the ticket keys of a server come from, and when they change.

use std::{path::PathBuf, time::Duration};

use tls12::{
    Seed, UnixTime,
    session::{KeyFileFormat, KeyRing, MAX_CATCH_UP, Ratchet, TicketKey},
};
use zeroize::Zeroizing;

use crate::{private_file, resume_args::Resume};

/// Step 0 of a ratchet begins with 2020, 1 577 836 800 seconds after 1970.
const RATCHET_EPOCH: Duration = Duration::from_secs(1_577_836_800);

/// For how much longer a key may seal than until the next one is there, so that there is no moment without one.
const OVERLAP: Duration = Duration::from_secs(5);

/// Where ticket keys come from.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// They are made here, for this process alone.
    Generated,
    /// From files that servers share.
    Files { paths: Vec<PathBuf>, format: KeyFileFormat },
    /// From a secret that servers share, and the clock.
    Ratchet(PathBuf),
}

impl KeySource {
    pub(crate) fn new(args: &Resume) -> Self {
        match (&args.ticket_ratchet, &args.ticket_keys[..]) {
            (Some(path), _) => Self::Ratchet(path.clone()),
            (None, []) => Self::Generated,
            (None, paths) => Self::Files { paths: paths.to_vec(), format: args.ticket_key_format.into() },
        }
    }

    /// The next ring; `former` is the one before. Each key seals for `period`. Fails with a sentence.
    pub(crate) fn ring(
        &self,
        former: Option<&KeyRing>,
        now: UnixTime,
        period: Duration,
    ) -> Result<KeyRing, String> {
        match self {
            Self::Generated => {
                let seed = Seed::from_os().map_err(|error| format!("no randomness: {error}"))?;
                let next = TicketKey::generate(seed, now, period + OVERLAP);
                Ok(match former {
                    Some(former) => former.rotate(next, now),
                    None => KeyRing::new(next),
                })
            }
            Self::Files { paths, format } => {
                let newer = read_files(paths, *format, now, period + OVERLAP)?;
                Ok(former.map_or_else(|| newer.clone(), |former| former.replaced_by(&newer, now)))
            }
            Self::Ratchet(path) => {
                let since = now.as_secs().saturating_sub(RATCHET_EPOCH.as_secs());
                // Beyond that a ratchet would have to be stepped too often from its beginning.
                let shortest = Duration::from_secs(since / MAX_CATCH_UP + 1);
                if period < shortest && is_seed(path)? {
                    return Err(format!(
                        "with --ticket-ratchet, --rotate-every has to be {}s or more",
                        shortest.as_secs()
                    ));
                }
                let ring = read_ratchet(path, period)?.ring(now);
                ring.map_err(|error| private_file::trouble(path, error))
            }
        }
    }

    /// For how long a ring that was made at `now` may be used before there has to be another one.
    pub(crate) fn until_next(&self, now: UnixTime, period: Duration) -> Duration {
        match self {
            Self::Generated | Self::Files { .. } => period,
            // To the start of the next step.
            Self::Ratchet(_) => {
                let seconds = period.as_secs().max(1);
                let since = now.as_secs().saturating_sub(RATCHET_EPOCH.as_secs());
                Duration::from_secs(seconds - since % seconds)
            }
        }
    }

    /// In words, for the first lines.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Generated => "generated".into(),
            Self::Files { paths, .. } => {
                let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                format!("from {}", names.join(", "))
            }
            Self::Ratchet(path) => format!("by the clock from {}", path.display()),
        }
    }
}

fn read_files(
    paths: &[PathBuf],
    format: KeyFileFormat,
    now: UnixTime,
    period: Duration,
) -> Result<KeyRing, String> {
    let files = paths.iter().map(|path| private_file::read(path)).collect::<Result<Vec<_>, _>>()?;
    for path in paths {
        if let Some(warning) = private_file::others(path)? {
            crate::say::say!("warning: {warning}");
        }
    }
    let files = files.iter().map(|file| file.as_slice());
    KeyRing::from_files(files, format, now, period).map_err(|(number, error)| match paths.get(number) {
        Some(path) => private_file::trouble(path, error),
        None => error.to_string(),
    })
}

/// Whether a file has a seed of the first step, and not a later state of a ratchet, which says where it is.
fn is_seed(path: &std::path::Path) -> Result<bool, String> {
    let bytes = private_file::read(path)?;
    Ok(bytes.len() == 32 || from_hex(&bytes).is_some())
}

fn read_ratchet(path: &std::path::Path, period: Duration) -> Result<Ratchet, String> {
    if let Some(refusal) = private_file::others(path)? {
        return Err(refusal);
    }
    let bytes = private_file::read(path)?;
    let bytes = from_hex(&bytes).unwrap_or(bytes);
    let ratchet = Ratchet::from_bytes(&bytes, UnixTime::since_unix_epoch(RATCHET_EPOCH), period);
    ratchet.map_err(|error| private_file::trouble(path, error))
}

/// 64 hexadecimal digits, with white space around them.
fn from_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim_ascii();
    if text.len() != 64 {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(32));
    for pair in text.chunks(2) {
        let [high, low] = pair else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(high)? << 4 | digit(low)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_64_hexadecimal_digits() {
        let text = format!("{}\n", "0aF1".repeat(16));
        assert_eq!(from_hex(text.as_bytes()).unwrap()[..4], [0x0a, 0xf1, 0x0a, 0xf1]);
        for wrong in ["0a".repeat(31), "0a".repeat(33), "0g".repeat(32)] {
            assert!(from_hex(wrong.as_bytes()).is_none());
        }
    }

    #[test]
    fn a_ratchet_steps_at_the_same_moment_on_every_host() {
        let source = KeySource::Ratchet("seed".into());
        let at = |seconds| UnixTime::since_unix_epoch(RATCHET_EPOCH + Duration::from_secs(seconds));
        let hour = Duration::from_secs(3600);
        assert_eq!(source.until_next(at(0), hour), hour);
        assert_eq!(source.until_next(at(7_199), hour), Duration::from_secs(1));
    }

    #[test]
    fn a_key_is_followed_by_the_next_one_before_it_seals_no_more() {
        let start = UnixTime::since_unix_epoch(RATCHET_EPOCH);
        for seconds in [1, 2, 60, 43_200] {
            let period = Duration::from_secs(seconds);
            let ring = KeySource::Generated.ring(None, start, period).expect("a ring");
            let next = RATCHET_EPOCH + KeySource::Generated.until_next(start, period);
            // A second late, as a busy machine may be.
            let next = UnixTime::since_unix_epoch(next + Duration::from_secs(1));
            assert!(ring.sealing_key(next).is_some(), "{seconds}");
            let former = ring.sealing_key(start).map(TicketKey::name);
            let ring = KeySource::Generated.ring(Some(&ring), next, period).expect("a ring");
            assert_ne!(ring.sealing_key(next).map(TicketKey::name), former);
        }
    }
}
