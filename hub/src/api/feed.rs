//! `GET /v1/feed`: what the hub has to tell a member, in order, without gaps; a reader at the end waits for more.

mod heads;

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tokio::sync::watch;

use super::admission::{Caller, check_again, until_refused};
use super::answer::{Answer, Refused};
use super::hub::Hub;
use super::page::LIMIT_MAX;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::feed::{self, StoredEntry};

pub use heads::FeedHeads;

/// Entries of a page when nobody says otherwise.
const LIMIT_DEFAULT: usize = 200;

/// Where the reader is, and how long it would wait.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    #[serde(default)]
    after: i64,
    #[serde(default)]
    chain: Option<Sha256>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    wait: u32,
}

/// A page as it leaves the store.
enum Stored {
    Page { entries: Vec<StoredEntry>, latest: i64 },
    Fork { latest: i64, chain: Option<Sha256> },
}

/// `GET /v1/feed`
pub async fn read(hub: Data<Hub>, caller: Caller, cursor: Query<Cursor>) -> Answer {
    let cursor = cursor.into_inner();
    if cursor.after < 0 {
        return Err(Refused::parameter(
            "after",
            "`after` is the number of the last entry that was read, 0 before the first.",
        ));
    }
    let most = match cursor.limit {
        None => LIMIT_DEFAULT,
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => limit,
        Some(_) => {
            return Err(Refused::parameter(
                "limit",
                format!("`limit` must be 1 to {LIMIT_MAX}."),
            ));
        }
    };
    // Subscribed before the first look, so that nothing can come in between.
    let head = hub.heads.subscribe(&caller.member);
    hub.metrics.read_up_to(&caller.member, cursor.after);
    let (mut entries, mut latest) = look(&hub, &caller.member, &cursor, most).await?;
    if entries.is_empty() && cursor.wait > 0 {
        let wait = Duration::from_secs(u64::from(cursor.wait.min(hub.settings.limits.feed_wait_s)));
        let _polling = hub.metrics.polling();
        let grown = tokio::select! {
            grown = wait_beyond(head, hub.stopping.clone(), cursor.after, wait) => grown,
            refused = until_refused(&hub, &caller) => return Err(refused),
        };
        // What came while the poll waited is for a member in good standing only.
        check_again(&hub, &caller)?;
        if grown {
            (entries, latest) = look(&hub, &caller.member, &cursor, most).await?;
        }
    }
    crate::crash::point("feed.before-send");
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(page(&entries, latest)))
}

/// Waits until the feed goes beyond `after`; false if it did not in time.
async fn wait_beyond(
    mut head: watch::Receiver<i64>,
    mut stopping: watch::Receiver<bool>,
    after: i64,
    wait: Duration,
) -> bool {
    tokio::select! {
        grown = head.wait_for(|head| *head > after) => grown.is_ok(),
        _ = stopping.wait_for(|stopping| *stopping) => false,
        () = tokio::time::sleep(wait) => false,
    }
}

async fn look(hub: &Hub, member: &NodeId, cursor: &Cursor, most: usize) -> Result<(Vec<StoredEntry>, i64), Refused> {
    let (member, after, chain) = (member.clone(), cursor.after, cursor.chain);
    match hub
        .read(move |connection| stored(connection, &member, after, chain, most))
        .await?
    {
        Stored::Page { entries, latest } => Ok((entries, latest)),
        Stored::Fork { latest, chain } => {
            let found = cursor
                .chain
                .map_or_else(String::new, |chain| format!(" with chain {chain}"));
            let expected = chain.map_or_else(
                || format!("an entry up to {latest}"),
                |chain| format!("entry {after} with chain {chain}"),
            );
            Err(Problem::api(ApiProblem::FeedFork)
                .expected(expected)
                .found(format!("entry {after}{found}"))
                .into())
        }
    }
}

fn stored(
    connection: &mut ReadConnection<'_>,
    member: &NodeId,
    after: i64,
    chain: Option<Sha256>,
    most: usize,
) -> Result<Stored, StoreError> {
    let here = if after == 0 {
        Some(CHAIN_START)
    } else {
        feed::chain_at(connection, member, after)?
    };
    if here.is_none() || chain.is_some_and(|chain| here != Some(chain)) {
        return Ok(Stored::Fork {
            latest: feed::latest(connection, member)?,
            chain: here,
        });
    }
    let entries = feed::entries(connection, member, after, most)?;
    // A commit may come between the two looks: the head is never behind what is shown.
    let latest = feed::latest(connection, member)?.max(entries.last().map_or(after, |entry| entry.seq));
    Ok(Stored::Page { entries, latest })
}

/// The page's JSON: each entry's stored bytes with its chain put in front.
fn page(entries: &[StoredEntry], latest: i64) -> Vec<u8> {
    let size = entries.iter().map(|entry| entry.bytes.len() + 80).sum::<usize>() + 40;
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(b"{\"entries\":[");
    for (position, entry) in entries.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(format!("{{\"chain\":\"{}\",", entry.chain).as_bytes());
        out.extend_from_slice(entry.bytes.strip_prefix(b"{").unwrap_or(&entry.bytes));
    }
    out.extend_from_slice(format!("],\"latest\":{latest}}}").as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanqiao_protocol::feed::{FeedEntry, FeedPage};

    #[test]
    fn the_chain_goes_in_front_of_the_stored_bytes() {
        let entry = FeedEntry {
            at: "2026-05-23T08:00:00Z".parse().unwrap(),
            body: serde_json::json!({"reason": "first"}),
            changes: Vec::new(),
            digest: None,
            log_index: 3,
            seq: 1,
            subject: "member/wuhan".to_owned(),
            r#type: "member.admitted".to_owned(),
        };
        let stored = StoredEntry {
            seq: 1,
            chain: Sha256([7; 32]),
            bytes: serde_json::to_vec(&entry).unwrap(),
        };
        let read: FeedPage = serde_json::from_slice(&page(&[stored.clone(), stored], 9)).unwrap();
        assert_eq!(read.latest, 9);
        assert_eq!(read.entries.len(), 2);
        assert_eq!(read.entries[1].entry, entry);
        assert_eq!(read.entries[0].chain, Sha256([7; 32]));
        assert_eq!(page(&[], 0), b"{\"entries\":[],\"latest\":0}");
    }

    #[tokio::test]
    async fn a_poll_ends_with_news_with_its_time_or_with_the_process() {
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(600));
        let (head, receiver) = watch::channel(4);
        let (stop, stopping) = watch::channel(false);
        assert!(
            wait_beyond(receiver.clone(), stopping.clone(), 3, long).await,
            "what is there already"
        );
        assert!(
            !wait_beyond(receiver.clone(), stopping.clone(), 4, short).await,
            "nothing in time"
        );
        let polling = tokio::spawn(wait_beyond(receiver.clone(), stopping.clone(), 4, long));
        head.send_replace(5);
        assert!(polling.await.unwrap(), "news");
        let polling = tokio::spawn(wait_beyond(receiver, stopping, 5, long));
        stop.send_replace(true);
        assert!(!polling.await.unwrap(), "the process stops");
    }
}
