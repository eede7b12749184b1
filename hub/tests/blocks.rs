//! Serial arithmetic: B01 to B12, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, claim, event, grams, id_of, issuance, on_each_database, part};
use tanqiao_hub::ledger::command::Body;
use tanqiao_protocol::quantity::MAX_SAFE_INTEGER;
use tanqiao_protocol::serial::BlockRef;

/// Every command that takes free blocks of a member.
fn each_way(f: &Federation, member: &str, blocks: &[BlockRef], check: &str) {
    f.propose(member, "harbin", blocks).refused_by(check);
    f.retire(member, blocks, claim(member, "420100")).refused_by(check);
    f.cancel(member, blocks).refused_by(check);
    f.pledge(member, "harbin", blocks).refused_by(check);
    f.donate(member, "marathon", blocks).refused_by(check);
}

fn begin(f: &Federation) -> BlockRef {
    f.two_regions();
    f.plan(event("marathon", "230100", 1_000_000_000, false)).unwrap();
    f.issue("wuhan", "420100", 10_000)
}

#[test]
fn what_was_never_issued_cannot_be_given() {
    on_each_database(|f| {
        let block = begin(&f);
        each_way(&f, "wuhan", &[part(&block, 10_001, 10_001)], "B01");
        each_way(&f, "wuhan", &[part(&block, 9_999, 10_001)], "B01");
        each_way(
            &f,
            "wuhan",
            &["wuhan/420100/wuhan-metro.v1/2024/1-5".parse().unwrap()],
            "B01",
        );
        each_way(&f, "wuhan", &["nobody/420100/none.v1/2024/1-5".parse().unwrap()], "B01");
        f.freeze(&[part(&block, 10_001, 10_001)]).refused_by("B01");
        f.unfreeze(&[part(&block, 10_001, 10_001)]).refused_by("B01");
    });
}

#[test]
fn only_the_holder_gives() {
    on_each_database(|f| {
        let block = begin(&f);
        f.admit("shenzhen", "440300", tanqiao_protocol::view::MemberKind::Region);
        let problem = f
            .propose("shenzhen", "harbin", std::slice::from_ref(&block))
            .refused_by("B02");
        assert_eq!(problem.blocks.unwrap(), [block.to_string()]);
        each_way(&f, "shenzhen", &[block], "B02");
    });
}

#[test]
fn what_is_reserved_used_frozen_or_pledged_is_not_free() {
    on_each_database(|f| {
        let block = begin(&f);
        let offer = f.offer("wuhan", "harbin", &[part(&block, 1, 100)]);
        each_way(&f, "wuhan", &[part(&block, 50, 60)], "B03");
        let problem = f.cancel("wuhan", &[part(&block, 1, 1)]).refused_by("B03");
        assert_eq!(problem.transfer.unwrap(), offer.id.to_string());
        let given = f.donate("wuhan", "marathon", &[part(&block, 101, 200)]).unwrap();
        each_way(&f, "wuhan", &[part(&block, 101, 200)], "B03");
        let problem = f.cancel("wuhan", &[part(&block, 150, 150)]).refused_by("B03");
        assert_eq!(problem.transfer.unwrap(), id_of(&given).to_string());
        f.retire("wuhan", &[part(&block, 201, 300)], claim("wuhan", "420100"))
            .unwrap();
        f.cancel("wuhan", &[part(&block, 301, 400)]).unwrap();
        each_way(&f, "wuhan", &[part(&block, 300, 300)], "B04");
        each_way(&f, "wuhan", &[part(&block, 301, 301)], "B04");
        f.freeze(&[part(&block, 401, 500)]).unwrap();
        each_way(&f, "wuhan", &[part(&block, 500, 600)], "B05");
        f.pledge("wuhan", "harbin", &[part(&block, 601, 700)]).unwrap();
        each_way(&f, "wuhan", &[part(&block, 650, 660)], "B06");
        // Frozen out of a pledge is frozen.
        f.freeze(&[part(&block, 650, 660)]).unwrap();
        each_way(&f, "wuhan", &[part(&block, 650, 660)], "B05");
        f.cancel("wuhan", &[part(&block, 701, 10_000)]).unwrap();
    });
}

#[test]
fn a_serial_is_named_once_in_a_command() {
    on_each_database(|f| {
        let block = begin(&f);
        each_way(&f, "wuhan", &[part(&block, 1, 100), part(&block, 100, 200)], "B07");
        each_way(&f, "wuhan", &[part(&block, 100, 200), part(&block, 1, 1_000)], "B07");
        each_way(&f, "wuhan", &[block.clone(), block.clone()], "B07");
        each_way(&f, "wuhan", &[], "M02");
        f.freeze(&[part(&block, 1, 10), part(&block, 5, 6)]).refused_by("B07");
        // Two that touch, in any order, are no overlap.
        f.cancel("wuhan", &[part(&block, 101, 200), part(&block, 1, 100)])
            .unwrap();
    });
}

#[test]
fn a_split_leaves_no_piece_below_the_smallest() {
    on_each_database(|f| {
        let block = begin(&f);
        f.set_policy(|p| p.smallest_piece_g = grams(100));
        each_way(&f, "wuhan", &[part(&block, 1, 99)], "B08");
        each_way(&f, "wuhan", &[part(&block, 100, 5_000)], "B08");
        each_way(&f, "wuhan", &[part(&block, 5_000, 9_901)], "B08");
        f.cancel("wuhan", &[part(&block, 101, 9_900)]).unwrap();
        f.cancel("wuhan", &[part(&block, 1, 100), part(&block, 9_901, 10_000)])
            .unwrap();
    });
}

#[test]
fn three_thousand_blocks_are_the_most_of_a_command() {
    on_each_database(|f| {
        let block = begin(&f);
        let every_third: Vec<BlockRef> = (0..3_001).map(|i| part(&block, 3 * i + 1, 3 * i + 1)).collect();
        each_way(&f, "wuhan", &every_third, "B10");
        f.freeze(&every_third).refused_by("B10");
        f.cancel("wuhan", &every_third[1..]).unwrap();
    });
}

#[test]
fn a_series_ends_at_two_to_the_fifty_third_minus_one() {
    on_each_database(|f| {
        f.two_regions();
        let issue = |quantity| {
            let id = f.new_id();
            f.by_member(
                "wuhan",
                Body::Issuance(Box::new(issuance("wuhan", "420100", quantity, id))),
            )
        };
        issue(MAX_SAFE_INTEGER - 10).unwrap();
        let problem = issue(11).refused_by("B12");
        assert_eq!(problem.expected.unwrap(), MAX_SAFE_INTEGER.to_string());
        let last = issue(10).unwrap().blocks.remove(0);
        assert_eq!(last.range.last(), MAX_SAFE_INTEGER);
        issue(1).refused_by("B12");
        // The whole of it may be given, and the arithmetic holds.
        let all = part(&last, 1, MAX_SAFE_INTEGER);
        let outcome = f.transfer("wuhan", "harbin", &[all]);
        let parts = [outcome.delivered_g, outcome.buffered_g, outcome.cancelled_g].map(|g| g.unwrap().get());
        assert_eq!(parts.iter().sum::<i64>(), MAX_SAFE_INTEGER);
    });
}
