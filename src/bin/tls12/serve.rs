//! `tls12 serve`: the listener.

use std::{sync::Arc, time::Duration};

use tls12::{
    ClientAuth, ServerConfig,
    crypto::{LocalKey, Provider},
    pki::VerifyPeer,
    store::MemoryStore,
    tokio::NoVerifier,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::{
    Failure,
    args::{self, Limits},
    certs::{self, Identity},
    keylog,
    log::Log,
    resuming::Resuming,
    stats,
    threads::{self, Room, Threads},
};

/// For how long open connections may go on after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(10);

/// For how long they may take to say goodbye then, and the last lines of log to be written.
const GOODBYE: Duration = Duration::from_secs(2);

/// What is served over a connection.
#[derive(Debug, Clone)]
pub(crate) enum Service {
    /// A page about the connection.
    Http,
    /// What came.
    Echo,
    /// What the server at this address says.
    Forward(String),
}

/// What accepts connections here.
pub(crate) type Acceptor = tls12::tokio::Acceptor<LocalKey, Box<dyn VerifyPeer>, Arc<MemoryStore>>;

/// What every connection of this server shares.
pub(crate) struct Server {
    pub(crate) acceptor: Acceptor,
    config: ServerConfig,
    pub(crate) resuming: Resuming,
    pub(crate) service: Service,
    pub(crate) limits: Limits,
    pub(crate) room: Room,
    pub(crate) log: Log,
    stage: watch::Sender<Stage>,
}

/// How far a server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It accepts connections.
    Serving,
    /// It accepts none any more, and lets those that are open finish.
    Stopping,
    /// Open connections must end now.
    Stopped,
}

