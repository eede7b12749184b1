//! What this program is when it was started by itself: the hub, an evaluator, or one node.

use std::io::Read as _;
use std::path::Path;

use tanqiao_node::Node;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::failure::{Doing as _, Outcome};

/// The hub, until the standard input ends.
///
/// # Errors
/// It cannot start.
pub async fn hub(config: &Path) -> Outcome<()> {
    let stop = input_ends();
    let config = tanqiao_hub::config::Config::load(config).doing("reading the hub's configuration")?;
    log(&config.logging.filter);
    let service = tanqiao_hub::serve::Service::start(&config).doing("starting the hub")?;
    // An end of the sender is an end of the input too.
    drop(stop.await);
    service.stop().await;
    Ok(())
}

/// An evaluator, until the standard input ends.
///
/// # Errors
/// It cannot start.
pub async fn evaluator(config: &Path) -> Outcome<()> {
    let stop = input_ends();
    log("info");
    let config = tanqiao_evaluator::config::Config::load(config).doing("reading the evaluator's configuration")?;
    let service = tanqiao_evaluator::serve::Service::start(&config).doing("starting the evaluator")?;
    drop(stop.await);
    service.stop().await;
    Ok(())
}

/// A node, until the standard input ends.
///
/// # Errors
/// It cannot start.
pub async fn node(config: &Path) -> Outcome<()> {
    let stop = input_ends();
    log("info");
    let config = tanqiao_node::Config::load(config).doing("reading the node's configuration")?;
    let node = Node::open(config).await.doing("opening the node")?;
    let exchange = tanqiao_node::serve::exchange(&node);
    let (serving, server) = tanqiao_node::api::serve(&node).doing("starting the node's API")?;
    let server = tokio::spawn(server);
    drop(stop.await);
    serving.stop().await;
    exchange.stop().await;
    server
        .await
        .doing("stopping the node's API")?
        .doing("stopping the node's API")
}

/// Comes when whoever started this process closes the pipe to it, or dies.
fn input_ends() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut bytes = [0; 64];
        while input.read(&mut bytes).is_ok_and(|count| count > 0) {}
        // Where nobody waits any more, the process is ending already.
        ended.send(()).ok();
    });
    end
}

fn log(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_default();
    // A second subscriber is refused; the first stays.
    drop(
        tracing_subscriber::fmt()
            .json()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .try_init(),
    );
}
