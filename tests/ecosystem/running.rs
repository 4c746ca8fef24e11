//! Example programs, running.

use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

/// Long enough for a busy machine.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// `cargo test` builds the examples beside the tests, unless it is told to build some of the tests only.
fn path(example: &str) -> PathBuf {
    let this = env::current_exe().expect("the path of this test");
    let built = this.parent().and_then(|deps| deps.parent()).expect("a folder of what was built");
    let path = built.join("examples").join(example).with_extension(env::consts::EXE_EXTENSION);
    assert!(
        path.exists(),
        "no {}: `cargo build --all-features --examples` first, with the profile of this test",
        path.display()
    );
    path
}

fn command(example: &str, args: &[&str]) -> Command {
    let mut command = Command::new(path(example));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A server on a port of its own; killed when dropped.
pub(super) struct Serving {
    child: Child,
    pub(super) port: u16,
}

impl Serving {
    /// With arguments of which one is the address `127.0.0.1:0`.
    pub(super) fn start(example: &str, args: &[&str]) -> Self {
        let mut child = command(example, args).stderr(Stdio::null()).spawn().expect("the example");
        let mut said = BufReader::new(child.stdout.take().expect("what it says"));
        let (saying, first) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = said.read_line(&mut line);
            let _ = saying.send(line);
        });
        let line = first.recv_timeout(TIMEOUT).unwrap_or_default();
        let port = line.trim_end().strip_prefix("listening on 127.0.0.1:").and_then(|port| port.parse().ok());
        let Some(port) = port else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("no port in {line:?}");
        };
        Self { child, port }
    }

    /// Its name and port.
    pub(super) fn name(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program writes that ends by itself: standard output, and standard error behind it.
pub(super) fn run(example: &str, args: &[&str]) -> String {
    let child = command(example, args).spawn().expect("the example");
    output(child, example)
}

/// The same for a child that runs already; ends it if it does not end.
pub(super) fn output(child: Child, name: &str) -> String {
    let (id, (done, waiting)) = (child.id(), channel());
    thread::spawn(move || done.send(child.wait_with_output()));
    let Ok(output) = waiting.recv_timeout(TIMEOUT) else {
        let _ = Command::new("kill").arg(id.to_string()).status();
        panic!("{name} does not end");
    };
    let output = output.expect("its output");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{name}: {text}");
    text
}
