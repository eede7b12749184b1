//! Quotes for what an account would give: the serials are chosen as an order would choose them and grouped into lots as the hub
//! groups them, the hub is asked lot by lot, and the answers make one quote with the hash that the hub computes.
//!
//! Lots are parted by issuance where activity data travel, since each issuance then has a factor of its own (3-recognition,
//! rule 4). Which mappings are of this kind only the hub knows: it refuses such a lot as R06 while no issuance is named.

use serde::{Deserialize, Serialize};
use tanqiao_mappings::recognition::batch_lots_of;
use tanqiao_protocol::block::Block;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::{Lot, LotQuote, Quote, quote_id};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::RecognitionQuery;

use super::{Node, Selection};
use crate::error::NodeError;
use crate::exchange::{HubError, block_of};
use crate::ledger::{self, AccountId};

/// Lots that one quote asks for at most: each is a request to the hub.
const LOTS_MAX: usize = 64;

/// Where reductions would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To another member.
    Member(NodeId),
    /// To an event.
    Event(Name),
    /// To a region.
    Region(RegionCode),
}

/// What would be given, and what the hub would do with it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The serials, to be named in the order: other serials may have another quote.
    pub blocks: Vec<BlockRef>,
    /// What would arrive; its hash is to be named in the order.
    pub quote: Quote,
}

/// Where to, and for what.
#[derive(Debug, Clone, Copy)]
struct Purpose {
    to: RegionCode,
    r#use: Use,
}

/// One lot as it was asked for, and what the hub said.
type Asked = (LotQuote, String, String);

