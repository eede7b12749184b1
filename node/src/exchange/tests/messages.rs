//! The outbox, the answers and the offers, over HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::{Action, TransferProposal};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::fake_hub::{FakeHub, Shared, block, series, serve};
use super::feed::lots;
use super::{START_US, account, config, g, issuance, key, message_id, node, node_with};
use crate::exchange::send::{Sent, step};
use crate::exchange::{FeedState, OutboxState, Rule, Signer, Verdict, decide_waiting, follow};
use crate::ledger::{AccountId, AccountKind, Decision, Direction};
use crate::service::{IssueRequest, Node, RetireRequest, Selection, Staffed, TransferRequest};
use crate::store::test_databases::{TestDatabase, databases};

fn transfer(account_id: &str, quantity: i64) -> TransferRequest {
    TransferRequest {
        by: Staffed::default(),
        account: account(account_id),
        what: Selection::grams(g(quantity)),
        target: "harbin".parse().unwrap(),
        r#use: Use::EventNeutrality,
        quote: None,
        valid_until: None,
        price: None,
    }
}

/// A node with a hub behind HTTP, and 1000 g in account a.
async fn dealing(database: &TestDatabase) -> (Node, Shared, String) {
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    let base = serve(&hub);
    let node = node(database, &base);
    node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
    node.issue(issuance(&[("a", 1000)])).await.unwrap();
    assert_eq!(
        step(&node).await.unwrap(),
        Sent::Some {
            decided: 1,
            asked: None
        }
    );
    assert_eq!(follow::step(&node).await.unwrap(), follow::Step::Applied);
    (node, hub, base)
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_nothing_happens_twice() {
    for database in databases() {
        let (node, hub, base) = dealing(&database).await;
        hub.lock().unwrap().lose_answers = 1;
        let id = node.transfer_out(transfer("a", 100)).await.unwrap();
        assert!(step(&node).await.is_err());
        assert_eq!(node.message(id).await.unwrap().state, OutboxState::Sent);
        // The process ends here; another one opens the same database.
        drop(node);
        let node = super::node(&database, &base);
        assert_eq!(
            step(&node).await.unwrap(),
            Sent::Some {
                decided: 1,
                asked: None
            }
        );
        assert_eq!(follow::step(&node).await.unwrap(), follow::Step::Applied);
        let answer = node.wait_for(id, Duration::from_secs(5)).await.unwrap();
        assert_eq!((answer.state, answer.caught_up), (OutboxState::Answered, true));
        assert_eq!(node.message(id).await.unwrap().attempts, 2);
        assert_eq!(hub.lock().unwrap().entries.len(), 2);
        let balance = node.accounts().get(account("a")).await.unwrap();
        assert_eq!((balance.reserved_g, balance.free_g), (g(100), g(900)));
    }
}

#[tokio::test]
async fn what_waits_goes_out_in_order_as_one_batch() {
    for database in databases() {
        let (node, hub, _) = dealing(&database).await;
        let mut ids = Vec::new();
        for quantity in [10, 20, 30] {
            ids.push(node.transfer_out(transfer("a", quantity)).await.unwrap());
        }
        let requests = hub.lock().unwrap().requests;
        assert_eq!(
            step(&node).await.unwrap(),
            Sent::Some {
                decided: 3,
                asked: None
            }
        );
        assert_eq!(hub.lock().unwrap().requests, requests + 1);
        assert_eq!(follow::step(&node).await.unwrap(), follow::Step::Applied);
        let subjects: Vec<String> = hub.lock().unwrap().entries[1..]
            .iter()
            .map(|e| e.entry.subject.clone())
            .collect();
        assert_eq!(
            subjects,
            ids.iter().map(|id| format!("transfer/{id}")).collect::<Vec<_>>()
        );
        assert_eq!(step(&node).await.unwrap(), Sent::Nothing);
    }
}

#[tokio::test]
async fn a_final_refusal_gives_the_reservation_back_and_another_one_does_not() {
    for database in databases() {
        let (node, hub, _) = dealing(&database).await;
        let id = node.transfer_out(transfer("a", 100)).await.unwrap();
        hub.lock().unwrap().refuse = Some(CheckCode::N02);
        assert_eq!(
            step(&node).await.unwrap(),
            Sent::Some {
                decided: 0,
                asked: None
            }
        );
        let item = node.message(id).await.unwrap();
        assert_eq!(
            (item.state, item.problem.unwrap().code),
            (OutboxState::Sent, "member-suspended".to_owned())
        );
        assert_eq!(node.accounts().get(account("a")).await.unwrap().free_g, g(900));
        hub.lock().unwrap().refuse = Some(CheckCode::B03);
        assert_eq!(
            step(&node).await.unwrap(),
            Sent::Some {
                decided: 1,
                asked: None
            }
        );
        assert_eq!(node.message(id).await.unwrap().state, OutboxState::Refused);
        assert_eq!(node.accounts().get(account("a")).await.unwrap().free_g, g(1000));
        assert_eq!(lots(&node).await.len(), 1);
        assert_eq!(node.dealing(id).await.unwrap().state.as_deref(), Some("refused"));
        let answer = node.wait_for(id, Duration::ZERO).await.unwrap();
        assert_eq!(answer.problem.unwrap().code, "block-reserved");
    }
}

#[tokio::test]
async fn an_expired_message_gives_the_reservation_back() {
    for database in databases() {
        let (node, hub, _) = dealing(&database).await;
        let id = node.transfer_out(transfer("a", 100)).await.unwrap();
        hub.lock().unwrap().refuse = Some(CheckCode::M10);
        step(&node).await.unwrap();
        assert_eq!(node.message(id).await.unwrap().state, OutboxState::Expired);
        assert_eq!(node.accounts().get(account("a")).await.unwrap().free_g, g(1000));
    }
}

#[tokio::test]
async fn a_rotated_key_signs_the_same_payload() {
    for database in databases() {
        let (node, hub, base) = dealing(&database).await;
        hub.lock().unwrap().lose_answers = 1;
        let id = node.transfer_out(transfer("a", 100)).await.unwrap();
        assert!(step(&node).await.is_err());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let rotated = Signer::new(key(2), &config());
        let hub_client = crate::exchange::HubClient::over(http, &base);
        let clock = Arc::new(|| Timestamp::from_micros(START_US));
        let node = Node::assemble(config(), database.store(), rotated.clone(), hub_client, clock);
        step(&node).await.unwrap();
        let row = node
            .read(move |tx| Ok(tx.outbox(&id.to_string())?))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.state, OutboxState::Answered.code());
        let envelope: Envelope = serde_json::from_str(&row.envelope).unwrap();
        assert!(rotated.signed(&envelope));
        // The earlier signature stays: a restored hub may have to decide the message again before it knows the new key.
        let signers = envelope.signers(&[key(1).verifying_key().clone(), key(2).verifying_key().clone()]);
        assert_eq!(signers, [key(1).id(), key(2).id()]);
        assert_eq!(envelope.payload(), row.payload.as_bytes());
    }
}

