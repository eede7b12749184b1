//! Certificates and revocation lists are read again when they change.

use std::time::Duration;

use tanqiao_certs::ServerTls;
use tokio::sync::watch;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the files every second until the process stops. What is wrong is logged when it becomes wrong, and the old stays.
pub(super) async fn watch_files(tls: ServerTls, mut stopping: watch::Receiver<bool>) {
    let mut wrong: Option<String> = None;
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let tls = tls.clone();
        let looked = tokio::task::spawn_blocking(move || tls.reload_if_changed(chrono::Utc::now())).await;
        match looked {
            Ok(Ok(changed)) => {
                if changed || wrong.is_some() {
                    tracing::info!("certificates and revocation lists are in force as they are on disk");
                }
                wrong = None;
            }
            Ok(Err(error)) => {
                let text = error.to_string();
                if wrong.as_ref() != Some(&text) {
                    tracing::error!(%error, "a certificate file is wrong; what was in force stays in force");
                }
                wrong = Some(text);
            }
            Err(error) => tracing::error!(%error, "the certificate files cannot be looked at"),
        }
    }
}
