//! Governance in batches: one command under the next, and every message again.

use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{
    MappingComment, MappingEndorsement, MappingLifting, MappingObjection, MappingSuspension, RejectionGround,
};
use tanqiao_protocol::view::MemberKind;

use super::saying::{BOTH, approve, endorse, grounded, propose, reference, state, suspend, three_members, wanted};
use crate::support::{Federation, Refused, name, on_each_database, part, sheet};

const M: &str = "wuhan-to-harbin.v1";

fn officers(f: &Federation, by: &[&str], decision: Decision) -> Command {
    let id = f.new_id();
    Command {
        origin: Origin::Officers(by.iter().map(|one| name(one)).collect()),
        id,
        payload_sha256: Sha256::of(id.to_string().as_bytes()),
        body: Body::Governance(Box::new(decision)),
    }
}

fn member(f: &Federation, by: &str, body: Body) -> Command {
    f.command(by, f.new_id(), body)
}

/// The commands of one batch must all be done.
fn all_done(f: &Federation, commands: Vec<Command>) {
    for answer in f.sequencer.submit_blocking(commands).unwrap() {
        answer.result.unwrap();
    }
}

#[test]
fn a_whole_story_in_one_batch_is_decided_command_by_command() {
    on_each_database(|f| {
        three_members(&f);
        let block = f.issue("wuhan", "420100", 10_000);
        // What the hub will compute is known from a ledger that has gone before.
        let proposal = grounded(&f);
        propose(&f, "wuhan", &proposal).unwrap();
        let mut draft = proposal.clone();
        draft.mapping = reference("wuhan-to-harbin.v2");
        let record_sha256 = f.record_sha256(&reference(M));
        let mapping = reference(M);
        let say = MappingEndorsement {
            mapping: mapping.clone(),
            record_sha256,
        };
        let suspension = MappingSuspension {
            mapping: mapping.clone(),
            reason: "wait".to_owned(),
        };
        let lifting = || MappingLifting {
            mapping: mapping.clone(),
        };
        let proposed = |first, last| f.proposal("harbin", &[part(&block, first, last)]);
        let approval = Decision::ApproveMapping {
            mapping: mapping.clone(),
            record_sha256,
        };
        all_done(
            &f,
            vec![
                member(&f, "wuhan", Body::MappingEndorsement(say.clone())),
                member(&f, "harbin", Body::MappingEndorsement(say)),
                officers(&f, &BOTH[..1], approval.clone()),
                officers(&f, &BOTH[1..], approval),
                member(&f, "wuhan", proposed(1, 1_000)),
                member(&f, "harbin", Body::MappingSuspension(suspension)),
                member(&f, "harbin", Body::MappingLifting(lifting())),
                member(&f, "wuhan", Body::MappingLifting(lifting())),
                officers(
                    &f,
                    &BOTH[..1],
                    Decision::LiftMapping {
                        mapping: mapping.clone(),
                    },
                ),
                member(&f, "wuhan", proposed(1_001, 2_000)),
                member(&f, "wuhan", Body::MappingProposal(Box::new(draft))),
                member(
                    &f,
                    "wuhan",
                    Body::Sheet(Box::new(sheet("wuhan-metro.v1", Some("420100"), "99"))),
                ),
                officers(
                    &f,
                    &BOTH,
                    Decision::RevokeMapping {
                        mapping: mapping.clone(),
                        reason: "over".to_owned(),
                    },
                ),
            ],
        );
        assert_eq!(
            (state(&f, M), state(&f, "wuhan-to-harbin.v2")),
            ("revoked", "evidence-complete")
        );
        f.propose("wuhan", "harbin", &[part(&block, 3_001, 3_100)])
            .refused_by("R02");
    });
}

#[test]
fn whom_a_new_member_proposes_with_is_told_in_the_batch_that_admits_it() {
    on_each_database(|f| {
        three_members(&f);
        let proposal = grounded(&f);
        let key = crate::support::signing_key("jilin").verifying_key().clone();
        let admitted = Decision::Admit {
            member: "jilin".parse().unwrap(),
            region: "220000".parse().unwrap(),
            kind: MemberKind::Region,
            name_zh: "吉林".to_owned(),
            name_en: "Jilin".to_owned(),
            key,
        };
        let mut theirs = proposal;
        theirs.mapping = reference("wuhan-to-jilin.v1");
        theirs.to = "220000".parse().unwrap();
        theirs.endorsed_by = "jilin".parse().unwrap();
        all_done(
            &f,
            vec![
                officers(&f, &BOTH[..1], admitted),
                member(&f, "wuhan", Body::MappingProposal(Box::new(theirs))),
                member(
                    &f,
                    "wuhan",
                    Body::Sheet(Box::new(sheet("wuhan-metro.v1", Some("420100"), "99"))),
                ),
            ],
        );
        assert!(f.feed("jilin").contains(&"mapping.examined".to_owned()));
    });
}

