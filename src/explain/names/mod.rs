//! What registries call the code points of hellos, also those of what this crate does not speak: somebody who looks at a
//! hello wants to read it. [`wire`](crate::wire) names what the crate speaks.

mod others;
mod suites;

use self::{
    others::{CERTIFICATE_TYPES, EXTENSIONS, GROUPS, SCHEMES},
    suites::SUITES,
};
use crate::wire::{
    Alert, AlertLevel, CipherSuite, ClientCertificateType, CompressionMethod, ContentType, EcPointFormat,
    ExtensionType, HandshakeType, MaxFragmentLength, NamedGroup, ProtocolVersion, SignatureScheme,
};

/// A code point that has a name in a registry, if it is one that is known here.
pub trait Registered {
    /// The name that IANA gives it, `GREASE` where it is reserved for values that mean nothing (RFC 8701). A signature
    /// algorithm of TLS 1.2 without a name of its own is named like the others, by its algorithm and its hash.
    fn registered_name(self) -> Option<&'static str>;
}

/// Code points of which only the values that the crate speaks have names, and those of which others have some too.
macro_rules! registered {
    ($($name:ident $($others:ident)?;)*) => {$(
        impl Registered for $name {
            fn registered_name(self) -> Option<&'static str> {
                self.name() $(.or_else(|| grease(self.0.into()).or_else(|| find($others, self.0.into()))))?
            }
        }
    )*};
}

registered! {
    Alert;
    AlertLevel;
    CipherSuite SUITES;
    ClientCertificateType CERTIFICATE_TYPES;
    CompressionMethod;
    ContentType;
    EcPointFormat;
    ExtensionType EXTENSIONS;
    HandshakeType;
    MaxFragmentLength;
    NamedGroup GROUPS;
    ProtocolVersion NONE;
    SignatureScheme SCHEMES;
}

type Names = &'static [(u16, &'static str)];

const NONE: Names = &[];

/// RFC 8701, 2: both bytes are the same, and end with `0xa`.
fn grease(code: u16) -> Option<&'static str> {
    let [high, low] = code.to_be_bytes();
    (high == low && low & 0xf == 0xa).then_some("GREASE")
}

fn find(names: Names, code: u16) -> Option<&'static str> {
    let at = names.binary_search_by_key(&code, |(code, _)| *code).ok()?;
    names.get(at).map(|(_, name)| *name)
}

/// What the messages of the key exchange of a suite look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyExchange {
    /// As in RFC 8422, 5.4 and 5.7, whatever the records are encrypted with.
    Ecdhe,
    Other,
    /// Nobody here knows the suite.
    Unknown,
}

impl KeyExchange {
    pub(super) fn of(suite: CipherSuite) -> Self {
        match suite.registered_name() {
            Some(name) if name.starts_with("TLS_ECDHE_ECDSA_") || name.starts_with("TLS_ECDHE_RSA_") => {
                Self::Ecdhe
            }
            Some(_) => Self::Other,
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Suite;

    #[test]
    fn each_table_is_in_order_and_names_nothing_twice() {
        for names in [SUITES, EXTENSIONS, GROUPS, SCHEMES, CERTIFICATE_TYPES] {
            assert!(names.windows(2).all(|pair| pair[0].0 < pair[1].0));
            assert!(names.iter().all(|(code, _)| grease(*code).is_none()));
        }
        assert!(CipherSuite::NAMED.iter().all(|suite| find(SUITES, suite.0).is_none()));
        assert!(ExtensionType::NAMED.iter().all(|extension| find(EXTENSIONS, extension.0).is_none()));
        assert!(NamedGroup::NAMED.iter().all(|group| find(GROUPS, group.0).is_none()));
        assert!(SignatureScheme::NAMED.iter().all(|scheme| find(SCHEMES, scheme.0).is_none()));
    }

    /// RFC 5246 A.5; RFC 8446 B.4; RFC 8422, 6; RFC 6655; RFC 4279; RFC 7905.
    #[test]
    fn suites_have_the_names_of_their_rfcs() {
        for (code, name) in [
            (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"),
            (0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
            (0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA"),
            (0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),
            (0x1301, "TLS_AES_128_GCM_SHA256"),
            (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
            (0xc09c, "TLS_RSA_WITH_AES_128_CCM"),
            (0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            (0x9a9a, "GREASE"),
        ] {
            assert_eq!(CipherSuite(code).registered_name(), Some(name));
        }
        assert_eq!(CipherSuite(0x9aaa).registered_name(), None);
        assert_eq!(ProtocolVersion(0x7a7a).registered_name(), Some("GREASE"));
    }

    /// RFC 8446, 4.2, 4.2.3 and 4.2.7; RFC 7919; RFC 7366; RFC 5246, 7.4.1.4.1.
    #[test]
    fn what_else_is_in_a_hello_has_the_names_of_its_rfcs() {
        let extension = |code| ExtensionType(code).registered_name();
        assert_eq!([extension(21), extension(22)], [Some("padding"), Some("encrypt_then_mac")]);
        assert_eq!([extension(43), extension(51)], [Some("supported_versions"), Some("key_share")]);
        let scheme = |code| SignatureScheme(code).registered_name();
        assert_eq!([scheme(0x0809), scheme(0x0402)], [Some("rsa_pss_pss_sha256"), Some("dsa_sha256")]);
        assert_eq!([scheme(0x0303), scheme(0x0301)], [Some("ecdsa_sha224"), Some("rsa_pkcs1_sha224")]);
        let group = |code| NamedGroup(code).registered_name();
        assert_eq!([group(256), group(0x11ec)], [Some("ffdhe2048"), Some("X25519MLKEM768")]);
        assert_eq!(ClientCertificateType(65).registered_name(), Some("rsa_fixed_ecdh"));
        // One byte is no GREASE.
        assert_eq!(ClientCertificateType(0x0a).registered_name(), None);
    }

    #[test]
    fn the_key_exchange_of_a_suite_does_not_depend_on_its_cipher() {
        assert!(
            CipherSuite::NAMED
                .iter()
                .filter_map(|id| Suite::find(*id))
                .all(|suite| KeyExchange::of(suite.id) == KeyExchange::Ecdhe)
        );
        for (code, of) in [
            (0xc013, KeyExchange::Ecdhe),
            (0xc0ac, KeyExchange::Ecdhe),
            (0x009e, KeyExchange::Other),
            // With a hint about the key before the rest (RFC 5489, 2).
            (0xc035, KeyExchange::Other),
            (0xeeee, KeyExchange::Unknown),
        ] {
            assert_eq!(KeyExchange::of(CipherSuite(code)), of, "{code:x}");
        }
    }
}
