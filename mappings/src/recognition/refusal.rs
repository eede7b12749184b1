//! Why a lot is not recognised: each reason with the number of its check (6-checks) and words for people.

use std::fmt;

use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::explain::{use_zh, uses_en, uses_zh};
use tanqiao_protocol::mapping::RejectionGround;

/// Why a mapping version does not recognise now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inactive {
    /// One of its three parties stopped it.
    Suspended,
    /// A later version replaced it.
    Superseded,
    /// Its validity is over.
    Expired {
        /// The end of its validity.
        since: Timestamp,
    },
    /// Its validity has not begun.
    NotYetValid {
        /// The beginning of its validity.
        from: Timestamp,
    },
    /// It was taken back for good.
    Revoked,
    /// It is proposed, or was rejected: it never recognised.
    NotApproved,
}

impl Inactive {
    fn zh(self) -> String {
        match self {
            Self::Suspended => "已被暂停".into(),
            Self::Superseded => "已被新版本取代".into(),
            Self::Expired { since } => format!("已于 {since} 到期"),
            Self::NotYetValid { from } => format!("自 {from} 起才生效"),
            Self::Revoked => "已被撤销".into(),
            Self::NotApproved => "未获批准".into(),
        }
    }
}

impl fmt::Display for Inactive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suspended => f.write_str("is suspended"),
            Self::Superseded => f.write_str("was superseded by a later version"),
            Self::Expired { since } => write!(f, "expired at {since}"),
            Self::NotYetValid { from } => write!(f, "is not valid before {from}"),
            Self::Revoked => f.write_str("was revoked"),
            Self::NotApproved => f.write_str("is not approved"),
        }
    }
}

/// Why a lot is not recognised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// R01: no mapping leads from this methodology to this place.
    #[error(
        "no mapping recognises {origin} in {to} for {use}: propose one, and have both regions and two officers sign it"
    )]
    NoMapping {
        /// The methodology that quantified the reductions.
        origin: MethodologyRef,
        /// Where they would be used.
        to: RegionCode,
        /// For what.
        r#use: Use,
    },
    /// R02: there is a mapping, but it does not recognise at this time.
    #[error("mapping {mapping} {why}, so nothing is recognised in {to} by it: wait for a version in force")]
    NotActive {
        /// The mapping version.
        mapping: MappingRef,
        /// Where the reductions would be used.
        to: RegionCode,
        /// Why it does not recognise.
        why: Inactive,
    },
    /// R03: the pair was examined and refused.
    #[error(
        "mapping {mapping} was examined and rejected on the ground of {ground}: {origin} is not recognised in {to} for {use}, \
         and no detour leads round that"
    )]
    Rejected {
        /// The version that was rejected.
        mapping: MappingRef,
        /// On which ground of the closed list.
        ground: RejectionGround,
        /// The methodology that quantified the reductions.
        origin: MethodologyRef,
        /// Where they would be used.
        to: RegionCode,
        /// For what.
        r#use: Use,
    },
    /// R04: the place recognises these reductions, but not for this use.
    #[error("in {to} these reductions may be used for {}, not for {use}", uses_en(*permitted))]
    UseNotPermitted {
        /// Where the reductions would be used.
        to: RegionCode,
        /// For what.
        r#use: Use,
        /// What they may be used for there; empty if for nothing.
        permitted: Uses,
    },
    /// R06: what recognises here does not recognise acts of this year, or of this place.
    #[error(
        "mapping {mapping} recognises in {to} acts of {years} in {region}, not these of {vintage} in {region_of_act}: propose a version that covers them"
    )]
    OtherActs {
        /// The mapping version.
        mapping: MappingRef,
        /// Where the reductions would be used.
        to: RegionCode,
        /// The years that it recognises.
        years: String,
        /// The place whose acts it recognises.
        region: RegionCode,
        /// The vintage of the lot.
        vintage: u16,
        /// Where its acts took place.
        region_of_act: RegionCode,
    },
    /// R06: the activity data of the batch give no factor.
    #[error(
        "mapping {mapping} counts each batch by its activity data, and none are named, or they give no factor: ask with the issuance"
    )]
    NoBatchFactor {
        /// The mapping version.
        mapping: MappingRef,
    },
    /// R08: after rounding down and the buffer not one gram would arrive.
    #[error("{given} would deliver 0 g: give a larger lot")]
    DeliversNothing {
        /// What was given, in grams.
        given: Grams,
    },
    /// B07: the serials of the lot are not ascending and disjoint blocks of its series, or a sum is above 2^53 − 1 g.
    #[error("the serials of this lot are not ascending and disjoint, or their sum is above 9007199254740991 g")]
    SerialsInvalid,
    /// B07: no quantity up to 2^53 − 1 g delivers as much as was asked for.
    #[error("no quantity that a series can hold delivers {wanted}")]
    OutOfReach {
        /// What was to be delivered, in grams.
        wanted: Grams,
    },
}

