//! The activity files: what the platforms of the story would export, made anew from a fixed seed.
//!
//! Every record is of plausible size by itself (`mappings/catalogue/plausibility.tsv`). Where the White Paper states a
//! factor, the records carry activity data only and the node quantifies; where it states none, each record carries a
//! reduction of its own, and the figure behind it is marked here as demonstration.

mod file;
mod meters;
mod plants;
mod random;
mod rides;
mod total;

use std::path::PathBuf;

use tanqiao_mappings::catalogue::{Catalogue, PublicationTerms};
use tanqiao_protocol::message::{Methodology, RightsBasis};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use crate::failure::{Doing as _, Outcome};
use crate::place::Place;
use file::Rows;

/// The year of all activities.
pub const VINTAGE: u16 = 2025;

/// Where the figure behind the reductions comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// The White Paper states it; the node quantifies.
    WhitePaper,
    /// Grams for one unit of activity, for demonstration: the White Paper states none.
    Demonstration(u32),
}

/// One file of activities, and what its platform says about it.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// The member.
    pub member: &'static str,
    /// The methodology in the catalogue.
    pub methodology: &'static str,
    /// What the records are, in English and Chinese.
    pub what: (&'static str, &'static str),
    /// Where the figure comes from.
    pub figure: Figure,
    /// On what right.
    pub rights: RightsBasis,
    /// The account that gathers the reductions for sale or donation, where there is one.
    pub pool: Option<&'static str>,
    /// Where the acts took place.
    places: &'static [&'static str],
    /// Comma-separated values, or one JSON object a line.
    ndjson: bool,
    rows: fn(&mut Rows<'_>),
}

/// Every file of the story, in the order of the members. About 17,000 records.
pub const BATCHES: &[Batch] = &[
    citizens(
        "wuhan",
        "CN-4201-metro",
        ("metro rides", "轨道交通出行"),
        Figure::WhitePaper,
        &["420102", "420106", "420111"],
        rides::metro,
    )
    .gathered("pool-metro"),
    citizens(
        "wuhan",
        "CN-4201-ev-charging",
        ("EV charging sessions", "新能源汽车充电"),
        Figure::WhitePaper,
        &["420100"],
        rides::charging,
    )
    .as_ndjson(),
    citizens(
        "wuhan",
        "CN-4201-residential-demand-response",
        ("meter-months of demand response", "居民用电需求响应"),
        Figure::WhitePaper,
        &["420100"],
        meters::demand_response,
    )
    .gathered("pool-electricity"),
    project(
        "wuhan",
        "CN-4201-distributed-pv",
        ("meter-months of roof PV", "分布式光伏"),
        400,
        &["420112", "420116"],
        meters::pv_twenty,
    )
    .gathered("pool-pv"),
    project(
        "chengdu",
        "CN-5101-waste-plastic",
        ("deliveries of waste plastic", "废塑料回收"),
        1_200,
        &["510100"],
        plants::plastic,
    )
    .gathered("pool-plastic"),
    project(
        "shanghai",
        "CN-31-distributed-pv",
        ("meter-months of roof PV", "分布式光伏"),
        420,
        &["310115", "310114"],
        meters::pv_sixteen,
    )
    .gathered("pool-pv"),
    citizens(
        "shanghai",
        "CN-31-metro",
        ("metro rides", "轨道交通出行"),
        Figure::Demonstration(45),
        &["310100"],
        rides::metro_fewer,
    ),
    citizens(
        "beijing",
        "CN-11-ev-charging",
        ("EV charging sessions", "充电减排"),
        Figure::Demonstration(400),
        &["110105", "110108"],
        rides::charging,
    )
    .as_ndjson(),
    citizens(
        "guangzhou",
        "CN-4401-bike-share",
        ("shared-bicycle rides", "互联网租赁自行车"),
        Figure::Demonstration(60),
        &["440106"],
        rides::bicycle,
    ),
    project(
        "guangzhou",
        "CN-4401-effluent-reuse",
        ("plant-years of effluent reuse", "污水厂尾水回用"),
        250,
        &["440100"],
        plants::effluent,
    )
    .gathered("pool-effluent"),
    citizens(
        "naas",
        "CN-ORG-naas-ev-charging",
        ("EV charging sessions", "充电减排"),
        // The lower end of the range that the White Paper states, 500 to 800 g/kWh.
        Figure::Demonstration(500),
        &["370100", "440100"],
        rides::charging,
    )
    .as_ndjson(),
];

