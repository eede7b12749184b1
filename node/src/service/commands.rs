//! What the node asks of the hub: each is an outbox message, its dealing and the local reservation in one transaction.

use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{
    Cancellation, Content, Donation, DonationWithdrawal, KeyProposal, Listing, Methodology, Pledge, PledgeConsent,
    PledgeDecision, PledgeForeclosure, PledgeRelease, Retirement, TransferProposal, TransferWithdrawal,
};
use tanqiao_protocol::signing::VerifyingKey;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use super::opening::{Opening, issue_in, open_in};
use super::{
    CancelRequest, DonationRequest, IssueRequest, Kind, Node, PledgeRequest, RetireRequest, Staffed, TransferRequest,
};
use crate::error::NodeError;
use crate::exchange::{Outgoing, enqueue};
use crate::ledger::{Direction, check_claimant, check_name, check_text};
use crate::store::Tx;

/// How long an offer stands when nobody says otherwise.
const VALIDITY_US: i64 = 7 * DAY_US;
/// The longest reason or statement, in characters.
const TEXT_MAX: usize = 500;
/// The longest name, in characters.
const NAME_MAX: usize = 200;

/// Refuses personal data in what the header says for people.
fn check_issuance(request: &IssueRequest) -> Result<(), NodeError> {
    check_name("the local reference", request.issuance.local_reference.as_str())?;
    match &request.issuance.verification {
        Some(verification) => check_text("the verification body", &verification.body, NAME_MAX),
        None => Ok(()),
    }
}

impl Node {
    /// Registers an issuance; the serials go to the accounts of the request, in its order.
    ///
    /// # Errors
    /// [`NodeError::Refused`]: `shares` if they do not sum up to the issuance, `account-unknown`, `id-reused`.
    pub async fn issue(&self, request: IssueRequest) -> Result<MessageId, NodeError> {
        self.issue_with(request, |_, _| Ok(())).await
    }

    /// As [`Node::issue`], and runs `also` in the same transaction: to mark activities as issued.
    ///
    /// # Errors
    /// As [`Node::issue`], or what `also` returns.
    pub async fn issue_with<F>(&self, request: IssueRequest, also: F) -> Result<MessageId, NodeError>
    where
        F: Fn(&mut dyn Tx, MessageId) -> Result<(), NodeError> + Send + 'static,
    {
        let message = self.outgoing(request.by.clone());
        let signer = self.signer().clone();
        let id = message.id;
        check_issuance(&request)?;
        self.write(move |tx| {
            issue_in(tx, &signer, &message, &request)?;
            also(tx, id)?;
            Ok(id)
        })
        .await
    }

    /// Notes an issuance whose header is signed when its tokens are derived, and runs `also` in the same transaction.
    ///
    /// # Errors
    /// As [`Node::issue`], or what `also` returns.
    pub(crate) async fn open_issuance<F>(&self, request: IssueRequest, also: F) -> Result<MessageId, NodeError>
    where
        F: Fn(&mut dyn Tx, MessageId) -> Result<(), NodeError> + Send + 'static,
    {
        let message = self.outgoing(request.by.clone());
        let id = message.id;
        check_issuance(&request)?;
        self.write(move |tx| {
            open_in(tx, &message, &request)?;
            also(tx, id)?;
            Ok(id)
        })
        .await
    }

    /// Offers blocks to another member.
    ///
    /// # Errors
    /// [`NodeError::Refused`] as [`ledger::reserve`] says, or `id-reused`.
    pub async fn transfer_out(&self, request: TransferRequest) -> Result<MessageId, NodeError> {
        let valid_until = self.valid_until(request.valid_until);
        let TransferRequest {
            by,
            account,
            what,
            target,
            r#use,
            quote,
            price,
            ..
        } = request;
        if target == *self.member() {
            return Err(NodeError::refused(
                "same-member",
                "inside one member, move between accounts instead",
            ));
        }
        let opening = Opening {
            message: self.outgoing(by),
            kind: Kind::Transfer,
            account,
            what,
            purpose: None,
            partner: Some(target.to_string()),
            valid_until: Some(valid_until),
        };
        self.open_dealing(opening, move |blocks| TransferProposal {
            target: target.clone(),
            blocks,
            r#use,
            quote,
            valid_until,
            price: price.clone(),
        })
        .await
    }

