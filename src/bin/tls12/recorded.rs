//! Connections of our own, explained on standard error when they end, numbered as they begin. There are no secrets in
//! what is told.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    ops::Deref,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::SystemTime,
};

use tls12::{
    explain::{Origin, Progress, Sessions},
    schedule::Side,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::explain::report::Report;
use crate::{
    conversation::{Conversation, Reading},
    daemon::log::timestamp,
};

/// Explains connections, and knows which session of which of them another one resumes.
#[derive(Debug, Default)]
pub(crate) struct Explaining(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    connections: u64,
    sessions: Sessions,
}

/// A connection whose bytes are explained when it is dropped, or that is nothing but a connection.
#[derive(Debug)]
pub(crate) struct Recorded {
    tcp: TcpStream,
    record: Option<Box<Record>>,
}

/// What went through it.
#[derive(Debug)]
struct Record {
    explaining: Arc<Explaining>,
    conversation: Conversation,
    ours: Side,
    peer: String,
    address: String,
    time: SystemTime,
    begun: Instant,
    number: Option<u64>,
    origin: Option<Origin>,
}

impl Explaining {
    /// If it was asked for.
    pub(crate) fn if_asked(explain: bool) -> Option<Arc<Self>> {
        explain.then(Arc::default)
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn sent(&mut self, from: Side, bytes: &[u8]) {
        self.number();
        self.conversation.sent(from, self.begun.elapsed(), bytes);
        // Others may resume its session from now on, long before it ends.
        if self.conversation.verdict().progress == Progress::Complete {
            self.origin();
        }
    }

    /// The same every time.
    fn number(&mut self) -> u64 {
        let explaining = &self.explaining;
        *self.number.get_or_insert_with(|| {
            let mut remembered = explaining.remembered();
            remembered.connections += 1;
            remembered.connections
        })
    }

    /// The same every time.
    fn origin(&mut self) -> Origin {
        let number = self.number();
        let (explaining, conversation) = (&self.explaining, &self.conversation);
        *self
            .origin
            .get_or_insert_with(|| explaining.remembered().sessions.add(number, conversation.verdict()))
    }
}

impl Recorded {
    /// Of this side. Nothing is recorded if nobody explains.
    pub(crate) fn new(tcp: TcpStream, ours: Side, explaining: Option<&Arc<Explaining>>) -> Self {
        let name = |address: io::Result<SocketAddr>| address.map_or_else(|_| "?".into(), |is| is.to_string());
        let record = explaining.map(|explaining| {
            Box::new(Record {
                explaining: explaining.clone(),
                conversation: Conversation::new(&Reading::default()),
                ours,
                peer: name(tcp.peer_addr()),
                address: name(tcp.local_addr()),
                time: now(),
                begun: Instant::now(),
                number: None,
                origin: None,
            })
        });
        Self { tcp, record }
    }

    fn sent(&mut self, from: impl FnOnce(Side) -> Side, bytes: &[u8]) {
        if let (Some(record), [_, ..]) = (&mut self.record, bytes) {
            record.sent(from(record.ours), bytes);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the command reads the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

impl Deref for Recorded {
    type Target = TcpStream;

    fn deref(&self) -> &TcpStream {
        &self.tcp
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.number.is_none() {
            // Nothing was said.
            return;
        }
        let (number, origin) = (self.number(), self.origin());
        let (client, server) = match self.ours {
            Side::Client => (&self.address, &self.peer),
            Side::Server => (&self.peer, &self.address),
        };
        let report = Report {
            number,
            client: client.clone(),
            server: server.clone(),
            time: timestamp(self.time),
            conversation: &self.conversation,
            origin,
            notes: self.conversation.unfinished(),
        };
        crate::say::say!("{}", report.text());
    }
}

impl AsyncRead for Recorded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, to))?;
        self.sent(Side::peer, to.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.tcp).poll_write(cx, bytes))?;
        self.sent(|ours| ours, bytes.get(..n).unwrap_or_default());
        Poll::Ready(Ok(n))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.tcp).poll_write_vectored(cx, parts))?;
        if self.record.is_some() {
            let all: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).take(n).collect();
            self.sent(|ours| ours, &all);
        }
        Poll::Ready(Ok(n))
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
