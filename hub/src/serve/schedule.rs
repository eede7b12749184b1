//! What is done by the clock: the sweep, which ends delays, offers and donations whose time has come; asking members to reconcile;
//! forgetting.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cron::Schedule;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::reconciliation::ReconciliationReason;
use tanqiao_protocol::time::{SECOND_US, Timestamp};
use tanqiao_protocol::view::MemberStatus;
use tokio::sync::watch;

use crate::ledger::command::{Body, Command, Decision, Origin};
use crate::ledger::objects::Governance;
use crate::ledger::sequencer::Sequencer;
use crate::store::challenges::forget_sealed;
use crate::store::database::{Database, StoreError};
use crate::store::findings;
use crate::store::read::conflicts;

/// The clock of a schedule; a test has its own.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
    /// Until then.
    fn sleep(&self, until: DateTime<Utc>) -> impl Future<Output = ()> + Send;
}

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

/// The longest single sleep: a clock that is set forward is noticed within this time.
const NAP: Duration = Duration::from_secs(60);

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep(&self, until: DateTime<Utc>) {
        while let Ok(left) = (until - Utc::now()).to_std() {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(NAP)).await;
        }
    }
}

/// Waits for the next time of a schedule; `None` once the process stops. A time that passed while something was done is not
/// made up for: the next one does all.
async fn next_time<C: Clock>(
    schedule: &Schedule,
    clock: &C,
    stopping: &mut watch::Receiver<bool>,
) -> Option<DateTime<Utc>> {
    let next = schedule.after(&clock.now()).next()?;
    tokio::select! {
        _ = stopping.wait_for(|stopping| *stopping) => None,
        () = clock.sleep(next) => Some(next),
    }
}

/// Sweeps by the schedule.
pub(super) async fn sweep<C: Clock>(
    sequencer: Sequencer,
    database: Database,
    schedule: String,
    clock: C,
    mut stopping: watch::Receiver<bool>,
) {
    let Ok(schedule) = schedule.parse::<Schedule>() else {
        tracing::error!("the schedule of the sweep cannot be read");
        return;
    };
    while let Some(at) = next_time(&schedule, &clock, &mut stopping).await {
        let (reading, now) = (database.clone(), Timestamp::from_micros(at.timestamp_micros()));
        let due = tokio::task::spawn_blocking(move || due_commands(&reading, now)).await;
        let mut commands = vec![sweep_command()];
        match due {
            Ok(Ok(due)) => commands.extend(due),
            Ok(Err(error)) => tracing::warn!(%error, "what is due cannot be read"),
            Err(error) => tracing::warn!(%error, "what is due cannot be read"),
        }
        let Ok(waiting) = sequencer.submit(commands) else {
            tracing::warn!("the sequencer is busy: the sweep waits for its next time");
            continue;
        };
        let Ok(answers) = waiting.await else {
            tracing::warn!("the sweep was not answered");
            continue;
        };
        for answer in answers.iter().filter(|answer| answer.result.is_err()) {
            tracing::warn!(status = answer.status, "a part of the sweep was refused");
        }
    }
}

/// What the hub decides when a time has passed, each by a command of its own: one that fails does not hold the others up.
///
/// # Errors
/// The store's.
pub fn due_commands(database: &Database, now: Timestamp) -> Result<Vec<Command>, StoreError> {
    let (issuances, conflicts) = database.read(|connection| conflicts::due(connection, now))?;
    let abandoned = issuances
        .into_iter()
        .map(|issuance| Decision::AbandonIssuance { issuance });
    let settled = conflicts
        .into_iter()
        .map(|conflict| Decision::SettleConflict { conflict });
    Ok(abandoned.chain(settled).map(own_command).collect())
}

/// A member that had a result so short a time ago is not asked again.
const RECENT: i64 = 12 * 3600 * SECOND_US;

/// Asks members to reconcile by the schedule; nothing where it is empty.
pub(super) async fn reconcile<C: Clock>(
    sequencer: Sequencer,
    database: Database,
    schedule: String,
    clock: C,
    mut stopping: watch::Receiver<bool>,
) {
    if schedule.is_empty() {
        return;
    }
    let Ok(schedule) = schedule.parse::<Schedule>() else {
        tracing::error!("the schedule of reconciliations cannot be read");
        return;
    };
    while let Some(at) = next_time(&schedule, &clock, &mut stopping).await {
        let (of, governance) = (database.clone(), sequencer.governance());
        let at = Timestamp::from_micros(at.timestamp_micros());
        let asked = tokio::task::spawn_blocking(move || asked_to_reconcile(&of, &governance, at)).await;
        let commands = match asked {
            Ok(Ok(commands)) => commands,
            Ok(Err(error)) => {
                tracing::error!(%error, "members are not asked to reconcile");
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "members are not asked to reconcile");
                continue;
            }
        };
        for some in commands.chunks(ASKED_AT_ONCE) {
            let answered = match sequencer.submit(some.to_vec()) {
                Ok(waiting) => waiting.await.ok(),
                Err(_) => None,
            };
            let refused = answered.map(|answers| answers.iter().filter(|answer| answer.result.is_err()).count());
            match refused {
                Some(0) => tracing::info!(members = some.len(), "members were asked to reconcile"),
                Some(refused) => tracing::warn!(refused, "some members could not be asked to reconcile"),
                None => tracing::warn!(
                    members = some.len(),
                    "the ledger was busy: members were not asked to reconcile"
                ),
            }
        }
    }
}

