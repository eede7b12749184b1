//! Claims and permissions between rows and objects.

use tanqiao_protocol::event::ClaimantKind;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::permission::PermissionState;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::convert::{content, grams, id_bytes, json, message_id, parse};
use super::database::StoreError;
use super::numbers::Numbers;
use super::rows::{ClaimRow, PermissionRow};
use crate::ledger::objects::{Permission, Retirement};

/// The part of a claim that is the claim itself; the other is its linked obligation.
pub const CLAIM_ITSELF: i16 = 0;
/// The part that is the linked obligation.
pub const LINKED: i16 = 1;

/// A permission.
///
/// # Errors
/// [`StoreError`] if the row is not one.
pub fn permission(row: &PermissionRow) -> Result<Permission, StoreError> {
    Ok(Permission {
        id: message_id(&row.id)?,
        state: PermissionState::from_code(row.state)
            .ok_or_else(|| content(format!("unknown state {} of a permission", row.state)))?,
        content: parse(&row.content)?,
        reserved: grams(row.reserved_g)?,
        used: grams(row.used_g)?,
        at: Timestamp::from_micros(row.permitted_at),
        log_index: row.log_index,
    })
}

pub(super) fn permission_row(permission: &Permission, numbers: &Numbers) -> Result<PermissionRow, StoreError> {
    Ok(PermissionRow {
        id: id_bytes(permission.id),
        member_no: numbers.members.number(&permission.content.member)?,
        state: permission.state.code(),
        quantity_g: permission.content.quantity_g.get(),
        reserved_g: permission.reserved.get(),
        used_g: permission.used.get(),
        content: json(&permission.content)?,
        permitted_at: permission.at.micros(),
        log_index: permission.log_index,
    })
}

/// One obligation that a retirement meets.
struct Obligation<'a> {
    claimant: &'a str,
    kind: ClaimantKind,
    r#use: Use,
    year: u16,
    place: RegionCode,
    permission: Option<MessageId>,
}

/// The rows by which claims are found: the claim, and its linked obligation where it has one.
///
/// # Errors
/// [`StoreError`] if the member has no number.
pub fn claim_rows(retirement: &Retirement, numbers: &Numbers) -> Result<Vec<ClaimRow>, StoreError> {
    let claim = &retirement.claim;
    let itself = Obligation {
        claimant: &claim.claimant,
        kind: claim.claimant_kind,
        r#use: claim.r#use,
        year: claim.year,
        place: claim.place,
        permission: None,
    };
    let linked = claim.linked.as_ref().map(|linked| Obligation {
        claimant: &linked.claimant,
        kind: linked.claimant_kind,
        r#use: linked.r#use,
        year: linked.year,
        place: linked.place,
        permission: Some(linked.permission),
    });
    let row = |(part, one): (i16, Obligation<'_>)| {
        Ok(ClaimRow {
            retirement: id_bytes(retirement.id),
            part,
            member_no: numbers.members.number(&retirement.member)?,
            claimant: one.claimant.to_owned(),
            claimant_kind: one.kind.code(),
            purpose: one.r#use.code(),
            year: i32::from(one.year),
            place: one.place.to_string(),
            quantity_g: retirement.quantity.get(),
            permission: one.permission.map(id_bytes),
        })
    };
    [CLAIM_ITSELF, LINKED]
        .into_iter()
        .zip([Some(itself), linked])
        .filter_map(|(part, one)| one.map(|one| row((part, one))))
        .collect()
}

impl ClaimRow {
    /// True if the other row says the same.
    #[must_use]
    pub fn says(&self, other: &Self) -> bool {
        let of = |row: &Self| {
            (
                (row.retirement.clone(), row.part, row.member_no, row.quantity_g),
                (row.claimant.clone(), row.claimant_kind, row.purpose, row.year),
                (row.place.clone(), row.permission.clone()),
            )
        };
        of(self) == of(other)
    }
}
