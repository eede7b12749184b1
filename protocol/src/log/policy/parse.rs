//! Reading a policy: line by line, each error with its line.

use super::{Group, Member, POLICY_BYTES_MAX, POLICY_ITEMS_MAX, Policy, PolicyLog, PolicyName, PolicyWitness, Quorum};
use crate::log::line;
use crate::signing::{NoteKey, NoteKeyError, NoteKind};

/// Why bytes are not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Too many bytes.
    #[error("a policy has at most {POLICY_BYTES_MAX} bytes, not {0}")]
    Size(usize),
    /// A line that is wrong.
    #[error("line {line} of the policy: {fault}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        fault: PolicyFault,
    },
    /// It says nothing of a quorum.
    #[error("the policy has no line `quorum <name>`; `quorum none` if no witness has to sign")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// A character that a policy may not have.
    #[error("control characters other than tab and newline are not allowed")]
    Characters,
    /// The last line has no newline.
    #[error("the line does not end with a newline")]
    Unfinished,
    /// An unknown first word.
    #[error("`{0}` begins no line of a policy: use log, witness, group, quorum or #")]
    Word(String),
    /// Too few or too many words.
    #[error("it should be `{0}`")]
    Words(&'static str),
    /// Not a verifier key.
    #[error("the key is {0}")]
    Key(#[from] NoteKeyError),
    /// A log with a witness's key, or the other way round.
    #[error("this is a key for {found}, and a {role} needs one for {needed}")]
    Role {
        /// `log` or `witness`.
        role: &'static str,
        /// What the key is for.
        found: &'static str,
        /// What it should be for.
        needed: &'static str,
    },
    /// The same public key twice.
    #[error("another {0} has the same public key")]
    SameKey(&'static str),
    /// A name that is there already.
    #[error("`{0}` is the name of another witness or group")]
    SameName(String),
    /// The name that is predefined, or one that a line cannot hold.
    #[error("`{0}` cannot be the name of a witness or group")]
    Name(String),
    /// A name that no line before defines.
    #[error("no witness or group named `{0}` is defined above")]
    Unknown(String),
    /// A member of two groups.
    #[error("`{0}` is a member of a group already, and may be one once only")]
    Twice(String),
    /// Not a threshold.
    #[error("the threshold should be any, all, or a number from 1 to {0} without leading zeros")]
    Threshold(usize),
    /// A second line for the quorum.
    #[error("the quorum is defined above already")]
    SecondQuorum,
    /// No line for the quorum.
    #[error("the quorum is missing")]
    NoQuorum,
    /// Too many of a kind.
    #[error("a policy has at most {POLICY_ITEMS_MAX} logs, witnesses and groups each")]
    Items,
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|c| !c.is_control())
        .take(60)
        .collect()
}

/// A policy, as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// Every name that is a member of a group.
    members: Vec<Member>,
    quorum: Option<Quorum>,
}

const fn purpose(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Note | NoteKind::NoteSm2 => "the notes of a log (type 0x01, or SM2 as 0xff)",
        NoteKind::Cosignature => "the cosignatures of a witness (type 0x04)",
    }
}

impl Reader {
    pub(super) fn log(&mut self, log: PolicyLog) -> Result<(), PolicyFault> {
        if log.key.kind() == NoteKind::Cosignature {
            return Err(PolicyFault::Role {
                role: "log",
                found: purpose(log.key.kind()),
                needed: purpose(NoteKind::Note),
            });
        }
        if self.logs.iter().any(|other| other.key.key() == log.key.key()) {
            return Err(PolicyFault::SameKey("log"));
        }
        room(&self.logs)?;
        self.logs.push(log);
        Ok(())
    }

    pub(super) fn witness(&mut self, name: &[u8], key: NoteKey, url: Option<Vec<u8>>) -> Result<(), PolicyFault> {
        if key.kind() != NoteKind::Cosignature {
            return Err(PolicyFault::Role {
                role: "witness",
                found: purpose(key.kind()),
                needed: purpose(NoteKind::Cosignature),
            });
        }
        if self.witnesses.iter().any(|other| other.key.key() == key.key()) {
            return Err(PolicyFault::SameKey("witness"));
        }
        let name = self.new_name(name)?;
        room(&self.witnesses)?;
        self.witnesses.push(PolicyWitness { name, key, url });
        Ok(())
    }

