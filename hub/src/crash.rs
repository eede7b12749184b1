//! Crash points: places where a test kills the process, before and after every durable write and every send.
//!
//! `TANQIAO_CRASH_AT=<point>` arms one, `TANQIAO_CRASH_AT=<point>:<n>` at its n-th passing. Nothing is armed otherwise.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every crash point of the hub; `tanqiao-hub crash-points` lists them.
pub const POINTS: &[&str] = &[
    "intake.after-verify",
    "sequencer.before-begin",
    "sequencer.after-lock",
    "sequencer.after-decide",
    "sequencer.after-write",
    "sequencer.after-commit",
    "sequencer.after-answer",
    "feed.before-send",
    "log.before-sign",
    "log.after-sign",
    "recovery.before-commit",
    "recovery.before-mark",
    "enrolment.before-write",
    "enrolment.after-write",
    "tokens.after-files",
    "tokens.before-manifest",
    "tokens.after-manifest",
    "tokens.after-merge",
    "tokens.after-move",
    "tokens.before-commit",
    "tokens.after-commit",
    "spool.before-write",
    "spool.after-write",
    "upload.before-arrival",
    "screening.before-compare",
    "screening.after-compare",
    "screening.after-commit",
];

struct Armed {
    point: String,
    left: AtomicU32,
}

static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

/// Dies here by SIGKILL if this point is armed.
pub fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "{name} is not listed");
    let armed = ARMED.get_or_init(|| {
        let value = std::env::var("TANQIAO_CRASH_AT").ok()?;
        let (point, count) = value
            .split_once(':')
            .map_or((value.as_str(), 1), |(p, n)| (p, n.parse().unwrap_or(1)));
        Some(Armed {
            point: point.to_owned(),
            left: AtomicU32::new(count),
        })
    });
    if let Some(armed) = armed
        && armed.point == name
        && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // The signal is on its way; nothing may happen after this point.
        loop {
            std::thread::park();
        }
    }
}
