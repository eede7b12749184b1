//! The node's own: accounts, activities, issuances, what it holds and how it is.

use actix_web::web::{get, post};

use super::{Endpoint, Gives, NEWEST, Takes, WAITING, command, open, read};
use crate::api::dealings::{self, Issuance};
use crate::api::{accounts, activities, conflicts, health, issuances, log, reconciliations, records};
use crate::tokens::Scope;

/// Addresses and methods.
pub(super) const OWN: &[Endpoint] = &[
    read(
        "/api/v1/accounts",
        "Accounts by id, with what they hold",
        &[("after", "AccountId"), ("limit", "Limit")],
        Gives::Items("Account"),
        || get().to(accounts::accounts_list),
    ),
    Endpoint {
        method: "POST",
        scope: Some(Scope::Import),
        takes: Takes::Json("NewAccount"),
        ..read(
            "/api/v1/accounts",
            "Open an account. The same again does nothing",
            &[],
            Gives::Made("Account"),
            || post().to(accounts::account_create),
        )
    },
    read(
        "/api/v1/accounts/{account}",
        "One account and what it holds",
        &[],
        Gives::One("Account"),
        || get().to(accounts::account_view),
    ),
    read(
        "/api/v1/accounts/{account}/journal",
        "Every arrival, departure and move of an account's serials, newest first",
        &[("before", "Timestamp"), ("limit", "Limit")],
        Gives::Items("JournalLine"),
        || get().to(accounts::account_journal),
    ),
    Endpoint {
        query: &[],
        gives: Gives::Made("Moved"),
        ..command(
            "/api/v1/accounts/{account}/moves",
            "Move free grams to another account of this node; the hub is not told",
            "Move",
            || post().to(accounts::account_move),
        )
    },
    Endpoint {
        scope: Some(Scope::Admin),
        query: &[],
        gives: Gives::Made("Moved"),
        ..command(
            "/api/v1/accounts/{account}/attributions",
            "Give grams of `suspense` to the account that they belong to, with the reason; the hub is not told",
            "Attribution",
            || post().to(accounts::account_attribute),
        )
    },
    Endpoint {
        method: "POST",
        scope: Some(Scope::Import),
        takes: Takes::Records,
        ..read(
            "/api/v1/activities",
            "Import a file of activity records under one methodology. The same file again is the same job: one that was cut off \
             goes on where it stopped, one that is done answers what it did. Bad lines are listed and passed over; with `strict` \
             the first one stops the job. `Prefer: respond-async` answers 202 at once",
            &[("methodology!", "MethodologyRef"), ("strict", "boolean")],
            Gives::Job("Job", "JobStarted"),
            || post().to(activities::activities_upload),
        )
    },
    read(
        "/api/v1/activities/jobs",
        "The newest imports",
        &[("limit", "Limit")],
        Gives::Items("Job"),
        || get().to(activities::jobs_list),
    ),
    read(
        "/api/v1/activities/jobs/{job}",
        "One import: how far it is, what it added, which lines it refused",
        &[],
        Gives::One("Job"),
        || get().to(activities::job_view),
    ),
    read(
        "/api/v1/activities/jobs/{job}/errors",
        "The refused lines of an import that are kept: the first thousand; those after a line",
        &[("after", "integer"), ("limit", "Limit")],
        Gives::Items("LineError"),
        || get().to(activities::job_errors),
    ),
    read(
        "/api/v1/activities/jobs/{job}/accounts",
        "What an import added for each account, by series; accounts after one",
        &[("after", "text"), ("limit", "Limit")],
        Gives::Items("AccountTotal"),
        || get().to(activities::job_accounts),
    ),
    read(
        "/api/v1/issuances",
        "Issuances, newest first",
        NEWEST,
        Gives::Items("Dealing"),
        || get().to(dealings::list::<Issuance>),
    ),
    Endpoint {
        gives: Gives::DecidedOr("Issued"),
        ..command(
            "/api/v1/issuances",
            "Issue everything of one methodology, region of the act and vintage that is not issued yet. The holders' accounts are \
             opened where there are none",
            "NewIssuance",
            || post().to(issuances::issuance_create),
        )
    },
    read(
        "/api/v1/issuances/pending",
        "What could be issued now: activities of each series that no issuance has yet",
        &[],
        Gives::Items("PendingSeries"),
        || get().to(issuances::issuances_pending),
    ),
    read(
        "/api/v1/issuances/{id}",
        "One issuance, and how far its tokens are made, sent and compared",
        &[],
        Gives::One("IssuanceDealing"),
        || get().to(issuances::issuance_view),
    ),
    Endpoint {
        gives: Gives::One("GivenUp"),
        query: &[],
        ..command(
            "/api/v1/issuances/{id}/withdrawal",
            "Give up an issuance whose tokens are still being made; its activities are pending again",
            "Nothing",
            || post().to(issuances::issuance_give_up),
        )
    },
    read(
        "/api/v1/conflicts",
        "Conflicts about activities that another issuance has too, newest first; of one state where one is given",
        &[("state", "ConflictState"), ("before", "MessageId"), ("limit", "Limit")],
        Gives::Items("Conflict"),
        || get().to(conflicts::conflicts_list),
    ),
    read(
        "/api/v1/conflicts/{id}",
        "One conflict",
        &[],
        Gives::One("Conflict"),
        || get().to(conflicts::conflict_view),
    ),
    command(
        "/api/v1/conflicts/{id}/evidence",
        "State evidence for the other side and the hub's officers, or give the activity up",
        "ConflictStatement",
        || post().to(conflicts::conflict_evidence),
    ),
    read(
        "/api/v1/holdings",
        "What the node holds by series and state, as its feed says, and up to which entry and leaf this is so",
        &[],
        Gives::One("Holdings"),
        || get().to(records::holdings_view),
    ),
    read(
        "/api/v1/blocks",
        "Blocks of the node's book, by series and serial",
        &[("state", "BlockState"), ("after", "BlockRef"), ("limit", "Limit")],
        Gives::Items("BlockHolding"),
        || get().to(records::blocks_list),
    ),
    read(
        "/api/v1/reconciliations",
        "Whether the node and the hub agree: the digest of what the node holds, and every contradiction that was found",
        &[],
        Gives::One("Reconciliation"),
        || get().to(records::reconciliations_view),
    ),
    Endpoint {
        method: "POST",
        scope: Some(Scope::Admin),
        takes: Takes::Json("Nothing"),
        ..read(
            "/api/v1/reconciliations",
            "Compare every block with the hub's, and tell the hub what was found. Trade goes on meanwhile",
            &[],
            Gives::Made("KeptReconciliation"),
            || post().to(reconciliations::reconciliation_begin),
        )
    },
    read(
        "/api/v1/reconciliations/{id}",
        "One full reconciliation that has ended",
        &[],
        Gives::One("KeptReconciliation"),
        || get().to(reconciliations::reconciliation_view),
    ),
    read(
        "/api/v1/reconciliations/{id}/report",
        "Its findings, both versions of each, probable cause and proposed repair: a page, or with `format` csv or json those",
        &[("format", "text")],
        Gives::Media("text/html"),
        || get().to(reconciliations::reconciliation_report),
    ),
    Endpoint {
        method: "POST",
        scope: Some(Scope::Admin),
        takes: Takes::Json("RepairOrder"),
        ..read(
            "/api/v1/reconciliations/{id}/repair",
            "Build the node's book anew from its feed, as one role decides and another approves, and reconcile again",
            &[],
            Gives::Made("Repaired"),
            || post().to(reconciliations::reconciliation_repair),
        )
    },
    read(
        "/api/v1/log",
        "How far the hub's transparency log is verified and cosigned, and evidence against it",
        &[],
        Gives::One("LogView"),
        || get().to(log::log_view),
    ),
    read(
        "/api/v1/status",
        "How the node is: feed, outbox, offers, suspense",
        &[],
        Gives::One("Status"),
        || get().to(records::status_view),
    ),
    read(
        "/api/v1/messages/{id}",
        "How far a message to the hub is; with `wait_s`, after waiting for the hub's decision and its effect",
        WAITING,
        Gives::One("Answer"),
        || get().to(records::message_view),
    ),
    open(
        "/api/v1/openapi.json",
        "This description",
        Gives::Media("application/json"),
        || get().to(health::description),
    ),
    open("/health/live", "The process answers", Gives::One("Live"), || {
        get().to(health::live)
    }),
    open(
        "/health/ready",
        "The database answers, the feed is followed and not far behind, and the certificate is valid",
        Gives::Readiness("Ready"),
        || get().to(health::ready),
    ),
    open("/metrics", "Gauges for Prometheus", Gives::Media("text/plain"), || {
        get().to(health::metrics)
    }),
];
