//! Sessions: a random token in the browser's cookie, its hash in the database, and two ends.

use aws_lc_rs::rand;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use crate::house::{Account, Patience, Session};
use crate::visit::Known;

/// A session that is not used for so long ends.
pub(super) const IDLE_US: i64 = 30 * 60 * SECOND_US;
/// A session ends after so long, used or not: a working day.
pub(super) const ABSOLUTE_US: i64 = 10 * 3_600 * SECOND_US;
/// How long a shown second factor holds for marked actions.
const CONFIRMED_US: i64 = 10 * 60 * SECOND_US;
/// How old the note of the last use may be: not every page writes.
const SEEN_US: i64 = 60 * SECOND_US;

/// An account is locked out after five failures within a quarter of an hour.
pub(super) const OF_ACCOUNT: Patience = Patience {
    failures_max: 5,
    window_us: 15 * 60 * SECOND_US,
};
/// An address after fifty: several people may come from one.
pub(super) const OF_ADDRESS: Patience = Patience {
    failures_max: 50,
    window_us: 15 * 60 * SECOND_US,
};

/// How the browser keeps a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    tls: bool,
}

impl Keeping {
    /// Of a listener with or without TLS. A cookie that is sent over TLS only carries the prefix that no other site can forge.
    #[must_use]
    pub const fn new(tls: bool) -> Self {
        Self { tls }
    }

    /// True if the listener has TLS.
    #[must_use]
    pub const fn tls(self) -> bool {
        self.tls
    }

    /// The cookie's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        if self.tls { "__Host-tanqiao" } else { "tanqiao" }
    }

    pub(super) fn cookie(self, token: &str) -> String {
        let secure = if self.tls { "; Secure" } else { "" };
        format!("{}={token}; Path=/; HttpOnly; SameSite=Strict{secure}", self.name())
    }

    pub(super) fn end(self) -> String {
        format!("{}; Max-Age=0", self.cookie(""))
    }
}

/// The value of a cookie in a `Cookie` header.
pub(super) fn cookie_value<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|one| {
        let (key, value) = one.trim().split_once('=')?;
        (key == name && !value.is_empty()).then_some(value)
    })
}

/// 32 random bytes in hexadecimal; `None` if the system has none.
pub(super) fn token() -> Option<String> {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}

/// A new session of an account: what the browser keeps, and what the database keeps. `None` for one that was withdrawn.
pub(super) fn begin<R>(
    name: &Name,
    account: &Account<R>,
    second_factor: bool,
    now: Timestamp,
) -> Option<(String, Session)> {
    if !account.active {
        return None;
    }
    let token = token()?;
    let session = Session {
        token: Sha256::of(token.as_bytes()),
        account: name.to_string(),
        password: Sha256::of(account.password_hash.as_bytes()),
        csrf: self::token()?,
        began_at: now,
        seen_at: now,
        confirmed_at: second_factor.then_some(now),
    };
    Some((token, session))
}

/// Who a session is of, if it still holds: neither end has come, and the account is active with the same password.
pub(super) fn holds<R>(session: Session, name: Name, account: Account<R>, now: Timestamp) -> Option<Known<R>> {
    let same = Sha256::of(account.password_hash.as_bytes()) == session.password;
    let ended = now > session.began_at.plus_micros(ABSOLUTE_US) || now > session.seen_at.plus_micros(IDLE_US);
    (account.active && same && !ended).then_some(Known {
        account: name,
        role: account.role,
        session,
    })
}

/// Whether the use of a session has to be noted again.
pub(super) fn is_to_note(session: &Session, now: Timestamp) -> bool {
    now > session.seen_at.plus_micros(SEEN_US)
}

/// Whether the second factor was shown lately.
pub(super) fn is_confirmed(session: &Session, now: Timestamp) -> bool {
    session
        .confirmed_at
        .is_some_and(|at| now <= at.plus_micros(CONFIRMED_US))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(active: bool, password_hash: &str) -> Account<u8> {
        Account {
            role: 1,
            password_hash: password_hash.to_owned(),
            active,
        }
    }

    #[test]
    fn a_session_has_two_ends_and_falls_with_its_account() {
        let now = Timestamp::from_micros(1_780_272_000_000_000);
        let (li, known): (Name, _) = ("li".parse().unwrap(), account(true, "hash"));
        let (token, session) = begin(&li, &known, false, now).unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(session.token, Sha256::of(token.as_bytes()));
        assert!(begin(&li, &account(false, "hash"), false, now).is_none());
        let used = |seen: i64, after: i64| {
            let seen_at = now.plus_micros(seen);
            let session = Session {
                seen_at,
                ..session.clone()
            };
            holds(session, li.clone(), known.clone(), now.plus_micros(after)).is_some()
        };
        assert!(used(0, IDLE_US));
        assert!(!used(0, IDLE_US + 1), "not used for too long");
        assert!(used(ABSOLUTE_US, ABSOLUTE_US));
        assert!(!used(ABSOLUTE_US, ABSOLUTE_US + 1), "a day has passed");
        assert!(
            holds(session.clone(), li.clone(), account(false, "hash"), now).is_none(),
            "withdrawn"
        );
        assert!(
            holds(session.clone(), li.clone(), account(true, "another"), now).is_none(),
            "another password"
        );
        assert!(!is_confirmed(&session, now));
        let shown = Session {
            confirmed_at: Some(now),
            ..session
        };
        assert!(is_confirmed(&shown, now.plus_micros(CONFIRMED_US)));
        assert!(!is_confirmed(&shown, now.plus_micros(CONFIRMED_US + 1)));
    }

    #[test]
    fn over_tls_the_cookie_cannot_be_set_by_another_site() {
        let cookie = Keeping::new(true).cookie("t");
        assert_eq!(cookie, "__Host-tanqiao=t; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert!(!Keeping::new(false).cookie("t").contains("Secure"));
        assert_eq!(cookie_value("a=1; tanqiao=x; lang=en", "tanqiao"), Some("x"));
        assert_eq!(cookie_value("xtanqiao=x; tanqiao=", "tanqiao"), None);
    }
}
