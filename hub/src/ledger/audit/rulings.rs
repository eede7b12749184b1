//! Invariant 9 for mappings: the stored record is the one that the log speaks of and the parties agreed to, and the stored
//! explanation is the one that the record names.

use std::collections::BTreeMap;

use tanqiao_mappings::explanation::Explanation;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::methodology::MappingRef;

use super::findings::Findings;
use crate::ledger::objects::MappingVersion;
use crate::store::audit::{Names, explanations};
use crate::store::database::{ReadConnection, StoreError};

/// What the log says of a mapping version's record.
#[derive(Debug, Default)]
struct Said {
    /// As last examined; `None` while there is none.
    record: Option<Sha256>,
    /// What the officers approved.
    approved: Option<Sha256>,
}

/// What the log says of all records.
#[derive(Debug, Default)]
pub(super) struct Rulings(BTreeMap<String, Said>);

impl Rulings {
    /// A leaf.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        // Few leaves are about mappings, and reading all of them again costs more than looking for the word.
        if !std::str::from_utf8(bytes).is_ok_and(|text| text.contains("\"type\":\"mapping.")) {
            return;
        }
        let Ok(leaf) = serde_json::from_slice::<Leaf>(bytes) else {
            return;
        };
        let named = leaf.data.get("record_sha256").and_then(serde_json::Value::as_str);
        let sha256 = named.and_then(|text| text.parse().ok());
        match leaf.r#type.as_str() {
            "mapping.proposed" | "mapping.examined" => {
                let said = self.0.entry(leaf.subject).or_default();
                *said = Said {
                    record: sha256,
                    approved: None,
                };
            }
            // That of the time before proposals names no hash.
            "mapping.activated" if sha256.is_some() => self.0.entry(leaf.subject).or_default().approved = sha256,
            _ => {}
        }
    }

    /// Compares with what is stored.
    pub(super) fn check(
        &self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for (mapping, version) in &names.mappings {
            self.check_record(mapping, version, findings);
        }
        let mut explained = BTreeMap::new();
        explanations(connection, |row| {
            let found = serde_json::from_str::<Explanation>(&row.content);
            explained.insert(row.mapping_no, found.ok().map(|one| one.content_hash()));
            Ok(())
        })?;
        for (mapping, version) in &names.mappings {
            let Some(named) = version.record().and_then(|record| record.explanation_sha256) else {
                continue;
            };
            findings.checked(9);
            let number = names.numbers.mappings.number(mapping)?;
            let stored = explained.get(&number).copied().flatten();
            findings.ensure(9, stored == Some(named), format!("mapping/{mapping}"), || {
                format!(
                    "its stored explanation has the hash {}, and its record names {named}",
                    shown(stored)
                )
            });
        }
        Ok(())
    }

    fn check_record(&self, mapping: &MappingRef, version: &MappingVersion, findings: &mut Findings) {
        if version.content.proposal.is_none() {
            return;
        }
        findings.checked(9);
        let subject = format!("mapping/{mapping}");
        let nothing = Said::default();
        let said = self.0.get(&subject).unwrap_or(&nothing);
        let stored = version.record().map(|record| record.sha256());
        findings.ensure(9, stored == said.record, &subject, || {
            format!(
                "its stored record has the hash {}, by the log {}",
                shown(stored),
                shown(said.record)
            )
        });
        let approved = version.state.was_approved();
        findings.ensure(9, !approved || stored == said.approved, &subject, || {
            format!(
                "recognises by the record {}, and approved was {}",
                shown(stored),
                shown(said.approved)
            )
        });
    }
}

fn shown(hash: Option<Sha256>) -> String {
    hash.map_or_else(|| "nothing".to_owned(), |hash| hash.to_string())
}
