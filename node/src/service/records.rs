//! What the node answers about itself.

use std::collections::BTreeMap;

use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::conflict::ConflictState;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::time::Timestamp;

use super::waiting::read;
use super::{
    BlockHolding, Dealing, Decision, Direction, FeedState, Holdings, Kind, Node, OutboxItem, SeriesHolding, Status,
};
use crate::error::NodeError;
use crate::exchange::{OutboxState, block_of, lattice_of, start};
use crate::issuing;
use crate::ledger::{self, AccountId, grams};
use crate::store::rows::{ContradictionRow, DealingRow, EntryRow, JournalRow, OutboxRow};
use crate::store::{StoreError, Tx};
use crate::witness;

/// Token streams that the status shows.
const STREAMS_SHOWN: i64 = 100;
/// The most items of one list.
pub const ITEMS_MAX: u32 = 1_000;

fn limit(asked: u32) -> i64 {
    i64::from(asked.clamp(1, ITEMS_MAX))
}

impl Node {
    /// What the node holds by series and state, as its feed says.
    ///
    /// # Errors
    /// A database error.
    pub async fn holdings(&self) -> Result<Holdings, NodeError> {
        self.read(|tx| {
            let cursor = tx.cursor()?.unwrap_or_else(start);
            Ok(Holdings {
                series: by_series(tx)?,
                feed_seq: cursor.seq,
                log_index: cursor.log_index,
            })
        })
        .await
    }

    /// Blocks of the book after a block, of one state where one is given.
    ///
    /// # Errors
    /// A database error.
    pub async fn blocks(
        &self,
        state: Option<BlockState>,
        after: Option<tanqiao_protocol::serial::BlockRef>,
        count: u32,
    ) -> Result<Vec<BlockHolding>, NodeError> {
        let member = self.member().clone();
        self.read(move |tx| {
            let after = after
                .as_ref()
                .map(|b| (b.series.to_string(), b.range.first()))
                .unwrap_or_default();
            tx.blocks(state.map(BlockState::code), (&after.0, after.1), limit(count))?
                .iter()
                .map(|row| {
                    let block = block_of(row, &member)?;
                    Ok(BlockHolding {
                        block: block.reference(),
                        quantity_g: block.quantity(),
                        state: block.status.state,
                        bound_to: block.status.bound_to,
                        terms: block.terms,
                    })
                })
                .collect()
        })
        .await
    }

    /// Dealings of a kind, newest first, opened before `before`.
    ///
    /// # Errors
    /// A database error.
    pub async fn dealings(
        &self,
        kind: Kind,
        direction: Option<Direction>,
        before: Option<MessageId>,
        count: u32,
    ) -> Result<Vec<Dealing>, NodeError> {
        self.read(move |tx| {
            let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
            let rows = tx.dealings(kind.code(), direction.map(Direction::code), &before, limit(count))?;
            rows.into_iter().map(|row| dealing(tx, row)).collect()
        })
        .await
    }

    /// Transfers, newest first.
    ///
    /// # Errors
    /// A database error.
    pub async fn transfers(
        &self,
        direction: Direction,
        before: Option<MessageId>,
        count: u32,
    ) -> Result<Vec<Dealing>, NodeError> {
        self.dealings(Kind::Transfer, Some(direction), before, count).await
    }

    /// Donations, newest first.
    ///
    /// # Errors
    /// A database error.
    pub async fn donations(&self, before: Option<MessageId>, count: u32) -> Result<Vec<Dealing>, NodeError> {
        self.dealings(Kind::Donation, None, before, count).await
    }

    /// One transfer, donation, retirement, cancellation, pledge or issuance.
    ///
    /// # Errors
    /// [`NodeError::NotFound`].
    pub async fn dealing(&self, id: MessageId) -> Result<Dealing, NodeError> {
        self.read(move |tx| {
            let row = tx
                .dealing(&id.to_string())?
                .ok_or_else(|| NodeError::not_found("transfer, donation or other dealing", id))?;
            dealing(tx, row)
        })
        .await
    }

    /// Messages of the outbox, newest first.
    ///
    /// # Errors
    /// A database error.
    pub async fn outbox(&self, count: u32) -> Result<Vec<OutboxItem>, NodeError> {
        self.read(move |tx| {
            tx.outbox_before(i64::MAX, limit(count))?
                .into_iter()
                .map(|row| Ok(item(row)?))
                .collect()
        })
        .await
    }

    /// One message of the outbox.
    ///
    /// # Errors
    /// [`NodeError::NotFound`].
    pub async fn message(&self, id: MessageId) -> Result<OutboxItem, NodeError> {
        self.read(move |tx| {
            let row = tx
                .outbox(&id.to_string())?
                .ok_or_else(|| NodeError::not_found("message", id))?;
            Ok(item(row)?)
        })
        .await
    }

    /// Journal lines of an account, newest first, before a time.
    ///
    /// # Errors
    /// A database error.
    pub async fn journal(
        &self,
        account: AccountId,
        before: Option<Timestamp>,
        count: u32,
    ) -> Result<Vec<JournalRow>, NodeError> {
        let before = before.map_or(i64::MAX, Timestamp::micros);
        self.read(move |tx| Ok(tx.journal(account.as_str(), before, limit(count))?))
            .await
    }

    /// Feed entries as received, after a number.
    ///
    /// # Errors
    /// A database error.
    pub async fn entries(&self, after: i64, count: u32) -> Result<Vec<EntryRow>, NodeError> {
        self.read(move |tx| Ok(tx.entries(after, limit(count))?)).await
    }

