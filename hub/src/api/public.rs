//! What everybody may see without a certificate.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use actix_web::web::Data;

use super::answer::{Answer, json};
use super::hub::Hub;
use crate::store::read::statistics::{self, Statistics};

/// How old the totals may be: they look at every block.
const FRESH: Duration = Duration::from_secs(30);

/// `GET /v1/public/statistics`
pub async fn statistics(hub: Data<Hub>) -> Answer {
    if let Some(kept) = kept(&hub) {
        return json(&kept);
    }
    let found = hub.read(statistics::all).await?;
    *hub.statistics.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found.clone()));
    json(&found)
}

fn kept(hub: &Hub) -> Option<Statistics> {
    let kept = hub.statistics.lock().unwrap_or_else(PoisonError::into_inner);
    kept.as_ref()
        .filter(|(at, _)| at.elapsed() < FRESH)
        .map(|(_, statistics)| statistics.clone())
}
