//! The names under which a client looks for a server.

use crate::wire::{Decode, DecodeError, Encode, List, Reader, Writer};

/// `NameType.host_name` (RFC 6066, 3).
const HOST_NAME: u8 = 0;

/// The names under which the client looks for the server (RFC 6066, 3).
///
/// ```text
/// struct {
///     NameType name_type;                  // host_name(0)
///     select (name_type) {
///         case host_name: HostName;        // opaque HostName<1..2^16-1>
///     } name;
/// } ServerName;
///
/// struct {
///     ServerName server_name_list<1..2^16-1>
/// } ServerNameList;
/// ```
///
/// Names of other types are skipped: they begin with a length of two bytes, too. No list and no
/// name is empty ([`DecodeError::Empty`]), and no type comes twice ([`DecodeError::Duplicate`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerNames<'a>(Names<'a>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names<'a> {
    /// One host name and nothing else, as every client sends it.
    Host(&'a [u8]),
    /// Anything else.
    Mixed(List<'a, Name<'a>>),
}

impl<'a> ServerNames<'a> {
    /// A single host name, 1 to 65 530 bytes of ASCII without a dot at the end.
    pub fn host(name: &'a [u8]) -> Self {
        Self(Names::Host(name))
    }

    /// The host name, if there is one, as it came: that it is a name of DNS is not checked here.
    pub fn host_name(&self) -> Option<&'a [u8]> {
        match self.0 {
            Names::Host(name) => Some(name),
            Names::Mixed(list) => list.iter().find(|each| each.name_type == HOST_NAME).map(|each| each.name),
        }
    }
}

impl<'a> Decode<'a> for ServerNames<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let list = List::<Name<'a>>::non_empty(reader.u16_prefixed()?)?;
        let mut names = list.iter();
        if let (Some(Name { name_type: HOST_NAME, name }), None) = (names.next(), names.next()) {
            return Ok(Self::host(name));
        }
        let mut seen = [false; 256];
        for name in list {
            match seen.get_mut(usize::from(name.name_type)) {
                // "The ServerNameList MUST NOT contain more than one name of the same name_type."
                Some(true) => return Err(DecodeError::Duplicate),
                Some(seen) => *seen = true,
                None => {}
            }
        }
        Ok(Self(Names::Mixed(list)))
    }
}

impl Encode for ServerNames<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u16_prefixed(|w| match self.0 {
            Names::Host(name) => Name { name_type: HOST_NAME, name }.write(w),
            Names::Mixed(list) => list.write(w),
        });
    }
}

/// One name of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Name<'a> {
    name_type: u8,
    name: &'a [u8],
}

impl<'a> Decode<'a> for Name<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match (reader.u8()?, reader.u16_prefixed()?) {
            (_, []) => Err(DecodeError::Empty),
            (name_type, name) => Ok(Self { name_type, name }),
        }
    }
}

impl Encode for Name<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.name_type);
        writer.u16_prefixed(|w| w.bytes(self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::assert_same;

    #[test]
    fn a_host_name_is_one_name_in_a_list() {
        assert_same(&ServerNames::host(b"a.de"), &[0, 7, 0, 0, 4, b'a', b'.', b'd', b'e']);
        assert_eq!(ServerNames::host(b"a.de").host_name(), Some(&b"a.de"[..]));
    }

    #[test]
    fn names_of_other_types_are_skipped_and_survive() {
        let bytes = [0, 9, 7, 0, 2, 1, 2, 0, 0, 1, b'x'];
        let names = ServerNames::decode(&bytes).unwrap();
        assert_eq!(names.host_name(), Some(&b"x"[..]));
        assert_eq!(names.encode(), bytes);
        let bytes = [0, 5, 7, 0, 2, 1, 2];
        let names = ServerNames::decode(&bytes).unwrap();
        assert_eq!(names.host_name(), None);
        assert_eq!(names.encode(), bytes);
    }

    #[test]
    fn no_list_and_no_name_is_empty() {
        assert_eq!(ServerNames::decode(&[0, 0]), Err(DecodeError::Empty));
        assert_eq!(ServerNames::decode(&[0, 3, 0, 0, 0]), Err(DecodeError::Empty));
        assert_eq!(ServerNames::decode(&[0, 3, 9, 0, 0]), Err(DecodeError::Empty));
        assert_eq!(ServerNames::decode(&[0, 4, 0, 0, 2, b'x']), Err(DecodeError::Ragged));
    }

    #[test]
    fn a_type_of_name_comes_once() {
        assert_eq!(ServerNames::decode(&[0, 8, 0, 0, 1, b'x', 0, 0, 1, b'y']), Err(DecodeError::Duplicate));
        assert_eq!(ServerNames::decode(&[0, 8, 5, 0, 1, b'x', 5, 0, 1, b'x']), Err(DecodeError::Duplicate));
    }
}
