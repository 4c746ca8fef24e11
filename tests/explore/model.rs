//! The model: where a side can be, and lines that say what may come there. The lines are in [`super::client`] and
//! [`super::server`], and here those that both sides have; all are from the RFCs.

use tls12::{
    schedule::Side,
    wire::{Alert, HandshakeType as H},
};

use super::{
    alphabet::{Kind, Symbol},
    client::CLIENT,
    server::SERVER,
};
use crate::common::puppet::Now;

/// Where a side is: what it awaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// Awaited by a client.
    ServerHello,
    /// A ticket was offered and no ID is echoed (RFC 5077, 3.4): what comes tells whether it is resumed.
    CertificateOrResumed,
    ServerCertificate,
    StatusOrKeyExchange,
    ServerKeyExchange,
    RequestOrDone,
    Done,
    Ticket,
    ResumedTicket,
    /// Awaited by a server.
    ClientHello,
    ClientCertificate,
    ClientKeyExchange,
    CertificateVerify,
    /// Awaited by both.
    ChangeCipherSpec,
    Finished,
    ResumedChangeCipherSpec,
    ResumedFinished,
    /// The handshake is complete.
    Traffic,
    /// close_notify came.
    Closed,
}

/// What else decides: what both sides want and have, what the hellos said, what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Facts(u32);

impl Facts {
    pub(crate) const NONE: Self = Self(0);
    // Of the client, by its configuration or its hello.
    pub(crate) const WANTS_TICKETS: Self = Self(1);
    pub(crate) const WANTS_STATUS: Self = Self(1 << 1);
    pub(crate) const OFFERS_TICKET: Self = Self(1 << 2);
    pub(crate) const OFFERS_ID: Self = Self(1 << 3);
    pub(crate) const HAS_CERTIFICATE: Self = Self(1 << 4);
    // Of the server, by its configuration.
    pub(crate) const GIVES_TICKETS: Self = Self(1 << 5);
    pub(crate) const RENEWS_TICKETS: Self = Self(1 << 6);
    pub(crate) const TAKES_TICKETS: Self = Self(1 << 7);
    pub(crate) const TAKES_IDS: Self = Self(1 << 8);
    pub(crate) const HAS_STATUS: Self = Self(1 << 9);
    pub(crate) const ASKS: Self = Self(1 << 10);
    pub(crate) const REQUIRES: Self = Self(1 << 11);
    // Of ServerHello.
    pub(crate) const PROMISES_TICKET: Self = Self(1 << 12);
    pub(crate) const PROMISES_STATUS: Self = Self(1 << 13);
    pub(crate) const ECHOES: Self = Self(1 << 14);
    pub(crate) const NAMES_NOTHING: Self = Self(1 << 15);
    // Of what came.
    pub(crate) const ASKED: Self = Self(1 << 16);
    pub(crate) const CERTIFIED: Self = Self(1 << 17);
    pub(crate) const PROTECTED: Self = Self(1 << 18);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    const fn has_any(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

/// What a side says by itself, or in answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Message(H),
    ChangeCipherSpec,
    Warning(Alert),
    Fatal(Alert),
}

/// A flight; each item is said if these facts are all there.
pub(crate) type Flight = &'static [(Facts, Says)];

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is accepted, and this is awaited next.
    Goes(At),
    /// It is accepted, and changes nothing.
    Stays,
    /// It is the end, and one of these alerts is said.
    Refused(&'static [Alert]),
    /// It is the end, and nothing is said.
    Ends,
}

/// Where a line holds.
#[derive(Clone, Copy)]
enum Where {
    At(At),
    Handshake,
    Traffic,
    Closed,
    Anywhere,
}

/// One line: there, this comes, if all of these facts hold and none of those.
pub(crate) struct Line {
    place: Where,
    comes: Option<Kind>,
    given: Facts,
    unless: Facts,
    then: Then,
    sets: Facts,
    says: Flight,
}

impl Line {
    const fn new(place: Where, comes: Option<Kind>, then: Then) -> Self {
        Self { place, comes, given: Facts::NONE, unless: Facts::NONE, then, sets: Facts::NONE, says: &[] }
    }

    /// What comes there is legal.
    pub(crate) const fn goes(at: At, comes: Kind, to: At) -> Self {
        Self::new(Where::At(at), Some(comes), Then::Goes(to))
    }

    /// What comes there is legal, and changes nothing.
    pub(crate) const fn stays(at: At, comes: Kind) -> Self {
        Self::new(Where::At(at), Some(comes), Then::Stays)
    }

    /// What comes there is in turn and wrong.
    pub(crate) const fn refused(at: At, comes: Kind, alerts: &'static [Alert]) -> Self {
        Self::new(Where::At(at), Some(comes), Then::Refused(alerts))
    }

    /// What is legal as long as the handshake lasts, and changes nothing.
    pub(crate) const fn ignored_in_handshake(comes: Kind) -> Self {
        Self::new(Where::Handshake, Some(comes), Then::Stays)
    }

    pub(crate) const fn given(self, given: Facts) -> Self {
        Self { given, ..self }
    }

    pub(crate) const fn unless(self, unless: Facts) -> Self {
        Self { unless, ..self }
    }

