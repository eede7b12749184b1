//! What changed between two versions of a sheet or of a mapping set, and how much it matters.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::words;

use crate::sheet::{AttributeName, AttributeRole, Cell, Sheet};
use crate::sssom::{MappingSetFile, SssomMapping};

words! {
    /// How much a change matters, as a semantic version would say it.
    pub enum Weight {
        /// A gate, the boundary, the relation or the methodologies themselves.
        Major = 1 "major",
        /// Something that enters the factor, or how long and for what it holds.
        Minor = 2 "minor",
        /// Evidence, remarks and words.
        Patch = 3 "patch",
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What it is in: a methodology version, or a row of a set.
    pub of: String,
    /// Which attribute, slot or part.
    pub item: String,
    /// What stood there; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there now; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How much it matters.
    pub weight: Weight,
}

/// What changed from one version of a sheet to the next, in the order of the sheet.
#[must_use]
pub fn sheet_changes(before: &Sheet, after: &Sheet) -> Vec<Change> {
    let of = after.methodology.to_string();
    let mut changes = Changes { of, list: Vec::new() };
    let text = |value: &dyn ToString| Some(value.to_string());
    changes.add(
        "methodology",
        text(&before.methodology),
        text(&after.methodology),
        Weight::Major,
    );
    let region = |sheet: &Sheet| sheet.region.map(|region| region.to_string());
    changes.add("region", region(before), region(after), Weight::Major);
    changes.add("title-zh", text(&before.title.zh), text(&after.title.zh), Weight::Patch);
    changes.add("title-en", text(&before.title.en), text(&after.title.en), Weight::Patch);
    changes.add(
        "reference",
        text(&before.reference),
        text(&after.reference),
        Weight::Major,
    );
    changes.add(
        "demonstration",
        text(&before.demonstration),
        text(&after.demonstration),
        Weight::Minor,
    );
    let document = |sheet: &Sheet| sheet.document.map(|hash| hash.to_string());
    // Another text is another methodology, whatever its title says.
    changes.add("document", document(before), document(after), Weight::Major);
    let confirmed = |sheet: &Sheet| {
        let one = sheet.confirmation.as_ref()?;
        Some(format!("{} ({}, {})", one.unit_factor, one.on, one.document))
    };
    changes.add("confirmation", confirmed(before), confirmed(after), Weight::Major);
    for name in AttributeName::ALL.iter().copied() {
        changes.attribute(name, before.attributes.cell(name), after.attributes.cell(name));
    }
    changes.list
}

struct Changes {
    of: String,
    list: Vec<Change>,
}

impl Changes {
    fn add(&mut self, item: &str, before: Option<String>, after: Option<String>, weight: Weight) {
        if before != after {
            self.list.push(Change {
                of: self.of.clone(),
                item: item.into(),
                before,
                after,
                weight,
            });
        }
    }

    fn attribute(&mut self, name: AttributeName, before: Cell, after: Cell) {
        let weight = match name.role() {
            AttributeRole::Gate | AttributeRole::GateAndScale => Weight::Major,
            AttributeRole::Scale if name == AttributeName::Boundary => Weight::Major,
            AttributeRole::Scale => Weight::Minor,
            AttributeRole::Information => Weight::Patch,
        };
        self.add(name.word(), before.value, after.value, weight);
        let (old, new) = (before.evidence, after.evidence);
        let part = |part: &str| format!("{name}.{part}");
        let status = |status: crate::sheet::Status| Some(status.to_string());
        self.add(&part("status"), status(old.status), status(new.status), Weight::Patch);
        let source = |source: String| Some(source).filter(|source| !source.is_empty());
        self.add(&part("source"), source(old.source), source(new.source), Weight::Patch);
        let document = |hash: Option<tanqiao_protocol::id::Sha256>| hash.map(|hash| hash.to_string());
        self.add(
            &part("document"),
            document(old.document),
            document(new.document),
            Weight::Patch,
        );
    }
}

/// What changed from one version of a mapping set to the next: rows that came, rows that went, and cells; in the order of their
/// keys.
#[must_use]
pub fn set_changes(before: &MappingSetFile, after: &MappingSetFile) -> Vec<Change> {
    let by_key = |set: &MappingSetFile| {
        let rows = set.mappings.iter().map(|row| (row.key(), row.clone()));
        rows.collect::<std::collections::BTreeMap<String, SssomMapping>>()
    };
    let (old, new) = (by_key(before), by_key(after));
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut list = Vec::new();
    for key in keys {
        match (old.get(key), new.get(key)) {
            (Some(before), Some(after)) => list.extend(row_changes(key, before, after)),
            (before, after) => list.push(Change {
                of: key.clone(),
                item: "row".into(),
                before: before.map(pair),
                after: after.map(pair),
                weight: Weight::Major,
            }),
        }
    }
    list
}

fn pair(row: &SssomMapping) -> String {
    let not = if row.negated { "not " } else { "" };
    let object = row
        .object
        .as_ref()
        .map_or_else(|| "nothing".to_owned(), ToString::to_string);
    format!("{} {not}{} {object}", row.subject, row.relation)
}

fn row_changes(key: &str, before: &SssomMapping, after: &SssomMapping) -> Vec<Change> {
    let mut changes = Changes {
        of: key.into(),
        list: Vec::new(),
    };
    let (old, new) = (before.cells(), after.cells());
    let slots: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for slot in slots {
        changes.add(slot, old.get(slot).cloned(), new.get(slot).cloned(), slot_weight(slot));
    }
    changes.list
}

fn slot_weight(slot: &str) -> Weight {
    match slot {
        "subject_id" | "object_id" | "predicate_id" | "predicate_modifier" | "ext_unit" | "ext_mode" | "ext_to"
        | "ext_state" | "ext_overlap_group" | "ext_activity" => Weight::Major,
        "ext_factor" | "ext_factor_record" | "ext_factor_forward" | "ext_factor_reverse" | "ext_buffer"
        | "ext_purposes" | "ext_cap_g" | "ext_valid_from" | "ext_valid_until" | "ext_demonstration" => Weight::Minor,
        _ => Weight::Patch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::tests::{hide, metro, put};

    fn shown(changes: &[Change]) -> Vec<String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".into());
        changes
            .iter()
            .map(|c| format!("{} {}: {} → {}", c.weight, c.item, text(&c.before), text(&c.after)))
            .collect()
    }

    #[test]
    fn a_change_of_a_sheet_says_what_and_how_much_it_matters() {
        let before = metro("CN-4201-metro", "420100", "78.4");
        assert_eq!(sheet_changes(&before, &before), []);
        let mut after = before.clone();
        put(&mut after, AttributeName::UnitFactor, "80 g{CO2}/km{passenger}");
        put(&mut after, AttributeName::Baseline, "car-only");
        after.title.en = "Rail transit".into();
        assert_eq!(
            shown(&sheet_changes(&before, &after)),
            [
                "patch title-en: rail transit → Rail transit",
                "major baseline: all-mode-average → car-only",
                "minor unit-factor: 78.4 g{CO2}/km{passenger} → 80 g{CO2}/km{passenger}",
            ]
        );
        hide(&mut after, AttributeName::Leakage);
        let hidden = sheet_changes(&before, &after);
        assert!(
            hidden
                .iter()
                .any(|c| c.item == "leakage.status" && c.after.as_deref() == Some("unknown"))
        );
    }

    #[test]
    fn a_change_of_a_set_is_told_row_by_row() {
        const SHIPPED: &str = include_str!("../catalogue/candidate_mappings.sssom.tsv");
        let before = crate::sssom::read(SHIPPED).unwrap().set;
        assert_eq!(set_changes(&before, &before), []);
        let mut after = before.clone();
        after.mappings.remove(0);
        let one = &mut after.mappings[0];
        one.negated = true;
        one.extensions.insert("ext_overlap_group".into(), "OG-EV-KM".into());
        one.slots.insert("comment", "looked at again".into());
        let changes = set_changes(&before, &after);
        let weights: Vec<(String, Weight)> = changes.into_iter().map(|c| (c.item, c.weight)).collect();
        assert_eq!(
            weights,
            [
                ("row".into(), Weight::Major),
                ("comment".into(), Weight::Patch),
                ("ext_overlap_group".into(), Weight::Major),
                ("predicate_modifier".into(), Weight::Major),
            ]
        );
    }
}
