//! Receipts for the parties, and certificates and totals for everybody.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Data, Path};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::receipt::{CertificateFile, RECEIPT_MEDIA_TYPE, ReceiptFile};
use tanqiao_protocol::view::PublicTotals;

use super::admission::Caller;
use super::answer::{Answer, Refused, json};
use super::hub::Hub;
use crate::store::audit::snapshot;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::certificates::{self, Issuer};
use crate::store::read::{dealings, totals};
use crate::transparency::{Deed, Prover, ReceiptError, published};

/// How old the totals may be: they look at every block.
const FRESH: Duration = Duration::from_secs(30);
/// After how many seconds a receipt that is not there yet is worth asking for again.
const WITNESSED_WITHIN_S: u32 = 1;

/// What somebody asks the receipt of.
enum Asked {
    /// It is committed.
    Committed(Deed),
    /// It waits for somebody.
    Open,
}

/// `GET /v1/transfers/{id}/receipt`
pub async fn transfer(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let asked = hub
        .read(move |c| {
            let found = dealings::transfer(c, *id)?.filter(|t| t.source == caller.member || t.target == caller.member);
            Ok(found.and_then(|transfer| asked(Deed::of_transfer(&transfer), transfer.state.is_open())))
        })
        .await?;
    answer(&hub, asked).await
}

/// `GET /v1/donations/{id}/receipt`
pub async fn donation(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let asked = hub
        .read(move |c| {
            let found = dealings::donation(c, *id)?.filter(|donation| donation.donor == caller.member);
            Ok(found.and_then(|donation| asked(Deed::of_donation(&donation), !donation.state.is_final())))
        })
        .await?;
    answer(&hub, asked).await
}

/// `GET /v1/retirements/{id}/receipt`; of a donation it is the donation's.
pub async fn retirement(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let asked = hub
        .read(move |c| {
            let found = dealings::retirement(c, *id)?.filter(|retired| retired.member == caller.member);
            if found.is_none() {
                return Ok(None);
            }
            Ok(retired(c, *id)?.map(Asked::Committed))
        })
        .await?;
    answer(&hub, asked).await
}

/// `GET /v1/certificates/{id}` and `GET /v1/public/certificates/{id}`: with the receipt once that is witnessed, and without the signed
/// messages, which may hold private terms.
pub async fn certificate(hub: Data<Hub>, id: Path<MessageId>) -> Answer {
    let file = certificate_file(&hub, id.into_inner()).await?;
    json(&file.ok_or_else(Refused::not_found)?)
}

/// A certificate with its receipt; `None` if there is none of this number.
///
/// # Errors
/// A fault of the service.
pub(crate) async fn certificate_file(hub: &Hub, id: MessageId) -> Result<Option<CertificateFile>, Refused> {
    let issuer = Issuer {
        trust_domain: hub.settings.trust_domain.clone(),
        log_origin: hub.settings.log_key.name().to_owned(),
    };
    let (found, deed) = hub
        .read(move |c| Ok((certificates::find(c, id, &issuer)?, retired(c, id)?)))
        .await?;
    let Some(certificate) = found else {
        return Ok(None);
    };
    let receipt = match deed {
        Some(deed) => made(hub, deed).await?.map(ReceiptFile::public),
        None => None,
    };
    Ok(Some(CertificateFile { certificate, receipt }))
}

/// `GET /v1/public/totals`
pub async fn public_totals(hub: Data<Hub>) -> Answer {
    if let Some(kept) = kept(&hub) {
        return json(&kept);
    }
    let found = hub.read(|c| snapshot(c, totals::all)).await?;
    *hub.totals.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found.clone()));
    json(&found)
}

fn kept(hub: &Hub) -> Option<PublicTotals> {
    let kept = hub.totals.lock().unwrap_or_else(PoisonError::into_inner);
    kept.as_ref()
        .filter(|(at, _)| at.elapsed() < FRESH)
        .map(|(_, totals)| totals.clone())
}

/// The donation that ended in a retirement, or the retirement alone.
fn retired(connection: &mut ReadConnection<'_>, id: MessageId) -> Result<Option<Deed>, StoreError> {
    if let Some(donation) = dealings::donation(connection, id)? {
        return Ok(Deed::of_donation(&donation));
    }
    Ok(dealings::retirement(connection, id)?.as_ref().map(Deed::of_retirement))
}

/// What ended without a commitment has no receipt, ever.
fn asked(deed: Option<Deed>, open: bool) -> Option<Asked> {
    match deed {
        Some(deed) => Some(Asked::Committed(deed)),
        None => open.then_some(Asked::Open),
    }
}

async fn answer(hub: &Hub, asked: Option<Asked>) -> Answer {
    let deed = match asked.ok_or_else(Refused::not_found)? {
        Asked::Committed(deed) => deed,
        Asked::Open => {
            let detail =
                "It is not committed yet: there is a receipt once it is, and once witnesses have seen its leaf.";
            return Err(Problem::api(ApiProblem::NotIssuedYet).detail(detail).into());
        }
    };
    let id = deed.id();
    let receipt = made(hub, deed).await?.ok_or_else(not_witnessed)?;
    let file = format!("attachment; filename=\"{id}.receipt.json\"");
    let body = receipt.to_json().map_err(|error| Refused::fault(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, file))
        .content_type(RECEIPT_MEDIA_TYPE)
        .body(body))
}

/// Its leaf is in no witnessed tree yet.
pub(crate) fn not_witnessed() -> Refused {
    let problem = Problem::api(ApiProblem::NotWitnessedYet);
    problem.retry_after(WITNESSED_WITHIN_S).into()
}

/// The receipt of a deed, verified; `None` as long as no checkpoint with its quorum has the leaf.
pub(crate) async fn made(hub: &Hub, deed: Deed) -> Result<Option<ReceiptFile>, Refused> {
    let (files, governance, now) = (hub.log.files().clone(), hub.sequencer.governance(), hub.now());
    let built = hub.log.posted().borrow().built;
    let made = hub
        .read(move |c| {
            let Some((head, note, _)) = published(c, now)? else {
                return Ok(Ok(None));
            };
            // Another process has published it, and the tiles here are a moment behind.
            if head.size > built {
                return Ok(Ok(None));
            }
            let receipt = Prover::new(&files, note).and_then(|prover| prover.receipt(c, &governance, &deed));
            Ok(receipt.map(Some))
        })
        .await?;
    match made {
        Ok(receipt) => Ok(receipt),
        Err(ReceiptError::NotWitnessed { .. }) => Ok(None),
        Err(error) => Err(Refused::fault(&error)),
    }
}
