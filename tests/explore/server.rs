//! What may come to a server: RFC 5246, 7.3 and 7.4 with figures 1 and 2, RFC 5077, 3.1 to 3.4.

use tls12::wire::{Alert, HandshakeType as H};

use super::{
    alphabet::Kind,
    model::{At, Facts, Flight, Line, Says},
};

/// RFC 5246, figure 1; RFC 6066, 8.
const FULL: Flight = &[
    (Facts::NONE, Says::Message(H::SERVER_HELLO)),
    (Facts::NONE, Says::Message(H::CERTIFICATE)),
    (Facts::WANTS_STATUS.and(Facts::HAS_STATUS), Says::Message(H::CERTIFICATE_STATUS)),
    (Facts::NONE, Says::Message(H::SERVER_KEY_EXCHANGE)),
    (Facts::ASKS, Says::Message(H::CERTIFICATE_REQUEST)),
    (Facts::NONE, Says::Message(H::SERVER_HELLO_DONE)),
];

/// RFC 5077, figure 1.
const FULL_END: Flight = &[
    (Facts::WANTS_TICKETS.and(Facts::GIVES_TICKETS), Says::Message(H::NEW_SESSION_TICKET)),
    (Facts::NONE, Says::ChangeCipherSpec),
    (Facts::NONE, Says::Message(H::FINISHED)),
];

/// RFC 5246, figure 2.
const BY_ID: Flight = &[
    (Facts::NONE, Says::Message(H::SERVER_HELLO)),
    (Facts::NONE, Says::ChangeCipherSpec),
    (Facts::NONE, Says::Message(H::FINISHED)),
];

/// RFC 5077, figure 2 and what follows it.
const BY_TICKET: Flight = &[
    (Facts::NONE, Says::Message(H::SERVER_HELLO)),
    (Facts::RENEWS_TICKETS, Says::Message(H::NEW_SESSION_TICKET)),
    (Facts::NONE, Says::ChangeCipherSpec),
    (Facts::NONE, Says::Message(H::FINISHED)),
];

/// RFC 5246, 7.2.2.
const DECLINED: Flight = &[(Facts::NONE, Says::Warning(Alert::NO_RENEGOTIATION))];

const HELLO: Kind = Kind::ClientHello;
const OFFERS_GOOD_TICKET: Facts = Facts::OFFERS_TICKET.and(Facts::TAKES_TICKETS);
const OFFERS_GOOD_ID: Facts = Facts::OFFERS_ID.and(Facts::TAKES_IDS);

pub(crate) const SERVER: &[Line] = &[
    Line::goes(At::ClientHello, HELLO, At::ResumedChangeCipherSpec).given(OFFERS_GOOD_TICKET).says(BY_TICKET),
    Line::goes(At::ClientHello, HELLO, At::ResumedChangeCipherSpec).given(OFFERS_GOOD_ID).says(BY_ID),
    // RFC 5246, 7.4.6: the client's Certificate comes if and only if it was asked for.
    Line::goes(At::ClientHello, HELLO, At::ClientCertificate).given(Facts::ASKS).says(FULL),
    Line::goes(At::ClientHello, HELLO, At::ClientKeyExchange).says(FULL),
    Line::goes(At::ClientCertificate, Kind::Certificate, At::ClientKeyExchange).sets(Facts::CERTIFIED),
    // RFC 5246, 7.4.6: "the server MAY at its discretion either continue the handshake without client authentication,
    // or respond with a fatal handshake_failure alert".
    Line::refused(At::ClientCertificate, Kind::NoCertificate, &[Alert::HANDSHAKE_FAILURE])
        .given(Facts::REQUIRES),
    Line::goes(At::ClientCertificate, Kind::NoCertificate, At::ClientKeyExchange),
    // RFC 5246, 7.4.8: CertificateVerify is sent after a certificate that can sign, and immediately after
    // ClientKeyExchange.
    Line::goes(At::ClientKeyExchange, Kind::ClientKeyExchange, At::CertificateVerify).given(Facts::CERTIFIED),
    Line::goes(At::ClientKeyExchange, Kind::ClientKeyExchange, At::ChangeCipherSpec),
    Line::refused(At::ClientKeyExchange, Kind::EmptyClientKeyExchange, &[Alert::DECODE_ERROR]),
    Line::goes(At::CertificateVerify, Kind::CertificateVerify, At::ChangeCipherSpec),
    Line::refused(At::CertificateVerify, Kind::ForgedCertificateVerify, &[Alert::DECRYPT_ERROR]),
    // RFC 5246, 7.4.9: "It is a fatal error if a Finished message is not preceded by a ChangeCipherSpec message at the
    // appropriate point in the handshake."
    Line::goes(At::ChangeCipherSpec, Kind::ChangeCipherSpec, At::Finished).sets(Facts::PROTECTED),
    Line::goes(At::Finished, Kind::Finished, At::Traffic).says(FULL_END),
    Line::refused(At::Finished, Kind::ForgedFinished, &[Alert::DECRYPT_ERROR]),
    Line::refused(At::Finished, Kind::ShortFinished, &[Alert::DECODE_ERROR]),
    Line::goes(At::ResumedChangeCipherSpec, Kind::ChangeCipherSpec, At::ResumedFinished)
        .sets(Facts::PROTECTED),
    Line::goes(At::ResumedFinished, Kind::Finished, At::Traffic),
    Line::refused(At::ResumedFinished, Kind::ForgedFinished, &[Alert::DECRYPT_ERROR]),
    Line::refused(At::ResumedFinished, Kind::ShortFinished, &[Alert::DECODE_ERROR]),
    // RFC 5246, 7.2.2, no_renegotiation: "by the server in response to a client hello after initial handshaking".
    Line::stays(At::Traffic, HELLO).says(DECLINED),
];
