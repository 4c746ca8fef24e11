//! From our hello to the Finished of both sides.

use tls12::{
    schedule::{KeySchedule, Randoms, Side},
    wire::{Alert, ContentType, ExtensionType, Message, ProtocolVersion, ServerHello},
};

use super::{
    Caller, full,
    link::{Came, Link, nonsense},
    offer::Offer,
    protection::Keys,
    random, resumed,
    seen::{Given, Seen},
    trouble::{Stage, Trouble},
};

/// A handshake after its ServerHello.
pub(super) struct Answered<'o> {
    pub(super) offer: &'o Offer,
    pub(super) caller: &'o Caller,
    pub(super) given: Given,
    pub(super) randoms: Randoms,
}

/// The whole handshake.
pub(super) async fn run(link: &mut Link, offer: &Offer, caller: &Caller) -> Result<Seen, Trouble> {
    let client = random()?;
    let hello = offer.message(client, caller.provider);
    let records = link.messages(&hello);
    link.send(&records).await?;
    let Came::Message(message) = link.next().await? else {
        return Err(unexpected("ChangeCipherSpec", "ServerHello"));
    };
    let given = match Message::decode(&message) {
        Ok(Some(Message::ServerHello(hello))) => checked(&hello)?,
        Ok(Some(other)) => return Err(unexpected(other.name(), "ServerHello")),
        Ok(None) | Err(_) => return Err(nonsense("a ServerHello")),
    };
    link.stage = Stage::Answer;
    let randoms = Randoms { client, server: given.random };
    let answered = Answered { offer, caller, given, randoms };
    match link.next().await? {
        // No certificates in an abbreviated handshake, and always one in a full one (RFC 5246, 7.3).
        Came::Message(message) if message.first() == Some(&11) => full::run(link, answered, &message).await,
        came => resumed::run(link, answered, came).await,
    }
}

/// What the hello gave, if it is one of TLS 1.2.
fn checked(hello: &ServerHello<'_>) -> Result<Given, Trouble> {
    // RFC 8446, 4.2.1: a server that negotiates TLS 1.3 says so in this extension.
    let newer = hello.extensions.others.find(ExtensionType::SUPPORTED_VERSIONS);
    if let Some(&[high, low]) = newer {
        return Err(Trouble::Version(ProtocolVersion(u16::from_be_bytes([high, low]))));
    }
    match hello.version {
        ProtocolVersion::TLS1_2 => Ok(Given::of(hello)),
        other => Err(Trouble::Version(other)),
    }
}

/// Something else came than what had to.
pub(super) fn unexpected(came: &str, expected: &str) -> Trouble {
    Trouble::Unexpected(format!("the server sent {came} where {expected} is next"))
}

/// What the server's end of a handshake brought.
pub(super) struct End {
    /// The ticket, and its hint.
    pub(super) ticket: Option<(Vec<u8>, u32)>,
    /// Which of the schedules fits.
    pub(super) fits: usize,
    pub(super) keys: Keys,
}

impl Answered<'_> {
    pub(super) fn suite(&self) -> Result<&'static tls12::crypto::Suite, Trouble> {
        let suite = tls12::crypto::Suite::find(self.given.suite);
        suite.ok_or_else(|| Trouble::Unexpected(format!("the server chose {}", self.given.suite)))
    }

    /// The `verify_data` of one side over the transcript so far.
    pub(super) fn verify_data(
        &self,
        link: &Link,
        schedule: &KeySchedule,
        side: Side,
    ) -> Result<[u8; 12], Trouble> {
        let hash = self.caller.provider.hash(self.suite()?.hash);
        Ok(*schedule.verify_data(side, &hash.hash(&[&link.transcript])).expose())
    }

    pub(super) fn keys(&self, schedule: &KeySchedule) -> Result<Keys, Trouble> {
        Keys::new(self.caller.provider, schedule, self.suite()?, &self.randoms)
            .ok_or_else(|| Trouble::Unexpected(format!("no keys for {}", self.given.suite)))
    }

    /// Reads NewSessionTicket if it comes, ChangeCipherSpec and Finished, which has to fit one of the schedules.
    pub(super) async fn end(
        &self,
        link: &mut Link,
        mut came: Came,
        schedules: &[KeySchedule],
    ) -> Result<End, Trouble> {
        let mut ticket = None;
        loop {
            match came {
                Came::ChangeCipherSpec if link.has_rest() => {
                    return Err(unexpected("ChangeCipherSpec", "the rest of a message"));
                }
                Came::ChangeCipherSpec => break,
                Came::Message(message) => match Message::decode(&message) {
                    Ok(Some(Message::NewSessionTicket(new))) if ticket.is_none() => {
                        ticket = Some((new.ticket.to_vec(), new.lifetime_hint));
                    }
                    Ok(Some(other)) => return Err(unexpected(other.name(), "ChangeCipherSpec")),
                    Ok(None) | Err(_) => return Err(nonsense("a message")),
                },
            }
            came = link.next().await?;
        }
        let (content_type, body) = link.record().await?;
        for (fits, schedule) in schedules.iter().enumerate() {
            let mut keys = self.keys(schedule)?;
            let Some(opened) = keys.opening.open(content_type, &body) else { continue };
            self.check_finished(link, schedule, content_type, &opened)?;
            return Ok(End { ticket, fits, keys });
        }
        // An alert without keys would say why.
        if let (ContentType::ALERT, [_, description]) = (content_type, &body[..]) {
            return Err(Trouble::Alert(Alert(*description), link.stage));
        }
        Err(Trouble::WrongKeys)
    }

    fn check_finished(
        &self,
        link: &mut Link,
        schedule: &KeySchedule,
        content_type: ContentType,
        opened: &[u8],
    ) -> Result<(), Trouble> {
        if content_type == ContentType::ALERT {
            link.heard(opened)?;
        }
        let verify_data = self.verify_data(link, schedule, Side::Server)?;
        match Message::decode(opened) {
            Ok(Some(Message::Finished(finished)))
                if content_type == ContentType::HANDSHAKE && finished.verify_data == verify_data =>
            {
                link.transcript.extend_from_slice(opened);
                Ok(())
            }
            _ => Err(Trouble::WrongKeys),
        }
    }
}
