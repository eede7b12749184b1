//! Mapping sets from SSSOM files as candidate rows: what is new, what changed, and the decisions that take it.

use std::collections::BTreeMap;

use serde::Serialize;
use tanqiao_mappings::sssom::{MappingSetFile, SssomMapping};
use tanqiao_protocol::id::{Name, Sha256};

use crate::ledger::command::Decision;
use crate::ledger::decide::pieces;
use crate::ledger::objects::{Candidate, CandidateSet};

/// What an import does to the rows of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Rows of the file.
    pub rows: usize,
    /// Rows that the set did not have.
    pub new: usize,
    /// Rows that say something else than those of the same key.
    pub changed: usize,
    /// Rows that are there already.
    pub unchanged: usize,
    /// Rows of the set that the file does not have: they stay.
    pub not_in_file: usize,
}

/// A file's rows beside those that the ledger has of the set.
#[derive(Debug)]
pub struct Import {
    /// What it does.
    pub counts: Counts,
    /// SHA-256 over all rows of the file.
    pub sha256: Sha256,
    set: Name,
    rows: Vec<Candidate>,
}

/// A row that does not fit the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row `{key}` is too long for the log: shorten its cells to less than 48 KiB together")]
pub struct TooLong {
    /// Which.
    pub key: String,
}

impl Import {
    /// Compares a file with what is known of the set.
    #[must_use]
    pub fn compare(set: &Name, file: &MappingSetFile, known: &BTreeMap<String, Candidate>) -> Self {
        let mut counts = Counts {
            rows: file.mappings.len(),
            ..Counts::default()
        };
        let mut rows = Vec::new();
        for mapping in &file.mappings {
            let row = candidate(mapping);
            match known.get(&row.key) {
                Some(same) if *same == row => counts.unchanged += 1,
                Some(_) => {
                    counts.changed += 1;
                    rows.push(row);
                }
                None => {
                    counts.new += 1;
                    rows.push(row);
                }
            }
        }
        counts.not_in_file = known.len().saturating_sub(counts.unchanged + counts.changed);
        Self {
            counts,
            sha256: file.content_hash(),
            set: set.clone(),
            rows,
        }
    }

    /// The decisions that take what is new or changed; none if nothing is.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn decisions(self) -> Result<Vec<Decision>, TooLong> {
        let keys: Vec<String> = self.rows.iter().map(|row| row.key.clone()).collect();
        let cut = pieces(self.rows).map_err(|position| TooLong {
            key: keys.get(position).cloned().unwrap_or_default(),
        })?;
        let (id, sha256) = (self.set, self.sha256);
        let decision = |rows| {
            let id = id.clone();
            Decision::PutCandidates(Box::new(CandidateSet { id, sha256, rows }))
        };
        Ok(cut.into_iter().map(decision).collect())
    }
}

/// A row of a file as a candidate.
#[must_use]
pub fn candidate(row: &SssomMapping) -> Candidate {
    Candidate {
        key: row.key(),
        subject: row.subject.local().to_owned(),
        object: row.object.as_ref().map(|object| object.local().to_owned()),
        relation: row.relation,
        negated: row.negated,
        cells: row.cells(),
    }
}

#[cfg(test)]
mod tests {
    use tanqiao_mappings::catalogue::CatalogueTexts;
    use tanqiao_mappings::sssom::read;

    use super::*;

    #[test]
    fn what_is_there_unchanged_is_not_taken_again() {
        let name: Name = "catalogue".parse().unwrap();
        let mut file = read(CatalogueTexts::SHIPPED.candidates).unwrap().set;
        let first = Import::compare(&name, &file, &BTreeMap::new());
        assert_eq!((first.counts.rows, first.counts.new), (140, 140));
        let decisions = first.decisions().unwrap();
        assert!(decisions.len() > 1, "140 rows do not fit one leaf");
        let known: BTreeMap<String, Candidate> = file
            .mappings
            .iter()
            .map(candidate)
            .map(|row| (row.key.clone(), row))
            .collect();
        assert!(Import::compare(&name, &file, &known).decisions().unwrap().is_empty());
        file.mappings.remove(0);
        file.mappings[0].slots.insert("comment", "looked at again".into());
        let again = Import::compare(&name, &file, &known);
        let counts = Counts {
            rows: 139,
            new: 0,
            changed: 1,
            unchanged: 138,
            not_in_file: 1,
        };
        assert_eq!(again.counts, counts);
        assert_eq!(again.decisions().unwrap().len(), 1);
        file.mappings[0].slots.insert("comment", "x".repeat(50_000));
        let key = file.mappings[0].key();
        assert_eq!(
            Import::compare(&name, &file, &known).decisions().unwrap_err(),
            TooLong { key }
        );
    }
}
