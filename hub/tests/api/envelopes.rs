//! What is signed: good messages are done once, bad ones refused with their code, and nothing written.

use serde_json::{Value, json};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::message::{
    Action, Batch, BatchItem, Cancellation, Content as _, Issuance, Message, TransferDecline,
};
use tanqiao_protocol::signing::{Algorithm, SigningKey};
use tanqiao_protocol::time::{DAY_US, SECOND_US};
use tanqiao_protocol::view::{Outcome, Results};

use crate::support::{issuance, methodology, name, node, signing_key};
use crate::world::{Member, World, good, now, on_each, refused};

fn header(member: &Member) -> Message<Issuance> {
    let mut message = member.message(issuance(&member.id, "420100", 1_000, tanqiao_hub::serve::new_id()));
    message.content.local_reference = name(&format!("ref-{}", message.id));
    message
}

fn signed(member: &Member, change: impl FnOnce(&mut Message<Issuance>)) -> Envelope {
    let mut message = header(member);
    change(&mut message);
    member.sign(&message)
}

/// An envelope whose payload is any JSON.
fn around(member: &Member, payload: &Value) -> Envelope {
    Envelope::sign(
        &Action::Issuance.payload_type(),
        serde_json::to_vec(payload).unwrap(),
        &member.key,
    )
    .unwrap()
}

fn changed(member: &Member, change: impl FnOnce(&mut Value)) -> Envelope {
    let mut payload = serde_json::to_value(header(member)).unwrap();
    change(&mut payload);
    around(member, &payload)
}

/// Every kind of bad envelope with the code that refuses it.
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn bad_envelopes(wuhan: &Member) -> Vec<(&'static str, &'static str, Value)> {
    let value = |envelope: Envelope| serde_json::to_value(envelope).unwrap();
    let stranger = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let good = || header(wuhan);
    let bytes = |message: &Message<Issuance>| serde_json::to_vec(message).unwrap();
    let mut tampered = value(wuhan.sign(&good()));
    tampered["payload"] = value(wuhan.sign(&good()))["payload"].clone();
    let mut no_signature = value(wuhan.sign(&good()));
    no_signature["signatures"] = json!([]);
    let mut unknown_member = value(wuhan.sign(&good()));
    unknown_member["more"] = json!(1);
    let mut not_base64 = value(wuhan.sign(&good()));
    not_base64["payload"] = json!("***");
    let mut twice = serde_json::to_string(&good()).unwrap();
    twice.insert_str(1, "\"member\":\"harbin\",");
    let twice = Envelope::sign(&Action::Issuance.payload_type(), twice.into_bytes(), &wuhan.key).unwrap();
    let not_json = Envelope::sign(&Action::Issuance.payload_type(), b"{".to_vec(), &wuhan.key).unwrap();
    let other_type = Envelope::sign("application/vnd.in-toto+json", bytes(&good()), &wuhan.key).unwrap();
    let other_action = Envelope::sign(&Action::Retirement.payload_type(), bytes(&good()), &wuhan.key).unwrap();
    let by_stranger = Envelope::sign(&Action::Issuance.payload_type(), bytes(&good()), &stranger).unwrap();
    let by_harbin = Envelope::sign(&Action::Issuance.payload_type(), bytes(&good()), &signing_key("harbin")).unwrap();
    let future = now().plus_micros(301 * SECOND_US);
    vec![
        ("a payload that is not JSON", "M01", value(not_json)),
        ("a member twice", "M01", value(twice)),
        ("an unknown member of the envelope", "M02", unknown_member),
        ("not base64", "M02", not_base64),
        (
            "an unknown member of the message",
            "M02",
            value(changed(wuhan, |m| m["content"]["colour"] = json!("green"))),
        ),
        (
            "a missing member",
            "M02",
            value(changed(wuhan, |m| {
                drop(m["content"].as_object_mut().unwrap().remove("vintage"));
            })),
        ),
        (
            "a number as text",
            "M02",
            value(changed(wuhan, |m| m["content"]["quantity_g"] = json!("1000"))),
        ),
        (
            "a quantity below zero",
            "M02",
            value(changed(wuhan, |m| m["content"]["quantity_g"] = json!(-1))),
        ),
        ("another action's content", "M02", value(other_action)),
        (
            "an id of another kind",
            "M02",
            value(changed(wuhan, |m| {
                m["id"] = json!("6ba7b810-9dad-41d1-80b4-00c04fd430c8");
            })),
        ),
        (
            "not_after before issued_at",
            "M02",
            value(signed(wuhan, |m| m.not_after = m.issued_at.plus_micros(-1))),
        ),
        (
            "valid for 31 days",
            "M02",
            value(signed(wuhan, |m| m.not_after = m.issued_at.plus_micros(31 * DAY_US))),
        ),
        ("no signature", "M04", no_signature),
        ("another payload under the signature", "M04", tampered),
        ("a key of nobody", "M05", value(by_stranger)),
        ("a key of another member", "M05", value(by_harbin)),
        (
            "5 minutes in the future",
            "M07",
            value(signed(wuhan, |m| {
                (m.issued_at, m.not_after) = (future, future.plus_micros(DAY_US));
            })),
        ),
        ("another version", "M09", value(signed(wuhan, |m| m.protocol = 2))),
        (
            "another version of another shape",
            "M09",
            value(changed(wuhan, |m| {
                (m["protocol"], m["shape"]) = (json!(2), json!("new"));
            })),
        ),
        (
            "another federation",
            "M11",
            value(signed(wuhan, |m| m.trust_domain = "other.test".parse().unwrap())),
        ),
        ("a payload type of nobody's", "M11", value(other_type)),
        (
            "another member's name",
            "N05",
            value(signed(wuhan, |m| m.member = node("harbin"))),
        ),
    ]
}

