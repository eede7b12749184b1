//! One search for everything, and the whole life of a serial.

use tanqiao_console::parts::{Column, Definitions, Pager, Table};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::serial::{BlockRef, SeriesRef};

use super::{leaf_link, member_link};
use crate::console::states;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::store::read::{blocks, conflicts, dealings, life, reconciliations};

/// Leaves that one page of a life looks through.
const LEAVES_LOOKED_AT: i64 = 20_000;

/// `GET /search`
pub(in crate::console) async fn search(visit: Visit) -> Turn {
    let words = visit.words();
    let asked = visit.asked("q").to_owned();
    if let Some(path) = place(&visit, &asked).await? {
        return Ok(Reply::see(path));
    }
    let formats = html::list(vec![
        words.f_serial,
        words.f_block,
        words.f_id,
        words.f_versioned,
        words.f_member,
        words.f_leaf,
    ]);
    let facts = Definitions::new().fact(words.searched_for, html::code(&asked));
    let body = html::paragraph(words.nothing_of_it)
        .and(&facts.render())
        .and(&html::section(words.formats, &formats));
    Ok(Reply::status(404, words.search, body))
}

/// Where what was asked for is.
async fn place(visit: &Visit, asked: &str) -> Result<Option<String>, Fault> {
    let index = asked.strip_prefix('#').and_then(|index| index.parse::<i64>().ok());
    if let Some(index) = index.filter(|index| *index >= 0) {
        return Ok(Some(format!("/log/leaves/{index}")));
    }
    if serial_of(asked).is_some() {
        return Ok(Some(format!("/serials?serial={}", html::query_value(asked))));
    }
    if let Ok(id) = asked.parse::<MessageId>() {
        let found = visit.hub.read(move |c| {
            if dealings::transfer(c, id)?.is_some() {
                return Ok(Some(format!("/transfers/{id}")));
            }
            if dealings::retirement(c, id)?.is_some() {
                return Ok(Some(format!("/verify/{id}")));
            }
            if dealings::donation(c, id)?.is_some() {
                return Ok(Some(format!("/donations/{id}")));
            }
            if conflicts::conflict_of(c, id)?.is_some() {
                return Ok(Some(format!("/conflicts/{id}")));
            }
            if reconciliations::reconciliation(c, id)?.is_some() {
                return Ok(Some(format!("/reconciliations/{id}")));
            }
            let issuance = dealings::issuance(c, id)?;
            Ok(issuance.map(|one| format!("/log/leaves/{}", one.log_index)))
        });
        return Ok(found.await?);
    }
    let governance = visit.hub.sequencer.governance();
    let mapping = asked.parse::<MappingRef>().ok();
    if mapping.is_some_and(|one| governance.mapping_versions.contains_key(&one)) {
        return Ok(Some(format!("/mappings/{asked}")));
    }
    let methodology = asked.parse::<MethodologyRef>().ok();
    if methodology
        .is_some_and(|one| governance.methodologies.contains_key(&one) || governance.sheets.contains_key(&one))
    {
        return Ok(Some(format!("/methodologies/{asked}")));
    }
    let member = asked.parse::<NodeId>().ok();
    Ok(member
        .filter(|id| governance.members.contains_key(id))
        .map(|id| format!("/members/{id}")))
}

/// `<series>/17` or `<series>/17-20`, of which the first serial is meant.
fn serial_of(text: &str) -> Option<(SeriesRef, i64)> {
    if let Ok(block) = text.parse::<BlockRef>() {
        return Some((block.series, block.range.first()));
    }
    let (series, serial) = text.rsplit_once('/')?;
    let serial = serial.parse::<i64>().ok().filter(|serial| *serial >= 1)?;
    Some((series.parse().ok()?, serial))
}

/// `GET /serials`
pub(in crate::console) async fn serial(visit: Visit) -> Turn {
    let words = visit.words();
    let (series, serial) = serial_of(visit.asked("serial")).ok_or(Fault::NotFound)?;
    let asked_from: Option<i64> = visit.asked("from").parse().ok();
    let of = series.clone();
    let found = visit.hub.read(move |c| {
        let Some(block) = blocks::holding(c, &of, serial)? else {
            return Ok(None);
        };
        let issued = dealings::issuance(c, block.terms.issuance)?.map_or(0, |issuance| issuance.log_index);
        let from = asked_from.unwrap_or(issued).max(issued);
        let until = block.log_index.min(from.saturating_add(LEAVES_LOOKED_AT - 1));
        let leaves = life::leaves(c, &of, serial, from, until)?;
        Ok(Some((block, leaves, until)))
    });
    let (block, leaves, until) = found.await?.ok_or(Fault::NotFound)?;
    let facts = Definitions::new()
        .fact(words.block, html::code(&block.block))
        .fact(
            format!("{} ({})", words.quantity, words.unit_tco2e),
            format::quantity(block.quantity_g),
        )
        .fact(words.holder, member_link(&block.holder))
        .fact(words.state, states::block(block.state, words).render())
        .fact(words.issuance, html::code(block.terms.issuance))
        .fact(words.factor, Html::text(format::factor(block.terms.factor_paid)))
        .fact(words.leaf, leaf_link(block.log_index));
    let further = (until < block.log_index).then(|| {
        let name = format!("{series}/{serial}");
        (
            format!("/serials?serial={}&from={}", html::query_value(&name), until + 1),
            words.look_further.to_owned(),
        )
    });
    let pager = Pager {
        first: None,
        next: further,
    };
    let life = if leaves.is_empty() {
        html::paragraph(words.life_so_far)
    } else {
        table(&leaves, &visit)
    };
    let body = facts
        .render()
        .and(&html::section(words.life, &life.and(&pager.render())));
    Ok(Reply::page(format!("{} {series}/{serial}", words.serial), body))
}

/// What changed a serial, oldest first.
fn table(leaves: &[Leaf], visit: &Visit) -> Html {
    let words = visit.words();
    let columns = [
        words.leaf,
        words.when,
        words.happened,
        words.holder,
        words.state,
        words.who,
    ];
    let rows = leaves.iter().map(|leaf| {
        let after = leaf.changes.first().map(|change| &change.to);
        let officers: Vec<String> = leaf.officers.iter().map(ToString::to_string).collect();
        vec![
            leaf_link(leaf.index),
            format::time(leaf.at),
            html::code(&leaf.r#type),
            after.map(|status| member_link(&status.holder)).unwrap_or_default(),
            after
                .map(|status| states::block(status.state, words).render())
                .unwrap_or_default(),
            leaf.member
                .as_ref()
                .map_or_else(|| Html::text(officers.join(", ")), member_link),
        ]
    });
    Table::new(words.life, columns.map(Column::text).into())
        .rows(rows)
        .render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_and_blocks_are_understood() {
        let series = "wuhan/420100/wuhan-metro.v1/2025";
        for (text, serial) in [(format!("{series}/17"), 17), (format!("{series}/18-20"), 18)] {
            assert_eq!(serial_of(&text).unwrap(), (series.parse().unwrap(), serial));
        }
        for wrong in ["wuhan", "17", series, "wuhan/420100/wuhan-metro.v1/2025/0", ""] {
            assert!(serial_of(wrong).is_none(), "{wrong}");
        }
    }
}
