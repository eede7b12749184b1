//! A pledgee's own signed word inside a release or foreclosure.

use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::message::{Action, PledgeConsent};

use super::content::message;
use super::envelope::active_signer;
use super::{Reception, header};
use crate::ledger::command::Consent;

/// The consent, if it is a good one: of this federation, in its time, signed by an active key of the member that it names.
/// Otherwise none, and the ledger refuses the command by B11 `pledgee-consent`.
pub(super) fn verify(reception: &Reception, envelope: &Envelope) -> Option<Consent> {
    if Action::of_payload_type(envelope.payload_type()) != Some(Action::PledgeConsent) {
        return None;
    }
    let (head, content) = message::<PledgeConsent>(envelope.payload()).ok()?;
    header::check(&head, &reception.trust_domain, reception.now).ok()?;
    if reception.now > head.not_after {
        return None;
    }
    let key = active_signer(&reception.governance, &head.member, envelope).ok()?;
    Some(Consent {
        by: head.member,
        key,
        content,
    })
}
