//! Candidate mappings, read from an SSSOM file with extension columns. Judged from titles: they make nothing recognised.

use rust_decimal::Decimal;

use super::table::{Row, TableError, read_rows};
use crate::relation::Relation;

/// One row of the candidate file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Such as `cphmap:0001`.
    pub record_id: String,
    /// The methodology on the left.
    pub subject: String,
    /// Its title.
    pub subject_label: String,
    /// Its region's code, or `NATIONAL`.
    pub subject_source: String,
    /// How they seem to relate.
    pub predicate: Relation,
    /// True if the row records that they do **not** relate so.
    pub negated: bool,
    /// The methodology on the right; none where no counterpart was found.
    pub object: Option<String>,
    /// Its title.
    pub object_label: Option<String>,
    /// Its region's code, `NATIONAL`, or `WP2025` where none was found there.
    pub object_source: String,
    /// On what the judgement rests (SSSOM `mapping_justification`).
    pub justification: String,
    /// Confidence from 0 to 1.
    pub confidence: Decimal,
    /// Why, in words.
    pub comment: String,
    /// `close`, `partial`, `equivalent`, `related` or `none`.
    pub relation: String,
    /// The activity.
    pub activity: String,
    /// What was read: titles, numbers, text, or outside sources.
    pub evidence_level: String,
    /// The group of methodologies that may count the same reduction.
    pub overlap_group: Option<String>,
    /// A factor from left to right that the White Paper's numbers give, for illustration.
    pub factor_forward: Option<Decimal>,
    /// The same from right to left.
    pub factor_reverse: Option<Decimal>,
    /// What has to be known before anyone can decide.
    pub missing_evidence: Vec<String>,
}

const COLUMNS: &[&str] = &[
    "record_id",
    "subject_id",
    "subject_label",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_label",
    "mapping_justification",
    "subject_source",
    "object_source",
    "confidence",
    "comment",
    "ext_relation",
    "ext_activity",
    "ext_evidence_level",
    "ext_overlap_group",
    "ext_factor_forward",
    "ext_factor_reverse",
    "ext_missing_evidence",
    "ext_state",
];

/// What stands in `object_id` where no counterpart was found.
const NO_TERM_FOUND: &str = "sssom:NoTermFound";

pub(super) fn read(text: &str) -> Result<Vec<Candidate>, TableError> {
    read_rows("candidate_mappings.sssom.tsv", text, COLUMNS, row)
}

fn row(row: &Row<'_>) -> Result<Candidate, TableError> {
    row.exactly("ext_state", "candidate")?;
    let object = if row.text("object_id")? == NO_TERM_FOUND {
        None
    } else {
        Some(row.curie("object_id", "cphm")?)
    };
    let missing_evidence = row.optional("ext_missing_evidence")?.unwrap_or_default();
    Ok(Candidate {
        record_id: row.text("record_id")?,
        subject: row.curie("subject_id", "cphm")?,
        subject_label: row.text("subject_label")?,
        subject_source: row.curie("subject_source", "cphr")?,
        predicate: row.value("predicate_id")?,
        negated: row.either("predicate_modifier", "Not", "")?,
        object,
        object_label: row.optional("object_label")?,
        object_source: row.curie("object_source", "cphr")?,
        justification: row.curie("mapping_justification", "semapv")?,
        confidence: row.decimal("confidence")?,
        comment: row.text("comment")?,
        relation: row.text("ext_relation")?,
        activity: row.text("ext_activity")?,
        evidence_level: row.text("ext_evidence_level")?,
        overlap_group: row.optional("ext_overlap_group")?,
        factor_forward: row.optional_decimal("ext_factor_forward")?,
        factor_reverse: row.optional_decimal("ext_factor_reverse")?,
        missing_evidence: missing_evidence
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(Into::into)
            .collect(),
    })
}
