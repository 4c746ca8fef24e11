//! `tls12 explain`: what was said in connections that somebody captured.
#![expect(clippy::disallowed_types, reason = "the command reads files")]

mod capture;
pub(crate) mod fields;
mod fragments;
mod hexadecimal;
mod link;
mod openssl;
pub(crate) mod report;
mod streams;
mod tcp;
pub(crate) mod value;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tls12::explain::{KeyLogSecrets, Protocol, Sessions};
use zeroize::Zeroizing;

use self::{
    report::Report,
    streams::{Stream, Streams},
};
use crate::{
    Failure,
    conversation::{Conversation, Data, Reading},
    daemon::log::timestamp,
};

/// `tls12 explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// A capture (pcap or pcapng), or with --hex bytes in hexadecimal; - is standard input
    #[arg(value_name = "FILE", required_unless_present = "hex")]
    file: Option<PathBuf>,
    /// Reads bytes in hexadecimal: lines that begin with > or < are of the client or of the server; or what `openssl
    /// s_client -msg` shows
    #[arg(long, conflicts_with = "stream")]
    hex: bool,
    /// Decrypts with the secrets in a key log of the NSS format, and verifies Finished
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,
    /// Shows application data that is decrypted too, and not its length alone
    #[arg(long, requires = "keylog")]
    data: bool,
    /// Explains only the TCP connection of this number, as --brief has it: the first one is 1
    #[arg(long, value_name = "N")]
    stream: Option<u64>,
    /// One JSON object a line for each connection (docs/explain.md)
    #[arg(long)]
    json: bool,
    /// One line for each connection: who, when, and the verdict
    #[arg(long, conflicts_with = "json")]
    brief: bool,
}

/// The most that is read of a key log, and of bytes in hexadecimal.
const MOST_TEXT: u64 = 64 << 20;

/// Explains the connections, one after the other.
pub(crate) fn run(args: &Explain) -> Result<(), Failure> {
    let secrets = match &args.keylog {
        Some(path) => Some(Arc::new(key_log(path).map_err(Failure::Usage)?)),
        None => None,
    };
    let reading = Reading { secrets, data: if args.data { Data::Shown } else { Data::Lengths } };
    let told = match (&args.file, args.hex) {
        (file, true) => hex(file.as_deref(), &reading, args),
        (Some(file), false) => capture(file, reading, args),
        // Refused before.
        (None, false) => Err("a file is missing".into()),
    };
    told.map_err(Failure::Failed)
}

/// Reads the secrets of a key log. Fails with a sentence.
fn key_log(path: &Path) -> Result<KeyLogSecrets, String> {
    let trouble = |why: String| format!("{}: {why}", path.display());
    let mut file = File::open(path).map_err(|error| trouble(error.to_string()))?;
    let length = fs::metadata(path).map_err(|error| trouble(error.to_string()))?.len();
    // With room from the start, so that it does not move as it fills.
    let room = usize::try_from(length.min(MOST_TEXT)).unwrap_or(0) + 2;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let read = (&mut file).take(MOST_TEXT + 1).read_to_end(&mut text);
    read.map_err(|error| trouble(error.to_string()))?;
    not_too_long(text.len()).map_err(trouble)?;
    let secrets = KeyLogSecrets::read(&text);
    match secrets.is_empty() {
        true => Err(trouble("there is no secret of TLS 1.2 (CLIENT_RANDOM) in this file".into())),
        false => Ok(secrets),
    }
}

fn not_too_long(length: usize) -> Result<(), String> {
    match u64::try_from(length).is_ok_and(|length| length <= MOST_TEXT) {
        true => Ok(()),
        false => Err(format!("this is longer than the {} MiB that are read", MOST_TEXT >> 20)),
    }
}

