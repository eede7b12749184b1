//! Conflicts: what counts as one, who is told, and how they end.

use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::SharedToken;
use tanqiao_hub::store::read::conflicts as reading;
use tanqiao_protocol::conflict::ConflictOutcome;
use tanqiao_protocol::fingerprint::TokenKind;

use crate::hall::{entry, on_each_hall};
use crate::support::{Refused as _, node};

#[test]
fn the_clean_part_is_recognised_and_the_rest_waits() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(100, &["R order-7"])]);
        let id = h.issue("bluecar", &[(1, &["R a"]), (100, &["R order-7", "S x"]), (2, &["R b"])]);
        assert_eq!(h.state(id), "partially-recognised");
        let held = h.issuance(id).held;
        assert_eq!((held.waiting, held.waiting_g.get()), (1, 100));
        assert_eq!(h.free("bluecar"), 3);
        let conflict = h.only();
        assert_eq!(conflict.kinds, [TokenKind::Record]);
        assert_eq!(
            (conflict.earlier.member.as_str(), conflict.later.member.as_str()),
            ("wuhan", "bluecar")
        );
        assert_eq!((conflict.earlier.activity.index, conflict.later.activity.index), (0, 1));
        for member in ["wuhan", "bluecar"] {
            assert!(h.f.feed(member).contains(&"conflict.opened".to_owned()));
        }
    });
}

#[test]
fn the_same_record_of_the_same_member_counts_and_the_same_subject_does_not() {
    on_each_hall(|h| {
        // A commuter takes two rides in one bucket of time: both are hers.
        let id = h.issue("wuhan", &[(5, &["R a", "S x"]), (6, &["R b", "S x"]), (7, &["R a"])]);
        assert_eq!(h.state(id), "partially-recognised");
        assert_eq!(h.only().later.activity.index, 2);
        h.resolve(h.only().conflict, ConflictOutcome::Earlier).unwrap();
        let next = h.issue("wuhan", &[(8, &["R c", "S x"]), (9, &["R b"])]);
        assert_eq!(h.state(next), "partially-recognised");
        assert_eq!(h.only().kinds, [TokenKind::Record]);
        // Another member's ride of the same subject at the same time waits.
        let other = h.issue("harbin", &[(8, &["R d", "S x"])]);
        assert_eq!(h.state(other), "held-back");
    });
}

#[test]
fn an_activity_that_belongs_to_the_earlier_issuance_is_never_issued() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(100, &["R order-7"])]);
        let id = h.issue("bluecar", &[(100, &["R order-7"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Earlier).unwrap();
        assert_eq!(h.state(id), "refused");
        assert_eq!(h.issuance(id).held.refused_g.get(), 100);
        assert_eq!((h.free("wuhan"), h.free("bluecar")), (100, 0));
        assert_eq!(h.f.feed("bluecar").last().unwrap(), "issuance.refused");
        h.resolve(h.conflict_of(id), ConflictOutcome::Distinct)
            .refused_by("T05");
    });
}

#[test]
fn an_activity_that_belongs_to_the_later_issuance_takes_the_earlier_ones_serials_out() {
    on_each_hall(|h| {
        let first = h.issue("bluecar", &[(1, &["R a"]), (100, &["R order-7"]), (2, &["R b"])]);
        let id = h.issue("wuhan", &[(90, &["R order-7"])]);
        let conflict = h.only();
        assert_eq!(conflict.rule, ConflictOutcome::Later, "the act took place in Wuhan");
        let alone = Decision::ResolveConflict {
            conflict: conflict.conflict,
            outcome: ConflictOutcome::Later,
            reason: "the station is in Wuhan".to_owned(),
        };
        h.f.by_officers(&["first-officer"], alone).refused_by("G01");
        h.resolve(conflict.conflict, ConflictOutcome::Later).unwrap();
        assert_eq!(h.state(id), "recognised");
        assert_eq!((h.free("wuhan"), h.free("bluecar")), (90, 3));
        // Exactly the serials of that activity went: 2 to 101.
        let series = h.block(first).series;
        let standing = |first: i64| h.f.standing(&format!("{series}/{first}-{first}").parse().unwrap());
        assert_eq!(standing(1), "bluecar held");
        assert_eq!(standing(2), "bluecar cancelled");
        assert_eq!(standing(101), "bluecar cancelled");
        assert_eq!(standing(102), "bluecar held");
        // Whoever comes third meets Wuhan's.
        h.issue("harbin", &[(90, &["R order-7"])]);
        assert_eq!(h.only().earlier.member, node("wuhan"));
    });
}

