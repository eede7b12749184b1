//! The pages.

pub(super) mod account;
pub(super) mod log;
pub(super) mod members;
pub(super) mod overview;
pub(super) mod public;
pub(super) mod search;
pub(super) mod sign_in;
pub(super) mod transfer;
pub(super) mod transfers;

use tanqiao_console::{Html, assets, html};
use tanqiao_protocol::id::NodeId;

use super::visit::{Fault, Reply, Turn, Visit};

/// Rows of a list.
pub(super) const ROWS: usize = 50;

/// `GET /assets/{name}`
pub(super) async fn asset(visit: Visit) -> Turn {
    let name: String = visit.parameter("name")?;
    let found = assets::find(&name).ok_or(Fault::NotFound)?;
    Ok(Reply::file(
        found.media_type,
        None,
        assets::CACHE_CONTROL,
        found.bytes.to_vec(),
    ))
}

/// A member's id, leading to its page.
pub(super) fn member_link(id: &NodeId) -> Html {
    html::code_link(&format!("/members/{id}"), id)
}

/// A leaf's index, leading to it.
pub(super) fn leaf_link(index: i64) -> Html {
    html::code_link(&format!("/log/leaves/{index}"), format!("#{index}"))
}
