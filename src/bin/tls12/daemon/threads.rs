//! The threads that serve: each accepts connections and serves them to their end, all by itself.
#![expect(clippy::disallowed_types, reason = "the command opens sockets")]

use std::{
    convert::Infallible, future::pending, io, net::SocketAddr, num::NonZeroUsize, sync::Arc, thread,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::mpsc,
    time::{Instant, interval, sleep, timeout},
};

use super::{Handler, Stage, spawn};

/// For how long nothing is accepted where that failed.
const PAUSE: Duration = Duration::from_millis(50);
/// How often accepting may fail at the end: what is open ends, and makes room, or does not.
const FAILURES_AT_THE_END: u32 = 20;

/// How often at most the same trouble is told.
const SAY_AGAIN: Duration = Duration::from_secs(5);

/// Threads that serve.
///
/// A connection stays on the thread that accepted it: nothing that a handshake needs has to wake another one. All of
/// them accept from one listener, so that whoever has time does.
pub(super) struct Threads {
    /// Nothing is ever sent: it ends when all accepting and all connections did.
    busy: mpsc::Receiver<Infallible>,
}

/// Held for as long as there is something to do.
pub(super) type Busy = mpsc::Sender<Infallible>;

/// As many threads as there are processors for this process.
pub(super) fn for_all_processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl Threads {
    /// Starts `count` of them.
    pub(super) fn start<H: Handler>(
        handler: &Arc<H>,
        listener: std::net::TcpListener,
        count: usize,
    ) -> io::Result<Self> {
        let (working, busy) = mpsc::channel(1);
        for n in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (at_the_end, listener) = (listener.try_clone()?, listen(&runtime, listener.try_clone()?)?);
            let (handler, working) = (handler.clone(), working.clone());
            let accepting = Accepting { handler, working, listener, at_the_end };
            thread::Builder::new().name(format!("serve-{n}")).spawn(move || {
                runtime.block_on(async {
                    accepting.run().await;
                    // Connections go on until the process ends.
                    pending::<()>().await;
                });
            })?;
        }
        Ok(Self { busy })
    }

    /// Whether all connections end within this time, once none are accepted any more.
    pub(super) async fn all_done(&mut self, patience: Duration) -> bool {
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
struct Accepting<H> {
    handler: Arc<H>,
    working: Busy,
    listener: TcpListener,
    /// The same, to be asked without anybody in between.
    at_the_end: std::net::TcpListener,
}

impl<H: Handler> Accepting<H> {
    /// Accepts connections until the server stops, and then those that wait already: the system took them, so that
    /// closing the listener would reset them.
    async fn run(self) {
        tokio::select! {
            () = self.accept() => {}
            () = self.handler.daemon().reached(Stage::Stopping) => {}
            () = tick() => {}
        }
        let mut failures = 0;
        loop {
            match self.waiting() {
                Some(Ok((tcp, peer))) => self.begin(tcp, peer),
                Some(Err(_)) if failures < FAILURES_AT_THE_END => {
                    failures += 1;
                    sleep(PAUSE).await;
                }
                Some(Err(_)) | None => return,
            }
        }
    }

    async fn accept(&self) {
        let mut said: Option<Instant> = None;
        loop {
            match self.listener.accept().await {
                Ok((tcp, peer)) => self.begin(tcp, peer),
                Err(error) => {
                    // No file descriptors left, say: trying again at once would not help.
                    if said.is_none_or(|said| said.elapsed() > SAY_AGAIN) {
                        crate::say::say!("tls12: a connection cannot be accepted: {error}");
                        said = Some(Instant::now());
                    }
                    self.handler.daemon().metrics.not_accepted();
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// A connection that waits to be accepted. The system is asked itself: a runtime that has just begun may not know yet.
    fn waiting(&self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = self.at_the_end.accept().and_then(|(tcp, peer)| {
            tcp.set_nonblocking(true)?;
            Ok((TcpStream::from_std(tcp)?, peer))
        });
        match accepted {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            accepted => Some(accepted),
        }
    }

    fn begin(&self, tcp: TcpStream, peer: SocketAddr) {
        let daemon = self.handler.daemon();
        match daemon.admission.admit(peer.ip()) {
            Ok(place) => spawn(self.handler.clone(), tcp, peer, place, self.working.clone()),
            Err(limit) => {
                drop(tcp);
                daemon.refused(peer, limit);
            }
        }
    }
}
