//! Methodologies: all, and one with its sheet and every publication of it.

use std::collections::BTreeSet;

use tanqiao_console::parts::{Chip, Column, Definitions, Empty, Kind, Table, cut};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_mappings::difference::{Change, Weight, sheet_changes};
use tanqiao_mappings::sheet::AttributeName;
use tanqiao_protocol::methodology::MethodologyRef;

use super::{ROWS, by_name, choice, is_within, leaf_link, member_link, region_options, sheet};
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::ledger::decide::known_sheet;
use crate::ledger::objects::{Governance, SheetVersion};
use crate::store::read::mappings as store;

/// Fields of the filter.
const FILTERS: [&str; 2] = ["region", "state"];

tanqiao_protocol::words! {
    /// How much is known of a methodology.
    enum Known {
        /// Every attribute.
        Complete = 1 "complete",
        /// Some attributes are unknown.
        Gaps = 2 "gaps",
        /// No sheet was published.
        Nothing = 3 "no-sheet",
    }
}

impl Known {
    fn of(sheet: Option<&SheetVersion>) -> Self {
        match sheet {
            None => Self::Nothing,
            Some(version) if version.sheet.unknown().next().is_none() => Self::Complete,
            Some(_) => Self::Gaps,
        }
    }

    fn chip(self, words: &'static Words) -> Chip {
        let said = words.recognition;
        match self {
            Self::Complete => Chip::new(Kind::Good, said.complete),
            Self::Gaps => Chip::new(Kind::Waiting, said.gaps),
            Self::Nothing => Chip::new(Kind::Neutral, said.no_sheet),
        }
    }
}

/// What every methodology has, whoever published it.
struct Entry<'a> {
    reference: &'a MethodologyRef,
    title: String,
    region: Option<String>,
    activity: Option<String>,
    known: Known,
}

fn entry<'a>(governance: &'a Governance, reference: &'a MethodologyRef, visit: &Visit) -> Entry<'a> {
    let version = governance.sheets.get(reference);
    let published = governance.methodologies.get(reference);
    let of_sheet = version.map(|one| sheet::said(&one.sheet.title, visit).to_owned());
    let title = published.map_or_else(
        || of_sheet.unwrap_or_default(),
        |one| {
            let (zh, en) = (&one.content.title_zh, &one.content.title_en);
            visit.language.pick(zh, en).to_owned()
        },
    );
    let region = published.map(|one| one.content.region.to_string());
    let stated = version.and_then(|one| one.sheet.attributes.cell(AttributeName::Activity).value);
    Entry {
        reference,
        title,
        region: region.or_else(|| version.and_then(|one| one.sheet.region).map(|code| code.to_string())),
        activity: published.map(|one| one.content.activity.to_string()).or(stated),
        known: Known::of(version),
    }
}

/// A methodology, leading to its page.
pub(in crate::console) fn link(methodology: &MethodologyRef) -> Html {
    html::code_link(&format!("/methodologies/{methodology}"), methodology)
}

/// `GET /methodologies`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.recognition;
    let governance = visit.hub.sequencer.governance();
    let after: Option<MethodologyRef> = visit.asked("after").parse().ok();
    let (region, state) = (visit.asked("region"), visit.asked("state").parse::<Known>().ok());
    let all: BTreeSet<&MethodologyRef> = governance
        .methodologies
        .keys()
        .chain(governance.sheets.keys())
        .collect();
    let fits = |one: &Entry<'_>| {
        is_within(one.region.as_deref().unwrap_or_default(), region) && state.is_none_or(|state| one.known == state)
    };
    let found: Vec<Entry<'_>> = all
        .into_iter()
        .filter(|one| after.as_ref().is_none_or(|after| *one > after))
        .map(|one| entry(&governance, one, &visit))
        .filter(fits)
        .take(ROWS + 1)
        .collect();
    let (found, next) = cut(found, ROWS, |one| one.reference.to_string());
    let columns = [said.methodology, said.title, words.region, said.activity, said.sheet];
    let rows = found.iter().map(|one| {
        vec![
            link(one.reference),
            Html::text(&one.title),
            Html::text(place(one.region.as_deref(), &visit)),
            one.activity.as_ref().map(html::code).unwrap_or_default(),
            one.known.chip(words).render(),
        ]
    });
    let table = Table::new(said.methodologies, columns.map(Column::text).into()).rows(rows);
    let listing = by_name(&visit, "/methodologies", &FILTERS);
    let known = Known::ALL.iter().map(|one| (one.to_string(), one.chip(words).word));
    let fields = vec![
        choice(&visit, "region", words.region, region_options(&visit)),
        choice(&visit, "state", said.sheet, known),
    ];
    let empty = if listing.is_filtered() {
        said.none_fits
    } else {
        said.no_methodologies
    };
    let list = listing.render(&table, next.as_deref(), &empty_list(empty, words));
    let to = html::actions([
        html::link("/mappings", said.mappings),
        html::link("/recognition", said.matrix),
    ]);
    Ok(Reply::page(
        said.methodologies,
        to.and(&listing.filter(fields, words)).and(&list),
    ))
}

