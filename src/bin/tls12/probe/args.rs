//! The part of the command line that is about probing.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use super::client::Preamble;
use crate::args::{HostPort, duration, protocol, server};

/// Names of application protocols, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protocols(pub(crate) Vec<String>);

/// `tls12 probe`.
#[derive(Debug, clap::Args)]
pub(crate) struct Probe {
    /// The servers, before all options; port 443 unless said otherwise, an IPv6 address in brackets
    #[arg(value_name = "HOST[:PORT]", required = true, value_parser = target)]
    pub(crate) targets: Vec<HostPort>,
    /// Addresses to probe instead of those that the names have: all that follow, up to the next option
    #[arg(long, value_name = "IP", num_args = 1.., value_parser = address)]
    pub(crate) address: Vec<IpAddr>,
    /// The name to ask for, if it is not HOST
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// How often a session is offered to judge whether it is resumed, 2 to 1000
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(crate) count: u32,
    /// How many addresses are probed at a time; each gets one connection at a time
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) concurrency: u8,
    /// Application protocols to offer, with commas between them, or '' for none; by default h2 and http/1.1 where TLS
    /// begins with the first byte
    #[arg(long, value_name = "NAMES", value_parser = protocols)]
    pub(crate) alpn: Option<Protocols>,
    /// Roots to verify certificates with (PEM) instead of those of the system; the report says what came of it
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// A certificate chain to present to servers that ask for one (PEM, leaf first)
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Its private key (PEM: PKCS#8, SEC1 or PKCS#1)
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// What is said before TLS
    #[arg(long, value_enum, default_value = "none")]
    pub(crate) preamble: Preamble,
    /// Also waits for sessions to expire, up to the lifetime that the server announces
    #[arg(long)]
    pub(crate) expire: bool,
    /// For how long to wait at most; the probe may take twice as long for tickets, and again for IDs
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration, requires = "expire")]
    pub(crate) expire_max: Duration,
    /// For how long a connection may take, and for how long a handshake
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Prints the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Also writes the report as a page
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// Reads an address. What follows `--address` are addresses, so that a HOST there would be taken for one.
fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "this is no IP address; a HOST stands before --address".to_owned())
}

/// Reads names with commas between them; nothing is no name.
fn protocols(text: &str) -> Result<Protocols, String> {
    match text {
        "" => Ok(Protocols(Vec::new())),
        names => names.split(',').map(protocol).collect::<Result<_, _>>().map(Protocols),
    }
}

/// Reads `HOST` or `HOST:PORT`.
fn target(text: &str) -> Result<HostPort, String> {
    let has_port = match text.rsplit_once(':') {
        None => false,
        // An address in brackets without a port.
        Some(_) if text.ends_with(']') => false,
        Some(_) => true,
    };
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Err("an IPv6 address is written in brackets, as in [::1]:443".into());
    }
    match has_port {
        true => server(text),
        false => server(&format!("{text}:443")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_may_be_left_out() {
        let at = |host: &str, port| Ok(HostPort { host: host.into(), port });
        assert_eq!(target("a.example"), at("a.example", 443));
        assert_eq!(target("a.example:25"), at("a.example", 25));
        assert_eq!(target("[::1]"), at("::1", 443));
        assert_eq!(target("[::1]:25"), at("::1", 25));
        for wrong in ["", "::1", "a.example:", "a.example:x", "https://a.example", "a.example:0"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
        for url in ["https://localhost:1/", "https://localhost/", "localhost/"] {
            assert_eq!(target(url), Err("a host and a port are needed, and no URL".into()), "{url}");
        }
    }

    #[test]
    fn no_protocol_is_a_list_too() {
        let list = |names: &[&str]| Ok(Protocols(names.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(protocols(""), list(&[]));
        assert_eq!(protocols("h2,http/1.1"), list(&["h2", "http/1.1"]));
        assert!(protocols("h2,").is_err());
    }

    #[test]
    fn a_host_behind_the_addresses_is_told_where_it_belongs() {
        let error = address("localhost:20001").unwrap_err();
        assert!(error.contains("a HOST stands before --address"), "{error}");
    }
}
