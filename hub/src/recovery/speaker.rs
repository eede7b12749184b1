//! From what was found in files to commands, as if they came to the hub's door at the time of their batch.

use std::sync::Arc;

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::{Evidence, Offer};

use super::file::{MemberFile, Said};
use super::timeline::Source;
use super::{RecoveryError, Sources};
use crate::intake::{Item, Place, Reception};
use crate::ledger::command::Command;
use crate::ledger::objects::Governance;
use crate::serve::sweep_command;

/// Says again what was said.
#[derive(Debug)]
pub(super) struct Speaker<'a> {
    pub sources: &'a Sources,
    pub files: &'a [MemberFile],
    /// Members and keys as of the batch before.
    pub governance: &'a Arc<Governance>,
}

impl Speaker<'_> {
    /// The command of a source, its name in words, and its answer where it was received.
    pub(super) fn command(
        &self,
        at: Timestamp,
        source: &Source,
    ) -> Result<(Command, String, Option<tanqiao_protocol::view::Outcome>), RecoveryError> {
        match source {
            Source::Decision(decided) => {
                let officers: Vec<&str> = decided
                    .officers
                    .iter()
                    .map(tanqiao_protocol::id::Name::as_str)
                    .collect();
                let name = format!("a decision of {}", officers.join(" and "));
                Ok((decided.command(), name, None))
            }
            Source::Sweep => Ok((sweep_command(), "a sweep".to_owned(), None)),
            Source::Message(member, id) => {
                let name = format!("message {id} of {member}");
                let file = self.files.iter().find(|file| file.member == *member);
                let found = file.and_then(|file| Some((file, file.messages.get(id)?)));
                let (file, said) = found.ok_or_else(|| RecoveryError::Text(format!("{name} is in no file")))?;
                let command = self.open(at, file, *id, said)?;
                Ok((command, name, said.outcome.clone()))
            }
        }
    }

    /// Reads a message as at the hub's door, in the envelope that the offer to the target names.
    fn open(&self, at: Timestamp, file: &MemberFile, id: MessageId, said: &Said) -> Result<Command, RecoveryError> {
        let refuse = |what: String| RecoveryError::File {
            path: file.path.clone(),
            what: format!("message {id}: {what}"),
        };
        let holding = || file.batches.iter().filter(|sent| sent.ids.contains(&id));
        let envelope = match self.evidence(id) {
            Some(Evidence::Signatures(_)) => Some(&said.envelope),
            Some(Evidence::Batch { envelope, .. }) => holding()
                .map(|sent| &sent.envelope)
                .find(|sent| sent.payload_sha256() == envelope),
            None => Some(holding().map(|sent| &sent.envelope).next().unwrap_or(&said.envelope)),
        };
        let envelope = envelope.ok_or_else(|| refuse("the batch that it was sent in is not in the file".to_owned()))?;
        let reception = Reception {
            trust_domain: self.sources.trust_domain.clone(),
            governance: Arc::clone(self.governance),
            caller: file.member.clone(),
            now: at,
            place: Place::any(),
        };
        let bytes = envelope.to_json().map_err(|error| refuse(error.to_string()))?;
        let received = reception
            .receive(&bytes)
            .map_err(|problem| refuse(problem.to_string()))?;
        let mut refused = None;
        for item in received.items {
            match item {
                Item::Command(command) if command.id == id => return Ok(*command),
                Item::Refused { id: of, problem } if of == Some(id) => refused = Some(problem.to_string()),
                _ => {}
            }
        }
        Err(refuse(
            refused.unwrap_or_else(|| "it is not in its own envelope".to_owned()),
        ))
    }

    /// Where the offer to the target says that the signature over a proposal is.
    fn evidence(&self, id: MessageId) -> Option<Evidence> {
        let subject = format!("transfer/{id}");
        let held = self.files.iter().flat_map(|file| &file.entries);
        let mut offers = held.filter(|held| held.entry.r#type == "transfer.offered" && held.entry.subject == subject);
        offers
            .find_map(|held| serde_json::from_value::<Offer>(held.entry.body.clone()).ok())
            .map(|offer| offer.evidence)
    }
}
