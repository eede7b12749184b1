//! Drills: a node's keys come into other hands; and the hub's log is signed by another key.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tanqiao_node::exchange::verify_offer;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::view::{KeyStatus, KeyView, MemberView, Offer, Page};
use tanqiao_tests::content::issuance;
use tanqiao_tests::patience::when;
use tanqiao_tests::{Crossing, Federation, Kind, Plan, Refused as _, until};

use crate::told_on_both;

const RIDES: i64 = 10;

told_on_both!(
    a_key_in_other_hands_is_shut_out_and_what_it_signed_before_still_counts,
    the_log_is_signed_by_another_key,
);

async fn keys_of_wuhan(federation: &Federation) -> Vec<KeyView> {
    let members: Page<MemberView> = federation.member("harbin").read("/v1/members").await;
    let wuhan = members.items.into_iter().find(|one| one.member.as_str() == "wuhan");
    wuhan.unwrap().keys
}

/// A thief has copied Wuhan's node, and speaks for Wuhan: issues what nobody has saved, and offers it to Harbin.
async fn a_key_in_other_hands_is_shut_out_and_what_it_signed_before_still_counts(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    let before = Crossing::planned(&federation, 1_000).await;
    before.order(&federation).await;
    before.happened_once(&federation).await;
    let index = federation.ledger.head().await.size;
    let stolen = keys_of_wuhan(&federation).await.remove(0);
    federation.stop_node("harbin").await;
    let thief = federation.member("wuhan");
    let made_up = thief.issue(5_000).await;
    let offered = thief.offer(std::slice::from_ref(&made_up)).await;

    // One command, and the thief is out: certificates, open transfers, everything.
    let why = ["--reason", "its keys are in other hands"];
    let isolated = federation
        .officers(&[["member", "isolate", "wuhan"].as_slice(), &why].concat())
        .await;
    assert_eq!(isolated["revoked"].as_array().unwrap().len(), 1, "{isolated}");
    assert_eq!(isolated["suspended"]["state"], "suspended", "{isolated}");
    until("the thief is shut out", async || {
        let told = thief.try_tell(&thief.say(issuance(1_000)).1).await;
        when(!matches!(told, Ok(Ok(_))), "it is heard")
    })
    .await;
    let transfer = federation.member("harbin").transfer(offered.id).await;
    assert_eq!(transfer.state.word(), "halted", "{transfer:?}");
    let again = federation
        .officers(&[["member", "isolate", "wuhan"].as_slice(), &why].concat())
        .await;
    assert_eq!(
        (&again["revoked"], &again["suspended"]),
        (&json!([]), &Value::Null),
        "{again}"
    );

    undo(&federation, &stolen, index, (&made_up, offered.id)).await;
    // Wuhan enrols again, with new keys, and goes on.
    federation.stop_node("wuhan").await;
    for file in ["signing.key", "node.key", "node.pem"] {
        let path = federation.place.member("wuhan", file);
        std::fs::rename(&path, path.with_extension("stolen")).unwrap();
    }
    federation
        .enrol("wuhan", "420100", &["--keys-lost", "stolen, see key.distrusted"])
        .await;
    federation.officers(&["member", "reinstate", "wuhan"]).await;
    federation.start_node("wuhan").await;
    federation.start_node("harbin").await;
    federation.reckon().await;
    if let Ok(told) = thief.try_tell(&thief.say(issuance(1_000)).1).await {
        told.refused_by("N01");
    }
    let after = Crossing::planned(&federation, 1_000).await;
    after.order(&federation).await;
    after.happened_once(&federation).await;

    what_counts(&federation, &stolen, index, [before.id, after.id, offered.id]).await;
}

/// What officers find under the key since a leaf, and decide: exactly the thief's two acts.
async fn undo(federation: &Federation, stolen: &KeyView, index: i64, (made_up, offered): (&BlockRef, MessageId)) {
    let key = stolen.key_id.to_string();
    let since = index.to_string();
    let acts = federation.look(&["key", "acts", &key, "--since", &since]).await.done();
    let acts = acts.as_array().unwrap();
    let actions: Vec<&str> = acts.iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["issuance", "transfer-proposal"], "{acts:?}");
    assert_eq!(acts[1]["message"], json!(offered), "{acts:?}");
    let all = federation.look(&["key", "acts", &key]).await.done();
    assert!(all.as_array().unwrap().len() > 2, "{all}");
    let distrust = ["key", "distrust", &key, "--from-index", &since, "--reason", "stolen"];
    federation
        .decided_by(&["first-officer"], &distrust)
        .await
        .status
        .filter(|status| *status == 1)
        .expect("one officer alone is refused");
    federation.officers(&distrust).await;
    let block = made_up.to_string();
    for command in ["freeze", "cancel-frozen"] {
        federation
            .officers(&[command, &block, "--reason", "issued with a stolen key"])
            .await;
    }
}

