//! What the parties of a mapping say, in one line each.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{
    MappingComment, MappingEndorsement, MappingLifting, MappingObjection, MappingProposal, MappingSuspension,
    RejectionGround,
};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::view::{MemberKind, Outcome};

use crate::support::{Federation, Refused, mapping, methodology, name};

pub type Said = Result<Outcome, Problem>;

pub const BOTH: [&str; 2] = ["first-officer", "second-officer"];

pub fn reference(text: &str) -> MappingRef {
    text.parse().unwrap()
}

/// Wuhan, Harbin and Shenzhen, each with a metro methodology, and no mapping.
pub fn three_members(f: &Federation) {
    for (member, region) in [("wuhan", "420100"), ("harbin", "230100"), ("shenzhen", "440300")] {
        f.admit(member, region, MemberKind::Region);
        f.publish(member, region);
        f.prove_registry(member);
    }
}

/// What is asked for: Wuhan's metro in Harbin at 0.842110.
pub fn wanted(f: &Federation) -> MappingRecord {
    mapping("wuhan", "harbin", "230100", 842_110, 100_000, None, f.now())
}

/// The proposal of [`wanted`], with its sheets published.
pub fn grounded(f: &Federation) -> MappingProposal {
    f.ground("wuhan", &wanted(f)).unwrap()
}

pub fn propose(f: &Federation, by: &str, proposal: &MappingProposal) -> Said {
    f.by_member(by, Body::MappingProposal(Box::new(proposal.clone())))
}

pub fn propose_as(f: &Federation, by: &str, change: impl FnOnce(&mut MappingProposal)) -> Said {
    let mut proposal = grounded(f);
    change(&mut proposal);
    propose(f, by, &proposal)
}

pub fn officers_propose(f: &Federation, proposal: &MappingProposal) -> Said {
    f.by_officers(&BOTH[..1], Decision::ProposeMapping(Box::new(proposal.clone())))
}

pub fn endorse_hash(f: &Federation, by: &str, mapping: &str, record_sha256: Sha256) -> Said {
    let mapping = reference(mapping);
    f.by_member(
        by,
        Body::MappingEndorsement(MappingEndorsement { mapping, record_sha256 }),
    )
}

pub fn endorse(f: &Federation, by: &str, mapping: &str) -> Said {
    f.endorse(by, &reference(mapping))
}

pub fn officers_endorse(f: &Federation, mapping: &str) -> Said {
    let mapping = reference(mapping);
    let record_sha256 = f.record_sha256(&mapping);
    f.by_officers(&BOTH[..1], Decision::EndorseMapping { mapping, record_sha256 })
}

pub fn approve(f: &Federation, officers: &[&str], mapping: &str) -> Said {
    f.approve(officers, &reference(mapping))
}

pub fn object(f: &Federation, by: &str, mapping: &str) -> Said {
    let said = MappingObjection {
        mapping: reference(mapping),
        ground: RejectionGround::Accuracy,
        reason: "the figures are of another year".to_owned(),
    };
    f.by_member(by, Body::MappingObjection(said))
}

pub fn reject(f: &Federation, mapping: &str) -> Said {
    let decision = Decision::RejectMapping {
        mapping: reference(mapping),
        ground: RejectionGround::DoubleCounting,
        reason: "counted by the enterprise as well".to_owned(),
    };
    f.by_officers(&BOTH[..1], decision)
}

pub fn comment(f: &Federation, by: &str, mapping: &str, text: &str) -> Said {
    let said = MappingComment {
        mapping: reference(mapping),
        text: text.to_owned(),
    };
    f.by_member(by, Body::MappingComment(said))
}

pub fn suspend(f: &Federation, by: &str, mapping: &str) -> Said {
    let (mapping, reason) = (reference(mapping), "new data".to_owned());
    if by == "officers" {
        return f.by_officers(&BOTH[..1], Decision::SuspendMapping { mapping, reason });
    }
    f.by_member(by, Body::MappingSuspension(MappingSuspension { mapping, reason }))
}

pub fn lift(f: &Federation, by: &str, mapping: &str) -> Said {
    let mapping = reference(mapping);
    if by == "officers" {
        return f.by_officers(&BOTH[..1], Decision::LiftMapping { mapping });
    }
    f.by_member(by, Body::MappingLifting(MappingLifting { mapping }))
}

pub fn revoke(f: &Federation, officers: &[&str], mapping: &str) -> Said {
    let decision = Decision::RevokeMapping {
        mapping: reference(mapping),
        reason: "withdrawn".to_owned(),
    };
    f.by_officers(officers, decision)
}

/// The state of a mapping, in its word.
pub fn state(f: &Federation, mapping: &str) -> &'static str {
    f.mapping_state(mapping).word()
}

/// Why a mapping is suspended.
pub fn why(f: &Federation, mapping: &str) -> String {
    let governance = f.sequencer.governance();
    let version = &governance.mapping_versions[&reference(mapping)];
    version.content.suspension.as_ref().unwrap().reason.clone()
}

/// Publishes the next version of a member's metro methodology.
pub fn publish_version(f: &Federation, member: &str, region: &str, version: u32) -> Said {
    let mut content = methodology(member, region);
    content.methodology = format!("{member}-metro.v{version}").parse().unwrap();
    content.activity = name("rail-transit");
    f.by_member(member, Body::Methodology(Box::new(content)))
}

/// Everything that cannot be said of a mapping that recognised and ended, or was rejected.
pub fn nothing_follows(f: &Federation, mapping: &str) {
    for by in ["wuhan", "harbin"] {
        endorse(f, by, mapping).refused_by("G05");
        object(f, by, mapping).refused_by("G05");
        suspend(f, by, mapping).refused_by("G05");
        lift(f, by, mapping).refused_by("G05");
        comment(f, by, mapping, "late").refused_by("G05");
    }
    approve(f, &BOTH, mapping).refused_by("G05");
    reject(f, mapping).refused_by("G05");
    suspend(f, "officers", mapping).refused_by("G05");
    revoke(f, &BOTH, mapping).refused_by("G05");
}
