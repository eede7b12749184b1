//! Which mapping applies, what it may give in a year, and how factors are paid once. R01 to R08, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use support::{Federation, Refused, grams, on_each_database, part};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{MemberKind, Outcome};

fn three_regions(f: &Federation) -> BlockRef {
    f.two_regions();
    f.admit("shenzhen", "440300", MemberKind::Region);
    f.publish("shenzhen", "440300");
    f.issue("wuhan", "420100", 1_000_000)
}

fn for_use(f: &Federation, to: &str, block: &BlockRef, r#use: Use) -> Result<Outcome, Problem> {
    f.propose_as("wuhan", to, std::slice::from_ref(block), |p| p.r#use = r#use)
}

fn suspend_mapping(f: &Federation, mapping: &str) -> Result<Outcome, Problem> {
    let decision = Decision::SuspendMapping {
        mapping: mapping.parse().unwrap(),
        reason: "new data".to_owned(),
    };
    f.by_officers(&["first-officer"], decision)
}

fn counts(f: &Federation) -> Vec<(i32, i64, i64)> {
    let rows = f.database.read(tanqiao_hub::store::audit::caps).unwrap();
    rows.iter()
        .map(|row| (row.year, row.reserved_g, row.committed_g))
        .collect()
}

#[test]
fn without_a_mapping_in_force_for_the_use_nothing_is_recognised() {
    on_each_database(|f| {
        let block = three_regions(&f);
        for_use(&f, "shenzhen", &block, Use::CorporateNeutrality).refused_by("R01");
        for_use(&f, "harbin", &block, Use::EtsOffset).refused_by("R04");
        suspend_mapping(&f, "wuhan-to-harbin.v1").unwrap();
        for_use(&f, "harbin", &block, Use::CorporateNeutrality).refused_by("R02");
        suspend_mapping(&f, "wuhan-to-harbin.v1").refused_by("G05");
        suspend_mapping(&f, "wuhan-to-harbin.v9").refused_by("R01");
        f.map_as("wuhan", "harbin", "230100", |m| {
            m.mapping = "wuhan-to-harbin.v2".parse().unwrap();
        })
        .unwrap();
        for_use(&f, "harbin", &block, Use::CorporateNeutrality).unwrap();
    });
}

#[test]
fn a_mapping_recognises_from_its_first_day_to_before_its_last() {
    on_each_database(|f| {
        let block = three_regions(&f);
        f.map_as("wuhan", "shenzhen", "440300", |m| {
            m.valid_from = f.now().plus_micros(DAY_US);
            m.valid_until = f.now().plus_micros(2 * DAY_US);
        })
        .unwrap();
        let try_it = || for_use(&f, "shenzhen", &part(&block, 1, 1_000), Use::CorporateNeutrality);
        try_it().refused_by("R02");
        f.pass(86_400);
        let offer = support::id_of(&try_it().unwrap());
        f.withdraw("wuhan", offer).unwrap();
        f.pass(86_400);
        try_it().refused_by("R02");
    });
}

#[test]
fn an_open_offer_keeps_its_terms_when_the_mapping_stops() {
    on_each_database(|f| {
        let block = three_regions(&f);
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        suspend_mapping(&f, "wuhan-to-harbin.v1").unwrap();
        assert_eq!(f.accept("harbin", &offer).unwrap().delivered_g, Some(grams(757)));
    });
}

#[test]
fn a_quote_that_is_named_must_still_be_what_the_hub_computes() {
    on_each_database(|f| {
        let block = three_regions(&f);
        let blocks = [part(&block, 1, 1_000)];
        let named = |quote: Sha256| f.propose_as("wuhan", "harbin", &blocks, |p| p.quote = Some(quote));
        let quote: Sha256 = named(Sha256::of(b"old"))
            .refused_by("R07")
            .expected
            .unwrap()
            .parse()
            .unwrap();
        let offer = support::id_of(&named(quote).unwrap());
        f.withdraw("wuhan", offer).unwrap();
        f.map_as("wuhan", "harbin", "230100", |m| {
            m.mapping = "wuhan-to-harbin.v2".parse().unwrap();
        })
        .unwrap();
        named(quote).refused_by("R07");
    });
}

#[test]
fn a_lot_that_would_deliver_nothing_is_refused() {
    on_each_database(|f| {
        let block = three_regions(&f);
        f.map("wuhan", "shenzhen", "440300", 1, 0, None);
        f.propose("wuhan", "shenzhen", &[part(&block, 1, 999_999)])
            .refused_by("R08");
        f.propose("wuhan", "shenzhen", &[block]).unwrap();
    });
}

#[test]
fn a_cap_counts_what_is_given_and_every_end_but_commitment_returns_it() {
    on_each_database(|f| {
        let block = three_regions(&f);
        f.map("wuhan", "shenzhen", "440300", 500_000, 0, Some(1_000));
        let give = |first, last| f.propose("wuhan", "shenzhen", &[part(&block, first, last)]);
        give(1, 1_001).refused_by("R05");
        let offer = f.offer("wuhan", "shenzhen", &[part(&block, 1, 600)]);
        assert_eq!(counts(&f), [(2026, 600, 0)]);
        let problem = give(1_001, 1_401).refused_by("R05");
        assert_eq!(problem.expected.as_deref(), Some(grams(1_000).to_string().as_str()));
        f.decline("shenzhen", offer.id).unwrap();
        let offer = f.offer("wuhan", "shenzhen", &[part(&block, 1, 1_000)]);
        f.withdraw("wuhan", offer.id).unwrap();
        f.offer("wuhan", "shenzhen", &[part(&block, 1, 1_000)]);
        f.pass(86_400);
        f.sweep();
        let offer = f.offer("wuhan", "shenzhen", &[part(&block, 1, 1_000)]);
        f.freeze(&[part(&block, 1, 1)]).unwrap();
        f.accept("shenzhen", &offer).refused_by("T05");
        assert_eq!(counts(&f), [(2026, 0, 0)]);
        f.transfer("wuhan", "shenzhen", &[part(&block, 2, 1_001)]);
        assert_eq!(counts(&f), [(2026, 0, 1_000)]);
        give(2_001, 2_002).refused_by("R05");
        // Going home returns nothing.
        f.transfer("shenzhen", "wuhan", &[part(&block, 2, 100)]);
        give(2, 3).refused_by("R05");
    });
}

#[test]
fn a_cap_is_counted_in_the_chinese_year_of_the_reservation() {
    on_each_database(|f| {
        let block = three_regions(&f);
        f.clock.store(
            "2026-12-31T15:00:00Z".parse::<Timestamp>().unwrap().micros(),
            Ordering::SeqCst,
        );
        f.map("wuhan", "shenzhen", "440300", 500_000, 0, Some(1_000));
        let offer = f.offer("wuhan", "shenzhen", &[part(&block, 1, 1_000)]);
        f.propose("wuhan", "shenzhen", &[part(&block, 2_001, 2_002)])
            .refused_by("R05");
        f.pass(3_600);
        f.offer("wuhan", "shenzhen", &[part(&block, 2_001, 2_500)]);
        f.accept("shenzhen", &offer).unwrap();
        assert_eq!(counts(&f), [(2026, 0, 1_000), (2027, 500, 0)]);
    });
}

#[test]
fn sixty_four_proposals_at_once_never_pass_a_cap() {
    on_each_database(|f| {
        let block = three_regions(&f);
        f.map("wuhan", "shenzhen", "440300", 500_000, 0, Some(1_050));
        let f = Arc::new(f);
        let propose = |i: i64| {
            let (f, blocks) = (Arc::clone(&f), [part(&block, 100 * i + 1, 100 * i + 100)]);
            std::thread::spawn(move || f.propose("wuhan", "shenzhen", &blocks))
        };
        let threads: Vec<_> = (0..64).map(propose).collect();
        let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 10);
        assert!(
            results
                .iter()
                .filter_map(|r| r.as_ref().err())
                .all(|p| p.code == "cap-reached")
        );
        assert_eq!(counts(&f), [(2026, 1_000, 0)]);
    });
}

