//! How much of the spool one member may take: nobody fills the disk for all.
//!
//! Room is counted as headers promise it, and taken by the first byte: a stream that was begun can always be ended.

use std::sync::Arc;

use tanqiao_protocol::fingerprint::TokenCommitment;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::problem::{ApiProblem, Problem};

use super::blocking;
use crate::api::answer::Refused;
use crate::api::hub::Hub;
use crate::store::read::conflicts::unfinished_of;

const MIB: u64 = 1 << 20;
/// When to try again, in seconds: streams are screened within minutes, and abandoned within a day.
const AGAIN_S: u32 = 60;

/// Refuses a stream for which its member has no room beside the streams that it has here. To be asked before the first byte, and once
/// more when it is durable: of two that begin at once, in whichever processes, the later to ask sees both.
pub(super) async fn check(hub: &Hub, id: MessageId, issuer: &NodeId, tokens: &TokenCommitment) -> Result<(), Refused> {
    let room = u64::from(hub.settings.limits.upload_mib_per_member) * MIB;
    let wanted = tokens.stream_bytes;
    if wanted > room {
        let long = Problem::api(ApiProblem::UploadTooLarge)
            .detail(format!(
                "The stream has {wanted} bytes, and this hub takes {room} of a member: register the activities again in smaller issuances."
            ))
            .expected(room)
            .found(wanted);
        return Err(long.into());
    }
    let member = issuer.clone();
    let unfinished = hub.read(move |c| unfinished_of(c, &member)).await?;
    let spool = Arc::clone(&hub.spool);
    let here = blocking(move || spool.list()).await?;
    let others = unfinished
        .iter()
        .filter(|other| other.id != id && here.contains(&other.id))
        .filter_map(|other| other.content.tokens.as_ref());
    let taken: u64 = others.map(|tokens| tokens.stream_bytes).fold(0, u64::saturating_add);
    if taken.saturating_add(wanted) <= room {
        return Ok(());
    }
    let full = Problem::api(ApiProblem::UploadQuota)
        .detail(format!(
            "Streams of this member that are not screened yet take {taken} of its {room} bytes, and this one has {wanted}: send it again once \
             earlier issuances are screened or abandoned."
        ))
        .expected(room)
        .found(taken.saturating_add(wanted))
        .retry_after(AGAIN_S);
    Err(full.into())
}