    pub(crate) const fn sets(self, sets: Facts) -> Self {
        Self { sets, ..self }
    }

    pub(crate) const fn says(self, says: Flight) -> Self {
        Self { says, ..self }
    }

    fn is_about(&self, state: State, symbol: Symbol) -> bool {
        let in_place = match self.place {
            Where::At(at) => at == state.at,
            Where::Handshake => !matches!(state.at, At::Traffic | At::Closed),
            Where::Traffic => state.at == At::Traffic,
            Where::Closed => state.at == At::Closed,
            Where::Anywhere => true,
        };
        let facts = state.facts.and(symbol.hello);
        let comes = self.comes.is_none_or(|kind| kind == symbol.kind);
        in_place && comes && facts.has(self.given) && !facts.has_any(self.unless)
    }
}

const UNEXPECTED: Then = Then::Refused(&[Alert::UNEXPECTED_MESSAGE]);
/// RFC 5246 does not say which comes first where a message is out of turn and malformed.
const EITHER: Then = Then::Refused(&[Alert::UNEXPECTED_MESSAGE, Alert::DECODE_ERROR]);
const DECODE_ERROR: Then = Then::Refused(&[Alert::DECODE_ERROR]);
const BAD_RECORD_MAC: Then = Then::Refused(&[Alert::BAD_RECORD_MAC]);

const fn anywhere(comes: Kind, then: Then) -> Line {
    Line::new(Where::Anywhere, Some(comes), then)
}

/// What both sides have, for what the lines of the side do not say.
const BOTH: &[Line] = &[
    // RFC 5246, 7.2.1: "Any data received after a closure alert is ignored."
    Line::new(Where::Closed, None, Then::Stays),
    // RFC 5246, 6.2.3: a record that is not protected as it should be does not authenticate (7.2.2, bad_record_mac).
    anywhere(Kind::OtherFinished, BAD_RECORD_MAC).given(Facts::PROTECTED),
    anywhere(Kind::OtherChangeCipherSpec, BAD_RECORD_MAC).given(Facts::PROTECTED),
    anywhere(Kind::OtherData, BAD_RECORD_MAC).given(Facts::PROTECTED),
    anywhere(Kind::OtherAlert, BAD_RECORD_MAC).given(Facts::PROTECTED),
    // Before that it is taken for plaintext, and an alert has two bytes.
    anywhere(Kind::OtherAlert, DECODE_ERROR),
    // RFC 5246, 7.2: a warning leaves it to the receiver; a fatal alert is the end, and is not answered.
    anywhere(Kind::Warning, Then::Stays),
    anywhere(Kind::Fatal, Then::Ends),
    anywhere(Kind::LongAlert, DECODE_ERROR),
    anywhere(Kind::AlertOfNoLevel, Then::Refused(&[Alert::ILLEGAL_PARAMETER])),
    // RFC 5246, 7.2.1: close_notify ends what there is; a handshake has nothing yet.
    Line::new(Where::Handshake, Some(Kind::CloseNotify), Then::Ends),
    Line::new(Where::Traffic, Some(Kind::CloseNotify), Then::Goes(At::Closed)),
    // RFC 5246, 6.2.1: only application data MAY be empty, but who sends others is put up with, for a while.
    anywhere(Kind::EmptyHandshake, Then::Stays),
    Line::new(Where::Traffic, Some(Kind::EmptyData), Then::Stays),
    Line::new(Where::Traffic, Some(Kind::Data), Then::Stays),
    anywhere(Kind::ExportServerKeyExchange, EITHER),
    anywhere(Kind::EmptyClientKeyExchange, EITHER),
    anywhere(Kind::ShortFinished, EITHER),
];

/// Where a side is, and what decides how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) at: At,
    pub(crate) facts: Facts,
}

/// What the model says of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) then: Then,
    pub(crate) next: State,
    pub(crate) says: Vec<Says>,
}

impl State {
    /// Before anything came.
    pub(crate) fn start(side: Side, facts: Facts) -> Self {
        let at = match side {
            Side::Client => At::ServerHello,
            Side::Server => At::ClientHello,
        };
        Self { at, facts }
    }

    /// How it then stands with the real side.
    pub(crate) fn is_now(self) -> Now {
        match self.at {
            At::Traffic => Now::Established,
            At::Closed => Now::Closed,
            _ => Now::Handshaking,
        }
    }

    /// What is due when this comes.
    pub(crate) fn on(self, side: Side, symbol: Symbol) -> Due {
        let own = match side {
            Side::Client => CLIENT,
            Side::Server => SERVER,
        };
        let Some(line) = own.iter().chain(BOTH).find(|line| line.is_about(self, symbol)) else {
            // RFC 5246, 7.2.2, unexpected_message: "An inappropriate message was received."
            return Due { then: UNEXPECTED, next: self, says: Vec::new() };
        };
        let facts = self.facts.and(symbol.hello);
        let said = line.says.iter().filter(|(given, _)| facts.has(*given));
        let says = said.map(|(_, says)| *says).collect();
        let next = match line.then {
            Then::Goes(at) => Self { at, facts: facts.and(line.sets) },
            Then::Stays | Then::Refused(_) | Then::Ends => self,
        };
        Due { then: line.then, next, says }
    }
}
