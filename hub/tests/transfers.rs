//! Transfers, on both databases.

mod support;

use std::sync::Arc;

use support::{Federation, grams, node, on_each_database};
use tanqiao_protocol::view::MemberKind;

fn two_regions(federation: &Federation) {
    federation.admit("wuhan", "420100", MemberKind::Region);
    federation.admit("harbin", "230100", MemberKind::Region);
    federation.publish("wuhan", "420100");
    federation.map("wuhan", "harbin", "230100", 842_110, 100_000, None);
}

#[test]
fn a_reduction_crosses_with_a_discount_and_a_buffer() {
    on_each_database(|federation| {
        two_regions(&federation);
        let block = federation.issue("wuhan", "420100", 1_000_000);
        let outcome = federation.transfer("wuhan", "harbin", &[block]);
        assert_eq!(outcome.state.as_deref(), Some("committed"));
        assert_eq!((outcome.delivered_g, outcome.buffered_g, outcome.cancelled_g), (Some(grams(757_899)), Some(grams(84_211)), Some(grams(157_890))));
    });
}

#[test]
fn of_sixty_four_proposals_for_one_block_one_wins() {
    on_each_database(|federation| {
        two_regions(&federation);
        let block = federation.issue("wuhan", "420100", 1_000);
        let federation = Arc::new(federation);
        let threads: Vec<_> = (0..64)
            .map(|_| {
                let (federation, block) = (Arc::clone(&federation), block.clone());
                std::thread::spawn(move || federation.propose("wuhan", "harbin", &[block]))
            })
            .collect();
        let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
        assert!(results.iter().filter_map(|r| r.as_ref().err()).all(|p| p.code == "block-reserved"));
    });
}

#[test]
fn the_same_proposal_sixty_four_times_is_one_transfer() {
    on_each_database(|federation| {
        two_regions(&federation);
        let block = federation.issue("wuhan", "420100", 1_000);
        let command = federation.command("wuhan", federation.new_id(), federation.proposal("harbin", &[block]));
        let federation = Arc::new(federation);
        let threads: Vec<_> = (0..64)
            .map(|_| {
                let (federation, command) = (Arc::clone(&federation), command.clone());
                std::thread::spawn(move || federation.ask(command).result.unwrap())
            })
            .collect();
        let outcomes: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(outcomes.iter().all(|o| o == &outcomes[0]));
        let _ = node("wuhan");
    });
}
