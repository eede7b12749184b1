//! What runs while the node serves: the feed, the outbox, tokens and their upload, decisions about offers, the certificate, and
//! changed key files.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::challenge;
use crate::exchange;
use crate::issuing;
use crate::reconciliation;
use crate::service::Node;
use crate::witness;

/// How often certificates, CRL and signing key are looked at.
const FILES_PERIOD: Duration = Duration::from_secs(10);
/// How often offers are looked at when nothing moves.
const OFFERS_PERIOD: Duration = Duration::from_secs(30);

/// How often challenges are looked at when none has come.
const CHALLENGES_PERIOD: Duration = Duration::from_secs(600);
/// How soon again when they could not be.
const CHALLENGES_RETRY: Duration = Duration::from_secs(10);

/// The running exchange of a node. Dropping it stops it at the next await; [`Exchange::stop`] lets it finish what it writes.
#[derive(Debug)]
pub struct Exchange {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Starts dealing with the hub. The platform's API is started by the caller, beside it.
#[must_use]
pub fn exchange(node: &Node) -> Exchange {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(exchange::follow(node.clone(), stopped.clone()));
    tasks.spawn(exchange::send(node.clone(), stopped.clone()));
    tasks.spawn(issuing::derive(node.clone(), stopped.clone()));
    tasks.spawn(exchange::upload(node.clone(), stopped.clone()));
    tasks.spawn(decide(node.clone(), stopped.clone()));
    tasks.spawn(show(node.clone(), stopped.clone()));
    tasks.spawn(exchange::renew(node.clone(), stopped.clone()));
    tasks.spawn(witness::watch(node.clone(), stopped.clone()));
    tasks.spawn(witness::listen(node.clone(), stopped.clone()));
    tasks.spawn(witness::compare(node.clone(), stopped.clone()));
    tasks.spawn(reconciliation::follow(node.clone(), stopped.clone()));
    tasks.spawn(reload(node.clone(), stopped));
    Exchange { stop, tasks }
}

impl Exchange {
    /// Stops, and waits for what is being written.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn decide(node: Node, mut stop: watch::Receiver<bool>) {
    let mut progress = node.progress();
    while !*stop.borrow() {
        progress.mark_unchanged();
        let mut pause = OFFERS_PERIOD;
        if let Err(error) = exchange::decide_waiting(&node).await {
            tracing::warn!(error = %error, "offers could not be decided");
            pause = Duration::from_secs(1);
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(pause) => continue,
            }
        }
        tokio::select! {
            _ = stop.changed() => return,
            _ = progress.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Answers challenges: at the start, whenever one has come, and now and then, since a person may have named the mailbox.
async fn show(node: Node, mut stop: watch::Receiver<bool>) {
    let mut progress = node.progress();
    let mut seen = None;
    let mut pause = CHALLENGES_RETRY;
    while !*stop.borrow() {
        progress.mark_unchanged();
        match challenge::come(&node, seen).await {
            Ok((last, false)) => seen = Some(last),
            Ok((last, true)) => match challenge::answer_waiting(&node).await {
                Ok(_) => {
                    seen = Some(last);
                    pause = CHALLENGES_PERIOD;
                }
                Err(error) => {
                    tracing::debug!(error = %error, "challenges could not be looked at");
                    seen = None;
                    pause = CHALLENGES_RETRY;
                    tokio::select! {
                        _ = stop.changed() => return,
                        () = tokio::time::sleep(pause) => continue,
                    }
                }
            },
            Err(error) => tracing::warn!(error = %error, "the feed's entries could not be read"),
        }
        tokio::select! {
            _ = stop.changed() => return,
            _ = progress.changed() => {}
            () = tokio::time::sleep(pause) => seen = None,
        }
    }
}

async fn reload(node: Node, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(FILES_PERIOD) => {}
        }
        if let Some(tls) = node.hub().tls() {
            match tls.reload_if_changed(chrono::Utc::now()) {
                Ok(true) => match node.hub().reconnect() {
                    Ok(()) => tracing::info!("TLS files were changed and are in use"),
                    Err(error) => tracing::warn!(error = %error, "no new connection can be prepared; the old go on"),
                },
                Ok(false) => {}
                Err(error) => tracing::warn!(error = %error, "the changed TLS files cannot be used; the old stay"),
            }
        }
        if let Err(error) = node.signer().reload() {
            tracing::warn!(error = %error, "the signing key cannot be read; the old stays");
        }
    }
}
