//! What a CA's certificate must say so that it may issue, where path validation by rustls-webpki does not look: at key
//! usage nowhere, and of a root only at its name, its key and its name constraints.
//!
//! RFC 5280, 6.2: "An implementation MAY augment the algorithm presented in Section 6.1 to further limit the set of
//! valid certification paths". Without it, a server's own certificate that is trusted as it is could issue for every
//! name, and a root would be trusted for ever.

use pki_types::UnixTime;
use webpki::{Cert, Error, KeyUsage, RequiredEkuNotFoundContext, VerifiedPath};

use super::{
    der::{Der, Malformed, Tag},
    outline::{CLIENT_AUTH, Extensions, Outline, SERVER_AUTH},
};

/// keyCertSign is bit 5 of KeyUsage (RFC 5280, 4.2.1.3).
const KEY_CERT_SIGN: u16 = 1 << 5;

/// 2.5.29.37.0, anyExtendedKeyUsage.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0];

/// What a root says of what it may issue.
#[derive(Debug, Clone)]
pub(super) struct Root {
    /// Its first and its last second, since 1970.
    validity: (u64, u64),
    /// Why it issues nothing at all.
    fault: Option<Error>,
    /// How many CAs may be between it and a leaf.
    path_len: Option<usize>,
    for_servers: bool,
    for_clients: bool,
}

impl Root {
    /// Reads a root's certificate. One that may issue nothing is read too, for a peer may present it as its own.
    pub(super) fn parse(certificate: &[u8]) -> Result<Self, Malformed> {
        let root = Outline::parse(certificate)?;
        let extensions = &root.extensions;
        let constraints = extensions.basic_constraints.map(BasicConstraints::parse).transpose()?;
        // RFC 5280, 6.1.4 (k): of a certificate of version 1 or 2, that it is a CA's is verified "through out-of-band
        // means": whoever listed it as a root says so.
        let is_ca = constraints.as_ref().map_or(!root.is_version_3, |constraints| constraints.is_ca);
        let fault = match (is_ca, extensions.unknown_critical) {
            (false, _) => Some(Error::EndEntityUsedAsCa),
            (true, true) => Some(Error::UnsupportedCriticalExtension),
            (true, false) => may_issue(&root).err(),
        };
        Ok(Self {
            validity: root.validity,
            fault,
            path_len: constraints.and_then(|constraints| constraints.path_len),
            for_servers: is_for(extensions, SERVER_AUTH)?,
            for_clients: is_for(extensions, CLIENT_AUTH)?,
        })
    }

    /// Whether a path that rustls-webpki accepts may end here; if not, it looks for another.
    pub(super) fn check(
        &self,
        path: &VerifiedPath<'_>,
        now: UnixTime,
        purpose: &'static [u8],
    ) -> Result<(), Error> {
        self.check_date(now)?;
        self.fault.clone().map_or(Ok(()), Err)?;
        let is_for = if purpose == SERVER_AUTH { self.for_servers } else { self.for_clients };
        if !is_for {
            return Err(Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext {
                required: KeyUsage::required_if_present(purpose),
                present: [].into(),
            }));
        }
        // RFC 5280, 4.2.1.9: "the maximum number of non-self-issued intermediate certificates that may follow this
        // certificate in a valid certification path"
        let below = path.intermediate_certificates().filter(|cert| cert.subject() != cert.issuer()).count();
        if self.path_len.is_some_and(|most| below > most) {
            return Err(Error::PathLenConstraintViolated);
        }
        path.intermediate_certificates().try_for_each(check_intermediate)
    }

    fn check_date(&self, now: UnixTime) -> Result<(), Error> {
        let (not_before, not_after) = self.validity;
        let time = |seconds| UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds));
        if now.as_secs() < not_before {
            return Err(Error::CertNotValidYet { time: now, not_before: time(not_before) });
        }
        if now.as_secs() > not_after {
            return Err(Error::CertExpired { time: now, not_after: time(not_after) });
        }
        Ok(())
    }
}

/// Of an intermediate certificate: rustls-webpki has seen that it is of version 3, a CA's and in date, and that it has
/// no critical extension that it does not know.
fn check_intermediate(certificate: &Cert<'_>) -> Result<(), Error> {
    may_issue(&Outline::parse(&certificate.der()).map_err(|_| Error::BadDer)?)
}

/// Whether a CA may issue for this purpose; RFC 5280, 4.2.1.12, says it of leaves, and CAs are held to it likewise.
fn is_for(extensions: &Extensions<'_>, purpose: &[u8]) -> Result<bool, Malformed> {
    Ok(extensions.are_for(purpose)? || extensions.are_for(ANY_PURPOSE)?)
}

