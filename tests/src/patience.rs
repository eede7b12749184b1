//! Waiting for a condition: the only place in the stories where time passes on purpose.

use std::time::Duration;

use tokio::time::Instant;

/// The longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// From one look at a condition to the next.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks until `look` finds what it wants; `Err` says what it found instead.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = match look().await {
            Ok(wanted) => return wanted,
            Err(found) => found,
        };
        assert!(Instant::now() < deadline, "{what}: not in {PATIENCE:?}; last seen: {found}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// `Ok` if the condition holds, and what was seen if it does not.
pub fn when(holds: bool, seen: impl ToString) -> Result<(), String> {
    if holds { Ok(()) } else { Err(seen.to_string()) }
}
