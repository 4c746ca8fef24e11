//! Writes down what goes into a connection.

use std::{
    fmt,
    io::Write,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use pki_types::{ServerName, UnixTime};
use zeroize::Zeroizing;

use super::{
    config::{ClientLine, CredentialLine, ServerLine, digest},
    hex::Hex,
    line::{FORMAT, FoundLine, Header, Line, OpenedLine, Secrets, VerdictLine},
};
use crate::{
    client::ClientConfig,
    crypto::Provider,
    edge::{Happening, Watch},
    schedule::Side,
    server::{ClientHello, ServerConfig},
    session::{ClientSession, Lookup, Resumption, StoreKey},
};

/// How many bytes that came and went a recording has at most, unless somebody says otherwise: 1 MiB. Each takes two
/// characters.
pub const DEFAULT_RECORDED: usize = 1 << 20;

/// Writes one connection to a sink, a line for each thing that happens, at once and in order.
///
/// A sink that fails is not written to again; the connection goes on. A sink that waits makes the connection wait.
///
/// Give it to `connect_recorded` of a `Connector`, or to `read_recorded` of an `Incoming`.
pub struct Recorder(Mutex<Inner>);

struct Inner {
    sink: Option<Box<dyn Write + Send>>,
    secrets: Secrets,
    note: Option<String>,
    /// How many more bytes are recorded.
    left: usize,
    begun: Instant,
    /// The time of the handshake.
    now: UnixTime,
    /// What opens the sessions that clients offer, where its keys are not recorded.
    opens: Option<(&'static Provider, Resumption)>,
}

impl Recorder {
    /// Writes to `sink` up to [`DEFAULT_RECORDED`] bytes of the connection.
    #[expect(clippy::disallowed_methods, reason = "a recording says when")]
    pub fn new(sink: impl Write + Send + 'static, secrets: Secrets) -> Self {
        Self(Mutex::new(Inner {
            sink: Some(Box::new(sink)),
            secrets,
            note: None,
            left: DEFAULT_RECORDED,
            begun: Instant::now(),
            now: UnixTime::since_unix_epoch(Duration::ZERO),
            opens: None,
        }))
    }

    /// Notes something beside it, for whoever reads the recording: who talks to whom, say.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).note = Some(note.into());
        self
    }

    /// Records so many bytes that came and went at most. What follows is left out, and a replay ends there.
    #[must_use]
    pub fn with_limit(self, bytes: usize) -> Self {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).left = bytes;
        self
    }
}

impl Watch for Recorder {
    fn saw(&self, happening: Happening<'_>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.sink.is_some() {
            inner.saw(happening);
        }
    }
}

impl Inner {
    fn saw(&mut self, happening: Happening<'_>) {
        match happening {
            Happening::Started(side, seed, now) => self.started(side, seed, now),
            Happening::Calls(server, config, session) => self.calls(server, config, session),
            Happening::Configured(config, hello) => self.configured(config, hello),
            Happening::Received(bytes, now) => self.received(bytes, now),
            Happening::TooMuch => self.write(&Line::TooMuch {}),
            Happening::Sent(bytes) => {
                let at_us = self.micros();
                self.bytes(bytes, |bytes| Line::Sent { at_us, bytes });
            }
            Happening::Found(key, found) => self.found(key, found),
            Happening::Stored => self.write(&Line::Stored {}),
            Happening::Signature(answer) => {
                self.write(&Line::Signature(answer.as_ref().ok().map(|signature| Hex::of(&signature.0))));
            }
            Happening::Verdict(Ok(_)) => self.write(&Line::Verdict(VerdictLine::Verified)),
            Happening::Verdict(Err(why)) => self.write(&Line::Verdict(VerdictLine::refused(why))),
            Happening::Credential(credential) => {
                self.write(&Line::Credential(credential.map(|is| Box::new(CredentialLine::of(is)))));
            }
            Happening::RefusedName => self.write(&Line::RefusedName {}),
            Happening::Aborted(alert) => self.write(&Line::Aborted(alert.0)),
            Happening::Complete(_, info) => self.write(&Line::Complete(info.handshake.to_string())),
            Happening::Failed(_, error) => self.write(&Line::Failed(error.to_string())),
        }
    }

