//! What the flags say of a complete handshake.

use tls12::{pki::Leaf, session::TicketSent};

use super::{Failure, Kept, Shaken, flags::Flags, is_resumed, signing::certificates};

/// Everything that an `-expect-…` flag names, and what is always so.
pub(super) fn check(flags: &Flags, later: bool, shaken: &Shaken, kept: &Kept) -> Result<(), Failure> {
    resumption(flags, later, shaken)?;
    session(flags, later, shaken)?;
    signatures(flags, shaken)?;
    peer(flags, shaken, kept)?;
    request(flags, shaken)?;
    names(flags, shaken)
}

/// Fails unless it is so.
fn so<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, got: T) -> Result<(), Failure> {
    match expected == got {
        true => Ok(()),
        false => Err(Failure::Expectation(format!("{what}: expected was {expected:?}, got {got:?}"))),
    }
}

fn resumption(flags: &Flags, later: bool, shaken: &Shaken) -> Result<(), Failure> {
    let info = shaken.connection.info();
    so("resumed", later && !flags.expect_session_miss, is_resumed(info.handshake))?;
    if flags.expect_extended_master_secret {
        so("extended master secret", true, info.extended_master_secret)?;
    }
    if let Some(curve) = flags.expect_curve {
        so("group", Some(curve), info.group.or(info.session_group).map(|group| group.0))?;
    }
    Ok(())
}

fn session(flags: &Flags, later: bool, shaken: &Shaken) -> Result<(), Failure> {
    let info = shaken.connection.info();
    if let (Some(stored), false) = (flags.expect_session_id, later) {
        so("session in the cache", stored, shaken.seen.stored)?;
    }
    if flags.server {
        return Ok(());
    }
    if flags.expect_no_session {
        so("session", true, shaken.session.is_none())?;
    }
    if is_resumed(info.handshake) {
        so("ticket renewed", flags.expect_ticket_renewal, info.ticket == TicketSent::Issued)?;
    }
    Ok(())
}

fn signatures(flags: &Flags, shaken: &Shaken) -> Result<(), Failure> {
    let info = shaken.connection.info();
    if let Some(scheme) = flags.expect_peer_scheme {
        so("the peer's scheme", Some(scheme), info.peer_scheme.map(|scheme| scheme.0))?;
    }
    if !flags.expect_peer_verify_prefs.is_empty() {
        so("the peer's schemes", &flags.expect_peer_verify_prefs, &shaken.seen.schemes)?;
    }
    if let (Some(index), false) = (flags.expect_selected_credential, is_resumed(info.handshake)) {
        so("credential", Some(index.to_string().as_str()), info.credential.as_deref())?;
    }
    Ok(())
}

fn peer(flags: &Flags, shaken: &Shaken, kept: &Kept) -> Result<(), Failure> {
    let info = shaken.connection.info();
    let presented = info.peer.as_ref().map(|verified| verified.peer());
    if flags.expect_verify_result {
        let lineage = info.session.as_ref().map(|session| session.lineage);
        let remembered = lineage.and_then(|lineage| kept.verdicts.get(&lineage).copied());
        // Nothing is wrong with nobody.
        let nobody = presented.is_none().then_some(true);
        so("verdict", Some(!flags.verify_fail), shaken.seen.verified.or(remembered).or(nobody))?;
    }
    if let Some(path) = &flags.expect_peer_cert_file {
        let expected = certificates(path).map_err(|why| Failure::Expectation(why.0))?;
        so("the peer's chain", Some(&expected[..]), presented.map(|peer| &peer.chain[..]))?;
    }
    if let Some(response) = &flags.expect_ocsp_response {
        so("staple", Some(&response[..]), presented.and_then(|peer| peer.ocsp.as_deref()))?;
    }
    if flags.expect_key_usage_invalid {
        let leaf = presented.and_then(|peer| peer.chain.first()).and_then(|leaf| Leaf::parse(leaf).ok());
        so("key usage that signs", Some(false), leaf.map(|leaf| leaf.may_sign()))?;
    }
    Ok(())
}

fn request(flags: &Flags, shaken: &Shaken) -> Result<(), Failure> {
    if let Some(names) = &flags.expect_client_ca_list {
        so("authorities", names, &shaken.seen.authorities)?;
    }
    if let Some(types) = &flags.expect_certificate_types {
        so("certificate types", types, &shaken.seen.certificate_types)?;
    }
    Ok(())
}

fn names(flags: &Flags, shaken: &Shaken) -> Result<(), Failure> {
    let chosen = shaken.connection.info().alpn.as_deref().unwrap_or_default();
    if flags.server {
        if let Some(name) = &flags.expect_server_name {
            so("server name", Some(name), shaken.seen.server_name.as_ref())?;
        }
        if !flags.expect_advertised_alpn.is_empty() {
            so("protocols", &flags.expect_advertised_alpn, &shaken.seen.protocols)?;
        }
        return Ok(());
    }
    so("protocol", &flags.expect_alpn[..], chosen)
}
