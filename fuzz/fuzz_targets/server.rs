//! A whole handshake of a server against bytes, which come in pieces, with all of its asks answered from the input.
//!
//! Oracle: it is done only if every answer was honest and the bytes say, up to record boundaries and what counts
//! nowhere, what an honest client says to this seed, Finished included: with bytes only, nobody else can know the keys.
//! Otherwise it fails, after at most one flush that ends with the alert of its error, which is one that TLS 1.2 has.
//! What it sends is bounded, and so are the steps that it takes without input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls12::schedule::Side;
use tls12_fuzz::alone::against_bytes;

fuzz_target!(|input: &[u8]| against_bytes(Side::Server, input));
