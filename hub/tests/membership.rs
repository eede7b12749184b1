//! Who may speak, with which key, and who decides: M05, M06, N02, N03, N05, N07, G01 to G03; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, key_of, name, node, on_each_database, part, signing_key};
use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_hub::ledger::objects::Role;
use tanqiao_protocol::message::KeyProposal;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::{MemberKind, Outcome};

fn officer(f: &Federation, decision: Decision) -> Result<Outcome, Problem> {
    f.by_officers(&["first-officer"], decision)
}

/// `member` says something harmless, signed with the key of `signer`.
fn speak(f: &Federation, member: &str, signer: &str) -> tanqiao_hub::ledger::sequencer::Answer {
    let reason = "nothing".to_owned();
    let body = Body::TransferWithdrawal(tanqiao_protocol::message::TransferWithdrawal {
        transfer: f.new_id(),
        reason,
    });
    let mut command = f.command(member, f.new_id(), body);
    if let Origin::Member(signed) = &mut command.origin {
        signed.key = key_of(signer);
    }
    f.ask(command)
}

/// Refused by the last check of what [`speak`] says: who spoke was not the reason.
fn is_heard(f: &Federation, member: &str, signer: &str) {
    speak(f, member, signer).result.refused_by("T05");
}

fn propose_key(f: &Federation, member: &str, key: &str) -> Result<Outcome, Problem> {
    f.by_member(
        member,
        Body::Key(KeyProposal {
            key: signing_key(key).verifying_key().clone(),
        }),
    )
}

#[test]
fn only_admitted_members_are_heard_and_what_they_may_say_again_is_not_stored() {
    on_each_database(|f| {
        f.two_regions();
        is_heard(&f, "wuhan", "wuhan");
        let stranger = speak(&f, "nobody", "nobody");
        assert!(!stranger.stored);
        stranger.result.refused_by("N03");
        f.suspend("wuhan").unwrap();
        let suspended = speak(&f, "wuhan", "wuhan");
        assert!(!suspended.stored);
        suspended.result.refused_by("N02");
        officer(&f, Decision::Reinstate { member: node("wuhan") }).unwrap();
        is_heard(&f, "wuhan", "wuhan");
        officer(&f, Decision::Reinstate { member: node("nobody") }).refused_by("N03");
        f.suspend("hub-buffer").refused_by("N03");
        f.suspend("nobody").refused_by("N03");
    });
}

#[test]
fn a_message_of_a_suspended_member_is_accepted_under_its_id_when_the_member_is_back() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let command = f.command("wuhan", f.new_id(), f.proposal("harbin", &[block]));
        f.suspend("wuhan").unwrap();
        f.ask(command.clone()).result.refused_by("N02");
        officer(&f, Decision::Reinstate { member: node("wuhan") }).unwrap();
        f.ask(command).result.unwrap();
    });
}

#[test]
fn a_key_is_proposed_approved_and_retired() {
    on_each_database(|f| {
        f.two_regions();
        speak(&f, "wuhan", "harbin").result.refused_by("M05");
        speak(&f, "wuhan", "new-key").result.refused_by("M05");
        propose_key(&f, "wuhan", "new-key").unwrap();
        speak(&f, "wuhan", "new-key").result.refused_by("M06");
        officer(&f, Decision::ApproveKey { key: key_of("new-key") }).unwrap();
        is_heard(&f, "wuhan", "new-key");
        is_heard(&f, "wuhan", "wuhan");
        propose_key(&f, "wuhan", "third-key").unwrap();
        officer(
            &f,
            Decision::ApproveKey {
                key: key_of("third-key"),
            },
        )
        .refused_by("G03");
        officer(&f, Decision::RetireKey { key: key_of("wuhan") }).unwrap();
        let retired = speak(&f, "wuhan", "wuhan");
        assert!(!retired.stored);
        retired.result.refused_by("M06");
        officer(&f, Decision::RetireKey { key: key_of("wuhan") }).refused_by("G03");
        officer(&f, Decision::ApproveKey { key: key_of("wuhan") }).refused_by("G03");
        officer(
            &f,
            Decision::ApproveKey {
                key: key_of("third-key"),
            },
        )
        .unwrap();
        officer(&f, Decision::ApproveKey { key: key_of("nobody") }).refused_by("M05");
        propose_key(&f, "wuhan", "third-key").refused_by("M06");
        assert!(f.feed("wuhan").contains(&"key.approved".to_owned()));
    });
}

