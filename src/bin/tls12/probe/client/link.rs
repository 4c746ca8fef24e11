//! Records and handshake messages over a socket.

use std::time::Duration;

use tls12::{
    crypto::{OpenKey, SealKey},
    schedule::Side,
    wire::{
        Alert, AlertLevel, AlertMessage, ContentType, Decode, Encode, HANDSHAKE_HEADER_LEN, HEADER_LEN,
        HandshakeHeader, MAX_CIPHERTEXT, MAX_PLAINTEXT, ProtocolVersion, RecordHeader,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use super::{
    protection::Protection,
    talk::Talk,
    trouble::{Stage, Trouble, quoted},
};

/// The longest handshake message that is read, in bytes: no chain of certificates is longer.
const MAX_MESSAGE: usize = 256 * 1024;

/// A connection, and how far it has come.
pub(crate) struct Link {
    tcp: TcpStream,
    received: Vec<u8>,
    /// Handshake bytes of records, not yet taken as messages.
    inbox: Vec<u8>,
    /// All handshake messages, sent and received, headers included.
    pub(crate) transcript: Vec<u8>,
    pub(crate) sealing: Option<Protection<dyn SealKey>>,
    pub(crate) opening: Option<Protection<dyn OpenKey>>,
    pub(crate) stage: Stage,
    /// Alerts that were no reason to end.
    pub(crate) warnings: Vec<Alert>,
    /// How often we waited for an answer to what we had sent.
    pub(crate) round_trips: u32,
    awaits_answer: bool,
    /// When the connection stood.
    begun: Instant,
    /// When the last bytes were read.
    read_at: Duration,
    /// What both sides said.
    pub(crate) talk: Talk,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Came {
    /// A handshake message, header included; it is part of the transcript now.
    Message(Vec<u8>),
    ChangeCipherSpec,
}

impl Link {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            received: Vec::new(),
            inbox: Vec::new(),
            transcript: Vec::new(),
            sealing: None,
            opening: None,
            stage: Stage::Hello,
            warnings: Vec::new(),
            round_trips: 0,
            awaits_answer: false,
            begun: Instant::now(),
            read_at: Duration::ZERO,
            talk: Talk::default(),
        }
    }

    /// Makes one or more records of this content, sealed once there are keys.
    pub(crate) fn records(&mut self, content_type: ContentType, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for part in content.chunks(MAX_PLAINTEXT) {
            let body = match &mut self.sealing {
                None => part.to_vec(),
                Some(sealing) => sealing.seal(content_type, part).unwrap_or_default(),
            };
            let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
            out.extend(RecordHeader { content_type, version: ProtocolVersion::TLS1_2, length }.encode());
            out.extend(body);
        }
        out
    }

    /// The records of handshake messages, which become part of the transcript.
    pub(crate) fn messages(&mut self, messages: &[u8]) -> Vec<u8> {
        self.transcript.extend_from_slice(messages);
        self.records(ContentType::HANDSHAKE, messages)
    }

    /// For how long the connection has stood.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.awaits_answer = true;
        self.talk.add(Side::Client, self.elapsed(), bytes);
        match self.tcp.write_all(bytes).await {
            Ok(()) => Ok(()),
            // If the server said why it went, that is what counts.
            Err(error) => Err(self.last_words().await.unwrap_or_else(|| Trouble::of(&error, self.stage))),
        }
    }

    async fn last_words(&mut self) -> Option<Trouble> {
        loop {
            match self.record().await {
                Ok((ContentType::ALERT, body)) => {
                    let body = self.opened(ContentType::ALERT, body).ok()?;
                    return self.heard(&body).err();
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// The next record as it is.
    pub(crate) async fn record(&mut self) -> Result<(ContentType, Vec<u8>), Trouble> {
        loop {
            if let Some(record) = self.whole_record()? {
                return Ok(record);
            }
            let mut chunk = [0; 16 * 1024];
            let n = match self.tcp.read(&mut chunk).await {
                // Too short for a header, and yet something that was said.
                Ok(0) if self.is_no_tls() => return Err(Trouble::NotTls(quoted(&self.received))),
                Ok(0) => return Err(Trouble::Gone(self.stage)),
                Ok(n) => n,
                Err(error) => return Err(Trouble::of(&error, self.stage)),
            };
            self.round_trips += u32::from(std::mem::take(&mut self.awaits_answer));
            self.read_at = self.elapsed();
            self.received.extend_from_slice(chunk.get(..n).unwrap_or_default());
        }
    }

    /// The record that was received, if it was.
    fn whole_record(&mut self) -> Result<Option<(ContentType, Vec<u8>)>, Trouble> {
        if self.is_no_tls() {
            return Err(Trouble::NotTls(quoted(&self.received)));
        }
        let Some(header) = self.received.get(..HEADER_LEN) else { return Ok(None) };
        let header = RecordHeader::decode(header).map_err(|_| nonsense("a record"))?;
        let length = HEADER_LEN + usize::from(header.length);
        match () {
            () if usize::from(header.length) > MAX_CIPHERTEXT => Err(nonsense("a record")),
            () if self.received.len() < length => Ok(None),
            () => Ok(Some((header.content_type, self.taken(length)))),
        }
    }

    /// Whether what was received is nothing of TLS: its records have types 20 to 24, and versions that begin with 3.
    fn is_no_tls(&self) -> bool {
        match self.received.as_slice() {
            [] | [20..=24] | [20..=24, 3, ..] => false,
            [..] => true,
        }
    }

    /// Takes a record of this length; what is left is its body.
    fn taken(&mut self, length: usize) -> Vec<u8> {
        let rest = self.received.split_off(length);
        let mut record = std::mem::replace(&mut self.received, rest);
        self.talk.add(Side::Server, self.read_at, &record);
        record.split_off(HEADER_LEN)
    }

    fn opened(&mut self, content_type: ContentType, body: Vec<u8>) -> Result<Vec<u8>, Trouble> {
        match &mut self.opening {
            None => Ok(body),
            Some(opening) => opening.open(content_type, &body).ok_or(Trouble::WrongKeys),
        }
    }

    /// The next handshake message, or ChangeCipherSpec.
    pub(crate) async fn next(&mut self) -> Result<Came, Trouble> {
        loop {
            if let Some(message) = self.message()? {
                return Ok(Came::Message(message));
            }
            let (content_type, body) = self.record().await?;
            let body = self.opened(content_type, body)?;
            match content_type {
                ContentType::HANDSHAKE => self.inbox.extend_from_slice(&body),
                ContentType::CHANGE_CIPHER_SPEC => return Ok(Came::ChangeCipherSpec),
                ContentType::ALERT => self.heard(&body)?,
                other => return Err(nonsense(&format!("a record of type {other}"))),
            }
        }
    }

    /// An alert that ends the connection is an error; another one is kept.
    pub(crate) fn heard(&mut self, body: &[u8]) -> Result<(), Trouble> {
        let alert = AlertMessage::decode(body).map_err(|_| nonsense("an alert"))?;
        match alert {
            AlertMessage { description: Alert::CLOSE_NOTIFY, .. } => Err(Trouble::Gone(self.stage)),
            AlertMessage { level: AlertLevel::WARNING, description } => {
                self.warnings.push(description);
                match self.warnings.len() {
                    0..=8 => Ok(()),
                    _ => Err(nonsense("alerts without end")),
                }
            }
            AlertMessage { description, .. } => Err(Trouble::Alert(description, self.stage)),
        }
    }

    fn message(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        let Some(header) = self.inbox.get(..HANDSHAKE_HEADER_LEN) else { return Ok(None) };
        let header = HandshakeHeader::decode(header).map_err(|_| nonsense("a message"))?;
        let length = HANDSHAKE_HEADER_LEN + usize::try_from(header.length).unwrap_or(usize::MAX / 2);
        if length > MAX_MESSAGE {
            return Err(nonsense("a message without end"));
        }
        if self.inbox.len() < length {
            return Ok(None);
        }
        let rest = self.inbox.split_off(length);
        let message = std::mem::replace(&mut self.inbox, rest);
        self.transcript.extend_from_slice(&message);
        Ok(Some(message))
    }

    /// Whether handshake bytes wait that no key change may cut.
    pub(crate) fn has_rest(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Says close_notify, and listens until the server ends or says why it does not like what we said last.
    pub(crate) async fn close(&mut self) -> Result<(), Trouble> {
        let goodbye = self.records(ContentType::ALERT, &[AlertLevel::WARNING.0, Alert::CLOSE_NOTIFY.0]);
        let _ = self.tcp.write_all(&goodbye).await;
        let _ = self.tcp.shutdown().await;
        while let Ok((content_type, body)) = self.record().await {
            let body = self.opened(content_type, body)?;
            if content_type == ContentType::ALERT {
                match self.heard(&body) {
                    Err(Trouble::Gone(_)) => return Ok(()),
                    other => other?,
                }
            }
        }
        Ok(())
    }

    /// Ends without a word, and waits until the server does too.
    pub(crate) async fn cut(&mut self) {
        let _ = self.tcp.shutdown().await;
        while self.record().await.is_ok() {}
    }

    /// Ends at once, with a reset.
    pub(crate) fn reset(self) {
        let _ = self.tcp.set_zero_linger();
    }
}

/// What is not understood.
pub(crate) fn nonsense(what: &str) -> Trouble {
    Trouble::Unexpected(format!("the server sent {what} that cannot be read"))
}
