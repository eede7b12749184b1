//! Offers from other members: what staff decide, and the standing policy.

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::Action;

use super::{Node, Staffed};
use crate::error::NodeError;
use crate::exchange::{self, Rule, offer_of, open_offer, verify_offer};
use crate::ledger::{AccountId, check_text};
use crate::store::Tx;

/// The longest reason, in characters.
const REASON_MAX: usize = 500;

impl Node {
    /// Accepts an offer, to be credited to `account` (the configuration's when absent). Its source's signature and its terms
    /// are verified first.
    ///
    /// # Errors
    /// [`NodeError::NotFound`]; [`NodeError::Refused`] (`ended`, `decided`, `no-offer`); [`NodeError::Exchange`] if the offer
    /// is not what its source signed; [`NodeError::Hub`] if that could not be found out.
    pub async fn accept(
        &self,
        by: Staffed,
        transfer: MessageId,
        account: Option<AccountId>,
    ) -> Result<MessageId, NodeError> {
        if let Some(id) = by.id
            && self.said(id, transfer).await?
        {
            return Ok(id);
        }
        let offer = self.read(move |tx| offer_of(&open_offer(tx, transfer)?)).await?;
        verify_offer(self, transfer, &offer).await?;
        let account = account.unwrap_or_else(|| self.config().acceptance.account.clone());
        let id = by.id.unwrap_or_else(|| self.new_id());
        exchange::accept(self, id, by.staff, transfer, offer, account).await?;
        Ok(id)
    }

    /// Declines an offer.
    ///
    /// # Errors
    /// As [`Node::accept`]; `personal-data` for a reason that holds a person's number.
    pub async fn decline(&self, by: Staffed, transfer: MessageId, reason: String) -> Result<MessageId, NodeError> {
        check_text("the reason", &reason, REASON_MAX)?;
        let id = by.id.unwrap_or_else(|| self.new_id());
        exchange::decline(self, id, by.staff, transfer, reason).await?;
        Ok(id)
    }

    /// True if this acceptance was written before; its repetition then does nothing.
    async fn said(&self, id: MessageId, transfer: MessageId) -> Result<bool, NodeError> {
        self.read(move |tx| {
            let Some(row) = tx.outbox(&id.to_string())? else {
                return Ok(false);
            };
            let content = exchange::content_of(&row.payload)?;
            let same = row.action == Action::TransferAcceptance.code()
                && content.get("transfer").and_then(|t| t.as_str()) == Some(&transfer.to_string());
            if same { Ok(true) } else { Err(exchange::id_reused(id)) }
        })
        .await
    }

    /// The standing policy, in order.
    ///
    /// # Errors
    /// A database error.
    pub async fn rules(&self) -> Result<Vec<Rule>, NodeError> {
        self.read(|tx| tx.rules()?.into_iter().map(|row| Ok(Rule::of_row(row)?)).collect())
            .await
    }

    /// Writes a rule in its place.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] for its account.
    pub async fn put_rule(&self, rule: Rule) -> Result<(), NodeError> {
        self.write(move |tx: &mut dyn Tx| {
            if let Some(account) = &rule.account {
                tx.account(account.as_str())?
                    .ok_or_else(|| NodeError::not_found("account", account))?;
            }
            Ok(tx.put_rule(&rule.to_row())?)
        })
        .await
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`NodeError::NotFound`].
    pub async fn delete_rule(&self, place: i64) -> Result<(), NodeError> {
        self.write(move |tx| {
            if tx.delete_rule(place)? {
                Ok(())
            } else {
                Err(NodeError::not_found("acceptance rule", place))
            }
        })
        .await
    }
}
