//! Whatever arrives instead of a token stream is refused: a reader of bytes that come in any pieces either ends with the
//! very records that the header committed to, or with a reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

use proptest::prelude::*;
use tanqiao_protocol::fingerprint::{
    ActivityFacts, Epoch, IDENTIFIER_BYTES_MAX, RECORD_BYTES_MAX, StreamError, StreamRecord, StreamSums, SubjectKey,
    TOKENS_PER_ACTIVITY_MAX, Token, TokenCommitment, TokenEntry, TokenKind, TokenSuite, canonical_identifier, decode,
    encode, token_inputs,
};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::Timestamp;

/// Why a reader stopped.
#[derive(Debug, PartialEq, Eq)]
enum Stopped {
    Record(StreamError),
    /// A record that is not the next one, or too many grams.
    Next,
    /// The end inside a record, or before the first.
    Cut,
}

/// Reads a stream that comes in pieces, as an upload does: never more than one record is waited for.
fn read(pieces: &[&[u8]]) -> Result<(Vec<StreamRecord>, TokenCommitment), Stopped> {
    let mut sums = StreamSums::default();
    let mut records = Vec::new();
    let mut waiting: Vec<u8> = Vec::new();
    for piece in pieces {
        waiting.extend_from_slice(piece);
        while let Some((record, length)) = decode(&waiting).map_err(Stopped::Record)? {
            if !sums.add(&record, &waiting[..length]) {
                return Err(Stopped::Next);
            }
            waiting.drain(..length);
            records.push(record);
        }
        assert!(waiting.len() < RECORD_BYTES_MAX, "a whole record is never left waiting");
    }
    if !waiting.is_empty() {
        return Err(Stopped::Cut);
    }
    let commitment = sums.commitment(TokenSuite::HmacSm3).ok_or(Stopped::Cut)?;
    Ok((records, commitment))
}

fn entry() -> impl Strategy<Value = TokenEntry> {
    (1i16..=4, 300u16..330, any::<[u8; 16]>()).prop_map(|(kind, epoch, token)| TokenEntry {
        kind: TokenKind::from_code(kind).unwrap(),
        epoch: Epoch::from_number(epoch).unwrap(),
        token: Token(token),
    })
}

fn records() -> impl Strategy<Value = Vec<StreamRecord>> {
    let tokens = proptest::collection::btree_set(entry(), 1..=4);
    proptest::collection::vec((0i64..1_000_000, tokens), 2..8).prop_map(|records| {
        let numbered = records.into_iter().zip(0u32..);
        numbered
            .map(|((grams, tokens), index)| StreamRecord {
                index,
                grams: Grams::new(grams).unwrap(),
                tokens: tokens.into_iter().collect(),
            })
            .collect()
    })
}

fn encoded(records: &[StreamRecord]) -> Vec<Vec<u8>> {
    let bytes = |record: &StreamRecord| {
        let mut bytes = Vec::new();
        encode(record, &mut bytes);
        bytes
    };
    records.iter().map(bytes).collect()
}

