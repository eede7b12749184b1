//! `admin event` and `admin donation`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::de::DeserializeOwned;
use tanqiao_protocol::event::{EventPlan, InventoryBasis, InventoryItem};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::strict;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::store::read::dealings::{self, Window};
use crate::store::read::events;

/// The most items that a list shows.
pub(super) const LIST_MAX: usize = 10_000;

/// Reads strict JSON from a file.
pub(super) fn read_json<T: DeserializeOwned>(file: &Path) -> Result<T, CliError> {
    let bytes =
        std::fs::read(file).map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    strict::from_slice(&bytes).map_err(|error| CliError::misused(format!("{}: {error}", file.display())))
}

/// Events.
#[derive(Debug, Subcommand)]
pub(super) enum EventCommand {
    /// Announce an event: its plan with the emission inventory, JSON.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin event plan expo-2026.json --officer expo --officer-password-file expo.password"
    )]
    Plan {
        /// The plan.
        file: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// Replace an event's inventory: a list of categories, JSON.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin event inventory expo-2026 verified.json --basis verified --officer expo --officer-password-file expo.password"
    )]
    Inventory {
        /// The event.
        event: Name,
        /// The inventory.
        file: PathBuf,
        /// planned or verified.
        #[arg(long)]
        basis: InventoryBasis,
        #[command(flatten)]
        officers: Officers,
    },
    /// End an event's call; its inventory must be verified.
    Close {
        /// The event.
        event: Name,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the events.
    List,
}

impl EventCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Plan { file, officers } => desk.decide(
                officers,
                Decision::PlanEvent(Box::new(read_json::<EventPlan>(file)?)),
                output,
            ),
            Self::Inventory {
                event,
                file,
                basis,
                officers,
            } => {
                let inventory: Vec<InventoryItem> = read_json(file)?;
                desk.decide(
                    officers,
                    Decision::SetInventory {
                        event: event.clone(),
                        basis: *basis,
                        inventory,
                    },
                    output,
                )
            }
            Self::Close { event, officers } => {
                desk.decide(officers, Decision::CloseEvent { event: event.clone() }, output)
            }
            Self::List => {
                let found = desk.read(|connection| events::list(connection, "", LIST_MAX))?;
                let views: Vec<_> = found.into_iter().map(crate::api::views::event).collect();
                output.list(&views, |one| {
                    format!(
                        "{}  {}  target {}  committed {}  reserved {}  room {}",
                        one.plan.event, one.state, one.target_g, one.committed_g, one.reserved_g, one.room_g
                    )
                });
                Ok(())
            }
        }
    }
}

/// Donations.
#[derive(Debug, Subcommand)]
pub(super) enum DonationCommand {
    /// List the donations to an event.
    List {
        /// The event.
        event: Name,
        /// Only those that nobody has decided.
        #[arg(long)]
        open: bool,
    },
    /// The organiser's yes.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin donation accept 0193… --officer expo --officer-password-file expo.password"
    )]
    Accept {
        /// Which.
        donation: MessageId,
        #[command(flatten)]
        officers: Officers,
    },
    /// The organiser's no.
    Decline {
        /// Which.
        donation: MessageId,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
}

impl DonationCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::List { event, open } => {
                let window = Window {
                    after: None,
                    limit: LIST_MAX,
                };
                let found =
                    desk.read(|connection| dealings::donations_to(connection, event.as_str(), *open, window))?;
                let views: Vec<_> = found.into_iter().map(crate::api::views::donation).collect();
                output.list(&views, |one| {
                    format!(
                        "{}  {}  {}  delivers {}",
                        one.donation, one.donor, one.state, one.quote.delivered_g
                    )
                });
                Ok(())
            }
            Self::Accept { donation, officers } => {
                desk.decide(officers, Decision::AcceptDonation { donation: *donation }, output)
            }
            Self::Decline {
                donation,
                reason,
                officers,
            } => desk.decide(
                officers,
                Decision::DeclineDonation {
                    donation: *donation,
                    reason: reason.clone(),
                },
                output,
            ),
        }
    }
}
