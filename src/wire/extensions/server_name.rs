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
        let mut seen = [false; 256];
        for name in list {
            match seen.get_mut(usize::from(name.name_type)) {
                // "The ServerNameList MUST NOT contain more than one name of the same name_type."
                Some(true) => return Err(DecodeError::Duplicate),
                Some(seen) => *seen = true,
                None => {}
            }
        }
        let mut names = list.iter();
        match (names.next(), names.next()) {
            (Some(Name { name_type: HOST_NAME, name }), None) => Ok(Self::host(name)),
            _ => Ok(Self(Names::Mixed(list))),
        }
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
