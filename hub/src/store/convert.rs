//! Rows to the ledger's objects and back.

pub mod assets;

use tanqiao_protocol::block::{Block, BlockState, BlockStatus, BlockTerms};
use tanqiao_protocol::event::{EventState, InventoryBasis};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::transfer::{DonationState, IssuanceState, PledgeState, TransferState};
use tanqiao_protocol::r#use::{Use, Uses};

use tanqiao_protocol::view::HeldCounts;

use super::database::StoreError;
use super::numbers::Numbers;
use super::rows::{BlockRow, DonationRow, EventRow, IssuanceRow, ListingRow, PledgeRow, RetirementRow, TransferRow};
use crate::ledger::objects::{Donation, Event, Issuance, Listing, Pledge, Retirement, Transfer};

pub(super) fn content(what: impl std::fmt::Display) -> StoreError {
    StoreError::Content(what.to_string())
}

/// An id of 16 bytes.
pub fn message_id(bytes: &[u8]) -> Result<MessageId, StoreError> {
    let uuid = uuid::Uuid::from_slice(bytes).map_err(content)?;
    MessageId::from_uuid(uuid).map_err(content)
}

/// The 16 bytes of an id.
#[must_use]
pub fn id_bytes(id: MessageId) -> Vec<u8> {
    id.uuid().as_bytes().to_vec()
}

/// A hash of 32 bytes.
pub fn sha256(bytes: &[u8]) -> Result<Sha256, StoreError> {
    bytes
        .try_into()
        .map(Sha256)
        .map_err(|_| content("a hash that is not 32 bytes"))
}

pub(super) fn grams(g: i64) -> Result<Grams, StoreError> {
    Grams::new(g).map_err(content)
}

pub(super) fn state<T>(found: Option<T>, code: i16) -> Result<T, StoreError> {
    found.ok_or_else(|| content(format!("unknown state or kind {code}")))
}

fn year(year: i32) -> Result<u16, StoreError> {
    u16::try_from(year).map_err(content)
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(content)
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(content)
}

/// A block.
pub fn block(row: &BlockRow, numbers: &Numbers) -> Result<Block, StoreError> {
    Ok(Block {
        series: numbers.series.name(row.series_no)?.clone(),
        range: SerialRange::new(row.first, row.last).map_err(content)?,
        status: BlockStatus {
            bound_to: row.bound_to.as_deref().map(message_id).transpose()?,
            holder: numbers.members.name(row.holder)?.clone(),
            state: state(BlockState::from_code(row.state), row.state)?,
            state_before: row
                .state_before
                .map(|code| state(BlockState::from_code(code), code))
                .transpose()?,
        },
        terms: BlockTerms {
            buffered: row.buffered,
            factor_paid: Factor::new(i64::from(row.factor_paid)).map_err(content)?,
            issuance: message_id(&row.issuance)?,
            mapping: row
                .mapping_no
                .map(|no| numbers.mappings.name(no).cloned())
                .transpose()?,
            uses: Uses::from_bits(row.uses),
        },
    })
}

pub(super) fn block_row(block: &Block, log_index: i64, numbers: &Numbers) -> Result<BlockRow, StoreError> {
    Ok(BlockRow {
        series_no: numbers.series.number(&block.series)?,
        first: block.range.first(),
        last: block.range.last(),
        holder: numbers.members.number(&block.status.holder)?,
        state: block.status.state.code(),
        state_before: block.status.state_before.map(BlockState::code),
        bound_to: block.status.bound_to.map(id_bytes),
        issuance: id_bytes(block.terms.issuance),
        uses: block.terms.uses.bits(),
        mapping_no: block
            .terms
            .mapping
            .as_ref()
            .map(|m| numbers.mappings.number(m))
            .transpose()?,
        factor_paid: i32::try_from(block.terms.factor_paid.millionths()).map_err(content)?,
        buffered: block.terms.buffered,
        log_index,
    })
}

/// A transfer.
pub fn transfer(row: &TransferRow, numbers: &Numbers) -> Result<Transfer, StoreError> {
    Ok(Transfer {
        id: message_id(&row.id)?,
        source: numbers.members.name(row.source_no)?.clone(),
        target: numbers.members.name(row.target_no)?.clone(),
        state: state(TransferState::from_code(row.state), row.state)?,
        r#use: state(Use::from_code(row.purpose), row.purpose)?,
        payload_sha256: sha256(&row.payload_sha256)?,
        valid_until: Timestamp::from_micros(row.valid_until),
        delayed_until: row.delayed_until.map(Timestamp::from_micros),
        cap_year: year(row.cap_year)?,
        proposed_at: Timestamp::from_micros(row.proposed_at),
        ended_at: row.ended_at.map(Timestamp::from_micros),
        reason: row.reason.clone(),
        log_index: row.log_index,
        end_log_index: row.end_log_index,
        content: parse(&row.content)?,
    })
}

