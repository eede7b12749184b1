//! Quotes for what an account would give: the hash is the one that the hub computes over exactly these serials.

use std::sync::{Arc, Mutex};

use tanqiao_protocol::block::{Block, BlockTerms};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::r#use::Use;

use super::fake_hub::{FakeHub, Shared, serve};
use super::fake_recognition::record;
use super::{account, g, issuance, message_id, node};
use crate::error::NodeError;
use crate::exchange::follow;
use crate::exchange::send::step;
use crate::ledger::AccountKind;
use crate::service::{Destination, Node, Planned, Selection, Staffed, TransferRequest};
use crate::store::test_databases::{TestDatabase, databases};

const HARBIN: &str = "230100";

/// A node whose account a has what these issuances gave it: activity data and grams.
async fn issued(database: &TestDatabase, batches: &[(&str, i64)]) -> (Node, Shared, Vec<MessageId>) {
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    let base = serve(&hub);
    let node = node(database, &base);
    node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
    let mut ids = Vec::new();
    for (total, grams) in batches {
        let id = node.issue(issuance(&[("a", *grams)])).await.unwrap();
        hub.lock()
            .unwrap()
            .governed
            .batches
            .insert(id, ((*total).to_owned(), *grams));
        step(&node).await.unwrap();
        assert_eq!(follow::step(&node).await.unwrap(), follow::Step::Applied);
        ids.push(id);
    }
    (node, hub, ids)
}

fn governs(hub: &Shared, mapping: &str, origin: &str, to: &str, batch: bool, state: MappingState) {
    let record = record(mapping, origin, to, 850_000, batch);
    hub.lock().unwrap().governed.records.push((record, state));
}

async fn quoted(node: &Node, what: Selection, to: &str) -> Result<Planned, NodeError> {
    let destination = Destination::Region(to.parse().unwrap());
    node.quote(account("a"), what, &destination, Use::EventNeutrality).await
}

/// What the hub would decide about these serials.
fn decided(hub: &Shared, blocks: &[BlockRef], to: &str) -> Quote {
    let hub = hub.lock().unwrap();
    let cut: Vec<Block> = blocks
        .iter()
        .flat_map(|part| {
            let over = hub.book.overlapping(&part.series, part.range);
            let over: Vec<Block> = over.into_iter().cloned().collect();
            over.into_iter().map(|block| Block {
                range: block.range.intersection(&part.range).unwrap(),
                ..block
            })
        })
        .collect();
    hub.governed.decide(&cut, to, Use::EventNeutrality).unwrap()
}

fn agrees(planned: &Planned, decided: &Quote) {
    let parts = |quote: &Quote| {
        (
            quote.quote,
            quote.delivered_g,
            quote.buffered_g,
            quote.cancelled_g,
            quote.lots.len(),
        )
    };
    assert_eq!(parts(&planned.quote), parts(decided), "{planned:?}\n{decided:?}");
    for (asked, lot) in planned.quote.lots.iter().zip(&decided.lots) {
        assert!(
            lot.issuance.is_none() || lot.issuance == asked.issuance,
            "{asked:?} {lot:?}"
        );
        assert_eq!((&asked.mapping, asked.delivered_g), (&lot.mapping, lot.delivered_g));
    }
}

#[tokio::test]
async fn a_lot_of_several_issuances_is_one_lot_where_a_factor_counts() {
    for database in databases() {
        let (node, hub, _) = issued(&database, &[("1", 1_000), ("1", 500)]).await;
        governs(&hub, "m.v1", "metro.v1", HARBIN, false, MappingState::Active);
        let planned = quoted(&node, Selection::grams(g(1_200)), HARBIN).await.unwrap();
        agrees(&planned, &decided(&hub, &planned.blocks, HARBIN));
        assert_eq!(planned.quote.lots.len(), 1);
        assert!(!planned.quote.explanation_en.is_empty());
        let asked = hub.lock().unwrap().governed.asked.clone();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(
            (asked[0].issuance, asked[0].region_of_act),
            (None, Some("420100".parse().unwrap()))
        );
    }
}

#[tokio::test]
async fn where_activity_data_travel_each_issuance_has_its_own_factor() {
    for database in databases() {
        // 2.0 and 1.5 units of activity for a kilogram each: 0.8 and 0.6 of it is recognised.
        let (node, hub, ids) = issued(&database, &[("2", 1_000), ("1.5", 1_000), ("2", 1_000)]).await;
        governs(&hub, "m.v1", "metro.v1", HARBIN, true, MappingState::Active);
        let one = quoted(&node, Selection::grams(g(700)), HARBIN).await.unwrap();
        agrees(&one, &decided(&hub, &one.blocks, HARBIN));
        let asked = hub.lock().unwrap().governed.asked.clone();
        assert_eq!(
            (asked.len(), asked[0].issuance),
            (1, Some(ids[0])),
            "a lot of one issuance names it"
        );

        let all = quoted(&node, Selection::grams(g(2_100)), HARBIN).await.unwrap();
        agrees(&all, &decided(&hub, &all.blocks, HARBIN));
        let lots = &all.quote.lots;
        let mut sorted = ids.clone();
        sorted.sort();
        assert_eq!(lots.iter().map(|lot| lot.issuance.unwrap()).collect::<Vec<_>>(), sorted);
        let paid: Vec<i64> = ids
            .iter()
            .map(|id| {
                lots.iter()
                    .find(|lot| lot.issuance == Some(*id))
                    .unwrap()
                    .paid_after
                    .millionths()
            })
            .collect();
        assert_eq!(paid, [800_000, 600_000, 800_000]);
    }
}

