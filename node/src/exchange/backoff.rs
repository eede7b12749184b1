//! How long to wait before asking again.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait that this node chooses itself.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest wait that the hub may ask for.
const ASKED_MAX: Duration = Duration::from_secs(300);

/// Waits that double, each shortened by a random part of up to a half, so that nodes that lost the hub together do not
/// come back together.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// It went well: the next wait is the first again.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next wait; at least what the hub asked for.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half_ms = u64::try_from(doubled.as_millis() / 2).unwrap_or(0);
        let jittered = doubled.saturating_sub(Duration::from_millis(rand::random_range(0..=half_ms)));
        asked.map_or(jittered, |a| a.min(ASKED_MAX).max(jittered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_respect_what_the_hub_asks_for() {
        let mut backoff = Backoff::default();
        for _ in 0..20 {
            let wait = backoff.next(None);
            assert!(wait >= FIRST / 2 && wait <= LONGEST);
        }
        assert!(backoff.next(None) >= LONGEST / 2);
        assert_eq!(backoff.next(Some(Duration::from_secs(60))), Duration::from_secs(60));
        assert_eq!(backoff.next(Some(Duration::from_secs(6_000))), ASKED_MAX);
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
    }
}