pub(super) fn transfer_row(transfer: &Transfer, numbers: &Numbers) -> Result<TransferRow, StoreError> {
    Ok(TransferRow {
        id: id_bytes(transfer.id),
        source_no: numbers.members.number(&transfer.source)?,
        target_no: numbers.members.number(&transfer.target)?,
        state: transfer.state.code(),
        purpose: transfer.r#use.code(),
        valid_until: transfer.valid_until.micros(),
        delayed_until: transfer.delayed_until.map(Timestamp::micros),
        cap_year: i32::from(transfer.cap_year),
        payload_sha256: transfer.payload_sha256.0.to_vec(),
        proposed_at: transfer.proposed_at.micros(),
        ended_at: transfer.ended_at.map(Timestamp::micros),
        reason: transfer.reason.clone(),
        log_index: transfer.log_index,
        end_log_index: transfer.end_log_index,
        content: json(&transfer.content)?,
    })
}

/// A donation.
pub fn donation(row: &DonationRow, numbers: &Numbers) -> Result<Donation, StoreError> {
    Ok(Donation {
        id: message_id(&row.id)?,
        event: row.event.parse().map_err(content)?,
        donor: numbers.members.name(row.donor_no)?.clone(),
        state: state(DonationState::from_code(row.state), row.state)?,
        payload_sha256: sha256(&row.payload_sha256)?,
        valid_until: Timestamp::from_micros(row.valid_until),
        cap_year: year(row.cap_year)?,
        proposed_at: Timestamp::from_micros(row.proposed_at),
        ended_at: row.ended_at.map(Timestamp::from_micros),
        reason: row.reason.clone(),
        log_index: row.log_index,
        end_log_index: row.end_log_index,
        content: parse(&row.content)?,
    })
}

pub(super) fn donation_row(donation: &Donation, numbers: &Numbers) -> Result<DonationRow, StoreError> {
    Ok(DonationRow {
        id: id_bytes(donation.id),
        event: donation.event.to_string(),
        donor_no: numbers.members.number(&donation.donor)?,
        state: donation.state.code(),
        valid_until: donation.valid_until.micros(),
        cap_year: i32::from(donation.cap_year),
        payload_sha256: donation.payload_sha256.0.to_vec(),
        proposed_at: donation.proposed_at.micros(),
        ended_at: donation.ended_at.map(Timestamp::micros),
        reason: donation.reason.clone(),
        log_index: donation.log_index,
        end_log_index: donation.end_log_index,
        content: json(&donation.content)?,
    })
}

/// An event.
pub fn event(row: &EventRow) -> Result<Event, StoreError> {
    Ok(Event {
        plan: parse(&row.content)?,
        state: state(EventState::from_code(row.state), row.state)?,
        basis: state(InventoryBasis::from_code(row.basis), row.basis)?,
        target: grams(row.target_g)?,
        ceiling: grams(row.ceiling_g)?,
        reserved: grams(row.reserved_g)?,
        committed: grams(row.committed_g)?,
        log_index: row.log_index,
    })
}

pub(super) fn event_row(event: &Event) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        name: event.plan.event.to_string(),
        state: event.state.code(),
        basis: event.basis.code(),
        target_g: event.target.get(),
        ceiling_g: event.ceiling.get(),
        reserved_g: event.reserved.get(),
        committed_g: event.committed.get(),
        content: json(&event.plan)?,
        log_index: event.log_index,
    })
}

/// An issuance.
pub fn issuance(row: &IssuanceRow, numbers: &Numbers) -> Result<Issuance, StoreError> {
    let block = match (row.series_no, row.first, row.last) {
        (Some(series), Some(first), Some(last)) => Some(BlockRef {
            series: numbers.series.name(series)?.clone(),
            range: SerialRange::new(first, last).map_err(content)?,
        }),
        _ => None,
    };
    Ok(Issuance {
        id: message_id(&row.id)?,
        issuer: numbers.members.name(row.member_no)?.clone(),
        state: state(IssuanceState::from_code(row.state), row.state)?,
        unscreened: row.unscreened,
        block,
        held: HeldCounts {
            waiting: u32::try_from(row.waiting).map_err(content)?,
            waiting_g: grams(row.waiting_g)?,
            refused: u32::try_from(row.refused).map_err(content)?,
            refused_g: grams(row.refused_g)?,
        },
        reversed: grams(row.reversed_g)?,
        registered_at: Timestamp::from_micros(row.registered_at),
        content: parse(&row.content)?,
        log_index: row.log_index,
    })
}

