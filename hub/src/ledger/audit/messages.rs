//! The stored outcomes and the envelopes that they answer. Most of an answer stands nowhere else: each row has a digest over all of it.

use std::collections::BTreeSet;

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::Action;

use super::Section;
use crate::store::audit::{Names, envelopes, messages};
use crate::store::convert::message_id;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{EnvelopeRow, MessageRow};

/// Looks at every envelope and every outcome.
pub(super) fn check(connection: &mut ReadConnection<'_>, names: &Names) -> Result<Section, StoreError> {
    let mut section = Section::default();
    let mut known = Known::default();
    envelopes(connection, |row| {
        known.envelope(&row, &mut section);
        Ok(())
    })?;
    messages(connection, |row| {
        known.message(&row, names, &mut section);
        Ok(())
    })?;
    known.end(&mut section);
    Ok(section)
}

#[derive(Default)]
struct Known {
    envelopes: BTreeSet<Vec<u8>>,
    /// Those whose payload was emptied.
    emptied: BTreeSet<Vec<u8>>,
    answered: BTreeSet<Vec<u8>>,
    /// Rows that are older than digests.
    without_digest: u64,
}

impl Known {
    fn digest(&mut self, kept: Option<&[u8]>, computed: Sha256, subject: &str, section: &mut Section) {
        match kept {
            Some(kept) if kept == computed.0 => {}
            Some(_) => section.add(subject, "was altered: its digest is another"),
            None => self.without_digest += 1,
        }
    }

    fn envelope(&mut self, row: &EnvelopeRow, section: &mut Section) {
        section.checked += 1;
        let subject = format!("envelope {}", hex::encode(&row.sha256));
        self.digest(row.digest.as_deref(), row.computed_digest(), &subject, section);
        if row.payload.is_empty() {
            self.emptied.insert(row.sha256.clone());
        } else if Sha256::of(&row.payload).0 != *row.sha256 {
            section.add(&subject, "its payload has another hash");
        }
        self.envelopes.insert(row.sha256.clone());
    }

    fn message(&mut self, row: &MessageRow, names: &Names, section: &mut Section) {
        section.checked += 1;
        let member = names.members.get(&row.member_no);
        let member = member.map_or_else(|| format!("number {}", row.member_no), ToString::to_string);
        let subject = match message_id(&row.id) {
            Ok(id) => format!("message {id} of {member}"),
            Err(_) => format!("message {} of {member}", hex::encode(&row.id)),
        };
        self.digest(row.digest.as_deref(), row.computed_digest(), &subject, section);
        let Some(envelope) = &row.envelope_sha256 else { return };
        if !self.envelopes.contains(envelope) {
            section.add(&subject, format!("its envelope {} is not there", hex::encode(envelope)));
        } else if row.item.is_none() && *envelope != row.payload_sha256 {
            section.add(&subject, "came alone, and its payload is not that of its envelope");
        }
        // Only what was sealed for a challenge is emptied.
        if self.emptied.contains(envelope) && row.action != Action::ChallengeAnswer.code() && row.item.is_none() {
            section.add(
                &subject,
                format!("the payload of its envelope {} is gone", hex::encode(envelope)),
            );
        }
        self.answered.insert(envelope.clone());
    }

    fn end(self, section: &mut Section) {
        for envelope in self.envelopes.difference(&self.answered) {
            section.add(
                format!("envelope {}", hex::encode(envelope)),
                "answers nothing: its message is not there",
            );
        }
        if self.without_digest > 0 {
            section.note = Some(format!(
                "{} rows are older than digests: an altered byte in their answers would not be seen",
                self.without_digest
            ));
        }
    }
}
