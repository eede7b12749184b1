//! Whose account an account is: learned once, and never another person's afterwards.

use std::collections::HashSet;

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::time::Timestamp;

use super::entry::{Entry, Fate};
use crate::error::NodeError;
use crate::quantification::{Field, Refusal};
use crate::store::Tx;
use crate::store::rows::SubjectRow;
use crate::subjects::Subjects;

/// Pairs that a run remembers: some 100 MiB. A run that meets more begins to remember anew.
const PAIRS_MAX: usize = 2_000_000;

/// An account and its subject, as a hash under a key that only this run has.
pub(super) type Pair = [u8; 16];

/// Pairs that this run has found in the database, or written to it, so that each is looked up once.
pub(super) struct KnownPairs {
    key: [u8; 32],
    pairs: HashSet<Pair>,
}

impl KnownPairs {
    pub(super) fn new() -> Self {
        Self {
            key: rand::random(),
            pairs: HashSet::new(),
        }
    }

    fn pair(&self, account: &str, subject: &str) -> Pair {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // A pseudonym has no NUL.
        hasher
            .update(account.as_bytes())
            .update(&[0])
            .update(subject.as_bytes());
        let mut pair = [0; 16];
        hasher.finalize_xof().fill(&mut pair);
        pair
    }

    /// Remembers pairs whose transaction is committed.
    pub(super) fn learn(&mut self, pairs: Vec<Pair>) {
        if self.pairs.len() + pairs.len() > PAIRS_MAX {
            self.pairs.clear();
        }
        self.pairs.extend(pairs);
    }
}

/// Compares the subject of every entry with that of its account, and keeps it where the account has none yet. An entry
/// with another one becomes refused. The pairs that hold now.
pub(super) fn settle(
    tx: &mut dyn Tx,
    subjects: &Subjects,
    known: &KnownPairs,
    entries: &[Entry<'_>],
    fates: &mut [Fate],
    now: Timestamp,
) -> Result<Vec<Pair>, NodeError> {
    let mut asked: Vec<(&str, usize, &str, Pair)> = Vec::new();
    for (place, (entry, fate)) in entries.iter().zip(fates.iter()).enumerate() {
        if let (Some(subject), Fate::Added | Fate::AlreadyThere) = (entry.subject, fate) {
            let pair = known.pair(entry.activity.account, subject);
            if !known.pairs.contains(&pair) {
                asked.push((entry.activity.account, place, subject, pair));
            }
        }
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    asked.sort_unstable();
    let accounts: Vec<&str> = asked
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|of| Some(of.first()?.0))
        .collect();
    let mut kept = tx.subjects(&accounts)?.into_iter().peekable();
    let (mut pairs, mut new) = (Vec::with_capacity(accounts.len()), Vec::new());
    for of_account in asked.chunk_by(|a, b| a.0 == b.0) {
        // The first of the batch says who it is, unless an earlier import has.
        let Some((account, _, first, _)) = of_account.first() else {
            continue;
        };
        let opened = match kept.next_if(|row| row.account == *account) {
            Some(row) => Some(subjects.open(account, &row.sealed)?),
            None => None,
        };
        let holds = opened.as_deref().unwrap_or(first);
        for (_, place, subject, pair) in of_account {
            if *subject == holds {
                pairs.push(*pair);
            } else if let Some(fate) = fates.get_mut(*place) {
                *fate = Fate::Reused(another());
            }
        }
        if opened.is_none() {
            new.push(SubjectRow {
                account: (*account).to_owned(),
                sealed: subjects.seal(account, first)?,
                learned_at: now.micros(),
            });
        }
    }
    tx.insert_subjects(&new)?;
    Ok(pairs)
}

fn another() -> Refusal {
    Refusal::new(
        CheckCode::M08,
        Field::Subject,
        "is another person than an earlier record of this account names: one account is one person; give this one an \
         account of its own, or mend the identifier",
    )
}
