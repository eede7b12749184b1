//! One-time enrolment codes.

use std::fmt;

use aws_lc_rs::{constant_time, rand};
use serde::{Deserialize, Serialize};

use crate::{Span, Time, certificate::sha256, identity::MemberId};

/// How long a code works when nobody says otherwise, in days.
pub const CODE_VALIDITY_DAYS_DEFAULT: i64 = 7;

/// Symbols of a code; each carries 5 bits, so that a code has 160.
const SYMBOLS: usize = 32;
/// Symbols between two hyphens.
const GROUP: usize = 4;
/// Crockford's base 32: no `I`, `L`, `O`, `U`, so that a code can be read out.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Separates these hashes from all others.
const HASH_CONTEXT: &[u8] = b"tanqiao-enrolment-code/v1\0";

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes: check its random source and try again")]
pub struct RandomError;

/// A code as it is shown, once, to the officer who invites: eight groups of four symbols, 160 random bits.
///
/// Its `Debug` hides it, and it cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode(String);

impl OneTimeCode {
    fn random() -> Result<Self, RandomError> {
        let mut random = [0_u8; SYMBOLS];
        rand::fill(&mut random).map_err(|_| RandomError)?;
        let mut text = String::with_capacity(SYMBOLS + SYMBOLS / GROUP);
        for (place, byte) in random.iter().enumerate() {
            if place > 0 && place.is_multiple_of(GROUP) {
                text.push('-');
            }
            // 256 is a multiple of 32: the low five bits of a random byte are uniform.
            text.extend(ALPHABET.get(usize::from(byte & 31)).map(|b| char::from(*b)));
        }
        Ok(Self(text))
    }

    /// The text to show. Never log it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(hidden)")
    }
}

/// Why a code is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Another code, or another member's.
    #[error("the enrolment code is not valid for this member: check the member id and type the code again")]
    Wrong,
    /// It worked once already.
    #[error(
        "the enrolment code was used already: ask an officer of the hub for a new one, and report it if that was not you"
    )]
    Used,
    /// Its time is over.
    #[error("the enrolment code expired: ask an officer of the hub for a new one")]
    Expired,
}

/// What the hub keeps of a code: its hash, whom it is for, until when, and when it was redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    member: MemberId,
    /// SHA-256 over context, member and normalised code, hexadecimal.
    code_sha256: String,
    issued_at: Time,
    expires_at: Time,
    redeemed_at: Option<Time>,
}

impl CodeRecord {
    /// Makes a code for `member` that works once, from `now` until `now + valid_for`. The code is shown to the officer;
    /// only the record is stored.
    ///
    /// # Errors
    /// [`RandomError`] when the system gives no random bytes.
    pub fn invite(member: MemberId, now: Time, valid_for: Span) -> Result<(Self, OneTimeCode), RandomError> {
        let code = OneTimeCode::random()?;
        let code_sha256 = hex::encode(hash(&member, code.reveal()));
        let expires_at = now.checked_add_signed(valid_for).unwrap_or(now);
        Ok((
            Self {
                member,
                code_sha256,
                issued_at: now,
                expires_at,
                redeemed_at: None,
            },
            code,
        ))
    }

    /// Redeems the code for `member`: compares in constant time, works once, not after its expiry. Case, hyphens and
    /// spaces do not matter; `O`, `I` and `L` are read as `0`, `1` and `1`.
    ///
    /// The caller stores the changed record in the same transaction as the enrolment: otherwise two requests at once
    /// could redeem one code twice.
    ///
    /// # Errors
    /// [`CodeRefusal`]; the record is then unchanged. Whoever does not know the code only ever sees
    /// [`CodeRefusal::Wrong`].
    pub fn redeem(&mut self, member: &MemberId, code: &str, now: Time) -> Result<(), CodeRefusal> {
        let presented = hex::encode(hash(member, code));
        constant_time::verify_slices_are_equal(presented.as_bytes(), self.code_sha256.as_bytes())
            .map_err(|_| CodeRefusal::Wrong)?;
        if self.redeemed_at.is_some() {
            return Err(CodeRefusal::Used);
        }
        if now >= self.expires_at {
            return Err(CodeRefusal::Expired);
        }
        self.redeemed_at = Some(now);
        Ok(())
    }