impl Node {
    /// What would arrive at `destination` for `purpose` of what `account` would give. Nothing is reserved: the quote holds as
    /// long as the serials are free and the mappings stay as they are.
    ///
    /// # Errors
    /// [`NodeError::Refused`] as [`ledger::reserve`], or `too-many-lots`; [`NodeError::NotFound`] for the destination;
    /// [`NodeError::Hub`] with the check by which the hub would refuse (R01 to R08).
    pub async fn quote(
        &self,
        account: AccountId,
        what: Selection,
        destination: &Destination,
        purpose: Use,
    ) -> Result<Planned, NodeError> {
        let to = self.region_of(destination).await?;
        let member = self.member().clone();
        let chosen = self
            .read(move |tx| {
                let mut blocks = Vec::new();
                for part in ledger::choosable(tx, &account, &what, None)? {
                    let (first, last) = (part.range.first(), part.range.last());
                    for row in tx.blocks_over(&part.series.to_string(), first, last)? {
                        let block = block_of(&row, &member)?;
                        let range = block.range.intersection(&part.range);
                        blocks.extend(range.map(|range| Block { range, ..block }));
                    }
                }
                Ok(blocks)
            })
            .await?;
        let purpose = Purpose { to, r#use: purpose };
        let quote = self.quote_of(&chosen, purpose).await?;
        let blocks = chosen.iter().map(Block::reference).collect();
        Ok(Planned { blocks, quote })
    }

    /// What an order of `id` shall name so that it relies on a quote of now: exactly these serials, and the quote's hash. An order
    /// that was written before is left as it is.
    ///
    /// # Errors
    /// As [`Node::quote`].
    pub async fn relying(
        &self,
        id: Option<MessageId>,
        account: AccountId,
        what: Selection,
        destination: &Destination,
        purpose: Use,
    ) -> Result<(Selection, Option<Sha256>), NodeError> {
        if let Some(id) = id {
            let id = id.to_string();
            if self.read(move |tx| Ok(tx.outbox(&id)?.is_some())).await? {
                return Ok((what, None));
            }
        }
        let planned = self.quote(account, what, destination, purpose).await?;
        Ok((Selection::Blocks(planned.blocks), Some(planned.quote.quote)))
    }

    async fn region_of(&self, destination: &Destination) -> Result<RegionCode, NodeError> {
        match destination {
            Destination::Region(region) => Ok(*region),
            Destination::Member(id) => {
                let members = self.hub().members().await?;
                let found = members.iter().find(|one| one.member == *id);
                Ok(found.ok_or_else(|| NodeError::not_found("member", id))?.region)
            }
            Destination::Event(name) => {
                let events = self.hub().events().await?;
                let found = events.iter().find(|one| one.plan.event == *name);
                Ok(found.ok_or_else(|| NodeError::not_found("event", name))?.plan.region)
            }
        }
    }

    async fn quote_of(&self, blocks: &[Block], purpose: Purpose) -> Result<Quote, NodeError> {
        let lots = batch_lots_of(blocks, |_| None);
        if lots.len() > LOTS_MAX {
            let text = format!(
                "these are {} lots, of which a quote takes {LOTS_MAX}: ask for less",
                lots.len()
            );
            return Err(NodeError::refused("too-many-lots", text));
        }
        let mut asked: Vec<Asked> = Vec::with_capacity(lots.len());
        for (lot, _) in &lots {
            let own: Vec<Block> = blocks.iter().filter(|one| is_of(one, lot)).cloned().collect();
            let parts = batch_lots_of(&own, |one| Some(one.terms.issuance));
            match parts.as_slice() {
                [(part, issuance)] => asked.push(self.ask(part, *issuance, purpose).await?),
                parts => self.ask_of_many(lot, parts, purpose, &mut asked).await?,
            }
        }
        summed(&asked, purpose)
    }

    /// A lot of several issuances: as a whole, or parted where its activity data travel.
    async fn ask_of_many(
        &self,
        lot: &Lot,
        parts: &[(Lot, Option<MessageId>)],
        purpose: Purpose,
        asked: &mut Vec<Asked>,
    ) -> Result<(), NodeError> {
        let whole = self.ask(lot, None, purpose).await;
        let parted = match &whole {
            Err(error) => is_gate(error),
            // A lot that needs no mapping here is parted like one that does.
            Ok((quoted, ..)) if quoted.mapping.is_none() && lot.mapping.is_some() => {
                let fresh = Lot {
                    mapping: None,
                    uses: tanqiao_protocol::r#use::Uses::NONE,
                    ..lot.clone()
                };
                let named = parts.first().and_then(|(_, issuance)| *issuance);
                matches!(self.ask(&fresh, None, purpose).await, Err(error) if is_gate(&error))
                    && !matches!(self.ask(&fresh, named, purpose).await, Err(error) if is_gate(&error))
            }
            Ok(_) => false,
        };
        if !parted {
            asked.push(whole?);
            return Ok(());
        }
        if asked.len() + parts.len() > LOTS_MAX {
            let text = format!(
                "these are more than {LOTS_MAX} lots, since each issuance has a factor of its own: ask for less"
            );
            return Err(NodeError::refused("too-many-lots", text));
        }
        for (part, issuance) in parts {
            asked.push(self.ask(part, *issuance, purpose).await?);
        }
        Ok(())
    }

    async fn ask(&self, lot: &Lot, issuance: Option<MessageId>, purpose: Purpose) -> Result<Asked, NodeError> {
        let given = Grams::total(lot.blocks.iter().map(BlockRef::quantity))?;
        // Named, a mapping tells the hub that the lot is recognised where it is. For any other way its origin alone counts.
        let recognised_here = purpose.to == self.config().region && lot.uses.contains(purpose.r#use);
        let question = RecognitionQuery {
            methodology: lot.series.methodology().clone(),
            to: purpose.to,
            r#use: purpose.r#use,
            vintage: lot.series.vintage(),
            quantity_g: Some(given),
            deliver_g: None,
            paid: Some(lot.paid),
            mapping: lot.mapping.clone().filter(|_| recognised_here),
            region_of_act: Some(lot.series.region_of_act()),
            issuance,
        };
        let quote = self.hub().quote(&question).await?;
        let answered = quote
            .lots
            .into_iter()
            .next()
            .filter(|one| (&one.series, one.given_g, one.paid_before) == (&lot.series, given, lot.paid));
        let mut quoted = answered.ok_or_else(|| {
            let text = format!("the quote for {given} of {} is about something else", lot.series);
            HubError::Unreadable(text)
        })?;
        quoted.issuance = issuance;
        if lot.buffered && !quoted.buffered_g.is_zero() {
            // The hub was not told that a buffer was taken before, and its words are about one that is taken now.
            quoted.delivered_g = Grams::total([quoted.delivered_g, quoted.buffered_g])?;
            quoted.buffered_g = Grams::ZERO;
            return Ok((quoted, String::new(), String::new()));
        }
        Ok((quoted, quote.explanation_zh, quote.explanation_en))
    }
}

/// True if a block is of a lot that was not parted by issuance.
fn is_of(block: &Block, lot: &Lot) -> bool {
    lot.blocks.binary_search(&block.reference()).is_ok()
}

/// R06: a gate of recognition, such as an issuance that was not named.
fn is_gate(error: &NodeError) -> bool {
    matches!(error, NodeError::Hub(HubError::Problem(problem)) if problem.check == Some(CheckCode::R06))
}

fn summed(asked: &[Asked], purpose: Purpose) -> Result<Quote, NodeError> {
    let lots: Vec<LotQuote> = asked.iter().map(|(lot, ..)| lot.clone()).collect();
    let words = |of: fn(&Asked) -> &str| {
        let all: Vec<&str> = asked.iter().map(of).filter(|words| !words.is_empty()).collect();
        all.join("\n")
    };
    Ok(Quote {
        quote: quote_id(purpose.to, purpose.r#use, &lots),
        to: purpose.to,
        r#use: purpose.r#use,
        given_g: Grams::total(lots.iter().map(|lot| lot.given_g))?,
        delivered_g: Grams::total(lots.iter().map(|lot| lot.delivered_g))?,
        buffered_g: Grams::total(lots.iter().map(|lot| lot.buffered_g))?,
        cancelled_g: Grams::total(lots.iter().map(|lot| lot.cancelled_g))?,
        lots,
        explanation_zh: words(|one| &one.1),
        explanation_en: words(|one| &one.2),
    })
}
