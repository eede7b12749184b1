//! Passwords of accounts: argon2id, in PHC form.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};

/// The argon2id hash of a password that nobody has.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$dGFucWlhby1ub2JvZHk$9CHsvLQC0XGTSSvwuUZnU5NJ2P6WIGS6ZoSgDgJrUkQ";

/// Whether a password fits the hash of an account. An account that is not there costs the same work and gets the same answer.
#[must_use]
pub fn fits(known: Option<&str>, password: &str) -> bool {
    let hash = PasswordHash::new(known.unwrap_or(NOBODY));
    let fits = hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    fits && known.is_some()
}

/// The hash of a new password.
///
/// # Errors
/// Those of the hash.
pub fn hash(password: &str) -> Result<String, password_hash::Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_hash_and_no_other() {
        let known = hash("correct horse battery").unwrap();
        assert!(known.starts_with("$argon2id$v=19$"));
        assert!(fits(Some(&known), "correct horse battery"));
        assert!(!fits(Some(&known), "correct horse"));
        assert!(!fits(None, "correct horse battery"));
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
