//! `tls12 connect`.

use std::{
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

use crate::{Failure, args::Connect, certs, keylog, traffic::within, words};

/// For how long a connection and a handshake may take to come about.
const PATIENCE: Duration = Duration::from_secs(30);
/// For how long the peer's last words are waited for when there is nothing more to say.
const GOODBYE: Duration = Duration::from_secs(2);

/// Calls a server and carries standard input and output to and fro.
pub(crate) async fn run(args: Connect) -> Result<(), Failure> {
    let (connector, name, seen) = prepare(&args).map_err(Failure::Usage)?;
    let server = format!("{}:{}", args.server.host, args.server.port);
    let connecting = TcpStream::connect((args.server.host.as_str(), args.server.port));
    let mut tcp = within(PATIENCE, "connecting", connecting)
        .await
        .map_err(|error| Failure::Failed(format!("{server} cannot be reached: {error}")))?;
    let _ = tcp.set_nodelay(true);
    let tls = match within(PATIENCE, "the handshake", connector.connect(name, None, &mut tcp)).await {
        Ok(tls) => tls,
        Err(error) => {
            let _ = timeout(GOODBYE, linger(&mut tcp)).await;
            return Err(Failure::Failed(format!("no connection to {server}: {}", explain(&error, &seen))));
        }
    };
    eprintln!("connected to {server} {}", words::of_called_connection(tls.info()).line());
    let result = carry(tls, args.close_on_eof).await;
    if result.is_err() {
        let _ = timeout(GOODBYE, linger(&mut tcp)).await;
    }
    result.map_err(|error| {
        Failure::Failed(format!("the connection to {server} failed: {}", words::sentence(&error)))
    })
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
}

type Verifier = Remembering<Box<dyn VerifyPeer>>;

fn prepare(args: &Connect) -> Result<(Connector<Verifier>, ServerName<'static>, Seen), String> {
    let provider = Provider::best();
    let name = args.name.as_ref().unwrap_or(&args.server.host);
    let server_name = ServerName::try_from(name.clone())
        .map_err(|_| format!("\"{name}\" is no host name that a certificate could have"))?;
    let verifier: Box<dyn VerifyPeer> = match &args.ca {
        Some(path) => Box::new(certs::roots(provider, path)?),
        None if args.insecure => Box::new(DangerousAcceptAny),
        None => Box::new(certs::system_roots(provider)?),
    };
    let mut config = ClientConfig::new(provider).with_alpn(args.alpn.iter().map(String::as_bytes));
    if let Some(path) = &args.keylog {
        config = config.with_key_log(keylog::open(path)?);
    }
    let seen = Seen::default();
    let connector = Connector::new(config, Remembering { verifier, seen: seen.clone() });
    let connector = certs::identities(provider, &args.identity)?
        .into_iter()
        .fold(connector, |connector, identity| connector.with_credential(identity.credential, identity.key));
    Ok((connector, server_name, seen))
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
