//! Certificates: every retirement and committed donation, by claimant, member and year; and one with how far it is witnessed.

use tanqiao_console::parts::{Chip, Column, Definitions, Empty, FilterField, Kind, Table, cut};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::event::{Certificate, ClaimantKind};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::receipt::CertificateFile;

use super::{ROWS, choice, entry, events, leaf_link, member_link, member_options, newest_first, paper};
use crate::api::receipts::certificate_file;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::store::read::dealings;
use crate::store::read::oversight::{self, CertificatesAsked};

/// Fields of the filter.
const FILTERS: [&str; 3] = ["claimant", "member", "year"];

/// `GET /certificates`: a number that is asked for leads to its certificate.
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.events;
    let claimant = visit.asked("claimant");
    if let Ok(id) = claimant.parse::<MessageId>() {
        let known = visit
            .hub
            .read(move |c| Ok(dealings::retirement(c, id)?.is_some()))
            .await?;
        if known {
            return Ok(Reply::see(format!("/certificates/{id}")));
        }
    }
    let asked = CertificatesAsked {
        claimant: (!claimant.is_empty()).then(|| claimant.to_owned()),
        member: visit.asked("member").parse().ok(),
        year: visit.asked("year").parse().ok(),
        before: visit.asked("before").parse().ok(),
    };
    let found = visit
        .hub
        .read(move |c| oversight::certificates(c, &asked, ROWS + 1))
        .await?;
    let (found, next) = cut(found, ROWS, |one| one.id.to_string());
    let columns = vec![
        Column::text(words.certificate_number),
        Column::text(words.beneficiary),
        Column::text(words.purpose),
        Column::text(words.accounting_year),
        Column::text(words.member),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
        Column::text(words.retired_at),
    ];
    let rows = found.iter().map(|one| {
        vec![
            html::code_link(&format!("/certificates/{}", one.id), one.id),
            Html::text(&one.claim.claimant),
            Html::text(states::use_name(one.claim.r#use, words)),
            Html::text(one.claim.year),
            member_link(&one.member),
            format::quantity(one.quantity),
            format::time(one.at),
        ]
    });
    let table = Table::new(said.certificates, columns).rows(rows);
    let listing = newest_first(&visit, "/certificates", &FILTERS);
    let empty = Empty {
        why: if listing.is_filtered() {
            said.none_fits
        } else {
            said.no_certificates
        },
        next: said.no_certificates_next,
    };
    let list = listing.render(&table, next.as_deref(), &empty);
    Ok(Reply::page(
        said.certificates,
        listing.filter(fields(&visit), words).and(&list),
    ))
}

fn fields(visit: &Visit) -> Vec<FilterField> {
    let words = visit.words();
    vec![
        entry(visit, "claimant", words.events.claimant_or_number),
        choice(visit, "member", words.member, member_options(visit)),
        entry(visit, "year", words.accounting_year),
    ]
}

/// `GET /certificates/{certificate}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let said = visit.words().events;
    let id: MessageId = visit.parameter("certificate")?;
    let file = certificate_file(&visit.hub, id).await?.ok_or(Fault::NotFound)?;
    let links = html::actions([
        html::link(&format!("/verify/{id}"), said.public_page),
        html::link(&format!("/v1/public/certificates/{id}"), visit.words().evidence),
    ]);
    let body = state(&visit, &file)
        .and(&facts(&visit, &file))
        .and(&links)
        .and(&paper::offered(&visit, &file))
        .and(&html::section(visit.words().blocks, &blocks(&visit, &file.certificate)));
    Ok(Reply::page(format!("{} {id}", said.certificate), body))
}

/// What is known first: how far it is witnessed.
fn state(visit: &Visit, file: &CertificateFile) -> Html {
    let words = visit.words();
    let quorum = visit.hub.sequencer.governance().log.quorum();
    let witnessed = match (&file.receipt, quorum) {
        (Some(_), 0) => Chip::new(Kind::Neutral, words.c_signed),
        (Some(_), _) => Chip::new(Kind::Good, words.c_witnessed),
        (None, _) => Chip::new(Kind::Waiting, words.c_not_witnessed),
    };
    let unscreened = file
        .certificate
        .unscreened
        .then(|| Chip::new(Kind::Waiting, words.c_unscreened));
    let chips = [Chip::new(Kind::Good, words.events.issued), witnessed];
    Html::all(
        chips
            .into_iter()
            .chain(unscreened)
            .map(|chip| html::paragraph_of(&chip.render())),
    )
}

fn facts(visit: &Visit, file: &CertificateFile) -> Html {
    let words = visit.words();
    let said = words.events;
    let found = &file.certificate;
    let claim = &found.claim;
    let tonnes = |what: &str| format!("{what} ({})", words.unit_tco2e);
    let (kind, beneficiary) = match claim.claimant_kind {
        ClaimantKind::Member => (said.k_member, Html::text(&claim.claimant)),
        ClaimantKind::Organisation => (said.k_organisation, Html::text(&claim.claimant)),
        ClaimantKind::Commitment => (said.k_commitment, html::code(&claim.claimant)),
        ClaimantKind::Event => {
            let event = claim.claimant.parse();
            let named = event.map_or_else(|_| Html::text(&claim.claimant), |event| events::link(&event));
            (said.k_event, named)
        }
    };
    let linked = claim.linked.as_ref().map(|linked| {
        let purpose = states::use_name(linked.r#use, words);
        Html::text(format!("{} · {purpose} · {}", linked.claimant, linked.year))
    });
    let place = frame::region(claim.place.as_str(), visit.language);
    Definitions::new()
        .fact(words.beneficiary, beneficiary)
        .fact(said.claimant_kind, Html::text(kind))
        .fact(words.purpose, Html::text(states::use_name(claim.r#use, words)))
        .fact(words.accounting_year, Html::text(claim.year))
        .fact(words.region, Html::text(place))
        .maybe(said.linked, linked)
        .maybe(said.claims, claim.statement.as_ref().map(Html::text))
        .fact(words.source, member_link(&found.member))
        .maybe(words.donor, found.donor.as_ref().map(Html::text))
        .fact(tonnes(words.quantity), format::quantity(found.quantity_g))
        .fact(tonnes(words.given), format::quantity(found.given_g))
        .fact(tonnes(words.buffered), format::quantity(found.buffered_g))
        .fact(tonnes(words.discount), format::quantity(found.cancelled_g))
        .fact(words.recognition.uses, Html::text(states::uses(found.uses, words)))
        .fact(words.retired_at, format::time(found.committed_at))
        .fact(words.leaf, leaf_link(found.log_index))
        .fact(words.leaf_hash, html::code(found.leaf_hash))
        .render()
}

fn blocks(visit: &Visit, found: &Certificate) -> Html {
    let words = visit.words();
    let columns = vec![
        Column::text(words.block),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
    ];
    let rows = found.blocks.iter().map(|block| {
        let href = format!("/serials?serial={}", html::query_value(&block.to_string()));
        vec![html::code_link(&href, block), format::quantity(block.quantity())]
    });
    Table::new(words.blocks, columns).rows(rows).render()
}
