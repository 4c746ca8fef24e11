//! Layer 0: bytes to values and back. Depends on `core` and `alloc` only.

mod code_points;
mod read;
mod write;

pub use code_points::*;
pub use read::{Decode, DecodeError, Reader};
pub use write::{Encode, Writer};
