//! `GET /v1/hub` and `GET /v1/crl`.

use actix_web::HttpResponse;
use actix_web::web::Data;
use tanqiao_protocol::message::{
    BLOCKS_PER_COMMAND_MAX, BLOCKS_PER_REQUEST_MAX, ITEMS_PER_REQUEST_MAX, REQUEST_BYTES_MAX,
};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::view::{HubInfo, Limits};

use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use crate::store::read::statistics;

/// `GET /v1/hub`
pub async fn hub(hub: Data<Hub>) -> Answer {
    let head = hub.read(statistics::head).await?;
    let governance = hub.sequencer.governance();
    json(&HubInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: tanqiao_protocol::PROTOCOL_VERSION,
        trust_domain: hub.settings.trust_domain.clone(),
        log_origin: hub.settings.log_key.name().to_owned(),
        log_public_key: hub.log_public_key(),
        log_public_keys: hub.log_keys().iter().map(ToString::to_string).collect(),
        log_size: head.size,
        time: hub.now(),
        frozen: head.frozen,
        demonstration: governance.policy.demonstration,
        limits: Limits {
            request_bytes_max: REQUEST_BYTES_MAX,
            items_per_request_max: ITEMS_PER_REQUEST_MAX,
            blocks_per_command_max: BLOCKS_PER_COMMAND_MAX,
            blocks_per_request_max: BLOCKS_PER_REQUEST_MAX,
            requests_per_second_max: hub.settings.limits.requests_per_second,
        },
    })
}

/// `GET /v1/crl`: the lists in force, PEM.
pub async fn crl(hub: Data<Hub>) -> Answer {
    let file = hub.settings.crl_file.clone();
    let read = tokio::fs::read(file).await;
    match read {
        Ok(pem) => Ok(HttpResponse::Ok().content_type("application/x-pem-file").body(pem)),
        Err(error) => {
            tracing::error!(%error, "the revocation list cannot be read");
            Err(Refused::from(Problem::api(ApiProblem::Internal)))
        }
    }
}
