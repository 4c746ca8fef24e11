//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::resume_args::{Resume, Sessions, TicketKeys};

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
    Serve(Serve),
    /// Calls a server: standard input goes to it, what it sends goes to standard output
    Connect(Connect),
    /// Shows every flow of handshakes between a client and a server over real sockets, message by message
    Demo,
    /// Makes, describes and converts files of ticket keys
    #[command(subcommand)]
    TicketKeys(TicketKeys),
}

/// `tls12 serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    pub(crate) listen: String,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) service: Service,
    /// Roots that client certificates must lead to (PEM); they are required unless --client-auth says otherwise
    #[arg(long, value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,
    /// Whether clients may or must present a certificate
    #[arg(long, value_enum, requires = "client_ca")]
    pub(crate) client_auth: Option<ClientAuth>,
    /// Application protocols, in order of preference
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = protocol)]
    pub(crate) alpn: Vec<String>,
    /// An OCSP response (DER) to staple to the first certificate
    #[arg(long, value_name = "FILE")]
    pub(crate) ocsp: Option<PathBuf>,
    /// Appends the secrets of all connections to a file: whoever has it can read them
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    /// How a connection is logged on standard output, one line each
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log: LogFormat,
    /// How many threads serve; as many as there are processors unless told otherwise
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) resume: Resume,
    #[command(flatten)]
    pub(crate) limits: Limits,
}

/// A certificate and its key; both options repeat, in pairs.
#[derive(Debug, Args)]
pub(crate) struct Identity {
    /// A certificate chain (PEM, leaf first); repeat it with --key for several kinds of keys
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Vec<PathBuf>,
    /// The private key of the certificate (PEM: PKCS#8, SEC1 or PKCS#1)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
}

/// What is served. None of them is `--http`.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Service {
    /// Answers GET and HEAD with a page about the connection (the default)
    #[arg(long)]
    pub(crate) http: bool,
    /// Sends back what it receives
    #[arg(long)]
    pub(crate) echo: bool,
    /// Passes what it receives on to a server without TLS, and back
    #[arg(long, value_name = "HOST:PORT", value_parser = forward)]
    pub(crate) forward: Option<String>,
}

/// What one client may use up.
#[derive(Debug, Clone, Args)]
pub(crate) struct Limits {
    /// For how long a handshake may go on
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) handshake_timeout: Duration,
    /// For how long nothing may come and go
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) idle_timeout: Duration,
    /// How many connections there may be at once; one more is closed
    #[arg(long, value_name = "N", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,
}

/// `tls12 connect`.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The server; an IPv6 address in brackets
    #[arg(value_name = "HOST:PORT", value_parser = host_and_port)]
    pub(crate) server: HostPort,
    /// The name the server's certificate must have, if it is not HOST
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Roots to trust (PEM) instead of those of the system
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) ca: Option<PathBuf>,
    /// Believes any certificate, so that anybody in the middle can read and change everything
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Application protocols, in order of preference
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = protocol)]
    pub(crate) alpn: Vec<String>,
    #[command(flatten)]
    pub(crate) identity: Identity,
    /// Appends the secrets of the connection to a file: whoever has it can read it
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    /// Closes the connection at the end of standard input, without waiting for the rest of the answer
    #[arg(long)]
    pub(crate) close_on_eof: bool,
    #[command(flatten)]
    pub(crate) sessions: Sessions,
}

/// Whether clients present certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientAuth {
    /// They may
    Request,
    /// They must
    Require,
}

/// How a connection is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Words `key=value`
    Text,
    /// A JSON object
    Json,
}

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPort {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Reads `HOST:PORT`, where an IPv6 address is in brackets.
fn host_and_port(text: &str) -> Result<HostPort, String> {
    let (host, port) = text.rsplit_once(':').ok_or("a port is missing, as in example.com:443")?;
    let port = port.parse().map_err(|_| format!("\"{port}\" is not a port"))?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bare {
        Some(address) => address,
        None if host.contains("//") => return Err("a host and a port are needed, and no URL".into()),
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

/// Reads where to forward to, and leaves it as it is.
fn forward(text: &str) -> Result<String, String> {
    host_and_port(text).map(|_| text.to_owned())
}

/// Reads the name of a protocol of ALPN (RFC 7301, 3.1).
fn protocol(text: &str) -> Result<String, String> {
    match text.len() {
        1..=255 => Ok(text.to_owned()),
        _ => Err("the name of a protocol has 1 to 255 bytes, as h2 or http/1.1".into()),
    }
}

/// Reads a number of threads.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1024) => Ok(number),
        _ => Err("a number of threads is from 1 to 1024".into()),
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
            &["tls12", "serve", "--forward", "127.0.0.1"],
            &["tls12", "serve", "--forward", "127.0.0.1:99999"],
            &["tls12"],
        ] {
            assert!(Arguments::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }
}
