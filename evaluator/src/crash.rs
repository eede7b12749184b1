//! Crash points: places where a test kills the process, before and after every durable write and every send.
//!
//! `TANQIAO_CRASH_AT=<point>` arms one, `TANQIAO_CRASH_AT=<point>:<n>` at its n-th passing. Nothing is armed otherwise.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every crash point of the evaluator.
pub const POINTS: &[&str] = &[
    "dkg.after-round1",
    "dkg.before-share",
    "dkg.after-share",
    "dkg.after-prepare",
    "dkg.before-commit",
    "dkg.after-commit",
    "destroy.after-mark",
    "destroy.after-file",
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
