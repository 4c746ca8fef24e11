//! A Redis that keeps nothing on disk, and what may happen to it.

use std::{
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    findings::Trouble,
    server::{Process, signal},
};

/// For how long it may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Redis {
    dir: PathBuf,
    port: u16,
    process: Mutex<Process>,
}

impl Redis {
    pub(crate) async fn start(dir: &Path) -> Result<Self, Trouble> {
        // Any free port, and the same one whenever it comes back.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Mutex::new(spawn(dir, port)?);
        let redis = Self { dir: dir.to_owned(), port, process };
        redis.answers().await?;
        Ok(redis)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// It is gone at once, with all that it kept.
    pub(crate) fn die(&self) {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }

    /// It comes back, with nothing.
    pub(crate) async fn come_back(&self) -> Result<(), Trouble> {
        let process = spawn(&self.dir, self.port)?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = process;
        self.answers().await
    }

    /// It says nothing until it is told to go on, and its connections stay open.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Trouble> {
        signal(name, self.process.lock().unwrap_or_else(PoisonError::into_inner).id())
    }

    /// Ends it for good.
    pub(crate) fn stop(&self) {
        self.die();
    }

    /// Says something in a line, and gives the first line of the answer.
    pub(crate) async fn ask(&self, line: &str) -> io::Result<String> {
        let talk = async {
            let mut tcp = TcpStream::connect(("127.0.0.1", self.port)).await?;
            tcp.write_all(format!("{line}\r\n").as_bytes()).await?;
            let mut answer = vec![0; 512];
            let n = tcp.read(&mut answer).await?;
            Ok(String::from_utf8_lossy(&answer[..n]).lines().next().unwrap_or_default().to_owned())
        };
        timeout(Duration::from_secs(5), talk).await?
    }

    async fn answers(&self) -> Result<(), Trouble> {
        let begun = Instant::now();
        loop {
            match self.ask("PING").await {
                Ok(answer) if answer == "+PONG" => return Ok(()),
                other if begun.elapsed() > PATIENCE => return Err(format!("Redis says {other:?}").into()),
                _ => sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

fn spawn(dir: &Path, port: u16) -> Result<Process, Trouble> {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Process::start(command, dir)
}
