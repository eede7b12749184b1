//! How the tokens of a file are cut up, so that few bytes are stored of each.
//!
//! Tokens are random, so that sorted tokens share their first bits with their neighbours. A token is cut into a *group* (its first
//! bits, as many as leave 4 to 8 tokens in a group), a *head* (the next 8 bits) and a *tail* (the rest):
//!
//! | column | bytes | what |
//! | --- | --- | --- |
//! | tails | 10 to 20 a token | tail, run, owner; in the order of the tokens |
//! | heads | 1 a token | in the same order |
//! | groups | 4 a group | how many tokens are in groups before it |
//!
//! A look-up goes to a group, finds the heads that are equal (3 in 100 look-ups of an unknown token find one), and compares their tails.
//! The run is an index into the file's list of runs, as wide as that needs. Crafted tokens that share their bits are found by bisection.

use super::super::ScreeningError;

/// Bits of a head.
const HEAD_BITS: u32 = 8;
const TOKEN_BITS: u32 = 128;
/// Bytes of a group's entry.
pub(super) const GROUP_BYTES: u64 = 4;
/// The most tokens of one file.
pub(super) const TOKENS_MAX: u64 = u32::MAX as u64;
const GROUP_BITS_MAX: u32 = 30;
/// Bytes of a layout in a file.
pub(super) const LAYOUT_BYTES: usize = 4;

/// How the tokens of one file are cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) group_bits: u32,
    tail_bytes: usize,
    run_bytes: usize,
    owner_bytes: usize,
}

/// A token's entry among the tails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    pub(super) tail: u128,
    /// Index into the file's runs.
    pub(super) run: u32,
    /// Position and kind.
    pub(super) owner: u32,
}

