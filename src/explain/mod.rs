//! Layer 5: what somebody sees who only has the bytes of a connection, as they went both ways.
//!
//! An [`Explainer`] is fed with the bytes of one connection, in any pieces, and turns them into [`Event`]s: records,
//! whole handshake messages with their types of [`wire`](crate::wire), alerts, and, with the secrets of a key log, what
//! was encrypted. In the end its [`Verdict`] says how the handshake went, judged by what followed the ServerHello and
//! never by comparing names, in the words of [`session`](crate::session). [`Sessions`] remembers across connections which
//! of them made the session that a later one resumed.
//!
//! ```
//! use tls12::{explain::{Explainer, NotTls12, Protocol, Seen}, schedule::Side};
//!
//! let mut explainer = Explainer::new();
//! let events = explainer.bytes(Side::Client, b"GET / HTTP/1.1\r\n\r\n");
//! assert!(matches!(events[0].seen, Seen::NotTls12(NotTls12::PlainHttp)));
//! assert_eq!(explainer.verdict().protocol, Protocol::Other(NotTls12::PlainHttp));
//! ```
//!
//! It is for looking at connections, not for taking part in one: what is illegal is told and gone on from. No bytes make
//! it panic, and what it keeps of a connection is bounded by the length of a record and of a handshake.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `event.rs` | [`Event`], [`Seen`], [`SeenMessage`]: what is told |
//! | `explainer.rs`, `half.rs` | [`Explainer`]: bytes to events |
//! | `stream.rs` | the records of one direction, also where bytes are missing |
//! | `preamble.rs` | where TLS begins after something else |
//! | `keys.rs` | what secrets open, and whether Finished is right |
//! | `verdict.rs`, `observed.rs` | [`Verdict`]: how the handshake went |
//! | `sessions.rs` | [`Sessions`]: which connection made the session of which |
//! | `names/` | [`Registered`]: the names of code points, also of what the crate does not speak |
//! | `key_log.rs` | [`KeyLogSecrets`]: the secrets of a key log |

mod event;
mod explainer;
mod half;
mod key_log;
mod keys;
mod names;
mod observed;
mod preamble;
mod sessions;
mod stream;
mod verdict;

pub use event::{Event, FinishedCheck, NotTls12, Protection, Seen, SeenData, SeenMessage, Undecoded};
pub use explainer::Explainer;
pub use key_log::KeyLogSecrets;
pub use names::Registered;
pub use sessions::{Known, Origin, Sessions};
pub use verdict::{Decryption, Progress, Protocol, Shape, Verdict};