#[test]
fn two_officers_replace_the_keys_of_a_member_that_has_lost_them() {
    on_each_database(|f| {
        f.two_regions();
        propose_key(&f, "wuhan", "proposed").unwrap();
        let replace = |officers: &[&str], member: &str, key: &str| {
            let decision = Decision::ReplaceKeys {
                member: node(member),
                key: signing_key(key).verifying_key().clone(),
                reason: "the node's disk is gone".to_owned(),
            };
            f.by_officers(officers, decision)
        };
        let both = ["first-officer", "second-officer"];
        replace(&["first-officer"], "wuhan", "new-key").refused_by("G01");
        replace(&["first-officer", "first-officer"], "wuhan", "new-key").refused_by("G01");
        replace(&["first-officer", "organiser"], "wuhan", "new-key").refused_by("G02");
        replace(&both, "nobody", "new-key").refused_by("N03");
        replace(&both, "hub-buffer", "new-key").refused_by("N03");
        for known in ["wuhan", "harbin", "proposed"] {
            replace(&both, "wuhan", known).refused_by("M02");
        }
        is_heard(&f, "wuhan", "wuhan");
        let done = replace(&both, "wuhan", "new-key").unwrap();
        assert_eq!(done.state.as_deref(), Some("active"));
        is_heard(&f, "wuhan", "new-key");
        // What was lost may have been found by others: neither it nor what was proposed under it counts any more.
        speak(&f, "wuhan", "wuhan").result.refused_by("M06");
        officer(
            &f,
            Decision::ApproveKey {
                key: key_of("proposed"),
            },
        )
        .refused_by("G03");
        officer(&f, Decision::ApproveKey { key: key_of("wuhan") }).refused_by("G03");
        is_heard(&f, "harbin", "harbin");
        assert_eq!(f.feed("wuhan").last().map(String::as_str), Some("key.replaced"));
        let governance = f.sequencer.governance();
        let lost = &governance.keys[&key_of("wuhan")];
        let new = &governance.keys[&key_of("new-key")];
        assert_eq!(
            (lost.last_index, new.first_index),
            (Some(done.log_index), Some(done.log_index)),
            "one decision"
        );
    });
}

#[test]
fn two_officers_distrust_a_key_from_a_leaf_on() {
    on_each_database(|f| {
        f.two_regions();
        propose_key(&f, "wuhan", "stolen").unwrap();
        officer(&f, Decision::ApproveKey { key: key_of("stolen") }).unwrap();
        is_heard(&f, "wuhan", "stolen");
        let first = f.sequencer.governance().keys[&key_of("stolen")].first_index.unwrap();
        let distrust = |officers: &[&str], member: &str, key: &str, from_index: i64| {
            let decision = Decision::DistrustKey {
                member: node(member),
                key: key_of(key),
                from_index,
                reason: "found in a paste".to_owned(),
            };
            f.by_officers(officers, decision)
        };
        let both = ["first-officer", "second-officer"];
        distrust(&["first-officer"], "wuhan", "stolen", first + 1).refused_by("G01");
        distrust(&both, "harbin", "stolen", first + 1).refused_by("M05");
        // Not before it could sign, nor after the end of the log.
        distrust(&both, "wuhan", "stolen", first - 1).refused_by("G03");
        distrust(&both, "wuhan", "stolen", first + 1_000).refused_by("G03");
        is_heard(&f, "wuhan", "stolen");

        let done = distrust(&both, "wuhan", "stolen", first + 1).unwrap();
        speak(&f, "wuhan", "stolen").result.refused_by("M06");
        officer(&f, Decision::ApproveKey { key: key_of("stolen") }).refused_by("G03");
        is_heard(&f, "wuhan", "wuhan");
        // Whoever may hold what it has signed is told.
        for member in ["wuhan", "harbin"] {
            assert!(f.feed(member).contains(&"key.distrusted".to_owned()), "{member}");
        }
        // Trust does not come back; more may become known.
        distrust(&both, "wuhan", "stolen", first + 1).refused_by("G03");
        distrust(&both, "wuhan", "stolen", first).unwrap();
        let key = f.sequencer.governance().keys[&key_of("stolen")].clone();
        assert_eq!(
            (key.first_index, key.last_index, key.distrusted_from),
            (Some(first), Some(done.log_index), Some(first))
        );
    });
}