/// Everybody sees from where on the old key is not trusted, and what it signed before still verifies.
async fn what_counts(federation: &Federation, stolen: &KeyView, index: i64, transfers: [MessageId; 3]) {
    let [before, after, offered] = transfers;
    let keys = keys_of_wuhan(federation).await;
    let old = keys.iter().find(|one| one.key_id == stolen.key_id).unwrap();
    assert_eq!(
        (old.status, old.distrusted_from),
        (KeyStatus::Retired, Some(index)),
        "{old:?}"
    );
    assert!(old.counts_at(index - 1) && !old.counts_at(index), "{old:?}");
    assert_eq!(
        keys.iter().filter(|one| one.status == KeyStatus::Active).count(),
        1,
        "{keys:?}"
    );
    let harbin = federation.beside("harbin").await;
    let offer_of = async |id| {
        let dealing = harbin.dealing(id).await.unwrap();
        serde_json::from_value::<Offer>(dealing.content).unwrap()
    };
    verify_offer(&harbin, before, &offer_of(before).await).await.unwrap();
    verify_offer(&harbin, after, &offer_of(after).await).await.unwrap();
    let refused = verify_offer(&harbin, offered, &offer_of(offered).await).await;
    assert!(refused.unwrap_err().to_string().contains("counted then"));
}

/// The newest checkpoint, as anybody may fetch it.
async fn checkpoint(federation: &Federation) -> Result<Note, String> {
    let response = federation.member("harbin").ask("/log/checkpoint").await?;
    when(response.status() == StatusCode::OK, response.status())?;
    let bytes = response.bytes().await.map_err(|error| error.to_string())?;
    Note::parse(&bytes).map_err(|error| error.to_string())
}

/// Waits for a checkpoint that is signed by exactly these keys.
async fn signed_by(federation: &Federation, keys: &[&NoteKey]) -> Note {
    until("a checkpoint with these signatures", async || {
        let note = checkpoint(federation).await?;
        let signed = note.verify(keys.iter().copied()).map_err(|error| error.to_string())?;
        let exact = signed.len() == keys.len() && note.signatures().len() == keys.len();
        when(exact, note.to_string()).map(|()| note)
    })
    .await
}

async fn the_log_is_signed_by_another_key(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    let key_of = |value: &Value| value["key"].as_str().unwrap().parse::<NoteKey>().unwrap();
    let listed = federation.look(&["log-key", "list"]).await.done();
    let old = key_of(&listed[0]);
    let early = signed_by(&federation, &[&old]).await;

    // The configuration names the file of the next key; every hub process gets both.
    let new = key_of(&federation.look(&["log-key", "propose"]).await.done());
    federation.stop_hub().await;
    federation.start_hub().await;
    federation.officers(&["log-key", "rotate"]).await;
    signed_by(&federation, &[&old, &new]).await;
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;

    // Every verifier has the new key: the old one signs no more, and its file goes.
    federation.officers(&["log-key", "retire-old"]).await;
    signed_by(&federation, &[&new]).await;
    federation.stop_hub().await;
    let (key, next) = (federation.place.hub("log.key"), federation.place.hub("log.next.key"));
    std::fs::rename(&key, federation.place.hub("log.old.key")).unwrap();
    std::fs::rename(&next, &key).unwrap();
    federation.start_hub().await;
    let last = Crossing::planned(&federation, 1_000).await;
    last.order(&federation).await;
    last.happened_once(&federation).await;
    signed_by(&federation, &[&new]).await;
    // What the old key had signed is as good as it was.
    assert_eq!(early.verify([&old]).unwrap().len(), 1);
    let listed = federation.look(&["log-key", "list"]).await.done();
    let spans: Vec<bool> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["last_index"].is_i64())
        .collect();
    assert_eq!(spans, [true, false], "{listed}");
}
