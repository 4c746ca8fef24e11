//! The peer, with a session.

use tls12::{
    crypto::{LocalKey, Sign, SignatureRequest, Suite},
    pki::Credential,
    schedule::Side,
    session::{ClientSession, ClientToken},
    wire::{Encode, Message, SessionId, SignatureScheme},
};

use super::{Flight, HANDSHAKE, Hello, Raw, certificate, framed, prefixed};

/// The extension of RFC 7627.
pub const EXTENDED_MASTER_SECRET: u16 = 23;
/// The extension of RFC 5077.
pub const SESSION_TICKET: u16 = 35;

/// What a peer keeps of a handshake to resume it.
#[derive(Debug, Clone)]
pub struct Kept {
    pub master: [u8; 48],
    /// Whether both sides had the extended master secret.
    pub extended: bool,
    /// From the ServerHello.
    pub session_id: Vec<u8>,
    /// From NewSessionTicket; empty without one.
    pub ticket: Vec<u8>,
    /// The lifetime hint of the ticket.
    pub hint: u32,
}

impl Kept {
    /// The server's half of what a client of ours has.
    pub fn of(session: &ClientSession) -> Self {
        let (session_id, ticket, hint) = match session.token() {
            ClientToken::SessionId(id) => (id.as_bytes().to_vec(), vec![], 0),
            ClientToken::Ticket { ticket, lifetime_hint } => (vec![], ticket.clone(), *lifetime_hint),
        };
        let master = *session.master_secret().expose();
        Self { master, extended: session.extended_master_secret(), session_id, ticket, hint }
    }

    /// A hello that offers it: its ticket with an ID made up for it, or its own ID.
    pub fn hello(&self) -> Hello {
        let hello = Hello::new();
        match &self.ticket[..] {
            [] => Hello { session_id: self.session_id.clone(), ..hello },
            ticket => Hello { session_id: vec![0xab; 32], ..hello.with(SESSION_TICKET, ticket) },
        }
    }
}

/// The body of server_name with this host name (RFC 6066, 3).
pub fn server_name(name: &str) -> Vec<u8> {
    prefixed::<2>(&[&[0], &prefixed::<2>(name.as_bytes())[..]].concat())
}

/// NewSessionTicket, header included.
pub fn new_session_ticket(hint: u32, ticket: &[u8]) -> Vec<u8> {
    framed(4, &[&hint.to_be_bytes()[..], &prefixed::<2>(ticket)].concat())
}

/// What a ClientHello of ours offers.
#[derive(Debug)]
pub struct Offers {
    pub session_id: SessionId,
    pub ticket: Option<Vec<u8>>,
}

/// What a client knows when a server of ours has answered.
#[derive(Debug)]
pub struct Finished {
    pub kept: Kept,
    /// Whether the handshake was abbreviated.
    pub resumed: bool,
}

impl Raw {
    /// As a client: offers what the hello says, and goes on as the server decides, to the end of the handshake.
    #[track_caller]
    pub fn offer(&mut self, hello: &Hello, kept: Option<&Kept>) -> Finished {
        self.offer_as(hello, kept, None)
    }

    /// The same, with a certificate where one is asked for; its key is P-256.
    #[track_caller]
    pub fn offer_as(
        &mut self,
        hello: &Hello,
        kept: Option<&Kept>,
        identity: Option<&(Credential, LocalKey)>,
    ) -> Finished {
        self.randoms.client = hello.random;
        let message = hello.message();
        self.count(&message);
        message.chunks(1 << 14).for_each(|part| self.record(HANDSHAKE, part));
        match self.next_record() {
            Some((HANDSHAKE, body)) => self.inbox.extend_from_slice(&body),
            other => panic!("a flight is next, not {other:?}"),
        }
        let len = 4 + usize::from(u16::from_be_bytes([self.inbox[2], self.inbox[3]]));
        // What stands behind ServerHello: a certificate, or a ticket, or nothing in the clear.
        match (self.inbox.get(len), kept) {
            (Some(11), _) => Finished { kept: self.full(identity), resumed: false },
            (_, Some(kept)) => Finished { kept: self.resumed(kept), resumed: true },
            (_, None) => panic!("the server resumes what nobody has"),
        }
    }

