//! What a loser gives back: its serials, others in their place, the buffer, and then it owes.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::store::read::conflicts;
use tanqiao_protocol::conflict::ConflictOutcome;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::Cancellation;
use tanqiao_protocol::serial::BlockRef;

use crate::hall::{Hall, on_each_hall};
use crate::support::{Refused as _, grams};

/// Everything of an issuance goes to Harbin.
fn give_away(h: &Hall, blocks: &[BlockRef]) {
    let offered = h.f.offer("bluecar", "harbin", blocks);
    h.f.accept("harbin", &offered).unwrap();
}

fn owed(h: &Hall) -> Vec<(MessageId, i64)> {
    let debts = h.f.database.read(|c| conflicts::debts(c, None, false)).unwrap();
    debts
        .iter()
        .map(|debt| (debt.debt, debt.quantity_g.get() - debt.covered_g.get()))
        .collect()
}

/// The enterprise issues an act first, gives its serials away, and loses the act to Wuhan.
fn lose_what_is_gone(h: &Hall, more: &[crate::hall::Act<'_>]) -> MessageId {
    h.f.map("bluecar", "harbin", "230100", 1_000_000, 0, None);
    let first = h.issue("bluecar", &[(100, &["R order-7"])]);
    give_away(h, &[h.block(first)]);
    if !more.is_empty() {
        h.issue("bluecar", more);
    }
    h.issue("wuhan", &[(100, &["R order-7"])]);
    let conflict = h.only().conflict;
    h.resolve(conflict, ConflictOutcome::Later).unwrap();
    conflict
}

#[test]
fn serials_that_are_elsewhere_are_replaced_and_their_holder_keeps_them() {
    on_each_hall(|h| {
        lose_what_is_gone(h, &[(150, &["R mine"])]);
        assert_eq!((h.free("bluecar"), h.free("wuhan")), (50, 100));
        // Recognition set two grams of a hundred aside; nobody has touched the rest.
        assert_eq!(h.free("harbin"), 98);
        assert!(owed(h).is_empty());
        assert!(h.f.feed("bluecar").contains(&"loss.replaced".to_owned()));
    });
}

#[test]
fn the_buffer_covers_what_the_issuer_does_not_have_and_the_rest_is_owed() {
    on_each_hall(|h| {
        // Wuhan's transfer to Harbin leaves a tenth of what it delivers in the buffer.
        let id = h.issue("wuhan", &[(600, &["R given"])]);
        let offered = h.f.offer("wuhan", "harbin", &[h.block(id)]);
        h.f.accept("harbin", &offered).unwrap();
        let buffered = h.free("hub-buffer");
        assert!(buffered > 30 && buffered < 60, "{buffered}");
        let debt = lose_what_is_gone(h, &[(40, &["R mine"])]);
        assert_eq!((h.free("bluecar"), h.free("hub-buffer")), (0, 0));
        assert_eq!(owed(h), [(debt, 60 - buffered)]);
    });
}

#[test]
fn whoever_owes_issues_nothing_and_gives_nothing_until_it_is_covered() {
    on_each_hall(|h| {
        let debt = lose_what_is_gone(h, &[]);
        assert_eq!(owed(h), [(debt, 100)]);
        h.try_register("bluecar", &[(1, &["R next"])]).refused_by("N08");
        // It gets blocks from Harbin, which may still give them.
        h.f.map("harbin", "bluecar", "CN", 1_000_000, 0, None);
        let own = h.issue("harbin", &[(150, &["R north"])]);
        let offered = h.f.offer("harbin", "bluecar", &[h.block(own)]);
        h.f.accept("bluecar", &offered).unwrap();
        let all = h.block(own);
        let part = |first: i64, last: i64| -> BlockRef { format!("{}/{first}-{last}", all.series).parse().unwrap() };
        h.f.propose("bluecar", "harbin", &[part(1, 10)]).refused_by("N08");
        let cover = |blocks: BlockRef, covers| {
            let content = Cancellation {
                blocks: vec![blocks],
                reason: "covers what we lost".to_owned(),
                covers: Some(covers),
            };
            h.f.by_member("bluecar", Body::Cancellation(content))
        };
        cover(part(1, 101), debt).refused_by("B09");
        cover(part(1, 10), own).refused_by("T05");
        cover(part(1, 60), debt).unwrap();
        assert_eq!(owed(h), [(debt, 40)]);
        h.try_register("bluecar", &[(1, &["R next"])]).refused_by("N08");
        cover(part(61, 100), debt).unwrap();
        assert!(owed(h).is_empty());
        h.try_register("bluecar", &[(1, &["R next"])]).unwrap();
    });
}

#[test]
fn an_open_transfer_of_lost_serials_is_halted_first() {
    on_each_hall(|h| {
        h.f.map("bluecar", "harbin", "230100", 1_000_000, 0, None);
        let first = h.issue("bluecar", &[(100, &["R order-7"]), (20, &["R mine"])]);
        h.f.offer("bluecar", "harbin", &[h.block(first)]);
        h.issue("wuhan", &[(100, &["R order-7"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Later).unwrap();
        assert_eq!((h.free("bluecar"), h.free("wuhan")), (20, 100));
        for member in ["bluecar", "harbin"] {
            assert!(h.f.feed(member).contains(&"transfer.halted".to_owned()));
        }
    });
}

#[test]
fn a_reversed_removal_is_covered_in_the_same_way() {
    on_each_hall(|h| {
        let id = h.issue("wuhan", &[(100, &["R forest"]), (50, &["R meadow"])]);
        let reverse = |quantity, officers: &[&str]| {
            let decision = Decision::ReverseRemoval {
                issuance: id,
                quantity_g: grams(quantity),
                reason: "burnt".to_owned(),
            };
            h.f.by_officers(officers, decision)
        };
        let two = ["first-officer", "second-officer"];
        reverse(10, &two[..1]).refused_by("G01");
        reverse(151, &two).refused_by("B09");
        reverse(120, &two).unwrap();
        assert_eq!(h.free("wuhan"), 30);
        reverse(31, &two).refused_by("B09");
        assert!(owed(h).is_empty());
    });
}

#[test]
fn what_was_released_after_a_conflict_may_be_reversed_as_well() {
    on_each_hall(|h| {
        h.issue("harbin", &[(5, &["R a", "S x"])]);
        let acts: &[_] = &[(10, &["R b", "S x"][..]), (20, &["R c"])];
        let id = h.issue("wuhan", acts);
        let reverse = |quantity| {
            let decision = Decision::ReverseRemoval {
                issuance: id,
                quantity_g: grams(quantity),
                reason: "burnt".to_owned(),
            };
            h.f.by_officers(&["first-officer", "second-officer"], decision)
        };
        reverse(21).refused_by("B09");
        h.resolve(h.only().conflict, ConflictOutcome::Distinct).unwrap();
        assert_eq!(h.free("wuhan"), 30);
        reverse(31).refused_by("B09");
        reverse(30).unwrap();
        assert_eq!(h.free("wuhan"), 0);
        assert!(owed(h).is_empty());
    });
}

/// Leaves a member every second gram of its block.
fn every_second_gram(h: &Hall, member: &str, all: &BlockRef) {
    let quantity = all.range.quantity().get();
    let parts: Vec<BlockRef> = (0..quantity)
        .step_by(2)
        .map(|n| {
            let at = all.range.first() + n;
            format!("{}/{at}-{at}", all.series).parse().unwrap()
        })
        .collect();
    h.f.cancel(member, &parts).unwrap();
}

#[test]
fn a_loss_is_covered_whole_from_however_many_blocks() {
    on_each_hall(|h| {
        h.f.map("bluecar", "harbin", "230100", 1_000_000, 0, None);
        let first = h.issue("bluecar", &[(250, &["R order-7"])]);
        give_away(h, &[h.block(first)]);
        let more = h.issue("bluecar", &[(600, &["R mine"])]);
        every_second_gram(h, "bluecar", &h.block(more));
        assert_eq!(h.free("bluecar"), 300);
        h.issue("wuhan", &[(250, &["R order-7"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Later).unwrap();
        assert!(owed(h).is_empty());
        assert_eq!((h.free("bluecar"), h.free("wuhan")), (50, 250));
        h.f.assert_sound();
    });
}

#[test]
fn what_is_offered_goes_after_what_is_held_and_before_the_buffer() {
    on_each_hall(|h| {
        h.f.map("bluecar", "harbin", "230100", 1_000_000, 0, None);
        let first = h.issue("bluecar", &[(100, &["R order-7"])]);
        give_away(h, &[h.block(first)]);
        let more = h.block(h.issue("bluecar", &[(80, &["R mine"])]));
        let part = |first: i64, last: i64| -> BlockRef { format!("{}/{first}-{last}", more.series).parse().unwrap() };
        let (a, b) = (more.range.first(), more.range.last());
        h.f.offer("bluecar", "harbin", &[part(a, a + 19)]);
        h.f.offer("bluecar", "harbin", &[part(b - 29, b)]);
        let buffered = h.free("hub-buffer");
        h.issue("wuhan", &[(100, &["R order-7"])]);
        let conflict = h.only().conflict;
        h.resolve(conflict, ConflictOutcome::Later).unwrap();
        // 30 g that it held, 50 g of two offers, what the buffer has, and the rest is owed.
        assert_eq!((h.free("bluecar"), h.free("hub-buffer")), (0, 0));
        assert_eq!(owed(h), [(conflict, 20 - buffered)]);
        let halted = h.f.feed("harbin").iter().filter(|t| *t == "transfer.halted").count();
        assert_eq!(halted, 2);
        h.f.assert_sound();
    });
}

#[test]
fn an_offer_stands_where_what_is_held_covers_the_loss() {
    on_each_hall(|h| {
        h.f.map("bluecar", "harbin", "230100", 1_000_000, 0, None);
        let first = h.issue("bluecar", &[(100, &["R order-7"])]);
        give_away(h, &[h.block(first)]);
        let more = h.block(h.issue("bluecar", &[(150, &["R mine"])]));
        let offered: BlockRef = format!("{}/{}-{}", more.series, more.range.first(), more.range.first() + 49)
            .parse()
            .unwrap();
        let offered = h.f.offer("bluecar", "harbin", &[offered]);
        h.issue("wuhan", &[(100, &["R order-7"])]);
        h.resolve(h.only().conflict, ConflictOutcome::Later).unwrap();
        assert_eq!(h.free("bluecar"), 0);
        assert!(owed(h).is_empty());
        h.f.accept("harbin", &offered).unwrap();
        h.f.assert_sound();
    });
}

#[test]
fn two_losses_of_one_batch_are_each_covered() {
    on_each_hall(|h| {
        h.f.map("bluecar", "harbin", "230100", 1_000_000, 0, None);
        let first = h.issue("bluecar", &[(100, &["R order-7"]), (100, &["R order-8"])]);
        give_away(h, &[h.block(first)]);
        h.issue("bluecar", &[(130, &["R mine"])]);
        h.issue("wuhan", &[(100, &["R order-7"]), (100, &["R order-8"])]);
        assert_eq!(h.open().len(), 2);
        let buffered = h.free("hub-buffer");
        h.f.pass(14 * 86_400);
        let due = tanqiao_hub::serve::due_commands(&h.f.database, h.f.now()).unwrap();
        assert_eq!(due.len(), 2);
        for answer in h.f.sequencer.submit_blocking(due).unwrap() {
            answer.result.unwrap();
        }
        assert_eq!((h.free("bluecar"), h.free("wuhan"), h.free("hub-buffer")), (0, 200, 0));
        let owed: i64 = owed(h).iter().map(|(_, grams)| grams).sum();
        assert_eq!(owed, 70 - buffered);
        h.f.assert_sound();
    });
}
