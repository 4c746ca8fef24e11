//! `tls12 serve`: accepts TLS, and serves what comes, or passes it on.

pub(crate) mod args;
pub(crate) mod cache;
mod config_file;
mod connection;
mod forward;
mod hosts;
mod key_source;
mod proxy_protocol;
mod resuming;
mod settings;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::{net::TcpStream, signal::unix::Signal, task::spawn_blocking};

use self::{
    forward::Backend,
    hosts::Hosts,
    resuming::Resuming,
    settings::{Settings, Source},
};
use crate::{
    Failure,
    daemon::{self, Daemon, Ended, Handler, Place, Port, listen, traffic::Traffic},
    recorded::Explaining,
    recordings::Recordings,
};

/// For how long the last lines of recordings may take to be written.
const LAST_LINES: std::time::Duration = std::time::Duration::from_secs(2);

/// What is served over a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// A page about the connection.
    Http,
    /// What came.
    Echo,
    /// What the server behind says.
    Forward(Backend),
}

/// What every connection of this server shares.
pub(crate) struct Server {
    daemon: Daemon,
    source: Source,
    /// Connections go on with the hosts that they began with.
    hosts: RwLock<Arc<Hosts>>,
    resuming: Resuming,
    /// How many bytes of a client a handshake may take.
    handshake_bytes: usize,
    /// Where connections are explained, if they are.
    explaining: Option<Arc<Explaining>>,
    /// Where connections are recorded, if they are.
    recordings: Option<Recordings>,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(args: args::Serve) -> Result<(), Failure> {
    let failed = |what: &str, error: io::Error| Failure::Failed(format!("{what}: {error}"));
    let (server, settings) = Server::new(args).map_err(Failure::Usage)?;
    let args = server.source.args();
    let port = if args.reuse_port { Port::Shared } else { Port::Own };
    let listener = listen(&args.listen, port).await.map_err(|error| failed(&args.listen, error))?;
    let address = listener.local_addr().map_err(|error| failed(&args.listen, error))?;
    let (stops, hangup) = daemon::signals()?;
    crate::say::say!("listening on {address} ({}) with {}", settings.service(), settings.origin);
    crate::say::say!("{}", server.resuming.name());
    settings.warnings.iter().for_each(|warning| crate::say::say!("warning: {warning}"));
    server.recordings.iter().for_each(|recordings| crate::say::say!("{}", recordings.notice()));
    let telling = args.telling.clone();
    let server = Arc::new(server);
    let result = daemon::run(server.clone(), listener, &telling, stops, server.clone().keep(hangup)).await;
    server.recordings.iter().for_each(|recordings| recordings.finish(LAST_LINES));
    result
}

impl Server {
    /// Fails with a sentence.
    fn new(args: args::Serve) -> Result<(Self, Settings), String> {
        let daemon = Daemon::new(&args.limits, &args.telling)?;
        let (resuming, handshake_bytes) = (Resuming::new(&args.resume)?, args.handshake_bytes);
        let explaining = Explaining::if_asked(args.explain);
        let recordings = Recordings::start(&args.recording)?;
        let source = Source::new(args)?;
        let settings = source.read()?;
        let hosts = RwLock::new(Arc::new(Hosts::new(&settings, &resuming)));
        Ok((Self { daemon, source, hosts, resuming, handshake_bytes, explaining, recordings }, settings))
    }

    /// Who serves which name now.
    fn hosts(&self) -> Arc<Hosts> {
        self.hosts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes ticket keys in their time, and reads everything again at SIGHUP, on a thread of its own: a file that keeps
    /// somebody waiting keeps nobody else. Never ends.
    async fn keep(self: Arc<Self>, mut hangup: Signal) {
        loop {
            let work: fn(&Self) = tokio::select! {
                _ = hangup.recv() => |server| {
                    let read = server.resuming.read_again();
                    server.keys_changed(read);
                    server.reload();
                },
                () = self.resuming.until_next() => |server| {
                    let renewed = server.resuming.renew();
                    server.keys_changed(renewed);
                },
            };
            let server = self.clone();
            // What panicked there changed nothing, and comes again with the next signal.
            let _ = spawn_blocking(move || work(&server)).await;
        }
    }

    fn keys_changed(&self, renewed: Result<(), ()>) {
        self.daemon.metrics.reloaded("ticket-keys", renewed);
        self.hosts().renew(&self.resuming);
    }

    /// Reads certificates, keys, roots, hosts and the URL of the shared cache again, and takes all of them or, if anything is wrong with
    /// one, none. Whoever is connected goes on as before.
    fn reload(&self) {
        let read = self.source.read().and_then(|settings| self.resuming.renew_cache().map(|()| settings));
        self.daemon.metrics.reloaded("certificates", read.as_ref().map(drop).map_err(drop));
        match read {
            Ok(settings) => {
                settings.warnings.iter().for_each(|warning| crate::say::say!("warning: {warning}"));
                let hosts = Arc::new(Hosts::new(&settings, &self.resuming));
                *self.hosts.write().unwrap_or_else(PoisonError::into_inner) = hosts;
                crate::say::say!("read again: {}", settings.origin);
            }
            Err(why) => crate::say::say!("tls12: certificates and hosts stay as they are: {why}"),
        }
    }
}

impl Handler for Server {
    fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    async fn connection(
        &self,
        tcp: TcpStream,
        peer: SocketAddr,
        traffic: &Traffic,
        place: &mut Place,
    ) -> Ended {
        connection::serve(self, tcp, peer, traffic, place).await
    }

    fn text(&self) -> String {
        self.resuming.text()
    }

    fn numbers(&self) -> String {
        self.resuming.numbers()
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http => f.write_str("http"),
            Self::Echo => f.write_str("echo"),
            Self::Forward(backend) => write!(f, "forward to {backend}"),
        }
    }
}
