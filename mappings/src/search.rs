//! Which pairs of methodologies could be mapped: over a whole catalogue, ranked, with reasons and with the evidence that is missing.
//!
//! A pair is looked at if its activities are the same or one contains the other, and its units convert. A composite that does not
//! list what it contains is looked at beside others of its name only: with what else it overlaps nobody can say. What was
//! rejected is not proposed again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rust_decimal::Decimal;
use serde::Serialize;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use crate::catalogue::Catalogue;
use crate::equivalence::{Library, Question, glance};
use crate::gates::{GateName, Judged, Mode, NodeFacts, Verdict};
use crate::phrase::Phrase;
use crate::relation::Relation;
use crate::sheet::value::ScopeRelation;
use crate::sheet::{AttributeName, Sheet};
use crate::unit::Conversion;

/// What is known about a pair already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Precedent {
    /// A mapping of it is there.
    Mapped {
        /// The mapping or row.
        by: String,
    },
    /// Someone proposed it.
    Proposed {
        /// The row.
        by: String,
        /// Confidence from 0 to 1.
        confidence: Option<Decimal>,
    },
    /// It was examined and rejected.
    Rejected {
        /// The mapping or row.
        by: String,
    },
}

/// What is known about pairs already, by methodology id and without regard to versions.
#[derive(Debug, Clone, Default)]
pub struct Precedents(HashMap<(String, String), Precedent>);

impl Precedents {
    /// Notes what is known about a directed pair. Of several a rejection counts, then a mapping.
    pub fn note(&mut self, origin: &str, target: &str, precedent: Precedent) {
        let rank = |one: &Precedent| match one {
            Precedent::Rejected { .. } => 2,
            Precedent::Mapped { .. } => 1,
            Precedent::Proposed { .. } => 0,
        };
        let known = self.0.entry((origin.into(), target.into()));
        let slot = known.or_insert_with(|| precedent.clone());
        if rank(&precedent) > rank(slot) {
            *slot = precedent;
        }
    }

    /// The candidate rows of a catalogue, in both directions: whether two things are alike has none, only the factor has.
    #[must_use]
    pub fn of_catalogue(catalogue: &Catalogue) -> Self {
        let mut precedents = Self::default();
        for row in catalogue.candidates() {
            let Some(object) = &row.object else { continue };
            let by = row.record_id.clone();
            let precedent = if row.negated {
                Precedent::Rejected { by }
            } else {
                let confidence = Some(row.confidence);
                Precedent::Proposed { by, confidence }
            };
            precedents.note(&row.subject, object, precedent.clone());
            precedents.note(object, &row.subject, precedent);
        }
        precedents
    }

    fn of(&self, origin: &MethodologyRef, target: &MethodologyRef) -> Option<&Precedent> {
        self.0.get(&(origin.id().to_owned(), target.id().to_owned()))
    }
}

/// A pair that could be mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidatePair {
    /// From this methodology.
    pub origin: MethodologyRef,
    /// To this.
    pub target: MethodologyRef,
    /// How their activities relate.
    pub relation: Relation,
    /// What is known about the pair already.
    pub precedent: Option<Precedent>,
    /// So many gates of the methodology version are open.
    pub passed: usize,
    /// So many cannot be judged.
    pub unknown: usize,
    /// The gates that are shut: while there is one, the pair cannot be mapped.
    pub failed: Vec<GateName>,
    /// The factor that the known figures give, for illustration: it recognises nothing.
    pub illustration: Option<Factor>,
    /// Why this pair.
    pub reasons: Vec<Phrase>,
    /// What is missing, attribute by attribute: of the origin, and of the target.
    pub missing: (Vec<AttributeName>, Vec<AttributeName>),
}

/// Looks at every pair of `sheets`, both directions, as if recognition began at `at`. Pairs that can still be mapped come first,
/// then those with fewer open questions, then those with figures on both sides, then those in which someone had more confidence.
#[must_use]
pub fn search(sheets: &[Sheet], library: &Library<'_>, precedents: &Precedents, at: Timestamp) -> Vec<CandidatePair> {
    let index = Index::of(sheets);
    let mut pairs: Vec<CandidatePair> = Vec::new();
    for origin in sheets {
        for position in index.near(origin) {
            let Some(target) = sheets.get(position) else { continue };
            pairs.extend(candidate(origin, target, library, precedents, at));
        }
    }
    pairs.sort_by_cached_key(rank);
    pairs
}

