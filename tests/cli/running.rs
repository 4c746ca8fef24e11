//! The command, running.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// Long enough for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

pub(super) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tls12"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the command to its end with this input.
pub(super) fn run(args: &[&str], input: &[u8]) -> Output {
    let mut child = command(args).spawn().expect("the command");
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_vec();
    // The command may end before it has read everything.
    let writing = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("its output");
    writing.join().expect("no panic");
    output
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The head and the body of a page over plain HTTP.
pub(super) fn get(address: &str, target: &str) -> (String, String) {
    let mut tcp = TcpStream::connect(address).expect("a connection");
    write!(tcp, "GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("a request");
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.lines().next().expect("a status").to_owned(), body.to_owned())
}

/// Waits until the numbers have this line.
pub(super) fn until(metrics: &str, line: &str) {
    for _ in 0..2_000 {
        if get(metrics, "/metrics").1.lines().any(|known| known == line) {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("no {line} in {}", get(metrics, "/metrics").1);
}

/// `tls12 serve`, or another command that listens, on a port of its own; killed when dropped.
pub(super) struct Serving {
    pub(super) child: Child,
    pub(super) log: BufReader<ChildStdout>,
    /// Its first line.
    pub(super) greeting: String,
    pub(super) port: u16,
    /// What it says on standard error after that.
    said: Receiver<String>,
}

impl Serving {
    pub(super) fn start(args: &[&str]) -> Self {
        Self::start_as("serve", args)
    }

    pub(super) fn start_as(what: &str, args: &[&str]) -> Self {
        Self::listening(&[&[what, "--listen", "127.0.0.1:0"], args].concat())
    }

    pub(super) fn start_at(address: &str, args: &[&str]) -> Self {
        Self::listening(&[&["serve", "--listen", address], args].concat())
    }

    fn listening(args: &[&str]) -> Self {
        let mut child = command(args).spawn().expect("the command");
        let mut stderr = BufReader::new(child.stderr.take().expect("its errors"));
        let mut greeting = String::new();
        stderr.read_line(&mut greeting).expect("a first line");
        // Somebody has to take the rest, whether it is of interest or not.
        let (saying, said) = channel();
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| saying.send(line)));
        let address = greeting.strip_prefix("listening on ").and_then(|rest| rest.split(' ').next());
        let port = address.and_then(|address| address.rsplit(':').next()?.parse().ok());
        let Some(port) = port else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("no port in {greeting:?}");
        };
        let log = BufReader::new(child.stdout.take().expect("its log"));
        Self { child, log, greeting, port, said }
    }

    /// Calls it with `tls12 connect`.
    pub(super) fn call(&self, args: &[&str], input: &[u8]) -> Output {
        run(&[&["connect", &format!("localhost:{}", self.port)], args].concat(), input)
    }

    pub(super) fn socket(&self) -> TcpStream {
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        tcp.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        tcp
    }

    /// The next line of its log.
    pub(super) fn logged(&mut self) -> String {
        let mut line = String::new();
        self.log.read_line(&mut line).expect("a line of log");
        line
    }

    /// The next line on standard error that has these words in it.
    pub(super) fn says(&self, words: &str) -> String {
        self.says_up_to(words).pop().expect("a line")
    }

    /// All lines on standard error up to the next one that has these words in it.
    pub(super) fn says_up_to(&self, words: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        while !lines.last().is_some_and(|line| line.contains(words)) {
            let line = self.said.recv_timeout(TIMEOUT);
            lines.push(line.unwrap_or_else(|_| panic!("it never said {words:?} but {lines:?}")));
        }
        lines
    }

    /// All that it said on standard error and nobody read yet.
    pub(super) fn said(&self) -> Vec<String> {
        self.said.try_iter().collect()
    }

    /// Where its numbers are, if it was told to serve them; to be asked before anything else it says.
    pub(super) fn metrics(&self) -> String {
        let said = self.says("numbers at http://");
        let address = said.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        address.expect("an address").to_owned()
    }

    /// Sends it a signal, for instance `HUP`.
    pub(super) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    }

    pub(super) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let deadline = Instant::now() + TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not stop");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