#[test]
fn two_different_acts_both_count() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S x"])]);
        let id = h.issue("bluecar", &[(6, &["R b", "S x"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Distinct).unwrap();
        assert_eq!(h.state(id), "recognised");
        assert_eq!((h.free("wuhan"), h.free("bluecar")), (5, 6));
        assert_eq!(h.f.feed("bluecar").last().unwrap(), "issuance.released");
    });
}

#[test]
fn a_token_that_two_acts_share_is_compared_with_both() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S x"])]);
        let second = h.issue("bluecar", &[(6, &["R b", "S x"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Distinct).unwrap();
        // The second member's act once more, by a third.
        let third = h.issue("harbin", &[(6, &["R c", "S x"])]);
        let open = h.open();
        assert_eq!(open.len(), 2);
        let with = |member| {
            open.iter()
                .find(|one| one.earlier.member == node(member))
                .unwrap()
                .conflict
        };
        h.resolve(with("wuhan"), ConflictOutcome::Distinct).unwrap();
        h.resolve(with("bluecar"), ConflictOutcome::Earlier).unwrap();
        assert_eq!(
            (h.state(second), h.state(third)),
            ("recognised".to_owned(), "refused".to_owned())
        );
        assert_eq!((h.free("wuhan"), h.free("bluecar"), h.free("harbin")), (5, 6, 0));
        // What was refused is not compared with: the two that have the act are.
        h.issue("harbin", &[(7, &["R d", "S x"])]);
        assert_eq!(h.open().len(), 2);
    });
}

#[test]
fn another_members_act_is_compared_with_every_act_of_the_subject() {
    on_each_hall(|h| {
        // Two rides in one bucket of time in one issuance, and a third in the next.
        let first = h.issue("wuhan", &[(5, &["R a", "S x"]), (6, &["R b", "S x"])]);
        let next = h.issue("wuhan", &[(7, &["R c", "S x"])]);
        assert_eq!(h.issuance(next).held.waiting, 0);
        let other = h.issue("bluecar", &[(6, &["R d", "S x"])]);
        let open = h.open();
        let with: Vec<_> = open.iter().map(|one| &one.earlier.activity).collect();
        assert_eq!(with.len(), 3, "{open:?}");
        assert!(with.iter().any(|one| one.issuance == first && one.index == 1));
        assert!(with.iter().any(|one| one.issuance == next));
        // It is not the first ride, and it is the second.
        for one in &open {
            let second = one.earlier.activity.issuance == first && one.earlier.activity.index == 1;
            if !second {
                h.resolve(one.conflict, ConflictOutcome::Distinct).unwrap();
            }
        }
        assert_eq!(h.state(other), "held-back");
        h.resolve(h.only().conflict, ConflictOutcome::Later).unwrap();
        assert_eq!((h.free("wuhan"), h.free("bluecar")), (12, 6));
    });
}

#[test]
fn an_act_is_compared_with_one_that_still_waits() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S x"])]);
        let second = h.issue("bluecar", &[(6, &["R b", "S x"])]);
        let third = h.issue("harbin", &[(6, &["R c", "S x"])]);
        let open = h.open();
        assert_eq!(open.len(), 3);
        // The second and the third are one act, and another one than the first.
        for one in open.iter().filter(|one| one.earlier.member == node("wuhan")) {
            h.resolve(one.conflict, ConflictOutcome::Distinct).unwrap();
        }
        assert_eq!(
            (h.state(second), h.state(third)),
            ("recognised".to_owned(), "held-back".to_owned())
        );
        h.resolve(h.only().conflict, ConflictOutcome::Earlier).unwrap();
        assert_eq!(h.state(third), "refused");
    });
}