#[test]
fn a_factor_once_paid_is_not_paid_again_and_never_given_back() {
    on_each_database(|f| {
        let block = three_regions(&f);
        f.map_as("wuhan", "shenzhen", "440300", |m| {
            m.factor = Factor::new(900_000).unwrap();
            m.buffer = Factor::new(100_000).unwrap();
        })
        .unwrap();
        f.transfer("wuhan", "harbin", &[part(&block, 1, 100_000)]);
        // Harbin paid 0.842110; Shenzhen asks 0.9 of the same origin: nothing more, and no second buffer.
        let onward = f.transfer("harbin", "shenzhen", &[part(&block, 1, 10_000)]);
        assert_eq!(
            (onward.delivered_g, onward.buffered_g, onward.cancelled_g),
            (Some(grams(10_000)), Some(grams(0)), Some(grams(0)))
        );
        let first = f.block(&part(&block, 1, 1));
        assert_eq!(first.terms.factor_paid.millionths(), 842_110);
        assert_eq!(first.terms.mapping.unwrap().to_string(), "wuhan-to-shenzhen.v1");
        // The other way round: 0.9 paid, then 0.842110 asked: floor(10000 · 842110 / 900000) go on.
        f.transfer("wuhan", "shenzhen", &[part(&block, 200_001, 300_000)]);
        let onward = f.transfer("shenzhen", "harbin", &[part(&block, 200_001, 210_000)]);
        assert_eq!(
            (onward.delivered_g, onward.buffered_g, onward.cancelled_g),
            (Some(grams(9_356)), Some(grams(0)), Some(grams(644)))
        );
        // Home: everything, the factor stays paid, and all uses of home are back.
        let home = f.transfer("harbin", "wuhan", &[part(&block, 200_001, 205_000)]);
        assert_eq!(home.delivered_g, Some(grams(5_000)));
        let back = f.block(&part(&block, 200_001, 200_001));
        assert_eq!(
            (
                back.terms.factor_paid.millionths(),
                back.terms.buffered,
                back.terms.mapping
            ),
            (842_110, true, None)
        );
        assert!(back.terms.uses.contains(Use::EtsOffset));
        // Out again: 0.842110 is paid already.
        let again = f.transfer("wuhan", "harbin", &[part(&block, 200_001, 201_000)]);
        assert_eq!(again.delivered_g, Some(grams(1_000)));
    });
}

