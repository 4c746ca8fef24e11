//! Layer 4: what both sides of a handshake share.

mod agreed;
mod channel;
mod negotiate;
mod proofs;
mod settings;
mod step;

pub(crate) use agreed::{Agreed, Complete, Keys};
pub(crate) use channel::{Channel, Incoming, Input, ReceivedAlert, alert_of, longest, read_alert};
pub(crate) use negotiate::{choose_group, choose_protocol, choose_scheme};
pub(crate) use proofs::{Aligned, FinishedVerified, PeerSignature, SignatureVerified};
pub use settings::ConfigError;
pub(crate) use settings::{ExtendedMasterSecret, KeyUsage, Renegotiation, Settings, settings_methods};
pub(crate) use step::{
    Common, Flush, Next, Receive, Role, Step, abort_by_application, flush_and_input, opaque_debug,
};