#[test]
fn whoever_takes_a_token_over_does_not_hide_another_that_has_it() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S x"])]);
        h.issue("bluecar", &[(6, &["R b", "S x"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Distinct).unwrap();
        // Harbin's is the second act, and takes its tokens over.
        h.issue("harbin", &[(7, &["R b", "S x"])]);
        for one in h.open() {
            let outcome = if one.earlier.member == node("wuhan") {
                ConflictOutcome::Distinct
            } else {
                ConflictOutcome::Later
            };
            h.resolve(one.conflict, outcome).unwrap();
        }
        assert_eq!((h.free("wuhan"), h.free("bluecar"), h.free("harbin")), (5, 0, 7));
        h.issue("naas", &[(8, &["R e", "S x"])]);
        let with: Vec<_> = h.open().into_iter().map(|one| one.earlier.member).collect();
        assert_eq!(with.len(), 2);
        assert!(with.contains(&node("wuhan")) && with.contains(&node("harbin")));
    });
}

#[test]
fn the_same_bytes_as_another_kind_are_another_token() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S x"])]);
        h.issue("bluecar", &[(6, &["R b", "S x"])]);
        let token = SharedToken::from(entry("S x"));
        let other = SharedToken {
            kind: TokenKind::Record,
            ..token
        };
        let of = |token| {
            let found = h.f.database.read(|c| reading::sharers(c, &[token].into()));
            found.unwrap().len()
        };
        assert_eq!((of(token), of(other)), (1, 0));
        let later = SharedToken {
            epoch: token.epoch + 1,
            ..token
        };
        assert_eq!(of(later), 0);
        h.resolve(h.only().conflict, ConflictOutcome::Later).unwrap();
        let owned = |token| {
            let found = h.f.database.read(|c| reading::owners(c, &[token].into()));
            found.unwrap().len()
        };
        assert_eq!((owned(token), owned(other), owned(later)), (1, 0, 0));
    });
}

#[test]
fn a_suspended_member_is_given_nothing_by_the_end_of_a_conflict() {
    on_each_hall(|h| {
        h.issue("bluecar", &[(5, &["R a", "S x"])]);
        let acts: &[_] = &[(6, &["R b", "S x"][..]), (7, &["R hard"])];
        h.issue("naas", &[(7, &["R hard"])]);
        let second = h.issue("wuhan", acts);
        let open = h.open();
        assert_eq!(open.len(), 2);
        let hard = open.iter().find(|one| one.earlier.member == node("naas")).unwrap();
        assert_eq!(hard.rule, ConflictOutcome::Later);
        h.f.suspend("wuhan").unwrap();
        let soft = open.iter().find(|one| one.earlier.member == node("bluecar")).unwrap();
        h.resolve(soft.conflict, ConflictOutcome::Distinct).unwrap();
        // The rule takes nothing from others for a suspended member.
        h.f.pass(14 * 86_400);
        h.f.sweep();
        assert_eq!(h.conflict(hard.conflict).outcome, Some(ConflictOutcome::Earlier));
        assert_eq!(h.state(second), "refused");
        assert_eq!((h.free("bluecar"), h.free("naas"), h.free("wuhan")), (5, 7, 0));
        // Once it is reinstated it registers the act again, and still meets the one that was found to be another.
        h.f.reinstate("wuhan");
        let again = h.issue("wuhan", &[(6, &["R b", "S x"])]);
        assert_eq!(h.only().earlier.member, node("bluecar"));
        h.resolve(h.only().conflict, ConflictOutcome::Distinct).unwrap();
        assert_eq!(h.state(again), "recognised");
    });
}

