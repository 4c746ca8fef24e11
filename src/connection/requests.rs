//! Handshake messages after the handshake: requests to renegotiate, and nothing else.

use crate::{
    error::Error,
    schedule::Side,
    wire::{DecodeError, HandshakeType},
};

/// Reads handshake bytes as they come, keeps four of them at most, and skips what it need not know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Requests {
    header: [u8; 4],
    have: u8,
    /// Bytes of a ClientHello's body that are still to come.
    skip: u32,
}

impl Requests {
    /// Reads on where another stopped.
    pub(super) fn from_parts(header: [u8; 4], have: u8, skip: u32) -> Self {
        Self { header, have, skip }
    }

    /// What it has of a header, how many bytes of it, and how many bytes of a body are still to come: 24 bits.
    pub(super) fn parts(&self) -> ([u8; 4], u8, u32) {
        (self.header, self.have, self.skip)
    }

    /// Whether the bytes so far end where a message ends.
    pub(super) fn is_aligned(&self) -> bool {
        self.have == 0 && self.skip == 0
    }

    /// Reads on. How many requests were announced in `bytes`, or what is wrong with them.
    pub(super) fn read(&mut self, side: Side, bytes: &[u8]) -> Result<usize, Error> {
        let mut requests = 0_usize;
        for byte in bytes {
            if let Some(left) = self.skip.checked_sub(1) {
                self.skip = left;
                continue;
            }
            let Some(place) = self.header.get_mut(usize::from(self.have)) else {
                continue;
            };
            *place = *byte;
            self.have = self.have.saturating_add(1);
            check_type(side, HandshakeType(self.header[0]))?;
            if usize::from(self.have) == self.header.len() {
                let [_, high, middle, low] = self.header;
                self.skip = u32::from_be_bytes([0, high, middle, low]);
                self.have = 0;
                if side == Side::Client && self.skip > 0 {
                    return Err(Error::Decode { message: "HelloRequest", why: DecodeError::Trailing });
                }
                requests = requests.saturating_add(1);
            }
        }
        Ok(requests)
    }
}

/// A client may be asked, a server may be greeted again; nothing else belongs here.
fn check_type(side: Side, msg_type: HandshakeType) -> Result<(), Error> {
    match (side, msg_type) {
        (Side::Client, HandshakeType::HELLO_REQUEST) | (Side::Server, HandshakeType::CLIENT_HELLO) => Ok(()),
        (_, other) => Err(Error::Unexpected {
            expected: &["application data"],
            got: other.name().unwrap_or("a handshake message of an unknown type"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_come_in_pieces() {
        let mut requests = Requests::default();
        assert_eq!(requests.read(Side::Client, &[0, 0, 0]), Ok(0));
        assert!(!requests.is_aligned());
        assert_eq!(requests.read(Side::Client, &[0, 0, 0, 0, 0]), Ok(2));
        assert!(requests.is_aligned());
    }

    #[test]
    fn a_hello_is_skipped_whatever_its_length() {
        let mut requests = Requests::default();
        assert_eq!(requests.read(Side::Server, &[1, 0, 1, 0, 7]), Ok(1));
        assert_eq!(requests.read(Side::Server, &[9; 254]), Ok(0));
        assert!(!requests.is_aligned());
        assert_eq!(requests.read(Side::Server, &[9]), Ok(0));
        assert!(requests.is_aligned());
    }

    #[test]
    fn other_messages_have_no_place() {
        assert!(Requests::default().read(Side::Client, &[1]).is_err());
        assert!(Requests::default().read(Side::Server, &[0]).is_err());
        assert!(Requests::default().read(Side::Client, &[0, 0, 0, 1]).is_err());
    }
}
