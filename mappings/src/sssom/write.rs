//! Writing a mapping set.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::header::{Metadata, MetadataValue};
use super::slots::{HEADER, ROW, SlotKind};
use super::yaml::quoted;
use super::{MappingSetFile, SssomMapping};

/// Why a set cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteFault {
    /// A slot that every set has is missing.
    #[error("the header has no {0}")]
    Missing(&'static str),
    /// A row uses an extension slot that the header does not define: a reader would discard it.
    #[error("`{slot}` of {row} is not defined in the header")]
    Undefined {
        /// The row.
        row: String,
        /// The slot.
        slot: String,
    },
    /// A cell holds a control character.
    #[error("`{slot}` of {row} holds control characters")]
    Control {
        /// The row.
        row: String,
        /// The slot.
        slot: String,
    },
    /// The table could not be made.
    #[error("{0}")]
    Table(String),
}

/// Writes a set in SSSOM/TSV: the header, then the columns that at least one row fills, in the order of the standard.
///
/// # Errors
/// [`WriteFault`].
pub fn write(set: &MappingSetFile) -> Result<String, WriteFault> {
    for required in ["mapping_set_id", "license"] {
        if set.metadata.slot(required).is_none() {
            return Err(WriteFault::Missing(required));
        }
    }
    check_rows(set)?;
    let mut text = header(&set.metadata);
    text.push_str(&table(&set.mappings)?);
    Ok(text)
}

fn check_rows(set: &MappingSetFile) -> Result<(), WriteFault> {
    for row in &set.mappings {
        for (slot, cell) in row.cells() {
            if row.extensions.contains_key(&slot) && !set.metadata.defines(&slot) {
                return Err(WriteFault::Undefined { row: row.key(), slot });
            }
            if cell.chars().any(char::is_control) {
                return Err(WriteFault::Control { row: row.key(), slot });
            }
        }
    }
    Ok(())
}

fn header(metadata: &Metadata) -> String {
    let mut text = String::from("#curie_map:\n");
    for (prefix, iri) in metadata.curies.iter() {
        let _ = writeln!(text, "#  {prefix}: {}", quoted(iri));
    }
    for (name, kind, _) in HEADER {
        let scalar = |value: &str| {
            if *kind == SlotKind::Share {
                value.to_owned()
            } else {
                quoted(value)
            }
        };
        match metadata.slot(name) {
            None => {}
            Some(MetadataValue::One(value)) => {
                let _ = writeln!(text, "#{name}: {}", scalar(value));
            }
            Some(MetadataValue::Several(values)) => {
                let _ = writeln!(text, "#{name}:");
                for value in values {
                    let _ = writeln!(text, "#  - {}", scalar(value));
                }
            }
        }
    }
    if !metadata.extensions.is_empty() {
        text.push_str("#extension_definitions:\n");
    }
    for one in &metadata.extensions {
        let _ = writeln!(text, "#  - slot_name: {}", quoted(&one.slot_name));
        for (field, value) in [("property", &one.property), ("type_hint", &one.type_hint)] {
            if let Some(value) = value {
                let _ = writeln!(text, "#    {field}: {}", quoted(value));
            }
        }
    }
    text
}

fn table(rows: &[SssomMapping]) -> Result<String, WriteFault> {
    let cells: Vec<_> = rows.iter().map(SssomMapping::cells).collect();
    let filled: BTreeSet<&str> = cells.iter().flatten().map(|(slot, _)| slot.as_str()).collect();
    const ALWAYS: [&str; 4] = ["subject_id", "predicate_id", "object_id", "mapping_justification"];
    let standard = ROW
        .iter()
        .map(|slot| slot.0)
        .filter(|slot| filled.contains(slot) || ALWAYS.contains(slot));
    let mut columns: Vec<&str> = standard.collect();
    columns.extend(filled.iter().filter(|slot| !ROW.iter().any(|known| known.0 == **slot)));
    let mut writer = WriterBuilder::new()
        .delimiter(b'\t')
        .quote_style(QuoteStyle::Necessary)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    let refused = |error: csv::Error| WriteFault::Table(error.to_string());
    writer.write_record(&columns).map_err(refused)?;
    for row in &cells {
        let line = columns.iter().map(|slot| row.get(*slot).map_or("", String::as_str));
        writer.write_record(line).map_err(refused)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| WriteFault::Table(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| WriteFault::Table(error.to_string()))
}
