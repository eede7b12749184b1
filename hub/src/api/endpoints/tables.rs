//! The addresses of the three listeners.

use actix_web::web::to;

use super::{Endpoint, Gives, Takes};
use crate::api::{
    assets, blocks, candidates, challenges, claims, conflicts, credits, dealings, enrolments, evidence, feed,
    governance, health, info, log, mappings, openapi, printing, public, receipts, reconciliations, tokens, witnesses,
    writes,
};

/// Parameters of every list of a member's own things.
const LISTED: &[(&str, &str)] = &[("open", "boolean"), ("after", "MessageId"), ("limit", "Limit")];

macro_rules! get {
    ($path:literal, $summary:literal, $query:expr, $gives:expr, $handler:expr) => {
        Endpoint {
            method: "GET",
            path: $path,
            summary: $summary,
            query: $query,
            takes: Takes::Nothing,
            gives: $gives,
            route: || to($handler),
        }
    };
}

macro_rules! signed {
    ($method:literal $path:literal, $summary:literal, $action:expr, $handler:expr) => {
        Endpoint {
            method: $method,
            path: $path,
            summary: $summary,
            query: &[],
            takes: Takes::Signed($action),
            gives: Gives::One("Outcome"),
            route: || to($handler),
        }
    };
}

macro_rules! plain {
    ($path:literal, $summary:literal, $takes:literal, $gives:expr, $handler:expr) => {
        Endpoint {
            method: "POST",
            path: $path,
            summary: $summary,
            query: &[],
            takes: Takes::Json($takes),
            gives: $gives,
            route: || to($handler),
        }
    };
}

