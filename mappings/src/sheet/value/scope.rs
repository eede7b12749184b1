//! What is done, and by whom.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use tanqiao_protocol::id::Name;
use tanqiao_protocol::words;

use super::text::{ValueError, parsed, parts};

/// An activity, and which activities it takes together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityScope {
    activity: Name,
    covers: Covers,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Covers {
    Itself,
    Listed(BTreeSet<Name>),
    NotListed,
}

const NOT_LISTED: &str = "not listed";

/// How one activity stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeRelation {
    /// The same.
    Equal,
    /// The first is a part of the second.
    Within,
    /// The second is a part of the first.
    Contains,
    /// They share a part, and each has one of its own.
    Overlaps,
    /// They share nothing.
    Disjoint,
    /// One of them takes several together without listing them.
    NotListed,
}

impl ActivityScope {
    /// A single activity.
    #[must_use]
    pub const fn single(activity: Name) -> Self {
        Self {
            activity,
            covers: Covers::Itself,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn activity(&self) -> &Name {
        &self.activity
    }

    /// The activities that it takes together, itself if it is single; `None` if they are not listed.
    #[must_use]
    pub fn covered(&self) -> Option<BTreeSet<&Name>> {
        match &self.covers {
            Covers::Itself => Some(BTreeSet::from([&self.activity])),
            Covers::Listed(list) => Some(list.iter().collect()),
            Covers::NotListed => None,
        }
    }

    /// How this stands to `other`.
    #[must_use]
    pub fn relation(&self, other: &Self) -> ScopeRelation {
        let (Some(mine), Some(theirs)) = (self.covered(), other.covered()) else {
            return ScopeRelation::NotListed;
        };
        match (mine.is_subset(&theirs), theirs.is_subset(&mine)) {
            (true, true) => ScopeRelation::Equal,
            (true, false) => ScopeRelation::Within,
            (false, true) => ScopeRelation::Contains,
            _ if mine.is_disjoint(&theirs) => ScopeRelation::Disjoint,
            _ => ScopeRelation::Overlaps,
        }
    }
}

impl FromStr for ActivityScope {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let Some((activity, list)) = text.split_once(':') else {
            return Ok(Self::single(parsed(text)?));
        };
        let covers = if list.trim() == NOT_LISTED {
            Covers::NotListed
        } else {
            let names: Result<BTreeSet<Name>, _> = list.split(',').map(|name| parsed(name.trim())).collect();
            Covers::Listed(names?)
        };
        Ok(Self {
            activity: parsed(activity)?,
            covers,
        })
    }
}

impl fmt::Display for ActivityScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.activity)?;
        match &self.covers {
            Covers::Itself => Ok(()),
            Covers::NotListed => write!(f, ": {NOT_LISTED}"),
            Covers::Listed(list) => {
                let names: Vec<&str> = list.iter().map(Name::as_str).collect();
                write!(f, ": {}", names.join(", "))
            }
        }
    }
}

words! {
    /// What a methodology quantifies.
    pub enum Kind {
        /// Behaviour, counted by unit of activity.
        Scenario = 1 "scenario",
        /// A project, which states its own reduction.
        Project = 2 "project",
    }
}

words! {
    /// Who acts.
    pub enum Actor {
        /// A person.
        Person = 1 "person",
        /// A household.
        Household = 2 "household",
        /// A platform or service.
        Platform = 3 "platform",
        /// An operator of plants, vehicles or land.
        Operator = 4 "operator",
        /// A community or an organisation.
        Organisation = 5 "organisation",
    }
}

/// Kind and actor, written `scenario; person`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindAndActor {
    /// What it quantifies.
    pub kind: Kind,
    /// Who acts.
    pub actor: Actor,
}

impl FromStr for KindAndActor {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match parts(text)?.as_slice() {
            [kind, actor] => Ok(Self {
                kind: parsed(kind)?,
                actor: parsed(actor)?,
            }),
            _ => Err(ValueError::new("a kind and an actor, such as `scenario; person`")),
        }
    }
}

impl fmt::Display for KindAndActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.kind, self.actor)
    }
}
