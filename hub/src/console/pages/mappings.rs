//! All mapping versions, by name.

use tanqiao_console::parts::{Column, Empty, FilterField, Table, cut};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::region::RegionCode;

use super::{ROWS, by_name, choice, entry, is_within, methodologies, region_options};
use crate::console::visit::{Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::ledger::objects::{MappingVersion, Role};

/// Fields of the filter.
const FILTERS: [&str; 4] = ["origin", "region", "to", "state"];

/// The methodology that quantified the reductions.
pub(super) fn origin(version: &MappingVersion) -> Option<&MethodologyRef> {
    let proposed = version.content.proposal.as_ref().map(|one| &one.origin);
    proposed.or_else(|| version.record().map(|one| &one.origin))
}

/// Where the reductions become usable.
pub(super) fn target_region(version: &MappingVersion) -> Option<RegionCode> {
    let proposed = version.content.proposal.as_ref().map(|one| one.to);
    proposed.or_else(|| version.record().map(|one| one.to))
}

/// A mapping version, leading to its page.
pub(super) fn link(mapping: &MappingRef) -> Html {
    html::code_link(&format!("/mappings/{mapping}"), mapping)
}

/// The columns of a list of mapping versions.
pub(super) fn columns(words: &'static Words) -> Vec<Column> {
    vec![
        Column::text(words.mapping),
        Column::text(words.recognition.origin),
        Column::text(words.to),
        Column::number(words.factor),
        Column::text(words.recognition.uses),
        Column::text(words.recognition.valid_until),
        Column::text(words.state),
    ]
}

/// A row of it.
pub(super) fn row(mapping: &MappingRef, version: &MappingVersion, visit: &Visit) -> Vec<Html> {
    let words = visit.words();
    let record = version.record();
    let proposed = version.content.proposal.as_ref().map(|one| one.uses);
    let uses = record.map(|one| one.uses).or(proposed).unwrap_or_default();
    vec![
        link(mapping),
        origin(version).map(methodologies::link).unwrap_or_default(),
        target_region(version)
            .map(|code| Html::text(frame::region(code.as_str(), visit.language)))
            .unwrap_or_default(),
        record.map_or_else(|| Html::text("–"), |one| Html::text(format::factor(one.factor))),
        Html::text(states::uses(uses, words)),
        record.map(|one| format::time(one.valid_until)).unwrap_or_default(),
        states::mapping(version.state, words).render(),
    ]
}

/// `GET /mappings`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.recognition;
    let governance = visit.hub.sequencer.governance();
    let after: Option<MappingRef> = visit.asked("after").parse().ok();
    let (wanted, from, to) = (visit.asked("origin"), visit.asked("region"), visit.asked("to"));
    let state: Option<MappingState> = visit.asked("state").parse().ok();
    let home = |version: &MappingVersion| {
        let published = origin(version).and_then(|one| governance.methodologies.get(one));
        published.map(|one| one.content.region.to_string()).unwrap_or_default()
    };
    let fits = |version: &MappingVersion| {
        let of = origin(version).map(ToString::to_string).unwrap_or_default();
        let used = target_region(version).map(|code| code.to_string()).unwrap_or_default();
        (wanted.is_empty() || of.starts_with(wanted))
            && is_within(&home(version), from)
            && is_within(&used, to)
            && state.is_none_or(|state| version.state == state)
    };
    let found: Vec<(&MappingRef, &MappingVersion)> = governance
        .mapping_versions
        .iter()
        .filter(|(one, version)| after.as_ref().is_none_or(|after| *one > after) && fits(version))
        .take(ROWS + 1)
        .collect();
    let (found, next) = cut(found, ROWS, |(one, _)| one.to_string());
    let rows = found.iter().map(|(mapping, version)| row(mapping, version, &visit));
    let table = Table::new(said.mappings, columns(words)).rows(rows);
    let listing = by_name(&visit, "/mappings", &FILTERS);
    let empty = Empty {
        why: if listing.is_filtered() {
            said.none_fits
        } else {
            said.no_mappings
        },
        next: said.mappings_next,
    };
    let list = listing.render(&table, next.as_deref(), &empty);
    let propose = visit
        .is(Role::Officer)
        .then(|| html::link("/mappings/new", said.d_propose));
    let body = html::actions(propose)
        .and(&listing.filter(fields(&visit), words))
        .and(&list);
    Ok(Reply::page(said.mappings, body))
}

fn fields(visit: &Visit) -> Vec<FilterField> {
    let words = visit.words();
    let state = |state: &MappingState| (state.to_string(), states::mapping(*state, words).word);
    vec![
        choice(visit, "state", words.state, MappingState::ALL.iter().map(state)),
        choice(visit, "region", words.from, region_options(visit)),
        choice(visit, "to", words.to, region_options(visit)),
        entry(visit, "origin", words.recognition.origin),
    ]
}
