//! Connections that fail whatever they offer: behind an address there may be a node that is dead.

/// The most refusals in a row that are waited for.
const MOST: u32 = 6;
/// How few are enough where nothing fails by itself: one may be the first of many.
const FEW: u32 = 2;
/// How likely it may be that so many in a row are no refusals.
const DOUBT: f64 = 0.003;

/// How many connections failed, of those that offered nothing special, or what others were resumed with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Noise {
    tried: u32,
    failed: u32,
}

impl Noise {
    pub(crate) fn add(&mut self, tried: u32, failed: u32) {
        self.tried += tried;
        self.failed += failed;
    }

    /// Whether any did.
    pub(crate) fn is_heard(&self) -> bool {
        self.failed > 0
    }

    /// How many refusals in a row are one; `None` if they tell nothing here.
    pub(crate) fn refusals(&self) -> Option<u32> {
        if !self.is_heard() {
            return Some(FEW);
        }
        // A little more than was seen, for it may have been luck.
        let share = f64::from(self.failed + 1) / f64::from(self.tried + 2);
        (FEW..=MOST).find(|count| share.powf(f64::from(*count)) <= DOUBT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_fails_by_itself_the_more_refusals_are_needed() {
        let needed = |tried, failed| {
            let mut noise = Noise::default();
            noise.add(tried, failed);
            noise.refusals()
        };
        assert_eq!(needed(30, 0), Some(2));
        assert_eq!([needed(100, 1), needed(40, 4), needed(40, 10)], [Some(2), Some(3), Some(5)]);
        assert_eq!(needed(40, 20), None);
    }
}
