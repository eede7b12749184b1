//! How the node is, and what waits here.

use tanqiao_console::parts::{Chip, Definitions, Kind};
use tanqiao_console::{Html, format, html};
use tanqiao_desk::{Reply, Turn, Visit};

use crate::console::Office;
use crate::console::words::{self, Words};
use crate::service::{FeedState, Status};

/// `GET /`
pub(in crate::console) async fn show(visit: Visit<Office>) -> Turn {
    let words = words::of(visit.language);
    let status = visit.node.status_with_mappings().await?;
    let body = connection(&status, words).and(&waiting(&status, words));
    Ok(Reply::page(words.home, body))
}

fn connection(status: &Status, words: &'static Words) -> Html {
    let state = match status.feed {
        FeedState::Following if status.trouble.is_none() => Chip::new(Kind::Good, words.following),
        FeedState::Following => Chip::new(Kind::Waiting, words.trouble),
        FeedState::Diverged => Chip::new(Kind::Bad, words.stopped_diverged),
        FeedState::Forked => Chip::new(Kind::Bad, words.stopped_forked),
    };
    let heard = status.heard_at.map_or_else(|| Html::text(words.never), format::time);
    let facts = Definitions::new()
        .fact(words.hub_connection, state.render())
        .maybe(words.trouble, status.trouble.as_ref().map(Html::text))
        .fact(words.heard_at, heard)
        .fact(words.feed_applied, Html::text(format::number(status.feed_seq)))
        .fact(words.feed_behind, Html::text(format::number(status.feed_lag)));
    html::section(words.hub_connection, &facts.render())
}

fn waiting(status: &Status, words: &'static Words) -> Html {
    let number = |number: i64| Html::text(format::number(number));
    let mappings = status.mappings_waiting.as_ref();
    let mappings = mappings.map(|waiting| number(i64::try_from(waiting.len()).unwrap_or(i64::MAX)));
    let facts = Definitions::new()
        .fact(words.offers_waiting, number(status.offers_waiting))
        .fact(words.outbox_waiting, number(status.outbox_waiting))
        .fact(words.conflicts_open, number(status.conflicts_open))
        .maybe(words.mappings_waiting, mappings)
        .fact(words.suspense, format::quantity(status.suspense_g));
    html::section(words.waits_for_us, &facts.render())
}
