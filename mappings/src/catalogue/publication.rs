//! From a catalogue methodology to what a member publishes.

use rust_decimal::Decimal;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::factor::{EmissionFactor, FactorBasis, FactorScope};
use super::methodology::{CatalogueMethodology, MethodologyKind};
use super::{Catalogue, Plausibility};

/// What the catalogue does not know and the publishing member states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicationTerms {
    /// In force from this instant.
    pub in_force_from: Timestamp,
    /// Out of force from this instant, where known.
    pub in_force_until: Option<Timestamp>,
    /// First year of vintage that it may quantify.
    pub vintage_first: u16,
    /// Last year of vintage that it may quantify.
    pub vintage_last: u16,
}

/// Why a catalogue methodology cannot be published as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicationError {
    /// There is no such methodology.
    #[error("the catalogue has no methodology {0}")]
    Unknown(String),
    /// A standard issues nothing.
    #[error("{0} is a reference standard: methodologies refer to it, and nothing is issued under it")]
    ReferenceStandard(String),
    /// A batch of methodologies without a unit of its own.
    #[error("{0} is a batch of several methodologies without a unit of activity: publish them one by one")]
    NoUnit(String),
    /// The row repeats another.
    #[error("{id} repeats {of}: publish that one")]
    Duplicate {
        /// This row.
        id: String,
        /// The row that it repeats.
        of: String,
    },
    /// The factor belongs to another methodology, or is not a stated reduction per unit.
    #[error("{factor} is not a stated reduction per unit of activity of {id}")]
    FactorNotUsable {
        /// The methodology.
        id: String,
        /// The factor.
        factor: String,
    },
    /// The factor's unit is not the methodology's.
    #[error("{factor} is per {factor_unit}, {id} counts {activity_unit}")]
    UnitsDiffer {
        /// The methodology.
        id: String,
        /// The factor.
        factor: String,
        /// The factor's unit of activity.
        factor_unit: String,
        /// The methodology's unit of activity.
        activity_unit: String,
    },
    /// The factor is outside the plausible band.
    #[error(
        "{factor}: {value} g/{unit} is outside {min} to {max} g/{unit}; the issuer has to confirm it in writing first"
    )]
    Implausible {
        /// The factor.
        factor: String,
        /// Its value in grams for one unit.
        value: Decimal,
        /// The unit of activity.
        unit: String,
        /// The bottom of the band.
        min: u64,
        /// The top of the band.
        max: u64,
    },
    /// The id or the vintages cannot be published.
    #[error("{id}: {problem}")]
    Invalid {
        /// The methodology.
        id: String,
        /// What is wrong.
        problem: String,
    },
}

impl Catalogue {
    /// Version 1 of a methodology with its stated factor, ready for a member to sign. A stated **range** is no factor: the
    /// publication has none, and each record states its own reduction.
    ///
    /// # Errors
    /// [`PublicationError`], among others for a stated factor outside the plausible band (Wuhan's 2.1 g/km for driving).
    pub fn publication(&self, id: &str, terms: &PublicationTerms) -> Result<Methodology, PublicationError> {
        let methodology = self
            .methodology(id)
            .ok_or_else(|| PublicationError::Unknown(id.into()))?;
        let stated = self.stated_factor(id).filter(|factor| factor.value_max.is_none());
        self.publication_with(methodology, stated, terms)
    }

    /// Version 1 of `methodology` with `factor`, or with none.
    ///
    /// # Errors
    /// As [`Catalogue::publication`].
    pub fn publication_with(
        &self,
        methodology: &CatalogueMethodology,
        factor: Option<&EmissionFactor>,
        terms: &PublicationTerms,
    ) -> Result<Methodology, PublicationError> {
        let id = &methodology.id;
        let activity_unit = publishable_unit(methodology)?;
        let plausibility = self.plausibility_of(methodology);
        let value = factor
            .map(|factor| usable_value(methodology, activity_unit, factor, plausibility))
            .transpose()?;
        if terms.vintage_first > terms.vintage_last {
            return Err(invalid(id, "the first vintage is after the last"));
        }
        Ok(Methodology {
            methodology: MethodologyRef::new(id, 1).map_err(|error| invalid(id, error))?,
            region: home_of(methodology)?,
            title_zh: methodology.title_zh.clone(),
            title_en: methodology.title_en.clone(),
            activity: methodology.activity.clone(),
            activity_unit: activity_unit.into(),
            factor_g_per_unit: value.map(|value| value.normalize().to_string()),
            record_g_max: plausibility.and_then(|band| band.record_max(value)),
            uses: self.home_uses(methodology),
            in_force_from: terms.in_force_from,
            in_force_until: terms.in_force_until,
            vintage_first: terms.vintage_first,
            vintage_last: terms.vintage_last,
            source: source_of(methodology, factor),
        })
    }

