//! What the node answers is what its description says.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Map, Value, json};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::view::{CreditView, EventView, MappingDetail, MappingView, MethodologyView, SheetView};

use super::super::tests::{Fixture, json_of, mappings, served};
use super::*;
use crate::exchange::tests::message_id;
use crate::import::tests::{metro, ride};
use crate::store::test_databases::databases;
use crate::tokens::Scope;

/// The schemas of a description.
struct Description(Value);

impl Description {
    fn new() -> Self {
        Self(serde_json::to_value(document()).unwrap())
    }

    fn named(&self, reference: &str) -> &Value {
        let found = self.0.pointer(reference.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("{reference} is not described"))
    }

    /// Required and permitted members of an object's schema, those that it takes over included.
    fn members<'a>(&'a self, schema: &'a Value, required: &mut Vec<&'a str>, permitted: &mut Map<String, Value>) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.members(self.named(name), required, permitted);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.members(part, required, permitted);
        }
        required.extend(
            schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        );
        permitted.extend(schema["properties"].as_object().cloned().unwrap_or_default());
    }

    /// Compares a value with a schema, down to its leaves.
    fn check(&self, place: &str, schema: &Value, value: &Value) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.check(place, self.named(name), value);
        }
        if schema["additionalProperties"] == true {
            return;
        }
        match value {
            Value::Object(found) => {
                let (mut required, mut permitted) = (Vec::new(), Map::new());
                self.members(schema, &mut required, &mut permitted);
                for name in required {
                    assert!(found.contains_key(name), "{place}.{name} is missing in {value}");
                }
                for (name, value) in found {
                    let schema = permitted
                        .get(name)
                        .unwrap_or_else(|| panic!("{place}.{name} is not described"));
                    self.check(&format!("{place}.{name}"), schema, value);
                }
            }
            Value::Array(items) => {
                assert_eq!(schema["type"], "array", "{place}");
                for item in items {
                    self.check(&format!("{place}[]"), &schema["items"], item);
                }
            }
            Value::String(text) => {
                assert_eq!(schema["type"], "string", "{place}: {text}");
                if let Some(words) = schema["enum"].as_array() {
                    assert!(words.contains(value), "{place}: {text}");
                }
            }
            Value::Number(number) => {
                assert_eq!(schema["type"], "integer", "{place}: {number}");
                let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
                let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
                assert!((least..=most).contains(&number.as_i64().unwrap()), "{place}: {number}");
            }
            Value::Bool(_) => assert_eq!(schema["type"], "boolean", "{place}"),
            Value::Null => panic!("{place} is null"),
        }
    }

    /// Compares an answer with what is described for its address, method and status.
    fn check_answer(&self, method: &Method, pattern: &str, status: u16, answer: &Value) {
        let responses = &self.0["paths"][pattern][method.as_str().to_lowercase()]["responses"];
        let described = responses.get(status.to_string()).unwrap_or(&responses["default"]);
        let content = described["content"].as_object().unwrap().values().next().unwrap();
        self.check(&format!("{method} {pattern} {status}"), &content["schema"], answer);
    }

    fn schema_check(&self, name: &str, value: &impl serde::Serialize) {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        self.check(name, &schema, &serde_json::to_value(value).unwrap());
    }
}

#[test]
fn the_description_has_every_route_and_no_other() {
    let description = Description::new().0;
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let routes: BTreeSet<String> = endpoints().map(|e| format!("{} {}", e.method, e.path)).collect();
    assert_eq!(described, routes);
    assert_eq!(endpoints().count(), routes.len(), "a route is there twice");
}

#[test]
fn every_reference_leads_somewhere_no_schema_is_empty_and_none_is_useless() {
    let Description(description) = Description::new();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    let mut references = BTreeSet::new();
    collect(&description, &mut references);
    let names: BTreeSet<String> = schemas.keys().cloned().collect();
    assert_eq!(references, names);
    for (name, schema) in schemas {
        let says = ["type", "allOf", "enum"].iter().any(|key| schema.get(*key).is_some());
        assert!(says, "{name} says nothing: {schema}");
    }
}

fn collect(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "$ref" => {
                        out.insert(text.trim_start_matches("#/components/schemas/").to_owned());
                    }
                    other => collect(other, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        _ => {}
    }
}

#[test]
fn every_example_has_the_form_of_its_schema() {
    let description = Description::new();
    for request in requests::REQUESTS {
        let example: Value = serde_json::from_str(request.example).unwrap();
        description.schema_check(request.name, &example);
    }
}

