//! The `OpenAPI` 3.1 description, made from the tables of addresses: what is registered is described, and nothing else.

mod schemas;
mod words;

use std::fmt::Write as _;

use actix_web::HttpResponse;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::problem::{ApiProblem, MEDIA_TYPE};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, Required, Schema,
};

use super::answer::{Answer, Refused};
use super::endpoints::{Endpoint, Gives, Listener, Takes};

/// `GET /v1/openapi.json` of the federation listener.
pub async fn federation() -> Answer {
    served(Listener::Federation)
}

/// `GET /v1/openapi.json` of the enrolment listener.
pub async fn enrolment() -> Answer {
    served(Listener::Enrolment)
}

/// `GET /v1/openapi.json` of the console listener.
pub async fn console() -> Answer {
    served(Listener::Console)
}

fn served(listener: Listener) -> Answer {
    let text = document(listener).to_json().map_err(|error| Refused::fault(&error))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

/// The description of a listener.
#[must_use]
pub fn document(listener: Listener) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for endpoint in listener.endpoints() {
        paths = paths.path(
            endpoint.described_path(),
            PathItem::new(http_method(endpoint.method), operation(listener, endpoint)),
        );
    }
    let info = InfoBuilder::new()
        .title(format!("Tanqiao hub, {} listener", listener.name()))
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(describe(listener)))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components()))
        .build()
}

fn describe(listener: Listener) -> String {
    let about = match listener {
        Listener::Federation => {
            "Members of the federation, over TLS 1.3 with a client certificate that names the member. What changes state is a DSSE \
             envelope, a list of them in `{\"envelopes\":[…]}`, or one envelope around a batch. One envelope around one message is answered \
             with its outcome or a problem; everything else with 207 and one result an item."
        }
        Listener::Enrolment => "New members, over TLS 1.3 without a client certificate.",
        Listener::Console => "Health, metrics, and what everybody may see.",
    };
    let mut text = format!(
        "{about}\n\nEverything that is refused is answered with a problem document (RFC 9457). Its `code` and `check`:\n"
    );
    for check in CheckCode::all() {
        let row = check.check();
        let _ = write!(
            text,
            "\n- `{}` {check} ({}): {}",
            row.name, row.http_status, row.title_en
        );
    }
    for problem in ApiProblem::ALL {
        let _ = write!(
            text,
            "\n- `{}` ({}): {}",
            problem.name(),
            problem.http_status(),
            problem.title_en()
        );
    }
    text
}

fn http_method(method: &str) -> HttpMethod {
    match method {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        _ => HttpMethod::Get,
    }
}

fn reference(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

fn operation(listener: Listener, endpoint: &Endpoint) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new()
        .tag(listener.name())
        .summary(Some(endpoint.summary))
        .operation_id(Some(operation_id(endpoint)));
    for name in path_parameters(&endpoint.described_path()) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(schemas::parse("text")));
        operation = operation.parameter(parameter);
    }
    for (name, schema) in endpoint.query {
        let required = schema.ends_with('!');
        let parameter = ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Query)
            .required(if required { Required::True } else { Required::False })
            .schema(Some(schemas::parse(schema.trim_end_matches('!'))));
        operation = operation.parameter(parameter);
    }
    operation = match endpoint.takes {
        Takes::Nothing => operation,
        Takes::Signed(action) => operation.request_body(Some(body("Signed", &signed(action)))),
        Takes::Stream => operation.request_body(Some(bytes("Bytes", "application/octet-stream"))),
        Takes::Text => operation.request_body(Some(bytes("A text", "text/plain"))),
        Takes::Json(schema) => operation.request_body(Some(body(schema, "JSON"))),
    };
    operation = answered(operation, endpoint);
    let problem = ContentBuilder::new().schema(Some(reference("Problem"))).build();
    operation
        .response(
            "default",
            ResponseBuilder::new()
                .description("A problem: what is wrong, and what a person can do about it")
                .content(MEDIA_TYPE, problem),
        )
        .build()
}

fn answered(operation: OperationBuilder, endpoint: &Endpoint) -> OperationBuilder {
    let json = |schema: RefOr<Schema>| {
        ResponseBuilder::new().content("application/json", ContentBuilder::new().schema(Some(schema)).build())
    };
    match endpoint.gives {
        Gives::One(schema) => {
            let operation = operation.response("200", json(reference(schema)).description("Done"));
            if matches!(endpoint.takes, Takes::Signed(_)) {
                operation
                    .response(
                        "201",
                        json(reference(schema)).description("Done, and something new was made"),
                    )
                    .response(
                        "202",
                        json(reference(schema)).description("Taken, and waits for somebody or some time"),
                    )
                    .response("207", json(reference("Results")).description("One result an item"))
            } else {
                operation
            }
        }
        Gives::Page(schema) => operation.response("200", json(schemas::page(schema)).description("A page")),
        Gives::Status(status, schema) => {
            operation.response(status.to_string(), json(reference(schema)).description("Done"))
        }
        Gives::Media(media) => {
            let content = ContentBuilder::new().schema(Some(schemas::parse("text"))).build();
            operation.response(
                "200",
                ResponseBuilder::new().description("Done").content(media, content),
            )
        }
    }
}

fn signed(action: Option<&str>) -> String {
    action.map_or_else(
        || "Signed envelopes of any action".to_owned(),
        |action| format!("Signed envelopes with payloadType application/vnd.tanqiao.{action}.v1+json"),
    )
}

fn body(schema: &str, description: &str) -> utoipa::openapi::request_body::RequestBody {
    let content = ContentBuilder::new().schema(Some(reference(schema))).build();
    RequestBodyBuilder::new()
        .description(Some(description))
        .required(Some(Required::True))
        .content("application/json", content)
        .build()
}

fn bytes(description: &str, media: &str) -> utoipa::openapi::request_body::RequestBody {
    let content = ContentBuilder::new().schema(Some(schemas::parse("text"))).build();
    RequestBodyBuilder::new()
        .description(Some(description))
        .required(Some(Required::True))
        .content(media, content)
        .build()
}

fn operation_id(endpoint: &Endpoint) -> String {
    let path = endpoint
        .described_path()
        .replace(['{', '}'], "")
        .replace(['/', '.'], "_");
    format!("{}{path}", endpoint.method.to_lowercase())
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn components() -> Components {
    let mut components = ComponentsBuilder::new();
    for (name, schema) in schemas::all() {
        components = components.schema(name, schema);
    }
    components.build()
}

#[cfg(test)]
mod tests;