impl Server {
    /// Resolves when it has come that far.
    pub(crate) async fn reached(&self, stage: Stage) {
        // The sender lives as long as the server, so this cannot fail.
        let _ = self.stage.subscribe().wait_for(|reached| *reached >= stage).await;
    }
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(args: args::Serve) -> Result<(), Failure> {
    let failed = |what: &str, error: std::io::Error| Failure::Failed(format!("{what}: {error}"));
    let (server, origin, warnings) = prepare(&args).map_err(Failure::Usage)?;
    let listener = TcpListener::bind(&args.listen).await.map_err(|error| failed(&args.listen, error))?;
    let address = listener.local_addr().map_err(|error| failed(&args.listen, error))?;
    crate::say::say!("listening on {address} ({}) with {origin}", server.service.name());
    crate::say::say!("{}", server.resuming.name());
    warnings.iter().for_each(|warning| crate::say::say!("warning: {warning}"));
    let (server, count) = (Arc::new(server), args.threads.unwrap_or_else(threads::for_all_processors));
    let numbers = numbers(&args, server.clone()).await?;
    let no_signals = |error| failed("signals cannot be received", error);
    let (stopped, hangup) =
        (stop_signal().map_err(no_signals)?, signal(SignalKind::hangup()).map_err(no_signals)?);
    let mut threads = listener
        .into_std()
        .and_then(|listener| Threads::start(&server, listener, count))
        .map_err(|error| failed("no threads can be started", error))?;
    tokio::select! {
        () = server.resuming.keep(&server.config, &server.acceptor, hangup) => {}
        () = numbers => {}
        () = stopped => {}
    }
    server.stage.send_replace(Stage::Stopping);
    crate::say::say!("stopping; {} connections are open", server.room.open());
    if !threads.all_done(PATIENCE).await {
        crate::say::say!("stopped with {} connections still open", server.room.open());
        server.stage.send_replace(Stage::Stopped);
        threads.all_done(GOODBYE).await;
    }
    server.log.finish(GOODBYE);
    Ok(())
}

/// Serves numbers, if that was asked for; never ends.
async fn numbers(
    args: &args::Serve,
    server: Arc<Server>,
) -> Result<impl Future<Output = ()> + use<>, Failure> {
    let listener = match &args.resume.stats {
        Some(address) => Some(stats::listen(address).await.map_err(Failure::Usage)?),
        None => None,
    };
    if let Some(Ok(address)) = listener.as_ref().map(TcpListener::local_addr) {
        crate::say::say!("numbers at http://{address}/ and http://{address}/metrics");
    }
    Ok(async move {
        match listener {
            Some(listener) => stats::serve(listener, server).await,
            None => std::future::pending().await,
        }
    })
}

/// Resolves at SIGTERM or SIGINT.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What the command line asks for, and where the certificate comes from. Fails with a sentence.
fn prepare(args: &args::Serve) -> Result<(Server, String, Vec<String>), String> {
    let provider = Provider::best();
    let (identities, origin) = match certs::identities(provider, &args.identity)? {
        none if none.is_empty() => {
            let origin = "a certificate made for localhost, which nobody trusts".to_owned();
            (vec![certs::for_localhost(provider)?], origin)
        }
        found => {
            let names: Vec<_> = found.iter().map(|identity| identity.credential.name()).collect();
            let origin = format!("the certificate in {}", names.join(" and the one in "));
            (found, origin)
        }
    };
    let mut warnings: Vec<_> = identities.iter().filter_map(|identity| identity.warning.clone()).collect();
    let (config, first, others) = config(provider, args, identities)?;
    let verifier: Box<dyn VerifyPeer> = match &args.client_ca {
        Some(path) => Box::new(certs::roots(provider, path)?),
        None => Box::new(NoVerifier),
    };
    let config = config.with_client_authorities(verifier.authorities());
    let resuming = Resuming::new(&args.resume, client_auth(args), &*verifier)?;
    let acceptor = tls12::tokio::Acceptor::new(resuming.config(&config), first)
        .with_client_verifier(verifier)
        .with_store(resuming.store.clone())
        .with_stats(resuming.stats.clone());
    let acceptor = others
        .into_iter()
        .fold(acceptor, |acceptor, other| acceptor.with_key(other.credential.name_arc().clone(), other.key));
    let service = Service::chosen(&args.service);
    let foreign = args.alpn.iter().find(|protocol| !["http/1.1", "http/1.0"].contains(&protocol.as_str()));
    if let (Service::Http, Some(protocol)) = (&service, foreign) {
        warnings.push(format!(
            "the page is only spoken in http/1.1; a client that agrees on {protocol} cannot read it"
        ));
    }
    let (limits, room) = (args.limits.clone(), Room::new(args.limits.max_connections));
    let log = Log::start(args.log).map_err(|error| format!("no thread can be started: {error}"))?;
    let stage = watch::Sender::new(Stage::Serving);
    Ok((Server { acceptor, config, resuming, service, limits, room, log, stage }, origin, warnings))
}

fn client_auth(args: &args::Serve) -> ClientAuth {
    match (&args.client_ca, args.client_auth) {
        (None, _) => ClientAuth::Off,
        (Some(_), Some(args::ClientAuth::Request)) => ClientAuth::Request,
        (Some(_), Some(args::ClientAuth::Require) | None) => ClientAuth::Require,
    }
}

/// The configuration, the key of its first credential, and the identities of the others.
fn config(
    provider: &'static Provider,
    args: &args::Serve,
    identities: Vec<Identity>,
) -> Result<(ServerConfig, LocalKey, Vec<Identity>), String> {
    let mut identities = identities.into_iter();
    let mut first = identities.next().ok_or("there is no certificate")?;
    if let Some(path) = &args.ocsp {
        first.credential = first.credential.with_ocsp(certs::ocsp_response(path)?);
    }
    let others: Vec<Identity> = identities.collect();
    let mut config = ServerConfig::new(provider, first.credential)
        .with_alpn(args.alpn.iter().map(String::as_bytes))
        .with_client_auth(client_auth(args));
    for other in &others {
        config = config.with_credential(other.credential.clone());
    }
    if let Some(path) = &args.keylog {
        config = config.with_key_log(keylog::open(path)?);
    }
    Ok((config, first.key, others))
}

impl Service {
    fn chosen(args: &args::Service) -> Self {
        match (&args.forward, args.echo) {
            (Some(to), _) => Self::Forward(to.clone()),
            (None, true) => Self::Echo,
            (None, false) => Self::Http,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Http => "http".into(),
            Self::Echo => "echo".into(),
            Self::Forward(to) => format!("forward to {to}"),
        }
    }
}
