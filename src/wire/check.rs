//! What every format must keep, for the tests of this layer.

use core::fmt::Debug;

use super::{Decode, Encode};

/// Asserts that `value` and `bytes` are the same in both directions, that no part of the bytes
/// is enough, and that one byte more is too much.
pub(super) fn assert_same<T>(value: &T, bytes: &'static [u8])
where
    T: Decode<'static> + Encode + Debug + PartialEq,
{
    assert_eq!(T::decode(bytes).as_ref(), Ok(value));
    assert_eq!(value.encode(), bytes);
    for len in 0..bytes.len() {
        assert!(T::decode(&bytes[..len]).is_err(), "{len} of {} bytes are enough", bytes.len());
    }
    assert!(T::decode([bytes, &[0]].concat().leak()).is_err(), "a byte left over goes unnoticed");
}

/// Bytes written as hexadecimal digits; white space does not count.
pub(super) fn hex(digits: &str) -> &'static [u8] {
    let digits: alloc::string::String = digits.split_whitespace().collect();
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect::<alloc::vec::Vec<_>>().leak()
}
