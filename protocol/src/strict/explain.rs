//! Faults of shape, in words: the path, the fault, and the name that was probably meant.

use serde::Deserialize;

use super::{StrictError, StrictKind};
use crate::serial::RANGE_RULE;

/// Reads again, keeping the path, because a first reading failed.
pub(super) fn with_path<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, StrictError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            root if root == "." => String::new(),
            path => path,
        };
        let full = error.inner().to_string();
        let message = full
            .rsplit_once(" at line ")
            .map_or(full.as_str(), |(message, _)| message);
        let kind = if message.contains(RANGE_RULE) {
            StrictKind::Range
        } else {
            StrictKind::Schema
        };
        let mut refusal = StrictError::new(kind, path, message);
        refusal.suggestion = suggestion(message);
        refusal
    })
}

/// The nearest expected name of serde's "unknown field `x`, expected one of `a`, `b`", if it is near enough.
fn suggestion(message: &str) -> Option<String> {
    if !(message.starts_with("unknown field") || message.starts_with("unknown variant")) {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let found = quoted.next()?;
    let budget = (found.chars().count() / 3).clamp(1, 3);
    let near = |name: &str| {
        (
            edit_distance(&found.to_lowercase(), &name.to_lowercase()),
            name.to_owned(),
        )
    };
    quoted
        .map(near)
        .filter(|(distance, _)| *distance <= budget)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance in characters, over texts of at most 64 characters; longer ones are far from everything.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(65).collect();
    if to.len() > 64 || from.chars().take(65).count() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, from) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, to) in row.iter_mut().zip(std::iter::once(None).chain(to.iter().map(Some))) {
            let above = *cell;
            *cell = match to {
                None => line + 1,
                Some(to) => (diagonal + usize::from(*to != from)).min(above + 1).min(left + 1),
            };
            diagonal = above;
            left = *cell;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_two_names_counts_single_slips() {
        for (from, to, distance) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "abc", 3),
            ("quantity_g", "quantity_g", 0),
            ("quantiy_g", "quantity_g", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edit_distance(from, to), distance, "{from} {to}");
        }
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        assert_eq!(
            suggestion("unknown field `quantiyG`, expected one of `quantity_g`, `blocks`"),
            Some("quantity_g".to_owned())
        );
        assert_eq!(
            suggestion("unknown field `zzz`, expected one of `quantity_g`, `blocks`"),
            None
        );
        assert_eq!(
            suggestion("unknown field `blokcs`, expected `blocks`"),
            Some("blocks".to_owned())
        );
        assert_eq!(suggestion("missing field `blocks`"), None);
    }
}
