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
        Arc,
        atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, SystemTime},
};

use tls12::replay::{FULL_LINE, Recorder, Secrets};
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

/// How many lines may wait to be written, and how many bytes of them: 16 MiB.
const MOST_WAITING: usize = 4096;
const MOST_WAITING_BYTES: usize = 16 << 20;

/// A folder of recordings.
#[derive(Debug)]
pub(crate) struct Recordings {
    folder: PathBuf,
    secrets: Secrets,
    most: u64,
    begun: AtomicU64,
    queue: Queue,
}

/// What leads to the thread.
#[derive(Debug, Clone)]
struct Queue {
    writer: SyncSender<Message>,
    /// How many bytes wait.
    waiting: Arc<AtomicUsize>,
}

/// What the thread is told. The number is that of the recording.
#[derive(Debug)]
enum Message {
    Begin(u64, PathBuf, Arc<Fate>),
    Line(u64, Zeroizing<Vec<u8>>),
    End(u64),
    Finish(SyncSender<()>),
}

/// Where one connection is written to.
struct Sink {
    number: u64,
    queue: Queue,
    fate: Arc<Fate>,
}

/// What a sink could not tell the thread, for too much waited.
#[derive(Debug, Default)]
struct Fate(AtomicU8);

impl Fate {
    /// A line was left out, and all that follow.
    const CUT: u8 = 1;
    /// The connection ended.
    const OVER: u8 = 2;

    fn is(&self, what: u8) -> bool {
        self.0.load(Ordering::Acquire) & what != 0
    }

