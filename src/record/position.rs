//! Where a direction stands: what does not follow from its key.

/// What one direction of the record layer keeps while its key is not there.
///
/// A key that is made again goes on here. Were it to begin anew, a nonce would come twice, which with AES-GCM gives the
/// key of the authentication away (RFC 5288, 3: "Each value of the nonce_explicit MUST be distinct for each distinct
/// invocation of the GCM encrypt function for any fixed key").
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// How many records came before the next one.
    pub(crate) sequence: u64,
    /// The longest plaintext of a record.
    pub(crate) max_plaintext: usize,
}
