//! What members report: activities as their platforms have them.

use tanqiao_protocol::fingerprint::{ActivityFacts, EvidenceError, SubjectKey, TokenInput, token_inputs};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::time::{SECOND_US, Timestamp};

/// A member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    City,
    Enterprise,
}

impl Node {
    pub const fn other(self) -> Self {
        match self {
            Self::City => Self::Enterprise,
            Self::Enterprise => Self::City,
        }
    }

    pub const fn source(self) -> &'static str {
        match self {
            Self::City => "city-platform",
            Self::Enterprise => "enterprise-platform",
        }
    }
}

/// How an act came to be reported a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duplicate {
    Record,
    Ride,
    Connector,
    Roof,
}

impl Duplicate {
    pub const ALL: [Self; 4] = [Self::Record, Self::Ride, Self::Connector, Self::Roof];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Record => "the same record, spelt otherwise",
            Self::Ride => "one ride, two applications, two numbers",
            Self::Connector => "one charge, two applications, two numbers",
            Self::Roof => "one roof, a month of one in a quarter of the other",
        }
    }
}

/// One activity as a member reports it.
#[derive(Debug, Clone)]
pub struct Report {
    pub node: Node,
    /// The act itself: two reports of one act have one number.
    pub act: u32,
    /// Set on both reports of an act that is reported twice.
    pub twice: Option<Duplicate>,
    pub activity: &'static str,
    pub start_s: i64,
    pub end_s: i64,
    pub source: String,
    pub record: String,
    pub asset: Option<String>,
    pub account: Option<u32>,
}

impl Report {
    /// The inputs of its tokens.
    pub fn inputs(&self) -> Result<Vec<TokenInput>, EvidenceError> {
        let activity: Name = self.activity.parse().expect("a name");
        // 199 0000 … 0000: numbers that are in no one's hands.
        let subject = self
            .account
            .map(|account| format!("199{account:08}").parse::<SubjectKey>().expect("a number"));
        token_inputs(&ActivityFacts {
            activity: &activity,
            start: Timestamp::from_micros(self.start_s * SECOND_US),
            end: Timestamp::from_micros(self.end_s * SECOND_US),
            source: Some(&self.source),
            record: Some(&self.record),
            asset: self.asset.as_deref(),
            subject: subject.as_ref(),
        })
    }
}
