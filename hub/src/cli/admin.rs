//! `admin`: one subcommand for each thing that officers decide or look at.

use std::path::Path;

use clap::Subcommand;

use super::desk::Desk;
use super::output::{CliError, Output};
use super::{
    accounts, assets, blocks, catalogue, challenges, claims, conflicts, dealings, enrolments, events, factors,
    governance, log, mapping_sets, mappings, matrix, members, reconciliations, recover, sheets, system, tokens,
};

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
    /// Witnesses that cosign the transparency log.
    #[command(subcommand)]
    Witness(log::WitnessCommand),
    /// Keys that sign the transparency log.
    #[command(subcommand)]
    LogKey(log::LogKeyCommand),
    /// Mappings between methodologies.
    #[command(subcommand)]
    Mapping(mappings::MappingCommand),
    /// Mapping sets in SSSOM, in and out.
    #[command(subcommand)]
    MappingSet(mapping_sets::MappingSetCommand),
    /// Lists of other schemes, such as CCER projects and green certificates.
    #[command(subcommand)]
    SchemeList(assets::SchemeListCommand),
    /// Conflicts about registered assets.
    #[command(subcommand)]
    AssetConflict(assets::AssetConflictCommand),
    /// Attribute sheets of methodologies.
    #[command(subcommand)]
    Sheet(sheets::SheetCommand),
    /// Emission factors of electricity grids.
    #[command(subcommand)]
    Factors(factors::FactorsCommand),
    /// Regions by regions: what is recognised where, at which factor, for which use.
    Matrix(matrix::MatrixArgs),
    /// Events that members give to.
    #[command(subcommand)]
    Event(events::EventCommand),
    /// Donations to events.
    #[command(subcommand)]
    Donation(events::DonationCommand),
    /// Transfers between members.
    #[command(subcommand)]
    Transfer(dealings::TransferCommand),
    /// Activities that were issued twice.
    #[command(subcommand)]
    Conflict(conflicts::ConflictCommand),
    /// What members owe for what they lost.
    Debts(conflicts::DebtsArgs),
    /// Record that a removal was reversed (fire, logging); two officers.
    Reverse(conflicts::ReverseArgs),
    /// Challenges: a random sample of what a member issued, shown to the regulator.
    #[command(subcommand)]
    Challenge(challenges::ChallengeCommand),
    /// Reconciliations: members' books against the hub's.
    #[command(subcommand)]
    Reconciliation(reconciliations::ReconciliationCommand),
    /// Who claims what, and what looks claimed twice.
    #[command(subcommand)]
    Claims(claims::ClaimsCommand),
    /// Permissions to link two obligations.
    #[command(subcommand)]
    Permission(claims::PermissionCommand),
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
    /// The store of fingerprint tokens: size, soundness, months that are closed; `serve` must not run.
    #[command(subcommand)]
    Tokens(tokens::TokensCommand),
    /// The catalogue of methodologies, factors and cases that the program carries: check it, look for pairs, load it.
    Catalogue(catalogue::CatalogueArgs),
}

/// Runs one of them.
pub(super) fn run(admin: &Admin, config: &Path, output: &Output) -> Result<(), CliError> {
    // These open the ledger themselves, where they need it.
    match admin {
        Admin::Catalogue(args) => return args.run(config, output),
        Admin::MappingSet(command) => return command.run(config, output),
        Admin::Sheet(command) => return command.run(config, output),
        Admin::SchemeList(command) => return command.run(config, output),
        Admin::Factors(command) => return command.run(config, output),
        Admin::Challenge(challenges::ChallengeCommand::Open(args)) => return args.run(output),
        Admin::Recover(args) => return args.run(config, output),
        Admin::Tokens(command) => return command.run(config, output),
        _ => {}
    }
    let desk = Desk::open(config)?;
    match admin {
        Admin::Officer(command) => command.run(&desk, output),
        Admin::Policy(command) => command.run(&desk, output),
        Admin::Enrolment(command) => command.run(&desk, output),
        Admin::Member(command) => command.run(&desk, output),
        Admin::Key(command) => command.run(&desk, output),
        Admin::Witness(command) => command.run(&desk, output),
        Admin::LogKey(command) => command.run(&desk, output),
        Admin::Mapping(command) => command.run(&desk, output),
        Admin::Event(command) => command.run(&desk, output),
        Admin::Donation(command) => command.run(&desk, output),
        Admin::Transfer(command) => command.run(&desk, output),
        Admin::Conflict(command) => command.run(&desk, output),
        Admin::Debts(args) => args.run(&desk, output),
        Admin::Reverse(args) => args.run(&desk, output),
        Admin::Challenge(command) => command.run(&desk, output),
        Admin::Reconciliation(command) => command.run(&desk, output),
        Admin::Claims(command) => command.run(&desk, output),
        Admin::Permission(command) => command.run(&desk, output),
        Admin::Freeze(args) => args.freeze(&desk, output),
        Admin::Unfreeze(args) => args.unfreeze(&desk, output),
        Admin::CancelFrozen(args) => args.cancel(&desk, output),
        Admin::Foreclose(args) => args.run(&desk, output),
        Admin::Stop(args) => args.run(&desk, true, output),
        Admin::Resume(args) => args.run(&desk, false, output),
        Admin::Audit => system::audit(&desk, output),
        Admin::Matrix(args) => args.run(&desk, output),
        Admin::AssetConflict(command) => command.run(&desk, output),
        Admin::SchemeList(_)
        | Admin::Recover(_)
        | Admin::Catalogue(_)
        | Admin::MappingSet(_)
        | Admin::Sheet(_)
        | Admin::Factors(_)
        | Admin::Tokens(_) => Ok(()),
    }
}
