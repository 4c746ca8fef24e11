//! Our side as one value that takes bytes and gives bytes, reached within this process or through a socket.
#![expect(clippy::disallowed_types, reason = "what arrives is seen from the other end of a real socket")]

use std::{
    io::{Read, Write},
    mem,
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tls12::{
    ClientHandshake, Connection, ConnectionInfo, Error, Received, RecvBuf, ServerHandshake, Truncated,
    session::{ClientSession, StoreKey},
};

use super::pair::{NAME, World};

/// A client or a server of ours. When it is connected it sends back what it receives, until the peer closes.
pub struct Ours {
    world: Arc<World>,
    state: State,
    out: Vec<u8>,
    end: End,
    /// Whether a server refuses to be called by another name than [`NAME`].
    pub strict: bool,
}

#[derive(Default)]
enum State {
    Client(ClientHandshake),
    Server(ServerHandshake),
    Open(Box<Connection>, RecvBuf),
    #[default]
    Ended,
}

/// How our side ended.
#[derive(Debug, Default)]
pub struct End {
    /// What was agreed on, if the handshake was completed.
    pub info: Option<ConnectionInfo>,
    /// The application data that came.
    pub data: Vec<u8>,
    /// `None` after a close.
    pub error: Option<Error>,
    /// What a client may offer next time.
    pub session: Option<ClientSession>,
    /// Whether a client must not offer again what it offered.
    pub forget: bool,
    /// What a server must remove from its store.
    pub remove: Option<StoreKey>,
}

impl Ours {
    pub fn client(world: &Arc<World>) -> Self {
        Self::new(world, State::Client(world.start_client()))
    }

    pub fn server(world: &Arc<World>) -> Self {
        Self::new(world, State::Server(world.start_server()))
    }

    fn new(world: &Arc<World>, state: State) -> Self {
        let mut ours =
            Self { world: world.clone(), state, out: Vec::new(), end: End::default(), strict: false };
        ours.advance();
        ours
    }

    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Whether the handshake was completed.
    pub fn is_connected(&self) -> bool {
        self.end.info.is_some()
    }

    /// The error that it ended with; if that has an alert, it stands at the end of `out`, unless it is sealed.
    pub fn into_end(self, out: &[u8]) -> Error {
        let error = self.end.error.expect("an error");
        if let (Some(alert), [.., 21, 3, _, 0, 2, level, description]) = (error.alert(), out) {
            assert_eq!((*level, *description), (2, alert.0), "{error:?}");
        }
        error
    }

    /// What it wants to send.
    pub fn take_output(&mut self) -> Vec<u8> {
        mem::take(&mut self.out)
    }

    /// Bytes came. What comes after the end is not looked at.
    pub fn input(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.has_ended() {
            let n = self.fill(bytes);
            bytes = &bytes[n..];
            self.advance();
        }
    }

    /// The transport has ended.
    pub fn input_ends(&mut self) {
        self.fill(&[]);
        self.advance();
    }

    fn fill(&mut self, bytes: &[u8]) -> usize {
        let copy = |spare: &mut [u8]| {
            assert!(!spare.is_empty(), "whoever asks for input has room for it");
            let n = spare.len().min(bytes.len());
            spare[..n].copy_from_slice(&bytes[..n]);
            n
        };
        let (state, n) = match mem::take(&mut self.state) {
            State::Client(ClientHandshake::NeedsInput(mut ask)) => {
                let n = copy(ask.spare());
                (State::Client(ask.received(n, self.world.now)), n)
            }
            State::Server(ServerHandshake::NeedsInput(mut ask)) => {
                let n = copy(ask.spare());
                (State::Server(ask.received(n, self.world.now)), n)
            }
            State::Open(connection, mut buf) => {
                let n = copy(buf.spare());
                match buf.received(n) {
                    Ok(()) => (State::Open(connection, buf), n),
                    Err(Truncated) => (self.fail(Error::Truncated), n),
                }
            }
            other => (other, bytes.len()),
        };
        self.state = state;
        n
    }

    fn fail(&mut self, error: Error) -> State {
        self.end.error = Some(error);
        State::Ended
    }

    /// Goes on until bytes of the peer are needed, or there is an end.
    fn advance(&mut self) {
        loop {
            let (state, goes_on) = match mem::take(&mut self.state) {
                State::Client(step) => self.client_step(step),
                State::Server(step) => self.server_step(step),
                State::Open(connection, buf) => self.receive(connection, buf),
                State::Ended => (State::Ended, false),
            };
            self.state = state;
            if !goes_on {
                return;
            }
        }
    }

    fn client_step(&mut self, step: ClientHandshake) -> (State, bool) {
        match step {
            ClientHandshake::NeedsFlush(ask) => {
                self.out.extend_from_slice(ask.bytes());
                (State::Client(ask.all_sent()), true)
            }
            ClientHandshake::NeedsInput(_) => (State::Client(step), false),
            ClientHandshake::Done(done) => {
                self.end.session = done.session;
                (self.open(done.connection, done.buf), true)
            }
            ClientHandshake::Failed(failed) => {
                self.end.forget = failed.forget;
                (self.fail(failed.error), false)
            }
            ask => (State::Client(self.world.answer_client(ask)), true),
        }
    }

    fn server_step(&mut self, step: ServerHandshake) -> (State, bool) {
        match step {
            ServerHandshake::NeedsFlush(ask) => {
                self.out.extend_from_slice(ask.bytes());
                (State::Server(ask.all_sent()), true)
            }
            ServerHandshake::NeedsInput(_) => (State::Server(step), false),
            ServerHandshake::Done(done) => (self.open(done.connection, done.buf), true),
            ServerHandshake::Failed(failed) => {
                self.end.remove = failed.forget;
                (self.fail(failed.error), false)
            }
            ServerHandshake::NeedsConfig(ask)
                if self.strict && ask.client_hello().server_name() != Some(NAME) =>
            {
                (State::Server(ask.refuse_name()), true)
            }
            ask => (State::Server(self.world.answer_server(ask)), true),
        }
    }

    fn open(&mut self, connection: Connection, buf: RecvBuf) -> State {
        self.end.info = Some(connection.info().clone());
        State::Open(Box::new(connection), buf)
    }

    fn receive(&mut self, mut connection: Box<Connection>, mut buf: RecvBuf) -> (State, bool) {
        let data = match connection.receive(&mut buf, &mut self.out) {
            Ok(Received::NeedsInput) => return (State::Open(connection, buf), false),
            Ok(Received::NeedsFlush) => return (State::Open(connection, buf), true),
            Ok(Received::Data(data)) => data.to_vec(),
            Ok(Received::Closed) => {
                connection.close(&mut self.out);
                return (State::Ended, false);
            }
            Err(error) => return (self.fail(error), false),
        };
        self.end.data.extend_from_slice(&data);
        connection.send(&data, &mut self.out).expect("a connection in order sends");
        (State::Open(connection, buf), true)
    }

    /// Serves a socket to its end. After the last bytes: no more of them, a moment of reading what is under way,
    /// and only then the close, so that no reset takes the alert away from the peer.
    fn run(mut self, mut stream: TcpStream) -> End {
        let mut bytes = [0; 4096];
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        loop {
            // A peer that reads no more is no reason to stop reading it.
            let _ = stream.write_all(&self.take_output());
            if self.has_ended() {
                break;
            }
            match stream.read(&mut bytes) {
                Ok(0) | Err(_) => self.input_ends(),
                Ok(n) => self.input(&bytes[..n]),
            }
        }
        let _ = stream.shutdown(Shutdown::Write);
        let mut drained = 0;
        while let Ok(n @ 1..) = stream.read(&mut bytes) {
            drained += n;
            if drained > 1 << 20 {
                break;
            }
        }
        self.end
    }
}

/// The way to our side.
pub trait Link {
    fn send(&mut self, bytes: &[u8]);
    /// What our side sent; empty once it sends nothing more.
    fn receive(&mut self) -> Vec<u8>;
    /// Nothing more will be sent.
    fn cut(&mut self);
    /// Waits for the end of our side, which does not wait for anything more.
    fn end(self: Box<Self>) -> End;
}

/// Within this process.
impl Link for Ours {
    fn send(&mut self, bytes: &[u8]) {
        self.input(bytes);
    }

    fn receive(&mut self) -> Vec<u8> {
        let bytes = self.take_output();
        assert!(!bytes.is_empty() || self.has_ended(), "both sides wait for what is not on its way");
        bytes
    }

    fn cut(&mut self) {
        self.input_ends();
    }

    fn end(self: Box<Self>) -> End {
        assert!(self.has_ended(), "our side goes on");
        self.end
    }
}

/// Through a socket of the loopback interface, with our side in a thread of its own.
pub struct Socket {
    stream: TcpStream,
    ours: JoinHandle<End>,
}

impl Socket {
    pub fn to(ours: Ours) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (other_end, _) = listener.accept().expect("its other end");
        for end in [&stream, &other_end] {
            end.set_nodelay(true).expect("an option of TCP");
        }
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        Self { stream, ours: thread::spawn(move || ours.run(other_end)) }
    }
}

impl Link for Socket {
    fn send(&mut self, bytes: &[u8]) {
        // Our side may have ended, and does not care any more.
        let _ = self.stream.write_all(bytes);
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 20_000];
        let n = self.stream.read(&mut bytes).expect("bytes, or an end in order, and no reset");
        bytes.truncate(n);
        bytes
    }

    fn cut(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("a shutdown");
    }

    fn end(self: Box<Self>) -> End {
        drop(self.stream);
        self.ours.join().expect("our side does not panic")
    }
}
