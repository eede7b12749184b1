//! `admin policy`.

use clap::Subcommand;
use tanqiao_protocol::fingerprint::TokenSuite;
use tanqiao_protocol::quantity::Grams;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::command::Decision;

/// The policy.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Show it.
    Show,
    /// Change it; what is not named stays.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin policy set --second-approval-from-g 1000000000 --officer li --officer-password-file li.password"
    )]
    Set {
        /// Unscreened issuances may cross a border: only for demonstrations.
        #[arg(long)]
        demonstration: Option<bool>,
        /// Every issuance is screened for duplicates before it is recognised.
        #[arg(long)]
        screening: Option<bool>,
        /// The suite of all token streams: `voprf-ristretto255-sha512` or `hmac-sm3`. Streams of another suite are refused.
        #[arg(long)]
        token_suite: Option<TokenSuite>,
        /// How long the first dealing of two members waits, in seconds; 0 for no delay.
        #[arg(long)]
        first_dealing_delay_s: Option<u32>,
        /// From how many grams an officer has to approve a transfer; 0 for never.
        #[arg(long)]
        second_approval_from_g: Option<i64>,
        /// The smallest block that a split may leave, in grams.
        #[arg(long)]
        smallest_piece_g: Option<i64>,
        /// How long comments on a mapping are awaited before it may be approved, in seconds; 0 for not at all.
        #[arg(long)]
        mapping_comment_period_s: Option<u32>,
        #[command(flatten)]
        officers: Officers,
    },
}

pub(super) fn grams(number: i64) -> Result<Grams, CliError> {
    Grams::new(number).map_err(CliError::misused)
}

impl PolicyCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let mut policy = desk.governance().policy.clone();
        match self {
            Self::Show => {
                output.one(&policy, |policy| {
                    let approval = policy.second_approval_from_g.map_or_else(|| "never".to_owned(), |from| format!("from {from}"));
                    format!(
                        "trust domain {}\ndemonstration {}\nscreening {}\ntoken suite {}\nfirst dealing delayed {} s\nsecond approval {approval}\nsmallest piece {}\ncomments on mappings awaited {} s",
                        policy.trust_domain,
                        policy.demonstration,
                        policy.screening,
                        policy.token_suite,
                        policy.first_dealing_delay_s,
                        policy.smallest_piece_g,
                        policy.mapping_comment_period_s
                    )
                });
                Ok(())
            }
            Self::Set {
                demonstration,
                screening,
                token_suite,
                first_dealing_delay_s,
                second_approval_from_g,
                smallest_piece_g,
                mapping_comment_period_s,
                officers,
            } => {
                policy.mapping_comment_period_s = mapping_comment_period_s.unwrap_or(policy.mapping_comment_period_s);
                policy.demonstration = demonstration.unwrap_or(policy.demonstration);
                policy.screening = screening.unwrap_or(policy.screening);
                policy.token_suite = token_suite.unwrap_or(policy.token_suite);
                policy.first_dealing_delay_s = first_dealing_delay_s.unwrap_or(policy.first_dealing_delay_s);
                if let Some(from) = second_approval_from_g {
                    policy.second_approval_from_g = Some(grams(*from)?).filter(|from| !from.is_zero());
                }
                if let Some(piece) = smallest_piece_g {
                    policy.smallest_piece_g = grams(*piece)?;
                }
                desk.decide(officers, Decision::SetPolicy(policy), output)
            }
        }
    }
}