#[tokio::test]
async fn what_is_recognised_here_and_what_has_paid_before_are_quoted_as_the_hub_decides() {
    for database in databases() {
        let (node, hub, ids) = issued(&database, &[("2", 1_000)]).await;
        governs(&hub, "m.v1", "metro.v1", HARBIN, false, MappingState::Active);
        governs(&hub, "t.v1", "tram.v1", "420100", true, MappingState::Active);
        let carried = |paid, mapping: Option<&str>, n| BlockTerms {
            buffered: true,
            factor_paid: Factor::new(paid).unwrap(),
            issuance: message_id(n),
            mapping: mapping.map(|one| one.parse().unwrap()),
            uses: [Use::EventNeutrality].into_iter().collect(),
        };
        {
            let mut hub = hub.lock().unwrap();
            hub.governed.batches.insert(message_id(902), ("2".to_owned(), 1_000));
            for n in [900, 901] {
                hub.governed.batches.insert(message_id(n), ("2".to_owned(), 1_000));
                hub.arrive("harbin/230100/tram.v1/2025", 300, carried(500_000, Some("t.v1"), n));
            }
            hub.arrive("wuhan/420100/metro.v1/2025", 400, carried(900_000, None, 902));
        }
        follow::step(&node).await.unwrap();
        for (n, grams) in [(1, 600), (2, 400)] {
            let what = Selection::Quantity {
                quantity_g: g(grams),
                series: None,
            };
            let _ = node
                .accounts()
                .attribute(message_id(n), account("a"), what, "a test".to_owned())
                .await;
        }
        let of = |series: &str, first, last| BlockRef {
            series: series.parse().unwrap(),
            range: SerialRange::new(first, last).unwrap(),
        };
        let tram = Selection::Blocks(vec![of("harbin/230100/tram.v1/2025", 1, 600)]);
        let here = quoted(&node, tram, "420100").await.unwrap();
        agrees(&here, &decided(&hub, &here.blocks, "420100"));
        assert_eq!(
            (here.quote.lots.len(), here.quote.delivered_g),
            (2, g(600)),
            "parted although no mapping is needed"
        );

        let onward = Selection::Blocks(vec![of("wuhan/420100/metro.v1/2025", 901, 1_400)]);
        let onward = quoted(&node, onward, HARBIN).await.unwrap();
        agrees(&onward, &decided(&hub, &onward.blocks, HARBIN));
        assert_eq!(onward.quote.lots.len(), 2, "what had paid before is a lot of its own");
        assert_eq!(ids.len(), 1);
    }
}

#[tokio::test]
async fn an_order_relies_on_the_quote_of_exactly_its_serials() {
    for database in databases() {
        let (node, hub, _) = issued(&database, &[("2", 1_000), ("1.5", 1_000)]).await;
        governs(&hub, "m.v1", "metro.v1", HARBIN, true, MappingState::Active);
        hub.lock().unwrap().members = serde_json::json!([{"member": "harbin", "region": HARBIN, "kind": "region",
            "status": "admitted", "name_zh": "哈尔滨", "name_en": "Harbin", "keys": []}]);
        let id = Some(message_id(70));
        let order = async || {
            let target = Destination::Member("harbin".parse().unwrap());
            let what = Selection::grams(g(1_500));
            let (what, quote) = node
                .relying(id, account("a"), what, &target, Use::EventNeutrality)
                .await?;
            let by = Staffed { id, staff: None };
            let order = TransferRequest {
                by,
                account: account("a"),
                what,
                target: "harbin".parse().unwrap(),
                r#use: Use::EventNeutrality,
                quote,
                valid_until: None,
                price: None,
            };
            node.transfer_out(order).await
        };
        let said = order().await.unwrap();
        assert_eq!(order().await.unwrap(), said, "again, it is the same order");
        let dealing = node.dealing(said).await.unwrap();
        let blocks: Vec<BlockRef> = serde_json::from_value(dealing.content["blocks"].clone()).unwrap();
        let named = dealing.content["quote"].as_str().unwrap();
        assert_eq!(named, decided(&hub, &blocks, HARBIN).quote.to_string());
        let stranger = Destination::Member("chengdu".parse().unwrap());
        let unknown = node
            .quote(account("a"), Selection::grams(g(1)), &stranger, Use::EventNeutrality)
            .await;
        assert_eq!(unknown.unwrap_err().code(), "not-found");
    }
}

#[tokio::test]
async fn what_is_not_recognised_is_refused_with_the_hubs_check() {
    for database in databases() {
        let (node, hub, _) = issued(&database, &[("none", 1_000), ("2", 1_000)]).await;
        let refused = async |code: &str| {
            let error = quoted(&node, Selection::grams(g(1_500)), HARBIN).await.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        };
        refused("no-mapping").await;
        governs(&hub, "m.v1", "metro.v1", HARBIN, true, MappingState::Suspended);
        refused("mapping-not-active").await;
        hub.lock().unwrap().governed.records[0].1 = MappingState::Active;
        // The activity data of one issuance cannot be read: it has no factor, whether it is named or not.
        refused("gate-failed").await;
        assert!(node.outbox(10).await.unwrap().iter().all(|one| one.state.is_final()));
    }
}
