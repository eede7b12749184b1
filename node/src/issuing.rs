//! Issuing: the activities of one series that no issuance has yet become one issuance, to the last gram.
//!
//! What is issued are runs of activity ids of one series; marking them is written in the transaction that opens the
//! issuance. Where activities are compared with those of other members, their tokens are derived then, and the issuance is
//! registered when its token stream is whole ([`derive`]). An issuance that is refused gives its activities back.
//!
//! **Architecture invariant:** runs of live issuances of one series never overlap, and no activity can appear inside a run
//! after it was read: ids are taken in the order of commits (`activity_counter`).

mod derive;
mod evidence;
mod gather;
mod members;
mod progress;
mod reclaim;
mod stream;
mod unclaimed;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::message::{Issuance, RightsBasis, Verification};
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;

use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::ledger::dealing::stored_words;
use crate::ledger::{AccountId, AccountKind};
use crate::service::{IssueRequest, IssueShare, Kind, Node, Staffed};
use crate::store::Tx;
use crate::store::screening::TokenStreamRow;
use gather::{Gathered, Wanted, gather};

pub(crate) use derive::derive;
#[cfg(test)]
pub(crate) use derive::round as derive_round;
pub use gather::{PendingSeries, pending};
pub(crate) use members::Members;
pub(crate) use progress::open as open_streams;
pub use progress::{TokenProgress, progress};
pub use reclaim::{Claim, Reclaimed, reclaim};
pub(crate) use stream::Streams;

stored_words! {
    /// How far the token stream of an issuance is.
    StreamState {
        /// Tokens are being made; nothing is registered.
        Deriving = 1 "deriving",
        /// The stream is whole; the signed header is in the outbox.
        Derived = 2 "derived",
        /// The hub has the header and waits for the stream.
        Uploading = 3 "uploading",
        /// The hub has the stream; the file is kept while a conflict may need it.
        Uploaded = 4 "uploaded",
        /// The file is not needed any more.
        Ended = 10 "ended",
    }
}

/// Which activities to issue, and what is said about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuingRequest {
    /// The id of the message, made by the caller so that a repeated request is the same request; a new one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// The methodology version.
    pub methodology: MethodologyRef,
    /// Where the acts took place.
    pub region_of_act: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
    /// Grams that the verification covers; what is issued when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_g: Option<Grams>,
    /// On what right.
    pub rights_basis: RightsBasis,
    /// Who verified it.
    pub verification: Verification,
    /// The node's own certificate number.
    pub local_reference: Name,
    /// Other schemes that the activities take part in.
    #[serde(default)]
    pub other_schemes: Vec<Name>,
    /// Leave out activities whose evidence is incomplete: they stay pending. Otherwise nothing is issued while there are any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_incomplete: bool,
    /// The registered assets that the reductions come from, where the methodology credits assets.
    #[serde(default)]
    pub assets: Vec<Name>,
    /// Issuances from before this node's database was lost whose records are not among those that are here, as staff say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_of: Vec<MessageId>,
}

/// An issuance that was opened: its header is in the outbox, or will be once its tokens are derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issued {
    /// The message, and the issuance's id.
    pub issuance: MessageId,
    /// Number of activities.
    pub activity_count: u32,
    /// Σ activity data, exact.
    pub activity_total: String,
    /// Grams.
    pub quantity_g: Grams,
    /// Number of accounts that get serials.
    pub accounts: u64,
    /// RFC 6962 root over the canonical records.
    pub records_root: Sha256,
    /// Activities that were left out and stay pending.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Issues everything of one series that is not issued yet. The same request again is the same issuance. Where the federation
