//! The runner's part: it starts the shim with flags, takes its connections, and is the peer on each of them.
#![expect(clippy::disallowed_types, reason = "a runner is reached through a socket")]

use std::{
    cell::{Cell, RefCell},
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

use tls12::{ConnectionInfo, Error, schedule::Side};

use crate::{
    common::{
        certs::Issued,
        ours::{End, Link},
        pair::World,
        raw::{Raw, identity},
    },
    files::Folder,
    peer::{Peer, handshake},
    shim,
};

/// Written by the shim before all else.
const ID: u64 = 0x0123_4567_89ab_cdef;
/// For how long the runner waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// A shim that is not started yet.
pub(crate) struct Shim {
    folder: Folder,
    flags: Vec<Vec<u8>>,
    pub(crate) address: SocketAddr,
}

impl Shim {
    /// A client, with flags that have blanks between them.
    pub(crate) fn client(flags: &str) -> Self {
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        Self { folder: Folder::new(), flags: Vec::new(), address }.and(flags)
    }

    /// A server, whose default credential is the one that most clients here trust.
    pub(crate) fn server(flags: &str) -> Self {
        Self::client("-server").credential(&identity()).and(flags)
    }

    /// More flags.
    pub(crate) fn and(mut self, flags: &str) -> Self {
        self.flags.extend(flags.split_whitespace().map(|flag| flag.as_bytes().to_vec()));
        self
    }

    /// A flag with a value of any bytes.
    pub(crate) fn with(mut self, flag: &str, value: impl AsRef<[u8]>) -> Self {
        self.flags.extend([flag.as_bytes().to_vec(), value.as_ref().to_vec()]);
        self
    }

    /// The files of a credential.
    pub(crate) fn credential(self, issued: &Issued) -> Self {
        let (chain, key) = (self.folder.chain(issued), self.folder.key(issued));
        self.with("-cert-file", chain).with("-key-file", key)
    }

    /// Another credential, tried before the default.
    pub(crate) fn another(self, issued: &Issued) -> Self {
        self.and("-new-x509-credential").credential(issued)
    }

    /// Expects the chain of somebody.
    pub(crate) fn expecting_peer(self, issued: &Issued) -> Self {
        let chain = self.folder.chain(issued);
        self.with("-expect-peer-cert-file", chain)
    }

    /// Looks for the runner on the loopback address of IPv6.
    pub(crate) fn over_ipv6(mut self) -> Self {
        self.address = (Ipv6Addr::LOCALHOST, 0).into();
        self.and("-ipv6")
    }

    /// Starts it, and does what a test says.
    pub(crate) fn meets(self, play: impl FnOnce(&Runner)) -> Outcome {
        let listener = TcpListener::bind(self.address).expect("a port");
        listener.set_nonblocking(true).expect("an option of TCP");
        let port = listener.local_addr().expect("an address").port().to_string();
        let mut flags: Vec<Vec<u8>> = vec![b"-port".to_vec(), port.into_bytes()];
        flags.extend([b"-shim-id".to_vec(), ID.to_string().into_bytes()]);
        flags.extend(self.flags);
        let shim = thread::spawn(move || {
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            let status = shim::run(&flags, &mut stdout, &mut stderr);
            (status, String::from_utf8(stderr).expect("text"))
        });
        let runner = Runner { listener, shim, connections: Cell::new(0), visits: RefCell::default() };
        play(&runner);
        let Runner { shim, connections, visits, .. } = runner;
        let (status, stderr) = shim.join().expect("the shim does not panic");
        Outcome { status, stderr, connections: connections.get(), visits: visits.into_inner() }
    }

    /// Starts it; this world is the peer on every connection, and uses it.
    pub(crate) fn visits(self, world: World) -> Outcome {
        let side = match self.flags.contains(&b"-server".to_vec()) {
            true => Side::Client,
            false => Side::Server,
        };
        self.meets(|runner| runner.play(side, world))
    }
}

/// The runner, once the shim runs.
pub(crate) struct Runner {
    listener: TcpListener,
    shim: JoinHandle<(u8, String)>,
    connections: Cell<usize>,
    visits: RefCell<Vec<Result<ConnectionInfo, Error>>>,
}

impl Runner {
    /// The next connection, whose first bytes say who it is; `None` once the shim has ended.
    fn next(&self) -> Option<Line> {
        for _ in 0..PATIENCE.as_millis() {
            let has_ended = self.shim.is_finished();
            match self.listener.accept() {
                Ok((stream, _)) => return Some(self.greeted(stream)),
                Err(error) if error.kind() == ErrorKind::WouldBlock && has_ended => return None,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("the shim neither connects nor ends");
    }

    fn greeted(&self, mut stream: TcpStream) -> Line {
        self.connections.set(self.connections.get() + 1);
        stream.set_nonblocking(false).expect("an option of TCP");
        stream.set_nodelay(true).expect("an option of TCP");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        let mut id = [0; 8];
        stream.read_exact(&mut id).expect("the shim says who it is");
        assert_eq!(u64::from_le_bytes(id), ID);
        Line(stream)
    }

    /// The next connection, which must come.
    pub(crate) fn line(&self) -> Line {
        self.next().expect("the shim connects")
    }

    /// A peer whose every byte is the test's, for a shim that is the server.
    pub(crate) fn raw_client(&self) -> Raw {
        Raw::over(Side::Client, Box::new(self.line()))
    }

    /// The same for a shim that is the client.
    pub(crate) fn raw_server(&self) -> Raw {
        Raw::over(Side::Server, Box::new(self.line()))
    }

    /// A handshake that succeeds, in which the shim is the client.
    pub(crate) fn serve(&self, world: &World) -> Peer {
        handshake(self.line(), Side::Server, world).expect("a handshake that succeeds")
    }

    /// A handshake that succeeds, in which the shim is the server.
    pub(crate) fn call(&self, world: &World) -> Peer {
        handshake(self.line(), Side::Client, world).expect("a handshake that succeeds")
    }

    fn play(&self, side: Side, mut world: World) {
        while let Some(line) = self.next() {
            let number = u8::try_from(self.connections.get()).expect("some connections");
            (world.seeds.0[31], world.seeds.1[31]) = (number, number);
            let visit = handshake(line, side, &world).and_then(|peer| {
                let info = peer.info().clone();
                world.session = peer.visit()?;
                Ok(info)
            });
            self.visits.borrow_mut().push(visit);
        }
    }
}

/// A connection on which the shim has said who it is.
pub(crate) struct Line(TcpStream);

impl Line {
    /// The next bytes; none at the end, which a reset is too.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> usize {
        self.0.read(into).unwrap_or(0)
    }
}

impl Link for Line {
    fn send(&mut self, bytes: &[u8]) {
        // The shim may have ended, and does not care any more.
        let _ = self.0.write_all(bytes);
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 20_000];
        let n = self.0.read(&mut bytes).expect("bytes, or an end in order, and no reset");
        bytes.truncate(n);
        bytes
    }

    fn cut(&mut self) {
        self.0.shutdown(Shutdown::Write).expect("a shutdown");
    }

    fn end(self: Box<Self>) -> End {
        End::default()
    }
}

/// How the shim ended, and what its peer saw.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u8,
    pub(crate) stderr: String,
    pub(crate) connections: usize,
    /// What was agreed on, or what went wrong, on each connection.
    pub(crate) visits: Vec<Result<ConnectionInfo, Error>>,
}

