//! Health and metrics.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::Serialize;
use tanqiao_certs::CrlState;
use tanqiao_certs::certificate::expiry_alarm;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::time::{SECOND_US, Timestamp};
use tanqiao_protocol::view::{MemberKind, MemberStatus};

use super::answer::{Answer, Refused, json, with_status};
use super::hub::Hub;
use crate::enrolment::certificates::{ends, running_out};
use crate::store::findings;
use crate::store::read::statistics;

/// What is checked, and what was found.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    checks: BTreeMap<&'static str, Finding>,
    log: LogHealth,
}

/// How far the transparency log is signed and witnessed.
#[derive(Debug, Serialize)]
struct LogHealth {
    /// Leaves that are committed.
    size: u64,
    /// Leaves under the newest signed head.
    signed_size: u64,
    /// Leaves under the newest head that has its quorum.
    witnessed_size: u64,
    /// Seconds since that head had its quorum.
    #[serde(skip_serializing_if = "Option::is_none")]
    witnessed_age_s: Option<i64>,
    /// Seconds for which a head has been waiting for its quorum; 0 if none is.
    waiting_s: i64,
    /// How many witnesses have to cosign.
    quorum: usize,
    /// How many are admitted.
    witnesses: usize,
    /// Leaves that are not signed yet.
    behind: u64,
    /// Contradictions of the log that members have shown and officers have not acknowledged.
    forks: usize,
    #[serde(skip)]
    alarm: Option<String>,
}

/// How long a head may wait for its quorum before that is an alarm, in seconds.
const WAITING_S_MAX: i64 = 60;

impl LogHealth {
    fn of(hub: &Hub) -> Self {
        let (posted, governance) = (hub.log.posted().borrow().clone(), hub.sequencer.governance());
        let size = u64::try_from(*hub.sequencer.log_size().borrow()).unwrap_or(0);
        let ago = |at: Timestamp| (hub.now().micros() - at.micros()).max(0) / SECOND_US;
        let (heads, forks) = (posted.heads, governance.log.rules.forks.len());
        let signed_size = heads.newest.map_or(0, |head| head.size);
        let waiting_s = heads.waiting_since.map_or(0, ago);
        let (quorum, witnesses) = (governance.log.quorum(), governance.log.admitted().count());
        let late = (waiting_s > WAITING_S_MAX && witnesses > 0)
            .then(|| format!("no checkpoint has had {quorum} of {witnesses} cosignatures for {waiting_s} s"));
        let forked =
            (forks > 0).then(|| format!("members have shown {forks} contradictions of the log: admin witness forks"));
        let alarms: Vec<String> = [posted.trouble, forked, late].into_iter().flatten().collect();
        Self {
            size,
            signed_size,
            witnessed_size: heads.published.as_ref().map_or(0, |(head, _)| head.size),
            witnessed_age_s: heads.published.map(|(_, at)| ago(at)),
            waiting_s,
            quorum,
            witnesses,
            behind: size.saturating_sub(signed_size),
            forks,
            alarm: (!alarms.is_empty()).then(|| alarms.join("; ")),
        }
    }
}

/// How far members' books are known to be the hub's.
#[derive(Debug)]
struct Agreements {
    /// Seconds since each member last agreed, of those that have ever ended a reconciliation; since it was first told something where
    /// it never agreed.
    ages: BTreeMap<NodeId, i64>,
    /// Runs of serials in open findings.
    contradicted: usize,
}

/// A member that has not agreed for so long is named, in seconds.
const AGREED_S_MAX: i64 = 2 * 24 * 3600;

