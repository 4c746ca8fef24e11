//! The recorded handshakes in vectors/transcripts, as bytes that went both ways.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tls12::schedule::Side;

/// Who said what, in order.
pub type Said = Vec<(Side, Vec<u8>)>;

/// A recorded handshake.
pub struct Transcript {
    pub name: String,
    pub said: Said,
    /// What the client told of it in numbers: how it went, why, and what became of the ticket; where that was recorded.
    pub verdict: Option<[u16; 3]>,
}

/// All there are.
pub fn all() -> Vec<Transcript> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/transcripts");
    let mut paths: Vec<PathBuf> = [root.clone(), root.join("flows")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("a folder"))
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    assert!(paths.len() > 40, "the transcripts are where this test looks for them");
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Transcript {
    let text = fs::read_to_string(path).expect("a transcript");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut transcript = Transcript { name, said: Vec::new(), verdict: None };
    let ours = if text.contains("\nours: server\n") { Side::Server } else { Side::Client };
    for (key, value) in text.lines().filter_map(|line| line.split_once(": ")) {
        match key {
            "client" => transcript.said.push((Side::Client, unhex(value))),
            "server" => transcript.said.push((Side::Server, unhex(value))),
            "send" => transcript.said.push((ours, unhex(value))),
            "receive" => transcript.said.push((ours.peer(), unhex(value))),
            "client-verdict" => {
                let numbers: Vec<u16> =
                    value.split(' ').map(|number| number.parse().expect("a number")).collect();
                transcript.verdict = Some(numbers.try_into().expect("three numbers"));
            }
            _ => {}
        }
    }
    transcript
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex")).collect()
}
