//! One step of a handshake, of either side: what was received is used up, then somebody says what is needed.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use pki_types::UnixTime;

use super::{
    agreed::Complete,
    channel::{Channel, Incoming},
};
use crate::{
    crypto::{SecretVec, Seed},
    error::Error,
    record::{Excess, RecvBuf},
    schedule::Side,
    session::StoreKey,
};

/// What a side adds to the steps: its states, its asks, and what its handshake is called.
pub(crate) trait Role: Sized {
    /// The states in which the peer's next message is awaited.
    type Await: fmt::Debug;
    /// What somebody else must answer.
    type Ask: fmt::Debug;
    /// The public handshake.
    type Handshake: From<Step<Self>>;

    /// What may come in this state.
    fn expects(state: &Self::Await) -> &'static [&'static str];

    /// The table of legal messages.
    fn on(state: Self::Await, incoming: Incoming, cx: &mut Common) -> Result<Next<Self>, Error>;
}

/// What every state of a handshake has at hand.
pub(crate) struct Common {
    pub(crate) buf: RecvBuf,
    pub(crate) channel: Channel,
    /// What the peer is owed.
    pub(crate) out: Vec<u8>,
    pub(crate) seed: Seed,
    /// The time of the last bytes.
    pub(crate) now: UnixTime,
    /// What a server binds into the session of this handshake.
    pub(crate) application_data: SecretVec,
    /// A stored session that a failure removes (R29).
    pub(crate) forget: Option<StoreKey>,
    /// Whether a client offered a session, which a failure removes (R29).
    pub(crate) offered: bool,
}

/// What a state gives way to.
#[derive(Debug)]
pub(crate) enum Next<R: Role> {
    /// The peer's next message.
    Await(R::Await),
    /// Somebody's answer.
    Ask(R::Ask),
    /// Traffic.
    Done(Complete),
}

/// What a handshake needs, before it has its public name.
pub(crate) enum Step<R: Role> {
    Flush(Flush<R>),
    Input(Receive<R>),
    Ask(Box<Common>, R::Ask),
    Done(Box<Common>, Complete),
    Failed(Box<Common>, Error),
}

/// Bytes that the peer needs, and what comes then.
pub(crate) struct Flush<R: Role> {
    common: Box<Common>,
    sent: usize,
    then: Result<Next<R>, Error>,
}

/// Bytes that are needed from the peer.
pub(crate) struct Receive<R: Role> {
    common: Box<Common>,
    state: R::Await,
}

impl Common {
    pub(crate) fn new(side: Side, seed: Seed, buf: RecvBuf, now: UnixTime) -> Box<Self> {
        Box::new(Self {
            buf,
            channel: Channel::new(side),
            out: Vec::new(),
            seed,
            now,
            application_data: SecretVec::new(Vec::new()),
            forget: None,
            offered: false,
        })
    }

    /// Uses up what was received, then says what is needed. The one place where an error becomes an alert, and
    /// where output comes before waiting.
    pub(crate) fn go<R: Role>(mut self: Box<Self>, mut next: Result<Next<R>, Error>) -> R::Handshake {
        while let Ok(Next::Await(state)) = next {
            next = match self.channel.next(&mut self.buf) {
                Ok(Some(incoming)) => R::on(state, incoming, &mut self),
                Ok(None) => return self.wait(state).into(),
                Err(error) => Err(error),
            };
        }
        if let Err(error) = &next {
            self.channel.alert(error, &mut self.out);
        }
        match self.out.is_empty() {
            true => self.become_step(next).into(),
            false => self.flush(next).into(),
        }
    }

    /// Nothing whole is left in the buffer: output first, then input.
    fn wait<R: Role>(self: Box<Self>, state: R::Await) -> Step<R> {
        match self.out.is_empty() {
            true => Step::Input(Receive { common: self, state }),
            false => self.flush(Ok(Next::Await(state))),
        }
    }

    fn flush<R: Role>(self: Box<Self>, then: Result<Next<R>, Error>) -> Step<R> {
        Step::Flush(Flush { common: self, sent: 0, then })
    }

    fn become_step<R: Role>(self: Box<Self>, next: Result<Next<R>, Error>) -> Step<R> {
        match next {
            Ok(Next::Await(state)) => Step::Input(Receive { common: self, state }),
            Ok(Next::Ask(ask)) => Step::Ask(self, ask),
            Ok(Next::Done(complete)) => Step::Done(self, complete),
            Err(error) => Step::Failed(self, error),
        }
    }
}