/// compares activities, the issuance is only opened here; [`derive`] registers it.
///
/// # Errors
/// [`NodeError::Refused`]: `nothing-to-issue`, `issued-over-verified` (S16), `evidence-missing`, `id-reused`, `feed-unread` and
/// `records-not-claimed` on a database that is new or was restored, `issued-meanwhile` when another issuance took the activities at the same moment; a database error.
pub async fn issue(node: &Node, request: IssuingRequest) -> Result<Issued, NodeError> {
    let id = request.id.unwrap_or_else(|| node.new_id());
    if let Some(issued) = repeated(node, id, &request).await? {
        return Ok(issued);
    }
    let suite = node.config().fingerprint.suite;
    if suite.is_some() {
        // A key or an evaluator that cannot be used is found before anything is opened.
        node.token_provider()?;
        unclaimed::check_read(node).await?;
    }
    let wanted = Wanted {
        methodology: request.methodology.clone(),
        region_of_act: request.region_of_act,
        vintage: request.vintage,
        subjects: suite.map(|_| node.subjects().clone()),
    };
    let not_of = request.not_of.clone();
    let gathered = node
        .read(move |tx| {
            unclaimed::check(tx, &wanted, &not_of)?;
            gather(tx, &wanted)
        })
        .await?;
    if !gathered.incomplete.left_out.is_empty() && !request.skip_incomplete {
        return Err(gathered.incomplete.refusal());
    }
    let header = header(&request, &gathered)?;
    let mut issued = shown(id, &header, gathered.shares.len());
    issued.left_out = gathered.incomplete.left_out.len() as u64;
    open_accounts(node, &gathered).await?;
    let shares = gathered
        .shares
        .iter()
        .map(|(account, quantity_g)| IssueShare {
            account: account.clone(),
            quantity_g: *quantity_g,
        })
        .collect();
    let by = Staffed {
        id: Some(id),
        staff: None,
    };
    let order = IssueRequest {
        by,
        issuance: header,
        shares,
    };
    match suite {
        None => node.issue_with(order, move |tx, id| mark(tx, id, &gathered)).await?,
        Some(suite) => {
            let stream = TokenStreamRow {
                issuance: id.to_string(),
                state: StreamState::Deriving.code(),
                suite: suite.word().to_owned(),
                header: serde_json::to_string(&order.issuance).map_err(ExchangeError::from)?,
                staff: None,
                activities: i64::from(issued.activity_count),
                derived: 0,
                bytes: 0,
                uploaded: 0,
                opened_at: node.now().micros(),
                problem: None,
            };
            let also = move |tx: &mut dyn Tx, id| {
                mark(tx, id, &gathered)?;
                Ok(tx.insert_token_stream(&stream)?)
            };
            node.open_issuance(order, also).await?
        }
    };
    Ok(issued)
}

/// Gives up an issuance that is still being derived: nothing of it has left the node. Its activities are pending again.
///
/// # Errors
/// [`NodeError::NotFound`]; [`NodeError::Refused`] (`registered`) once its header is in the outbox.
pub async fn give_up(node: &Node, issuance: MessageId) -> Result<(), NodeError> {
    let (name, now) = (issuance.to_string(), node.now());
    node.write(move |tx| {
        let row = tx
            .token_stream(&name)?
            .ok_or_else(|| NodeError::not_found("token stream", &name))?;
        if row.state != StreamState::Deriving.code() {
            return Err(NodeError::refused(
                "registered",
                format!("the header of issuance {name} is signed: the hub decides it"),
            ));
        }
        release(tx, &name)?;
        if let Some(mut dealing) = tx.dealing(&name)? {
            dealing.state = Some("given-up".to_owned());
            dealing.ended_at = Some(now.micros());
            tx.update_dealing(&dealing)?;
        }
        Ok(())
    })
    .await
}

/// Gives the activities of an issuance back, after it was refused or abandoned. In the transaction that notes so.
///
/// # Errors
/// A database error.
pub fn release(tx: &mut dyn Tx, issuance: &str) -> Result<(), NodeError> {
    members::give_back(tx, issuance)?;
    Ok(tx.delete_token_stream(issuance)?)
}

