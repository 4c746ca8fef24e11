//! The threads that serve: each accepts connections and serves them to their end, all by itself.
#![expect(clippy::disallowed_types, reason = "the command opens sockets")]

use std::{convert::Infallible, io, num::NonZeroUsize, sync::Arc, thread, time::Duration};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, interval, sleep, timeout},
};

use crate::{
    serve::{Server, Stage},
    served,
};

/// How often at most the same trouble is told.
const SAY_AGAIN: Duration = Duration::from_secs(5);

/// The places for connections, and who has one.
#[derive(Debug)]
pub(crate) struct Room {
    places: Arc<Semaphore>,
    most: usize,
}

impl Room {
    /// For as many connections at once.
    pub(crate) fn new(most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(most)), most }
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.most.saturating_sub(self.places.available_permits())
    }
}

/// Threads that serve.
///
/// A connection stays on the thread that accepted it: nothing that a handshake needs has to wake another one. All of
/// them accept from one listener, so that whoever has time does.
pub(crate) struct Threads {
    /// Nothing is ever sent: it ends when all accepting and all connections did.
    busy: mpsc::Receiver<Infallible>,
}

/// What an open connection has of what there is.
struct Place {
    _room: OwnedSemaphorePermit,
    _busy: mpsc::Sender<Infallible>,
}

/// As many threads as there are processors for this process.
pub(crate) fn for_all_processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl Threads {
    /// Starts `count` of them.
    pub(crate) fn start(
        server: &Arc<Server>,
        listener: std::net::TcpListener,
        count: usize,
    ) -> io::Result<Self> {
        let (working, busy) = mpsc::channel(1);
        for n in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let listener = listen(&runtime, listener.try_clone()?)?;
            let accepting = Accepting { server: server.clone(), working: working.clone(), listener };
            thread::Builder::new().name(format!("serve-{n}")).spawn(move || {
                runtime.block_on(async {
                    accepting.run().await;
                    // Connections go on until the process ends.
                    std::future::pending::<()>().await;
                });
            })?;
        }
        Ok(Self { busy })
    }

    /// Whether all connections end within this time, once none are accepted any more.
    pub(crate) async fn all_done(&mut self, patience: Duration) -> bool {
        timeout(patience, self.busy.recv()).await.is_ok()
    }
}

fn listen(runtime: &Runtime, listener: std::net::TcpListener) -> io::Result<TcpListener> {
    let _within = runtime.enter();
    TcpListener::from_std(listener)
}

/// How often a thread looks at its clock: more often than connections reach a time limit, unless one was set shorter.
const TICK: Duration = Duration::from_millis(900);

/// Never ends. A runtime wakes itself up, at the price of two system calls, whenever a time limit begins that ends
/// before all others that it knows of: the next tick always ends before.
async fn tick() {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
    }
}

/// What one thread accepts connections with.
struct Accepting {
    server: Arc<Server>,
    working: mpsc::Sender<Infallible>,
    listener: TcpListener,
}

impl Accepting {
    /// Accepts connections until the server stops.
    async fn run(self) {
        let server = self.server.clone();
        tokio::select! {
            () = self.accept() => {}
            () = server.reached(Stage::Stopping) => {}
            () = tick() => {}
        }
    }

    async fn accept(self) {
        let mut said: Option<Instant> = None;
        loop {
            match (self.listener.accept().await, self.server.room.places.clone().try_acquire_owned()) {
                (Ok((tcp, peer)), Ok(room)) => {
                    let (server, place) =
                        (self.server.clone(), Place { _room: room, _busy: self.working.clone() });
                    tokio::spawn(async move {
                        served::connection(&server, tcp, peer).await;
                        drop(place);
                    });
                }
                (Ok((tcp, peer)), Err(_)) => {
                    drop(tcp);
                    served::refused(&self.server, peer);
                }
                (Err(error), _) => {
                    // No file descriptors left, say: trying again at once would not help.
                    if said.is_none_or(|said| said.elapsed() > SAY_AGAIN) {
                        crate::say::say!("tls12: a connection cannot be accepted: {error}");
                        said = Some(Instant::now());
                    }
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}
