//! `tls12 replay`: a recorded connection, run again.
#![expect(clippy::disallowed_types, reason = "the command reads files")]

mod told;

use std::{fs::File, io::Read, path::PathBuf, sync::Arc};

use tls12::{
    crypto::Provider,
    replay::{End, Recording, Replay, Step},
};
use zeroize::Zeroizing;

use self::told::Told;
use crate::{
    Failure,
    conversation::{Conversation, Data, Reading},
    ladder::Detail,
    private_file::trouble,
};

/// `tls12 replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What `serve --record` or `connect --record` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Shows what is in each message too, and all of the configuration
    #[arg(long)]
    explain: bool,
    /// One JSON object a line for each step (docs/replay.md)
    #[arg(long)]
    json: bool,
}

/// The longest file that is read, in bytes.
const MOST_READ: u64 = 64 << 20;

/// Runs the recording again, and says how that went: exit code 1 if something else happened.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let text = read(args).map_err(Failure::Usage)?;
    let recording = Recording::read(&text).map_err(|error| Failure::Usage(trouble(&args.file, error)))?;
    let mut replay = Replay::new(&recording, Provider::best());
    let steps: Vec<Step> = replay.by_ref().collect();
    // What is encrypted can be shown only now.
    let reading = Reading { secrets: Some(Arc::new(replay.secrets())), data: Data::Lengths };
    let detail = if args.explain { Detail::Fields } else { Detail::Names };
    let mut told = Told { conversation: Conversation::new(&reading), ours: recording.side(), detail };
    match args.json {
        true => {
            crate::say::show!("{}", told::recording_fields(&recording).json());
            steps.iter().for_each(|step| crate::say::show!("{}", told.fields(step, &recording).json()));
        }
        false => {
            crate::say::show!("{}", told::heading(&recording, detail));
            steps.iter().for_each(|step| crate::say::show!("{}", told.text(step, &recording)));
        }
    }
    match steps.last() {
        Some(Step::End(End::Reached | End::KeysNeeded | End::Unfinished | End::Full | End::WithinRecord)) => {
            Ok(())
        }
        Some(Step::End(End::Unusable(why))) => Err(Failure::Usage(trouble(&args.file, told::printable(why)))),
        _ => Err(Failure::Failed(trouble(&args.file, "it did not happen again"))),
    }
}

/// Fails with a sentence.
fn read(args: &Args) -> Result<Zeroizing<Vec<u8>>, String> {
    let file = File::open(&args.file).map_err(|error| trouble(&args.file, error))?;
    let too_long = || trouble(&args.file, format!("longer than the {} MiB that are read", MOST_READ >> 20));
    if file.metadata().is_ok_and(|about| about.len() > MOST_READ) {
        return Err(too_long());
    }
    let mut text = Zeroizing::new(Vec::new());
    let read = file.take(MOST_READ + 1).read_to_end(&mut text).map_err(|error| trouble(&args.file, error))?;
    // A pipe does not say how long it is.
    if read as u64 > MOST_READ { Err(too_long()) } else { Ok(text) }
}
