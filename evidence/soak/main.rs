//! What `scripts/soak` runs: two `tls12 serve` on one port and a Redis, held connections, callers at full rate, faults and
//! attackers, and afterwards whether anything is missing. docs/soak.md says what is done.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "it starts servers, reads what they wrote and looks at the clock"
)]

mod args;
mod attack;
mod callers;
mod faults;
mod files;
mod findings;
mod held;
mod log;
mod numbers;
mod peer;
mod random;
mod redis;
mod report;
mod round;
mod server;
mod tally;

use std::{process::ExitCode, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use self::{
    args::Args,
    files::Files,
    findings::{Findings, Trouble},
    held::Held,
    log::Logged,
    numbers::Numbers,
    peer::{How, Peers, source},
    redis::Redis,
    report::Report,
    server::Servers,
    tally::Tally,
};

/// How many rounds there are: what the second one needs more than the first is not given back.
const ROUNDS: usize = 2;
/// How many connections end while the servers are stopping.
const LAST: usize = 20;

/// What all parts of it share.
struct Soak {
    args: Args,
    files: Files,
    peers: Peers,
    servers: Servers,
    redis: Redis,
    tally: Tally,
    findings: Findings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::read() {
        Ok(args) => args,
        Err(why) => {
            eprintln!("soak: {why}");
            return ExitCode::from(2);
        }
    };
    match run(args).await {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            findings.iter().for_each(|finding| eprintln!("soak: {finding}"));
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("soak: {why}");
            ExitCode::FAILURE
        }
    }
}

/// What does not hold. Fails with a sentence where it cannot go on.
async fn run(args: Args) -> Result<Vec<String>, Trouble> {
    let files = Files::new(&args.dir)?;
    let redis = Redis::start(&args.dir).await?;
    let servers = Servers::start(&args, &redis).await?;
    let peers = Peers::new(&files, servers.address())?;
    let soak = Arc::new(Soak {
        tally: Tally::new(),
        findings: Findings::default(),
        args,
        files,
        peers,
        servers,
        redis,
    });
    let mut report = Report::default();
    warm_up(&soak).await;
    round::open(&soak, 0).await?;
    report.descriptors.push(soak.servers.descriptors()?);
    report.memory.push(soak.servers.memory()?);
    for number in 0..ROUNDS {
        let share = soak.args.seconds / u32::try_from(ROUNDS).unwrap_or(1);
        report.rounds.push(round::run(&soak, number, share).await?);
        report.memory.push(soak.servers.memory()?);
    }
    warm_up(&soak).await;
    report.descriptors.push(same_descriptors(&soak, &report).await?);
    round::open(&soak, 0).await?;
    report.closed = soak.tally.connections_closed();
    report.numbers = soak.servers.numbers().await?;
    report.stopped = stop(&soak).await?;
    report.logged = Logged::read(soak.servers.logs())?;
    report.rotations = soak.servers.sealing_keys()?.saturating_sub(1);
    report.check(&soak);
    print!("{}", report.table(&soak));
    Ok(soak.findings.take())
}

/// Has both servers, and what they hold on to for good, do everything once: some connections by each way.
async fn warm_up(soak: &Arc<Soak>) {
    for n in 0..64 {
        let peer = soak.peers.peer(if n % 2 == 0 { How::Tickets } else { How::Ids });
        for _ in 0..3 {
            soak.call(&peer, source::probe(n), 1).await;
        }
    }
}

/// How many descriptors there are, which may take a moment to be as many as before.
async fn same_descriptors(soak: &Soak, report: &Report) -> Result<[usize; 2], Trouble> {
    let before = report.descriptors.first().copied().unwrap_or_default();
    let begun = Instant::now();
    loop {
        let now = soak.servers.descriptors()?;
        if now == before || begun.elapsed() > Duration::from_secs(10) {
            return Ok(now);
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Ends both servers while some connections are open, which say something yet. How long that took.
async fn stop(soak: &Arc<Soak>) -> Result<Duration, Trouble> {
    let held = Held::connect(soak, LAST).await;
    let begun = Instant::now();
    soak.servers.signal("TERM")?;
    sleep(Duration::from_millis(500)).await;
    held.close().await;
    soak.servers.ended(Duration::from_secs(20), &soak.findings).await?;
    soak.redis.stop();
    Ok(begun.elapsed())
}

impl Soak {
    /// What both servers count now, added up.
    async fn sum(&self) -> Result<Numbers, Trouble> {
        let [one, other] = self.servers.numbers().await?;
        Ok(one.plus(&other))
    }
}
