//! Whether and how a server resumes.

use core::{fmt, time::Duration};

use pki_types::UnixTime;

use super::{KeyRing, KeyState, NewSession, Partition, ResumedBy, Session, SessionContext, StoreKey};
use crate::{crypto::Provider, wire::SessionId};

/// For how long a ticket or an entry of a store is accepted by default: 10 hours.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60 * 60);
/// How long after its full handshake a session is resumed by default, whatever was renewed since: 24 hours (R27).
pub const DEFAULT_AUTHENTICATION_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// The most that either of them can be set to: 7 days (R27).
pub const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a server does with tickets: the flows of RFC 5077, chosen by policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tickets {
    /// No tickets: the extension is not answered, and what is offered is not opened.
    Off,
    /// Tickets are issued in full handshakes, used, and never renewed.
    Issue,
    /// They are also renewed when one was used.
    Renew(RenewWhen),
    /// What is offered is refused, and nothing new is issued (flow 3).
    Ignore,
    /// What is offered is refused, and a new one is issued (flow 4).
    IgnoreAndIssue,
}

/// When a ticket that was used is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewWhen {
    /// Every time.
    Always,
    /// In the second half of its life.
    SecondHalf,
    /// When its key does not seal any more.
    KeyNotNewest,
}

impl Tickets {
    /// Whether an offered ticket is opened at all; of [`Ignore`](Self::Ignore) and
    /// [`IgnoreAndIssue`](Self::IgnoreAndIssue) it is, so that the reason is the true one.
    pub fn opens(self) -> bool {
        match self {
            Self::Off => false,
            Self::Issue | Self::Renew(_) | Self::Ignore | Self::IgnoreAndIssue => true,
        }
    }

    /// Whether a ticket that opened and that nothing else speaks against is resumed.
    pub fn resumes(self) -> bool {
        match self {
            Self::Issue | Self::Renew(_) => true,
            Self::Off | Self::Ignore | Self::IgnoreAndIssue => false,
        }
    }

    /// Whether a full handshake ends with a ticket, if the client takes tickets.
    pub fn issues(self) -> bool {
        match self {
            Self::Issue | Self::Renew(_) | Self::IgnoreAndIssue => true,
            Self::Off | Self::Ignore => false,
        }
    }

    /// Whether a handshake that resumes `session`, whose ticket was sealed by a key in this state, ends with a renewed
    /// ticket.
    pub fn renews(self, session: &Session, key: KeyState, now: UnixTime) -> bool {
        match self {
            Self::Renew(RenewWhen::Always) => true,
            Self::Renew(RenewWhen::SecondHalf) => {
                let age = now.as_secs().saturating_sub(session.issued_at());
                age >= u64::from(session.lifetime()).div_ceil(2)
            }
            Self::Renew(RenewWhen::KeyNotNewest) => matches!(key, KeyState::Opening | KeyState::Erased),
            Self::Off | Self::Issue | Self::Ignore | Self::IgnoreAndIssue => false,
        }
    }
}

/// Whether and how a server resumes. Without one, it never does. A value: to change it, make another.
#[derive(Clone, Debug)]
pub struct Resumption {
    keys: KeyRing,
    context: Option<SessionContext>,
    partition: Partition,
    lifetime: u32,
    authentication_lifetime: u32,
    ids: Ids,
    tickets: Tickets,
    pub(super) protocol: ProtocolRule,
    pub(super) master_secret: MasterSecretRule,
}

/// Whether sessions are given IDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ids {
    On,
    Off,
}

/// What a session's protocol has to do with that of the connection (R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProtocolRule {
    Any,
    Same,
}

/// Whether a session without the extended master secret is resumed where neither side has it (R11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MasterSecretRule {
    Extended,
    Any,
}

impl Resumption {
    /// By ID and by ticket, for 10 hours, at most 24 hours after the full handshake; tickets are renewed in the second
    /// half of their life.
    pub fn new(keys: KeyRing) -> Self {
        Self {
            keys,
            context: None,
            partition: Partition::default(),
            lifetime: seconds(DEFAULT_LIFETIME),
            authentication_lifetime: seconds(DEFAULT_AUTHENTICATION_LIFETIME),
            ids: Ids::On,
            tickets: Tickets::Renew(RenewWhen::SecondHalf),
            protocol: ProtocolRule::Any,
            master_secret: MasterSecretRule::Extended,
        }
    }

    /// The same with another ring: how keys rotate in a running server.
    pub fn with_keys(mut self, keys: KeyRing) -> Self {
        self.keys = keys;
        self
    }

    /// Which sessions are ours: servers that share sessions share a context (R3, R5). By default it is derived from
    /// the credentials, from ALPN and from what is asked of clients.
    pub fn with_context(mut self, context: SessionContext) -> Self {
        self.context = Some(context);
        self
    }

