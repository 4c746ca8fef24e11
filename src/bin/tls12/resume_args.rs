//! The part of the command line that is about resumption.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use tls12::session::KeyFileFormat;

use crate::{args::duration, serve::cache::CacheArgs};

/// How `tls12 serve` resumes.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// Whether clients get tickets (RFC 5077), and when new ones
    #[arg(long, value_enum, default_value = "on")]
    pub(crate) tickets: Tickets,
    /// Files of ticket keys, which servers share: the first one seals, all open. Read again at SIGHUP and before its time
    /// of sealing ends; former keys go on opening. Without, keys are generated
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "ticket_ratchet")]
    pub(crate) ticket_keys: Vec<PathBuf>,
    /// Whose files they are, for the order of the keys in them
    #[arg(long, value_enum, default_value = "auto", requires = "ticket_keys")]
    pub(crate) ticket_key_format: Format,
    /// A secret of 32 bytes, or as 64 hexadecimal digits, from which servers derive the same keys by the clock; nobody but
    /// its owner may have access to the file
    #[arg(long, value_name = "FILE")]
    pub(crate) ticket_ratchet: Option<PathBuf>,
    /// For how long a ticket or a stored session is resumed
    #[arg(long, value_name = "TIME", default_value = "10h", value_parser = up_to_a_week)]
    pub(crate) ticket_lifetime: Duration,
    /// For how long a key seals; it opens for as long again
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = up_to_a_week)]
    pub(crate) rotate_every: Duration,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// For how long after its full handshake a session is resumed, however often its ticket was renewed; 7 days at most
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = up_to_a_week)]
    pub(crate) session_timeout: Duration,
    /// Servers with one name and the same keys resume each other's sessions, whatever their certificates and protocols;
    /// without a name, those do that have the same certificates, protocols and demands on clients
    #[arg(long, value_name = "NAME")]
    pub(crate) session_context: Option<String>,
}

/// Reads a length of time that keys and sessions may have: 1 second to 7 days.
fn up_to_a_week(text: &str) -> Result<Duration, String> {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
    match duration(text)? {
        time if (Duration::from_secs(1)..=WEEK).contains(&time) => Ok(time),
        _ => Err("that is not between 1s and 7d".into()),
    }
}

/// Whether clients get tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tickets {
    /// Yes, and a new one in the second half of a ticket's life
    On,
    /// No
    Off,
    /// Yes, and none where one was used
    Use,
    /// Yes, and a new one whenever one was used
    Renew,
}

/// Whose key file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// HAProxy's if it is lines of base64, else nginx's
    Auto,
    /// 48 bytes: name, AES, HMAC; 80 bytes: name, HMAC, AES
    Nginx,
    /// 48 bytes: name, HMAC, AES
    Apache,
    /// Lines of base64 of 48 or 80 bytes: name, AES, HMAC; the last but one seals
    Haproxy,
    /// 48 bytes: name, HMAC, AES
    Node,
    /// 48 or 80 bytes: name, HMAC, AES
    Openssl,
}

impl From<Format> for KeyFileFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Auto => Self::Auto,
            Format::Nginx => Self::Nginx,
            Format::Apache => Self::Apache,
            Format::Haproxy => Self::Haproxy,
            Format::Node => Self::Node,
            Format::Openssl => Self::OpenSsl,
        }
    }
}

/// `tls12 ticket-keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum TicketKeys {
    /// Writes a file with a new random key; only its owner can read it
    New {
        /// Where to; a file that exists is left alone
        #[arg(value_name = "FILE")]
        to: PathBuf,
        /// Whose file it will be
        #[arg(long, value_enum, default_value = "nginx")]
        format: Format,
        /// How many bytes the key has with its name; by default 80, or 48 where the format knows no others
        #[arg(long, value_parser = key_length)]
        bytes: Option<usize>,
    },
    /// Says which keys a file has
    Show {
        /// The file
        #[arg(value_name = "FILE")]
        from: PathBuf,
        /// Whose file it is
        #[arg(long, value_enum, default_value = "auto")]
        format: Format,
        /// Also prints the secrets: whoever sees them can read what is resumed
        #[arg(long)]
        secret: bool,
    },
    /// Writes the keys of a file in another format; only its owner can read it
    Convert {
        /// The file
        #[arg(value_name = "FROM")]
        input: PathBuf,
        /// Where to; a file that exists is left alone
        #[arg(value_name = "TO")]
        output: PathBuf,
        /// Whose file it is
        #[arg(long, value_enum, default_value = "auto")]
        from: Format,
        /// Whose file it will be
        #[arg(long, value_enum)]
        to: Format,
        /// Which key, counted from 1, where a file has several and the other format one
        #[arg(long, value_name = "N")]
        key: Option<usize>,
    },
}

/// What `tls12 connect` resumes.
#[derive(Debug, Args)]
pub(crate) struct Sessions {
    /// Keeps the session in a file, which only its owner can read: whoever has it can read and join the connection
    #[arg(long, value_name = "FILE")]
    pub(crate) session_out: Option<PathBuf>,
    /// Offers the session in a file that --session-out wrote, and writes it again when the server gave a new one
    #[arg(long, value_name = "FILE")]
    pub(crate) session_in: Option<PathBuf>,
    /// Connects N more times, each offering the session of the time before; every connection is closed after its
    /// handshake, the first one too, and no data is exchanged
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) reconnect: u32,
}

fn key_length(text: &str) -> Result<usize, String> {
    match text {
        "48" => Ok(48),
        "80" => Ok(80),
        _ => Err("a ticket key has 48 or 80 bytes".to_owned()),
    }
}
