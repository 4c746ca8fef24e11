//! The command, as a person or a script runs it.
#![cfg(feature = "cli")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests open sockets and files and read clocks"
)]

mod common;

mod cli {
    mod explaining;
    mod files;
    mod hosts;
    mod limits;
    mod losses;
    mod oddities;
    mod pasted;
    mod pcap;
    mod proxy_protocol;
    mod recording;
    mod reloading;
    mod resuming;
    mod roles;
    mod running;
    mod tests;
    mod ticket_keys;
    mod wrapping;
}
