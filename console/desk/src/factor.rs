//! The second factor: time-based one-time codes (RFC 6238, as every authenticator has them: SHA-1, six digits, 30 seconds), and
//! recovery codes for whoever has lost it.

use aws_lc_rs::{constant_time, hmac, rand};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use crate::house::{DeskStore, StoreFault};

/// Bytes of a secret: those of SHA-1, as RFC 4226 wants.
pub const SECRET_BYTES: usize = 20;
/// A step, in seconds.
const STEP_S: i64 = 30;
/// Recovery codes of an account.
const RECOVERY_CODES: usize = 10;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of a time.
#[must_use]
pub fn step(now: Timestamp) -> i64 {
    now.micros() / SECOND_US / STEP_S
}

/// The code of a step (RFC 4226, section 5.3).
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or(0) & 0x0f);
    let mut four = [0_u8; 4];
    for (to, from) in four.iter_mut().zip(bytes.iter().skip(offset)) {
        *to = *from;
    }
    let number = (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000;
    format!("{number:06}")
}

/// The step of a code that fits now, or one step beside it: clocks differ, and people type.
fn fitting_step(secret: &[u8], entered: &str, now: Timestamp) -> Option<i64> {
    let here = step(now);
    let fits =
        |step: &i64| constant_time::verify_slices_are_equal(code(secret, *step).as_bytes(), entered.as_bytes()).is_ok();
    [here, here - 1, here + 1].into_iter().find(fits)
}

/// Takes a code of an enrolled factor, or with `recovery` a recovery code. Each counts once.
///
/// # Errors
/// [`StoreFault`].
pub fn take(store: &mut dyn DeskStore, account: &str, entered: &str, now: Timestamp) -> Result<bool, StoreFault> {
    let Some(factor) = store.factor(account)?.filter(|factor| factor.enrolled) else {
        return Ok(false);
    };
    let entered: String = entered.chars().filter(|letter| !letter.is_whitespace()).collect();
    if let Some(step) = fitting_step(&factor.secret, &entered, now) {
        return store.take_step(account, step);
    }
    store.take_recovery_code(account, &recovery_hash(&entered))
}

/// Enrols the secret that was offered, with its first code; the recovery codes, to be shown once. `None` if the code does not fit, or the
/// factor is enrolled already.
///
/// # Errors
/// [`StoreFault`].
pub fn enrol(
    store: &mut dyn DeskStore,
    account: &str,
    entered: &str,
    now: Timestamp,
) -> Result<Option<Vec<String>>, StoreFault> {
    let offered = store.factor(account)?.filter(|factor| !factor.enrolled);
    let step = offered.and_then(|factor| fitting_step(&factor.secret, entered.trim(), now));
    let (Some(step), Some(codes)) = (step, recovery_codes()) else {
        return Ok(None);
    };
    if !store.take_step(account, step)? {
        return Ok(None);
    }
    let hashes: Vec<Sha256> = codes.iter().map(|code| recovery_hash(code)).collect();
    store.put_recovery_codes(account, &hashes)?;
    Ok(Some(codes))
}

/// A new secret; `None` if the system has no random bytes.
#[must_use]
pub fn secret() -> Option<[u8; SECRET_BYTES]> {
    let mut secret = [0_u8; SECRET_BYTES];
    rand::fill(&mut secret).ok()?;
    Some(secret)
}

/// 80 random bits each, in groups of four letters.
fn recovery_codes() -> Option<Vec<String>> {
    let code = || {
        let mut bytes = [0_u8; 10];
        rand::fill(&mut bytes).ok()?;
        Some(grouped(&base32(&bytes)))
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

fn recovery_hash(code: &str) -> Sha256 {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::of(plain.to_ascii_uppercase().as_bytes())
}

/// Base 32 of RFC 4648 without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    let place = usize::try_from(value & 31).unwrap_or(0);
    BASE32.get(place).copied().map_or('A', char::from)
}

/// In groups of four, as people copy it.
#[must_use]
pub fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1; its codes have eight digits, of which ours are the last six.
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                code(secret, step(Timestamp::from_micros(seconds * SECOND_US))),
                expected
            );
        }
    }

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        for (plain, expected) in [("", ""), ("f", "MY"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(plain.as_bytes()), expected);
        }
        assert_eq!(grouped("ABCDEFGHIJ"), "ABCD-EFGH-IJ");
        assert_eq!(recovery_hash("abcd-efgh"), recovery_hash("ABCD EFGH"));
    }

    #[test]
    fn a_code_fits_one_step_beside_and_no_further() {
        let now = Timestamp::from_micros(1_780_272_000_000_000);
        let here = step(now);
        for (beside, fits) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(
                fitting_step(
                    b"secret of twenty byte",
                    &code(b"secret of twenty byte", here + beside),
                    now
                )
                .is_some(),
                fits
            );
        }
    }
}
