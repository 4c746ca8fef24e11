//! One round: connections are held, callers call, faults, quiet, attackers, and all are gone again.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    Soak,
    attack::{Attackers, Attempts},
    callers::Callers,
    faults::{self, Done},
    findings::Trouble,
    held::Held,
    tally::Phase,
};

/// For how long connections may take to be gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// What there is to tell of a round.
pub(crate) struct Round {
    /// Memory of both servers with the held connections alone, before callers came and after they went.
    pub(crate) held: [[u64; 2]; 2],
    pub(crate) faults: Done,
    pub(crate) quiet: Duration,
    pub(crate) attack: Duration,
    /// For how long callers called.
    pub(crate) load: Duration,
    /// Handshakes of these.
    pub(crate) handshakes: u64,
    pub(crate) attempts: Arc<Attempts>,
}

/// Two fifths of the time for faults, one for quiet, two for attackers.
pub(crate) async fn run(soak: &Arc<Soak>, number: usize, seconds: u32) -> Result<Round, Trouble> {
    let fifth = Duration::from_secs(seconds.into()) / 5;
    let held = Held::connect(soak, soak.args.held).await;
    open(soak, soak.args.held).await?;
    let before = soak.servers.memory()?;

    let (begun, calls) = (Instant::now(), soak.tally.counts().handshakes());
    let callers = Callers::start(soak, number);
    soak.tally.enter(Phase::Faults);
    let faults = faults::all(soak, 2 * fifth).await?;
    soak.tally.enter(Phase::Quiet);
    let quiet = Instant::now();
    sleep(fifth).await;
    let quiet = quiet.elapsed();
    soak.tally.enter(Phase::Between);
    let attackers = Attackers::start(soak).await?;
    soak.tally.enter(Phase::Attack);
    let attack = Instant::now();
    sleep(2 * fifth).await;
    let attack = attack.elapsed();
    soak.tally.enter(Phase::Between);
    let attempts = attackers.stop().await;
    callers.stop().await;
    let (load, handshakes) = (begun.elapsed(), soak.tally.counts().handshakes() - calls);

    open(soak, soak.args.held).await?;
    let held_after = soak.servers.memory()?;
    held.close().await;
    open(soak, 0).await?;
    Ok(Round { held: [before, held_after], faults, quiet, attack, load, handshakes, attempts })
}

/// Waits until so many connections are open, and a moment for what they leave behind.
pub(crate) async fn open(soak: &Soak, count: usize) -> Result<(), Trouble> {
    let begun = Instant::now();
    loop {
        let now = soak.sum().await?.sum("tls12_connections_open", &[]);
        if now == count as u64 {
            break;
        }
        if begun.elapsed() > PATIENCE {
            soak.findings
                .add(format!("{now} connections are open after {PATIENCE:?}, and {count} should be"));
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(1)).await;
    Ok(())
}
