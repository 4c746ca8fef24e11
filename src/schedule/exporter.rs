//! Keying material exporters (RFC 5705).

use core::fmt;

use alloc::vec::Vec;

use super::{master::Randoms, prf::Prf};

/// Derives keying material from a connection's secret.
#[derive(Debug)]
pub struct Exporter<'c> {
    prf: &'c Prf,
    randoms: &'c Randoms,
}

/// A context of more than 65 535 bytes has no encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextTooLong;

impl fmt::Display for ContextTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the context of an exporter may have 65535 bytes at most (RFC 5705, 4)")
    }
}

impl core::error::Error for ContextTooLong {}

impl<'c> Exporter<'c> {
    pub(super) fn new(prf: &'c Prf, randoms: &'c Randoms) -> Self {
        Self { prf, randoms }
    }

    /// Fills `out`, of any length. An empty context differs from none.
    ///
    /// RFC 5705, 4: "PRF(SecurityParameters.master_secret, label, SecurityParameters.client_random +
    /// SecurityParameters.server_random + context_value_length + context_value)".
    pub fn derive(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> Result<(), ContextTooLong> {
        let mut seed = Vec::new();
        seed.extend_from_slice(&self.randoms.client);
        seed.extend_from_slice(&self.randoms.server);
        if let Some(context) = context {
            let len = u16::try_from(context.len()).map_err(|_| ContextTooLong)?;
            seed.extend_from_slice(&len.to_be_bytes());
            seed.extend_from_slice(context);
        }
        self.prf.expand(label.as_bytes(), [&seed, &[]], out);
        Ok(())
    }

    /// The channel binding `tls-exporter` (RFC 9266, 3). 32 bytes.
    pub fn channel_binding(&self) -> [u8; 32] {
        let mut binding = [0; 32];
        // RFC 9266, 3: "Label: The ASCII string "EXPORTER-Channel-Binding" … Context value: Zero-length string."
        let seed = [&self.randoms.client[..], &self.randoms.server[..], &[0, 0][..]].concat();
        self.prf.expand(b"EXPORTER-Channel-Binding", [&seed, &[]], &mut binding);
        binding
    }
}
