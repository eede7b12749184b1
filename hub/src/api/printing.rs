//! Certificates on paper: the page that people hang up, with its proof.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{self, Data, Path, Query};
use serde::Deserialize;
use tanqiao_certificate::{CertificateError, Document};
use tanqiao_console::Language;
use tanqiao_protocol::event::ClaimantKind;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tokio::sync::Semaphore;

use super::answer::{Answer, Refused};
use super::hub::Hub;
use super::receipts::{certificate_file, not_witnessed};
use crate::store::read::events;

/// Pages that are drawn at once: anybody may ask, and each takes some milliseconds of a processor.
static DRAWING: Semaphore = Semaphore::const_new(2);

/// In what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// PDF/A-3b.
    Pdf,
    /// SVG.
    Svg,
}

impl Form {
    /// The media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Svg => "image/svg+xml",
        }
    }

    /// The name of the file.
    pub(crate) fn file_name(self, id: MessageId, language: Language) -> String {
        let extension = match self {
            Self::Pdf => "pdf",
            Self::Svg => "svg",
        };
        format!("{id}.{}.{extension}", language.code())
    }
}

/// What is asked of a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    lang: Option<String>,
}

/// `GET /v1/certificates/{id}/pdf` and `GET /v1/public/certificates/{id}/pdf`
pub async fn pdf(hub: Data<Hub>, id: Path<MessageId>, asked: Query<Asked>) -> Answer {
    answer(&hub, id.into_inner(), &asked, Form::Pdf).await
}

/// `GET /v1/certificates/{id}/svg` and `GET /v1/public/certificates/{id}/svg`
pub async fn svg(hub: Data<Hub>, id: Path<MessageId>, asked: Query<Asked>) -> Answer {
    answer(&hub, id.into_inner(), &asked, Form::Svg).await
}

async fn answer(hub: &Hub, id: MessageId, asked: &Asked, form: Form) -> Answer {
    let language = match asked.lang.as_deref() {
        None => Language::default(),
        Some(code) => Language::from_code(code).ok_or_else(|| Refused::parameter("lang", "`lang` is `zh` or `en`."))?,
    };
    let page = printed(hub, id, language, form).await?.ok_or_else(Refused::not_found)?;
    let name = form.file_name(id, language);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .content_type(form.media_type())
        .body(page))
}

/// The page of a certificate; `None` if there is none of this number.
///
/// # Errors
/// `not-witnessed-yet`, `not-printable`, or a fault of the service.
pub(crate) async fn printed(
    hub: &Hub,
    id: MessageId,
    language: Language,
    form: Form,
) -> Result<Option<Vec<u8>>, Refused> {
    let Some(file) = certificate_file(hub, id).await? else {
        return Ok(None);
    };
    let event = match file.certificate.claim.claimant_kind {
        ClaimantKind::Event => {
            let name = file.certificate.claim.claimant.clone();
            hub.read(move |c| events::find(c, &name)).await?
        }
        ClaimantKind::Member | ClaimantKind::Organisation | ClaimantKind::Commitment => None,
    };
    let verify_at = hub.settings.public_url.clone();
    let _turn = DRAWING.acquire().await.map_err(|error| Refused::fault(&error))?;
    let drawn = web::block(move || {
        let titles = event
            .as_ref()
            .map(|event| (event.plan.title_zh.as_str(), event.plan.title_en.as_str()));
        let document = Document {
            file: &file,
            event: titles,
            verify_at: &verify_at,
        };
        match form {
            Form::Pdf => document.pdf(language),
            Form::Svg => document.svg(language).map(String::into_bytes),
        }
    });
    match drawn.await {
        Ok(Ok(page)) => Ok(Some(page)),
        Ok(Err(CertificateError::NotProven)) => Err(not_witnessed()),
        Ok(Err(error)) if error.is_of_content() => {
            let detail = format!("{}.", capital(&error.to_string()));
            Err(Problem::api(ApiProblem::NotPrintable).detail(detail).into())
        }
        Ok(Err(error)) => Err(Refused::fault(&error)),
        Err(error) => Err(Refused::fault(&error)),
    }
}

/// A sentence begins with a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