    fn becomes(&self, what: u8) {
        self.0.fetch_or(what, Ordering::Release);
    }
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
        let (queue, messages) = queue();
        let waiting = Arc::clone(&queue.waiting);
        thread::Builder::new()
            .name("record".into())
            .spawn(move || Files::default().write(&messages, &waiting))
            .map_err(|error| format!("no thread can be started: {error}"))?;
        let (folder, secrets) = (folder.clone(), secrets(args.record_secrets));
        Ok(Some(Self { folder, secrets, most: args.record_most, begun: AtomicU64::new(0), queue }))
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
    pub(crate) fn recorder(&self, peer: SocketAddr, local: io::Result<SocketAddr>) -> Option<Recorder> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        if number >= self.most {
            if number == self.most {
                crate::say::say!("{number} connections are recorded; no more are (--record-most)");
            }
            return None;
        }
        let port = peer.port();
        let name = format!("{}-{:06}-{}-{port}.tls12", compact(&timestamp(now())), number + 1, plain(peer));
        let Some(sink) = Sink::begin(number, self.folder.join(name), &self.queue) else {
            crate::say::say!("tls12: the connection of {peer} is not recorded: too much waits to be written");
            return None;
        };
        Some(Recorder::new(sink, self.secrets).with_note(note(Ok(peer), local)))
    }

    /// Waits until all that was recorded is written, at most for about as long as `patience`.
    pub(crate) fn finish(&self, patience: Duration) {
        const PAUSE: Duration = Duration::from_millis(10);
        let (written, waiting) = sync_channel(1);
        for _ in 0..patience.as_millis() / PAUSE.as_millis() {
            match self.queue.writer.try_send(Message::Finish(written.clone())) {
                Ok(()) => {
                    let _ = waiting.recv_timeout(patience);
                    return;
                }
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }
}

fn queue() -> (Queue, Receiver<Message>) {
    let (writer, messages) = sync_channel(MOST_WAITING);
    (Queue { writer, waiting: Arc::default() }, messages)
}

/// When, and who called whom.
pub(crate) fn note(client: io::Result<SocketAddr>, server: io::Result<SocketAddr>) -> String {
    let text = |address: io::Result<SocketAddr>| address.map_or_else(|_| "?".into(), |is| is.to_string());
    format!("{}, {} -> {}", timestamp(now()), text(client), text(server))
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

impl Sink {
    fn begin(number: u64, path: PathBuf, queue: &Queue) -> Option<Self> {
        let fate = Arc::default();
        queue.writer.try_send(Message::Begin(number, path, Arc::clone(&fate))).ok()?;
        Some(Self { number, queue: queue.clone(), fate })
    }
}

impl Write for Sink {
    /// A line; it is refused where too much waits, and so is every one after it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let waiting = &self.queue.waiting;
        let before = waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        let fits = before + bytes.len() <= MOST_WAITING_BYTES && !self.fate.is(Fate::CUT);
        let line = || Message::Line(self.number, Zeroizing::new(bytes.to_vec()));
        if fits && self.queue.writer.try_send(line()).is_ok() {
            return Ok(bytes.len());
        }
        waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        self.fate.becomes(Fate::CUT);
        Err(io::Error::other("too much waits to be written"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.queue.writer.try_send(Message::End(self.number)).is_err() {
            self.fate.becomes(Fate::OVER);
        }
    }
}

/// Opens a new file for its owner alone.
pub(crate) fn create(path: &Path) -> Result<File, String> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    opened.map_err(|error| private_file::trouble(path, error))
}

/// The files that are open, by the number of their recording. They are the thread's.
#[derive(Default)]
struct Files(HashMap<u64, Open>);

struct Open {
    file: File,
    path: PathBuf,
    fate: Arc<Fate>,
}

impl Files {
    /// The thread.
    fn write(mut self, messages: &Receiver<Message>, waiting: &AtomicUsize) {
        while let Some(message) = self.next(messages) {
            let result = match message {
                Message::Begin(number, path, fate) => create(&path).map(|file| {
                    self.0.insert(number, Open { file, path, fate });
                }),
                Message::Line(number, bytes) => {
                    waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
                    let written = self.0.get_mut(&number).map_or(Ok(()), |open| open.write(&bytes));
                    written.inspect_err(|_| drop(self.0.remove(&number)))
                }
                Message::End(number) => self.close(number),
                Message::Finish(written) => {
                    let closed = self.ended().into_iter().try_for_each(|number| self.close(number));
                    let _ = written.send(());
                    closed
                }
            };
            if let Err(why) = result {
                crate::say::say!("tls12: a recording ends here: {why}");
            }
        }
    }

    /// The next message. Where there is none, what ended and could not say so is closed: all that came of it was written,
    /// for it had ended before there was none.
    fn next(&mut self, messages: &Receiver<Message>) -> Option<Message> {
        if let Ok(message) = messages.try_recv() {
            return Some(message);
        }
        let ended = self.ended();
        if let Ok(message) = messages.try_recv() {
            return Some(message);
        }
        for number in ended {
            if let Err(why) = self.close(number) {
                crate::say::say!("tls12: a recording ends here: {why}");
            }
        }
        messages.recv().ok()
    }

    /// The recordings to which nothing more will come.
    fn ended(&self) -> Vec<u64> {
        let ended = self.0.iter().filter(|(_, open)| open.fate.is(Fate::CUT | Fate::OVER));
        ended.map(|(number, _)| *number).collect()
    }

    fn close(&mut self, number: u64) -> Result<(), String> {
        match self.0.remove(&number) {
            Some(mut open) if open.fate.is(Fate::CUT) => open.write(FULL_LINE.as_bytes()),
            Some(_) | None => Ok(()),
        }
    }
}

impl Open {
    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.file.write_all(bytes).map_err(|error| private_file::trouble(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the thread's work once all that `connection` does is done, and reads what it wrote.
    fn written(name: &str, connection: impl FnOnce(Sink, &Queue)) -> String {
        let path = std::env::temp_dir().join(format!("tls12-recordings-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        let (queue, messages) = queue();
        let waiting = Arc::clone(&queue.waiting);
        connection(Sink::begin(1, path.clone(), &queue).expect("room"), &queue);
        drop(queue);
        Files::default().write(&messages, &waiting);
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
        let text = fs::read_to_string(&path).expect("a recording");
        let _ = fs::remove_file(&path);
        text
    }

    #[test]
    fn a_recording_that_had_to_wait_too_long_says_so_in_its_last_line() {
        let text = written("lines", |mut sink, _| {
            let lines = (0..).take_while(|number| sink.write_all(format!("{number}\n").as_bytes()).is_ok());
            assert_eq!(lines.count(), MOST_WAITING - 1);
            assert!(sink.write(b"another\n").is_err());
        });
        assert!(text.ends_with(&format!("\n{}\n{}", MOST_WAITING - 2, FULL_LINE)), "{text}");
    }

    #[test]
    fn no_more_bytes_wait_than_there_is_room_for() {
        let line = vec![b'x'; 1 << 20];
        let text = written("bytes", |mut sink, queue| {
            let mut lines = 0;
            while sink.write_all(&line).is_ok() {
                lines += 1;
            }
            assert_eq!(lines, MOST_WAITING_BYTES >> 20);
            assert_eq!(queue.waiting.load(Ordering::Relaxed), MOST_WAITING_BYTES);
        });
        assert!(text.ends_with(FULL_LINE));
    }

    #[test]
    fn a_recording_whose_end_found_no_room_is_closed_and_is_whole() {
        let text = written("end", |mut sink, queue| {
            sink.write_all(b"a line\n").expect("room");
            while queue.writer.try_send(Message::End(9)).is_ok() {}
            drop(sink);
        });
        assert_eq!(text, "a line\n");
    }
}
