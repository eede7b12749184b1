//! The federation at a glance. Adding it up looks at every block, so that no page waits for it: it is made beside the pages and kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web::Data;
use tanqiao_console::format;
use tanqiao_protocol::time::Timestamp;

use crate::api::Hub;
use crate::store::read::statistics::{self, Statistics};
use crate::store::read::traffic::{self, RegionFlow};

/// How old it may be.
const FRESH: Duration = Duration::from_secs(30);
/// How long a page waits for it at most.
const PATIENCE: Duration = Duration::from_millis(120);

/// What the overview shows.
#[derive(Debug, Clone)]
pub(super) struct Glance {
    pub statistics: Statistics,
    /// What was committed between regions since the month began in Beijing.
    pub flows: Vec<RegionFlow>,
    pub at: Timestamp,
}

/// The last one.
#[derive(Debug, Default)]
pub(crate) struct Glances {
    kept: Arc<Mutex<Option<(Instant, Glance)>>>,
    making: Arc<AtomicBool>,
}

impl Glances {
    /// The last one, made anew where it is old and that is quick; `None` as long as the first is being made.
    pub(super) async fn last(&self, hub: &Data<Hub>) -> Option<Glance> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, glance)) = kept.as_ref().filter(|(made, _)| made.elapsed() < FRESH) {
            return Some(glance.clone());
        }
        if self.making.swap(true, Ordering::AcqRel) {
            return kept.map(|(_, glance)| glance);
        }
        let making = tokio::spawn(make(hub.clone(), Arc::clone(&self.kept), Arc::clone(&self.making)));
        // One that takes longer goes on by itself.
        let _ = tokio::time::timeout(PATIENCE, making).await;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|(_, glance)| glance.clone())
    }
}

async fn make(hub: Data<Hub>, kept: Arc<Mutex<Option<(Instant, Glance)>>>, making: Arc<AtomicBool>) {
    let now = hub.now();
    let since = format::month_began(now);
    let read = hub
        .read(move |c| Ok((statistics::all(c)?, traffic::flows(c, since)?)))
        .await;
    // What failed is logged where it failed, and tried again by the next page.
    if let Ok((statistics, flows)) = read {
        let glance = Glance {
            statistics,
            flows,
            at: now,
        };
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), glance));
    }
    making.store(false, Ordering::Release);
}
