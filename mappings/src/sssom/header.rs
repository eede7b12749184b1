//! The header of a mapping set.

use std::collections::BTreeMap;

use super::curie::{CurieMap, is_absolute};
use super::read::SssomFault;
use super::slots::{CARDINALITIES, ENTITY_TYPES, HEADER, Slot, SlotKind, VERSIONS};
use super::yaml::{self, Node, Value};
use crate::day::Day;

/// A value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataValue {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl MetadataValue {
    /// As a cell of a row: several are separated by `|`.
    #[must_use]
    pub fn cell(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Several(texts) => texts.join("|"),
        }
    }
}

/// The definition of an extension slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionDefinition {
    /// Its name, which is also its column.
    pub slot_name: String,
    /// The property that it stands for.
    pub property: Option<String>,
    /// The type of its values.
    pub type_hint: Option<String>,
}

/// The header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The prefixes.
    pub curies: CurieMap,
    /// The slots, by name.
    pub slots: BTreeMap<&'static str, MetadataValue>,
    /// The extension slots that the set may use.
    pub extensions: Vec<ExtensionDefinition>,
}

impl Metadata {
    /// One slot.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&MetadataValue> {
        self.slots.get(name)
    }

    /// True if the header defines this extension slot.
    #[must_use]
    pub fn defines(&self, slot_name: &str) -> bool {
        self.extensions.iter().any(|one| one.slot_name == slot_name)
    }
}

/// Reads the YAML of a header. Slots that SSSOM does not know are put into `discarded`, as its readers shall.
pub(super) fn read(text: &str, discarded: &mut Vec<String>) -> Result<Metadata, Vec<SssomFault>> {
    let root = yaml::read(text).map_err(|fault| vec![SssomFault::at(fault.line, fault.column, "*", fault.problem)])?;
    let Value::Map(entries) = root.value else {
        return Err(vec![SssomFault::at(
            root.line,
            root.column,
            "*",
            "the header is a YAML mapping of slots",
        )]);
    };
    let mut metadata = Metadata::default();
    let mut faults = Vec::new();
    // Prefixes first: identifiers in other slots need them, wherever they stand.
    let is_map = |key: &Node| key.value == Value::Text("curie_map".into());
    let (maps, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_map(key));
    for (key, value) in maps.iter().chain(&others) {
        let Value::Text(name) = &key.value else { continue };
        let read = match name.as_str() {
            "curie_map" => prefixes(value, &mut metadata.curies),
            "extension_definitions" => extensions(value).map(|list| metadata.extensions = list),
            name => set_slot(&mut metadata, name, value, discarded),
        };
        faults.extend(read.err().map(|fault| fault.of(name)));
    }
    for required in ["mapping_set_id", "license"] {
        if !metadata.slots.contains_key(required) && faults.is_empty() {
            faults.push(SssomFault::at(1, 1, required, "is missing in the header"));
        }
    }
    if faults.is_empty() { Ok(metadata) } else { Err(faults) }
}

fn set_slot(metadata: &mut Metadata, name: &str, node: &Node, discarded: &mut Vec<String>) -> Result<(), SssomFault> {
    let Some(slot) = HEADER.iter().find(|slot| slot.0 == name) else {
        discarded.push(name.into());
        return Ok(());
    };
    if let Some(value) = slot_value(slot, node, &metadata.curies)? {
        metadata.slots.insert(slot.0, value);
    }
    Ok(())
}

fn at(node: &Node, problem: impl Into<String>) -> SssomFault {
    SssomFault::at(node.line, node.column, "", problem)
}

fn text_of(node: &Node) -> Result<&str, SssomFault> {
    match &node.value {
        Value::Text(text) => Ok(text),
        _ => Err(at(node, "is not a text")),
    }
}

fn prefixes(node: &Node, curies: &mut CurieMap) -> Result<(), SssomFault> {
    let Value::Map(entries) = &node.value else {
        return Err(at(node, "is a mapping of prefixes to IRIs"));
    };
    for (key, value) in entries {
        curies
            .declare(text_of(key)?, text_of(value)?)
            .map_err(|problem| at(key, problem))?;
    }
    Ok(())
}

fn extensions(node: &Node) -> Result<Vec<ExtensionDefinition>, SssomFault> {
    let Value::List(list) = &node.value else {
        return Err(at(node, "is a list of definitions"));
    };
    list.iter().map(extension).collect()
}

fn extension(node: &Node) -> Result<ExtensionDefinition, SssomFault> {
    let Value::Map(entries) = &node.value else {
        return Err(at(node, "is a mapping with slot_name, property and type_hint"));
    };
    let field = |name: &str| {
        let found = entries.iter().find(|(key, _)| key.value == Value::Text(name.into()));
        found
            .map(|(_, value)| text_of(value).map(ToOwned::to_owned))
            .transpose()
    };
    Ok(ExtensionDefinition {
        slot_name: field("slot_name")?.ok_or_else(|| at(node, "has no slot_name"))?,
        property: field("property")?,
        type_hint: field("type_hint")?,
    })
}

fn slot_value(slot: &Slot, node: &Node, curies: &CurieMap) -> Result<Option<MetadataValue>, SssomFault> {
    let (_, kind, several) = *slot;
    match &node.value {
        Value::Null => Ok(None),
        Value::Text(text) => {
            check_value(kind, text, curies).map_err(|problem| at(node, problem))?;
            Ok(Some(if several {
                MetadataValue::Several(vec![text.clone()])
            } else {
                MetadataValue::One(text.clone())
            }))
        }
        Value::List(list) if several => {
            let texts: Result<Vec<String>, SssomFault> = list
                .iter()
                .map(|one| {
                    let text = text_of(one)?;
                    check_value(kind, text, curies).map_err(|problem| at(one, problem))?;
                    Ok(text.to_owned())
                })
                .collect();
            texts.map(|texts| Some(MetadataValue::Several(texts)))
        }
        _ => Err(at(node, "is one text")),
    }
}

/// Refuses a text that a slot of this kind cannot take.
pub(super) fn check_value(kind: SlotKind, text: &str, curies: &CurieMap) -> Result<(), String> {
    let one_of = |list: &[&str]| {
        if list.contains(&text) {
            Ok(())
        } else {
            Err(format!("`{text}` is not one of {}", list.join(", ")))
        }
    };
    match kind {
        SlotKind::Text => Ok(()),
        SlotKind::Entity => curies.read(text).map(|_| ()),
        SlotKind::Iri if is_absolute(text) => Ok(()),
        SlotKind::Iri => Err(format!("`{text}` is not an absolute IRI")),
        SlotKind::Share => share(text).map(|_| ()),
        SlotKind::Agreement => share(text.strip_prefix('-').unwrap_or(text)).map(|_| ()),
        SlotKind::Day => text.parse::<Day>().map(|_| ()).map_err(|error| error.to_string()),
        SlotKind::EntityType => one_of(ENTITY_TYPES),
        SlotKind::Cardinality => one_of(CARDINALITIES),
        SlotKind::Version => one_of(VERSIONS),
    }
}

/// A decimal from 0 to 1, exactly as written.
pub(super) fn share(text: &str) -> Result<rust_decimal::Decimal, String> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.len() <= 20;
    let value = plain
        .then(|| rust_decimal::Decimal::from_str_exact(text).ok())
        .flatten();
    match value {
        Some(value) if value <= rust_decimal::Decimal::ONE => Ok(value),
        _ => Err(format!("`{text}` is not a decimal from 0 to 1")),
    }
}
