//! How two methodologies relate: the SKOS mapping relations that SSSOM uses, and what the federation lets them do.

use tanqiao_protocol::recognition::Predicate;

use tanqiao_protocol::words;

words! {
    /// How the methodology on the left relates to the one on the right (SSSOM `predicate_id`; a closed list).
    pub enum Relation {
        /// The same standard and version.
        Exact = 1 "skos:exactMatch",
        /// Equivalent for stated uses, with a factor.
        Close = 2 "skos:closeMatch",
        /// The one on the right is broader; only the overlapping part counts.
        Broad = 3 "skos:broadMatch",
        /// The one on the right is narrower; only the overlapping part counts.
        Narrow = 4 "skos:narrowMatch",
        /// They may count the same reduction; carries no factor, and builds overlap groups only.
        Related = 5 "skos:relatedMatch",
    }
}

impl Relation {
    /// The predicate of a signed mapping record; `None` for one that may carry no factor.
    #[must_use]
    pub const fn predicate(self) -> Option<Predicate> {
        match self {
            Self::Exact => Some(Predicate::Exact),
            Self::Close => Some(Predicate::Close),
            Self::Broad => Some(Predicate::Broad),
            Self::Narrow => Some(Predicate::Narrow),
            Self::Related => None,
        }
    }

    /// The relation of a signed mapping record.
    #[must_use]
    pub const fn of_predicate(predicate: Predicate) -> Self {
        match predicate {
            Predicate::Exact => Self::Exact,
            Predicate::Close => Self::Close,
            Predicate::Broad => Self::Broad,
            Predicate::Narrow => Self::Narrow,
        }
    }

    /// The same seen from the right.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::Broad => Self::Narrow,
            Self::Narrow => Self::Broad,
            same => same,
        }
    }

    /// What follows for A and C from A to B and B to C (SSSOM's chaining rules): exactness passes the other relation
    /// through, broader of broader is broader, narrower of narrower narrower. `None` where nothing follows: closeness and
    /// relatedness do not chain.
    #[must_use]
    pub const fn then(self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::Exact, other) | (other, Self::Exact) => Some(other),
            (Self::Broad, Self::Broad) => Some(Self::Broad),
            (Self::Narrow, Self::Narrow) => Some(Self::Narrow),
            _ => None,
        }
    }

    /// Its Chinese name.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Exact => "等同",
            Self::Close => "相近",
            Self::Broad => "对方范围更宽",
            Self::Narrow => "对方范围更窄",
            Self::Related => "相关",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closeness_does_not_chain_and_exactness_passes_through() {
        use Relation::{Broad, Close, Exact, Narrow, Related};
        assert_eq!(Exact.then(Exact), Some(Exact));
        assert_eq!(Exact.then(Close), Some(Close));
        assert_eq!(Broad.then(Broad), Some(Broad));
        assert_eq!(Narrow.then(Exact), Some(Narrow));
        for (a, b) in [
            (Close, Close),
            (Broad, Narrow),
            (Narrow, Broad),
            (Related, Related),
            (Close, Broad),
        ] {
            assert_eq!(a.then(b), None, "{a} {b}");
        }
    }

    #[test]
    fn only_related_carries_no_factor() {
        for one in Relation::ALL {
            assert_eq!(one.predicate().is_none(), *one == Relation::Related);
            assert_eq!(
                one.predicate().map(Relation::of_predicate),
                one.predicate().map(|_| *one)
            );
            assert_eq!(one.inverse().inverse(), *one);
        }
    }
}