type Rank = (bool, usize, bool, Reverse<Decimal>, MethodologyRef, MethodologyRef);

fn rank(pair: &CandidatePair) -> Rank {
    let confidence = match &pair.precedent {
        Some(Precedent::Proposed { confidence, .. }) => confidence.unwrap_or_default(),
        Some(Precedent::Mapped { .. }) => Decimal::ONE,
        _ => Decimal::ZERO,
    };
    (
        !pair.failed.is_empty(),
        pair.unknown,
        pair.illustration.is_none(),
        Reverse(confidence),
        pair.origin.clone(),
        pair.target.clone(),
    )
}

/// Sheets by the activities that they cover.
struct Index<'a> {
    by_activity: BTreeMap<&'a Name, BTreeSet<usize>>,
    not_listed: BTreeMap<&'a Name, BTreeSet<usize>>,
}

impl<'a> Index<'a> {
    fn of(sheets: &'a [Sheet]) -> Self {
        let mut index = Self {
            by_activity: BTreeMap::new(),
            not_listed: BTreeMap::new(),
        };
        for (position, sheet) in sheets.iter().enumerate() {
            let Some(scope) = sheet.attributes.activity.value() else {
                continue;
            };
            match scope.covered() {
                Some(covered) => {
                    for activity in covered {
                        index.by_activity.entry(activity).or_default().insert(position);
                    }
                }
                None => {
                    index.not_listed.entry(scope.activity()).or_default().insert(position);
                }
            }
        }
        index
    }

    /// The positions of sheets that share an activity, or the name of a composite that is not listed.
    fn near(&self, sheet: &Sheet) -> BTreeSet<usize> {
        let Some(scope) = sheet.attributes.activity.value() else {
            return BTreeSet::new();
        };
        let shared = scope.covered().unwrap_or_default();
        let shared = shared.into_iter().filter_map(|activity| self.by_activity.get(activity));
        shared
            .chain(self.not_listed.get(scope.activity()))
            .flatten()
            .copied()
            .collect()
    }
}

/// The pair, unless it is no pair at all: the same methodology, activities or units that do not meet, or one that was rejected.
fn candidate(
    origin: &Sheet,
    target: &Sheet,
    library: &Library<'_>,
    precedents: &Precedents,
    at: Timestamp,
) -> Option<CandidatePair> {
    if origin.methodology.id() == target.methodology.id() {
        return None;
    }
    let precedent = precedents.of(&origin.methodology, &target.methodology);
    if matches!(precedent, Some(Precedent::Rejected { .. })) {
        return None;
    }
    let relation = relation(origin, target)?;
    let units = origin
        .attributes
        .activity_unit
        .value()
        .zip(target.attributes.activity_unit.value());
    if units.is_some_and(|(own, theirs)| own.conversion(theirs) == Conversion::Never) {
        return None;
    }
    let region = origin.region.or_else(|| "CN".parse().ok())?;
    let question = Question {
        origin,
        target,
        reference: None,
        relation,
        mode: Mode::Requantify,
        to: target.region.unwrap_or(region),
        source_region: region,
        vintage: u16::try_from(at.china_year()).unwrap_or(u16::MAX),
        uses: Use::ALL.iter().copied().collect::<Uses>(),
        at,
        until: None,
        node: NodeFacts::PROVEN,
    };
    Some(pair_of(&question, library, precedent))
}

fn relation(origin: &Sheet, target: &Sheet) -> Option<Relation> {
    let own = origin.attributes.activity.value()?;
    match own.relation(target.attributes.activity.value()?) {
        ScopeRelation::Equal | ScopeRelation::NotListed => Some(Relation::Close),
        ScopeRelation::Within => Some(Relation::Broad),
        ScopeRelation::Contains => Some(Relation::Narrow),
        ScopeRelation::Overlaps | ScopeRelation::Disjoint => None,
    }
}

fn pair_of(question: &Question<'_>, library: &Library<'_>, precedent: Option<&Precedent>) -> CandidatePair {
    let (gates, illustration) = glance(question, library);
    let with = |verdict| gates.iter().filter(move |judged| judged.ruling.0 == verdict);
    let gaps = |sheet: &Sheet| {
        let needed = |name: &AttributeName| name.is_gate() || name.scales();
        sheet.unknown().filter(needed).collect::<Vec<_>>()
    };
    CandidatePair {
        origin: question.origin.methodology.clone(),
        target: question.target.methodology.clone(),
        relation: question.relation,
        precedent: precedent.cloned(),
        passed: with(Verdict::Pass).count(),
        unknown: with(Verdict::Unknown).count(),
        failed: with(Verdict::Fail).map(|judged| judged.gate).collect(),
        illustration,
        reasons: reasons(&gates, precedent),
        missing: (gaps(question.origin), gaps(question.target)),
    }
}

