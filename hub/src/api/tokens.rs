//! Token streams on their way in, and the keys that they are made with.
//!
//! An upload is one `PUT` of the whole stream, or goes on where an earlier one broke off: `Upload-Offset` says where its
//! bytes begin, and every answer where the next begin (draft-ietf-httpbis-resumable-upload, section 4). What arrived before a connection broke is kept.

mod quota;

use std::sync::{Arc, PoisonError};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use serde::Serialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::conflict::UploadView;
use tanqiao_protocol::fingerprint::{Epoch, EpochKeys, StreamSums, TokenCommitment, missing};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::transfer::IssuanceState;

use super::admission::Caller;
use super::answer::{Answer, Refused, json, problem, with_status};
use super::hub::Hub;
use crate::crash;
use crate::ledger::command::Decision;
use crate::ledger::objects::Issuance;
use crate::screening::screener::submit;
use crate::screening::{ScreeningError, Spool, records};
use crate::store::read::dealings;

const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Bytes that are made durable together.
const PIECE_BYTES: usize = 1 << 20;

/// `GET /v1/issuances/{id}/tokens`
pub async fn upload(hub: Data<Hub>, caller: Caller, id: Path<MessageId>) -> Answer {
    let (issuance, tokens) = own(&hub, &caller, *id).await?;
    let spool = Arc::clone(&hub.spool);
    let offset = if issuance.state == IssuanceState::Registered {
        blocking(move || spool.offset(issuance.id)).await?
    } else {
        tokens.stream_bytes
    };
    Ok(progress(&issuance, &tokens, offset))
}

/// `PUT /v1/issuances/{id}/tokens`
pub async fn put_tokens(
    hub: Data<Hub>,
    caller: Caller,
    id: Path<MessageId>,
    request: HttpRequest,
    body: Payload,
) -> Answer {
    let (issuance, tokens) = own(&hub, &caller, *id).await?;
    match issuance.state {
        IssuanceState::Registered => {}
        IssuanceState::Abandoned | IssuanceState::Refused => {
            let ended = Problem::of(CheckCode::T05)
                .detail(format!(
                    "The issuance is `{}`: register its activities again.",
                    issuance.state
                ))
                .expected(IssuanceState::Registered)
                .found(issuance.state);
            return Err(ended.into());
        }
        // It arrived before: the answer was lost.
        _ => return Ok(progress(&issuance, &tokens, tokens.stream_bytes)),
    }
    // One upload of a stream at a time: what one checks, another must not change.
    let _alone = Alone::with(&hub, *id).ok_or_else(|| Refused::from(Problem::api(ApiProblem::Busy).retry_after(1)))?;
    let from = match request.headers().get(UPLOAD_OFFSET) {
        None => 0,
        Some(value) => number(value)?,
    };
    let (spool, id) = (Arc::clone(&hub.spool), issuance.id);
    let here = blocking(move || spool.offset(id)).await?;
    if from != here {
        let wrong = ScreeningError::Offset {
            given: from,
            right: here,
        };
        return Ok(at(problem(&refused(&wrong).0), here));
    }
    if here == 0 {
        quota::check(&hub, id, &issuance.issuer, &tokens).await?;
    }
    let offset = receive(&hub, &issuance, &tokens, from, body).await?;
    if offset < tokens.stream_bytes {
        return Ok(progress(&issuance, &tokens, offset));
    }
    finish(&hub, issuance, &tokens).await
}

/// The one upload of an issuance in this process.
struct Alone {
    hub: Data<Hub>,
    issuance: MessageId,
}

impl Alone {
    fn with(hub: &Data<Hub>, issuance: MessageId) -> Option<Self> {
        let mut uploading = hub.uploading.lock().unwrap_or_else(PoisonError::into_inner);
        uploading.insert(issuance).then(|| Self {
            hub: hub.clone(),
            issuance,
        })
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let mut uploading = self.hub.uploading.lock().unwrap_or_else(PoisonError::into_inner);
        uploading.remove(&self.issuance);
    }
}

