//! An ask is used up by its answer.

use std::sync::Arc;

use tls12::{ServerConfig, server::NeedsConfig};

fn twice(ask: NeedsConfig, config: Arc<ServerConfig>) {
    let _ = ask.answer(config.clone());
    let _ = ask.answer(config);
}

fn main() {}
