//! The extension slots of the federation.

use rust_decimal::Decimal;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::words;

use super::header::{ExtensionDefinition, share};
use crate::gates::Mode;
use crate::unit::Unit;
use tanqiao_protocol::mapping::MappingState;

words! {
    /// An extension slot of the federation, by its column.
    pub enum ExtensionSlot {
        /// `equivalent`, `close`, `partial`, `related` or `none`, in plain words.
        Relation = 1 "ext_relation",
        /// The activity.
        Activity = 2 "ext_activity",
        /// What was read: titles, text, numbers.
        EvidenceLevel = 3 "ext_evidence_level",
        /// The group of methodologies that may count the same reduction.
        OverlapGroup = 4 "ext_overlap_group",
        /// The approved factor, six decimals; empty before approval. A copy: the signed record is the authority.
        Factor = 5 "ext_factor",
        /// SHA-256 of the signed record.
        FactorRecord = 6 "ext_factor_record",
        /// A factor from left to right before approval, for review: what published numbers give, or what is proposed.
        FactorForward = 7 "ext_factor_forward",
        /// The same from right to left.
        FactorReverse = 8 "ext_factor_reverse",
        /// `factor` or `requantify`.
        Mode = 9 "ext_mode",
        /// The unit of activity.
        Unit = 10 "ext_unit",
        /// Recognises from this instant.
        ValidFrom = 11 "ext_valid_from",
        /// Recognises until before this instant.
        ValidUntil = 12 "ext_valid_until",
        /// The uses, separated by `|`.
        Purposes = 13 "ext_purposes",
        /// The most grams given in a calendar year.
        CapGrams = 14 "ext_cap_g",
        /// The share for the hub's buffer, six decimals.
        Buffer = 15 "ext_buffer",
        /// The state.
        State = 16 "ext_state",
        /// SHA-256 of the explanation.
        Explanation = 17 "ext_explanation",
        /// What has to be known before anyone can decide.
        MissingEvidence = 18 "ext_missing_evidence",
        /// Where the reductions become usable.
        To = 19 "ext_to",
        /// `true` if the figures only demonstrate the system.
        Demonstration = 20 "ext_demonstration",
    }
}

impl ExtensionSlot {
    /// Its definition in a header, with its property under the prefix `prefix`.
    #[must_use]
    pub fn definition(self, prefix: &str) -> ExtensionDefinition {
        let word = self.word();
        let local = word.strip_prefix("ext_").unwrap_or(word);
        let type_hint = match self {
            Self::Factor | Self::FactorForward | Self::FactorReverse | Self::Buffer => "xsd:decimal",
            Self::CapGrams => "xsd:integer",
            Self::ValidFrom | Self::ValidUntil => "xsd:dateTime",
            Self::Demonstration => "xsd:boolean",
            _ => "xsd:string",
        };
        ExtensionDefinition {
            slot_name: word.into(),
            property: Some(format!("{prefix}:{local}")),
            type_hint: Some(type_hint.into()),
        }
    }

    /// Refuses a text that it cannot take.
    pub(super) fn check(self, text: &str) -> Result<(), String> {
        let fits = match self {
            Self::Factor | Self::FactorForward | Self::FactorReverse | Self::Buffer => {
                return six_places(text).map(|_| ());
            }
            Self::CapGrams => text.parse::<u64>().is_ok(),
            Self::Mode => text.parse::<Mode>().is_ok(),
            Self::State => text.parse::<MappingState>().is_ok(),
            Self::Unit => text.parse::<Unit>().is_ok(),
            Self::ValidFrom | Self::ValidUntil => text.parse::<Timestamp>().is_ok(),
            Self::Purposes => text.split('|').all(|part| part.parse::<Use>().is_ok()),
            Self::FactorRecord | Self::Explanation => text.parse::<Sha256>().is_ok(),
            Self::OverlapGroup | Self::Activity => text.split('|').all(|part| part.parse::<Name>().is_ok()),
            Self::To => text.parse::<tanqiao_protocol::region::RegionCode>().is_ok(),
            Self::Demonstration => matches!(text, "true" | "false"),
            Self::Relation | Self::EvidenceLevel | Self::MissingEvidence => true,
        };
        if fits {
            Ok(())
        } else {
            Err(format!("`{text}` is not a value of {self}"))
        }
    }
}

/// A factor from 0 to 1 with at most six decimals.
pub(super) fn six_places(text: &str) -> Result<Decimal, String> {
    let value = share(text)?;
    if value.normalize().scale() <= 6 {
        Ok(value)
    } else {
        Err(format!("`{text}` has more than six decimals"))
    }
}
