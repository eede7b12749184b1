//! The exchange against a hub of this test's own: its ledger is the protocol's [`Book`], its feed is crafted from it.

mod contradictions;
mod crashes;
pub(crate) mod fake_hub;
pub(crate) mod fake_log;
pub(crate) mod fake_recognition;
pub(crate) mod fake_reconciliation;
pub(crate) mod fake_screening;
mod feed;
mod ledger_properties;
pub(crate) mod messages;
pub(crate) mod opening;
mod quoting;
mod reconciling;
mod refusals;
mod screened;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::signing::SigningKey;
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use crate::config::Config;
use crate::exchange::{HubClient, Signer};
use crate::ledger::AccountId;
use crate::service::{IssueRequest, IssueShare, Node, Staffed};
use crate::store::test_databases::TestDatabase;

pub(crate) const START_US: i64 = 1_780_000_000 * SECOND_US;

pub(crate) fn config() -> Config {
    let text = r#"
        member = "wuhan"
        region = "420100"
        trust_domain = "tanqiao.local"
        database = "sqlite:node.db"
        [hub]
        url = "http://127.0.0.1:1"
        feed_wait_s = 0
        [tls]
        certificate = "node.pem"
        key = "node.key"
        ca = "ca.pem"
        [signing]
        key = "signing.pem"
        [witness]
        enabled = false
    "#;
    Config::parse(text, Path::new("node.toml"), |_| None).unwrap()
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_ed25519_seed(&[seed; 32]).unwrap()
}

/// A node over a database, dealing with the hub at `base`. Its clock moves one second a look.
pub(crate) fn node(database: &TestDatabase, base: &str) -> Node {
    node_with(database, base, config())
}

pub(crate) fn node_with(database: &TestDatabase, base: &str, config: Config) -> Node {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let now = AtomicI64::new(START_US);
    let clock = Arc::new(move || Timestamp::from_micros(now.fetch_add(SECOND_US, Ordering::SeqCst)));
    let signer = Signer::new(key(1), &config);
    Node::assemble(config, database.store(), signer, HubClient::over(http, base), clock)
}

pub(crate) fn g(grams: i64) -> Grams {
    Grams::new(grams).unwrap()
}

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

pub(crate) fn message_id(n: u64) -> MessageId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    MessageId::from_parts(Timestamp::from_micros(START_US), &random)
}

/// An issuance of these shares.
pub(crate) fn issuance(shares: &[(&str, i64)]) -> IssueRequest {
    let total = shares.iter().map(|s| s.1).sum::<i64>();
    let content = serde_json::json!({
        "methodology": "metro.v1", "region_of_act": "420100", "vintage": 2025, "quantity_g": total, "verified_g": total,
        "activity_count": 1, "activity_total": "1", "period_from": "2025-01-01T00:00:00Z",
        "period_until": "2025-12-31T00:00:00Z", "rights_basis": "transferred-by-holders",
        "records_root": "00".repeat(32), "local_reference": "wh-1", "other_schemes": [],
    });
    IssueRequest {
        by: Staffed::default(),
        issuance: serde_json::from_value(content).unwrap(),
        shares: shares
            .iter()
            .map(|(a, q)| IssueShare {
                account: account(a),
                quantity_g: g(*q),
            })
            .collect(),
    }
}

/// Sends what waits once; false once nothing does.
pub(crate) async fn send_once(node: &Node) -> bool {
    super::send::step(node).await.unwrap() != super::send::Sent::Nothing
}

/// Applies what the feed has.
pub(crate) async fn follow_once(node: &Node) {
    while super::follow::step(node).await.unwrap() == super::follow::Step::Applied {}
}
