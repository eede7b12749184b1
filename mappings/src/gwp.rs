//! Global warming potentials by gas and set. No set is lowest for every gas, so that they are compared gas by gas: "take the
//! older set" is not conservative.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rust_decimal::Decimal;
use tanqiao_protocol::id::Sha256;

use crate::ratio::Ratio;
use crate::sheet::value::{Gas, GwpSet};

/// The sets in which methodologies of today may count: without all of them the worst case of a gas is not known.
pub const SETS_IN_USE: [GwpSet; 3] = [GwpSet::Ar4, GwpSet::Ar5, GwpSet::Ar6];

/// Potentials over 100 years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GwpTable {
    potentials: BTreeMap<Gas, BTreeMap<GwpSet, Decimal>>,
    sha256: Sha256,
}

impl Default for GwpTable {
    /// A table of nothing.
    fn default() -> Self {
        std::iter::empty().collect()
    }
}

impl FromIterator<(Gas, GwpSet, Decimal)> for GwpTable {
    /// Of two values for one gas and set the later counts.
    fn from_iter<I: IntoIterator<Item = (Gas, GwpSet, Decimal)>>(rows: I) -> Self {
        let mut potentials: BTreeMap<Gas, BTreeMap<GwpSet, Decimal>> = BTreeMap::new();
        for (gas, set, value) in rows {
            potentials.entry(gas).or_default().insert(set, value);
        }
        let mut text = String::from("tanqiao gwp v1\n");
        for (gas, sets) in &potentials {
            for (set, value) in sets {
                let _ = writeln!(text, "{gas} {set} {}", value.normalize());
            }
        }
        let sha256 = Sha256::of(text.as_bytes());
        Self { potentials, sha256 }
    }
}

impl GwpTable {
    /// The gases, in order.
    pub fn gases(&self) -> impl Iterator<Item = &Gas> {
        self.potentials.keys()
    }

    /// The potential of a gas in a set.
    #[must_use]
    pub fn potential(&self, gas: &Gas, set: GwpSet) -> Option<Decimal> {
        self.potentials.get(gas)?.get(&set).copied()
    }

    /// The lowest of all published sets for this gas: what counts for a target that does not say its set.
    #[must_use]
    pub fn lowest(&self, gas: &Gas) -> Option<Decimal> {
        self.potentials.get(gas)?.values().min().copied()
    }

    /// The highest of all published sets for this gas: what counts for a source that does not say its set.
    #[must_use]
    pub fn highest(&self, gas: &Gas) -> Option<Decimal> {
        self.potentials.get(gas)?.values().max().copied()
    }

    /// `min(1, target / source)` for a gas; a set that is not stated, or has no value for the gas, takes the worst case of all
    /// sets. `None` if that cannot be known, since one of [`SETS_IN_USE`] does not have the gas.
    #[must_use]
    pub fn ratio(&self, gas: &Gas, source: Option<GwpSet>, target: Option<GwpSet>) -> Option<Ratio> {
        let of = |set: Option<GwpSet>| set.and_then(|set| self.potential(gas, set));
        let is_known = SETS_IN_USE.iter().all(|set| self.potential(gas, *set).is_some());
        let source = of(source).or_else(|| self.highest(gas).filter(|_| is_known))?;
        let target = of(target).or_else(|| self.lowest(gas).filter(|_| is_known))?;
        Some(Ratio::of(target).over(&Ratio::of(source))?.capped())
    }

    /// Its identity: SHA-256 over all its values, in order.
    #[must_use]
    pub const fn content_hash(&self) -> Sha256 {
        self.sha256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use GwpSet::{Ar4, Ar5, Ar6};

    fn table() -> GwpTable {
        [
            ("CH4", Ar4, "25"),
            ("CH4", Ar5, "28"),
            ("CH4", Ar6, "27.9"),
            ("N2O", Ar4, "298"),
            ("N2O", Ar5, "265"),
            ("N2O", Ar6, "273"),
        ]
        .into_iter()
        .map(|(gas, set, value)| (gas.parse().unwrap(), set, value.parse().unwrap()))
        .collect()
    }

    fn shown(gas: &str, source: Option<GwpSet>, target: Option<GwpSet>) -> String {
        table()
            .ratio(&gas.parse().unwrap(), source, target)
            .unwrap()
            .trunc6()
            .to_string()
    }

    /// E4: methane AR5 to AR4 and AR6, nitrous oxide AR4 to AR5.
    #[test]
    fn weights_are_compared_gas_by_gas() {
        assert_eq!(shown("CH4", Some(Ar5), Some(Ar4)), "0.892857");
        assert_eq!(shown("CH4", Some(Ar5), Some(Ar6)), "0.996428");
        assert_eq!(shown("N2O", Some(Ar4), Some(Ar5)), "0.889261");
        assert_eq!(shown("N2O", Some(Ar5), Some(Ar6)), "1.000000");
    }

    #[test]
    fn a_set_that_is_not_stated_takes_the_worst() {
        assert_eq!(shown("CH4", None, None), "0.892857");
        assert_eq!(shown("N2O", None, Some(Ar4)), "1.000000");
        assert_eq!(table().ratio(&"SF6".parse().unwrap(), None, None), None);
    }

    /// Fossil methane stands in the sixth report only: what it weighs in another set is not known, and not guessed.
    #[test]
    fn a_gas_of_one_set_has_no_worst_case() {
        let fossil: Gas = "CH4-fossil".parse().unwrap();
        let table: GwpTable = [(fossil.clone(), Ar6, "29.8".parse().unwrap())].into_iter().collect();
        assert_eq!(table.ratio(&fossil, Some(Ar6), Some(Ar6)), Some(Ratio::one()));
        for (source, target) in [
            (Some(Ar6), Some(Ar5)),
            (Some(Ar6), None),
            (None, Some(Ar6)),
            (None, None),
        ] {
            assert_eq!(table.ratio(&fossil, source, target), None, "{source:?} {target:?}");
        }
    }
}
