//! Who comes first, what waits for whom, and what a crash leaves.

use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::decide::WAITING_MAX;
use tanqiao_hub::screening::HubKey;
use tanqiao_hub::screening::pages::PageWriter;
use tanqiao_hub::screening::screener::ScreenerError;
use tanqiao_hub::store::audit;
use tanqiao_hub::store::conflicts::{begin_attempt, save_pages};
use tanqiao_protocol::conflict::{COLLISIONS_MAX, ConflictOutcome};

use crate::hall::{on_each_hall, stream};
use crate::support::Refused as _;

#[test]
fn what_collides_with_nothing_is_recognised_whole() {
    on_each_hall(|h| {
        let id = h.issue("wuhan", &[(100, &["R a", "S x"]), (0, &["R b"]), (50, &["R c"])]);
        assert_eq!(h.state(id), "recognised");
        assert_eq!(h.block(id).to_string(), "wuhan/420100/wuhan-metro.v1/2025/1-150");
        assert!(!h.issuance(id).unscreened && !h.is_spooled(id));
        assert!(h.open().is_empty());
        let types = h.f.feed("wuhan");
        assert!(types.contains(&"issuance.uploaded".to_owned()) && types.contains(&"issuance.recognised".to_owned()));
    });
}

#[test]
fn the_header_decides_who_is_first_whoever_uploads_first() {
    on_each_hall(|h| {
        let acts: &[_] = &[(100, &["R order-7"][..])];
        let first = h.register("wuhan", acts);
        let second = h.register("bluecar", acts);
        h.upload(second, acts);
        // The later header waits for the earlier one's tokens.
        assert_eq!(h.work().unwrap(), 0);
        assert_eq!(h.state(second), "uploaded");
        h.upload(first, acts);
        assert_eq!(h.work().unwrap(), 2);
        assert_eq!(
            (h.state(first), h.state(second)),
            ("recognised".to_owned(), "held-back".to_owned())
        );
        let conflict = h.only();
        assert_eq!(
            (conflict.earlier.activity.issuance, conflict.later.activity.issuance),
            (first, second)
        );
        assert_eq!(h.free("wuhan"), 100);
        assert_eq!(h.free("bluecar"), 0);
    });
}

#[test]
fn a_header_without_tokens_is_abandoned_after_a_day_and_blocks_nobody() {
    on_each_hall(|h| {
        let acts: &[_] = &[(100, &["R order-7"][..])];
        let first = h.register("wuhan", acts);
        let second = h.register("bluecar", acts);
        h.upload(second, acts);
        h.f.pass(86_399);
        h.f.sweep();
        assert_eq!(h.state(first), "registered");
        h.f.pass(1);
        h.f.sweep();
        assert_eq!(h.state(first), "abandoned");
        assert_eq!(h.f.feed("wuhan").last().unwrap(), "issuance.abandoned");
        assert_eq!(h.work().unwrap(), 1);
        assert_eq!(h.state(second), "recognised");
        h.f.by_hub(Decision::TokensArrived { issuance: first })
            .refused_by("T05");
    });
}

#[test]
fn an_upload_goes_with_its_issuance_and_others_stay() {
    on_each_hall(|h| {
        let acts: &[_] = &[(100, &["R order-7"][..])];
        let (late, waits) = (h.register("wuhan", acts), h.register("wuhan", &[(5, &["R other"])]));
        let begun = &stream(acts).0[..20];
        h.spool.append(late, 0, begun, 1_000).unwrap();
        h.f.pass(86_399);
        let fresh = h.register("bluecar", &[(5, &["R third"])]);
        h.spool.append(fresh, 0, begun, 1_000).unwrap();
        assert_eq!(h.screener().tidy().unwrap(), 0);
        h.f.pass(1);
        h.f.sweep();
        assert_eq!(
            (h.state(late), h.state(waits)),
            ("abandoned".to_owned(), "abandoned".to_owned())
        );
        assert_eq!(h.screener().tidy().unwrap(), 1);
        assert_eq!(h.spool.list().unwrap(), [fresh].into());
    });
}

