//! What a reduction may be used for: the closed list of 1-domain.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::words;

words! {
    /// A use of reductions. `finance-pledge` is not one: it is the block state `pledged`.
    pub enum Use {
        /// Neutralising a large-scale event.
        EventNeutrality = 1 "event-neutrality",
        /// Neutralising an organisation's footprint.
        CorporateNeutrality = 2 "corporate-neutrality",
        /// Neutralising a product's footprint.
        ProductNeutrality = 3 "product-neutrality",
        /// Compensating environmental damage.
        EcologicalCompensation = 4 "ecological-compensation",
        /// Surrender in an emissions trading system.
        EtsOffset = 5 "ets-offset",
        /// A citizen's own footprint.
        PersonalOffset = 6 "personal-offset",
        /// A gift to the public.
        PublicWelfare = 7 "public-welfare",
        /// Towards a Party's nationally determined contribution.
        Article6Ndc = 8 "article6-ndc",
        /// Other international mitigation purposes.
        Article6Oimp = 9 "article6-oimp",
    }
}

/// A set of uses. On the wire a sorted list of words without repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uses(i16);

impl Uses {
    /// No use at all.
    pub const NONE: Self = Self(0);

    /// The bits in a database column: bit `n − 1` is the use with storage number `n`.
    #[must_use]
    pub const fn bits(self) -> i16 {
        self.0
    }

    /// The set of a database column; bits of unknown uses are dropped.
    #[must_use]
    pub fn from_bits(bits: i16) -> Self {
        Use::ALL.iter().filter(|one| bits & bit(**one) != 0).copied().collect()
    }

    /// True if the set contains it.
    #[must_use]
    pub const fn contains(self, one: Use) -> bool {
        self.0 & bit(one) != 0
    }

    /// True if every use of `other` is in this set.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The uses in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// True if there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The uses, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Use> {
        Use::ALL.iter().copied().filter(move |one| self.contains(*one))
    }
}

const fn bit(one: Use) -> i16 {
    1 << (one.code() - 1)
}

impl FromIterator<Use> for Uses {
    fn from_iter<I: IntoIterator<Item = Use>>(uses: I) -> Self {
        Self(uses.into_iter().fold(0, |bits, one| bits | bit(one)))
    }
}

impl Serialize for Uses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Uses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<Use>::deserialize(deserializer)?;
        let uses: Self = list.iter().copied().collect();
        if uses.iter().count() == list.len() {
            Ok(uses)
        } else {
            Err(D::Error::custom("a use is named twice"))
        }
    }
}
