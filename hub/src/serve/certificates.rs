//! Alarms before certificates run out: the hub's own, and those of its members.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::web::Data;
use tanqiao_certs::renewal::ExpiryAlarm;
use tanqiao_protocol::id::NodeId;
use tokio::sync::watch;

use crate::api::Hub;
use crate::enrolment::certificates::ends;

/// How often the certificates are looked at.
const EVERY: Duration = Duration::from_secs(600);

/// Says once for each certificate and each of 30, 14, 7 and 1 days that it runs out, until the process stops.
pub(super) async fn watch_ends(hub: Data<Hub>, mut stopping: watch::Receiver<bool>) {
    let mut own = ExpiryAlarm::default();
    let mut members: BTreeMap<NodeId, ExpiryAlarm> = BTreeMap::new();
    loop {
        let now = chrono::Utc::now();
        if let Some(facts) = hub.tls.state().certificate()
            && let Some(days) = own.raised(facts.not_after, now)
        {
            tracing::error!(days, not_after = %facts.not_after, "the hub's own certificate runs out: issue another");
        }
        if let Some(authority) = hub.settings.authority.clone() {
            let governance = hub.sequencer.governance();
            match tokio::task::spawn_blocking(move || ends(&authority, &governance)).await {
                Ok(Ok(ends)) => {
                    for (member, not_after) in ends {
                        if let Some(days) = members.entry(member.clone()).or_default().raised(not_after, now) {
                            tracing::warn!(%member, days, %not_after, "a member's certificate runs out, and its node has not renewed it");
                        }
                    }
                }
                Ok(Err(error)) => tracing::warn!(%error, "the authority's certificates cannot be looked at"),
                Err(error) => tracing::warn!(%error, "the authority's certificates cannot be looked at"),
            }
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
