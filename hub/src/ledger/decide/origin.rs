//! A new origin of the log: leaves were lost, nobody can give them back, and the log goes on where it stands. The leaf names
//! both heads, and every member is told, so that none goes on from a feed that the hub no longer has.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::view::Outcome;

use super::check_text;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// Those who are told: members with a node.
pub(in crate::ledger) fn told(working: &Working) -> impl Iterator<Item = &NodeId> {
    let members = working.governance.members.iter();
    members.filter(|(_, member)| member.kind.has_node()).map(|(id, _)| id)
}

/// Begins the log anew after `lost_size` leaves of which only those that are here are left.
pub fn begin(
    working: &mut Working,
    officers: &[Name],
    lost_size: i64,
    lost_chain: Option<Sha256>,
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let size = working.next_index();
    ensure(lost_size >= size, || {
        Refusal::new(CheckCode::G03, "No leaf is lost: the log goes on as it is.").expected(
            format!("a log that is shorter than {lost_size} leaves"),
            format!("{size} leaves"),
        )
    })?;
    let mut data = json!({ "lost_size": lost_size, "size": size, "chain": working.head.chain, "reason": reason });
    if let (Some(chain), Some(object)) = (lost_chain, data.as_object_mut()) {
        object.insert("lost_chain".to_owned(), json!(chain));
    }
    let notices = told(working).map(|to| Notice {
        to: to.clone(),
        r#type: tanqiao_protocol::recovery::ORIGIN,
        body: data.clone(),
    });
    let notices = notices.collect();
    let log_index = working.carry_out(Step {
        r#type: tanqiao_protocol::recovery::ORIGIN,
        subject: "log".to_owned(),
        data,
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    Ok(working.outcome("log".to_owned(), None, log_index))
}
