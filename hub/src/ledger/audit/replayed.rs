//! Invariant 9: the log, from its first leaf: no index missing, the chain that of the head, and every change permitted.

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::ledger::Replay;

use super::assets::Said;
use super::findings::Findings;
use super::image::Touched;
use super::losses::Losses;
use super::lots::Lots;
use super::rulings::Rulings;
use super::stopped::Stopped;
use crate::store::audit::{Names, leaves};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{HeadRow, LeafRow};

/// What the log comes to.
#[derive(Debug)]
pub(super) struct Replayed {
    /// The ledger; `None` if the log cannot be replayed to its end: then the findings say where.
    pub replay: Option<Replay>,
    /// What it says of assets.
    pub registered: Said,
    /// What it says of losses.
    pub losses: Losses,
    /// Which leaf has last changed each block.
    pub touched: Touched,
}

/// What has been read of the log.
#[derive(Debug)]
struct Walk {
    replay: Replay,
    lots: Lots,
    rulings: Rulings,
    stopped: Stopped,
    registered: Said,
    losses: Losses,
    touched: Touched,
    chain: Sha256,
    /// The index that must come next.
    next: i64,
    /// True from the first leaf on that cannot be replayed.
    broken: bool,
}

/// Replays the log, and notes what else it says.
pub(super) fn replay(
    connection: &mut ReadConnection<'_>,
    head: &HeadRow,
    names: &Names,
    findings: &mut Findings,
) -> Result<Replayed, StoreError> {
    let mut walk = Walk {
        replay: Replay::default(),
        lots: Lots::default(),
        rulings: Rulings::default(),
        stopped: Stopped::default(),
        registered: Said::default(),
        losses: Losses::default(),
        touched: Touched::default(),
        chain: Sha256([0; 32]),
        next: 0,
        broken: false,
    };
    leaves(connection, |connection, rows| {
        for row in rows {
            walk.see(&row, findings);
        }
        walk.lots.settle(connection, names, findings)
    })?;
    walk.rulings.check(connection, names, findings)?;
    walk.stopped.check(connection, findings)?;
    findings.ensure(9, walk.next == head.size, "log", || {
        format!(
            "its head counts {} leaves, and the last leaf has index {}",
            head.size,
            walk.next - 1
        )
    });
    findings.ensure(9, walk.chain.0[..] == head.chain[..], "log", || {
        format!(
            "the chain over its leaves is {}, and its head says {}: a leaf was changed",
            walk.chain,
            hex::encode(&head.chain)
        )
    });
    findings.ensure(9, !walk.replay.is_incomplete(), "log", || {
        "it ends inside a change of several leaves".to_owned()
    });
    findings.ensure(9, walk.replay.at.micros() <= head.time_us, "log", || {
        format!("its last leaf is of {}, after the time of its head", walk.replay.at)
    });
    Ok(Replayed {
        replay: (!walk.broken).then_some(walk.replay),
        registered: walk.registered,
        losses: walk.losses,
        touched: walk.touched,
    })
}

impl Walk {
    fn see(&mut self, row: &LeafRow, findings: &mut Findings) {
        findings.checked(9);
        findings.ensure(9, row.idx == self.next, format!("leaf {}", self.next), || {
            format!("is missing: the next one is {}", row.idx)
        });
        self.next = row.idx + 1;
        self.chain = Sha256::of_parts(&[&self.chain.0, &leaf_hash(&row.bytes).0]);
        self.rulings.see(&row.bytes);
        self.stopped.see(&row.bytes);
        self.registered.see(&row.bytes);
        self.losses.see(&row.bytes);
        self.touched.see(&row.bytes);
        if self.broken {
            return;
        }
        self.lots.see(&row.bytes, &self.replay.book);
        if let Err(error) = self.replay.apply(&row.bytes) {
            self.broken = true;
            findings.add(
                9,
                format!("leaf {}", row.idx),
                format!("{error}; nothing after it can be replayed"),
            );
        }
    }
}
