//! `show`.

use std::path::{Path, PathBuf};

use clap::Args;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::json;
use tanqiao_certs::{CertificateFacts, Time, durable, renewal_due};

use super::{Failure, Report};

/// Show what is in certificates: whom they are for, how long they are valid, their serial number and fingerprint.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tanqiao-certs show wuhan.pem\n  tanqiao-certs show ca.pem --json")]
pub struct Show {
    /// Files with certificates, PEM or DER.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Show {
    pub fn run(self, now: Time) -> Result<Report, Failure> {
        let mut found = Vec::new();
        for path in &self.files {
            for der in certificates(path)? {
                found.push((path, CertificateFacts::from_der(&der)?));
            }
        }
        let text = found.iter().map(|(_, facts)| describe(facts, now)).collect();
        let json = found
            .iter()
            .map(|(path, facts)| {
                json!({
                    "file": path, "certificate": facts, "days_left": facts.days_left(now),
                    "renewal_due_at": facts.renewal_due_at(), "renewal_due": renewal_due(facts, now),
                })
            })
            .collect();
        Ok(Report { text, json })
    }
}

/// One certificate for people.
pub fn describe(facts: &CertificateFacts, now: Time) -> String {
    let names: Vec<String> = facts
        .dns
        .iter()
        .cloned()
        .chain(facts.ips.iter().map(ToString::to_string))
        .collect();
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let left = facts.days_left(now);
    let state = match left {
        _ if now < facts.not_before => "not yet valid".to_owned(),
        ..0 => "EXPIRED".to_owned(),
        _ if !facts.is_ca && renewal_due(facts, now) => format!("{left} days left, renewal is due"),
        _ => format!("{left} days left"),
    };
    format!(
        "{}\n  SPIFFE id    {}\n  host names   {}\n  issuer       {}\n  valid        {} to {} ({state})\n  usage        {}\n  serial       {}\n  SHA-256      {}\n",
        facts.subject,
        or_none(facts.spiffe_id.as_ref().map(ToString::to_string).unwrap_or_default()),
        or_none(names.join(", ")),
        facts.issuer,
        facts.not_before,
        facts.not_after,
        if facts.is_ca {
            "CA".to_owned()
        } else {
            or_none(facts.extended_key_usage.join(", "))
        },
        facts.serial,
        facts.fingerprint_sha256,
    )
}

/// The first certificate of a file: in a chain, the owner's.
pub fn first_certificate_der(path: &Path) -> Result<CertificateDer<'static>, Failure> {
    certificates(path)?
        .into_iter()
        .next()
        .ok_or_else(|| no_certificate(path))
}

/// Its facts.
pub fn first_certificate(path: &Path) -> Result<CertificateFacts, Failure> {
    Ok(CertificateFacts::from_der(&first_certificate_der(path)?)?)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let content = durable::read(path)?;
    if content.first() == Some(&0x30) {
        return Ok(vec![content.into()]);
    }
    let found = CertificateDer::pem_slice_iter(&content)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| no_certificate(path))?;
    if found.is_empty() {
        Err(no_certificate(path))
    } else {
        Ok(found)
    }
}

fn no_certificate(path: &Path) -> Failure {
    format!(
        "{} holds no readable certificate: give a PEM or DER file",
        path.display()
    )
    .into()
}
