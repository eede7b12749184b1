//! Everything that a member signs: checked, handed to the sequencer, and answered after its commit.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, web};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::Action;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::view::{ItemResult, Outcome, Results};

use super::admission::Caller;
use super::answer::{Answer, Refused, problem, with_status};
use super::body::SignedBody;
use super::hub::Hub;
use super::witnesses::check_evidence;
use crate::crash;
use crate::intake::{Item, Named, Place, Received, Reception};
use crate::ledger::command::{Body, Command};

/// Declares handlers that take one action.
macro_rules! taking {
    ($($(#[$meta:meta])* $name:ident => $action:ident;)+) => { $(
        $(#[$meta])*
        pub async fn $name(hub: Data<Hub>, caller: Caller, body: SignedBody) -> Answer {
            submit(&hub, caller, Place::of(Action::$action), body).await
        }
    )+ };
}

/// Declares handlers that take one action about what the path names.
macro_rules! taking_about {
    ($($(#[$meta:meta])* $name:ident($id:ty) => $action:ident $named:ident;)+) => { $(
        $(#[$meta])*
        pub async fn $name(hub: Data<Hub>, caller: Caller, id: Path<$id>, body: SignedBody) -> Answer {
            submit(&hub, caller, Place::about(Action::$action, Named::$named(id.into_inner())), body).await
        }
    )+ };
}

taking! {
    /// `POST /v1/issuances`
    issuance => Issuance;
    /// `POST /v1/transfers`
    transfer => TransferProposal;
    /// `POST /v1/retirements`
    retirement => Retirement;
    /// `POST /v1/cancellations`
    cancellation => Cancellation;
    /// `POST /v1/pledges`
    pledge => Pledge;
    /// `POST /v1/keys`
    key => Key;
    /// `POST /v1/token-epochs`
    token_epoch => TokenEpoch;
    /// `POST /v1/assets`
    asset => Asset;
    /// `POST /v1/log/witness-key`
    witness_key => WitnessKey;
    /// `POST /v1/log/forks`
    log_fork => LogFork;
    /// `POST /v1/mappings`
    mapping_proposal => MappingProposal;
}

taking_about! {
    /// `POST /v1/transfers/{id}/acceptance`
    transfer_acceptance(MessageId) => TransferAcceptance Transfer;
    /// `POST /v1/transfers/{id}/decline`
    transfer_decline(MessageId) => TransferDecline Transfer;
    /// `POST /v1/transfers/{id}/withdrawal`
    transfer_withdrawal(MessageId) => TransferWithdrawal Transfer;
    /// `POST /v1/conflicts/{id}/evidence`
    conflict_evidence(MessageId) => ConflictEvidence Conflict;
    /// `POST /v1/pledges/{id}/release`
    pledge_release(MessageId) => PledgeRelease Pledge;
    /// `POST /v1/pledges/{id}/foreclosure`
    pledge_foreclosure(MessageId) => PledgeForeclosure Pledge;
    /// `POST /v1/events/{id}/donations`
    donation(String) => Donation Event;
    /// `POST /v1/donations/{id}/withdrawal`
    donation_withdrawal(MessageId) => DonationWithdrawal Donation;
    /// `PUT /v1/listings/{id}`
    listing(String) => Listing Listing;
    /// `POST /v1/challenges/{id}/answer`
    challenge_answer(MessageId) => ChallengeAnswer Challenge;
    /// `POST /v1/mappings/{mapping}/endorsement`
    mapping_endorsement(MappingRef) => MappingEndorsement Mapping;
    /// `POST /v1/mappings/{mapping}/objection`
    mapping_objection(MappingRef) => MappingObjection Mapping;
    /// `POST /v1/mappings/{mapping}/suspension`
    mapping_suspension(MappingRef) => MappingSuspension Mapping;
    /// `POST /v1/mappings/{mapping}/lifting`
    mapping_lifting(MappingRef) => MappingLifting Mapping;
    /// `POST /v1/mappings/{mapping}/comments`
    mapping_comment(MappingRef) => MappingComment Mapping;
}

/// `POST /v1/messages`: any envelopes.
pub async fn messages(hub: Data<Hub>, caller: Caller, body: SignedBody) -> Answer {
    submit(&hub, caller, Place::any(), body).await
}

/// `PUT /v1/methodologies/{id}/{version}`; the version is `1` or `v1`.
pub async fn methodology(hub: Data<Hub>, caller: Caller, path: Path<(String, String)>, body: SignedBody) -> Answer {
    let (id, version) = path.into_inner();
    let named = format!("{id}.v{}", version.strip_prefix('v').unwrap_or(&version));
    submit(
        &hub,
        caller,
        Place::about(Action::Methodology, Named::Methodology(named)),
        body,
    )
    .await
}

/// `PUT /v1/methodologies/{id}/{version}/sheet`; the version is `1` or `v1`.
pub async fn sheet(hub: Data<Hub>, caller: Caller, path: Path<(String, String)>, body: SignedBody) -> Answer {
    let (id, version) = path.into_inner();
    let named = format!("{id}.v{}", version.strip_prefix('v').unwrap_or(&version));
    submit(
        &hub,
        caller,
        Place::about(Action::Sheet, Named::Methodology(named)),
        body,
    )
    .await
}

/// Checks a signed body, hands it to the sequencer, and answers after its commit.
pub(super) async fn submit(hub: &Hub, caller: Caller, place: Place, body: SignedBody) -> Answer {
    let reception = Reception {
        trust_domain: hub.settings.trust_domain.clone(),
        governance: hub.sequencer.governance(),
        caller: caller.member,
        now: hub.now(),
        place,
    };
    let received = web::block(move || reception.receive(&body.0))
        .await
        .map_err(|error| Refused::fault(&error))??;
    let received = received.refusing(|command| match &command.body {
        Body::LogFork(report) => check_evidence(hub, report),
        _ => Ok(()),
    });
    crash::point("intake.after-verify");
    let single = received.single;
    let reports_fork = received
        .commands()
        .any(|command| matches!(command.body, Body::LogFork(_)));
    let results = sequence(hub, received).await?;
    if reports_fork && results.iter().any(|result| result.outcome.is_some()) {
        tracing::error!("a member has shown that the log contradicts itself: `admin witness forks`");
    }
    if single {
        return Ok(alone(results));
    }
    for refused in results.iter().filter_map(|result| result.problem.as_ref()) {
        match refused.check {
            Some(check) => hub.metrics.refused(check.text()),
            None => hub.metrics.refused(&refused.code),
        }
    }
    Ok(with_status(StatusCode::MULTI_STATUS, &Results { results }))
}

/// The answer to a request that is one message: what it did, or the problem.
fn alone(results: Vec<ItemResult>) -> HttpResponse {
    let Some(result) = results.into_iter().next() else {
        return problem(&Problem::api(ApiProblem::Internal));
    };
    match (result.outcome, result.problem) {
        (Some(outcome), _) => {
            with_status::<Outcome>(StatusCode::from_u16(result.status).unwrap_or(StatusCode::OK), &outcome)
        }
        (None, Some(refused)) => problem(&refused),
        (None, None) => problem(&Problem::api(ApiProblem::Internal)),
    }
}

/// Hands the good items to the sequencer together, waits for the commit, and puts all answers in the order of the request.
async fn sequence(hub: &Hub, received: Received) -> Result<Vec<ItemResult>, Refused> {
    let mut results: Vec<Option<ItemResult>> = Vec::with_capacity(received.items.len());
    let mut commands: Vec<Command> = Vec::new();
    for item in received.items {
        match item {
            Item::Command(command) => {
                commands.push(*command);
                results.push(None);
            }
            Item::Refused { id, problem } => results.push(Some(ItemResult {
                id,
                status: problem.status,
                outcome: None,
                problem: Some(*problem),
            })),
        }
    }
    let mut answers = if commands.is_empty() {
        Vec::new()
    } else {
        let waiting = hub
            .sequencer
            .submit(commands)
            .map_err(|_| Problem::api(ApiProblem::Busy).retry_after(1))?;
        // A sequencer that went away may have committed: the sender asks again with the same ids.
        waiting
            .await
            .map_err(|_| Problem::api(ApiProblem::Internal).retry_after(1))?
    }
    .into_iter();
    let mut all = Vec::with_capacity(results.len());
    for result in results {
        let result = match result {
            Some(result) => result,
            None => answers
                .next()
                .map(item_result)
                .ok_or_else(|| Problem::api(ApiProblem::Internal))?,
        };
        all.push(result);
    }
    Ok(all)
}

fn item_result(answer: crate::ledger::sequencer::Answer) -> ItemResult {
    let (outcome, problem) = match answer.result {
        Ok(outcome) => (Some(outcome), None),
        Err(problem) => (None, Some(problem)),
    };
    ItemResult {
        id: Some(answer.id),
        status: answer.status,
        outcome,
        problem,
    }
}
