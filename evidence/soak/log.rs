//! What the servers wrote about their connections, one line each.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use crate::{findings::Trouble, peer::source};

/// How many lines are shown of those that should not be.
const SHOWN: usize = 5;

/// Of both servers together.
#[derive(Default)]
pub(crate) struct Logged {
    /// Connections of honest peers that were served to their end.
    pub(crate) served: u64,
    /// Bytes that came from them.
    pub(crate) came: u64,
    /// Bytes that went to them.
    pub(crate) went: u64,
    /// Why their handshakes were full.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// What became of the connections of attackers.
    pub(crate) attackers: BTreeMap<String, u64>,
    /// Lines about honest peers that were not served.
    pub(crate) others: u64,
    /// The first of these.
    pub(crate) shown: Vec<String>,
    /// Lines that the log had no room for.
    pub(crate) lost: u64,
}

impl Logged {
    pub(crate) fn read(files: [&Path; 2]) -> Result<Self, Trouble> {
        let mut logged = Self::default();
        for file in files {
            for line in BufReader::new(File::open(file)?).lines() {
                logged.line(&line?)?;
            }
        }
        Ok(logged)
    }

    fn line(&mut self, line: &str) -> Result<(), Trouble> {
        let word = |key: &str| {
            let mut words = line.split(' ').filter_map(|word| word.split_once('='));
            words.find(|(name, _)| *name == key).map(|(_, value)| value)
        };
        let number = |key| word(key).and_then(|value| value.parse::<u64>().ok());
        let event = word("event").ok_or_else(|| format!("a line of log without an event: {line}"))?;
        if event == "lines-lost" {
            self.lost += number("lines").unwrap_or_default();
        } else if word("peer").is_some_and(|peer| peer.starts_with(source::ATTACKERS)) {
            *self.attackers.entry(event.to_owned()).or_default() += 1;
        } else if event == "served" {
            self.served += 1;
            self.came += number("in").unwrap_or_default();
            self.went += number("out").unwrap_or_default();
            if word("resumed") == Some("no") {
                let reason = word("reason").unwrap_or_default();
                *self.reasons.entry(reason.to_owned()).or_default() += 1;
            }
        } else {
            self.others += 1;
            if self.shown.len() < SHOWN {
                self.shown.push(line.to_owned());
            }
        }
        Ok(())
    }
}
