//! Contestants without their types: what they can be asked to do again and again.

use std::{
    any::Any,
    time::{Duration, Instant},
};

use crate::contestant::{Connected, Contestant, Family, Library, Setup, Side, Way, Wires};

/// Something that is done over and over, and takes two times: of the client and of the server, or to seal and to open.
pub type Work = Box<dyn FnMut() -> [Duration; 2] + Send>;

/// What goes through a connection.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    /// Bytes in each.
    pub length: usize,
    /// How many are sealed, and then opened together.
    pub count: usize,
}

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum End {
    /// The client's.
    Client,
    /// The server's.
    Server,
}

/// A [`Contestant`] without its type.
pub trait Racer {
    /// What tables call it.
    fn name(&self) -> String;
    /// Which library it is.
    fn family(&self) -> Family;
    /// A word on how it does this.
    fn note(&self, way: Way) -> Option<&'static str>;
    /// Handshakes, one after the other; one list entry for each thread. Nothing if it cannot do them.
    fn handshakes(&self, setup: &Setup, threads: usize) -> Vec<Work>;
    /// Messages from the client to the server.
    fn traffic(&self, setup: &Setup, messages: Messages) -> Option<Work>;
    /// Makes idle connections, one with every call.
    fn idle(&self, setup: &Setup, end: End) -> Option<Box<dyn FnMut() -> Box<dyn Any>>>;
}

impl<C: Contestant> Racer for C {
    fn name(&self) -> String {
        Contestant::name(self)
    }

    fn family(&self) -> Family {
        Contestant::family(self)
    }

    fn note(&self, way: Way) -> Option<&'static str> {
        Contestant::note(self, way)
    }

    fn handshakes(&self, setup: &Setup, threads: usize) -> Vec<Work> {
        match self.configure(setup) {
            Some(library) => handshakes(&library, setup.way, threads),
            None => Vec::new(),
        }
    }

    fn traffic(&self, setup: &Setup, messages: Messages) -> Option<Work> {
        Some(traffic(&self.configure(setup)?, messages))
    }

    fn idle(&self, setup: &Setup, end: End) -> Option<Box<dyn FnMut() -> Box<dyn Any>>> {
        let library = self.configure(setup)?;
        let mut wires = Wires::default();
        Some(Box::new(move || {
            let Connected { client, server, .. } = Connected::new(&library, &mut wires);
            match end {
                End::Client => client.rest(),
                End::Server => server.rest(),
            }
        }))
    }
}

/// Handshakes of one kind; the first one, which makes the session that the others resume, is over when this returns.
pub fn handshakes<L: Library>(library: &L, way: Way, threads: usize) -> Vec<Work> {
    Connected::new(library, &mut Wires::default()).end();
    let work = |_| -> Work {
        let (library, mut wires) = (library.share(), Wires::default());
        Box::new(move || {
            let connected = Connected::new(&library, &mut wires);
            assert_eq!(connected.is_resumed(), !way.is_full(), "a handshake is of the kind that is measured");
            connected.end()
        })
    };
    (0..threads).map(work).collect()
}

fn traffic<L: Library>(library: &L, messages: Messages) -> Work {
    let Connected { mut client, mut server, .. } = Connected::new(library, &mut Wires::default());
    let plaintext = vec![0x5a; messages.length];
    let mut records = Vec::new();
    Box::new(move || {
        records.clear();
        let start = Instant::now();
        for _ in 0..messages.count {
            client.seal(&plaintext, &mut records);
        }
        let sealed = start.elapsed();
        let start = Instant::now();
        let shown = server.open(&mut records);
        let opened = start.elapsed();
        assert_eq!(shown, messages.length * messages.count, "all that was sealed was opened");
        [sealed, opened]
    })
}