impl Agreements {
    async fn of(hub: &Hub) -> Result<Self, Refused> {
        let (agreed, ended, told) = hub
            .read(|c| {
                let agreed = findings::last_ended(c, true)?;
                Ok((agreed, findings::last_ended(c, false)?, findings::first_told(c)?))
            })
            .await?;
        let governance = hub.sequencer.governance();
        let (now, admitted) = (hub.now().micros(), |id: &NodeId| {
            let member = governance.members.get(id);
            member.is_some_and(|member| member.status == MemberStatus::Admitted)
        });
        let since = |id: &NodeId| agreed.get(id).or_else(|| told.get(id)).map_or(now, |at| at.micros());
        let age = |id: &NodeId| (now - since(id)).max(0) / SECOND_US;
        let ages = ended.keys().filter(|id| admitted(id)).map(|id| (id.clone(), age(id)));
        let open = governance.open_contradictions();
        Ok(Self {
            ages: ages.collect(),
            contradicted: open.map(|(_, found)| found.blocks.len()).sum(),
        })
    }

    fn alarm(&self) -> Option<String> {
        let late: Vec<&str> = self
            .ages
            .iter()
            .filter(|(_, age)| **age > AGREED_S_MAX)
            .map(|(member, _)| member.as_str())
            .collect();
        let contradicted = (self.contradicted > 0).then(|| {
            format!(
                "the log contradicts the book about {} runs of serials: admin reconciliation list",
                self.contradicted
            )
        });
        let late = (!late.is_empty()).then(|| format!("no agreement for two days with {}", late.join(", ")));
        let all: Vec<String> = [contradicted, late].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

#[derive(Debug, Serialize)]
struct Finding {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
}

impl Finding {
    fn of(ok: bool, says: Option<String>) -> Self {
        Self {
            ok,
            days_left: None,
            says,
        }
    }

    fn days(days: Option<i64>) -> Self {
        Self {
            ok: days.is_some_and(|days| days >= 0),
            days_left: days,
            says: None,
        }
    }
}

/// `GET /health/live`: the process answers.
pub async fn live() -> Answer {
    json(&serde_json::json!({ "status": "live" }))
}

/// `GET /health/ready`: it can do its work.
pub async fn ready(hub: Data<Hub>) -> Answer {
    let database = hub.read(statistics::head).await;
    let read_only = hub.sequencer.read_only();
    let certificate = certificate_days(&hub);
    let crl = crl_days(&hub);
    let members = member_certificates(&hub).await;
    let replicated = hub.read(crate::store::read::replication::standbys_missing).await;
    let log = LogHealth::of(&hub);
    let agreements = Agreements::of(&hub).await.ok();
    let checks = BTreeMap::from([
        ("database", Finding::of(database.is_ok(), None)),
        ("sequencer", Finding::of(read_only.is_none(), read_only)),
        (
            "certificate",
            Finding {
                says: hub
                    .tls
                    .state()
                    .certificate()
                    .and_then(|facts| alarm_of(facts.not_after)),
                ..Finding::days(certificate)
            },
        ),
        // A list past its date is still enforced: an alarm, and no reason to stop (certs, tls).
        (
            "crl",
            Finding {
                ok: true,
                ..Finding::days(crl)
            },
        ),
        // An alarm: those members are let in until their last second.
        ("member-certificates", members),
        // An alarm: everything but issuances goes on.
        ("log", Finding::of(true, log.alarm.clone())),
        ("screening", Finding::of(true, hub.screening.borrow().clone())),
        (
            "reconciliation",
            Finding::of(true, agreements.and_then(|found| found.alarm())),
        ),
        (
            "replication",
            Finding::of(hub.settings.single_server || matches!(replicated, Ok(false)), None),
        ),
    ]);
    let ok = checks.values().all(|finding| finding.ok);
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Ok(with_status(
        status,
        &Health {
            status: if ok { "ready" } else { "not-ready" },
            checks,
            log,
        },
    ))
}

/// What is due before a certificate ends: the alarm at 30, 14, 7 and 1 days.
fn alarm_of(not_after: tanqiao_certs::Time) -> Option<String> {
    let days = expiry_alarm(not_after, chrono::Utc::now())?;
    Some(format!("ends {not_after}, in {days} days or less: renew it"))
}

async fn ends_of_members(hub: &Hub) -> Result<BTreeMap<NodeId, tanqiao_certs::Time>, String> {
    let Some(authority) = hub.settings.authority.clone() else {
        return Err("certificates are issued elsewhere: watch their ends there".to_owned());
    };
    let governance = hub.sequencer.governance();
    let found = actix_web::web::block(move || ends(&authority, &governance)).await;
    found
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}

/// The members' certificates that end within 30 days, the most urgent first, and how many days the first has.
async fn member_certificates(hub: &Hub) -> Finding {
    let ends = match ends_of_members(hub).await {
        Ok(ends) => ends,
        Err(why) => return Finding::of(true, Some(why)),
    };
    let now = chrono::Utc::now();
    let urgent: Vec<String> = running_out(&ends, now)
        .iter()
        .map(|one| format!("{} in {} days", one.member, one.days_left))
        .collect();
    let first = ends.values().min().map(|end| tanqiao_certs::days_left(*end, now));
    Finding {
        ok: true,
        days_left: first,
        says: (!urgent.is_empty()).then(|| format!("these end: {}", urgent.join(", "))),
    }
}

fn certificate_days(hub: &Hub) -> Option<i64> {
    hub.tls
        .state()
        .certificate()
        .map(|facts| facts.days_left(chrono::Utc::now()))
}

fn crl_days(hub: &Hub) -> Option<i64> {
    let now = chrono::Utc::now();
    match hub.tls.state().crl_state(now) {
        CrlState::Absent => None,
        CrlState::Current { next_update } => Some(tanqiao_certs::days_left(next_update, now)),
        CrlState::Expired { since } => Some(tanqiao_certs::days_left(since, now)),
    }
}

/// `GET /metrics`
pub async fn metrics(hub: Data<Hub>) -> Answer {
    hub.metrics.sequenced(hub.sequencer.counters());
    for (what, days) in [("certificate", certificate_days(&hub)), ("crl", crl_days(&hub))] {
        if let Some(days) = days {
            hub.metrics.days_left(what, days);
        }
    }
    if let Ok(ends) = ends_of_members(&hub).await
        && let Some(first) = ends.values().min()
    {
        let days = tanqiao_certs::days_left(*first, chrono::Utc::now());
        hub.metrics.days_left("member-certificate", days);
    }
    let (governance, heads) = (hub.sequencer.governance(), hub.heads.known());
    for kind in [MemberKind::Region, MemberKind::Enterprise] {
        let cursors = hub.metrics.cursors();
        let of_kind = cursors
            .iter()
            .filter(|(member, _)| governance.members.get(*member).is_some_and(|found| found.kind == kind));
        let lag = of_kind
            .map(|(member, cursor)| heads.get(member).copied().unwrap_or(0).saturating_sub(*cursor))
            .max();
        hub.metrics.lag(kind.word(), lag.unwrap_or(0).max(0));
    }
    let log = LogHealth::of(&hub);
    for (head, leaves) in [
        ("committed", log.size),
        ("signed", log.signed_size),
        ("witnessed", log.witnessed_size),
    ] {
        hub.metrics.log_leaves(head, i64::try_from(leaves).unwrap_or(i64::MAX));
    }
    for (what, count) in [
        ("witnesses", log.witnesses),
        ("quorum", log.quorum),
        ("forks", log.forks),
    ] {
        hub.metrics.log_state(what, i64::try_from(count).unwrap_or(i64::MAX));
    }
    hub.metrics.log_state("waiting_seconds", log.waiting_s);
    hub.metrics.log_state("alarm", i64::from(log.alarm.is_some()));
    let agreements = Agreements::of(&hub).await?;
    for kind in [MemberKind::Region, MemberKind::Enterprise] {
        let of_kind = agreements.ages.iter().filter(|(member, _)| {
            let found = governance.members.get(*member);
            found.is_some_and(|found| found.kind == kind)
        });
        let oldest = of_kind.map(|(_, age)| *age).max().unwrap_or(0);
        hub.metrics.reconciled("oldest_agreement_seconds", kind.word(), oldest);
    }
    let contradicted = i64::try_from(agreements.contradicted).unwrap_or(i64::MAX);
    hub.metrics.reconciled("contradicted", "all", contradicted);
    let text = hub.metrics.render().map_err(|error| Refused::fault(&error))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}