const fn citizens(
    member: &'static str,
    methodology: &'static str,
    what: (&'static str, &'static str),
    figure: Figure,
    places: &'static [&'static str],
    rows: fn(&mut Rows<'_>),
) -> Batch {
    Batch {
        member,
        methodology,
        what,
        figure,
        rights: RightsBasis::TransferredByHolders,
        pool: None,
        places,
        ndjson: false,
        rows,
    }
}

const fn project(
    member: &'static str,
    methodology: &'static str,
    what: (&'static str, &'static str),
    g_per_unit: u32,
    places: &'static [&'static str],
    rows: fn(&mut Rows<'_>),
) -> Batch {
    let figure = Figure::Demonstration(g_per_unit);
    Batch {
        rights: RightsBasis::TransferredByProjectOwner,
        ..citizens(member, methodology, what, figure, places, rows)
    }
}

impl Batch {
    const fn gathered(self, pool: &'static str) -> Self {
        Self {
            pool: Some(pool),
            ..self
        }
    }

    const fn as_ndjson(self) -> Self {
        Self { ndjson: true, ..self }
    }

    /// The name in ids and file names: `wuhan-CN-4201-metro`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.member, self.methodology)
    }

    /// The file.
    #[must_use]
    pub fn path(&self, place: &Place) -> PathBuf {
        place.activities(&format!(
            "{}-{VINTAGE}.{}",
            self.name(),
            if self.ndjson { "ndjson" } else { "csv" }
        ))
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(&self) -> &'static str {
        if self.ndjson {
            "application/x-ndjson"
        } else {
            "text/csv"
        }
    }

    /// The publication of its methodology.
    ///
    /// # Errors
    /// The catalogue's.
    pub fn publication(&self, catalogue: &Catalogue) -> Outcome<Methodology> {
        let from: Timestamp = "2023-12-31T16:00:00Z".parse().doing("reading a time")?;
        let terms = PublicationTerms {
            in_force_from: from,
            in_force_until: None,
            vintage_first: 2024,
            vintage_last: 2030,
        };
        catalogue
            .publication(self.methodology, &terms)
            .doing(format!("publishing {}", self.methodology))
    }

    /// Where its issuances are numbered: the methodology's region, or for a nationwide one the provinces of the acts.
    ///
    /// # Errors
    /// A code that is none.
    pub fn regions(&self, publication: &Methodology) -> Outcome<Vec<RegionCode>> {
        if publication.region.is_chinese_division() {
            return Ok(vec![publication.region]);
        }
        let places: Result<Vec<RegionCode>, _> = self.places.iter().map(|place| place.parse()).collect();
        Ok(places
            .doing("reading a region")?
            .iter()
            .map(RegionCode::province)
            .collect())
    }

    /// Writes the file if it is not there; its text.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&self, place: &Place, publication: &Methodology) -> Outcome<String> {
        let path = self.path(place);
        if path.exists() {
            return std::fs::read_to_string(&path).doing(format!("reading {}", path.display()));
        }
        let mut rows = Rows::new(self, publication);
        (self.rows)(&mut rows);
        let text = rows.finish();
        crate::place::write(&path, &text)?;
        Ok(text)
    }
}

/// The files of one member.
pub fn of_member(member: &str) -> impl Iterator<Item = &'static Batch> {
    BATCHES.iter().filter(move |batch| batch.member == member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_batch_can_be_published_and_is_the_same_every_time() {
        let catalogue = Catalogue::shipped().unwrap();
        let mut records = 0;
        for batch in BATCHES {
            let publication = batch.publication(&catalogue).unwrap();
            let make = || {
                let mut rows = Rows::new(batch, &publication);
                (batch.rows)(&mut rows);
                rows.finish()
            };
            let text = make();
            assert_eq!(text, make());
            assert_eq!(
                publication.factor_g_per_unit.is_some(),
                batch.figure == Figure::WhitePaper,
                "{}",
                batch.name()
            );
            records += text.lines().count() - usize::from(!batch.ndjson);
        }
        assert!((10_000..=20_000).contains(&records), "{records} records");
    }
}