proptest! {
    #[test]
    fn a_stream_is_the_same_in_whatever_pieces_it_comes(records in records(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let bytes = encoded(&records).concat();
        let (all, whole) = read(&[&bytes]).unwrap();
        prop_assert_eq!(&all, &records);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let mut from = 0;
        let pieces: Vec<&[u8]> = cuts.iter().map(|to| { let piece = &bytes[from..*to]; from = *to; piece }).collect();
        prop_assert_eq!(read(&pieces).unwrap(), (records, whole));
    }

    #[test]
    fn a_stream_that_ends_early_anywhere_is_cut_or_commits_to_less(records in records()) {
        let bytes = encoded(&records).concat();
        let (_, whole) = read(&[&bytes]).unwrap();
        for to in 0..bytes.len() {
            match read(&[&bytes[..to]]) {
                Ok((some, commitment)) => {
                    prop_assert!(some.len() < records.len());
                    prop_assert_ne!(&commitment, &whole);
                }
                Err(stopped) => prop_assert_eq!(stopped, Stopped::Cut),
            }
        }
    }

    #[test]
    fn records_that_are_repeated_left_out_or_exchanged_are_not_the_next(records in records(), one in any::<prop::sample::Index>()) {
        let parts = encoded(&records);
        let at = one.index(parts.len() - 1);
        let (mut repeated, mut left_out, mut exchanged) = (parts.clone(), parts.clone(), parts);
        repeated.insert(at, repeated[at].clone());
        left_out.remove(at);
        exchanged.swap(at, at + 1);
        for wrong in [repeated, left_out, exchanged] {
            prop_assert_eq!(read(&[&wrong.concat()]).unwrap_err(), Stopped::Next);
        }
    }

    #[test]
    fn one_bit_that_changed_is_seen(records in records(), byte in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = encoded(&records).concat();
        let (_, whole) = read(&[&bytes]).unwrap();
        let at = byte.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok((_, commitment)) = read(&[&bytes]) {
            prop_assert_ne!(commitment, whole);
        }
    }

    #[test]
    fn a_month_or_suite_that_the_header_does_not_name_is_another_commitment(records in records()) {
        let (_, whole) = read(&[&encoded(&records).concat()]).unwrap();
        let epochs = || records.iter().flat_map(|record| &record.tokens).map(|entry| entry.epoch);
        prop_assert_eq!(Some(whole.first_epoch), epochs().min());
        prop_assert_eq!(Some(whole.last_epoch), epochs().max());
        let mut moved = records.clone();
        for entry in moved.iter_mut().flat_map(|record| &mut record.tokens) {
            entry.epoch = Epoch::from_number(entry.epoch.number() + 40).unwrap();
        }
        let (_, other) = read(&[&encoded(&moved).concat()]).unwrap();
        prop_assert!(other.first_epoch > whole.last_epoch && other.root != whole.root);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        if let Ok((records, commitment)) = read(&[&bytes]) {
            prop_assert_eq!(encoded(&records).concat(), bytes);
            prop_assert!(commitment.token_count >= records.len() as u64);
        }
    }

    #[test]
    fn any_text_is_an_identifier_of_bounded_length_or_refused(text in any::<String>(), long in "\\PC{0,400}") {
        for text in [text, long] {
            if let Ok(canonical) = canonical_identifier(&text) {
                prop_assert!((1..=IDENTIFIER_BYTES_MAX).contains(&canonical.len()));
                prop_assert!(!canonical.chars().any(|c| c.is_control() || c.is_whitespace() || c == '-' || c.is_ascii_lowercase()));
                prop_assert_eq!(canonical_identifier(&canonical).unwrap(), canonical);
            }
        }
    }

    #[test]
    fn any_record_has_few_inputs_of_bounded_length_or_is_refused(
        texts in (any::<String>(), any::<String>(), any::<String>(), any::<String>()),
        start_s in any::<i32>(), length_s in -10i64..40_000_000,
        activity in proptest::sample::select(vec!["rail-transit", "ev-charging", "ev-driving", "distributed-pv", "kite-flying"]),
    ) {
        let activity: Name = activity.parse().unwrap();
        let subject = texts.3.parse::<SubjectKey>().ok();
        let facts = ActivityFacts {
            activity: &activity,
            start: Timestamp::from_micros((i64::from(start_s) + 1_700_000_000) * 1_000_000),
            end: Timestamp::from_micros((i64::from(start_s) + 1_700_000_000 + length_s) * 1_000_000),
            source: Some(&texts.0),
            record: Some(&texts.1),
            asset: Some(&texts.2),
            subject: subject.as_ref(),
        };
        if let Ok(inputs) = token_inputs(&facts) {
            prop_assert!((1..=TOKENS_PER_ACTIVITY_MAX).contains(&inputs.len()));
            prop_assert!(inputs.iter().all(|input| input.bytes.starts_with(b"cih-fp/v1\0") && input.bytes.len() < 1_000));
            let mut tokens: Vec<_> = inputs.iter().map(|input| (input.kind, input.epoch, input.bytes.to_vec())).collect();
            tokens.dedup();
            prop_assert_eq!(tokens.len(), inputs.len());
        }
    }
}
