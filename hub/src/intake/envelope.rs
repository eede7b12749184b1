//! Opening envelopes: the message checks, the signature, and the items of a batch.

use std::num::NonZero;
use std::sync::Arc;

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::message::{Action, Batch};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::signing::{KeyId, VerifyingKey};
use tanqiao_protocol::view::KeyStatus;

use super::content::{self, Contents, elsewhere};
use super::{Item, Place, Reception, consent, header};
use crate::ledger::command::{Body, Command, Origin, ReceivedEnvelope, Signed};
use crate::ledger::objects::Governance;

/// Below this many envelopes one thread is enough.
const PARALLEL_FROM: usize = 32;

/// What was in one envelope.
pub(super) struct Opened {
    pub items: Vec<Item>,
    /// True if it was a batch.
    pub batch: bool,
}

/// Opens every envelope, in order; many on all processors.
pub(super) fn open_all(reception: &Reception, envelopes: &[&[u8]]) -> Vec<Opened> {
    let open = |bytes: &&[u8]| open(reception, bytes);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    if envelopes.len() < PARALLEL_FROM || threads == 1 {
        return envelopes.iter().map(open).collect();
    }
    let share = envelopes.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let workers: Vec<_> = envelopes
            .chunks(share)
            .map(|chunk| {
                (
                    chunk.len(),
                    scope.spawn(move || chunk.iter().map(open).collect::<Vec<_>>()),
                )
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|(count, worker)| {
                worker.join().unwrap_or_else(|_| {
                    // A fault of the program in one envelope's thread must not be taken for an answer to the others.
                    (0..count)
                        .map(|_| refused(None, Problem::api(ApiProblem::Internal)))
                        .collect()
                })
            })
            .collect()
    })
}

fn refused(id: Option<MessageId>, problem: Problem) -> Opened {
    Opened {
        items: vec![Item::Refused {
            id,
            problem: Box::new(problem),
        }],
        batch: false,
    }
}

fn open(reception: &Reception, bytes: &[u8]) -> Opened {
    let envelope = match Envelope::decode(bytes) {
        Ok(envelope) => envelope,
        Err(refusal) => return refused(None, Problem::from(&refusal)),
    };
    let action = match action_of(envelope.payload_type()) {
        Ok(action) => action,
        Err(problem) => return refused(content::id_in(envelope.payload()), problem),
    };
    let opened = if action == Action::Batch {
        batch(reception, &envelope).map(|items| Opened { items, batch: true })
    } else {
        single(reception, action, &envelope).map(|item| Opened {
            items: vec![item],
            batch: false,
        })
    };
    opened.unwrap_or_else(|problem| refused(content::id_in(envelope.payload()), problem))
}

/// M11: a payload type of ours.
fn action_of(payload_type: &str) -> Result<Action, Problem> {
    Action::of_payload_type(payload_type).ok_or_else(|| {
        elsewhere("The payload type is none of this protocol.")
            .expected("application/vnd.tanqiao.<action>.v1+json")
            .found(payload_type.chars().take(100).collect::<String>())
    })
}

/// M11: what the address takes.
fn check_place(place: &Place, action: Action) -> Result<(), Problem> {
    match place.action {
        Some(expected) if expected != action => Err(elsewhere(
            "This address takes another action than the one that was signed.",
        )
        .expected(expected.payload_type())
        .found(action.payload_type())),
        _ => Ok(()),
    }
}

fn single(reception: &Reception, action: Action, envelope: &Envelope) -> Result<Item, Problem> {
    check_place(&reception.place, action)?;
    header::check_part(reception, action)?;
    let contents = content::read(action, envelope.payload())?;
    header::check_speaker(reception, &contents.header)?;
    let key = active_signer(&reception.governance, &reception.caller, envelope)?;
    let received = Arc::new(received(envelope)?);
    let payload = text(envelope.payload())?.into();
    finish(
        reception,
        contents,
        Source {
            key,
            payload,
            received,
            item: None,
        },
    )
}