#[test]
fn every_message_again_has_its_stored_answer_and_writes_nothing() {
    on_each_database(|f| {
        three_members(&f);
        let proposal = grounded(&f);
        let mut asked = Vec::new();
        let mut tell = |command: Command| {
            let answer = f.ask(command.clone()).result;
            asked.push((command, answer.clone()));
            answer
        };
        let mapping = reference(M);
        tell(member(
            &f,
            "wuhan",
            Body::Sheet(Box::new(sheet("wuhan-metro.v1", Some("420100"), "99"))),
        ))
        .unwrap();
        tell(member(&f, "wuhan", Body::MappingProposal(Box::new(proposal.clone())))).unwrap();
        let comment = |text: &str| MappingComment {
            mapping: mapping.clone(),
            text: text.to_owned(),
        };
        tell(member(&f, "shenzhen", Body::MappingComment(comment("once")))).unwrap();
        let say = MappingEndorsement {
            mapping: mapping.clone(),
            record_sha256: f.record_sha256(&mapping),
        };
        tell(member(&f, "shenzhen", Body::MappingEndorsement(say.clone()))).refused_by("G02");
        tell(member(&f, "wuhan", Body::MappingEndorsement(say.clone()))).unwrap();
        tell(member(&f, "harbin", Body::MappingEndorsement(say))).unwrap();
        let approval = Decision::ApproveMapping {
            mapping: mapping.clone(),
            record_sha256: f.record_sha256(&mapping),
        };
        tell(officers(&f, &BOTH[..1], approval.clone())).unwrap();
        tell(officers(&f, &BOTH[1..], approval)).unwrap();
        let suspension = MappingSuspension {
            mapping: mapping.clone(),
            reason: "wait".to_owned(),
        };
        tell(member(&f, "harbin", Body::MappingSuspension(suspension))).unwrap();
        let lifting = MappingLifting {
            mapping: mapping.clone(),
        };
        tell(member(&f, "harbin", Body::MappingLifting(lifting))).unwrap();
        let mut next = proposal;
        next.mapping = reference("wuhan-to-harbin.v2");
        tell(member(&f, "harbin", Body::MappingProposal(Box::new(next)))).unwrap();
        let objection = MappingObjection {
            mapping: reference("wuhan-to-harbin.v2"),
            ground: RejectionGround::Veracity,
            reason: "no".to_owned(),
        };
        tell(member(&f, "wuhan", Body::MappingObjection(objection))).unwrap();
        let head = f.head();
        for (command, answer) in asked {
            let again = f.ask(command).result;
            assert_eq!(format!("{again:?}"), format!("{answer:?}"));
        }
        assert_eq!(f.head(), head);
    });
}

#[test]
fn a_candidate_replaced_under_an_endorsement_is_not_what_was_endorsed() {
    on_each_database(|f| {
        three_members(&f);
        f.open_mapping("wuhan", &wanted(&f)).unwrap();
        suspend(&f, "wuhan", M).unwrap();
        let mut next = grounded(&f);
        next.mapping = reference("wuhan-to-harbin.v2");
        next.draft = true;
        propose(&f, "wuhan", &next).unwrap();
        next.draft = false;
        propose(&f, "wuhan", &next).unwrap();
        let read = f.record_sha256(&next.mapping);
        // The origin's sheet changes between reading and endorsing, in one batch.
        let say = MappingEndorsement {
            mapping: next.mapping.clone(),
            record_sha256: read,
        };
        let commands = vec![
            member(
                &f,
                "wuhan",
                Body::Sheet(Box::new(sheet("wuhan-metro.v1", Some("420100"), "99"))),
            ),
            member(&f, "wuhan", Body::MappingEndorsement(say)),
        ];
        let mut answers = f.sequencer.submit_blocking(commands).unwrap();
        answers.remove(1).result.refused_by("G03");
        answers.remove(0).result.unwrap();
        endorse(&f, "wuhan", "wuhan-to-harbin.v2").unwrap();
        endorse(&f, "harbin", "wuhan-to-harbin.v2").unwrap();
        approve(&f, &BOTH, "wuhan-to-harbin.v2").unwrap();
        assert_eq!(state(&f, M), "superseded");
    });
}
