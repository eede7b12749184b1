//! Offers from other members: noted from the feed, verified against the source's signature, decided by policy or person.

use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::message::{Action, Batch, Message, TransferAcceptance, TransferDecline, TransferProposal};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::VerifyingKey;
use tanqiao_protocol::view::{Evidence, MemberView, Offer};

use crate::crash;
use crate::error::NodeError;
use crate::exchange::outbox::{Outgoing, enqueue};
use crate::exchange::policy::{Verdict, judge};
use crate::exchange::{ExchangeError, FeedState, HubError, Signer};
use crate::ledger::{AccountId, Decision, Direction, Kind};
use crate::service::Node;
use crate::store::Tx;
use crate::store::rows::DealingRow;
use crate::witness;

/// Offers that are decided in one round.
const OFFERS_A_ROUND: i64 = 100;

/// Reads the offer of a dealing.
pub(crate) fn offer_of(row: &DealingRow) -> Result<Offer, NodeError> {
    serde_json::from_str(&row.content)
        .map_err(|_| NodeError::refused("no-offer", "this transfer is not an offer to this member"))
}

/// Verifies that an offer is what its source signed: the hash, the terms, the signature by a key of the source's that counted then,
/// the sums of the quote.
///
/// # Errors
/// [`ExchangeError::Offer`] says what does not fit; [`NodeError::Hub`] if keys or envelope could not be asked for.
pub async fn verify_offer(node: &Node, transfer: MessageId, offer: &Offer) -> Result<(), NodeError> {
    verify(node, &node.hub().members().await?, transfer, offer).await
}

async fn verify(node: &Node, members: &[MemberView], transfer: MessageId, offer: &Offer) -> Result<(), NodeError> {
    check_terms(node, transfer, offer).map_err(ExchangeError::Offer)?;
    let keys = keys_at(members, &offer.source, offered_at(node, transfer).await?);
    let wrong = |text: &str| NodeError::from(ExchangeError::Offer(text.to_owned()));
    match &offer.evidence {
        Evidence::Signatures(signatures) => {
            let payload_type = Action::TransferProposal.payload_type();
            let pae = tanqiao_protocol::envelope::pae(&payload_type, offer.payload.as_bytes());
            let signed = signatures.iter().any(|s| keys.iter().any(|k| k.verify(&pae, &s.sig)));
            if signed {
                Ok(())
            } else {
                Err(wrong("no signature is by a key of the source that counted then"))
            }
        }
        Evidence::Batch { envelope, item } => {
            let batch = match node.hub().envelope(envelope).await {
                Err(HubError::Unreadable(why)) => return Err(wrong(&why)),
                other => other?,
            };
            check_batch(&batch, envelope, *item, offer, &keys).map_err(wrong)
        }
    }
}

/// True if the quorum of witnesses has cosigned the log with the offer in it.
async fn is_offer_witnessed(node: &Node, transfer: MessageId) -> Result<bool, NodeError> {
    node.read(
        move |tx| Ok(witness::place_of(tx, &format!("transfer/{transfer}"))?.is_some_and(|place| place.witnessed)),
    )
    .await
}

/// The leaf by which the hub has offered a transfer to this member.
async fn offered_at(node: &Node, transfer: MessageId) -> Result<i64, NodeError> {
    let subject = format!("transfer/{transfer}");
    let told = node.read(move |tx| Ok(tx.entries_about(&subject)?)).await?;
    let offered = told.iter().find(|entry| entry.kind == "transfer.offered");
    offered
        .map(|entry| entry.log_index)
        .ok_or_else(|| NodeError::not_found("offer", transfer))
}

/// The source's keys whose signatures count at a leaf: one that was retired since has signed what came before.
fn keys_at(members: &[MemberView], source: &NodeId, log_index: i64) -> Vec<VerifyingKey> {
    let of_source = members.iter().filter(|member| member.member == *source);
    let keys = of_source.flat_map(|member| &member.keys);
    keys.filter(|key| key.counts_at(log_index))
        .map(|key| key.key.clone())
        .collect()
}

fn check_batch(
    batch: &Envelope,
    stated: &Sha256,
    item: u32,
    offer: &Offer,
    keys: &[VerifyingKey],
) -> Result<(), &'static str> {
    if batch.payload_sha256() != *stated || batch.payload_type() != Action::Batch.payload_type() {
        return Err("the batch envelope is not the one that the offer names");
    }
    if batch.verify(keys).is_err() {
        return Err("the batch is not signed by a key of the source that counted then");
    }
    let message: Message<Batch> = serde_json::from_slice(batch.payload()).map_err(|_| "the batch cannot be read")?;
    let found = usize::try_from(item).ok().and_then(|i| message.content.items.get(i));
    let fits =
        found.is_some_and(|i| i.payload == offer.payload && i.payload_type == Action::TransferProposal.payload_type());
    if fits && message.member == offer.source {
        Ok(())
    } else {
        Err("the batch does not hold this offer in that place")
    }
}

