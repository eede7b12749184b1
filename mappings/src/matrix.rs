//! Regions by regions for an activity: what is recognised where, at which factor, for which use.

use std::collections::BTreeMap;

use serde::Serialize;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};
use tanqiao_protocol::words;

use crate::recognition::{MappingSet, Reason};

/// A methodology version with its home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeMethodology {
    /// The version.
    pub methodology: MethodologyRef,
    /// The region that issued it.
    pub region: RegionCode,
    /// Its activity.
    pub activity: Name,
}

words! {
    /// What a cell says.
    pub enum CellState {
        /// The reductions are at home there: no mapping is needed.
        Home = 1 "home",
        /// They are recognised for some uses.
        Recognised = 2 "recognised",
        /// A mapping is there, but does not recognise now.
        Stopped = 3 "stopped",
        /// Nothing leads there.
        Nothing = 4 "nothing",
        /// It was examined and rejected.
        Rejected = 5 "rejected",
    }
}

/// What one mapping recognises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecognisedBy {
    /// The mapping version.
    pub mapping: MappingRef,
    /// Its factor, in millionths.
    pub factor: Factor,
    /// For these uses.
    pub uses: Uses,
    /// True if its figures only demonstrate the system.
    pub demonstration: bool,
}

/// One methodology version and one region where its reductions might be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatrixCell {
    /// The activity.
    pub activity: Name,
    /// The region that issued the methodology.
    pub from: RegionCode,
    /// The methodology version.
    pub methodology: MethodologyRef,
    /// The region where its reductions might be used.
    pub to: RegionCode,
    /// What it says.
    pub state: CellState,
    /// By which mappings, each for its uses.
    pub recognised: Vec<RecognisedBy>,
}

/// The matrix at a time, of `methodologies` and the regions `to`, in the order of activity, region, methodology and region.
#[must_use]
pub fn matrix(
    set: &MappingSet,
    methodologies: &[HomeMethodology],
    to: &[RegionCode],
    at: Timestamp,
) -> Vec<MatrixCell> {
    let mut cells: Vec<MatrixCell> = methodologies
        .iter()
        .flat_map(|one| to.iter().map(move |to| cell(set, one, *to, at)))
        .collect();
    cells.sort_by(|a, b| {
        let key = |cell: &MatrixCell| (cell.activity.clone(), cell.from, cell.methodology.clone(), cell.to);
        key(a).cmp(&key(b))
    });
    cells
}

fn cell(set: &MappingSet, one: &HomeMethodology, to: RegionCode, at: Timestamp) -> MatrixCell {
    let home = to.contains(&one.region) || one.region.contains(&to);
    let mut by_mapping: BTreeMap<MappingRef, RecognisedBy> = BTreeMap::new();
    let (mut stopped, mut rejected) = (false, false);
    for wanted in Use::ALL.iter().copied().filter(|_| !home) {
        match set.lookup(&one.methodology, to, wanted, at) {
            Ok(record) => {
                let entry = by_mapping
                    .entry(record.mapping.clone())
                    .or_insert_with(|| RecognisedBy {
                        mapping: record.mapping.clone(),
                        factor: record.factor,
                        uses: Uses::NONE,
                        demonstration: record.demonstration,
                    });
                entry.uses = entry.uses.iter().chain([wanted]).collect();
            }
            Err(Reason::NotActive { .. }) => stopped = true,
            Err(Reason::Rejected { .. }) => rejected = true,
            Err(_) => {}
        }
    }
    let state = match () {
        () if home => CellState::Home,
        () if !by_mapping.is_empty() => CellState::Recognised,
        () if stopped => CellState::Stopped,
        () if rejected => CellState::Rejected,
        () => CellState::Nothing,
    };
    MatrixCell {
        activity: one.activity.clone(),
        from: one.region,
        methodology: one.methodology.clone(),
        to,
        state,
        recognised: by_mapping.into_values().collect(),
    }
}

const COLUMNS: [&str; 8] = [
    "activity",
    "from",
    "methodology",
    "to",
    "state",
    "mapping",
    "factor",
    "uses",
];

