//! The states of a client, and the one table of what is legal in each.

use alloc::{boxed::Box, vec::Vec};

use super::{
    answer::{AwaitHelloDone, AwaitRequestOrDone, Choosing, Signing},
    finish::{FullAwaitCcs, FullAwaitFinished, FullAwaitTicket},
    full::{AwaitCertificate, AwaitKeyExchange, AwaitServerHello, AwaitStatusOrKeyExchange, Judging},
    resumed::{AwaitCertificateOrResumed, ResumedAwaitCcs, ResumedAwaitFinished, ResumedAwaitTicket},
};
use crate::{
    error::Error,
    handshake::{Common, Incoming, Input, Next, Role},
    wire::Message,
};

/// The client's side.
#[derive(Debug)]
pub(crate) struct Client;

/// Which message of the server is awaited.
#[derive(Debug)]
pub(crate) enum Awaiting {
    ServerHello(Box<AwaitServerHello>),
    Certificate(Box<AwaitCertificate>),
    StatusOrKeyExchange(Box<AwaitStatusOrKeyExchange>),
    KeyExchange(Box<AwaitKeyExchange>),
    RequestOrDone(Box<AwaitRequestOrDone>),
    HelloDone(Box<AwaitHelloDone>),
    FullTicket(Box<FullAwaitTicket>),
    FullCcs(Box<FullAwaitCcs>),
    FullFinished(Box<FullAwaitFinished>),
    CertificateOrResumed(Box<AwaitCertificateOrResumed>),
    ResumedTicket(ResumedAwaitTicket),
    ResumedCcs(ResumedAwaitCcs),
    ResumedFinished(Box<ResumedAwaitFinished>),
}

/// What somebody else must answer.
#[derive(Debug)]
pub(crate) enum Ask {
    Verdict(Box<Judging>),
    Credential(Box<Choosing>),
    Signature(Box<Signing>),
}

impl Awaiting {
    /// What may come now.
    fn expects(&self) -> &'static [&'static str] {
        match self {
            Self::ServerHello(_) => &["ServerHello"],
            Self::Certificate(_) => &["Certificate"],
            Self::StatusOrKeyExchange(_) => &["CertificateStatus", "ServerKeyExchange"],
            Self::KeyExchange(_) => &["ServerKeyExchange"],
            Self::RequestOrDone(_) => &["CertificateRequest", "ServerHelloDone"],
            Self::HelloDone(_) => &["ServerHelloDone"],
            Self::CertificateOrResumed(_) => &["Certificate", "NewSessionTicket", "ChangeCipherSpec"],
            Self::FullTicket(_) | Self::ResumedTicket(_) => &["NewSessionTicket"],
            Self::FullCcs(_) | Self::ResumedCcs(_) => &["ChangeCipherSpec"],
            Self::FullFinished(_) | Self::ResumedFinished(_) => &["Finished"],
        }
    }
}

impl Role for Client {
    type Await = Awaiting;
    type Ask = Ask;
    type Handshake = super::ClientHandshake;

    fn expects(state: &Awaiting) -> &'static [&'static str] {
        state.expects()
    }

    /// Every legal message of a client's handshake, one line each. What has no line is an error.
    fn on(state: Awaiting, incoming: Incoming, cx: &mut Common) -> Result<Next<Self>, Error> {
        use Awaiting as S;
        use Message as M;
        let mut storage = Vec::new();
        let expected = state.expects();
        match (state, incoming.decode(&mut storage, expected)?) {
            (S::ServerHello(s), Input::Message { message: M::ServerHello(m), raw }) => {
                s.server_hello(m, raw, cx)
            }
            (S::Certificate(s), Input::Message { message: M::Certificate(m), raw }) => {
                s.certificate(m, raw, cx)
            }
            (S::StatusOrKeyExchange(s), Input::Message { message: M::CertificateStatus(m), raw }) => {
                Ok(s.certificate_status(m, raw))
            }
            (S::StatusOrKeyExchange(s), Input::Message { message: M::ServerKeyExchange(m), raw }) => {
                s.server_key_exchange(m, raw, cx)
            }
            (S::KeyExchange(s), Input::Message { message: M::ServerKeyExchange(m), raw }) => {
                s.server_key_exchange(m, raw, cx)
            }
            (S::RequestOrDone(s), Input::Message { message: M::CertificateRequest(m), raw }) => {
                Ok(s.certificate_request(m, raw))
            }
            (S::RequestOrDone(s), Input::Message { message: M::ServerHelloDone(_), raw }) => {
                s.server_hello_done(raw, cx)
            }
            (S::HelloDone(s), Input::Message { message: M::ServerHelloDone(_), raw }) => {
                s.server_hello_done(raw, cx)
            }
            (S::FullTicket(s), Input::Message { message: M::NewSessionTicket(m), raw }) => {
                Ok(s.new_session_ticket(m, raw))
            }
            (S::FullCcs(s), Input::ChangeCipherSpec(aligned)) => Ok(s.change_cipher_spec(aligned, cx)),
            (S::FullFinished(s), Input::Message { message: M::Finished(m), raw }) => s.finished(m, raw, cx),
            (S::CertificateOrResumed(s), Input::Message { message: M::Certificate(m), raw }) => {
                s.certificate(m, raw, cx)
            }
            (S::CertificateOrResumed(s), Input::Message { message: M::NewSessionTicket(m), raw }) => {
                s.new_session_ticket(m, raw, cx)
            }
            (S::CertificateOrResumed(s), Input::ChangeCipherSpec(aligned)) => {
                s.change_cipher_spec(aligned, cx)
            }
            (S::ResumedTicket(s), Input::Message { message: M::NewSessionTicket(m), raw }) => {
                Ok(Next::Await(s.new_session_ticket(m, raw)))
            }
            (S::ResumedCcs(s), Input::ChangeCipherSpec(aligned)) => Ok(s.change_cipher_spec(aligned, cx)),
            (S::ResumedFinished(s), Input::Message { message: M::Finished(m), raw }) => {
                s.finished(m, raw, cx)
            }
            (_, input) => Err(Error::Unexpected { expected, got: input.name() }),
        }
    }
}
