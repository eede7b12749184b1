//! What mappings rest on: attribute sheets, published emission factors, what is known of a member's registry, and imported
//! candidate rows, none of which recognises anything.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::json;
use tanqiao_mappings::factors::FactorRecord;
use tanqiao_mappings::ratio::Ratio;
use tanqiao_mappings::sheet::{Sheet, publication_unit};
use tanqiao_mappings::unit::{Conversion, Unit};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::view::Outcome;

use super::mapping::{Changed, recheck};
use super::membership::change_governance;
use super::{check_text, check_words};
use crate::ledger::objects::{CandidateSet, PublishedData, Registry, SheetVersion};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// The most factor records, and candidate rows, in one decision.
pub const ROWS_MAX: usize = 200;
/// The most that one decision may say, in bytes of JSON: it stands in a leaf of 65,535 bytes.
const DATA_BYTES_MAX: usize = 48 * 1024;

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
    check_bytes(&said, "attributes")?;
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
    let version = SheetVersion {
        publisher,
        revision,
        sheet: Arc::new(sheet.clone()),
        sha256,
        at: working.now,
        log_index,
    };
    working.written.sheets.push(version.clone());
    change_governance(working, |governance| {
        if sheet.reference && revision == 1 {
            governance.references.insert(methodology.clone(), log_index);
        }
        governance.sheets.insert(methodology.clone(), version);
    });
    if sheet.reference && revision == 1 {
        recheck(working, &Changed::Methodology(methodology.clone()))?;
    }
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
            )?;
            check_said(sheet, &published.content)
        }
        SheetBy::Officers(_) => {
            ensure(sheet.reference, || {
                Refusal::new(
                    CheckCode::M02,
                    "`reference` must be true: officers publish sheets of reference methodologies only.",
                )
            })?;
            let mut published = working.governance.methodologies.keys();
            ensure(!published.any(|one| one.id() == methodology.id()), || {
                Refusal::new(CheckCode::N05, "A member publishes under this methodology id.")
            })
        }
    }
}

/// M02: a sheet says in more words what was published, and nothing else: another activity or unit would compare what was never
/// counted, and a smaller unit factor would recognise more than a reduction is worth.
fn check_said(sheet: &Sheet, published: &Methodology) -> Decided<()> {
    let differs = |field: &str, expected: String, found: String| {
        Refusal::new(
            CheckCode::M02,
            format!("`{field}` is not what the publication of this methodology says."),
        )
        .expected(expected, found)
    };
    let said = &sheet.attributes;
    if let Some(scope) = said.activity.value() {
        ensure(*scope.activity() == published.activity, || {
            differs("activity", published.activity.to_string(), scope.activity().to_string())
        })?;
    }
    let unit = publication_unit(&published.activity_unit).parse::<Unit>().ok();
    if let Some((unit, other)) = unit.as_ref().zip(said.activity_unit.value()) {
        ensure(!matches!(unit.conversion(other), Conversion::Never), || {
            differs("activity-unit", unit.to_string(), other.to_string())
        })?;
    }
    let figure = published.factor_g_per_unit.as_ref();
    let issued = figure.and_then(|text| Decimal::from_str_exact(text).ok());
    let Some((issued, factor)) = issued.zip(said.unit_factor.value()) else {
        return Ok(());
    };
    let most = factor.grams(None).map(|range| range.high);
    let units = unit.map(|unit| unit.conversion(factor.activity()));
    // What one published unit counts by the sheet.
    let (Some(most), Some(Conversion::By(units))) = (most, units) else {
        return Ok(());
    };
    ensure(&most * &units >= Ratio::of(issued), || {
        differs(
            "unit-factor",
            format!("{issued} g for one {}, or more", published.activity_unit),
            factor.to_string(),
        )
    })
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
        ensure(record.published.is_none_or(|day| day.begins() <= working.now), || {
            Refusal::new(
                CheckCode::M02,
                format!(
                    "{} is not published yet: nothing would look again at what rests on it on that day.",
                    record.id
                ),
            )
        })?;
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

/// M03: what is decided stands in one leaf.
pub(super) fn check_bytes(said: &serde_json::Value, what: &str) -> Decided<()> {
    let bytes = serde_json::to_vec(said).map_err(Rejection::broken)?.len();
    ensure(bytes <= DATA_BYTES_MAX, || {
        Refusal::new(
            CheckCode::M03,
            format!("These {what} are too large for one decision: shorten their texts, or send fewer at once."),
        )
        .expected(format!("{DATA_BYTES_MAX} bytes at most"), bytes)
    })
}

pub(super) fn check_rows<T: Serialize>(rows: &[T]) -> Decided<()> {
    ensure((1..=ROWS_MAX).contains(&rows.len()), || {
        Refusal::new(CheckCode::M03, "Too many rows in one decision, or none.")
            .expected(format!("1 to {ROWS_MAX}"), rows.len())
    })?;
    let bytes: usize = rows.iter().map(bytes_of).sum();
    ensure(bytes <= DATA_BYTES_MAX, || {
        Refusal::new(
            CheckCode::M03,
            "The rows of one decision stand in one leaf, and these are too long for it.",
        )
        .expected(format!("{DATA_BYTES_MAX} bytes at most"), bytes)
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
        if bytes > DATA_BYTES_MAX {
            return Err(position);
        }
        match pieces.last_mut() {
            Some(piece) if piece.len() < ROWS_MAX && bytes <= room => piece.push(row),
            _ => {
                pieces.push(vec![row]);
                room = DATA_BYTES_MAX;
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
    check_bytes(&json!(registry), "bodies")?;
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
    for row in &set.rows {
        check_words(&row.key, "key", 200)?;
        for name in [Some(&row.subject), row.object.as_ref()].into_iter().flatten() {
            check_words(name, "subject or object", 200)?;
        }
    }
    let rows = flags_as_integers(json!(set.rows));
    let subject = format!("mapping-set/{}", set.id);
    let log_index = working.carry_out(Step {
        r#type: "candidates.imported",
        subject: subject.clone(),
        data: json!({ "set": set.id, "sha256": set.sha256, "rows": rows }),
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
        let third = "x".repeat(DATA_BYTES_MAX / 3 - 3);
        assert_eq!(lengths(vec![third; 4]), [3, 1]);
        let long = vec!["a".to_owned(), "x".repeat(DATA_BYTES_MAX)];
        assert_eq!(pieces(long), Err(1));
    }
}