/// The matrix as CSV (RFC 4180): one line a mapping, or one a cell without any.
///
/// # Errors
/// Memory only.
pub fn matrix_csv(cells: &[MatrixCell]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for cell in cells {
        let head = [
            cell.activity.to_string(),
            cell.from.to_string(),
            cell.methodology.to_string(),
            cell.to.to_string(),
        ];
        let mut line = |mapping: String, factor: String, uses: String| {
            let rest = [cell.state.to_string(), mapping, factor, uses];
            writer.write_record(head.iter().chain(&rest))
        };
        if cell.recognised.is_empty() {
            line(String::new(), String::new(), String::new())?;
        }
        for one in &cell.recognised {
            let uses: Vec<&str> = one.uses.iter().map(Use::word).collect();
            line(one.mapping.to_string(), one.factor.to_string(), uses.join(" "))?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognition::MappingEntry;
    use tanqiao_protocol::mapping::MappingState;
    use tanqiao_protocol::recognition::{MappingRecord, Predicate};

    fn at() -> Timestamp {
        "2026-03-01T00:00:00Z".parse().unwrap()
    }

    fn entry(mapping: &str, to: &str, millionths: i64, uses: &[Use], status: MappingState) -> MappingEntry {
        let record = MappingRecord {
            mapping: mapping.parse().unwrap(),
            origin: "CN-4201-metro.v1".parse().unwrap(),
            to: to.parse().unwrap(),
            endorsed_by: "harbin".parse().unwrap(),
            counterpart: None,
            reference: None,
            through: None,
            source_region: None,
            vintages: None,
            batch: None,
            explanation_sha256: None,
            excluded_schemes: Vec::new(),
            predicate: Predicate::Close,
            factor: Factor::new(millionths).unwrap(),
            buffer: Factor::ZERO,
            uses: uses.iter().copied().collect(),
            cap_g: None,
            valid_from: "2026-01-01T00:00:00Z".parse().unwrap(),
            valid_until: "2026-12-31T00:00:00Z".parse().unwrap(),
            reason_zh: "理由".into(),
            reason_en: "reason".into(),
            demonstration: false,
        };
        MappingEntry::new(record, status)
    }

    #[test]
    fn the_matrix_says_where_reductions_count_at_which_factor_and_for_what() {
        let set: MappingSet = [
            entry(
                "m.v1",
                "230000",
                850_000,
                &[Use::EventNeutrality, Use::PublicWelfare],
                MappingState::Active,
            ),
            entry("n.v1", "230100", 700_000, &[Use::EtsOffset], MappingState::Active),
            entry(
                "s.v1",
                "310000",
                900_000,
                &[Use::EventNeutrality],
                MappingState::Suspended,
            ),
        ]
        .into_iter()
        .collect();
        let metro = HomeMethodology {
            methodology: "CN-4201-metro.v1".parse().unwrap(),
            region: "420100".parse().unwrap(),
            activity: "rail-transit".parse().unwrap(),
        };
        let regions: Vec<RegionCode> = ["230100", "310000", "420000", "510000"]
            .iter()
            .map(|code| code.parse().unwrap())
            .collect();
        let cells = matrix(&set, &[metro], &regions, at());
        let states: Vec<CellState> = cells.iter().map(|cell| cell.state).collect();
        assert_eq!(
            states,
            [
                CellState::Recognised,
                CellState::Stopped,
                CellState::Home,
                CellState::Nothing
            ]
        );
        assert_eq!(
            cells[0].recognised.len(),
            2,
            "the city's own mapping, and the province's"
        );
        let csv = String::from_utf8(matrix_csv(&cells).unwrap()).unwrap();
        assert_eq!(
            csv,
            "activity,from,methodology,to,state,mapping,factor,uses\n\
             rail-transit,420100,CN-4201-metro.v1,230100,recognised,m.v1,0.850000,event-neutrality public-welfare\n\
             rail-transit,420100,CN-4201-metro.v1,230100,recognised,n.v1,0.700000,ets-offset\n\
             rail-transit,420100,CN-4201-metro.v1,310000,stopped,,,\n\
             rail-transit,420100,CN-4201-metro.v1,420000,home,,,\n\
             rail-transit,420100,CN-4201-metro.v1,510000,nothing,,,\n"
        );
    }
}
