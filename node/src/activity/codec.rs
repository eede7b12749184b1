//! Numbers and texts in few bytes.

/// Appends a number as LEB128: seven bits a byte, the lowest first.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_bits(number) | 0x80);
        number >>= 7;
    }
    out.push(low_bits(number));
}

/// Appends a number that may be below zero: zero, then -1, 1, -2, 2 …
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Appends a number of up to 128 bits.
pub(super) fn put_large(out: &mut Vec<u8>, number: u128) {
    const HALF: u128 = 1 << 63;
    // Nearly all are below 2^63: their last bit says that nothing follows.
    let low = u64::try_from(number % HALF).unwrap_or(0);
    let high = u64::try_from(number / HALF).unwrap_or(u64::MAX);
    put_number(out, low << 1 | u64::from(high > 0));
    if high > 0 {
        put_number(out, high);
    }
}

/// Appends a text with its length before it.
pub(super) fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// Appends a text as what differs from `before`: how many bytes they share, and the rest.
pub(super) fn put_after(out: &mut Vec<u8>, before: &[u8], text: &[u8]) {
    let shared = shared(before, text);
    put_number(out, shared as u64);
    put_text(out, text.get(shared..).unwrap_or_default());
}

/// How many bytes two texts have in common at their beginning.
pub(super) fn shared(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

fn low_bits(number: u64) -> u8 {
    let [low, ..] = (number & 0x7f).to_le_bytes();
    low
}

/// Reads what the functions above wrote; `None` where the bytes end or make no sense.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn large(&mut self) -> Option<u128> {
        let low = self.number()?;
        let high = if low & 1 == 1 { self.number()? } else { 0 };
        Some(u128::from(high) << 63 | u128::from(low >> 1))
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    /// Makes the text in `before` the next one.
    pub(super) fn after(&mut self, before: &mut Vec<u8>) -> Option<()> {
        let shared = usize::try_from(self.number()?).ok()?;
        if shared > before.len() {
            return None;
        }
        before.truncate(shared);
        before.extend_from_slice(self.text()?);
        Some(())
    }
}
