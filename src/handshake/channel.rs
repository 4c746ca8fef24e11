//! Records to whole messages and back; alerts; key changes against a proof of alignment.

use alloc::vec::Vec;

use super::{proofs::Aligned, settings::Renegotiation};
use crate::{
    crypto::{RecordOpenKey, RecordSealKey},
    error::{Error, Illegal},
    record::{Excess, Opener, RecvBuf, Sealer, Temper},
    schedule::{Side, Transcript},
    wire::{
        Alert, AlertLevel, AlertMessage, ChangeCipherSpec, ContentType, Decode, DecodeError, Encode,
        HANDSHAKE_HEADER_LEN, HEADER_LEN, HandshakeHeader, HandshakeType, Message, Reader,
    },
};

/// The longest ClientHello that its format allows, without its header: 131 396 bytes.
const MAX_CLIENT_HELLO: usize = 2 + 32 + 1 + 32 + 2 + 65_534 + 1 + 255 + 2 + 65_535;
/// The longest NewSessionTicket that its format allows, without its header (RFC 5077, 3.3).
const MAX_NEW_SESSION_TICKET: usize = 4 + 2 + 65_535;
/// The longest message of any other kind but Certificate, without its header.
const MAX_MESSAGE: usize = 64 * 1024;

/// The longest message of this kind, without its header; a Certificate may be given another limit.
pub(crate) fn longest(msg_type: HandshakeType) -> usize {
    match msg_type {
        HandshakeType::CLIENT_HELLO => MAX_CLIENT_HELLO,
        HandshakeType::NEW_SESSION_TICKET => MAX_NEW_SESSION_TICKET,
        _ => MAX_MESSAGE,
    }
}

/// What the peer sent: a whole handshake message, or that its keys change.
#[derive(Debug)]
pub(crate) enum Incoming {
    Handshake { msg_type: HandshakeType, bytes: Vec<u8> },
    ChangeCipherSpec(Aligned),
}

/// The same, read.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is read and used up in one place")]
pub(crate) enum Input<'a> {
    Message { message: Message<'a>, raw: &'a [u8] },
    ChangeCipherSpec(Aligned),
}

impl Incoming {
    /// Reads it; the bytes of a message move into `storage`, which the message borrows. A message that is not expected
    /// is told as such whatever is in it.
    pub(crate) fn decode<'s>(
        self,
        storage: &'s mut Vec<u8>,
        expected: &'static [&'static str],
    ) -> Result<Input<'s>, Error> {
        let msg_type = match self {
            Self::ChangeCipherSpec(aligned) => return Ok(Input::ChangeCipherSpec(aligned)),
            Self::Handshake { msg_type, bytes } => {
                *storage = bytes;
                msg_type
            }
        };
        let body = storage.get(HANDSHAKE_HEADER_LEN..).unwrap_or_default();
        let message = msg_type.name().unwrap_or("handshake message");
        match Message::decode_body(msg_type, body) {
            Ok(Some(message)) => Ok(Input::Message { message, raw: storage }),
            Ok(None) => Err(unknown_message()),
            Err(_) if !expected.contains(&message) => Err(Error::Unexpected { expected, got: message }),
            Err(why) => Err(Error::Decode { message, why }),
        }
    }
}

impl Input<'_> {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Message { message, .. } => message.name(),
            Self::ChangeCipherSpec(_) => "ChangeCipherSpec",
        }
    }
}

/// Both directions while the handshake lasts.
#[derive(Debug)]
pub(crate) struct Channel {
    side: Side,
    opener: Opener,
    sealer: Sealer,
    temper: Temper,
    /// Handshake bytes that came and are not yet taken as messages. Grows with what comes, never with what a
    /// length says.
    inbox: Vec<u8>,
    max_certificate: usize,
    /// What a client does about a HelloRequest in the middle of a handshake.
    hello_requests: Renegotiation,
    /// The length of records from the moment they are protected (RFC 8449, 4).
    incoming_limit: Option<usize>,
    outgoing_limit: Option<usize>,
}

