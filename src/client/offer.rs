//! What the client offers to resume, and why it offers nothing.

use alloc::{borrow::Cow, string::ToString, vec::Vec};

use pki_types::{IpAddr, ServerName, UnixTime};

use super::config::ClientConfig;
use crate::{
    crypto::{Label, Seed},
    handshake::ExtendedMasterSecret,
    session::{ClientSession, ClientToken, NotResumed, ResumedBy},
    wire::SessionId,
};

/// The longest ticket that is offered, in bytes: with it, 16 KiB are left of a hello for all other extensions.
const MAX_TICKET: usize = 48 * 1024;

/// What our hello offers.
#[derive(Debug)]
pub(super) enum Offer {
    /// Nothing, and why.
    Nothing(NotResumed),
    /// A session.
    Session(Offered),
}

/// An offered session.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(super) session: ClientSession,
    /// What a server that resumes echoes.
    pub(super) session_id: SessionId,
}

impl Offer {
    /// Offers `session`, unless it is not for this server, or not for the settings of now (R7).
    pub(super) fn choose(
        config: &ClientConfig,
        server: &ServerName<'_>,
        session: Option<ClientSession>,
        (seed, now): (&Seed, UnixTime),
    ) -> Self {
        let Some(session) = session else { return Self::Nothing(NotResumed::NotOffered) };
        if let Err(reason) = check(config, server, &session, now) {
            return Self::Nothing(reason);
        }
        let session_id = match session.token() {
            ClientToken::SessionId(id) => *id,
            // RFC 5077, 3.4: "If a client does present a ticket … it MAY … generate and send a Session ID", by which
            // it can tell whether the server accepted the ticket.
            ClientToken::Ticket { .. } => SessionId::from(seed.draw_public::<32>(Label::SessionId)),
        };
        Self::Session(Offered { session, session_id })
    }

    /// The ID in our hello.
    pub(super) fn session_id(&self) -> SessionId {
        match self {
            Self::Nothing(_) => SessionId::EMPTY,
            Self::Session(offered) => offered.session_id,
        }
    }

    /// The ticket in our hello: an empty one asks for one (RFC 5077, 3.2).
    pub(super) fn ticket(&self, config: &ClientConfig) -> Option<&[u8]> {
        match self {
            Self::Session(Offered { session, .. }) => match session.token() {
                ClientToken::Ticket { ticket, .. } => Some(ticket),
                ClientToken::SessionId(_) => config.tickets.then_some(&[]),
            },
            Self::Nothing(_) => config.tickets.then_some(&[]),
        }
    }
}

impl Offered {
    pub(super) fn by(&self) -> ResumedBy {
        match self.session.token() {
            ClientToken::SessionId(_) => ResumedBy::SessionId,
            ClientToken::Ticket { .. } => ResumedBy::Ticket,
        }
    }
}

/// The client's part of the gate: the server has the other.
fn check(
    config: &ClientConfig,
    server: &ServerName<'_>,
    session: &ClientSession,
    now: UnixTime,
) -> Result<(), NotResumed> {
    // R7. Nobody can be verified anew whose certificates are not there.
    if *session.trust() != config.bound_to || (config.reverifies && session.peer().is_none()) {
        return Err(NotResumed::OtherContext);
    }
    if !session.server().eq_ignore_ascii_case(&identity(server)) {
        return Err(NotResumed::OtherServerName);
    }
    // R24, R27
    session.check_age(now)?;
    let settings = &config.settings;
    // R6
    if settings.suites.iter().all(|suite| suite.id != session.suite()) {
        return Err(NotResumed::OtherSuite);
    }
    // R11
    let without = settings.extended_master_secret == ExtendedMasterSecret::Preferred
        && config.keeps_without_extended_master_secret;
    if !session.extended_master_secret() && !without {
        return Err(NotResumed::OtherMasterSecret);
    }
    match session.token() {
        ClientToken::Ticket { .. } if !config.tickets => Err(NotResumed::Disabled),
        // A ticket may be as long as all extensions together (RFC 5077, 3.3; RFC 5246, 7.4.1.4).
        ClientToken::Ticket { ticket, .. } if ticket.len() > MAX_TICKET => Err(NotResumed::TooLong),
        ClientToken::Ticket { .. } | ClientToken::SessionId(_) => Ok(()),
    }
}

/// A server as a session names it: its host name, or its address as text.
pub(super) fn identity<'n>(server: &'n ServerName<'_>) -> Cow<'n, str> {
    match server {
        ServerName::DnsName(name) => Cow::Borrowed(name.as_ref()),
        ServerName::IpAddress(IpAddr::V4(address)) => {
            Cow::Owned(core::net::Ipv4Addr::from(*address.as_ref()).to_string())
        }
        ServerName::IpAddress(IpAddr::V6(address)) => {
            Cow::Owned(core::net::Ipv6Addr::from(*address.as_ref()).to_string())
        }
        // A kind of name that this crate does not know has no sessions.
        _ => Cow::Borrowed(""),
    }
}

/// What the server gave in this handshake to resume it with, not counted before its Finished verified (R13).
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// In its hello; none if it is empty.
    pub(super) session_id: SessionId,
    /// In NewSessionTicket: the ticket, not empty, and its lifetime hint in seconds.
    pub(super) ticket: Option<(Vec<u8>, u32)>,
}
