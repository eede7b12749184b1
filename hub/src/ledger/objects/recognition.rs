//! What recognition rests on: attribute sheets, published emission factors, what is known of members' registries, and mapping
//! versions from proposal to end.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use tanqiao_mappings::catalogue::Catalogue;
use tanqiao_mappings::equivalence::{InputRef, Library};
use tanqiao_mappings::factors::{FactorRecord, GridFactors};
use tanqiao_mappings::gates::PlausibleBands;
use tanqiao_mappings::gwp::GwpTable;
use tanqiao_mappings::recognition::{MappingEntry, MappingSet, Rejection};
use tanqiao_mappings::relation::Relation;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::mapping::{MappingProposal, MappingState, Party, RejectionGround};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::{Endorsement, Suspension};

use crate::ledger::hub_member;

/// The attribute sheet of a methodology version, as it was last published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetVersion {
    /// Who published it; `None` for officers, who publish those of reference methodologies.
    pub publisher: Option<NodeId>,
    /// Counts the publications from 1.
    pub revision: u32,
    /// The sheet.
    pub sheet: Arc<Sheet>,
    /// SHA-256 over its canonical JSON.
    pub sha256: Sha256,
    /// When it was published.
    pub at: Timestamp,
    /// The leaf.
    pub log_index: i64,
}

/// What officers know of a member's registry: the node gate of 3-recognition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// SHA-256 of the report of the conformance suite that its node passed; absent if it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conformance_report: Option<Sha256>,
    /// The bodies that verify its issuances.
    #[serde(default)]
    pub verification_bodies: Vec<String>,
}

/// A mapping version, from proposal to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingVersion {
    /// Where it stands.
    pub state: MappingState,
    /// What else is known of it.
    pub content: MappingContent,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// What the store keeps of a mapping version beside its state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingContent {
    /// Who proposed it; absent for officers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<NodeId>,
    /// What was proposed; absent for a mapping of the time before proposals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<MappingProposal>,
    /// The record, once the evidence is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Arc<MappingRecord>>,
    /// What the record rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputRef>,
    /// Until when comments are awaited before it may be approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_until: Option<Timestamp>,
    /// The parties that endorsed the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endorsements: Vec<Endorsement>,
    /// The officers that approved it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Name>,
    /// Why it is suspended, and who agrees to lift that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<Suspension>,
    /// On which ground it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<RejectionGround>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The envelope with both members' signatures, of a mapping of the time before proposals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<String>,
}

impl MappingVersion {
    /// The record and its hash, once there is one.
    #[must_use]
    pub fn record(&self) -> Option<&Arc<MappingRecord>> {
        self.content.record.as_ref()
    }

    /// Its entry for recognition, if it recognises or did. One to a reference methodology, for which the hub signed, is a leg of
    /// others and recognises nothing by itself: no member that uses reductions has agreed to it.
    #[must_use]
    pub fn entry(&self) -> Option<MappingEntry> {
        let record = self.record().filter(|_| self.state.was_approved())?;
        if record.endorsed_by == hub_member() {
            return None;
        }
        Some(MappingEntry::with_end(
            Arc::clone(record),
            self.state,
            self.content.ended_at,
        ))
    }

    /// What it rules out, if it was rejected.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        let proposal = self.content.proposal.as_ref()?;
        (self.state == MappingState::Rejected).then_some(())?;
        Some(Rejection {
            mapping: proposal.mapping.clone(),
            origin: proposal.origin.clone(),
            to: proposal.to,
            uses: Some(proposal.uses),
            ground: self.content.ground?,
        })
    }

    /// True if a party has endorsed the record.
    #[must_use]
    pub fn endorsed_by(&self, party: Party) -> bool {
        self.content.endorsements.iter().any(|one| one.party == party)
    }
}

/// Rows of a mapping set, taken as candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CandidateSet {
    /// The set.
    pub id: Name,
    /// SHA-256 over all rows of the file that they come from.
    pub sha256: Sha256,
    /// Some of its rows.
    pub rows: Vec<Candidate>,
}

/// A pair that someone thinks could be mapped, or not. It recognises nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// What tells it from the other rows of its set.
    pub key: String,
    /// The methodology on the left, by id, with or without a version.
    pub subject: String,
    /// The methodology on the right; absent where no counterpart was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// How they seem to relate.
    pub relation: Relation,
    /// True if the row says that they do not relate so.
    pub negated: bool,
    /// Every filled cell, by column.
    pub cells: BTreeMap<String, String>,
}

/// What recognises, did or was rejected, of all mapping versions.
#[must_use]
pub fn mapping_set(versions: &BTreeMap<MappingRef, MappingVersion>) -> MappingSet {
    MappingSet::new(
        versions.values().filter_map(MappingVersion::entry),
        versions.values().filter_map(MappingVersion::rejection),
    )
}

/// The published data that every assessment may use: what the catalogue ships, and what officers have published since.
#[derive(Debug, Clone)]
pub struct PublishedData {
    grid: GridFactors,
    gwp: GwpTable,
    bands: PlausibleBands,
}

impl PublishedData {
    /// The catalogue's alone.
    #[must_use]
    pub fn shipped() -> Arc<Self> {
        static SHIPPED: LazyLock<Arc<PublishedData>> = LazyLock::new(|| {
            // The shipped tables are compiled in, and no sequencer starts where they cannot be read.
            let catalogue = Catalogue::shipped().ok();
            let library = catalogue.as_ref().map(Catalogue::library);
            Arc::new(PublishedData {
                grid: library.map(|one| one.grid.clone()).unwrap_or_default(),
                gwp: library.map(|one| one.gwp.clone()).unwrap_or_default(),
                bands: library.map(|one| one.bands.clone()).unwrap_or_default(),
            })
        });
        Arc::clone(&SHIPPED)
    }

    /// The catalogue's, with these records added or put in the place of those of the same id.
    #[must_use]
    pub fn with(records: &BTreeMap<Name, FactorRecord>) -> Arc<Self> {
        let shipped = Self::shipped();
        if records.is_empty() {
            return shipped;
        }
        let grid = shipped.grid.with(records.values().cloned());
        Arc::new(Self {
            grid,
            ..(*shipped).clone()
        })
    }

    /// For the engine.
    #[must_use]
    pub const fn library(&self) -> Library<'_> {
        Library {
            grid: &self.grid,
            gwp: &self.gwp,
            bands: &self.bands,
        }
    }
}
