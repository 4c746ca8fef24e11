//! A program for the test runner of BoringSSL: it wraps this crate, over its public API only, the way the runner wants
//! it. `README.md` beside the runner's configuration says how the two are run.

mod client;
mod echo;
mod expect;
mod flags;
mod names;
mod server;
mod signing;
mod text;
mod wire;

use std::{collections::HashMap, io::Write, sync::Arc};

use tls12::{
    Connection, Error, RecvBuf,
    session::{ClientSession, HandshakeKind, KeyRing, Lineage, SealedSession, StoreKey, TicketKey},
};

use self::{
    flags::{Command, Flags},
    wire::Wire,
};

/// All went as the flags asked.
pub(crate) const PASSED: u8 = 0;
/// The connection failed; the name of the error is on stderr.
pub(crate) const FAILED: u8 = 1;
/// Not implemented: the runner counts the test as skipped.
pub(crate) const UNIMPLEMENTED: u8 = 89;
/// The test fails even if a failure was expected.
pub(crate) const BROKEN: u8 = 90;

/// Why a connection did not go as the flags asked.
#[derive(Debug)]
enum Failure {
    /// The peer, or we, ended it.
    Tls(Error, names::Scene),
    /// The runner's name of a failure that is no error of the library.
    Named(&'static str),
    /// Something that an `-expect-…` flag says is otherwise.
    Expectation(String),
    Io(std::io::Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// A complete handshake, and what was seen on the way.
struct Shaken {
    connection: Connection,
    buf: RecvBuf,
    /// What a client may offer next.
    session: Option<ClientSession>,
    seen: Seen,
}

/// What the peer said that the connection does not keep.
#[derive(Debug, Default)]
struct Seen {
    server_name: Option<String>,
    /// ALPN as it was on the wire, without the length of the list.
    protocols: Vec<u8>,
    schemes: Vec<u16>,
    certificate_types: Vec<u8>,
    authorities: Vec<Vec<u8>>,
    /// Whether a server put the session into its cache.
    stored: bool,
    /// The verdict, where one was asked for.
    verified: Option<bool>,
}

/// What the connections of one process share.
struct Kept {
    /// A client's session, from the connection before.
    session: Option<ClientSession>,
    /// A server's cache.
    cache: HashMap<StoreKey, SealedSession>,
    ring: KeyRing,
    /// What the verdict on a session's peer was.
    verdicts: HashMap<Lineage, bool>,
}

/// Runs the program: all connections that the flags ask for.
pub(crate) fn run(args: &[Vec<u8>], stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    if args == [b"-is-handshaker-supported"] {
        // Whether stdout takes it or not, there is nothing else to say.
        let _ = writeln!(stdout, "No");
        return PASSED;
    }
    let command = match Command::parse(args) {
        Ok(command) => command,
        Err(flags::Unimplemented(what)) => {
            let _ = writeln!(stderr, "not implemented: {what}");
            return UNIMPLEMENTED;
        }
    };
    match connections(&command) {
        Ok(()) => PASSED,
        Err(failure) => {
            let (text, status) = told(&failure);
            let _ = writeln!(stderr, "{text}\n--- DONE ---");
            status
        }
    }
}

fn told(failure: &Failure) -> (String, u8) {
    match failure {
        Failure::Tls(error, scene) => (format!("{}\n{error}", names::names(error, *scene).join(" ")), FAILED),
        Failure::Named(name) => ((*name).to_owned(), FAILED),
        Failure::Expectation(what) => (format!("not as expected: {what}"), BROKEN),
        Failure::Io(error) => (format!("the connection was lost: {error}"), FAILED),
    }
}

fn connections(command: &Command) -> Result<(), Failure> {
    let ring =
        KeyRing::new(TicketKey::generate(signing::seed()?, signing::now(), tls12::session::DEFAULT_PERIOD));
    let mut kept = Kept { session: None, cache: HashMap::new(), ring, verdicts: HashMap::new() };
    for n in 0..=command.initial.resume_count {
        let flags = if n == 0 { &command.initial } else { &command.resume };
        connection(flags, n > 0, &mut kept)?;
    }
    Ok(())
}

fn connection(flags: &Arc<Flags>, later: bool, kept: &mut Kept) -> Result<(), Failure> {
    if later && !flags.server && kept.session.is_none() {
        return Err(Failure::Expectation("no session to offer".into()));
    }
    let mut wire = Wire::connect(flags)?;
    let result = if flags.server {
        server::accept(flags, kept, &mut wire)
    } else {
        client::call(flags, kept, &mut wire)
    };
    let result = result.and_then(|shaken| {
        remember(&shaken, kept);
        expect::check(flags, later, &shaken, kept)?;
        let Shaken { connection, buf, session, .. } = shaken;
        kept.session = session;
        echo::talk(flags, connection, buf, &mut wire)
    });
    if result.is_err() {
        wire.linger();
    }
    result
}

/// The verdict on a session's peer is that of the full handshake, unless it was asked for again.
fn remember(shaken: &Shaken, kept: &mut Kept) {
    let info = shaken.connection.info();
    let lineage = info.session.as_ref().map(|session| session.lineage);
    if let (Some(lineage), Some(verified)) = (lineage, shaken.seen.verified) {
        kept.verdicts.insert(lineage, verified);
    }
}

/// Whether the session of an earlier connection was resumed.
fn is_resumed(kind: HandshakeKind) -> bool {
    match kind {
        HandshakeKind::Resumed(_) => true,
        HandshakeKind::Full(_) => false,
    }
}
