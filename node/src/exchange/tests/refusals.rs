//! What a node says when the TLS handshake with its hub fails: the alert in plain words, and what to do.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{
    Authority, CertificateRequest, ClientTls, Issued, Order, Profile, RevocationReason, ServerTls, Span, Time,
    TlsFiles, TlsKey,
};
use tempfile::TempDir;

use super::fake_hub::{self, FakeHub};
use super::opening::{certificate, open, serve_tls, write_files};
use crate::exchange::hub::handshake;
use crate::service::Node;

/// Gives the node another certificate, issued at `at`.
fn replace(authority: &Authority, folder: &Path, at: Time) -> Issued {
    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    let request = CertificateRequest::from_pem(&key.request_pem("node").unwrap()).unwrap();
    let order = Order::new(Profile::Node("wuhan".parse().unwrap()));
    let issued = authority.issue(&request, &order, at).unwrap();
    std::fs::write(folder.join("node.key"), key.to_pem().as_bytes()).unwrap();
    std::fs::write(folder.join("node.pem"), &issued.chain_pem).unwrap();
    issued
}

/// A hub that looks into the authority's revocation list, and a node that asks it.
async fn node_before_hub(authority: &Authority, folder: &Path) -> Node {
    authority.crl(chrono::Utc::now()).unwrap();
    let files = TlsFiles::new(authority.bundle_path())
        .with_crl(authority.crl_path())
        .with_identity(folder.join("hub.pem"), folder.join("hub.key"));
    let tls = ServerTls::load(files, "tanqiao.local".parse().unwrap(), chrono::Utc::now()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    fake_hub::run(&hub, listener, Some(tls.federation_config().unwrap()));
    open(folder, &base).await
}

/// The node's words for the failure: the same in its status, and so in its log, as in an answer.
async fn trouble(node: &Node) -> String {
    let error = node.hub().info().await.unwrap_err();
    assert_eq!(error.code(), "hub-unreachable");
    let running = crate::serve::exchange(node);
    let told = async {
        loop {
            if let Some(trouble) = node.status().await.unwrap().trouble {
                return trouble;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
    running.stop().await;
    assert_eq!(told, error.to_string());
    told
}

fn folder() -> (TempDir, Authority) {
    tanqiao_certs::install_crypto_provider();
    let folder = TempDir::new().unwrap();
    let authority = write_files(folder.path());
    (folder, authority)
}

#[tokio::test]
async fn a_revoked_certificate_is_named_with_the_way_out() {
    let (folder, authority) = folder();
    let now = chrono::Utc::now();
    let issued = replace(&authority, folder.path(), now);
    authority
        .revoke(&issued.record.serial, RevocationReason::KeyCompromise, now)
        .unwrap();
    let text = trouble(&node_before_hub(&authority, folder.path()).await).await;
    assert!(
        text.contains("has been revoked") && text.contains("CertificateRevoked"),
        "{text}"
    );
    assert!(text.contains("`tanqiao-node enrol`"), "{text}");
}

#[tokio::test]
async fn a_certificate_that_expired_while_the_node_ran_is_named_with_the_way_out() {
    let (folder, _) = folder();
    let long_ago = chrono::Utc::now() - Span::days(100);
    let domain = "tanqiao.local".parse().unwrap();
    let authority = Authority::init(&folder.path().join("older"), &domain, long_ago).unwrap();
    std::fs::write(folder.path().join("ca.pem"), authority.bundle_pem()).unwrap();
    let hub = Order::new(Profile::Hub).with_ip([127, 0, 0, 1].into());
    certificate(&authority, folder.path(), "new-hub", &hub);
    replace(&authority, folder.path(), long_ago);
    let files = TlsFiles::new(folder.path().join("ca.pem"))
        .with_identity(folder.path().join("node.pem"), folder.path().join("node.key"));
    // As a node that was started then.
    let config = ClientTls::load(files, domain, long_ago).unwrap().hub_config().unwrap();
    let base = serve_tls(folder.path(), "new-hub", &Arc::new(Mutex::new(FakeHub::new())));
    let text = tokio::task::spawn_blocking(move || handshake::probe(config, &base))
        .await
        .unwrap()
        .unwrap();
    assert!(
        text.contains("has expired") && text.contains("CertificateExpired"),
        "{text}"
    );
    assert!(text.contains("`tanqiao-node enrol`"), "{text}");
}

#[tokio::test]
async fn a_certificate_of_another_federation_is_named() {
    let (folder, authority) = folder();
    let now = chrono::Utc::now();
    let namesake = Authority::init(&folder.path().join("namesake"), &"tanqiao.local".parse().unwrap(), now).unwrap();
    let other = Authority::init(&folder.path().join("other"), &"tanqiao.other".parse().unwrap(), now).unwrap();
    for (foreign, alert) in [(namesake, "DecryptError"), (other, "UnknownCA")] {
        replace(&foreign, folder.path(), now);
        let text = trouble(&node_before_hub(&authority, folder.path()).await).await;
        assert!(text.contains("`tls.certificate`") && text.contains(alert), "{text}");
        assert!(text.contains("federation that `hub.url` belongs to"), "{text}");
    }
}

#[tokio::test]
async fn a_hub_of_another_authority_is_named() {
    let (folder, authority) = folder();
    let now = chrono::Utc::now();
    let other = Authority::init(&folder.path().join("other"), &"tanqiao.local".parse().unwrap(), now).unwrap();
    std::fs::write(folder.path().join("ca.pem"), other.bundle_pem()).unwrap();
    replace(&other, folder.path(), now);
    let text = trouble(&node_before_hub(&authority, folder.path()).await).await;
    assert!(
        text.contains("another authority") && text.contains("`tls.ca`"),
        "{text}"
    );
}
