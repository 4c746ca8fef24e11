//! What there is to say about a connection, in the words of logs, pages and status lines.
#![expect(clippy::disallowed_methods, reason = "the command reads the clock")]

use std::{error::Error as _, fmt::Write as _, io};

use tls12::{
    ConnectionInfo, Error, UnixTime,
    pki::{VerifiedPeer, describe},
    session::{HandshakeKind, TicketSent},
};

use crate::daemon::log::Words;

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// How the handshake went: `resumed= reason= ticket= age= lineage=`. Age is that of the full handshake, in seconds.
fn of_handshake(info: &ConnectionInfo) -> Words {
    let mut words = Words::default();
    match info.handshake {
        HandshakeKind::Full(reason) => {
            words.text("resumed", "no");
            words.text("reason", reason.to_string());
        }
        HandshakeKind::Resumed(by) => {
            words.text("resumed", by.to_string());
            words.text("reason", "");
        }
    }
    words.text(
        "ticket",
        match info.ticket {
            TicketSent::No => "no",
            TicketSent::Issued => "issued",
            TicketSent::Empty => "empty",
        },
    );
    match &info.session {
        Some(session) => {
            words.number("age", session.age(UnixTime::now()).as_secs());
            words.text("lineage", session.lineage.to_string());
        }
        None => {
            words.text("age", "");
            words.text("lineage", "");
        }
    }
    words
}

/// What it agreed on: `cipher= group= ems= alpn= sni=`.
fn of_agreement(info: &ConnectionInfo) -> Words {
    let mut words = Words::default();
    words.text("cipher", info.suite.to_string());
    words.text("group", info.group.map(|group| group.to_string()).unwrap_or_default());
    words.text("ems", if info.extended_master_secret { "yes" } else { "no" });
    let alpn = info.alpn.as_deref().unwrap_or_default();
    words.text("alpn", String::from_utf8_lossy(alpn));
    words.text("sni", info.server_name.as_ref().map(|name| name.to_str().into_owned()).unwrap_or_default());
    words
}

/// How the handshake of a server went, with `key=`, the key that opened or sealed the session, and at the end `client=`.
pub(crate) fn of_served_connection(info: &ConnectionInfo) -> Words {
    let mut words = of_handshake(info);
    let key_name = info.session.as_ref().and_then(|session| session.key_name);
    words.text("key", key_name.map(|name| name.to_string()).unwrap_or_default());
    words.append(&of_agreement(info));
    words.text("client", info.peer.as_ref().map(subject).unwrap_or_default());
    words
}

/// How the handshake of a client went, and at the end `server=`.
pub(crate) fn of_called_connection(info: &ConnectionInfo) -> Words {
    let mut words = of_handshake(info);
    words.append(&of_agreement(info));
    words.text("server", info.peer.as_ref().map(subject).unwrap_or_default());
    words
}

/// Who a peer is: the subject of its certificate, or else the first name in it.
fn subject(peer: &VerifiedPeer) -> String {
    let described = peer.peer().chain.first().map(describe);
    match described {
        Some(Ok(described)) if !described.subject.is_empty() => described.subject,
        Some(Ok(described)) => described.names.into_iter().next().unwrap_or_else(|| "nameless".into()),
        Some(Err(_)) | None => "unreadable".into(),
    }
}

/// What the protocol, the peer or its certificate is to blame for, if one of them is.
pub(crate) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// What went wrong: `error=`, and `alert=` with who sent it.
pub(crate) fn of_error(error: &io::Error) -> Words {
    of_error_that_means(error, sentence(error))
}

/// The same, with a sentence of its own.
pub(crate) fn of_error_that_means(error: &io::Error, meaning: String) -> Words {
    let mut words = Words::default();
    words.text("error", meaning);
    let alert = match tls_error(error) {
        Some(Error::Received(alert)) => format!("received:{alert}"),
        Some(error) => error.alert().map(|alert| format!("sent:{alert}")).unwrap_or_default(),
        None => String::new(),
    };
    words.text("alert", alert);
    words
}

/// An error and what is behind it, in one line.
pub(crate) fn sentence(error: &io::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(source) = behind {
        let source_text = source.to_string();
        if !text.contains(&source_text) {
            text.push_str(": ");
            text.push_str(&source_text);
        }
        behind = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tls12::wire::Alert;

    use super::*;

    #[test]
    fn an_error_tells_which_alert_went_which_way() {
        let of = |error: Error| of_error(&io::Error::new(io::ErrorKind::InvalidData, error)).line();
        assert!(of(Error::Received(Alert::UNKNOWN_CA)).ends_with("alert=received:unknown_ca"));
        assert!(of(Error::BadSignature).ends_with("alert=sent:decrypt_error"));
        assert!(of(Error::Truncated).ends_with("alert=-"));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(of_error(&refused).line(), "error=\"connection refused\" alert=-");
    }
}
