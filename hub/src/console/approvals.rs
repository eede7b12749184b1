//! What two officers decide: one proposes, another claims, looks, and approves. Then it goes to the ledger with both names.

use tanqiao_console::parts::{Column, Definitions, Empty, Field, Form, Input, Table, cut};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::Outcome;

use super::described::{described, foreseen};
use super::pages::{ROWS, newest_first};
use super::proposing::objection;
use super::states;
use super::visit::{Fault, Known, Reply, Turn, Visit};
use crate::api::answer::Refused;
use crate::ledger::command::{Body, Command, Decision, Origin};
use crate::ledger::objects::Role;
use crate::serve::new_id;
use crate::store::console::{self as store, Approval, ApprovalState};

/// How long another officer has.
const DECIDE_WITHIN_US: i64 = 3 * DAY_US;

/// Keeps a decision until another officer approves it.
pub(super) async fn propose(visit: &Visit, decision: Decision) -> Turn {
    let now = visit.hub.now();
    let approval = Approval {
        id: new_id(),
        decision,
        proposed_by: visit.known()?.account.clone(),
        proposed_at: now,
        decide_until: now.plus_micros(DECIDE_WITHIN_US),
        state: ApprovalState::Waiting,
        claimed_by: None,
        ended_at: None,
        outcome: None,
    };
    let id = approval.id;
    visit.hub.read(move |c| store::propose(c, &approval)).await?;
    Ok(Reply::see(format!("/approvals/{id}")).outcome(format!("approval {id}")))
}

/// The columns of a list of approvals.
pub(super) fn columns(words: &'static Words) -> Vec<Column> {
    let names = [
        words.action,
        words.subject,
        words.state,
        words.proposed_by,
        words.decide_until,
        words.show,
    ];
    names.map(Column::text).into()
}

/// A row of it.
pub(super) fn row(one: &Approval, visit: &Visit) -> Vec<Html> {
    let words = visit.words();
    let said = described(&one.decision, visit);
    vec![
        Html::text(said.what),
        said.subject,
        states::approval(one.state, one.decide_until <= visit.hub.now(), words).render(),
        html::code(&one.proposed_by),
        format::time(one.decide_until),
        html::link(&format!("/approvals/{}", one.id), words.show),
    ]
}

/// `GET /approvals`
pub(super) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let before: Option<MessageId> = visit.asked("before").parse().ok();
    let most = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let found = visit.hub.read(move |c| store::approvals(c, before, most + 1)).await?;
    let (found, next) = cut(found, ROWS, |one| one.id.to_string());
    let table = Table::new(words.approvals, columns(words)).rows(found.iter().map(|one| row(one, &visit)));
    let empty = Empty {
        why: words.no_approvals,
        next: words.no_approvals_next,
    };
    let list = newest_first(&visit, "/approvals", &[]).render(&table, next.as_deref(), &empty);
    Ok(Reply::page(words.approvals, list))
}

async fn find(visit: &Visit) -> Result<Approval, Fault> {
    let id: MessageId = visit.parameter("id")?;
    visit
        .hub
        .read(move |c| store::approval(c, id))
        .await?
        .ok_or(Fault::NotFound)
}

/// `GET /approvals/{id}`
pub(super) async fn show(visit: Visit) -> Turn {
    let one = find(&visit).await?;
    page(&visit, &one, 200, Html::default())
}

fn page(visit: &Visit, one: &Approval, status: u16, errors: Html) -> Turn {
    let words = visit.words();
    let said = described(&one.decision, visit);
    let expired = one.decide_until <= visit.hub.now();
    let facts = Definitions::new()
        .fact(words.state, states::approval(one.state, expired, words).render())
        .fact(words.subject, said.subject);
    let facts = said
        .facts
        .into_iter()
        .fold(facts, |facts, (name, value)| facts.fact(name, value));
    let facts = facts
        .fact(words.proposed_by, html::code(&one.proposed_by))
        .fact(words.proposed_at, format::time(one.proposed_at))
        .maybe(words.claimed_by, one.claimed_by.as_ref().map(html::code))
        .fact(words.decide_until, format::time(one.decide_until))
        .maybe(words.outcome, one.outcome.as_ref().map(Html::text));
    let forms = if one.ended_at.is_some() || expired {
        Html::default()
    } else {
        foreseen(&one.decision, visit).and(&forms(visit, one)?)
    };
    Ok(Reply::status(
        status,
        format!("{}: {}", words.approval, said.what),
        errors.and(&facts.render()).and(&forms),
    ))
}

/// What the reader may do with an open one.
fn forms(visit: &Visit, one: &Approval) -> Result<Html, Fault> {
    let words = visit.words();
    if !visit.is(Role::Officer) {
        return Ok(Html::default());
    }
    let (account, path) = (&visit.known()?.account, format!("/approvals/{}", one.id));
    let form = |what: &str, fields, submit| Form::new(format!("{path}/{what}"), visit.csrf(), fields, submit);
    if one.proposed_by == *account {
        let form = form("withdrawal", Vec::new(), words.withdraw).render();
        return Ok(html::paragraph(words.own_proposal).and(&form));
    }
    Ok(match &one.claimed_by {
        None => form("claim", Vec::new(), words.claim).render(),
        Some(by) if by == account => {
            let reason = Field::new("reason", words.reason, Input::Long);
            let approve = form("approval", Vec::new(), words.approve).dangerous().render();
            let consequences = html::list(described(&one.decision, visit).consequences);
            html::section(words.consequences, &consequences.and(&approve)).and(&html::section(
                words.reject,
                &form("rejection", vec![reason], words.reject).render(),
            ))
        }
        Some(_) => html::paragraph(words.claimed_by_other),
    })
}

