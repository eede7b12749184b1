//! Challenge audits (4-double-counting, honest limits): an officer draws a random sample of an issuance's activities, and the
//! member shows their records to the regulator, sealed, so that the hub sees none of them.

mod answer;

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, NodeId, Sha256};
use crate::message::Issuance;
use crate::text::words;
use crate::time::Timestamp;

pub use answer::{
    ANSWER_FORMAT, Answer, AnswerError, Report, RevealedRecord, Revealing, TokenProof, Verdict, judge, path_text, read,
    write,
};

/// The most records that one challenge asks for.
pub const SAMPLE_MAX: u32 = 1_000;
/// The largest sealed answer, in bytes: in base64, twice, it still fits a request.
pub const SEALED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest time to answer, in days.
pub const ANSWER_DAYS_MAX: u16 = 90;
/// The largest mailbox certificate, in bytes of PEM.
pub const MAILBOX_BYTES_MAX: usize = 8 * 1024;

words! {
    /// The state of a challenge.
    pub enum ChallengeState {
        /// The member has been told which records to show, and until when.
        Opened = 2 "opened",
        /// Its sealed answer has come; officers open it and record the result.
        Answered = 3 "answered",
        /// The answer was opened, and every record was shown as committed. Final.
        Passed = 10 "passed",
        /// The answer was opened, and something in it is not as committed, or missing. Final.
        Failed = 11 "failed",
        /// Nothing came in time. Final.
        Unanswered = 12 "unanswered",
    }
}

impl ChallengeState {
    /// Every permitted change.
    pub const TRANSITIONS: &'static [(Option<Self>, Self)] = &[
        (None, Self::Opened),
        (Some(Self::Opened), Self::Answered),
        (Some(Self::Opened), Self::Unanswered),
        (Some(Self::Answered), Self::Passed),
        (Some(Self::Answered), Self::Failed),
    ];

    /// True if a challenge may go from `from` to `to`.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        Self::TRANSITIONS.contains(&(from, to))
    }

    /// True for the states that nothing leaves.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Passed | Self::Failed | Self::Unanswered)
    }
}

/// A member's answer: the sealed records. Their plain bytes are the lines that [`write`] makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeAnswer {
    /// The challenge.
    pub challenge: MessageId,
    /// SHA-256 of the sealed bytes.
    pub sealed_sha256: Sha256,
    /// How many they are, at most [`SEALED_BYTES_MAX`].
    pub sealed_bytes: u64,
    /// The sealed bytes in base64 (RFC 4648 §4): CMS `AuthEnvelopedData` (RFC 5083) with AES-256-GCM in DER, to the mailbox's
    /// certificate.
    pub sealed: String,
}

/// One of `GET /v1/challenges`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeView {
    /// Its id: that of the officers' decision.
    pub challenge: MessageId,
    /// Its state.
    pub state: ChallengeState,
    /// The member that is asked.
    pub member: NodeId,
    /// The issuance.
    pub issuance: MessageId,
    /// Which records, by their position in the issuance from 0, ascending.
    pub positions: Vec<u32>,
    /// The chain over the log before the challenge's own leaf, from which the positions are drawn.
    pub beacon: Sha256,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// An answer at or after this instant is refused.
    pub answer_until: Timestamp,
    /// To whom the answer is sealed: an X.509 certificate in PEM.
    pub mailbox_pem: String,
    /// When the answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// SHA-256 of the sealed answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_sha256: Option<Sha256>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What the officers noted with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// What officers take to the machine that has the mailbox's key: everything that is needed there, in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeFile {
    /// The challenge.
    pub challenge: ChallengeView,
    /// The signed header of the issuance that is examined.
    pub header: Issuance,
    /// The sealed answer in base64.
    pub sealed: String,
}

