//! Schemas written as short tables: `name`, `name?` for a member that may be absent; the type is a schema's name, `text`,
//! `integer`, `boolean`, `any`, or one of these in `[…]` for a list. A member named `+` takes all members of a schema.

use serde_json::{Map, Value, json};
pub(super) use tanqiao_protocol::schema::Object;
use tanqiao_protocol::schema::{ASSETS, MAPPINGS};
use utoipa::openapi::{RefOr, Schema};

use super::own::OWN;
use super::requests::REQUESTS;
use super::shared::{SHARED, TEXTS};
use super::words;

/// Whole numbers: name, description, smallest, largest.
const NUMBERS: &[(&str, &str, i64, i64)] = &[
    ("Grams", "Whole grams of CO2e", 0, 9_007_199_254_740_991),
    ("Factor", "Millionths", 0, 1_000_000),
    ("Year", "A year", 1990, 2200),
    ("Limit", "Items of a page at most", 1, 1_000),
    (
        "WaitSeconds",
        "How long to wait for the hub's decision, in seconds",
        0,
        60,
    ),
];

/// What only the hub answers with.
const OF_THE_HUB: [&str; 5] = [
    "CandidateView",
    "Change",
    "ExclusivityView",
    "MatrixCell",
    "RecognisedBy",
];

/// Every schema by name.
pub(super) fn all() -> Vec<(String, RefOr<Schema>)> {
    let mut all: Vec<(&str, Value)> = Vec::new();
    for (name, description, pattern) in TEXTS {
        all.push((name, text(description, pattern)));
    }
    for (name, words) in words::all() {
        all.push((name, json!({ "type": "string", "enum": words })));
    }
    for (name, description, minimum, maximum) in NUMBERS {
        let number = json!({ "type": "integer", "format": "int64", "minimum": minimum, "maximum": maximum,
            "description": description });
        all.push((name, number));
    }
    let mappings = MAPPINGS
        .iter()
        .chain(ASSETS)
        .filter(|(name, ..)| !OF_THE_HUB.contains(name));
    for (name, description, members) in SHARED.iter().chain(mappings).chain(OWN) {
        all.push((name, object(description, members)));
    }
    all.push((
        "Coordinates",
        json!({ "type": "array", "items": of("any"),
            "description": "A position, rings, or polygons, by the type of the geometry" }),
    ));
    for request in REQUESTS {
        all.push((
            request.name,
            body(request.description, request.members, request.example),
        ));
    }
    all.into_iter()
        .map(|(name, value)| (name.to_owned(), schema(value)))
        .collect()
}

/// The schema that a short type names.
pub(super) fn parse(short: &str) -> RefOr<Schema> {
    schema(of(short))
}

/// A list of a schema.
pub(super) fn items(item: &str) -> RefOr<Schema> {
    schema(json!({
        "type": "object",
        "required": ["items"],
        "properties": { "items": { "type": "array", "items": link(item) } },
    }))
}

fn schema(value: Value) -> RefOr<Schema> {
    // Written here and checked by a test: each of these is a schema.
    serde_json::from_value(value).unwrap_or_else(|_| RefOr::T(Schema::default()))
}

fn link(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn of(short: &str) -> Value {
    if let Some(inner) = short.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return json!({ "type": "array", "items": of(inner) });
    }
    match short {
        "text" => json!({ "type": "string" }),
        "integer" => json!({ "type": "integer", "format": "int64" }),
        "boolean" => json!({ "type": "boolean" }),
        "any" => json!({ "type": "object", "additionalProperties": true }),
        name => link(name),
    }
}

fn text(description: &str, pattern: &str) -> Value {
    if pattern.is_empty() {
        json!({ "type": "string", "description": description })
    } else {
        json!({ "type": "string", "description": description, "pattern": pattern })
    }
}

fn object(description: &str, members: &[(&str, &str)]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut bases = Vec::new();
    for (name, short) in members {
        if *name == "+" {
            bases.push(link(short));
            continue;
        }
        if !name.ends_with('?') {
            required.push(*name);
        }
        properties.insert(name.trim_end_matches('?').to_owned(), of(short));
    }
    let own = json!({ "type": "object", "description": description, "required": required, "properties": properties });
    if bases.is_empty() {
        return own;
    }
    bases.push(own);
    json!({ "allOf": bases })
}

/// A body: what it does not know is refused.
fn body(description: &str, members: &[(&str, &str)], example: &str) -> Value {
    let mut schema = object(description, members);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        // Checked by a test: each example is JSON and has the form of its schema.
        if let Ok(example) = serde_json::from_str(example) {
            schema.insert("examples".to_owned(), Value::Array(vec![example]));
        }
    }
    schema
}
