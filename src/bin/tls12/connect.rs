//! `tls12 connect`.

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    time::Duration,
};

use tls12::{
    replay::Recorder,
    schedule::Side,
    tokio::{TlsStream, linger},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::TcpStream,
    time::timeout,
};

use crate::{
    Failure,
    args::Connect,
    call::{Call, PATIENCE},
    daemon::traffic::within,
    private_file::trouble,
    recorded::{Explaining, Recorded},
    recordings,
    sessions::Sessions,
    words,
};

/// For how long the peer's last words are waited for when there is nothing more to say.
const GOODBYE: Duration = Duration::from_secs(2);

/// Calls a server and carries standard input and output to and fro, or connects again and again.
pub(crate) async fn run(args: Connect) -> Result<(), Failure> {
    let sessions = Sessions::load(&args.sessions);
    let call = Call::new(&args.server, &args.call, sessions.kept.clone()).map_err(Failure::Usage)?;
    sessions.check(&call.name, &call.connector.trust());
    no_recording_is_there(&args)?;
    let explaining = Explaining::if_asked(args.explain);
    for number in 1..=args.sessions.reconnect.saturating_add(1) {
        let mut tcp = Recorded::new(tcp(&call).await?, Side::Client, explaining.as_ref());
        let recorder = recorder(&args, number, &tcp)?;
        let result = match tls(&call, &mut tcp, &sessions, recorder).await {
            Ok(tls) if args.sessions.reconnect == 0 => carry(tls, args.close_on_eof).await,
            Ok(mut tls) => within(GOODBYE, "closing", tls.shutdown()).await,
            Err(error) => {
                let _ = timeout(GOODBYE, linger(&mut tcp)).await;
                return Err(Failure::Failed(format!("no connection to {call}: {}", call.explain(&error))));
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

/// Where the connection of this number is recorded, if it is.
fn recording(args: &Connect, number: u32) -> Option<PathBuf> {
    let mut path = args.record.clone()?.into_os_string();
    if number > 1 {
        path.push(format!(".{number}"));
    }
    Some(path.into())
}

/// Before anybody is called.
fn no_recording_is_there(args: &Connect) -> Result<(), Failure> {
    let all = 1..=args.sessions.reconnect.saturating_add(1);
    match all.map_while(|number| recording(args, number)).find(|path| path.exists()) {
        Some(path) => {
            Err(Failure::Usage(trouble(&path, "this file is there already; name another, or remove it")))
        }
        None => Ok(()),
    }
}

/// Writes this connection down, if that was asked for.
fn recorder(args: &Connect, number: u32, tcp: &TcpStream) -> Result<Option<Recorder>, Failure> {
    let Some(path) = recording(args, number) else { return Ok(None) };
    let file = recordings::create(&path).map_err(Failure::Usage)?;
    let note = recordings::note(tcp.local_addr(), tcp.peer_addr());
    Ok(Some(Recorder::new(file, recordings::secrets(args.record_secrets)).with_note(note)))
}

async fn tcp(call: &Call) -> Result<tokio::net::TcpStream, Failure> {
    call.tcp(PATIENCE).await.map_err(|error| Failure::Failed(format!("{call} cannot be reached: {error}")))
}

/// A handshake and its status line.
async fn tls<'t>(
    call: &Call,
    tcp: &'t mut Recorded,
    sessions: &Sessions,
    recorder: Option<Recorder>,
) -> io::Result<TlsStream<&'t mut Recorded>> {
    match call.tls(tcp, PATIENCE, recorder).await {
        Ok(tls) => {
            crate::say::say!("connected to {call} {}", words::of_called_connection(tls.info()).line());
            sessions.succeeded(tls.info());
            Ok(tls)
        }
        Err(error) => {
            sessions.failed();
            Err(error)
        }
    }
}

/// Carries data until the peer ends, or until the input ends where that closes the connection.
async fn carry(tls: TlsStream<&mut Recorded>, close_on_eof: bool) -> io::Result<()> {
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