    /// What reductions of a methodology may be used for in their own region, as far as the White Paper shows: voluntary
    /// uses everywhere; surrender in an emissions trading system only in provinces with a reported case of it; personal
    /// use for behaviour of individuals. Outside China only international transfer and voluntary company use.
    #[must_use]
    pub fn home_uses(&self, methodology: &CatalogueMethodology) -> Uses {
        let Some(region) = methodology.region else {
            return [Use::EventNeutrality, Use::CorporateNeutrality, Use::PublicWelfare]
                .into_iter()
                .collect();
        };
        if !region.is_chinese_division() {
            return [Use::CorporateNeutrality, Use::Article6Ndc, Use::Article6Oimp]
                .into_iter()
                .collect();
        }
        let surrendered_there = self.cases.iter().any(|case| {
            case.purpose.as_deref() == Some(Use::EtsOffset.word())
                && case
                    .seller_region
                    .is_some_and(|seller| seller.province() == region.province())
        });
        let of_individuals = methodology.kind == MethodologyKind::Scenario;
        [
            Use::EventNeutrality,
            Use::CorporateNeutrality,
            Use::ProductNeutrality,
            Use::EcologicalCompensation,
            Use::PublicWelfare,
        ]
        .into_iter()
        .chain(surrendered_there.then_some(Use::EtsOffset))
        .chain(of_individuals.then_some(Use::PersonalOffset))
        .collect()
    }
}

fn publishable_unit(methodology: &CatalogueMethodology) -> Result<&str, PublicationError> {
    let id = methodology.id.clone();
    if methodology.kind == MethodologyKind::ReferenceStandard {
        return Err(PublicationError::ReferenceStandard(id));
    }
    if let Some(of) = methodology.duplicate_of.clone() {
        return Err(PublicationError::Duplicate { id, of });
    }
    methodology.activity_unit.as_deref().ok_or(PublicationError::NoUnit(id))
}

/// The region, or `CN` for a nationwide enterprise's method.
fn home_of(methodology: &CatalogueMethodology) -> Result<RegionCode, PublicationError> {
    match methodology.region {
        Some(region) => Ok(region),
        None => "CN".parse().map_err(|error| invalid(&methodology.id, error)),
    }
}

fn usable_value(
    methodology: &CatalogueMethodology,
    activity_unit: &str,
    factor: &EmissionFactor,
    plausibility: Option<&Plausibility>,
) -> Result<Decimal, PublicationError> {
    let usable = factor.methodology.as_deref() == Some(&methodology.id)
        && factor.basis == FactorBasis::Stated
        && factor.scope == FactorScope::ReductionPerActivityUnit
        && factor.value_max.is_none()
        && factor.ucum.starts_with("g{CO2}/");
    if !usable {
        return Err(PublicationError::FactorNotUsable {
            id: methodology.id.clone(),
            factor: factor.id.clone(),
        });
    }
    let factor_unit = factor.activity_unit().unwrap_or_default();
    if factor_unit != activity_unit {
        return Err(PublicationError::UnitsDiffer {
            id: methodology.id.clone(),
            factor: factor.id.clone(),
            factor_unit: factor_unit.into(),
            activity_unit: activity_unit.into(),
        });
    }
    match plausibility {
        Some(band) if !band.admits(factor.value) => Err(PublicationError::Implausible {
            factor: factor.id.clone(),
            value: factor.value,
            unit: activity_unit.into(),
            min: band.g_per_unit_min,
            max: band.g_per_unit_max,
        }),
        _ => Ok(factor.value),
    }
}

fn source_of(methodology: &CatalogueMethodology, factor: Option<&EmissionFactor>) -> String {
    let code = methodology.official_code.as_deref();
    let code = code.map(|code| format!("{code}; ")).unwrap_or_default();
    let factor = factor.map(|factor| format!("; factor {}, section {}", factor.id, factor.source_section));
    format!(
        "{code}White Paper on Carbon Inclusion Development 2025, {}{}",
        methodology.source,
        factor.unwrap_or_default()
    )
}

fn invalid(id: &str, problem: impl ToString) -> PublicationError {
    PublicationError::Invalid {
        id: id.into(),
        problem: problem.to_string(),
    }
}
