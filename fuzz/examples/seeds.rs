//! Writes what fuzzing begins with: `seeds VECTORS OUT` makes a folder for each target in OUT, from the known answers in
//! VECTORS and from honest handshakes of this crate. Every run writes the same files.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha384};
use tls12::wire::HandshakeType;
use tls12_fuzz::{
    answers::ANSWERS_LEN,
    common::forge::{take_messages, take_records},
    stage::stages,
};

/// What stands before the stream in an input of `client` and `server`, behind the number of the stage.
const HEADER: [u8; ANSWERS_LEN + 1] = [0; ANSWERS_LEN + 1];
/// The targets whose inputs are read by `arbitrary`: their seeds are bytes of no meaning.
const BY_ARBITRARY: [&str; 4] = ["record", "ticket", "sequence", "connection"];

struct Seeds {
    vectors: PathBuf,
    out: PathBuf,
}

impl Seeds {
    fn put(&self, target: &str, name: &str, parts: &[&[u8]]) -> Result<(), Box<dyn Error>> {
        let folder = self.out.join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name.replace(['/', ' '], "_")), parts.concat())?)
    }

    /// One handshake message, for whoever reads messages.
    fn message(&self, name: &str, message: &[u8]) -> Result<(), Box<dyn Error>> {
        let (msg_type, body) = (message[0], &message[4..]);
        self.put("message", name, &[&[0], message])?;
        // The kinds of `message` are in the order of the types that have names.
        let kind = HandshakeType::NAMED.iter().position(|named| named.0 == msg_type);
        if let Some(kind) = kind {
            self.put("message", &format!("{name}_body"), &[&[kind as u8 + 1], body])?;
        }
        self.put("differential", name, &[&[msg_type], body])?;
        if msg_type == HandshakeType::CLIENT_HELLO.0 {
            self.put("client_hello", name, &[&[0, 0, 0], body])?;
            self.put("client_hello", &format!("{name}_cut"), &[&[0, 5, 9], body])?;
        }
        Ok(())
    }

    /// What one side says, for whoever reads messages.
    fn stream(&self, name: &str, stream: &[u8]) -> Result<(), Box<dyn Error>> {
        let mut clear = Vec::new();
        for (content_type, body) in take_records(&mut stream.to_vec()) {
            match content_type.0 {
                20 => break,
                22 => clear.extend(body),
                _ => {}
            }
        }
        for (number, message) in take_messages(&mut clear).iter().enumerate() {
            self.message(&format!("{name}_{number}"), message)?;
        }
        Ok(())
    }

    /// Honest handshakes in each stage, and the same with an answer that is not.
    fn handshakes(&self) -> Result<(), Box<dyn Error>> {
        for (number, stage) in stages().iter().enumerate() {
            for (target, stream) in [("client", &stage.down), ("server", &stage.up)] {
                let name = format!("{}_{target}", stage.name);
                self.put(target, &name, &[&[number as u8], &HEADER, stream])?;
                for dishonest in 0..ANSWERS_LEN {
                    let mut header = HEADER;
                    header[dishonest] = 3;
                    self.put(target, &format!("{name}_{dishonest}"), &[&[number as u8], &header, stream])?;
                }
                self.stream(&name, stream)?;
            }
        }
        self.recorded()
    }

    /// What OpenSSL said to us, and we to it.
    fn recorded(&self) -> Result<(), Box<dyn Error>> {
        for path in files(&self.vectors.join("transcripts"))? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path)?;
            self.onlooker(&name, &text)?;
            // The flows are the stages, byte for byte.
            if text.contains("\nflow: ") {
                continue;
            }
            let said = |key: &str| -> Vec<u8> { fields(&text, key).into_iter().flatten().collect() };
            let target = if text.contains("ours: server") { "server" } else { "client" };
            self.put(target, &name, &[&[0], &HEADER, &said("receive: ")])?;
            for key in ["receive: ", "send: "] {
                self.stream(&format!("{name}_{}", &key[..4]), &said(key))?;
            }
        }
        Ok(())
    }

    /// Both sides, for whoever looks on: as they are, after something else, and with bytes missing.
    fn onlooker(&self, name: &str, text: &str) -> Result<(), Box<dyn Error>> {
        let ours = u8::from(text.contains("ours: server"));
        let mut parts = Vec::new();
        for line in text.lines() {
            for (key, side) in [("receive: ", 1 - ours), ("send: ", ours)] {
                parts.extend(fields(line, key).iter().map(|bytes| part(side, bytes)));
            }
        }
        let (all, talk) = (parts.concat(), [part(1, b"220 a\r\n"), part(0, b"\x16STARTTLS\r\n")].concat());
        self.put("explain", name, &[&all])?;
        self.put("explain", &format!("{name}_later"), &[&talk, &all])?;
        // Kind 2 says that bytes of the client are missing, 3 of the server.
        parts.insert(parts.len() / 2, vec![3, 9]);
        self.put("explain", &format!("{name}_gap"), &[&[2, 0], &parts.concat()])
    }

    fn files(&self) -> Result<(), Box<dyn Error>> {
        for path in files(&self.vectors.join("key_files"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for format in 0..7 {
                self.put("key_file", &format!("{name}_{format}"), &[&[format], &fs::read(&path)?])?;
            }
        }
        self.put("key_file", "ratchet32", &[&[6], &random("ratchet", 32)])?;
        self.put("key_file", "ratchet40", &[&[6], &[0, 0, 0, 0, 0, 0, 0, 9], &random("ratchet", 32)])?;
        for path in files(&self.vectors.join("sessions"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for kind in 0..3 {
                self.put("session", &format!("{name}_{kind}"), &[&[kind], &fs::read(&path)?])?;
            }
        }
        for path in files(&self.vectors.join("recordings"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.put("recording", &name, &[&fs::read(&path)?])?;
        }
        for path in files(&self.vectors.join("tickets"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path)?;
            for key in ["ticket = ", "stored = "] {
                let sealed: Vec<u8> = fields(&text, key).into_iter().flatten().collect();
                self.put("session", &format!("{name}_{}", &key[..6]), &[&[2], &sealed])?;
            }
        }
        Ok(())
    }

    fn arbitrary(&self) -> Result<(), Box<dyn Error>> {
        for target in BY_ARBITRARY {
            for number in 0..64 {
                let name = format!("{target}_{number}");
                self.put(target, &name, &[&random(&name, 8 << (number % 7))])?;
            }
        }
        Ok(())
    }
}

/// Bytes of one side, 0 the client, as `explain` reads them.
fn part(side: u8, bytes: &[u8]) -> Vec<u8> {
    let one = |bytes: &[u8]| [&[(bytes.len() >> 8) as u8 * 4 + side, bytes.len() as u8][..], bytes].concat();
    bytes.chunks((1 << 14) - 1).flat_map(one).collect()
}

/// Bytes that follow from a name.
fn random(name: &str, len: usize) -> Vec<u8> {
    let blocks = (0_u32..).flat_map(|n| Sha384::digest(format!("{name} {n}")).to_vec());
    blocks.take(len).collect()
}

/// The values behind a key at the beginning of lines, where they are in hex.
fn fields(text: &str, key: &str) -> Vec<Vec<u8>> {
    let bytes = |hex: &str| -> Option<Vec<u8>> {
        let pairs = hex.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    };
    text.lines().filter_map(|line| bytes(line.strip_prefix(key)?.trim())).collect()
}

/// All files in a folder and below it, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [vectors, out] = &arguments[..] else { return Err("usage: seeds VECTORS OUT".into()) };
    let seeds = Seeds { vectors: vectors.into(), out: out.into() };
    seeds.handshakes()?;
    seeds.files()?;
    seeds.arbitrary()
}
