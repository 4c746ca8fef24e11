//! Every sequence of messages, records and alerts up to a depth, against a model of what may come when: the
//! implementation accepts exactly what the model accepts, and says what the model says.
//!
//! A sequence is a path through the model with at most some detours, things that are accepted and change nothing,
//! and then any symbol of the alphabet. Everything that the model accepts is gone on from; what it refuses is the end.
//!
//! `TLS12_EXPLORE=deep` allows clients the detour that servers always have. How many sequences there were goes to
//! standard error.

mod common;

#[path = "explore/alphabet.rs"]
mod alphabet;
#[path = "explore/attacks.rs"]
mod attacks;
#[path = "explore/client.rs"]
mod client;
#[path = "explore/flows.rs"]
mod flows;
#[path = "explore/model.rs"]
mod model;
#[path = "explore/server.rs"]
mod server;
#[path = "explore/stage.rs"]
mod stage;
#[path = "explore/stages.rs"]
mod stages;
#[path = "explore/walk.rs"]
mod walk;
