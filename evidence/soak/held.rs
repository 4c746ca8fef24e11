//! Connections that are held, and say something now and then.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{
    Soak,
    peer::{How, source},
    random::Random,
};

/// How many make their handshakes at once.
const AT_ONCE: usize = 64;
/// The longest message.
const LONGEST: usize = 4096;
/// The shortest and the longest silence, in milliseconds.
const SILENCE: (usize, usize) = (2_000, 10_000);

pub(crate) struct Held {
    on: watch::Sender<bool>,
    holding: JoinSet<()>,
}

impl Held {
    /// Makes `count` of them, and waits until all are made or have failed. Half of them know no tickets.
    pub(crate) async fn connect(soak: &Arc<Soak>, count: usize) -> Self {
        let (on, going_on) = watch::channel(true);
        let room = Arc::new(Semaphore::new(AT_ONCE));
        // Ends when nobody has a sender any more.
        let (making, mut made) = mpsc::channel::<()>(1);
        let mut holding = JoinSet::new();
        for number in 0..count {
            holding.spawn(hold(soak.clone(), number, room.clone(), making.clone(), going_on.clone()));
        }
        drop(making);
        let _ = made.recv().await;
        Self { on, holding }
    }

    /// Each says something once more, and ends.
    pub(crate) async fn close(mut self) {
        self.on.send_replace(false);
        while self.holding.join_next().await.is_some() {}
    }
}

async fn hold(
    soak: Arc<Soak>,
    number: usize,
    room: Arc<Semaphore>,
    making: mpsc::Sender<()>,
    mut going_on: watch::Receiver<bool>,
) {
    let mut random = Random::new(1_000_000 + number);
    let mut tls = {
        let _place = room.acquire().await;
        let peer = soak.peers.peer(if number.is_multiple_of(2) { How::Tickets } else { How::Ids });
        let Some((tls, _)) = soak.open(&peer, source::held(number)).await else { return };
        let Some(tls) = soak.echo(tls, 1, &mut random).await else { return };
        tls
    };
    drop(making);
    while *going_on.borrow() {
        let silence = SILENCE.0 + random.below(SILENCE.1 - SILENCE.0);
        tokio::select! {
            () = sleep(Duration::from_millis(silence as u64)) => {}
            _ = going_on.changed() => {}
        }
        let len = 1 + random.below(LONGEST);
        let Some(again) = soak.echo(tls, len, &mut random).await else { return };
        tls = again;
    }
    soak.close(tls).await;
}
