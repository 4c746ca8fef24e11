//! What may come to a client: RFC 5246, 7.3 and 7.4 with figures 1 and 2, RFC 5077, 3.1 to 3.4, RFC 6066, 8.

use tls12::wire::{Alert, HandshakeType as H};

use super::{
    alphabet::Kind,
    model::{At, Facts, Flight, Line, Says},
};

/// RFC 5246, figure 1 and 7.4.8.
const FULL: Flight = &[
    (Facts::ASKED, Says::Message(H::CERTIFICATE)),
    (Facts::NONE, Says::Message(H::CLIENT_KEY_EXCHANGE)),
    (Facts::ASKED.and(Facts::HAS_CERTIFICATE), Says::Message(H::CERTIFICATE_VERIFY)),
    (Facts::NONE, Says::ChangeCipherSpec),
    (Facts::NONE, Says::Message(H::FINISHED)),
];

/// RFC 5246, figure 2.
const RESUMED_END: Flight =
    &[(Facts::NONE, Says::ChangeCipherSpec), (Facts::NONE, Says::Message(H::FINISHED))];

/// RFC 5246, 7.2.2.
const DECLINED: Flight = &[(Facts::NONE, Says::Warning(Alert::NO_RENEGOTIATION))];

const HELLO: Kind = Kind::ServerHello;
const EXCHANGE: Kind = Kind::ServerKeyExchange;
const TICKET: Facts = Facts::PROMISES_TICKET;
const STATUS: Facts = Facts::PROMISES_STATUS;
const BY_TICKET: Facts = Facts::ECHOES.and(Facts::OFFERS_TICKET);
const BY_ID: Facts = Facts::ECHOES.and(Facts::OFFERS_ID);
const NO_ID: Facts = Facts::NAMES_NOTHING.and(Facts::OFFERS_TICKET);

/// RFC 5246, 7.4.1.4: "it MUST abort the handshake with an unsupported_extension fatal alert".
const NOT_ASKED_FOR: &[Alert] = &[Alert::UNSUPPORTED_EXTENSION];
const FORGED: &[Alert] = &[Alert::DECRYPT_ERROR];
const MALFORMED: &[Alert] = &[Alert::DECODE_ERROR];
/// What is no ECParameters has a curve type out of range, or does not parse.
const EXPORT: &[Alert] = &[Alert::DECODE_ERROR, Alert::ILLEGAL_PARAMETER];

