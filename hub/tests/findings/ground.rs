//! What the tests of findings share: rows changed behind the ledger, reports of members, and their examination.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::ledger::objects::Reconciled;
use tanqiao_hub::reconciliation::examine::{Asked, contradicted, examine_all};
use tanqiao_hub::store::connection::StoreConnection as _;
use tanqiao_hub::store::database::WriteConnection;
use tanqiao_hub::store::findings::{keep, unexamined};
use tanqiao_hub::store::read::reconciliations;
use tanqiao_hub::store::statement::Statement;
use tanqiao_protocol::block::Block;
use tanqiao_protocol::canonical;
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::reconciliation::{
    Cut, Finding, FindingCounts, Place, Reconciliation, ReconciliationReason, ReconciliationReport,
    ReconciliationResult, Version, Whereabouts, classify,
};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::Outcome;

use crate::support::{Federation, id_of, node, part};

pub const OFFICERS: [&str; 2] = ["first-officer", "second-officer"];

/// Changes rows behind the ledger, and says how many.
pub fn alter(f: &Federation, sql: &str) -> usize {
    let statement = Statement::new(sql);
    match f.database.writer().unwrap() {
        WriteConnection::Sqlite(mut c) => c.run(statement).unwrap(),
        WriteConnection::Postgres(mut c) => c.run(statement).unwrap(),
    }
}

pub fn begin(repaired: Option<MessageId>) -> Body {
    Body::Reconciliation(Reconciliation {
        reason: ReconciliationReason::Asked,
        cursor: 0,
        chain: CHAIN_START,
        repaired,
    })
}

/// Who has a block at the hub.
pub fn place(block: &Block, place: Place) -> Whereabouts {
    Whereabouts {
        block: block.reference(),
        place,
    }
}

/// A reconciliation of a member's that found these blocks at the hub and these at the node. Its report is there, and the log was not
/// asked.
pub fn given(f: &Federation, member: &str, hub: &[Block], ours: &[Block], places: &[Whereabouts]) -> MessageId {
    let version = |block: &Block| Version::from(block.clone());
    let theirs: Vec<Version> = hub.iter().map(version).collect();
    let ours: Vec<Version> = ours.iter().map(version).collect();
    let findings: Vec<Finding> = classify(&theirs, &ours, places, |_| false);
    let id = id_of(&f.by_member(member, begin(None)).unwrap());
    let cut = Cut {
        seq: 1,
        chain: CHAIN_START,
        log_size: f.head().0,
    };
    let counts = FindingCounts::of(&findings);
    let result = ReconciliationResult {
        reconciliation: id,
        cut,
        counts,
        findings_sha256: Sha256::of(&canonical::to_vec(&findings).unwrap()),
    };
    f.by_member(member, Body::ReconciliationResult(Box::new(result)))
        .unwrap();
    let report = ReconciliationReport {
        reconciliation: id,
        member: node(member),
        at: f.now(),
        cut,
        hub_blocks: 1,
        node_blocks: 1,
        bytes: 1,
        counts,
        totals: Vec::new(),
        findings,
    };
    let bytes = serde_json::to_vec(&report).unwrap();
    for _ in 0..2 {
        assert!(keep(&f.database, id, &bytes, f.now()).unwrap());
    }
    id
}

/// The reports about which the log was not asked.
pub fn waiting(f: &Federation) -> Vec<MessageId> {
    let waiting = f.database.read(unexamined).unwrap();
    waiting.into_iter().map(|one| one.id).collect()
}

/// Examines what is there; a member has its turn at once.
pub fn examine(f: &Federation) -> usize {
    examine_all(&f.database, &f.sequencer, f.now(), 0).unwrap()
}

/// A reconciliation of Wuhan's that found these blocks at the hub and these at the node, and about which the log was asked.
pub fn found(f: &Federation, hub: &[Block], ours: &[Block], places: &[Whereabouts]) -> MessageId {
    let id = given(f, "wuhan", hub, ours, places);
    assert_eq!(waiting(f), [id]);
    assert_eq!(examine(f), 1);
    assert_eq!(examine(f), 0, "once");
    id
}

/// What the log says against the ledger about these serials of Wuhan's.
pub fn asked(f: &Federation, blocks: &[BlockRef]) -> Asked {
    contradicted(&f.database, &node("wuhan"), blocks.iter()).unwrap()
}

/// The serials that are left alone because of a reconciliation.
pub fn open(f: &Federation, id: MessageId) -> Vec<BlockRef> {
    f.sequencer.governance().contradictions[&id].blocks.clone()
}

pub fn reconciled(f: &Federation, id: MessageId) -> Reconciled {
    f.database
        .read(|c| reconciliations::reconciliation(c, id))
        .unwrap()
        .unwrap()
}

/// Findings and contradicted runs, as the log was asked.
pub fn examined(f: &Federation, id: MessageId) -> (u32, u32) {
    let examined = reconciled(f, id).content.examined.unwrap();
    (examined.findings, examined.contradicted)
}

/// Officers close findings, and know of the last time that the log was asked.
pub fn close(f: &Federation, officers: &[&str], id: MessageId) -> Result<Outcome, Problem> {
    let asked = reconciled(f, id).content.examined.map(|examined| examined.log_size);
    close_knowing(f, officers, id, asked)
}

pub fn close_knowing(f: &Federation, officers: &[&str], id: MessageId, asked: Option<i64>) -> Result<Outcome, Problem> {
    f.by_officers(
        officers,
        Decision::CloseFindings {
            reconciliation: id,
            reason: "looked into, and settled".to_owned(),
            asked,
        },
    )
}

pub fn wuhans_first(f: &Federation, block: &BlockRef) -> Block {
    f.block(&part(block, 1, 1))
}