/// The caller's own issuance, and what its header says of its tokens.
async fn own(hub: &Hub, caller: &Caller, id: MessageId) -> Result<(Issuance, TokenCommitment), Refused> {
    let found = hub.read(move |c| dealings::issuance(c, id)).await?;
    let issuance = found
        .filter(|issuance| issuance.issuer == caller.member)
        .ok_or_else(Refused::not_found)?;
    let tokens = issuance.content.tokens.clone().ok_or_else(|| {
        Refused::from(Problem::of(CheckCode::S08).detail("This issuance was registered without a token stream."))
    })?;
    Ok((issuance, tokens))
}

fn number(value: &HeaderValue) -> Result<u64, Refused> {
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| Refused::parameter("Upload-Offset", "it is the number of bytes that came before"))
}

fn progress(issuance: &Issuance, tokens: &TokenCommitment, offset: u64) -> HttpResponse {
    let view = UploadView {
        issuance: issuance.id,
        offset,
        stream_bytes: tokens.stream_bytes,
        complete: issuance.state != IssuanceState::Registered,
    };
    at(with_status(StatusCode::OK, &view), offset)
}

fn at(mut response: HttpResponse, offset: u64) -> HttpResponse {
    response.headers_mut().insert(UPLOAD_OFFSET, HeaderValue::from(offset));
    response
}

/// Takes what comes; how much of the stream is here afterwards.
async fn receive(
    hub: &Hub,
    issuance: &Issuance,
    tokens: &TokenCommitment,
    from: u64,
    mut body: Payload,
) -> Result<u64, Refused> {
    let mut offset = from;
    let mut piece: Vec<u8> = Vec::new();
    // Also what ends at once says whether it was the right place.
    let mut first = true;
    while let Some(bytes) = body.next().await {
        // A connection that breaks has brought what it has brought.
        let Ok(bytes): Result<Bytes, _> = bytes else { break };
        piece.extend_from_slice(&bytes);
        if piece.len() >= PIECE_BYTES {
            offset = append(hub, issuance, tokens, offset, std::mem::take(&mut piece)).await?;
            first = false;
        }
    }
    if first || !piece.is_empty() {
        offset = append(hub, issuance, tokens, offset, piece).await?;
    }
    Ok(offset)
}

async fn append(
    hub: &Hub,
    issuance: &Issuance,
    tokens: &TokenCommitment,
    offset: u64,
    bytes: Vec<u8>,
) -> Result<u64, Refused> {
    let (spool, id, stream_bytes) = (Arc::clone(&hub.spool), issuance.id, tokens.stream_bytes);
    let after = blocking(move || spool.append(id, offset, &bytes, stream_bytes)).await?;
    if offset == 0
        && after > 0
        && let Err(refused) = quota::check(hub, id, &issuance.issuer, tokens).await
    {
        // Another stream of the same member has begun at the same moment.
        let spool = Arc::clone(&hub.spool);
        blocking(move || spool.remove(id)).await?;
        return Err(refused);
    }
    Ok(after)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ScreeningError> + Send + 'static,
) -> Result<T, Refused> {
    web::block(work)
        .await
        .map_err(|error| Refused::fault(&error))?
        .map_err(|error| refused(&error))
}

fn refused(error: &ScreeningError) -> Refused {
    match error {
        ScreeningError::Offset { given, right } => Problem::api(ApiProblem::UploadOffset)
            .detail(error)
            .expected(right)
            .found(given)
            .into(),
        ScreeningError::TooLong { .. } | ScreeningError::Record { .. } | ScreeningError::Torn { .. } => {
            Problem::of(CheckCode::S09).detail(error).into()
        }
        _ => Refused::fault(error),
    }
}

