//! What to do where no handshake succeeded.

use tls12::wire::Alert;

use super::{Finding, Severity};
use crate::probe::{
    client::{Stage, Trouble},
    report::Address,
};

/// The finding about an address where nothing could be examined.
pub(super) fn of(address: &Address) -> Finding {
    let why = address.failure.as_deref().unwrap_or("no reason was given");
    let meaning = address.trouble.as_ref().map_or(UNKNOWN, meaning);
    Finding::new("not-examined", Severity::Medium, format!("No handshake: {why}"), meaning)
}

const UNKNOWN: &str = "Nothing can be said about this address.";
const REFUSED: &str = "Is it the right port, does the server run, and does it listen at this address?";
const NOBODY: &str =
    "Is it the right address? A firewall may drop what comes, and --timeout gives more time.";
const HTTP: &str = "This is HTTP without TLS. Is it another port, as 443, or does it change to TLS when it is asked \
                    (--preamble http)?";
const MAIL: &str = "This is a protocol that begins without TLS, and may change to it when it is asked: --preamble smtp, imap \
                    or ftp.";
const OTHER: &str =
    "This is not TLS. Is it another port, or a protocol that begins without TLS (--preamble)?";
const SILENT: &str = "It takes connections and says nothing. It may wait for something that is said before TLS \
                      (--preamble), not speak TLS at all, or need more time (--timeout).";
const CLOSED: &str = "It may not speak TLS, want something said before it (--preamble), or let in only who presents a \
                      certificate (--client-cert) or comes from somewhere else.";
const PREAMBLE: &str = "It does not change to TLS in this way. Try without --preamble, or with another one.";
const PROTOCOL: &str = "It speaks none of the application protocols that were offered: --alpn offers others, and --alpn '' none.";
const NAME: &str = "It does not serve this name: --name asks for another one.";
const CERTIFICATE: &str =
    "It wants a certificate of the client, or another one: --client-cert and --client-key present one.";
const HANDSHAKE: &str = "Suites other than ECDHE with an AEAD are not offered, which may be all that it has; or it wants a \
                         certificate of the client, which is presented with --client-cert.";
const VERSION: &str = "TLS 1.2 is all that is examined, and the server does not speak it.";

fn meaning(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Refused => REFUSED,
        Trouble::Connect(_) | Trouble::Silence => NOBODY,
        // Some answer to what they cannot read with a page and nothing before it.
        Trouble::NotTls(said) if said.starts_with("HTTP/") || said.starts_with('<') => HTTP,
        Trouble::NotTls(said) if said.starts_with("220") || said.starts_with("* OK") => MAIL,
        Trouble::NotTls(_) => OTHER,
        Trouble::Preamble(_) | Trouble::Late(Stage::Preamble) | Trouble::Gone(Stage::Preamble) => PREAMBLE,
        Trouble::Late(_) => SILENT,
        Trouble::Gone(_) => CLOSED,
        Trouble::Alert(alert, stage) => of_alert(*alert, *stage),
        Trouble::Version(_) => VERSION,
        Trouble::Unexpected(_)
        | Trouble::WrongKeys
        | Trouble::Unmet(..)
        | Trouble::Spent
        | Trouble::Noise => UNKNOWN,
    }
}

fn of_alert(alert: Alert, stage: Stage) -> &'static str {
    match (alert, stage) {
        (Alert::NO_APPLICATION_PROTOCOL, _) => PROTOCOL,
        (Alert::UNRECOGNIZED_NAME, _) => NAME,
        (Alert::PROTOCOL_VERSION, _) => VERSION,
        // It answered our certificate, or that there was none.
        (_, Stage::Finished) => CERTIFICATE,
        (Alert::HANDSHAKE_FAILURE | Alert::INSUFFICIENT_SECURITY, _) => HANDSHAKE,
        _ => UNKNOWN,
    }
}
