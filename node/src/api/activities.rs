//! Activity records: streamed upload, and the jobs that it makes.

use std::io::SeekFrom;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt as _;
use serde::Deserialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::answer::{Answered, ApiError, items, ok};
use super::auth::{Caller, Import, Read};
use super::extract::{Query, media_type, page, part};
use crate::adapters::Format;
use crate::catalogue;
use crate::error::NodeError;
use crate::import::{self, Job, JobId, Order, Source};
use crate::service::Node;

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadQuery {
    methodology: MethodologyRef,
    #[serde(default)]
    strict: bool,
}

/// Imports a file of activity records under one methodology. The same file again is the same job: one that was cut off
/// goes on where it stopped, one that is done answers what it did. Bad lines are listed and passed over; with `strict` the
/// first one stops the job. `Prefer: respond-async` answers 202 at once.
pub(super) async fn activities_upload(
    _: Caller<Import>,
    node: web::Data<Node>,
    request: HttpRequest,
    query: Query<UploadQuery>,
    payload: web::Payload,
) -> Answered {
    let format = media_type(&request).and_then(|text| Format::of_media_type(&text));
    let format = format.ok_or_else(|| {
        ApiError::api(
            ApiProblem::UnsupportedMediaType,
            "Send `Content-Type: text/csv` or `application/x-ndjson`.",
        )
    })?;
    let rule = catalogue::rule_of(&node, &query.0.methodology).await?;
    let order = Order {
        rule,
        format,
        strict: query.0.strict,
        subjects: node.subjects().clone(),
    };
    let file = spool(payload).await?;
    let node = node.get_ref().clone();
    let source = blocking(move || Source::open(file).map_err(disk)).await?;
    let job = source.job(&order);
    let work = async move { blocking(move || run(&node, source, &order)).await };
    let location = format!("/api/v1/activities/jobs/{job}");
    if prefers_async(&request) {
        actix_web::rt::spawn(async move {
            if let Err(error) = work.await {
                tracing::error!(error = %error, %job, "an import stopped");
            }
        });
        #[derive(serde::Serialize)]
        struct Started {
            job: JobId,
        }
        return Ok(HttpResponse::Accepted()
            .insert_header((LOCATION, location))
            .json(Started { job }));
    }
    let done = work.await?;
    Ok(HttpResponse::Ok().insert_header((LOCATION, location)).json(done))
}

fn run(node: &Node, source: Source<std::fs::File>, order: &Order) -> Result<Job, NodeError> {
    import::run(node.store(), source, order, &|| node.now(), &mut |_| {})
}

fn prefers_async(request: &HttpRequest) -> bool {
    let prefer = request.headers().get("Prefer").and_then(|value| value.to_str().ok());
    prefer.is_some_and(|text| text.split(',').any(|one| one.trim() == "respond-async"))
}

/// Takes an upload into a file that has no name, so that it can be read twice and nothing is left behind.
async fn spool(mut payload: web::Payload) -> Result<std::fs::File, ApiError> {
    let file = blocking(|| tempfile::tempfile().map_err(disk)).await?;
    let mut file = tokio::fs::File::from_std(file);
    let mut bytes = 0_u64;
    while let Some(some) = payload.next().await {
        let some =
            some.map_err(|e| ApiError::api(ApiProblem::InvalidParameter, format!("The upload broke off: {e}.")))?;
        bytes += some.len() as u64;
        if bytes > FILE_BYTES_MAX {
            return Err(Problem::of(CheckCode::M03).detail("A file may have 16 GiB.").into());
        }
        file.write_all(&some).await.map_err(disk)?;
    }
    file.flush().await.map_err(disk)?;
    file.seek(SeekFrom::Start(0)).await.map_err(disk)?;
    Ok(file.into_std().await)
}

fn disk(error: std::io::Error) -> NodeError {
    tracing::error!(error = %error, "the temporary file of an upload cannot be used");
    NodeError::refused("storage", "the node has no room for the file: tell its operator")
}

async fn blocking<T, F>(work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, NodeError> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| NodeError::Cancelled)?;
    Ok(done?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobsQuery {
    #[serde(default = "page")]
    limit: u32,
}

/// The newest imports.
pub(super) async fn jobs_list(_: Caller<Read>, node: web::Data<Node>, query: Query<JobsQuery>) -> Answered {
    let limit = i64::from(query.0.limit.clamp(1, 1_000));
    items(&node.read(move |tx| import::list(tx, i64::MAX, limit)).await?)
}

/// One import: how far it is, what it added, which lines it refused.
pub(super) async fn job_view(_: Caller<Read>, node: web::Data<Node>, request: HttpRequest) -> Answered {
    let job: JobId = part(&request, "job")?;
    ok(&node.read(move |tx| import::find(tx, job)).await?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorsQuery {
    #[serde(default)]
    after: u64,
    #[serde(default = "page")]
    limit: u32,
}

/// The refused lines of an import that are kept: the first thousand.
pub(super) async fn job_errors(
    _: Caller<Read>,
    node: web::Data<Node>,
    request: HttpRequest,
    query: Query<ErrorsQuery>,
) -> Answered {
    let job: JobId = part(&request, "job")?;
    let ErrorsQuery { after, limit } = query.0;
    items(
        &node
            .read(move |tx| import::errors(tx, job, after, i64::from(limit.clamp(1, 1_000))))
            .await?,
    )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TotalsQuery {
    #[serde(default)]
    after: String,
    #[serde(default = "page")]
    limit: u32,
}

/// What an import added for each account, by series.
pub(super) async fn job_accounts(
    _: Caller<Read>,
    node: web::Data<Node>,
    request: HttpRequest,
    query: Query<TotalsQuery>,
) -> Answered {
    let job: JobId = part(&request, "job")?;
    let TotalsQuery { after, limit } = query.0;
    items(
        &node
            .read(move |tx| import::accounts(tx, job, &after, i64::from(limit.clamp(1, 1_000))))
            .await?,
    )
}
