//! Joining: keys are made here and stay here; a one-time code and a signing request go to the hub; the certificate comes
//! back once an officer has approved. It names the hosts that the officer's invitation names.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tanqiao_certs::TlsKey;
use tanqiao_certs::durable::{self, FileError};
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::signing::{Algorithm, SigningKey};

use crate::config::{Config, ConfigError, read_private};

/// The environment variable of the one-time code.
const CODE_VARIABLE: &str = "TANQIAO_ENROLMENT_CODE";
/// How often to ask whether it is approved.
const PERIOD: Duration = Duration::from_secs(5);

/// Why it did not join.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that cannot be read.
    #[error(transparent)]
    Read(#[from] ConfigError),
    /// A key or certificate.
    #[error("{0}: {1}")]
    Key(PathBuf, String),
    /// No code.
    #[error("give the one-time code with --code-file or {CODE_VARIABLE}")]
    NoCode,
    /// The hub.
    #[error("the hub cannot be reached: {0}")]
    Unreachable(String),
    /// The hub says no.
    #[error("the hub refused: {0}")]
    Refused(String),
}

/// How to join.
#[derive(Debug, Clone)]
pub struct EnrolOptions {
    /// The hub's enrolment address.
    pub url: String,
    /// The file with the one-time code.
    pub code_file: Option<PathBuf>,
    /// The CA of that address.
    pub ca: Option<PathBuf>,
    /// How long to wait for the approval.
    pub wait: Duration,
    /// The algorithm of a new signing key.
    pub algorithm: Algorithm,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Enrolled {
    /// The enrolment.
    pub id: String,
    /// True once the certificate is here.
    pub approved: bool,
    /// The log's key, as the hub told it.
    pub log_public_key: Option<String>,
}

#[derive(Debug, Serialize)]
struct Request<'a> {
    member: &'a str,
    code: &'a str,
    csr_pem: String,
    signing_key: String,
}

#[derive(Debug, Deserialize)]
struct View {
    id: String,
    status: String,
    certificate_pem: Option<String>,
    ca_pem: Option<String>,
    log_public_key: Option<String>,
}

/// Sends the request, or goes on waiting for an earlier one.
///
/// # Errors
/// [`EnrolError`].
pub async fn enrol(config: &Config, options: &EnrolOptions) -> Result<Enrolled, EnrolError> {
    let http = client(config, options.ca.as_deref())?;
    let base = format!("{}/v1/enrolments", options.url.trim_end_matches('/'));
    // The id of a request that was made already: the code works once, so a second run only waits.
    let note = config.tls.certificate.with_extension("enrolment");
    let id = if let Ok(text) = std::fs::read_to_string(&note) {
        text.trim().to_owned()
    } else {
        let view = request(config, options, &http, &base).await?;
        durable::write_public(&note, view.id.as_bytes())?;
        view.id
    };
    let deadline = Instant::now() + options.wait;
    loop {
        let view = answered(http.get(format!("{base}/{id}")).send().await).await?;
        match view.status.as_str() {
            "approved" => return finish(config, &note, view),
            "pending" if Instant::now() < deadline => tokio::time::sleep(PERIOD).await,
            "pending" => {
                return Ok(Enrolled {
                    id,
                    approved: false,
                    log_public_key: None,
                });
            }
            other => {
                return Err(EnrolError::Refused(format!(
                    "enrolment {id} is {other}: ask the hub's officers"
                )));
            }
        }
    }
}

async fn request(
    config: &Config,
    options: &EnrolOptions,
    http: &reqwest::Client,
    base: &str,
) -> Result<View, EnrolError> {
    let code = match &options.code_file {
        Some(path) => read_private(path)?.to_string(),
        None => std::env::var(CODE_VARIABLE).map_err(|_| EnrolError::NoCode)?,
    };
    let tls = tls_key(&config.tls.key)?;
    let signing = signing_key(&config.signing.key, options.algorithm)?;
    let csr_pem = tls.request_pem(config.member.as_str());
    let body = Request {
        member: config.member.as_str(),
        code: code.trim(),
        csr_pem: csr_pem.map_err(|e| EnrolError::Key(config.tls.key.clone(), e.to_string()))?,
        signing_key: signing.verifying_key().to_string(),
    };
    answered(http.post(base).json(&body).send().await).await
}

fn finish(config: &Config, note: &Path, view: View) -> Result<Enrolled, EnrolError> {
    let (Some(certificate), Some(ca)) = (&view.certificate_pem, &view.ca_pem) else {
        return Err(EnrolError::Refused(
            "it approved, but sent no certificate: ask its officers".to_owned(),
        ));
    };
    durable::write_public(&config.tls.ca, ca.as_bytes())?;
    durable::write_public(&config.tls.certificate, certificate.as_bytes())?;
    // The next run would only fetch the same certificate again.
    drop(std::fs::remove_file(note));
    Ok(Enrolled {
        id: view.id,
        approved: true,
        log_public_key: view.log_public_key,
    })
}

fn tls_key(path: &Path) -> Result<TlsKey, EnrolError> {
    let refuse = |e: tanqiao_certs::enrolment::KeyError| EnrolError::Key(path.to_owned(), e.to_string());
    if path.exists() {
        return TlsKey::from_pem(&read_private(path)?).map_err(refuse);
    }
    let key = TlsKey::generate(KeyAlgorithm::default()).map_err(refuse)?;
    key.save_new(path).map_err(refuse)?;
    Ok(key)
}

fn signing_key(path: &Path, algorithm: Algorithm) -> Result<SigningKey, EnrolError> {
    let refuse = |e: tanqiao_protocol::signing::KeyError| EnrolError::Key(path.to_owned(), e.to_string());
    if path.exists() {
        return SigningKey::from_pem(&read_private(path)?).map_err(refuse);
    }
    let key = SigningKey::generate(algorithm).map_err(refuse)?;
    durable::write_secret(path, key.to_pem().map_err(refuse)?.as_bytes())?;
    Ok(key)
}

fn client(config: &Config, ca: Option<&Path>) -> Result<reqwest::Client, EnrolError> {
    let unusable = |e: reqwest::Error| EnrolError::Unreachable(e.to_string());
    let builder = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .https_only(true)
        .no_proxy();
    let builder = match ca.or_else(|| Some(config.tls.ca.as_path()).filter(|path| path.exists())) {
        Some(path) => {
            let roots = reqwest::Certificate::from_pem_bundle(&durable::read(path)?);
            builder.tls_certs_only(roots.map_err(|e| EnrolError::Key(path.to_owned(), e.to_string()))?)
        }
        None => builder,
    };
    builder.build().map_err(unusable)
}

async fn answered(sent: reqwest::Result<reqwest::Response>) -> Result<View, EnrolError> {
    let unreachable = |e: reqwest::Error| EnrolError::Unreachable(e.to_string());
    let response = sent.map_err(unreachable)?;
    let refused = !response.status().is_success();
    let bytes = response.bytes().await.map_err(unreachable)?;
    if refused {
        let problem = serde_json::from_slice::<Problem>(&bytes);
        return Err(EnrolError::Refused(
            problem.map_or_else(|e| e.to_string(), |problem| problem.detail),
        ));
    }
    serde_json::from_slice(&bytes).map_err(|e| EnrolError::Refused(format!("its answer cannot be read: {e}")))
}
