//! What a platform says of mappings and sheets through its node, and what its node does not say for it.

use std::sync::{Arc, Mutex};

use tanqiao_mappings::catalogue::Catalogue;
use tanqiao_mappings::equivalence::{Question, assess};
use tanqiao_mappings::explanation::explain;
use tanqiao_mappings::gates::{Mode, NodeFacts};
use tanqiao_mappings::relation::Relation;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::r#use::Use;

use super::*;
use crate::exchange::tests::fake_hub::{FakeHub, Shared, serve};
use crate::exchange::tests::fake_recognition::record;

const MAPPING: &str = "metro-wuhan-to-harbin.v1";
const DETAIL: &str = "/api/v1/mappings/metro-wuhan-to-harbin.v1";
const ENDORSE: &str = "/api/v1/mappings/metro-wuhan-to-harbin.v1/endorsement";
const SHEET: &str = include_str!("../../../../mappings/vectors/sheet.json");

fn sheet(methodology: &str, factor: &str) -> Sheet {
    let mut value: Value = serde_json::from_str(SHEET).unwrap();
    let factor = format!("{factor} g{{CO2}}/km");
    value["methodology"] = methodology.into();
    value["confirmation"]["unit_factor"] = factor.as_str().into();
    let attributes = value["attributes"].as_array_mut().unwrap();
    let cell = attributes
        .iter_mut()
        .find(|one| one["attribute"] == "unit-factor")
        .unwrap();
    cell["value"] = factor.into();
    serde_json::from_value(value).unwrap()
}

/// An explanation as the hub makes one.
fn explanation(target_factor: &str) -> (Value, Sha256) {
    let (origin, target) = (
        sheet("CN-4201-metro.v1", "98"),
        sheet("CN-2301-metro.v1", target_factor),
    );
    let question = Question {
        origin: &origin,
        target: &target,
        reference: None,
        relation: Relation::Close,
        mode: Mode::Factor,
        to: "230100".parse().unwrap(),
        source_region: "420100".parse().unwrap(),
        vintage: 2025,
        uses: [Use::EventNeutrality].into_iter().collect(),
        at: "2026-05-01T00:00:00Z".parse().unwrap(),
        until: None,
        node: NodeFacts::PROVEN,
    };
    let catalogue = Catalogue::shipped().unwrap();
    let explanation = explain(&assess(&question, &catalogue.library()));
    let hash = explanation.content_hash();
    (serde_json::to_value(explanation).unwrap(), hash)
}

fn explained() -> MappingRecord {
    MappingRecord {
        explanation_sha256: Some(explanation("84").1),
        ..record(MAPPING, "CN-4201-metro.v1", "230100", 850_000, false)
    }
}

/// A mapping version as the hub shows it, with its evidence complete.
pub(in crate::api) fn shown(record: Option<&MappingRecord>) -> Value {
    let mut value = json!({"mapping": MAPPING, "state": "evidence-complete", "proposed_by": "wuhan", "given_g": 0, "log_index": 9,
        "comment_until": "2026-06-01T00:00:00Z", "explanation": explanation("84").0,
        "comments": [{"member": "harbin", "text": "which line?", "at": "2026-05-02T00:00:00Z", "log_index": 10}]});
    if let Some(record) = record {
        value["record"] = serde_json::to_value(record).unwrap();
        value["record_sha256"] = json!(record.sha256());
    } else {
        value["state"] = json!("candidate");
    }
    value
}

/// A sheet as the hub shows it.
pub(in crate::api) fn sheet_shown() -> Value {
    let sheet = sheet("CN-4201-metro.v1", "98");
    json!({"publisher": "wuhan", "revision": 1, "sha256": sheet.content_hash(), "at": "2026-05-01T00:00:00Z", "log_index": 5, "sheet": sheet})
}

fn hub_with(shown: Value) -> (Shared, String) {
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    let base = serve(&hub);
    let governed = &mut hub.lock().unwrap().governed;
    governed.mappings.insert(MAPPING.to_owned(), shown);
    governed.sheets.insert("CN-4201-metro.v1".to_owned(), sheet_shown());
    (Arc::clone(&hub), base)
}

