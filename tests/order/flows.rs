//! The flows of RFC 5246, 7.3, as what the test says, message by message, and what the other side awaits before each.

use std::sync::Arc;

use tls12::{
    ClientAuth,
    schedule::Side,
    wire::{ContentType, HandshakeType as H},
};

use super::resumption;
use crate::common::{
    certs::Key,
    forge::Log,
    pair::World,
    puppet::{Now, Puppet},
    recording::Recording,
};

/// What may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Message(H),
    ChangeCipherSpec,
    ApplicationData,
    /// RFC 6520: a record of a type that was not negotiated.
    Heartbeat,
}

/// What a side awaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    ServerHello,
    ServerCertificate,
    /// A staple was promised (RFC 6066, 8).
    StatusOrKeyExchange,
    ServerKeyExchange,
    RequestOrDone,
    Done,
    /// A ticket was promised (RFC 5077, 3.3).
    ServerTicket,
    /// A ticket was offered, no ID is echoed, and no new ticket is promised: what comes tells whether it is resumed.
    CertificateOrChangeCipherSpec,
    /// The same, with a promise.
    CertificateOrTicket,
    ServerChangeCipherSpec,
    ServerFinished,
    ClientTraffic,
    ClientHello,
    ClientCertificate,
    ClientKeyExchange,
    CertificateVerify,
    ClientChangeCipherSpec,
    ClientFinished,
    ServerTraffic,
}

/// A handshake in which the test plays one side.
pub(crate) struct Flow {
    pub(crate) name: &'static str,
    /// The side that is real.
    pub(crate) side: Side,
    pub(crate) world: World,
    log: Arc<Log>,
    pub(crate) recording: Recording,
    /// What the test says, and what the real side awaits just then.
    pub(crate) steps: Vec<(State, Input)>,
}

impl Flow {
    pub(super) fn new(name: &'static str, side: Side, mut world: World, steps: &[(State, H)]) -> Self {
        let log = world.keep_key_log();
        let recording = Recording::of(&world);
        let mut steps: Vec<_> = steps.iter().map(|(state, h)| (*state, Input::Message(*h))).collect();
        steps.extend(match side {
            Side::Client => [
                (State::ServerChangeCipherSpec, Input::ChangeCipherSpec),
                (State::ServerFinished, Input::Message(H::FINISHED)),
            ],
            Side::Server => [
                (State::ClientChangeCipherSpec, Input::ChangeCipherSpec),
                (State::ClientFinished, Input::Message(H::FINISHED)),
            ],
        });
        Self { name, side, world, log, recording, steps }
    }

    /// The same in a world that differs in nothing that is said.
    pub(crate) fn in_world(self, change: impl FnOnce(World) -> World) -> Self {
        Self { world: change(self.world), ..self }
    }

    /// What is awaited after `said` steps.
    pub(crate) fn state(&self, said: usize) -> State {
        match (self.steps.get(said), self.side) {
            (Some((state, _)), _) => *state,
            (None, Side::Client) => State::ClientTraffic,
            (None, Side::Server) => State::ServerTraffic,
        }
    }

    /// How many steps come before this is said.
    pub(crate) fn before(&self, input: Input) -> usize {
        self.steps.iter().position(|step| step.1 == input).expect("a step of this flow")
    }

    /// Nothing is said yet.
    pub(crate) fn start(&self) -> Puppet<'_> {
        Puppet::against(self.side, &self.world, &self.log)
    }

    /// The first `said` steps are over.
    pub(crate) fn after(&self, said: usize) -> Puppet<'_> {
        let mut puppet = self.start();
        for (_, input) in &self.steps[..said] {
            assert_eq!(puppet.now(), Now::Handshaking, "{}: before {input:?}", self.name);
            self.say(&mut puppet, *input);
        }
        puppet
    }

    /// Says the next step after the first `said` are over, and so on to the end.
    pub(crate) fn finish(&self, puppet: &mut Puppet<'_>, said: usize) -> Now {
        for (_, input) in &self.steps[said..] {
            self.say(puppet, *input);
        }
        puppet.now()
    }

    /// The handshake is over.
    pub(crate) fn established(&self) -> Puppet<'_> {
        let puppet = self.after(self.steps.len());
        assert_eq!(puppet.now(), Now::Established, "{}", self.name);
        puppet
    }

    /// Says one thing as it should be.
    pub(crate) fn say(&self, puppet: &mut Puppet<'_>, input: Input) -> Now {
        match input {
            Input::Message(H::FINISHED) if puppet.sealing.is_some() => puppet.finish(),
            Input::Message(H::HELLO_REQUEST) => puppet.send(ContentType::HANDSHAKE, &[0; 4]),
            Input::Message(msg_type) => {
                let message = self.message(msg_type);
                puppet.message(&message)
            }
            Input::ChangeCipherSpec => puppet.change_cipher_spec(),
            Input::ApplicationData => puppet.send(ContentType::APPLICATION_DATA, b"data"),
            // RFC 6520, 4: type heartbeat_request, a payload of one byte, 16 bytes of padding.
            Input::Heartbeat => puppet.send(ContentType::HEARTBEAT, &[&[1, 0, 1, 7][..], &[0; 16]].concat()),
        }
    }

    /// A message of this type that is well formed: the flow's own, or else a sample.
    pub(crate) fn message(&self, msg_type: H) -> Vec<u8> {
        let said = match self.side {
            Side::Client => &self.recording.server,
            Side::Server => &self.recording.client,
        };
        let own = said.iter().find(|message| message[0] == msg_type.0).cloned();
        own.or_else(|| self.recording.find(msg_type)).unwrap_or_else(|| sample(msg_type))
    }
}

