//! `issue`

mod watch;

use std::path::PathBuf;

use clap::Args;
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::message::{RightsBasis, Verification};
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use super::command::{Context, SendArgs, grams};
use super::report::{Failure, Report};
use crate::issuing::{self, IssuingRequest};

#[derive(Debug, Args)]
pub(super) struct IssueArgs {
    /// List what could be issued, and do nothing
    #[arg(long, conflicts_with_all = ["methodology", "region", "vintage", "local_reference"])]
    pending: bool,
    /// The methodology version
    #[arg(long, required_unless_present_any = ["pending", "give_up"])]
    methodology: Option<MethodologyRef>,
    /// The region of the acts
    #[arg(long, required_unless_present_any = ["pending", "give_up"])]
    region: Option<RegionCode>,
    /// The year of the acts
    #[arg(long, required_unless_present_any = ["pending", "give_up"])]
    vintage: Option<u16>,
    /// transferred-by-holders, transferred-by-project-owner or held-in-trust
    #[arg(long, required_unless_present_any = ["pending", "give_up"])]
    rights_basis: Option<RightsBasis>,
    /// The verification body
    #[arg(long, required_unless_present_any = ["pending", "give_up"])]
    verifier: Option<String>,
    /// The verification report; its SHA-256 is sent
    #[arg(long, value_name = "FILE", required_unless_present_any = ["pending", "give_up", "report_sha256"])]
    report: Option<PathBuf>,
    /// The SHA-256 of the verification report
    #[arg(long, value_name = "HEX", conflicts_with = "report")]
    report_sha256: Option<Sha256>,
    /// When the report was signed
    #[arg(long, value_name = "TIME", required_unless_present_any = ["pending", "give_up"])]
    verified_at: Option<Timestamp>,
    /// Grams that the verification covers, where it is more than is issued
    #[arg(long, value_name = "GRAMS", value_parser = grams)]
    verified_g: Option<Grams>,
    /// The node's own certificate number
    #[arg(long, value_name = "NAME", required_unless_present_any = ["pending", "give_up"])]
    local_reference: Option<Name>,
    /// Another scheme that the activities take part in; may be repeated
    #[arg(long, value_name = "NAME")]
    other_scheme: Vec<Name>,
    /// Leave out activities whose evidence is incomplete: they stay pending
    #[arg(long)]
    skip_incomplete: bool,
    /// Give up an issuance whose tokens are still being made; its activities are pending again
    #[arg(long, value_name = "UUID", conflicts_with_all = ["pending", "methodology", "region", "vintage", "local_reference"])]
    give_up: Option<MessageId>,
    /// Wait, with progress, until the hub has decided the issuance; says what became of it
    #[arg(long)]
    wait: bool,
    /// A registered asset that the reductions come from, where the methodology credits assets; may be repeated
    #[arg(long = "asset", value_name = "NAME")]
    assets: Vec<Name>,
    /// After the database was lost: an issuance of before whose records are not among those that are here; may be repeated
    #[arg(long, value_name = "UUID")]
    not_of: Vec<MessageId>,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) async fn issue(context: &Context, args: Box<IssueArgs>) -> Result<Report, Failure> {
    if args.pending {
        let pending = context.store()?.read(issuing::pending)?;
        return Report::list(&pending, |p| {
            format!(
                "{} {} {}: {} activities, {}",
                p.methodology, p.region_of_act, p.vintage, p.count, p.quantity_g
            )
        });
    }
    let node = context.node().await?;
    if let Some(issuance) = args.give_up {
        issuing::give_up(&node, issuance).await?;
        let text = format!("issuance {issuance} is given up: its activities are pending again\n");
        return Report::new(text, &serde_json::json!({ "given_up": issuance }));
    }
    let issued = issuing::issue(&node, request(&args)?).await?;
    if args.wait {
        return watch::until_decided(context, &node, &args.send, &issued).await;
    }
    let report = args.send.report(&node, issued.issuance, "issuance").await?;
    let text = watch::words(&issued) + &report.text;
    let refused = report.refused;
    let both = serde_json::json!({ "issued": issued, "answer": report.json });
    Ok(Report::new(text, &both)?.refused(refused))
}

fn request(args: &IssueArgs) -> Result<IssuingRequest, Failure> {
    let missing = || Failure::new("arguments", "say what to issue: see `tanqiao-node issue --help`");
    let report_sha256 = match (&args.report, args.report_sha256) {
        (Some(path), _) => Sha256::of(&std::fs::read(path).map_err(|e| Failure::file(path, e))?),
        (None, Some(hash)) => hash,
        (None, None) => return Err(missing()),
    };
    Ok(IssuingRequest {
        id: args.send.id,
        methodology: args.methodology.clone().ok_or_else(missing)?,
        region_of_act: args.region.ok_or_else(missing)?,
        vintage: args.vintage.ok_or_else(missing)?,
        verified_g: args.verified_g,
        rights_basis: args.rights_basis.ok_or_else(missing)?,
        verification: Verification {
            body: args.verifier.clone().ok_or_else(missing)?,
            report_sha256,
            verified_at: args.verified_at.ok_or_else(missing)?,
        },
        local_reference: args.local_reference.clone().ok_or_else(missing)?,
        other_schemes: args.other_scheme.clone(),
        skip_incomplete: args.skip_incomplete,
        assets: args.assets.clone(),
        not_of: args.not_of.clone(),
    })
}
