//! Personal data stays out of what is kept for ever: texts that hold something like an identity number or a mobile number.

/// True if a run of digits in `text` reads as a resident identity number (GB 11643-1999: 17 digits and a check character) or as a
/// mainland mobile number, also with spaces or hyphens between the digits.
#[must_use]
pub fn reads_as_personal(text: &str) -> bool {
    runs(text).iter().any(|run| is_number_of_a_person(run))
}

/// True if all of `number` is such a number, without separators.
#[must_use]
pub fn is_number_of_a_person(number: &str) -> bool {
    is_identity_number(number) || is_mobile_number(number)
}

/// Runs of digits, with single separators taken out; a final `x` belongs to a run.
fn runs(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut run = String::new();
    let mut separated = false;
    for c in text.chars().map(narrow).chain(std::iter::once('\n')) {
        if c.is_ascii_digit() {
            run.push(c);
            separated = false;
        } else if matches!(c, ' ' | '-' | '\u{a0}' | '.') && !separated && !run.is_empty() {
            separated = true;
        } else {
            if matches!(c, 'x' | 'X') && run.len() == 17 {
                run.push('X');
            }
            found.push(std::mem::take(&mut run));
            separated = false;
        }
    }
    found.retain(|r| r.len() >= 11);
    found
}

/// Full-width digits and letters count as their ASCII forms.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// GB 11643-1999 §4.5, which takes ISO 7064 MOD 11-2.
fn is_identity_number(run: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: &[u8; 11] = b"10X98765432";
    if run.len() != 18 || run.starts_with('0') {
        return false;
    }
    let sum: u32 = run
        .chars()
        .zip(WEIGHTS)
        .map(|(c, weight)| c.to_digit(10).unwrap_or(0) * weight)
        .sum();
    let expected = usize::try_from(sum % 11).ok().and_then(|i| CHECK.get(i)).copied();
    run.bytes().last() == expected
}

/// Eleven digits that begin with 13 to 19, with or without the country code 86 before them.
fn is_mobile_number(run: &str) -> bool {
    let number = if run.len() == 13 {
        run.strip_prefix("86")
    } else {
        Some(run)
    };
    number.is_some_and(|n| {
        n.len() == 11 && n.starts_with('1') && n.as_bytes().get(1).is_some_and(|b| (b'3'..=b'9').contains(b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Numbers made for this test: the region 999999 does not exist, and 199 0000 0000 is in no one's hands.
    const IDENTITY: &str = "99999919900101001";

    fn with_check_digit() -> String {
        "0123456789X"
            .chars()
            .map(|last| format!("{IDENTITY}{last}"))
            .find(|number| is_identity_number(number))
            .unwrap()
    }

    #[test]
    fn what_reads_as_a_number_of_a_person_is_found() {
        let identity = with_check_digit();
        for text in [
            identity.clone(),
            format!("said by {identity}."),
            format!("（{}）", identity.to_lowercase()),
            "call 19900000000".into(),
            "+86 199-0000-0000".into(),
            "８６１９９００００００００".into(),
        ] {
            assert!(reads_as_personal(&text), "{text}");
        }
    }

    #[test]
    fn ordinary_texts_pass() {
        let mut wrong = with_check_digit();
        let last = wrong.pop().unwrap();
        wrong.push(if last == '0' { '1' } else { '0' });
        for text in [
            "order 2025-0001 of 12345678901",
            "904000000 g in 2025",
            wrong.as_str(),
            "",
        ] {
            assert!(!reads_as_personal(text), "{text}");
        }
    }
}
