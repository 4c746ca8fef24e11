//! What an onlooker sees: in recorded handshakes, with secrets and without, in pieces and with parts missing.
#![cfg(feature = "rustcrypto")]

mod common;

mod explain {
    mod gaps;
    mod hostile;
    mod others;
    mod preambles;
    mod recorded;
    mod secrets;
    mod transcripts;
}