/// Members, mutual TLS.
pub const FEDERATION: &[Endpoint] = &[
    get!(
        "/v1/hub",
        "Version, federation, log key, limits and clock of the hub",
        &[],
        Gives::One("HubInfo"),
        info::hub
    ),
    get!(
        "/v1/crl",
        "The revocation lists in force",
        &[],
        Gives::Media("application/x-pem-file"),
        info::crl
    ),
    get!(
        "/v1/openapi.json",
        "This description",
        &[],
        Gives::Media("application/json"),
        openapi::federation
    ),
    get!(
        "/v1/members",
        "Members with region, standing, signing keys and their validity",
        &[("after", "NodeId"), ("limit", "Limit")],
        Gives::Page("MemberView"),
        governance::members
    ),
    plain!(
        "/v1/certificates",
        "Renew the certificate of this connection with a new key's signing request",
        "Renewal",
        Gives::Status(201, "Renewed"),
        enrolments::renew
    ),
    signed!("POST" "/v1/messages", "Any signed envelopes", None, writes::messages),
    get!(
        "/v1/methodologies",
        "Published methodology versions, by region, activity, publisher and use",
        &[
            ("region", "RegionCode"),
            ("activity", "Name"),
            ("publisher", "NodeId"),
            ("use", "Use"),
            ("after", "MethodologyRef"),
            ("limit", "Limit")
        ],
        Gives::Page("MethodologyView"),
        governance::methodologies
    ),
    get!(
        "/v1/methodologies/{id}",
        "A methodology version such as `CN-4201-metro.v1`, or the latest of an id",
        &[],
        Gives::One("MethodologyView"),
        governance::methodology
    ),
    get!(
        "/v1/methodologies/{id}/{version}",
        "One methodology version",
        &[],
        Gives::One("MethodologyView"),
        governance::methodology_version
    ),
    signed!("PUT" "/v1/methodologies/{id}/{version}", "Publish a methodology version", Some("methodology"), writes::methodology),
    get!(
        "/v1/methodologies/{id}/{version}/sheet",
        "The attribute sheet of a methodology version, as last published or an earlier revision",
        &[("revision", "integer")],
        Gives::One("SheetView"),
        mappings::sheet
    ),
    signed!("PUT" "/v1/methodologies/{id}/{version}/sheet", "Publish the attribute sheet of a methodology version", Some("sheet"), writes::sheet),
    get!(
        "/v1/methodologies/{id}/{version}/sheet/difference",
        "What changed between two revisions of a sheet",
        &[("from", "integer!"), ("to", "integer")],
        Gives::Page("Change"),
        mappings::sheet_difference
    ),
    signed!("POST" "/v1/assets", "Register an asset, or revise it; what overlaps another is contested", Some("asset"), writes::asset),
    get!(
        "/v1/assets",
        "Registered assets, by region, class, registrant, state and id",
        &[
            ("region", "RegionCode"),
            ("activity", "Name"),
            ("member", "NodeId"),
            ("state", "AssetState"),
            ("id", "Name"),
            ("after", "text"),
            ("limit", "Limit")
        ],
        Gives::Page("AssetView"),
        assets::assets
    ),
    get!(
        "/v1/assets/{id}",
        "An asset with its revisions and the conflicts about it",
        &[],
        Gives::One("AssetDetail"),
        assets::asset
    ),
    get!(
        "/v1/asset-conflicts",
        "Conflicts about assets, in the order in which they were opened",
        &[
            ("asset", "Name"),
            ("member", "NodeId"),
            ("open", "boolean"),
            ("after", "integer"),
            ("limit", "Limit")
        ],
        Gives::Page("AssetConflictView"),
        assets::conflicts
    ),
    get!(
        "/v1/exclusivity",
        "Which schemes may count the same reduction at the same time",
        &[],
        Gives::Page("ExclusivityView"),
        assets::exclusivity
    ),
    get!(
        "/v1/mappings",
        "Mapping versions, where they stand, and what was given under each this year",
        &[
            ("origin", "MethodologyRef"),
            ("to", "RegionCode"),
            ("state", "MappingState"),
            ("after", "MappingRef"),
            ("limit", "Limit")
        ],
        Gives::Page("MappingView"),
        mappings::mappings
    ),
    signed!("POST" "/v1/mappings", "Propose a mapping version: the hub computes its factor from the sheets", Some("mapping-proposal"), writes::mapping_proposal),
    get!(
        "/v1/mappings/{mapping}",
        "One mapping version with the explanation of its factor and the comments on it",
        &[],
        Gives::One("MappingDetail"),
        mappings::mapping
    ),
    signed!("POST" "/v1/mappings/{mapping}/endorsement", "Endorse the record of a mapping version: the origin's member first", Some("mapping-endorsement"), writes::mapping_endorsement),
    signed!("POST" "/v1/mappings/{mapping}/objection", "Refuse a mapping version on a ground of the closed list", Some("mapping-objection"), writes::mapping_objection),
    signed!("POST" "/v1/mappings/{mapping}/suspension", "Stop a mapping version at once", Some("mapping-suspension"), writes::mapping_suspension),
    signed!("POST" "/v1/mappings/{mapping}/lifting", "Agree that a suspended mapping version recognises again", Some("mapping-lifting"), writes::mapping_lifting),
    signed!("POST" "/v1/mappings/{mapping}/comments", "Comment on a proposed mapping version", Some("mapping-comment"), writes::mapping_comment),
    get!(
        "/v1/mapping-sets/governed",
        "All mapping versions that have a record, as SSSOM TSV",
        &[],
        Gives::Media("text/tab-separated-values"),
        mappings::governed_set
    ),
    get!(
        "/v1/candidates",
        "Rows of imported mapping sets, none of which recognises anything",
        &[("methodology", "text"), ("after", "text"), ("limit", "Limit")],
        Gives::Page("CandidateView"),
        mappings::candidates
    ),
    get!(
        "/v1/candidates/ranked",
        "Pairs of methodologies that could be mapped, the best first, with reasons and with the evidence that is missing",
        &[("activity", "Name"), ("methodology", "text"), ("limit", "Limit")],
        Gives::Page("RankedPair"),
        candidates::ranked
    ),
    get!(
        "/v1/assessment",
        "What the hub would compute for a proposal, with its explanation; nothing is proposed",
        &[
            ("origin", "MethodologyRef!"),
            ("target", "MethodologyRef!"),
            ("predicate", "Predicate!"),
            ("to", "RegionCode!"),
            ("reference", "MethodologyRef"),
            ("through", "MethodologyRef"),
            ("source_region", "RegionCode"),
            ("vintage", "Year"),
            ("use", "Use"),
            ("mode", "Mode")
        ],
        Gives::One("Assessment"),
        candidates::assessment
    ),
    get!(
        "/v1/recognition",
        "What recognition would do: delivered, to the buffer, discounted, the mappings applied, in words",
        &[
            ("methodology", "MethodologyRef!"),
            ("to", "RegionCode!"),
            ("use", "Use!"),
            ("vintage", "Year!"),
            ("quantity_g", "Grams"),
            ("deliver_g", "Grams"),
            ("paid", "Factor"),
            ("mapping", "MappingRef"),
            ("region_of_act", "RegionCode"),
            ("issuance", "MessageId")
        ],
        Gives::One("Quote"),
        governance::recognition
    ),
    get!(
        "/v1/recognition/matrix",
        "Regions by regions: what is recognised where, at which factor, for which use; as JSON or CSV",
        &[("activity", "Name"), ("format", "MatrixFormat")],
        Gives::Page("MatrixCell"),
        mappings::recognition_matrix
    ),
    signed!("POST" "/v1/issuances", "Register an issuance", Some("issuance"), writes::issuance),
    get!(
        "/v1/issuances",
        "Own issuances",
        LISTED,
        Gives::Page("IssuanceView"),
        dealings::issuances
    ),
    get!(
        "/v1/issuances/{id}",
        "One of the own issuances",
        &[],
        Gives::One("IssuanceView"),
        dealings::issuance
    ),
    get!(
        "/v1/issuances/{id}/tokens",
        "How much of the token stream is here; `Upload-Offset` says where the next bytes begin",
        &[],
        Gives::One("UploadView"),
        tokens::upload
    ),
    Endpoint {
        method: "PUT",
        path: "/v1/issuances/{id}/tokens",
        summary: "The token stream, or a part of it from the byte that the header `Upload-Offset` names; screened once it is whole",
        query: &[],
        takes: Takes::Stream,
        gives: Gives::One("UploadView"),
        route: || to(tokens::put_tokens),
    },
    get!(
        "/v1/issuances/{id}/held",
        "Activities that were held back, and what became of them",
        &[("after", "integer"), ("limit", "Limit")],
        Gives::Page("HeldView"),
        conflicts::held
    ),
    get!(
        "/v1/token-epochs",
        "The token keys of every month that has some",
        &[],
        Gives::Page("EpochView"),
        tokens::epochs
    ),
    get!(
        "/v1/token-epochs/{epoch}",
        "The token keys of a month",
        &[],
        Gives::One("EpochView"),
        tokens::epoch
    ),
    signed!("POST" "/v1/token-epochs", "State the token keys of a month, as one of its evaluators", Some("token-epoch"), writes::token_epoch),
    get!(
        "/v1/conflicts",
        "Conflicts of the own activities",
        LISTED,
        Gives::Page("ConflictView"),
        conflicts::conflicts
    ),
    get!(
        "/v1/conflicts/{id}",
        "One of them, with what was said",
        &[],
        Gives::One("ConflictView"),
        conflicts::conflict
    ),
    signed!("POST" "/v1/conflicts/{id}/evidence", "Say something about a conflict, or give the activity up", Some("conflict-evidence"), writes::conflict_evidence),
    get!(
        "/v1/debts",
        "What this member owes, and owed, for what it lost",
        &[],
        Gives::Page("DebtView"),
        conflicts::debts
    ),
    signed!("PUT" "/v1/listings/{id}", "Expose credits for cross-region use; 0 g takes the listing down", Some("listing"), writes::listing),
    get!(
        "/v1/credits",
        "Who offers what; with `to` and `use`, recognised there at which factor",
        &[
            ("member", "NodeId"),
            ("region", "RegionCode"),
            ("activity", "Name"),
            ("use", "Use"),
            ("vintage", "Year"),
            ("to", "RegionCode"),
            ("after", "text"),
            ("limit", "Limit")
        ],
        Gives::Page("CreditView"),
        credits::list
    ),
    signed!("POST" "/v1/transfers", "Offer blocks to another member", Some("transfer-proposal"), writes::transfer),
    get!(
        "/v1/transfers",
        "Own transfers, as source or target",
        LISTED,
        Gives::Page("TransferView"),
        dealings::transfers
    ),
    get!(
        "/v1/transfers/{id}",
        "One of the own transfers, with the checks that ran",
        &[],
        Gives::One("TransferView"),
        dealings::transfer
    ),
    signed!("POST" "/v1/transfers/{id}/acceptance", "Accept an offer", Some("transfer-acceptance"), writes::transfer_acceptance),
    signed!("POST" "/v1/transfers/{id}/decline", "Say no to an offer", Some("transfer-decline"), writes::transfer_decline),
    signed!("POST" "/v1/transfers/{id}/withdrawal", "Take an offer back", Some("transfer-withdrawal"), writes::transfer_withdrawal),
    signed!("POST" "/v1/retirements", "Use blocks for one claim", Some("retirement"), writes::retirement),
    get!(
        "/v1/retirements",
        "Own retirements",
        LISTED,
        Gives::Page("RetirementView"),
        dealings::retirements
    ),
    get!(
        "/v1/retirements/{id}",
        "One of the own retirements",
        &[],
        Gives::One("RetirementView"),
        dealings::retirement
    ),
    get!(
        "/v1/claims",
        "Own claims by claimant, event, region and year: linked obligations, permissions, sums by use, and what looks claimed twice",
        &[
            ("claimant", "text"),
            ("event", "Name"),
            ("region", "RegionCode"),
            ("year", "Year")
        ],
        Gives::One("ClaimReport"),
        claims::claims
    ),
    get!(
        "/v1/permissions",
        "What officers permitted this member: claims that also meet an obligation linked to them",
        &[("after", "MessageId"), ("limit", "Limit")],
        Gives::Page("PermissionView"),
        claims::permissions
    ),
    get!(
        "/v1/permissions/{id}",
        "One of the own permissions, and how much of it is used",
        &[],
        Gives::One("PermissionView"),
        claims::permission
    ),
    get!(
        "/v1/challenges",
        "Challenges to this member: which records it has to show to the regulator, and until when",
        LISTED,
        Gives::Page("ChallengeView"),
        challenges::list
    ),
    get!(
        "/v1/challenges/{id}",
        "One of the challenges to this member",
        &[],
        Gives::One("ChallengeView"),
        challenges::one
    ),
    signed!("POST" "/v1/challenges/{id}/answer", "Show the records that a challenge asks for, sealed to the regulator's mailbox", Some("challenge-answer"), writes::challenge_answer),
    Endpoint {
        method: "POST",
        path: "/v1/reconciliations",
        summary: "Begin to compare the whole book with the hub's: the cut, totals, and the first symbols",
        query: &[],
        takes: Takes::Signed(Some("reconciliation")),
        gives: Gives::One("ReconciliationOpened"),
        route: || to(reconciliations::start),
    },
    get!(
        "/v1/reconciliations",
        "The own reconciliations, oldest first",
        &[("after", "MessageId"), ("limit", "Limit")],
        Gives::Page("ReconciliationView"),
        reconciliations::list
    ),
    get!(
        "/v1/reconciliations/{id}",
        "One of the own reconciliations",
        &[],
        Gives::One("ReconciliationView"),
        reconciliations::one
    ),
    plain!(
        "/v1/reconciliations/{id}/rounds",
        "The next symbols of the hub's set, the blocks of some records, or who has some serials",
        "ReconciliationRound",
        Gives::Media("application/octet-stream"),
        reconciliations::round
    ),
    signed!("POST" "/v1/reconciliations/{id}/result", "State what a reconciliation found", Some("reconciliation-result"), reconciliations::result),
    plain!(
        "/v1/reconciliations/{id}/report",
        "Give the findings of a result in full; the hub asks its log about them",
        "ReconciliationReport",
        Gives::One("ReconciliationView"),
        reconciliations::put_report
    ),
    get!(
        "/v1/reconciliations/{id}/report",
        "The findings of one of the own reconciliations, as JSON, HTML or CSV",
        &[("format", "ReportFormat")],
        Gives::One("ReconciliationReport"),
        reconciliations::report
    ),
    signed!("POST" "/v1/cancellations", "Take blocks out with no claim", Some("cancellation"), writes::cancellation),
    signed!("POST" "/v1/pledges", "Give blocks as collateral", Some("pledge"), writes::pledge),
    get!(
        "/v1/pledges",
        "Own pledges, as debtor or pledgee",
        LISTED,
        Gives::Page("PledgeView"),
        dealings::pledges
    ),
    get!(
        "/v1/pledges/{id}",
        "One of the own pledges",
        &[],
        Gives::One("PledgeView"),
        dealings::pledge
    ),
    signed!("POST" "/v1/pledges/{id}/release", "Give collateral back, with the pledgee's signed consent", Some("pledge-release"), writes::pledge_release),
    signed!(
        "POST" "/v1/pledges/{id}/foreclosure",
        "Ask for collateral to be taken, with the pledgee's signed consent; two officers decide",
        Some("pledge-foreclosure"),
        writes::pledge_foreclosure
    ),
    signed!("POST" "/v1/keys", "Propose a signing key under an active one; an officer approves it", Some("key"), writes::key),
    get!(
        "/v1/blocks",
        "Own blocks; with `serial`, the block that a serial is in and its whole life",
        &[
            ("holder", "NodeId"),
            ("series", "SeriesRef"),
            ("state", "BlockState"),
            ("serial", "text"),
            ("after", "text"),
            ("limit", "Limit")
        ],
        Gives::One("BlocksFound"),
        blocks::list
    ),
    get!(
        "/v1/feed",
        "The member's feed after a cursor; `wait` seconds for news. A cursor that is not of this feed is answered 409 `feed-fork`",
        &[
            ("after", "Sequence"),
            ("chain", "Sha256"),
            ("limit", "Limit"),
            ("wait", "Seconds")
        ],
        Gives::One("FeedPage"),
        feed::read
    ),
    get!(
        "/v1/events",
        "Events and their room",
        &[("after", "Name"), ("limit", "Limit")],
        Gives::Page("EventView"),
        dealings::events
    ),
    get!(
        "/v1/events/{id}",
        "One event",
        &[],
        Gives::One("EventView"),
        dealings::event
    ),
    signed!("POST" "/v1/events/{id}/donations", "Give blocks to an event", Some("donation"), writes::donation),
    get!(
        "/v1/donations",
        "Own donations",
        LISTED,
        Gives::Page("DonationView"),
        dealings::donations
    ),
    get!(
        "/v1/donations/{id}",
        "One of the own donations",
        &[],
        Gives::One("DonationView"),
        dealings::donation
    ),
    signed!("POST" "/v1/donations/{id}/withdrawal", "Take an undecided donation back", Some("donation-withdrawal"), writes::donation_withdrawal),
    get!(
        "/v1/certificates/{id}",
        "The certificate of a retirement or committed donation",
        &[],
        Gives::One("CertificateFile"),
        receipts::certificate
    ),
    get!(
        "/v1/certificates/{id}/pdf",
        "The certificate on one page, PDF/A-3b with its proof attached, in the language `lang` (`zh`, `en`). 409 `not-witnessed-yet` until its \
         leaf has been witnessed; 422 `not-printable` names a character that cannot be printed",
        &[("lang", "text")],
        Gives::Media("application/pdf"),
        printing::pdf
    ),
    get!(
        "/v1/certificates/{id}/svg",
        "The same page as SVG, its letters as outlines",
        &[("lang", "text")],
        Gives::Media("image/svg+xml"),
        printing::svg
    ),
    get!(
        "/v1/transfers/{id}/receipt",
        "The receipt of a committed transfer, for its parties; 409 `not-witnessed-yet` until its leaf has been witnessed",
        &[],
        Gives::Media("application/vnd.tanqiao.receipt+json"),
        receipts::transfer
    ),
    get!(
        "/v1/donations/{id}/receipt",
        "The receipt of an own committed donation",
        &[],
        Gives::Media("application/vnd.tanqiao.receipt+json"),
        receipts::donation
    ),
    get!(
        "/v1/retirements/{id}/receipt",
        "The receipt of an own retirement",
        &[],
        Gives::Media("application/vnd.tanqiao.receipt+json"),
        receipts::retirement
    ),
    get!(
        "/v1/envelopes/{sha256}",
        "An envelope as received, for its sender and those whom it names",
        &[],
        Gives::One("Envelope"),
        evidence::envelope
    ),
    get!(
        "/v1/log/pending",
        "What a witness is to cosign after a tree of `old` leaves (C2SP tlog-witness add-checkpoint); `wait` seconds for it. A log that is shorter \
         is answered 409 `log-behind`",
        &[("old", "Sequence"), ("wait", "Seconds")],
        Gives::Media("text/plain"),
        witnesses::pending
    ),
    get!(
        "/v1/log/cosignatures",
        "The highest checkpoint that the caller's witness has cosigned",
        &[],
        Gives::Media("text/plain"),
        witnesses::highest
    ),
    Endpoint {
        method: "POST",
        path: "/v1/log/cosignatures",
        summary: "A checkpoint with the caller's cosignature (C2SP tlog-cosignature v1)",
        query: &[],
        takes: Takes::Text,
        gives: Gives::One("CosignatureTaken"),
        route: || to(witnesses::cosign),
    },
    signed!("POST" "/v1/log/witness-key", "Propose the key of this member's witness; two officers admit it", Some("witness-key"), writes::witness_key),
    signed!("POST" "/v1/log/forks", "Show two notes of the log that contradict each other", Some("log-fork"), writes::log_fork),
    get!(
        "/log/checkpoint",
        "The newest checkpoint of the transparency log that has its quorum, a signed note (C2SP tlog-checkpoint)",
        &[],
        Gives::Media("text/plain"),
        log::checkpoint
    ),
    get!(
        "/log/policy",
        "The log's keys, its witnesses and their quorum (C2SP tlog-policy)",
        &[],
        Gives::Media("text/plain"),
        log::policy
    ),
    get!(
        "/log/tile/{tile:.*}",
        "A tile of hashes, or with `entries/` a bundle of entries (C2SP tlog-tiles)",
        &[],
        Gives::Media("application/octet-stream"),
        log::tile
    ),
];

