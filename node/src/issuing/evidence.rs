//! What the tokens of activities are made of, and what is missing for them.

use std::collections::BTreeMap;

use tanqiao_protocol::fingerprint::{ActivityFacts, EvidenceError, SubjectKey, TokenInput, token_inputs};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::time::Timestamp;

use crate::activity::Activity;
use crate::catalogue;
use crate::error::NodeError;
use crate::store::activities::ActivitySeriesRow;
use crate::store::{StoreError, Tx};
use crate::subjects::Subjects;

/// Records that a refusal names.
const NAMED_MAX: usize = 20;

/// An activity as its tokens see it.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) id: i64,
    pub(super) reduction_g: i64,
    source_id: i64,
    record_id: String,
    account: String,
    started_at: i64,
    ended_at: i64,
    asset: Option<String>,
}

impl Act {
    pub(super) fn of(id: i64, activity: &Activity<'_>) -> Self {
        Self {
            id,
            reduction_g: activity.reduction_g,
            source_id: activity.source_id,
            record_id: activity.record_id.to_owned(),
            account: activity.account.to_owned(),
            started_at: activity.started_at,
            ended_at: activity.ended_at,
            asset: activity.asset.map(str::to_owned),
        }
    }
}

/// What is the same for all activities of a series.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    activity: Name,
    sources: BTreeMap<i64, String>,
    subjects: Subjects,
}

impl Evidence {
    /// Of a series.
    pub(super) fn of(tx: &mut dyn Tx, series: &ActivitySeriesRow, subjects: &Subjects) -> Result<Self, NodeError> {
        let unknown = || StoreError::Corrupt(format!("activities of {}, which is not known here", series.methodology));
        let reference = series.methodology.parse().map_err(|_| unknown())?;
        let methodology = catalogue::kept(tx, &reference)?.ok_or_else(unknown)?;
        Ok(Self {
            activity: methodology.activity,
            sources: tx.sources()?.into_iter().collect(),
            subjects: subjects.clone(),
        })
    }

    /// What the tokens of each activity are made of.
    pub(super) fn inputs(
        &self,
        tx: &mut dyn Tx,
        acts: &[Act],
    ) -> Result<Vec<Result<Vec<TokenInput>, EvidenceError>>, NodeError> {
        let subjects = self.subjects_of(tx, acts)?;
        acts.iter()
            .map(|act| {
                let damaged = || StoreError::Corrupt(format!("activity {} of no platform", act.id));
                let facts = ActivityFacts {
                    activity: &self.activity,
                    start: Timestamp::from_micros(act.started_at),
                    end: Timestamp::from_micros(act.ended_at),
                    source: Some(self.sources.get(&act.source_id).ok_or_else(damaged)?),
                    record: Some(&act.record_id),
                    asset: act.asset.as_deref(),
                    subject: subjects.get(act.account.as_str()),
                };
                Ok(token_inputs(&facts))
            })
            .collect()
    }

    fn subjects_of<'a>(&self, tx: &mut dyn Tx, acts: &'a [Act]) -> Result<BTreeMap<&'a str, SubjectKey>, NodeError> {
        let mut accounts: Vec<&str> = acts.iter().map(|act| act.account.as_str()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let mut found = tx.subjects(&accounts)?.into_iter().peekable();
        let mut subjects = BTreeMap::new();
        for account in accounts {
            let Some(row) = found.next_if(|row| row.account == account) else {
                continue;
            };
            let text = self.subjects.open(account, &row.sealed)?;
            let damaged = || StoreError::Corrupt(format!("the identifier of account {account}"));
            subjects.insert(account, text.parse().map_err(|_| damaged())?);
        }
        Ok(subjects)
    }
}

/// Activities of which no tokens can be made.
#[derive(Debug, Clone, Default)]
pub(super) struct Incomplete {
    /// Id and grams of each.
    pub(super) left_out: Vec<(i64, i64)>,
    /// The first of them, each with its record id and what is missing.
    named: Vec<(String, EvidenceError)>,
}

impl Incomplete {
    pub(super) fn add(&mut self, act: &Act, why: EvidenceError) {
        self.left_out.push((act.id, act.reduction_g));
        if self.named.len() < NAMED_MAX {
            self.named.push((act.record_id.clone(), why));
        }
    }

    /// The refusal of an issuance that has them.
    pub(super) fn refusal(&self) -> NodeError {
        let mut named: Vec<String> = self
            .named
            .iter()
            .map(|(record, why)| format!("record `{record}`: {why}"))
            .collect();
        let more = self.left_out.len() - named.len();
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        NodeError::refused(
            "evidence-missing",
            format!(
                "{} of the activities cannot be compared with those of other members: {}. Import the records again with a \
                 column `subject` where the person is missing, or leave these activities out (`--skip-incomplete`): they stay \
                 pending. Nothing was registered",
                self.left_out.len(),
                named.join("; ")
            ),
        )
    }
}