pub(super) fn issuance_row(issuance: &Issuance, numbers: &Numbers) -> Result<IssuanceRow, StoreError> {
    let series_no = issuance
        .block
        .as_ref()
        .map(|b| numbers.series.number(&b.series))
        .transpose()?;
    Ok(IssuanceRow {
        id: id_bytes(issuance.id),
        member_no: numbers.members.number(&issuance.issuer)?,
        local_reference: issuance.content.local_reference.to_string(),
        records_root: issuance.content.records_root.0.to_vec(),
        state: issuance.state.code(),
        unscreened: issuance.unscreened,
        series_no,
        first: issuance.block.as_ref().map(|b| b.range.first()),
        last: issuance.block.as_ref().map(|b| b.range.last()),
        content: json(&issuance.content)?,
        log_index: issuance.log_index,
        registered_at: issuance.registered_at.micros(),
        waiting: i64::from(issuance.held.waiting),
        waiting_g: issuance.held.waiting_g.get(),
        refused: i64::from(issuance.held.refused),
        refused_g: issuance.held.refused_g.get(),
        reversed_g: issuance.reversed.get(),
    })
}

/// A pledge.
pub fn pledge(row: &PledgeRow, numbers: &Numbers) -> Result<Pledge, StoreError> {
    Ok(Pledge {
        id: message_id(&row.id)?,
        debtor: numbers.members.name(row.debtor_no)?.clone(),
        pledgee: numbers.members.name(row.pledgee_no)?.clone(),
        state: state(PledgeState::from_code(row.state), row.state)?,
        foreclosure_requested: row.foreclosure_requested,
        content: parse(&row.content)?,
        log_index: row.log_index,
    })
}

pub(super) fn pledge_row(pledge: &Pledge, numbers: &Numbers) -> Result<PledgeRow, StoreError> {
    Ok(PledgeRow {
        id: id_bytes(pledge.id),
        debtor_no: numbers.members.number(&pledge.debtor)?,
        pledgee_no: numbers.members.number(&pledge.pledgee)?,
        state: pledge.state.code(),
        foreclosure_requested: pledge.foreclosure_requested,
        content: json(&pledge.content)?,
        log_index: pledge.log_index,
    })
}

/// A listing.
pub fn listing(row: &ListingRow, numbers: &Numbers) -> Result<Listing, StoreError> {
    Ok(Listing {
        member: numbers.members.name(row.member_no)?.clone(),
        content: parse(&row.content)?,
        log_index: row.log_index,
    })
}

pub(super) fn listing_row(listing: &Listing, numbers: &Numbers) -> Result<ListingRow, StoreError> {
    Ok(ListingRow {
        member_no: numbers.members.number(&listing.member)?,
        name: listing.content.listing.to_string(),
        series_no: numbers.series.number(&listing.content.series)?,
        quantity_g: listing.content.quantity_g.get(),
        content: json(&listing.content)?,
        log_index: listing.log_index,
    })
}

/// A retirement.
pub fn retirement(row: &RetirementRow, numbers: &Numbers) -> Result<Retirement, StoreError> {
    Ok(Retirement {
        id: message_id(&row.id)?,
        member: numbers.members.name(row.member_no)?.clone(),
        quantity: grams(row.quantity_g)?,
        claim: parse(&row.claim)?,
        blocks: parse(&row.blocks)?,
        at: Timestamp::from_micros(row.retired_at),
        log_index: row.log_index,
    })
}

pub(super) fn retirement_row(retirement: &Retirement, numbers: &Numbers) -> Result<RetirementRow, StoreError> {
    Ok(RetirementRow {
        id: id_bytes(retirement.id),
        member_no: numbers.members.number(&retirement.member)?,
        quantity_g: retirement.quantity.get(),
        claim: json(&retirement.claim)?,
        blocks: json(&retirement.blocks)?,
        retired_at: retirement.at.micros(),
        log_index: retirement.log_index,
    })
}
