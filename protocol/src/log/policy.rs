//! Whom a verifier trusts (C2SP `tlog-policy`): the logs, the witnesses, and which of these have to have signed a checkpoint.

mod parse;

use std::fmt;

pub use parse::{PolicyError, PolicyFault};

use super::checkpoint::Checkpoint;
use super::note::{Note, NoteError};
use crate::signing::{NoteKey, NoteKind};

/// The largest policy that is read, in bytes.
pub const POLICY_BYTES_MAX: usize = 1 << 20;
/// The most logs, the most witnesses, and the most groups of a policy.
pub const POLICY_ITEMS_MAX: usize = 256;

/// The quorum that bears both witnesses that are away and witnesses that lie: with k of n, two heads that contradict each other need
/// 2k − n witnesses that have signed both.
#[must_use]
pub const fn default_quorum(witnesses: usize) -> usize {
    // 1 + ⌊2n/3⌋, without the product that could overflow.
    if witnesses == 0 {
        0
    } else {
        witnesses - witnesses.div_ceil(3) + 1
    }
}

/// The quorum of so many witnesses where officers have asked for one: never less than [`default_quorum`], nor more than there are.
#[must_use]
pub fn quorum(witnesses: usize, asked: Option<usize>) -> usize {
    let usual = default_quorum(witnesses);
    asked.map_or(usual, |asked| asked.clamp(usual, witnesses))
}

/// A name in a policy: any bytes but blanks and newlines, in whatever encoding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName(Vec<u8>);

impl PolicyName {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// For people; bytes that are no UTF-8 are replaced.
impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.0).fmt(f)
    }
}

impl fmt::Debug for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyName({self})")
    }
}

/// A log that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key, whose name is the origin of its checkpoints.
    pub key: NoteKey,
    /// Where to find it, as it is written.
    pub url: Option<Vec<u8>>,
}

/// A witness that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// What this policy calls it.
    pub name: PolicyName,
    /// Its key.
    pub key: NoteKey,
    /// Where to find it, as it is written.
    pub url: Option<Vec<u8>>,
}

/// A witness or a group, by its place in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// Whose signatures are enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    /// `quorum none`: no witness has to sign.
    Nobody,
    Of(Member),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: PolicyName,
    threshold: usize,
    members: Vec<Member>,
}

/// What a policy asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    /// Each names members before it only, and each is a member once at most: it is a tree.
    groups: Vec<Group>,
    quorum: Quorum,
}

/// A witness that has signed a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witnessed<'a> {
    /// The witness.
    pub witness: &'a PolicyWitness,
    /// When, in seconds since 1970-01-01 UTC, as it says.
    pub at: u64,
}

/// What a policy says of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation<'a> {
    /// The log that has signed it under its own name; `None` if no log of the policy has.
    pub log: Option<&'a NoteKey>,
    /// The witnesses that have signed it, in the order of the policy.
    pub witnesses: Vec<Witnessed<'a>>,
    /// True if these are enough.
    pub quorum: bool,
}

impl Evaluation<'_> {
    /// True if a checkpoint is to be accepted: a log of the policy has signed it, and enough witnesses.
    #[must_use]
    pub const fn accepted(&self) -> bool {
        self.log.is_some() && self.quorum
    }
}

impl Policy {
    /// One log and named witnesses of which `threshold` have to sign: the policy of a federation. Usual is [`default_quorum`].
    ///
    /// # Errors
    /// [`PolicyFault`] as for a policy that is read.
    pub fn of(log: NoteKey, witnesses: Vec<(String, NoteKey)>, threshold: usize) -> Result<Self, PolicyFault> {
        Self::of_keys(vec![log], witnesses, threshold)
    }

    /// As [`Policy::of`], for a log that several keys sign while one takes the place of the other: each of them is enough.
    ///
    /// # Errors
    /// [`PolicyFault`] as for a policy that is read.
    pub fn of_keys(
        logs: Vec<NoteKey>,
        witnesses: Vec<(String, NoteKey)>,
        threshold: usize,
    ) -> Result<Self, PolicyFault> {
        let mut policy = parse::Reader::default();
        for key in logs {
            policy.log(PolicyLog { key, url: None })?;
        }
        let mut names = Vec::new();
        for (name, key) in witnesses {
            policy.witness(name.as_bytes(), key, None)?;
            names.push(name);
        }
        let members: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
        if members.is_empty() && threshold == 0 {
            policy.quorum(b"none")?;
        } else {
            policy.group(b"quorum-of-witnesses", threshold.to_string().as_bytes(), &members)?;
            policy.quorum(b"quorum-of-witnesses")?;
        }
        policy.finish()
    }

