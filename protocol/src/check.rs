//! The public catalogue of checks (6-checks.md): one table, from which the documentation page, the console's explanation
//! and the list of problems are made. A refusal names a check; the check says what it compares and how to mend it.

mod table_article6;
mod table_article6_more;
mod table_blocks;
mod table_issuance;
mod table_member;
mod table_message;
mod table_recognition;
mod table_transfer;
mod table_use;

mod page;

use std::fmt;
use std::str::FromStr;

use crate::id::TextError;
use crate::text::{serde_as_text, words};

pub use page::markdown;

words! {
    /// The stage of a check. A command meets them in this order, governance commands only the first two and the last.
    pub enum Stage {
        /// The bytes, the signature, the header.
        Message = 1 "message",
        /// Who sends, and in which standing.
        Member = 2 "member",
        /// Blocks, serials, listings.
        Blocks = 3 "blocks",
        /// Issuance and screening.
        Issuance = 4 "issuance",
        /// Recognition elsewhere.
        Recognition = 5 "recognition",
        /// Transfer between members.
        Transfer = 6 "transfer",
        /// Retirement and its claim.
        Use = 7 "use",
        /// International transfer between Parties.
        Article6 = 8 "article-6",
        /// Events and donations to them.
        Event = 9 "event",
        /// Officers' decisions.
        Governance = 10 "governance",
    }
}

impl Stage {
    /// The heading in English.
    #[must_use]
    pub const fn title_en(self) -> &'static str {
        match self {
            Self::Message => "Message",
            Self::Member => "Member",
            Self::Blocks => "Blocks and listings",
            Self::Issuance => "Issuance and screening",
            Self::Recognition => "Recognition",
            Self::Transfer => "Transfer",
            Self::Use => "Use and claim",
            Self::Article6 => "Article 6",
            Self::Event => "Event",
            Self::Governance => "Governance",
        }
    }

    /// The heading in Chinese.
    #[must_use]
    pub const fn title_zh(self) -> &'static str {
        match self {
            Self::Message => "报文",
            Self::Member => "成员",
            Self::Blocks => "区块段与可互认额度",
            Self::Issuance => "签发与筛查",
            Self::Recognition => "互认",
            Self::Transfer => "划转",
            Self::Use => "注销与声明",
            Self::Article6 => "《巴黎协定》第六条",
            Self::Event => "活动",
            Self::Governance => "治理",
        }
    }
}

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Its code, `B03`.
    pub code: CheckCode,
    /// Its name, `block-reserved`: the last part of the problem's type.
    pub name: &'static str,
    /// Its title in Chinese.
    pub title_zh: &'static str,
    /// Its title in English.
    pub title_en: &'static str,
    /// Its stage.
    pub stage: Stage,
    /// What it compares with what.
    pub compares_en: &'static str,
    /// The same in Chinese.
    pub compares_zh: &'static str,
    /// What the refusal says.
    pub refusal_en: &'static str,
    /// What to do about it.
    pub remedy_en: &'static str,
    /// The same in Chinese.
    pub remedy_zh: &'static str,
    /// The status of the HTTP answer; of a check that routes, 202.
    pub http_status: u16,
    /// True if it sends the command another way (a delay, a second person) and does not refuse it.
    pub routes: bool,
    /// True if the sequencer decides it and the outcome is stored with the message's id for ever; false if the message
    /// may be sent again under the same id (2-protocol, Idempotency). False for the findings about a file as well.
    pub stored: bool,
}

/// Who decides a check, and so whether its outcome is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// Before the sequencer, or about a file: not stored.
    Early,
    /// By the sequencer: stored.
    Stored,
    /// By the sequencer; the command goes on, another way.
    Routes,
}

/// Declares checks of one stage as statics named by their codes.
macro_rules! checks {
    ($stage:ident; $(
        $code:ident $name:literal $status:literal $decision:ident
        title $title_en:literal / $title_zh:literal
        compares $compares_en:literal / $compares_zh:literal
        refuses $refusal_en:literal
        remedy $remedy_en:literal / $remedy_zh:literal
    )+) => { $(
        pub(super) static $code: super::Check = super::Check {
            code: super::CheckCode::$code,
            name: $name,
            title_zh: $title_zh,
            title_en: $title_en,
            stage: super::Stage::$stage,
            compares_en: $compares_en,
            compares_zh: $compares_zh,
            refusal_en: $refusal_en,
            remedy_en: $remedy_en,
            remedy_zh: $remedy_zh,
            http_status: $status,
            routes: matches!(super::Decision::$decision, super::Decision::Routes),
            stored: !matches!(super::Decision::$decision, super::Decision::Early),
        };
    )+ };
}
use checks;

