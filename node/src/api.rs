//! The API for the province's own platform (`/api/v1`), health and metrics.
//!
//! Handlers are thin: parse, call the node, answer. What changes something answers 202 with the message's id once it is
//! durable in the outbox; `wait_s` waits for the hub's decision. Problems are RFC 9457 documents.
//!
//! **Architecture invariant:** every route is in the table below and nowhere else; the description that clients read is made
//! from the same table.

mod accounts;
mod activities;
mod answer;
mod auth;
mod dealings;
mod extract;
mod health;
mod hub;
mod issuances;
mod pledges;
mod records;
mod retirements;
mod server;

#[cfg(test)]
mod tests;

use actix_web::middleware::from_fn;
use actix_web::web;
use utoipa::OpenApi;

use auth::BearerTokens;
pub(crate) use records::reconciliation;
pub use server::{ServerError, Serving, serve};

/// Declares every route once: its address, and for each method its handler.
macro_rules! routes {
    ($($address:literal { $($method:ident => $module:ident::$handler:ident),+ $(,)? })+) => {
        /// Method and address of every route of the API.
        pub const ROUTES: &[(&str, &str)] = &[$($((stringify!($method), $address)),+),+];

        fn configure(app: &mut web::ServiceConfig) {
            $(app.service(
                web::resource($address)
                    $(.route(web::$method().to($module::$handler)))+
                    .default_service(web::to(answer::method_not_allowed))
                    .wrap(from_fn(auth::authenticate)),
            );)+
        }

        /// What the API is, as programs read it.
        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "Tanqiao node API",
                description = "A member registry beside a provincial carbon-inclusion platform. Quantities are whole grams \
                    of CO2e. Everything but health, metrics and this description needs `Authorization: Bearer …` with the \
                    scope that the operation names; `admin` covers every scope and every scope may read. A write may carry \
                    `Idempotency-Key` with a UUID of version 7: the same request again is then the same command. Lists are \
                    newest first or sorted by id, at most 1,000 items a page.",
                license(name = "Apache-2.0", identifier = "Apache-2.0")
            ),
            paths($($($module::$handler),+),+),
            modifiers(&BearerTokens)
        )]
        struct Description;
    };
}

routes! {
    "/api/v1/accounts" { get => accounts::accounts_list, post => accounts::account_create }
    "/api/v1/accounts/{account}" { get => accounts::account_view }
    "/api/v1/accounts/{account}/journal" { get => accounts::account_journal }
    "/api/v1/accounts/{account}/moves" { post => accounts::account_move }
    "/api/v1/activities" { post => activities::activities_upload }
    "/api/v1/activities/jobs" { get => activities::jobs_list }
    "/api/v1/activities/jobs/{job}" { get => activities::job_view }
    "/api/v1/activities/jobs/{job}/errors" { get => activities::job_errors }
    "/api/v1/activities/jobs/{job}/accounts" { get => activities::job_accounts }
    "/api/v1/issuances" { get => issuances::issuances_list, post => issuances::issuance_create }
    "/api/v1/issuances/pending" { get => issuances::issuances_pending }
    "/api/v1/issuances/{id}" { get => issuances::issuance_view }
    "/api/v1/holdings" { get => records::holdings_view }
    "/api/v1/blocks" { get => records::blocks_list }
    "/api/v1/transfers" { get => dealings::transfers_list, post => dealings::transfer_create }
    "/api/v1/transfers/{id}" { get => dealings::transfer_view }
    "/api/v1/transfers/{id}/acceptance" { post => dealings::transfer_accept }
    "/api/v1/transfers/{id}/decline" { post => dealings::transfer_decline }
    "/api/v1/transfers/{id}/withdrawal" { post => dealings::transfer_withdraw }
    "/api/v1/donations" { get => dealings::donations_list, post => dealings::donation_create }
    "/api/v1/donations/{id}" { get => dealings::donation_view }
    "/api/v1/donations/{id}/withdrawal" { post => dealings::donation_withdraw }
    "/api/v1/retirements" { get => retirements::retirements_list, post => retirements::retirement_create }
    "/api/v1/retirements/{id}" { get => retirements::retirement_view }
    "/api/v1/cancellations" { get => retirements::cancellations_list, post => retirements::cancellation_create }
    "/api/v1/pledges" { get => pledges::pledges_list, post => pledges::pledge_create }
    "/api/v1/pledges/{id}" { get => pledges::pledge_view }
    "/api/v1/pledges/{id}/consent" { post => pledges::pledge_consent }
    "/api/v1/pledges/{id}/release" { post => pledges::pledge_release }
    "/api/v1/pledges/{id}/foreclosure" { post => pledges::pledge_foreclose }
    "/api/v1/certificates/{id}" { get => hub::certificate_view }
    "/api/v1/catalogue" { get => hub::catalogue_list, post => hub::methodology_publish }
    "/api/v1/mappings" { get => hub::mappings_list }
    "/api/v1/recognition" { get => hub::recognition_quote }
    "/api/v1/events" { get => hub::events_list }
    "/api/v1/credits" { get => hub::credits_list }
    "/api/v1/listings/{listing}" { put => hub::listing_put }
    "/api/v1/reconciliations" { get => records::reconciliations_view }
    "/api/v1/status" { get => records::status_view }
    "/api/v1/messages/{id}" { get => records::message_view }
    "/api/v1/openapi.json" { get => health::description }
    "/health/live" { get => health::live }
    "/health/ready" { get => health::ready }
    "/metrics" { get => health::metrics }
}
