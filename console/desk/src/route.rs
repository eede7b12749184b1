//! Routes: the address of a page, who may see it, and what it is called in the record of what was done.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;

use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, http::Method};

use crate::gate;
use crate::house::House;
use crate::visit::{Turn, Visit};

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<R: 'static> {
    /// Whoever comes.
    Everybody,
    /// Accounts with one of these roles.
    Roles(&'static [R]),
}

impl<R: PartialEq> Who<R> {
    /// Whether somebody of a role, or nobody known, may.
    #[must_use]
    pub fn may(&self, role: Option<R>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Roles(roles) => role.is_some_and(|role| roles.contains(&role)),
        }
    }
}

/// What a page is on its way to.
pub type Answering = Pin<Box<dyn Future<Output = Turn>>>;

/// A page, or something that is done.
pub struct Route<H: House> {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path's pattern.
    pub path: &'static str,
    /// Who may.
    pub who: Who<H::Role>,
    /// Whether the second factor must have been shown within the last minutes.
    pub confirmed: bool,
    /// What it is called in the record; empty for what only shows.
    pub action: &'static str,
    /// The page.
    pub answer: fn(Visit<H>) -> Answering,
}

impl<H: House> Debug for Route<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The line of a page: path, who may, `confirmed` where the second factor is wanted, and the function.
#[macro_export]
macro_rules! get {
    ($path:literal, $who:expr, $answer:path) => {
        $crate::route!("GET", $path, $who, false, "", $answer)
    };
    ($path:literal, $who:expr, confirmed, $answer:path) => {
        $crate::route!("GET", $path, $who, true, "", $answer)
    };
}

/// The line of something that is done, with its name in the record.
#[macro_export]
macro_rules! post {
    ($path:literal, $who:expr, $action:literal, $answer:path) => {
        $crate::route!("POST", $path, $who, false, $action, $answer)
    };
    ($path:literal, $who:expr, confirmed, $action:literal, $answer:path) => {
        $crate::route!("POST", $path, $who, true, $action, $answer)
    };
}

/// A line.
#[doc(hidden)]
#[macro_export]
macro_rules! route {
    ($method:literal, $path:literal, $who:expr, $confirmed:literal, $action:literal, $answer:path) => {
        $crate::Route {
            method: $method,
            path: $path,
            who: $who,
            confirmed: $confirmed,
            action: $action,
            answer: |visit| Box::pin($answer(visit)),
        }
    };
}

/// Mounts every route, each behind the gate.
pub fn mount<H: House>(house: &H, config: &mut ServiceConfig) {
    let mut mounted: Vec<&str> = Vec::new();
    for route in H::routes() {
        if mounted.contains(&route.path) {
            continue;
        }
        mounted.push(route.path);
        let here = H::routes().iter().filter(|other| other.path == route.path);
        let resource = here.fold(web::resource(route.path), |resource, route| {
            let method = if route.method == "POST" {
                Method::POST
            } else {
                Method::GET
            };
            let house = house.clone();
            let handler = move |request: HttpRequest, body: Bytes| gate::pass(house.clone(), route, request, body);
            resource.route(web::method(method).to(handler))
        });
        config.service(resource);
    }
}
