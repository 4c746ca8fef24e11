//! A server's handshake, run again.

use super::{
    answers::usable,
    hex::Hex,
    line::{FoundLine, Line},
    replay::Phase,
    script::{Script, unfit},
    step::End,
};
use crate::{
    record::RecvBuf,
    server::{NeedsConfig, NeedsSession, ServerHandshake},
    session::{Lookup, Opening, ResumedBy, SealedSession},
    wire::{Alert, ClientHello},
};

pub(super) fn start(script: &mut Script<'_>) -> Result<Phase, End> {
    let (seed, now) = script.start()?;
    Ok(Phase::Server(Box::new(ServerHandshake::start(seed, RecvBuf::new(), now))))
}

pub(super) fn step(script: &mut Script<'_>, handshake: ServerHandshake) -> Result<Phase, End> {
    let next = match handshake {
        ServerHandshake::NeedsFlush(ask) => script.flush(ask)?,
        ServerHandshake::NeedsInput(ask) => {
            let expects = ask.expects();
            script.input(ask, expects)?
        }
        ServerHandshake::NeedsConfig(ask) => config(script, ask)?,
        ServerHandshake::NeedsSession(ask) => session(script, ask)?,
        ServerHandshake::NeedsSignature(ask) => {
            script.as_recorded(ask.handshake())?;
            ask.answer(script.signature()?)
        }
        ServerHandshake::NeedsVerdict(ask) => {
            let verdict = script.verdict(ask.presented())?;
            ask.answer(verdict)
        }
        ServerHandshake::NeedsStore(ask) => match script.line()? {
            Line::Stored {} => {
                script.answered("NeedsStore", "stored, or not");
                ask.stored()
            }
            line => return Err(unfit("NeedsStore", line)),
        },
        ServerHandshake::Done(done) => {
            return Ok(Phase::Traffic(script.complete(done.connection, done.buf)?));
        }
        ServerHandshake::Failed(failed) => return Err(script.failed(failed.error)),
    };
    Ok(Phase::Server(Box::new(next)))
}

fn config(script: &mut Script<'_>, ask: NeedsConfig) -> Result<ServerHandshake, End> {
    const ASKED: &str = "NeedsConfig";
    let line = match script.line()? {
        Line::Configured { config, .. } => config,
        Line::RefusedName {} => {
            script.answered(ASKED, "the name is refused");
            return Ok(ask.refuse_name());
        }
        Line::Aborted(alert) => {
            script.answered(ASKED, format!("ended with the alert {}", Alert(*alert)));
            return Ok(ask.abort(Alert(*alert)));
        }
        line => return Err(unfit(ASKED, line)),
    };
    let mut config = line.config(script.provider).map_err(End::Unusable)?;
    let hello = ask.client_hello().message();
    let ticket = hello.and_then(|hello| hello.extensions.session_ticket).unwrap_or_default();
    if let (Some(opening), Some(policy)) = (opening(script, ticket)?, &config.resumption) {
        // That there is no key of this name, or that it is too old, is known without it, and is found out again.
        let name = opening.sealed.first_chunk();
        if name.is_none_or(|name| policy.keys().find(name, script.now).is_ok()) {
            config.resumption = Some(policy.clone().with_keys(policy.keys().clone().with_opening(opening)));
        }
    }
    script.answered(ASKED, format!("{}; {}", line.words(), offer(hello, ticket)));
    Ok(ask.answer(usable(Ok(config.with_key_log(script.key_log.clone())))?))
}

/// What the ticket contained, or the entry that the store is about to have.
fn opening(script: &mut Script<'_>, ticket: &[u8]) -> Result<Option<Opening>, End> {
    let opened = script.line_if(|line| match line {
        Line::Opened(opened) => Some(opened),
        _ => None,
    });
    let Some(opened) = opened else { return Ok(None) };
    let (sealed, by) = match script.peek() {
        Some(Line::Found(FoundLine::Sealed(sealed))) => (sealed.0.to_vec(), ResumedBy::SessionId),
        Some(_) | None => (ticket.to_vec(), ResumedBy::Ticket),
    };
    script.resumed_by = Some(by);
    Ok(Some(Opening { sealed, opened: opened.opened().map_err(End::Unusable)? }))
}

fn session(script: &mut Script<'_>, ask: NeedsSession) -> Result<ServerHandshake, End> {
    const ASKED: &str = "NeedsSession";
    let (found, words) = match script.line()? {
        Line::Found(FoundLine::Sealed(sealed)) => {
            (Lookup::Found(SealedSession(sealed.0.to_vec())), format!("found, {} bytes", sealed.0.len()))
        }
        Line::Found(FoundLine::Missing) => (Lookup::Missing, "missing".into()),
        Line::Found(FoundLine::Unavailable) => (Lookup::Unavailable, "unavailable".into()),
        line => return Err(unfit(ASKED, line)),
    };
    script.answered(ASKED, words);
    Ok(ask.answer(found))
}

/// What the client offers to resume, in words.
fn offer(hello: Option<ClientHello<'_>>, ticket: &[u8]) -> String {
    let id = hello.map_or(0, |hello| hello.session_id.as_bytes().len());
    match ticket {
        [] if id == 0 => "the client offers no session".into(),
        [] => format!("the client offers an ID of {id} bytes"),
        [..] => {
            let name = Hex::begins(ticket);
            format!("the client offers a ticket of {} bytes that begins with {name}", ticket.len())
        }
    }
}
