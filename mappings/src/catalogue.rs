//! What is publicly known about carbon inclusion in China, as typed data: methodologies, emission factors, platforms, cases
//! of use, the provinces, and candidate pairs of equivalent methodologies. Sources and columns: `catalogue/README.md`.
//!
//! Loading is strict: an unknown column, word or code is refused with file, line and column. What is well formed but odd is
//! for [`Catalogue::lint`] to report. Nothing here recognises anything: a candidate is a proposal judged from titles.

mod candidate;
mod case;
mod factor;
mod grid;
mod gwp;
mod lint;
mod methodology;
mod platform;
mod plausibility;
mod publication;
mod region;
mod sheets;
mod table;

#[cfg(test)]
mod tests;

pub use candidate::Candidate;
pub use case::{AmountBasis, Case, CrossRegion};
pub use factor::{EmissionFactor, FactorBasis, FactorScope};
pub use grid::read_grid_factors;
pub use lint::Finding;
pub use methodology::{CatalogueMethodology, MethodologyKind, MethodologyStatus};
pub use platform::{Platform, PlatformKind};
pub use plausibility::Plausibility;
pub use publication::{PublicationError, PublicationTerms};
pub use region::Region;
pub use table::TableError;

use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::region::RegionCode;

use crate::equivalence::Library;
use crate::factors::GridFactors;
use crate::gates::PlausibleBands;
use crate::gwp::GwpTable;
use crate::sheet::Sheet;

/// The whole catalogue. Rows keep the order of their files.
#[derive(Debug, Clone)]
pub struct Catalogue {
    methodologies: Vec<CatalogueMethodology>,
    factors: Vec<EmissionFactor>,
    platforms: Vec<Platform>,
    cases: Vec<Case>,
    candidates: Vec<Candidate>,
    regions: Vec<Region>,
    plausibility: Vec<Plausibility>,
    grid: GridFactors,
    gwp: GwpTable,
    bands: PlausibleBands,
    sheets: Vec<Sheet>,
}

/// The texts of the catalogue's files.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueTexts<'a> {
    /// `methodologies.tsv`
    pub methodologies: &'a str,
    /// `emission_factors.tsv`
    pub factors: &'a str,
    /// `platforms.tsv`
    pub platforms: &'a str,
    /// `cases.tsv`
    pub cases: &'a str,
    /// `candidate_mappings.sssom.tsv`
    pub candidates: &'a str,
    /// `province_grid.tsv`
    pub regions: &'a str,
    /// `plausibility.tsv`
    pub plausibility: &'a str,
    /// `grid_factors.tsv`
    pub grid_factors: &'a str,
    /// `grid_regions.tsv`
    pub grid_regions: &'a str,
    /// `gwp.tsv`
    pub gwp: &'a str,
    /// `sheets.tsv`
    pub sheets: &'a str,
}

impl CatalogueTexts<'static> {
    /// The files that this program was built with.
    pub const SHIPPED: Self = Self {
        methodologies: include_str!("../catalogue/methodologies.tsv"),
        factors: include_str!("../catalogue/emission_factors.tsv"),
        platforms: include_str!("../catalogue/platforms.tsv"),
        cases: include_str!("../catalogue/cases.tsv"),
        candidates: include_str!("../catalogue/candidate_mappings.sssom.tsv"),
        regions: include_str!("../catalogue/province_grid.tsv"),
        plausibility: include_str!("../catalogue/plausibility.tsv"),
        grid_factors: include_str!("../catalogue/grid_factors.tsv"),
        grid_regions: include_str!("../catalogue/grid_regions.tsv"),
        gwp: include_str!("../catalogue/gwp.tsv"),
        sheets: include_str!("../catalogue/sheets.tsv"),
    };
}

impl Catalogue {
    /// The catalogue that this program was built with.
    ///
    /// # Errors
    /// None in a released program: a test loads it.
    pub fn shipped() -> Result<Self, TableError> {
        Self::read(&CatalogueTexts::SHIPPED)
    }

    /// A catalogue from the texts of its files.
    ///
    /// # Errors
    /// [`TableError`] names the file, line and column of the first cell that breaks its rule.
    pub fn read(texts: &CatalogueTexts<'_>) -> Result<Self, TableError> {
        let methodologies = methodology::read(texts.methodologies)?;
        let factors = factor::read(texts.factors)?;
        let plausibility = plausibility::read(texts.plausibility)?;
        Ok(Self {
            platforms: platform::read(texts.platforms)?,
            cases: case::read(texts.cases)?,
            candidates: candidate::read(texts.candidates)?,
            regions: region::read(texts.regions)?,
            grid: grid::read(texts.grid_factors, texts.grid_regions)?,
            gwp: gwp::read(texts.gwp)?,
            bands: plausibility.iter().filter_map(Plausibility::band).collect(),
            sheets: sheets::read(texts.sheets, &methodologies, &factors)?,
            methodologies,
            factors,
            plausibility,
        })
    }

