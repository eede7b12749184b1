//! Every page, once: its address, who may see it, and what it is called in the record of what was done.

use tanqiao_desk::pages::{account, asset, glossary, sign_in};
use tanqiao_desk::{Who, get, post};

use super::{Office, pages};
use crate::staff::StaffRole;

/// A page, or something that is done.
pub type Route = tanqiao_desk::Route<Office>;

const STAFF: Who<StaffRole> = Who::Roles(&[StaffRole::Viewer, StaffRole::Operator, StaffRole::Approver]);

/// All of them. What is not here does not exist.
pub const ROUTES: &[Route] = &[
    get!("/assets/{name}", Who::Everybody, asset),
    get!("/sign-in", Who::Everybody, sign_in::form),
    post!("/sign-in", Who::Everybody, "sign-in", sign_in::submit),
    post!("/sign-out", STAFF, "sign-out", sign_in::sign_out),
    get!("/confirm", STAFF, account::confirm_form),
    post!("/confirm", STAFF, "confirm", account::confirm),
    get!("/account", STAFF, account::show),
    get!("/account/factor", STAFF, account::factor_form),
    post!("/account/factor", STAFF, "enrol-factor", account::enrol_factor),
    get!("/activity", STAFF, account::activity),
    get!("/", STAFF, pages::home::show),
    get!("/holdings", STAFF, pages::holdings::show),
    get!("/glossary", Who::Everybody, glossary),
];

/// Whether a role sees the page of a path.
pub(super) fn sees(path: &str, role: Option<StaffRole>) -> bool {
    let found = ROUTES.iter().find(|route| route.method == "GET" && route.path == path);
    found.is_some_and(|route| route.who.may(role))
}
