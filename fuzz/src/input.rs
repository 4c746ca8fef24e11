//! What stands in front of an input.

/// Takes bytes off the front of an input; behind its end there are zeros.
#[derive(Debug, Clone, Copy)]
pub struct Choices<'a>(pub &'a [u8]);

impl<'a> Choices<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The next two bytes.
    pub fn number(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// One of `count`.
    pub fn one_of(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// The next `len` bytes, or as many as there are.
    pub fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// How many bytes are received at once, again and again.
#[derive(Debug, Clone, Copy)]
pub struct Cuts(u32);

impl Cuts {
    /// With 0, all that there is.
    pub fn new(choice: u8) -> Self {
        Self(choice.into())
    }

    /// How many of `len` bytes, which is not 0, come next: at least one.
    pub fn next(&mut self, len: usize) -> usize {
        if self.0 == 0 {
            return len;
        }
        // A linear congruential generator with the constants of Numerical Recipes; its high bits are the good ones.
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) | 1;
        let most = match self.0 >> 30 {
            0 => 1,
            1 => 8,
            2 => 64,
            _ => 4096,
        };
        1 + (self.0 >> 8) as usize % most.min(len)
    }
}
