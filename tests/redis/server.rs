//! A redis-server of our own, which ends with the test.

use std::{
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use redis::{Connection, FromRedisValue, RedisResult};

use crate::{
    place::Place,
    ports::{PATIENCE, free_port},
};

/// Listens on the loopback interface and keeps nothing on disk. Killed when dropped.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    options: Vec<String>,
    /// With a password, where it has one.
    url: String,
    /// Its folder, where it writes nothing.
    place: Place,
}

impl Redis {
    /// With these options besides, separated by blanks.
    pub(crate) fn start(options: &str) -> Self {
        Self::start_in(Place::new(crate::common::certs::Key::EcdsaP256), options, |port| {
            format!("redis://127.0.0.1:{port}")
        })
    }

    /// In a folder with keys and certificates. `url` says how it is reached without TLS.
    pub(crate) fn start_in(place: Place, options: &str, url: impl Fn(u16) -> String) -> Self {
        let port = free_port();
        let options: Vec<String> = options.split_whitespace().map(str::to_owned).collect();
        let child = spawn(&place, port, &options);
        let mut redis = Self { child, port, options, url: url(port), place };
        redis.wait();
        redis
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// A plain client, as an operator or an intruder has it.
    pub(crate) fn client(&self) -> Connection {
        redis::Client::open(self.url()).and_then(|client| client.get_connection()).expect("a connection")
    }

    /// One command of that client, in words.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &str) -> T {
        self.try_ask(command).expect("an answer")
    }

    pub(crate) fn try_ask<T: FromRedisValue>(&self, command: &str) -> RedisResult<T> {
        let mut words = command.split_whitespace();
        let mut command = redis::cmd(words.next().expect("a command"));
        words.for_each(|word| {
            command.arg(word);
        });
        command.query(&mut self.client())
    }

    /// The names of all keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.ask("KEYS *");
        keys.sort();
        keys
    }

    /// Sends SIGSTOP or SIGCONT, say.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill");
        assert!(status.success(), "{name}");
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it ends");
    }

    /// Starts it again at the same place, empty.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(&self.place, self.port, &self.options);
        self.wait();
    }

    fn wait(&mut self) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(self.child.try_wait().expect("a child").is_none(), "redis-server ended");
            assert!(Instant::now() < end, "redis-server does not listen");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended, or be stopped, which SIGKILL does not mind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(place: &Place, port: u16, options: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--dir", place.path("").trim_end_matches('/')])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server starts")
}
