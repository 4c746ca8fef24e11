//! Recorded answers, given again.

use std::sync::Arc;

use super::{
    line::{Line, VerdictLine},
    script::{Script, unfit},
    step::{Difference, End, Step},
    traffic::Traffic,
};
use crate::{
    connection::Connection,
    crypto::{SignError, Signature},
    error::Error,
    pki::{CertificateError, PresentedPeer, VerifiedPeer},
    record::RecvBuf,
    session::HandshakeKind,
};

impl Script<'_> {
    /// Something was asked, and answered like this.
    pub(super) fn answered(&mut self, asked: &'static str, answer: impl Into<String>) {
        self.told.push_back(Step::Answered { asked, answer: answer.into() });
    }

    /// How the handshake is going to end, where that is known before it does.
    pub(super) fn as_recorded(&mut self, kind: HandshakeKind) -> Result<(), End> {
        let now = kind.to_string();
        self.told.push_back(Step::Decided(kind));
        match self.recording.outcome() {
            Some(recorded) if recorded != now => Err(outcome(now, recorded)),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn signature(&mut self) -> Result<Result<Signature, SignError>, End> {
        const ASKED: &str = "NeedsSignature";
        match self.line()? {
            Line::Signature(Some(signature)) => {
                self.answered(ASKED, format!("a signature of {} bytes", signature.0.len()));
                Ok(Ok(Signature(signature.0.to_vec())))
            }
            Line::Signature(None) => {
                self.answered(ASKED, "refused");
                Ok(Err(SignError))
            }
            line => Err(unfit(ASKED, line)),
        }
    }

    pub(super) fn verdict(
        &mut self,
        peer: &PresentedPeer,
    ) -> Result<Result<VerifiedPeer, CertificateError>, End> {
        const ASKED: &str = "NeedsVerdict";
        let line = self.line()?;
        let Line::Verdict(verdict) = line else { return Err(unfit(ASKED, line)) };
        match (verdict.refusal(), verdict) {
            (None, _) => {
                self.answered(ASKED, format!("verified (a chain of {})", peer.chain.len()));
                Ok(Ok(VerifiedPeer::assertion(peer)))
            }
            (Some(why), VerdictLine::Unacceptable(said)) => {
                self.answered(ASKED, format!("refused: {said}"));
                Ok(Err(why))
            }
            (Some(why), _) => {
                self.answered(ASKED, format!("refused: {why}"));
                Ok(Err(why))
            }
        }
    }

    /// The handshake is complete: so it was, and in the same way.
    pub(super) fn complete(&mut self, connection: Connection, buf: RecvBuf) -> Result<Box<Traffic>, End> {
        let now = connection.info().handshake.to_string();
        match self.line()? {
            Line::Complete(recorded) if *recorded == now => {}
            Line::Complete(recorded) | Line::Failed(recorded) => {
                return Err(outcome(now, recorded));
            }
            line => return Err(unfit("Done", line)),
        }
        self.told.push_back(Step::Complete(Box::new(connection.info().clone())));
        let mut traffic = Traffic::new(self, connection, buf);
        // What came together with the last message of the handshake.
        traffic.open(self);
        Ok(Box::new(traffic))
    }

    /// The handshake failed: so it did. The words of an error may be others in another version, and those of a verifier
    /// are not known here; the alert was compared.
    pub(super) fn failed(&mut self, error: Error) -> End {
        match self.line() {
            Ok(Line::Failed(recorded)) => {
                let now = error.to_string();
                if *recorded != now && self.same_words() {
                    return outcome(now, recorded);
                }
                self.told.push_back(Step::Failed { error, recorded: Some(recorded.clone()) });
                match self.line() {
                    Ok(line) => unfit("the end", line),
                    Err(end) => self.at_the_end(end),
                }
            }
            Ok(Line::Complete(recorded)) => outcome(error.to_string(), recorded),
            Ok(line) => unfit("Failed", line),
            Err(end) => {
                self.told.push_back(Step::Failed { error, recorded: None });
                end
            }
        }
    }

    /// Whether the recording has the words that this version has for an error.
    fn same_words(&self) -> bool {
        let foreign = |line: &Line| matches!(line, Line::Verdict(VerdictLine::Unacceptable(_)));
        self.recording.version() == env!("CARGO_PKG_VERSION") && !self.recording.lines.iter().any(foreign)
    }
}

fn outcome(now: String, recorded: &str) -> End {
    End::Differs(Difference::Outcome { now, recorded: recorded.into() })
}

/// A configuration of a recording, to be shared.
pub(super) fn usable<C>(config: Result<C, String>) -> Result<Arc<C>, End> {
    config.map(Arc::new).map_err(End::Unusable)
}