#[test]
fn whoever_gives_up_ends_the_conflict_at_once() {
    on_each_hall(|h| {
        let first = h.issue("wuhan", &[(5, &["R a"])]);
        let second = h.issue("bluecar", &[(6, &["R a"])]);
        let conflict = h.only().conflict;
        h.say("harbin", conflict, true).refused_by("N05");
        h.say("bluecar", conflict, false).unwrap();
        h.say("wuhan", conflict, true).unwrap();
        let ended = h.conflict(conflict);
        assert_eq!(ended.outcome, Some(ConflictOutcome::Later));
        assert_eq!(ended.evidence.len(), 2);
        assert!(!ended.evidence[0].concede && ended.evidence[1].concede);
        assert_eq!(
            (h.state(first), h.state(second)),
            ("recognised".to_owned(), "recognised".to_owned())
        );
        assert_eq!((h.free("wuhan"), h.free("bluecar")), (0, 6));
        h.say("bluecar", conflict, false).refused_by("T05");
    });
}

#[test]
fn nobody_decides_and_the_rule_does() {
    on_each_hall(|h| {
        h.issue("bluecar", &[(5, &["R hard"]), (5, &["R soft-1", "S x"])]);
        let id = h.issue("wuhan", &[(5, &["R hard"]), (5, &["R soft-2", "S x"])]);
        assert_eq!(h.state(id), "held-back");
        h.f.pass(14 * 86_400 - 60);
        h.f.sweep();
        assert_eq!(h.open().len(), 2);
        h.f.pass(60);
        h.f.sweep();
        assert!(h.open().is_empty());
        // The record belongs to the region of the act; what only the subject says, to whoever was first.
        assert_eq!(h.state(id), "partially-recognised");
        assert_eq!((h.free("wuhan"), h.free("bluecar")), (5, 5));
    });
}

#[test]
fn an_activity_waits_for_all_of_its_conflicts() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S x"])]);
        h.issue("harbin", &[(5, &["R b", "S y"])]);
        let id = h.issue("bluecar", &[(5, &["R c", "S x", "S y"])]);
        let open = h.open();
        assert_eq!(open.len(), 2);
        h.resolve(open[0].conflict, ConflictOutcome::Distinct).unwrap();
        assert_eq!(h.state(id), "held-back");
        h.resolve(open[1].conflict, ConflictOutcome::Distinct).unwrap();
        assert_eq!(h.state(id), "recognised");
    });
}

#[test]
fn what_one_conflict_refuses_the_others_need_not_decide() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S x"])]);
        h.issue("harbin", &[(5, &["R b", "S y"])]);
        let id = h.issue("bluecar", &[(5, &["R c", "S x", "S y"])]);
        h.resolve(h.open()[0].conflict, ConflictOutcome::Earlier).unwrap();
        assert!(h.open().is_empty());
        assert_eq!(h.state(id), "refused");
    });
}

