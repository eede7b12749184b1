//! Named points where a test may kill the process, before and after every durable write and every send.
//!
//! Inert unless `TANQIAO_CRASH_AT` names one: `outbox.before-send`, or `outbox.before-send:3` for the third time that it
//! is passed. The process then ends by SIGKILL, so that nothing can tidy up.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every point, in the order of a message's life.
pub const POINTS: &[&str] = &[
    "store.before-commit",
    "store.after-commit",
    "command.before-outbox",
    "command.after-outbox",
    "outbox.before-send",
    "outbox.after-send",
    "outbox.before-answer",
    "outbox.after-answer",
    "feed.before-apply",
    "feed.in-apply",
    "feed.after-apply",
    "import.before-batch-commit",
    "import.after-batch-commit",
    "issue.before-commit",
    "derive.before-append",
    "derive.in-append",
    "derive.after-append",
    "derive.before-rename",
    "derive.after-rename",
    "derive.before-register",
    "derive.after-register",
    "upload.before-send",
    "upload.after-send",
    "offer.before-decision",
    "offer.after-decision",
    "witness.before-store",
    "witness.after-store",
    "witness.before-post",
    "witness.after-post",
    "witness.before-evidence",
    "witness.after-evidence",
];

struct Armed {
    name: String,
    countdown: AtomicU32,
}

fn armed() -> Option<&'static Armed> {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    ARMED
        .get_or_init(|| {
            let wanted = std::env::var("TANQIAO_CRASH_AT").ok()?;
            let (name, nth) = wanted
                .rsplit_once(':')
                .map_or((wanted.as_str(), 1), |(n, k)| (n, k.parse().unwrap_or(1)));
            if !POINTS.contains(&name) {
                tracing::error!(point = name, "TANQIAO_CRASH_AT names no crash point");
                return None;
            }
            Some(Armed {
                name: name.to_owned(),
                countdown: AtomicU32::new(nth),
            })
        })
        .as_ref()
}

/// Passes the point `name`, one of [`POINTS`].
pub fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "{name} is not in the list of crash points");
    if let Some(armed) = armed()
        && armed.name == name
        && armed.countdown.fetch_sub(1, Ordering::SeqCst) == 1
    {
        // Only this process: nothing that runs at its end may help it.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_one_name_and_passing_it_unarmed_does_nothing() {
        for (index, name) in POINTS.iter().enumerate() {
            assert_eq!(
                POINTS.iter().position(|n| n == name),
                Some(index),
                "{name} is listed twice"
            );
            point(name);
        }
    }
}
