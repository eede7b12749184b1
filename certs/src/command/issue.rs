//! `issue`, `renew`.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use serde_json::json;
use tanqiao_certs::{
    Authority, CertificateFacts, CertificateRequest, Issued, MemberId, Order, Profile, Span, Time, TlsKey,
    authority::{VALIDITY_DAYS_DEFAULT, VALIDITY_DAYS_MAX},
    durable,
    enrolment::KeyAlgorithm,
};

use super::{Failure, Report, show};

/// Whom the certificate is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A member node, as client of the hub.
    Node,
    /// A member node that also has a listener of its own.
    NodeListener,
    /// A token evaluator: listens, and is a client of the hub and of the other two.
    Evaluator,
    /// The hub's federation and enrolment listeners.
    Hub,
    /// A web console; it cannot stand for the hub.
    Console,
}

/// Issue a certificate for a signing request, or for a new key.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tanqiao-certs issue --dir ca --kind node --id wuhan --csr wuhan.csr --out wuhan\n  tanqiao-certs issue --dir ca --kind hub --generate --dns hub.example --ip 10.0.0.1 --out hub\n\nWrites OUT.pem (the certificate and the issuing CA's) and, with --generate, OUT.key."
)]
pub struct Issue {
    /// Directory of the authority.
    #[arg(long)]
    dir: PathBuf,
    /// Whom the certificate is for.
    #[arg(long, value_enum)]
    kind: Kind,
    /// The member's id, for a node or an evaluator.
    #[arg(long, required_if_eq_any = [("kind", "node"), ("kind", "node-listener"), ("kind", "evaluator")])]
    id: Option<MemberId>,
    #[command(flatten)]
    key: KeySource,
    /// A DNS name of the listener; may be repeated.
    #[arg(long)]
    dns: Vec<String>,
    /// An IP address of the listener; may be repeated.
    #[arg(long)]
    ip: Vec<IpAddr>,
    /// Days of validity.
    #[arg(long, default_value_t = VALIDITY_DAYS_DEFAULT, value_parser = clap::value_parser!(i64).range(1..=VALIDITY_DAYS_MAX))]
    days: i64,
    /// Name of the files to write, without an extension.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct KeySource {
    #[command(flatten)]
    from: RequestOrGenerate,
    /// Algorithm of the new key: p256 or ed25519.
    #[arg(long, default_value = "p256", requires = "generate")]
    algorithm: KeyAlgorithm,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct RequestOrGenerate {
    /// The signing request (PEM or DER). Only its public key is used.
    #[arg(long)]
    csr: Option<PathBuf>,
    /// Make a new key here, for tests and the quickstart: in service a key is made where it is used.
    #[arg(long)]
    generate: bool,
}

impl Issue {
    pub fn run(self, now: Time) -> Result<Report, Failure> {
        let profile = match (self.kind, self.id) {
            (Kind::Node, Some(id)) => Profile::Node(id),
            (Kind::NodeListener, Some(id)) => Profile::NodeListener(id),
            (Kind::Evaluator, Some(id)) => Profile::Evaluator(id),
            (Kind::Hub, None) => Profile::Hub,
            (Kind::Console, None) => Profile::Console,
            (Kind::Node | Kind::NodeListener | Kind::Evaluator, None) => {
                return Err("the certificate of a node or an evaluator needs --id".into());
            }
            (Kind::Hub | Kind::Console, Some(_)) => {
                return Err("only the certificate of a node or an evaluator takes --id: leave it out".into());
            }
        };
        let order = Order {
            profile,
            validity: Span::days(self.days),
            dns: self.dns,
            ips: self.ip,
        };
        let authority = Authority::open(&self.dir)?;
        write(&self.key, &self.out, now, |request| {
            Ok(authority.issue(request, &order, now)?)
        })
    }
}

/// Renew a certificate before it expires: the same content for a new key.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-certs renew --dir ca --cert wuhan.pem --csr wuhan-new.csr --out wuhan-new\n\nRefused when the certificate is revoked or expired: enrol again then."
)]
pub struct Renew {
    /// Directory of the authority.
    #[arg(long)]
    dir: PathBuf,
    /// The certificate to renew.
    #[arg(long)]
    cert: PathBuf,
    #[command(flatten)]
    key: KeySource,
    /// Name of the files to write, without an extension.
    #[arg(long)]
    out: PathBuf,
}

impl Renew {
    pub fn run(self, now: Time) -> Result<Report, Failure> {
        let authority = Authority::open(&self.dir)?;
        let old = authority.verify(&show::first_certificate_der(&self.cert)?, now)?;
        write(&self.key, &self.out, now, |request| {
            Ok(authority.renew(request, &old, now)?)
        })
    }
}

/// Gets the request, has it answered, and writes the files: the key first, so that no certificate is without one.
fn write(
    source: &KeySource,
    out: &Path,
    now: Time,
    answer: impl FnOnce(&CertificateRequest) -> Result<Issued, Failure>,
) -> Result<Report, Failure> {
    let (certificate_path, key_path) = (with_extension(out, "pem"), with_extension(out, "key"));
    let (request, key) = if let Some(path) = &source.from.csr {
        (CertificateRequest::parse(&durable::read(path)?)?, None)
    } else {
        if key_path.exists() {
            let path = key_path.display();
            return Err(format!("{path} exists already, and a key is never overwritten: choose another --out").into());
        }
        let key = TlsKey::generate(source.algorithm)?;
        (CertificateRequest::from_pem(&key.request_pem("generated")?)?, Some(key))
    };
    let issued = answer(&request)?;
    if let Some(key) = &key {
        key.save_new(&key_path)?;
    }
    durable::write_public(&certificate_path, issued.chain_pem.as_bytes())?;
    let facts = CertificateFacts::from_der(&issued.der)?;
    let certificate_line = format!("  file         {}\n", certificate_path.display());
    let key_line = key
        .as_ref()
        .map(|_| format!("  key          {} (secret, mode 0600)\n", key_path.display()));
    let text = show::describe(&facts, now) + &certificate_line + &key_line.unwrap_or_default();
    let json = json!({
        "certificate": certificate_path, "key": key.as_ref().map(|_| key_path), "record": issued.record,
        "days_left": facts.days_left(now), "renewal_due_at": facts.renewal_due_at(),
    });
    Ok(Report { text, json })
}

/// Appends the extension: a name such as `node.wuhan` keeps its dot.
fn with_extension(out: &Path, extension: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}