#[tokio::test]
async fn the_same_request_is_carried_out_once_and_another_one_under_its_id_is_refused() {
    for database in databases() {
        let (node, _, _) = dealing(&database).await;
        let by = Staffed {
            id: Some(message_id(77)),
            staff: None,
        };
        let request = TransferRequest {
            by: by.clone(),
            ..transfer("a", 100)
        };
        assert_eq!(node.transfer_out(request.clone()).await.unwrap(), message_id(77));
        assert_eq!(node.transfer_out(request.clone()).await.unwrap(), message_id(77));
        assert_eq!(node.accounts().get(account("a")).await.unwrap().reserved_g, g(100));
        let other = TransferRequest {
            by,
            ..transfer("a", 101)
        };
        assert_eq!(node.transfer_out(other).await.unwrap_err().code(), "id-reused");
        let too_much = node.transfer_out(transfer("a", 901)).await.unwrap_err();
        assert_eq!(too_much.code(), "not-enough");
        let bound = Selection::Blocks(vec![block(50, 150)]);
        let refused = node
            .transfer_out(TransferRequest {
                what: bound,
                ..transfer("a", 1)
            })
            .await;
        assert_eq!(refused.unwrap_err().code(), "not-free");
    }
}

#[tokio::test]
async fn personal_data_and_unfit_uses_stop_at_the_node() {
    for database in databases() {
        let (node, _, _) = dealing(&database).await;
        let claim = |statement: &str, purpose: &str| {
            serde_json::from_value(json!({
                "claimant": "Example Ltd", "claimant_kind": "organisation", "use": purpose, "year": 2026,
                "place": "420100", "statement": statement,
            }))
            .unwrap()
        };
        let retire = |claim| RetireRequest {
            by: Staffed::default(),
            account: account("a"),
            what: Selection::grams(g(10)),
            claim,
        };
        let person = node
            .retire(retire(claim("for 199 0000 0000", "corporate-neutrality")))
            .await;
        assert_eq!(person.unwrap_err().code(), "personal-data");
        let unfit = node.retire(retire(claim("", "ets-offset"))).await;
        assert_eq!(unfit.unwrap_err().code(), "not-enough");
        node.retire(retire(claim("", "corporate-neutrality"))).await.unwrap();
        let shares = IssueRequest {
            shares: Vec::new(),
            ..issuance(&[("a", 5)])
        };
        assert_eq!(node.issue(shares).await.unwrap_err().code(), "shares");
    }
}