#[test]
fn a_province_covers_its_cities_and_a_city_of_its_own_wins() {
    on_each_database(|f| {
        let block = three_regions(&f);
        f.admit("guangdong", "440000", MemberKind::Region);
        f.map_as("wuhan", "shenzhen", "440000", |m| {
            m.mapping = "city.v1".parse().unwrap();
        })
        .refused_by("G02");
        f.map_as("wuhan", "guangdong", "440000", |m| {
            m.factor = Factor::new(500_000).unwrap();
        })
        .unwrap();
        f.admit("guangzhou", "440100", MemberKind::Region);
        f.map_as("wuhan", "guangzhou", "440100", |m| {
            m.factor = Factor::new(700_000).unwrap();
        })
        .unwrap();
        let given = [part(&block, 1, 1_000)];
        let shenzhen = f.propose("wuhan", "shenzhen", &given).unwrap();
        assert_eq!(shenzhen.cancelled_g, Some(grams(500)));
        f.withdraw("wuhan", support::id_of(&shenzhen)).unwrap();
        assert_eq!(
            f.propose("wuhan", "guangzhou", &given).unwrap().cancelled_g,
            Some(grams(300))
        );
    });
}

#[test]
fn two_lots_by_two_mappings_count_under_two_caps() {
    on_each_database(|f| {
        // Two lots by two mappings in one donation: each counts under its own cap.
        three_regions(&f);
        let ours = f.issue("harbin", "230100", 10_000);
        let theirs = part(
            &"wuhan/420100/wuhan-metro.v1/2025/1-1000000".parse().unwrap(),
            1,
            10_000,
        );
        f.transfer("wuhan", "harbin", std::slice::from_ref(&theirs));
        f.map("wuhan", "shenzhen", "440300", 800_000, 0, Some(2_000));
        f.map("harbin", "shenzhen", "440300", 700_000, 0, Some(3_000));
        f.plan(support::event("regatta", "440300", 1_000_000, false)).unwrap();
        let both = [part(&theirs, 1, 2_000), part(&ours, 1, 3_000)];
        f.donate("harbin", "regatta", &both).unwrap();
        f.donate("harbin", "regatta", &[part(&ours, 5_001, 5_002)])
            .refused_by("R05");
    });
}
