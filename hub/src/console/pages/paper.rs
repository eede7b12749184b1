//! Certificates to print: one page in the reader's language, as PDF with its proof or as SVG.

use tanqiao_console::{Html, html};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::ApiProblem;
use tanqiao_protocol::receipt::CertificateFile;

use crate::api::printing::{Form, printed};
use crate::console::visit::{Fault, Reply, Turn, Visit};

/// Where the pages of a certificate are; nothing as long as there is no proof to print.
pub(super) fn offered(visit: &Visit, file: &CertificateFile) -> Html {
    if file.receipt.is_none() {
        return Html::default();
    }
    let (words, id) = (visit.words(), file.certificate.certificate);
    let address = |kind: &str| format!("/verify/{id}/certificate.{kind}?lang={}", visit.language.code());
    let links = html::link(&address("pdf"), words.c_print_pdf)
        .and(&Html::text(" · "))
        .and(&html::link(&address("svg"), words.c_print_svg));
    let body = html::paragraph_of(&links).and(&html::paragraph(words.c_print_how));
    html::section(words.c_print, &body)
}

/// `GET /verify/{certificate}/certificate.pdf`
pub(in crate::console) async fn pdf(visit: Visit) -> Turn {
    page(visit, Form::Pdf).await
}

/// `GET /verify/{certificate}/certificate.svg`
pub(in crate::console) async fn svg(visit: Visit) -> Turn {
    page(visit, Form::Svg).await
}

async fn page(visit: Visit, form: Form) -> Turn {
    let id: MessageId = visit.parameter("certificate")?;
    match printed(&visit.hub, id, visit.language, form).await {
        Ok(Some(bytes)) => {
            let name = form.file_name(id, visit.language);
            Ok(Reply::file(form.media_type(), Some(name), "no-store", bytes))
        }
        Ok(None) => Err(Fault::NotFound),
        Err(refused) if is_of(&refused.0.code) => {
            let words = visit.words();
            let body = html::paragraph(&refused.0.detail)
                .and(&html::paragraph_of(&html::link(&format!("/verify/{id}"), words.back)));
            Ok(Reply::status(refused.0.status, words.c_not_printable, body))
        }
        Err(refused) => Err(refused.into()),
    }
}

/// What the reader can do something about: read the page instead, or come back.
fn is_of(code: &str) -> bool {
    [ApiProblem::NotPrintable, ApiProblem::NotWitnessedYet]
        .iter()
        .any(|problem| problem.name() == code)
}
