//! From what was found in files to commands, as if they came to the hub's door at the time of their batch.

use std::borrow::Cow;
use std::sync::Arc;

use tanqiao_protocol::envelope::Envelope;
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

    /// Reads a message as at the hub's door, in the first of its envelopes that a key of its time has signed: a message may
    /// have been sent again under a rotated key.
    fn open(&self, at: Timestamp, file: &MemberFile, id: MessageId, said: &Said) -> Result<Command, RecoveryError> {
        let reception = Reception {
            trust_domain: self.sources.trust_domain.clone(),
            governance: Arc::clone(self.governance),
            caller: file.member.clone(),
            now: at,
            place: Place::any(),
        };
        let mut wrong = None;
        for envelope in self.envelopes(file, id, said) {
            match read(&reception, &envelope, id) {
                Ok(command) => return Ok(command),
                Err(what) => wrong = wrong.or(Some(what)),
            }
        }
        let what = wrong.unwrap_or_else(|| "the batch that it was sent in is not in the file".to_owned());
        Err(RecoveryError::File {
            path: file.path.clone(),
            what: format!("message {id}: {what}"),
        })
    }

    /// The envelopes in which a message was sent: the one that the offer to the target names, where there is one.
    fn envelopes<'f>(&self, file: &'f MemberFile, id: MessageId, said: &'f Said) -> Vec<Cow<'f, Envelope>> {
        let holding = file.batches.iter().filter(|sent| sent.ids.contains(&id));
        let holding = holding.map(|sent| Cow::Borrowed(&sent.envelope));
        match self.evidence(id) {
            Some(Evidence::Signatures(signatures)) => {
                let payload = said.envelope.payload().to_vec();
                let named = Envelope::from_parts(said.envelope.payload_type(), payload, signatures);
                named.map(Cow::Owned).into_iter().collect()
            }
            Some(Evidence::Batch { envelope, .. }) => {
                holding.filter(|sent| sent.payload_sha256() == envelope).collect()
            }
            None => holding.chain([Cow::Borrowed(&said.envelope)]).collect(),
        }
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

fn read(reception: &Reception, envelope: &Envelope, id: MessageId) -> Result<Command, String> {
    let bytes = envelope.to_json().map_err(|error| error.to_string())?;
    let received = reception.receive(&bytes).map_err(|problem| problem.to_string())?;
    let mut refused = None;
    for item in received.items {
        match item {
            Item::Command(command) if command.id == id => return Ok(*command),
            Item::Refused { id: of, problem } if of == Some(id) => refused = Some(problem.to_string()),
            _ => {}
        }
    }
    Err(refused.unwrap_or_else(|| "it is not in its own envelope".to_owned()))
}
