//! Schemas of what goes over the wire, written as short tables: `name`, `name?` for a member that may be absent; the type is
//! a schema's name, `text`, `integer`, `boolean`, `any`, or one of these in `[…]` for a list.

use serde_json::{Map, Value, json};
use tanqiao_protocol::schema::{ASSETS, MAPPINGS, RECOGNITION};
use utoipa::openapi::{RefOr, Schema};

use super::words;

mod claims;
mod dealings;
mod screening;
mod tables;

use claims::CLAIMS;
use dealings::DEALINGS;
use screening::SCREENING;
use tables::{COMMON, TEXTS};

/// Every schema by name.
pub fn all() -> Vec<(String, RefOr<Schema>)> {
    let mut all: Vec<(String, Value)> = Vec::new();
    for (name, description, pattern) in TEXTS {
        all.push(((*name).to_owned(), text(description, pattern)));
    }
    for (name, words) in words::all() {
        all.push((name.to_owned(), json!({ "type": "string", "enum": words })));
    }
    for (name, description, maximum) in [
        ("Grams", "Whole grams of CO2e", 9_007_199_254_740_991_i64),
        ("Factor", "Millionths", 1_000_000),
        ("Sequence", "The number of an entry; 0 before the first", i64::MAX),
    ] {
        all.push((name.to_owned(), json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": maximum, "description": description })));
    }
    for (name, description, minimum, maximum) in [
        ("Year", "A year", 1990, 2200),
        ("Limit", "Items of a page at most", 1, 1000),
        ("Seconds", "Seconds", 0, 30),
    ] {
        all.push((
            name.to_owned(),
            json!({ "type": "integer", "minimum": minimum, "maximum": maximum, "description": description }),
        ));
    }
    for (name, description, members) in COMMON
        .iter()
        .chain(MAPPINGS)
        .chain(RECOGNITION)
        .chain(ASSETS)
        .chain(DEALINGS)
        .chain(SCREENING)
        .chain(CLAIMS)
    {
        all.push(((*name).to_owned(), object(description, members)));
    }
    all.push((
        "Coordinates".to_owned(),
        json!({ "type": "array", "items": of("any"), "description": "A position, rings, or polygons, by the type of the geometry" }),
    ));
    all.push((
        "Signed".to_owned(),
        json!({ "oneOf": [link("Envelope"), link("Envelopes")] }),
    ));
    all.into_iter().map(|(name, value)| (name, schema(value))).collect()
}

/// The schema that a short type names.
pub fn parse(short: &str) -> RefOr<Schema> {
    schema(of(short))
}

/// A page of a schema.
pub fn page(item: &str) -> RefOr<Schema> {
    schema(json!({
        "type": "object",
        "required": ["items"],
        "properties": { "items": { "type": "array", "items": link(item) }, "next": { "type": "string", "description": "`after` of the next page; absent on the last" } },
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
    let mut schema = json!({ "type": "string", "description": description });
    if !pattern.is_empty()
        && let Some(members) = schema.as_object_mut()
    {
        members.insert("pattern".to_owned(), Value::from(pattern));
    }
    schema
}

/// An object; a member named `+` takes all members of another schema.
fn object(description: &str, members: &[(&str, &str)]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut bases = Vec::new();
    for (name, short) in members {
        if *name == "+" {
            bases.push(link(short));
            continue;
        }
        let optional = name.ends_with('?');
        let name = name.trim_end_matches('?');
        if !optional {
            required.push(name);
        }
        properties.insert(name.to_owned(), of(short));
    }
    let own = json!({ "type": "object", "description": description, "required": required, "properties": properties });
    if bases.is_empty() {
        return own;
    }
    bases.push(own);
    json!({ "allOf": bases })
}
