//! Renewing this member's certificate by itself, from two thirds of its life on, and saying loudly when that fails.

use std::time::Duration;

use tanqiao_certs::renewal::{ExpiryAlarm, Renewal, facts};
use tanqiao_certs::tls::IdentityFiles;
use tokio::sync::watch;

use crate::config::Config;
use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::service::Node;

/// How often the certificate is looked at. It is due for a month, so that there is no hurry.
const PERIOD: Duration = Duration::from_secs(600);

/// The files of this member's certificate and its key.
pub(crate) fn identity(config: &Config) -> IdentityFiles {
    IdentityFiles {
        certificate: config.tls.certificate.clone(),
        key: config.tls.key.clone(),
    }
}

/// Renews the certificate whenever it is due, until `stop`. The files are taken over as others that change are.
pub(crate) async fn renew(node: Node, mut stop: watch::Receiver<bool>) {
    let mut alarm = ExpiryAlarm::default();
    while !*stop.borrow() {
        if let Err(error) = renew_if_due(&node).await {
            tracing::warn!(error = %error, "the certificate is due for renewal and could not be renewed; it is tried again");
        }
        let now = chrono::Utc::now();
        if let Ok(facts) = facts(&identity(node.config()))
            && let Some(days) = alarm.raised(facts.not_after, now)
        {
            tracing::error!(
                days,
                not_after = %facts.not_after,
                "this member's certificate runs out: after that the hub lets the node in no more, and it must enrol again"
            );
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Renews the certificate if two thirds of its life have passed; true if it did.
///
/// # Errors
/// A file, or the hub's refusal. The old certificate stays.
pub(crate) async fn renew_if_due(node: &Node) -> Result<bool, NodeError> {
    let files = identity(node.config());
    let begun = Renewal::begin_if_due(&files, chrono::Utc::now()).map_err(ExchangeError::from)?;
    let Some(renewal) = begun else { return Ok(false) };
    let request = renewal
        .request_pem(node.member().as_str())
        .map_err(ExchangeError::from)?;
    let chain = node.hub().renew_certificate(&request).await?;
    let new = renewal
        .finish(&chain, chrono::Utc::now())
        .map_err(ExchangeError::from)?;
    tracing::info!(not_after = %new.not_after, "the certificate was renewed, with a new key");
    Ok(true)
}
