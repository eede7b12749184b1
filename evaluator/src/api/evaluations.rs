//! What members ask.

use actix_web::web::{Data, Path};
use tanqiao_protocol::fingerprint::{Epoch, EvaluationCounters, EvaluationRequest};

use super::Evaluator;
use super::admission::Caller;
use super::answer::{Answer, Body, Refused, json};
use crate::evaluation::EvaluationError;

/// `POST /v1/evaluations`
pub(super) async fn evaluate(evaluator: Data<Evaluator>, caller: Caller, body: Body<EvaluationRequest>) -> Answer {
    let member = caller.member()?.clone();
    let (epoch, items) = (body.0.epoch, body.0.blinded.count());
    let now = evaluator.now();
    if evaluator.keyring.find(epoch).map_err(EvaluationError::from)?.is_none() {
        evaluator.party.ensure(epoch, now).await?;
    }
    let evaluated = evaluator.desk.evaluate(member.clone(), body.0, now).await;
    evaluator.metrics.evaluated(evaluated.as_ref().map(|_| items));
    let evaluation = evaluated.inspect_err(|error| tracing::info!(%member, %epoch, items, %error, "not evaluated"))?;
    json(&evaluation)
}

/// `GET /v1/epochs/{epoch}`
pub(super) async fn keys(evaluator: Data<Evaluator>, _caller: Caller, epoch: Path<Epoch>) -> Answer {
    json(&evaluator.party.ensure(*epoch, evaluator.now()).await?)
}

/// `GET /v1/counters`
pub(super) async fn counters(evaluator: Data<Evaluator>, caller: Caller) -> Answer {
    let desk = evaluator.desk.clone();
    let of = match caller {
        Caller::Member(id) => Some(id),
        Caller::Evaluator(_) => None,
    };
    let counters = actix_web::web::block(move || desk.counters(of.as_ref())).await;
    json(&EvaluationCounters {
        evaluator: evaluator.config.member.clone(),
        counters: counters.map_err(|error| Refused::fault(&error))??,
    })
}