    pub(super) fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), PolicyFault> {
        let name = self.new_name(name)?;
        let mut members = Vec::with_capacity(names.len());
        for member_name in names {
            let member = self.member(member_name)?;
            if self.members.contains(&member) {
                return Err(PolicyFault::Twice(shown(member_name)));
            }
            self.members.push(member);
            members.push(member);
        }
        let threshold = match threshold {
            b"any" => Some(1),
            b"all" => Some(members.len()),
            number => std::str::from_utf8(number)
                .ok()
                .and_then(line::decimal)
                .and_then(|k| k.try_into().ok()),
        };
        let threshold = threshold.filter(|k| (1..=members.len()).contains(k));
        let threshold = threshold.ok_or(PolicyFault::Threshold(members.len()))?;
        room(&self.groups)?;
        self.groups.push(Group {
            name,
            threshold,
            members,
        });
        Ok(())
    }

    pub(super) fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyFault> {
        if self.quorum.is_some() {
            return Err(PolicyFault::SecondQuorum);
        }
        self.quorum = Some(match name {
            b"none" => Quorum::Nobody,
            name => Quorum::Of(self.member(name)?),
        });
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Policy, PolicyFault> {
        Ok(Policy {
            quorum: self.quorum.ok_or(PolicyFault::NoQuorum)?,
            logs: self.logs,
            witnesses: self.witnesses,
            groups: self.groups,
        })
    }

    fn find(&self, name: &[u8]) -> Option<Member> {
        let witness = self.witnesses.iter().position(|witness| witness.name.0 == name);
        let group = || self.groups.iter().position(|group| group.name.0 == name);
        witness.map(Member::Witness).or_else(|| group().map(Member::Group))
    }

    fn member(&self, name: &[u8]) -> Result<Member, PolicyFault> {
        self.find(name).ok_or_else(|| PolicyFault::Unknown(shown(name)))
    }

    fn new_name(&self, name: &[u8]) -> Result<PolicyName, PolicyFault> {
        if name.is_empty() || name == b"none" || name.iter().any(|b| *b <= b' ' || *b == 0x7f) {
            return Err(PolicyFault::Name(shown(name)));
        }
        if self.find(name).is_some() {
            return Err(PolicyFault::SameName(shown(name)));
        }
        Ok(PolicyName(name.to_vec()))
    }

    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        if line.iter().any(|b| (*b < b' ' && *b != b'\t') || *b == 0x7f) {
            return Err(PolicyFault::Characters);
        }
        let words: Vec<&[u8]> = line
            .split(|b| matches!(b, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .collect();
        match *words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.log(PolicyLog {
                key: vkey(key)?,
                url: None,
            }),
            [b"log", key, url] => self.log(PolicyLog {
                key: vkey(key)?,
                url: Some(url.to_vec()),
            }),
            [b"log", ..] => Err(PolicyFault::Words("log <vkey> [<url>]")),
            [b"witness", name, key] => self.witness(name, vkey(key)?, None),
            [b"witness", name, key, url] => self.witness(name, vkey(key)?, Some(url.to_vec())),
            [b"witness", ..] => Err(PolicyFault::Words("witness <name> <vkey> [<url>]")),
            [b"group", name, threshold, ref members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"group", ..] => Err(PolicyFault::Words("group <name> <any, all or number> <name>…")),
            [b"quorum", name] => self.quorum(name),
            [b"quorum", ..] => Err(PolicyFault::Words("quorum <name>")),
            [word, ..] => Err(PolicyFault::Word(shown(word))),
        }
    }
}

fn room<T>(items: &[T]) -> Result<(), PolicyFault> {
    if items.len() < POLICY_ITEMS_MAX {
        Ok(())
    } else {
        Err(PolicyFault::Items)
    }
}

fn vkey(word: &[u8]) -> Result<NoteKey, PolicyFault> {
    let text = std::str::from_utf8(word).map_err(|_| NoteKeyError::Shape)?;
    Ok(text.parse()?)
}

pub(super) fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
    if bytes.len() > POLICY_BYTES_MAX {
        return Err(PolicyError::Size(bytes.len()));
    }
    let mut reader = Reader::default();
    let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    let after = lines.pop().unwrap_or_default();
    for (line, number) in lines.iter().zip(1..) {
        reader
            .line(line)
            .map_err(|fault| PolicyError::Line { line: number, fault })?;
    }
    if !after.is_empty() {
        return Err(PolicyError::Line {
            line: lines.len() + 1,
            fault: PolicyFault::Unfinished,
        });
    }
    reader.finish().map_err(|_| PolicyError::NoQuorum)
}