#[test]
fn a_member_lets_so_many_issuances_wait_and_others_register_on() {
    on_each_hall(|h| {
        let label = |n: u32| format!("R {n}");
        for n in 0..WAITING_MAX {
            h.register("wuhan", &[(1, &[label(n).as_str()])]);
        }
        let one_more: &[_] = &[(1, &["R one-more"][..])];
        let problem = h.try_register("wuhan", one_more).unwrap_err();
        assert_eq!((problem.code.as_str(), problem.status), ("issuances-waiting", 429));
        h.register("bluecar", one_more);
        // A refusal of this kind is not kept: once there is room, the same is taken.
        h.f.pass(86_400);
        h.f.sweep();
        h.register("wuhan", one_more);
    });
}

#[test]
fn a_suspended_member_keeps_nobody_waiting_and_gets_nothing() {
    on_each_hall(|h| {
        let acts: &[_] = &[(100, &["R order-7"][..])];
        let (waits, uploaded) = (h.register("wuhan", acts), h.register("wuhan", &[(5, &["R other"])]));
        h.upload(uploaded, &[(5, &["R other"])]);
        h.f.suspend("wuhan").unwrap();
        h.f.sweep();
        assert_eq!(h.state(waits), "abandoned");
        assert_eq!(h.work().unwrap(), 1);
        assert_eq!(h.state(uploaded), "abandoned");
        // Its tokens are nobody's.
        let id = h.issue("bluecar", &[(5, &["R other"])]);
        assert_eq!(h.state(id), "recognised");
    });
}

#[test]
fn an_issuance_comes_with_tokens_where_the_policy_screens() {
    on_each_hall(|h| {
        let id = h.f.new_id();
        let header = crate::support::issuance("wuhan", "420100", 5, id);
        let body = tanqiao_hub::ledger::command::Body::Issuance(Box::new(header));
        h.f.ask(h.f.command("wuhan", id, body)).result.refused_by("S08");
    });
}

#[test]
fn what_was_compared_and_never_committed_is_compared_again_with_the_same_result() {
    on_each_hall(|h| {
        let earlier: &[_] = &[(100, &["R order-7"][..]), (7, &["R order-8"])];
        let later: &[_] = &[(20, &["R order-9"][..]), (100, &["R order-7"])];
        h.issue("wuhan", earlier);
        let id = h.register("bluecar", later);
        h.upload(id, later);
        // A process that compared and then stopped before its commit.
        h.compare_only(id);
        h.compare_only(id);
        assert_eq!(h.work().unwrap(), 1);
        assert_eq!(h.state(id), "partially-recognised");
        assert_eq!(h.only().later.activity.index, 1);
        assert_eq!(h.free("bluecar"), 20);
    });
}

#[test]
fn one_of_several_processes_screens() {
    on_each_hall(|h| {
        let acts: &[_] = &[(100, &["R a"][..])];
        let first = h.register("wuhan", acts);
        h.upload(first, acts);
        let mut screener = h.screener();
        assert_eq!(screener.work().unwrap(), 1);
        let next = h.register("wuhan", &[(1, &["R b"])]);
        h.upload(next, &[(1, &["R b"])]);
        assert_eq!(h.work().unwrap(), 0, "another one has the store");
        drop(screener);
        assert_eq!(h.work().unwrap(), 1);
        assert_eq!(h.state(next), "recognised");
    });
}

#[test]
fn a_batch_that_was_issued_elsewhere_as_a_whole_is_refused_and_leaves_nothing() {
    on_each_hall(|h| {
        let labels: Vec<String> = (0..=COLLISIONS_MAX).map(|n| format!("R ride-{n}")).collect();
        let slices: Vec<[&str; 1]> = labels.iter().map(|label| [label.as_str()]).collect();
        let acts: Vec<_> = slices.iter().map(|labels| (1, &labels[..])).collect();
        let first = h.issue("wuhan", &acts);
        assert_eq!(h.state(first), "recognised");
        let mut again = acts.clone();
        again.push((1, &["R one-more"]));
        let second = h.issue("bluecar", &again);
        assert_eq!(h.state(second), "refused");
        assert!(h.open().is_empty() && !h.is_spooled(second));
        assert_eq!(h.free("bluecar"), 0);
        let third = h.issue("bluecar", &[(1, &["R one-more"])]);
        assert_eq!(h.state(third), "recognised");
    });
}