/// The whole stream is here: it counts if it is the one that the header promised; if not, it is sent again from the start.
async fn finish(hub: &Hub, mut issuance: Issuance, tokens: &TokenCommitment) -> Answer {
    let id = issuance.id;
    let activity = hub
        .sequencer
        .governance()
        .methodologies
        .get(&issuance.content.methodology)
        .map(|published| published.content.activity.clone());
    let activity = activity.ok_or_else(|| Refused::from(Problem::api(ApiProblem::Internal)))?;
    let (spool, promised, header) = (Arc::clone(&hub.spool), tokens.clone(), issuance.content.clone());
    let judged = web::block(move || {
        let found = check_stream(spool.as_ref(), id, &promised, &activity, &header);
        if matches!(
            found,
            Ok(Some(_)) | Err(ScreeningError::Record { .. } | ScreeningError::Torn { .. })
        ) {
            spool.remove(id)?;
        }
        found
    });
    let judged = judged.await.map_err(|error| Refused::fault(&error))?;
    if let Some(wrong) = judged.map_err(|error| refused(&error))? {
        return Ok(at(problem(&wrong), 0));
    }
    crash::point("upload.before-arrival");
    let sequencer = hub.sequencer.clone();
    let answer = web::block(move || submit(&sequencer, Decision::TokensArrived { issuance: id })).await;
    let answer = answer.map_err(|error| Refused::fault(&error))?;
    match answer
        .map_err(|_| Refused::from(Problem::api(ApiProblem::Busy).retry_after(1)))?
        .result
    {
        Ok(_) => {
            issuance.state = IssuanceState::Uploaded;
            Ok(progress(&issuance, tokens, tokens.stream_bytes))
        }
        // Somebody else has brought it to its end at the same moment, or its time was over.
        Err(refusal) => Err(refusal.into()),
    }
}

/// S08, S09: what is wrong with a stream, if anything.
fn check_stream(
    spool: &dyn Spool,
    id: MessageId,
    promised: &TokenCommitment,
    activity: &Name,
    header: &tanqiao_protocol::message::Issuance,
) -> Result<Option<Problem>, ScreeningError> {
    let mut sums = StreamSums::default();
    for item in records(spool.open(id)?) {
        let item = item?;
        let kinds: Vec<_> = item.record.tokens.iter().map(|entry| entry.kind).collect();
        if let Some(kind) = missing(activity, &kinds) {
            let problem = Problem::of(CheckCode::S08)
                .detail(format!(
                    "Activity {} has no token of kind {kind}, which `{activity}` requires.",
                    item.record.index
                ))
                .expected(kind);
            return Ok(Some(problem));
        }
        if !sums.add(&item.record, &item.bytes) {
            let problem = Problem::of(CheckCode::S09)
                .detail("Activities are numbered from 0 without a gap, and sum to at most 2^53 − 1 g.")
                .expected(sums.count())
                .found(item.record.index);
            return Ok(Some(problem));
        }
    }
    let counts = (u64::from(header.activity_count), header.quantity_g.get());
    let found = (sums.count(), sums.grams());
    if counts != found {
        let say = |(count, grams)| format!("{count} activities of {grams} g");
        let problem = Problem::of(CheckCode::S09)
            .detail("The stream has another number of activities, or other grams, than the header.")
            .expected(say(counts))
            .found(say(found));
        return Ok(Some(problem));
    }
    if sums.commitment(promised.suite).as_ref() == Some(promised) {
        return Ok(None);
    }
    let problem = Problem::of(CheckCode::S09)
        .detail("The stream is not the one that the header commits to: root, number of tokens, or months differ.")
        .expected(promised.root);
    Ok(Some(problem))
}

/// `GET /v1/token-epochs/{epoch}`
#[derive(Debug, Serialize)]
struct EpochView {
    #[serde(flatten)]
    keys: EpochKeys,
    log_index: i64,
}

/// `GET /v1/token-epochs`
pub async fn epochs(hub: Data<Hub>, _caller: Caller) -> Answer {
    let governance = hub.sequencer.governance();
    let items: Vec<EpochView> = governance
        .token_epochs
        .values()
        .filter_map(|standing| {
            Some(EpochView {
                keys: standing.keys.clone(),
                log_index: standing.log_index?,
            })
        })
        .collect();
    json(&super::page::whole(items))
}

/// `GET /v1/token-epochs/{epoch}`
pub async fn epoch(hub: Data<Hub>, _caller: Caller, epoch: Path<Epoch>) -> Answer {
    let governance = hub.sequencer.governance();
    let standing = governance
        .token_epochs
        .get(&epoch)
        .filter(|one| one.log_index.is_some());
    let found = standing.ok_or_else(Refused::not_found)?;
    json(&EpochView {
        keys: found.keys.clone(),
        log_index: found.log_index.unwrap_or_default(),
    })
}