/// Declares the codes, in the order in which they are checked, and where each one's row is.
macro_rules! codes {
    ($($table:ident: $($code:ident $text:literal),+;)+) => {
        /// The code of a check. It never changes its meaning; a check that is given up leaves a gap.
        #[allow(missing_docs, reason = "each row of the table says what the code means")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CheckCode { $($($code,)+)+ }

        impl CheckCode {
            const ALL: &'static [Self] = &[$($(Self::$code,)+)+];

            /// The code as text, `A6-U4`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $($(Self::$code => $text,)+)+ }
            }

            /// The row of the table.
            #[must_use]
            pub fn check(self) -> &'static Check {
                match self { $($(Self::$code => &$table::$code,)+)+ }
            }
        }
    };
}

codes! {
    table_message: M01 "M01", M02 "M02", M03 "M03", M04 "M04", M05 "M05", M06 "M06", M07 "M07", M08 "M08", M09 "M09", M10 "M10", M11 "M11";
    table_member: N01 "N01", N02 "N02", N03 "N03", N04 "N04", N05 "N05", N06 "N06", N07 "N07", N08 "N08";
    table_blocks: B01 "B01", B02 "B02", B03 "B03", B04 "B04", B05 "B05", B06 "B06", B07 "B07", B08 "B08", B09 "B09", B10 "B10", B11 "B11",
        B12 "B12", L01 "L01", L02 "L02";
    table_issuance: S01 "S01", S02 "S02", S03 "S03", S04 "S04", S05 "S05", S06 "S06", S07 "S07", S08 "S08", S09 "S09", S10 "S10",
        S11 "S11", S12 "S12", S13 "S13", S14 "S14", S15 "S15", S16 "S16", S17 "S17";
    table_recognition: R01 "R01", R02 "R02", R03 "R03", R04 "R04", R05 "R05", R06 "R06", R07 "R07", R08 "R08";
    table_transfer: T01 "T01", T02 "T02", T03 "T03", T04 "T04", T05 "T05", T06 "T06", T07 "T07", T08 "T08", T09 "T09";
    table_use: U01 "U01", U02 "U02", U03 "U03", U04 "U04", U05 "U05";
    table_article6: A6A1 "A6-A1", A6A2 "A6-A2", A6A3 "A6-A3", A6A4 "A6-A4", A6A5 "A6-A5", A6A6 "A6-A6", A6A7 "A6-A7", A6A8 "A6-A8",
        A6A9 "A6-A9", A6A10 "A6-A10", A6F1 "A6-F1", A6F2 "A6-F2", A6F3 "A6-F3", A6F4 "A6-F4", A6F5 "A6-F5", A6U1 "A6-U1", A6U2 "A6-U2",
        A6U3 "A6-U3", A6U4 "A6-U4", A6U5 "A6-U5", A6U6 "A6-U6", A6U7 "A6-U7", A6U8 "A6-U8", A6U9 "A6-U9";
    table_article6_more: A6L1 "A6-L1", A6L2 "A6-L2", A6L3 "A6-L3", A6X1 "A6-X1", A6X2 "A6-X2", A6X3 "A6-X3", A6X4 "A6-X4",
        A6X5 "A6-X5", A6E1 "A6-E1", A6E2 "A6-E2", A6E3 "A6-E3", A6E4 "A6-E4", A6E5 "A6-E5", A6E6 "A6-E6", A6E7 "A6-E7", A6E8 "A6-E8",
        A6E9 "A6-E9", A6E10 "A6-E10";
    table_use: D01 "D01", D02 "D02", D03 "D03", D04 "D04", D05 "D05";
    table_member: G01 "G01", G02 "G02", G03 "G03", G04 "G04", G05 "G05";
}

impl CheckCode {
    /// Every code, in the order in which the checks run: by stage, and by number within a stage.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        Self::ALL
    }

    /// The name of the check, `block-reserved`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.check().name
    }

    /// The stage of the check.
    #[must_use]
    pub fn stage(self) -> Stage {
        self.check().stage
    }

    /// The check with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl FromStr for CheckCode {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let found = Self::ALL.iter().copied().find(|code| code.text() == text);
        found.ok_or_else(|| TextError::new(text, "the code of a check such as `B03` or `A6-U4`"))
    }
}

impl fmt::Display for CheckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

serde_as_text!(CheckCode, "the code of a check such as `B03`");
