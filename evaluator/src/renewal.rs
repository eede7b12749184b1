//! Renewing this evaluator's certificate by itself, from two thirds of its life on, and saying loudly when that fails.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tanqiao_certs::CertificateFacts;
use tanqiao_certs::renewal::{ExpiryAlarm, Renewal, RenewalError, facts};
use tanqiao_certs::tls::IdentityFiles;
use tokio::sync::watch;

use crate::config::Config;
use crate::remote::{Remote, RemoteError};

/// How often the certificate is looked at. It is due for a month, so that there is no hurry.
const PERIOD: Duration = Duration::from_secs(600);

/// Why the certificate was not renewed; the old one stays.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// A file or what came.
    #[error(transparent)]
    Renewal(#[from] RenewalError),
    /// The hub.
    #[error(transparent)]
    Hub(#[from] RemoteError),
}

#[derive(Serialize)]
struct Request {
    csr_pem: String,
}

#[derive(Deserialize)]
struct Renewed {
    certificate_pem: String,
}

/// The files of this evaluator's certificate and its key.
#[must_use]
pub fn identity(config: &Config) -> IdentityFiles {
    IdentityFiles {
        certificate: config.tls.certificate.clone(),
        key: config.tls.key.clone(),
    }
}

/// Renews the certificate whenever it is due, until the process stops. Both directions take the files over when they change.
pub(crate) async fn renew(config: Config, hub: Remote, mut stopping: watch::Receiver<bool>) {
    let mut alarm = ExpiryAlarm::default();
    loop {
        if let Err(error) = renew_if_due(&config, &hub).await {
            tracing::warn!(%error, "the certificate is due for renewal and could not be renewed; it is tried again");
        }
        if let Ok(facts) = facts(&identity(&config))
            && let Some(days) = alarm.raised(facts.not_after, chrono::Utc::now())
        {
            tracing::error!(
                days,
                not_after = %facts.not_after,
                "this evaluator's certificate runs out: after that nobody is let in, and it must enrol again"
            );
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Renews the certificate if two thirds of its life have passed: `POST /v1/certificates` at the hub. What the new one says of
/// itself; `None` if it was not due.
///
/// # Errors
/// [`RenewError`].
pub async fn renew_if_due(config: &Config, hub: &Remote) -> Result<Option<CertificateFacts>, RenewError> {
    let Some(renewal) = Renewal::begin_if_due(&identity(config), chrono::Utc::now())? else {
        return Ok(None);
    };
    let csr_pem = renewal.request_pem(config.member.as_str())?;
    let renewed: Renewed = hub.post("/v1/certificates", &Request { csr_pem }).await?;
    let new = renewal.finish(&renewed.certificate_pem, chrono::Utc::now())?;
    tracing::info!(not_after = %new.not_after, "the certificate was renewed, with a new key");
    Ok(Some(new))
}
