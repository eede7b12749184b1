//! One transfer: what happened on three sides, how it was divided, and the receipt.

use tanqiao_console::charts::{Lane, Step, lanes};
use tanqiao_console::parts::{Chip, Column, Definitions, Kind, Table};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::receipt::RECEIPT_MEDIA_TYPE;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::transfer::TransferState;

use super::{leaf_link, member_link};
use crate::api::answer::Refused;
use crate::api::receipts::made;
use crate::console::states;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::ledger::objects::Transfer;
use crate::store::read::dealings;
use crate::transparency::Deed;

async fn find(visit: &Visit) -> Result<Transfer, Fault> {
    let id: MessageId = visit.parameter("transfer")?;
    visit
        .hub
        .read(move |c| dealings::transfer(c, id))
        .await?
        .ok_or(Fault::NotFound)
}

/// `GET /transfers/{transfer}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let transfer = find(&visit).await?;
    let quote = &transfer.content.quote;
    let facts = Definitions::new()
        .fact(words.state, states::transfer(transfer.state, words).render())
        .fact(words.from, member_link(&transfer.source))
        .fact(words.to, member_link(&transfer.target))
        .fact(words.use_word, Html::text(states::use_name(transfer.r#use, words)))
        .fact(
            format!("{} ({})", words.given, words.unit_tco2e),
            format::quantity(quote.given_g),
        )
        .fact(
            format!("{} ({})", words.delivered, words.unit_tco2e),
            format::quantity(quote.delivered_g),
        )
        .fact(
            format!("{} ({})", words.buffered, words.unit_tco2e),
            format::quantity(quote.buffered_g),
        )
        .fact(
            format!("{} ({})", words.discount, words.unit_tco2e),
            format::quantity(quote.cancelled_g),
        )
        .fact(words.valid_until, format::time(transfer.valid_until))
        .fact(
            words.checks,
            Html::text(format!("{} {}", transfer.content.checks.len(), words.checks_passed)),
        )
        .maybe(words.reason, transfer.reason.as_ref().map(Html::text));
    let names = [transfer.source.as_str(), words.hub, transfer.target.as_str()];
    let happened = lanes(words.what_happened, names, &steps(&transfer, &visit));
    let body = facts
        .render()
        .and(&html::section(words.what_happened, &happened))
        .and(&html::section(words.receipt, &receipt_link(&transfer, &visit)))
        .and(&html::section(words.lots, &lots(&transfer, &visit)))
        .and(&html::section(words.blocks, &blocks(&transfer, &visit)));
    Ok(Reply::page(format!("{} {}", words.transfer, transfer.id), body))
}

fn step(lane: Lane, at: Option<Timestamp>, kind: Kind, word: &str, detail: Html) -> Step {
    Step {
        lane,
        at,
        chip: Chip::new(kind, word),
        detail,
    }
}

/// What has happened, and what is to come.
fn steps(transfer: &Transfer, visit: &Visit) -> Vec<Step> {
    let words = visit.words();
    let (began, ended) = (Some(transfer.proposed_at), transfer.ended_at);
    let none = Html::default;
    let mut steps = vec![
        step(Lane::Source, began, Kind::Good, words.s_proposed, none()),
        step(
            Lane::Hub,
            began,
            Kind::Good,
            words.s_checked,
            leaf_link(transfer.log_index),
        ),
    ];
    let leaf = transfer.end_log_index.map(leaf_link).unwrap_or_default();
    match transfer.state {
        TransferState::Committed => steps.extend([
            step(Lane::Target, ended, Kind::Good, words.s_accepted, none()),
            step(Lane::Hub, ended, Kind::Good, words.s_committed, leaf),
            step(
                Lane::Target,
                ended,
                Kind::Good,
                words.s_received,
                format::quantity(transfer.content.quote.delivered_g),
            ),
        ]),
        state if transfer.ended_at.is_some() => {
            let lane = match state {
                TransferState::Declined => Lane::Target,
                TransferState::Withdrawn => Lane::Source,
                _ => Lane::Hub,
            };
            let chip = states::transfer(state, words);
            steps.push(step(lane, ended, chip.kind, &chip.word, leaf));
        }
        TransferState::Delayed => {
            let until = transfer.delayed_until.map(format::time).unwrap_or_default();
            steps.push(step(Lane::Hub, None, Kind::Waiting, words.s_waits_delay, until));
        }
        TransferState::AwaitingApproval => {
            steps.push(step(Lane::Hub, None, Kind::Waiting, words.s_waits_officer, none()));
        }
        _ => steps.push(step(Lane::Target, None, Kind::Running, words.s_waits_target, none())),
    }
    if transfer.ended_at.is_none() {
        steps.push(step(
            Lane::Hub,
            None,
            Kind::Neutral,
            words.s_committed,
            Html::text(words.s_future),
        ));
    }
    steps
}

fn receipt_link(transfer: &Transfer, visit: &Visit) -> Html {
    let words = visit.words();
    if transfer.state != TransferState::Committed {
        return html::paragraph(words.receipt_when);
    }
    let link = html::link(&format!("/transfers/{}/receipt", transfer.id), words.receipt_download);
    html::paragraph_of(&link).and(&html::paragraph(words.receipt_how))
}

/// How each lot is divided.
fn lots(transfer: &Transfer, visit: &Visit) -> Html {
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
    let rows = transfer.content.quote.lots.iter().map(|lot| {
        vec![
            lot.mapping.as_ref().map_or_else(|| Html::text(words.none), html::code),
            Html::text(format::factor(lot.paid_after)),
            format::quantity(lot.given_g),
            format::quantity(lot.delivered_g),
            format::quantity(lot.buffered_g),
            format::quantity(lot.cancelled_g),
        ]
    });
    Table::new(words.lots, columns).rows(rows).render()
}

/// The blocks offered, each leading to its life.
fn blocks(transfer: &Transfer, visit: &Visit) -> Html {
    let words = visit.words();
    let columns = vec![
        Column::text(words.block),
        Column::number(format!("{} ({})", words.quantity, words.unit_tco2e)),
    ];
    let rows = transfer.content.blocks.iter().map(|block| {
        let href = format!("/serials?serial={}", html::query_value(&block.to_string()));
        vec![html::code_link(&href, block), format::quantity(block.quantity())]
    });
    Table::new(words.blocks, columns).rows(rows).render()
}

/// `GET /transfers/{transfer}/receipt`
pub(in crate::console) async fn receipt(visit: Visit) -> Turn {
    let words = visit.words();
    let transfer = find(&visit).await?;
    let made = match Deed::of_transfer(&transfer) {
        Some(deed) => made(&visit.hub, deed).await?,
        None => None,
    };
    let Some(receipt) = made else {
        return Ok(Reply::status(409, words.receipt, html::paragraph(words.receipt_when)));
    };
    let bytes = receipt.to_json().map_err(|error| Refused::fault(&error))?;
    let name = format!("{}.receipt.json", transfer.id);
    Ok(Reply::file(RECEIPT_MEDIA_TYPE, Some(name), "no-store", bytes))
}