#[actix_web::test]
async fn a_bad_envelope_is_refused_with_its_code_and_nothing_is_written() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let before = world.head();
        for (what, code, envelope) in bad_envelopes(&wuhan) {
            let problem = refused(wuhan.post("/v1/messages", &envelope).await, code).await;
            assert!(!problem.stored(), "{what} is not stored");
        }
        assert_eq!(world.head(), before, "nothing was written");
    })
    .await;
}

#[actix_web::test]
async fn a_bad_item_leaves_the_others_alone() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let bad = bad_envelopes(&wuhan);
        let mut envelopes: Vec<Value> = bad.iter().map(|(_, _, envelope)| envelope.clone()).collect();
        envelopes.insert(3, serde_json::to_value(wuhan.sign(&header(&wuhan))).unwrap());
        let response = wuhan.post("/v1/messages", &json!({ "envelopes": envelopes })).await;
        assert_eq!(response.status(), 207);
        let results: Results = good(response).await;
        let mut codes: Vec<&str> = bad.iter().map(|(_, code, _)| *code).collect();
        codes.insert(3, "done");
        let found: Vec<String> = results
            .results
            .iter()
            .map(|item| {
                item.problem.as_ref().map_or_else(
                    || "done".to_owned(),
                    |problem| {
                        problem
                            .check
                            .map_or_else(|| problem.code.clone(), |check| check.to_string())
                    },
                )
            })
            .collect();
        assert_eq!(found, codes);
    })
    .await;
}

#[actix_web::test]
async fn a_message_is_done_once_however_often_it_comes() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let message = header(&wuhan);
        let first: Outcome = good(wuhan.post("/v1/issuances", &wuhan.sign(&message)).await).await;
        let head = world.head();
        let again: Outcome = good(wuhan.post("/v1/messages", &wuhan.sign(&message)).await).await;
        assert_eq!(first, again);
        let mut other = message.clone();
        other.content.quantity_g = crate::support::grams(999);
        other.content.activity_total = "999".to_owned();
        refused(wuhan.post("/v1/issuances", &wuhan.sign(&other)).await, "M08").await;
        assert_eq!(world.head(), head);
    })
    .await;
}

