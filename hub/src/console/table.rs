//! Every page, once: its address, who may see it, and what it is called in the record of what was done.

use std::future::Future;
use std::pin::Pin;

use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, http::Method};

use super::visit::{Turn, Visit};
use super::{approvals, gate, pages};
use crate::ledger::objects::Role;

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever comes.
    Everybody,
    /// Accounts with one of these roles.
    Roles(&'static [Role]),
}

impl Who {
    /// Whether somebody of a role, or nobody known, may.
    #[must_use]
    pub fn may(self, role: Option<Role>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Roles(roles) => role.is_some_and(|role| roles.contains(&role)),
        }
    }
}

const ACCOUNTS: Who = Who::Roles(&[Role::Officer, Role::Auditor, Role::Organiser]);
const READERS: Who = Who::Roles(&[Role::Officer, Role::Auditor]);
const OFFICERS: Who = Who::Roles(&[Role::Officer]);

type Answering = Pin<Box<dyn Future<Output = Turn>>>;

/// A page, or something that is done.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path's pattern.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
    /// Whether the second factor must have been shown within the last minutes.
    pub confirmed: bool,
    /// What it is called in the record; empty for what only shows.
    pub action: &'static str,
    pub(super) answer: fn(Visit) -> Answering,
}

macro_rules! get {
    ($path:literal, $who:expr, $answer:path) => {
        route!("GET", $path, $who, false, "", $answer)
    };
    ($path:literal, $who:expr, confirmed, $answer:path) => {
        route!("GET", $path, $who, true, "", $answer)
    };
}

macro_rules! post {
    ($path:literal, $who:expr, $action:literal, $answer:path) => {
        route!("POST", $path, $who, false, $action, $answer)
    };
    ($path:literal, $who:expr, confirmed, $action:literal, $answer:path) => {
        route!("POST", $path, $who, true, $action, $answer)
    };
}

macro_rules! route {
    ($method:literal, $path:literal, $who:expr, $confirmed:literal, $action:literal, $answer:path) => {
        Route {
            method: $method,
            path: $path,
            who: $who,
            confirmed: $confirmed,
            action: $action,
            answer: |visit| Box::pin($answer(visit)),
        }
    };
}

/// All of them. What is not here does not exist.
pub const ROUTES: &[Route] = &[
    get!("/assets/{name}", Who::Everybody, pages::asset),
    get!("/sign-in", Who::Everybody, pages::sign_in::form),
    post!("/sign-in", Who::Everybody, "sign-in", pages::sign_in::submit),
    post!("/sign-out", ACCOUNTS, "sign-out", pages::sign_in::sign_out),
    get!("/confirm", ACCOUNTS, pages::account::confirm_form),
    post!("/confirm", ACCOUNTS, "confirm", pages::account::confirm),
    get!("/account", ACCOUNTS, pages::account::show),
    get!("/account/factor", ACCOUNTS, pages::account::factor_form),
    post!(
        "/account/factor",
        ACCOUNTS,
        "enrol-factor",
        pages::account::enrol_factor
    ),
    get!("/", READERS, pages::overview::show),
    get!("/members", READERS, pages::members::list),
    get!("/members/{member}", READERS, pages::members::show),
    get!(
        "/members/{member}/suspension",
        OFFICERS,
        confirmed,
        pages::members::suspension_form
    ),
    post!(
        "/members/{member}/suspension",
        OFFICERS,
        confirmed,
        "propose-suspension",
        pages::members::propose_suspension
    ),
    get!(
        "/members/{member}/reinstatement",
        OFFICERS,
        confirmed,
        pages::members::reinstatement_form
    ),
    post!(
        "/members/{member}/reinstatement",
        OFFICERS,
        confirmed,
        "propose-reinstatement",
        pages::members::propose_reinstatement
    ),
    get!("/approvals", READERS, approvals::list),
    get!("/approvals/{id}", READERS, approvals::show),
    post!("/approvals/{id}/claim", OFFICERS, "claim", approvals::claim),
    post!(
        "/approvals/{id}/approval",
        OFFICERS,
        confirmed,
        "approve",
        approvals::approve
    ),
    post!("/approvals/{id}/rejection", OFFICERS, "reject", approvals::reject),
    post!("/approvals/{id}/withdrawal", OFFICERS, "withdraw", approvals::withdraw),
    get!("/transfers", READERS, pages::transfers::list),
    get!("/transfers/new", READERS, pages::transfers::newer),
    get!("/transfers/{transfer}", READERS, pages::transfer::show),
    get!("/transfers/{transfer}/receipt", READERS, pages::transfer::receipt),
    get!("/search", READERS, pages::search::search),
    get!("/serials", READERS, pages::search::serial),
    get!("/log", READERS, pages::log::show),
    get!("/log/leaves/{index}", READERS, pages::log::leaf),
    get!("/activity", READERS, pages::account::activity),
    get!("/verify", Who::Everybody, pages::public::verify),
    get!("/verify/{certificate}", Who::Everybody, pages::public::certificate),
    get!("/statistics", Who::Everybody, pages::public::statistics),
    get!("/glossary", Who::Everybody, pages::public::glossary),
];

/// Whether a role sees the page of a path.
pub(super) fn sees(path: &str, role: Option<Role>) -> bool {
    let found = ROUTES.iter().find(|route| route.method == "GET" && route.path == path);
    found.is_some_and(|route| route.who.may(role))
}

/// Mounts the routes, each behind the gate.
pub(super) fn mount(config: &mut ServiceConfig) {
    let mut mounted: Vec<&str> = Vec::new();
    for route in ROUTES {
        if mounted.contains(&route.path) {
            continue;
        }
        mounted.push(route.path);
        let here = ROUTES.iter().filter(|other| other.path == route.path);
        let resource = here.fold(web::resource(route.path), |resource, route| {
            let method = if route.method == "POST" {
                Method::POST
            } else {
                Method::GET
            };
            let handler = move |request: HttpRequest, body: Bytes| gate::pass(route, request, body);
            resource.route(web::method(method).to(handler))
        });
        config.service(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_has_a_name_and_is_for_accounts() {
        for route in ROUTES {
            assert_eq!(route.method == "POST", !route.action.is_empty(), "{}", route.path);
            let open = route.who == Who::Everybody && route.method == "POST";
            assert_eq!(
                open,
                route.path == "/sign-in" && route.method == "POST",
                "{}",
                route.path
            );
            assert!(!route.confirmed || route.who == OFFICERS, "{}", route.path);
        }
    }

    #[test]
    fn auditors_change_nothing() {
        let own = ["/sign-in", "/sign-out", "/confirm", "/account/factor"];
        for route in ROUTES
            .iter()
            .filter(|route| route.method == "POST" && !own.contains(&route.path))
        {
            assert!(!route.who.may(Some(Role::Auditor)), "{}", route.path);
        }
    }
}
