//! A federation in which everything has happened that officers look at: a mapping that waits for them, a conflict, a reconciliation with
//! findings, an event with donations, and two assets that overlap.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::reconciliation::examine::examine_all;
use tanqiao_hub::store::findings::keep;
use tanqiao_hub::store::read::assets::{ConflictsAsked, conflicts as asset_conflicts};
use tanqiao_protocol::block::Block;
use tanqiao_protocol::canonical;
use tanqiao_protocol::conflict::{ConflictEvidence, ConflictView};
use tanqiao_protocol::event::EventPlan;
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::fingerprint::{StreamRecord, StreamSums, Token, TokenEntry, TokenKind, TokenSuite, encode};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::reconciliation::{
    ComparedTotal, Cut, Finding, FindingCounts, Reconciliation, ReconciliationReason, ReconciliationReport,
    ReconciliationResult, Totals, Version, classify,
};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::{Outcome, Page};

use crate::pages::{Story, story};
use crate::support::{Federation, claim, event, grams, id_of, issuance, mapping, node, part, roof, square};
use crate::world::{Member, World, good};

/// What there is to look at.
pub struct Told {
    pub story: Story,
    pub waiting: MappingRef,
    pub conflict: MessageId,
    pub reconciliation: MessageId,
    pub accepted: MessageId,
    pub undecided: MessageId,
    pub asset_conflict: i64,
}

/// Tells it, in a federation of its own.
pub async fn tell(world: &World) -> Told {
    let story = story(world).await;
    let told = world
        .officers(|f| {
            let (accepted, undecided) = marathon(f);
            (waiting_mapping(f), accepted, undecided, found(f), roofs(f))
        })
        .await;
    let (waiting, accepted, undecided, reconciliation, asset_conflict) = told;
    Told {
        story,
        waiting,
        conflict: contest(world).await,
        reconciliation,
        accepted,
        undecided,
        asset_conflict,
    }
}

/// The next version of a mapping, which both members have endorsed.
fn waiting_mapping(f: &Federation) -> MappingRef {
    let mut record = mapping("wuhan", "harbin", "230100", 760_000, 50_000, Some(5_000_000), f.now());
    record.mapping = "wuhan-to-harbin.v2".parse().unwrap();
    f.agree_on_mapping("wuhan", &record).unwrap();
    let comment = Decision::CommentMapping {
        mapping: record.mapping.clone(),
        on_behalf_of: "城市交通协会".to_owned(),
        text: "边界应写明换乘步行 <b>段</b>。".to_owned(),
    };
    f.by_officers(&["first-officer"], comment).unwrap();
    record.mapping
}

/// An event to which Wuhan has given once, and would give again.
fn marathon(f: &Federation) -> (MessageId, MessageId) {
    let now = f.now();
    let plan = EventPlan {
        starts_at: now,
        ends_at: now.plus_micros(DAY_US),
        donations_until: now.plus_micros(30 * DAY_US),
        ..event("marathon", "230100", 1_000_000, false)
    };
    f.plan(plan).unwrap();
    let block = f.issue("wuhan", "420100", 2_000_000);
    let first = block.range.first();
    let give = |from: i64| {
        let piece = part(&block, first + from, first + from + 399_999);
        id_of(&f.donate("wuhan", "marathon", &[piece]).unwrap())
    };
    let (accepted, undecided) = (give(0), give(400_000));
    let yes = Decision::AcceptDonation { donation: accepted };
    f.by_officers(&["organiser"], yes).unwrap();
    f.retire(
        "wuhan",
        &[part(&block, first + 1_000_000, first + 1_000_999)],
        claim("wuhan", "420100"),
    )
    .unwrap();
    (accepted, undecided)
}

