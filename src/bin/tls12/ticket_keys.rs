//! `tls12 ticket-keys`: files of ticket keys, made, described and converted.
#![expect(clippy::disallowed_methods, reason = "the command reads the clock")]

use std::{fmt::Write as _, path::Path, time::Duration};

use clap::ValueEnum;
use tls12::{
    Seed, UnixTime,
    session::{KeyFileFormat, KeyMaterial, TicketKey},
};
use zeroize::Zeroizing;

use crate::{
    Failure,
    private_file::{self, trouble},
    resume_args::{Format, TicketKeys},
    words::hex,
};

pub(crate) fn run(args: &TicketKeys) -> Result<(), Failure> {
    match args {
        TicketKeys::New { to, format, bytes } => new(to, *format, *bytes),
        TicketKeys::Show { from, format, secret } => show(from, *format, *secret),
        TicketKeys::Convert { input, output, from, to, key } => convert(input, output, (*from, *to), *key),
    }
    .map_err(Failure::Failed)
}

fn new(path: &Path, format: Format, bytes: Option<usize>) -> Result<(), String> {
    let lengths = bytes.map_or(vec![80, 48], |bytes| vec![bytes]);
    for length in lengths {
        let key = random(length).map_err(|error| format!("no randomness: {error}"))?;
        if let Some(written) = key.and_then(|key| key.write(file_format(format))) {
            return private_file::create(path, written.expose());
        }
    }
    Err(no_such_length(format, bytes.unwrap_or_default()))
}

/// A key of 48 or 80 bytes out of one or two that are drawn.
fn random(length: usize) -> std::io::Result<Option<KeyMaterial>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(96));
    for _ in 0..2 {
        let drawn = TicketKey::generate(Seed::from_os()?, UnixTime::now(), Duration::from_secs(1));
        bytes.extend_from_slice(drawn.to_bytes48().as_ref().map_or(&[], |key| key.expose()));
    }
    let bytes = bytes.get(..length).unwrap_or_default();
    Ok(KeyMaterial::read(bytes, KeyFileFormat::OpenSsl).ok().and_then(|mut keys| keys.pop()))
}

fn show(path: &Path, format: Format, with_secrets: bool) -> Result<(), String> {
    let keys = read(path, format)?;
    // HAProxy: the last but one seals.
    let sealing = keys.len().saturating_sub(2);
    for (number, key) in keys.iter().enumerate() {
        let does = if number == sealing { "seals" } else { "opens" };
        let mut line = format!("{} name={} bytes={} {does}", number + 1, key.name(), key.len());
        if let (true, Some(raw)) = (with_secrets, key.write(KeyFileFormat::OpenSsl)) {
            let secrets = raw.expose().get(16..).unwrap_or_default();
            let (hmac, aes) = secrets.split_at_checked(secrets.len() / 2).unwrap_or_default();
            let _ = write!(line, " hmac={} aes={}", hex(hmac), hex(aes));
        }
        crate::say::show!("{line}");
    }
    Ok(())
}

fn convert(
    input: &Path,
    output: &Path,
    (from, to): (Format, Format),
    number: Option<usize>,
) -> Result<(), String> {
    let mut keys = read(input, from)?;
    let count = keys.len();
    if let Some(number) = number {
        let chosen = number.checked_sub(1).filter(|at| *at < count);
        let at = chosen.ok_or_else(|| trouble(input, format!("there is no key {number}, but {count}")))?;
        keys = vec![keys.swap_remove(at)];
    }
    if keys.len() > 1 && to != Format::Haproxy {
        let why = format!("there are {count} keys, and a file of {} has one: choose it with --key", name(to));
        return Err(trouble(input, why));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(128 * count));
    for key in &keys {
        let written = key.write(file_format(to)).ok_or_else(|| no_such_length(to, key.len()))?;
        bytes.extend_from_slice(written.expose());
    }
    private_file::create(output, &bytes)
}

fn read(path: &Path, format: Format) -> Result<Vec<KeyMaterial>, String> {
    let bytes = private_file::read(path)?;
    KeyMaterial::read(&bytes, format.into()).map_err(|error| trouble(path, error))
}

fn file_format(format: Format) -> KeyFileFormat {
    format.into()
}

fn no_such_length(format: Format, length: usize) -> String {
    format!("a key of {} does not have {length} bytes", name(format))
}

fn name(format: Format) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