    /// The policy in these bytes.
    ///
    /// # Errors
    /// [`PolicyError`], with the number of the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        parse::parse(bytes)
    }

    /// The logs.
    #[must_use]
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// What this policy says of a note and the checkpoint in its text.
    ///
    /// # Errors
    /// [`NoteError::Signature`] if a log or witness of the policy is said to have signed and has not: the note is refused.
    pub fn evaluate(&self, note: &Note, checkpoint: &Checkpoint) -> Result<Evaluation<'_>, NoteError> {
        let logs = self.logs.iter().map(|log| &log.key);
        let witnesses = self.witnesses.iter().map(|witness| &witness.key);
        let signed = match note.verify(logs.chain(witnesses)) {
            Ok(signed) => signed,
            Err(NoteError::Unsigned) => Vec::new(),
            Err(error) => return Err(error),
        };
        let is_of_log = |key: &NoteKey| key.kind() != NoteKind::Cosignature && key.name() == checkpoint.origin();
        let mut found = Vec::with_capacity(self.witnesses.len());
        for witness in &self.witnesses {
            let signature = signed.iter().find(|signed| *signed.key == witness.key);
            found.push(
                signature
                    .and_then(|signed| signed.at)
                    .map(|at| Witnessed { witness, at }),
            );
        }
        let has: Vec<bool> = found.iter().map(Option::is_some).collect();
        Ok(Evaluation {
            log: signed.iter().map(|signed| signed.key).find(|key| is_of_log(key)),
            quorum: self.met(&has),
            witnesses: found.into_iter().flatten().collect(),
        })
    }

    /// True if the witnesses for which it says so are enough.
    fn met(&self, witnessed: &[bool]) -> bool {
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let has = |member: &Member, groups: &[bool]| match member {
            Member::Witness(place) => witnessed.get(*place).copied().unwrap_or(false),
            Member::Group(place) => groups.get(*place).copied().unwrap_or(false),
        };
        for group in &self.groups {
            let there = group.members.iter().filter(|member| has(member, &groups)).count();
            groups.push(there >= group.threshold);
        }
        match &self.quorum {
            Quorum::Nobody => true,
            Quorum::Of(member) => has(member, &groups),
        }
    }

    fn name(&self, member: Member) -> &[u8] {
        match member {
            Member::Witness(place) => self.witnesses.get(place).map_or(&[], |witness| &witness.name.0),
            Member::Group(place) => self.groups.get(place).map_or(&[], |group| &group.name.0),
        }
    }

    /// The bytes of the policy, which [`Self::parse`] reads as the same policy.
    #[must_use]
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = |items: &[&[u8]]| {
            out.extend_from_slice(&items.join(&b' '));
            out.push(b'\n');
        };
        for log in &self.logs {
            let key = log.key.to_string();
            let items = [&b"log"[..], key.as_bytes()];
            line(&items.into_iter().chain(log.url.as_deref()).collect::<Vec<_>>());
        }
        for witness in &self.witnesses {
            let key = witness.key.to_string();
            let items = [&b"witness"[..], &witness.name.0, key.as_bytes()];
            line(&items.into_iter().chain(witness.url.as_deref()).collect::<Vec<_>>());
        }
        for group in &self.groups {
            let threshold = group.threshold.to_string();
            let items = [&b"group"[..], &group.name.0, threshold.as_bytes()];
            let members = group.members.iter().map(|member| self.name(*member));
            line(&items.into_iter().chain(members).collect::<Vec<_>>());
        }
        let quorum = match self.quorum {
            Quorum::Nobody => b"none",
            Quorum::Of(member) => self.name(member),
        };
        line(&[b"quorum", quorum]);
        out
    }
}

#[cfg(test)]
mod tests;