#[tokio::test]
async fn another_feed_than_the_one_that_was_read_stops_the_node() {
    for database in databases() {
        let (node, hub, _) = dealing(&database).await;
        let waiting = node.transfer_out(transfer("a", 1)).await.unwrap();
        // The hub was restored from a backup that is older than what this node has read.
        *hub.lock().unwrap() = FakeHub::new();
        assert_eq!(follow::step(&node).await.unwrap(), follow::Step::Stopped);
        let status = node.status().await.unwrap();
        assert_eq!(
            (status.feed, status.expected.as_deref()),
            (FeedState::Forked, Some("chain of another feed"))
        );
        assert!(status.found.unwrap().contains(&status.feed_chain.to_string()));
        assert_eq!(node.contradictions().await.unwrap().len(), 1);
        assert_eq!(step(&node).await.unwrap(), Sent::Nothing);
        assert_eq!(node.message(waiting).await.unwrap().state, OutboxState::Pending);
    }
}

/// An offer of 100 g by harbin, signed by `signer`, of which 80 g arrive.
pub(crate) fn offer(hub: &Shared, id: MessageId, signer: u8, tamper: bool) {
    let mut harbin = config();
    harbin.member = "harbin".parse().unwrap();
    let signing = Signer::new(key(signer), &harbin);
    let valid_until = Timestamp::from_micros(START_US + 86_400_000_000);
    let proposal = TransferProposal {
        target: "wuhan".parse().unwrap(),
        blocks: vec!["harbin/230100/metro.v1/2025/1-100".parse().unwrap()],
        r#use: Use::EventNeutrality,
        quote: None,
        valid_until,
        price: None,
    };
    let payload = signing
        .payload(id, Timestamp::from_micros(START_US), None, &proposal)
        .unwrap();
    let envelope = signing.sign(Action::TransferProposal, &payload).unwrap();
    let delivered = if tamper { 90 } else { 80 };
    let body = json!({
        "source": "harbin", "use": "event-neutrality", "blocks": proposal.blocks, "valid_until": valid_until,
        "quote": {"quote": Sha256([1; 32]), "to": "420100", "use": "event-neutrality", "lots": [], "given_g": 100,
            "delivered_g": delivered, "buffered_g": 5, "cancelled_g": 15, "explanation_zh": "", "explanation_en": ""},
        "payload": payload, "payload_sha256": Sha256::of(payload.as_bytes()),
        "evidence": {"signatures": serde_json::to_value(envelope.signatures()).unwrap()},
    });
    let mut hub = hub.lock().unwrap();
    let harbin_key = key(3);
    hub.members = json!([{
        "member": "harbin", "region": "230100", "kind": "region", "status": "admitted", "name_zh": "", "name_en": "",
        "keys": [{"key_id": harbin_key.id(), "key": harbin_key.verifying_key(), "status": "active", "first_index": 0}],
    }]);
    hub.commit("transfer.offered", &format!("transfer/{id}"), body, &[]);
}