/// Well-formed messages for flows that have none of the type.
fn sample(msg_type: H) -> Vec<u8> {
    let body: &[u8] = match msg_type {
        H::HELLO_REQUEST => &[],
        H::NEW_SESSION_TICKET => &[0, 0, 14, 16, 0, 3, 1, 2, 3],
        H::CERTIFICATE_REQUEST => &[2, 1, 64, 0, 4, 4, 3, 8, 4, 0, 4, 0, 2, 0x30, 0],
        H::CERTIFICATE_VERIFY => &[8, 4, 0, 2, 0x55, 0x55],
        H::FINISHED => &[7; 12],
        H::CERTIFICATE_STATUS => &[1, 0, 0, 2, 0x30, 0],
        _ => b"a body that nobody should look at",
    };
    let len = u8::try_from(body.len()).expect("a short body");
    [&[msg_type.0, 0, 0, len], body].concat()
}

/// The handshakes against a real client.
pub(crate) fn client_flows() -> Vec<Flow> {
    full_client_flows().into_iter().chain(resumption::client_flows()).collect()
}

/// The handshakes against a real server.
pub(crate) fn server_flows() -> Vec<Flow> {
    full_server_flows().into_iter().chain(resumption::server_flows()).collect()
}

/// The full handshakes without resumption against a real client.
fn full_client_flows() -> Vec<Flow> {
    use State as S;
    const HELLO: [(State, H); 2] =
        [(S::ServerHello, H::SERVER_HELLO), (S::ServerCertificate, H::CERTIFICATE)];
    const STATUS: [(State, H); 2] =
        [(S::StatusOrKeyExchange, H::CERTIFICATE_STATUS), (S::ServerKeyExchange, H::SERVER_KEY_EXCHANGE)];
    const NO_STATUS: [(State, H); 1] = [(S::StatusOrKeyExchange, H::SERVER_KEY_EXCHANGE)];
    const EXCHANGE: [(State, H); 1] = [(S::ServerKeyExchange, H::SERVER_KEY_EXCHANGE)];
    const REQUEST: [(State, H); 2] =
        [(S::RequestOrDone, H::CERTIFICATE_REQUEST), (S::Done, H::SERVER_HELLO_DONE)];
    const DONE: [(State, H); 1] = [(S::RequestOrDone, H::SERVER_HELLO_DONE)];
    let flow = |name, world, middle: &[_], end: &[_]| {
        Flow::new(name, Side::Client, world, &[&HELLO[..], middle, end].concat())
    };
    let certified = |world: World| world.with_client_certificate(ClientAuth::Request, Key::EcdsaP256);
    vec![
        flow("plain", World::new(), &EXCHANGE, &DONE),
        flow("stapled", World::stapled(), &STATUS, &DONE),
        flow("staple promised and not sent", World::stapled(), &NO_STATUS, &DONE),
        flow("with a client certificate", certified(World::new()), &EXCHANGE, &REQUEST),
        flow("without the client certificate", World::new().with_anonymous_client(), &EXCHANGE, &REQUEST),
        flow("client certificate not asked for", certified(World::new()), &EXCHANGE, &DONE),
        flow("stapled, with a client certificate", certified(World::stapled()), &STATUS, &REQUEST),
    ]
}

/// The full handshakes without resumption against a real server.
fn full_server_flows() -> Vec<Flow> {
    use State as S;
    const HELLO: [(State, H); 1] = [(S::ClientHello, H::CLIENT_HELLO)];
    const CERTIFICATE: [(State, H); 1] = [(S::ClientCertificate, H::CERTIFICATE)];
    const EXCHANGE: [(State, H); 1] = [(S::ClientKeyExchange, H::CLIENT_KEY_EXCHANGE)];
    const VERIFY: [(State, H); 1] = [(S::CertificateVerify, H::CERTIFICATE_VERIFY)];
    let certified = |auth| World::new().with_client_certificate(auth, Key::EcdsaP256);
    let flow = |name, world, steps: &[&[_]]| Flow::new(name, Side::Server, world, &steps.concat());
    let with_certificate = [&HELLO[..], &CERTIFICATE, &EXCHANGE, &VERIFY];
    vec![
        flow("plain", World::new(), &[&HELLO, &EXCHANGE]),
        flow("stapled", World::stapled(), &[&HELLO, &EXCHANGE]),
        flow("requested certificate", certified(ClientAuth::Request), &with_certificate),
        flow("required certificate", certified(ClientAuth::Require), &with_certificate),
        flow("no certificate", World::new().with_anonymous_client(), &[&HELLO, &CERTIFICATE, &EXCHANGE]),
    ]
}

/// All of them.
pub(crate) fn flows() -> impl Iterator<Item = Flow> {
    client_flows().into_iter().chain(server_flows())
}

/// The plain full handshake against a real side.
pub(crate) fn plain(side: Side) -> Flow {
    let flows = if side == Side::Client { full_client_flows() } else { full_server_flows() };
    flows.into_iter().next().expect("the first flow is the plain one")
}

/// A full handshake and abbreviated ones, against each real side.
pub(crate) fn full_and_resumed() -> Vec<Flow> {
    let resumed = ["resumed by ID", "resumed by ticket, renewed"];
    let mut kinds: Vec<_> = [Side::Client, Side::Server].map(plain).into();
    let more = resumption::client_flows().into_iter().chain(resumption::server_flows());
    kinds.extend(more.filter(|flow| resumed.contains(&flow.name)));
    kinds
}

/// One with a client certificate, against a real server.
pub(crate) fn certified() -> Flow {
    let named = |flow: &Flow| flow.name == "required certificate";
    server_flows().into_iter().find(named).expect("a flow with a certificate")
}