/// Draws `sample` different positions below `count`, ascending; all of them where there are no more. The beacon is the chain over
/// the log under the lock, before the challenge's own leaf: neither the officer who asks nor the member chose it.
///
/// Each try is the first 8 bytes of SHA-256("tanqiao-challenge/v1" ‖ challenge id ‖ beacon ‖ number of the try, 8 bytes
/// big-endian). A try at or above the largest multiple of `count` is passed over, so that every position is as likely as another.
#[must_use]
pub fn draw(challenge: MessageId, beacon: &Sha256, sample: u32, count: u32) -> Vec<u32> {
    if sample >= count {
        return (0..count).collect();
    }
    let range = u64::from(count);
    let ceiling = u64::MAX - u64::MAX % range;
    let mut drawn = std::collections::BTreeSet::new();
    let wanted = usize::try_from(sample).unwrap_or(usize::MAX);
    let mut tries: u64 = 0;
    while drawn.len() < wanted {
        let hash = Sha256::of_parts(&[
            b"tanqiao-challenge/v1",
            challenge.uuid().as_bytes(),
            &beacon.0,
            &tries.to_be_bytes(),
        ]);
        tries += 1;
        let value = hash
            .0
            .first_chunk::<8>()
            .map_or(u64::MAX, |first| u64::from_be_bytes(*first));
        if value < ceiling
            && let Ok(position) = u32::try_from(value % range)
        {
            drawn.insert(position);
        }
    }
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(n: u8) -> MessageId {
        format!("01900000-0000-7000-8000-0000000000{n:02x}").parse().unwrap()
    }

    #[test]
    fn the_same_beacon_draws_the_same_different_positions_and_another_one_others() {
        let beacon = Sha256::of(b"chain");
        let drawn = draw(challenge(1), &beacon, 100, 100_000);
        assert_eq!(drawn, draw(challenge(1), &beacon, 100, 100_000));
        assert_eq!(drawn.len(), 100);
        assert!(drawn.is_sorted_by(|a, b| a < b) && drawn.iter().all(|p| *p < 100_000));
        assert_ne!(drawn, draw(challenge(2), &beacon, 100, 100_000));
        assert_ne!(drawn, draw(challenge(1), &Sha256::of(b"another"), 100, 100_000));
    }

    #[test]
    fn where_there_are_no_more_all_are_drawn() {
        let beacon = Sha256::of(b"chain");
        assert_eq!(draw(challenge(1), &beacon, 5, 3), [0, 1, 2]);
        assert_eq!(draw(challenge(1), &beacon, 3, 3), [0, 1, 2]);
        assert_eq!(draw(challenge(1), &beacon, 1, 1), [0]);
        assert_eq!(draw(challenge(1), &beacon, 9, 0), [0_u32; 0]);
        assert_eq!(draw(challenge(1), &beacon, 999, 1_000).len(), 999);
    }

    /// Pearson's chi-square over 100 cells. With 99 degrees of freedom, values below 61.1 and above 148.2 have a chance of about
    /// 1 in 1,000 each; the beacons are fixed, so that the test does not depend on luck.
    #[test]
    fn every_position_is_as_likely_as_another() {
        let mut cells = [0_i64; 100];
        for n in 0..200_u8 {
            let beacon = Sha256::of(&[n]);
            for position in draw(challenge(n), &beacon, 50, 1_000) {
                cells[usize::try_from(position / 10).unwrap()] += 1;
            }
        }
        let expected = 200 * 50 / 100;
        assert_eq!(cells.iter().sum::<i64>(), 200 * 50);
        let times_expected: i64 = cells.iter().map(|found| (found - expected) * (found - expected)).sum();
        let chi_square = times_expected / expected;
        assert!((61..=148).contains(&chi_square), "{chi_square}");
    }

    #[test]
    fn every_state_that_is_not_final_can_end_and_a_final_one_stays() {
        for &state in ChallengeState::ALL {
            let leaves = ChallengeState::ALL
                .iter()
                .any(|to| ChallengeState::permits(Some(state), *to));
            assert_eq!(leaves, !state.is_final(), "{state}");
        }
        assert!(!ChallengeState::permits(
            Some(ChallengeState::Opened),
            ChallengeState::Passed
        ));
        assert!(!ChallengeState::permits(None, ChallengeState::Answered));
    }
}
