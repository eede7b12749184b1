//! The pages.

pub(super) mod asset_conflicts;
pub(super) mod assets;
pub(super) mod certificates;
pub(super) mod conflict;
pub(super) mod conflicts;
pub(super) mod donation;
pub(super) mod events;
pub(super) mod explanation;
pub(super) mod log;
pub(super) mod mapping;
pub(super) mod mapping_decisions;
pub(super) mod mapping_proposal;
pub(super) mod mappings;
pub(super) mod matrix;
pub(super) mod members;
pub(super) mod methodologies;
pub(super) mod officers;
pub(super) mod overview;
pub(super) mod paper;
pub(super) mod public;
pub(super) mod reconciliation;
pub(super) mod reconciliations;
pub(super) mod search;
pub(super) mod sheet;
pub(super) mod transfer;
pub(super) mod transfers;

use tanqiao_console::{Html, html, regions};
use tanqiao_protocol::id::NodeId;

pub(super) use tanqiao_desk::lists::{by_name, choice, entry, listing, newest_first};
pub(super) use tanqiao_desk::pages::ROWS;

use super::visit::Visit;

/// A member's id, leading to its page.
pub(super) fn member_link(id: &NodeId) -> Html {
    html::code_link(&format!("/members/{id}"), id)
}

/// A leaf's index, leading to it.
pub(super) fn leaf_link(index: i64) -> Html {
    html::code_link(&format!("/log/leaves/{index}"), format!("#{index}"))
}

/// The members that have a node, for a filter.
pub(super) fn member_options(visit: &Visit) -> Vec<(String, String)> {
    let governance = visit.hub.sequencer.governance();
    let nodes = governance.members.iter().filter(|(_, member)| member.kind.has_node());
    nodes
        .map(|(id, member)| {
            let name = visit.language.pick(&member.name_zh, &member.name_en);
            (id.to_string(), format!("{name} {id}"))
        })
        .collect()
}

/// The provinces, for a filter.
pub(super) fn region_options(visit: &Visit) -> Vec<(String, String)> {
    let region = |one: &regions::Region| (one.code.to_owned(), one.name(visit.language).to_owned());
    regions::all().iter().map(region).collect()
}

/// True if a code lies in the province that is asked for, or none is.
pub(super) fn is_within(code: &str, asked: &str) -> bool {
    asked.is_empty() || regions::containing(code) == regions::containing(asked)
}
