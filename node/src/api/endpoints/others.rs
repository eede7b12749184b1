//! What goes on with other members, with events and at the hub.

use actix_web::web::{get, post, put};

use super::{Endpoint, Gives, NEWEST, Takes, command, read};
use crate::api::dealings::{self, Cancellation, Donation, Pledge, Retirement, Transfer};
use crate::api::{assets, challenges, hub, mappings, offers, pledges, retirements};
use crate::tokens::Scope;

/// A command of whoever administers the node.
const fn administer(
    path: &'static str,
    summary: &'static str,
    takes: &'static str,
    route: fn() -> actix_web::Route,
) -> Endpoint {
    Endpoint {
        scope: Some(Scope::Admin),
        ..command(path, summary, takes, route)
    }
}

/// Addresses and methods.
pub(super) const OTHERS: &[Endpoint] = &[
    read(
        "/api/v1/transfers",
        "Transfers, newest first; of one direction where one is given",
        &[("direction", "Direction"), ("before", "MessageId"), ("limit", "Limit")],
        Gives::Items("Dealing"),
        || get().to(dealings::transfers),
    ),
    command(
        "/api/v1/transfers",
        "Offer blocks to another member",
        "NewTransfer",
        || post().to(offers::transfer_create),
    ),
    read(
        "/api/v1/transfers/{id}",
        "One transfer",
        &[],
        Gives::One("Dealing"),
        || get().to(dealings::view::<Transfer>),
    ),
    command(
        "/api/v1/transfers/{id}/acceptance",
        "Accept an offer; the source's signature and the terms are verified first",
        "Acceptance",
        || post().to(offers::transfer_accept),
    ),
    command("/api/v1/transfers/{id}/decline", "Decline an offer", "Reason", || {
        post().to(offers::transfer_decline)
    }),
    command(
        "/api/v1/transfers/{id}/withdrawal",
        "Take an undecided transfer back",
        "Reason",
        || post().to(offers::transfer_withdraw),
    ),
    read(
        "/api/v1/donations",
        "Donations, newest first",
        NEWEST,
        Gives::Items("Dealing"),
        || get().to(dealings::list::<Donation>),
    ),
    command("/api/v1/donations", "Give blocks to an event", "NewDonation", || {
        post().to(offers::donation_create)
    }),
    read(
        "/api/v1/donations/{id}",
        "One donation",
        &[],
        Gives::One("Dealing"),
        || get().to(dealings::view::<Donation>),
    ),
    command(
        "/api/v1/donations/{id}/withdrawal",
        "Take an undecided donation back",
        "Reason",
        || post().to(offers::donation_withdraw),
    ),
    read(
        "/api/v1/retirements",
        "Retirements, newest first",
        NEWEST,
        Gives::Items("Dealing"),
        || get().to(dealings::list::<Retirement>),
    ),
    command(
        "/api/v1/retirements",
        "Use blocks for one claim, for good",
        "NewRetirement",
        || post().to(retirements::retirement_create),
    ),
    read(
        "/api/v1/retirements/{id}",
        "One retirement",
        &[],
        Gives::One("Dealing"),
        || get().to(dealings::view::<Retirement>),
    ),
    read(
        "/api/v1/cancellations",
        "Cancellations, newest first",
        NEWEST,
        Gives::Items("Dealing"),
        || get().to(dealings::list::<Cancellation>),
    ),
    command(
        "/api/v1/cancellations",
        "Take blocks out for good with no claim",
        "NewCancellation",
        || post().to(retirements::cancellation_create),
    ),
    read(
        "/api/v1/cancellations/{id}",
        "One cancellation",
        &[],
        Gives::One("Dealing"),
        || get().to(dealings::view::<Cancellation>),
    ),
    read(
        "/api/v1/pledges",
        "Pledges, newest first",
        NEWEST,
        Gives::Items("Dealing"),
        || get().to(dealings::list::<Pledge>),
    ),
    command("/api/v1/pledges", "Give blocks as collateral", "NewPledge", || {
        post().to(pledges::pledge_create)
    }),
    read("/api/v1/pledges/{id}", "One pledge", &[], Gives::One("Dealing"), || {
        get().to(dealings::view::<Pledge>)
    }),
    Endpoint {
        query: &[],
        gives: Gives::Made("Envelope"),
        ..command(
            "/api/v1/pledges/{id}/consent",
            "This member's signed word on a pledge to it, to be handed to the debtor. Nothing is sent",
            "Consent",
            || post().to(pledges::pledge_consent),
        )
    },
    command(
        "/api/v1/pledges/{id}/release",
        "Ask for collateral back, with the pledgee's signed consent",
        "Release",
        || post().to(pledges::pledge_release),
    ),
    command(
        "/api/v1/pledges/{id}/foreclosure",
        "Ask that the collateral of a pledge to this member be taken; two officers of the hub decide",
        "Foreclosure",
        || post().to(pledges::pledge_foreclose),
    ),
    read(
        "/api/v1/certificates/{id}",
        "The certificate of a donation or retirement with its receipt, verified by this node; 409 `not-witnessed-yet` until witnesses have \
         seen its leaf",
        &[],
        Gives::One("CertificateFile"),
        || get().to(hub::certificate_view),
    ),
    read(
        "/api/v1/catalogue",
        "Methodology versions that members have published",
        &[
            ("region", "RegionCode"),
            ("activity", "Name"),
            ("publisher", "NodeId"),
            ("use", "Use"),
        ],
        Gives::Items("MethodologyView"),
        || get().to(hub::catalogue_list),
    ),
    Endpoint {
        scope: Some(Scope::Admin),
        ..command(
            "/api/v1/catalogue",
            "Publish a methodology version of this member's region, and keep it for imports",
            "Methodology",
            || post().to(hub::methodology_publish),
        )
    },
    read(
        "/api/v1/challenges",
        "Challenges of the regulator to this member, oldest first, and why one waits for a person",
        &[],
        Gives::Items("Challenged"),
        || get().to(challenges::challenges_list),
    ),
    administer(
        "/api/v1/challenges/{id}/answer",
        "Show the records that a challenge asks for, sealed to the mailbox of the configuration",
        "NewAnswer",
        || post().to(challenges::challenge_answer),
    ),
    read(
        "/api/v1/mappings",
        "Mapping versions",
        &[
            ("origin", "MethodologyRef"),
            ("to", "RegionCode"),
            ("state", "MappingState"),
        ],
        Gives::Items("MappingView"),
        || get().to(hub::mappings_list),
    ),
    administer(
        "/api/v1/mappings",
        "Propose a mapping version; the hub computes its factor from the sheets",
        "MappingProposal",
        || post().to(mappings::mapping_propose),
    ),
    read(
        "/api/v1/mappings/{mapping}",
        "One mapping version with the explanation of its factor and the comments on it",
        &[],
        Gives::One("MappingDetail"),
        || get().to(mappings::mapping_view),
    ),
    administer(
        "/api/v1/mappings/{mapping}/endorsement",
        "Endorse the record of a mapping version; the node first checks that it is the one that was read",
        "NewEndorsement",
        || post().to(mappings::mapping_endorse),
    ),
    administer(
        "/api/v1/mappings/{mapping}/objection",
        "Refuse a mapping version on a ground of the closed list",
        "NewObjection",
        || post().to(mappings::mapping_object),
    ),
    administer(
        "/api/v1/mappings/{mapping}/suspension",
        "Stop a mapping version at once",
        "NewSuspension",
        || post().to(mappings::mapping_suspend),
    ),
    administer(
        "/api/v1/mappings/{mapping}/lifting",
        "Agree that a suspended mapping version recognises again",
        "NewLifting",
        || post().to(mappings::mapping_lift),
    ),
    administer(
        "/api/v1/mappings/{mapping}/comments",
        "Comment on a proposed mapping version",
        "NewComment",
        || post().to(mappings::mapping_comment),
    ),
    read(
        "/api/v1/assets",
        "Registered assets, as the hub has them",
        &[
            ("region", "RegionCode"),
            ("activity", "Name"),
            ("member", "NodeId"),
            ("state", "AssetState"),
            ("id", "Name"),
        ],
        Gives::Items("AssetView"),
        || get().to(assets::assets_list),
    ),
    command(
        "/api/v1/assets",
        "Register an asset, or revise it; its place is GeoJSON, in degrees",
        "NewAsset",
        || post().to(assets::asset_put),
    ),
    read(
        "/api/v1/assets/{asset}",
        "One asset with its revisions and the conflicts about it",
        &[],
        Gives::One("AssetDetail"),
        || get().to(assets::asset_view),
    ),
    read(
        "/api/v1/asset-conflicts",
        "Conflicts about assets",
        &[("asset", "Name"), ("member", "NodeId"), ("open", "boolean")],
        Gives::Items("AssetConflictView"),
        || get().to(assets::asset_conflicts_list),
    ),
    read(
        "/api/v1/sheets/{methodology}",
        "The attribute sheet of a methodology version, as the hub has it",
        &[],
        Gives::One("SheetView"),
        || get().to(mappings::sheet_view),
    ),
    administer(
        "/api/v1/sheets",
        "Publish the attribute sheet of one of this member's methodology versions",
        "Sheet",
        || post().to(mappings::sheet_publish),
    ),
    read(
        "/api/v1/recognition",
        "What would arrive elsewhere: a quote of the hub, for `quantity_g` given or `deliver_g` to be delivered",
        &[
            ("methodology!", "MethodologyRef"),
            ("to!", "RegionCode"),
            ("use!", "Use"),
            ("vintage!", "Year"),
            ("quantity_g", "Grams"),
            ("deliver_g", "Grams"),
            ("paid", "Factor"),
            ("mapping", "MappingRef"),
            ("region_of_act", "RegionCode"),
            ("issuance", "MessageId"),
        ],
        Gives::One("Quote"),
        || get().to(hub::recognition_quote),
    ),
    Endpoint {
        method: "POST",
        takes: Takes::Json("QuoteOrder"),
        ..read(
            "/api/v1/quotes",
            "What would arrive elsewhere of what an account would give; nothing is reserved. An order that names these blocks \
             and this quote is carried out on its terms or refused",
            &[],
            Gives::One("Planned"),
            || post().to(hub::quote_make),
        )
    },
    read(
        "/api/v1/events",
        "Events that take donations, and those that did",
        &[],
        Gives::Items("EventView"),
        || get().to(hub::events_list),
    ),
    read(
        "/api/v1/credits",
        "Who exposes credits; with what would arrive at `to` for `use`",
        &[
            ("region", "RegionCode"),
            ("activity", "Name"),
            ("vintage", "Year"),
            ("to", "RegionCode"),
            ("use", "Use"),
        ],
        Gives::Items("CreditView"),
        || get().to(hub::credits_list),
    ),
    Endpoint {
        method: "PUT",
        ..command(
            "/api/v1/listings/{listing}",
            "Expose credits for cross-region use. A quantity of 0 g takes the listing down",
            "NewListing",
            || put().to(hub::listing_put),
        )
    },
];
