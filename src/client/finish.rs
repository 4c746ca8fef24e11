//! Both sides change their keys and prove that they saw the same handshake.

use alloc::boxed::Box;

use super::{
    full::{Full, Then, wait},
    states::{Awaiting, Client},
};
use crate::{
    crypto::RecordOpenKey,
    handshake::{Aligned, Common, Complete, Keys, Next},
    schedule::{MasterSecret, Side},
    wire::Finished,
};

/// Appends our ChangeCipherSpec and Finished, and waits for the server's.
pub(super) fn finish(mut full: Full, keys: Keys, cx: &mut Common) -> Then {
    let Keys { master, sealing, opening } = keys;
    full.agreed.finish(Side::Client, &master, sealing, (&mut cx.channel, &mut cx.out));
    wait(Awaiting::FullCcs(Box::new(FullAwaitCcs { full, master, opening })))
}

/// The server's keys change next.
#[derive(Debug)]
pub(crate) struct FullAwaitCcs {
    full: Full,
    master: MasterSecret,
    opening: RecordOpenKey,
}

impl FullAwaitCcs {
    pub(super) fn change_cipher_spec(self: Box<Self>, aligned: Aligned, cx: &mut Common) -> Next<Client> {
        let Self { full, master, opening } = *self;
        cx.channel.protect_reading(opening, aligned);
        Next::Await(Awaiting::FullFinished(Box::new(FullAwaitFinished { full, master })))
    }
}

/// The server's Finished is next, under its new keys.
#[derive(Debug)]
pub(crate) struct FullAwaitFinished {
    full: Full,
    master: MasterSecret,
}

impl FullAwaitFinished {
    pub(super) fn finished(self: Box<Self>, message: Finished, raw: &[u8], cx: &mut Common) -> Then {
        let Self { full: Full { config, mut agreed }, master } = *self;
        let finished = agreed.check_finished(Side::Server, &master, (&message, raw))?;
        let aligned = cx.channel.aligned()?;
        let settings = &config.settings;
        let renegotiation = settings.renegotiation;
        let facts = agreed.facts(settings, Side::Client, master);
        Ok(Next::Done(Box::new(Complete { facts, renegotiation, finished, aligned })))
    }
}
