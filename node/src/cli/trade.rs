//! `transfer`, `donate`, `pledge`, `retire`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::event::{Claim, ClaimantKind, LinkedObligation};
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::message::PledgeDecision;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::strict;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use super::command::{Context, SendArgs, WhatArgs};
use super::report::{Failure, Report};
use crate::ledger::AccountId;
use crate::service::{
    Dealing, Destination, Direction, DonationRequest, Kind, Node, PledgeRequest, RetireRequest, TransferRequest,
};

/// Items of a list.
const LIST_MAX: u32 = 100;

#[derive(Debug, Args)]
pub(super) struct TransferArgs {
    #[command(subcommand)]
    action: TransferAction,
}

#[derive(Debug, Subcommand)]
enum TransferAction {
    /// Offer blocks to another member
    Offer(Box<OfferArgs>),
    /// Accept an offer
    Accept {
        /// The transfer
        transfer: MessageId,
        /// Credit to this account; the configured one when absent
        #[arg(long)]
        account: Option<AccountId>,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Decline an offer
    Decline {
        /// The transfer
        transfer: MessageId,
        /// Why; no personal data
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Take an undecided offer back
    Withdraw {
        /// The transfer
        transfer: MessageId,
        /// Why; no personal data
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        send: SendArgs,
    },
    /// The newest transfers
    List {
        /// in or out
        #[arg(long)]
        direction: Option<Direction>,
    },
}

#[derive(Debug, Args)]
struct OfferArgs {
    /// The account that gives
    #[arg(long)]
    account: AccountId,
    #[command(flatten)]
    what: WhatArgs,
    /// The member that shall receive
    #[arg(long)]
    target: NodeId,
    /// For what, such as event-neutrality
    #[arg(long = "use", value_name = "USE")]
    purpose: Use,
    /// The quote that the offer relies on
    #[arg(long, value_name = "HEX")]
    quote: Option<Sha256>,
    /// Ask the hub for a quote first, and offer only on its terms
    #[arg(long, conflicts_with = "quote")]
    quoted: bool,
    /// Until when it may be accepted; seven days when absent
    #[arg(long, value_name = "TIME")]
    valid_until: Option<Timestamp>,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) async fn transfer(context: &Context, args: TransferArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    match args.action {
        TransferAction::Offer(args) => offer(&node, *args).await,
        TransferAction::Accept {
            transfer,
            account,
            send,
        } => {
            let id = node.accept(send.staffed(), transfer, account).await?;
            send.report(&node, id, "acceptance").await
        }
        TransferAction::Decline { transfer, reason, send } => {
            let id = node.decline(send.staffed(), transfer, reason).await?;
            send.report(&node, id, "decline").await
        }
        TransferAction::Withdraw { transfer, reason, send } => {
            let id = node.withdraw_transfer(send.staffed(), transfer, reason).await?;
            send.report(&node, id, "withdrawal").await
        }
        TransferAction::List { direction } => {
            Report::list(&node.dealings(Kind::Transfer, direction, None, LIST_MAX).await?, line)
        }
    }
}

async fn offer(node: &Node, args: OfferArgs) -> Result<Report, Failure> {
    let OfferArgs {
        account,
        what,
        target,
        purpose,
        quote,
        quoted,
        valid_until,
        send,
    } = args;
    let (by, mut what, mut quote) = (send.staffed(), what.selection(), quote);
    if quoted {
        let destination = Destination::Member(target.clone());
        (what, quote) = node
            .relying(by.id, account.clone(), what, &destination, purpose)
            .await?;
    }
    let order = TransferRequest {
        by,
        account,
        what,
        target,
        r#use: purpose,
        quote,
        valid_until,
        price: None,
    };
    let id = node.transfer_out(order).await?;
    send.report(node, id, "transfer").await
}

fn line(dealing: &Dealing) -> String {
    format!(
        "{} {:9} {:10} {:>16} {} {}",
        dealing.id,
        dealing.direction,
        dealing.state.as_deref().unwrap_or("waiting"),
        dealing.quantity_g.to_string(),
        dealing.partner.as_deref().unwrap_or("-"),
        dealing.reason.as_deref().unwrap_or("")
    )
}

#[derive(Debug, Args)]
pub(super) struct DonateArgs {
    /// The account that gives
    #[arg(long)]
    account: AccountId,
    #[command(flatten)]
    what: WhatArgs,
    /// The event
    #[arg(long)]
    event: Name,
    /// The quote that the donation relies on
    #[arg(long, value_name = "HEX")]
    quote: Option<Sha256>,
    /// Ask the hub for a quote first, and give only on its terms
    #[arg(long, conflicts_with = "quote")]
    quoted: bool,
    /// Until when the organiser may decide; seven days when absent
    #[arg(long, value_name = "TIME")]
    valid_until: Option<Timestamp>,
    /// The donor as the certificate shall name it, never a person
    #[arg(long)]
    donor: Option<String>,
    /// An obligation that the donation meets too, JSON as a claim has it
    #[arg(long, value_name = "FILE")]
    linked: Option<PathBuf>,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) async fn donate(context: &Context, args: DonateArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    let DonateArgs {
        account,
        what,
        event,
        quote,
        quoted,
        valid_until,
        donor,
        linked,
        send,
    } = args;
    let linked = linked.as_deref().map(read_linked).transpose()?;
    let (by, mut what, mut quote) = (send.staffed(), what.selection(), quote);
    if quoted {
        let destination = Destination::Event(event.clone());
        (what, quote) = node
            .relying(by.id, account.clone(), what, &destination, Use::EventNeutrality)
            .await?;
    }
    let id = node
        .donate(DonationRequest {
            by,
            account,
            what,
            event,
            quote,
            valid_until,
            donor,
            linked,
        })
        .await?;
    send.report(&node, id, "donation").await
}

/// The linked obligation in a file.
fn read_linked(file: &Path) -> Result<LinkedObligation, Failure> {
    let bytes = std::fs::read(file).map_err(|e| Failure::file(file, e))?;
    strict::from_slice(&bytes).map_err(|e| Failure::file(file, e))
}

#[derive(Debug, Args)]
pub(super) struct RetireArgs {
    /// The account that uses them
    #[arg(long)]
    account: AccountId,
    #[command(flatten)]
    what: WhatArgs,
    /// Who claims: an organisation, a member or a commitment, never a person
    #[arg(long)]
    claimant: String,
    /// member, organisation or commitment
    #[arg(long, default_value = "organisation")]
    claimant_kind: ClaimantKind,
    /// For what, such as corporate-neutrality
    #[arg(long = "use", value_name = "USE")]
    purpose: Use,
    /// The accounting year of the claim
    #[arg(long)]
    year: u16,
    /// Where the use takes place
    #[arg(long)]
    place: RegionCode,
    /// What the claim says
    #[arg(long)]
    statement: Option<String>,
    /// A second obligation of the claimant that the law links, JSON as a claim has it
    #[arg(long, value_name = "FILE")]
    linked: Option<PathBuf>,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) async fn retire(context: &Context, args: RetireArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    let RetireArgs {
        account,
        what,
        claimant,
        claimant_kind,
        purpose,
        year,
        place,
        statement,
        linked,
        send,
    } = args;
    let linked = linked.as_deref().map(read_linked).transpose()?;
    let claim = Claim {
        claimant,
        claimant_kind,
        r#use: purpose,
        year,
        place,
        statement,
        linked,
    };
    let order = RetireRequest {
        by: send.staffed(),
        account,
        what: what.selection(),
        claim,
    };
    let id = node.retire(order).await?;
    send.report(&node, id, "retirement").await
}

#[derive(Debug, Args)]
pub(super) struct PledgeArgs {
    #[command(subcommand)]
    action: PledgeAction,
}

#[derive(Debug, Subcommand)]
enum PledgeAction {
    /// Give blocks as collateral
    Create(Box<CreateArgs>),
    /// Print this member's signed word on a pledge to it, to be handed to the debtor
    Consent {
        /// The pledge
        pledge: MessageId,
        /// release or foreclose
        decision: PledgeDecision,
    },
    /// Ask for collateral back
    Release {
        /// The pledge
        pledge: MessageId,
        /// The pledgee's signed consent, JSON
        #[arg(long, value_name = "FILE")]
        consent: PathBuf,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Ask that the collateral of a pledge to this member be taken
    Foreclose {
        /// The pledge
        pledge: MessageId,
        #[command(flatten)]
        send: SendArgs,
    },
    /// The newest pledges
    List,
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// The account
    #[arg(long)]
    account: AccountId,
    #[command(flatten)]
    what: WhatArgs,
    /// To whom
    #[arg(long)]
    pledgee: NodeId,
    /// The debt's reference
    #[arg(long)]
    reference: Name,
    /// The end of the term
    #[arg(long, value_name = "TIME")]
    term: Timestamp,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) async fn pledge(context: &Context, args: PledgeArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    match args.action {
        PledgeAction::Create(args) => {
            let CreateArgs {
                account,
                what,
                pledgee,
                reference,
                term,
                send,
            } = *args;
            let (by, what) = (send.staffed(), what.selection());
            let id = node
                .pledge(PledgeRequest {
                    by,
                    account,
                    what,
                    pledgee,
                    reference,
                    term,
                })
                .await?;
            send.report(&node, id, "pledge").await
        }
        PledgeAction::Consent { pledge, decision } => Report::value(&node.pledge_consent(pledge, decision)?),
        PledgeAction::Release { pledge, consent, send } => {
            let bytes = std::fs::read(&consent).map_err(|e| Failure::file(&consent, e))?;
            let envelope: Envelope = strict::from_slice(&bytes).map_err(|e| Failure::file(&consent, e))?;
            let id = node.pledge_release(send.staffed(), pledge, envelope).await?;
            send.report(&node, id, "release").await
        }
        PledgeAction::Foreclose { pledge, send } => {
            let id = node.pledge_foreclose(send.staffed(), pledge).await?;
            send.report(&node, id, "foreclosure").await
        }
        PledgeAction::List => Report::list(&node.dealings(Kind::Pledge, None, None, LIST_MAX).await?, line),
    }
}
