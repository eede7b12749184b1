use std::collections::BTreeSet;

use serde_json::Value;

use super::super::endpoints::Listener;
use super::*;

const LISTENERS: [Listener; 3] = [Listener::Federation, Listener::Enrolment, Listener::Console];

fn described(listener: Listener) -> Value {
    serde_json::from_str(&document(listener).to_json().unwrap()).unwrap()
}

#[test]
fn what_is_registered_is_described_and_nothing_else() {
    for listener in LISTENERS {
        let document = described(listener);
        assert_eq!(document["openapi"], "3.1.0");
        let mut found = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                found.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let registered: BTreeSet<String> = listener
            .endpoints()
            .iter()
            .map(|e| format!("{} {}", e.method, e.described_path()))
            .collect();
        assert_eq!(found, registered);
        assert_eq!(registered.len(), listener.endpoints().len(), "no address twice");
    }
}

#[test]
fn every_reference_leads_somewhere_and_no_schema_is_empty() {
    for listener in LISTENERS {
        let document = described(listener);
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut references = Vec::new();
        collect(&document, &mut references);
        for reference in references {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(name), "{name} is not described");
        }
        for (name, schema) in schemas {
            let says = ["type", "allOf", "oneOf", "enum"]
                .iter()
                .any(|key| schema.get(*key).is_some());
            assert!(says, "{name} says nothing: {schema}");
        }
    }
}

fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "$ref" => out.push(text.clone()),
                    other => collect(other, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        _ => {}
    }
}

#[test]
fn every_code_is_listed() {
    let document = described(Listener::Federation);
    let text = document["info"]["description"].as_str().unwrap();
    for check in CheckCode::all() {
        assert!(text.contains(&format!("`{}` {check}", check.name())), "{check}");
    }
    for problem in ApiProblem::ALL {
        assert!(
            text.contains(&format!("`{}` ({}", problem.name(), problem.http_status())),
            "{problem}"
        );
    }
}
