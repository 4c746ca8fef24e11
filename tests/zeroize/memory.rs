//! The memory of another process, searched for secrets through `/proc` (proc(5)), which needs no `unsafe`.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::PathBuf,
};

/// How much of a secret must be found in one piece to count, in bytes: no 16 bytes of it are there by chance.
const PIECE: usize = 16;
const PAGE: usize = 4096;
const WINDOW: usize = 64 * PAGE;

/// A secret, known to whoever searches.
#[derive(Debug, Clone)]
pub(crate) struct Needle {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Whether it lives long enough to be seen at one of the moments of its scene.
    pub(crate) seen: bool,
    /// Whether it may be left, because a crate below leaves it.
    pub(crate) left: bool,
}

/// A secret that is seen while it is alive.
pub(crate) fn needle(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Needle {
    Needle { name: name.into(), bytes: bytes.into(), seen: true, left: false }
}

/// A secret that is made, used and wiped between two moments.
pub(crate) fn passing(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Needle {
    Needle { seen: false, ..needle(name, bytes) }
}

/// A secret that a crate below leaves behind, and that docs/secrets.md names.
pub(crate) fn left_behind(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Needle {
    Needle { left: true, ..needle(name, bytes) }
}

/// Where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The stack of the thread that did the work, or the main thread's.
    Stack,
    /// The heap, static variables, and whatever else can be written to.
    Heap,
}

/// A piece of a needle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) name: String,
    /// Where in the secret the piece begins.
    pub(crate) offset: usize,
    pub(crate) address: usize,
}

/// The pieces of all needles, found by their first two bytes.
pub(crate) struct Search<'n> {
    needles: &'n [Needle],
    /// By the first two bytes: which pieces begin so, as needle and offset.
    begins: Vec<Vec<(usize, usize)>>,
}

impl<'n> Search<'n> {
    pub(crate) fn new(needles: &'n [Needle]) -> Self {
        let mut begins = vec![Vec::new(); 1 << 16];
        for (at, needle) in needles.iter().enumerate() {
            assert!(needle.bytes.len() >= PIECE, "{} is too short to be told from chance", needle.name);
            for (number, piece) in needle.bytes.chunks_exact(PIECE).enumerate() {
                assert!(piece.iter().any(|byte| *byte != piece[0]), "{} looks like nothing", needle.name);
                begins[usize::from(u16::from_le_bytes([piece[0], piece[1]]))].push((at, number * PIECE));
            }
        }
        Self { needles, begins }
    }

    /// Every piece in the writable memory of a process, whose working stack has `stack` in it.
    pub(crate) fn process(&self, pid: u32, stack: usize) -> io::Result<Vec<Found>> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let memory = File::open(folder.join("mem"))?;
        let mut found = Vec::new();
        for line in fs::read_to_string(folder.join("maps"))?.lines() {
            let Some((start, end)) = writable(line) else { continue };
            let is_stack = (start..end).contains(&stack) || line.ends_with("[stack]");
            self.region(&memory, start..end, if is_stack { Place::Stack } else { Place::Heap }, &mut found)?;
        }
        found.sort();
        Ok(found)
    }

    fn region(
        &self,
        memory: &File,
        region: std::ops::Range<usize>,
        place: Place,
        found: &mut Vec<Found>,
    ) -> io::Result<()> {
        let mut window = vec![0; WINDOW + PIECE];
        for start in region.clone().step_by(WINDOW) {
            let len = (region.end - start).min(window.len());
            let bytes = &mut window[..len];
            memory.read_exact_at(bytes, start as u64)?;
            for page in (0..len.min(WINDOW)).step_by(PAGE) {
                // A piece may begin in this page and end in the next one.
                let end = (page + PAGE + PIECE - 1).min(len);
                self.page(&bytes[page..end], &mut |needle, offset, at| {
                    let name = self.needles[needle].name.clone();
                    found.push(Found { place, name, offset, address: start + page + at });
                });
            }
        }
        Ok(())
    }

    fn page(&self, bytes: &[u8], tell: &mut impl FnMut(usize, usize, usize)) {
        // Most pages are empty, and comparing slices is fast where a loop of a debug build is not.
        if bytes[..] == [0; PAGE + PIECE][..bytes.len()] {
            return;
        }
        for at in 0..bytes.len().saturating_sub(PIECE - 1) {
            let pieces = &self.begins[usize::from(bytes[at]) | usize::from(bytes[at + 1]) << 8];
            for (needle, offset) in pieces {
                if self.needles[*needle].bytes[*offset..*offset + PIECE] == bytes[at..at + PIECE] {
                    tell(*needle, *offset, at);
                }
            }
        }
    }
}

/// The addresses in a line of `maps`, if it is memory that can be read and written.
fn writable(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split(' ');
    let (start, end) = words.next()?.split_once('-')?;
    let address = |hex| usize::from_str_radix(hex, 16).ok();
    words.next()?.starts_with("rw").then_some((address(start)?, address(end)?))
}
