//! Other programs: started with pipes, read without end, never left behind.

use std::{
    env,
    io::{Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::ports::PATIENCE;

/// Whether other programs are here to be talked to; says so if not.
pub(crate) fn has_peers(left_out: &str) -> bool {
    let wanted = env::var_os("TLS12_INTEROP").is_some_and(|value| value == "1");
    if !wanted {
        crate::common::say::say(&format!("left out: {left_out}; run scripts/test"));
    }
    wanted
}

/// A running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    name: String,
    input: Option<mpsc::Sender<Vec<u8>>>,
    output: Collected,
    errors: Collected,
}

impl Program {
    /// Starts `name` with `arguments` separated by spaces.
    pub(crate) fn start(name: &str, arguments: &str) -> Self {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        Self::start_with(name, &arguments)
    }

    /// Starts `name`, whose arguments may have spaces in them.
    pub(crate) fn start_with(name: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let (input, queue) = mpsc::channel::<Vec<u8>>();
        let mut stdin = child.stdin.take().expect("a pipe");
        // It ends, and closes the pipe, with the sender; a program that is gone is noticed elsewhere.
        thread::spawn(move || queue.iter().all(|bytes| stdin.write_all(&bytes).is_ok()));
        let output = Collected::new(child.stdout.take().expect("a pipe"));
        let errors = Collected::new(child.stderr.take().expect("a pipe"));
        let name = format!("{name} {}", arguments.join(" "));
        Self { child, name, input: Some(input), output, errors }
    }

    /// Writes to its standard input, without waiting until it is read.
    pub(crate) fn input(&self, bytes: &[u8]) {
        self.input.as_ref().expect("its input is open").send(bytes.to_vec()).expect("somebody writes");
    }

    /// Ends its standard input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// What it wrote to its standard output, as soon as it is at least `len` bytes.
    pub(crate) fn output(&self, len: usize) -> Vec<u8> {
        self.until(|| self.output.bytes(), |bytes| bytes.len() >= len)
    }

    /// What it wrote to both its outputs, as soon as `text` is there.
    pub(crate) fn text_with(&self, text: &str) -> String {
        self.until(|| self.text(), |all| all.contains(text))
    }

    /// What it wrote to both its outputs, as soon as that `is_enough`.
    pub(crate) fn text_until(&self, is_enough: impl Fn(&str) -> bool) -> String {
        self.until(|| self.text(), |all| is_enough(all))
    }

    /// What it wrote to both its outputs up to now.
    pub(crate) fn text(&self) -> String {
        let bytes = [self.output.bytes(), self.errors.bytes()].concat();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn until<T>(&self, get: impl Fn() -> T, is_enough: impl Fn(&T) -> bool) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let got = get();
            if is_enough(&got) {
                return got;
            }
            assert!(Instant::now() < end, "{} wrote only this:\n{}", self.name, self.text());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends it a signal, for instance `HUP`.
    #[allow(dead_code, reason = "not every test file has programs that take signals")]
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    }

    /// Waits for its end, and returns what it wrote too.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                self.output.join();
                self.errors.join();
                return (status, self.text());
            }
            assert!(Instant::now() < end, "{} does not end:\n{}", self.name, self.text());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn succeed(self) -> String {
        let name = self.name.clone();
        let (status, text) = self.wait();
        assert!(status.success(), "{name} ended with {status}:\n{text}");
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("{} wrote:\n{}", self.name, self.text());
        }
    }
}

/// What comes out of a pipe, read as it comes.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Collected {
    fn new(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let to = bytes.clone();
        let reader = thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                to.lock().expect("nobody panics with it").extend_from_slice(&chunk[..n]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().expect("nobody panics with it").clone()
    }

    fn join(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("reading does not panic");
        }
    }
}
