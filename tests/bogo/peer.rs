//! A connection of this crate's own, at the other end of the shim.

use tls12::{
    ClientHandshake, Connection, ConnectionInfo, Error, HalfReceived, Received, RecvBuf, ServerHandshake,
    schedule::Side, session::ClientSession,
};

use crate::{
    common::{ours::Link, pair::World},
    runner::Line,
};

/// A complete handshake with the shim.
pub(crate) struct Peer {
    line: Line,
    tls: Connection,
    buf: RecvBuf,
    /// What a client may offer next.
    session: Option<ClientSession>,
}

/// Plays one side to its end, with what a world answers.
pub(crate) fn handshake(line: Line, side: Side, world: &World) -> Result<Peer, Error> {
    match side {
        Side::Client => call(line, world),
        Side::Server => serve(line, world),
    }
}

fn call(mut line: Line, world: &World) -> Result<Peer, Error> {
    let mut step = world.start_client();
    loop {
        step = match step {
            ClientHandshake::NeedsFlush(ask) => {
                line.send(ask.bytes());
                ask.all_sent()
            }
            ClientHandshake::NeedsInput(mut ask) => {
                let n = line.read(ask.spare());
                ask.received(n, world.now)
            }
            ClientHandshake::Done(done) => {
                return Ok(Peer { line, tls: done.connection, buf: done.buf, session: done.session });
            }
            ClientHandshake::Failed(failed) => return Err(failed.error),
            ask => world.answer_client(ask),
        };
    }
}

fn serve(mut line: Line, world: &World) -> Result<Peer, Error> {
    let mut step = world.start_server();
    loop {
        step = match step {
            ServerHandshake::NeedsFlush(ask) => {
                line.send(ask.bytes());
                ask.all_sent()
            }
            ServerHandshake::NeedsInput(mut ask) => {
                let n = line.read(ask.spare());
                ask.received(n, world.now)
            }
            ServerHandshake::Done(done) => {
                return Ok(Peer { line, tls: done.connection, buf: done.buf, session: None });
            }
            ServerHandshake::Failed(failed) => return Err(failed.error),
            ask => world.answer_server(ask),
        };
    }
}

impl Peer {
    pub(crate) fn info(&self) -> &ConnectionInfo {
        self.tls.info()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.tls
    }

    pub(crate) fn say(&mut self, data: &[u8]) {
        let mut out = Vec::new();
        self.tls.send(data, &mut out).expect("a connection in order sends");
        self.line.send(&out);
    }

    /// As many bytes of application data.
    pub(crate) fn hear(&mut self, len: usize) -> Result<Vec<u8>, Error> {
        let (mut heard, mut out) = (Vec::new(), Vec::new());
        while heard.len() < len {
            match self.tls.receive(&mut self.buf, &mut out)? {
                Received::Data(data) => heard.extend_from_slice(&data),
                Received::Closed => return Err(Error::Truncated),
                Received::NeedsFlush => self.line.send(&out),
                Received::NeedsInput => {
                    let n = self.line.read(self.buf.spare());
                    self.buf.received(n)?;
                }
            }
        }
        Ok(heard)
    }

    /// What is said comes back with every bit turned.
    pub(crate) fn echo(&mut self, data: &[u8]) -> Result<(), Error> {
        self.say(data);
        let turned: Vec<u8> = data.iter().map(|byte| !byte).collect();
        assert!(self.hear(data.len())? == turned, "what comes back is something else");
        Ok(())
    }

    /// Closes in order; nothing but close_notify comes any more, and then the end.
    pub(crate) fn close(mut self) -> Result<Option<ClientSession>, Error> {
        let mut out = Vec::new();
        let mut reader = self.tls.close(&mut out);
        self.line.send(&out);
        loop {
            match reader.receive(&mut self.buf)? {
                HalfReceived::Closed => break,
                HalfReceived::NeedsInput => {
                    let n = self.line.read(self.buf.spare());
                    self.buf.received(n)?;
                }
                HalfReceived::Data(_) | HalfReceived::Reply(_) | HalfReceived::Abort(_) => {
                    panic!("more than a close_notify comes")
                }
            }
        }
        assert_eq!(self.line.read(&mut [0]), 0, "close_notify is the last");
        Ok(self.session)
    }

    /// Uses the connection, and closes it.
    pub(crate) fn visit(mut self) -> Result<Option<ClientSession>, Error> {
        self.echo(b"some data")?;
        self.close()
    }

    /// Ends the connection without a word.
    pub(crate) fn cut(mut self) -> Vec<u8> {
        self.line.cut();
        self.line.receive()
    }

    /// The line itself, for bytes as they are.
    pub(crate) fn into_line(self) -> Line {
        self.line
    }
}
