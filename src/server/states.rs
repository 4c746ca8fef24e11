//! The states of a server, and the one table of what is legal in each.

use alloc::{boxed::Box, vec::Vec};

use super::{
    finish::{FullAwaitCcs, FullAwaitFinished, Storing},
    full::{AwaitCertificate, AwaitCertificateVerify, AwaitKeyExchange, Judging, Signing},
    greeted::{AwaitClientHello, Greeted},
    resumed::{Looking, ResumedAwaitCcs, ResumedAwaitFinished},
};
use crate::{
    error::Error,
    handshake::{Common, Incoming, Input, Next, Role},
    wire::Message,
};

/// The server's side.
#[derive(Debug)]
pub(crate) struct Server;

/// Which message of the client is awaited.
#[derive(Debug)]
pub(crate) enum Awaiting {
    ClientHello(AwaitClientHello),
    Certificate(Box<AwaitCertificate>),
    KeyExchange(Box<AwaitKeyExchange>),
    CertificateVerify(Box<AwaitCertificateVerify>),
    FullCcs(Box<FullAwaitCcs>),
    FullFinished(Box<FullAwaitFinished>),
    ResumedCcs(ResumedAwaitCcs),
    ResumedFinished(ResumedAwaitFinished),
}

/// What somebody else must answer.
#[derive(Debug)]
pub(crate) enum Ask {
    Config(Box<Greeted>),
    Session(Box<Looking>),
    Signature(Box<Signing>),
    Verdict(Box<Judging>),
    Store(Box<Storing>),
}

impl Awaiting {
    pub(super) fn start() -> Self {
        Self::ClientHello(AwaitClientHello)
    }

    /// What may come now.
    fn expects(&self) -> &'static [&'static str] {
        match self {
            Self::ClientHello(_) => &["ClientHello"],
            Self::Certificate(_) => &["Certificate"],
            Self::KeyExchange(_) => &["ClientKeyExchange"],
            Self::CertificateVerify(_) => &["CertificateVerify"],
            Self::FullCcs(_) | Self::ResumedCcs(_) => &["ChangeCipherSpec"],
            Self::FullFinished(_) | Self::ResumedFinished(_) => &["Finished"],
        }
    }
}

impl Role for Server {
    type Await = Awaiting;
    type Ask = Ask;
    type Handshake = super::ServerHandshake;

    fn expects(state: &Awaiting) -> &'static [&'static str] {
        state.expects()
    }

    /// Every legal message of a server's handshake, one line each. What has no line is an error.
    fn on(state: Awaiting, incoming: Incoming, cx: &mut Common) -> Result<Next<Self>, Error> {
        use Awaiting as S;
        use Message as M;
        let mut storage = Vec::new();
        let expected = state.expects();
        match (state, incoming.decode(&mut storage, expected)?) {
            (S::ClientHello(s), Input::Message { message: M::ClientHello(m), raw }) => {
                let greeting = s.check(m, raw, cx)?;
                Ok(Next::Ask(Ask::Config(Box::new(Greeted { raw: storage, greeting }))))
            }
            (S::Certificate(s), Input::Message { message: M::Certificate(m), raw }) => {
                s.certificate(m, raw, cx)
            }
            (S::KeyExchange(s), Input::Message { message: M::ClientKeyExchange(m), raw }) => {
                s.client_key_exchange(m, raw)
            }
            (S::CertificateVerify(s), Input::Message { message: M::CertificateVerify(m), raw }) => {
                s.certificate_verify(m, raw)
            }
            (S::FullCcs(s), Input::ChangeCipherSpec(aligned)) => Ok(s.change_cipher_spec(aligned, cx)),
            (S::FullFinished(s), Input::Message { message: M::Finished(m), raw }) => s.finished(m, raw, cx),
            (S::ResumedCcs(s), Input::ChangeCipherSpec(aligned)) => Ok(s.change_cipher_spec(aligned, cx)),
            (S::ResumedFinished(s), Input::Message { message: M::Finished(m), raw }) => {
                s.finished(m, raw, cx)
            }
            (_, input) => Err(Error::Unexpected { expected, got: input.name() }),
        }
    }
}
