//! Which pairs of published methodologies could be mapped, ranked: the engine's search over what the ledger knows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tanqiao_mappings::gates::GateName;
use tanqiao_mappings::phrase::Phrase;
use tanqiao_mappings::relation::Relation;
use tanqiao_mappings::search::{CandidatePair, Precedent, Precedents, search};
use tanqiao_mappings::sheet::{AttributeName, Sheet};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::time::Timestamp;

use crate::ledger::decide::known_sheet;
use crate::ledger::objects::{Candidate, Governance, MappingVersion};

/// Every methodology version that the ledger knows, as far as it is known: published, or a reference methodology.
#[must_use]
pub fn sheets(governance: &Governance) -> Vec<Sheet> {
    let known: BTreeSet<&MethodologyRef> = governance
        .methodologies
        .keys()
        .chain(governance.sheets.keys())
        .collect();
    known.into_iter().map(|one| known_sheet(governance, one)).collect()
}

/// Notes what the mapping versions of the ledger say about pairs. An end is no precedent, nor a rejection that a later version of the
/// same mapping answers.
pub fn note_mappings(precedents: &mut Precedents, governance: &Governance) {
    for (mapping, version) in &governance.mapping_versions {
        let (Some((origin, target)), by) = (pair(version), mapping.to_string()) else {
            continue;
        };
        let precedent = match version.state {
            MappingState::Active | MappingState::Suspended => Precedent::Mapped { by },
            MappingState::Rejected if !has_later(governance, mapping) => Precedent::Rejected { by },
            MappingState::Draft
            | MappingState::Candidate
            | MappingState::EvidenceComplete
            | MappingState::SourceEndorsed
            | MappingState::TargetEndorsed => Precedent::Proposed { by, confidence: None },
            MappingState::Rejected | MappingState::Superseded | MappingState::Expired | MappingState::Revoked => {
                continue;
            }
        };
        precedents.note(origin.id(), target.id(), precedent);
    }
}

fn has_later(governance: &Governance, mapping: &MappingRef) -> bool {
    let mut later = governance.mapping_versions.range(mapping..).skip(1);
    later.next().is_some_and(|(next, _)| next.id() == mapping.id())
}

fn pair(version: &MappingVersion) -> Option<(&MethodologyRef, &MethodologyRef)> {
    if let Some(proposal) = &version.content.proposal {
        return Some((&proposal.origin, &proposal.target));
    }
    let record = version.record()?;
    Some((
        &record.origin,
        record.counterpart.as_ref().or(record.reference.as_ref())?,
    ))
}

/// Notes candidate rows, in both directions: whether two things are alike has none, only the factor has. `rows` are named by set and key.
pub fn note_candidates<'a>(precedents: &mut Precedents, rows: impl IntoIterator<Item = &'a (String, Candidate)>) {
    for (id, row) in rows {
        let Some(object) = &row.object else { continue };
        let (subject, object) = (id_of(&row.subject), id_of(object));
        let by = id.clone();
        let precedent = if row.negated {
            Precedent::Rejected { by }
        } else {
            let confidence = row
                .cells
                .get("confidence")
                .and_then(|text| Decimal::from_str_exact(text).ok());
            Precedent::Proposed { by, confidence }
        };
        precedents.note(subject, object, precedent.clone());
        precedents.note(object, subject, precedent);
    }
}

/// A methodology's id, of a name with or without a version.
fn id_of(name: &str) -> &str {
    match name.rsplit_once(".v") {
        Some((id, version)) if !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()) => id,
        _ => name,
    }
}

/// Pairs, the best first, with the activities of their methodologies.
#[derive(Debug)]
pub struct Ranking {
    pairs: Vec<CandidatePair>,
    activities: std::collections::HashMap<MethodologyRef, BTreeSet<Name>>,
}

impl Ranking {
    /// Searches, as if recognition began at `at`.
    #[must_use]
    pub fn of(governance: &Governance, sheets: &[Sheet], precedents: &Precedents, at: Timestamp) -> Self {
        let activities = sheets
            .iter()
            .map(|sheet| (sheet.methodology.clone(), activities(sheet)));
        Self {
            activities: activities.collect(),
            pairs: search(sheets, &governance.published.library(), precedents, at),
        }
    }

    /// Of what the ledger knows alone.
    #[must_use]
    pub fn of_ledger(governance: &Governance, candidates: &[(String, Candidate)], at: Timestamp) -> Self {
        let mut precedents = Precedents::default();
        note_mappings(&mut precedents, governance);
        note_candidates(&mut precedents, candidates);
        Self::of(governance, &sheets(governance), &precedents, at)
    }

    /// Number of all pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// True if there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The first `most` pairs of an activity and with a methodology (its id, or one version of it) on either side.
    #[must_use]
    pub fn best(&self, activity: Option<&Name>, methodology: Option<&str>, most: usize) -> Vec<RankedPair> {
        let covers =
            |one: &MethodologyRef, wanted: &Name| self.activities.get(one).is_some_and(|all| all.contains(wanted));
        let wanted = |(_, pair): &(usize, &CandidatePair)| {
            let sides = [&pair.origin, &pair.target];
            activity.is_none_or(|wanted| sides.iter().any(|side| covers(side, wanted)))
                && methodology.is_none_or(|wanted| {
                    sides
                        .iter()
                        .any(|side| side.id() == wanted || side.to_string() == wanted)
                })
        };
        let found = self.pairs.iter().enumerate().filter(wanted).take(most);
        found
            .map(|(position, pair)| RankedPair::of(position + 1, pair))
            .collect()
    }
}

