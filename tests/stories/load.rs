//! The hub is killed while eight clients trade: no answer that anybody got is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::transfer::TransferState;
use tanqiao_protocol::view::Outcome;
use tanqiao_tests::content::{pieces, proposal};
use tanqiao_tests::member::Offered;
use tanqiao_tests::patience::{Waiting, when};
use tanqiao_tests::{Federation, Kind, Member, Plan, until};

use crate::told_on_both;

const CLIENTS: usize = 8;
const TRANSFERS: usize = 200;
const GRAMS_EACH: i64 = 1_000;

told_on_both!(no_answer_is_lost);

/// An answer, and the message that it was an answer to.
struct Answered {
    by: &'static str,
    envelope: Envelope,
    outcome: Outcome,
}

async fn no_answer_is_lost(kind: Kind) {
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    let grams = GRAMS_EACH * i64::try_from(TRANSFERS).unwrap();
    let block = federation.member("wuhan").issue(grams).await;
    let answers = Arc::new(AtomicUsize::new(0));
    let clients = pieces(&block, GRAMS_EACH)
        .chunks(TRANSFERS / CLIENTS)
        .map(<[BlockRef]>::to_vec)
        .collect::<Vec<_>>();
    let trading: Vec<_> = clients
        .into_iter()
        .map(|blocks| {
            let (wuhan, harbin) = (federation.member("wuhan"), federation.member("harbin"));
            tokio::spawn(trade(wuhan, harbin, blocks, Arc::clone(&answers)))
        })
        .collect();

    // Twice in the thick of it: each transfer has two answers.
    for kills in 1..=2 {
        let enough = kills * TRANSFERS * 2 / 3;
        until("many answers", async || {
            let found = answers.load(Ordering::Relaxed);
            when(found >= enough, found)
        })
        .await;
        federation.kill_hub();
        assert!(
            answers.load(Ordering::Relaxed) < 2 * TRANSFERS,
            "there is nothing left to lose"
        );
        federation.start_hub().await;
    }
    let mut all = Vec::new();
    for one in trading {
        all.extend(one.await.unwrap());
    }
    assert_eq!(all.len(), 2 * TRANSFERS);
    federation.kill_hub();
    federation.start_hub().await;

    // Every outcome is in the database, and whoever asks again is told the same; nothing is written for it.
    let head = federation.ledger.head().await;
    let members = BTreeMap::from([
        ("wuhan", federation.member("wuhan")),
        ("harbin", federation.member("harbin")),
    ]);
    for answered in &all {
        assert_eq!(
            members[answered.by].tell(&answered.envelope).await.unwrap(),
            answered.outcome
        );
    }
    assert_eq!(federation.ledger.head().await, head);
    let totals = federation.ledger.totals().await;
    assert_eq!(totals.transfers_committed, i64::try_from(TRANSFERS).unwrap());
    assert_eq!(totals.issued_g, grams);
    let view = members["wuhan"]
        .transfer(all[0].outcome.subject.split_once('/').unwrap().1.parse().unwrap())
        .await;
    assert_eq!(view.state, TransferState::Committed);
    federation.reckon().await;
}

/// Offers and accepts one block after another, and asks again wherever an answer is lost.
async fn trade(wuhan: Member, harbin: Member, blocks: Vec<BlockRef>, count: Arc<AtomicUsize>) -> Vec<Answered> {
    let mut answers = Vec::new();
    for block in blocks {
        let (id, envelope) = wuhan.say(proposal(&[block]));
        let outcome = insist(&wuhan, &envelope, &count).await;
        let offered = Offered {
            id,
            payload_sha256: envelope.payload_sha256(),
            outcome: outcome.clone(),
        };
        answers.push(Answered {
            by: "wuhan",
            envelope,
            outcome,
        });
        let envelope = harbin.accepting(&offered);
        let outcome = insist(&harbin, &envelope, &count).await;
        answers.push(Answered {
            by: "harbin",
            envelope,
            outcome,
        });
    }
    answers
}

/// Sends the same message until it is answered.
async fn insist(member: &Member, envelope: &Envelope, count: &AtomicUsize) -> Outcome {
    let waiting = Waiting::for_("an answer");
    loop {
        match member.try_tell(envelope).await {
            Ok(Err(problem)) if problem.status >= 500 => waiting.go_on(&problem.to_string()).await,
            Err(lost) => waiting.go_on(&lost).await,
            Ok(told) => {
                count.fetch_add(1, Ordering::Relaxed);
                return told.unwrap();
            }
        }
    }
}
