//! What the fuzz targets share. A target states its oracle; what it needs to get that far is here.
//!
//! | module | |
//! | --- | --- |
//! | [`common`] | the helpers of the integration tests: certificates, worlds, records made by hand |
//! | [`input`] | what stands in front of an input: choices, and the sizes of what is received at once |
//! | [`stage`] | worlds that are made once, with the streams of an honest handshake in each |
//! | [`answers`] | answers to the asks of a handshake, honest or not, as the input chooses |
//! | [`alone`] | one side of a handshake against bytes |
//! | [`streams`] | what a stream of records says of a handshake |
//! | [`play`], [`wires`] | the script of `sequence`, and the wires on which it is carried out |
//! | [`seals`] | tickets and stored sessions under keys that are known here |
//! | [`established`] | connections that are established, made cheaply |
//! | [`differences`] | what one decoder takes and the other does not, and why |

#[path = "../../tests/common/mod.rs"]
pub mod common;

pub mod alone;
pub mod answers;
pub mod differences;
pub mod established;
pub mod input;
pub mod play;
pub mod seals;
pub mod stage;
pub mod streams;
pub mod wires;