    /// All methodologies.
    pub fn methodologies(&self) -> &[CatalogueMethodology] {
        &self.methodologies
    }

    /// The methodology with this id, such as `CN-4201-metro`.
    #[must_use]
    pub fn methodology(&self, id: &str) -> Option<&CatalogueMethodology> {
        self.methodologies.iter().find(|one| one.id == id)
    }

    /// The methodologies that `region` issued, and those of the regions inside it.
    pub fn methodologies_in(&self, region: RegionCode) -> impl Iterator<Item = &CatalogueMethodology> {
        self.methodologies
            .iter()
            .filter(move |one| one.region.is_some_and(|own| region.contains(&own)))
    }

    /// The methodologies of an activity, such as `rail-transit`.
    pub fn methodologies_of<'a>(&'a self, activity: &str) -> impl Iterator<Item = &'a CatalogueMethodology> {
        self.methodologies
            .iter()
            .filter(move |one| one.activity.as_str() == activity)
    }

    /// All emission factors, parameters and prices.
    pub fn factors(&self) -> &[EmissionFactor] {
        &self.factors
    }

    /// The factors and parameters that are about one methodology.
    pub fn factors_of<'a>(&'a self, methodology: &str) -> impl Iterator<Item = &'a EmissionFactor> {
        self.factors
            .iter()
            .filter(move |one| one.methodology.as_deref() == Some(methodology))
    }

    /// The reduction per unit of activity that is **stated** for a methodology.
    #[must_use]
    pub fn stated_factor(&self, methodology: &str) -> Option<&EmissionFactor> {
        self.factors_of(methodology)
            .find(|one| one.basis == FactorBasis::Stated && one.scope == FactorScope::ReductionPerActivityUnit)
    }

    /// All platforms.
    pub fn platforms(&self) -> &[Platform] {
        &self.platforms
    }

    /// The platform with this id, such as `PL-4201`.
    #[must_use]
    pub fn platform(&self, id: &str) -> Option<&Platform> {
        self.platforms.iter().find(|one| one.id == id)
    }

    /// The platforms of `region` and of the regions inside it.
    pub fn platforms_in(&self, region: RegionCode) -> impl Iterator<Item = &Platform> {
        self.platforms
            .iter()
            .filter(move |one| one.region.is_some_and(|own| region.contains(&own)))
    }

    /// All cases.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The case with this id, such as `wgc-2025`.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|one| one.id == id)
    }

    /// All candidate rows: pairs, and methodologies without a counterpart.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The candidate rows that name this methodology on either side.
    pub fn candidates_of<'a>(&'a self, methodology: &str) -> impl Iterator<Item = &'a Candidate> {
        self.candidates
            .iter()
            .filter(move |one| one.subject == methodology || one.object.as_deref() == Some(methodology))
    }

    /// The 34 provinces, autonomous regions, municipalities and special administrative regions.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The province-level region that `code` is, or lies in.
    #[must_use]
    pub fn province_of(&self, code: RegionCode) -> Option<&Region> {
        let province = code.province();
        self.regions.iter().find(|one| one.code == province)
    }

    /// The sheet of each methodology, in version 1, in the order of the methodologies: as far as is publicly known.
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The sheet of a methodology version.
    #[must_use]
    pub fn sheet(&self, methodology: &MethodologyRef) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.methodology == *methodology)
    }

    /// Factors of electricity grids.
    pub const fn grid_factors(&self) -> &GridFactors {
        &self.grid
    }

    /// Global warming potentials.
    pub const fn gwp(&self) -> &GwpTable {
        &self.gwp
    }

    /// What an assessment may use.
    pub const fn library(&self) -> Library<'_> {
        Library {
            grid: &self.grid,
            gwp: &self.gwp,
            bands: &self.bands,
        }
    }

    /// All rows of the plausibility table.
    pub fn plausibility(&self) -> &[Plausibility] {
        &self.plausibility
    }

    /// What is plausible for a methodology's activity, where the table says so.
    #[must_use]
    pub fn plausibility_of(&self, methodology: &CatalogueMethodology) -> Option<&Plausibility> {
        self.plausibility
            .iter()
            .find(|one| one.activity == methodology.activity && one.kind == methodology.kind)
    }
}