impl Channel {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            opener: Opener::new(),
            sealer: Sealer::new(),
            temper: Temper::default(),
            inbox: Vec::new(),
            max_certificate: MAX_MESSAGE,
            hello_requests: Renegotiation::Warned,
            incoming_limit: None,
            outgoing_limit: None,
        }
    }

    /// A HelloRequest is the end, also in the middle of a handshake.
    pub(crate) fn refuse_hello_requests(&mut self) {
        self.hello_requests = Renegotiation::Fatal;
    }

    /// The version is agreed on, and what the configuration says of lengths.
    pub(crate) fn negotiated(&mut self, max_certificate: usize, max_send: usize) {
        self.opener.negotiated();
        self.sealer.negotiated();
        self.sealer.limit(max_send);
        self.max_certificate = max_certificate;
    }

    /// RFC 6066, 4: "the client and server MUST immediately begin fragmenting messages (including handshake
    /// messages)".
    pub(crate) fn limit_fragments(&mut self, limit: usize) {
        self.sealer.limit(limit);
        self.incoming_limit = Some(limit);
    }

    /// RFC 8449, 4: "Unprotected messages are not subject to this limit."
    pub(crate) fn limit_protected(&mut self, incoming: usize, outgoing: usize) {
        self.incoming_limit = Some(incoming);
        self.outgoing_limit = Some(outgoing);
    }

    /// The next message, if all of it has come.
    pub(crate) fn next(&mut self, buf: &mut RecvBuf) -> Result<Option<Incoming>, Error> {
        loop {
            if let Some(message) = self.take_message()? {
                return Ok(Some(message));
            }
            let Some(opened) = self.opener.next(buf)? else {
                return Ok(None);
            };
            let body = buf.bytes(opened.body);
            match opened.content_type {
                ContentType::HANDSHAKE if body.is_empty() => self.temper.empty_record()?,
                ContentType::HANDSHAKE => {
                    self.temper.content();
                    self.inbox.extend_from_slice(body);
                }
                ContentType::ALERT => self.alert_received(body)?,
                ContentType::CHANGE_CIPHER_SPEC => {
                    if ChangeCipherSpec::decode(body).is_err() {
                        return Err(unexpected("a malformed ChangeCipherSpec"));
                    }
                    return self.aligned().map(|aligned| Some(Incoming::ChangeCipherSpec(aligned)));
                }
                _ => return Err(unexpected("application data")),
            }
        }
    }

    fn take_message(&mut self) -> Result<Option<Incoming>, Error> {
        loop {
            let Ok(header) = HandshakeHeader::read(&mut Reader::new(&self.inbox)) else {
                return Ok(None);
            };
            let msg_type = header.msg_type;
            if msg_type.name().is_none() {
                return Err(unknown_message());
            }
            let len = self.check_length(msg_type, header.length)?;
            let whole = HANDSHAKE_HEADER_LEN.saturating_add(len);
            let bytes = match self.inbox.get(..whole) {
                None => return Ok(None),
                Some(_) if self.inbox.len() == whole => core::mem::take(&mut self.inbox),
                Some(message) => {
                    let message = message.to_vec();
                    self.inbox.drain(..whole);
                    message
                }
            };
            if !self.is_request_to_ignore(msg_type, len)? {
                return Ok(Some(Incoming::Handshake { msg_type, bytes }));
            }
        }
    }

    fn check_length(&self, msg_type: HandshakeType, length: u32) -> Result<usize, Error> {
        let most = match msg_type {
            HandshakeType::CERTIFICATE => self.max_certificate,
            _ => longest(msg_type),
        };
        match usize::try_from(length) {
            Ok(length) if length <= most => Ok(length),
            _ if msg_type == HandshakeType::CLIENT_HELLO => {
                Err(Error::Decode { message: "ClientHello", why: DecodeError::TooLong })
            }
            _ => Err(Excess::MessageSize.into()),
        }
    }

    /// RFC 5246, 7.4.1.1: "This message will be ignored by the client if the client is currently negotiating a
    /// session", and it "MUST NOT be included in the message hashes".
    fn is_request_to_ignore(&mut self, msg_type: HandshakeType, len: usize) -> Result<bool, Error> {
        if msg_type != HandshakeType::HELLO_REQUEST || self.side != Side::Client {
            return Ok(false);
        }
        if len > 0 {
            return Err(Error::Decode { message: "HelloRequest", why: DecodeError::Trailing });
        }
        self.ignore_hello_request()?;
        Ok(true)
    }

    fn ignore_hello_request(&mut self) -> Result<(), Error> {
        match self.hello_requests {
            Renegotiation::Warned => Ok(self.temper.renegotiation()?),
            Renegotiation::Fatal => Err(unexpected("HelloRequest")),
        }
    }

    /// Proof that no handshake bytes are left over, neither a whole message nor a part of one.
    pub(crate) fn aligned(&mut self) -> Result<Aligned, Error> {
        const HELLO_REQUEST: [u8; 4] = [0; 4];
        while self.side == Side::Client && self.inbox.starts_with(&HELLO_REQUEST) {
            self.ignore_hello_request()?;
            self.inbox.drain(..HELLO_REQUEST.len());
        }
        match self.inbox.is_empty() {
            true => Ok(Aligned(())),
            false => Err(Error::ExcessData),
        }
    }

    fn alert_received(&mut self, body: &[u8]) -> Result<(), Error> {
        match read_alert(body)? {
            ReceivedAlert::Close => Err(Error::Received(Alert::CLOSE_NOTIFY)),
            ReceivedAlert::Fatal(alert) => Err(Error::Received(alert)),
            ReceivedAlert::Warning(_) => Ok(self.temper.warning()?),
        }
    }

    /// The peer writes under this key from now on.
    pub(crate) fn protect_reading(&mut self, key: RecordOpenKey, _: Aligned) {
        self.opener.protect(key);
        if let Some(limit) = self.incoming_limit {
            self.opener.limit(limit);
        }
    }

    /// Appends ChangeCipherSpec, and writes under this key from now on.
    pub(crate) fn change_cipher_spec(&mut self, key: RecordSealKey, out: &mut Vec<u8>) {
        self.sealer.control(ContentType::CHANGE_CIPHER_SPEC, &ChangeCipherSpec::BYTES, out);
        self.sealer.protect(key);
        if let Some(limit) = self.outgoing_limit {
            self.sealer.limit(limit);
        }
    }

    /// Appends handshake messages, headers included.
    pub(crate) fn messages(&mut self, messages: &[u8], out: &mut Vec<u8>) {
        self.sealer.control(ContentType::HANDSHAKE, messages, out);
    }

    /// Appends the messages that `write` appends, headers included, and adds them to the transcript. They are written
    /// where they are sent from, unless they have to be cut.
    pub(crate) fn write(
        &mut self,
        transcript: &mut Transcript,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_LEN]);
        write(out);
        let messages = out.get(start.saturating_add(HEADER_LEN)..).unwrap_or_default();
        transcript.add(messages);
        if self.sealer.frame(ContentType::HANDSHAKE, out, start).is_err() {
            let messages = out.get(start.saturating_add(HEADER_LEN)..).unwrap_or_default().to_vec();
            out.truncate(start);
            self.messages(&messages, out);
        }
    }

    /// Appends the alert of an error, if it has one.
    pub(crate) fn alert(&mut self, error: &Error, out: &mut Vec<u8>) {
        if let Some(alert) = error.alert() {
            self.sealer.control(ContentType::ALERT, &alert_of(alert).encode(), out);
        }
    }

    /// Both directions go on without a handshake.
    pub(crate) fn into_parts(self) -> (Opener, Sealer) {
        (self.opener, self.sealer)
    }
}

