//! Attribute sheets: what is known of a methodology version, attribute by attribute, with its evidence.
//!
//! A sheet says of each of the 24 attributes its value, how it is known, where it stands, and the hash of the document. What
//! is not known is `unknown`: the gates then refuse, and the factor takes the worst case. Nothing is guessed.

mod attribute;
mod attributes;
mod document;
mod evidence;
pub mod value;

#[cfg(test)]
pub(crate) mod tests;

pub use attribute::{AttributeName, AttributeRole};
pub use attributes::Attributes;
pub use document::SheetError;
pub use evidence::{Cell, CellError, CellPart, Evidence, Stated, Status, TEXT_CHARS_MAX, check_text};

use serde::{Deserialize, Serialize};
use tanqiao_protocol::canonical;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::r#use::Use;

use crate::day::Day;
use crate::phrase::Phrase;

/// What is known of one methodology version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "document::SheetDocument", into = "document::SheetDocument")]
pub struct Sheet {
    /// The methodology version.
    pub methodology: MethodologyRef,
    /// The region that issued it; `None` for a standard or an enterprise's method.
    pub region: Option<RegionCode>,
    /// Its title.
    pub title: Phrase,
    /// True if it is a reference methodology of the hub: others may be composed through it.
    pub reference: bool,
    /// True if its figures only demonstrate the system.
    pub demonstration: bool,
    /// SHA-256 of the methodology's own text. A text revised in place has another hash, whatever its title says.
    pub document: Option<Sha256>,
    /// The issuer's written confirmation of a unit factor outside the plausible band.
    pub confirmation: Option<Confirmation>,
    /// The attributes.
    pub attributes: Attributes,
}

impl tanqiao_protocol::message::Content for Sheet {
    const ACTION: tanqiao_protocol::message::Action = tanqiao_protocol::message::Action::Sheet;
}

/// An issuer's written confirmation that a unit factor outside the plausible band is meant. It holds for this factor only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The factor as the sheet writes it.
    pub unit_factor: String,
    /// The day of the writing.
    pub on: Day,
    /// SHA-256 of the writing.
    pub document: Sha256,
}

impl Sheet {
    /// A sheet on which nothing is known yet.
    #[must_use]
    pub fn blank(methodology: MethodologyRef, region: Option<RegionCode>, title: Phrase) -> Self {
        Self {
            methodology,
            region,
            title,
            reference: false,
            demonstration: false,
            document: None,
            confirmation: None,
            attributes: Attributes::default(),
        }
    }

    /// Its identity: SHA-256 over its canonical JSON (RFC 8785). Any change of a value or of its evidence changes it.
    #[must_use]
    pub fn content_hash(&self) -> Sha256 {
        // A sheet holds texts and booleans only, for which canonical JSON knows no refusal.
        Sha256::of(&canonical::to_vec(self).unwrap_or_default())
    }

    /// The issuer's confirmation, if it is about the unit factor that the sheet states now.
    #[must_use]
    pub fn confirmed_factor(&self) -> Option<&Confirmation> {
        let stated = self.attributes.unit_factor.value()?.to_string();
        self.confirmation.as_ref().filter(|one| one.unit_factor == stated)
    }

    /// The attributes of which nothing is known.
    pub fn unknown(&self) -> impl Iterator<Item = AttributeName> {
        AttributeName::ALL
            .iter()
            .copied()
            .filter(|name| !self.attributes.knows(*name))
    }

    /// The attributes that are known, but without the hash of a document: evidence is not complete before there is none.
    pub fn undocumented(&self) -> impl Iterator<Item = AttributeName> {
        AttributeName::ALL.iter().copied().filter(|name| {
            let cell = self.attributes.cell(*name);
            cell.value.is_some() && cell.evidence.document.is_none()
        })
    }

    /// The sheet with what a member published about this methodology version put in the place of what was unknown: activity,
    /// unit, factor, vintages and uses, each as `declared`. What the sheet knows already stays.
    ///
    /// # Errors
    /// [`CellError`] if a text of the publication cannot be a value, such as a unit that is not UCUM.
    pub fn with_publication(&self, published: &Methodology, payload: Sha256) -> Result<Self, CellError> {
        let mut sheet = self.clone();
        for (name, value) in publication_values(published) {
            if !sheet.attributes.knows(name) {
                let evidence = Evidence::new(Status::Declared, "publication of the member", Some(payload))?;
                sheet.attributes.put(name, Cell::known(value, evidence))?;
            }
        }
        Ok(sheet)
    }
}

/// The unit of a publication as UCUM writes it.
#[must_use]
pub fn publication_unit(unit: &str) -> &str {
    match unit {
        "pkm" => "km{passenger}",
        "kWh" => "kW.h",
        other => other,
    }
}

/// What a publication says, as the sheet writes it.
fn publication_values(published: &Methodology) -> Vec<(AttributeName, String)> {
    let unit = publication_unit(&published.activity_unit);
    let bar = if unit.contains('.') {
        format!("({unit})")
    } else {
        unit.into()
    };
    let uses: Vec<&str> = published.uses.iter().map(Use::word).collect();
    let uses = if uses.is_empty() {
        "none".into()
    } else {
        uses.join("; ")
    };
    let vintages = format!("vintages={}..{}", published.vintage_first, published.vintage_last);
    [
        Some((AttributeName::Activity, published.activity.to_string())),
        Some((AttributeName::ActivityUnit, unit.into())),
        published
            .factor_g_per_unit
            .as_ref()
            .map(|factor| (AttributeName::UnitFactor, format!("{factor} g{{CO2e}}/{bar}"))),
        Some((AttributeName::CreditingPeriod, format!("{vintages}; age=unlimited"))),
        Some((AttributeName::Uses, uses)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