/// A batch: the signature once, then each item by itself.
fn batch(reception: &Reception, envelope: &Envelope) -> Result<Vec<Item>, Problem> {
    let (head, batch) = content::message::<Batch>(envelope.payload())?;
    header::check_speaker(reception, &head)?;
    let key = active_signer(&reception.governance, &reception.caller, envelope)?;
    header::check(&head, &reception.trust_domain, reception.now)?;
    if batch.items.is_empty() {
        return Err(Problem::of(CheckCode::M02)
            .path("content.items")
            .detail("A batch has at least one item."));
    }
    super::Request {
        envelopes: Vec::new(),
        single: false,
    }
    .check_count(batch.items.len())?;
    let received = Arc::new(received(envelope)?);
    let open = |(position, item): (usize, tanqiao_protocol::message::BatchItem)| {
        let opened = action_of(&item.payload_type).and_then(|action| {
            check_place(&reception.place, action)?;
            header::check_part(reception, action)?;
            if action == Action::ChallengeAnswer {
                // Its envelope is emptied some time after the challenge has ended: it must hold nothing else.
                return Err(elsewhere("The answer to a challenge is sent alone, not in a batch."));
            }
            let contents = content::read(action, item.payload.as_bytes())?;
            header::check_speaker(reception, &contents.header)?;
            let item_no = u32::try_from(position).ok();
            finish(
                reception,
                contents,
                Source {
                    key,
                    payload: item.payload.as_str().into(),
                    received: Arc::clone(&received),
                    item: item_no,
                },
            )
        });
        opened.unwrap_or_else(|problem| Item::Refused {
            id: content::id_in(item.payload.as_bytes()),
            problem: Box::new(problem),
        })
    };
    Ok(batch.items.into_iter().enumerate().map(open).collect())
}

/// Where a message came from.
struct Source {
    key: KeyId,
    payload: Arc<str>,
    received: Arc<ReceivedEnvelope>,
    item: Option<u32>,
}

/// The last message checks, and the command.
fn finish(reception: &Reception, contents: Contents, source: Source) -> Result<Item, Problem> {
    let Contents {
        header: head,
        mut body,
        consent: envelope,
    } = contents;
    header::check(&head, &reception.trust_domain, reception.now)?;
    if let Some((member, expected, found)) = reception.place.mismatch(&body) {
        let detail = "The path and the signed content name different objects: send it to the address of the object that it names.";
        return Err(Problem::of(CheckCode::M02)
            .path(member)
            .detail(detail)
            .expected(expected)
            .found(found));
    }
    if let Body::PledgeRelease(_, consent) | Body::PledgeForeclosure(_, consent) = &mut body {
        *consent = envelope
            .as_ref()
            .and_then(|envelope| consent::verify(reception, envelope));
    }
    let payload_sha256 = Sha256::of(source.payload.as_bytes());
    let signed = Signed {
        member: head.member,
        key: source.key,
        issued_at: head.issued_at,
        not_after: head.not_after,
        payload: source.payload,
        envelope: source.received,
        item: source.item,
    };
    Ok(Item::Command(Box::new(Command {
        origin: Origin::Member(Box::new(signed)),
        id: head.id,
        payload_sha256,
        body,
    })))
}

/// M04 to M06: the active key of `member` that signed an envelope.
pub(super) fn active_signer(governance: &Governance, member: &NodeId, envelope: &Envelope) -> Result<KeyId, Problem> {
    let keys = |active: bool| -> Vec<VerifyingKey> {
        let of_member = governance.keys.values().filter(|key| key.member == *member);
        of_member
            .filter(|key| (key.status == KeyStatus::Active) == active)
            .map(|key| key.key.clone())
            .collect()
    };
    let refusal = match envelope.verify(&keys(true)) {
        Ok(key) => return Ok(key),
        Err(refusal) => refusal,
    };
    match envelope.verify(&keys(false)) {
        Ok(key) => Err(Problem::of(CheckCode::M06)
            .path("signatures")
            .detail("The envelope is signed by a key of this member that is not active: sign with an active key.")
            .found(key)),
        // A signature that names a key of the member and does not fit is M04, whichever of its keys it names.
        Err(other) if other.check() == CheckCode::M04 => Err(Problem::from(&other)),
        Err(_) => Err(Problem::from(&refusal)),
    }
}

fn received(envelope: &Envelope) -> Result<ReceivedEnvelope, Problem> {
    Ok(ReceivedEnvelope {
        sha256: envelope.payload_sha256(),
        payload_type: envelope.payload_type().to_owned(),
        payload: envelope.payload().to_vec(),
        signatures: serde_json::to_string(envelope.signatures()).map_err(|_| Problem::api(ApiProblem::Internal))?,
    })
}

fn text(payload: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(payload).map_err(|_| {
        Problem::of(CheckCode::M01)
            .path("payload")
            .detail("The payload is not UTF-8.")
    })
}