/// The alert that ends a connection: close_notify is a warning, all others are fatal.
pub(crate) fn alert_of(description: Alert) -> AlertMessage {
    let level = match description {
        Alert::CLOSE_NOTIFY => AlertLevel::WARNING,
        _ => AlertLevel::FATAL,
    };
    AlertMessage { level, description }
}

/// What an alert means for whoever received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceivedAlert {
    /// close_notify, of either level.
    Close,
    /// The end.
    Fatal(Alert),
    /// Nothing, so far.
    Warning(Alert),
}

pub(crate) fn read_alert(body: &[u8]) -> Result<ReceivedAlert, Error> {
    let message = AlertMessage::decode(body).map_err(|why| Error::Decode { message: "alert", why })?;
    match (message.level, message.description) {
        (AlertLevel::WARNING | AlertLevel::FATAL, Alert::CLOSE_NOTIFY) => Ok(ReceivedAlert::Close),
        (AlertLevel::FATAL, alert) => Ok(ReceivedAlert::Fatal(alert)),
        (AlertLevel::WARNING, alert) => Ok(ReceivedAlert::Warning(alert)),
        _ => Err(Illegal::AlertLevel.into()),
    }
}

fn unexpected(got: &'static str) -> Error {
    Error::Unexpected { expected: &["a handshake message"], got }
}

fn unknown_message() -> Error {
    unexpected("a handshake message of an unknown type")
}