fn bytes_for(value: u32) -> usize {
    match value {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

impl Layout {
    /// The smallest for about this many tokens, of this many runs, with owners up to `owner_max`.
    pub(super) fn for_tokens(tokens: u64, runs: usize, owner_max: u32) -> Self {
        let bits = |groups: u64| groups.checked_ilog2().unwrap_or(0).min(GROUP_BITS_MAX);
        let fewest = bits(tokens.div_ceil(8).checked_next_power_of_two().unwrap_or(u64::MAX));
        let most = bits(tokens / 4);
        let size = |group_bits: u32| {
            u64::from((TOKEN_BITS - HEAD_BITS - group_bits).div_ceil(8)) * tokens + (GROUP_BYTES << group_bits)
        };
        let group_bits = (fewest..=most.max(fewest)).min_by_key(|bits| size(*bits)).unwrap_or(0);
        Self::new(
            group_bits,
            bytes_for(u32::try_from(runs.saturating_sub(1)).unwrap_or(u32::MAX)),
            bytes_for(owner_max),
        )
    }

    fn new(group_bits: u32, run_bytes: usize, owner_bytes: usize) -> Self {
        Self {
            group_bits,
            tail_bytes: usize::try_from((TOKEN_BITS - HEAD_BITS - group_bits).div_ceil(8)).unwrap_or(16),
            run_bytes,
            owner_bytes,
        }
    }

    /// As it stands in a file.
    pub(super) fn to_bytes(self) -> [u8; LAYOUT_BYTES] {
        let byte = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        let group_bits = u8::try_from(self.group_bits).unwrap_or(u8::MAX);
        [
            group_bits,
            byte(self.tail_bytes),
            byte(self.run_bytes),
            byte(self.owner_bytes),
        ]
    }

    /// Reads it.
    pub(super) fn from_bytes(bytes: [u8; LAYOUT_BYTES]) -> Option<Self> {
        let [group_bits, _, run_bytes, owner_bytes] = bytes;
        let layout = Self::new(
            u32::from(group_bits).min(GROUP_BITS_MAX),
            run_bytes.into(),
            owner_bytes.into(),
        );
        (layout.to_bytes() == bytes && run_bytes <= 4 && owner_bytes <= 4).then_some(layout)
    }

    /// Number of groups.
    pub(super) const fn groups(self) -> u64 {
        1 << self.group_bits
    }

    /// Bytes of an entry among the tails.
    pub(super) const fn width(self) -> usize {
        self.tail_bytes + self.run_bytes + self.owner_bytes
    }

    /// The group, head and tail of a token.
    pub(super) fn cut(self, token: u128) -> (u64, u8, u128) {
        let group = token.checked_shr(TOKEN_BITS - self.group_bits).unwrap_or(0);
        let below = TOKEN_BITS - HEAD_BITS - self.group_bits;
        let [head, ..] = (token >> below).to_le_bytes();
        let tail = token & ((1 << below) - 1);
        (u64::try_from(group).unwrap_or(u64::MAX), head, tail)
    }

    /// The token of these parts.
    pub(super) fn join(self, group: u64, head: u8, tail: u128) -> u128 {
        let below = TOKEN_BITS - HEAD_BITS - self.group_bits;
        let group = u128::from(group).checked_shl(TOKEN_BITS - self.group_bits).unwrap_or(0);
        group | u128::from(head) << below | tail
    }

    /// Writes an entry into `out`, which is [`Layout::width`] long.
    pub(super) fn write(self, entry: Tail, out: &mut Vec<u8>) {
        let (tail, run, owner) = (
            entry.tail.to_be_bytes(),
            entry.run.to_be_bytes(),
            entry.owner.to_be_bytes(),
        );
        out.extend_from_slice(last(&tail, self.tail_bytes));
        out.extend_from_slice(last(&run, self.run_bytes));
        out.extend_from_slice(last(&owner, self.owner_bytes));
    }

    /// Reads an entry.
    pub(super) fn read(self, bytes: &[u8]) -> Tail {
        let number = |bytes: &[u8]| bytes.iter().fold(0u32, |n, byte| n << 8 | u32::from(*byte));
        let (tail, rest) = bytes.split_at_checked(self.tail_bytes).unwrap_or_default();
        let (run, owner) = rest.split_at_checked(self.run_bytes).unwrap_or_default();
        let mut whole = [0; 16];
        if let Some(end) = whole.get_mut(16 - tail.len()..) {
            end.copy_from_slice(tail);
        }
        Tail {
            tail: u128::from_be_bytes(whole),
            run: number(run),
            owner: number(owner),
        }
    }
}

fn last(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(count)..).unwrap_or_default()
}

/// A length in memory.
pub(super) fn size(bytes: u64) -> Result<usize, ScreeningError> {
    usize::try_from(bytes).map_err(|_| ScreeningError::Stopped(format!("{bytes} bytes do not fit into memory")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_is_put_together_as_it_was_cut(token in any::<u128>(), tokens in 0u64..10_000_000_000, run in 0u32..70_000, owner in any::<u32>()) {
            let layout = Layout::for_tokens(tokens, 70_000, u32::MAX);
            let (group, head, tail) = layout.cut(token);
            prop_assert!(group < layout.groups());
            prop_assert_eq!(layout.join(group, head, tail), token);
            let mut bytes = Vec::new();
            layout.write(Tail { tail, run, owner }, &mut bytes);
            prop_assert_eq!(bytes.len(), layout.width());
            prop_assert_eq!(layout.read(&bytes), Tail { tail, run, owner });
            prop_assert_eq!(Layout::from_bytes(layout.to_bytes()), Some(layout));
        }
    }

    #[test]
    fn twenty_bytes_hold_a_token_and_its_owner() {
        for tokens in [1_000_000u64, 10_000_000, 100_000_000, 1_000_000_000] {
            let layout = Layout::for_tokens(tokens, 60_000, 10_000_000 * 4);
            let bytes = layout.width() as u64 * tokens + tokens + GROUP_BYTES * layout.groups();
            assert!(bytes <= 21 * tokens, "{tokens} tokens: {layout:?}, {bytes}");
            assert!((4..=8).contains(&(tokens / layout.groups())), "{layout:?}");
        }
        assert_eq!(Layout::for_tokens(0, 1, 0).groups(), 1);
    }

    #[test]
    fn bytes_that_are_no_layout_are_refused() {
        let good = Layout::for_tokens(1_000, 2, 9).to_bytes();
        for place in 0..LAYOUT_BYTES {
            let mut bad = good;
            bad[place] = 77;
            assert_eq!(Layout::from_bytes(bad), None);
        }
    }
}
