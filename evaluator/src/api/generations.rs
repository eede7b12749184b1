//! What the evaluators ask one another.

use actix_web::web::{Data, Path};
use tanqiao_protocol::fingerprint::Epoch;

use super::Evaluator;
use super::admission::Caller;
use super::answer::{Answer, Body, json};
use crate::ceremony::Generation;

/// `POST /v1/epochs/{epoch}/keys`
pub(super) async fn make(evaluator: Data<Evaluator>, caller: Caller, epoch: Path<Epoch>) -> Answer {
    caller.evaluator()?;
    let now = evaluator.now();
    // Evaluator 1 makes them; any other asks it, except where it is the one that asks.
    if evaluator.number == 1 {
        return json(&evaluator.party.make(*epoch, now).await?);
    }
    json(&evaluator.party.ensure(*epoch, now).await?)
}

/// `POST /v1/dkg/commitments`
pub(super) async fn commitments(evaluator: Data<Evaluator>, caller: Caller, body: Body<Generation>) -> Answer {
    caller.evaluator()?;
    json(&evaluator.party.commitments(body.0, evaluator.now())?)
}

/// `POST /v1/dkg/points`: whoever asks gets its own point and no other's.
pub(super) async fn points(evaluator: Data<Evaluator>, caller: Caller, body: Body<Generation>) -> Answer {
    let number = caller.evaluator()?;
    json(&evaluator.party.point_for(body.0, number, evaluator.now()).await?)
}

/// `POST /v1/dkg/prepare`
pub(super) async fn prepare(evaluator: Data<Evaluator>, caller: Caller, body: Body<Generation>) -> Answer {
    caller.evaluator()?;
    json(&evaluator.party.prepare(body.0, evaluator.now()).await?)
}

/// `POST /v1/dkg/standing`
pub(super) async fn standing(evaluator: Data<Evaluator>, caller: Caller, body: Body<Generation>) -> Answer {
    caller.evaluator()?;
    json(&evaluator.party.standing(body.0, evaluator.now())?)
}

/// `POST /v1/dkg/settle`
pub(super) async fn settle(evaluator: Data<Evaluator>, caller: Caller, body: Body<Generation>) -> Answer {
    caller.evaluator()?;
    json(&evaluator.party.settle(body.0, evaluator.now()).await?)
}