impl Reason {
    /// The number of the check that refuses, such as `R01` (6-checks).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoMapping { .. } => "R01",
            Self::NotActive { .. } => "R02",
            Self::Rejected { .. } => "R03",
            Self::UseNotPermitted { .. } => "R04",
            Self::OtherActs { .. } | Self::NoBatchFactor { .. } => "R06",
            Self::DeliversNothing { .. } => "R08",
            Self::SerialsInvalid | Self::OutOfReach { .. } => "B07",
        }
    }

    /// The reason in Chinese words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::NoMapping { origin, to, r#use } => format!(
                "没有任何映射认可 {origin} 的减排量在 {to} 用于{}：请提出映射，并由两地及两名主管人员签署",
                use_zh(*r#use)
            ),
            Self::NotActive { mapping, to, why } => {
                format!("映射 {mapping} {}，{to} 不能据此认可减排量：请等待有效版本", why.zh())
            }
            Self::Rejected {
                mapping,
                ground,
                origin,
                to,
                r#use,
            } => format!(
                "映射 {mapping} 经审查被驳回，理由：{}；{origin} 的减排量在 {to} 不能用于{}，绕道也不行",
                ground_zh(*ground),
                use_zh(*r#use)
            ),
            Self::UseNotPermitted { to, r#use, permitted } => format!(
                "这些减排量在 {to} 可用于{}，不可用于{}",
                uses_zh(*permitted),
                use_zh(*r#use)
            ),
            Self::OtherActs {
                mapping,
                to,
                years,
                region,
                vintage,
                region_of_act,
            } => format!(
                "映射 {mapping} 在 {to} 认可 {region} 于 {years} 年的行为，不认可 {region_of_act} 于 {vintage} 年的行为：请提出涵盖它的版本"
            ),
            Self::NoBatchFactor { mapping } => {
                format!("映射 {mapping} 按各批次的活动数据计算系数，而未指明批次，或其数据无法得出系数：请指明签发批次")
            }
            Self::DeliversNothing { given } => format!("给出 {given}，到达量为 0 克：请增大本批数量"),
            Self::SerialsInvalid => "本批序列号不是递增且互不重叠的区块段，或总量超过 9007199254740991 克".into(),
            Self::OutOfReach { wanted } => format!("一个系列所能容纳的任何数量都不足以交付 {wanted}"),
        }
    }
}

const fn ground_zh(ground: RejectionGround) -> &'static str {
    match ground {
        RejectionGround::Accuracy => "准确性存疑",
        RejectionGround::Reliability => "可靠性存疑",
        RejectionGround::Veracity => "真实性存疑",
        RejectionGround::DoubleCounting => "重复计算",
        RejectionGround::LegalBar => "法律禁止",
    }
}

/// A lot that is not recognised, with its blocks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {series}: {reason}", reason.code())]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The series of the lot.
    pub series: SeriesRef,
    /// The blocks of the lot.
    pub blocks: Vec<BlockRef>,
}