fn proposal() -> Value {
    json!({"mapping": MAPPING, "origin": "CN-4201-metro.v1", "target": "CN-2301-metro.v1", "predicate": "skos:closeMatch",
        "to": "230100", "endorsed_by": "harbin", "source_region": "420100", "vintage_first": 2024, "vintage_last": 2026,
        "uses": ["event-neutrality"], "buffer": 100_000, "valid_from": "2026-05-01T00:00:00Z"})
}

/// Every word with its address and body.
fn words() -> Vec<(String, Value)> {
    let at = |word: &str| format!("{DETAIL}/{word}");
    vec![
        ("/api/v1/mappings".to_owned(), proposal()),
        (
            "/api/v1/sheets".to_owned(),
            serde_json::to_value(sheet("CN-4201-metro.v1", "98")).unwrap(),
        ),
        (at("endorsement"), json!({"record_sha256": explained().sha256()})),
        (
            at("objection"),
            json!({"ground": "accuracy", "reason": "the figures are doubted"}),
        ),
        (at("suspension"), json!({"reason": "the metering is under review"})),
        (at("lifting"), json!({})),
        (at("comments"), json!({"text": "the second line is missing"})),
    ]
}

async fn waiting(fixture: &Fixture) -> i64 {
    fixture.node.status().await.unwrap().outbox_waiting
}

#[actix_web::test]
async fn only_who_administers_says_a_word_and_the_same_word_is_said_once() {
    for database in databases() {
        let (_hub, base) = hub_with(shown(Some(&explained())));
        let fixture = Fixture::over(&database, &base);
        let service = served!(fixture);
        for (n, (path, body)) in (50_u64..).zip(words()) {
            for scope in [Scope::Read, Scope::Import, Scope::Trade] {
                let request = fixture.request(Method::POST, &path, scope).set_json(&body);
                let (status, answer) = json_of(&service, request).await;
                assert_eq!((status, &answer["code"]), (403, &json!("forbidden")), "{scope} {path}");
            }
            let key = message_id(n).to_string();
            let say = |body: &Value| {
                let request = fixture.request(Method::POST, &path, Scope::Admin);
                request.insert_header(("Idempotency-Key", key.clone())).set_json(body)
            };
            let (status, first) = json_of(&service, say(&body)).await;
            assert_eq!((status, &first["id"]), (202, &json!(key)), "{path}: {first}");
            assert_eq!(json_of(&service, say(&body)).await.1, first, "{path}");
            let mut strange = body.clone();
            strange["colour"] = json!("red");
            let (status, answer) = json_of(&service, say(&strange)).await;
            assert_eq!((status, &answer["code"]), (422, &json!("schema")), "{path}: {answer}");
        }
        assert_eq!(waiting(&fixture).await, 7);
        let other = fixture
            .request(Method::POST, &format!("{DETAIL}/lifting"), Scope::Admin)
            .set_json(json!({"id": message_id(50)}));
        let (status, answer) = json_of(&service, other).await;
        assert_eq!((status, &answer["code"]), (409, &json!("id-reused")), "{answer}");
    }
}

#[actix_web::test]
async fn what_was_not_read_is_not_endorsed() {
    let read = explained().sha256();
    let newer = MappingRecord {
        factor: tanqiao_protocol::quantity::Factor::new(700_000).unwrap(),
        ..explained()
    };
    let mut doctored = shown(Some(&explained()));
    doctored["explanation"] = explanation("90").0;
    let mut silent = shown(Some(&explained()));
    silent.as_object_mut().unwrap().remove("explanation");
    let renamed = MappingRecord {
        mapping: "metro-wuhan-to-harbin.v2".parse().unwrap(),
        ..explained()
    };
    for (shown, endorsed, status, code) in [
        (shown(Some(&newer)), read, 409, "stale-approval"),
        (shown(Some(&renamed)), renamed.sha256(), 409, "stale-approval"),
        (doctored, read, 409, "stale-approval"),
        (silent, read, 409, "stale-approval"),
        (shown(None), read, 422, "gate-failed"),
    ] {
        for database in databases() {
            let (_hub, base) = hub_with(shown.clone());
            let fixture = Fixture::over(&database, &base);
            let service = served!(fixture);
            let request = fixture
                .request(Method::POST, ENDORSE, Scope::Admin)
                .set_json(json!({"record_sha256": endorsed}));
            let (found, answer) = json_of(&service, request).await;
            assert_eq!((found, &answer["code"]), (status, &json!(code)), "{answer}");
            assert_eq!(waiting(&fixture).await, 0, "nothing is in the outbox");
        }
    }
}

