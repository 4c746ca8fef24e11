//! Servers in threads of this process, and a way to several of them.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use pki_types::UnixTime;
use tls12::{
    Seed, ServerConfig,
    blocking::Acceptor,
    crypto::RUSTCRYPTO,
    pki::WebPki,
    session::{KeyRing, Resumption, TicketKey},
    store::{Limits, MemoryStore, SessionStore},
};

use crate::common::certs::{Ca, Spec};

/// Longer than anything takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The name that the servers have, beside others.
pub(super) const NAME: &str = "a.example";

/// A listener and its threads, which end when it is dropped.
pub(super) struct Serving {
    pub(super) address: SocketAddr,
    ends: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Serving {
    /// Every connection gets a thread of its own.
    pub(super) fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::at(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), serve)
    }

    /// The same at an address.
    pub(super) fn at(address: SocketAddr, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let address = listener.local_addr().expect("an address");
        let ends = Arc::new(AtomicBool::new(false));
        let (is_over, serve) = (ends.clone(), Arc::new(serve));
        let accepting = thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let serve = serve.clone();
                tcp.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                tcp.set_nodelay(true).expect("an option of TCP");
                thread::spawn(move || serve(tcp));
            }
        });
        Self { address, ends, accepting: Some(accepting) }
    }

    /// One connection to each of these in turn.
    pub(super) fn round_robin(to: &[SocketAddr]) -> Self {
        let (to, next) = (to.to_vec(), AtomicUsize::new(0));
        Self::start(move |tcp| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Ok(server) = TcpStream::connect(to[number % to.len()]) else { return };
            server.set_nodelay(true).expect("an option of TCP");
            let (back, forth) = (tcp.try_clone().expect("a clone"), server.try_clone().expect("a clone"));
            let answering = thread::spawn(move || copy(forth, back));
            copy(tcp, server);
            answering.join().expect("copying does not panic");
        })
    }

    /// A way to a server, on which some connections get these words and no more: those for which `fails` says so, of their
    /// number, from 1, and of how many are open beside them.
    pub(super) fn in_front_of(
        server: &Self,
        words: &'static [u8],
        fails: impl Fn(u32, u32) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (to, numbers, open) = (server.address, AtomicU32::new(0), Arc::new(AtomicU32::new(0)));
        Self::start(move |mut tcp| {
            let number = numbers.fetch_add(1, Ordering::Relaxed) + 1;
            if fails(number, open.load(Ordering::SeqCst)) {
                // What it said is read, so that what it hears is no reset.
                let _ = tcp.read(&mut [0; 16 * 1024]);
                let _ = tcp.write_all(words);
                return;
            }
            let server = TcpStream::connect(to).expect("it listens");
            server.set_nodelay(true).expect("an option of TCP");
            let (mut back, mut forth) =
                (tcp.try_clone().expect("a clone"), server.try_clone().expect("a clone"));
            open.fetch_add(1, Ordering::SeqCst);
            let open = open.clone();
            let answering = thread::spawn(move || {
                let _ = std::io::copy(&mut forth, &mut back);
                // Whoever hears the end may come again at once.
                open.fetch_sub(1, Ordering::SeqCst);
                let _ = back.shutdown(Shutdown::Write);
            });
            copy(tcp, server);
            answering.join().expect("copying does not panic");
        })
    }

    /// `a.example` at its port.
    pub(super) fn target(&self) -> String {
        format!("{NAME}:{}", self.address.port())
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    from.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut bytes = [0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // It waits for a connection, and this is one.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// Who issued the certificates of all servers here.
pub(super) fn ca() -> Ca {
    Ca::new("probe root")
}

/// One of many ticket keys.
pub(super) fn ring(number: u8) -> KeyRing {
    let period = Duration::from_secs(12 * 3600);
    KeyRing::new(TicketKey::generate(Seed::for_replay([number; 32]), UnixTime::now(), period))
}

/// A server of ours.
pub(super) struct Ours {
    pub(super) policy: Resumption,
    pub(super) change: fn(ServerConfig) -> ServerConfig,
    /// The names of its certificate.
    pub(super) names: [&'static str; 2],
}

impl Ours {
    pub(super) fn new(policy: Resumption) -> Self {
        Self { policy, change: |config| config, names: [NAME, "b.example"] }
    }

    /// Starts it with sessions in memory of its own.
    pub(super) fn start(self) -> Serving {
        self.start_with(MemoryStore::new(Limits::sessions(1000)))
    }

    /// Starts it with another store.
    pub(super) fn start_with(self, store: impl SessionStore + 'static) -> Serving {
        Serving::start(self.serves(store))
    }

    /// How it serves a connection: up to the end of what the client says.
    pub(super) fn serves(
        self,
        store: impl SessionStore + 'static,
    ) -> impl Fn(TcpStream) + Send + Sync + 'static {
        let issued = ca().issue(&Spec::server(&self.names));
        let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("server"))
            .with_alpn([&b"h2"[..], b"http/1.1"])
            .with_resumption(self.policy);
        let config = (self.change)(config);
        let verifier = WebPki::new(&RUSTCRYPTO, [ca().root()]).expect("a root");
        let acceptor =
            Acceptor::new(config, issued.local_key()).with_client_verifier(verifier).with_store(store);
        move |tcp| {
            let Ok(mut tls) = acceptor.accept(&tcp) else {
                return tls12::blocking::linger(&tcp, Duration::from_secs(1));
            };
            let _ = tls.read_to_end(&mut Vec::new());
            let _ = tls.close();
        }
    }
}
