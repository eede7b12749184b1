//! Bearer tokens of the platform's programs. The database has their SHA-256 only.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::time::Timestamp;

use crate::error::NodeError;
use crate::ledger::dealing::stored_words;
use crate::store::activities::TokenRow;
use crate::store::{StoreError, Tx};

/// What a token begins with, so that one that was published by mistake is found.
const PREFIX: &str = "tqn_";

stored_words! {
    /// What a token may do.
    Scope {
        /// Ask.
        Read = 1 "read",
        /// Ask, and send activity records.
        Import = 2 "import",
        /// Ask, and issue, transfer, donate, pledge, retire.
        Trade = 3 "trade",
        /// Everything.
        Admin = 4 "admin",
    }
}

impl Scope {
    /// True if a token of this scope may do what `wanted` may.
    #[must_use]
    pub fn covers(self, wanted: Self) -> bool {
        self == wanted || self == Self::Admin || wanted == Self::Read
    }
}

/// A new token. Its `Debug` hides it.
pub struct NewToken(String);

impl NewToken {
    /// The token: shown once, to be written to a file that only its owner can read.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewToken(hidden)")
    }
}

/// A token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// What staff call it.
    pub name: Name,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// Makes a token of 256 random bits.
///
/// # Errors
/// [`NodeError::Refused`] with `name-taken`; a database error.
pub fn create(
    tx: &mut dyn Tx,
    name: &Name,
    scopes: &[Scope],
    now: Timestamp,
    expires_at: Option<Timestamp>,
) -> Result<NewToken, NodeError> {
    let token = NewToken(format!(
        "{PREFIX}{}",
        URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
    ));
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    let row = TokenRow {
        name: name.to_string(),
        token_sha256: Sha256::of(token.0.as_bytes()).to_string(),
        scopes: words.join(" "),
        created_at: now.micros(),
        expires_at: expires_at.map(Timestamp::micros),
        revoked_at: None,
    };
    if tx.insert_token(&row)? {
        Ok(token)
    } else {
        Err(NodeError::refused(
            "name-taken",
            format!("there is a token `{name}` already: choose another name, or revoke it"),
        ))
    }
}

/// The token that a caller presents, if it works at `now`.
///
/// # Errors
/// A database error.
pub fn presented(tx: &mut dyn Tx, token: &str, now: Timestamp) -> Result<Option<Token>, NodeError> {
    let hash = Sha256::of(token.as_bytes()).to_string();
    let Some(row) = tx.token(&hash)? else { return Ok(None) };
    // The index has compared the hashes already; this one takes the same time wherever they differ.
    let same = verify_slices_are_equal(row.token_sha256.as_bytes(), hash.as_bytes()).is_ok();
    let over = row.revoked_at.is_some() || row.expires_at.is_some_and(|at| now.micros() >= at);
    if same && !over {
        Ok(Some(listed(row)?))
    } else {
        Ok(None)
    }
}

/// Every token.
///
/// # Errors
/// A database error.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<Token>, NodeError> {
    tx.tokens()?.into_iter().map(|row| Ok(listed(row)?)).collect()
}

/// Ends a token at once.
///
/// # Errors
/// [`NodeError::NotFound`]
pub fn revoke(tx: &mut dyn Tx, name: &Name, now: Timestamp) -> Result<(), NodeError> {
    if tx.revoke_token(name.as_str(), now.micros())? {
        Ok(())
    } else {
        Err(NodeError::not_found("token that works", name))
    }
}

fn listed(row: TokenRow) -> Result<Token, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of a token"));
    Ok(Token {
        name: row.name.parse().map_err(|_| corrupt("the name"))?,
        scopes: row
            .scopes
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| corrupt("the scopes"))?,
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: row.expires_at.map(Timestamp::from_micros),
        revoked_at: row.revoked_at.map(Timestamp::from_micros),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::test_databases::databases;

    #[test]
    fn a_token_works_until_it_expires_or_is_revoked_and_is_stored_as_a_hash_only() {
        let at = Timestamp::from_micros;
        for database in databases() {
            let store = database.store();
            let name: Name = "platform".parse().unwrap();
            let token = store
                .write(|tx| create(tx, &name, &[Scope::Import], at(10), Some(at(100))))
                .unwrap();
            assert!(!format!("{token:?}").contains(token.reveal()));
            let row = store.read(|tx| Ok(tx.tokens()?)).unwrap().pop().unwrap();
            assert!(!format!("{row:?}").contains(token.reveal()));
            let find = |text: &str, now| store.read(|tx| presented(tx, text, at(now))).unwrap();
            assert_eq!(find(token.reveal(), 99).unwrap().scopes, [Scope::Import]);
            assert!(find(token.reveal(), 100).is_none());
            assert!(find(&format!("{}x", token.reveal()), 50).is_none() && find("", 50).is_none());
            assert!(
                store
                    .write(|tx| create(tx, &name, &[Scope::Read], at(20), None))
                    .is_err()
            );
            store.write(|tx| revoke(tx, &name, at(30))).unwrap();
            assert!(find(token.reveal(), 50).is_none());
            assert!(store.write(|tx| revoke(tx, &name, at(40))).is_err());
        }
    }

    #[test]
    fn admin_covers_everything_and_every_scope_may_read() {
        for scope in Scope::ALL {
            assert!(Scope::Admin.covers(*scope) && scope.covers(Scope::Read) && scope.covers(*scope));
        }
        assert!(!Scope::Import.covers(Scope::Trade) && !Scope::Trade.covers(Scope::Import));
        assert!(!Scope::Read.covers(Scope::Import) && !Scope::Trade.covers(Scope::Admin));
    }
}