    /// Counts handshake messages that are sent in another way.
    pub fn count(&mut self, messages: &[u8]) {
        self.transcript.extend_from_slice(messages);
    }

    fn full(&mut self, identity: Option<&(Credential, LocalKey)>) -> Kept {
        let flight = self.flight();
        let (session_id, promised) = said(&flight.messages[0]);
        let asked = flight.request.then_some(identity);
        if let Some(identity) = asked {
            let chain = identity.map(|(credential, _)| credential.chain().to_vec()).unwrap_or_default();
            self.message(&certificate(chain));
        }
        self.exchange(&flight);
        if let Some(Some((_, key))) = asked {
            self.certificate_verify(key);
        }
        self.change_cipher_spec();
        let finished = self.finished(Side::Client);
        self.message(&finished);
        let (hint, ticket) = self.ticket(promised);
        self.read_finished();
        let Flight { extended, .. } = flight;
        Kept { master: self.master(), extended, session_id, ticket, hint }
    }

    fn certificate_verify(&mut self, key: &LocalKey) {
        let (scheme, message) = (SignatureScheme::ECDSA_SECP256R1_SHA256, self.transcript.clone());
        let signature = key.sign(&SignatureRequest { credential: "raw".into(), scheme, message });
        let signature = signature.expect("a P-256 key").0;
        self.message(&framed(15, &[&scheme.encode(), &prefixed::<2>(&signature)[..]].concat()));
    }

    fn resumed(&mut self, kept: &Kept) -> Kept {
        let made = self.read_resumed(kept);
        self.change_cipher_spec();
        let finished = self.finished(Side::Client);
        self.message(&finished);
        made
    }

    /// As a client: reads the whole flight of a server of ours that resumes.
    pub fn read_resumed(&mut self, kept: &Kept) -> Kept {
        let hello = self.next_message();
        let Ok(Some(Message::ServerHello(message))) = Message::decode(&hello) else { panic!("ServerHello") };
        self.randoms.server = message.random;
        self.suite = Suite::find(message.cipher_suite).expect("the suite of a session");
        let (session_id, promised) = said(&hello);
        self.adopt(kept);
        let (hint, ticket) = self.ticket(promised);
        self.read_finished();
        Kept { session_id, ticket, hint, ..kept.clone() }
    }

    fn ticket(&mut self, promised: bool) -> (u32, Vec<u8>) {
        if !promised {
            return (0, vec![]);
        }
        match Message::decode(&self.next_message()) {
            Ok(Some(Message::NewSessionTicket(message))) => (message.lifetime_hint, message.ticket.to_vec()),
            other => panic!("a promised ticket is next, not {other:?}"),
        }
    }

    /// The keys that follow from a master secret that both sides have already, once both randoms are known.
    pub fn adopt(&mut self, kept: &Kept) {
        self.use_master(kept.master);
    }

    fn master(&self) -> [u8; 48] {
        self.secrets.as_ref().expect("keys").master
    }

    /// As a server: reads the hello of a client of ours.
    pub fn read_offer(&mut self) -> Offers {
        let hello = self.next_message();
        let Ok(Some(Message::ClientHello(message))) = Message::decode(&hello) else { panic!("ClientHello") };
        self.randoms.client = message.random;
        let ticket = message.extensions.session_ticket.map(<[u8]>::to_vec);
        Offers { session_id: message.session_id, ticket }
    }

    /// As a server: sends ChangeCipherSpec and Finished, and reads the client's.
    pub fn finish_resumed(&mut self) {
        self.change_cipher_spec();
        let finished = self.finished(Side::Server);
        self.message(&finished);
        self.read_finished();
    }
}

/// The session ID of a ServerHello, and whether it promises a ticket.
fn said(hello: &[u8]) -> (Vec<u8>, bool) {
    match Message::decode(hello) {
        Ok(Some(Message::ServerHello(hello))) => {
            (hello.session_id.as_bytes().to_vec(), hello.extensions.session_ticket)
        }
        other => panic!("ServerHello is next, not {other:?}"),
    }
}
