//! What witnesses are asked to cosign, and what they have cosigned.

use std::time::Duration;

use actix_web::web::{self, Data, Query};
use serde::Deserialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::tile::TileReader;
use tanqiao_protocol::message::LogFork;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::time::{CLOCK_SKEW_US_MAX, SECOND_US};
use tanqiao_protocol::view::CosignatureTaken;
use tokio::sync::watch;

use super::admission::{Caller, check_again, until_refused};
use super::answer::{Answer, Refused, json};
use super::body::TextBody;
use super::hub::Hub;
use super::log::text;
use crate::store::checkpoints::{Heads, SignedHead};
use crate::store::cosignatures::{self, Cosignature, Cosigned};
use crate::transparency::{Posted, contradicts, request};

/// The longest that a poll may wait, in seconds.
const WAIT_S_MAX: u32 = 30;

/// Where a witness is, and how long it would wait.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    old: u64,
    #[serde(default)]
    wait: u32,
}

/// `GET /v1/log/pending`
pub async fn pending(hub: Data<Hub>, caller: Caller, asked: Query<Asked>) -> Answer {
    let old = asked.old;
    let mut posted = hub.log.posted();
    let mut heads = posted.borrow_and_update().heads.clone();
    must_reach(&heads, old)?;
    if beyond(&heads, old).is_none() && asked.wait > 0 {
        let wait = Duration::from_secs(u64::from(asked.wait.min(WAIT_S_MAX)));
        tokio::select! {
            () = until_offered(&mut posted, hub.stopping.clone(), old, wait) => {}
            refused = until_refused(&hub, &caller) => return Err(refused),
        }
        // What came while the poll waited is for a member in good standing only.
        check_again(&hub, &caller)?;
        heads = posted.borrow().heads.clone();
        must_reach(&heads, old)?;
    }
    let head = beyond(&heads, old)
        .cloned()
        .or(heads.newest)
        .ok_or_else(Refused::not_found)?;
    let (database, files) = (hub.database.clone(), hub.log.files().clone());
    let made = web::block(move || database.read(|connection| Ok(request(connection, &files, old, &head)))).await;
    let made = made
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| Refused::fault(&error))?;
    Ok(text(made.map_err(|error| Refused::fault(&error))?.to_string()))
}

/// The head that a witness is to cosign next.
fn beyond(heads: &Heads, old: u64) -> Option<&SignedHead> {
    heads.offered.as_ref().filter(|head| head.size > old)
}

/// 409 for a witness that has cosigned more than there is.
fn must_reach(heads: &Heads, old: u64) -> Result<(), Refused> {
    match &heads.newest {
        Some(newest) if newest.size < old => {
            let problem = Problem::api(ApiProblem::LogBehind);
            let problem = problem
                .expected(format!("at least {old} leaves"))
                .found(format!("{} leaves", newest.size));
            Err(problem.note(newest.note.clone().unwrap_or_default()).into())
        }
        _ => Ok(()),
    }
}

/// Waits for a head beyond `old`, for the end of the time, or for that of the process.
async fn until_offered(
    posted: &mut watch::Receiver<Posted>,
    mut stopping: watch::Receiver<bool>,
    old: u64,
    wait: Duration,
) {
    tokio::select! {
        _ = posted.wait_for(|posted| beyond(&posted.heads, old).is_some()) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
        () = tokio::time::sleep(wait) => {}
    }
}

/// `GET /v1/log/cosignatures`: the highest head that the caller's witness has cosigned.
pub async fn highest(hub: Data<Hub>, caller: Caller) -> Answer {
    let member = caller.member;
    let found = hub
        .read(move |connection| cosignatures::highest(connection, &member))
        .await?;
    let found = found.ok_or_else(Refused::not_found)?;
    Ok(text(found.note))
}

