//! `account`

use clap::{Args, Subcommand};
use serde_json::json;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::serial::BlockRef;

use super::command::{Context, WhatArgs};
use super::report::{Failure, Report};
use crate::ledger::{self, AccountId, AccountKind};
use crate::service::{AccountBalance, system_clock};

#[derive(Debug, Args)]
pub(super) struct AccountArgs {
    #[command(subcommand)]
    action: AccountAction,
}

#[derive(Debug, Subcommand)]
enum AccountAction {
    /// Open an account; the same again does nothing
    Create {
        /// A pseudonym, never a person's name or number
        account: AccountId,
        /// holder or pool
        #[arg(long, default_value = "holder")]
        kind: AccountKind,
    },
    /// Accounts by id, with what they hold
    List {
        /// Accounts after this one
        #[arg(long)]
        after: Option<AccountId>,
        /// So many at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
    /// One account
    Show {
        /// Its id
        account: AccountId,
    },
    /// Move free grams to another account of this node
    Move {
        /// From
        from: AccountId,
        /// To
        to: AccountId,
        #[command(flatten)]
        what: WhatArgs,
        /// The move's id, a UUID of version 7: the same move again does nothing more
        #[arg(long, value_name = "UUID")]
        id: Option<MessageId>,
    },
    /// Give grams of `suspense` to the account that they belong to; the journal keeps the reason
    #[command(
        after_help = "Example:\n  tanqiao-node account attribute holder-000001 --quantity-g 1000 \
        --reason 'receipt 17 of the platform'"
    )]
    Attribute {
        /// To
        to: AccountId,
        #[command(flatten)]
        what: WhatArgs,
        /// How it is known, without anything about a person
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The decision's id, a UUID of version 7: the same decision again does nothing more
        #[arg(long, value_name = "UUID")]
        id: Option<MessageId>,
    },
}

pub(super) async fn account(context: &Context, args: AccountArgs) -> Result<Report, Failure> {
    let now = system_clock()();
    match args.action {
        AccountAction::Create { account, kind } => {
            let store = context.store()?;
            store.write(|tx| ledger::create_account(tx, &account, kind, now))?;
            let balance = store.read(|tx| ledger::balance(tx, &account))?;
            Report::new(line(&balance) + "\n", &balance)
        }
        AccountAction::List { after, limit } => Report::list(
            &context
                .store()?
                .read(|tx| ledger::balances(tx, after.as_ref(), limit))?,
            line,
        ),
        AccountAction::Show { account } => {
            let balance = context.store()?.read(|tx| ledger::balance(tx, &account))?;
            Report::new(line(&balance) + "\n", &balance)
        }
        AccountAction::Move { from, to, what, id } => {
            let node = context.node().await?;
            let id = id.unwrap_or_else(|| node.new_id());
            moved(id, &node.accounts().move_grams(id, from, to, what.selection()).await?)
        }
        AccountAction::Attribute { to, what, reason, id } => {
            let node = context.node().await?;
            let id = id.unwrap_or_else(|| node.new_id());
            moved(id, &node.accounts().attribute(id, to, what.selection(), reason).await?)
        }
    }
}

fn moved(id: MessageId, blocks: &[BlockRef]) -> Result<Report, Failure> {
    let lines: Vec<String> = blocks.iter().map(ToString::to_string).collect();
    let text = lines.join("\n") + "\n";
    Report::new(text, &json!({ "id": id, "items": blocks }))
}

fn line(balance: &AccountBalance) -> String {
    format!(
        "{} {} total {}, free {}, reserved {}, frozen {}",
        balance.account, balance.kind, balance.total_g, balance.free_g, balance.reserved_g, balance.frozen_g
    )
}
