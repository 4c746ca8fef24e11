//! What there is to say about a connection, in the words of logs, pages and status lines.

use std::{error::Error as _, io};

use tls12::{
    ConnectionInfo, Error,
    pki::{VerifiedPeer, describe},
    session::HandshakeKind,
};

use crate::log::Words;

/// What the handshake agreed on: `resumed= reason= cipher= group= ems= alpn= sni=`.
pub(crate) fn of_connection(info: &ConnectionInfo) -> Words {
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
    words.text("cipher", info.suite.to_string());
    words.text("group", info.group.map(|group| group.to_string()).unwrap_or_default());
    words.text("ems", if info.extended_master_secret { "yes" } else { "no" });
    let alpn = info.alpn.as_deref().unwrap_or_default();
    words.text("alpn", String::from_utf8_lossy(alpn));
    words.text("sni", info.server_name.as_ref().map(|name| name.to_str().into_owned()).unwrap_or_default());
    words
}

/// The same and `client=`, for servers.
pub(crate) fn of_served_connection(info: &ConnectionInfo) -> Words {
    let mut words = of_connection(info);
    words.text("client", info.peer.as_ref().map(subject).unwrap_or_default());
    words
}

/// The same as of the connection and `server=`, for clients.
pub(crate) fn of_called_connection(info: &ConnectionInfo) -> Words {
    let mut words = of_connection(info);
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
    let mut words = Words::default();
    words.text("error", sentence(error));
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