fn check_terms(node: &Node, transfer: MessageId, offer: &Offer) -> Result<(), String> {
    if Sha256::of(offer.payload.as_bytes()) != offer.payload_sha256 {
        return Err("the hash is not that of the payload".to_owned());
    }
    let signed: Message<TransferProposal> =
        serde_json::from_str(&offer.payload).map_err(|e| format!("the payload is no proposal: {e}"))?;
    let content = &signed.content;
    let sum = Grams::total([offer.quote.delivered_g, offer.quote.buffered_g, offer.quote.cancelled_g]).ok();
    let blocks = Grams::total(offer.blocks.iter().map(BlockRef::quantity)).ok();
    let rules = [
        (signed.id == transfer, "id"),
        (signed.member == offer.source, "source"),
        (signed.trust_domain == node.config().trust_domain, "trust domain"),
        (content.target == *node.member(), "target"),
        (same_serials(&content.blocks, &offer.blocks), "blocks"),
        (content.r#use == offer.r#use && offer.quote.r#use == offer.r#use, "use"),
        (content.valid_until == offer.valid_until, "validity"),
        (content.price == offer.price, "price"),
        (content.quote.is_none_or(|q| q == offer.quote.quote), "quote"),
        (sum == Some(offer.quote.given_g) && blocks == sum, "sum of the quote"),
    ];
    match rules.iter().find(|(fits, _)| !fits) {
        Some((_, what)) => Err(format!("its {what} is not what the source signed")),
        None => Ok(()),
    }
}

/// True if both lists are the same serials: the hub may name a block in the pieces that its ledger has.
fn same_serials(signed: &[BlockRef], offered: &[BlockRef]) -> bool {
    let runs = |blocks: &[BlockRef]| {
        let mut sorted = blocks.to_vec();
        sorted.sort();
        let mut runs: Vec<(tanqiao_protocol::serial::SeriesRef, i64, i64)> = Vec::with_capacity(sorted.len());
        for block in sorted {
            match runs.last_mut() {
                Some(last) if last.0 == block.series && last.2 + 1 == block.range.first() => {
                    last.2 = block.range.last();
                }
                _ => runs.push((block.series, block.range.first(), block.range.last())),
            }
        }
        runs
    };
    runs(signed) == runs(offered)
}

/// Decides the offers that the policy has not been asked about. Returns how many were decided.
///
/// # Errors
/// [`NodeError`] if the hub or the database could not be asked; what was decided before stays.
pub async fn decide_waiting(node: &Node) -> Result<usize, NodeError> {
    let waiting = node
        .read(|tx| {
            // A node that has stopped decides nothing: the offer may not be there any more.
            if tx
                .cursor()?
                .is_some_and(|cursor| cursor.state != FeedState::Following.code())
                || witness::stopped(tx)?
            {
                return Ok(Vec::new());
            }
            Ok(tx.dealings_decided(Decision::Waiting.code(), "offered", OFFERS_A_ROUND)?)
        })
        .await?;
    let count = waiting.len();
    if count == 0 {
        return Ok(0);
    }
    let members = node.hub().members().await?;
    for row in waiting {
        decide(node, &members, row).await?;
    }
    Ok(count)
}

async fn decide(node: &Node, members: &[MemberView], row: DealingRow) -> Result<(), NodeError> {
    let transfer: MessageId = row.id.parse()?;
    let offer = offer_of(&row)?;
    crash::point("offer.before-decision");
    match verify(node, members, transfer, &offer).await {
        Err(NodeError::Exchange(ExchangeError::Offer(why))) => {
            tracing::warn!(%transfer, why, "an offer is not what its source signed");
            node.write(move |tx| set_decision(tx, transfer, Decision::Invalid, None, Some(&why)))
                .await?;
        }
        Err(other) => return Err(other),
        Ok(()) => {
            let rules = node.rules().await?;
            let (verdict, account) = judge(&rules, &node.config().acceptance, &offer);
            if verdict == Verdict::Accept
                && node.config().acceptance.witnessed
                && !is_offer_witnessed(node, transfer).await?
            {
                // It is looked at again as soon as more of the log is witnessed.
                return Ok(());
            }
            match verdict {
                Verdict::Accept => accept(node, node.new_id(), None, transfer, offer, account).await?,
                Verdict::Decline => {
                    let reason = "This member's standing policy does not take such offers.".to_owned();
                    decline(node, node.new_id(), None, transfer, reason).await?;
                }
                Verdict::Ask => {
                    node.write(move |tx| set_decision(tx, transfer, Decision::Person, None, None))
                        .await?;
                }
            }
        }
    }
    crash::point("offer.after-decision");
    Ok(())
}

/// Writes an acceptance of a verified offer and where it shall be credited.
pub(crate) async fn accept(
    node: &Node,
    id: MessageId,
    staff: Option<tanqiao_protocol::message::StaffDecision>,
    transfer: MessageId,
    offer: Offer,
    account: AccountId,
) -> Result<(), NodeError> {
    let message = Outgoing {
        id,
        now: node.now(),
        staff,
    };
    let signer = node.signer().clone();
    node.write(move |tx| {
        tx.account(account.as_str())?
            .ok_or_else(|| NodeError::not_found("account", &account))?;
        if account == AccountId::suspense() {
            return Err(NodeError::refused("suspense", "name the account that the offer is for"));
        }
        let content = TransferAcceptance {
            transfer,
            payload_sha256: offer.payload_sha256,
            delivered_g: offer.quote.delivered_g,
            buffered_g: offer.quote.buffered_g,
            cancelled_g: offer.quote.cancelled_g,
            r#use: offer.r#use,
        };
        answer(
            tx,
            &signer,
            &message,
            transfer,
            Decision::Accepted,
            Some(&account),
            &content,
        )
    })
    .await
}

/// Writes a decline.
pub(crate) async fn decline(
    node: &Node,
    id: MessageId,
    staff: Option<tanqiao_protocol::message::StaffDecision>,
    transfer: MessageId,
    reason: String,
) -> Result<(), NodeError> {
    let message = Outgoing {
        id,
        now: node.now(),
        staff,
    };
    let signer = node.signer().clone();
    node.write(move |tx| {
        let content = TransferDecline {
            transfer,
            reason: reason.clone(),
        };
        answer(tx, &signer, &message, transfer, Decision::Declined, None, &content)
    })
    .await
}

fn answer<C: tanqiao_protocol::message::Content>(
    tx: &mut dyn Tx,
    signer: &Signer,
    message: &Outgoing,
    transfer: MessageId,
    decision: Decision,
    account: Option<&AccountId>,
    content: &C,
) -> Result<(), NodeError> {
    if tx.outbox(&message.id.to_string())?.is_some() {
        return enqueue(tx, signer, message, content);
    }
    let row = open_offer(tx, transfer)?;
    let before = row.decision.map(Decision::from_code).transpose()?;
    if matches!(before, Some(Decision::Accepted | Decision::Declined)) {
        return Err(NodeError::refused(
            "decided",
            format!("offer {transfer} was decided already"),
        ));
    }
    set_decision(tx, transfer, decision, account, None)?;
    enqueue(tx, signer, message, content)
}

/// The offer, as long as it may be decided.
pub(crate) fn open_offer(tx: &mut dyn Tx, transfer: MessageId) -> Result<DealingRow, NodeError> {
    let row = tx
        .dealing(&transfer.to_string())?
        .ok_or_else(|| NodeError::not_found("offer", transfer))?;
    if row.kind != Kind::Transfer.code() || row.direction != Direction::In.code() {
        return Err(NodeError::refused(
            "no-offer",
            format!("transfer {transfer} is not an offer to this member"),
        ));
    }
    match (row.ended_at, row.state.as_deref()) {
        (Some(_), Some(state)) => Err(NodeError::refused("ended", format!("transfer {transfer} is {state}"))),
        _ => Ok(row),
    }
}

fn set_decision(
    tx: &mut dyn Tx,
    transfer: MessageId,
    decision: Decision,
    account: Option<&AccountId>,
    reason: Option<&str>,
) -> Result<(), NodeError> {
    let Some(mut row) = tx.dealing(&transfer.to_string())? else {
        return Err(NodeError::not_found("offer", transfer));
    };
    row.decision = Some(decision.code());
    if let Some(account) = account {
        row.account = Some(account.to_string());
    }
    if let Some(reason) = reason {
        row.reason = Some(reason.to_owned());
    }
    Ok(tx.update_dealing(&row)?)
}