impl Outcome {
    /// All was as the flags say, on so many connections; what was agreed on.
    #[track_caller]
    pub(crate) fn passed(self, connections: usize) -> Vec<ConnectionInfo> {
        assert_eq!((self.status, self.stderr.as_str()), (shim::PASSED, ""), "{:?}", self.visits);
        assert_eq!(self.connections, connections);
        let visits = self.visits.into_iter();
        visits.map(|visit| visit.expect("the runner is as content as the shim")).collect()
    }

    /// The last connection failed, and stderr has the runner's name of why.
    #[track_caller]
    pub(crate) fn failed(self, name: &str) {
        assert_eq!(self.status, shim::FAILED, "{}", self.stderr);
        assert!(self.stderr.contains(name), "{name} is not in {}", self.stderr);
        assert!(self.stderr.ends_with("\n--- DONE ---\n"), "{}", self.stderr);
    }

    /// It failed, and the peer was told with this alert.
    #[track_caller]
    pub(crate) fn failed_with(self, name: &str, alert: tls12::wire::Alert) {
        let last = self.visits.last().expect("a connection");
        assert_eq!(last.as_ref().expect_err("it failed"), &Error::Received(alert), "{}", self.stderr);
        self.failed(name);
    }

    /// Something is not as an `-expect-…` flag says, which no name of an error hides.
    #[track_caller]
    pub(crate) fn broken(self) {
        assert_eq!(self.status, shim::BROKEN, "{} {:?}", self.stderr, self.visits);
        assert!(self.stderr.starts_with("not as expected: "), "{}", self.stderr);
        let is_name = |word: &str| word.len() > 2 && word.starts_with(':') && word.ends_with(':');
        assert!(!self.stderr.split_whitespace().any(is_name), "{}", self.stderr);
    }

    /// A flag, or its value, is not there, and nobody was called.
    #[track_caller]
    pub(crate) fn not_implemented(self) {
        assert_eq!((self.status, self.connections), (shim::UNIMPLEMENTED, 0), "{}", self.stderr);
        assert!(self.stderr.starts_with("not implemented: "), "{}", self.stderr);
    }
}

/// Whether there is a loopback address of IPv6.
pub(crate) fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// A flag that passes with one value, and not with another, on a shim that is made by `shim`.
#[track_caller]
pub(crate) fn holds(shim: impl Fn(&str) -> Shim, world: impl Fn() -> World, right: &str, wrong: &str) {
    shim(right).visits(world()).passed(1);
    shim(wrong).visits(world()).broken();
}
