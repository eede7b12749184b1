//! `admin`: one subcommand for each thing that officers decide or look at.

use std::path::Path;

use clap::Subcommand;

use super::desk::Desk;
use super::output::{CliError, Output};
use super::{accounts, blocks, dealings, enrolments, events, governance, mappings, members, recover, system};

/// What officers decide, and what they look at.
#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Accounts of officers, auditors and organisers.
    #[command(subcommand)]
    Officer(accounts::OfficerCommand),
    /// What holds for the whole federation.
    #[command(subcommand)]
    Policy(governance::PolicyCommand),
    /// New members: invitations and requests.
    #[command(subcommand)]
    Enrolment(enrolments::EnrolmentCommand),
    /// Members and their standing.
    #[command(subcommand)]
    Member(members::MemberCommand),
    /// Signing keys.
    #[command(subcommand)]
    Key(members::KeyCommand),
    /// Mappings between methodologies.
    #[command(subcommand)]
    Mapping(mappings::MappingCommand),
    /// Events that members give to.
    #[command(subcommand)]
    Event(events::EventCommand),
    /// Donations to events.
    #[command(subcommand)]
    Donation(events::DonationCommand),
    /// Transfers between members.
    #[command(subcommand)]
    Transfer(dealings::TransferCommand),
    /// Hold blocks back.
    Freeze(blocks::BlocksArgs),
    /// Return frozen blocks to the state that they had.
    Unfreeze(blocks::BlocksArgs),
    /// Cancel frozen blocks; two officers.
    CancelFrozen(blocks::BlocksArgs),
    /// Hand pledged blocks to the pledgee, once it has asked for it; two officers.
    Foreclose(dealings::ForecloseArgs),
    /// The regulator's global stop.
    Stop(system::StopArgs),
    /// The end of the global stop.
    Resume(system::StopArgs),
    /// Audit the whole ledger against its invariants.
    #[command(after_help = "Example:\n  tanqiao-hub admin audit --json")]
    Audit,
    /// Take back from the members what a restored database has lost; `serve` must not run.
    Recover(recover::RecoverArgs),
    /// Read and check the catalogue of methodologies, factors and cases that the program carries.
    #[command(after_help = "Example:\n  tanqiao-hub admin catalogue")]
    Catalogue,
}

/// Runs one of them.
pub(super) fn run(admin: &Admin, config: &Path, output: &Output) -> Result<(), CliError> {
    if matches!(admin, Admin::Catalogue) {
        return system::catalogue(output);
    }
    if let Admin::Recover(args) = admin {
        return args.run(config, output);
    }
    let desk = Desk::open(config)?;
    match admin {
        Admin::Officer(command) => command.run(&desk, output),
        Admin::Policy(command) => command.run(&desk, output),
        Admin::Enrolment(command) => command.run(&desk, output),
        Admin::Member(command) => command.run(&desk, output),
        Admin::Key(command) => command.run(&desk, output),
        Admin::Mapping(command) => command.run(&desk, output),
        Admin::Event(command) => command.run(&desk, output),
        Admin::Donation(command) => command.run(&desk, output),
        Admin::Transfer(command) => command.run(&desk, output),
        Admin::Freeze(args) => args.freeze(&desk, output),
        Admin::Unfreeze(args) => args.unfreeze(&desk, output),
        Admin::CancelFrozen(args) => args.cancel(&desk, output),
        Admin::Foreclose(args) => args.run(&desk, output),
        Admin::Stop(args) => args.run(&desk, true, output),
        Admin::Resume(args) => args.run(&desk, false, output),
        Admin::Audit => system::audit(&desk, output),
        Admin::Recover(_) | Admin::Catalogue => Ok(()),
    }
}
