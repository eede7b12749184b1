//! `mapping`

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tanqiao_mappings::phrase::Language;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{MappingProposal, MappingState, Party, RejectionGround};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::strict;
use tanqiao_protocol::view::{MappingDetail, MappingView};

use super::command::{Context, SendArgs};
use super::report::{Failure, Report};
use crate::service::{explanation_of, is_explained};

#[derive(Debug, Args)]
pub(super) struct MappingArgs {
    #[command(subcommand)]
    action: MappingAction,
}

/// The language of words that the hub has in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// Chinese
    Zh,
    /// English
    En,
}

impl Lang {
    pub(super) const fn language(self) -> Language {
        match self {
            Self::Zh => Language::Zh,
            Self::En => Language::En,
        }
    }
}

#[derive(Debug, Subcommand)]
enum MappingAction {
    /// Mapping versions, as the hub has them
    #[command(after_help = "Example:\n  tanqiao-node mapping list --to 230100 --state active")]
    List {
        /// Of this origin's methodology version only
        #[arg(long)]
        origin: Option<MethodologyRef>,
        /// To this region only
        #[arg(long, value_name = "REGION")]
        to: Option<RegionCode>,
        /// In this state only, such as evidence-complete
        #[arg(long)]
        state: Option<MappingState>,
    },
    /// One version: its record's hash, why its factor is what it is, what would raise it, and the comments
    #[command(after_help = "Example:\n  tanqiao-node mapping show metro-wuhan-to-harbin.v1 --lang zh")]
    Show {
        /// The version
        mapping: MappingRef,
        /// The language of the explanation
        #[arg(long, value_enum, default_value = "en")]
        lang: Lang,
    },
    /// Propose a version from a JSON file; the hub computes its factor from the sheets
    #[command(after_help = "Example:\n  tanqiao-node mapping propose metro.json --staff director --four-eyes")]
    Propose {
        /// The proposal, JSON (schema `MappingProposal`)
        file: PathBuf,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Endorse the record of a version; `show` prints its hash
    #[command(
        after_help = "Example:\n  tanqiao-node mapping endorse metro-wuhan-to-harbin.v1 --record 4a6c… --staff director\n\n\
        The node endorses nothing if the hub's record is not the one that was read."
    )]
    Endorse {
        /// The version
        mapping: MappingRef,
        /// The hash of the record that was read
        #[arg(long, value_name = "SHA256")]
        record: Sha256,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Refuse a version, which ends the proposal
    #[command(
        after_help = "Example:\n  tanqiao-node mapping object metro-wuhan-to-harbin.v1 --ground double-counting \\\n    \
        --reason 'The same kilometres are credited at the plug.'"
    )]
    Object {
        /// The version
        mapping: MappingRef,
        /// accuracy, reliability, veracity, double-counting or legal-bar
        #[arg(long)]
        ground: RejectionGround,
        /// Why; no personal data
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Stop a version at once; lifting needs all three parties
    #[command(
        after_help = "Example:\n  tanqiao-node mapping suspend metro-wuhan-to-harbin.v1 --reason 'The metering is under review.'"
    )]
    Suspend {
        /// The version
        mapping: MappingRef,
        /// Why; no personal data
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Agree that a suspended version recognises again
    #[command(after_help = "Example:\n  tanqiao-node mapping lift metro-wuhan-to-harbin.v1 --staff director")]
    Lift {
        /// The version
        mapping: MappingRef,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Comment on a proposed version
    #[command(
        after_help = "Example:\n  tanqiao-node mapping comment metro-wuhan-to-harbin.v1 --text 'The second line is missing.'"
    )]
    Comment {
        /// The version
        mapping: MappingRef,
        /// The comment; no personal data
        #[arg(long)]
        text: String,
        #[command(flatten)]
        send: SendArgs,
    },
}

