//! Whom to call, and whom to believe: for the commands that call servers.

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tls12::{
    ClientConfig, Error, ServerName,
    crypto::Provider,
    pki::{
        CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer, dangerous::DangerousAcceptAny, describe,
    },
    replay::Recorder,
    store::ClientSessions,
    tokio::{Connector, TlsStream},
    wire::Alert,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::{
    args::{HostPort, Identity, protocol},
    certs,
    daemon::traffic::within,
    keylog, words,
};

/// For how long a connection may take to come about, and for how long a handshake.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How a server is called.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// The name the server's certificate must have, if it is not HOST
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Roots to trust (PEM) instead of those of the system
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) ca: Option<PathBuf>,
    /// Believes any certificate, so that anybody in the middle can read and change everything
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Application protocols, in order of preference
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = protocol)]
    pub(crate) alpn: Vec<String>,
    #[command(flatten)]
    pub(crate) identity: Identity,
    /// Appends the secrets of connections to a file: whoever has it can read them
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    /// Asks for no tickets and offers none: only what the server keeps under an ID is resumed
    #[arg(long)]
    pub(crate) no_tickets: bool,
}

/// A server to call, and how.
pub(crate) struct Call {
    pub(crate) connector: Connector<Remembering<Box<dyn VerifyPeer>>>,
    host: HostPort,
    pub(crate) name: ServerName<'static>,
    seen: Seen,
}

impl Call {
    /// Reads what it needs. Sessions are kept in `sessions`. Fails with a sentence.
    pub(crate) fn new(host: &HostPort, args: &Args, sessions: Arc<ClientSessions>) -> Result<Self, String> {
        let provider = Provider::best();
        let name = args.name.as_ref().unwrap_or(&host.host);
        let server_name = ServerName::try_from(name.clone())
            .map_err(|_| format!("\"{name}\" is no host name that a certificate could have"))?;
        let verifier: Box<dyn VerifyPeer> = match &args.ca {
            Some(path) => Box::new(certs::roots(provider, path)?),
            None if args.insecure => Box::new(DangerousAcceptAny),
            None => Box::new(certs::system_roots(provider)?),
        };
        let mut config = ClientConfig::new(provider)
            .with_alpn(args.alpn.iter().map(String::as_bytes))
            .with_tickets(!args.no_tickets);
        if let Some(path) = &args.keylog {
            config = config.with_key_log(keylog::open(path)?);
        }
        let seen = Seen::default();
        let connector =
            Connector::new(config, Remembering { verifier, seen: seen.clone() }).with_sessions(sessions);
        let connector = certs::identities(provider, &args.identity.cert, &args.identity.key)?
            .into_iter()
            .inspect(|identity| {
                identity.warning.iter().for_each(|warning| crate::say::say!("warning: {warning}"))
            })
            .fold(connector, |connector, identity| {
                connector.with_credential(identity.credential, identity.key)
            });
        Ok(Self { connector, host: host.clone(), name: server_name, seen })
    }

    /// Connects, within so much time.
    pub(crate) async fn tcp(&self, patience: Duration) -> io::Result<TcpStream> {
        let connecting = TcpStream::connect((self.host.host.as_str(), self.host.port));
        let tcp = within(patience, "connecting", connecting).await?;
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    /// A handshake, within so much time.
    pub(crate) async fn tls<'t, T: AsyncRead + AsyncWrite + Unpin>(
        &self,
        tcp: &'t mut T,
        patience: Duration,
        recorder: Option<Recorder>,
    ) -> io::Result<TlsStream<&'t mut T>> {
        let name = self.name.clone();
        match recorder {
            Some(recorder) => {
                let shaking = self.connector.connect_recorded(name, None, tcp, recorder);
                within(patience, "the handshake", shaking).await
            }
            None => within(patience, "the handshake", self.connector.connect(name, None, tcp)).await,
        }
    }

    /// Why a handshake failed, for a person who wants to do something about it.
    pub(crate) fn explain(&self, error: &io::Error) -> String {
        explain(error, &self.seen)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)
    }
}

/// Remembers what it was shown, so that a refusal can say more about it.
pub(crate) struct Remembering<V> {
    verifier: V,
    seen: Seen,
}

/// What a verifier was shown.
type Seen = Arc<Mutex<Option<PresentedPeer>>>;

impl<V: VerifyPeer> VerifyPeer for Remembering<V> {
    fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(peer.clone());
        self.verifier.verify(peer)
    }

    fn trust(&self) -> Option<[u8; 32]> {
        self.verifier.trust()
    }
}

fn explain(error: &io::Error, seen: &Seen) -> String {
    let mut text = words::sentence(error);
    match words::tls_error(error) {
        Some(Error::Certificate(_)) => {
            let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            match seen.as_ref().and_then(|peer| peer.chain.first()).map(describe) {
                Some(Ok(certificate)) => {
                    text.push_str(&format!(" (the server's certificate: {certificate})"))
                }
                Some(Err(_)) => text.push_str(" (the server's certificate cannot be read)"),
                None => {}
            }
        }
        Some(Error::Received(alert)) => text.push_str(advice(*alert)),
        Some(_) | None => {}
    }
    match words::tls_error(error).and_then(Error::alert) {
        Some(alert) => text + &format!("; the server was told with the alert {alert}"),
        None => text,
    }
}

/// What an alert of a server mostly means.
fn advice(alert: Alert) -> &'static str {
    match alert {
        Alert::HANDSHAKE_FAILURE => {
            ": it has no cipher suite, group or signature scheme in common with us, or it wants a client certificate \
             (--cert, --key)"
        }
        Alert::PROTOCOL_VERSION => ": it does not do TLS 1.2",
        Alert::NO_APPLICATION_PROTOCOL => ": it has none of the application protocols (--alpn)",
        Alert::UNRECOGNIZED_NAME => ": it does not serve this name (--name)",
        Alert::BAD_CERTIFICATE
        | Alert::UNSUPPORTED_CERTIFICATE
        | Alert::CERTIFICATE_REVOKED
        | Alert::CERTIFICATE_EXPIRED
        | Alert::CERTIFICATE_UNKNOWN
        | Alert::CERTIFICATE_REQUIRED
        | Alert::UNKNOWN_CA
        | Alert::ACCESS_DENIED => ": it refuses our certificate, or that there is none (--cert, --key)",
        _ => "",
    }
}