const fn empty_list(why: &'static str, words: &'static Words) -> Empty {
    Empty {
        why,
        next: words.recognition.methodologies_next,
    }
}

/// A region's name; of a reference methodology, that it is one.
fn place(region: Option<&str>, visit: &Visit) -> String {
    region.map_or_else(
        || visit.words().recognition.reference.to_owned(),
        |code| frame::region(code, visit.language),
    )
}

/// `GET /methodologies/{methodology}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.recognition;
    let reference: MethodologyRef = visit.parameter("methodology")?;
    let governance = visit.hub.sequencer.governance();
    let latest = governance.sheets.get(&reference);
    if latest.is_none() && !governance.methodologies.contains_key(&reference) {
        return Err(Fault::NotFound);
    }
    let one = entry(&governance, &reference, &visit);
    let shown = revision(&visit, &reference, latest).await?;
    let body = facts(&visit, &governance, &one)
        .and(&html::section(
            said.sheet,
            &of_sheet(&visit, &governance, &one, shown.as_ref()),
        ))
        .and(&publications(&visit, &one, latest, shown.as_ref()).await?)
        .and(&html::section(
            said.mappings,
            &mappings(&visit, &governance, &reference),
        ));
    Ok(Reply::page(format!("{} {reference}", one.title), body))
}

/// The publication that is asked for; the latest where none is.
async fn revision(
    visit: &Visit,
    reference: &MethodologyRef,
    latest: Option<&SheetVersion>,
) -> Result<Option<SheetVersion>, Fault> {
    let Some(latest) = latest else { return Ok(None) };
    let asked: u32 = visit.asked("revision").parse().unwrap_or(latest.revision);
    if asked == latest.revision {
        return Ok(Some(latest.clone()));
    }
    let of = reference.clone();
    let found = visit.hub.read(move |c| store::sheet(c, &of, asked)).await?;
    found.ok_or(Fault::NotFound).map(Some)
}

fn facts(visit: &Visit, governance: &Governance, one: &Entry<'_>) -> Html {
    let words = visit.words();
    let said = words.recognition;
    let facts = Definitions::new()
        .fact(words.region, Html::text(place(one.region.as_deref(), visit)))
        .maybe(said.activity, one.activity.as_ref().map(html::code))
        .fact(said.sheet, one.known.chip(words).render());
    let Some(published) = governance.methodologies.get(one.reference) else {
        return facts.render();
    };
    let content = &published.content;
    let until = content.in_force_until.map(format::time);
    facts
        .fact(said.publisher, member_link(&published.publisher))
        .fact(said.unit, html::code(&content.activity_unit))
        .maybe(
            said.factor_of_unit,
            content
                .factor_g_per_unit
                .as_ref()
                .map(|factor| Html::text(format!("{factor} g"))),
        )
        .fact(
            said.vintages,
            Html::text(format!("{}–{}", content.vintage_first, content.vintage_last)),
        )
        .fact(said.in_force_from, format::time(content.in_force_from))
        .maybe(said.in_force_until, until)
        .fact(said.uses, Html::text(states::uses(content.uses, words)))
        .fact(said.source, Html::text(&content.source))
        .fact(words.leaf, leaf_link(published.log_index))
        .render()
}