pub(crate) const CLIENT: &[Line] = &[
    Line::refused(At::ServerHello, HELLO, NOT_ASKED_FOR).given(TICKET).unless(Facts::WANTS_TICKETS),
    Line::refused(At::ServerHello, HELLO, NOT_ASKED_FOR).given(STATUS).unless(Facts::WANTS_STATUS),
    // RFC 5246, 7.4.1.3, and RFC 5077, 3.4: the echoed ID says that the session is resumed; RFC 5077, 3.3: the
    // extension says that NewSessionTicket comes.
    Line::goes(At::ServerHello, HELLO, At::ResumedTicket).given(BY_TICKET.and(TICKET)),
    Line::goes(At::ServerHello, HELLO, At::ResumedChangeCipherSpec).given(BY_TICKET),
    Line::goes(At::ServerHello, HELLO, At::ResumedChangeCipherSpec).given(BY_ID),
    Line::goes(At::ServerHello, HELLO, At::CertificateOrResumed).given(NO_ID),
    Line::goes(At::ServerHello, HELLO, At::ServerCertificate),
    // RFC 5077, 3.4: without an ID, only what follows tells whether the ticket was taken.
    Line::goes(At::CertificateOrResumed, Kind::Certificate, At::StatusOrKeyExchange).given(STATUS),
    Line::goes(At::CertificateOrResumed, Kind::Certificate, At::ServerKeyExchange),
    Line::refused(At::CertificateOrResumed, Kind::NoCertificate, MALFORMED),
    Line::goes(At::CertificateOrResumed, Kind::NewSessionTicket, At::ResumedChangeCipherSpec).given(TICKET),
    Line::goes(At::CertificateOrResumed, Kind::NoTicket, At::ResumedChangeCipherSpec).given(TICKET),
    Line::goes(At::CertificateOrResumed, Kind::ChangeCipherSpec, At::ResumedFinished)
        .unless(TICKET)
        .sets(Facts::PROTECTED),
    Line::goes(At::ServerCertificate, Kind::Certificate, At::StatusOrKeyExchange).given(STATUS),
    Line::goes(At::ServerCertificate, Kind::Certificate, At::ServerKeyExchange),
    // RFC 5246, 7.4.2: only a client's Certificate may be without certificates.
    Line::refused(At::ServerCertificate, Kind::NoCertificate, MALFORMED),
    // RFC 6066, 8: "Note that a server MAY also choose not to send a "CertificateStatus" message".
    Line::goes(At::StatusOrKeyExchange, Kind::CertificateStatus, At::ServerKeyExchange),
    Line::goes(At::StatusOrKeyExchange, EXCHANGE, At::RequestOrDone),
    Line::refused(At::StatusOrKeyExchange, Kind::ForgedServerKeyExchange, FORGED),
    Line::refused(At::StatusOrKeyExchange, Kind::ExportServerKeyExchange, EXPORT),
    // RFC 5246, 7.4.3: with an ephemeral key exchange the message is always there.
    Line::goes(At::ServerKeyExchange, EXCHANGE, At::RequestOrDone),
    Line::refused(At::ServerKeyExchange, Kind::ForgedServerKeyExchange, FORGED),
    Line::refused(At::ServerKeyExchange, Kind::ExportServerKeyExchange, EXPORT),
    Line::goes(At::RequestOrDone, Kind::CertificateRequest, At::Done).sets(Facts::ASKED),
    Line::goes(At::RequestOrDone, Kind::ServerHelloDone, At::Ticket).given(TICKET).says(FULL),
    Line::goes(At::RequestOrDone, Kind::ServerHelloDone, At::ChangeCipherSpec).says(FULL),
    Line::goes(At::Done, Kind::ServerHelloDone, At::Ticket).given(TICKET).says(FULL),
    Line::goes(At::Done, Kind::ServerHelloDone, At::ChangeCipherSpec).says(FULL),
    // RFC 5077, 3.3: "This message MUST be sent if the server included a SessionTicket extension in the ServerHello.
    // This message MUST NOT be sent if the server did not". The ticket may be empty.
    Line::goes(At::Ticket, Kind::NewSessionTicket, At::ChangeCipherSpec),
    Line::goes(At::Ticket, Kind::NoTicket, At::ChangeCipherSpec),
    Line::goes(At::ResumedTicket, Kind::NewSessionTicket, At::ResumedChangeCipherSpec),
    Line::goes(At::ResumedTicket, Kind::NoTicket, At::ResumedChangeCipherSpec),
    // RFC 5246, 7.4.9: "It is a fatal error if a Finished message is not preceded by a ChangeCipherSpec message at the
    // appropriate point in the handshake."
    Line::goes(At::ChangeCipherSpec, Kind::ChangeCipherSpec, At::Finished).sets(Facts::PROTECTED),
    Line::goes(At::Finished, Kind::Finished, At::Traffic),
    Line::refused(At::Finished, Kind::ForgedFinished, FORGED),
    Line::refused(At::Finished, Kind::ShortFinished, MALFORMED),
    Line::goes(At::ResumedChangeCipherSpec, Kind::ChangeCipherSpec, At::ResumedFinished)
        .sets(Facts::PROTECTED),
    Line::goes(At::ResumedFinished, Kind::Finished, At::Traffic).says(RESUMED_END),
    Line::refused(At::ResumedFinished, Kind::ForgedFinished, FORGED),
    Line::refused(At::ResumedFinished, Kind::ShortFinished, MALFORMED),
    // RFC 5246, 7.4.1.1: "This message will be ignored by the client if the client is currently negotiating a session."
    Line::ignored_in_handshake(Kind::HelloRequest),
    // RFC 5246, 7.2.2, no_renegotiation: "sent by the client in response to a hello request".
    Line::stays(At::Traffic, Kind::HelloRequest).says(DECLINED),
];
