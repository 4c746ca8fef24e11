//! Layer 2: records (RFC 5246, 6.2), opened where they lie and sealed into the caller's memory.

mod buffer;
mod error;
mod open;
mod position;
mod seal;
mod temper;
#[cfg(all(test, feature = "rustcrypto"))]
mod tests;

pub use buffer::{Plaintext, RecvBuf, Truncated};
pub use error::{Excess, RecordError};
pub(crate) use open::{Opened, Opener};
pub(crate) use position::Position;
pub(crate) use seal::Sealer;
pub use seal::Sent;
pub(crate) use temper::Temper;