    /// The part of the cache: sessions of another do not resume here.
    pub fn with_partition(mut self, partition: Partition) -> Self {
        self.partition = partition;
        self
    }

    /// For how long a ticket or an entry of a store is accepted: 1 second to [`MAX_LIFETIME`]; what is outside of it
    /// becomes the nearest that is not.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = seconds(lifetime);
        self
    }

    /// How long after its full handshake a session is resumed; renewals do not prolong it (R27). 1 second to
    /// [`MAX_LIFETIME`]; what is outside of it becomes the nearest that is not.
    pub fn with_authentication_lifetime(mut self, lifetime: Duration) -> Self {
        self.authentication_lifetime = seconds(lifetime);
        self
    }

    /// Whether sessions are given IDs, to be stored.
    pub fn with_ids(mut self, on: bool) -> Self {
        self.ids = if on { Ids::On } else { Ids::Off };
        self
    }

    /// What is done with tickets (RFC 5077).
    pub fn with_tickets(mut self, tickets: Tickets) -> Self {
        self.tickets = tickets;
        self
    }

    /// Resumes only if the protocol agreed on now is that of the session (R8).
    pub fn with_same_protocol_required(mut self) -> Self {
        self.protocol = ProtocolRule::Same;
        self
    }

    /// Also resumes sessions without the extended master secret, where the hello has none either (R11). Whoever can
    /// make a client connect to a server of theirs can then make two connections share a master secret (RFC 7627, 1).
    pub fn dangerous_without_extended_master_secret(mut self) -> Self {
        self.master_secret = MasterSecretRule::Any;
        self
    }

    /// The keys.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The security domain, if one was set.
    pub fn context(&self) -> Option<&SessionContext> {
        self.context.as_ref()
    }

    /// The part of the cache.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Whether sessions are given IDs.
    pub fn ids(&self) -> bool {
        self.ids == Ids::On
    }

    /// What is done with tickets.
    pub fn tickets(&self) -> Tickets {
        self.tickets
    }

    /// Whether sessions without the extended master secret are resumed where neither side has it (R11).
    pub fn keeps_without_extended_master_secret(&self) -> bool {
        self.master_secret == MasterSecretRule::Any
    }

    /// Whether only sessions of the protocol that is agreed on now are resumed (R8).
    pub fn requires_same_protocol(&self) -> bool {
        self.protocol == ProtocolRule::Same
    }

    /// For how many seconds a ticket or an entry of a store is accepted at most.
    pub fn lifetime(&self) -> u32 {
        self.lifetime
    }

    /// How many seconds after its full handshake a session is resumed at most.
    pub fn authentication_lifetime(&self) -> u32 {
        self.authentication_lifetime
    }

    /// What the lifetime of a session is that is issued or renewed at `now`, in seconds: no longer than its
    /// authentication may be old (R27) and than its key opens (R23). Zero means that it is not to be issued.
    pub fn lifetime_of(&self, authenticated_at: u64, now: UnixTime) -> u32 {
        let age = u32::try_from(now.as_secs().saturating_sub(authenticated_at)).unwrap_or(u32::MAX);
        let left = self.authentication_lifetime.saturating_sub(age);
        self.keys.lifetime_hint(now, self.lifetime.min(left))
    }

    /// Whether this handshake, which resumed by `by` a session that a key in this state opened, ends with a renewed
    /// ticket. A session that was resumed by its ID is stored already, and gets no ticket.
    pub fn renews(&self, by: ResumedBy, session: &Session, key: KeyState, now: UnixTime) -> bool {
        match by {
            ResumedBy::Ticket => self.tickets.renews(session, key, now),
            ResumedBy::SessionId => false,
        }
    }

    /// A session sealed for a store, under the key of its partition and ID; `None` if no key may seal it, or no time
    /// of its life is left.
    pub fn new_session(
        &self,
        provider: &Provider,
        id: &SessionId,
        session: &Session,
        salt: &[u8; 32],
        now: UnixTime,
    ) -> Option<NewSession> {
        let key = StoreKey::of(session.partition(), id);
        let lifetime = self.keys.lifetime_hint(now, session.lifetime());
        let sealed = (lifetime > 0).then(|| self.keys.seal_stored(provider, &key, session, salt, now))??;
        let lifetime = Duration::from_secs(lifetime.into());
        Some(NewSession { key, sealed, lifetime })
    }
}

fn seconds(lifetime: Duration) -> u32 {
    let seconds = lifetime.as_secs().clamp(1, MAX_LIFETIME.as_secs());
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

impl fmt::Display for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Issue => "issue",
            Self::Renew(RenewWhen::Always) => "renew always",
            Self::Renew(RenewWhen::SecondHalf) => "renew in the second half of life",
            Self::Renew(RenewWhen::KeyNotNewest) => "renew when the key is not the newest",
            Self::Ignore => "ignore",
            Self::IgnoreAndIssue => "ignore and issue",
        })
    }
}
