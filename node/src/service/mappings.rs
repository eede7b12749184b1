//! Mappings and sheets: what this member proposes, endorses, refuses, stops, lifts, comments and publishes.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tanqiao_mappings::explanation::Explanation;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::mapping::{
    MappingComment, MappingEndorsement, MappingLifting, MappingObjection, MappingProposal, MappingState,
    MappingSuspension, RejectionGround,
};
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::view::{MappingDetail, MappingView};

use super::{Node, Staffed, Status};
use crate::catalogue;
use crate::error::NodeError;
use crate::ledger::check_text;

/// How long a status waits for the hub's list.
const NOTICE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long what it said is good enough for a status.
const NOTICE_LIFE: Duration = Duration::from_secs(5);
/// The most items of a page of the hub's.
const PAGE_ITEMS: u32 = 1_000;
/// The longest reason of a refusal and the longest comment, in characters.
const WORDS_MAX: usize = 2_000;
/// The longest reason of an emergency stop, in characters.
const REASON_MAX: usize = 500;

/// The mapping versions that wait for this member, as the hub listed them last; `None` where it gave no answer.
#[derive(Clone)]
pub(super) struct Noticed {
    at: Instant,
    waiting: Option<Vec<MappingRef>>,
}

/// The explanation that the hub shows with a mapping version, if its form is known here.
#[must_use]
pub fn explanation_of(shown: &MappingDetail) -> Option<Explanation> {
    let value = shown.explanation.clone()?;
    serde_json::from_value(value).ok()
}

/// True if the explanation that is shown is the one that the record names, or the record names none.
#[must_use]
pub fn is_explained(shown: &MappingDetail) -> bool {
    let named = shown.view.record.as_ref().and_then(|record| record.explanation_sha256);
    named.is_none() || explanation_of(shown).map(|one| one.content_hash()) == named
}

impl Node {
    /// How the node is, with the mapping versions that wait for this member's endorsement, as the hub lists them: in one question,
    /// which is not asked again for a while, and without them where the hub gives no answer at once.
    ///
    /// # Errors
    /// A database error.
    pub async fn status_with_mappings(&self) -> Result<Status, NodeError> {
        let mut status = self.status().await?;
        status.mappings_waiting = match self.noticed() {
            Some(known) => known.waiting,
            None => self.notice().await?,
        };
        Ok(status)
    }

    fn noticed(&self) -> Option<Noticed> {
        let noticed = self.0.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        noticed.clone().filter(|one| one.at.elapsed() < NOTICE_LIFE)
    }

    async fn notice(&self) -> Result<Option<Vec<MappingRef>>, NodeError> {
        let whole_page = [("limit".to_owned(), PAGE_ITEMS.to_string())];
        let asked = tokio::time::timeout(NOTICE_TIMEOUT, self.hub().mappings(&whole_page)).await;
        let waiting = match asked {
            Ok(Ok(views)) => Some(self.waiting_among(views, &self.read(catalogue::all).await?)),
            Ok(Err(_)) | Err(_) => None,
        };
        let noticed = Noticed {
            at: Instant::now(),
            waiting: waiting.clone(),
        };
        *self.0.noticed.lock().unwrap_or_else(PoisonError::into_inner) = Some(noticed);
        Ok(waiting)
    }

    /// Of the origin's methodology this node knows itself that it is this member's: it is of this region and kept here.
    fn waiting_among(&self, views: Vec<MappingView>, kept: &[Methodology]) -> Vec<MappingRef> {
        let region = self.config().region;
        let is_own = |origin: &MethodologyRef| {
            kept.iter()
                .any(|one| one.methodology == *origin && one.region == region)
        };
        let waits = |view: &MappingView| match (view.state, &view.record) {
            (MappingState::EvidenceComplete, Some(record)) => {
                view.proposed_by.as_ref() == Some(self.member()) && record.endorsed_by != *self.member()
                    || is_own(&record.origin)
            }
            (MappingState::SourceEndorsed, Some(record)) => record.endorsed_by == *self.member(),
            _ => false,
        };
        views.into_iter().filter(waits).map(|view| view.mapping).collect()
    }

    /// Publishes the attribute sheet of one of this member's methodology versions.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn publish_sheet(&self, by: Staffed, sheet: Sheet) -> Result<MessageId, NodeError> {
        self.say(by, sheet).await
    }

    /// Proposes a mapping version; the hub computes its factor.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn propose_mapping(&self, by: Staffed, proposal: MappingProposal) -> Result<MessageId, NodeError> {
        self.say(by, proposal).await
    }

    /// Endorses the record of a mapping version, once it has seen that the hub's record is the one that was read, and that the
    /// explanation shown with it is the one that the record names.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `stale-approval` if the record is another one, with `gate-failed` if there is none.
    pub async fn endorse_mapping(
        &self,
        by: Staffed,
        mapping: &MappingRef,
        record_sha256: Sha256,
    ) -> Result<MessageId, NodeError> {
        let shown = self.hub().mapping(mapping).await?;
        let explained = is_explained(&shown);
        let record = shown.view.record.ok_or_else(|| {
            let detail = format!("The evidence for {mapping} is not complete: it has no record to endorse yet.");
            NodeError::refused("gate-failed", detail)
        })?;
        let stands = record.sha256();
        if stands != record_sha256 || record.mapping != *mapping {
            let detail = format!("The record that stands is {stands}, not {record_sha256}: read it, and decide again.");
            return Err(NodeError::refused("stale-approval", detail));
        }
        if !explained {
            let detail = "The explanation that the hub shows is not the one that the record names: endorse nothing, and ask the hub's officers.";
            return Err(NodeError::refused("stale-approval", detail));
        }
        let content = MappingEndorsement {
            mapping: mapping.clone(),
            record_sha256,
        };
        self.say(by, content).await
    }

    /// Refuses a mapping version on a ground of the closed list, which ends the proposal.
    ///
    /// # Errors
    /// [`NodeError::Refused`]: `id-reused`, `too-long`, or `personal-data` for a reason that holds a person's number.
    pub async fn object_to_mapping(
        &self,
        by: Staffed,
        mapping: MappingRef,
        ground: RejectionGround,
        reason: String,
    ) -> Result<MessageId, NodeError> {
        check_text("the reason", &reason, WORDS_MAX)?;
        let content = MappingObjection {
            mapping,
            ground,
            reason,
        };
        self.say(by, content).await
    }

    /// Stops a mapping version at once.
    ///
    /// # Errors
    /// As [`Node::object_to_mapping`].
    pub async fn suspend_mapping(
        &self,
        by: Staffed,
        mapping: MappingRef,
        reason: String,
    ) -> Result<MessageId, NodeError> {
        check_text("the reason", &reason, REASON_MAX)?;
        self.say(by, MappingSuspension { mapping, reason }).await
    }

    /// Agrees that a suspended mapping version recognises again.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn lift_mapping(&self, by: Staffed, mapping: MappingRef) -> Result<MessageId, NodeError> {
        self.say(by, MappingLifting { mapping }).await
    }

    /// Comments on a proposed mapping version.
    ///
    /// # Errors
    /// As [`Node::object_to_mapping`].
    pub async fn comment_on_mapping(
        &self,
        by: Staffed,
        mapping: MappingRef,
        text: String,
    ) -> Result<MessageId, NodeError> {
        check_text("the comment", &text, WORDS_MAX)?;
        self.say(by, MappingComment { mapping, text }).await
    }
}
