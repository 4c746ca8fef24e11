//! One connection to Redis, made anew when it is lost.

use std::{
    future::{Future, poll_fn},
    hash::{BuildHasher, RandomState},
    io,
    pin::{Pin, pin},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use ::redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisResult, Value, aio::MultiplexedConnection};
use ::tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::{
    StoreError, answer,
    command::Commands,
    place::{Place, Secure},
    stream::Watched,
};
use crate::{
    edge::trace::{self, Up},
    session::MAX_SEALED,
};

/// The most that is received between two answers. Many may be under way at once, each as long as a session.
const MOST_RECEIVED: usize = 512 * MAX_SEALED;
/// A connection that answered nothing for as long, though it was asked, is no longer one.
const SILENCE: Duration = Duration::from_secs(1);
/// How long it takes until a connection is tried again, at first and at most, give or take a quarter.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];
/// How many commands may wait until they are sent.
const QUEUE: usize = 1024;

/// The place of a connection.
#[derive(Default)]
pub(super) struct Line {
    live: RwLock<Option<Live>>,
}

/// A connection that answered before.
#[derive(Clone)]
pub(super) struct Live {
    connection: MultiplexedConnection,
    watch: Arc<Watch>,
}

/// What is known of a connection while it lasts.
pub(super) struct Watch {
    since: Instant,
    received: AtomicUsize,
    /// Since when calls were given up without an answer, in microseconds; 0 is not at all.
    silent: AtomicU64,
    /// It is of no use any more.
    end: Notify,
}

impl Watch {
    fn new() -> Self {
        let (received, silent) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self { since: Instant::now(), received, silent, end: Notify::new() }
    }

    pub(super) fn received(&self, bytes: usize) -> io::Result<()> {
        let before = self.received.fetch_add(bytes, Relaxed);
        match before.saturating_add(bytes) > MOST_RECEIVED {
            true => Err(io::Error::new(io::ErrorKind::InvalidData, "more than any answer")),
            false => Ok(()),
        }
    }

    fn answered(&self) {
        self.received.store(0, Relaxed);
        self.silent.store(0, Relaxed);
    }

    /// A call was given up.
    fn given_up(&self) {
        let now = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        match self.silent.load(Relaxed) {
            0 => self.silent.store(now, Relaxed),
            begun if Duration::from_micros(now.saturating_sub(begun)) >= SILENCE => self.end.notify_one(),
            _ => {}
        }
    }
}

/// A call under way; given up where it is dropped.
struct Asked<'w> {
    watch: &'w Watch,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        match self.is_answered {
            true => self.watch.answered(),
            false => self.watch.given_up(),
        }
    }
}

/// What an answer means.
type Meaning<T> = fn(Value) -> Result<T, StoreError>;

impl Live {
    pub(super) async fn ask<T>(&self, command: &Cmd, meaning: Meaning<T>) -> Result<T, StoreError> {
        let mut asked = Asked { watch: &self.watch, is_answered: false };
        let answer = self.connection.clone().send_packed_command(command).await;
        asked.is_answered = true;
        self.read(answer, meaning)
    }

    /// Several commands at once; the first failure counts.
    pub(super) async fn ask_all(&self, commands: &Pipeline, meaning: Meaning<()>) -> Result<(), StoreError> {
        let mut asked = Asked { watch: &self.watch, is_answered: false };
        let answers = self.connection.clone().send_packed_commands(commands, 0, commands.len()).await;
        asked.is_answered = true;
        let answers = answers.map_err(|error| answer::error(&error))?;
        answers.into_iter().try_for_each(|answer| self.read(Ok(answer), meaning))
    }

    fn read<T>(&self, answer: RedisResult<Value>, meaning: Meaning<T>) -> Result<T, StoreError> {
        let answer = answer.and_then(Value::extract_error).map_err(|error| answer::error(&error));
        let result = answer.and_then(meaning);
        if matches!(result, Err(StoreError::Garbled)) {
            // What comes next may be the answer to something else, too.
            self.watch.end.notify_one();
        }
        result
    }
}

