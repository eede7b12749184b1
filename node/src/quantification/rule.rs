//! A methodology version as a rule that can be applied to records.

use std::sync::Arc;

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use super::refusal::shown;
use super::{ActivityRecord, Amount, AmountError, Field, Refusal};

/// The region code under which a nationwide enterprise platform publishes its rules.
const NATIONWIDE: &str = "CN";

/// A methodology version, parsed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    methodology: MethodologyRef,
    region: RegionCode,
    unit: Arc<str>,
    factor: Option<Amount>,
    record_g_max: Option<Grams>,
    in_force_from: Timestamp,
    in_force_until: Option<Timestamp>,
    vintage_first: u16,
    vintage_last: u16,
}

/// A published methodology that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Its factor is not a decimal.
    #[error("the factor of {methodology} cannot be used: `{factor}` {source}")]
    Factor {
        /// The version.
        methodology: MethodologyRef,
        /// The text as published.
        factor: String,
        /// Why.
        source: AmountError,
    },
}

/// What a record comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantified {
    /// The reduction.
    pub reduction: Grams,
    /// The year of the act in China (UTC+8).
    pub vintage: u16,
    /// The region in whose series the reduction is numbered.
    pub region_of_act: RegionCode,
}

impl Rule {
    /// # Errors
    /// [`RuleError`] if the published factor is not an exact decimal of at most nine decimals.
    pub fn new(published: &Methodology) -> Result<Self, RuleError> {
        let factor = published
            .factor_g_per_unit
            .as_deref()
            .map(|text| {
                text.parse().map_err(|source| RuleError::Factor {
                    methodology: published.methodology.clone(),
                    factor: shown(text),
                    source,
                })
            })
            .transpose()?;
        Ok(Self {
            methodology: published.methodology.clone(),
            region: published.region,
            unit: published.activity_unit.as_str().into(),
            factor,
            record_g_max: published.record_g_max,
            in_force_from: published.in_force_from,
            in_force_until: published.in_force_until,
            vintage_first: published.vintage_first,
            vintage_last: published.vintage_last,
        })
    }

    /// The version.
    #[must_use]
    pub fn methodology(&self) -> &MethodologyRef {
        &self.methodology
    }

    /// The unit of its activity data.
    #[must_use]
    pub fn unit(&self) -> &Arc<str> {
        &self.unit
    }

    /// Applies the rule to one record at `now`. Checks run in the order of the catalogue; the first failure refuses.
    ///
    /// # Errors
    /// [`Refusal`] with the check, the field and the remedy.
    pub fn quantify(&self, record: &ActivityRecord, now: Timestamp) -> Result<Quantified, Refusal> {
        self.check_methodology(record)?;
        let vintage = self.check_dates(record, now)?;
        let region_of_act = self.region_of_act(record.place)?;
        let reduction = self.reduction(record)?;
        if let Some(most) = self.record_g_max
            && reduction > most
        {
            return Err(Refusal::new(
                CheckCode::S07,
                Field::Quantity,
                format!(
                    "gives {reduction}, more than one activity of {} can be ({most}): check the quantity and its unit",
                    self.methodology
                ),
            ));
        }
        Ok(Quantified {
            reduction,
            vintage,
            region_of_act,
        })
    }

    fn check_methodology(&self, record: &ActivityRecord) -> Result<(), Refusal> {
        if let Some(named) = &record.methodology
            && *named != self.methodology
        {
            return Err(Refusal::new(
                CheckCode::S01,
                Field::Methodology,
                format!(
                    "is {named}, but this import is for {}: import each methodology on its own",
                    self.methodology
                ),
            ));
        }
        if *record.unit != *self.unit {
            return Err(Refusal::schema(
                Field::Unit,
                format!(
                    "is `{}`, but {} counts in `{}`: convert the quantity at the platform",
                    shown(&record.unit),
                    self.methodology,
                    self.unit
                ),
            ));
        }
        Ok(())
    }

    fn check_dates(&self, record: &ActivityRecord, now: Timestamp) -> Result<u16, Refusal> {
        if record.ended_at > now {
            return Err(Refusal::new(
                CheckCode::S07,
                Field::EndedAt,
                format!("the act ends after now ({now}): import it when it is over, or check the time zone"),
            ));
        }
        let started = record.started_at;
        let over = self.in_force_until.is_some_and(|until| started >= until);
        if started < self.in_force_from || over {
            return Err(Refusal::new(
                CheckCode::S02,
                Field::StartedAt,
                format!(
                    "{} was not in force when the act began ({started}): use the version of that date",
                    self.methodology
                ),
            ));
        }
        let year = started.china_year();
        u16::try_from(year)
            .ok()
            .filter(|year| (self.vintage_first..=self.vintage_last).contains(year))
            .ok_or_else(|| {
                Refusal::new(
                    CheckCode::S03,
                    Field::StartedAt,
                    format!(
                        "the act is of {year} in China time; {} may quantify {} to {}",
                        self.methodology, self.vintage_first, self.vintage_last
                    ),
                )
            })
    }

    /// A regional rule numbers its reductions under its own region, in which the place must lie; a nationwide one under
    /// the province of the place.
    fn region_of_act(&self, place: RegionCode) -> Result<RegionCode, Refusal> {
        if self.region.as_str() == NATIONWIDE && place.is_chinese_division() {
            return Ok(place.province());
        }
        if self.region.contains(&place) {
            return Ok(self.region);
        }
        Err(Refusal::new(
            CheckCode::S07,
            Field::Place,
            format!(
                "{place} does not lie in {}, the region of {}: an act is quantified by the rule of its own region",
                self.region, self.methodology
            ),
        ))
    }

    fn reduction(&self, record: &ActivityRecord) -> Result<Grams, Refusal> {
        let Some(factor) = self.factor else {
            return record.reduction_g.ok_or_else(|| {
                Refusal::new(
                    CheckCode::S06,
                    Field::ReductionG,
                    format!(
                        "{} has no factor: each record states its verified reduction in grams",
                        self.methodology
                    ),
                )
            });
        };
        let computed = record
            .quantity
            .times_rounded_down(factor)
            .and_then(|grams| i64::try_from(grams).ok())
            .and_then(|grams| Grams::new(grams).ok())
            .ok_or_else(|| {
                Refusal::new(
                    CheckCode::S07,
                    Field::Quantity,
                    "times the factor is above 9007199254740991 g: check the quantity and its unit",
                )
            })?;
        match record.reduction_g {
            Some(stated) if stated != computed => Err(Refusal::new(
                CheckCode::S06,
                Field::ReductionG,
                format!(
                    "states {} g, but {} {} × {factor} g is {} g, rounded down: correct it or leave it out",
                    stated.get(),
                    record.quantity,
                    self.unit,
                    computed.get()
                ),
            )),
            _ => Ok(computed),
        }
    }
}
