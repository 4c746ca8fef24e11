//! The extensions without a field, and the order of all.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::{Decode, DecodeError, Encode, ExtensionType, List, Reader, Writer};

/// One extension of any kind (RFC 5246, 7.4.1.4).
///
/// ```text
/// struct {
///     ExtensionType extension_type;
///     opaque extension_data<0..2^16-1>;
/// } Extension;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Which extension it is.
    pub extension_type: ExtensionType,
    /// What is in it, 0 to 65 535 bytes.
    pub body: &'a [u8],
}

impl<'a> Decode<'a> for Extension<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { extension_type: ExtensionType::read(reader)?, body: reader.u16_prefixed()? })
    }
}

impl Encode for Extension<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        self.extension_type.write(writer);
        writer.u16_prefixed(|w| w.bytes(self.body));
    }
}

/// The extensions of a hello that have no field of their own, in their order.
///
/// Where they were decoded they also remember where the known ones stood between them, so that a
/// hello is written in the order in which it came. Two are equal if the same extensions without a
/// field are in both; that place is not compared.
#[derive(Clone, Copy, Default)]
pub struct Others<'a> {
    block: List<'a, Extension<'a>>,
    /// What has a field, and counts in `block` as a place only.
    known: &'static [ExtensionType],
    /// One bit for each of `known` that has its place in `block`, the lowest for the first.
    placed: u32,
}

impl<'a> Others<'a> {
    /// The extensions in `block`, to be written as they are; `encode_list` of [`Extension`] makes one.
    ///
    /// Fails as the block of a hello does: on broken lengths, and on a type that comes twice
    /// ([`DecodeError::Duplicate`]). An extension that has a field belongs there: if it is here
    /// as well, it is written twice, and no peer will decode the hello.
    pub fn from_encoded(block: &'a [u8]) -> Result<Self, DecodeError> {
        Self::of_block(block, &[])
    }

    /// All extensions of a hello that came; those in `known` have fields.
    pub(super) fn of_block(block: &'a [u8], known: &'static [ExtensionType]) -> Result<Self, DecodeError> {
        let block = List::<Extension<'a>>::from_encoded(block)?;
        let mut others = Self { block, known, placed: 0 };
        let mut unknown = Unknown { types: [ExtensionType(0); FEW], count: 0 };
        for Extension { extension_type, .. } in block.iter() {
            let bit = others.bit(extension_type);
            // RFC 5246, 7.4.1.4: "There MUST NOT be more than one extension of the same type."
            if others.placed & bit != 0 || (bit == 0 && unknown.contains(extension_type)) {
                return Err(DecodeError::Duplicate);
            }
            others.placed |= bit;
        }
        match unknown.count > FEW && others.has_duplicates() {
            true => Err(DecodeError::Duplicate),
            false => Ok(others),
        }
    }

    /// The bit of a known extension, and none of another.
    fn bit(&self, extension_type: ExtensionType) -> u32 {
        let mut bits = self.known.iter().zip(0_u32..);
        bits.find(|(each, _)| **each == extension_type).map_or(0, |(_, bit)| 1 << bit)
    }

    /// Whether an unknown one comes twice. Sorted, because comparing each of up to 16 383 with each would let a peer
    /// burn our time.
    fn has_duplicates(&self) -> bool {
        let mut types: Vec<_> = self.iter().map(|(extension_type, _)| extension_type).collect();
        types.sort_unstable();
        types.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }

    /// The type and the body of each, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (ExtensionType, &'a [u8])> + use<'a> {
        let known = self.known;
        let unknown = self.block.into_iter().filter(move |each| !known.contains(&each.extension_type));
        unknown.map(|each| (each.extension_type, each.body))
    }

    /// The body of the one of this type.
    pub fn find(&self, extension_type: ExtensionType) -> Option<&'a [u8]> {
        self.iter().find_map(|(each, body)| (each == extension_type).then_some(body))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// All that is in the block, places included.
    pub(super) fn block(&self) -> List<'a, Extension<'a>> {
        self.block
    }

    /// Whether an extension in the block is a place, and its body in a field.
    pub(super) fn is_known(&self, extension_type: ExtensionType) -> bool {
        self.known.contains(&extension_type)
    }

    /// Whether the block says where this extension stands that has a field.
    pub(super) fn places(&self, extension_type: ExtensionType) -> bool {
        self.placed & self.bit(extension_type) != 0
    }
}

