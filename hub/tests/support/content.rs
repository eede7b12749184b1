//! What members and officers say in tests.

use tanqiao_protocol::event::{Claim, ClaimantKind, DonationPolicy, EventPlan, InventoryItem};
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::message::{Issuance, Methodology, RightsBasis, Verification};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::{KeyId, SigningKey};
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::Outcome;

pub fn node(id: &str) -> NodeId {
    id.parse().unwrap()
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn grams(g: i64) -> Grams {
    Grams::new(g).unwrap()
}

/// A member's key, the same in every test.
pub fn signing_key(member: &str) -> SigningKey {
    SigningKey::from_ed25519_seed(&Sha256::of(member.as_bytes()).0).unwrap()
}

pub fn key_of(member: &str) -> KeyId {
    signing_key(member).id()
}

pub fn methodology(member: &str, region: &str) -> Methodology {
    Methodology {
        methodology: format!("{member}-metro.v1").parse().unwrap(),
        region: region.parse().unwrap(),
        title_zh: "轨道交通出行".to_owned(),
        title_en: "Rail transit".to_owned(),
        activity: name("rail-transit"),
        activity_unit: "km".to_owned(),
        factor_g_per_unit: Some("1".to_owned()),
        record_g_max: None,
        uses: Use::ALL.iter().copied().collect(),
        in_force_from: "2024-01-01T00:00:00Z".parse().unwrap(),
        in_force_until: None,
        vintage_first: 2024,
        vintage_last: 2027,
        source: "test".to_owned(),
    }
}

pub fn issuance(member: &str, region: &str, grams_issued: i64, id: MessageId) -> Issuance {
    Issuance {
        methodology: format!("{member}-metro.v1").parse().unwrap(),
        region_of_act: region.parse().unwrap(),
        vintage: 2025,
        quantity_g: grams(grams_issued),
        verified_g: grams(grams_issued),
        activity_count: 1,
        activity_total: grams_issued.to_string(),
        period_from: "2025-03-01T00:00:00Z".parse().unwrap(),
        period_until: "2025-03-31T00:00:00Z".parse().unwrap(),
        rights_basis: Some(RightsBasis::TransferredByHolders),
        verification: Some(Verification {
            body: "test body".to_owned(),
            report_sha256: Sha256::of(b"report"),
            verified_at: "2025-04-01T00:00:00Z".parse().unwrap(),
        }),
        records_root: Sha256::of(id.to_string().as_bytes()),
        tokens: None,
        local_reference: name(&format!("ref-{id}")),
        other_schemes: Some(Vec::new()),
        assets: Vec::new(),
    }
}

pub fn mapping(
    from: &str,
    to: &str,
    region: &str,
    factor: i64,
    buffer: i64,
    cap: Option<i64>,
    now: Timestamp,
) -> MappingRecord {
    MappingRecord {
        mapping: format!("{from}-to-{to}.v1").parse().unwrap(),
        origin: format!("{from}-metro.v1").parse().unwrap(),
        to: region.parse().unwrap(),
        endorsed_by: node(to),
        counterpart: None,
        reference: None,
        through: None,
        source_region: None,
        vintages: None,
        batch: None,
        explanation_sha256: None,
        excluded_schemes: Vec::new(),
        predicate: Predicate::Close,
        factor: Factor::new(factor).unwrap(),
        buffer: Factor::new(buffer).unwrap(),
        uses: Use::ALL.iter().copied().filter(|u| *u != Use::EtsOffset).collect(),
        cap_g: cap.map(grams),
        valid_from: now,
        valid_until: now.plus_micros(300 * DAY_US),
        reason_zh: "测试".to_owned(),
        reason_en: "test".to_owned(),
        demonstration: true,
    }
}

/// The serials `first` to `last` of a block's series.
pub fn part(block: &BlockRef, first: i64, last: i64) -> BlockRef {
    format!("{}/{first}-{last}", block.series).parse().unwrap()
}

/// A member's claim for its own neutrality in 2026.
pub fn claim(member: &str, region: &str) -> Claim {
    Claim {
        claimant: member.to_owned(),
        claimant_kind: ClaimantKind::Member,
        r#use: Use::CorporateNeutrality,
        year: 2026,
        place: region.parse().unwrap(),
        statement: None,
        linked: None,
    }
}

/// A marathon in `region` that has to offset `target` grams.
pub fn event(event: &str, region: &str, target: i64, accept_at_once: bool) -> EventPlan {
    EventPlan {
        event: name(event),
        title_zh: "马拉松".to_owned(),
        title_en: "Marathon".to_owned(),
        organiser: name("organiser"),
        region: region.parse().unwrap(),
        starts_at: "2026-05-01T00:00:00Z".parse().unwrap(),
        ends_at: "2026-05-02T00:00:00Z".parse().unwrap(),
        donations_until: "2026-12-31T00:00:00Z".parse().unwrap(),
        inventory: inventory(target),
        policy: DonationPolicy {
            accept_at_once,
            donors: Vec::new(),
            activities: Vec::new(),
            vintage_first: None,
        },
    }
}

pub fn inventory(target: i64) -> Vec<InventoryItem> {
    vec![InventoryItem {
        category: name("travel"),
        quantity_g: grams(target),
        source: "test".to_owned(),
    }]
}

/// What a refusal is asked for.
pub trait Refused {
    /// The problem, which must come from this check.
    fn refused_by(self, check: &str) -> Problem;
}

impl Refused for Result<Outcome, Problem> {
    #[track_caller]
    fn refused_by(self, check: &str) -> Problem {
        let problem = match self {
            Ok(outcome) => panic!("must be refused by {check}, and was done: {outcome:?}"),
            Err(problem) => problem,
        };
        let found = problem.check.map_or_else(|| problem.code.clone(), |c| c.to_string());
        assert_eq!(found, check, "{problem:?}");
        problem
    }
}
