//! The command line.

use std::{fmt, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use super::{explain::Explain, replay::Args as Replay};
use crate::{
    call,
    probe::args::Probe,
    resume_args::{Sessions, TicketKeys},
    serve::args::Serve,
    wrap::Forward,
};

/// Serves and calls TLS 1.2.
#[derive(Debug, Parser)]
#[command(name = "tls12", version, about = "Serves and calls TLS 1.2")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves connections until SIGTERM or SIGINT, then lets those that are open finish
    Serve(Box<Serve>),
    /// Takes plain connections and passes each on to a TLS server, resuming sessions
    Forward(Box<Forward>),
    /// Calls a server: standard input goes to it, what it sends goes to standard output
    Connect(Connect),
    /// Tells whether servers resume sessions, how often, where, and what to change
    Probe(Box<Probe>),
    /// Shows every flow of handshakes between a client and a server over real sockets, message by message
    Demo(Demo),
    /// Explains connections in a capture: every message, how each handshake went, and which session it resumed
    Explain(Explain),
    /// Runs a recorded connection again, step by step, and compares what is sent
    Replay(Replay),
    /// Makes, describes and converts files of ticket keys
    #[command(subcommand)]
    TicketKeys(TicketKeys),
}

/// A certificate and its key; both options repeat, in pairs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Identity {
    /// A certificate chain (PEM, leaf first); repeat it with --key for several kinds of keys
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Vec<PathBuf>,
    /// The private key of the certificate (PEM: PKCS#8, SEC1 or PKCS#1)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
}

/// `tls12 demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Shows what is in each message too
    #[arg(long)]
    pub(crate) explain: bool,
}

/// `tls12 connect`.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The server; an IPv6 address in brackets
    #[arg(value_name = "HOST:PORT", value_parser = server)]
    pub(crate) server: HostPort,
    #[command(flatten)]
    pub(crate) call: call::Args,
    /// Closes the connection at the end of standard input, without waiting for the rest of the answer
    #[arg(long)]
    pub(crate) close_on_eof: bool,
    /// Shows every message and what is in it, on standard error when a connection ends
    #[arg(long)]
    pub(crate) explain: bool,
    /// Records the whole input of the connection in a new file, for `tls12 replay`; of --reconnect N, the others in FILE.2, FILE.3 …
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Also records the secrets: whoever has the file can read the connection and use its session
    #[arg(long, requires = "record")]
    pub(crate) record_secrets: bool,
    #[command(flatten)]
    pub(crate) sessions: Sessions,
}

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPort {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Reads `HOST:PORT`, where an IPv6 address is in brackets.
pub(crate) fn host_and_port(text: &str) -> Result<HostPort, String> {
    if text.contains('/') {
        return Err("a host and a port are needed, and no URL".into());
    }
    let (host, port) = text.rsplit_once(':').ok_or("a port is missing, as in example.com:443")?;
    let port = port.parse().map_err(|_| format!("\"{port}\" is not a port"))?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bare {
        Some(address) => address,
        None if host.contains(':') => {
            return Err("an IPv6 address is written in brackets, as in [::1]:443".into());
        }
        None => host,
    };
    match host {
        "" => Err("a host is missing, as in example.com:443".into()),
        host => Ok(HostPort { host: host.to_owned(), port }),
    }
}

/// Reads the `HOST:PORT` of a server to call: nobody listens at port 0.
pub(crate) fn server(text: &str) -> Result<HostPort, String> {
    match host_and_port(text)? {
        HostPort { port: 0, .. } => Err("\"0\" is not a port to call".into()),
        server => Ok(server),
    }
}

/// Reads where to forward to, and leaves it as it is.
pub(crate) fn forward(text: &str) -> Result<String, String> {
    host_and_port(text).map(|_| text.to_owned())
}

/// Reads the name of a protocol of ALPN (RFC 7301, 3.1).
pub(crate) fn protocol(text: &str) -> Result<String, String> {
    match text.len() {
        1..=255 => Ok(text.to_owned()),
        _ => Err("the name of a protocol has 1 to 255 bytes, as h2 or http/1.1".into()),
    }
}

/// Reads a length of time: a whole number and `ms`, `s`, `m`, `h` or `d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("a time is a whole number with ms, s, m, h or d behind it, as in 10s".into()),
    };
    let number: u64 = number.parse().map_err(|_| "a time begins with a whole number, as in 10s")?;
    match number.checked_mul(milliseconds) {
        Some(0) => Err("no time at all is too short".into()),
        Some(milliseconds) => Ok(Duration::from_millis(milliseconds)),
        None => Err("that is too long".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7_200)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "10", "s", "1.5s", "-1s", "0s", "18446744073709551615h", "10 s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_server_is_a_host_and_a_port() {
        let at = |host: &str, port| HostPort { host: host.into(), port };
        assert_eq!(host_and_port("example.com:443"), Ok(at("example.com", 443)));
        assert_eq!(host_and_port("[::1]:8443"), Ok(at("::1", 8443)));
        for wrong in ["example.com", ":443", "::1:443", "example.com:https", "example.com:65536", "[]:1"] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for wrong in [
            &["tls12", "serve", "--http", "--echo"][..],
            &["tls12", "serve", "--client-auth", "require"],
            &["tls12", "serve", "--max-connections", "0"],
            &["tls12", "serve", "--threads", "0"],
            &["tls12", "connect", "localhost:1", "--ca", "f", "--insecure"],
            &["tls12", "serve", "--ticket-keys", "a", "--ticket-ratchet", "b"],
            &["tls12", "serve", "--ticket-key-format", "nginx"],
            &["tls12", "serve", "--session-cache", "some"],
            &["tls12", "ticket-keys", "new", "a", "--bytes", "64"],
            &["tls12", "serve", "--session-timeout", "169h"],
            &["tls12", "serve", "--ticket-lifetime", "8d"],
            &["tls12", "serve", "--rotate-every", "1ms"],
            &["tls12", "serve", "--alpn", ""],
            &["tls12", "serve", "--alpn", "h2,,http/1.1"],
            &["tls12", "connect", "localhost:1", "--alpn", &"x".repeat(256)],
            &["tls12", "connect", "https://localhost:1"],
            &["tls12", "connect", "localhost:0"],
            &["tls12", "serve", "--forward", "127.0.0.1"],
            &["tls12", "serve", "--forward", "127.0.0.1:99999"],
            &["tls12", "serve", "--listen", "8443"],
            &["tls12", "serve", "--proxy-protocol", "v1", "--forward", "127.0.0.1:1"],
            &["tls12", "serve", "--address-share", "0"],
            &["tls12", "serve", "--address-share", "101"],
            &["tls12", "serve", "--max-handshakes", "0"],
            &["tls12", "serve", "--handshake-bytes", "100"],
            &["tls12", "serve", "--trace", "loud"],
            &["tls12", "explain"],
            &["tls12", "explain", "a", "--data"],
            &["tls12", "explain", "--hex", "a", "--stream", "1"],
            &["tls12", "forward", "--listen", "127.0.0.1:1"],
            &["tls12", "forward", "--to", "localhost"],
            &["tls12", "probe", "a.example", "--expire-max", "1m"],
            &["tls12", "probe", "--address", "127.0.0.1", "a.example"],
            &["tls12"],
        ] {
            assert!(Arguments::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }
}
