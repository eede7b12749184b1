//! Every address of the hub, once: routes and the `OpenAPI` description are both made from these tables.

mod tables;

use actix_web::error::{PathError, QueryPayloadError};
use actix_web::http::Method;
use actix_web::web::{self, PathConfig, QueryConfig, ServiceConfig};
use actix_web::{HttpRequest, Route};

pub use tables::{CONSOLE, ENROLMENT, FEDERATION};

use super::answer::{Refused, method_not_allowed};

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Members, mutual TLS.
    Federation,
    /// New members, server TLS.
    Enrolment,
    /// Health, metrics and the public.
    Console,
}

impl Listener {
    /// In logs, metrics and tags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Federation => "federation",
            Self::Enrolment => "enrolment",
            Self::Console => "console",
        }
    }

    /// Its addresses.
    #[must_use]
    pub const fn endpoints(self) -> &'static [Endpoint] {
        match self {
            Self::Federation => FEDERATION,
            Self::Enrolment => ENROLMENT,
            Self::Console => CONSOLE,
        }
    }
}

/// What an address takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// No body.
    Nothing,
    /// Signed envelopes of this action; `None` for any.
    Signed(Option<&'static str>),
    /// JSON of this schema.
    Json(&'static str),
    /// Bytes, as they come.
    Stream,
    /// A text.
    Text,
}

/// What an address gives when it does not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// JSON of this schema.
    One(&'static str),
    /// A page of these.
    Page(&'static str),
    /// JSON of this schema, with this status.
    Status(u16, &'static str),
    /// Something else than JSON.
    Media(&'static str),
}

/// One address and method.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// `GET`, `POST` or `PUT`.
    pub method: &'static str,
    /// The path's pattern.
    pub path: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Its query parameters: name, schema.
    pub query: &'static [(&'static str, &'static str)],
    /// Its body.
    pub takes: Takes,
    /// Its answer.
    pub gives: Gives,
    route: fn() -> Route,
}

impl Endpoint {
    /// The path as it is described: without the patterns of its parameters.
    #[must_use]
    pub fn described_path(&self) -> String {
        self.path.replace(":.*}", "}")
    }
}

/// Puts the addresses of a listener into an application, with problem documents for everything that goes wrong before a
/// handler runs.
pub fn mount(listener: Listener, config: &mut ServiceConfig) {
    config.app_data(QueryConfig::default().error_handler(|error, _| wrong_query(&error).into()));
    config.app_data(PathConfig::default().error_handler(|error, request| wrong_path(&error, request).into()));
    let endpoints = listener.endpoints();
    let mut mounted: Vec<&str> = Vec::new();
    for endpoint in endpoints {
        if mounted.contains(&endpoint.path) {
            continue;
        }
        mounted.push(endpoint.path);
        let here: Vec<&Endpoint> = endpoints.iter().filter(|other| other.path == endpoint.path).collect();
        let allow = here
            .iter()
            .map(|endpoint| endpoint.method)
            .collect::<Vec<_>>()
            .join(", ");
        let resource = here.iter().fold(web::resource(endpoint.path), |resource, endpoint| {
            resource.route((endpoint.route)().method(method_of(endpoint.method)))
        });
        config.service(resource.default_service(web::to(move || {
            let allow = allow.clone();
            async move { method_not_allowed(&allow) }
        })));
    }
    config.default_service(web::to(|| async {
        Err::<actix_web::HttpResponse, Refused>(Refused::not_found())
    }));
}

fn method_of(name: &str) -> Method {
    match name {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        _ => Method::GET,
    }
}

fn wrong_query(error: &QueryPayloadError) -> Refused {
    Refused::parameter("query", format!("{error}. The parameters are in /v1/openapi.json."))
}

/// An id that is none names nothing.
fn wrong_path(error: &PathError, request: &HttpRequest) -> Refused {
    let name = request.match_info().iter().next().map_or("path", |(name, _)| name);
    let mut refused = Refused::not_found();
    refused.0.detail = format!("The address holds no valid `{name}`: {error}.");
    refused
}
