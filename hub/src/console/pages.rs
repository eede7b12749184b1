//! The pages.

pub(super) mod log;
pub(super) mod members;
pub(super) mod overview;
pub(super) mod public;
pub(super) mod search;
pub(super) mod transfer;
pub(super) mod transfers;

use tanqiao_console::{Html, html};
use tanqiao_protocol::id::NodeId;

pub(super) use tanqiao_desk::pages::ROWS;

/// A member's id, leading to its page.
pub(super) fn member_link(id: &NodeId) -> Html {
    html::code_link(&format!("/members/{id}"), id)
}

/// A leaf's index, leading to it.
pub(super) fn leaf_link(index: i64) -> Html {
    html::code_link(&format!("/log/leaves/{index}"), format!("#{index}"))
}
