//! What a hello of the probe says: every part of it is chosen.

use std::sync::Arc;

use tls12::{
    crypto::{Provider, SUITES, Secret, Suite},
    wire::{
        CipherSuite, ClientExtensions, ClientHello, CompressionMethod, EcPointFormat, Extension,
        ExtensionType, Handshake, List, Others, ProtocolName, ProtocolVersion, ServerNames, SessionId,
        encode_list,
    },
};

/// A hello, and what is done in the handshake that follows.
#[derive(Clone)]
pub(crate) struct Offer {
    /// The name in server_name; absent if there is none.
    pub(crate) server_name: Option<String>,
    /// The suites, in our order of preference.
    pub(crate) suites: Vec<CipherSuite>,
    /// The application protocols; absent if there are none.
    pub(crate) alpn: Vec<String>,
    /// Whether the extended master secret is offered (RFC 7627).
    pub(crate) master_secret: MasterSecretOffer,
    /// The session_ticket extension: absent, empty, or any bytes (RFC 5077, 3.2).
    pub(crate) ticket: Option<Vec<u8>>,
    /// The session ID, 0 to 32 bytes.
    pub(crate) session_id: Vec<u8>,
    /// Extensions that make it a hello of TLS 1.3 too.
    pub(crate) newer: Vec<(ExtensionType, Vec<u8>)>,
    /// The sessions that the server may resume after this hello: whose keys fit says which one it was.
    pub(crate) sessions: Vec<Arc<Session>>,
    /// How the connection ends.
    pub(crate) ending: Ending,
}

/// Whether a hello has the extension of RFC 7627.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MasterSecretOffer {
    Extended,
    Classic,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With close_notify (RFC 5246, 7.2.1).
    Clean,
    /// With a reset of TCP and nothing else.
    Reset,
    /// With an orderly end of TCP, and no close_notify.
    Cut,
    /// Not yet: [`super::Held::close`] ends it.
    Held,
}

/// What a client keeps of a handshake. Its secret is never printed.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) master: Secret<48>,
    /// Whether both sides had the extended master secret.
    pub(crate) extended: bool,
    pub(crate) suite: &'static Suite,
    /// From the ServerHello; empty where the server gave none.
    pub(crate) session_id: Vec<u8>,
    /// From NewSessionTicket; empty where the server gave none.
    pub(crate) ticket: Vec<u8>,
}

impl Session {
    /// The same with another ticket: the server renewed it.
    pub(crate) fn renewed(&self, ticket: &[u8]) -> Self {
        Self {
            master: self.master.duplicate(),
            extended: self.extended,
            suite: self.suite,
            session_id: self.session_id.clone(),
            ticket: ticket.to_vec(),
        }
    }
}

impl Offer {
    /// A new session, with an empty session_ticket extension, for this name and these protocols.
    pub(crate) fn new(server_name: Option<String>, alpn: Vec<String>) -> Self {
        Self {
            server_name,
            suites: SUITES.iter().map(|suite| suite.id).collect(),
            alpn,
            master_secret: MasterSecretOffer::Extended,
            ticket: Some(Vec::new()),
            session_id: Vec::new(),
            newer: Vec::new(),
            sessions: Vec::new(),
            ending: Ending::Clean,
        }
    }

    /// Without the session_ticket extension.
    pub(crate) fn without_ticket(self) -> Self {
        Self { ticket: None, ..self }
    }

    /// With this ticket of the session, and a session ID beside it.
    pub(crate) fn with_ticket(self, session: &Arc<Session>, session_id: Vec<u8>) -> Self {
        Self { ticket: Some(session.ticket.clone()), session_id, sessions: vec![session.clone()], ..self }
    }

    /// With the ID of this session, and no session_ticket extension.
    pub(crate) fn with_id(self, session: &Arc<Session>) -> Self {
        let session_id = session.session_id.clone();
        Self { ticket: None, session_id, sessions: vec![session.clone()], ..self }
    }

    /// Whether a full handshake after this hello shows the same as one after the other: name, suites, protocols and
    /// the rest are the same, whatever session is offered.
    pub(crate) fn demands_as(&self, other: &Self) -> bool {
        let demands = |offer: &Self| Self { ticket: None, session_id: Vec::new(), ..offer.clone() };
        let provider = Provider::best();
        demands(self).message([0; 32], provider) == demands(other).message([0; 32], provider)
    }

