//! What a transfer meets when mappings change, and which factor counts for which acts.

use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::Mode;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::MemberKind;

use super::saying::{BOTH, Said, approve, endorse, propose, reference, state, three_members, wanted};
use crate::support::{
    Federation, Refused, grams, issuance, methodology, on_each_database, on_postgres, part, proposal, sheet,
};

#[test]
fn what_was_offered_before_the_watch_stopped_a_mapping_arrives_at_its_terms() {
    on_each_database(|f| {
        three_members(&f);
        f.open_mapping("wuhan", &wanted(&f)).unwrap();
        let block = f.issue("wuhan", "420100", 10_000);
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        f.publish_sheet("wuhan", sheet("wuhan-metro.v1", Some("420100"), "120"))
            .unwrap();
        assert_eq!(state(&f, "wuhan-to-harbin.v1"), "suspended");
        f.propose("wuhan", "harbin", &[part(&block, 1_001, 2_000)])
            .refused_by("R02");
        let done = f.accept("harbin", &offer).unwrap();
        let sum = [done.delivered_g, done.buffered_g, done.cancelled_g];
        assert_eq!(
            sum.into_iter()
                .flatten()
                .map(tanqiao_protocol::quantity::Grams::get)
                .sum::<i64>(),
            1_000
        );
        assert_eq!(done.delivered_g, Some(grams(757)));
    });
}

/// Issues with these changes.
fn issue_as(f: &Federation, member: &str, change: impl FnOnce(&mut tanqiao_protocol::message::Issuance)) -> BlockRef {
    let id = f.new_id();
    let mut content = issuance(member, "420100", 10_000, id);
    change(&mut content);
    let command = f.command(member, id, Body::Issuance(Box::new(content)));
    f.ask(command).result.unwrap().blocks.remove(0)
}

#[test]
fn acts_of_other_years_and_places_are_refused_by_r06() {
    on_each_database(|f| {
        f.admit("hubei", "420000", MemberKind::Region);
        f.publish("hubei", "420000");
        f.admit("harbin", "230100", MemberKind::Region);
        f.publish("harbin", "230100");
        let mut record = wanted(&f);
        record.mapping = reference("hubei-to-harbin.v1");
        record.origin = "hubei-metro.v1".parse().unwrap();
        let mut proposal = f.ground("hubei", &record).unwrap();
        proposal.source_region = "420100".parse().unwrap();
        (proposal.vintage_first, proposal.vintage_last) = (2025, 2025);
        propose(&f, "hubei", &proposal).unwrap();
        endorse(&f, "hubei", "hubei-to-harbin.v1").unwrap();
        endorse(&f, "harbin", "hubei-to-harbin.v1").unwrap();
        approve(&f, &BOTH, "hubei-to-harbin.v1").unwrap();
        let fits = issue_as(&f, "hubei", |_| ());
        let elsewhere = issue_as(&f, "hubei", |i| i.region_of_act = "420500".parse().unwrap());
        let earlier = issue_as(&f, "hubei", |i| {
            i.vintage = 2024;
            i.period_from = "2024-03-01T00:00:00Z".parse().unwrap();
            i.period_until = "2024-03-31T00:00:00Z".parse().unwrap();
        });
        f.propose("hubei", "harbin", &[elsewhere]).refused_by("R06");
        f.propose("hubei", "harbin", &[earlier]).refused_by("R06");
        f.transfer("hubei", "harbin", &[fits]);
    });
}

