//! Layer 2: from a shared secret to keys (RFC 5246, 5, 6.3, 8.1; RFC 7627; RFC 5705).

mod exporter;
mod finished;
mod key_log;
mod master;
mod prf;
mod traffic;
mod transcript;

pub use exporter::{ContextTooLong, Exporter};
pub use finished::{Side, VerifyData};
pub use key_log::KeyLog;
pub(crate) use key_log::log_master_secret;
pub use master::{KeySchedule, MasterSecret, Premaster, Randoms, SessionHash};
pub use prf::Prf;
pub use traffic::{TrafficKeys, WriteKey};
pub use transcript::{Log, Transcript};
