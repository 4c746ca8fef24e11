//! Whether and how a server resumes, as a recording writes it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hex::Hex;
use crate::{
    crypto::SecretVec,
    session::{
        KeyName, KeyRing, KeyTimes, Partition, RenewWhen, Resumption, SessionContext, TicketKey, Tickets,
    },
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ResumptionLine {
    context: Option<Hex>,
    partition: Hex,
    lifetime: u32,
    authentication_lifetime: u32,
    ids: bool,
    tickets: TicketsWord,
    same_protocol: bool,
    without_extended_master_secret: bool,
    pub(super) keys: Vec<KeyLine>,
    erased_keys: Vec<Hex>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KeyLine {
    name: Hex,
    sealing_from: u64,
    sealing_until: u64,
    opening_until: u64,
    /// Only where secrets are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<Hex>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TicketsWord {
    Off,
    Issue,
    RenewAlways,
    RenewSecondHalf,
    RenewKeyNotNewest,
    Ignore,
    IgnoreAndIssue,
}

impl ResumptionLine {
    /// Without secrets.
    pub(super) fn of(resumption: &Resumption) -> Self {
        Self {
            context: resumption.context().map(|context| Hex::of(context.0)),
            partition: Hex::of(resumption.partition().as_bytes()),
            lifetime: resumption.lifetime(),
            authentication_lifetime: resumption.authentication_lifetime(),
            ids: resumption.ids(),
            tickets: word(resumption.tickets()),
            same_protocol: resumption.requires_same_protocol(),
            without_extended_master_secret: resumption.keeps_without_extended_master_secret(),
            keys: resumption.keys().all().map(KeyLine::of).collect(),
            erased_keys: resumption.keys().erased().iter().map(|name| Hex::of(name.0)).collect(),
        }
    }

    /// What it is, in words.
    pub(super) fn words(&self) -> String {
        let ids = if self.ids { "on" } else { "off" };
        let keys: Vec<String> = self.keys.iter().map(|key| Hex::begins(&key.name.0)).collect();
        let (tickets, keys, lifetime) = (tickets(self.tickets), keys.join(" "), self.lifetime);
        format!("IDs {ids}, tickets {tickets}, sessions last {lifetime} s, ticket keys {keys}")
    }

    /// The same with the secrets of its keys.
    pub(super) fn with_secrets(mut self, keys: &KeyRing) -> Self {
        for (line, key) in self.keys.iter_mut().zip(keys.all()) {
            line.secret = Some(Hex::of(key.secret().expose()));
        }
        self
    }

    pub(super) fn resumption(&self) -> Result<Resumption, String> {
        let mut resumption = Resumption::new(self.ring()?)
            .with_partition(Partition::from_bytes(self.partition.array()?))
            .with_lifetime(Duration::from_secs(self.lifetime.into()))
            .with_authentication_lifetime(Duration::from_secs(self.authentication_lifetime.into()))
            .with_ids(self.ids)
            .with_tickets(tickets(self.tickets));
        if let Some(context) = &self.context {
            resumption = resumption.with_context(SessionContext(context.array()?));
        }
        if self.same_protocol {
            resumption = resumption.with_same_protocol_required();
        }
        if self.without_extended_master_secret {
            resumption = resumption.dangerous_without_extended_master_secret();
        }
        Ok(resumption)
    }

    fn ring(&self) -> Result<KeyRing, String> {
        let mut keys = self.keys.iter().enumerate().map(|(number, key)| key.ticket_key(number));
        let first = keys.next().ok_or("a ring without a ticket key")??;
        let ring = keys.try_fold(KeyRing::new(first), |ring, key| Ok::<_, String>(ring.with_key(key?)))?;
        let erased: Vec<_> = self.erased_keys.iter().map(Hex::array).collect::<Result<_, _>>()?;
        Ok(ring.with_erased(erased.into_iter().map(KeyName)))
    }
}

impl KeyLine {
    fn of(key: &TicketKey) -> Self {
        let KeyTimes { sealing_from, sealing_until, opening_until } = key.times();
        Self { name: Hex::of(key.name().0), sealing_from, sealing_until, opening_until, secret: None }
    }

    /// The key, or one of its name where its secret is not recorded: it seals as many bytes, and opens nothing.
    fn ticket_key(&self, number: usize) -> Result<TicketKey, String> {
        let stand_in = || Hex::of(SessionContext::derive([&b"stand-in"[..], &number.to_be_bytes()]).0);
        let secret = SecretVec::copy_of(&self.secret.clone().unwrap_or_else(stand_in).0);
        if secret.expose().is_empty() {
            return Err("a ticket key without a secret".into());
        }
        let Self { sealing_from, sealing_until, opening_until, .. } = *self;
        let times = KeyTimes { sealing_from, sealing_until, opening_until };
        Ok(TicketKey::raw(KeyName(self.name.array()?), secret.expose(), times))
    }
}

fn word(tickets: Tickets) -> TicketsWord {
    match tickets {
        Tickets::Off => TicketsWord::Off,
        Tickets::Issue => TicketsWord::Issue,
        Tickets::Renew(RenewWhen::Always) => TicketsWord::RenewAlways,
        Tickets::Renew(RenewWhen::SecondHalf) => TicketsWord::RenewSecondHalf,
        Tickets::Renew(RenewWhen::KeyNotNewest) => TicketsWord::RenewKeyNotNewest,
        Tickets::Ignore => TicketsWord::Ignore,
        Tickets::IgnoreAndIssue => TicketsWord::IgnoreAndIssue,
    }
}

fn tickets(word: TicketsWord) -> Tickets {
    match word {
        TicketsWord::Off => Tickets::Off,
        TicketsWord::Issue => Tickets::Issue,
        TicketsWord::RenewAlways => Tickets::Renew(RenewWhen::Always),
        TicketsWord::RenewSecondHalf => Tickets::Renew(RenewWhen::SecondHalf),
        TicketsWord::RenewKeyNotNewest => Tickets::Renew(RenewWhen::KeyNotNewest),
        TicketsWord::Ignore => Tickets::Ignore,
        TicketsWord::IgnoreAndIssue => Tickets::IgnoreAndIssue,
    }
}