    /// Whether it is the same hello, but for its random.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        self.demands_as(other) && (&self.ticket, &self.session_id) == (&other.ticket, &other.session_id)
    }

    /// The ClientHello, header included.
    pub(crate) fn message(&self, random: [u8; 32], provider: &Provider) -> Vec<u8> {
        let suites = encode_list(self.suites.iter());
        let groups = encode_list(provider.groups());
        let schemes = encode_list(provider.schemes());
        let alpn = encode_list(self.alpn.iter().map(|name| ProtocolName(name.as_bytes())));
        let newer = self.newer.iter();
        let newer = encode_list(
            newer.map(|(extension_type, body)| Extension { extension_type: *extension_type, body }),
        );
        let extensions = ClientExtensions {
            server_name: self.server_name.as_ref().map(|name| ServerNames::host(name.as_bytes())),
            supported_groups: Some(List::from_encoded(&groups).unwrap_or_default()),
            ec_point_formats: Some(List::from_encoded(&[EcPointFormat::UNCOMPRESSED.0]).unwrap_or_default()),
            signature_algorithms: Some(List::from_encoded(&schemes).unwrap_or_default()),
            alpn: (!self.alpn.is_empty()).then(|| List::from_encoded(&alpn).unwrap_or_default()),
            extended_master_secret: self.master_secret == MasterSecretOffer::Extended,
            session_ticket: self.ticket.as_deref(),
            renegotiation_info: Some(&[]),
            others: Others::from_encoded(&newer).unwrap_or_default(),
            ..ClientExtensions::default()
        };
        let hello = ClientHello {
            version: ProtocolVersion::TLS1_2,
            random,
            session_id: SessionId::new(&self.session_id).unwrap_or_default(),
            cipher_suites: List::from_encoded(&suites).unwrap_or_default(),
            compression_methods: List::from_encoded(&[CompressionMethod::NULL.0]).unwrap_or_default(),
            extensions,
        };
        let mut message = Vec::new();
        hello.write_framed(&mut message);
        message
    }

    /// The same for TLS 1.3 and nothing older (RFC 8446, 4.2.1): only what a server answers to it is of interest.
    pub(crate) fn for_tls13(self, share: &[u8; 32]) -> Self {
        const KEY_SHARE: ExtensionType = ExtensionType(51);
        let entry = [&[0, 29, 0, 32][..], share].concat();
        let shares = [&u16::try_from(entry.len()).unwrap_or_default().to_be_bytes()[..], &entry].concat();
        let [high, low] = ProtocolVersion::TLS1_3.0.to_be_bytes();
        Self {
            suites: [0x1301, 0x1302, 0x1303].map(CipherSuite).to_vec(),
            newer: vec![(ExtensionType::SUPPORTED_VERSIONS, vec![2, high, low]), (KEY_SHARE, shares)],
            session_id: share.to_vec(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use tls12::wire::{Message, NamedGroup};

    use super::*;

    fn decoded(message: &[u8]) -> ClientHello<'_> {
        match Message::decode(message) {
            Ok(Some(Message::ClientHello(hello))) => hello,
            other => panic!("a ClientHello, not {other:?}"),
        }
    }

    #[test]
    fn a_hello_says_what_was_chosen_and_nothing_else() {
        let offer = Offer::new(Some("a.example".into()), vec!["h2".into()]);
        let message = offer.message([7; 32], Provider::best());
        let hello = decoded(&message);
        assert_eq!(hello.extensions.server_name.and_then(|name| name.host_name()), Some(&b"a.example"[..]));
        assert_eq!((hello.random, hello.session_id), ([7; 32], SessionId::EMPTY));
        assert_eq!(hello.extensions.session_ticket, Some(&[][..]));
        assert_eq!(hello.extensions.renegotiation_info, Some(&[][..]));
        assert!(hello.extensions.extended_master_secret);
        assert!(hello.extensions.supported_groups.unwrap().contains(&NamedGroup::SECP256R1));
        assert!(hello.extensions.alpn.unwrap().iter().eq([ProtocolName(b"h2")]));
        assert!(hello.extensions.others.is_empty());

        let bare = Offer {
            master_secret: MasterSecretOffer::Classic,
            session_id: vec![1],
            suites: vec![CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256],
            ..Offer::new(None, vec![]).without_ticket()
        };
        let message = bare.message([7; 32], Provider::best());
        let hello = decoded(&message);
        assert_eq!(hello.session_id.as_bytes(), [1]);
        assert_eq!(hello.cipher_suites.as_bytes(), [0xc0, 0x2f]);
        assert!(!hello.extensions.extended_master_secret);
        assert_eq!((hello.extensions.server_name, hello.extensions.session_ticket), (None, None));
        assert_eq!(hello.extensions.alpn, None);
    }

    #[test]
    fn a_hello_of_tls_1_3_has_its_version_and_a_share() {
        let offer = Offer::new(None, vec![]).for_tls13(&[9; 32]);
        let message = offer.message([7; 32], Provider::best());
        let others = decoded(&message).extensions.others;
        assert_eq!(others.find(ExtensionType::SUPPORTED_VERSIONS), Some(&[2, 3, 4][..]));
        assert_eq!(others.find(ExtensionType(51)).map(<[u8]>::len), Some(2 + 4 + 32));
    }
}