#[test]
fn a_refused_activitys_other_tokens_lead_to_the_one_that_won() {
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a", "S one"])]);
        // The same ride under another order number, a bucket of time later.
        h.issue("bluecar", &[(5, &["R b", "S one", "S two"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Earlier).unwrap();
        h.issue("harbin", &[(5, &["R c", "S two"])]);
        let conflict = h.only();
        assert_eq!(conflict.earlier.member, node("wuhan"));
        h.resolve(conflict.conflict, ConflictOutcome::Distinct).unwrap();
        assert_eq!(h.free("harbin"), 5);
    });
}

#[test]
fn three_sides_of_one_act_give_it_to_one() {
    on_each_hall(|h| {
        h.issue("bluecar", &[(5, &["R a"])]);
        h.issue("harbin", &[(5, &["R a"])]);
        h.issue("wuhan", &[(5, &["R a"])]);
        let open = h.open();
        // Each with each: Harbin against the enterprise, and Wuhan against both.
        assert_eq!(open.len(), 3);
        for one in open {
            h.resolve(one.conflict, ConflictOutcome::Later).unwrap();
        }
        // Harbin took it from the enterprise, and Wuhan from Harbin.
        assert_eq!((h.free("bluecar"), h.free("harbin"), h.free("wuhan")), (0, 0, 5));
    });
}

#[test]
fn two_conflicts_of_one_act_fall_due_together_and_leave_it_with_one() {
    on_each_hall(|h| {
        h.issue("bluecar", &[(5, &["R a"])]);
        let acts: &[_] = &[(5, &["R a"][..])];
        let (one, two) = (h.register("wuhan", acts), h.register("wuhan", acts));
        h.upload(one, acts);
        h.upload(two, acts);
        assert_eq!(h.work().unwrap(), 2);
        assert_eq!(h.open().len(), 3);
        h.f.pass(14 * 86_400);
        h.f.sweep();
        assert!(h.open().is_empty());
        assert_eq!((h.free("bluecar"), h.free("wuhan")), (0, 5));
    });
}

#[test]
fn sides_that_lose_to_one_another_in_a_circle_leave_the_act_with_one() {
    on_each_hall(|h| {
        let a = h.issue("bluecar", &[(5, &["R a", "S x"])]);
        let d = h.issue("harbin", &[(5, &["R d", "S x", "S y"])]);
        let b = h.issue("wuhan", &[(5, &["R a", "S y"])]);
        let between = |later, earlier| {
            let all = h.open().into_iter();
            let mut found =
                all.filter(|c| c.later.activity.issuance == later && c.earlier.activity.issuance == earlier);
            found.next().unwrap().conflict
        };
        let (b_a, b_d, d_a) = (between(b, a), between(b, d), between(d, a));
        h.resolve(b_a, ConflictOutcome::Later).unwrap();
        h.resolve(b_d, ConflictOutcome::Earlier).unwrap();
        h.resolve(d_a, ConflictOutcome::Earlier).unwrap();
        assert_eq!((h.free("bluecar"), h.free("wuhan"), h.free("harbin")), (0, 0, 5));
        // Whoever comes next meets the one that has it.
        h.issue("wuhan", &[(5, &["R a"])]);
        assert_eq!(h.only().earlier.member, node("harbin"));
    });
}

#[test]
fn whoever_has_lost_an_act_cannot_give_it_away() {
    on_each_hall(|h| {
        let acts: &[_] = &[(5, &["R a"][..])];
        h.issue("bluecar", acts);
        let second = h.issue("harbin", acts);
        let third = h.issue("wuhan", acts);
        h.resolve(h.conflict_of(second), ConflictOutcome::Later).unwrap();
        let open = h.conflict_of(third);
        h.say("bluecar", open, true).refused_by("N05");
        assert_eq!((h.free("harbin"), h.free("wuhan")), (5, 0));
        h.say("wuhan", open, true).unwrap();
        assert_eq!((h.free("harbin"), h.free("wuhan")), (5, 0));
    });
}

#[test]
fn an_act_changes_hands_as_often_as_it_may_and_the_first_still_finds_the_last() {
    on_each_hall(|h| {
        let first = h.issue("bluecar", &[(5, &["R a", "R b"])]);
        let waits = h.issue("naas", &[(5, &["R b"])]);
        for round in 0..12 {
            let member = if round % 2 == 0 { "harbin" } else { "wuhan" };
            let id = h.issue(member, &[(5, &["R a"])]);
            h.resolve(h.conflict_of(id), ConflictOutcome::Later).unwrap();
        }
        assert_eq!((h.free("harbin"), h.free("wuhan")), (0, 5));
        h.resolve(h.conflict_of(waits), ConflictOutcome::Later).unwrap();
        assert_eq!((h.free("harbin"), h.free("wuhan"), h.free("naas")), (0, 0, 5));
        assert_eq!(h.state(first), "recognised");
    });
}
