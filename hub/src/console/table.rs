//! Every page, once: its address, who may see it, and what it is called in the record of what was done.

use tanqiao_desk::pages::{account, asset, glossary, sign_in};
use tanqiao_desk::{Who, get, post};

use super::{Hall, approvals, pages};
use crate::ledger::objects::Role;

/// A page, or something that is done.
pub type Route = tanqiao_desk::Route<Hall>;

const ACCOUNTS: Who<Role> = Who::Roles(&[Role::Officer, Role::Auditor, Role::Organiser]);
const READERS: Who<Role> = Who::Roles(&[Role::Officer, Role::Auditor]);
const OFFICERS: Who<Role> = Who::Roles(&[Role::Officer]);

/// All of them. What is not here does not exist.
pub const ROUTES: &[Route] = &[
    get!("/assets/{name}", Who::Everybody, asset),
    get!("/sign-in", Who::Everybody, sign_in::form),
    post!("/sign-in", Who::Everybody, "sign-in", sign_in::submit),
    post!("/sign-out", ACCOUNTS, "sign-out", sign_in::sign_out),
    get!("/confirm", ACCOUNTS, account::confirm_form),
    post!("/confirm", ACCOUNTS, "confirm", account::confirm),
    get!("/account", ACCOUNTS, account::show),
    get!("/account/factor", ACCOUNTS, account::factor_form),
    post!("/account/factor", ACCOUNTS, "enrol-factor", account::enrol_factor),
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
    get!(
        "/members/{member}/reconciliation",
        OFFICERS,
        confirmed,
        pages::reconciliation::request_form
    ),
    post!(
        "/members/{member}/reconciliation",
        OFFICERS,
        confirmed,
        "propose-reconciliation",
        pages::reconciliation::propose_request
    ),
    get!("/methodologies", READERS, pages::methodologies::list),
    get!("/methodologies/{methodology}", READERS, pages::methodologies::show),
    get!("/mappings", READERS, pages::mappings::list),
    get!("/mappings/new", OFFICERS, confirmed, pages::mapping_proposal::show),
    post!(
        "/mappings/new",
        OFFICERS,
        confirmed,
        "propose-mapping",
        pages::mapping_proposal::propose
    ),
    get!("/mappings/{mapping}", READERS, pages::mapping::show),
    get!(
        "/mappings/{mapping}/decisions/{decision}",
        OFFICERS,
        confirmed,
        pages::mapping_decisions::show
    ),
    post!(
        "/mappings/{mapping}/decisions/{decision}",
        OFFICERS,
        confirmed,
        "propose-mapping-decision",
        pages::mapping_decisions::propose
    ),
    get!("/recognition", READERS, pages::matrix::show),
    get!("/conflicts", READERS, pages::conflicts::list),
    get!("/conflicts/{conflict}", READERS, pages::conflict::show),
    get!(
        "/conflicts/{conflict}/decisions/{decision}",
        OFFICERS,
        confirmed,
        pages::conflict::decision_form
    ),
    post!(
        "/conflicts/{conflict}/decisions/{decision}",
        OFFICERS,
        confirmed,
        "propose-conflict-decision",
        pages::conflict::propose
    ),
    get!("/reconciliations", READERS, pages::reconciliations::list),
    get!(
        "/reconciliations/{reconciliation}",
        READERS,
        pages::reconciliation::show
    ),
    get!(
        "/reconciliations/{reconciliation}/report",
        READERS,
        pages::reconciliation::download
    ),
    get!(
        "/reconciliations/{reconciliation}/closing",
        OFFICERS,
        confirmed,
        pages::reconciliation::closing_form
    ),
    post!(
        "/reconciliations/{reconciliation}/closing",
        OFFICERS,
        confirmed,
        "propose-closing-of-findings",
        pages::reconciliation::propose_closing
    ),
    get!("/events", READERS, pages::events::list),
    get!("/events/{event}", READERS, pages::events::show),
    get!(
        "/events/{event}/closing",
        OFFICERS,
        confirmed,
        pages::events::closing_form
    ),
    post!(
        "/events/{event}/closing",
        OFFICERS,
        confirmed,
        "propose-closing-of-event",
        pages::events::propose_closing
    ),
    get!("/donations/{donation}", READERS, pages::donation::show),
    get!(
        "/donations/{donation}/decisions/{decision}",
        OFFICERS,
        confirmed,
        pages::donation::decision_form
    ),
    post!(
        "/donations/{donation}/decisions/{decision}",
        OFFICERS,
        confirmed,
        "propose-donation-decision",
        pages::donation::propose
    ),
    get!("/certificates", READERS, pages::certificates::list),
    get!("/certificates/{certificate}", READERS, pages::certificates::show),
    get!("/asset-register", READERS, pages::assets::list),
    get!("/asset-register/{asset}", READERS, pages::assets::show),
    get!("/asset-conflicts", READERS, pages::asset_conflicts::list),
    get!("/asset-conflicts/{number}", READERS, pages::asset_conflicts::show),
    get!(
        "/asset-conflicts/{number}/decisions/{decision}",
        OFFICERS,
        confirmed,
        pages::asset_conflicts::decision_form
    ),
    post!(
        "/asset-conflicts/{number}/decisions/{decision}",
        OFFICERS,
        confirmed,
        "propose-asset-conflict-decision",
        pages::asset_conflicts::propose
    ),
    get!("/officers", READERS, pages::officers::list),
    get!("/officers/new", OFFICERS, confirmed, pages::officers::admission_form),
    post!(
        "/officers/new",
        OFFICERS,
        confirmed,
        "propose-account",
        pages::officers::propose_admission
    ),
    get!(
        "/officers/{account}/change",
        OFFICERS,
        confirmed,
        pages::officers::change_form
    ),
    post!(
        "/officers/{account}/change",
        OFFICERS,
        confirmed,
        "propose-account-change",
        pages::officers::propose_change
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
    get!("/activity", READERS, account::activity),
    get!("/verify", Who::Everybody, pages::public::verify),
    get!("/verify/{certificate}", Who::Everybody, pages::public::certificate),
    get!(
        "/verify/{certificate}/certificate.pdf",
        Who::Everybody,
        pages::paper::pdf
    ),
    get!(
        "/verify/{certificate}/certificate.svg",
        Who::Everybody,
        pages::paper::svg
    ),
    get!("/statistics", Who::Everybody, pages::public::statistics),
    get!("/glossary", Who::Everybody, glossary),
];

/// Whether a role sees the page of a path.
pub(super) fn sees(path: &str, role: Option<Role>) -> bool {
    let found = ROUTES.iter().find(|route| route.method == "GET" && route.path == path);
    found.is_some_and(|route| route.who.may(role))
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