#[actix_web::test]
async fn a_word_with_a_persons_number_is_not_said() {
    for database in databases() {
        let (_hub, base) = hub_with(shown(Some(&explained())));
        let fixture = Fixture::over(&database, &base);
        let service = served!(fixture);
        for (word, body) in [
            ("comments", json!({"text": "ask 13800138000"})),
            ("suspension", json!({"reason": "ask 13800138000"})),
            ("objection", json!({"ground": "veracity", "reason": "ask 13800138000"})),
        ] {
            let path = format!("{DETAIL}/{word}");
            let (status, answer) = json_of(
                &service,
                fixture.request(Method::POST, &path, Scope::Admin).set_json(body),
            )
            .await;
            assert_eq!((status, &answer["code"]), (422, &json!("personal-data")), "{answer}");
        }
        assert_eq!(waiting(&fixture).await, 0);
    }
}

#[actix_web::test]
async fn a_mapping_and_a_sheet_are_read_through_with_their_hashes() {
    for database in databases() {
        let (_hub, base) = hub_with(shown(Some(&explained())));
        let fixture = Fixture::over(&database, &base);
        let service = served!(fixture);
        let read = |path: &str| fixture.request(Method::GET, path, Scope::Read);
        let (status, detail) = json_of(&service, read(DETAIL)).await;
        assert_eq!((status, &detail["record_sha256"]), (200, &json!(explained().sha256())));
        assert_eq!(detail["comments"][0]["member"], "harbin");
        let (status, view) = json_of(&service, read("/api/v1/sheets/CN-4201-metro.v1")).await;
        assert_eq!((status, &view["revision"]), (200, &json!(1)));
        let back: Sheet = serde_json::from_value(view["sheet"].clone()).unwrap();
        assert_eq!(view["sha256"], json!(back.content_hash()));
        let (status, _) = json_of(&service, read("/api/v1/sheets/CN-4201-bus.v1")).await;
        assert_eq!(status, 404);
    }
}

#[actix_web::test]
async fn a_status_names_the_mappings_that_wait_for_this_member_in_one_question() {
    let to_wuhan = MappingRecord {
        endorsed_by: "wuhan".parse().unwrap(),
        origin: "CN-2301-tram.v1".parse().unwrap(),
        ..explained()
    };
    let with = |record: &MappingRecord, state: &str, proposed_by: &str| {
        let mut shown = shown(Some(record));
        shown["state"] = json!(state);
        shown["proposed_by"] = json!(proposed_by);
        shown
    };
    for (shown, waits) in [
        (with(&explained(), "evidence-complete", "wuhan"), true),
        (with(&explained(), "evidence-complete", "harbin"), true),
        (with(&explained(), "source-endorsed", "wuhan"), false),
        (with(&to_wuhan, "source-endorsed", "harbin"), true),
        (with(&to_wuhan, "evidence-complete", "wuhan"), false),
        (with(&to_wuhan, "active", "harbin"), false),
        (super::mappings::shown(None), false),
    ] {
        for database in databases() {
            let (_hub, base) = hub_with(shown.clone());
            let fixture = Fixture::over(&database, &base);
            let service = served!(fixture);
            let (_, status) = json_of(&service, fixture.request(Method::GET, "/api/v1/status", Scope::Read)).await;
            let expected = if waits { json!([MAPPING]) } else { json!([]) };
            assert_eq!(status["mappings_waiting"], expected, "{shown}");
        }
    }
    let database = &databases()[0];
    let alone = Fixture::new(database);
    let service = served!(alone);
    let (found, status) = json_of(&service, alone.request(Method::GET, "/api/v1/status", Scope::Read)).await;
    assert_eq!(
        (found, status.get("mappings_waiting")),
        (200, None),
        "the hub is not there"
    );
}
