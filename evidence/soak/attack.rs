//! Peers that mean harm, each kind from an address of its own. What becomes of their connections is of no interest;
//! what becomes of all others is.

use std::{
    io,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    Soak,
    peer::{How, source},
    random::{LARGEST, Random},
};

/// What they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Says nothing.
    Silent,
    /// Says its hello by one byte a second.
    Slow,
    /// Says half of its hello.
    Unfinished,
    /// Says something else.
    Garbage,
    /// Closes at once.
    Flood,
    /// Resets the connection: at once, in the middle of its hello, after its handshake.
    Reset,
    /// Completes its handshake and is never heard of again.
    Left,
    /// Asks for an echo of megabytes, and reads none of it.
    Unread,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Silent,
        Self::Slow,
        Self::Unfinished,
        Self::Garbage,
        Self::Flood,
        Self::Reset,
        Self::Left,
        Self::Unread,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Slow => "hello by one byte a second",
            Self::Unfinished => "half of a hello",
            Self::Garbage => "garbage",
            Self::Flood => "closed at once",
            Self::Reset => "reset",
            Self::Left => "left after the handshake",
            Self::Unread => "megabytes asked for and not read",
        }
    }

    /// How many there are of it at once, and how long each waits until it does it again.
    fn force(self) -> (usize, Duration) {
        match self {
            // More than the address may have at both servers together.
            Self::Silent => (700, Duration::from_secs(1)),
            Self::Slow | Self::Unfinished => (200, Duration::from_secs(1)),
            Self::Garbage | Self::Reset => (8, Duration::from_millis(50)),
            Self::Flood => (8, Duration::from_millis(10)),
            Self::Left => (100, Duration::from_secs(1)),
            Self::Unread => (32, Duration::from_secs(1)),
        }
    }
}

/// How often each kind did what it does.
#[derive(Default)]
pub(crate) struct Attempts([AtomicU64; 8]);

impl Attempts {
    pub(crate) fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize].load(Relaxed)
    }
}

pub(crate) struct Attackers {
    attempts: Arc<Attempts>,
    attacking: JoinSet<()>,
}

impl Attackers {
    /// Fails if there is no hello to send.
    pub(crate) async fn start(soak: &Arc<Soak>) -> io::Result<Self> {
        let hello: Arc<[u8]> = soak.peers.peer(How::Tickets).hello().await?.into();
        let (attempts, mut attacking) = (Arc::new(Attempts::default()), JoinSet::new());
        for kind in Kind::ALL {
            for number in 0..kind.force().0 {
                let random = Random::new(2_000_000 + 1000 * kind as usize + number);
                let attacker = Attacker { soak: soak.clone(), kind, hello: hello.clone(), random };
                attacking.spawn(attacker.go_on(attempts.clone()));
            }
        }
        Ok(Self { attempts, attacking })
    }

    /// All are gone at once, wherever they were.
    pub(crate) async fn stop(mut self) -> Arc<Attempts> {
        self.attacking.shutdown().await;
        self.attempts
    }
}

struct Attacker {
    soak: Arc<Soak>,
    kind: Kind,
    hello: Arc<[u8]>,
    random: Random,
}

impl Attacker {
    async fn go_on(mut self, attempts: Arc<Attempts>) {
        let (_, pause) = self.kind.force();
        loop {
            // Not all at the same moment.
            sleep(pause.mul_f64(self.random.below(1000) as f64 / 500.0)).await;
            attempts.0[self.kind as usize].fetch_add(1, Relaxed);
            let _ = self.once().await;
        }
    }

    fn from(&self) -> Ipv4Addr {
        source::attacker(self.kind as u8)
    }

    async fn once(&mut self) -> io::Result<()> {
        let mut tcp = self.soak.peers.tcp(self.from()).await?;
        match self.kind {
            Kind::Silent => until_closed(&mut tcp).await,
            Kind::Slow => {
                for byte in self.hello.iter() {
                    tcp.write_all(&[*byte]).await?;
                    if let Ok(ended) = timeout(Duration::from_secs(1), until_closed(&mut tcp)).await {
                        return ended;
                    }
                }
                Ok(())
            }
            Kind::Unfinished => {
                tcp.write_all(&self.hello[..self.hello.len() / 2]).await?;
                until_closed(&mut tcp).await
            }
            Kind::Garbage => {
                tcp.write_all(&self.garbage()).await?;
                let _ = timeout(Duration::from_secs(2), until_closed(&mut tcp)).await;
                Ok(())
            }
            Kind::Flood => Ok(()),
            Kind::Reset => self.reset(tcp).await,
            Kind::Left => {
                let tls = self.soak.peers.peer(How::Ids).handshake(tcp).await?;
                std::future::pending::<()>().await;
                drop(tls);
                Ok(())
            }
            Kind::Unread => {
                let mut tls = self.soak.peers.peer(How::Tickets).handshake(tcp).await?;
                for _ in 0..16 {
                    tls.write_all(self.soak.tally.bytes.some(LARGEST, &mut self.random)).await?;
                }
                std::future::pending().await
            }
        }
    }

    async fn reset(&mut self, mut tcp: TcpStream) -> io::Result<()> {
        tcp.set_zero_linger()?;
        match self.random.below(3) {
            0 => Ok(()),
            1 => tcp.write_all(&self.hello[..1 + self.random.below(self.hello.len() - 1)]).await,
            _ => {
                let mut tls = self.soak.peers.peer(How::Tickets).handshake(tcp).await?;
                tls.write_all(self.soak.tally.bytes.some(50_000, &mut self.random)).await
            }
        }
    }

    /// Noise, noise in a record, another protocol, or a hello with one byte changed.
    fn garbage(&mut self) -> Vec<u8> {
        let len = 1 + self.random.below(600);
        let noise: Vec<u8> = (0..len).map(|_| self.random.next() as u8).collect();
        match self.random.below(4) {
            0 => noise,
            1 => [&[22, 3, 3, (len >> 8) as u8, len as u8][..], &noise].concat(),
            2 => b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            _ => {
                let mut hello = self.hello.to_vec();
                let at = self.random.below(hello.len());
                hello[at] ^= 1 << self.random.below(8);
                hello
            }
        }
    }
}

/// Reads until the server has enough of it.
async fn until_closed(tcp: &mut TcpStream) -> io::Result<()> {
    let mut come = [0; 512];
    while tcp.read(&mut come).await? > 0 {}
    Ok(())
}
