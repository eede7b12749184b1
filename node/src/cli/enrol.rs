//! `enrol`: keys are made here and stay here; a one-time code and a signing request go to the hub; the certificate comes
//! back once an officer has approved.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tanqiao_certs::TlsKey;
use tanqiao_certs::durable;
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::signing::{Algorithm, SigningKey};

use super::command::Context;
use super::report::{Failure, Report};
use crate::config::{Config, read_private};

/// The environment variable of the one-time code.
const CODE_VARIABLE: &str = "TANQIAO_ENROLMENT_CODE";
/// How often to ask whether it is approved.
const PERIOD: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct EnrolArgs {
    /// The hub's enrolment address, such as `https://hub.example:8444`
    #[arg(long)]
    url: String,
    /// The file with the one-time code; the variable `TANQIAO_ENROLMENT_CODE` when absent
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// The CA of the enrolment address, PEM; the configuration's tls.ca where that exists, else the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Wait so many seconds for the approval
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    wait_s: u64,
    /// The signing algorithm of a new key: ed25519 or sm2
    #[arg(long, default_value = "ed25519")]
    algorithm: Algorithm,
}

#[derive(Debug, Serialize)]
struct Request<'a> {
    member: &'a str,
    code: &'a str,
    csr_pem: String,
    signing_key: String,
}

#[derive(Debug, Deserialize)]
struct Enrolment {
    id: String,
    status: String,
    certificate_pem: Option<String>,
    ca_pem: Option<String>,
    log_public_key: Option<String>,
}

pub(super) async fn enrol(context: &Context, args: EnrolArgs) -> Result<Report, Failure> {
    let config = context.load()?;
    let http = client(&config, args.ca.as_deref())?;
    let base = format!("{}/v1/enrolments", args.url.trim_end_matches('/'));
    // The id of a request that was made already: the code works once, so a second run only waits.
    let note = config.tls.certificate.with_extension("enrolment");
    let id = if let Ok(text) = std::fs::read_to_string(&note) {
        text.trim().to_owned()
    } else {
        let enrolment = request(&config, &args, &http, &base).await?;
        durable::write_public(&note, enrolment.id.as_bytes()).map_err(|e| Failure::new("file", e.to_string()))?;
        enrolment.id
    };
    let deadline = Instant::now() + Duration::from_secs(args.wait_s);
    loop {
        let enrolment = answered(http.get(format!("{base}/{id}")).send().await).await?;
        match enrolment.status.as_str() {
            "approved" => return finish(&config, &note, enrolment),
            "pending" if Instant::now() < deadline => tokio::time::sleep(PERIOD).await,
            "pending" => {
                let text = format!("enrolment {id} waits for an officer: run the same command again later\n");
                return Ok(Report::new(text, &json!({ "id": id, "status": "pending" }))?.refused(true));
            }
            other => {
                return Err(Failure::new(
                    "enrolment",
                    format!("enrolment {id} is {other}: ask the hub's officers"),
                ));
            }
        }
    }
}

async fn request(config: &Config, args: &EnrolArgs, http: &reqwest::Client, base: &str) -> Result<Enrolment, Failure> {
    let code = code(args.code_file.as_deref())?;
    let tls = tls_key(&config.tls.key)?;
    let signing = signing_key(&config.signing.key, args.algorithm)?;
    let body = Request {
        member: config.member.as_str(),
        code: code.trim(),
        csr_pem: tls
            .request_pem(config.member.as_str())
            .map_err(|e| Failure::new("key", e.to_string()))?,
        signing_key: signing.verifying_key().to_string(),
    };
    answered(http.post(base).json(&body).send().await).await
}

fn finish(config: &Config, note: &Path, enrolment: Enrolment) -> Result<Report, Failure> {
    let (Some(certificate), Some(ca)) = (&enrolment.certificate_pem, &enrolment.ca_pem) else {
        return Err(Failure::new(
            "enrolment",
            "the hub approved, but sent no certificate: ask its officers",
        ));
    };
    let failed = |e: durable::FileError| Failure::new("file", e.to_string());
    durable::write_public(&config.tls.ca, ca.as_bytes()).map_err(failed)?;
    durable::replace_secret(&config.tls.certificate, certificate.as_bytes()).map_err(failed)?;
    let _ = std::fs::remove_file(note);
    let text = format!(
        "enrolled as {}: the certificate is in {}\nlog key {}\n",
        config.member,
        config.tls.certificate.display(),
        enrolment.log_public_key.as_deref().unwrap_or("(not told)")
    );
    Report::new(
        text,
        &json!({ "id": enrolment.id, "status": "approved", "certificate": config.tls.certificate,
            "log_public_key": enrolment.log_public_key }),
    )
}

fn code(file: Option<&Path>) -> Result<String, Failure> {
    match file {
        Some(path) => std::fs::read_to_string(path).map_err(|e| Failure::file(path, e)),
        None => std::env::var(CODE_VARIABLE).map_err(|_| {
            Failure::new(
                "arguments",
                format!("give the one-time code with --code-file or {CODE_VARIABLE}"),
            )
        }),
    }
}

fn tls_key(path: &Path) -> Result<TlsKey, Failure> {
    if path.exists() {
        let pem = read_private(path)?;
        return TlsKey::from_pem(&pem).map_err(|e| Failure::file(path, e));
    }
    let key = TlsKey::generate(KeyAlgorithm::default()).map_err(|e| Failure::new("key", e.to_string()))?;
    key.save_new(path).map_err(|e| Failure::file(path, e))?;
    Ok(key)
}

fn signing_key(path: &Path, algorithm: Algorithm) -> Result<SigningKey, Failure> {
    let failed = |e: tanqiao_protocol::signing::KeyError| Failure::file(path, e);
    if path.exists() {
        return SigningKey::from_pem(&read_private(path)?).map_err(failed);
    }
    let key = SigningKey::generate(algorithm).map_err(failed)?;
    let pem = key.to_pem().map_err(failed)?;
    durable::write_secret(path, pem.as_bytes()).map_err(|e| Failure::new("file", e.to_string()))?;
    Ok(key)
}

fn client(config: &Config, ca: Option<&Path>) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .https_only(true);
    let path = ca.or_else(|| Some(config.tls.ca.as_path()).filter(|path| path.exists()));
    let builder = match path {
        Some(path) => {
            let pem = std::fs::read(path).map_err(|e| Failure::file(path, e))?;
            let roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| Failure::file(path, e))?;
            builder.tls_certs_only(roots)
        }
        None => builder,
    };
    builder.build().map_err(|e| Failure::new("tls", e.to_string()))
}

async fn answered(sent: reqwest::Result<reqwest::Response>) -> Result<Enrolment, Failure> {
    let unreachable = |e: reqwest::Error| Failure::new("hub-unreachable", format!("the hub cannot be reached: {e}"));
    let response = sent.map_err(unreachable)?;
    let refused = !response.status().is_success();
    let bytes = response.bytes().await.map_err(unreachable)?;
    if refused {
        return Err(match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Failure::new(&problem.code, format!("the hub refused: {}", problem.detail)),
            Err(_) => Failure::new("hub-unreadable", "the hub refused, and its answer cannot be read"),
        });
    }
    serde_json::from_slice(&bytes)
        .map_err(|e| Failure::new("hub-unreadable", format!("the hub's answer cannot be read: {e}")))
}
