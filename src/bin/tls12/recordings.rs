//! Connections written to files, each to one of its own, by a thread of its own: a disk that keeps somebody waiting keeps
//! no connection waiting.
#![expect(clippy::disallowed_types, reason = "the command writes files")]

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, SystemTime},
};

use tls12::replay::{Recorder, Secrets};
use zeroize::Zeroizing;

use crate::{daemon::log::timestamp, private_file};

/// Whether and where connections are recorded.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Recording {
    /// Records the whole input of each connection in a file of this folder, for `tls12 replay`
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Also records the secrets: whoever has the file can read the connection and forge its sessions
    #[arg(long, requires = "record")]
    pub(crate) record_secrets: bool,
    /// How many connections are recorded at most
    #[arg(long, value_name = "N", default_value = "1000", requires = "record")]
    pub(crate) record_most: u64,
}

/// What secrets become of.
pub(crate) fn secrets(recorded: bool) -> Secrets {
    if recorded { Secrets::Recorded } else { Secrets::Withheld }
}

/// How many lines may wait to be written.
const MOST_WAITING: usize = 4096;

/// A folder of recordings.
#[derive(Debug)]
pub(crate) struct Recordings {
    folder: PathBuf,
    secrets: Secrets,
    most: u64,
    begun: AtomicU64,
    writer: SyncSender<Message>,
}

/// What the thread is told. The number is that of the recording.
enum Message {
    Begin(u64, PathBuf),
    Line(u64, Zeroizing<Vec<u8>>),
    End(u64),
    Finish(SyncSender<()>),
}

/// Where one connection is written to.
struct Sink {
    number: u64,
    writer: SyncSender<Message>,
}

impl Recordings {
    /// Makes the folder where it is not there, and starts the thread. Fails with a sentence.
    pub(crate) fn start(args: &Recording) -> Result<Option<Self>, String> {
        let Some(folder) = &args.record else { return Ok(None) };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .and_then(|()| fs::read_dir(folder).map(drop))
            .map_err(|error| private_file::trouble(folder, error))?;
        let (writer, messages) = sync_channel(MOST_WAITING);
        thread::Builder::new()
            .name("record".into())
            .spawn(move || write(&messages))
            .map_err(|error| format!("no thread can be started: {error}"))?;
        let (folder, secrets) = (folder.clone(), secrets(args.record_secrets));
        Ok(Some(Self { folder, secrets, most: args.record_most, begun: AtomicU64::new(0), writer }))
    }

    /// What whoever starts the server must know.
    pub(crate) fn notice(&self) -> String {
        let secrets = match self.secrets {
            Secrets::Withheld => "without secrets",
            Secrets::Recorded => "WITH SECRETS: whoever reads them can read the connections",
        };
        format!("recording up to {} connections in {}, {secrets}", self.most, self.folder.display())
    }

    /// Records the connection of this client; `None` if there are enough, or too much waits to be written.
    pub(crate) fn recorder(&self, peer: SocketAddr) -> Option<Recorder> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        if number >= self.most {
            if number == self.most {
                crate::say::say!("{number} connections are recorded; no more are (--record-most)");
            }
            return None;
        }
        let port = peer.port();
        let name = format!("{}-{:06}-{}-{port}.tls12", compact(&timestamp(now())), number + 1, plain(peer));
        self.writer.try_send(Message::Begin(number, self.folder.join(name))).ok()?;
        Some(Recorder::new(Sink { number, writer: self.writer.clone() }, self.secrets))
    }

    /// Waits until all that was recorded is written, at most for as long as `patience`.
    pub(crate) fn finish(&self, patience: Duration) {
        let (written, waiting) = sync_channel(1);
        if self.writer.try_send(Message::Finish(written)).is_ok() {
            let _ = waiting.recv_timeout(patience);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the command reads the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// A time as a part of the name of a file.
fn compact(time: &str) -> String {
    time.replace(['-', ':', '.'], "")
}

/// An address as a part of the name of a file.
fn plain(peer: SocketAddr) -> String {
    peer.ip().to_canonical().to_string().replace(':', "_")
}

impl Write for Sink {
    /// A line, whole or not; it is refused where too many wait.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = Message::Line(self.number, Zeroizing::new(bytes.to_vec()));
        match self.writer.try_send(line) {
            Ok(()) => Ok(bytes.len()),
            Err(TrySendError::Full(_)) => Err(io::Error::other("too much waits to be written")),
            Err(TrySendError::Disconnected(_)) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Where this does not arrive, the file stays open until the process ends; there are at most so many.
        let _ = self.writer.try_send(Message::End(self.number));
    }
}

/// Opens a new file for its owner alone.
pub(crate) fn create(path: &Path) -> Result<File, String> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    opened.map_err(|error| private_file::trouble(path, error))
}

/// The thread.
fn write(messages: &Receiver<Message>) {
    let mut files: HashMap<u64, (File, PathBuf)> = HashMap::new();
    for message in messages {
        let result = match message {
            Message::Begin(number, path) => create(&path).map(|file| {
                files.insert(number, (file, path));
            }),
            Message::Line(number, bytes) => match files.get_mut(&number) {
                Some((file, path)) => {
                    let written = file.write_all(&bytes).map_err(|error| private_file::trouble(path, error));
                    written.inspect_err(|_| drop(files.remove(&number)))
                }
                None => Ok(()),
            },
            Message::End(number) => {
                files.remove(&number);
                Ok(())
            }
            Message::Finish(written) => {
                let _ = written.send(());
                Ok(())
            }
        };
        if let Err(why) = result {
            crate::say::say!("tls12: a recording ends here: {why}");
        }
    }
}
