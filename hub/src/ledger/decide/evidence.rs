//! What mappings rest on: attribute sheets, published emission factors, what is known of a member's registry, and imported
//! candidate rows, none of which recognises anything.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use tanqiao_mappings::factors::FactorRecord;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::view::Outcome;

use super::check_text;
use super::mapping::{Changed, recheck};
use super::membership::change_governance;
use crate::ledger::objects::{CandidateSet, PublishedData, Registry, SheetVersion};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// The most factor records, and candidate rows, in one decision.
pub const ROWS_MAX: usize = 200;
/// The largest sheet, in bytes of JSON: it stands in a leaf.
const SHEET_BYTES_MAX: usize = 48 * 1024;
/// The most rows and records of one decision, in bytes of JSON: they stand in a leaf together.
const ROWS_BYTES_MAX: usize = 48 * 1024;

/// Who publishes a sheet.
#[derive(Debug, Clone)]
pub enum SheetBy<'a> {
    /// A member, of its own methodology, under its signature over this payload.
    Member(&'a NodeId, Sha256),
    /// Officers, of a reference methodology.
    Officers(&'a [Name]),
}

/// Publishes the sheet of a methodology version, or its next revision. The same sheet again changes nothing.
pub fn put_sheet(working: &mut Working, by: &SheetBy<'_>, sheet: &Sheet) -> Decided<Outcome> {
    let methodology = &sheet.methodology;
    check_publisher(working, by, sheet)?;
    let subject = format!("sheet/{methodology}");
    let sha256 = sheet.content_hash();
    let known = working.governance.sheets.get(methodology);
    if let Some(known) = known.filter(|known| known.sha256 == sha256) {
        let log_index = known.log_index;
        return Ok(working.outcome(subject, Some("published"), log_index));
    }
    let revision = known.map_or(1, |known| known.revision + 1);
    let said = flags_as_integers(json!(sheet));
    let bytes = serde_json::to_vec(&said).map_err(Rejection::broken)?.len();
    ensure(bytes <= SHEET_BYTES_MAX, || {
        Refusal::new(
            CheckCode::M03,
            "This sheet is too large: shorten its sources, and name documents by their hash.",
        )
        .expected(format!("{SHEET_BYTES_MAX} bytes at most"), bytes)
    })?;
    let mut step = Step {
        r#type: "sheet.published",
        subject: subject.clone(),
        data: json!({ "revision": revision, "sha256": sha256, "sheet": said }),
        ..Step::default()
    };
    let publisher = match by {
        SheetBy::Member(member, payload) => {
            step.member = Some((*member).clone());
            step.payload_sha256 = Some(*payload);
            Some((*member).clone())
        }
        SheetBy::Officers(officers) => {
            step.officers = officers.to_vec();
            None
        }
    };
    let log_index = working.carry_out(step)?;
    let at = working.now;
    change_governance(working, |governance| {
        let version = SheetVersion {
            publisher,
            revision,
            sheet: Arc::new(sheet.clone()),
            sha256,
            at,
            log_index,
        };
        governance.sheets.insert(methodology.clone(), version);
    });
    recheck(working, &Changed::Sheet(methodology.clone()))?;
    Ok(working.outcome(subject, Some("published"), log_index))
}

/// N05, G02, S01: a member publishes sheets of its own methodologies, officers those of reference methodologies.
fn check_publisher(working: &Working, by: &SheetBy<'_>, sheet: &Sheet) -> Decided<()> {
    let methodology = &sheet.methodology;
    let published = working.governance.methodologies.get(methodology);
    match by {
        SheetBy::Member(member, _) => {
            let published = published.ok_or_else(|| {
                Refusal::new(
                    CheckCode::S01,
                    format!("Methodology {methodology} is not published: publish it first, then its sheet."),
                )
            })?;
            ensure(published.publisher == **member, || {
                Refusal::new(
                    CheckCode::N05,
                    "Another member publishes this methodology, and its sheet.",
                )
                .expected(&published.publisher, member)
            })?;
            ensure(!sheet.reference, || {
                Refusal::new(
                    CheckCode::G02,
                    "Reference methodologies are the federation's: officers publish their sheets.",
                )
            })?;
            ensure(
                sheet.region.is_none_or(|region| region == published.content.region),
                || {
                    Refusal::new(CheckCode::M02, "`region` is not that of the published methodology.").expected(
                        published.content.region,
                        sheet.region.unwrap_or(published.content.region),
                    )
                },
            )
        }
        SheetBy::Officers(_) => {
            ensure(sheet.reference, || {
                Refusal::new(
                    CheckCode::M02,
                    "`reference` must be true: officers publish sheets of reference methodologies only.",
                )
            })?;
            ensure(published.is_none(), || {
                Refusal::new(CheckCode::N05, "A member publishes under this methodology id.")
            })
        }
    }
}

/// Leaves hold strings and integers only: a flag is 0 or 1.
fn flags_as_integers(mut value: serde_json::Value) -> serde_json::Value {
    match &mut value {
        serde_json::Value::Bool(flag) => return i64::from(*flag).into(),
        serde_json::Value::Array(items) => {
            for item in items {
                *item = flags_as_integers(item.take());
            }
        }
        serde_json::Value::Object(members) => {
            for (_, member) in members.iter_mut() {
                *member = flags_as_integers(member.take());
            }
        }
        _ => {}
    }
    value
}

/// Publishes emission factor records, such as the next year of the grids'. What rests on them is looked at again.
pub fn put_factor_records(working: &mut Working, officers: &[Name], records: &[FactorRecord]) -> Decided<Outcome> {
    check_rows(records)?;
    for record in records {
        check_text(&record.publisher, "publisher", 200)?;
        check_text(&record.source, "source", 500)?;
        ensure(record.grams_per_kwh().is_some(), || {
            Refusal::new(
                CheckCode::M02,
                format!(
                    "`unit` of {} is not a mass for one kWh, such as kg{{CO2}}/(kW.h).",
                    record.id
                ),
            )
        })?;
        ensure(
            record.value.is_sign_positive() && record.value_max.is_none_or(|max| max >= record.value),
            || {
                Refusal::new(
                    CheckCode::M02,
                    format!("`value` of {} must not be negative, nor above `value_max`.", record.id),
                )
            },
        )?;
    }
    let log_index = working.carry_out(Step {
        r#type: "factors.published",
        subject: "factors".to_owned(),
        data: json!({ "records": records }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        for record in records {
            governance.factor_records.insert(record.id.clone(), record.clone());
        }
        governance.published = PublishedData::with(&governance.factor_records);
    });
    recheck(working, &Changed::Factors)?;
    Ok(working.outcome("factors".to_owned(), Some("published"), log_index))
}

fn check_rows<T: Serialize>(rows: &[T]) -> Decided<()> {
    ensure((1..=ROWS_MAX).contains(&rows.len()), || {
        Refusal::new(CheckCode::M03, "Too many rows in one decision, or none.")
            .expected(format!("1 to {ROWS_MAX}"), rows.len())
    })?;
    let bytes: usize = rows.iter().map(bytes_of).sum();
    ensure(bytes <= ROWS_BYTES_MAX, || {
        Refusal::new(
            CheckCode::M03,
            "The rows of one decision stand in one leaf, and these are too long for it.",
        )
        .expected(format!("{ROWS_BYTES_MAX} bytes at most"), bytes)
    })
}

fn bytes_of<T: Serialize>(row: &T) -> usize {
    serde_json::to_vec(row).map_or(usize::MAX / ROWS_MAX, |bytes| bytes.len() + 1)
}

/// Cuts rows, in their order, into pieces that each fit one decision.
///
/// # Errors
/// The position of a row that is too long for any.
pub fn pieces<T: Serialize>(rows: Vec<T>) -> Result<Vec<Vec<T>>, usize> {
    let mut pieces: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for (position, row) in rows.into_iter().enumerate() {
        let bytes = bytes_of(&row);
        if bytes > ROWS_BYTES_MAX {
            return Err(position);
        }
        match pieces.last_mut() {
            Some(piece) if piece.len() < ROWS_MAX && bytes <= room => piece.push(row),
            _ => {
                pieces.push(vec![row]);
                room = ROWS_BYTES_MAX;
            }
        }
        room -= bytes;
    }
    Ok(pieces)
}

/// Records what is known of a member's registry: the node gate of recognition.
pub fn set_registry(
    working: &mut Working,
    officers: &[Name],
    member: &NodeId,
    registry: &Registry,
) -> Decided<Outcome> {
    ensure(working.governance.members.contains_key(member), || {
        Refusal::new(CheckCode::N03, format!("`{member}` is not a member."))
    })?;
    for body in &registry.verification_bodies {
        check_text(body, "verification_bodies", 200)?;
    }
    let subject = format!("member/{member}");
    let log_index = working.carry_out(Step {
        r#type: "member.registry",
        subject: subject.clone(),
        data: json!({ "registry": registry }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        governance.registries.insert(member.clone(), registry.clone());
    });
    recheck(working, &Changed::Registry(member.clone()))?;
    Ok(working.outcome(subject, None, log_index))
}

/// Takes rows of a mapping set as candidates; a row of the same set and id is replaced. None of them recognises anything. Governance
/// gets another version all the same: what is ranked by it has changed.
pub fn put_candidates(working: &mut Working, officers: &[Name], set: &CandidateSet) -> Decided<Outcome> {
    check_rows(&set.rows)?;
    let subject = format!("mapping-set/{}", set.id);
    let log_index = working.carry_out(Step {
        r#type: "candidates.imported",
        subject: subject.clone(),
        data: flags_as_integers(json!({ "set": set.id, "sha256": set.sha256, "rows": set.rows })),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    working
        .written
        .candidates
        .extend(set.rows.iter().map(|row| (set.id.clone(), row.clone(), log_index)));
    if !working.written.governance {
        change_governance(working, |_| {});
    }
    Ok(working.outcome(subject, None, log_index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_by_number_and_by_length() {
        let lengths = |rows: Vec<String>| -> Vec<usize> { pieces(rows).unwrap().iter().map(Vec::len).collect() };
        assert!(lengths(Vec::new()).is_empty());
        assert_eq!(lengths(vec!["a".into(); 401]), [200, 200, 1]);
        // Two quotation marks and a comma stand beside each text.
        let third = "x".repeat(ROWS_BYTES_MAX / 3 - 3);
        assert_eq!(lengths(vec![third; 4]), [3, 1]);
        let long = vec!["a".to_owned(), "x".repeat(ROWS_BYTES_MAX)];
        assert_eq!(pieces(long), Err(1));
    }
}