/// Members that are asked in one batch.
const ASKED_AT_ONCE: usize = 100;

/// What asks every admitted member with a node that has had no result of late. Several hubs on one database may each ask: a node
/// that was asked twice reconciles once.
///
/// # Errors
/// The store's.
pub fn asked_to_reconcile(
    database: &Database,
    governance: &Governance,
    at: Timestamp,
) -> Result<Vec<Command>, StoreError> {
    let ended = database.read(|connection| findings::last_ended(connection, false))?;
    let due = governance.members.iter().filter(|(id, member)| {
        let recent = ended
            .get(*id)
            .is_some_and(|ended| at.micros() - ended.micros() < RECENT);
        member.status == MemberStatus::Admitted && member.kind.has_node() && !recent
    });
    let command = |member: &NodeId| {
        own_command(Decision::RequestReconciliation {
            member: member.clone(),
            reason: ReconciliationReason::Scheduled.word().to_owned(),
        })
    };
    Ok(due.map(|(member, _)| command(member)).collect())
}

/// Every night (03:20 UTC).
const NIGHTLY: &str = "0 20 3 * * *";

/// Deletes what is kept for a time only: sealed answers to challenges that have ended.
pub(super) async fn forget<C: Clock>(database: Database, clock: C, mut stopping: watch::Receiver<bool>) {
    let Ok(schedule) = NIGHTLY.parse::<Schedule>() else {
        tracing::error!("the schedule of what is deleted cannot be read");
        return;
    };
    while let Some(at) = next_time(&schedule, &clock, &mut stopping).await {
        let (database, now) = (database.clone(), Timestamp::from_micros(at.timestamp_micros()));
        match tokio::task::spawn_blocking(move || forget_sealed(&database, now)).await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "sealed answers to ended challenges were deleted"),
            Ok(Err(error)) => tracing::warn!(error = %error, "sealed answers could not be deleted"),
            Err(error) => tracing::warn!(error = %error, "sealed answers could not be deleted"),
        }
    }
}

/// A sweep, with a new id.
#[must_use]
pub fn sweep_command() -> Command {
    own_command(Decision::Sweep)
}

/// A decision of the hub itself, with a new id.
#[must_use]
pub fn own_command(decision: Decision) -> Command {
    let id = new_id();
    Command {
        origin: Origin::Hub,
        id,
        payload_sha256: Sha256::of(id.to_string().as_bytes()),
        body: Body::Governance(Box::new(decision)),
    }
}

/// A new id for a command of the hub's own or of officers.
#[must_use]
pub fn new_id() -> MessageId {
    let uuid = uuid::Uuid::now_v7();
    MessageId::from_uuid(uuid).unwrap_or_else(|_| MessageId::from_parts(Timestamp::default(), &[0; 10]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A clock that is wherever it was told to sleep until.
    #[derive(Clone)]
    struct Told(Arc<Mutex<DateTime<Utc>>>);

    impl Clock for Told {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }
        async fn sleep(&self, until: DateTime<Utc>) {
            *self.0.lock().unwrap() = until;
        }
    }

    #[tokio::test]
    async fn weekdays_begin_with_sunday_as_one() {
        // 2026-11-23 is a Monday: 2 in this numbering.
        let clock = Told(Arc::new(Mutex::new("2026-11-22T12:00:00Z".parse().unwrap())));
        let (stop, mut stopping) = watch::channel(false);
        let schedule = "0 30 3 * * 2".parse().unwrap();
        let mut times = Vec::new();
        for _ in 0..2 {
            times.push(next_time(&schedule, &clock, &mut stopping).await.unwrap().to_rfc3339());
        }
        assert_eq!(times, ["2026-11-23T03:30:00+00:00", "2026-11-30T03:30:00+00:00"]);
        stop.send_replace(true);
        assert_eq!(next_time(&schedule, &SystemClock, &mut stopping).await, None);
    }
}
