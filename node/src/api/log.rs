//! The hub's transparency log, as this node has verified it.

use actix_web::web;

use super::answer::{Answered, ok};
use super::auth::{Caller, Read};
use crate::service::Node;
use crate::witness;

/// How far the log is verified, and evidence against it.
pub(super) async fn log_view(_: Caller<Read>, node: web::Data<Node>) -> Answered {
    ok(&witness::view(&node).await?)
}