    /// Gives blocks to an event.
    ///
    /// # Errors
    /// As [`Node::transfer_out`]; `personal-data` for a donor's name that reads as a person's number.
    pub async fn donate(&self, request: DonationRequest) -> Result<MessageId, NodeError> {
        let valid_until = self.valid_until(request.valid_until);
        let DonationRequest {
            by,
            account,
            what,
            event,
            quote,
            donor,
            linked,
            ..
        } = request;
        if let Some(donor) = &donor {
            check_text("the donor's name", donor, NAME_MAX)?;
        }
        if let Some(linked) = &linked {
            check_claimant(&linked.claimant, linked.claimant_kind, linked.r#use)?;
        }
        let opening = Opening {
            message: self.outgoing(by),
            kind: Kind::Donation,
            account,
            what,
            purpose: None,
            partner: Some(event.to_string()),
            valid_until: Some(valid_until),
        };
        self.open_dealing(opening, move |blocks| Donation {
            event: event.clone(),
            blocks,
            quote,
            valid_until,
            donor: donor.clone(),
            linked: linked.clone(),
        })
        .await
    }

    /// Uses blocks for one claim. Only blocks that may be used for it are taken.
    ///
    /// # Errors
    /// As [`Node::transfer_out`]; `personal-data` for a claim that holds a person's number.
    pub async fn retire(&self, request: RetireRequest) -> Result<MessageId, NodeError> {
        let RetireRequest {
            by,
            account,
            what,
            claim,
        } = request;
        check_claimant(&claim.claimant, claim.claimant_kind, claim.r#use)?;
        if let Some(linked) = &claim.linked {
            check_claimant(&linked.claimant, linked.claimant_kind, linked.r#use)?;
        }
        check_text(
            "the statement",
            claim.statement.as_deref().unwrap_or_default(),
            TEXT_MAX,
        )?;
        let opening = Opening {
            message: self.outgoing(by),
            kind: Kind::Retirement,
            account,
            what,
            purpose: Some(claim.r#use),
            partner: None,
            valid_until: None,
        };
        self.open_dealing(opening, move |blocks| Retirement {
            blocks,
            claim: claim.clone(),
        })
        .await
    }

    /// Takes blocks out for good with no claim.
    ///
    /// # Errors
    /// As [`Node::retire`].
    pub async fn cancel(&self, request: CancelRequest) -> Result<MessageId, NodeError> {
        let CancelRequest {
            by,
            account,
            what,
            reason,
        } = request;
        check_text("the reason", &reason, TEXT_MAX)?;
        let opening = Opening {
            message: self.outgoing(by),
            kind: Kind::Cancellation,
            account,
            what,
            purpose: None,
            partner: None,
            valid_until: None,
        };
        self.open_dealing(opening, move |blocks| Cancellation {
            blocks,
            reason: reason.clone(),
            covers: None,
        })
        .await
    }

    /// Gives blocks as collateral.
    ///
    /// # Errors
    /// As [`Node::transfer_out`].
    pub async fn pledge(&self, request: PledgeRequest) -> Result<MessageId, NodeError> {
        let PledgeRequest {
            by,
            account,
            what,
            pledgee,
            reference,
            term,
        } = request;
        check_name("the debt's reference", reference.as_str())?;
        let opening = Opening {
            message: self.outgoing(by),
            kind: Kind::Pledge,
            account,
            what,
            purpose: None,
            partner: Some(pledgee.to_string()),
            valid_until: Some(term),
        };
        self.open_dealing(opening, move |blocks| Pledge {
            blocks,
            pledgee: pledgee.clone(),
            reference: reference.clone(),
            term,
        })
        .await
    }

    /// Takes an undecided transfer back.
    ///
    /// # Errors
    /// [`NodeError::NotFound`], or [`NodeError::Refused`] if it has ended or is not this member's.
    pub async fn withdraw_transfer(
        &self,
        by: Staffed,
        transfer: MessageId,
        reason: String,
    ) -> Result<MessageId, NodeError> {
        check_text("the reason", &reason, TEXT_MAX)?;
        self.say_about(by, transfer, Kind::Transfer, TransferWithdrawal { transfer, reason })
            .await
    }

    /// Takes an undecided donation back.
    ///
    /// # Errors
    /// As [`Node::withdraw_transfer`].
    pub async fn withdraw_donation(
        &self,
        by: Staffed,
        donation: MessageId,
        reason: String,
    ) -> Result<MessageId, NodeError> {
        check_text("the reason", &reason, TEXT_MAX)?;
        self.say_about(by, donation, Kind::Donation, DonationWithdrawal { donation, reason })
            .await
    }

    /// Asks for collateral back, with the pledgee's signed consent.
    ///
    /// # Errors
    /// A database error.
    pub async fn pledge_release(
        &self,
        by: Staffed,
        pledge: MessageId,
        consent: Envelope,
    ) -> Result<MessageId, NodeError> {
        self.say(by, PledgeRelease { pledge, consent }).await
    }

    /// Asks that the collateral of a pledge to this member be taken; two officers decide.
    ///
    /// # Errors
    /// A database error.
    pub async fn pledge_foreclose(&self, by: Staffed, pledge: MessageId) -> Result<MessageId, NodeError> {
        let consent = self.pledge_consent(pledge, PledgeDecision::Foreclose)?;
        self.say(by, PledgeForeclosure { pledge, consent }).await
    }

    /// This member's signed word on a pledge to it, to be handed to the debtor. Nothing is sent.
    ///
    /// # Errors
    /// [`NodeError::Exchange`] if it cannot be signed.
    pub fn pledge_consent(&self, pledge: MessageId, decision: PledgeDecision) -> Result<Envelope, NodeError> {
        let content = PledgeConsent { pledge, decision };
        let payload = self.signer().payload(self.new_id(), self.now(), None, &content)?;
        Ok(self.signer().sign(PledgeConsent::ACTION, &payload)?)
    }

    /// Publishes a methodology version.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn publish_methodology(&self, by: Staffed, methodology: Methodology) -> Result<MessageId, NodeError> {
        self.say(by, methodology).await
    }

    /// Exposes credits for cross-region use; 0 g takes the listing down.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn put_listing(&self, by: Staffed, listing: Listing) -> Result<MessageId, NodeError> {
        self.say(by, listing).await
    }

    /// Proposes a new signing key under the present one.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn propose_key(&self, by: Staffed, key: VerifyingKey) -> Result<MessageId, NodeError> {
        self.say(by, KeyProposal { key }).await
    }

    fn outgoing(&self, by: Staffed) -> Outgoing {
        Outgoing {
            id: by.id.unwrap_or_else(|| self.new_id()),
            now: self.now(),
            staff: by.staff,
        }
    }

    fn valid_until(&self, asked: Option<Timestamp>) -> Timestamp {
        asked.unwrap_or_else(|| self.now().plus_micros(VALIDITY_US))
    }

    /// Signs a message, puts it into the outbox, and gives its id.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn say<C: Content + Send + Sync + 'static>(
        &self,
        by: Staffed,
        content: C,
    ) -> Result<MessageId, NodeError> {
        let message = self.outgoing(by);
        let signer = self.signer().clone();
        self.write(move |tx| {
            enqueue(tx, &signer, &message, &content)?;
            Ok(message.id)
        })
        .await
    }

    async fn say_about<C: Content + Send + Sync + 'static>(
        &self,
        by: Staffed,
        about: MessageId,
        kind: Kind,
        content: C,
    ) -> Result<MessageId, NodeError> {
        let said = by.id.map(|id| id.to_string());
        self.read(move |tx| {
            if let Some(said) = &said
                && tx.outbox(said)?.is_some()
            {
                return Ok(());
            }
            let row = tx.dealing(&about.to_string())?.filter(|d| d.kind == kind.code());
            let row = row.ok_or_else(|| NodeError::not_found(kind.word(), about))?;
            if row.direction != Direction::Out.code() {
                return Err(NodeError::refused(
                    "not-yours",
                    format!("{kind} {about} was opened by another member"),
                ));
            }
            match (row.ended_at, row.state) {
                (Some(_), Some(state)) => Err(NodeError::refused("ended", format!("{kind} {about} is {state}"))),
                _ => Ok(()),
            }
        })
        .await?;
        self.say(by, content).await
    }
}