/// A connection, and who moves its bytes.
pub(super) struct Opened {
    live: Live,
    driver: Driver,
}

/// Ends with whoever holds it.
pub(super) struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes connections.
pub(super) struct Opener {
    pub(super) place: Place,
    pub(super) tls: Option<Arc<dyn Secure>>,
    pub(super) patience: Duration,
    pub(super) commands: Commands,
}

impl Opener {
    /// A connection that has answered once.
    pub(super) async fn open(&self) -> io::Result<Opened> {
        let silent = || io::Error::from(io::ErrorKind::TimedOut);
        timeout(self.patience, self.try_open()).await.unwrap_or_else(|_| Err(silent()))
    }

    async fn try_open(&self) -> io::Result<Opened> {
        let watch = Arc::new(Watch::new());
        let io = self.place.reach(self.tls.as_ref()).await?;
        let stream = Watched { io, watch: watch.clone() };
        // Each call has its own deadline, by the clock of its own runtime.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(QUEUE);
        let login = &self.place.login;
        let opened = MultiplexedConnection::new_with_config(login, stream, config).await;
        let (connection, driver) = opened.map_err(|error| failed(answer::error(&error)))?;
        let driver = Driver(::tokio::spawn(driver));
        let live = Live { connection, watch };
        live.ask(&self.commands.hello(), answer::session).await.map_err(failed)?;
        Ok(Opened { live, driver })
    }
}

fn failed(error: StoreError) -> io::Error {
    let kind = match error {
        StoreError::NotAllowed => io::ErrorKind::PermissionDenied,
        StoreError::Lost => io::ErrorKind::ConnectionReset,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

impl Line {
    pub(super) fn live(&self) -> Option<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_up(&self) -> bool {
        self.live.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The one place at which a connection begins to be used.
    pub(super) fn raise(self: &Arc<Self>, opened: Opened) -> Raised {
        let Opened { live, driver } = opened;
        let watch = live.watch.clone();
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(live);
        trace::connection(Up::Yes);
        Raised { line: self.clone(), watch, driver }
    }
}

/// A line that is up, until this is dropped.
pub(super) struct Raised {
    line: Arc<Line>,
    watch: Arc<Watch>,
    driver: Driver,
}

impl Raised {
    /// Waits until it is lost, or of no use. A driver that panicked ended, too.
    async fn lost(&mut self) {
        let Self { line: _, watch, driver } = self;
        let mut end = pin!(watch.end.notified());
        poll_fn(|cx| match (Pin::new(&mut driver.0).poll(cx), end.as_mut().poll(cx)) {
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    }
}

impl Drop for Raised {
    /// The one place at which a connection ceases to be used.
    fn drop(&mut self) {
        *self.line.live.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Keeps a line up, until it is aborted.
pub(super) async fn keep(line: Arc<Line>, opener: Arc<Opener>, mut raised: Option<Raised>) {
    let [shortest, longest] = PAUSES;
    let mut pause = shortest;
    let mut told = String::new();
    loop {
        let begun = Instant::now();
        let up = match raised.take() {
            Some(up) => Some(up),
            None => match opener.open().await {
                Ok(opened) => Some(line.raise(opened)),
                Err(error) => {
                    tell_once(&error, &mut told);
                    None
                }
            },
        };
        if let Some(mut up) = up {
            told.clear();
            up.lost().await;
            trace::connection(Up::No);
            // One that does not last is no better than none.
            if begun.elapsed() >= longest {
                pause = shortest;
            }
        }
        sleep(pause.mul_f64(0.75 + chance() / 2.0)).await;
        pause = pause.saturating_mul(2).min(longest);
    }
}

/// Says why there is no connection, where that is another reason than the last time.
fn tell_once(error: &io::Error, told: &mut String) {
    let why = error.to_string();
    if why != *told {
        trace::not_connected(&why);
        *told = why;
    }
}

/// From 0 to 1: so that many processes do not all come back at one moment. It need not be more than unlikely to be guessed.
fn chance() -> f64 {
    f64::from((RandomState::new().hash_one(()) >> 32) as u32) / f64::from(u32::MAX)
}