/// A reconciliation of Wuhan's, whose book says of one block that it is pledged.
fn found(f: &Federation) -> MessageId {
    let hub: Block = f
        .blocks()
        .into_iter()
        .find(|one| one.status.holder == node("wuhan"))
        .unwrap();
    let mut ours = hub.clone();
    ours.terms.buffered = true;
    let version = |block: &Block| Version::from(block.clone());
    let findings: Vec<Finding> = classify(&[version(&hub)], &[version(&ours)], &[], |_| false);
    let begin = Body::Reconciliation(Reconciliation {
        reason: ReconciliationReason::Asked,
        cursor: 0,
        chain: CHAIN_START,
        repaired: None,
    });
    let id = id_of(&f.by_member("wuhan", begin).unwrap());
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
    f.by_member("wuhan", Body::ReconciliationResult(Box::new(result)))
        .unwrap();
    let mut totals = Totals::default();
    totals.add(&hub);
    let totals = totals.list();
    let report = ReconciliationReport {
        reconciliation: id,
        member: node("wuhan"),
        at: f.now(),
        cut,
        hub_blocks: 1,
        node_blocks: 1,
        bytes: 1,
        counts,
        totals: ComparedTotal::of(&totals, &totals),
        findings,
    };
    assert!(keep(&f.database, id, &serde_json::to_vec(&report).unwrap(), f.now()).unwrap());
    examine_all(&f.database, &f.sequencer, f.now(), 0).unwrap();
    id
}

/// Two roofs that lie on each other: one of them has the wrong position.
fn roofs(f: &Federation) -> i64 {
    f.register("wuhan", &roof("roof-1", "420106", square(0, 0, 20)))
        .unwrap();
    f.register("harbin", &roof("roof-2", "230100", square(10, 10, 20)))
        .unwrap();
    let asked = ConflictsAsked::default();
    let all = f.database.read(|c| asset_conflicts(c, &asked, 10)).unwrap();
    assert_eq!(all.len(), 1);
    all[0].id
}

fn records(orders: &[&str]) -> Vec<StreamRecord> {
    let entry = |kind, label: String| TokenEntry {
        kind,
        epoch: "2025-03".parse().unwrap(),
        token: Token(Sha256::of(label.as_bytes()).0[..16].try_into().unwrap()),
    };
    let record = |(index, order): (u32, &&str)| StreamRecord {
        index,
        grams: grams(1_250_000),
        tokens: vec![
            entry(TokenKind::Record, format!("R {order}")),
            entry(TokenKind::Subject, format!("S {order}")),
        ],
    };
    (0..).zip(orders).map(record).collect()
}

/// Registers an issuance of these activities and uploads their tokens.
async fn issue(member: &Member, region: &str, orders: &[&str]) {
    let records = records(orders);
    let (mut bytes, mut sums) = (Vec::new(), StreamSums::default());
    for record in &records {
        let start = bytes.len();
        encode(record, &mut bytes);
        assert!(sums.add(record, &bytes[start..]));
    }
    let total = 1_250_000 * i64::try_from(records.len()).unwrap();
    let mut header = issuance(&member.id, region, total, tanqiao_hub::serve::new_id());
    header.activity_count = u32::try_from(records.len()).unwrap();
    header.tokens = Some(sums.commitment(TokenSuite::HmacSm3).unwrap());
    let (id, _): (_, Outcome) = member.done("/v1/issuances", header).await;
    let put = member.client.put(format!("{}/v1/issuances/{id}/tokens", member.base));
    let sent = put.header("Upload-Offset", 0).body(bytes).send().await.unwrap();
    let _: serde_json::Value = good(sent).await;
}

/// The same order number in Wuhan and in Harbin, and what Wuhan says of it.
async fn contest(world: &World) -> MessageId {
    world
        .officers(|f| {
            f.set_policy(|policy| {
                policy.screening = true;
                policy.token_suite = TokenSuite::HmacSm3;
            });
        })
        .await;
    let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
    issue(&wuhan, "420100", &["a", "b"]).await;
    issue(&harbin, "230100", &["b", "c"]).await;
    for _ in 0..1_000 {
        let page: Page<ConflictView> = wuhan.read("/v1/conflicts?open=true").await;
        let Some(one) = page.items.first() else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        let conflict = one.conflict;
        let evidence = ConflictEvidence {
            conflict,
            concede: false,
            statement: "闸机记录 <b>在此</b>".to_owned(),
        };
        let _: (_, Outcome) = wuhan
            .done(&format!("/v1/conflicts/{conflict}/evidence"), evidence)
            .await;
        return conflict;
    }
    panic!("nothing was found to be issued twice");
}
