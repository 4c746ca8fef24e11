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
    ClientAuth, ClientConfig, ConnectionInfo, Seed, ServerConfig, ServerName, UnixTime,
    blocking::{Acceptor, Connector},
    crypto::{LocalKey, Provider},
    pki::{VerifyPeer, WebPki},
    schedule::Side,
    session::{ClientSession, DEFAULT_PERIOD, KeyRing, RenewWhen, Resumption, TicketKey, Tickets},
    store::{Limits, MemoryStore, SessionStore},
};

use crate::{
    Failure,
    args::Demo,
    certs::{self, Identity},
    conversation::{Conversation, Reading},
    ladder::{self, Detail},
    words,
};

const TIMEOUT: Duration = Duration::from_secs(10);
const QUESTION: &str = "Is anybody there?\n";
const ANSWER: &str = "Yes.\n";

/// Shows the handshakes, one after the other.
pub(crate) fn run(args: &Demo) -> Result<(), Failure> {
    print(if args.explain { Detail::Fields } else { Detail::Names })
        .map_err(|error| Failure::Failed(format!("the demonstration failed: {error}")))
}

fn print(detail: Detail) -> Result<(), String> {
    let stage = Stage::new(detail)?;
    by_ticket(&stage)?;
    by_id(&stage)?;
    with_client_certificate(&stage)
}

/// The four flows of RFC 5077, and the one where there is no ticket after all.
fn by_ticket(stage: &Stage) -> Result<(), String> {
    let keys = ring(UnixTime::now())?;
    let policy = |tickets| Some(Resumption::new(keys.clone()).with_tickets(tickets));
    let acceptor = stage.acceptor(policy(Tickets::Issue));
    let connector = stage.connector();
    let with = |title: &str, tickets, session| {
        acceptor.set_config(stage.config(policy(tickets)));
        show((title, stage.detail), &acceptor, &connector, session)
    };
    let first = with("Full, and a ticket is issued (RFC 5077, flow 1)", Tickets::Issue, None)?;
    let ticket = || first.as_ref().map(ClientSession::duplicate);
    with("Resumed by ticket, which stays as it is (flow 2)", Tickets::Issue, ticket())?;
    with("Resumed by ticket, which is renewed (flow 2)", Tickets::Renew(RenewWhen::Always), ticket())?;
    with("The ticket is refused, and there is no other (flow 3)", Tickets::Ignore, ticket())?;
    with("The ticket is refused, and another one is issued (flow 4)", Tickets::IgnoreAndIssue, ticket())?;

    let long_ago = UnixTime::since_unix_epoch(Duration::from_secs(1_000_000_000));
    let no_key = Resumption::new(ring(long_ago)?);
    let title = "Full, and the ticket is empty: it was promised, and no key is left to seal it";
    show((title, stage.detail), &stage.acceptor(Some(no_key)), &connector, None)?;
    Ok(())
}

fn by_id(stage: &Stage) -> Result<(), String> {
    let policy = Resumption::new(ring(UnixTime::now())?).with_tickets(Tickets::Off);
    let connector = Connector::new(stage.call.clone().with_tickets(false), stage.trust_server.clone());
    let store = MemoryStore::new(Limits::sessions(10));
    let acceptor = stage.acceptor(Some(policy)).with_store(store);
    let session =
        show(("Full, and the session is kept under an ID", stage.detail), &acceptor, &connector, None)?;
    show(("Resumed by ID", stage.detail), &acceptor, &connector, session)?;
    show(("Full, and nothing to resume it with", stage.detail), &stage.acceptor(None), &connector, None)?;
    Ok(())
}

fn with_client_certificate(stage: &Stage) -> Result<(), String> {
    let client = certs::for_client(Provider::best(), "demo client")?;
    let trust_client = trust(&client)?;
    let config = stage.config(None).with_client_auth(ClientAuth::Require);
    let config = config.with_client_authorities(trust_client.authorities());
    let acceptor = Acceptor::new(config, stage.server.key.clone()).with_client_verifier(trust_client);
    let connector = stage.connector().with_credential(client.credential, client.key);
    show(("Full, with a client certificate", stage.detail), &acceptor, &connector, None)?;
    Ok(())
}

/// What all connections share.
struct Stage {
    server: Identity,
    trust_server: WebPki,
    call: ClientConfig,
    detail: Detail,
}

impl Stage {
    fn new(detail: Detail) -> Result<Self, String> {
        let server = certs::for_localhost(Provider::best())?;
        let call = ClientConfig::new(Provider::best()).with_alpn([&b"demo"[..]]);
        Ok(Self { trust_server: trust(&server)?, server, call, detail })
    }

