//! Which schemes may count the same physical reduction at the same time: the exclusivity matrix, which is data
//! (`protocol/data/exclusivity.tsv`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::id::Name;
use crate::text::words;

words! {
    /// A scheme that may count a reduction, or an obligation that it may serve.
    pub enum Scheme {
        /// A carbon-inclusion platform: the members of this federation.
        CarbonInclusion = 1 "carbon-inclusion",
        /// China Certified Emission Reductions.
        Ccer = 2 "ccer",
        /// Green electricity certificates.
        Gec = 3 "gec",
        /// The boundary of a site that surrenders allowances in an emissions trading scheme.
        EtsBoundary = 4 "ets-boundary",
        /// Internationally transferred mitigation outcomes under Article 6.
        Itmo = 5 "itmo",
        /// The neutrality of an event.
        Event = 6 "event",
    }
}

const SHIPPED: &str = include_str!("../../data/exclusivity.tsv");
const HEADER: &str = "one\tother\tcoexist\tcondition\tsource";

/// What holds between two schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusivityRule {
    /// True if both may count the same reduction, under `condition`.
    pub coexist: bool,
    /// Under which condition, or in which respect.
    pub condition: String,
    /// Where the rule comes from.
    pub source: String,
}

/// The exclusivity matrix: one rule for each two schemes, the same both ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exclusivity(BTreeMap<(Scheme, Scheme), ExclusivityRule>);

/// Why a text is no matrix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ExclusivityError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl Exclusivity {
    /// The matrix that this program carries. A test reads it; if it could not be read, everything would exclude everything.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static MATRIX: LazyLock<Exclusivity> = LazyLock::new(|| Exclusivity::parse(SHIPPED).unwrap_or_default());
        &MATRIX
    }

    /// Reads a table of tab-separated values: `one`, `other`, `coexist` (Y or N), `condition`, `source`. Every two different schemes
    /// stand in it exactly once, in either order.
    ///
    /// # Errors
    /// The first [`ExclusivityError`].
    pub fn parse(text: &str) -> Result<Self, ExclusivityError> {
        let mut lines = (1..).zip(text.lines());
        let refuse = |line: usize, what: String| Err(ExclusivityError { line, what });
        match lines.next() {
            Some((_, HEADER)) => {}
            _ => return refuse(1, format!("the header is not `{}`", HEADER.replace('\t', " "))),
        }
        let mut rules = BTreeMap::new();
        for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()) {
            let (pair, rule) = parse_row(row).map_err(|what| ExclusivityError { line, what })?;
            if rules.insert(pair, rule).is_some() {
                return refuse(line, format!("{} and {} stand in it already", pair.0, pair.1));
            }
        }
        for one in Scheme::ALL {
            for other in Scheme::ALL.iter().filter(|other| *other > one) {
                if !rules.contains_key(&(*one, *other)) {
                    return refuse(text.lines().count(), format!("{one} and {other} are missing"));
                }
            }
        }
        Ok(Self(rules))
    }

    /// What holds between two schemes; `None` for a scheme and itself.
    #[must_use]
    pub fn between(&self, one: Scheme, other: Scheme) -> Option<&ExclusivityRule> {
        self.0.get(&(one.min(other), one.max(other)))
    }

    /// True if a reduction that one counts may not be counted by the other. A scheme excludes itself: it credits a reduction once.
    #[must_use]
    pub fn excludes(&self, one: Scheme, other: Scheme) -> bool {
        !self.between(one, other).is_some_and(|rule| rule.coexist)
    }

    /// True if a scheme, by name, excludes carbon inclusion. One that nobody has listed does, until it is listed.
    #[must_use]
    pub fn excludes_inclusion(&self, scheme: &Name) -> bool {
        scheme
            .as_str()
            .parse()
            .map_or(true, |scheme| self.excludes(Scheme::CarbonInclusion, scheme))
    }
}

fn parse_row(row: &str) -> Result<((Scheme, Scheme), ExclusivityRule), String> {
    let cells: Vec<&str> = row.split('\t').collect();
    let [one, other, coexist, condition, source] = cells[..] else {
        return Err(format!("has {} columns, not 5", cells.len()));
    };
    let scheme = |text: &str| text.parse::<Scheme>().map_err(|error| error.to_string());
    let (one, other) = (scheme(one)?, scheme(other)?);
    if one == other {
        return Err(format!("{one} and itself need no rule"));
    }
    let coexist = match coexist {
        "Y" => true,
        "N" => false,
        found => return Err(format!("`coexist` is `{found}`, not Y or N")),
    };
    if condition.trim().is_empty() || source.trim().is_empty() {
        return Err("a rule states its condition and its source".to_owned());
    }
    let rule = ExclusivityRule {
        coexist,
        condition: condition.to_owned(),
        source: source.to_owned(),
    };
    Ok(((one.min(other), one.max(other)), rule))
}
