//! What everybody may see: certificates, totals and words.

use tanqiao_console::parts::{Chip, Column, Definitions, Filter, FilterField, Kind, Table};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::receipt::CertificateFile;

use super::paper;
use crate::api::receipts::certificate_file;
use crate::console::visit::{Reply, Turn, Visit};
use crate::console::{frame, states};

/// The form that asks for a number; by GET, so that the answer has an address.
fn ask(visit: &Visit, number: &str) -> Html {
    let words = visit.words();
    let field = FilterField {
        name: "certificate",
        label: words.certificate_number.to_owned(),
        options: Vec::new(),
        value: number.to_owned(),
    };
    let form = Filter {
        action: "/verify".to_owned(),
        label: words.verify,
        fields: vec![field],
        active: Vec::new(),
        apply: words.verify_do,
        remove: words.remove_filter,
    };
    form.render()
}

/// `GET /verify`
pub(in crate::console) async fn verify(visit: Visit) -> Turn {
    let words = visit.words();
    let number = visit.asked("certificate").to_owned();
    if number.is_empty() {
        return Ok(Reply::page(
            words.verify,
            html::paragraph(words.verify_how).and(&ask(&visit, "")),
        ));
    }
    match number.parse::<MessageId>() {
        Ok(id) => Ok(Reply::see(format!("/verify/{id}"))),
        Err(_) => Ok(unknown(&visit, &number)),
    }
}

fn unknown(visit: &Visit, number: &str) -> Reply {
    let words = visit.words();
    let chip = html::paragraph_of(&Chip::new(Kind::Bad, words.c_unknown).render());
    let body = ask(visit, number)
        .and(&chip)
        .and(&html::paragraph(words.c_unknown_next));
    Reply::status(404, words.verify, body)
}

/// `GET /verify/{certificate}`
pub(in crate::console) async fn certificate(visit: Visit) -> Turn {
    let number: String = visit.parameter("certificate")?;
    let Ok(id) = number.parse::<MessageId>() else {
        return Ok(unknown(&visit, &number));
    };
    let Some(file) = certificate_file(&visit.hub, id).await? else {
        return Ok(unknown(&visit, &number));
    };
    let words = visit.words();
    let body = ask(&visit, &number)
        .and(&verdict(&visit, &file))
        .and(&paper::offered(&visit, &file))
        .and(&facts(&visit, &file));
    Ok(Reply::page(format!("{} {id}", words.verify), body))
}

/// The result first: whether it is valid, and by what that is known.
fn verdict(visit: &Visit, file: &CertificateFile) -> Html {
    let words = visit.words();
    let mut chips = vec![Chip::new(Kind::Good, words.c_valid)];
    let quorum = visit.hub.sequencer.governance().log.quorum();
    chips.push(match (&file.receipt, quorum) {
        (Some(_), 0) => Chip::new(Kind::Neutral, words.c_signed),
        (Some(_), _) => Chip::new(Kind::Good, words.c_witnessed),
        (None, _) => Chip::new(Kind::Waiting, words.c_not_witnessed),
    });
    // What a code on paper says is not believed: it is compared.
    let printed = visit.asked("leaf");
    if printed == file.certificate.leaf_hash.to_string() {
        chips.push(Chip::new(Kind::Good, words.c_paper_agrees));
    } else if !printed.is_empty() {
        chips.push(Chip::new(Kind::Bad, words.c_paper_differs));
    }
    if file.certificate.unscreened {
        chips.push(Chip::new(Kind::Waiting, words.c_unscreened));
    }
    Html::all(chips.iter().map(|chip| html::paragraph_of(&chip.render())))
}

fn facts(visit: &Visit, file: &CertificateFile) -> Html {
    let (words, found) = (visit.words(), &file.certificate);
    let place = frame::region(found.claim.place.as_str(), visit.language);
    let facts = Definitions::new()
        .fact(words.certificate_number, html::code(found.certificate))
        .fact(words.beneficiary, Html::text(&found.claim.claimant))
        .fact(words.purpose, Html::text(states::use_name(found.claim.r#use, words)))
        .fact(words.accounting_year, Html::text(found.claim.year))
        .fact(words.region, Html::text(place))
        .fact(
            format!("{} ({})", words.quantity, words.unit_tco2e),
            format::quantity(found.quantity_g),
        )
        .fact(
            format!("{} ({})", words.discount, words.unit_tco2e),
            format::quantity(found.cancelled_g),
        )
        .fact(words.source, html::code(&found.member))
        .maybe(words.donor, found.donor.as_ref().map(Html::text))
        .fact(words.retired_at, format::time(found.committed_at))
        .fact(
            words.leaf,
            Html::text(format!("{} #{}", found.log_origin, found.log_index)),
        )
        .fact(words.leaf_hash, html::code(found.leaf_hash));
    let address = format!("/v1/public/certificates/{}", found.certificate);
    let evidence = html::paragraph_of(&html::link(&address, words.evidence)).and(&html::paragraph(words.receipt_how));
    let blocks = Table::new(words.blocks, vec![Column::text(words.block)])
        .rows(found.blocks.iter().map(|block| vec![html::code(block)]));
    facts
        .render()
        .and(&html::section(words.blocks, &blocks.render()))
        .and(&html::section(words.evidence, &evidence))
}

/// `GET /statistics`
pub(in crate::console) async fn statistics(visit: Visit) -> Turn {
    let words = visit.words();
    let Some(glance) = visit.console.glances.last(&visit.hub).await else {
        return Ok(Reply::page(words.statistics, html::paragraph(words.adding_up)));
    };
    let found = &glance.statistics;
    let tonnes = |grams: i64| format::tonnes(Grams::new(grams).unwrap_or_default());
    let figures = html::figures([
        (words.members_in_network, format::number(found.members), ""),
        (words.issued_ever, tonnes(found.issued_g), words.unit_tco2e),
        (words.donated, tonnes(found.donated_g), words.unit_tco2e),
        (words.transfers_committed, format::number(found.transfers_committed), ""),
        (words.donations_committed, format::number(found.donations_committed), ""),
    ]);
    let columns = vec![
        Column::text(words.state),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
    ];
    let rows = BlockState::ALL.iter().filter_map(|state| {
        let grams = found.by_state_g.get(state.word()).copied()?;
        Some(vec![states::block(*state, words).render(), Html::text(tonnes(grams))])
    });
    let table = Table::new(words.by_state, columns).rows(rows).render();
    let machine = html::paragraph_of(&html::link("/v1/public/totals", "/v1/public/totals"));
    let body = figures
        .and(&table)
        .and(&html::paragraph(words.statistics_note))
        .and(&machine);
    Ok(Reply::page(words.statistics, body))
}