#[test]
fn a_stream_that_is_gone_ends_its_issuance_and_keeps_nobody_waiting() {
    on_each_hall(|h| {
        let acts: &[_] = &[(100, &["R a"][..])];
        let first = h.register("wuhan", acts);
        h.upload(first, acts);
        h.spool.remove(first).unwrap();
        let second = h.register("bluecar", acts);
        h.upload(second, acts);
        assert_eq!(h.work().unwrap(), 2);
        assert_eq!(
            (h.state(first), h.state(second)),
            ("abandoned".to_owned(), "recognised".to_owned())
        );
    });
}

#[test]
fn a_key_of_the_hubs_own_is_there_from_the_first_issuance_on_or_never() {
    on_each_hall(|h| {
        let key = |byte| Some(HubKey::new([byte; 32]));
        let under = |key: Option<HubKey>, label: &str| {
            let acts: &[_] = &[(5, &[label][..])];
            let id = h.register("wuhan", acts);
            h.upload(id, acts);
            let done = h.screener().concealing(key).work();
            (id, done)
        };
        under(key(1), "R a").1.unwrap();
        for other in [key(2), None] {
            let (id, refused) = under(other, "R b");
            assert!(matches!(refused, Err(ScreenerError::Key(_))), "{refused:?}");
            assert_eq!(h.state(id), "uploaded");
            h.screener().concealing(key(1)).work().unwrap();
        }
        // The second "R b" is the first one's record, found under the key.
        assert_eq!(h.open().len(), 1);
    });
    on_each_hall(|h| {
        h.issue("wuhan", &[(5, &["R a"])]);
        let acts: &[_] = &[(5, &["R b"][..])];
        let id = h.register("wuhan", acts);
        h.upload(id, acts);
        let refused = h.screener().concealing(Some(HubKey::new([1; 32]))).work();
        assert!(
            matches!(refused, Err(ScreenerError::Key("there was none"))),
            "{refused:?}"
        );
    });
}

#[test]
fn tokens_are_of_the_federations_suite_and_of_the_months_of_the_acts() {
    on_each_hall(|h| {
        let acts: &[_] = &[(5, &["R a"][..])];
        h.f.set_policy(|policy| policy.token_suite = tanqiao_protocol::fingerprint::TokenSuite::Voprf);
        h.try_register("wuhan", acts).refused_by("S08");
        h.f.set_policy(|policy| policy.token_suite = tanqiao_protocol::fingerprint::TokenSuite::HmacSm3);
        h.try_register_in("wuhan", acts, "2025-05").refused_by("S09");
        h.try_register_in("wuhan", acts, "2025-01").refused_by("S09");
        h.try_register("wuhan", acts).unwrap();
    });
}

#[test]
fn a_party_without_a_node_issues_nothing() {
    on_each_hall(|h| {
        h.f.admit("bank", "420100", tanqiao_protocol::view::MemberKind::Party);
        h.try_register("bank", &[(5, &["R a"])]).refused_by("N05");
    });
}

#[test]
fn pages_of_an_attempt_that_was_never_named_count_for_nothing_and_go() {
    on_each_hall(|h| {
        let acts: &[_] = &[(1, &["R a", "S x"][..]), (100, &["R order-7", "S x"])];
        let id = h.register("bluecar", acts);
        // A process that stopped before its commit had found other positions for the same run.
        let attempt = h.f.new_id();
        begin_attempt(&h.f.database, attempt).unwrap();
        let mut writer = PageWriter::default();
        assert!(writer.add(1, true).is_none() && writer.add(100, false).is_none());
        save_pages(&h.f.database, attempt, &[writer.finish().unwrap()]).unwrap();
        h.upload(id, acts);
        assert_eq!(h.work().unwrap(), 1);
        let series = h.block(id).series;
        h.issue("wuhan", &[(100, &["R order-7"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Later).unwrap();
        let standing = |first: i64| h.f.standing(&format!("{series}/{first}-{first}").parse().unwrap());
        assert_eq!(
            (standing(1), standing(2), standing(101)),
            (
                "bluecar held".to_owned(),
                "bluecar cancelled".to_owned(),
                "bluecar cancelled".to_owned()
            )
        );
        // Its pages are gone, and those that count are there: one for each issuance.
        let mut pages = 0;
        let count = |_| {
            pages += 1;
            Ok(())
        };
        h.f.database.read(|c| audit::issuance_pages(c, count)).unwrap();
        assert_eq!(pages, 2);
    });
}
