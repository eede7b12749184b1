//! What an assessment rests on, each with its hash: when one changes, the assessment is out of date.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::words;

words! {
    /// What kind of input.
    pub enum InputKind {
        /// An attribute sheet, by methodology version.
        Sheet = 1 "sheet",
        /// An emission factor record.
        FactorRecord = 2 "factor-record",
        /// The table of global warming potentials.
        GwpTable = 3 "gwp-table",
        /// The plausible bands.
        PlausibleBands = 4 "plausible-bands",
        /// A signed mapping, where a route is composed.
        Mapping = 5 "mapping",
    }
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputRef {
    /// What kind.
    pub kind: InputKind,
    /// Which, such as `CN-4201-metro.v1` or `GRID-420000-2022`.
    pub id: String,
    /// SHA-256 over its content.
    pub sha256: Sha256,
    /// From when it no longer counts, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// The inputs of `before` that are not the same in `now`: changed or gone. A mapping that rests on one of them is suspended
/// until it is computed again.
#[must_use]
pub fn changed_inputs<'a>(before: &'a [InputRef], now: &[InputRef]) -> Vec<&'a InputRef> {
    let same = |old: &InputRef| {
        now.iter()
            .any(|new| new.kind == old.kind && new.id == old.id && new.sha256 == old.sha256)
    };
    before.iter().filter(|old| !same(old)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_version_of_an_input_is_noticed() {
        let input = |id: &str, content: &[u8]| InputRef {
            kind: InputKind::FactorRecord,
            id: id.into(),
            sha256: Sha256::of(content),
            expires: None,
        };
        let before = [input("GRID-420000-2022", b"0.4364"), input("GRID-CN-2022", b"0.5366")];
        assert!(changed_inputs(&before, &before).is_empty());
        let now = [
            input("GRID-420000-2022", b"0.4365"),
            input("GRID-CN-2022", b"0.5366"),
            input("GRID-CN-2023", b"0.5306"),
        ];
        assert_eq!(changed_inputs(&before, &now), [&before[0]]);
        assert_eq!(changed_inputs(&before, &[]).len(), 2);
    }
}
