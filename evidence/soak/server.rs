//! Two `tls12 serve` on one port.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{
    args::Args,
    files::PERIOD,
    findings::{Findings, Trouble},
    numbers::Numbers,
    redis::Redis,
};

/// For how long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// Connections that do not have a place of their own among those that are held.
const MORE_CONNECTIONS: usize = 4000;

/// A process that does not outlive this one: its number is in the folder for as long as it runs, and `scripts/soak` ends
/// what is there.
pub(crate) struct Process {
    child: Child,
    noted: PathBuf,
}

impl Process {
    pub(crate) fn start(mut command: Command, dir: &Path) -> Result<Self, Trouble> {
        let child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let noted = dir.join("running").join(child.id().to_string());
        fs::write(&noted, "")?;
        Ok(Self { child, noted })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        // That it ended by itself is no trouble.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.forget();
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten();
        if status.is_some() {
            self.forget();
        }
        status
    }

    /// Its number may be that of another process from now on.
    fn forget(&self) {
        let _ = fs::remove_file(&self.noted);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal.
pub(crate) fn signal(name: &str, process: u32) -> Result<(), Trouble> {
    // The one of the shell: not every system has the program.
    let sent =
        Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &process.to_string()]).status()?;
    match sent.success() {
        true => Ok(()),
        false => Err(format!("process {process} does not take the signal {name}").into()),
    }
}

/// One of them.
struct Server {
    process: Mutex<Process>,
    id: u32,
    address: SocketAddr,
    numbers: String,
    log: PathBuf,
    said: PathBuf,
}

pub(crate) struct Servers([Server; 2]);

impl Servers {
    pub(crate) async fn start(args: &Args, redis: &Redis) -> Result<Self, Trouble> {
        let one = Server::start(args, redis, "one", "127.0.0.1:0").await?;
        let other = Server::start(args, redis, "other", &one.address.to_string()).await?;
        Ok(Self([one, other]))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0[0].address
    }

    /// Where each says what became of its connections.
    pub(crate) fn logs(&self) -> [&Path; 2] {
        self.0.each_ref().map(|server| server.log.as_path())
    }

    /// What each counts now.
    pub(crate) async fn numbers(&self) -> Result<[Numbers; 2], Trouble> {
        let [one, other] = &self.0;
        Ok([Numbers::ask(&one.numbers).await?, Numbers::ask(&other.numbers).await?])
    }

    /// Bytes of memory that each has for itself: what proc(5) calls RssAnon.
    pub(crate) fn memory(&self) -> Result<[u64; 2], Trouble> {
        let of = |server: &Server| {
            let status = fs::read_to_string(format!("/proc/{}/status", server.id))?;
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
            let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB"));
            let kibibytes: u64 = kibibytes.ok_or("no RssAnon in proc")?.trim().parse()?;
            Result::<_, Trouble>::Ok(kibibytes * 1024)
        };
        let [one, other] = &self.0;
        Ok([of(one)?, of(other)?])
    }

    /// How many file descriptors each has.
    pub(crate) fn descriptors(&self) -> Result<[usize; 2], Trouble> {
        let of = |server: &Server| Ok::<_, Trouble>(fs::read_dir(format!("/proc/{}/fd", server.id))?.count());
        let [one, other] = &self.0;
        Ok([of(one)?, of(other)?])
    }

    pub(crate) fn signal(&self, name: &str) -> Result<(), Trouble> {
        self.0.iter().try_for_each(|server| signal(name, server.id))
    }

    /// Waits until both have ended, and finds fault with one that did not end well.
    pub(crate) async fn ended(&self, patience: Duration, findings: &Findings) -> Result<(), Trouble> {
        let begun = Instant::now();
        for server in &self.0 {
            let status = loop {
                let status = server.process.lock().unwrap_or_else(PoisonError::into_inner).ended();
                match status {
                    Some(status) => break Some(status),
                    None if begun.elapsed() > patience => break None,
                    None => sleep(Duration::from_millis(20)).await,
                }
            };
            match status {
                Some(status) if status.success() => {}
                Some(status) => findings.add(format!("a server ended with {status} after SIGTERM")),
                None => findings.add(format!("a server still runs {patience:?} after SIGTERM")),
            }
        }
        Ok(())
    }

    /// How many ticket keys have sealed, by what they said on standard error.
    pub(crate) fn sealing_keys(&self) -> Result<usize, Trouble> {
        let mut keys = BTreeSet::new();
        for server in &self.0 {
            let said = fs::read_to_string(&server.said)?;
            let words: Vec<_> = said.split_whitespace().collect();
            let pairs = words.windows(2).filter(|pair| pair[1] == "sealing");
            keys.extend(pairs.map(|pair| pair[0].to_owned()));
        }
        Ok(keys.len())
    }
}

impl Server {
    async fn start(args: &Args, redis: &Redis, name: &str, listen: &str) -> Result<Self, Trouble> {
        let file = |name: &str| args.dir.join(name);
        let (log, said) = (file(&format!("{name}.log")), file(&format!("{name}.err")));
        let mut command = Command::new(&args.binary);
        command.arg("serve").args(["--reuse-port", "--echo", "--listen", listen]);
        command.arg("--cert").arg(file("cert.pem")).arg("--key").arg(file("cert.key"));
        command.arg("--ticket-ratchet").arg(file("ratchet")).args(["--rotate-every", &format!("{PERIOD}s")]);
        command.args(["--session-context", "soak", "--metrics", "127.0.0.1:0"]);
        // One address may have a quarter of the handshakes: a flood from one leaves room for all others.
        command.args(["--max-handshakes", "1024", "--address-share", "25"]);
        command.args(["--max-connections", &(args.held + MORE_CONNECTIONS).to_string()]);
        command.args(["--handshake-timeout", &format!("{}s", HANDSHAKE_TIMEOUT.as_secs())]);
        // So few that this level is full in the first round, and does not grow in the second one.
        command.args(["--session-cache", &redis.url(), "--session-cache-local", "1000"]);
        command.stdin(Stdio::null()).stdout(File::create(&log)?).stderr(File::create(&said)?);
        let mut process = Process::start(command, &args.dir)?;
        let (address, numbers) = first_lines(&mut process, &said).await?;
        Ok(Self { id: process.id(), process: Mutex::new(process), address, numbers, log, said })
    }
}

/// Where a server that was just started listens, and where it tells numbers.
async fn first_lines(process: &mut Process, said: &Path) -> Result<(SocketAddr, String), Trouble> {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(said)?;
        let after = |beginning: &str, end: char| {
            let mut lines = text.lines().filter_map(|line| line.strip_prefix(beginning));
            lines.find_map(|line| line.split_once(end)).map(|(found, _)| found.to_owned())
        };
        if let (Some(address), Some(numbers)) =
            (after("listening on ", ' '), after("numbers at http://", '/'))
        {
            return Ok((address.parse()?, numbers));
        }
        if process.ended().is_some() || begun.elapsed() > Duration::from_secs(10) {
            return Err(format!("a server does not listen: {text}").into());
        }
        sleep(Duration::from_millis(20)).await;
    }
}
