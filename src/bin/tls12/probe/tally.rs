//! k of n, and how sure that makes us.

use serde::Serialize;

use super::client::{Seen, Trouble};

/// What became of one offer of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Try {
    Resumed {
        /// Whether a new ticket came.
        renewed: bool,
    },
    Full,
    Failed(String),
}

impl Try {
    pub(crate) fn of(result: &Result<Seen, Trouble>) -> Self {
        match result {
            Ok(seen) if seen.is_resumed() => Self::Resumed { renewed: seen.has_ticket() },
            Ok(_) => Self::Full,
            Err(trouble) => Self::Failed(trouble.to_string()),
        }
    }

    pub(crate) fn is_resumed(&self) -> bool {
        matches!(self, Self::Resumed { .. })
    }
}

/// What became of many.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Tally {
    /// How many handshakes were completed.
    pub(crate) completed: u32,
    /// How many of them were resumed.
    pub(crate) resumed: u32,
    /// In how many of those a new ticket came.
    pub(crate) renewed: u32,
    /// How many tries failed.
    pub(crate) failed: u32,
    /// Why the first one of them did.
    pub(crate) failure: Option<String>,
    /// Between which shares of all offers would be resumed, with 95 % confidence; 0 to 1.
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Whether the first was the only one that was resumed.
    #[serde(skip)]
    pub(crate) only_first: bool,
}

impl Tally {
    pub(crate) fn of(tries: &[Try]) -> Self {
        let count = |which: fn(&Try) -> bool| {
            u32::try_from(tries.iter().filter(|each| which(each)).count()).unwrap_or(u32::MAX)
        };
        let failed = count(|each| matches!(each, Try::Failed(_)));
        let resumed = count(Try::is_resumed);
        let completed = count(|_| true) - failed;
        let (low, high) = wilson(resumed, completed);
        Self {
            completed,
            resumed,
            renewed: count(|each| matches!(each, Try::Resumed { renewed: true })),
            failed,
            failure: tries.iter().find_map(|each| match each {
                Try::Failed(why) => Some(why.clone()),
                Try::Resumed { .. } | Try::Full => None,
            }),
            low,
            high,
            only_first: resumed == 1 && completed > 1 && tries.first().is_some_and(Try::is_resumed),
        }
    }

    /// Whether all that were completed were resumed.
    pub(crate) fn is_all(&self) -> bool {
        self.completed > 0 && self.resumed == self.completed
    }
}

/// The interval of Wilson (1927) for k of n at 95 %.
fn wilson(k: u32, n: u32) -> (f64, f64) {
    const Z: f64 = 1.96;
    if n == 0 {
        return (0.0, 1.0);
    }
    let (k, n) = (f64::from(k), f64::from(n));
    let share = k / n;
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_tables() {
        let near = |(low, high): (f64, f64), expected: (f64, f64)| {
            assert!((low - expected.0).abs() < 0.001 && (high - expected.1).abs() < 0.001, "{low} {high}");
        };
        near(wilson(5, 10), (0.237, 0.763));
        near(wilson(10, 10), (0.722, 1.0));
        near(wilson(0, 10), (0.0, 0.278));
        near(wilson(81, 263), (0.255, 0.366));
        near(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn failures_are_counted_apart() {
        let tries = [
            Try::Resumed { renewed: true },
            Try::Failed("why".into()),
            Try::Full,
            Try::Failed("another".into()),
        ];
        let tally = Tally::of(&tries);
        assert_eq!((tally.completed, tally.resumed, tally.renewed, tally.failed), (2, 1, 1, 2));
        assert_eq!(tally.failure.as_deref(), Some("why"));
        assert!(tally.only_first && !tally.is_all());
    }
}