#[test]
fn batches_whose_activity_data_travel_cross_each_at_its_own_factor() {
    on_each_database(|f| {
        three_members(&f);
        let mut content = methodology("wuhan", "420100");
        content.methodology = "wuhan-open.v1".parse().unwrap();
        content.factor_g_per_unit = None;
        f.by_member("wuhan", Body::Methodology(Box::new(content))).unwrap();
        f.publish_sheet("wuhan", sheet("wuhan-open.v1", Some("420100"), "98"))
            .unwrap();
        let target = sheet("REF-open.v1", None, "50");
        f.publish_reference(target.clone()).unwrap();
        let mut record = wanted(&f);
        record.origin = "wuhan-open.v1".parse().unwrap();
        record.buffer = Factor::ZERO;
        record.cap_g = Some(grams(300_000));
        let mut proposal = proposal(&record, &target);
        proposal.source_region = "420100".parse().unwrap();
        proposal.mode = Mode::Requantify;
        propose(&f, "wuhan", &proposal).unwrap();
        endorse(&f, "wuhan", "wuhan-to-harbin.v1").unwrap();
        endorse(&f, "harbin", "wuhan-to-harbin.v1").unwrap();
        approve(&f, &BOTH, "wuhan-to-harbin.v1").unwrap();
        let batch = |quantity: i64| {
            issue_as(&f, "wuhan", |i| {
                i.methodology = "wuhan-open.v1".parse().unwrap();
                (i.quantity_g, i.verified_g) = (grams(quantity), grams(quantity));
                i.activity_total = "1000".to_owned();
            })
        };
        let (dense, thin) = (batch(200_000), batch(100_000));
        // 1000 km at 50 g: a quarter of the first, half of the second, and 0.98 for the least uncertainty.
        let done = f.transfer("wuhan", "harbin", &[part(&dense, 1, 100_000), thin.clone()]);
        assert_eq!(done.delivered_g, Some(grams(24_500 + 49_000)));
        let paid = |block: &BlockRef| f.block(block).terms.factor_paid.millionths();
        assert_eq!((paid(&dense), paid(&thin)), (245_000, 490_000));
        f.transfer("wuhan", "harbin", &[part(&dense, 100_001, 200_000)]);
        f.assert_sound();
    });
}

#[test]
fn acts_of_a_year_with_two_versions_count_by_the_smaller_factor() {
    on_each_database(|f| {
        three_members(&f);
        let mut record = wanted(&f);
        record.buffer = Factor::ZERO;
        record.factor = Factor::new(500_000).unwrap();
        f.open_mapping("wuhan", &record).unwrap();
        f.pass(86_400);
        let mut next = wanted(&f);
        next.mapping = reference("wuhan-to-harbin.v2");
        next.buffer = Factor::ZERO;
        next.factor = Factor::new(800_000).unwrap();
        f.open_mapping("wuhan", &next).unwrap();
        let this_year = issue_as(&f, "wuhan", |i| {
            i.vintage = 2026;
            i.period_from = "2026-03-01T00:00:00Z".parse().unwrap();
            i.period_until = "2026-03-31T00:00:00Z".parse().unwrap();
        });
        let last_year = issue_as(&f, "wuhan", |_| ());
        assert_eq!(
            f.transfer("wuhan", "harbin", &[this_year]).delivered_g,
            Some(grams(5_000))
        );
        assert_eq!(
            f.transfer("wuhan", "harbin", &[last_year]).delivered_g,
            Some(grams(8_000))
        );
    });
}

#[test]
fn what_one_hub_process_approves_holds_in_the_other() {
    on_postgres(|f| {
        three_members(&f);
        let block = f.issue("wuhan", "420100", 1_000);
        f.agree_on_mapping("wuhan", &wanted(&f)).unwrap();
        let other = f.second_process();
        let say = |command: Command| -> Said { other.submit_blocking(vec![command]).unwrap().remove(0).result };
        let mapping = reference("wuhan-to-harbin.v1");
        let id = f.new_id();
        let approval = Command {
            origin: Origin::Officers(BOTH.iter().map(|one| crate::support::name(one)).collect()),
            id,
            payload_sha256: Sha256::of(id.to_string().as_bytes()),
            body: Body::Governance(Box::new(Decision::ApproveMapping {
                record_sha256: f.record_sha256(&mapping),
                mapping,
            })),
        };
        say(approval).unwrap();
        f.offer("wuhan", "harbin", &[part(&block, 1, 500)]);
        super::saying::suspend(&f, "wuhan", "wuhan-to-harbin.v1").unwrap();
        let proposal = f.command("wuhan", f.new_id(), f.proposal("harbin", &[part(&block, 501, 1_000)]));
        say(proposal).refused_by("R02");
    });
}
