//! Every address of the API, once: routes and description are both made from these tables.

mod others;
mod own;

use actix_web::Route;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use self::others::OTHERS;
use self::own::OWN;
use super::answer::method_not_allowed;
use super::auth;
use crate::tokens::Scope;

/// What an address takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// No body.
    Nothing,
    /// JSON of this schema.
    Json(&'static str),
    /// A file of activity records.
    Records,
}

/// What an address gives when it does not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// 200 with this schema.
    One(&'static str),
    /// 200 with `{"items": […]}` of these.
    Items(&'static str),
    /// 201 with this schema.
    Made(&'static str),
    /// What became of a message: 202 while the hub has not decided, 201 once it has.
    Decided,
    /// As [`Self::Decided`], but 202 with this schema.
    DecidedOr(&'static str),
    /// 200 with the first schema when it is done, 202 with the second while it runs.
    Job(&'static str, &'static str),
    /// 200, or 503 with the same schema.
    Readiness(&'static str),
    /// 200 with something else than a schema's JSON.
    Media(&'static str),
}

/// A parameter's name and schema; a name that ends with `!` must be there.
pub(super) type Parameter = (&'static str, &'static str);

/// One address and method.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint {
    /// `GET`, `POST` or `PUT`.
    pub(super) method: &'static str,
    /// The pattern of the address.
    pub(super) path: &'static str,
    /// The scope that a token needs; `None` where nobody is asked for one.
    pub(super) scope: Option<Scope>,
    /// What it is for.
    pub(super) summary: &'static str,
    /// Its query parameters.
    pub(super) query: &'static [Parameter],
    /// Its body.
    pub(super) takes: Takes,
    /// Its answer.
    pub(super) gives: Gives,
    route: fn() -> Route,
}

impl Endpoint {
    /// The first part of the address after the version.
    pub(super) fn tag(&self) -> &'static str {
        let rest = self.path.strip_prefix("/api/v1/").unwrap_or("health");
        rest.split('/').next().unwrap_or(rest)
    }

    /// True if it takes an `Idempotency-Key`.
    pub(super) fn is_command(&self) -> bool {
        matches!(self.gives, Gives::Decided | Gives::DecidedOr(_)) || self.gives == Gives::Made("Moved")
    }
}

/// Parameters of every list that is newest first.
const NEWEST: &[Parameter] = &[("before", "MessageId"), ("limit", "Limit")];
/// Parameters of every command.
const WAITING: &[Parameter] = &[("wait_s", "WaitSeconds")];

const fn read(
    path: &'static str,
    summary: &'static str,
    query: &'static [Parameter],
    gives: Gives,
    route: fn() -> Route,
) -> Endpoint {
    Endpoint {
        method: "GET",
        path,
        scope: Some(Scope::Read),
        summary,
        query,
        takes: Takes::Nothing,
        gives,
        route,
    }
}

const fn open(path: &'static str, summary: &'static str, gives: Gives, route: fn() -> Route) -> Endpoint {
    Endpoint {
        scope: None,
        ..read(path, summary, &[], gives, route)
    }
}

/// A message to the hub, by somebody who may trade.
const fn command(path: &'static str, summary: &'static str, body: &'static str, route: fn() -> Route) -> Endpoint {
    Endpoint {
        method: "POST",
        scope: Some(Scope::Trade),
        takes: Takes::Json(body),
        ..read(path, summary, WAITING, Gives::Decided, route)
    }
}

/// Every address and method.
pub(super) fn endpoints() -> impl Iterator<Item = &'static Endpoint> + Clone {
    OWN.iter().chain(OTHERS)
}

/// Puts every address into an application.
pub(super) fn mount(config: &mut ServiceConfig) {
    let mut mounted: Vec<&str> = Vec::new();
    for endpoint in endpoints() {
        if mounted.contains(&endpoint.path) {
            continue;
        }
        mounted.push(endpoint.path);
        let here = endpoints().filter(|other| other.path == endpoint.path);
        let resource = here.fold(web::resource(endpoint.path), |resource, endpoint| {
            resource.route((endpoint.route)())
        });
        let resource = resource.default_service(web::to(method_not_allowed));
        // Whoever may see what is open to everybody is not asked for a token.
        match endpoint.scope {
            Some(_) => config.service(resource.wrap(from_fn(auth::authenticate))),
            None => config.service(resource),
        };
    }
}
