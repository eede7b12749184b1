//! Whole logs in a directory, and how long it takes to verify them.

use std::path::Path;

use serde_json::json;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::strict;
use tanqiao_protocol::view::PublicTotals;
use tanqiao_verify::bench;
use tanqiao_verify::mirror::Mirror;
use tanqiao_verify::replay::{self, Asked, AuditFault, Audited};
use tanqiao_verify::words::Language;

use super::report::{Failure, Progress, Report};
use super::{read, with_verdict};

/// The largest file of totals, in bytes.
const TOTALS_BYTES_MAX: usize = 256 * 1024 * 1024;

pub(super) fn replay(
    directory: &Path,
    (policy, totals, size): (Option<&Policy>, Option<&Path>, Option<u64>),
    bar: &Progress,
    language: Language,
) -> Result<Report, Failure> {
    let published = totals.map(totals_in).transpose()?;
    let asked = Asked {
        policy,
        size,
        published: published.as_ref(),
    };
    let audited = audit(directory, &asked, bar)?;
    Ok(found(&audited, language))
}

fn found(audited: &Audited, language: Language) -> Report {
    Report {
        text: language.audit(audited),
        json: with_verdict(json!(audited), audited.holds()),
        proven: audited.holds(),
    }
}

pub(super) fn totals(directory: &Path, bar: &Progress, language: Language) -> Result<Report, Failure> {
    let audited = audit(directory, &Asked::default(), bar)?;
    if !audited.holds() {
        return Ok(found(&audited, language));
    }
    Ok(Report {
        text: language.totals(audited.totals.as_ref()),
        json: json!(audited.totals),
        proven: true,
    })
}

fn audit(directory: &Path, asked: &Asked<'_>, bar: &Progress) -> Result<Audited, Failure> {
    let audited = replay::audit(&Mirror::new(directory.to_owned()), asked, |done, all| {
        bar.show(done, all);
    });
    bar.end();
    audited.map_err(|fault| match fault {
        AuditFault::File(_) | AuditFault::NoPolicy | AuditFault::Beyond { .. } => Failure::misused(fault),
        AuditFault::Quantity(_) => Failure::failed(fault),
    })
}

fn totals_in(path: &Path) -> Result<PublicTotals, Failure> {
    strict::from_slice_within(&read(path, TOTALS_BYTES_MAX)?, TOTALS_BYTES_MAX)
        .map_err(|error| Failure::misused(format!("{}: {error}", path.display())))
}

pub(super) fn bench(
    leaves: u64,
    rounds: u32,
    mirror: Option<&Path>,
    bar: &Progress,
    language: Language,
) -> Result<Report, Failure> {
    let figures = match mirror {
        Some(directory) => bench::replay(leaves, directory, |done, all| bar.show(done, all)),
        None => bench::run(leaves, rounds),
    };
    bar.end();
    let figures = figures.map_err(Failure::failed)?;
    Ok(Report {
        text: language.figures(&figures),
        json: json!(figures),
        proven: true,
    })
}