#[test]
fn what_the_hub_says_has_the_form_that_is_described() {
    let description = Description::new();
    let methodology = MethodologyView {
        publisher: "wuhan".parse().unwrap(),
        content: metro(),
    };
    description.schema_check("MethodologyView", &methodology);
    let record = json!({"mapping": "metro-wuhan-to-harbin.v1", "origin": "CN-4201-metro.v1", "to": "230100",
        "endorsed_by": "harbin", "counterpart": "CN-2301-metro.v1", "predicate": "skos:closeMatch", "factor": 850_000, "buffer": 0,
        "uses": ["event-neutrality"], "cap_g": 7, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z",
        "reason_zh": "测试", "reason_en": "test", "demonstration": true, "vintages": [2025, 2026],
        "batch": {"units": "1", "target_g": "2047/5", "others": "1"}});
    let mapping: MappingView = serde_json::from_value(json!({"state": "suspended", "given_g": 5, "log_index": 9,
        "mapping": "metro-wuhan-to-harbin.v1", "record": record, "record_sha256": Sha256([0; 32]), "approvals": ["li"],
        "endorsements": [{"party": "source", "member": "wuhan", "log_index": 7}],
        "suspension": {"by": "target", "reason": "review", "since": "2026-02-01T00:00:00Z", "lifted_by": ["regulator"]}}))
    .unwrap();
    description.schema_check("MappingView", &mapping);
    let event: EventView = serde_json::from_value(json!({"state": "open", "inventory_basis": "planned", "target_g": 10,
        "reserved_g": 1, "committed_g": 2, "room_g": 7, "event": "marathon", "title_zh": "马拉松", "title_en": "Marathon",
        "organiser": "city", "region": "420100", "starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-05-02T00:00:00Z",
        "donations_until": "2026-04-01T00:00:00Z", "inventory": [{"category": "travel", "quantity_g": 10, "source": "survey"}],
        "policy": {"accept_at_once": true, "donors": [], "activities": [], "vintage_first": 2025}}))
    .unwrap();
    description.schema_check("EventView", &event);
    let lot = json!({"series": "wuhan/420100/CN-4201-metro.v1/2025", "mapping": "metro-wuhan-to-harbin.v1", "given_g": 10,
        "delivered_g": 8, "buffered_g": 0, "cancelled_g": 2, "paid_before": 1_000_000, "paid_after": 850_000,
        "uses": ["event-neutrality"]});
    let credit: CreditView = serde_json::from_value(json!({"member": "wuhan", "activity": "rail-transit", "listing": "metro",
        "series": "wuhan/420100/CN-4201-metro.v1/2025", "quantity_g": 10, "uses": ["event-neutrality"], "smallest_lot_g": 1,
        "price_fen_per_t": 100, "recognised": {"quote": Sha256([0; 32]), "to": "230100", "use": "event-neutrality",
        "lots": [lot], "given_g": 10, "delivered_g": 8, "buffered_g": 0, "cancelled_g": 2, "explanation_zh": "因为",
        "explanation_en": "because"}}))
    .unwrap();
    description.schema_check("CreditView", &credit);
}

#[test]
fn a_mapping_and_a_sheet_have_the_form_that_is_described() {
    let description = Description::new();
    let record = serde_json::json!({"mapping": "metro.v2", "origin": "metro.v1", "to": "230100", "endorsed_by": "harbin",
        "predicate": "skos:closeMatch", "factor": 850_000, "buffer": 0, "uses": ["event-neutrality"],
        "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z", "reason_zh": "测试", "reason_en": "test"});
    let record = serde_json::from_value(record).unwrap();
    for shown in [mappings::shown(Some(&record)), mappings::shown(None)] {
        let detail: MappingDetail = serde_json::from_value(shown).unwrap();
        description.schema_check("MappingDetail", &detail);
    }
    let sheet: SheetView = serde_json::from_value(mappings::sheet_shown()).unwrap();
    description.schema_check("SheetView", &sheet);
}

#[actix_web::test]
async fn every_answer_has_the_members_that_are_described() {
    let description = Description::new();
    for database in databases() {
        let fixture = Fixture::new(&database);
        let service = served!(fixture);
        let file = format!(
            "source,record_id,account,quantity,unit,started_at,ended_at,place\n{}{}",
            ride(1, 1, "10", 2025),
            ride(2, 2, "NaN", 2025)
        );
        let upload = fixture
            .request(
                Method::POST,
                "/api/v1/activities?methodology=CN-4201-metro.v1",
                Scope::Import,
            )
            .insert_header(("Content-Type", "text/csv"))
            .set_payload(file);
        let (status, job) = json_of(&service, upload).await;
        description.check_answer(&Method::POST, "/api/v1/activities", status, &job);
        let job = format!("/api/v1/activities/jobs/{}", job["job"].as_str().unwrap());
        let pending = fixture.request(Method::GET, "/api/v1/issuances/pending", Scope::Read);
        let (_, pending) = json_of(&service, pending).await;
        description.check_answer(&Method::GET, "/api/v1/issuances/pending", 200, &pending);
        let id = message_id(7).to_string();
        for (pattern, body, wanted) in [
            ("/api/v1/accounts", json!({"account": "pool-2025", "kind": "pool"}), 201),
            (
                "/api/v1/issuances",
                json!({"id": id, "methodology": "CN-4201-metro.v1", "region_of_act": "420100",
                "vintage": 2025, "rights_basis": "transferred-by-holders", "local_reference": "wh-1", "verification": {"body":
                "Example Verification Body", "verified_at": "2026-01-31T00:00:00Z", "report_sha256": Sha256([0; 32])}}),
                202,
            ),
            ("/api/v1/catalogue", serde_json::to_value(metro()).unwrap(), 202),
            (
                "/api/v1/transfers",
                json!({"account": "house", "quantity_g": Grams::new(5).unwrap(), "target": "harbin",
                "use": "event-neutrality"}),
                422,
            ),
        ] {
            let request = fixture.request(Method::POST, pattern, Scope::Admin).set_json(body);
            let (status, answer) = json_of(&service, request).await;
            assert_eq!(status, wanted, "{pattern}: {answer}");
            description.check_answer(&Method::POST, pattern, status, &answer);
        }
        for endpoint in endpoints().filter(|endpoint| endpoint.method == "GET") {
            if matches!(endpoint.gives, Gives::Media(_)) {
                continue;
            }
            let path = endpoint.path.replace("/api/v1/activities/jobs/{job}", &job);
            let path = path.replace("{id}", &id).replace("{account}", "pool-2025");
            let (status, answer) = json_of(&service, fixture.request(Method::GET, &path, Scope::Read)).await;
            description.check_answer(&Method::GET, endpoint.path, status, &answer);
        }
    }
}
