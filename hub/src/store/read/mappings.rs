//! What is kept about mappings beside governance: explanations, comments, candidate rows, and earlier sheets.

use std::collections::BTreeMap;
use std::sync::Arc;

use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::view::Comment;

use super::{limit, members, row, rows};
use crate::ledger::objects::{Candidate, SheetVersion};
use crate::store::convert::parse;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::governance::sheet_version;
use crate::store::rows::{CandidateRow, CommentRow, ExplanationRow, SheetRow};
use crate::store::statement::Bind;

const OF_MAPPING: &str = "mapping_no = (SELECT no FROM mapping WHERE reference = ?)";

/// Why the factor of a mapping is what it is, or why there is none.
///
/// # Errors
/// [`StoreError`].
pub fn explanation(
    connection: &mut ReadConnection<'_>,
    mapping: &MappingRef,
) -> Result<Option<serde_json::Value>, StoreError> {
    let found: Option<ExplanationRow> = row(connection, OF_MAPPING, vec![mapping.to_string().into()])?;
    found.map(|row| parse(&row.content)).transpose()
}

/// What was said about a mapping, in order.
///
/// # Errors
/// [`StoreError`].
pub fn comments(connection: &mut ReadConnection<'_>, mapping: &MappingRef) -> Result<Vec<Comment>, StoreError> {
    let condition = format!("{OF_MAPPING} ORDER BY log_index");
    let found: Vec<CommentRow> = rows(connection, &condition, vec![mapping.to_string().into()])?;
    found.iter().map(|row| parse(&row.content)).collect()
}

/// One publication of a sheet.
///
/// # Errors
/// [`StoreError`].
pub fn sheet(
    connection: &mut ReadConnection<'_>,
    methodology: &MethodologyRef,
    revision: u32,
) -> Result<Option<SheetVersion>, StoreError> {
    let binds = vec![methodology.to_string().into(), Bind::I64(i64::from(revision))];
    let found: Option<SheetRow> = row(connection, "reference = ? AND revision = ?", binds)?;
    let numbers = members(connection)?;
    found
        .map(|row| {
            let sheet: Arc<Sheet> = parse(&row.content)?;
            sheet_version(row, sheet, &numbers)
        })
        .transpose()
}

/// Candidate rows in the order of their ids, of one methodology where it is named.
///
/// # Errors
/// [`StoreError`].
pub fn candidates(
    connection: &mut ReadConnection<'_>,
    methodology: Option<&str>,
    after: &str,
    most: usize,
) -> Result<Vec<(String, Candidate)>, StoreError> {
    let found: Vec<CandidateRow> = match methodology {
        None => rows(
            connection,
            "id > ? ORDER BY id LIMIT ?",
            vec![after.to_owned().into(), limit(most)],
        )?,
        Some(one) => rows(
            connection,
            "id > ? AND (subject = ? OR object = ?) ORDER BY id LIMIT ?",
            vec![
                after.to_owned().into(),
                one.to_owned().into(),
                one.to_owned().into(),
                limit(most),
            ],
        )?,
    };
    found
        .into_iter()
        .map(|row| Ok((row.id, parse(&row.content)?)))
        .collect()
}

/// The rows of one set, by key.
///
/// # Errors
/// [`StoreError`].
pub fn candidates_of_set(
    connection: &mut ReadConnection<'_>,
    set: &Name,
) -> Result<BTreeMap<String, Candidate>, StoreError> {
    let found: Vec<CandidateRow> = rows(connection, "set_id = ?", vec![set.to_string().into()])?;
    found
        .iter()
        .map(|row| parse(&row.content))
        .map(|row| row.map(|candidate: Candidate| (candidate.key.clone(), candidate)))
        .collect()
}

/// All candidate rows by set and key, in their order.
///
/// # Errors
/// [`StoreError`].
pub fn all_candidates(connection: &mut ReadConnection<'_>) -> Result<Vec<(String, Candidate)>, StoreError> {
    let found: Vec<CandidateRow> = rows(connection, "1 = 1 ORDER BY id", Vec::new())?;
    found
        .into_iter()
        .map(|row| Ok((row.id, parse(&row.content)?)))
        .collect()
}
