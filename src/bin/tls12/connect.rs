//! `tls12 connect`.

use std::{
    fmt,
    io::{self, ErrorKind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tls12::{
    ClientConfig, Error, ServerName,
    crypto::Provider,
    pki::{
        CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer, dangerous::DangerousAcceptAny, describe,
    },
    tokio::{Connector, TlsStream, linger},
    wire::Alert,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::TcpStream,
    time::timeout,
};

use crate::{
    Failure,
    args::{Connect, HostPort},
    certs, keylog,
    sessions::Sessions,
    traffic::within,
    words,
};

/// For how long a connection and a handshake may take to come about.
const PATIENCE: Duration = Duration::from_secs(30);
/// For how long the peer's last words are waited for when there is nothing more to say.
const GOODBYE: Duration = Duration::from_secs(2);

/// Calls a server and carries standard input and output to and fro, or connects again and again.
pub(crate) async fn run(args: Connect) -> Result<(), Failure> {
    let (call, sessions) = prepare(&args).map_err(Failure::Usage)?;
    sessions.check(&call.name, &call.connector.trust());
    for _ in 0..=args.sessions.reconnect {
        let mut tcp = call.tcp().await?;
        let result = match call.tls(&mut tcp, &sessions).await {
            Ok(tls) if args.sessions.reconnect == 0 => carry(tls, args.close_on_eof).await,
            Ok(mut tls) => within(GOODBYE, "closing", tls.shutdown()).await,
            Err(error) => {
                let _ = timeout(GOODBYE, linger(&mut tcp)).await;
                return Err(Failure::Failed(format!(
                    "no connection to {call}: {}",
                    explain(&error, &call.seen)
                )));
            }
        };
        if let Err(error) = result {
            sessions.connection_failed();
            let _ = timeout(GOODBYE, linger(&mut tcp)).await;
            let why = words::sentence(&error);
            return Err(Failure::Failed(format!("the connection to {call} failed: {why}")));
        }
    }
    Ok(())
}

/// Whom to call, and how.
struct Call {
    connector: Connector<Verifier>,
    host: HostPort,
    name: ServerName<'static>,
    seen: Seen,
}

impl Call {
    async fn tcp(&self) -> Result<TcpStream, Failure> {
        let connecting = TcpStream::connect((self.host.host.as_str(), self.host.port));
        let tcp = within(PATIENCE, "connecting", connecting).await;
        let tcp = tcp.map_err(|error| Failure::Failed(format!("{self} cannot be reached: {error}")))?;
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    /// A handshake and its status line.
    async fn tls<'t>(
        &self,
        tcp: &'t mut TcpStream,
        sessions: &Sessions,
    ) -> io::Result<TlsStream<&'t mut TcpStream>> {
        let shaking = self.connector.connect(self.name.clone(), None, tcp);
        match within(PATIENCE, "the handshake", shaking).await {
            Ok(tls) => {
                crate::say::say!("connected to {self} {}", words::of_called_connection(tls.info()).line());
                sessions.succeeded(tls.info());
                Ok(tls)
            }
            Err(error) => {
                sessions.failed();
                Err(error)
            }
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host.host, self.host.port),
            false => write!(f, "{}:{}", self.host.host, self.host.port),
        }
    }
}

/// Remembers what it was shown, so that a refusal can say more about it.
struct Remembering<V> {
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

type Verifier = Remembering<Box<dyn VerifyPeer>>;

fn prepare(args: &Connect) -> Result<(Call, Sessions), String> {
    let provider = Provider::best();
    let name = args.name.as_ref().unwrap_or(&args.server.host);
    let server_name = ServerName::try_from(name.clone())
        .map_err(|_| format!("\"{name}\" is no host name that a certificate could have"))?;
    let verifier: Box<dyn VerifyPeer> = match &args.ca {
        Some(path) => Box::new(certs::roots(provider, path)?),
        None if args.insecure => Box::new(DangerousAcceptAny),
        None => Box::new(certs::system_roots(provider)?),
    };
    let mut config = ClientConfig::new(provider)
        .with_alpn(args.alpn.iter().map(String::as_bytes))
        .with_tickets(!args.sessions.no_tickets);
    if let Some(path) = &args.keylog {
        config = config.with_key_log(keylog::open(path)?);
    }
    let seen = Seen::default();
    let sessions = Sessions::load(&args.sessions);
    let connector = Connector::new(config, Remembering { verifier, seen: seen.clone() })
        .with_sessions(sessions.kept.clone());
    let connector = certs::identities(provider, &args.identity)?
        .into_iter()
        .inspect(|identity| {
            identity.warning.iter().for_each(|warning| crate::say::say!("warning: {warning}"))
        })
        .fold(connector, |connector, identity| connector.with_credential(identity.credential, identity.key));
    Ok((Call { connector, host: args.server.clone(), name: server_name, seen }, sessions))
}

/// Why a handshake failed, for a person who wants to do something about it.
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

/// Carries data until the peer ends, or until the input ends where that closes the connection.
async fn carry(tls: TlsStream<&mut TcpStream>, close_on_eof: bool) -> io::Result<()> {
    let (from_peer, mut to_peer) = split(tls);
    let mut down = std::pin::pin!(copy(from_peer, tokio::io::stdout()));
    let up = async {
        copy(tokio::io::stdin(), &mut to_peer).await?;
        if close_on_eof { to_peer.shutdown().await } else { Ok(()) }
    };
    let said = tokio::select! {
        result = &mut down => return result,
        said = up => said,
    };
    match said {
        Ok(()) if !close_on_eof => down.await,
        // It closed when it was told to, or did not wait for the answer; either will do (RFC 5246, 7.2.1).
        Ok(()) => match timeout(GOODBYE, down).await {
            Ok(Err(error)) if error.kind() != ErrorKind::UnexpectedEof && !is_reset(&error) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        },
        // If the peer said why, that is what counts.
        Err(error) => match timeout(GOODBYE, down).await {
            Ok(heard) => heard.and(Err(error)),
            Err(_) => Err(error),
        },
    }
}

fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// Passes data on as it comes.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let n = from.read(&mut buffer).await?;
        let Some(data @ [_, ..]) = buffer.get(..n) else {
            return to.flush().await;
        };
        to.write_all(data).await?;
        to.flush().await?;
    }
}
