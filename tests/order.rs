//! Every message in every state of both sides: what the RFC has there is taken, and anything else is told with
//! unexpected_message and then reported.

mod common;

#[path = "order/flights.rs"]
mod flights;
#[path = "order/flows.rs"]
mod flows;
#[path = "order/keys.rs"]
mod keys;
#[path = "order/resumption.rs"]
mod resumption;
#[path = "order/table.rs"]
mod table;
#[path = "order/traffic.rs"]
mod traffic;
