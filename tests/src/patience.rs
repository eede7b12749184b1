//! Waiting for a condition: the only place in the stories where time passes on purpose.

use std::time::Duration;

use tokio::time::Instant;

/// The longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// From one look at a condition to the next.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks until `look` finds what it wants; `Err` says what it found instead.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let waiting = Waiting::for_(what);
    loop {
        match look().await {
            Ok(wanted) => return wanted,
            Err(found) => waiting.go_on(&found).await,
        }
    }
}

/// Waiting for something that is looked for in the caller's own way.
#[derive(Debug)]
pub struct Waiting {
    what: String,
    deadline: Instant,
}

impl Waiting {
    /// Begins to wait.
    #[must_use]
    pub fn for_(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            deadline: Instant::now() + PATIENCE,
        }
    }

    /// Waits a little before the next look, as long as there is patience.
    pub async fn go_on(&self, found: &str) {
        assert!(
            Instant::now() < self.deadline,
            "{}: not in {PATIENCE:?}; last seen: {found}",
            self.what
        );
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// `Ok` if the condition holds, and what was seen if it does not.
pub fn when(holds: bool, seen: impl ToString) -> Result<(), String> {
    if holds { Ok(()) } else { Err(seen.to_string()) }
}
