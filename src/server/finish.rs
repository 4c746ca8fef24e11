//! The end of a full handshake: the client's Finished, what the client is given to resume with, our Finished.

use alloc::boxed::Box;

use super::{
    full::{Full, Then, ask},
    give::Gift,
    states::{Ask, Awaiting, Server},
};
use crate::{
    crypto::RecordSealKey,
    handshake::{Aligned, Common, Complete, FinishedVerified, Keys, Next},
    schedule::{MasterSecret, Side},
    session::NewSession,
    wire::Finished,
};

/// The client's keys change next.
#[derive(Debug)]
pub(crate) struct FullAwaitCcs {
    pub(super) full: Full,
    pub(super) keys: Keys<MasterSecret>,
}

impl FullAwaitCcs {
    pub(super) fn change_cipher_spec(self, aligned: Aligned, cx: &mut Common) -> Next<Server> {
        let Self { full, keys: Keys { master, sealing, opening } } = self;
        cx.channel.protect_reading(opening, aligned);
        Next::Await(Awaiting::FullFinished(Box::new(FullAwaitFinished { full, master, sealing })))
    }
}

/// The client's Finished is next, under its new keys.
#[derive(Debug)]
pub(crate) struct FullAwaitFinished {
    full: Full,
    master: MasterSecret,
    sealing: RecordSealKey,
}

impl FullAwaitFinished {
    pub(super) fn finished(self, message: Finished, raw: &[u8], cx: &mut Common) -> Then {
        let Self { mut full, master, sealing } = self;
        let finished = full.agreed.check_finished(Side::Client, master.schedule(), (&message, raw))?;
        let aligned = cx.channel.aligned()?;
        // R13: only now is there a session to keep, or to give away.
        let gift = full.gives.make(&full, &master, cx);
        let mut ending = Ending { full, master, sealing, proofs: (finished, aligned) };
        let info = &mut ending.full.agreed.info;
        match gift {
            Gift::Nothing => Ok(ending.finish(&[], cx)),
            Gift::Ticket { message, sent, told } => {
                (info.ticket, info.session) = (sent, told);
                Ok(ending.finish(&message, cx))
            }
            Gift::Stored { session, told } => {
                info.session = Some(told);
                ask(Ask::Store(Box::new(Storing { ending, session })))
            }
        }
    }
}

/// The client proved itself; only our last flight is missing.
#[derive(Debug)]
struct Ending {
    full: Full,
    master: MasterSecret,
    sealing: RecordSealKey,
    proofs: (FinishedVerified, Aligned),
}

impl Ending {
    /// Appends [NewSessionTicket], ChangeCipherSpec and Finished.
    fn finish(self, ticket: &[u8], cx: &mut Common) -> Next<Server> {
        let Self { full: Full { config, mut agreed, gives }, master, sealing, proofs } = self;
        if !ticket.is_empty() {
            agreed.transcript.add(ticket);
            cx.channel.messages(ticket, &mut cx.out);
        }
        agreed.finish(Side::Server, master.schedule(), sealing, (&mut cx.channel, &mut cx.out));
        let settings = &config.settings;
        let renegotiation = settings.renegotiation;
        let mut facts = agreed.facts(settings, Side::Server, master.into_schedule());
        facts.store_key = gives.store_key(&config);
        let facts = Box::new(facts);
        Next::Done(Complete { facts, renegotiation, proofs, session: None })
    }
}

/// Somebody stores the session before the client hears that it may resume it.
#[derive(Debug)]
pub(crate) struct Storing {
    ending: Ending,
    pub(super) session: NewSession,
}

impl Storing {
    /// Stored or not: a session that is not there is only not resumed.
    pub(super) fn stored(self, cx: &mut Common) -> Next<Server> {
        self.ending.finish(&[], cx)
    }
}
