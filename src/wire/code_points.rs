//! Code points: newtypes with named constants, so that unknown values survive.

use core::fmt;

use super::{Decode, DecodeError, Encode, Reader, Writer};

/// Makes a newtype over an integer, whose known values have names.
macro_rules! code_points {
    ($(#[$meta:meta])* $name:ident($repr:ident) { $($(#[$value_meta:meta])* $constant:ident = $value:expr, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $repr);

        impl $name {
            $($(#[$value_meta])* #[doc = concat!("`", $text, "`")] pub const $constant: Self = Self($value);)*

            /// Every value that has a name here.
            pub const NAMED: &'static [Self] = &[$(Self::$constant),*];

            /// The registry's name of this value, if it is one that is named here.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($text),)*
                    _ => None,
                }
            }
        }

        impl<'a> Decode<'a> for $name {
            fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
                reader.$repr().map(Self)
            }
        }

        impl Encode for $name {
            fn write(&self, writer: &mut Writer<'_>) {
                writer.$repr(self.0);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "0x{:0width$x}", self.0, width = const { 2 * size_of::<$repr>() }),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

code_points! {
    /// A protocol version, as records and hellos carry it (RFC 5246, 6.2.1). Two bytes.
    ProtocolVersion(u16) {
        SSL3_0 = 0x0300, "SSLv3";
        TLS1_0 = 0x0301, "TLSv1.0";
        TLS1_1 = 0x0302, "TLSv1.1";
        TLS1_2 = 0x0303, "TLSv1.2";
        TLS1_3 = 0x0304, "TLSv1.3";
    }
}

code_points! {
    /// The content type of a record (RFC 5246, 6.2.1). One byte.
    ContentType(u8) {
        CHANGE_CIPHER_SPEC = 20, "change_cipher_spec";
        ALERT = 21, "alert";
        HANDSHAKE = 22, "handshake";
        APPLICATION_DATA = 23, "application_data";
        HEARTBEAT = 24, "heartbeat";
    }
}

code_points! {
    /// The type of a handshake message (RFC 5246, 7.4). One byte.
    HandshakeType(u8) {
        HELLO_REQUEST = 0, "HelloRequest";
        CLIENT_HELLO = 1, "ClientHello";
        SERVER_HELLO = 2, "ServerHello";
        NEW_SESSION_TICKET = 4, "NewSessionTicket";
        CERTIFICATE = 11, "Certificate";
        SERVER_KEY_EXCHANGE = 12, "ServerKeyExchange";
        CERTIFICATE_REQUEST = 13, "CertificateRequest";
        SERVER_HELLO_DONE = 14, "ServerHelloDone";
        CERTIFICATE_VERIFY = 15, "CertificateVerify";
        CLIENT_KEY_EXCHANGE = 16, "ClientKeyExchange";
        FINISHED = 20, "Finished";
        CERTIFICATE_STATUS = 22, "CertificateStatus";
    }
}

code_points! {
    /// A cipher suite, or a signalling value in the place of one. Two bytes.
    CipherSuite(u16) {
        /// Signals RFC 5746 in a hello without extensions.
        EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV";
        /// Says that the client tried a higher version before (RFC 7507).
        FALLBACK_SCSV = 0x5600, "TLS_FALLBACK_SCSV";
        ECDHE_ECDSA_AES_128_GCM_SHA256 = 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        ECDHE_ECDSA_AES_256_GCM_SHA384 = 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        ECDHE_RSA_AES_128_GCM_SHA256 = 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        ECDHE_RSA_AES_256_GCM_SHA384 = 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
        ECDHE_RSA_CHACHA20_POLY1305_SHA256 = 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
        ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 = 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    }
}

code_points! {
    /// A compression method (RFC 5246, 7.4.1.2). One byte; only null is used.
    CompressionMethod(u8) {
        NULL = 0, "null";
        DEFLATE = 1, "deflate";
    }
}

code_points! {
    /// Of the TLS Supported Groups registry (RFC 8422, 5.1.1). Two bytes.
    NamedGroup(u16) {
        SECP256R1 = 23, "secp256r1";
        SECP384R1 = 24, "secp384r1";
        SECP521R1 = 25, "secp521r1";
        X25519 = 29, "x25519";
        X448 = 30, "x448";
    }
}

code_points! {
    /// Of the TLS SignatureScheme registry (RFC 8446, 4.2.3); in TLS 1.2 a hash and a signature algorithm. Two bytes.
    SignatureScheme(u16) {
        RSA_PKCS1_SHA1 = 0x0201, "rsa_pkcs1_sha1";
        ECDSA_SHA1 = 0x0203, "ecdsa_sha1";
        RSA_PKCS1_SHA256 = 0x0401, "rsa_pkcs1_sha256";
        ECDSA_SECP256R1_SHA256 = 0x0403, "ecdsa_secp256r1_sha256";
        RSA_PKCS1_SHA384 = 0x0501, "rsa_pkcs1_sha384";
        ECDSA_SECP384R1_SHA384 = 0x0503, "ecdsa_secp384r1_sha384";
        RSA_PKCS1_SHA512 = 0x0601, "rsa_pkcs1_sha512";
        ECDSA_SECP521R1_SHA512 = 0x0603, "ecdsa_secp521r1_sha512";
        RSA_PSS_RSAE_SHA256 = 0x0804, "rsa_pss_rsae_sha256";
        RSA_PSS_RSAE_SHA384 = 0x0805, "rsa_pss_rsae_sha384";
        RSA_PSS_RSAE_SHA512 = 0x0806, "rsa_pss_rsae_sha512";
        ED25519 = 0x0807, "ed25519";
        ED448 = 0x0808, "ed448";
    }
}

code_points! {
    /// The type of an extension. Two bytes.
    ExtensionType(u16) {
        SERVER_NAME = 0, "server_name";
        MAX_FRAGMENT_LENGTH = 1, "max_fragment_length";
        STATUS_REQUEST = 5, "status_request";
        SUPPORTED_GROUPS = 10, "supported_groups";
        EC_POINT_FORMATS = 11, "ec_point_formats";
        SIGNATURE_ALGORITHMS = 13, "signature_algorithms";
        ALPN = 16, "application_layer_protocol_negotiation";
        EXTENDED_MASTER_SECRET = 23, "extended_master_secret";
        RECORD_SIZE_LIMIT = 28, "record_size_limit";
        SESSION_TICKET = 35, "session_ticket";
        SUPPORTED_VERSIONS = 43, "supported_versions";
        RENEGOTIATION_INFO = 0xff01, "renegotiation_info";
    }
}

code_points! {
    /// A point format (RFC 8422, 5.1.2). One byte; only uncompressed is used.
    EcPointFormat(u8) {
        UNCOMPRESSED = 0, "uncompressed";
        COMPRESSED_PRIME = 1, "ansiX962_compressed_prime";
        COMPRESSED_CHAR2 = 2, "ansiX962_compressed_char2";
    }
}

code_points! {
    /// What a client certificate may sign with (RFC 5246, 7.4.4; RFC 8422, 5.5). One byte.
    ClientCertificateType(u8) {
        RSA_SIGN = 1, "rsa_sign";
        DSS_SIGN = 2, "dss_sign";
        ECDSA_SIGN = 64, "ecdsa_sign";
    }
}

code_points! {
    /// The level of an alert (RFC 5246, 7.2). One byte.
    AlertLevel(u8) {
        WARNING = 1, "warning";
        FATAL = 2, "fatal";
    }
}

code_points! {
    /// The description of an alert, known or not (RFC 5246, 7.2). One byte.
    Alert(u8) {
        CLOSE_NOTIFY = 0, "close_notify";
        UNEXPECTED_MESSAGE = 10, "unexpected_message";
        BAD_RECORD_MAC = 20, "bad_record_mac";
        DECRYPTION_FAILED = 21, "decryption_failed";
        RECORD_OVERFLOW = 22, "record_overflow";
        DECOMPRESSION_FAILURE = 30, "decompression_failure";
        HANDSHAKE_FAILURE = 40, "handshake_failure";
        NO_CERTIFICATE = 41, "no_certificate";
        BAD_CERTIFICATE = 42, "bad_certificate";
        UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate";
        CERTIFICATE_REVOKED = 44, "certificate_revoked";
        CERTIFICATE_EXPIRED = 45, "certificate_expired";
        CERTIFICATE_UNKNOWN = 46, "certificate_unknown";
        ILLEGAL_PARAMETER = 47, "illegal_parameter";
        UNKNOWN_CA = 48, "unknown_ca";
        ACCESS_DENIED = 49, "access_denied";
        DECODE_ERROR = 50, "decode_error";
        DECRYPT_ERROR = 51, "decrypt_error";
        EXPORT_RESTRICTION = 60, "export_restriction";
        PROTOCOL_VERSION = 70, "protocol_version";
        INSUFFICIENT_SECURITY = 71, "insufficient_security";
        INTERNAL_ERROR = 80, "internal_error";
        INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback";
        USER_CANCELED = 90, "user_canceled";
        NO_RENEGOTIATION = 100, "no_renegotiation";
        UNSUPPORTED_EXTENSION = 110, "unsupported_extension";
        CERTIFICATE_UNOBTAINABLE = 111, "certificate_unobtainable";
        UNRECOGNIZED_NAME = 112, "unrecognized_name";
        BAD_CERTIFICATE_STATUS_RESPONSE = 113, "bad_certificate_status_response";
        UNKNOWN_PSK_IDENTITY = 115, "unknown_psk_identity";
        CERTIFICATE_REQUIRED = 116, "certificate_required";
        NO_APPLICATION_PROTOCOL = 120, "no_application_protocol";
    }
}

code_points! {
    /// The longest plaintext of a record, as a client asks for it (RFC 6066, 4). One byte.
    MaxFragmentLength(u8) {
        MAX_512 = 1, "512";
        MAX_1024 = 2, "1024";
        MAX_2048 = 3, "2048";
        MAX_4096 = 4, "4096";
    }
}

impl MaxFragmentLength {
    /// The length in bytes, if the value is one that RFC 6066 defines.
    pub fn bytes(self) -> Option<usize> {
        match self {
            Self::MAX_512 => Some(512),
            Self::MAX_1024 => Some(1024),
            Self::MAX_2048 => Some(2048),
            Self::MAX_4096 => Some(4096),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_values_are_written_as_they_were_read() {
        for bytes in [[0xc0, 0x2f], [0x0a, 0x0a], [0xff, 0xff]] {
            assert_eq!(CipherSuite::decode(&bytes).map(|suite| suite.encode()), Ok(bytes.to_vec()));
        }
        assert_eq!(EcPointFormat::decode(&[9]), Ok(EcPointFormat(9)));
        assert_eq!(EcPointFormat::decode(&[]), Err(DecodeError::Truncated));
        assert_eq!(NamedGroup::decode(&[0]), Err(DecodeError::Truncated));
        assert_eq!(NamedGroup::decode(&[0, 29, 0]), Err(DecodeError::Trailing));
    }

    #[test]
    fn a_value_without_a_name_is_shown_in_hexadecimal() {
        assert_eq!(alloc::format!("{:?}", CipherSuite(0x0a0a)), "0x0a0a");
        assert_eq!(alloc::format!("{}", HandshakeType::CLIENT_KEY_EXCHANGE), "ClientKeyExchange");
    }

    #[test]
    fn a_fragment_length_is_one_of_the_four_of_rfc_6066() {
        let lengths = [0, 1, 2, 3, 4, 5].map(|value| MaxFragmentLength(value).bytes());
        assert_eq!(lengths, [None, Some(512), Some(1024), Some(2048), Some(4096), None]);
    }
}