    /// Evidence of what contradicted this node.
    ///
    /// # Errors
    /// A database error.
    pub async fn contradictions(&self) -> Result<Vec<ContradictionRow>, NodeError> {
        self.read(|tx| Ok(tx.contradictions()?)).await
    }

    /// Goes on after a contradiction that was cleared up with the hub. The evidence stays; a feed that still contradicts
    /// stops the node again.
    ///
    /// # Errors
    /// A database error.
    pub async fn resume_feed(&self) -> Result<(), NodeError> {
        self.write(|tx| {
            let mut cursor = tx.cursor()?.unwrap_or_else(start);
            cursor.state = FeedState::Following.code();
            cursor.expected = None;
            cursor.found = None;
            Ok(tx.set_cursor(&cursor)?)
        })
        .await
    }

    /// How the node is: feed, outbox, offers, suspense.
    ///
    /// # Errors
    /// A database error.
    pub async fn status(&self) -> Result<Status, NodeError> {
        let contact = self.contact();
        let config = self.config();
        let (member, region) = (config.member.clone(), config.region);
        self.read(move |tx| {
            let cursor = tx.cursor()?.unwrap_or_else(start);
            let suspense = ledger::balance(tx, &AccountId::suspense())?;
            Ok(Status {
                member: member.clone(),
                region,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                feed: FeedState::from_code(cursor.state)?,
                feed_seq: cursor.seq,
                feed_lag: (cursor.latest.max(contact.latest) - cursor.seq).max(0),
                feed_chain: cursor
                    .chain
                    .parse()
                    .map_err(|_| StoreError::Corrupt("the feed's chain".into()))?,
                log_index: cursor.log_index,
                digest: Sha256(lattice_of(&cursor)?.fingerprint()),
                expected: cursor.expected,
                found: cursor.found,
                heard_at: contact.heard_at.or(cursor.heard_at.map(Timestamp::from_micros)),
                trouble: contact.trouble.clone(),
                outbox_waiting: tx.count_outbox(OutboxState::WAITING)?,
                offers_waiting: waiting_offers(tx)?,
                suspense_g: suspense.total_g,
                conflicts_open: tx.count_conflicts(None, ConflictState::Open.code())?,
                token_streams: issuing::open_streams(tx, STREAMS_SHOWN)?,
                mappings_waiting: None,
                log: witness::log_status(tx)?,
            })
        })
        .await
    }
}

fn waiting_offers(tx: &mut dyn Tx) -> Result<i64, NodeError> {
    let rows = tx.dealings_decided(Decision::Person.code(), "offered", i64::from(ITEMS_MAX))?;
    Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX))
}

fn by_series(tx: &mut dyn Tx) -> Result<Vec<SeriesHolding>, NodeError> {
    let mut series: BTreeMap<SeriesRef, SeriesHolding> = BTreeMap::new();
    for (name, code, sum) in tx.block_sums()? {
        let corrupt = || StoreError::Corrupt(format!("series {name}, state {code}"));
        let reference: SeriesRef = name.parse().map_err(|_| corrupt())?;
        let state = BlockState::from_code(code).ok_or_else(corrupt)?;
        let holding = series.entry(reference.clone()).or_insert_with(|| SeriesHolding {
            series: reference,
            held_g: Grams::ZERO,
            reserved_g: Grams::ZERO,
            pledged_g: Grams::ZERO,
            frozen_g: Grams::ZERO,
            retired_g: Grams::ZERO,
            cancelled_g: Grams::ZERO,
            exported_g: Grams::ZERO,
        });
        let place = match state {
            BlockState::Held => &mut holding.held_g,
            BlockState::Reserved => &mut holding.reserved_g,
            BlockState::Pledged => &mut holding.pledged_g,
            BlockState::Frozen => &mut holding.frozen_g,
            BlockState::Retired => &mut holding.retired_g,
            BlockState::Cancelled => &mut holding.cancelled_g,
            BlockState::Exported => &mut holding.exported_g,
        };
        *place = grams(sum)?;
    }
    Ok(series.into_values().collect())
}

fn dealing(tx: &mut dyn Tx, row: DealingRow) -> Result<Dealing, NodeError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of dealing {}", row.id));
    let kind = Kind::from_code(row.kind)?;
    Ok(Dealing {
        log: witness::place_of(tx, &format!("{}/{}", kind.word(), row.id))?,
        id: row.id.parse().map_err(|_| corrupt("the id"))?,
        kind,
        direction: Direction::from_code(row.direction)?,
        account: row
            .account
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt("the account"))?,
        decision: row.decision.map(Decision::from_code).transpose()?,
        quantity_g: grams(row.quantity_g)?,
        delivered_g: row.delivered_g.map(grams).transpose()?,
        buffered_g: row.buffered_g.map(grams).transpose()?,
        cancelled_g: row.cancelled_g.map(grams).transpose()?,
        opened_at: Timestamp::from_micros(row.opened_at),
        ended_at: row.ended_at.map(Timestamp::from_micros),
        valid_until: row.valid_until.map(Timestamp::from_micros),
        content: serde_json::from_str(&row.content).map_err(|_| corrupt("the content"))?,
        partner: row.partner,
        state: row.state,
        reason: row.reason,
    })
}

fn item(row: OutboxRow) -> Result<OutboxItem, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("message {}", row.id));
    Ok(OutboxItem {
        id: row.id.parse().map_err(|_| corrupt())?,
        action: Action::from_code(row.action).ok_or_else(corrupt)?,
        state: OutboxState::from_code(row.state)?,
        attempts: row.attempts,
        created_at: Timestamp::from_micros(row.created_at),
        outcome: read(row.outcome.as_deref())?,
        problem: read(row.problem.as_deref())?,
    })
}