#[actix_web::test]
async fn a_batch_is_verified_once_and_answered_an_item() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let item = |message: &Message<Issuance>| BatchItem {
            payload_type: Issuance::ACTION.payload_type(),
            payload: serde_json::to_string(message).unwrap(),
        };
        let (first, mut second, third) = (header(&wuhan), header(&wuhan), header(&wuhan));
        second.member = node("harbin");
        let items = vec![
            item(&first),
            item(&second),
            item(&third),
            BatchItem {
                payload_type: Batch::ACTION.payload_type(),
                payload: "{}".to_owned(),
            },
        ];
        let (_, envelope) = wuhan.say(Batch { items });
        let response = wuhan.post("/v1/issuances", &envelope).await;
        assert_eq!(response.status(), 207);
        let results: Results = good(response).await;
        let statuses: Vec<bool> = results.results.iter().map(|item| item.outcome.is_some()).collect();
        assert_eq!(statuses, [true, false, true, false]);
        assert_eq!(results.results[0].id, Some(first.id));
        assert_eq!(results.results[1].problem.as_ref().unwrap().code, "not-yours");
        assert_eq!(results.results[3].problem.as_ref().unwrap().code, "wrong-domain");
        // The envelope is kept once, for its sender, under the hash of its payload.
        let sha256 = envelope.payload_sha256();
        let kept: Value = wuhan.read(&format!("/v1/envelopes/{sha256}")).await;
        assert_eq!(kept["payload"], serde_json::to_value(&envelope).unwrap()["payload"]);
        refused(
            world.member("harbin").get(&format!("/v1/envelopes/{sha256}")).await,
            "not-found",
        )
        .await;
    })
    .await;
}

#[actix_web::test]
async fn the_path_and_the_content_name_the_same() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let before = world.head();
        let (transfer, other) = (tanqiao_hub::serve::new_id(), tanqiao_hub::serve::new_id());
        let (_, decline) = wuhan.say(TransferDecline {
            transfer,
            reason: "no".to_owned(),
        });
        let problem = refused(
            wuhan.post(&format!("/v1/transfers/{other}/decline"), &decline).await,
            "M02",
        )
        .await;
        assert_eq!(problem.path.as_deref(), Some("content.transfer"));
        refused(
            wuhan
                .post(&format!("/v1/transfers/{transfer}/withdrawal"), &decline)
                .await,
            "M11",
        )
        .await;
        let (_, cancellation) = wuhan.say(Cancellation {
            blocks: Vec::new(),
            reason: "no".to_owned(),
            covers: None,
        });
        refused(wuhan.post("/v1/retirements", &cancellation).await, "M11").await;
        let (_, publication) = wuhan.say(methodology("wuhan", "420100"));
        let response = wuhan
            .send(reqwest::Method::PUT, "/v1/methodologies/wuhan-metro/2", &publication)
            .await;
        refused(response, "M02").await;
        assert_eq!(world.head(), before);
    })
    .await;
}

#[actix_web::test]
async fn a_request_has_limits() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let before = world.head();
        let item = BatchItem {
            payload_type: Issuance::ACTION.payload_type(),
            payload: "{}".to_owned(),
        };
        let (_, batch) = wuhan.say(Batch {
            items: vec![item; 1_001],
        });
        refused(wuhan.post("/v1/messages", &batch).await, "M03").await;
        let envelope = serde_json::to_value(wuhan.sign(&header(&wuhan))).unwrap();
        refused(
            wuhan
                .post("/v1/messages", &json!({ "envelopes": vec![envelope; 1_001] }))
                .await,
            "M03",
        )
        .await;
        let blocks = (1..=10_001)
            .map(|n| format!("wuhan/420100/wuhan-metro.v1/2025/{n}-{n}").parse().unwrap())
            .collect();
        let (_, cancellation) = wuhan.say(Cancellation {
            blocks,
            reason: "all".to_owned(),
            covers: None,
        });
        refused(wuhan.post("/v1/cancellations", &cancellation).await, "M03").await;
        let large = vec![b' '; 8 * 1024 * 1024 + 1];
        let request = wuhan
            .client
            .post(format!("{}/v1/messages", wuhan.base))
            .header("content-type", "application/json");
        refused(request.body(large).send().await.unwrap(), "M03").await;
        refused(wuhan.post("/v1/messages", &json!({ "envelopes": [] })).await, "M02").await;
        assert_eq!(world.head(), before);
    })
    .await;
}
