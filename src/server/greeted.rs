//! The ClientHello, and which handshake it leads to.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::ops::Range;

use super::{
    config::ServerConfig,
    flight::{self, Hello},
    full::{Full, Signing, Then, ask},
    give::Gives,
    greeting::{self, Greeting},
    hello::{self, Terms, asks_for_certificate},
    states::Ask,
};
use crate::{
    crypto::{Label, SignatureRequest},
    error::{Error, Incompatible},
    handshake::{Agreed, Common},
    schedule::{Log, Randoms, Transcript},
    session::{HandshakeKind, NotResumed},
    wire::{ClientHello, Decode, EcdheParams, Encode, HANDSHAKE_HEADER_LEN},
};

/// Nothing has come yet.
#[derive(Debug)]
pub(crate) struct AwaitClientHello;

impl AwaitClientHello {
    /// What can be wrong before anybody is asked.
    pub(super) fn check(
        self,
        hello: ClientHello<'_>,
        raw: &[u8],
        cx: &mut Common,
    ) -> Result<Greeting, Error> {
        let greeting = greeting::check(&hello, raw)?;
        // Nothing of the client's can follow before our flight.
        cx.channel.aligned()?;
        Ok(greeting)
    }
}

/// A ClientHello came, and somebody chooses the configuration for it.
#[derive(Debug)]
pub(crate) struct Greeted {
    /// The message with its header.
    pub(super) raw: Vec<u8>,
    pub(super) greeting: Greeting,
}

impl Greeted {
    pub(super) fn config(mut self: Box<Self>, config: Arc<ServerConfig>, cx: &mut Common) -> Then {
        let terms = hello::terms(&config, &mut self)?;
        cx.channel.negotiated(config.settings.max_certificate, config.settings.max_send);
        flight::limit_records(terms.lengths, &mut cx.channel);
        Configured { greeted: self, config, terms }.decide(cx)
    }

    /// The bytes of a part of the message.
    pub(super) fn part(&self, place: &Range<usize>) -> &[u8] {
        self.raw.get(place.clone()).unwrap_or_default()
    }
}

fn read(raw: &[u8]) -> Result<ClientHello<'_>, Error> {
    let body = raw.get(HANDSHAKE_HEADER_LEN..).unwrap_or_default();
    ClientHello::decode(body).map_err(|why| Error::Decode { message: "ClientHello", why })
}

/// A ClientHello, and what both sides do on its behalf.
#[derive(Debug)]
pub(super) struct Configured {
    pub(super) greeted: Box<Greeted>,
    pub(super) config: Arc<ServerConfig>,
    pub(super) terms: Terms,
}

impl Configured {
    /// A handshake with certificates: our flight up to where it needs a signature.
    pub(super) fn full(self, reason: NotResumed, cx: &mut Common) -> Then {
        let Self { greeted, config, terms } = self;
        let raw = &greeted.raw;
        // Once more, for what no abbreviated handshake needs.
        let hello = read(raw)?;
        let fit = hello::fit(&config, &hello, terms.server_name.as_ref())?;
        let settings = &config.settings;
        let group = settings.provider.group(fit.group).ok_or(Incompatible::Group)?;
        let exchange = cx.seed.exchange(group);
        let random = cx.seed.draw_public(Label::ServerRandom);
        let randoms = Randoms { client: hello.random, server: random };

        let mut flight = Vec::new();
        let gives = Gives::promise(&config, &hello, &terms, cx);
        Hello::full(&config, &fit, &terms, random, gives).write(&terms, &mut flight);
        flight::certificate(&fit.credential, fit.staple, &mut flight);
        let params = EcdheParams { group: fit.group, public: exchange.share() }.encode();
        let request = SignatureRequest {
            credential: fit.credential.name_arc().clone(),
            scheme: fit.scheme,
            // RFC 8422, 5.4: "SHA(ClientHello.random + ServerHello.random + ServerKeyExchange.params)"
            message: [&randoms.client[..], &randoms.server, &params].concat(),
        };
        let log = if asks_for_certificate(&config) { Log::Keep } else { Log::Drop };
        let mut info = flight::info(terms, fit.suite.id, HandshakeKind::Full(reason));
        info.group = Some(fit.group);
        info.credential = Some(fit.credential.name_arc().clone());
        let agreed = Box::new(Agreed {
            suite: fit.suite,
            randoms,
            // Our hello is added with the rest of our flight.
            transcript: Transcript::begin(settings.provider, fit.suite.hash, log, &[raw]),
            info,
            credential: Some(fit.credential),
        });
        let full = Full { config, agreed, gives };
        ask(Ask::Signature(Box::new(Signing { full, exchange, flight, request })))
    }
}