/// What speaks for a pair.
const TELLING: [GateName; 4] = [
    GateName::Activity,
    GateName::ActivityUnit,
    GateName::KindAndActor,
    GateName::Baseline,
];

fn reasons(gates: &[Judged], precedent: Option<&Precedent>) -> Vec<Phrase> {
    let open = |judged: &&Judged| judged.ruling.0 == Verdict::Pass && TELLING.contains(&judged.gate);
    let mut reasons: Vec<Phrase> = gates
        .iter()
        .filter(open)
        .map(|judged| judged.ruling.1.clone())
        .collect();
    match precedent {
        Some(Precedent::Proposed { by, confidence }) => {
            let confidence = confidence.map_or_else(String::new, |confidence| format!(" ({confidence})"));
            reasons.push(Phrase::new(
                format!("已列为候选：{by}{confidence}"),
                format!("proposed as {by}{confidence}"),
            ));
        }
        Some(Precedent::Mapped { by }) => {
            reasons.push(Phrase::new(format!("已有映射：{by}"), format!("mapped by {by}")));
        }
        _ => {}
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::tests::{hide, metro, put};

    fn at() -> Timestamp {
        "2026-03-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_catalogue_is_ranked_and_what_was_rejected_is_not_proposed() {
        let catalogue = Catalogue::shipped().unwrap();
        let precedents = Precedents::of_catalogue(&catalogue);
        let pairs = search(catalogue.sheets(), &catalogue.library(), &precedents, at());
        let has = |origin: &str, target: &str| {
            pairs
                .iter()
                .position(|pair| pair.origin.id() == origin && pair.target.id() == target)
        };
        let metro = has("CN-4201-metro", "CN-31-metro").unwrap();
        assert_eq!(pairs[metro].relation, Relation::Close);
        assert!(pairs[metro].missing.1.contains(&AttributeName::UnitFactor));
        assert!(!pairs[metro].missing.0.contains(&AttributeName::UnitFactor));
        assert!(!pairs[metro].reasons.is_empty());
        assert_eq!(
            pairs[has("CN-4201-metro", "CN-4403-public-transport").unwrap()].relation,
            Relation::Broad
        );
        // Kilowatt-hours and kilometres, and rejected pairs, are no candidates.
        assert_eq!(has("CN-4201-ev-charging", "CN-STD-acef-transport"), None);
        assert_eq!(has("CN-44-mangrove", "CN-37-seagrass"), None);
        assert_eq!(has("CN-37-geothermal-deep", "CN-44-forestry-carbon-sink"), None);
        // A pair whose gate is shut comes after every one that can still be mapped.
        let first_shut = pairs.iter().position(|pair| !pair.failed.is_empty()).unwrap();
        assert!(pairs[first_shut..].iter().all(|pair| !pair.failed.is_empty()));
        assert!(has("CN-4201-nev-travel", "CN-31-ev-driving").unwrap() >= first_shut);
    }

    #[test]
    fn fewer_open_questions_come_first() {
        let catalogue = Catalogue::shipped().unwrap();
        let (known, mut vague, mut partly) = (
            metro("A", "420100", "78.4"),
            metro("B", "310000", "71"),
            metro("C", "110000", "72"),
        );
        for name in [
            AttributeName::Identity,
            AttributeName::Safeguards,
            AttributeName::Baseline,
        ] {
            hide(&mut vague, name);
        }
        hide(&mut partly, AttributeName::Safeguards);
        let mut other = metro("D", "110000", "72");
        put(&mut other, AttributeName::Activity, "bus");
        let sheets = [known, vague, partly, other];
        let pairs = search(&sheets, &catalogue.library(), &Precedents::default(), at());
        let order: Vec<String> = pairs
            .iter()
            .filter(|pair| pair.origin.id() == "A")
            .map(|pair| pair.target.id().into())
            .collect();
        assert_eq!(order, ["C", "B"]);
        assert_eq!(
            pairs.iter().find(|pair| pair.target.id() == "C").unwrap().missing.1,
            [AttributeName::Safeguards]
        );
    }
}
