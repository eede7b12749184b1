//! The log, its witnesses and its leaves.

use tanqiao_console::parts::{Chip, Column, Definitions, Empty, Kind, Pager, Table};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::leaf::{Leaf, leaf_hash};
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use super::{ROWS, leaf_link, member_link};
use crate::api::answer::Refused;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::store::checkpoints::{self, Heads};
use crate::store::cosignatures::{self, Cosignature};
use crate::store::read::life::leaf_bytes;

/// `GET /log`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let now = visit.hub.now();
    let governance = visit.hub.sequencer.governance();
    let members: Vec<_> = governance.log.admitted().map(|(member, _)| member.clone()).collect();
    let asked = members.clone();
    let before: Option<u64> = visit.asked("before").parse().ok();
    let (heads, given, leaves, end) = visit
        .hub
        .read(move |c| {
            let given = asked
                .iter()
                .map(|member| cosignatures::highest(c, member))
                .collect::<Result<Vec<_>, _>>()?;
            let size = checkpoints::leaf_count(c)?;
            let end = before.map_or(size, |before| before.min(size));
            let first = end.saturating_sub(u64::try_from(ROWS).unwrap_or(0));
            Ok((
                checkpoints::heads(c, now)?,
                given,
                checkpoints::leaves(c, first, end)?,
                (first, end),
            ))
        })
        .await?;
    let mut rows = Vec::new();
    for bytes in leaves.iter().rev() {
        let leaf: Leaf = serde_json::from_slice(bytes).map_err(|error| Refused::fault(&error))?;
        rows.push(row(&leaf, bytes));
    }
    let columns = [
        words.leaf,
        words.when,
        words.happened,
        words.subject,
        words.who,
        words.leaf_hash,
    ];
    let table = Table::new(words.newest_leaves, columns.map(Column::text).into())
        .rows(rows)
        .render();
    let pager = Pager {
        first: before.map(|_| ("/log".to_owned(), words.newest.to_owned())),
        next: (end.0 > 0).then(|| (format!("/log?before={}", end.0), words.older.to_owned())),
    };
    let body = html::section(words.checkpoint, &checkpoint(&visit, &heads))
        .and(&html::section(
            words.witnesses,
            &witnesses(&visit, members.iter().zip(&given)),
        ))
        .and(&html::section(words.newest_leaves, &table.and(&pager.render())));
    Ok(Reply::page(words.log, body))
}

fn checkpoint(visit: &Visit, heads: &Heads) -> Html {
    let words = visit.words();
    let trouble = visit.hub.log.posted().borrow().trouble.clone();
    let Some((head, at)) = &heads.published else {
        return html::paragraph(words.no_checkpoint);
    };
    let facts = Definitions::new()
        .fact(
            words.published_size,
            Html::text(format::number(i64::try_from(head.size).unwrap_or(i64::MAX))),
        )
        .fact(words.root, html::code(head.root))
        .fact(words.published_at, format::time(*at))
        .fact(words.quorum, Html::text(visit.hub.sequencer.governance().log.quorum()))
        .fact(words.machine_address, html::link("/log/checkpoint", "/log/checkpoint"))
        .maybe(words.log_trouble, trouble.map(Html::text));
    facts.render()
}

fn witnesses<'a>(
    visit: &Visit,
    all: impl Iterator<Item = (&'a tanqiao_protocol::id::NodeId, &'a Option<Cosignature>)>,
) -> Html {
    let words = visit.words();
    let columns = vec![
        Column::text(words.witness),
        Column::text(words.state),
        Column::number(words.witnessed_size),
        Column::text(words.when),
    ];
    let rows: Vec<Vec<Html>> = all
        .map(|(member, given)| {
            let chip = match given {
                Some(_) => Chip::new(Kind::Good, words.cosigned),
                None => Chip::new(Kind::Waiting, words.not_cosigned),
            };
            let seconds = |at: u64| i64::try_from(at).unwrap_or(0).saturating_mul(SECOND_US);
            let size = given.as_ref().map(|one| i64::try_from(one.size).unwrap_or(i64::MAX));
            vec![
                member_link(member),
                chip.render(),
                size.map(|size| Html::text(format::number(size))).unwrap_or_default(),
                given
                    .as_ref()
                    .map(|one| format::time(Timestamp::from_micros(seconds(one.at))))
                    .unwrap_or_default(),
            ]
        })
        .collect();
    if rows.is_empty() {
        let empty = Empty {
            why: words.no_witnesses,
            next: words.no_witnesses_next,
        };
        return empty.render();
    }
    Table::new(words.witnesses, columns).rows(rows).render()
}

fn row(leaf: &Leaf, bytes: &[u8]) -> Vec<Html> {
    vec![
        leaf_link(leaf.index),
        format::time(leaf.at),
        html::code(&leaf.r#type),
        html::code(&leaf.subject),
        who(leaf),
        html::code(leaf_hash(bytes)),
    ]
}

/// The member or the officers by whom it is.
fn who(leaf: &Leaf) -> Html {
    let officers: Vec<String> = leaf.officers.iter().map(ToString::to_string).collect();
    leaf.member
        .as_ref()
        .map_or_else(|| Html::text(officers.join(", ")), member_link)
}

/// `GET /log/leaves/{index}`
pub(in crate::console) async fn leaf(visit: Visit) -> Turn {
    let words = visit.words();
    let index: i64 = visit.parameter("index")?;
    let bytes = visit
        .hub
        .read(move |c| leaf_bytes(c, index))
        .await?
        .ok_or(Fault::NotFound)?;
    let leaf: Leaf = serde_json::from_slice(&bytes).map_err(|error| Refused::fault(&error))?;
    let facts = Definitions::new()
        .fact(words.when, format::time(leaf.at))
        .fact(words.happened, html::code(&leaf.r#type))
        .fact(words.subject, html::code(&leaf.subject))
        .fact(words.who, who(&leaf))
        .fact(words.changes, Html::text(leaf.changes.len()))
        .fact(words.leaf_hash, html::code(leaf_hash(&bytes)));
    let content = html::section(words.leaf_content, &html::preformatted(String::from_utf8_lossy(&bytes)));
    Ok(Reply::page(
        format!("{} #{index}", words.leaf),
        facts.render().and(&content),
    ))
}
