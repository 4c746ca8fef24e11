//! Lists that are validated once and then iterated without errors.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::{Decode, DecodeError, Encode, Reader, Writer};

/// The elements of a vector of TLS (RFC 5246, 4.3), without the length in front of them.
///
/// The bytes were checked when the list was made, so that [`List::iter`] meets no errors.
pub struct List<'a, T> {
    bytes: &'a [u8],
    element: PhantomData<fn() -> T>,
}

impl<'a, T> List<'a, T> {
    /// The list without elements.
    pub const EMPTY: Self = Self { bytes: &[], element: PhantomData };

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The elements as they are on the wire, one after the other.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a, T: Decode<'a>> List<'a, T> {
    /// A list of what `bytes` hold; [`encode_list`] makes such bytes.
    ///
    /// Fails with [`DecodeError::Ragged`] where the last element runs past the end, and as its
    /// elements do.
    pub fn from_encoded(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            let before = reader.len();
            match T::read(&mut reader) {
                // Elements of no length would never fill the list.
                Ok(_) if reader.len() == before => return Err(DecodeError::Trailing),
                Ok(_) => {}
                Err(DecodeError::Truncated) => return Err(DecodeError::Ragged),
                Err(error) => return Err(error),
            }
        }
        Ok(Self { bytes, element: PhantomData })
    }

    /// The same for a list that may not be empty, which is [`DecodeError::Empty`] then.
    pub fn non_empty(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match bytes {
            [] => Err(DecodeError::Empty),
            _ => Self::from_encoded(bytes),
        }
    }

    /// The elements, in their order.
    pub fn iter(&self) -> Elements<'a, T> {
        Elements { rest: Reader::new(self.bytes), element: PhantomData }
    }

    /// Whether `element` is one of the elements.
    pub fn contains(&self, element: &T) -> bool
    where
        T: PartialEq,
    {
        self.iter().any(|each| each == *element)
    }
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for List<'_, T> {}

impl<'a, T: Decode<'a> + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T> Encode for List<'_, T> {
    /// Appends the elements, without a length in front of them.
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(self.bytes);
    }
}

impl<'a, T: Decode<'a>> IntoIterator for List<'a, T> {
    type Item = T;
    type IntoIter = Elements<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The iterator over the elements of a [`List`].
pub struct Elements<'a, T> {
    rest: Reader<'a>,
    element: PhantomData<fn() -> T>,
}

impl<'a, T: Decode<'a>> Iterator for Elements<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self.rest.is_empty() {
            true => None,
            // Nothing fails here: the same bytes were read when the list was made.
            false => T::read(&mut self.rest).ok(),
        }
    }
}

impl<T> Clone for Elements<'_, T> {
    fn clone(&self) -> Self {
        Self { rest: self.rest.clone(), element: PhantomData }
    }
}

impl<T> fmt::Debug for Elements<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elements").field("bytes_left", &self.rest.len()).finish()
    }
}

/// The elements as they are on the wire, one after the other, without a length in front of them.
pub fn encode_list<T: Encode>(items: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    items.into_iter().for_each(|item| item.write(&mut writer));
    out
}

/// Makes a newtype over bytes that follow a length, of which there is at least one.
macro_rules! opaque {
    ($(#[$meta:meta])* $vis:vis $name:ident, $prefixed:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis struct $name<'a>($vis &'a [u8]);

        impl<'a> $crate::wire::Decode<'a> for $name<'a> {
            fn read(reader: &mut $crate::wire::Reader<'a>) -> Result<Self, $crate::wire::DecodeError> {
                match reader.$prefixed()? {
                    [] => Err($crate::wire::DecodeError::Empty),
                    bytes => Ok(Self(bytes)),
                }
            }
        }

        impl $crate::wire::Encode for $name<'_> {
            fn write(&self, writer: &mut $crate::wire::Writer<'_>) {
                writer.$prefixed(|w| w.bytes(self.0));
            }
        }
    };
}
pub(super) use opaque;

opaque! {
    /// The name of an application protocol (RFC 7301, 3.1): 1 to 255 bytes after a length of one byte.
    pub ProtocolName, u8_prefixed
}

opaque! {
    /// The name of a certificate authority in DER (RFC 5246, 7.4.4): 1 to 65 535 bytes after a length of two.
    pub DistinguishedName, u16_prefixed
}

opaque! {
    /// A certificate in DER (RFC 5246, 7.4.2): 1 to 16 777 215 bytes after a length of three.
    pub CertificateEntry, u24_prefixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{CipherSuite, EcPointFormat, ServerHelloDone, SignatureScheme, check::assert_same};

    #[test]
    fn a_list_gives_what_was_put_in_known_or_not() {
        let suites = [CipherSuite(0x0a0a), CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256, CipherSuite(0xffff)];
        let bytes = encode_list(suites);
        assert_eq!(bytes, [0x0a, 0x0a, 0xc0, 0x2f, 0xff, 0xff]);
        let list = List::<CipherSuite>::from_encoded(&bytes).unwrap();
        assert_eq!(list.iter().collect::<Vec<_>>(), suites);
        assert!(list.contains(&CipherSuite(0xffff)) && !list.contains(&CipherSuite(0x0aff)));
        assert_eq!(list.encode(), bytes);
        assert_eq!(encode_list(suites.iter()), bytes);
    }

    #[test]
    fn an_odd_length_does_not_hold_pairs() {
        assert_eq!(List::<CipherSuite>::from_encoded(&[0xc0, 0x2f, 0xc0]), Err(DecodeError::Ragged));
        assert_eq!(List::<ProtocolName<'_>>::from_encoded(&[2, b'h']), Err(DecodeError::Ragged));
    }

    #[test]
    fn an_empty_list_is_refused_only_where_it_may_not_be() {
        assert!(List::<EcPointFormat>::from_encoded(&[]).unwrap().is_empty());
        assert_eq!(List::<EcPointFormat>::non_empty(&[]), Err(DecodeError::Empty));
        assert_eq!(List::<EcPointFormat>::EMPTY.iter().next(), None);
    }

    #[test]
    fn elements_of_no_length_do_not_fill_a_list() {
        assert_eq!(List::<ServerHelloDone>::from_encoded(&[1]), Err(DecodeError::Trailing));
    }

    #[test]
    fn names_and_certificates_follow_their_length_and_are_not_empty() {
        assert_same(&ProtocolName(b"h2"), &[2, b'h', b'2']);
        assert_same(&DistinguishedName(&[0x30, 0]), &[0, 2, 0x30, 0]);
        assert_same(&CertificateEntry(&[0x30]), &[0, 0, 1, 0x30]);
        assert_eq!(ProtocolName::decode(&[0]), Err(DecodeError::Empty));
        assert_eq!(List::<ProtocolName<'_>>::from_encoded(&[1, b'a', 0]), Err(DecodeError::Empty));
        assert_eq!(DistinguishedName::decode(&[0, 0]), Err(DecodeError::Empty));
        assert_eq!(CertificateEntry::decode(&[0, 0, 0]), Err(DecodeError::Empty));
    }

    #[test]
    fn many_signature_schemes_are_one_list() {
        let bytes = encode_list((0..32_760).map(SignatureScheme));
        let list = List::<SignatureScheme>::non_empty(&bytes).unwrap();
        assert_eq!(list.iter().count(), 32_760);
        assert_eq!(list.iter().last(), Some(SignatureScheme(32_759)));
    }
}
