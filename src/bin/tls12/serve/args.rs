//! The command line of `tls12 serve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::{
    args::{Identity, forward, protocol},
    daemon::{Limits, Telling},
    recordings::Recording,
    resume_args::Resume,
};

/// `tls12 serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443", value_parser = forward)]
    pub(crate) listen: String,
    /// Shares the port with other processes that say so too: the system distributes connections among them
    #[arg(long)]
    pub(crate) reuse_port: bool,
    #[command(flatten)]
    pub(crate) identity: Identity,
    /// A file (TOML) of names with certificates, servers behind them and demands on clients of their own
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) service: Service,
    /// Tells the server behind who the client is, and what was agreed on with it, before its first byte
    #[arg(long, value_enum, value_name = "VERSION")]
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
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
    #[command(flatten)]
    pub(crate) resume: Resume,
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// How many bytes of a client a handshake may take, records and all
    #[arg(long, value_name = "BYTES", default_value = "65536", value_parser = handshake_bytes)]
    pub(crate) handshake_bytes: usize,
    /// Shows every message and what is in it, on standard error when a connection ends
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) recording: Recording,
    #[command(flatten)]
    pub(crate) telling: Telling,
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

/// Which version of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProxyProtocol {
    /// The binary one, with facts about TLS
    V2,
}

/// Whether clients present certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientAuth {
    /// They may
    Request,
    /// They must
    Require,
}

/// Reads how many bytes a handshake may take: no fewer than the shortest ones have, no more than the longest.
fn handshake_bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes @ 512..=16_777_216) => Ok(bytes),
        _ => Err("a number of bytes from 512 to 16777216".into()),
    }
}
