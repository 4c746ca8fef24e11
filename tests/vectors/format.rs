//! The files in vectors/: comments, then blocks of `name: value` with an empty line before each.

extern crate alloc;

use alloc::vec::Vec;

/// One block: its lines in their order.
#[derive(Debug)]
pub(crate) struct Block<'t> {
    lines: Vec<(&'t str, &'t str)>,
}

/// The blocks of a file. There is at least one.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut between = true;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once(':') else {
            assert!(line.is_empty(), "a line without a name: {line}");
            between = true;
            continue;
        };
        if core::mem::take(&mut between) {
            blocks.push(Block { lines: Vec::new() });
        }
        let block = blocks.last_mut().expect("one was just begun");
        block.lines.push((name, value.trim()));
    }
    assert!(!blocks.is_empty(), "a file of vectors without one");
    blocks
}

impl<'t> Block<'t> {
    /// The value of a line, if there is such a line.
    pub(crate) fn get(&self, name: &str) -> Option<&'t str> {
        self.lines.iter().find(|(line, _)| *line == name).map(|(_, value)| *value)
    }

    /// The value of a line that must be there.
    pub(crate) fn text(&self, name: &str) -> &'t str {
        self.get(name).unwrap_or_else(|| panic!("no line `{name}` in {self:?}"))
    }

    /// The bytes of a line in hex.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        from_hex(self.text(name))
    }

    /// The bytes of a line whose length is known.
    pub(crate) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().expect("bytes of the right number")
    }

    /// The number in a line.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().expect("a number")
    }

    /// All lines, where their order matters.
    pub(crate) fn lines(&self) -> &[(&'t str, &'t str)] {
        &self.lines
    }
}

/// Hex to bytes.
pub(crate) fn from_hex(hex: &str) -> Vec<u8> {
    assert_eq!(hex.len() % 2, 0, "hex comes in pairs");
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| digit.to_digit(16).expect("a hex digit").try_into().expect("small"))
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
