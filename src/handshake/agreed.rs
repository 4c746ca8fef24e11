//! What both hellos fixed, and what comes of it.

use alloc::{boxed::Box, vec::Vec};

use super::{
    channel::Channel,
    proofs::{Aligned, FinishedVerified},
    settings::{Renegotiation, Settings},
    step::Common,
};
use crate::{
    connection::{Connection, ConnectionInfo, Facts},
    crypto::{RecordOpenKey, RecordSealKey, Secret, Suite},
    error::{Error, Refusal},
    pki::Credential,
    record::RecvBuf,
    schedule::{KeySchedule, MasterSecret, Premaster, Randoms, Side, Transcript, log_master_secret},
    session::ClientSession,
    wire::Finished,
};

/// What both hellos fixed. A handshake carries it from the ServerHello to its end.
#[derive(Debug)]
pub(crate) struct Agreed {
    pub(crate) suite: &'static Suite,
    pub(crate) randoms: Randoms,
    pub(crate) transcript: Transcript,
    /// What the connection will tell, as far as it is known.
    pub(crate) info: ConnectionInfo,
    /// What we present, if we do.
    pub(crate) credential: Option<Credential>,
}

/// The keys of both directions that are not in use yet, and what they come from: a [`MasterSecret`] that becomes a
/// session, or the [`KeySchedule`] of one that is resumed.
#[derive(Debug)]
pub(crate) struct Keys<M> {
    pub(crate) master: M,
    pub(crate) sealing: RecordSealKey,
    pub(crate) opening: RecordOpenKey,
}

impl Agreed {
    /// The master secret of a full handshake; the transcript ends with ClientKeyExchange.
    pub(crate) fn master(&self, settings: &Settings, premaster: Premaster) -> MasterSecret {
        let (provider, hash) = (settings.provider, self.suite.hash);
        match self.info.extended_master_secret {
            true => MasterSecret::extended(provider, hash, premaster, &self.transcript.session_hash()),
            false => MasterSecret::classic(provider, hash, premaster, &self.randoms),
        }
    }

    /// The keys that follow from the master secret.
    pub(crate) fn keys<M: AsRef<KeySchedule>>(
        &self,
        settings: &Settings,
        side: Side,
        master: M,
    ) -> Result<Keys<M>, Error> {
        let traffic = master.as_ref().traffic_keys(self.suite, &self.randoms);
        let refused = || Error::Refused(Refusal::Provider);
        let sealing = traffic.of(side).sealing(settings.provider).ok_or_else(refused)?;
        let opening = traffic.of(side.peer()).opening(settings.provider).ok_or_else(refused)?;
        Ok(Keys { master, sealing, opening })
    }

    /// Writes the master secret to the key log, if there is one.
    pub(crate) fn log(&self, settings: &Settings, secret: &Secret<48>) {
        if let Some(log) = &settings.key_log {
            log_master_secret(secret, &self.randoms, &**log);
        }
    }

    /// Appends ChangeCipherSpec and our Finished.
    pub(crate) fn finish(
        &mut self,
        side: Side,
        schedule: &KeySchedule,
        sealing: RecordSealKey,
        (channel, out): (&mut Channel, &mut Vec<u8>),
    ) {
        let verify_data = *schedule.verify_data(side, &self.transcript.current()).expose();
        let finished = Finished { verify_data }.framed();
        self.transcript.add(&finished);
        channel.change_cipher_spec(sealing, out);
        channel.messages(&finished, out);
    }

    /// Checks the peer's Finished, and adds it to the transcript.
    pub(crate) fn check_finished(
        &mut self,
        side: Side,
        schedule: &KeySchedule,
        (finished, raw): (&Finished, &[u8]),
    ) -> Result<FinishedVerified, Error> {
        let verified = FinishedVerified::check(finished, side, schedule, &self.transcript)?;
        self.transcript.add(raw);
        Ok(verified)
    }

    /// What the connection keeps.
    pub(crate) fn facts(self, settings: &Settings, side: Side, schedule: KeySchedule) -> Facts {
        Facts {
            info: self.info,
            side,
            provider: settings.provider,
            schedule,
            randoms: self.randoms,
            credential: self.credential,
            store_key: None,
        }
    }
}

/// A handshake that is over: both Finished are verified, and nothing is left over.
#[derive(Debug)]
pub(crate) struct Complete {
    pub(crate) facts: Box<Facts>,
    pub(crate) renegotiation: Renegotiation,
    pub(crate) proofs: (FinishedVerified, Aligned),
    /// What a client may offer next time.
    pub(crate) session: Option<ClientSession>,
}

impl Complete {
    /// Traffic begins: the state of the handshake is gone.
    pub(crate) fn into_connection(self, common: Common) -> (Connection, RecvBuf, Option<ClientSession>) {
        let Self { facts, renegotiation, proofs, session } = self;
        (Connection::new(common.channel, renegotiation, facts, proofs), common.buf, session)
    }
}
