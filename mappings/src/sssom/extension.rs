//! The extension slots of the federation.

use rust_decimal::Decimal;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::words;

use super::header::{ExtensionDefinition, share};
use crate::gates::Mode;
use crate::unit::Unit;
use tanqiao_protocol::mapping::{MappingState, Party};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};

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
        /// The number of the version; the row's own id names it too.
        Version = 21 "ext_version",
        /// The version of the same mapping before this one.
        Replaces = 22 "ext_replaces",
        /// The reference methodology that the region goes by, or that bounds the factor as well.
        Reference = 23 "ext_reference",
        /// The two mapping versions that it is composed of, separated by `|`.
        Through = 24 "ext_through",
        /// Where the acts took place whose parameters the factor rests on.
        SourceRegion = 25 "ext_source_region",
        /// First and last year of vintage, such as `2024..2026`.
        Vintages = 26 "ext_vintages",
        /// Who endorsed the record, such as `source=wuhan|target=harbin`; a party alone where the hub's officers spoke for it.
        Endorsements = 27 "ext_endorsements",
        /// The officers who approved it, separated by `|`.
        Approvals = 28 "ext_approvals",
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
            Self::CapGrams | Self::Version => "xsd:integer",
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
            Self::OverlapGroup | Self::Activity | Self::Approvals => {
                text.split('|').all(|part| part.parse::<Name>().is_ok())
            }
            Self::To | Self::SourceRegion => text.parse::<tanqiao_protocol::region::RegionCode>().is_ok(),
            Self::Demonstration => matches!(text, "true" | "false"),
            Self::Version => text.parse::<u32>().is_ok(),
            Self::Replaces => text.parse::<MappingRef>().is_ok(),
            Self::Reference => text.parse::<MethodologyRef>().is_ok(),
            Self::Through => text.split('|').all(|part| part.parse::<MappingRef>().is_ok()),
            Self::Vintages => is_vintages(text),
            Self::Endorsements => text.split('|').all(is_endorsement),
            Self::Relation | Self::EvidenceLevel | Self::MissingEvidence => true,
        };
        if fits {
            Ok(())
        } else {
            Err(format!("`{text}` is not a value of {self}"))
        }
    }
}

/// Two years, such as `2024..2026`.
fn is_vintages(text: &str) -> bool {
    let years = text
        .split_once("..")
        .map(|(first, last)| (first.parse::<u16>(), last.parse::<u16>()));
    matches!(years, Some((Ok(first), Ok(last))) if first <= last)
}

/// A party, and the member that spoke for it.
fn is_endorsement(text: &str) -> bool {
    let (party, member) = text
        .split_once('=')
        .map_or((text, None), |(party, member)| (party, Some(member)));
    party.parse::<Party>().is_ok() && member.is_none_or(|member| member.parse::<NodeId>().is_ok())
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
