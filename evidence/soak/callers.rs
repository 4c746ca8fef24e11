//! Callers at full rate: each has one connection after the other.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinSet};

use crate::{
    Soak,
    peer::{How, source},
    random::{LARGEST, Random},
};

/// One of so many connections has a full handshake although it could resume.
const FULL: usize = 8;
/// One of so many echoes the longest message.
const LARGE: usize = 500;

/// Half of them resume by ticket, half by ID.
pub(crate) struct Callers {
    on: watch::Sender<bool>,
    calling: JoinSet<()>,
}

impl Callers {
    pub(crate) fn start(soak: &Arc<Soak>, round: usize) -> Self {
        let (on, going_on) = watch::channel(true);
        let mut calling = JoinSet::new();
        for n in 0..soak.args.callers {
            calling.spawn(call(soak.clone(), round * soak.args.callers + n, going_on.clone()));
        }
        Self { on, calling }
    }

    /// Lets each complete what it does.
    pub(crate) async fn stop(mut self) {
        self.on.send_replace(false);
        while self.calling.join_next().await.is_some() {}
    }
}

async fn call(soak: Arc<Soak>, number: usize, going_on: watch::Receiver<bool>) {
    let peer = soak.peers.peer(if number.is_multiple_of(2) { How::Tickets } else { How::Ids });
    let mut random = Random::new(1000 + number);
    while *going_on.borrow() {
        if random.below(FULL) == 0 {
            peer.forget();
        }
        let from = source::caller(random.below(1 << 20));
        let _ = soak.call(&peer, from, length(&mut random)).await;
    }
}

/// From 1 byte to 64 KiB, each power of two as often as the others; now and then 1 MiB.
fn length(random: &mut Random) -> usize {
    match random.below(LARGE) {
        0 => LARGEST,
        _ => {
            let most = 1 << random.below(17);
            1 + random.below(most)
        }
    }
}
