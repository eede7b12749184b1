//! Mapping sets in SSSOM, the exchange form of mappings (SSSOM/TSV, schema 1.1): tab-separated rows under a YAML header in
//! comment lines.
//!
//! The authoritative record of a mapping is the signed one in the hub. A file carries copies, and tools of the community drop
//! extension columns when they rewrite one: so a factor in a file is read as a proposal, and a row points to its record by hash.

mod curie;
mod extension;
mod governed;
mod header;
mod read;
mod slots;
mod write;
mod yaml;

#[cfg(test)]
mod tests;

pub use curie::{Curie, CurieMap};
pub use extension::ExtensionSlot;
pub use governed::{GovernedMapping, Namespace, ProposedMapping, governed_set};
pub use header::{ExtensionDefinition, Metadata, MetadataValue};
pub use read::{FAULTS_MAX, Import, SssomFault, read, read_observed};
pub use slots::Justification;
pub use write::{WriteFault, write};

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use tanqiao_protocol::canonical;
use tanqiao_protocol::id::Sha256;

use crate::relation::Relation;

/// What stands in `object_id` where no counterpart was found.
pub const NO_TERM_FOUND: &str = "sssom:NoTermFound";

/// A mapping set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSetFile {
    /// The header.
    pub metadata: Metadata,
    /// The rows.
    pub mappings: Vec<SssomMapping>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SssomMapping {
    /// The row's own id.
    pub record_id: Option<Curie>,
    /// The methodology on the left.
    pub subject: Curie,
    /// How they relate.
    pub relation: Relation,
    /// True if the row says that they do **not** relate so (`predicate_modifier` `Not`).
    pub negated: bool,
    /// The methodology on the right; `None` where no counterpart was found.
    pub object: Option<Curie>,
    /// On what the statement rests.
    pub justification: Justification,
    /// Confidence from 0 to 1, where it is stated. SSSOM takes a missing one for 1; we do not.
    pub confidence: Option<Decimal>,
    /// The other slots of SSSOM that the row fills, as written.
    pub slots: BTreeMap<&'static str, String>,
    /// Its extension slots, as written.
    pub extensions: BTreeMap<String, String>,
}

impl SssomMapping {
    /// What tells this row from others of the set: its id, or its pair and relation.
    #[must_use]
    pub fn key(&self) -> String {
        if let Some(id) = &self.record_id {
            return id.to_string();
        }
        let not = if self.negated { " not" } else { "" };
        let object = self
            .object
            .as_ref()
            .map_or_else(|| NO_TERM_FOUND.to_owned(), ToString::to_string);
        format!("{}{not} {} {object}", self.subject, self.relation)
    }

    /// Every filled cell, by column.
    #[must_use]
    pub fn cells(&self) -> BTreeMap<String, String> {
        let mut cells: BTreeMap<String, String> = self.extensions.clone();
        for (slot, value) in &self.slots {
            cells.insert((*slot).into(), value.clone());
        }
        let mut put = |slot: &str, value: Option<String>| {
            if let Some(value) = value {
                cells.insert(slot.into(), value);
            }
        };
        put("record_id", self.record_id.as_ref().map(ToString::to_string));
        put("subject_id", Some(self.subject.to_string()));
        put("predicate_id", Some(self.relation.to_string()));
        put("predicate_modifier", self.negated.then(|| "Not".into()));
        let object = self.object.as_ref().map(ToString::to_string);
        put("object_id", Some(object.unwrap_or_else(|| NO_TERM_FOUND.into())));
        put("mapping_justification", Some(self.justification.curie()));
        put("confidence", self.confidence.map(|confidence| confidence.to_string()));
        cells
    }
}

impl MappingSetFile {
    /// Its identity: SHA-256 over the canonical JSON of all its rows, whatever their order and its header.
    #[must_use]
    pub fn content_hash(&self) -> Sha256 {
        let rows: BTreeMap<String, BTreeMap<String, String>> =
            self.mappings.iter().map(|row| (row.key(), row.cells())).collect();
        Sha256::of(&canonical::to_vec(&rows).unwrap_or_default())
    }
}