fn hex(file: Option<&Path>, reading: &Reading, args: &Explain) -> Result<(), String> {
    let mut text = Vec::new();
    let read = match file {
        None => io::stdin().take(MOST_TEXT + 1).read_to_end(&mut text),
        Some(path) if path == Path::new("-") => io::stdin().take(MOST_TEXT + 1).read_to_end(&mut text),
        Some(path) => File::open(path).and_then(|file| file.take(MOST_TEXT + 1).read_to_end(&mut text)),
    };
    let name = file.map_or_else(|| "standard input".into(), |path| path.display().to_string());
    read.map_err(|error| format!("{name}: {error}"))?;
    not_too_long(text.len()).map_err(|why| format!("{name}: {why}"))?;
    // Among what other programs show there is application data, which may be anything.
    let text = String::from_utf8_lossy(&text);
    let (mut reading, mut notes) = (reading.clone(), Vec::new());
    let connections = match openssl::read(&text) {
        Some(sent) => {
            // There is nothing that secrets would open.
            if reading.secrets.take().is_some() {
                notes.push(
                    "OpenSSL does not show what is encrypted as it was, and nothing is decrypted".into(),
                );
            }
            sent
        }
        None => hexadecimal::read(&text).map(|sent| vec![hexadecimal::in_records(sent)]),
    };
    let mut sessions = Sessions::default();
    for (number, sent) in (1..).zip(connections.map_err(|why| format!("{name}: {why}"))?) {
        let mut conversation = Conversation::of_somebody(&reading);
        for (from, bytes) in sent {
            conversation.sent(from, Duration::ZERO, &bytes);
        }
        let report = Report {
            number,
            client: "client".into(),
            server: "server".into(),
            time: String::new(),
            conversation: &conversation,
            origin: sessions.add(number, conversation.verdict()),
            notes: [notes.clone(), conversation.unfinished()].concat(),
        };
        tell(&report, args);
    }
    Ok(())
}

fn capture(path: &Path, reading: Reading, args: &Explain) -> Result<(), String> {
    // Which session a connection resumed is known only if those before it are read too.
    let mut streams = Streams::new(reading);
    let end = capture::read(path, |packet| streams.packet(&packet))?;
    streams.end(end);
    let (mut sessions, mut told, mut silent) = (Sessions::default(), 0_u64, 0_u64);
    for stream in &streams.all {
        let origin = sessions.add(stream.number, stream.conversation.verdict());
        if args.stream.is_some_and(|number| number != stream.number) {
            continue;
        }
        match stream.conversation.verdict().protocol {
            // Connections without a byte of TLS are counted.
            Protocol::Unknown if args.stream.is_none() => silent += 1,
            _ => {
                told += 1;
                tell(&report(stream, origin), args);
            }
        }
    }
    if let (Some(number), 0) = (args.stream, told) {
        let all = match streams.all.len() {
            0 => "there are none in it".into(),
            1 => "its only one has the number 1".into(),
            all => format!("they are numbered from 1 to {all}"),
        };
        return Err(format!("{}: there is no connection {number}: {all}", path.display()));
    }
    let mut notes = streams.left_out();
    if silent > 0 {
        notes.push(format!("{silent} TCP connections have nothing of TLS in them"));
    }
    if told == 0 {
        notes.push("there is no TLS in this capture".into());
    }
    notes.iter().for_each(|note| crate::say::say!("tls12: {}: {note}", path.display()));
    Ok(())
}

fn report(stream: &Stream, origin: tls12::explain::Origin) -> Report<'_> {
    let mut notes = Vec::new();
    if stream.from_middle {
        notes.push("the capture began after this connection had begun".into());
    }
    notes.extend(stream.conversation.unfinished());
    let (client, server) = stream.ends();
    Report {
        number: stream.number,
        client: client.to_string(),
        server: server.to_string(),
        time: stream.time().map(timestamp).unwrap_or_default(),
        conversation: &stream.conversation,
        origin,
        notes,
    }
}

fn tell(report: &Report<'_>, args: &Explain) {
    match (args.json, args.brief) {
        (true, _) => crate::say::show!("{}", report.json()),
        (false, true) => crate::say::show!("{}", report.line()),
        (false, false) => crate::say::show!("{}", report.text()),
    }
}
