//! A mapping version as the hub knows it: the signed record, its status, and when it stopped being in force.

use std::sync::Arc;

use tanqiao_protocol::mapping::{MappingState, RejectionGround};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::refusal::Inactive;

/// A mapping version, and whether it recognises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingEntry {
    /// The signed record.
    pub record: Arc<MappingRecord>,
    /// Its status at the hub.
    pub status: MappingState,
    /// When it was superseded, expired or revoked; `None` while it is active or suspended.
    pub ended_at: Option<Timestamp>,
}

impl MappingEntry {
    /// An entry of a version of which no end is known but that of its validity.
    #[must_use]
    pub fn new(record: MappingRecord, status: MappingState) -> Self {
        Self::with_end(record, status, None)
    }

    /// An entry of a version that was in force until before `ended_at`, if that is not `None`.
    #[must_use]
    pub fn with_end(record: impl Into<Arc<MappingRecord>>, status: MappingState, ended_at: Option<Timestamp>) -> Self {
        Self {
            record: record.into(),
            status,
            ended_at,
        }
    }

    /// True if its record was composed through a reference methodology, so that every direct ruling wins over it.
    #[must_use]
    pub fn is_composed(&self) -> bool {
        self.record.through.is_some()
    }

    /// `None` if this version recognises at `at`, else why it does not. A period that is over is named before a suspension,
    /// since lifting the suspension would not help.
    #[must_use]
    pub fn inactive_at(&self, at: Timestamp) -> Option<Inactive> {
        let record = &self.record;
        match self.by_status() {
            Some(why) if why != Inactive::Suspended => Some(why),
            _ if at >= record.valid_until => Some(Inactive::Expired {
                since: record.valid_until,
            }),
            Some(why) => Some(why),
            None if at < record.valid_from => Some(Inactive::NotYetValid {
                from: record.valid_from,
            }),
            None => None,
        }
    }

    /// True if it was in force at any time of a calendar year (UTC+8). One that was revoked, or never approved, counts as never
    /// having been in force.
    #[must_use]
    pub fn in_force_in(&self, year: u16) -> bool {
        if self.status_is(Inactive::Revoked) || self.status_is(Inactive::NotApproved) {
            return false;
        }
        let from = self.record.valid_from;
        let until = self
            .ended_at
            .map_or(self.record.valid_until, |end| end.min(self.record.valid_until));
        let last = until.plus_micros(-1);
        from < until && from.china_year() <= i32::from(year) && last.china_year() >= i32::from(year)
    }

    /// True if its status alone says `why`.
    pub(super) fn status_is(&self, why: Inactive) -> bool {
        self.by_status() == Some(why)
    }

    /// What its status says by itself, whatever the time: the one place that turns a status into an [`Inactive`].
    fn by_status(&self) -> Option<Inactive> {
        match self.status {
            MappingState::Active => None,
            MappingState::Suspended => Some(Inactive::Suspended),
            MappingState::Superseded => Some(Inactive::Superseded),
            MappingState::Expired => Some(Inactive::Expired {
                since: self.record.valid_until,
            }),
            MappingState::Revoked => Some(Inactive::Revoked),
            MappingState::Draft
            | MappingState::Candidate
            | MappingState::EvidenceComplete
            | MappingState::SourceEndorsed
            | MappingState::TargetEndorsed
            | MappingState::Rejected => Some(Inactive::NotApproved),
        }
    }
}

/// A mapping version that was examined and refused: what `origin` quantifies is not recognised in `to`, and no route leads
/// round that (3-recognition, Mappings).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The version that was rejected.
    pub mapping: MappingRef,
    /// The methodology that quantified the reductions.
    pub origin: MethodologyRef,
    /// Where they would have become usable.
    pub to: RegionCode,
    /// For which uses; `None` for all.
    pub uses: Option<Uses>,
    /// On which ground of the closed list.
    pub ground: RejectionGround,
}

impl Rejection {
    /// True if it is about this use.
    #[must_use]
    pub fn covers(&self, wanted: Use) -> bool {
        self.uses.is_none_or(|uses| uses.contains(wanted))
    }
}
