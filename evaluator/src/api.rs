//! The evaluator's API: JSON over mutual TLS, problems as RFC 9457.
//!
//! | method and path | for | what |
//! | --- | --- | --- |
//! | `POST /v1/evaluations` | member nodes | multiply blinded inputs by this evaluator's share, with a proof |
//! | `GET /v1/epochs/{epoch}` | everybody | the public keys of a month, made where they are missing |
//! | `GET /v1/counters` | everybody | what was evaluated: a node sees its own, an evaluator all |
//! | `POST /v1/epochs/{epoch}/keys` | the evaluators | make the keys of a month |
//! | `POST /v1/dkg/{commitments, points, prepare, standing, settle}` | the evaluators | the steps of a key generation |
//!
//! `GET /health/live`, `/health/ready` and `/metrics` are plain HTTP on a loopback listener of their own.

pub mod admission;
pub mod answer;
mod evaluations;
mod generations;
pub mod health;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use governor::DefaultKeyedRateLimiter;
use tanqiao_certs::ServerTls;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::time::Timestamp;

use crate::ceremony::Party;
use crate::config::Config;
use crate::evaluation::Desk;
use crate::keyring::Keyring;
use crate::store::Store;

/// Tells the time; a test gives its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The largest body: a full batch in base64, and its month.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// What the handlers share.
pub struct Evaluator {
    /// The configuration.
    pub config: Config,
    /// Its number.
    pub number: u8,
    /// Its store.
    pub store: Store,
    /// Its shares in use.
    pub keyring: Arc<Keyring>,
    /// Evaluates.
    pub desk: Desk,
    /// Takes part in key generations.
    pub party: Arc<Party>,
    /// Who may connect.
    pub tls: ServerTls,
    /// Requests a second and caller.
    pub rate: DefaultKeyedRateLimiter<NodeId>,
    /// The clock.
    pub clock: Clock,
    /// What is counted for the operator.
    pub metrics: health::Metrics,
}

impl std::fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Evaluator({})", self.config.member)
    }
}

impl Evaluator {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// The routes of the listener for members.
pub fn mount(routes: &mut ServiceConfig) {
    routes
        .app_data(answer::path_config())
        .route("/v1/evaluations", web::post().to(evaluations::evaluate))
        .route("/v1/counters", web::get().to(evaluations::counters))
        .route("/v1/epochs/{epoch}", web::get().to(evaluations::keys))
        .route("/v1/epochs/{epoch}/keys", web::post().to(generations::make))
        .route("/v1/dkg/commitments", web::post().to(generations::commitments))
        .route("/v1/dkg/points", web::post().to(generations::points))
        .route("/v1/dkg/prepare", web::post().to(generations::prepare))
        .route("/v1/dkg/standing", web::post().to(generations::standing))
        .route("/v1/dkg/settle", web::post().to(generations::settle))
        .default_service(web::to(answer::nothing_here));
}
