//! Connections that are established, made cheaply: they resume a session, and need no public keys.

use std::sync::LazyLock;

use tls12::{
    Connection, Error, HalfReceived, Received, RecvBuf,
    connection::{Reader, Writer},
    schedule::{Randoms, Side},
    session::{HandshakeKind, ResumedBy},
    wire::{Alert, CipherSuite, HEADER_LEN, MaxFragmentLength},
};

use crate::{
    common::{forge::Keys, pair::World},
    stage::again,
};

const SUITES: [CipherSuite; 3] = [
    CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
    CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384,
    CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
];

/// How long records may be.
#[derive(Debug, Clone, Copy)]
enum Limit {
    None,
    Fragment,
    Record,
}

/// Both ends of a connection.
pub struct Pair {
    /// The client, and the server.
    pub ends: [End; 2],
    /// What the records are protected with. The next one of either side is its second.
    pub keys: Keys,
    /// The longest plaintext of a record that the client, and that the server takes.
    pub takes: [usize; 2],
}

/// The pair of this number: of each suite, without limit and with either kind.
pub fn pair(choice: u8) -> Pair {
    static WORLDS: LazyLock<Vec<(World, Limit)>> = LazyLock::new(|| {
        let limits = [Limit::None, Limit::Fragment, Limit::Record];
        limits.into_iter().flat_map(|limit| SUITES.map(|suite| (visited(suite, limit), limit))).collect()
    });
    let (template, limit) = &WORLDS[usize::from(choice) % WORLDS.len()];
    let world = again(template);
    let session = world.session.as_ref().expect("the world was visited before");
    let (master, suite) = (*session.master_secret().expose(), session.suite());
    let ended = world.run(usize::MAX);
    // The header of a record, that of the message, and the version stand before the random.
    let random = |log: &[u8]| log[HEADER_LEN + 6..][..32].try_into().expect("32 bytes");
    let randoms = Randoms { client: random(&ended.wires.up.log), server: random(&ended.wires.down.log) };
    let (client, server) = ended.established();
    assert_eq!(client.tls.info().handshake, HandshakeKind::Resumed(ResumedBy::Ticket));
    Pair {
        keys: Keys::new(&master, suite, randoms),
        ends: [client, server].map(|peer| End { state: State::Whole(peer.tls), buf: peer.buf }),
        takes: match limit {
            Limit::None => [1 << 14; 2],
            Limit::Fragment => [512; 2],
            Limit::Record => [700, 900],
        },
    }
}

fn visited(suite: CipherSuite, limit: Limit) -> World {
    let world = World::resuming().with_client(|config| config.with_suites(&[suite]).expect("a suite"));
    let world = match limit {
        Limit::None => world,
        Limit::Fragment => {
            world.with_client(|config| config.with_max_fragment_length(MaxFragmentLength::MAX_512))
        }
        Limit::Record => world
            .with_client(|config| config.with_record_size_limit(700).expect("a limit"))
            .with_server(|config| config.with_record_size_limit(900).expect("a limit")),
    };
    world.visited()
}

/// The number of this side in arrays here.
pub fn index(side: Side) -> usize {
    usize::from(side == Side::Server)
}

/// One end.
pub struct End {
    state: State,
    buf: RecvBuf,
}

enum State {
    Whole(Connection),
    Halves(Reader, Option<Writer>),
    /// It was aborted.
    Gone,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing more, for now.
    NeedsInput,
    /// Data; of which the last bytes were put back.
    Data(Vec<u8>),
    /// Something was answered.
    Answered,
    /// The peer closed.
    Closed,
    /// It is over.
    Failed(Error),
}

impl End {
    /// The two halves apart.
    pub fn split(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::Whole(connection) => {
                let (reader, writer) = connection.split();
                State::Halves(reader, Some(writer))
            }
            other => other,
        };
    }

    /// Seals data; whether that could be done.
    pub fn send(&mut self, data: &[u8], out: &mut Vec<u8>) -> bool {
        match &mut self.state {
            State::Whole(connection) => connection.send(data, out).is_ok(),
            State::Halves(_, Some(writer)) => writer.send(data, out).is_ok(),
            State::Halves(_, None) | State::Gone => false,
        }
    }

    /// Seals as much as fits into so much room; how much that was.
    pub fn send_into(&mut self, data: &[u8], room: usize, out: &mut Vec<u8>) -> usize {
        let mut memory = vec![0; room];
        let sent = match &mut self.state {
            State::Whole(connection) => connection.send_into(data, &mut memory),
            State::Halves(_, Some(writer)) => writer.send_into(data, &mut memory),
            State::Halves(_, None) | State::Gone => return 0,
        };
        let Ok(sent) = sent else { return 0 };
        assert!(sent.read <= data.len() && sent.written <= room);
        out.extend_from_slice(&memory[..sent.written]);
        sent.read
    }

    /// Says that nothing more will come; whether that was said now.
    pub fn close(&mut self, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::Whole(connection) => State::Halves(connection.close(out), None),
            State::Halves(reader, writer) => {
                writer.into_iter().for_each(|writer| writer.close(out));
                State::Halves(reader, None)
            }
            State::Gone => State::Gone,
        };
        out.len() > before
    }

    /// Ends it with an alert.
    pub fn abort(&mut self, alert: Alert, out: &mut Vec<u8>) {
        if let State::Whole(connection) = std::mem::replace(&mut self.state, State::Gone) {
            connection.abort(alert, out);
        }
    }

    /// Whether it was aborted, and receives nothing any more.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// Takes as many of these bytes as there is room for; how many.
    pub fn take(&mut self, bytes: &[u8]) -> usize {
        let spare = self.buf.spare();
        let n = bytes.len().min(spare.len());
        spare[..n].copy_from_slice(&bytes[..n]);
        if n > 0 {
            self.buf.received(n).expect("some bytes");
        }
        n
    }

    /// What the next record is. The last `back` bytes of data are put back.
    pub fn receive(&mut self, back: usize, out: &mut Vec<u8>) -> Event {
        match &mut self.state {
            State::Whole(connection) => match connection.receive(&mut self.buf, out) {
                Ok(Received::NeedsInput) => Event::NeedsInput,
                Ok(Received::NeedsFlush) => Event::Answered,
                Ok(Received::Data(data)) => Event::Data(taken(data, back)),
                Ok(Received::Closed) => Event::Closed,
                Err(error) => Event::Failed(error),
            },
            State::Halves(reader, writer) => match reader.receive(&mut self.buf) {
                Ok(HalfReceived::NeedsInput) => Event::NeedsInput,
                Ok(HalfReceived::Data(data)) => Event::Data(taken(data, back)),
                Ok(HalfReceived::Reply(reply)) => {
                    if let Some(writer) = writer {
                        writer.reply(reply, out);
                    }
                    Event::Answered
                }
                Ok(HalfReceived::Abort(abort)) => {
                    if let Some(writer) = writer.take() {
                        writer.abort(abort, out);
                    }
                    Event::Answered
                }
                Ok(HalfReceived::Closed) => Event::Closed,
                Err(error) => Event::Failed(error),
            },
            State::Gone => Event::NeedsInput,
        }
    }
}

fn taken(data: tls12::Plaintext<'_>, back: usize) -> Vec<u8> {
    assert!(!data.is_empty(), "data without a byte");
    // Something is used up every time, or it would never end.
    let back = back.min(data.len() - 1);
    let bytes = data[..data.len() - back].to_vec();
    data.put_back(back);
    bytes
}
