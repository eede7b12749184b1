//! One donation, and its decision by two officers in the organiser's place.

use tanqiao_console::parts::{Column, Definitions, Table};
use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::transfer::DonationState;

use super::{events, leaf_link, mappings, member_link};
use crate::console::described::described;
use crate::console::proposing::{Proposing, decided_already, reason, reason_field, shown};
use crate::console::states;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Donation, Role};
use crate::store::read::dealings;

tanqiao_protocol::words! {
    /// What may be decided; the word stands in the address.
    enum DonationDecision {
        /// Yes.
        Accept = 1 "accept",
        /// No.
        Decline = 2 "decline",
    }
}

/// The columns of a list of donations.
pub(super) fn columns(words: &'static Words) -> Vec<Column> {
    let tonnes = |what: &str| Column::number(format!("{what} ({})", words.unit_tco2e));
    vec![
        Column::text(words.events.donation),
        Column::text(words.member),
        tonnes(words.given),
        tonnes(words.delivered),
        Column::text(words.state),
        Column::text(words.updated),
    ]
}

/// A row of it.
pub(super) fn row(one: &Donation, visit: &Visit) -> Vec<Html> {
    vec![
        html::code_link(&format!("/donations/{}", one.id), one.id),
        member_link(&one.donor),
        format::quantity(one.content.quote.given_g),
        format::quantity(one.content.quote.delivered_g),
        states::donation(one.state, visit.words()).render(),
        format::time(one.ended_at.unwrap_or(one.proposed_at)),
    ]
}

async fn find(visit: &Visit) -> Result<Donation, Fault> {
    let id: MessageId = visit.parameter("donation")?;
    let found = visit.hub.read(move |c| dealings::donation(c, id)).await?;
    found.ok_or(Fault::NotFound)
}

/// `GET /donations/{donation}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.events;
    let one = find(&visit).await?;
    let quote = &one.content.quote;
    let tonnes = |what: &str| format!("{what} ({})", words.unit_tco2e);
    let certificate = (one.state == DonationState::Committed)
        .then(|| html::link(&format!("/certificates/{}", one.id), said.certificate));
    let facts = Definitions::new()
        .fact(words.state, states::donation(one.state, words).render())
        .fact(said.event, events::link(&one.event))
        .fact(words.member, member_link(&one.donor))
        .maybe(words.donor, one.content.donor_name.as_ref().map(Html::text))
        .fact(tonnes(words.given), format::quantity(quote.given_g))
        .fact(tonnes(words.delivered), format::quantity(quote.delivered_g))
        .fact(tonnes(words.buffered), format::quantity(quote.buffered_g))
        .fact(tonnes(words.discount), format::quantity(quote.cancelled_g))
        .fact(words.proposed_at, format::time(one.proposed_at))
        .fact(words.valid_until, format::time(one.valid_until))
        .maybe(words.updated, one.ended_at.map(format::time))
        .maybe(words.reason, one.reason.as_ref().map(Html::text))
        .maybe(said.certificate, certificate)
        .fact(words.leaf, leaf_link(one.end_log_index.unwrap_or(one.log_index)));
    let body = facts
        .render()
        .and(&actions(&visit, &one))
        .and(&html::section(words.lots, &lots(&visit, &one)))
        .and(&html::section(words.blocks, &blocks(&visit, &one)));
    Ok(Reply::page(format!("{} {}", said.donation, one.id), body))
}

fn actions(visit: &Visit, one: &Donation) -> Html {
    if !visit.is(Role::Officer) || one.state != DonationState::Reserved {
        return Html::default();
    }
    let said = visit.words().events;
    let link =
        |decision: DonationDecision, name| html::link(&format!("/donations/{}/decisions/{decision}", one.id), name);
    html::actions([
        link(DonationDecision::Accept, said.d_accept),
        link(DonationDecision::Decline, said.d_decline),
    ])
}

/// How each lot is divided.
fn lots(visit: &Visit, one: &Donation) -> Html {
    let words = visit.words();
    let tonnes = |what: &str| Column::number(format!("{what} ({})", words.unit_tco2e));
    let columns = vec![
        Column::text(words.mapping),
        Column::number(words.factor),
        tonnes(words.given),
        tonnes(words.delivered),
        tonnes(words.buffered),
        tonnes(words.discount),
    ];
    let rows = one.content.quote.lots.iter().map(|lot| {
        vec![
            lot.mapping
                .as_ref()
                .map_or_else(|| Html::text(words.none), mappings::link),
            Html::text(format::factor(lot.paid_after)),
            format::quantity(lot.given_g),
            format::quantity(lot.delivered_g),
            format::quantity(lot.buffered_g),
            format::quantity(lot.cancelled_g),
        ]
    });
    Table::new(words.lots, columns).rows(rows).render()
}

fn blocks(visit: &Visit, one: &Donation) -> Html {
    let words = visit.words();
    let columns = vec![
        Column::text(words.block),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
    ];
    let rows = one.content.blocks.iter().map(|block| {
        let href = format!("/serials?serial={}", html::query_value(&block.to_string()));
        vec![html::code_link(&href, block), format::quantity(block.quantity())]
    });
    Table::new(words.blocks, columns).rows(rows).render()
}

/// The page before a proposal; `None` once the donation is decided.
async fn form(visit: &Visit) -> Result<Option<Proposing>, Fault> {
    let asked: DonationDecision = visit.parameter("decision")?;
    let one = find(visit).await?;
    if one.state != DonationState::Reserved {
        return Ok(None);
    }
    let fields = match asked {
        DonationDecision::Accept => Vec::new(),
        DonationDecision::Decline => vec![reason_field(visit)],
    };
    Ok(Some(Proposing {
        said: described(&decision(asked, one.id, String::new()), visit),
        fields,
        submit: visit.words().recognition.propose,
        back: format!("/donations/{}", one.id),
    }))
}

fn decision(asked: DonationDecision, donation: MessageId, reason: String) -> Decision {
    match asked {
        DonationDecision::Accept => Decision::AcceptDonation { donation },
        DonationDecision::Decline => Decision::DeclineDonation { donation, reason },
    }
}

/// `GET /donations/{donation}/decisions/{decision}`
pub(in crate::console) async fn decision_form(visit: Visit) -> Turn {
    Ok(shown(&visit, form(&visit).await?))
}

/// `POST /donations/{donation}/decisions/{decision}`
pub(in crate::console) async fn propose(visit: Visit) -> Turn {
    let Some(form) = form(&visit).await? else {
        return Ok(decided_already(&visit).outcome("decided-already"));
    };
    let (asked, donation) = (visit.parameter("decision")?, visit.parameter("donation")?);
    let entered = match asked {
        DonationDecision::Accept => Ok(decision(asked, donation, String::new())),
        DonationDecision::Decline => reason(&visit).map(|reason| decision(asked, donation, reason)),
    };
    form.propose(&visit, entered).await
}
