//! A child process that works with secrets and stops at moments, at which its parent searches its memory.

use std::{
    collections::BTreeSet,
    hint::black_box,
    io::{BufRead, BufReader, Read, Write, stderr, stdin},
    process::{Child, ChildStdout, Command, Stdio, exit},
    thread,
    time::Duration,
};

use super::{
    common::say::say,
    memory::{Found, Needle, Place, Search},
};

/// Which scene a child process plays.
const SCENE: &str = "TLS12_ZEROIZE_SCENE";
/// How long a child lives at most, whatever happens.
const LIMIT: Duration = Duration::from_secs(120);
/// What begins a child's lines, among those of the test framework.
const MARK: &str = "moment ";

/// What a child does. The parent gets the same names and knows the secrets.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) play: fn(&Moments),
    pub(crate) secrets: fn() -> Vec<Needle>,
}

/// The moments of a child.
pub(crate) struct Moments(());

impl Moments {
    /// Secrets may be in memory now.
    pub(crate) fn alive(&self) {
        stop("alive");
    }

    /// No secret may be in memory now.
    pub(crate) fn gone(&self) {
        stop("gone");
    }
}

/// Tells the parent, and waits until it has looked.
fn stop(kind: &str) {
    let here = 0_u8;
    let mut lines = std::io::stdout();
    // One system call, so that nothing of it is mixed with what the test framework prints.
    let line = format!("\n{MARK}{kind} {}\n", std::ptr::from_ref(black_box(&here)).addr());
    lines.write_all(line.as_bytes()).and_then(|()| lines.flush()).expect("the parent reads");
    if !matches!(stdin().read(&mut [0]), Ok(1)) {
        // The parent is gone.
        exit(2);
    }
}

/// Plays the scene that the environment names; nothing if it names none.
pub(crate) fn play(scenes: &[Scene]) {
    let Ok(name) = std::env::var(SCENE) else { return };
    thread::spawn(|| {
        thread::sleep(LIMIT);
        let _ = stderr().write_all(b"this child took too long\n");
        exit(3);
    });
    let Some(scene) = scenes.iter().find(|scene| scene.name == name) else { return };
    let moments = Moments(());
    run(scene, &moments);
    moments.gone();
}

/// In a frame of its own, which is dead when the last moment comes.
#[inline(never)]
fn run(scene: &Scene, moments: &Moments) {
    black_box(scene.play)(moments);
}

/// Starts the child of a scene. Its one test is the one that calls [`play`].
fn start(scene: &Scene) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "scenes::a_child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(SCENE, scene.name)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("this test starts itself")
}

/// What was seen of a scene.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Names of secrets that were found while they were alive, in the order of the needles.
    pub(crate) alive: Vec<String>,
    /// What was found at moments at which nothing may be there, with the number of the moment.
    pub(crate) left: Vec<(usize, Found)>,
    pub(crate) moments: usize,
}

/// Why this machine does not let a test look.
#[derive(Debug)]
pub(crate) struct NotAllowed(pub std::io::Error);

/// Plays a scene in a child and looks into it at every moment.
pub(crate) fn watch(scene: &Scene) -> Result<Seen, NotAllowed> {
    let needles = (scene.secrets)();
    let search = Search::new(&needles);
    let mut child = start(scene);
    let result = look(&mut child, &search);
    if result.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().expect("a child ends");
    let mut seen = result?;
    assert!(status.success(), "{}: the child failed", scene.name);
    let names = needles.iter().map(|needle| needle.name.clone());
    seen.alive = names.filter(|name| seen.alive.contains(name)).collect();
    Ok(seen)
}

fn look(child: &mut Child, search: &Search<'_>) -> Result<Seen, NotAllowed> {
    let mut go_on = child.stdin.take().expect("a pipe");
    let lines = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut seen = Seen::default();
    for (kind, stack) in moments(lines) {
        let found = search.process(child.id(), stack).map_err(NotAllowed)?;
        seen.moments += 1;
        match kind.as_str() {
            "gone" => seen.left.extend(found.into_iter().map(|found| (seen.moments, found))),
            _ => seen.alive.extend(found.into_iter().map(|found| found.name)),
        }
        go_on.write_all(b".").expect("the child waits");
    }
    Ok(seen)
}

/// The moments that a child tells of: their kinds, and an address on its stack.
fn moments(lines: BufReader<ChildStdout>) -> impl Iterator<Item = (String, usize)> {
    lines.lines().filter_map(|line| {
        let line = line.expect("the child writes text");
        let (kind, stack) = line.strip_prefix(MARK)?.split_once(' ')?;
        Some((kind.to_owned(), stack.parse().ok()?))
    })
}

/// Plays a scene, and asserts that each secret was there, and that none is left.
#[track_caller]
pub(crate) fn assert_wiped(scene: &Scene) {
    let seen = match watch(scene) {
        Ok(seen) => seen,
        Err(NotAllowed(error)) => {
            let name = &scene.name;
            say(&format!("left out: {name}: a parent may not read its child's memory here ({error})"));
            return;
        }
    };
    let needles = (scene.secrets)();
    for needle in needles.iter().filter(|needle| needle.seen) {
        assert!(seen.alive.contains(&needle.name), "{}: {} was never seen", scene.name, needle.name);
    }
    let may_stay = |found: &Found| needles.iter().any(|needle| needle.left && needle.name == found.name);
    let on_heap = seen.left.iter().filter(|(_, found)| found.place == Place::Heap);
    let left: Vec<_> = on_heap.filter(|(_, found)| !may_stay(found)).collect();
    assert!(left.is_empty(), "{}: of {} moments, left in memory: {left:#?}", scene.name, seen.moments);
    // Of dead frames of the stack nothing is claimed, for compilers put there what they like; this is told.
    let on_stack = seen.left.iter().filter(|(_, found)| found.place == Place::Stack);
    let names: BTreeSet<_> = on_stack.map(|(_, found)| &found.name).collect();
    println!(
        "{}: {} moments, nothing left; in dead frames of the stack: {names:?}",
        scene.name, seen.moments
    );
}