/// So many unknown extensions are compared with each other as they come; of more, all are sorted.
const FEW: usize = 16;

/// The first unknown extensions of a block.
struct Unknown {
    types: [ExtensionType; FEW],
    count: usize,
}

impl Unknown {
    /// Whether it came before; if not, it has now.
    fn contains(&mut self, extension_type: ExtensionType) -> bool {
        let before = self.types.get(..self.count).unwrap_or_default();
        if before.contains(&extension_type) {
            return true;
        }
        if let Some(place) = self.types.get_mut(self.count) {
            *place = extension_type;
        }
        self.count = self.count.saturating_add(1);
        false
    }
}

impl PartialEq for Others<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Others<'_> {}

impl fmt::Debug for Others<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::assert_same;
    use crate::wire::{ClientExtensions, encode_list};

    #[test]
    fn an_extension_is_a_type_and_a_body() {
        let extension = Extension { extension_type: ExtensionType(0x3a3a), body: &[1, 2] };
        assert_same(&extension, &[0x3a, 0x3a, 0, 2, 1, 2]);
    }

    #[test]
    fn unknown_extensions_are_found_by_type_and_known_ones_are_not_among_them() {
        let bytes = [0, 14, 0x1a, 0x1a, 0, 0, 0, 23, 0, 0, 0, 43, 0, 2, 3, 3];
        let others = ClientExtensions::decode(&bytes).unwrap().others;
        let list: Vec<_> = others.iter().collect();
        assert_eq!(list, [(ExtensionType(0x1a1a), &[][..]), (ExtensionType::SUPPORTED_VERSIONS, &[3, 3])]);
        assert_eq!(others.find(ExtensionType::SUPPORTED_VERSIONS), Some(&[3, 3][..]));
        assert_eq!(others.find(ExtensionType::EXTENDED_MASTER_SECRET), None);
        assert!(!others.is_empty() && Others::default().is_empty());
        assert_eq!(others, Others::from_encoded(&[0x1a, 0x1a, 0, 0, 0, 43, 0, 2, 3, 3]).unwrap());
    }

    #[test]
    fn broken_blocks_and_types_that_come_twice_are_refused() {
        assert_eq!(Others::from_encoded(&[0x1a, 0x1a, 0]), Err(DecodeError::Ragged));
        assert_eq!(Others::from_encoded(&[0x1a, 0x1a, 0, 1]), Err(DecodeError::Ragged));
        let twice = [0x1a, 0x1a, 0, 0, 9, 9, 0, 0, 0x1a, 0x1a, 0, 0];
        assert_eq!(Others::from_encoded(&twice), Err(DecodeError::Duplicate));
    }

    #[test]
    fn as_many_extensions_as_fit_are_read_and_one_that_comes_twice_is_found_among_them() {
        let numbered = |number| Extension { extension_type: ExtensionType(number), body: &[] };
        let mut block = encode_list((0x1000..0x1000 + 16_383).rev().map(numbered));
        assert_eq!(block.len(), 65_532);
        assert_eq!(Others::from_encoded(&block).unwrap().iter().count(), 16_383);
        block[65_528..].copy_from_slice(&[0x2f, 0xff, 0, 0]);
        assert_eq!(Others::from_encoded(&block), Err(DecodeError::Duplicate));
    }

    #[test]
    fn the_others_of_a_clients_hello_do_not_bring_its_known_ones_along() {
        let bytes = [0, 12, 0, 23, 0, 0, 0x1a, 0x1a, 0, 0, 0, 35, 0, 0];
        let others = ClientExtensions::decode(&bytes).unwrap().others;
        assert_eq!(ClientExtensions { others, ..Default::default() }.encode(), [0, 4, 0x1a, 0x1a, 0, 0]);
    }
}
