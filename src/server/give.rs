//! What a full handshake gives the client to resume with.

use alloc::vec::Vec;

use pki_types::ServerName;

use super::{config::ServerConfig, full::Full, hello::Terms};
use crate::{
    connection::SessionInfo,
    crypto::{Label, SecretVec},
    handshake::Common,
    pki::Leaf,
    schedule::MasterSecret,
    session::{Lineage, NewSession, Resumption, Session, SessionParts, SessionPeer, StoreKey, TicketSent},
    wire::{ClientHello, HANDSHAKE_HEADER_LEN, Handshake, NewSessionTicket, SessionId},
};

/// What our hello promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// Nothing.
    Nothing,
    /// A NewSessionTicket (R14).
    Ticket,
    /// The session is stored under this ID.
    Stored(SessionId),
}

/// What there is to give once the client's Finished verified.
#[derive(Debug)]
pub(super) enum Gift {
    Nothing,
    Ticket {
        /// The NewSessionTicket, header included.
        message: Vec<u8>,
        sent: TicketSent,
        told: Option<SessionInfo>,
    },
    Stored {
        session: NewSession,
        told: SessionInfo,
    },
}

impl Gives {
    /// A ticket if the client takes tickets and we give some, else an ID if we store sessions. A session without the
    /// extended master secret is not resumed, so it is not given either (R11).
    pub(super) fn promise(
        config: &ServerConfig,
        hello: &ClientHello<'_>,
        terms: &Terms,
        cx: &Common,
    ) -> Self {
        let Some(resumption) = &config.resumption else { return Self::Nothing };
        if !terms.extended_master_secret && !resumption.keeps_without_extended_master_secret() {
            return Self::Nothing;
        }
        match hello.extensions.session_ticket {
            Some(_) if resumption.tickets().issues() => Self::Ticket,
            // R33: 32 random bytes; a client's ID never becomes one.
            // An ID under which nothing could be stored would promise too much.
            _ if resumption.ids() && resumption.lifetime_of(cx.now.as_secs(), cx.now) > 0 => {
                Self::Stored(SessionId::from(cx.seed.draw_public::<32>(Label::SessionId)))
            }
            _ => Self::Nothing,
        }
    }

    /// The ID in our hello. RFC 5246, 7.4.1.3: an empty one says "that the session will not be cached".
    pub(super) fn session_id(self) -> SessionId {
        match self {
            Self::Stored(id) => id,
            Self::Nothing | Self::Ticket => SessionId::EMPTY,
        }
    }

    /// Where the session is stored, if it is.
    pub(super) fn store_key(self, config: &ServerConfig) -> Option<StoreKey> {
        match (self, &config.resumption) {
            (Self::Stored(id), Some(resumption)) => Some(StoreKey::of(resumption.partition(), &id)),
            _ => None,
        }
    }

    /// Keeps the promise as well as it can be kept: where no ticket can be made, an empty one goes out (R15).
    pub(super) fn make(self, full: &Full, master: &MasterSecret, cx: &Common) -> Gift {
        let Some(resumption) = &full.config.resumption else { return Gift::Nothing };
        let session = session(full, resumption, master, cx);
        match self {
            Self::Nothing => Gift::Nothing,
            Self::Ticket => ticket(&full.config, resumption, session.as_ref(), cx),
            Self::Stored(id) => {
                let (salt, provider) = (cx.seed.draw_public(Label::Store), full.config.settings.provider);
                let Some(session) = session else { return Gift::Nothing };
                match resumption.new_session(provider, &id, &session, &salt, cx.now) {
                    Some(stored) => Gift::Stored { session: stored, told: told(&session, resumption, cx) },
                    None => Gift::Nothing,
                }
            }
        }
    }
}

impl Gift {
    /// Whether there is one that goes with the flight.
    pub(super) fn is_message(&self) -> bool {
        !self.message().is_empty()
    }

    /// The message that goes with the flight, header included; empty if there is none.
    pub(super) fn message(&self) -> &[u8] {
        match self {
            Self::Nothing | Self::Stored { .. } => &[],
            Self::Ticket { message, .. } => message,
        }
    }
}

/// A NewSessionTicket with this session, or the empty one.
pub(super) fn ticket(
    config: &ServerConfig,
    resumption: &Resumption,
    session: Option<&Session>,
    cx: &Common,
) -> Gift {
    let (salt, provider) = (cx.seed.draw_public(Label::Ticket), config.settings.provider);
    let seal = |session| resumption.keys().seal_ticket(provider, session, &salt, cx.now);
    // The lifetime and two lengths are in front of a ticket (RFC 5077, 3.3), and the header.
    let room = |ticket: &Vec<u8>| Vec::with_capacity(ticket.len().saturating_add(HANDSHAKE_HEADER_LEN + 6));
    match session.and_then(|session| Some((session, seal(session)?))) {
        Some((session, ticket)) => {
            let mut message = room(&ticket);
            // R23
            let lifetime_hint = session.lifetime();
            NewSessionTicket { lifetime_hint, ticket: &ticket }.write_framed(&mut message);
            let told = Some(told(session, resumption, cx));
            Gift::Ticket { message, sent: TicketSent::Issued, told }
        }
        // RFC 5077, 3.3: "If the server determines that it does not want to include a ticket after it has included
        // the SessionTicket extension in the ServerHello, then it sends a zero-length ticket".
        None => {
            let mut message = room(&Vec::new());
            NewSessionTicket { lifetime_hint: 0, ticket: &[] }.write_framed(&mut message);
            Gift::Ticket { message, sent: TicketSent::Empty, told: None }
        }
    }
}

fn told(session: &Session, resumption: &Resumption, cx: &Common) -> SessionInfo {
    SessionInfo::of(session, resumption.keys().sealing_key(cx.now).map(|key| key.name()))
}

/// The session of this handshake; `None` if it has no time to live, or does not fit.
fn session(full: &Full, resumption: &Resumption, master: &MasterSecret, cx: &Common) -> Option<Session> {
    let info = &full.agreed.info;
    let now = cx.now.as_secs();
    let lifetime = resumption.lifetime_of(now, cx.now);
    let peer = match &info.peer {
        None => None,
        Some(verified) => {
            let chain = verified.peer().chain.clone();
            let leaf = Leaf::parse(chain.first()?).ok()?;
            Some(SessionPeer { chain, not_after: leaf.not_after() })
        }
    };
    let parts = SessionParts {
        suite: full.agreed.suite.id,
        master_secret: master.secret().duplicate(),
        extended_master_secret: info.extended_master_secret,
        server_name: info.server_name.as_ref().and_then(host).map(Vec::from),
        alpn: info.alpn.clone(),
        context: full.config.session_context(),
        partition: *resumption.partition(),
        lineage: Lineage(cx.seed.draw_public(Label::Lineage)),
        authenticated_at: now,
        issued_at: now,
        lifetime,
        peer,
        peer_scheme: info.peer_scheme,
        group: info.group,
        application_data: SecretVec::copy_of(cx.application_data.expose()),
    };
    (lifetime > 0).then(|| Session::new(parts).ok()).flatten()
}

/// The bytes of a host name.
pub(super) fn host<'n>(name: &'n ServerName<'_>) -> Option<&'n [u8]> {
    match name {
        ServerName::DnsName(name) => Some(name.as_ref().as_bytes()),
        _ => None,
    }
}
