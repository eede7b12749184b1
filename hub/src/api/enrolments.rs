//! Enrolment over server TLS, and the renewal of certificates over mutual TLS.

use actix_web::http::StatusCode;
use actix_web::web;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use tanqiao_certs::{Authority, AuthorityError, CertificateRequest};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::problem::{ApiProblem, Problem};

use super::admission::Caller;
use super::answer::{Answer, Refused, json, with_status};
use super::body::PlainBody;
use super::hub::Hub;
use crate::enrolment::{self, Enrolment, EnrolmentError, EnrolmentRequest, EnrolmentStatus};

/// How far an enrolment is.
#[derive(Debug, Serialize)]
struct EnrolmentView {
    id: String,
    status: EnrolmentStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_pem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_pem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_public_key: Option<String>,
}

/// `POST /v1/enrolments`
pub async fn request(hub: Data<Hub>, body: PlainBody<EnrolmentRequest>) -> Answer {
    let database = hub.database.clone();
    let done = web::block(move || enrolment::request(&database, body.0, chrono::Utc::now())).await;
    let enrolment = done
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| refused(&error))?;
    Ok(with_status(StatusCode::ACCEPTED, &view(&hub, enrolment).await?))
}

/// `GET /v1/enrolments/{id}`
pub async fn get(hub: Data<Hub>, id: Path<String>) -> Answer {
    let database = hub.database.clone();
    let done = web::block(move || enrolment::find(&database, &id)).await;
    let found = done
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| Refused::fault(&error))?;
    json(&view(&hub, found.ok_or_else(Refused::not_found)?).await?)
}

async fn view(hub: &Hub, enrolment: Enrolment) -> Result<EnrolmentView, Refused> {
    let approved = enrolment.status == EnrolmentStatus::Approved;
    let ca_pem = if approved { Some(ca_pem(hub).await?) } else { None };
    Ok(EnrolmentView {
        id: enrolment.id,
        status: enrolment.status,
        certificate_pem: enrolment.content.certificate_pem.filter(|_| approved),
        ca_pem,
        log_public_key: approved.then(|| hub.log_public_key()),
    })
}

async fn ca_pem(hub: &Hub) -> Result<String, Refused> {
    tokio::fs::read_to_string(&hub.settings.ca_file)
        .await
        .map_err(|error| Refused::fault(&error))
}

fn refused(error: &EnrolmentError) -> Refused {
    match error {
        EnrolmentError::Code(refusal) => Problem::api(ApiProblem::Forbidden)
            .path("code")
            .detail(format!("{refusal}."))
            .into(),
        EnrolmentError::Request(refusal) => Problem::of(CheckCode::M02)
            .path("csr_pem")
            .detail(format!("{refusal}."))
            .into(),
        EnrolmentError::Text(text) => Problem::of(CheckCode::M02).path("member").detail(text).into(),
        EnrolmentError::Random(_) | EnrolmentError::Store(_) => Refused::fault(error),
    }
}

/// A member's request for its next certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    csr_pem: String,
}

/// A renewed certificate.
#[derive(Debug, Serialize)]
struct Renewed {
    certificate_pem: String,
    ca_pem: String,
    not_after: tanqiao_certs::Time,
}

/// `POST /v1/certificates`: the request's own signature proves the new key, the connection the old one.
pub async fn renew(hub: Data<Hub>, caller: Caller, body: PlainBody<Renewal>) -> Answer {
    let csr =
        CertificateRequest::from_pem(&body.0.csr_pem).map_err(|error| refused(&EnrolmentError::Request(error)))?;
    let Some(dir) = hub.settings.authority.clone() else {
        let detail = "Certificates are not issued by this hub's process: ask its officers.";
        return Err(Problem::api(ApiProblem::Forbidden).detail(detail).into());
    };
    let done = web::block(move || Authority::open(&dir)?.renew(&csr, &caller.peer, chrono::Utc::now())).await;
    let issued = done
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| match &error {
            AuthorityError::Identity(_) | AuthorityError::Unknown(_) | AuthorityError::NotTheSame(_) => {
                Problem::api(ApiProblem::Forbidden).detail(format!("{error}.")).into()
            }
            _ => Refused::fault(&error),
        })?;
    let facts = tanqiao_certs::CertificateFacts::from_der(&issued.der).map_err(|error| Refused::fault(&error))?;
    let renewed = Renewed {
        certificate_pem: issued.chain_pem,
        ca_pem: ca_pem(&hub).await?,
        not_after: facts.not_after,
    };
    Ok(with_status(StatusCode::CREATED, &renewed))
}
