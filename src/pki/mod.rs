//! Layer 2: who we are, who they say they are, and who was believed.

mod credential;
pub mod dangerous;
mod date;
mod der;
#[cfg(feature = "std")]
mod describe;
mod error;
#[cfg(feature = "webpki")]
mod issuer;
mod leaf;
mod name;
mod outline;
mod peer;
mod signed;
#[cfg(feature = "webpki")]
mod webpki;

pub use credential::Credential;
#[cfg(feature = "std")]
pub use describe::{Description, describe};
pub use error::CertificateError;
pub use leaf::{KeyKind, Leaf, SignatureFailure};
pub use name::host_name;
pub use peer::{PresentedPeer, VerifiedPeer, VerifyPeer};

#[cfg(feature = "webpki")]
pub use self::webpki::WebPki;
