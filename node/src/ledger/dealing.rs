//! The words for what a node deals in.

/// Declares a fieldless enum with a stable number for storage and a word for JSON.
macro_rules! stored_words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The number in a database column; never reused for another meaning.
            #[must_use]
            pub const fn code(self) -> i16 {
                match self { $(Self::$variant => $code),+ }
            }

            /// The word in JSON and on the command line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a database column.
            ///
            /// # Errors
            /// [`crate::store::StoreError::Corrupt`] for a number that this program does not write.
            pub fn from_code(code: i16) -> Result<Self, crate::store::StoreError> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    _ => Err(crate::store::StoreError::Corrupt(format!("{} {code}", stringify!($name)))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = tanqiao_protocol::id::TextError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(tanqiao_protocol::id::TextError::new(text, concat!("one of", $(" `", $word, "`"),+))),
                }
            }
        }
    };
}
pub(crate) use stored_words;

stored_words! {
    /// What a dealing is. The hub names it `<kind>/<id>`.
    Kind {
        /// Serials from nothing.
        Issuance = 1 "issuance",
        /// Blocks to or from another member.
        Transfer = 2 "transfer",
        /// Blocks for an event.
        Donation = 3 "donation",
        /// Final use.
        Retirement = 4 "retirement",
        /// Taken out with no claim.
        Cancellation = 5 "cancellation",
        /// Collateral.
        Pledge = 6 "pledge",
    }
}

stored_words! {
    /// Whether this node opened a dealing.
    Direction {
        /// It did.
        Out = 1 "out",
        /// Another member did.
        In = 2 "in",
    }
}

stored_words! {
    /// What this node has decided about an offer.
    Decision {
        /// The policy has not been asked yet.
        Waiting = 1 "waiting",
        /// A person has to decide.
        Person = 2 "person",
        /// An acceptance is in the outbox.
        Accepted = 3 "accepted",
        /// A decline is in the outbox.
        Declined = 4 "declined",
        /// The offer does not fit the source's signature. A person may try again: it is verified each time.
        Invalid = 5 "invalid",
    }
}

stored_words! {
    /// Why serials came, went or moved.
    JournalKind {
        /// From the hub to an account.
        Arrived = 1 "arrived",
        /// From an account to the hub: used, taken out, or to another member.
        Left = 2 "left",
        /// From one account to another.
        Moved = 3 "moved",
    }
}

impl Kind {
    /// The kind and id of a subject such as `transfer/<id>`.
    #[must_use]
    pub fn of_subject(subject: &str) -> Option<(Self, &str)> {
        let (kind, id) = subject.split_once('/')?;
        Some((kind.parse().ok()?, id))
    }
}