/// `POST /v1/log/cosignatures`
pub async fn cosign(hub: Data<Hub>, caller: Caller, body: TextBody) -> Answer {
    let governance = hub.sequencer.governance();
    let admitted = governance.log.witnesses.get(&caller.member);
    let key = admitted.and_then(|witness| witness.admitted.clone()).ok_or_else(|| {
        Problem::api(ApiProblem::Forbidden)
            .detail("This member has no admitted witness: its node proposes its key, and two officers admit it.")
    })?;
    let (given, head) = read(&hub, &caller, &key, &body.0)?;
    let (database, now) = (hub.database.clone(), hub.now());
    let (kept, root) = (given.clone(), head.root);
    let done = web::block(move || cosignatures::take(&database, &kept, &root, now)).await;
    let done = done
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| Refused::fault(&error))?;
    let quorum = governance.log.quorum();
    match done {
        Cosigned::Taken {
            cosignatures,
            published,
        } => {
            hub.log.published();
            json(&CosignatureTaken {
                size: head.size,
                cosignatures,
                quorum,
                published,
            })
        }
        Cosigned::Other(signed) => Err(forked(signed.note)),
        Cosigned::Unknown => late(&hub, head, quorum).await,
    }
}

/// The cosignature in a body, by this key; with the log's own signatures, so that it is a whole note.
fn read(hub: &Hub, caller: &Caller, key: &NoteKey, body: &[u8]) -> Result<(Cosignature, Head), Refused> {
    let wrong = |detail: String| Refused::parameter("body", detail);
    let note = Note::parse(body).map_err(|error| wrong(format!("{error}.")))?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|error| wrong(format!("{error}.")))?;
    if checkpoint.origin() != hub.settings.log_key.name() {
        let problem = Problem::api(ApiProblem::InvalidParameter).path("body");
        let problem = problem.expected(hub.settings.log_key.name()).found(checkpoint.origin());
        return Err(problem.detail("The checkpoint is of another log.").into());
    }
    let signed = note.verify([key]).map_err(|error| {
        let problem = Problem::api(ApiProblem::Forbidden).expected(key);
        problem.detail(format!(
            "The admitted witness of `{}` has not signed this: {error}.",
            caller.member
        ))
    })?;
    let at = signed.first().and_then(|signed| signed.at).unwrap_or_default();
    let latest = hub.now().plus_micros(CLOCK_SKEW_US_MAX).micros() / SECOND_US;
    if i64::try_from(at).map_or(true, |at| at > latest) {
        let problem = Problem::of(CheckCode::M07).expected(format!("at most {latest}"));
        return Err(problem.found(at).into());
    }
    let given = Cosignature {
        member: caller.member.clone(),
        key: key.clone(),
        size: checkpoint.size(),
        at,
        note: note.to_string(),
    };
    Ok((given, checkpoint.head()))
}

fn forked(note: Option<String>) -> Refused {
    let problem = Problem::api(ApiProblem::LogFork);
    match note {
        Some(note) => problem.note(note),
        None => problem,
    }
    .into()
}

/// A cosignature of a head that is not kept any more: fine if it was of this log, and a later one is published.
async fn late(hub: &Hub, head: Head, quorum: usize) -> Answer {
    let heads = hub.log.posted().borrow().heads.clone();
    must_reach(&heads, head.size)?;
    let passed = heads.published.filter(|(published, _)| head.size < published.size);
    let Some((published, _)) = passed else {
        return Err(Problem::api(ApiProblem::NotFound)
            .detail("The log has not signed this head: ask `GET /v1/log/pending` for one.")
            .into());
    };
    let (files, of) = (hub.log.files().clone(), published.size);
    let root = web::block(move || {
        let mut reader = TileReader::new(of, |tile| files.tile(tile).map(Option::unwrap_or_default));
        tanqiao_protocol::merkle::root(head.size, |node| reader.node(node)).map_err(|error| error.to_string())
    });
    let root = root.await.map_err(|error| Refused::fault(&error))?;
    let root = root.map_err(|error| Refused::fault(&std::io::Error::other(error)))?;
    if root != head.root {
        return Err(forked(published.note));
    }
    json(&CosignatureTaken {
        size: head.size,
        cosignatures: 0,
        quorum,
        published: true,
    })
}

/// 403 for a report of a fork whose notes no key of this log has signed: anybody could have written them.
pub(super) fn check_evidence(hub: &Hub, report: &LogFork) -> Result<(), Problem> {
    let keys = hub.sequencer.governance().log.rules.ever(&hub.settings.log_key);
    let origin = hub.settings.log_key.name();
    for (field, note) in [("content.first", &report.first), ("content.second", &report.second)] {
        if !contradicts(note, origin, &keys) {
            return Err(Problem::api(ApiProblem::Forbidden).path(field).detail(
                "No key of this log has signed this note: only what the log itself has signed counts against it.",
            ));
        }
    }
    Ok(())
}
