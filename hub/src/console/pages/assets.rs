//! Registered assets: all, and one with its registrations, revisions and overlaps.

use tanqiao_console::parts::{Column, Definitions, Empty, FilterField, Table, cut};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::asset::{Asset, AssetState, Place};
use tanqiao_protocol::id::{Name, NodeId};

use super::{ROWS, asset_conflicts, by_name, choice, entry, leaf_link, member_link, member_options, region_options};
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::ledger::objects::{AssetConflict, RegisteredAsset};
use crate::store::read::assets::{self as store, AssetsAsked, ConflictsAsked};

/// Fields of the filter.
const FILTERS: [&str; 4] = ["id", "member", "region", "state"];
/// The most conflicts of one asset that are shown.
const CONFLICTS_SHOWN: usize = 200;

/// An asset, leading to its page.
pub(super) fn link(asset: &Name) -> Html {
    html::code_link(&format!("/asset-register/{asset}"), asset)
}

/// Where a part of the list begins: the last registration before.
fn place(after: &str) -> Option<(Name, NodeId)> {
    let (asset, member) = after.split_once('~')?;
    Some((asset.parse().ok()?, member.parse().ok()?))
}

/// `GET /asset-register`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.oversight;
    let asked = AssetsAsked {
        region: visit.asked("region").parse().ok(),
        activity: None,
        member: visit.asked("member").parse().ok(),
        state: visit.asked("state").parse().ok(),
        id: visit.asked("id").parse().ok(),
        after: place(visit.asked("after")),
    };
    let found = visit.hub.read(move |c| store::assets(c, &asked, ROWS + 1)).await?;
    let (found, next) = cut(found, ROWS, |one| format!("{}~{}", one.key.asset, one.key.member));
    let columns = [
        said.asset,
        words.member,
        words.recognition.activity,
        words.region,
        said.capacity,
        said.credited,
        words.state,
    ];
    let rows = found.iter().map(|one| row(one, &visit));
    let table = Table::new(said.assets, columns.map(Column::text).into()).rows(rows);
    let listing = by_name(&visit, "/asset-register", &FILTERS);
    let empty = Empty {
        why: if listing.is_filtered() {
            said.none_fits
        } else {
            said.no_assets
        },
        next: said.no_assets_next,
    };
    let list = listing.render(&table, next.as_deref(), &empty);
    let to = html::actions([html::link("/asset-conflicts", said.asset_conflicts)]);
    Ok(Reply::page(
        said.assets,
        to.and(&listing.filter(fields(&visit), words)).and(&list),
    ))
}

fn fields(visit: &Visit) -> Vec<FilterField> {
    let words = visit.words();
    let state = |one: &AssetState| (one.to_string(), states::asset(*one, words).word);
    vec![
        entry(visit, "id", words.oversight.asset),
        choice(visit, "member", words.member, member_options(visit)),
        choice(visit, "region", words.region, region_options(visit)),
        choice(visit, "state", words.state, AssetState::ALL.iter().map(state)),
    ]
}

/// From when to when it is credited.
fn period(asset: &Asset) -> Html {
    format::time(asset.period_from)
        .and(&Html::text(" – "))
        .and(&format::time(asset.period_until))
}

fn row(one: &RegisteredAsset, visit: &Visit) -> Vec<Html> {
    let asset = &one.content;
    vec![
        link(&one.key.asset),
        member_link(&one.key.member),
        html::code(&asset.activity),
        Html::text(frame::region(asset.region.as_str(), visit.language)),
        Html::text(format!("{} {}", asset.capacity.amount, asset.capacity.unit)),
        period(asset),
        states::asset(one.state, visit.words()).render(),
    ]
}

/// Every registration, revision and conflict of an asset.
type Kept = (Vec<RegisteredAsset>, Vec<(NodeId, u32, i64)>, Vec<AssetConflict>);

/// `GET /asset-register/{asset}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let said = visit.words().oversight;
    let id: Name = visit.parameter("asset")?;
    let asked = id.clone();
    let (registrations, revisions, conflicts): Kept = visit
        .hub
        .read(move |c| {
            let about = ConflictsAsked {
                asset: Some(asked.clone()),
                ..ConflictsAsked::default()
            };
            Ok((
                store::registrations(c, &asked)?,
                store::revisions(c, &asked)?,
                store::conflicts(c, &about, CONFLICTS_SHOWN)?,
            ))
        })
        .await?;
    if registrations.is_empty() {
        return Err(Fault::NotFound);
    }
    let sections = registrations.iter().map(|one| {
        let name = format!("{} {}", said.registration, one.key.member);
        html::section(&name, &facts(one, &visit))
    });
    let overlaps = if conflicts.is_empty() {
        html::paragraph(said.no_overlaps)
    } else {
        asset_conflicts::table(&conflicts, &visit).render()
    };
    let body = Html::all(sections)
        .and(&html::section(said.overlaps, &overlaps))
        .and(&html::section(said.revisions, &revised(&revisions, &visit)));
    Ok(Reply::page(format!("{} {id}", said.asset), body))
}

fn facts(one: &RegisteredAsset, visit: &Visit) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let asset = &one.content;
    let schemes = asset.other_schemes.iter().map(|scheme| {
        html::paragraph_of(
            &Html::text(format!("{} {} · ", scheme.scheme, scheme.reference))
                .and(&format::time(scheme.from))
                .and(&Html::text(" – "))
                .and(&format::time(scheme.until)),
        )
    });
    let schemes = if asset.other_schemes.is_empty() {
        Html::text(words.none)
    } else {
        Html::all(schemes)
    };
    Definitions::new()
        .fact(words.state, states::asset(one.state, words).render())
        .fact(words.member, member_link(&one.key.member))
        .fact(words.recognition.activity, html::code(&asset.activity))
        .fact(
            words.region,
            Html::text(frame::region(asset.region.as_str(), visit.language)),
        )
        .fact(said.position, html::code(position(&asset.place)))
        .fact(
            said.capacity,
            Html::text(format!("{} {}", asset.capacity.amount, asset.capacity.unit)),
        )
        .fact(said.commissioned, format::time(asset.commissioned_at))
        .fact(said.credited, period(asset))
        .fact(said.other_schemes, schemes)
        .fact(said.revision, Html::text(one.revision))
        .fact(words.updated, format::time(one.revised_at))
        .fact(words.leaf, leaf_link(one.log_index))
        .render()
}

/// The corners of what it lies in, as longitude and latitude in degrees: exact to the last digit that is kept.
fn position(place: &Place) -> String {
    let bounds = place.bounds();
    let degrees = |value: i32| {
        let sign = if value < 0 { "−" } else { "" };
        let whole = value.unsigned_abs();
        format!("{sign}{}.{:07}", whole / 10_000_000, whole % 10_000_000)
    };
    format!(
        "{}, {} – {}, {}",
        degrees(bounds.west),
        degrees(bounds.south),
        degrees(bounds.east),
        degrees(bounds.north)
    )
}

fn revised(revisions: &[(NodeId, u32, i64)], visit: &Visit) -> Html {
    let words = visit.words();
    let said = words.oversight;
    let rows = revisions
        .iter()
        .rev()
        .map(|(member, revision, index)| vec![leaf_link(*index), member_link(member), Html::text(revision)]);
    let columns = [words.leaf, words.member, said.revision];
    Table::new(said.revisions, columns.map(Column::text).into())
        .rows(rows)
        .render()
}
