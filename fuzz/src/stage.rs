//! Worlds that are made once, with the streams of an honest handshake in each.

use std::sync::LazyLock;

use tls12::{schedule::Side, session::ClientSession};

use crate::common::{
    pair::{Store, World},
    worlds::worlds,
};

/// A world, and what both sides say in it.
pub struct Stage {
    /// What the world is called.
    pub name: &'static str,
    /// Never run itself: see [`Stage::world`].
    template: World,
    /// All that the client sends.
    pub up: Vec<u8>,
    /// All that the server sends.
    pub down: Vec<u8>,
}

impl Stage {
    fn new(name: &'static str, template: World) -> Self {
        let ended = again(&template).run(usize::MAX);
        assert!(ended.client.is_ok() && ended.server.is_ok(), "{name}: an honest handshake succeeds");
        Self { name, template, up: ended.wires.up.log, down: ended.wires.down.log }
    }

    /// The world as it was before the handshake.
    pub fn world(&self) -> World {
        again(&self.template)
    }

    /// What the peer of this side sends.
    pub fn stream_to(&self, side: Side) -> &[u8] {
        match side {
            Side::Client => &self.down,
            Side::Server => &self.up,
        }
    }
}

/// The same world, with a store of its own that has the same entries.
pub fn again(world: &World) -> World {
    let store = Store::default();
    store.kept().clone_from(&world.store.kept());
    World {
        server: world.server.clone(),
        client: world.client.clone(),
        keys: world.keys.clone(),
        client_credential: world.client_credential.clone(),
        verifies_server: world.verifies_server.clone(),
        verifies_client: world.verifies_client.clone(),
        name: world.name.clone(),
        seeds: world.seeds,
        session: world.session.as_ref().map(ClientSession::duplicate),
        application_data: world.application_data.clone(),
        store,
        now: world.now,
    }
}

/// All stages: each kind of full handshake, and each flow of resumption.
pub fn stages() -> &'static [Stage] {
    static STAGES: LazyLock<Vec<Stage>> =
        LazyLock::new(|| worlds().into_iter().map(|(name, world)| Stage::new(name, world)).collect());
    &STAGES
}