#[test]
fn a_key_belongs_to_one_member() {
    on_each_database(|f| {
        f.two_regions();
        propose_key(&f, "wuhan", "harbin").refused_by("M02");
        propose_key(&f, "wuhan", "wuhan").refused_by("M02");
        let admit = |member: &str, key: &str, kind| Decision::Admit {
            member: node(member),
            region: "440300".parse().unwrap(),
            kind,
            name_zh: "深圳".to_owned(),
            name_en: "Shenzhen".to_owned(),
            key: signing_key(key).verifying_key().clone(),
        };
        officer(&f, admit("shenzhen", "wuhan", MemberKind::Region)).refused_by("M02");
        officer(&f, admit("wuhan", "shenzhen", MemberKind::Region)).refused_by("M02");
        officer(&f, admit("shenzhen", "shenzhen", MemberKind::Hub)).refused_by("G02");
        officer(&f, admit("shenzhen", "shenzhen", MemberKind::Region)).unwrap();
        is_heard(&f, "shenzhen", "shenzhen");
    });
}

#[test]
fn the_regulators_stop_holds_for_members_and_not_for_officers() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let command = f.command("wuhan", f.new_id(), f.proposal("harbin", std::slice::from_ref(&block)));
        let stop = |stopped| {
            officer(
                &f,
                Decision::StopHub {
                    stopped,
                    reason: "an inspection".to_owned(),
                },
            )
        };
        stop(true).unwrap();
        let answer = f.ask(command.clone());
        assert!(!answer.stored);
        answer.result.refused_by("N07");
        f.freeze(&[part(&block, 1, 10)]).unwrap();
        f.unfreeze(&[part(&block, 1, 10)]).unwrap();
        stop(false).unwrap();
        f.ask(command).result.unwrap();
    });
}

#[test]
fn officers_decide_what_their_role_permits() {
    on_each_database(|f| {
        f.two_regions();
        let put = |account: &str, role, active| Decision::PutOfficer {
            account: name(account),
            role,
            password_hash: "$argon2id$".to_owned(),
            active,
        };
        officer(&f, put("auditor", Role::Auditor, true)).unwrap();
        for account in ["auditor", "organiser", "nobody"] {
            f.by_officers(&[account], Decision::Reinstate { member: node("wuhan") })
                .refused_by("G02");
            f.by_officers(&[account], put("friend", Role::Officer, true))
                .refused_by("G02");
        }
        f.by_officers(
            &["auditor"],
            Decision::PlanEvent(Box::new(support::event("games", "230100", 1, true))),
        )
        .refused_by("G02");
        officer(&f, put("second-officer", Role::Officer, false)).unwrap();
        f.by_officers(&["second-officer"], Decision::Reinstate { member: node("wuhan") })
            .refused_by("G02");
        f.by_officers(
            &["first-officer", "first-officer"],
            Decision::Reinstate { member: node("wuhan") },
        )
        .refused_by("G01");
        // The hub itself makes the first officer and no other, and decides nothing but sweeps.
        f.by_hub(put("back-door", Role::Officer, true)).refused_by("G02");
        f.by_hub(Decision::Reinstate { member: node("wuhan") })
            .refused_by("G02");
    });
}

#[test]
fn members_do_not_decide_and_officers_do_not_speak_for_members() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        f.by_member("wuhan", Body::Governance(Box::new(Decision::Sweep)))
            .refused_by("G02");
        let id = f.new_id();
        let body = f.proposal("harbin", &[block]);
        let payload_sha256 = tanqiao_protocol::id::Sha256::of(b"a proposal");
        let command = Command {
            origin: Origin::Officers(vec![name("first-officer")]),
            id,
            payload_sha256,
            body,
        };
        f.ask(command).result.refused_by("N05");
    });
}

#[test]
fn a_federation_keeps_its_name() {
    on_each_database(|f| {
        let mut policy = f.sequencer.governance().policy.clone();
        policy.trust_domain = "other.test".parse().unwrap();
        officer(&f, Decision::SetPolicy(policy)).refused_by("M11");
        f.set_policy(|p| p.first_dealing_delay_s = 5);
    });
}
