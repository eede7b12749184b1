//! The federation at a glance.

use std::collections::BTreeMap;

use tanqiao_console::charts::{Flow, Flows, Tile, TileGrid};
use tanqiao_console::parts::{Column, Empty, Table};
use tanqiao_console::{Html, format, html, regions};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::view::MemberStatus;

use crate::console::glance::Glance;
use crate::console::visit::{Reply, Turn, Visit};
use crate::console::{approvals, states};
use crate::ledger::objects::Role;
use crate::store::console as store;

/// `GET /`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let glance = visit.console.glances.last(&visit.hub).await;
    let waits = html::section(words.what_waits_for_me, &waiting(&visit).await?);
    let Some(glance) = glance else {
        return Ok(Reply::page(
            words.overview,
            waits.and(&html::paragraph(words.adding_up)),
        ));
    };
    let grid = html::section(words.net_flow, &grid(&visit, &glance));
    let flows = html::section(words.flows_this_month, &flows(&visit, &glance));
    let states = html::section(words.by_state, &by_state(&visit, &glance));
    let right = Html::all([waits, flows, states]);
    Ok(Reply::page(
        words.overview,
        figures(&visit, &glance).and(&html::columns([grid, right])),
    ))
}

fn figures(visit: &Visit, glance: &Glance) -> Html {
    let (words, found) = (visit.words(), &glance.statistics);
    let tonnes = |grams: i64| format::tonnes(Grams::new(grams).unwrap_or_default());
    html::figures([
        (words.members_in_network, format::number(found.members), ""),
        (words.issued_ever, tonnes(found.issued_g), words.unit_tco2e),
        (words.donated, tonnes(found.donated_g), words.unit_tco2e),
        (words.transfers_committed, format::number(found.transfers_committed), ""),
        (words.donations_committed, format::number(found.donations_committed), ""),
        (words.log_size, format::number(found.log_size), ""),
    ])
}

/// Approvals that somebody else has proposed.
async fn waiting(visit: &Visit) -> Result<Html, crate::console::visit::Fault> {
    let (words, now) = (visit.words(), visit.hub.now());
    let known = visit.known()?;
    let open = visit.hub.read(|c| store::approvals(c, None, 50)).await?;
    let mine = open.iter().filter(|one| {
        let claimable = one.claimed_by.as_ref().is_none_or(|by| *by == known.account);
        one.ended_at.is_none() && one.decide_until > now && one.proposed_by != known.account && claimable
    });
    let rows: Vec<Vec<Html>> = mine.map(|one| approvals::row(one, visit)).collect();
    if rows.is_empty() || !visit.is(Role::Officer) {
        return Ok(html::paragraph(words.nothing_waits));
    }
    Ok(Table::new(words.what_waits_for_me, approvals::columns(words))
        .rows(rows)
        .render())
}

/// What flowed in and out of each region with members, by province.
fn grid(visit: &Visit, glance: &Glance) -> Html {
    let words = visit.words();
    let governance = visit.hub.sequencer.governance();
    let mut tiles: BTreeMap<&str, Tile> = BTreeMap::new();
    for member in governance.members.values() {
        let Some(region) = regions::containing(member.region.as_str()) else {
            continue;
        };
        if member.kind.has_node() && member.status == MemberStatus::Admitted {
            let tile = tiles.entry(region.code).or_insert_with(|| Tile {
                region: region.code.to_owned(),
                members: 0,
                net: 0,
                href: format!("/members?region={}", region.code),
            });
            tile.members += 1;
        }
    }
    for flow in &glance.flows {
        for (code, grams) in [(&flow.source, -flow.grams), (&flow.target, flow.grams)] {
            let region = regions::containing(code);
            if let Some(tile) = region.and_then(|region| tiles.get_mut(region.code)) {
                tile.net = tile.net.saturating_add(grams);
            }
        }
    }
    let grid = TileGrid {
        label: format!("{} ({})", words.net_flow, words.unit_tco2e),
        legend: words.net_flow_legend,
        tiles: tiles.into_values().collect(),
    };
    grid.render(visit.language)
}

fn flows(visit: &Visit, glance: &Glance) -> Html {
    let words = visit.words();
    if glance.flows.is_empty() {
        let empty = Empty {
            why: words.no_flows,
            next: words.no_flows_next,
        };
        return empty.render();
    }
    let name = |code: &str| regions::name(code, visit.language);
    let flows = glance.flows.iter().map(|flow| Flow {
        from: name(&flow.source),
        to: name(&flow.target),
        grams: flow.grams,
    });
    let flows = Flows {
        label: format!(
            "{} {} ({})",
            words.flows_this_month,
            format::month(glance.at),
            words.unit_tco2e
        ),
        flows: flows.collect(),
    };
    flows.render(visit.language)
}

/// What is in each state.
fn by_state(visit: &Visit, glance: &Glance) -> Html {
    let words = visit.words();
    let columns = vec![
        Column::text(words.state),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
    ];
    let rows = BlockState::ALL.iter().filter_map(|state| {
        let grams = glance.statistics.by_state_g.get(state.word()).copied()?;
        let grams = Grams::new(grams).unwrap_or_default();
        Some(vec![states::block(*state, words).render(), format::quantity(grams)])
    });
    Table::new(words.by_state, columns).rows(rows).render()
}
