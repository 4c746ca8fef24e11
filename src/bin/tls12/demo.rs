//! `tls12 demo`: a client and a server over real sockets, and what they say to each other.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the command opens sockets and reads clocks"
)]

use std::{
    io::{self, BufRead, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use tls12::{
    ClientAuth, ClientConfig, ConnectionInfo, ServerConfig, ServerName,
    blocking::{Acceptor, Connector},
    crypto::{LocalKey, Provider, Sign},
    pki::{VerifyPeer, WebPki},
};

use crate::{
    Failure,
    certs::{self, Identity},
    ladder::{self, Sender, Sent},
    words,
};

const TIMEOUT: Duration = Duration::from_secs(10);
const QUESTION: &str = "Is anybody there?\n";
const ANSWER: &str = "Yes.\n";

/// Shows the handshakes, one after the other.
pub(crate) fn run() -> Result<(), Failure> {
    print().map_err(|error| Failure::Failed(format!("the demonstration failed: {error}")))
}

fn print() -> Result<(), String> {
    let provider = Provider::best();
    let server = certs::for_localhost(provider)?;
    let client = certs::for_client(provider, "demo client")?;
    let (trust_server, trust_client) = (trust(provider, &server)?, trust(provider, &client)?);
    let config = ServerConfig::new(provider, server.credential).with_alpn([&b"demo"[..]]);
    let call = ClientConfig::new(provider).with_alpn([&b"demo"[..]]);

    let acceptor = Acceptor::new(config.clone(), server.key.clone());
    let connector = Connector::new(call.clone(), trust_server.clone());
    show("A full handshake: the server shows a certificate", &acceptor, &connector)?;

    let config =
        config.with_client_auth(ClientAuth::Require).with_client_authorities(trust_client.authorities());
    let acceptor = Acceptor::new(config, server.key).with_client_verifier(trust_client);
    let connector = Connector::new(call, trust_server).with_credential(client.credential, client.key);
    show("A full handshake with a client certificate", &acceptor, &connector)
}

fn trust(provider: &'static Provider, identity: &Identity) -> Result<WebPki, String> {
    WebPki::new(provider, identity.credential.chain().to_vec()).map_err(|error| error.to_string())
}

/// Runs one connection and prints its ladder.
fn show<V: VerifyPeer>(
    title: &str,
    acceptor: &Acceptor<LocalKey, V>,
    connector: &Connector<WebPki>,
) -> Result<(), String> {
    let (sent, info) = converse(acceptor, connector).map_err(|error| words::sentence(&error))?;
    println!("{title}\n\n{}", ladder::draw(&sent));
    println!("  {}\n", words::of_called_connection(&info).line());
    Ok(())
}

/// One handshake, one line each way, one close each way. What was sent is as the client saw it.
fn converse<K: Sign, V: VerifyPeer>(
    acceptor: &Acceptor<K, V>,
    connector: &Connector<WebPki>,
) -> io::Result<(Vec<Sent>, ConnectionInfo)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::scope(|scope| {
        let server = scope.spawn(|| answer(&listener.accept()?.0, acceptor));
        let called = call(&TcpStream::connect(address)?, connector);
        let served = server.join().map_err(|_| io::Error::other("the server panicked"))?;
        let called = called?;
        served?;
        Ok(called)
    })
}

fn answer<K: Sign, V: VerifyPeer>(tcp: &TcpStream, acceptor: &Acceptor<K, V>) -> io::Result<()> {
    prepare(tcp)?;
    let mut tls = acceptor.accept(tcp)?;
    let mut question = String::new();
    tls.read_line(&mut question)?;
    if question != QUESTION {
        return Err(io::Error::other("the question did not arrive as it was asked"));
    }
    tls.write_all(ANSWER.as_bytes())?;
    // The client closes first; the answer to that is sent by the stream.
    tls.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn call(tcp: &TcpStream, connector: &Connector<WebPki>) -> io::Result<(Vec<Sent>, ConnectionInfo)> {
    prepare(tcp)?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let mut tls = connector.connect(name, None, Recorder::new(tcp))?;
    let info = tls.info().clone();
    tls.write_all(QUESTION.as_bytes())?;
    let mut answer = String::new();
    tls.read_line(&mut answer)?;
    if answer != ANSWER {
        return Err(io::Error::other("the answer did not arrive as it was given"));
    }
    tls.shutdown_write()?;
    tls.read_to_end(&mut Vec::new())?;
    Ok((tls.close()?.sent, info))
}

fn prepare(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(TIMEOUT))?;
    tcp.set_write_timeout(Some(TIMEOUT))
}

/// A client's transport that keeps what goes through it.
struct Recorder<'t> {
    tcp: &'t TcpStream,
    begun: Instant,
    sent: Vec<Sent>,
}

impl<'t> Recorder<'t> {
    fn new(tcp: &'t TcpStream) -> Self {
        Self { tcp, begun: Instant::now(), sent: Vec::new() }
    }

    fn record(&mut self, from: Sender, bytes: Option<&[u8]>) {
        if let Some(bytes @ [_, ..]) = bytes {
            self.sent.push(Sent { from, at: self.begun.elapsed(), bytes: bytes.to_vec() });
        }
    }
}

impl Read for Recorder<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.tcp.read(to)?;
        self.record(Sender::Server, to.get(..n));
        Ok(n)
    }
}

impl Write for Recorder<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.tcp.write(bytes)?;
        self.record(Sender::Client, bytes.get(..n));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