/// New members, server TLS; and the CRL for everybody.
pub const ENROLMENT: &[Endpoint] = &[
    plain!(
        "/v1/enrolments",
        "Ask to join, with a one-time code, a certificate signing request and a signing key",
        "EnrolmentRequest",
        Gives::Status(202, "EnrolmentView"),
        enrolments::request
    ),
    get!(
        "/v1/enrolments/{id}",
        "How far an enrolment is; the certificate once it is approved",
        &[],
        Gives::One("EnrolmentView"),
        enrolments::get
    ),
    get!(
        "/v1/crl",
        "The revocation lists in force",
        &[],
        Gives::Media("application/x-pem-file"),
        info::crl
    ),
    get!(
        "/v1/openapi.json",
        "This description",
        &[],
        Gives::Media("application/json"),
        openapi::enrolment
    ),
];

/// Health, metrics and the public.
pub const CONSOLE: &[Endpoint] = &[
    get!(
        "/health/live",
        "The process answers",
        &[],
        Gives::One("Health"),
        health::live
    ),
    get!(
        "/health/ready",
        "It can do its work; 503 if not",
        &[],
        Gives::One("Health"),
        health::ready
    ),
    get!(
        "/metrics",
        "Prometheus metrics",
        &[],
        Gives::Media("text/plain"),
        health::metrics
    ),
    get!(
        "/v1/public/events",
        "Events and their progress",
        &[("after", "Name"), ("limit", "Limit")],
        Gives::Page("EventView"),
        dealings::events
    ),
    get!(
        "/v1/public/events/{id}",
        "One event",
        &[],
        Gives::One("EventView"),
        dealings::event
    ),
    get!(
        "/v1/public/certificates/{id}",
        "The certificate of a retirement or committed donation",
        &[],
        Gives::One("CertificateFile"),
        receipts::certificate
    ),
    get!(
        "/v1/public/certificates/{id}/pdf",
        "The certificate on one page, PDF/A-3b with its proof attached, in the language `lang` (`zh`, `en`). 409 `not-witnessed-yet` until its \
         leaf has been witnessed; 422 `not-printable` names a character that cannot be printed",
        &[("lang", "text")],
        Gives::Media("application/pdf"),
        printing::pdf
    ),
    get!(
        "/v1/public/certificates/{id}/svg",
        "The same page as SVG, its letters as outlines",
        &[("lang", "text")],
        Gives::Media("image/svg+xml"),
        printing::svg
    ),
    get!(
        "/v1/public/totals",
        "Grams and blocks by region, series and state at one size of the log, at most half a minute old: compare them with a replay",
        &[],
        Gives::One("PublicTotals"),
        receipts::public_totals
    ),
    get!(
        "/v1/public/statistics",
        "Totals over the whole ledger, at most half a minute old",
        &[],
        Gives::One("Statistics"),
        public::statistics
    ),
    get!(
        "/log/checkpoint",
        "The newest checkpoint of the transparency log that has its quorum, a signed note (C2SP tlog-checkpoint)",
        &[],
        Gives::Media("text/plain"),
        log::checkpoint
    ),
    get!(
        "/log/policy",
        "The log's keys, its witnesses and their quorum (C2SP tlog-policy)",
        &[],
        Gives::Media("text/plain"),
        log::policy
    ),
    get!(
        "/log/tile/{tile:.*}",
        "A tile of hashes, or with `entries/` a bundle of entries (C2SP tlog-tiles)",
        &[],
        Gives::Media("application/octet-stream"),
        log::tile
    ),
    get!(
        "/v1/openapi.json",
        "This description",
        &[],
        Gives::Media("application/json"),
        openapi::console
    ),
];