    fn config(&self, resumption: Option<Resumption>) -> ServerConfig {
        let config = ServerConfig::new(Provider::best(), self.server.credential.clone());
        let config = config.with_alpn([&b"demo"[..]]);
        match resumption {
            Some(resumption) => config.with_resumption(resumption),
            None => config,
        }
    }

    fn acceptor(&self, resumption: Option<Resumption>) -> Acceptor<LocalKey> {
        Acceptor::new(self.config(resumption), self.server.key.clone())
    }

    fn connector(&self) -> Connector<WebPki> {
        Connector::new(self.call.clone(), self.trust_server.clone())
    }
}

fn ring(since: UnixTime) -> Result<KeyRing, String> {
    let seed = Seed::from_os().map_err(|error| error.to_string())?;
    Ok(KeyRing::new(TicketKey::generate(seed, since, DEFAULT_PERIOD)))
}

fn trust(identity: &Identity) -> Result<WebPki, String> {
    let roots = identity.credential.chain().to_vec();
    WebPki::new(Provider::best(), roots).map_err(|error| error.to_string())
}

/// Runs one connection, offering `session`, prints its ladder and what both sides say of it, and gives the session for
/// the next one.
fn show<V: VerifyPeer, S: SessionStore + 'static>(
    (title, detail): (&str, Detail),
    acceptor: &Acceptor<LocalKey, V, S>,
    connector: &Connector<WebPki>,
    session: Option<ClientSession>,
) -> Result<Option<ClientSession>, String> {
    let told = converse(acceptor, connector, session).map_err(|error| words::sentence(&error))?;
    crate::say::show!("{title}\n\n{}", ladder::draw(&told.conversation, detail));
    crate::say::show!("  client: {}", words::of_called_connection(&told.client).line());
    crate::say::show!("  server: {}\n", words::of_served_connection(&told.server).line());
    Ok(told.session)
}

/// What a conversation leaves behind. What was sent is as the client saw it.
struct Told {
    conversation: Conversation,
    client: ConnectionInfo,
    server: ConnectionInfo,
    session: Option<ClientSession>,
}

/// One handshake, one line each way, one close each way.
fn converse<V: VerifyPeer, S: SessionStore + 'static>(
    acceptor: &Acceptor<LocalKey, V, S>,
    connector: &Connector<WebPki>,
    session: Option<ClientSession>,
) -> io::Result<Told> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::scope(|scope| {
        let server = scope.spawn(|| answer(&listener.accept()?.0, acceptor));
        let called = call(&TcpStream::connect(address)?, connector, session);
        let served = server.join().map_err(|_| io::Error::other("the server panicked"))?;
        let (conversation, client, session) = called?;
        Ok(Told { conversation, client, server: served?, session })
    })
}

fn answer<V: VerifyPeer, S: SessionStore + 'static>(
    tcp: &TcpStream,
    acceptor: &Acceptor<LocalKey, V, S>,
) -> io::Result<ConnectionInfo> {
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
    Ok(tls.info().clone())
}

fn call(
    tcp: &TcpStream,
    connector: &Connector<WebPki>,
    session: Option<ClientSession>,
) -> io::Result<(Conversation, ConnectionInfo, Option<ClientSession>)> {
    prepare(tcp)?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let mut tls = connector.connect(name, session, Recorder::new(tcp))?;
    let info = tls.info().clone();
    tls.write_all(QUESTION.as_bytes())?;
    let mut answer = String::new();
    tls.read_line(&mut answer)?;
    if answer != ANSWER {
        return Err(io::Error::other("the answer did not arrive as it was given"));
    }
    tls.shutdown_write()?;
    tls.read_to_end(&mut Vec::new())?;
    let session = tls.take_session();
    Ok((tls.close()?.conversation, info, session))
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
    conversation: Conversation,
}

impl<'t> Recorder<'t> {
    fn new(tcp: &'t TcpStream) -> Self {
        Self { tcp, begun: Instant::now(), conversation: Conversation::new(&Reading::default()) }
    }

    fn record(&mut self, from: Side, bytes: Option<&[u8]>) {
        if let Some(bytes @ [_, ..]) = bytes {
            self.conversation.sent(from, self.begun.elapsed(), bytes);
        }
    }
}

impl Read for Recorder<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.tcp.read(to)?;
        self.record(Side::Server, to.get(..n));
        Ok(n)
    }
}

impl Write for Recorder<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.tcp.write(bytes)?;
        self.record(Side::Client, bytes.get(..n));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