pub(super) async fn mapping(context: &Context, args: MappingArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    let (send, id, what) = match args.action {
        MappingAction::List { origin, to, state } => {
            let query = [
                origin.map(|one| ("origin".to_owned(), one.to_string())),
                to.map(|one| ("to".to_owned(), one.to_string())),
                state.map(|one| ("state".to_owned(), one.to_string())),
            ];
            let query: Vec<_> = query.into_iter().flatten().collect();
            let found = node.hub().mappings(&query).await.map_err(crate::NodeError::from)?;
            return Report::list(&found, line);
        }
        MappingAction::Show { mapping, lang } => {
            let shown = node.hub().mapping(&mapping).await.map_err(crate::NodeError::from)?;
            return Report::new(text_of(&shown, lang), &shown);
        }
        MappingAction::Propose { file, send } => {
            let bytes = std::fs::read(&file).map_err(|e| Failure::file(&file, e))?;
            let proposal: MappingProposal = strict::from_slice(&bytes).map_err(|e| Failure::file(&file, e))?;
            let id = node.propose_mapping(send.staffed(), proposal).await?;
            (send, id, "proposal")
        }
        MappingAction::Endorse { mapping, record, send } => {
            let id = node.endorse_mapping(send.staffed(), &mapping, record).await?;
            (send, id, "endorsement")
        }
        MappingAction::Object {
            mapping,
            ground,
            reason,
            send,
        } => {
            let id = node.object_to_mapping(send.staffed(), mapping, ground, reason).await?;
            (send, id, "objection")
        }
        MappingAction::Suspend { mapping, reason, send } => {
            let id = node.suspend_mapping(send.staffed(), mapping, reason).await?;
            (send, id, "suspension")
        }
        MappingAction::Lift { mapping, send } => {
            let id = node.lift_mapping(send.staffed(), mapping).await?;
            (send, id, "lifting")
        }
        MappingAction::Comment { mapping, text, send } => {
            let id = node.comment_on_mapping(send.staffed(), mapping, text).await?;
            (send, id, "comment")
        }
    };
    send.report(&node, id, what).await
}

fn line(view: &MappingView) -> String {
    let proposed = view.proposal.as_ref().map(|one| (one.origin.to_string(), one.to));
    let recorded = view.record.as_ref().map(|one| (one.origin.to_string(), one.to));
    let (origin, to) = proposed.or(recorded).map_or_else(
        || ("-".to_owned(), "-".to_owned()),
        |(origin, to)| (origin, to.to_string()),
    );
    let factor = view
        .record
        .as_ref()
        .map_or_else(|| "-".to_owned(), |one| one.factor.to_string());
    format!("{} {:17} {origin} {to} {factor}", view.mapping, view.state)
}

fn text_of(shown: &MappingDetail, lang: Lang) -> String {
    let view = &shown.view;
    let mut text = String::new();
    let mut say = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{name:<17}{value}");
    };
    say("mapping", &view.mapping);
    say("state", &view.state);
    if let Some(member) = &view.proposed_by {
        say("proposed by", member);
    }
    if let Some(hash) = &view.record_sha256 {
        say("record", hash);
    }
    if let Some(record) = &view.record {
        say_record(&mut say, record);
    }
    say("given this year", &view.given_g);
    if let Some(until) = &view.comment_until {
        say("comments until", until);
    }
    for one in &view.endorsements {
        let member = one
            .member
            .as_ref()
            .map_or_else(|| "the officers".to_owned(), ToString::to_string);
        say("endorsed by", &format!("{member} ({})", one.party));
    }
    for officer in &view.approvals {
        say("approved by", officer);
    }
    if let Some(one) = &view.suspension {
        let by = one
            .by
            .map_or_else(|| "what it rests on".to_owned(), |party| party.to_string());
        say("suspended by", &format!("{by}, {}: {}", one.since, one.reason));
        let lifted: Vec<&str> = one.lifted_by.iter().map(|party: &Party| party.word()).collect();
        say("to be lifted by", &format!("all three; agreed: {}", lifted.join(", ")));
    }
    if let Some(ground) = &view.ground {
        say("ground", ground);
    }
    if let Some(reason) = &view.reason {
        say("reason", reason);
    }
    for one in &shown.comments {
        let member = one.member.as_ref().map(ToString::to_string);
        let by = member.or_else(|| one.on_behalf_of.clone()).unwrap_or_default();
        say("comment", &format!("{} {by}: {}", one.at, one.text));
    }
    if !is_explained(shown) {
        say(
            "WARNING",
            &"the explanation is not the one that the record names: endorse nothing",
        );
    }
    if let Some(explanation) = explanation_of(shown) {
        text.push('\n');
        text.push_str(&explanation.text(lang.language()));
    }
    text
}

fn say_record(say: &mut dyn FnMut(&str, &dyn std::fmt::Display), record: &MappingRecord) {
    say("factor", &record.factor);
    if record.batch.is_some() {
        say("", &"each issuance has a factor of its own: its activity data travel");
    }
    say("buffer", &record.buffer);
    let uses: Vec<&str> = record.uses.iter().map(tanqiao_protocol::r#use::Use::word).collect();
    say("uses", &uses.join(", "));
    if let Some(cap) = &record.cap_g {
        say("cap a year", &format!("{cap} g"));
    }
    say(
        "recognises",
        &format!("{} until {}", record.valid_from, record.valid_until),
    );
}
