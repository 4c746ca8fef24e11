//! The one gate (R1).

use pki_types::UnixTime;

use super::{
    NotResumed, Partition, ResumedBy, Resumption, Session, SessionContext,
    policy::{MasterSecretRule, ProtocolRule},
};
use crate::wire::CipherSuite;

/// By how much the clock of the server that issued a session may be ahead of ours: 5 minutes, in seconds. A session
/// that was issued later than that is from a clock that was wrong, then or now, and its age cannot be known.
pub const CLOCK_SKEW: u64 = 5 * 60;

/// Whether clients present certificates, under the policy that is in force now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthNeed {
    /// No.
    Off,
    /// If they have one.
    Request,
    /// Yes.
    Require,
}

/// What a hello offers, and what this server would agree on with it now.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// What named the session.
    pub by: ResumedBy,
    /// The host name of the hello; compared without regard to case (RFC 6066, 3).
    pub server_name: Option<&'a str>,
    /// The suites that the hello offers and that the configuration allows, in any order.
    pub suites: &'a [CipherSuite],
    /// Whether the hello has the extension of RFC 7627.
    pub extended_master_secret: bool,
    /// The protocol that ALPN chose for this connection.
    pub alpn: Option<&'a [u8]>,
    /// Whether clients present certificates now.
    pub client_auth: ClientAuthNeed,
    /// The security domain of this server now.
    pub context: &'a SessionContext,
    /// The part of the cache that this server uses now.
    pub partition: &'a Partition,
}

/// What the gate decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The session is resumed.
    Resume,
    /// A full handshake, for this reason.
    Full(NotResumed),
    /// The handshake ends: the session has the extended master secret and the hello has not (R10).
    Abort,
}

/// Whether `session` is resumed: the one gate, for IDs and tickets alike (R1). Pure and total.
///
/// The first that applies decides, in this order:
///
/// 1. R10: the session has the extended master secret and the hello has not: [`Judgement::Abort`]
/// 2. R3, R5: another security domain: [`NotResumed::OtherContext`]
/// 3. another part of the cache: [`NotResumed::OtherPartition`]
/// 4. R2: another server name, or none against one: [`NotResumed::OtherServerName`]
/// 5. the ticket or entry is older than its lifetime or than the policy's: [`NotResumed::Expired`]
/// 6. R27: the full handshake is too long ago: [`NotResumed::AuthenticationTooOld`]
/// 7. R6: the suite is not offered or not allowed: [`NotResumed::OtherSuite`]
/// 8. R10: the hello has the extended master secret and the session has not; R11: neither has it, unless the policy
///    allows that by name: [`NotResumed::OtherMasterSecret`]
/// 9. R4: a client certificate is required and there is none: [`NotResumed::NoClientCertificate`]
/// 10. R4: there is one, and it is no longer valid: [`NotResumed::ClientCertificateExpired`]
/// 11. R8: the policy requires the same protocol, and it is another: [`NotResumed::OtherProtocol`]
/// 12. the policy refuses what it could have resumed: [`NotResumed::PolicyDeclined`]
///
/// Whose session it is comes before how old it is, so that a reason tells nothing about sessions of others.
pub fn judge(session: &Session, offer: &Offer<'_>, policy: &Resumption, now: UnixTime) -> Judgement {
    // RFC 7627, 5.3: "If the original session used the "extended_master_secret" extension but the new ClientHello
    // does not contain it, the server MUST abort the abbreviated handshake."
    if session.extended_master_secret() && !offer.extended_master_secret {
        return Judgement::Abort;
    }
    let now = now.as_secs();
    let verdict = belongs(session, offer)
        .and_then(|()| is_young(session, policy, now))
        .and_then(|()| fits(session, offer, policy))
        .and_then(|()| is_authenticated(session, offer, now))
        .and_then(|()| is_wanted(session, offer, policy));
    match verdict {
        Ok(()) => Judgement::Resume,
        Err(reason) => Judgement::Full(reason),
    }
}

/// Whose session it is.
fn belongs(session: &Session, offer: &Offer<'_>) -> Result<(), NotResumed> {
    // R3
    if session.context() != offer.context {
        return Err(NotResumed::OtherContext);
    }
    if session.partition() != offer.partition {
        return Err(NotResumed::OtherPartition);
    }
    // R2. RFC 6066, 3: "the server [...] MUST NOT accept the request to resume the session if the server_name extension
    // contains a different name."
    match (session.server_name(), offer.server_name) {
        (None, None) => Ok(()),
        (Some(then), Some(now)) if then.eq_ignore_ascii_case(now.as_bytes()) => Ok(()),
        (Some(_), Some(_)) | (Some(_), None) | (None, Some(_)) => Err(NotResumed::OtherServerName),
    }
}

/// How old it is.
fn is_young(session: &Session, policy: &Resumption, now: u64) -> Result<(), NotResumed> {
    let lifetime = session.lifetime().min(policy.lifetime());
    match age(session.issued_at(), now) {
        Some(age) if age < u64::from(lifetime) => {}
        Some(_) | None => return Err(NotResumed::Expired),
    }
    // R27
    let most = u64::from(policy.authentication_lifetime());
    match age(session.authenticated_at(), now) {
        Some(age) if age < most => Ok(()),
        Some(_) | None => Err(NotResumed::AuthenticationTooOld),
    }
}

/// The seconds since `then`; `None` if that is further in the future than clocks differ.
pub(super) fn age(then: u64, now: u64) -> Option<u64> {
    match now.checked_sub(then) {
        Some(age) => Some(age),
        None if then.saturating_sub(now) <= CLOCK_SKEW => Some(0),
        None => None,
    }
}

/// Whether its cryptography may be used on.
fn fits(session: &Session, offer: &Offer<'_>, policy: &Resumption) -> Result<(), NotResumed> {
    // R6
    if !offer.suites.contains(&session.suite()) {
        return Err(NotResumed::OtherSuite);
    }
    match (session.extended_master_secret(), offer.extended_master_secret) {
        (true, true) => Ok(()),
        // R11
        (false, false) if policy.master_secret == MasterSecretRule::Any => Ok(()),
        // R10
        (false, true) | (false, false) | (true, false) => Err(NotResumed::OtherMasterSecret),
    }
}

/// Whether the client in it is who the policy asks for (R4).
fn is_authenticated(session: &Session, offer: &Offer<'_>, now: u64) -> Result<(), NotResumed> {
    match (session.peer(), offer.client_auth) {
        (None, ClientAuthNeed::Require) => Err(NotResumed::NoClientCertificate),
        (None, ClientAuthNeed::Off | ClientAuthNeed::Request) => Ok(()),
        // Also where none is asked for any more: an application that reads the peer would believe it.
        (Some(peer), _) if peer.not_after < now => Err(NotResumed::ClientCertificateExpired),
        (Some(_), _) => Ok(()),
    }
}

/// What the policy adds.
fn is_wanted(session: &Session, offer: &Offer<'_>, policy: &Resumption) -> Result<(), NotResumed> {
    // R8
    if policy.protocol == ProtocolRule::Same && session.alpn() != offer.alpn {
        return Err(NotResumed::OtherProtocol);
    }
    let wanted = match offer.by {
        ResumedBy::SessionId => policy.ids(),
        ResumedBy::Ticket => policy.tickets().resumes(),
    };
    if wanted { Ok(()) } else { Err(NotResumed::PolicyDeclined) }
}
