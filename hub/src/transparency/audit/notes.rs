//! Heads, cosignatures, the checkpoint and the policy: each is what it says, by the keys that it names.

use std::collections::BTreeSet;
use std::io;

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::signing::NoteKey;

use super::{Published, Stated, Stored};
use crate::ledger::audit::Section;
use crate::store::checkpoints::SignedHead;
use crate::store::cosignatures::Cosignature;

/// The heads that are stated somewhere, to be compared with the leaves.
pub(super) struct Notes {
    stated: Vec<Stated>,
    published: u64,
}

impl Notes {
    /// Reads everything that states a head, and checks what can be without the leaves.
    pub(super) fn of(
        stored: &Stored,
        published: &Published<'_>,
        checkpoint: Option<io::Result<Option<Vec<u8>>>>,
        report: &mut Section,
    ) -> Self {
        let mut notes = Self {
            stated: Vec::new(),
            published: 0,
        };
        let keys = stored.log.rules.ever(published.key);
        let origin = published.key.name();
        for (head, _) in &stored.heads {
            notes.head(head, origin, &keys, report);
        }
        for cosigned in &stored.cosignatures {
            let name = format!("{}/witness/{}", published.trust_domain, cosigned.member);
            notes.cosignature(cosigned, (origin, &name), &keys, report);
        }
        if let Some((name, text)) = &published.mark {
            notes.state(name, text, origin, report);
        }
        if let Some(checkpoint) = checkpoint {
            notes.files(stored, (published, checkpoint), keys, report);
        }
        notes
    }

    pub(super) const fn published_size(&self) -> u64 {
        self.published
    }

    pub(super) fn sizes(&self) -> BTreeSet<u64> {
        self.stated.iter().map(|stated| stated.size).collect()
    }

    /// Every head that is stated is that of the leaves.
    pub(super) fn compare(&self, root: impl Fn(u64) -> Option<Sha256>, size: u64, report: &mut Section) {
        for stated in &self.stated {
            match root(stated.size) {
                Some(root) if root == stated.root => {}
                Some(_) => report.add(&stated.subject, "has another root than the leaves"),
                None => report.add(
                    &stated.subject,
                    format!("is over {} leaves, and {size} can be read", stated.size),
                ),
            }
        }
    }

    fn state(&mut self, subject: &str, text: &str, origin: &str, report: &mut Section) -> Option<Checkpoint> {
        match text.parse::<Checkpoint>() {
            Ok(checkpoint) if checkpoint.origin() == origin && checkpoint.to_string() == text => {
                self.stated.push(Stated {
                    subject: subject.to_owned(),
                    size: checkpoint.size(),
                    root: *checkpoint.root(),
                });
                Some(checkpoint)
            }
            Ok(checkpoint) => {
                report.add(
                    subject,
                    format!("is of `{}`, and the log is `{origin}`", checkpoint.origin()),
                );
                None
            }
            Err(error) => {
                report.add(subject, error);
                None
            }
        }
    }

    fn head(&mut self, head: &SignedHead, origin: &str, keys: &[NoteKey], report: &mut Section) {
        report.checked += 1;
        let subject = format!("log_checkpoint of size {}", head.size);
        self.stated.push(Stated {
            subject: subject.clone(),
            size: head.size,
            root: head.root,
        });
        let Some(note) = &head.note else { return };
        let Some(note) = signed(note, keys, &subject, report) else {
            return;
        };
        if let Some(checkpoint) = self.state(&subject, note.text(), origin, report)
            && (checkpoint.size(), *checkpoint.root()) != (head.size, head.root)
        {
            report.add(&subject, "its note states another head");
        }
    }

    fn cosignature(
        &mut self,
        cosigned: &Cosignature,
        (origin, name): (&str, &str),
        keys: &[NoteKey],
        report: &mut Section,
    ) {
        report.checked += 1;
        let subject = format!("log_cosignature of {} over size {}", cosigned.member, cosigned.size);
        if cosigned.key.name() != name {
            report.add(&subject, format!("its key is of `{}`", cosigned.key.name()));
        }
        let known: Vec<NoteKey> = keys.iter().chain([&cosigned.key]).cloned().collect();
        let Some(note) = signed(&cosigned.note, &known, &subject, report) else {
            return;
        };
        let by_witness = note.verify([&cosigned.key]).ok();
        let at = by_witness.and_then(|signed| signed.first().and_then(|signed| signed.at));
        if at != Some(cosigned.at) {
            report.add(&subject, "its time is not the one that the witness signed");
        }
        if let Some(checkpoint) = self.state(&subject, note.text(), origin, report)
            && checkpoint.size() != cosigned.size
        {
            report.add(&subject, format!("its note is over {} leaves", checkpoint.size()));
        }
    }

    /// The checkpoint and the policy in the directory.
    fn files(
        &mut self,
        stored: &Stored,
        (published, checkpoint): (&Published<'_>, io::Result<Option<Vec<u8>>>),
        mut keys: Vec<NoteKey>,
        report: &mut Section,
    ) {
        keys.extend(stored.cosignatures.iter().map(|cosigned| cosigned.key.clone()));
        keys.extend(stored.log.admitted().map(|(_, key)| key.clone()));
        let subject = "checkpoint";
        report.checked += 2;
        match checkpoint {
            Ok(Some(bytes)) => {
                let note = signed(&String::from_utf8_lossy(&bytes), &keys, subject, report);
                let stated = note.and_then(|note| self.state(subject, note.text(), published.key.name(), report));
                self.published = stated.map_or(0, |checkpoint| checkpoint.size());
            }
            Ok(None) if stored.heads.iter().any(|(_, published)| *published) => report.add(subject, "is missing"),
            Ok(None) => {}
            Err(error) => report.add(subject, error),
        }
        match (published.files.policy(), stored.log.policy(published.key)) {
            (Ok(Some(bytes)), Ok(policy)) if bytes != policy.print() => {
                report.add("policy", "is not what governance says");
            }
            (Err(error), _) => report.add("policy", error),
            (_, Err(error)) => report.add("policy", error),
            _ => {}
        }
    }
}

/// The note, if every line of it is of a known key and good.
fn signed(text: &str, keys: &[NoteKey], subject: &str, report: &mut Section) -> Option<Note> {
    let note = match Note::parse(text.as_bytes()) {
        Ok(note) => note,
        Err(error) => {
            report.add(subject, error);
            return None;
        }
    };
    match note.verify(keys) {
        Ok(signed) if signed.len() == note.signatures().len() => Some(note),
        Ok(_) => {
            report.add(subject, "has a signature line of an unknown key, or one key twice");
            Some(note)
        }
        Err(error) => {
            report.add(subject, error);
            None
        }
    }
}
