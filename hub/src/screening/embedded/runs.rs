//! Sets of run numbers, written as ranges: a store has many runs, nearly all of them in a row.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use tanqiao_protocol::id::TextError;
use tanqiao_protocol::serde_as_text;

/// A set of runs, written `1-4711,4713`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Runs(pub(super) BTreeSet<u32>);

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs = self.0.iter().copied().peekable();
        let mut separator = "";
        while let Some(first) = runs.next() {
            let mut last = first;
            while let Some(next) = runs.next_if(|next| Some(*next) == last.checked_add(1)) {
                last = next;
            }
            if first == last {
                write!(f, "{separator}{first}")?;
            } else {
                write!(f, "{separator}{first}-{last}")?;
            }
            separator = ",";
        }
        Ok(())
    }
}

impl FromStr for Runs {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut all = BTreeSet::new();
        for range in text.split(',').filter(|range| !range.is_empty()) {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) else {
                return Err(TextError::new(text, "runs, such as 1-4711,4713"));
            };
            all.extend(first..=last);
        }
        Ok(Self(all))
    }
}

serde_as_text!(Runs, "runs, such as 1-4711,4713");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_are_read_as_they_were_written(runs in proptest::collection::btree_set(prop_oneof![0u32..30, any::<u32>()], 0..40)) {
            let runs = Runs(runs);
            prop_assert_eq!(runs.to_string().parse::<Runs>().unwrap(), runs);
        }
    }

    #[test]
    fn runs_in_a_row_are_one_range() {
        assert_eq!(Runs([1, 2, 3, 7, 9, 10].into()).to_string(), "1-3,7,9-10");
        assert!("1-".parse::<Runs>().is_err());
    }
}
