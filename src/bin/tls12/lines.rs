//! Lines for whoever reads them. A reader that does not read stops nothing: lines wait, and when too many do, they are
//! counted instead.

use std::{
    io,
    iter::once,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// How many lines wait for whoever reads them. With as many connections at once as there usually are, each has room.
const WAITING_LINES: usize = 8 * 1024;

/// For how long lines are gathered after some were written: a server that is busy writes many at once, and whoever adds
/// one does not wake the thread that writes.
const GATHERING: Duration = Duration::from_millis(5);

/// Where lines go.
#[derive(Debug)]
pub(crate) struct Lines {
    waiting: SyncSender<Entry>,
    written: Mutex<Receiver<()>>,
    lost: AtomicU64,
}

#[derive(Debug)]
enum Entry {
    Line(String),
    End,
}

impl Lines {
    /// Starts the thread that writes to `to`.
    pub(crate) fn start(name: &str, mut to: impl io::Write + Send + 'static) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING_LINES);
        let (ended, written) = sync_channel(1);
        thread::Builder::new().name(name.into()).spawn(move || {
            while write_all_waiting(&waiting, &mut to) {
                thread::sleep(GATHERING);
            }
            let _ = ended.try_send(());
        })?;
        Ok(Self { waiting: lines, written: Mutex::new(written), lost: AtomicU64::new(0) })
    }

    /// Writes one line, and before it, if some were lost, the line that says how many.
    pub(crate) fn write(&self, line: String, say_lost: impl FnOnce(u64) -> String) {
        let lost = self.lost.swap(0, Relaxed);
        if lost > 0 {
            self.send(say_lost(lost), lost);
        }
        self.send(line, 1);
    }

    /// `worth` is how many lines are lost if this one is.
    fn send(&self, line: String, worth: u64) {
        if self.waiting.try_send(Entry::Line(line)).is_err() {
            self.lost.fetch_add(worth, Relaxed);
        }
    }

    /// Waits until all is written, at most for as long as `patience`. Nothing is written after that.
    pub(crate) fn finish(&self, patience: Duration) {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if self.waiting.try_send(Entry::End).is_ok() {
            let _ = written.recv_timeout(patience);
        }
    }
}

/// Waits for a line and writes all that are there then, at once. Whether more may come.
fn write_all_waiting(waiting: &Receiver<Entry>, to: &mut impl io::Write) -> bool {
    let Ok(first) = waiting.recv() else {
        return false;
    };
    let (mut lines, mut more) = (String::new(), true);
    for entry in once(first).chain(waiting.try_iter().take(WAITING_LINES)) {
        match entry {
            Entry::Line(line) => lines.extend([&line, "\n"]),
            Entry::End => {
                more = false;
                break;
            }
        }
    }
    // That nobody reads is no reason to end.
    let _ = to.write_all(lines.as_bytes()).and_then(|()| to.flush());
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that nobody reads.
    fn stuck(room: usize) -> (Lines, Receiver<Entry>) {
        let (lines, waiting) = sync_channel(room);
        let (_, written) = sync_channel(1);
        (Lines { waiting: lines, written: Mutex::new(written), lost: AtomicU64::new(0) }, waiting)
    }

    #[test]
    fn a_reader_that_does_not_read_stops_nothing_and_is_told_how_much_it_missed() {
        let (lines, waiting) = stuck(2);
        let write = || lines.write("a line".into(), |lost| format!("lost {lost}"));
        (0..5).for_each(|_| write());
        assert_eq!(lines.lost.load(Relaxed), 3);
        let read: Vec<_> = waiting.try_iter().collect();
        assert_eq!(read.len(), 2);
        write();
        let said: Vec<_> = waiting.try_iter().map(|entry| format!("{entry:?}")).collect();
        assert!(said[0].contains("lost 3") && said[1].contains("a line"), "{said:?}");
        assert_eq!(lines.lost.load(Relaxed), 0);
    }

    #[test]
    fn lines_that_wait_are_written_at_once_and_in_order() {
        let (lines, waiting) = sync_channel(8);
        let line = |n: u32| lines.try_send(Entry::Line(n.to_string())).expect("room");
        (1..4).for_each(line);
        let mut written = Writes::default();
        assert!(write_all_waiting(&waiting, &mut written));
        line(4);
        lines.try_send(Entry::End).expect("room");
        assert!(!write_all_waiting(&waiting, &mut written));
        assert_eq!(written.0, [&b"1\n2\n3\n"[..], b"4\n"]);
    }

    /// Every write apart from the others.
    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl io::Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