async fn decided(node: &Node, id: MessageId) -> Decision {
    assert_eq!(follow::step(node).await.unwrap(), follow::Step::Applied);
    decide_waiting(node).await.unwrap();
    node.dealing(id).await.unwrap().decision.unwrap()
}

#[tokio::test]
async fn an_offer_waits_for_a_person_unless_a_rule_accepts_it() {
    for database in databases() {
        let (node, hub, _) = dealing(&database).await;
        offer(&hub, message_id(31), 3, false);
        assert_eq!(decided(&node, message_id(31)).await, Decision::Person);
        assert_eq!(node.status().await.unwrap().offers_waiting, 1);
        let accepted = node
            .accept(Staffed::default(), message_id(31), Some(account("a")))
            .await
            .unwrap();
        let message = node
            .read(move |tx| Ok(tx.outbox(&accepted.to_string())?))
            .await
            .unwrap()
            .unwrap();
        let signed: serde_json::Value = serde_json::from_str(&message.payload).unwrap();
        assert_eq!(signed["content"]["delivered_g"], 80);
        let twice = node.decline(Staffed::default(), message_id(31), "no".into()).await;
        assert_eq!(twice.unwrap_err().code(), "decided");

        let rule = |place, source: &str, verdict| Rule {
            place,
            source: Some(source.parse().unwrap()),
            r#use: Some(Use::EventNeutrality),
            methodology: Some("metro".into()),
            quantity_g_max: Some(g(80)),
            verdict,
            account: None,
        };
        node.put_rule(rule(1, "tianjin", Verdict::Decline)).await.unwrap();
        node.put_rule(rule(2, "harbin", Verdict::Accept)).await.unwrap();
        offer(&hub, message_id(32), 3, false);
        assert_eq!(decided(&node, message_id(32)).await, Decision::Accepted);
        let dealing = node.transfers(Direction::In, None, 10).await.unwrap();
        assert_eq!(dealing[0].account, Some(AccountId::house()));
        step(&node).await.unwrap();
        node.delete_rule(1).await.unwrap();
        assert_eq!(node.rules().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_offer_that_its_source_did_not_sign_is_accepted_by_nobody() {
    for database in databases() {
        let mut config = config();
        config.acceptance.accept_at_once = true;
        let hub = Arc::new(Mutex::new(FakeHub::new()));
        let node = node_with(&database, &serve(&hub), config);
        offer(&hub, message_id(41), 4, false);
        assert_eq!(decided(&node, message_id(41)).await, Decision::Invalid);
        offer(&hub, message_id(42), 3, true);
        assert_eq!(decided(&node, message_id(42)).await, Decision::Invalid);
        assert!(node.accept(Staffed::default(), message_id(42), None).await.is_err());
        offer(&hub, message_id(43), 3, false);
        assert_eq!(decided(&node, message_id(43)).await, Decision::Accepted);
        // A foreign offer with no acceptance behind it would go to suspense; this one goes to the house account.
        assert_eq!(node.status().await.unwrap().outbox_waiting, 1);
        assert_eq!(series().issuer().as_str(), "wuhan");
    }
}