    /// Whom the code is for.
    #[must_use]
    pub fn member(&self) -> &MemberId {
        &self.member
    }

    /// The hash under which a store can find the record, hexadecimal.
    #[must_use]
    pub fn code_sha256(&self) -> &str {
        &self.code_sha256
    }

    /// When it was made.
    #[must_use]
    pub fn issued_at(&self) -> Time {
        self.issued_at
    }

    /// From when on it no longer works.
    #[must_use]
    pub fn expires_at(&self) -> Time {
        self.expires_at
    }

    /// When it was redeemed.
    #[must_use]
    pub fn redeemed_at(&self) -> Option<Time> {
        self.redeemed_at
    }
}

/// With 160 random bits behind it a plain hash needs neither salt nor stretching: there is nothing to guess.
fn hash(member: &MemberId, code: &str) -> [u8; 32] {
    let mut input = HASH_CONTEXT.to_vec();
    input.extend(member.as_str().bytes());
    input.push(0);
    let symbols = code
        .bytes()
        .filter(|b| !b.is_ascii_whitespace() && *b != b'-')
        .take(4 * SYMBOLS);
    input.extend(symbols.map(|b| match b.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    }));
    sha256(&input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).unwrap()
    }

    fn invited() -> (CodeRecord, OneTimeCode, MemberId) {
        let member: MemberId = "wuhan".parse().unwrap();
        let (record, code) = CodeRecord::invite(member.clone(), at(1_000), Span::seconds(100)).unwrap();
        (record, code, member)
    }

    #[test]
    fn a_code_works_once() {
        let (mut record, code, member) = invited();
        record.redeem(&member, code.reveal(), at(1_050)).unwrap();
        assert_eq!(record.redeemed_at(), Some(at(1_050)));
        assert_eq!(record.redeem(&member, code.reveal(), at(1_051)), Err(CodeRefusal::Used));
    }

    #[test]
    fn a_code_expires() {
        let (mut record, code, member) = invited();
        assert_eq!(
            record.redeem(&member, code.reveal(), at(1_100)),
            Err(CodeRefusal::Expired)
        );
        record.redeem(&member, code.reveal(), at(1_099)).unwrap();
    }

    #[test]
    fn a_code_is_bound_to_its_member() {
        let (mut record, code, _) = invited();
        assert_eq!(
            record.redeem(&"shanghai".parse().unwrap(), code.reveal(), at(1_050)),
            Err(CodeRefusal::Wrong)
        );
        assert_eq!(record.redeemed_at(), None);
    }

    #[test]
    fn only_who_knows_the_code_learns_its_state() {
        let (mut record, code, member) = invited();
        record.redeem(&member, code.reveal(), at(1_050)).unwrap();
        assert_eq!(record.redeem(&member, "0000-0000", at(9_999)), Err(CodeRefusal::Wrong));
    }

    #[test]
    fn a_code_can_be_typed_carelessly() {
        let (mut record, code, member) = invited();
        let typed = code
            .reveal()
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l");
        record.redeem(&member, &typed, at(1_050)).unwrap();
    }

    #[test]
    fn a_code_is_long_grouped_and_hidden() {
        let (record, code, _) = invited();
        assert_eq!(code.reveal().split('-').map(str::len).collect::<Vec<_>>(), [4; 8]);
        let first_group = code.reveal().split('-').next().unwrap();
        assert!(!format!("{code:?}").contains(first_group));
        let stored = serde_json::to_string(&record).unwrap();
        assert!(!stored.contains(code.reveal()));
        assert_eq!(serde_json::from_str::<CodeRecord>(&stored).unwrap(), record);
        let (_, other, _) = invited();
        assert_ne!(code, other);
    }
}
