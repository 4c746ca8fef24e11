//! A client's handshake, run again.

use pki_types::ServerName;

use super::{
    answers::usable,
    line::Line,
    replay::Phase,
    script::{Script, unfit},
    step::End,
};
use crate::{
    client::ClientHandshake,
    pki::Credential,
    record::RecvBuf,
    session::{ClientSession, ClientToken},
};

pub(super) fn start(script: &mut Script<'_>) -> Result<Phase, End> {
    let (seed, now) = script.start()?;
    let line = script.line()?;
    let Line::Calls { server, config, session, .. } = line else { return Err(unfit("the beginning", line)) };
    let unusable = |what: &str| End::Unusable(what.into());
    let server: ServerName<'static> =
        server.clone().try_into().map_err(|_| unusable("no name that can be called"))?;
    let read = |session: &super::hex::Hex| ClientSession::from_bytes(&session.0);
    let session =
        session.as_ref().map(read).transpose().map_err(|_| unusable("a session that does not parse"))?;
    let offered = session.as_ref().map(ClientSession::token);
    script.answered("start", format!("calls {}, offering {}", server.to_str(), offer(offered)));
    let config = config.config(script.provider).map(|config| config.with_key_log(script.key_log.clone()));
    let handshake = ClientHandshake::start(usable(config)?, server, session, seed, RecvBuf::new(), now);
    Ok(Phase::Client(Box::new(handshake)))
}

pub(super) fn step(script: &mut Script<'_>, handshake: ClientHandshake) -> Result<Phase, End> {
    let next = match handshake {
        ClientHandshake::NeedsFlush(ask) => script.flush(ask)?,
        ClientHandshake::NeedsInput(ask) => {
            let expects = ask.expects();
            script.input(ask, expects)?
        }
        ClientHandshake::NeedsVerdict(ask) => {
            let verdict = script.verdict(ask.presented())?;
            ask.answer(verdict)
        }
        ClientHandshake::NeedsCredential(ask) => ask.answer(credential(script)?),
        ClientHandshake::NeedsSignature(ask) => ask.answer(script.signature()?),
        ClientHandshake::Done(done) => {
            return Ok(Phase::Traffic(script.complete(done.connection, done.buf)?));
        }
        ClientHandshake::Failed(failed) => return Err(script.failed(failed.error)),
    };
    Ok(Phase::Client(Box::new(next)))
}

fn credential(script: &mut Script<'_>) -> Result<Option<Credential>, End> {
    const ASKED: &str = "NeedsCredential";
    match script.line()? {
        Line::Credential(Some(line)) => {
            let credential = line.credential().map_err(End::Unusable)?;
            script.answered(ASKED, format!("\"{}\"", credential.name()));
            Ok(Some(credential))
        }
        Line::Credential(None) => {
            script.answered(ASKED, "none");
            Ok(None)
        }
        line => Err(unfit(ASKED, line)),
    }
}

fn offer(token: Option<&ClientToken>) -> String {
    match token {
        None => "no session".into(),
        Some(ClientToken::SessionId(id)) => format!("an ID of {} bytes", id.as_bytes().len()),
        Some(ClientToken::Ticket { ticket, .. }) => format!("a ticket of {} bytes", ticket.len()),
    }
}