fn header(request: &IssuingRequest, gathered: &Gathered) -> Result<Issuance, NodeError> {
    let quantity_g = gathered.quantity_g;
    if quantity_g.is_zero() {
        return Err(NodeError::refused(
            "nothing-to-issue",
            format!(
                "there is no reduction of {} in {} of {} that is not issued yet",
                request.methodology, request.region_of_act, request.vintage
            ),
        ));
    }
    let verified_g = request.verified_g.unwrap_or(quantity_g);
    if quantity_g > verified_g {
        return Err(NodeError::refused(
            "issued-over-verified",
            format!("{quantity_g} are to be issued, but the verification covers {verified_g}: verify the rest first"),
        ));
    }
    let activity_count = u32::try_from(gathered.count).map_err(|_| {
        NodeError::refused(
            "too-large",
            "one issuance has at most 4294967295 activities: import and issue in parts",
        )
    })?;
    Ok(Issuance {
        methodology: request.methodology.clone(),
        region_of_act: request.region_of_act,
        vintage: request.vintage,
        quantity_g,
        verified_g,
        activity_count,
        activity_total: gathered.activity_total.to_string(),
        period_from: gathered.period_from,
        period_until: gathered.period_until,
        rights_basis: Some(request.rights_basis),
        verification: Some(request.verification.clone()),
        records_root: gathered.records_root,
        tokens: None,
        local_reference: request.local_reference.clone(),
        other_schemes: Some(request.other_schemes.clone()),
        assets: request.assets.clone(),
    })
}

/// Marks the activities as issued, unless another issuance has taken one of them since they were read.
fn mark(tx: &mut dyn Tx, id: MessageId, gathered: &Gathered) -> Result<(), NodeError> {
    let name = id.to_string();
    if !tx.activity_issuance(&name)?.is_empty() {
        return Ok(());
    }
    if !members::take(tx, &name, &gathered.members, &gathered.incomplete.left_out)? {
        return Err(NodeError::refused(
            "issued-meanwhile",
            "another issuance took these activities at the same moment: look at what is pending and issue again",
        ));
    }
    crate::crash::point("issue.before-commit");
    Ok(())
}

/// The issuance that this id opened before; refused if the id opened something else.
async fn repeated(node: &Node, id: MessageId, request: &IssuingRequest) -> Result<Option<Issued>, NodeError> {
    let Some(asked) = request.id else { return Ok(None) };
    let dealing = match node.dealing(asked).await {
        Ok(dealing) => dealing,
        Err(NodeError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let reused = || {
        NodeError::refused(
            "id-reused",
            format!("{id} is the id of another command: use a new UUIDv7 for a new one"),
        )
    };
    if dealing.kind != Kind::Issuance {
        return Err(reused());
    }
    let header: Issuance = serde_json::from_value(dealing.content).map_err(|_| reused())?;
    let same = header.methodology == request.methodology
        && header.region_of_act == request.region_of_act
        && header.vintage == request.vintage
        && header.local_reference == request.local_reference
        && header.verification.as_ref() == Some(&request.verification);
    if !same {
        return Err(reused());
    }
    let name = id.to_string();
    let accounts = node.read(move |tx| Ok(tx.count_shares(&name)?)).await?;
    Ok(Some(shown(id, &header, usize::try_from(accounts).unwrap_or(0))))
}

fn shown(id: MessageId, header: &Issuance, accounts: usize) -> Issued {
    Issued {
        issuance: id,
        activity_count: header.activity_count,
        activity_total: header.activity_total.clone(),
        quantity_g: header.quantity_g,
        accounts: accounts as u64,
        records_root: header.records_root,
        left_out: 0,
    }
}

/// Opens a holder's account for every pseudonym that has none yet.
async fn open_accounts(node: &Node, gathered: &Gathered) -> Result<(), NodeError> {
    let wanted: Vec<AccountId> = gathered.shares.iter().map(|(account, _)| account.clone()).collect();
    let at = node.now();
    node.write(move |tx| {
        for account in &wanted {
            if tx.account(account.as_str())?.is_none() {
                crate::ledger::create_account(tx, account, AccountKind::Holder, at)?;
            }
        }
        Ok(())
    })
    .await
}
