//! Opening a dealing: the outbox message, its dealing and the local reservation in one transaction.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Content, Issuance};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::{IssueRequest, Kind, Node, Selection};
use crate::error::NodeError;
use crate::exchange::{ExchangeError, Outgoing, Signer, enqueue, id_reused};
use crate::ledger::{self, AccountId, Direction};
use crate::store::Tx;
use crate::store::rows::{DealingRow, ShareRow};

/// What a command on blocks is about, apart from its content.
#[derive(Clone)]
pub(super) struct Opening {
    pub(super) message: Outgoing,
    pub(super) kind: Kind,
    pub(super) account: AccountId,
    pub(super) what: Selection,
    pub(super) purpose: Option<Use>,
    pub(super) partner: Option<String>,
    pub(super) valid_until: Option<Timestamp>,
}

impl Node {
    pub(super) async fn open_dealing<C, F>(&self, opening: Opening, content: F) -> Result<MessageId, NodeError>
    where
        C: Content,
        F: Fn(Vec<BlockRef>) -> C + Send + 'static,
    {
        let signer = self.signer().clone();
        self.write(move |tx| {
            if is_repeat(tx, &opening)? {
                return Ok(opening.message.id);
            }
            let blocks = ledger::reserve(tx, &opening.account, &opening.what, opening.purpose, opening.message.id)?;
            let quantity = Grams::total(blocks.iter().map(BlockRef::quantity))?;
            let content = content(blocks);
            let row = DealingRow {
                account: Some(opening.account.to_string()),
                partner: opening.partner.clone(),
                valid_until: opening.valid_until.map(Timestamp::micros),
                ..dealing_row(&opening.message, opening.kind, quantity, &content)?
            };
            tx.insert_dealing(&row)?;
            enqueue(tx, &signer, &opening.message, &content)?;
            Ok(opening.message.id)
        })
        .await
    }
}

fn dealing_row<C: Content>(
    message: &Outgoing,
    kind: Kind,
    quantity: Grams,
    content: &C,
) -> Result<DealingRow, NodeError> {
    Ok(DealingRow {
        id: message.id.to_string(),
        kind: kind.code(),
        direction: Direction::Out.code(),
        account: None,
        partner: None,
        state: None,
        decision: None,
        quantity_g: quantity.get(),
        delivered_g: None,
        buffered_g: None,
        cancelled_g: None,
        opened_at: message.now.micros(),
        ended_at: None,
        valid_until: None,
        reason: None,
        content: serde_json::to_string(content).map_err(ExchangeError::from)?,
    })
}

/// True if this request was carried out before; refused if its id is another request's.
fn is_repeat(tx: &mut dyn Tx, opening: &Opening) -> Result<bool, NodeError> {
    let id = opening.message.id.to_string();
    let Some(row) = tx.dealing(&id)? else {
        return if tx.outbox(&id)?.is_some() {
            Err(id_reused(opening.message.id))
        } else {
            Ok(false)
        };
    };
    let asked = match &opening.what {
        Selection::Quantity { quantity_g, .. } => *quantity_g,
        Selection::Blocks(blocks) => Grams::total(blocks.iter().map(BlockRef::quantity))?,
    };
    let same = row.kind == opening.kind.code()
        && row.account.as_deref() == Some(opening.account.as_str())
        && row.partner == opening.partner
        && row.quantity_g == asked.get();
    if same {
        Ok(true)
    } else {
        Err(id_reused(opening.message.id))
    }
}

pub(super) fn issue_in(
    tx: &mut dyn Tx,
    signer: &Signer,
    message: &Outgoing,
    request: &IssueRequest,
) -> Result<(), NodeError> {
    check_shares(request)?;
    let content: &Issuance = &request.issuance;
    if tx.outbox(&message.id.to_string())?.is_some() {
        return enqueue(tx, signer, message, content);
    }
    deal_in(tx, message, request)?;
    enqueue(tx, signer, message, content)
}

/// Notes an issuance and its shares; its header is signed later.
pub(super) fn open_in(tx: &mut dyn Tx, message: &Outgoing, request: &IssueRequest) -> Result<(), NodeError> {
    check_shares(request)?;
    if tx.dealing(&message.id.to_string())?.is_some() || tx.outbox(&message.id.to_string())?.is_some() {
        return Err(id_reused(message.id));
    }
    deal_in(tx, message, request)
}

fn check_shares(request: &IssueRequest) -> Result<(), NodeError> {
    let total = Grams::total(request.shares.iter().map(|s| s.quantity_g))?;
    if total != request.issuance.quantity_g || request.shares.iter().any(|s| s.quantity_g.is_zero()) {
        let text = format!(
            "the shares sum up to {total}, the issuance is {}",
            request.issuance.quantity_g
        );
        return Err(NodeError::refused("shares", text));
    }
    Ok(())
}

fn deal_in(tx: &mut dyn Tx, message: &Outgoing, request: &IssueRequest) -> Result<(), NodeError> {
    let mut rows = Vec::with_capacity(request.shares.len());
    for (line, share) in (0_i64..).zip(&request.shares) {
        rows.push(ShareRow {
            issuance: message.id.to_string(),
            line,
            account: share.account.to_string(),
            quantity_g: share.quantity_g.get(),
            dealt_g: 0,
        });
    }
    tx.insert_shares(&rows).map_err(|error| match error {
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => NodeError::refused(
            "account-unknown",
            "a share names an account that does not exist: create it first",
        ),
        other => other.into(),
    })?;
    let header = &request.issuance;
    Ok(tx.insert_dealing(&dealing_row(message, Kind::Issuance, header.quantity_g, header)?)?)
}
