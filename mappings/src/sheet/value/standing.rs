//! When a methodology is in force, what its reductions may be used for, and whose they are.

use std::fmt;
use std::str::FromStr;

use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};
use tanqiao_protocol::words;

use super::text::{Pairs, ValueError, parsed, parts, set_text, word_set};
use crate::day::Day;

words! {
    /// How far a methodology has come.
    pub enum StandingStatus {
        /// Issued.
        Final = 1 "final",
        /// Issued for trial.
        Trial = 2 "trial",
        /// A group or industry standard.
        Standard = 3 "standard",
        /// An enterprise's own method, which binds no region until one adopts it.
        Enterprise = 4 "enterprise",
        /// A scenario of a platform without a methodology.
        ScenarioOnly = 5 "scenario-only",
        /// A draft.
        Draft = 6 "draft",
        /// It was taken back.
        Withdrawn = 7 "withdrawn",
    }
}

/// Status and validity: `status=final; from=2025-06-25; until=open`, for an enterprise's method or a standard also
/// `adopted-by=420000`. What is not known is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How far it has come.
    pub status: StandingStatus,
    /// The first day in force; `None` if not known.
    pub from: Option<Day>,
    /// The last day in force; `None` if not known.
    pub until: Option<LastDay>,
    /// The region that adopted it.
    pub adopted_by: Option<RegionCode>,
}

/// The end of being in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastDay {
    /// No end is set.
    Open,
    /// This day is the last.
    On(Day),
}

impl Standing {
    /// True if it is in force at `at`; `None` if the dates are not known.
    #[must_use]
    pub fn in_force_at(&self, at: Timestamp) -> Option<bool> {
        let begun = self.from?.begins() <= at;
        Some(begun && self.ends()?.is_none_or(|end| at < end))
    }

    /// The instant at which it is no longer in force, if an end is set; the outer `None` if that is not known.
    #[must_use]
    pub fn ends(&self) -> Option<Option<Timestamp>> {
        match self.until? {
            LastDay::Open => Some(None),
            LastDay::On(day) => Some(Some(day.ends())),
        }
    }
}

impl FromStr for Standing {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let pairs = Pairs::read(&parts(text)?, &["status", "from", "until", "adopted-by"])?;
        let until = pairs.optional("until").map(|until| match until {
            "open" => Ok(LastDay::Open),
            day => parsed(day).map(LastDay::On),
        });
        Ok(Self {
            status: parsed(pairs.text("status")?)?,
            from: pairs.optional("from").map(parsed).transpose()?,
            until: until.transpose()?,
            adopted_by: pairs.optional("adopted-by").map(parsed).transpose()?,
        })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status={}", self.status)?;
        if let Some(from) = self.from {
            write!(f, "; from={from}")?;
        }
        match self.until {
            Some(LastDay::Open) => f.write_str("; until=open")?,
            Some(LastDay::On(day)) => write!(f, "; until={day}")?,
            None => {}
        }
        match self.adopted_by {
            Some(region) => write!(f, "; adopted-by={region}"),
            None => Ok(()),
        }
    }
}

/// What reductions may be used for: `event-neutrality; public-welfare`, `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermittedUses(pub Uses);

impl FromStr for PermittedUses {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        Ok(Self(word_set::<Use>(text)?.into_iter().collect()))
    }
}

impl fmt::Display for PermittedUses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&set_text(self.0.iter()))
    }
}

words! {
    /// Whose the reduction is.
    pub enum Owner {
        /// The person who acts.
        Person = 1 "person",
        /// The platform.
        Platform = 2 "platform",
        /// The operator of the project.
        Operator = 3 "operator",
        /// Several.
        Split = 4 "split",
    }
}

words! {
    /// On what ground the platform may issue it.
    pub enum Ground {
        /// The owner consented.
        Consent = 1 "consent",
        /// The owner assigned it.
        Assignment = 2 "assignment",
        /// None is on file.
        None = 3 "none",
    }
}

/// Owner and ground: `owner=person; ground=consent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// Whose it is.
    pub owner: Owner,
    /// On what ground the platform issues it.
    pub ground: Ground,
}

impl FromStr for Ownership {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let pairs = Pairs::read(&parts(text)?, &["owner", "ground"])?;
        Ok(Self {
            owner: parsed(pairs.text("owner")?)?,
            ground: parsed(pairs.text("ground")?)?,
        })
    }
}

impl fmt::Display for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "owner={}; ground={}", self.owner, self.ground)
    }
}