/// What is asked of roots and intermediate certificates alike.
fn may_issue(ca: &Outline<'_>) -> Result<(), Error> {
    // RFC 5280, 4.1.2.6: "If the subject is a CA [...], then the subject field MUST be populated with a non-empty
    // distinguished name".
    if ca.subject.is_empty() {
        return Err(Error::EndEntityUsedAsCa);
    }
    // RFC 5280, 6.1.4 (n): "If a key usage extension is present, verify that the keyCertSign bit is set."
    if ca.extensions.key_usage.is_some_and(|bits| bits & KEY_CERT_SIGN == 0) {
        return Err(Error::EndEntityUsedAsCa);
    }
    match ca.extensions.name_constraints.map(constrains_names) {
        None | Some(Ok(())) => Ok(()),
        Some(Err(Malformed)) => Err(Error::MalformedNameConstraint),
    }
}

/// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } (RFC 5280, 4.2.1.9)
struct BasicConstraints {
    is_ca: bool,
    path_len: Option<usize>,
}

impl BasicConstraints {
    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let mut outer = Der::new(value);
        let mut fields = outer.enter(Tag::SEQUENCE)?;
        outer.end()?;
        let is_ca = fields.optional(Tag::BOOLEAN)?.is_some_and(|value| value.content == [0xff]);
        let path_len = match fields.optional(Tag::INTEGER)? {
            None => None,
            Some(value) => match value.content {
                [few @ 0..=0x7f] => Some(usize::from(*few)),
                // More than any path is long.
                [0..=0x7f, _, ..] => Some(usize::MAX),
                [] | [0x80..=0xff, ..] => return Err(Malformed),
            },
        };
        fields.end()?;
        Ok(Self { is_ca, path_len })
    }
}

/// Whether name constraints are some: a constraint that was meant and cannot be read must not count as none.
///
/// NameConstraints ::= SEQUENCE { permittedSubtrees [0] GeneralSubtrees OPTIONAL, excludedSubtrees [1] GeneralSubtrees
/// OPTIONAL }; GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree. RFC 5280, 4.2.1.10: "Conforming CAs MUST
/// NOT issue certificates where name constraints is an empty sequence."
fn constrains_names(value: &[u8]) -> Result<(), Malformed> {
    let mut outer = Der::new(value);
    let mut fields = outer.enter(Tag::SEQUENCE)?;
    outer.end()?;
    let (permitted, excluded) = (fields.optional(Tag::explicit(0))?, fields.optional(Tag::explicit(1))?);
    fields.end()?;
    let mut some = false;
    for subtrees in permitted.iter().chain(&excluded) {
        let mut subtrees = Der::new(subtrees.content);
        while !subtrees.is_empty() {
            subtrees.expect(Tag::SEQUENCE)?;
            some = true;
        }
    }
    if some && [permitted, excluded].iter().flatten().all(|subtrees| !subtrees.content.is_empty()) {
        Ok(())
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn basic_constraints_say_whether_it_is_a_ca_and_of_how_long_a_path() {
        let parse = |value| BasicConstraints::parse(value).map(|read| (read.is_ca, read.path_len));
        assert_eq!(parse(b"\x30\0"), Ok((false, None)));
        assert_eq!(parse(b"\x30\x03\x01\x01\xff"), Ok((true, None)));
        assert_eq!(parse(b"\x30\x06\x01\x01\xff\x02\x01\x03"), Ok((true, Some(3))));
        assert_eq!(parse(b"\x30\x07\x01\x01\xff\x02\x02\x01\0"), Ok((true, Some(usize::MAX))));
        for bad in
            [&b""[..], b"\x30", b"\x30\x03\x02\x01\xff", b"\x30\x02\x02\0", b"\x30\x02\x05\0", b"\x30\0\0"]
        {
            assert_eq!(parse(bad), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn name_constraints_that_constrain_nothing_are_malformed() {
        // permitted or excluded: dNSName "a"
        let (permitted, excluded): (&[u8], &[u8]) =
            (b"\xa0\x05\x30\x03\x82\x01a", b"\xa1\x05\x30\x03\x82\x01a");
        let check = |parts: &[&[u8]]| constrains_names(&super::super::der::sequence(&parts.concat()));
        for good in [vec![permitted], vec![excluded], vec![permitted, excluded]] {
            assert_eq!(check(&good), Ok(()), "{good:?}");
        }
        for bad in [
            vec![],
            vec![&b"\xa0\0"[..]],
            vec![b"\x05\0", b"\x05\0"],
            vec![permitted, b"\xa1\0"],
            vec![b"\xa0\0", excluded],
            vec![b"\xa0\x02\x05\0"],
            vec![excluded, permitted],
            vec![permitted, permitted],
        ] {
            assert_eq!(check(&bad), Err(Malformed), "{bad:?}");
        }
        assert_eq!(constrains_names(b""), Err(Malformed));
    }
}
