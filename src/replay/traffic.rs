//! An established connection, run again.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::{
    line::Line,
    script::{Script, differs, unfit},
    step::{Difference, End, Step},
};
use crate::{
    connection::{Abort, Connection, HalfReceived, Reader, Reply, Writer},
    explain::{Explainer, KeyLogSecrets, Seen},
    record::RecvBuf,
    schedule::Side,
    wire::{Alert, AlertLevel, AlertMessage, Decode, HEADER_LEN, RecordHeader},
};

/// Both halves. What the application sent is what was in the records that were sent.
pub(super) struct Traffic {
    ours: Side,
    reader: Reader,
    receiving: Receiving,
    /// None after the last alert.
    writer: Option<Writer>,
    buf: RecvBuf,
    /// What the peer is owed, and was not sent yet.
    owed: VecDeque<Owed>,
    /// Opens what was sent.
    explainer: Explainer,
    /// What was made and is not compared yet, and what was sent and is not.
    made: Vec<u8>,
    sent: Vec<u8>,
    /// How many bytes are in the lines of what was sent that are still to come.
    to_come: usize,
}

/// Whether there is anything more to be received.
enum Receiving {
    GoesOn,
    Failed,
}

enum Owed {
    Reply(Reply),
    Abort(Abort),
}

impl Traffic {
    pub(super) fn new(script: &Script<'_>, connection: Connection, buf: RecvBuf) -> Self {
        let (reader, writer) = connection.split();
        let secrets = Arc::new(KeyLogSecrets::read(script.key_log.text().as_bytes()));
        let mut explainer = Explainer::new().with_secrets(script.provider, secrets).with_application_data();
        for (from, bytes) in script.past() {
            explainer.bytes(from, bytes);
        }
        Self {
            ours: script.recording.side(),
            reader,
            receiving: Receiving::GoesOn,
            writer: Some(writer),
            buf,
            owed: VecDeque::new(),
            explainer,
            made: Vec::new(),
            sent: Vec::new(),
            to_come: script.to_be_sent(),
        }
    }

    pub(super) fn step(&mut self, script: &mut Script<'_>) -> Result<(), End> {
        let line = script.line().map_err(|end| match end {
            End::Unfinished if !self.sent.is_empty() => End::WithinRecord,
            end => end,
        });
        let line = line.map_err(|end| script.at_the_end(end))?;
        match line {
            Line::Received { at_us, bytes, .. } => {
                let (at, bytes) = (Duration::from_micros(*at_us), bytes.0.to_vec());
                self.explainer.bytes(self.ours.peer(), &bytes);
                script.told.push_back(Step::Received {
                    at,
                    expects: &["application data"],
                    bytes: bytes.clone(),
                });
                self.receive(script, &bytes)
            }
            Line::Sent { at_us, bytes } => {
                self.send(&bytes.0)?;
                self.to_come -= bytes.0.len();
                let same = bytes.0.len().saturating_sub(self.never_opened());
                let (at, bytes) = (Duration::from_micros(*at_us), bytes.0.to_vec());
                script.told.push_back(Step::Sent { at, same, bytes });
                Ok(())
            }
            line => Err(unfit("the connection", line)),
        }
    }

    fn receive(&mut self, script: &mut Script<'_>, mut bytes: &[u8]) -> Result<(), End> {
        if matches!(self.receiving, Receiving::Failed) {
            let difference = Difference::Need { needed: "the end of what comes", recorded: "received" };
            return Err(End::Differs(difference));
        }
        let nothing = bytes.is_empty();
        while nothing || !bytes.is_empty() {
            let spare = self.buf.spare();
            let n = spare.len().min(bytes.len());
            spare.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
            bytes = bytes.get(n..).unwrap_or_default();
            if let Err(truncated) = self.buf.received(n) {
                script.told.push_back(Step::Failed { error: truncated.into(), recorded: None });
                return Ok(());
            }
            self.open(script);
        }
        Ok(())
    }

    /// Opens all records that are whole.
    pub(super) fn open(&mut self, script: &mut Script<'_>) {
        loop {
            match self.reader.receive(&mut self.buf) {
                Ok(HalfReceived::NeedsInput | HalfReceived::Closed) => return,
                Ok(HalfReceived::Data(_)) => {}
                Ok(HalfReceived::Reply(reply)) => self.owed.push_back(Owed::Reply(reply)),
                Ok(HalfReceived::Abort(abort)) => self.owed.push_back(Owed::Abort(abort)),
                Err(error) => {
                    self.receiving = Receiving::Failed;
                    script.told.push_back(Step::Failed { error, recorded: None });
                    return;
                }
            }
        }
    }

    /// How many bytes were sent of a record whose end is not in the recording: what cannot be opened cannot be compared.
    fn never_opened(&self) -> usize {
        let header = self.sent.get(..HEADER_LEN).and_then(|header| RecordHeader::decode(header).ok());
        let length = header.map_or(0, |header| usize::from(header.length));
        match self.sent.len() + self.to_come < HEADER_LEN + length {
            true => self.sent.len(),
            false => 0,
        }
    }

    /// Makes again what is in these bytes, and compares.
    fn send(&mut self, sent: &[u8]) -> Result<(), End> {
        self.sent.extend_from_slice(sent);
        for event in self.explainer.bytes(self.ours, sent) {
            self.make(event.seen)?;
        }
        let both = self.made.len().min(self.sent.len());
        if self.made.get(..both) != self.sent.get(..both) {
            return Err(differs(&self.made, &self.sent));
        }
        self.made.drain(..both);
        self.sent.drain(..both);
        Ok(())
    }

    fn make(&mut self, seen: Seen) -> Result<(), End> {
        let made = &mut self.made;
        match (seen, &mut self.writer) {
            (Seen::Record(_), _) => {}
            (Seen::ApplicationData { data: Some(data), .. }, Some(writer)) => {
                writer.send(&data.0, made).map_err(|error| End::Unusable(error.to_string()))?;
            }
            (Seen::Alert(alert), Some(_)) => self.alert(alert)?,
            (Seen::DoesNotOpen { .. }, _) => {
                return Err(End::Differs(Difference::Need {
                    needed: "the connection",
                    recorded: "a record of other keys",
                }));
            }
            (_, _) => {
                return Err(End::Differs(Difference::Need {
                    needed: "the end of what is sent",
                    recorded: "sent",
                }));
            }
        }
        Ok(())
    }

    fn alert(&mut self, alert: AlertMessage) -> Result<(), End> {
        let made = &mut self.made;
        match (alert.level, alert.description, self.owed.pop_front()) {
            (AlertLevel::WARNING, Alert::CLOSE_NOTIFY, owed) => {
                // The application closed before it heard of anything else.
                if let Some(owed) = owed {
                    self.owed.push_front(owed);
                }
                if let Some(writer) = self.writer.take() {
                    writer.close(made);
                }
            }
            (AlertLevel::WARNING, _, Some(Owed::Reply(reply))) => {
                if let Some(writer) = &mut self.writer {
                    writer.reply(reply, made);
                }
            }
            (_, _, Some(Owed::Abort(abort))) => {
                if let Some(writer) = self.writer.take() {
                    writer.abort(abort, made);
                }
            }
            (_, _, Some(Owed::Reply(_)) | None) => {
                return Err(End::Differs(Difference::Need { needed: "no alert", recorded: "sent" }));
            }
        }
        Ok(())
    }
}
