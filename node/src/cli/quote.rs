//! `quote`

use std::fmt::Write as _;

use clap::Args;
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::r#use::Use;

use super::command::{Context, WhatArgs};
use super::mapping::Lang;
use super::report::{Failure, Report};
use crate::ledger::AccountId;
use crate::service::Destination;

#[derive(Debug, Args)]
pub(super) struct QuoteArgs {
    /// The account that would give
    #[arg(long)]
    account: AccountId,
    #[command(flatten)]
    what: WhatArgs,
    #[command(flatten)]
    place: PlaceArgs,
    /// For what, such as event-neutrality
    #[arg(
        long = "use",
        value_name = "USE",
        default_value_if("event", clap::builder::ArgPredicate::IsPresent, "event-neutrality"),
        required_unless_present = "event"
    )]
    purpose: Option<Use>,
    /// The language of the explanation
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct PlaceArgs {
    /// To this member
    #[arg(long)]
    target: Option<NodeId>,
    /// To this event
    #[arg(long)]
    event: Option<Name>,
    /// To this region
    #[arg(long, value_name = "REGION")]
    to: Option<RegionCode>,
}

impl PlaceArgs {
    fn destination(self) -> Option<Destination> {
        let member = self.target.map(Destination::Member);
        let event = self.event.map(Destination::Event);
        member.or(event).or(self.to.map(Destination::Region))
    }
}

pub(super) async fn quote(context: &Context, args: QuoteArgs) -> Result<Report, Failure> {
    let QuoteArgs {
        account,
        what,
        place,
        purpose,
        lang,
    } = args;
    let node = context.node().await?;
    let (Some(destination), Some(purpose)) = (place.destination(), purpose) else {
        return Err(Failure::new("arguments", "say where to, and for what"));
    };
    let planned = node.quote(account, what.selection(), &destination, purpose).await?;
    let quote = &planned.quote;
    let mut text = format!(
        "quote            {}\ngiven            {}\ndelivered        {}\nto the buffer    {}\ncancelled        {}\n",
        quote.quote, quote.given_g, quote.delivered_g, quote.buffered_g, quote.cancelled_g
    );
    for lot in &quote.lots {
        let mapping = lot
            .mapping
            .as_ref()
            .map_or_else(|| "no mapping".to_owned(), ToString::to_string);
        let _ = writeln!(
            text,
            "{} {mapping} {}: {} of {}",
            lot.series, lot.paid_after, lot.delivered_g, lot.given_g
        );
    }
    for block in &planned.blocks {
        let _ = writeln!(text, "block            {block}");
    }
    text.push_str(match lang {
        Lang::Zh => &quote.explanation_zh,
        Lang::En => &quote.explanation_en,
    });
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Report::new(text, &planned)
}
