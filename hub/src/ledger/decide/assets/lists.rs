//! Lists of other schemes: each entry is compared with what is registered and issued already.

use std::sync::Arc;

use serde_json::json;
use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, Exclusivity, Scheme, is_amount};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::view::Outcome;

use super::{conflict, too_many};
use crate::ledger::decide::check_words;
use crate::ledger::decide::evidence::check_rows;
use crate::ledger::geometry::fault_of;
use crate::ledger::objects::{AssetKey, Contender, ListedEntry, SchemeEntry, SchemeList};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// Takes rows of another scheme's list. A row that is there already, word for word, changes nothing. A row about a registered asset, of a
/// scheme that excludes carbon inclusion, opens a conflict, and what the issuer still holds of the issuances concerned is frozen.
pub fn put_list(working: &mut Working, officers: &[Name], list: &SchemeList) -> Decided<Outcome> {
    check_rows(&list.rows)?;
    list.rows.iter().try_for_each(check_row)?;
    let subject = format!("scheme-list/{}", list.sha256);
    let mut new: Vec<&SchemeEntry> = Vec::new();
    let mut last_index = 0;
    for row in &list.rows {
        match working.register.entries.get(&row.key())? {
            Some(known) if *known.content == *row => last_index = last_index.max(known.log_index),
            _ => new.push(row),
        }
    }
    if new.is_empty() {
        return Ok(working.outcome(subject, None, last_index));
    }
    let log_index = working.carry_out(Step {
        r#type: "schemes.listed",
        subject: subject.clone(),
        data: json!({ "sha256": list.sha256, "rows": new }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    for row in new {
        let content = Arc::new(row.clone());
        working.register.put_entry(ListedEntry { content, log_index });
        if Exclusivity::shipped().excludes(Scheme::CarbonInclusion, row.scheme) {
            contest(working, officers, row)?;
        }
    }
    Ok(working.outcome(subject, None, log_index))
}

/// M02: what can be told from a row alone.
fn check_row(row: &SchemeEntry) -> Decided<()> {
    let wrong =
        |field: &str, what: &str| Refusal::new(CheckCode::M02, format!("`{field}` of `{}` {what}.", row.reference));
    check_words(&row.reference, "reference", 100)?;
    if let Some(asset) = &row.asset {
        check_words(asset, "asset", 200)?;
    }
    check_words(&row.unit, "unit", 20)?;
    ensure(row.scheme != Scheme::CarbonInclusion, || {
        wrong(
            "scheme",
            "is that of the members of this federation: they register assets themselves",
        )
    })?;
    ensure(is_amount(&row.quantity), || {
        wrong("quantity", "must be an exact decimal above 0")
    })?;
    ensure(row.from < row.until, || wrong("until", "must be after `from`"))?;
    ensure(row.place.is_some() || row.asset_id().is_some(), || {
        wrong(
            "asset",
            "is no asset id, and there is no place: nothing could be compared",
        )
    })?;
    let Some(place) = &row.place else { return Ok(()) };
    place.check().map_err(|error| wrong("place", &error.to_string()))?;
    match fault_of(place) {
        None => Ok(()),
        Some(fault) => Err(wrong("place", &format!("is no valid geometry: {fault}")).into()),
    }
}

/// Opens a conflict with every registered asset that the row speaks of. One that is open stays; one that was decided about other words
/// of this row is opened anew.
fn contest(working: &mut Working, officers: &[Name], row: &SchemeEntry) -> Decided<()> {
    let found = working.register.spoken_of(row)?.ok_or_else(too_many)?;
    let keys: Vec<AssetKey> = found.into_iter().map(|asset| asset.key.clone()).collect();
    let entry = Contender::Entry(row.key());
    for key in keys {
        let known = working.register.conflict_with(&key, &entry)?;
        if known.is_none_or(|one| one.state != AssetConflictState::Open) {
            conflict::open(working, AssetConflictKind::OtherScheme, &key, entry.clone(), officers)?;
        }
    }
    Ok(())
}