/// Back to the approval's page, whatever came of it.
fn back(id: MessageId, outcome: &str) -> Reply {
    Reply::see(format!("/approvals/{id}")).outcome(outcome)
}

/// `POST /approvals/{id}/claim`
pub(super) async fn claim(visit: Visit) -> Turn {
    let (one, account, now) = (find(&visit).await?, visit.known()?.account.clone(), visit.hub.now());
    let id = one.id;
    let claimed = visit.hub.read(move |c| store::claim(c, id, &account, now)).await?;
    Ok(back(id, if claimed { "claimed" } else { "not-claimed" }))
}

/// `POST /approvals/{id}/approval`
pub(super) async fn approve(visit: Visit) -> Turn {
    let (one, known, now) = (find(&visit).await?, visit.known()?.clone(), visit.hub.now());
    let (id, account) = (one.id, known.account.clone());
    let deciding = [one.proposed_by.clone(), known.account.clone()];
    if let Some(why) = objection(&visit, &one.decision, &deciding).await? {
        let error = visit.error("", why);
        return Ok(page(&visit, &one, 409, error)?.outcome("refused"));
    }
    if !visit.hub.read(move |c| store::decide(c, id, &account, now)).await? {
        let error = visit.error("", visit.words().stale_form);
        return Ok(page(&visit, &one, 409, error)?.outcome("not-claimed"));
    }
    let (state, said) = match carry_out(&visit, &one, &known).await? {
        Ok(outcome) => (
            ApprovalState::Approved,
            format!("{} · #{}", outcome.subject, outcome.log_index),
        ),
        Err(problem) => (ApprovalState::Refused, format!("{}: {}", problem.code, problem.detail)),
    };
    let kept = said.clone();
    visit.hub.read(move |c| store::end(c, id, state, &kept, now)).await?;
    Ok(back(id, &said))
}

/// Has the ledger decide, with both names. The command's id is the approval's: sent again, it gets the same answer.
async fn carry_out(visit: &Visit, one: &Approval, second: &Known) -> Result<Result<Outcome, Problem>, Fault> {
    let text = serde_json::to_string(&one.decision).map_err(|error| Refused::fault(&error))?;
    let command = Command {
        origin: Origin::Officers(vec![one.proposed_by.clone(), second.account.clone()]),
        id: one.id,
        payload_sha256: Sha256::of(text.as_bytes()),
        body: Body::Governance(Box::new(one.decision.clone())),
    };
    let waiting = visit
        .hub
        .sequencer
        .submit(vec![command])
        .map_err(|error| Refused::fault(&error))?;
    let answers = waiting.await.map_err(|error| Refused::fault(&error))?;
    let answer = answers.into_iter().next();
    let answer = answer.ok_or_else(|| Refused::fault(&std::io::Error::other("the sequencer gave no answer")))?;
    match answer.result {
        // A fault, or a ledger that takes nothing now: nothing is decided, and the approval can be sent again.
        Err(problem) if answer.status >= 500 => Err(Refused::from(problem).into()),
        result => Ok(result),
    }
}

/// `POST /approvals/{id}/rejection`
pub(super) async fn reject(visit: Visit) -> Turn {
    let (one, known, now) = (find(&visit).await?, visit.known()?.clone(), visit.hub.now());
    let reason = visit.entered("reason").to_owned();
    if one.claimed_by.as_ref() != Some(&known.account) || one.ended_at.is_some() {
        let error = visit.error("", visit.words().stale_form);
        return Ok(page(&visit, &one, 409, error)?.outcome("not-claimed"));
    }
    if reason.is_empty() {
        let words = visit.words();
        let error = visit.error("reason", format!("{}: {}", words.reason, words.required));
        return Ok(page(&visit, &one, 422, error)?.outcome("incomplete"));
    }
    let id = one.id;
    let ended = visit
        .hub
        .read(move |c| store::end(c, id, ApprovalState::Rejected, &reason, now))
        .await?;
    Ok(back(id, if ended { "rejected" } else { "ended-already" }))
}

/// `POST /approvals/{id}/withdrawal`
pub(super) async fn withdraw(visit: Visit) -> Turn {
    let (one, known, now) = (find(&visit).await?, visit.known()?.clone(), visit.hub.now());
    if one.proposed_by != known.account {
        let error = visit.error("", visit.words().not_permitted_why);
        return Ok(page(&visit, &one, 403, error)?.outcome("not-permitted"));
    }
    let id = one.id;
    let ended = visit
        .hub
        .read(move |c| store::end(c, id, ApprovalState::Withdrawn, "", now))
        .await?;
    Ok(back(id, if ended { "withdrawn" } else { "ended-already" }))
}
