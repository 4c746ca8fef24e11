//! What is done to certificates and to Redis while callers go on.

use std::{sync::Arc, time::Duration};

use tls12::session::{HandshakeKind, ResumedBy};
use tokio::time::{Instant, sleep};

use crate::{
    Soak,
    files::Pair,
    findings::Trouble,
    peer::{How, source},
};

/// For how long Redis is dead, says nothing, or takes nothing.
const OUTAGE: Duration = Duration::from_secs(2);
/// For how long servers may take to read files, or to resume by ID again.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many connections in a row resume by ID: that all of them came to the server that made the session is unlikely.
const STREAK: usize = 10;

/// What was done.
#[derive(Default)]
pub(crate) struct Done {
    /// Other certificates, taken by both servers.
    pub(crate) reloads: usize,
    /// Broken ones, refused by both.
    pub(crate) refused: usize,
    pub(crate) deaths: usize,
    pub(crate) stops: usize,
    pub(crate) full: usize,
    /// How long it took, each time, from the end of an outage until each server resumes what the other one made.
    pub(crate) back: Back,
}

/// By the three kinds of outage.
#[derive(Default)]
pub(crate) struct Back {
    pub(crate) dead: Vec<Duration>,
    pub(crate) silent: Vec<Duration>,
    pub(crate) full: Vec<Duration>,
}

/// All of it in turn, at least once, until the time is over.
pub(crate) async fn all(soak: &Arc<Soak>, time: Duration) -> Result<Done, Trouble> {
    let (begun, mut done, mut turn) = (Instant::now(), Done::default(), 0);
    while turn == 0 || begun.elapsed() < time {
        turn += 1;
        reload(soak, turn % 2, Pair::Good(turn % 2)).await?;
        done.reloads += 1;

        let before = unavailable(soak).await?;
        soak.redis.die();
        sleep(OUTAGE).await;
        soak.redis.come_back().await?;
        done.deaths += 1;
        if unavailable(soak).await? == before {
            soak.findings.add("Redis was dead, and no handshake was full because of it");
        }
        done.back.dead.extend(resumes_by_id(soak).await);

        let broken = if turn.is_multiple_of(2) { Pair::Crossed } else { Pair::Cut };
        reload(soak, turn % 2, broken).await?;
        done.refused += 1;

        soak.redis.signal("STOP")?;
        sleep(OUTAGE).await;
        soak.redis.signal("CONT")?;
        done.stops += 1;
        done.back.silent.extend(resumes_by_id(soak).await);

        // Less than it has: it answers, but takes nothing new.
        set_memory(soak, "1").await?;
        sleep(OUTAGE / 2).await;
        set_memory(soak, "0").await?;
        done.full += 1;
        done.back.full.extend(resumes_by_id(soak).await);
    }
    Ok(done)
}

async fn set_memory(soak: &Soak, most: &str) -> Result<(), Trouble> {
    match soak.redis.ask(&format!("CONFIG SET maxmemory {most}")).await?.as_str() {
        "+OK" => Ok(()),
        other => Err(format!("Redis says {other}").into()),
    }
}

/// How many handshakes were full because the store did not answer.
async fn unavailable(soak: &Soak) -> Result<u64, Trouble> {
    Ok(soak.sum().await?.sum("tls12_handshakes_total", &["reason=\"StoreUnavailable\""]))
}

/// Puts files in place and has both servers read them. Afterwards peers see the good pair of this number.
async fn reload(soak: &Soak, good: usize, pair: Pair) -> Result<(), Trouble> {
    let result = match pair {
        Pair::Good(_) => "result=\"used\"",
        Pair::Crossed | Pair::Cut => "result=\"refused\"",
    };
    let labels = ["what=\"certificates\"", result];
    let before = soak.sum().await?.sum("tls12_reloads_total", &labels);
    soak.files.put(pair)?;
    soak.servers.signal("HUP")?;
    let begun = Instant::now();
    while soak.sum().await?.sum("tls12_reloads_total", &labels) < before + 2 {
        if begun.elapsed() > PATIENCE {
            soak.findings.add(format!("{pair:?} was put in place, and not both servers say {result}"));
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    for n in 0..STREAK {
        let peer = soak.peers.peer(How::Tickets);
        let made = soak.call(&peer, source::probe(n), 1).await;
        if made.is_some_and(|made| made.leaf.as_deref() != Some(soak.files.leaf(good))) {
            soak.findings.add(format!(
                "after {pair:?} was put in place, peers see another certificate than they should"
            ));
            return Ok(());
        }
    }
    Ok(())
}

/// How long it takes until each server resumes by ID what the other one made.
async fn resumes_by_id(soak: &Soak) -> Option<Duration> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let peer = soak.peers.peer(How::Ids);
        let made = Instant::now();
        if soak.call(&peer, source::probe(0), 1).await.is_some() && all_resume(soak, &peer).await {
            return Some(made.duration_since(begun));
        }
        sleep(Duration::from_millis(10)).await;
    }
    soak.findings
        .add(format!("{PATIENCE:?} after Redis was back, sessions are not resumed by ID at both servers"));
    None
}

async fn all_resume(soak: &Soak, peer: &crate::peer::Peer) -> bool {
    for n in 0..STREAK {
        let made = soak.call(peer, source::probe(n), 1).await;
        if made.map(|made| made.kind) != Some(HandshakeKind::Resumed(ResumedBy::SessionId)) {
            return false;
        }
    }
    true
}
