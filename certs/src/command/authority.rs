//! `init-ca`, `revoke`, `crl`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tanqiao_certs::{
    Authority, RevocationReason, Serial, Span, Time, TrustDomain,
    authority::{CRL_VALIDITY_DAYS_DEFAULT, CRL_VALIDITY_DAYS_MAX, Crl},
};

use super::{Failure, Report, show};

/// Make root and issuing CA in a directory, or report the ones that are there.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-certs init-ca --dir ca --trust-domain tanqiao.example\n\nThen take ca/root.key offline: only `crl --root` needs it."
)]
pub struct InitCa {
    /// Directory of the authority; made when it is missing.
    #[arg(long)]
    dir: PathBuf,
    /// Name of the federation: lower-case letters, digits, `.`, `-`, `_`.
    #[arg(long)]
    trust_domain: TrustDomain,
}

impl InitCa {
    pub fn run(self, now: Time) -> Result<Report, Failure> {
        let authority = Authority::init(&self.dir, &self.trust_domain, now)?;
        if !authority.crl_path().exists() {
            authority.crl(now)?;
        }
        let (root, issuing) = (authority.root(), authority.issuing());
        let text = format!(
            "Authority of {} in {}\n  root        valid until {} ({} days)\n  issuing CA  valid until {} ({} days)\n  give {} to the hub and every node; take {} offline\n",
            authority.trust_domain(),
            self.dir.display(),
            root.not_after,
            root.days_left(now),
            issuing.not_after,
            issuing.days_left(now),
            authority.bundle_path().display(),
            self.dir.join("root.key").display(),
        );
        let json = json!({
            "trust_domain": authority.trust_domain(), "ca": authority.bundle_path(), "crl": authority.crl_path(),
            "root": root, "issuing": issuing,
        });
        Ok(Report { text, json })
    }
}

/// Revoke a certificate and sign the next revocation list.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-certs revoke --dir ca --cert wuhan.pem --reason key-compromise\n\nReload the hub's CRL afterwards, or wait until it notices the new file."
)]
pub struct Revoke {
    /// Directory of the authority.
    #[arg(long)]
    dir: PathBuf,
    #[command(flatten)]
    which: Which,
    /// Why: unspecified, key-compromise, ca-compromise, affiliation-changed, superseded, cessation-of-operation,
    /// privilege-withdrawn.
    #[arg(long, default_value = "unspecified")]
    reason: RevocationReason,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Serial number in hexadecimal, as `show` prints it.
    #[arg(long)]
    serial: Option<Serial>,
    /// The certificate's file.
    #[arg(long)]
    cert: Option<PathBuf>,
}

impl Revoke {
    pub fn run(self, now: Time) -> Result<Report, Failure> {
        let authority = Authority::open(&self.dir)?;
        let serial = match (self.which.serial, self.which.cert) {
            (Some(serial), _) => serial,
            (None, Some(path)) => show::first_certificate(&path)?.serial,
            (None, None) => return Err("name the certificate with --serial or --cert".into()),
        };
        let record = authority.revoke(&serial, self.reason, now)?;
        let crl = authority.crl(now)?;
        let who = record
            .spiffe_id
            .as_ref()
            .map_or_else(|| "no SPIFFE id".to_owned(), ToString::to_string);
        let reason = record.reason.unwrap_or(RevocationReason::Unspecified);
        let text = format!(
            "Revoked {serial} ({who}), {reason}\n{}",
            describe(&crl, &authority.crl_path())
        );
        Ok(Report {
            text,
            json: json!({ "revoked": record, "crl": crl_json(&crl, &authority.crl_path()) }),
        })
    }
}

/// Sign the next revocation list; run it every day.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-certs crl --dir ca --days 7\n\nThe list is written to crl.pem in the directory. With --root the root signs a list that names a revoked issuing CA."
)]
pub struct MakeCrl {
    /// Directory of the authority.
    #[arg(long)]
    dir: PathBuf,
    /// Days until the next list must be there.
    #[arg(long, default_value_t = CRL_VALIDITY_DAYS_DEFAULT, value_parser = clap::value_parser!(i64).range(1..=CRL_VALIDITY_DAYS_MAX))]
    days: i64,
    /// Sign the root's list too: needs root.key.
    #[arg(long)]
    root: bool,
}

impl MakeCrl {
    pub fn run(self, now: Time) -> Result<Report, Failure> {
        let authority = Authority::open(&self.dir)?;
        let validity = Span::days(self.days);
        let crl = if self.root {
            authority.root_crl(now, validity)?
        } else {
            authority.crl_valid_for(now, validity)?
        };
        let path = authority.crl_path();
        Ok(Report {
            text: describe(&crl, &path),
            json: crl_json(&crl, &path),
        })
    }
}

fn describe(crl: &Crl, path: &std::path::Path) -> String {
    format!(
        "CRL {} names {} certificates, next by {}: {}\n",
        crl.number,
        crl.revoked,
        crl.next_update,
        path.display()
    )
}

fn crl_json(crl: &Crl, path: &std::path::Path) -> serde_json::Value {
    json!({
        "file": path, "number": crl.number, "revoked": crl.revoked,
        "this_update": crl.this_update, "next_update": crl.next_update,
    })
}