impl<R: Role> Flush<R> {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.common.out.get(self.sent..).unwrap_or_default()
    }

    pub(crate) fn sent(mut self, n: usize) -> R::Handshake {
        self.sent = self.sent.saturating_add(n);
        match self.sent < self.common.out.len() {
            true => Step::Flush(self).into(),
            false => self.all_sent(),
        }
    }

    /// Goes on; an error goes to its end from here, for its alert was among the bytes.
    pub(crate) fn all_sent(mut self) -> R::Handshake {
        self.common.out.clear();
        match self.then {
            Ok(next) => self.common.go::<R>(Ok(next)),
            Err(error) => Step::Failed(self.common, error).into(),
        }
    }

    pub(crate) fn failure(&self) -> Option<&Error> {
        self.then.as_ref().err()
    }
}

impl<R: Role> Receive<R> {
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.common.buf.spare()
    }

    pub(crate) fn expects(&self) -> &'static [&'static str] {
        R::expects(&self.state)
    }

    pub(crate) fn received(mut self, n: usize, now: UnixTime) -> R::Handshake {
        self.common.now = now;
        match self.common.buf.received(n) {
            Ok(()) => self.common.go::<R>(Ok(Next::Await(self.state))),
            Err(truncated) => self.common.go::<R>(Err(truncated.into())),
        }
    }

    pub(crate) fn too_much(self) -> R::Handshake {
        self.common.go::<R>(Err(Excess::HandshakeSize.into()))
    }
}

/// `Debug` that says the name and nothing of what is inside.
macro_rules! opaque_debug {
    ($($name:ident),*) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
pub(crate) use opaque_debug;

/// How an application ends a handshake, for asks with a field `common` of this side.
macro_rules! abort_by_application {
    ($role:ty, $handshake:ident: $($name:ident),*) => {$(
        impl $name {
            /// Ends the handshake with an alert of the caller's choice; nothing else is answered. The alert is fatal,
            /// but for close_notify, which is a warning (RFC 5246, 7.2.1).
            pub fn abort(self, alert: crate::wire::Alert) -> $handshake {
                let refusal = crate::error::Refusal::Application(alert);
                self.common.go::<$role>(Err(crate::Error::Refused(refusal)))
            }
        }
    )*};
}
pub(crate) use abort_by_application;

/// The public steps that are alike on both sides, for a module with a `Role` and a handshake of these names.
macro_rules! flush_and_input {
    ($role:ty, $handshake:ident, $peer:literal) => {
        #[doc = concat!("See [`", stringify!($handshake), "::NeedsFlush`].")]
        #[must_use]
        pub struct NeedsFlush(pub(crate) crate::handshake::Flush<$role>);

        impl NeedsFlush {
            /// What to send; never empty.
            pub fn bytes(&self) -> &[u8] {
                self.0.bytes()
            }

            /// The first `n` bytes were sent; a larger `n` counts as all of them.
            pub fn sent(self, n: usize) -> $handshake {
                self.0.sent(n)
            }

            /// All of them were sent.
            pub fn all_sent(self) -> $handshake {
                self.0.all_sent()
            }

            /// Why these bytes are the last ones, if they are: report it rather than a failure to send them.
            pub fn failure(&self) -> Option<&crate::Error> {
                self.0.failure()
            }
        }

        #[doc = concat!("See [`", stringify!($handshake), "::NeedsInput`].")]
        #[must_use]
        pub struct NeedsInput(pub(crate) crate::handshake::Receive<$role>);

        impl NeedsInput {
            #[doc = concat!("Which messages of the ", $peer, " may come next, by their names of RFC 5246, 7.4.")]
            pub fn expects(&self) -> &'static [&'static str] {
                self.0.expects()
            }

            /// Where to receive to; never empty.
            pub fn spare(&mut self) -> &mut [u8] {
                self.0.spare()
            }

            #[doc = concat!("The first `n` bytes were received, at `now`. None means that the ", $peer, " is gone.")]
            /// A larger `n` counts as all of [`Self::spare`].
            pub fn received(self, n: usize, now: pki_types::UnixTime) -> $handshake {
                self.0.received(n, now)
            }

            #[doc = concat!("The ", $peer, " sent more than the caller puts up with: ends the handshake with the alert")]
            /// `decode_error`. Single messages have limits of their own, and need no caller.
            pub fn too_much(self) -> $handshake {
                self.0.too_much()
            }
        }

        impl core::fmt::Debug for NeedsFlush {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "NeedsFlush({} bytes)", self.bytes().len())
            }
        }

        crate::handshake::opaque_debug!(NeedsInput);
    };
}
pub(crate) use flush_and_input;