fn of_sheet(visit: &Visit, governance: &Governance, one: &Entry<'_>, shown: Option<&SheetVersion>) -> Html {
    let words = visit.words();
    let said = words.recognition;
    let Some(version) = shown else {
        // What the publication says is known; the rest is not.
        let known = known_sheet(governance, one.reference);
        return html::paragraph(said.no_sheet_why).and(&sheet::table(&known, visit));
    };
    let by = version
        .publisher
        .as_ref()
        .map_or_else(|| Html::text(said.officers), member_link);
    let facts = Definitions::new()
        .fact(said.revision, Html::text(version.revision))
        .fact(said.publisher, by)
        .fact(words.when, format::time(version.at))
        .fact(said.hash, html::code(version.sha256))
        .fact(words.leaf, leaf_link(version.log_index));
    facts.render().and(&sheet::table(&version.sheet, visit))
}

/// Every publication of the sheet, and what the shown one changed.
async fn publications(
    visit: &Visit,
    one: &Entry<'_>,
    latest: Option<&SheetVersion>,
    shown: Option<&SheetVersion>,
) -> Result<Html, Fault> {
    let said = visit.words().recognition;
    let (Some(latest), Some(shown)) = (latest, shown) else {
        return Ok(Html::default());
    };
    let newest_first = (1..=latest.revision).rev().take(ROWS);
    let links = newest_first.map(|revision| {
        let href = format!("/methodologies/{}?revision={revision}", one.reference);
        html::link(&href, format!("{} {revision}", said.revision))
    });
    let list = html::actions(links);
    let (of, before) = (one.reference.clone(), shown.revision.saturating_sub(1));
    let before = visit.hub.read(move |c| store::sheet(c, &of, before)).await?;
    let changed = match before {
        None => html::paragraph(said.first_revision),
        Some(before) => changes(&sheet_changes(&before.sheet, &shown.sheet), visit),
    };
    Ok(html::section(said.history, &list.and(&changed)))
}

fn changes(changes: &[Change], visit: &Visit) -> Html {
    let words = visit.words();
    let said = words.recognition;
    if changes.is_empty() {
        return html::paragraph(said.nothing_changed);
    }
    let names = [said.attribute, said.before, said.after, said.weight];
    let rows = changes.iter().map(|change| {
        let weight = match change.weight {
            Weight::Major => Chip::new(Kind::Bad, said.major),
            Weight::Minor => Chip::new(Kind::Waiting, said.minor),
            Weight::Patch => Chip::new(Kind::Neutral, said.patch),
        };
        let item = change.item.parse::<AttributeName>();
        vec![
            item.map_or_else(|_| html::code(&change.item), |name| sheet::attribute(name, visit)),
            change.before.as_ref().map(html::code).unwrap_or_default(),
            change.after.as_ref().map(html::code).unwrap_or_default(),
            weight.render(),
        ]
    });
    Table::new(said.changed, names.map(Column::text).into())
        .rows(rows)
        .render()
}

/// The mappings of which it is the origin or the target.
fn mappings(visit: &Visit, governance: &Governance, reference: &MethodologyRef) -> Html {
    let words = visit.words();
    let concerned = governance.mapping_versions.iter().filter(|(_, version)| {
        let proposal = version.content.proposal.as_ref();
        proposal.is_some_and(|one| one.origin == *reference || one.target == *reference)
            || version.record().is_some_and(|one| one.origin == *reference)
    });
    let rows: Vec<Vec<Html>> = concerned
        .take(ROWS)
        .map(|(mapping, version)| super::mappings::row(mapping, version, visit))
        .collect();
    if rows.is_empty() {
        return html::paragraph(words.none);
    }
    Table::new(words.recognition.mappings, super::mappings::columns(words))
        .rows(rows)
        .render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_a_word_of_the_address() {
        for known in Known::ALL {
            assert_eq!(known.word().parse::<Known>().unwrap(), *known);
        }
        assert_eq!(Known::of(None), Known::Nothing);
    }
}