fn activities(sheet: &Sheet) -> BTreeSet<Name> {
    let Some(scope) = sheet.attributes.activity.value() else {
        return BTreeSet::new();
    };
    let covered = scope.covered().unwrap_or_default();
    covered.into_iter().chain([scope.activity()]).cloned().collect()
}

tanqiao_protocol::words! {
    /// What is known about a pair.
    pub enum PrecedentKind {
        /// A mapping of it is there.
        Mapped = 1 "mapped",
        /// Someone proposed it.
        Proposed = 2 "proposed",
        /// It was examined and rejected.
        Rejected = 3 "rejected",
    }
}

/// What is known about a pair already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrecedentView {
    /// What.
    pub kind: PrecedentKind,
    /// The mapping version, or set and key of the row.
    pub by: String,
    /// Confidence from 0 to 1, where it is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
}

impl PrecedentView {
    fn of(precedent: &Precedent) -> Self {
        let (kind, by, confidence) = match precedent {
            Precedent::Mapped { by } => (PrecedentKind::Mapped, by, None),
            Precedent::Proposed { by, confidence } => (PrecedentKind::Proposed, by, confidence.as_ref()),
            Precedent::Rejected { by } => (PrecedentKind::Rejected, by, None),
        };
        Self {
            kind,
            by: by.clone(),
            confidence: confidence.map(ToString::to_string),
        }
    }
}

/// A pair that could be mapped, and its place among all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RankedPair {
    /// Its place among all pairs, from 1.
    pub rank: usize,
    /// From this methodology.
    pub origin: MethodologyRef,
    /// To this.
    pub target: MethodologyRef,
    /// How their activities relate.
    pub relation: Relation,
    /// What is known about the pair already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precedent: Option<PrecedentView>,
    /// So many gates are open.
    pub passed: usize,
    /// So many cannot be judged.
    pub unknown: usize,
    /// The gates that are shut: while there is one, the pair cannot be mapped.
    pub failed: Vec<GateName>,
    /// The factor that the known figures give, for illustration: it recognises nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub illustration: Option<Factor>,
    /// Why this pair.
    pub reasons: Vec<Phrase>,
    /// What is missing of the origin.
    pub missing_of_origin: Vec<AttributeName>,
    /// What is missing of the target.
    pub missing_of_target: Vec<AttributeName>,
}

impl RankedPair {
    fn of(rank: usize, pair: &CandidatePair) -> Self {
        Self {
            rank,
            origin: pair.origin.clone(),
            target: pair.target.clone(),
            relation: pair.relation,
            precedent: pair.precedent.as_ref().map(PrecedentView::of),
            passed: pair.passed,
            unknown: pair.unknown,
            failed: pair.failed.clone(),
            illustration: pair.illustration,
            reasons: pair.reasons.clone(),
            missing_of_origin: pair.missing.0.clone(),
            missing_of_target: pair.missing.1.clone(),
        }
    }
}

/// The last ranking, kept while governance and the day stay what they are.
#[derive(Debug, Default)]
pub struct RankingCache(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    governance: i64,
    day: i64,
    ranking: Arc<Ranking>,
}

impl RankingCache {
    /// The ranking of this governance on the day of `at`, made by `make` where it is not kept. Who comes meanwhile waits for it: not for
    /// async code.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get<E>(
        &self,
        governance: i64,
        at: Timestamp,
        make: impl FnOnce() -> Result<Ranking, E>,
    ) -> Result<Arc<Ranking>, E> {
        let day = at.micros().div_euclid(tanqiao_protocol::time::DAY_US);
        // A thread that panicked while it searched has kept nothing that is half done.
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(kept) = kept
            .as_ref()
            .filter(|kept| kept.governance == governance && kept.day == day)
        {
            return Ok(Arc::clone(&kept.ranking));
        }
        let ranking = Arc::new(make()?);
        let made = Arc::clone(&ranking);
        *kept = Some(Kept {
            governance,
            day,
            ranking,
        });
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_with_and_without_its_version() {
        assert_eq!(id_of("CN-4201-metro"), "CN-4201-metro");
        assert_eq!(id_of("CN-4201-metro.v12"), "CN-4201-metro");
        assert_eq!(id_of("a.value"), "a.value");
        assert_eq!(id_of("a.v"), "a.v");
    }

    #[test]
    fn a_ranking_is_kept_until_governance_or_the_day_changes() {
        let (cache, governance) = (RankingCache::default(), Governance::default());
        let mut made = 0;
        let mut ask = |version, at: &str| {
            let at: Timestamp = at.parse().unwrap();
            let found = cache.get(version, at, || {
                made += 1;
                Ok::<_, ()>(Ranking::of_ledger(&governance, &[], at))
            });
            assert!(found.unwrap().is_empty());
            made
        };
        assert_eq!(ask(1, "2026-03-01T00:00:00Z"), 1);
        assert_eq!(ask(1, "2026-03-01T23:00:00Z"), 1);
        assert_eq!(ask(2, "2026-03-01T23:00:00Z"), 2);
        assert_eq!(ask(2, "2026-03-02T00:00:00Z"), 3);
    }
}
