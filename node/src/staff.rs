//! Accounts of the platform's staff, for the node's console.

use serde::Serialize;
use tanqiao_desk::{Account, password};
use tanqiao_protocol::id::Name;

use crate::error::NodeError;
use crate::ledger::dealing::stored_words;
use crate::store::desk::StaffRow;
use crate::store::{StoreError, Tx};

/// The fewest characters of a password.
const PASSWORD_CHARS_MIN: usize = 12;

stored_words! {
    /// What an account may do.
    StaffRole {
        /// See everything, change nothing.
        Viewer = 1 "viewer",
        /// Prepare what another has to approve.
        Operator = 2 "operator",
        /// Prepare, and approve what another has prepared.
        Approver = 3 "approver",
    }
}

/// An account as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Staff {
    /// Its name.
    pub name: Name,
    /// What it may do.
    pub role: StaffRole,
    /// False once it was withdrawn.
    pub active: bool,
}

/// The argon2id hash of a new password, in PHC form.
///
/// # Errors
/// [`NodeError::Refused`] with `password` if it is too short.
pub fn hash(text: &str) -> Result<String, NodeError> {
    if text.chars().count() < PASSWORD_CHARS_MIN {
        let detail = format!("a password has at least {PASSWORD_CHARS_MIN} characters");
        return Err(NodeError::refused("password", detail));
    }
    password::hash(text).map_err(|error| NodeError::refused("password", error.to_string()))
}

/// Makes or changes an account. Sessions of one whose password changes, or that is withdrawn, end.
///
/// # Errors
/// A database error.
pub fn put(tx: &mut dyn Tx, account: &Staff, password_hash: &str) -> Result<(), NodeError> {
    let row = StaffRow {
        name: account.name.to_string(),
        role: account.role.code(),
        password_hash: password_hash.to_owned(),
        active: i16::from(account.active),
    };
    Ok(tx.put_staff(&row)?)
}

/// Every account.
///
/// # Errors
/// A database error.
pub fn list(tx: &mut dyn Tx) -> Result<Vec<Staff>, NodeError> {
    let listed = |row: StaffRow| {
        Ok(Staff {
            name: name_of(&row)?,
            role: StaffRole::from_code(row.role)?,
            active: row.active != 0,
        })
    };
    tx.all_staff()?.into_iter().map(listed).collect()
}

/// An account as the desk asks for it.
///
/// # Errors
/// A database error.
pub(crate) fn account(tx: &mut dyn Tx, name: &Name) -> Result<Option<Account<StaffRole>>, NodeError> {
    let Some(row) = tx.staff(name.as_str())? else {
        return Ok(None);
    };
    Ok(Some(Account {
        role: StaffRole::from_code(row.role)?,
        password_hash: row.password_hash,
        active: row.active != 0,
    }))
}

fn name_of(row: &StaffRow) -> Result<Name, StoreError> {
    row.name
        .parse()
        .map_err(|_| StoreError::Corrupt("the name of an account of staff".to_owned()))
}