    fn started(&mut self, side: Side, seed: &[u8; 32], now: UnixTime) {
        self.now = now;
        self.write(&Line::Recording(Header {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            side: side.into(),
            secrets: self.secrets,
        }));
        if let Some(note) = self.note.take() {
            self.write(&Line::Note(note));
        }
        let seed = (self.secrets == Secrets::Recorded).then(|| Hex::of(seed));
        self.write(&Line::Started { now: now.as_secs(), seed });
    }

    fn calls(
        &mut self,
        server: &ServerName<'static>,
        config: &ClientConfig,
        session: Option<&ClientSession>,
    ) {
        let session = session.map(|session| match self.secrets {
            Secrets::Recorded => Hex::of(session.to_bytes().expose()),
            Secrets::Withheld => Hex::of(session.without_secrets().to_bytes().expose()),
        });
        let provider = config.settings.provider.name().to_owned();
        let config = ClientLine::of(config);
        let digest = Hex::of(digest(&config));
        let server = server.to_str().into_owned();
        self.write(&Line::Calls { server, provider, digest, config: Box::new(config), session });
    }

    fn configured(&mut self, config: &ServerConfig, hello: ClientHello<'_>) {
        let mut line = ServerLine::of(config);
        let digest = Hex::of(digest(&line));
        if let (Secrets::Recorded, Some(resumption)) = (self.secrets, &config.resumption) {
            line.resumption = line.resumption.map(|line| line.with_secrets(resumption.keys()));
        }
        let name = config.settings.provider.name().to_owned();
        self.write(&Line::Configured { provider: name, digest, config: Box::new(line) });
        if self.secrets == Secrets::Recorded {
            return;
        }
        let provider = config.settings.provider;
        self.opens = config.resumption.clone().map(|resumption| (provider, resumption));
        let ticket = hello.message().and_then(|hello| hello.extensions.session_ticket);
        if let (Some(ticket @ [_, ..]), Some((provider, resumption))) = (ticket, &self.opens) {
            let opened = resumption.keys().open_ticket(provider, ticket, self.now);
            self.write(&Line::Opened(OpenedLine::of(&opened)));
        }
    }

    fn found(&mut self, key: &StoreKey, found: &Lookup) {
        if let (Lookup::Found(sealed), Some((provider, resumption))) = (found, &self.opens) {
            let opened = resumption.keys().open_stored(provider, key, sealed, self.now);
            self.write(&Line::Opened(OpenedLine::of(&opened)));
        }
        self.write(&Line::Found(match found {
            Lookup::Found(sealed) => FoundLine::Sealed(Hex::of(&sealed.0)),
            Lookup::Missing => FoundLine::Missing,
            Lookup::Unavailable => FoundLine::Unavailable,
        }));
    }

    fn received(&mut self, bytes: &[u8], now: Option<UnixTime>) {
        self.now = now.unwrap_or(self.now);
        let (at_us, now) = (self.micros(), now.map(|now| now.as_secs()));
        self.bytes(bytes, |bytes| Line::Received { at_us, now, bytes });
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// As many of these bytes as there is room for, and a line where some are left out. A line without bytes says that
    /// there were none.
    fn bytes(&mut self, bytes: &[u8], line: impl FnOnce(Hex) -> Line) {
        let room = self.left.min(bytes.len());
        self.left -= room;
        if room > 0 || bytes.is_empty() {
            self.write(&line(Hex::of(bytes.get(..room).unwrap_or_default())));
        }
        if room < bytes.len() {
            self.write(&Line::Full {});
            self.sink = None;
        }
    }

    /// A whole line at once: a sink that drops some drops no part of one.
    fn write(&mut self, line: &Line) {
        let Ok(mut text) = serde_json::to_vec(line).map(Zeroizing::new) else { return };
        text.push(b'\n');
        let written = self.sink.as_mut().map(|sink| sink.write_all(&text));
        if let Some(Err(_)) = written {
            self.sink = None;
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}
