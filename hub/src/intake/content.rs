//! From a payload to the body of a command: each action is read once, strictly, into its type.

use serde::Deserialize;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::{MessageId, NodeId, TrustDomain};
use tanqiao_protocol::message::{Action, Content, Message};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::strict;
use tanqiao_protocol::time::Timestamp;

use crate::ledger::command::Body;

/// The header of a message that was read.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub trust_domain: TrustDomain,
    pub member: NodeId,
    pub protocol: u32,
    pub id: MessageId,
    pub issued_at: Timestamp,
    pub not_after: Timestamp,
}

/// A message that was read: its header, what is asked, and the pledgee's envelope in it, still to be verified.
#[derive(Debug)]
pub(super) struct Contents {
    pub header: Header,
    pub body: Body,
    pub consent: Option<Envelope>,
}

/// M01, M02: the message of an action.
pub(super) fn message<C: Content>(payload: &[u8]) -> Result<(Header, C), Problem> {
    let message: Message<C> =
        strict::from_slice(payload).map_err(|error| newer(payload).unwrap_or_else(|| Problem::from(&error)))?;
    let header = Header {
        trust_domain: message.trust_domain,
        member: message.member,
        protocol: message.protocol,
        id: message.id,
        issued_at: message.issued_at,
        not_after: message.not_after,
    };
    Ok((header, message.content))
}

/// M09: a message of another version may have another shape; its version is then the better answer.
fn newer(payload: &[u8]) -> Option<Problem> {
    #[derive(Deserialize)]
    struct Version {
        protocol: u32,
    }
    let found = serde_json::from_slice::<Version>(payload).ok()?.protocol;
    (found != tanqiao_protocol::PROTOCOL_VERSION).then(|| other_version(found))
}

/// M09.
pub(super) fn other_version(found: u32) -> Problem {
    Problem::of(CheckCode::M09)
        .path("protocol")
        .expected(tanqiao_protocol::PROTOCOL_VERSION)
        .found(found)
}

/// The id of a message that cannot be read otherwise, so that its refusal can name it.
pub(super) fn id_in(payload: &[u8]) -> Option<MessageId> {
    #[derive(Deserialize)]
    struct Id {
        id: MessageId,
    }
    serde_json::from_slice::<Id>(payload).ok().map(|found| found.id)
}

/// M02, M11: the message of any action but a batch.
pub(super) fn read(action: Action, payload: &[u8]) -> Result<Contents, Problem> {
    let plain = |(header, body)| Contents {
        header,
        body,
        consent: None,
    };
    macro_rules! of {
        ($variant:ident) => {
            message(payload).map(|(header, content)| plain((header, Body::$variant(content))))
        };
        (boxed $variant:ident) => {
            message(payload).map(|(header, content)| plain((header, Body::$variant(Box::new(content)))))
        };
    }
    match action {
        Action::Issuance => of!(boxed Issuance),
        Action::Methodology => of!(boxed Methodology),
        Action::Listing => of!(boxed Listing),
        Action::TransferProposal => of!(boxed TransferProposal),
        Action::TransferAcceptance => of!(boxed TransferAcceptance),
        Action::TransferDecline => of!(TransferDecline),
        Action::TransferWithdrawal => of!(TransferWithdrawal),
        Action::Retirement => of!(boxed Retirement),
        Action::Cancellation => of!(Cancellation),
        Action::Pledge => of!(boxed Pledge),
        Action::Donation => of!(boxed Donation),
        Action::DonationWithdrawal => of!(DonationWithdrawal),
        Action::ConflictEvidence => of!(boxed ConflictEvidence),
        Action::Key => of!(Key),
        Action::Sheet => of!(boxed Sheet),
        Action::MappingProposal => of!(boxed MappingProposal),
        Action::MappingEndorsement => of!(MappingEndorsement),
        Action::MappingObjection => of!(MappingObjection),
        Action::MappingSuspension => of!(MappingSuspension),
        Action::MappingLifting => of!(MappingLifting),
        Action::MappingComment => of!(MappingComment),
        Action::ChallengeAnswer => of!(boxed ChallengeAnswer),
        Action::Reconciliation => of!(Reconciliation),
        Action::ReconciliationResult => of!(boxed ReconciliationResult),
        Action::Asset => of!(boxed Asset),
        Action::WitnessKey => of!(boxed WitnessKey),
        Action::LogFork => of!(boxed LogFork),
        Action::PledgeRelease => {
            message(payload).map(|(header, content): (_, tanqiao_protocol::message::PledgeRelease)| {
                let consent = Some(content.consent.clone());
                Contents {
                    header,
                    body: Body::PledgeRelease(Box::new(content), None),
                    consent,
                }
            })
        }
        Action::PledgeForeclosure => {
            message(payload).map(|(header, content): (_, tanqiao_protocol::message::PledgeForeclosure)| {
                let consent = Some(content.consent.clone());
                Contents {
                    header,
                    body: Body::PledgeForeclosure(Box::new(content), None),
                    consent,
                }
            })
        }
        Action::TokenEpoch => of!(boxed TokenEpoch),
        Action::Batch => Err(elsewhere(
            "A batch does not contain batches: send its items in one batch.",
        )),
        Action::PledgeConsent => Err(elsewhere(
            "A pledgee's consent is not sent alone: put its envelope into the release or foreclosure.",
        )),
    }
}

/// M11: signed for something that is not done here.
pub(super) fn elsewhere(detail: &str) -> Problem {
    Problem::of(CheckCode::M11).path("payloadType").detail(detail)
}
