//! A connection that waits: no keys, and the facts in few bytes.

use alloc::boxed::Box;
use core::fmt;

use super::{
    Connection,
    halves::{Reader, Writer},
    info::Facts,
    packed::{Packed, Unpacked},
};
use crate::{
    crypto::{Provider, Suite},
    error::{Error, Refusal},
    pki::{Credential, VerifiedPeer},
    record::{Opener, Sealer},
    schedule::{KeySchedule, Prf},
};

/// A connection that waits, made by [`Connection::park`]: some 300 bytes in all, for a name of usual length and AES-128,
/// beside the chain of a peer that presented one and the data that an application bound into the session.
///
/// The keys of the records are not kept, they follow from the PRF under the master secret and from the randoms (RFC 5246,
/// 6.3). Where each direction stands is kept, so no nonce comes twice and no record can be replayed. It cannot be
/// copied, and is used up by [`Self::unpark`].
#[must_use]
pub struct Parked {
    prf: Prf,
    provider: &'static Provider,
    credential: Option<Credential>,
    peer: Option<VerifiedPeer>,
    failed: Option<Box<Error>>,
    packed: Packed,
}

impl Parked {
    pub(super) fn new(connection: Connection) -> Self {
        let Connection { reader, writer, facts } = connection;
        let Facts { mut info, side: _, provider, schedule, randoms, credential, store_key } = *facts;
        let Reader { opener, past, failed } = reader;
        // The credential has its name.
        info.credential = None;
        let peer = info.peer.take();
        let extended = schedule.is_extended();
        let (reading, writing) = (opener.position(), writer.sealer.position());
        let unpacked = Unpacked { info, randoms, extended, store_key, past, reading, writing };
        let packed = Packed::new(&unpacked);
        Self { prf: schedule.into_prf(), provider, credential, peer, failed, packed }
    }

    /// Makes the keys again, and goes on where the connection stood.
    ///
    /// Fails only where the connection could not have been: if its provider makes no key of the algorithm
    /// ([`Refusal::Provider`]), or if the bytes in here are not those that were written ([`Error::Decode`]).
    pub fn unpark(self) -> Result<Connection, Error> {
        let Self { prf, provider, credential, peer, failed, packed } = self;
        let unpacked = packed.unpack().map_err(|why| Error::Decode { message: "parked connection", why })?;
        let Unpacked { mut info, randoms, extended, store_key, past, reading, writing } = unpacked;
        info.peer = peer;
        info.credential = credential.as_ref().map(|credential| credential.name_arc().clone());
        let side = past.side;
        let schedule = KeySchedule::of(prf, extended);
        let refused = || Error::Refused(Refusal::Provider);
        let suite = Suite::find(info.suite).ok_or_else(refused)?;
        let keys = schedule.traffic_keys(suite, &randoms);
        let opener = Opener::again(keys.of(side.peer()).opening(provider).ok_or_else(refused)?, reading);
        let sealer = Sealer::again(keys.of(side).sealing(provider).ok_or_else(refused)?, writing);
        let facts = Facts { info, side, provider, schedule, randoms, credential, store_key };
        Ok(Connection {
            reader: Reader { opener, past, failed },
            writer: Writer { sealer },
            facts: Box::new(facts),
        })
    }
}

impl fmt::Debug for Parked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parked")
    }
}
