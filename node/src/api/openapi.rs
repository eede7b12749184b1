//! The `OpenAPI` 3.1 description, made from the tables of addresses: what is registered is described, and nothing else.

mod own;
mod requests;
mod schemas;
mod shared;
mod words;

#[cfg(test)]
mod tests;

use tanqiao_protocol::problem::MEDIA_TYPE;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, Required,
    Schema,
};

use super::endpoints::{Endpoint, Gives, Takes, endpoints};

const ABOUT: &str = "A member registry beside a provincial carbon-inclusion platform. Quantities are whole grams of CO2e. \
    Everything but health, metrics and this description needs `Authorization: Bearer …` with the scope that the operation \
    names; `admin` covers every scope and every scope may read. A write may carry `Idempotency-Key` with a UUID of version 7: \
    the same request again is then the same command. Lists are newest first or sorted by id, at most 1,000 items a page. \
    What is refused is answered with a problem document (RFC 9457).";

const EXAMPLE_RECORDS: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place\n\
    wuhan-metro,ride-000001,holder-000001,12.5,km,2026-05-23T08:00:00+08:00,2026-05-23T08:40:00+08:00,420106\n";

/// The description.
#[must_use]
pub(super) fn document() -> OpenApi {
    let paths = endpoints().fold(PathsBuilder::new(), |paths, endpoint| {
        paths.path(
            endpoint.path,
            PathItem::new(http_method(endpoint.method), operation(endpoint)),
        )
    });
    let mut licence = License::new("Apache-2.0");
    licence.identifier = Some("Apache-2.0".to_owned());
    let info = InfoBuilder::new()
        .title("Tanqiao node API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(licence))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components()))
        .build()
}

fn components() -> Components {
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    schemas::all()
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| {
            components.schema(name, schema)
        })
        .security_scheme("token", SecurityScheme::Http(token))
        .build()
}

fn http_method(method: &str) -> HttpMethod {
    match method {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        _ => HttpMethod::Get,
    }
}

fn operation(endpoint: &Endpoint) -> Operation {
    let path = endpoint.path.replace(['{', '}'], "").replace(['/', '.'], "_");
    let mut operation = OperationBuilder::new()
        .tag(endpoint.tag())
        .summary(Some(endpoint.summary))
        .operation_id(Some(format!("{}{path}", endpoint.method.to_lowercase())));
    if let Some(scope) = endpoint.scope {
        operation = operation.security(SecurityRequirement::new("token", [scope.word()]));
    }
    for name in path_parameters(endpoint.path) {
        operation = operation.parameter(parameter(name, ParameterIn::Path, true, path_schema(name)));
    }
    for (name, schema) in endpoint.query {
        let required = name.ends_with('!');
        let name = name.trim_end_matches('!');
        operation = operation.parameter(parameter(name, ParameterIn::Query, required, schema));
    }
    if endpoint.is_command() {
        operation = operation.parameter(parameter("Idempotency-Key", ParameterIn::Header, false, "MessageId"));
    }
    operation = match endpoint.takes {
        Takes::Nothing => operation,
        Takes::Json(schema) => operation.request_body(Some(json_body(schema))),
        Takes::Records => operation
            .parameter(parameter("Prefer", ParameterIn::Header, false, "text"))
            .request_body(Some(records_body())),
    };
    let problem = ContentBuilder::new().schema(Some(reference("Problem"))).build();
    answered(operation, endpoint.gives)
        .response(
            "default",
            ResponseBuilder::new()
                .description("A problem: what is wrong, and what a person can do about it")
                .content(MEDIA_TYPE, problem),
        )
        .build()
}

fn parameter(name: &str, place: ParameterIn, required: bool, schema: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(if required { Required::True } else { Required::False })
        .schema(Some(schemas::parse(schema)))
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn path_schema(name: &str) -> &'static str {
    match name {
        "account" => "AccountId",
        "job" => "Sha256",
        "listing" => "Name",
        _ => "MessageId",
    }
}

fn answered(operation: OperationBuilder, gives: Gives) -> OperationBuilder {
    let json = |schema: RefOr<Schema>, words: &str| {
        ResponseBuilder::new()
            .description(words)
            .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
    };
    let decided = |operation: OperationBuilder, waiting: &str| {
        let place = HeaderBuilder::new().schema(Some(schemas::parse("text"))).build();
        operation
            .response(
                "202",
                json(reference(waiting), "In the outbox").header("Location", place.clone()),
            )
            .response(
                "201",
                json(reference("Answer"), "Decided by the hub").header("Location", place),
            )
    };
    match gives {
        Gives::One(schema) => operation.response("200", json(reference(schema), "Done")),
        Gives::Items(schema) => operation.response("200", json(schemas::items(schema), "A page")),
        Gives::Made(schema) => operation.response("201", json(reference(schema), "Made")),
        Gives::Decided => decided(operation, "Answer"),
        Gives::DecidedOr(schema) => decided(operation, schema),
        Gives::Job(done, runs) => operation
            .response("200", json(reference(done), "Done, or stopped"))
            .response("202", json(reference(runs), "It runs: ask at `Location`")),
        Gives::Readiness(schema) => operation
            .response("200", json(reference(schema), "Ready"))
            .response("503", json(reference(schema), "Not ready")),
        Gives::Media(media) => {
            let content = ContentBuilder::new().schema(Some(media_schema(media))).build();
            operation.response(
                "200",
                ResponseBuilder::new().description("Done").content(media, content),
            )
        }
    }
}

fn media_schema(media: &str) -> RefOr<Schema> {
    schemas::parse(if media == "application/json" { "any" } else { "text" })
}

fn reference(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

fn json_body(schema: &str) -> RequestBody {
    let content = ContentBuilder::new().schema(Some(reference(schema))).build();
    RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content("application/json", content)
        .build()
}

fn records_body() -> RequestBody {
    let content = |example: Option<&str>| {
        ContentBuilder::new()
            .schema(Some(schemas::parse("text")))
            .example(example.map(serde_json::Value::from))
            .build()
    };
    RequestBodyBuilder::new()
        .description(Some(
            "CSV with a header, or NDJSON. Columns: source, record_id, account, quantity, unit, started_at, ended_at, place; and \
             where there are any methodology, reduction_g, asset, subject (the person's identifier, kept sealed at the node)",
        ))
        .required(Some(Required::True))
        .content("text/csv", content(Some(EXAMPLE_RECORDS)))
        .content("application/x-ndjson", content(None))
        .build()
}
