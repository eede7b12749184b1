//! Listings: what a member exposes, never more than it holds free. L01 and L02, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, grams, name, on_each_database, part};
use tanqiao_hub::ledger::command::Body;
use tanqiao_protocol::message::Listing;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::r#use::{Use, Uses};
use tanqiao_protocol::view::Outcome;

fn listing(of: &BlockRef, named: &str, quantity: i64) -> Listing {
    Listing {
        listing: name(named),
        series: of.series.clone(),
        quantity_g: grams(quantity),
        uses: [Use::CorporateNeutrality].into_iter().collect(),
        smallest_lot_g: grams(1.min(quantity)),
        price_fen_per_t: None,
    }
}

fn list(f: &Federation, of: &BlockRef, named: &str, quantity: i64) -> Result<Outcome, Problem> {
    f.by_member("wuhan", Body::Listing(Box::new(listing(of, named, quantity))))
}

#[test]
fn listings_of_a_series_add_up_to_what_is_free_at_most() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        list(&f, &block, "first", 600).unwrap();
        let problem = list(&f, &block, "second", 401).refused_by("L01");
        assert_eq!(problem.expected.as_deref(), Some("at most 400 g"));
        list(&f, &block, "second", 400).unwrap();
        // Replacing a listing frees what it named; taking it down frees all of it.
        list(&f, &block, "first", 500).unwrap();
        list(&f, &block, "second", 500).unwrap();
        list(&f, &block, "second", 501).refused_by("L01");
        list(&f, &block, "second", 0).unwrap();
        list(&f, &block, "first", 1_000).unwrap();
        // What is reserved is not free; a listing reserves nothing.
        f.offer("wuhan", "harbin", &[part(&block, 1, 100)]);
        list(&f, &block, "first", 901).refused_by("L01");
        list(&f, &block, "first", 900).unwrap();
        let unknown = "wuhan/420100/wuhan-metro.v1/2024/1-5".parse().unwrap();
        list(&f, &unknown, "third", 1).refused_by("L01");
    });
}

#[test]
fn a_listing_names_uses_that_the_rule_permits_and_a_lot_that_it_has() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let list_as = |change: &dyn Fn(&mut Listing)| {
            let mut content = listing(&block, "first", 100);
            change(&mut content);
            f.by_member("wuhan", Body::Listing(Box::new(content)))
        };
        list_as(&|l| l.uses = Uses::NONE).refused_by("L02");
        list_as(&|l| l.smallest_lot_g = grams(101)).refused_by("M02");
        let mut narrow = support::methodology("wuhan", "420100");
        narrow.methodology = "wuhan-bus.v1".parse().unwrap();
        narrow.uses = [Use::PublicWelfare].into_iter().collect();
        f.by_member("wuhan", Body::Methodology(Box::new(narrow))).unwrap();
        let id = f.new_id();
        let mut bus = support::issuance("wuhan", "420100", 1_000, id);
        bus.methodology = "wuhan-bus.v1".parse().unwrap();
        let bus = f
            .ask(f.command("wuhan", id, Body::Issuance(Box::new(bus))))
            .result
            .unwrap()
            .blocks
            .remove(0);
        list(&f, &bus, "buses", 100).refused_by("L02");
    });
}

#[test]
fn in_one_batch_a_listing_sees_what_came_before_it() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let issuance = f.new_id();
        let commands = vec![
            f.command(
                "wuhan",
                issuance,
                Body::Issuance(Box::new(support::issuance("wuhan", "420100", 500, issuance))),
            ),
            f.command(
                "wuhan",
                f.new_id(),
                Body::Listing(Box::new(listing(&block, "first", 1_500))),
            ),
            f.command("wuhan", f.new_id(), f.proposal("harbin", &[part(&block, 1, 100)])),
            f.command(
                "wuhan",
                f.new_id(),
                Body::Listing(Box::new(listing(&block, "first", 1_401))),
            ),
            f.command(
                "wuhan",
                f.new_id(),
                Body::Listing(Box::new(listing(&block, "first", 1_400))),
            ),
        ];
        let answers: Vec<bool> = f
            .sequencer
            .submit_blocking(commands)
            .unwrap()
            .into_iter()
            .map(|a| a.result.is_ok())
            .collect();
        assert_eq!(answers, [true, true, true, false, true]);
    });
}
