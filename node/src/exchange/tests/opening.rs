//! A node of files, as an operator sets it up, against a hub behind mutual TLS.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{Authority, CertificateRequest, Order, Profile, ServerTls, TlsFiles, TlsKey};

use super::fake_hub::{self, FakeHub};
use super::{account, issuance, key};
use crate::config::Config;
use crate::exchange::{follow, send};
use crate::ledger::AccountKind;
use crate::service::Node;
use crate::store::migrate;

/// Writes `<name>.pem` and `<name>.key` for a profile.
pub(crate) fn certificate(authority: &Authority, folder: &Path, name: &str, order: &Order) {
    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    key.save_new(&folder.join(format!("{name}.key"))).unwrap();
    let request = CertificateRequest::from_pem(&key.request_pem(name).unwrap()).unwrap();
    let issued = authority.issue(&request, order, chrono::Utc::now()).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), issued.chain_pem).unwrap();
}

pub(crate) fn write_files(folder: &Path) -> Authority {
    let ca = folder.join("ca");
    let authority = Authority::init(&ca, &"tanqiao.local".parse().unwrap(), chrono::Utc::now()).unwrap();
    let hub = Order::new(Profile::Hub)
        .with_dns("localhost")
        .with_ip([127, 0, 0, 1].into());
    certificate(&authority, folder, "hub", &hub);
    certificate(
        &authority,
        folder,
        "node",
        &Order::new(Profile::Node("wuhan".parse().unwrap())),
    );
    let other = Order::new(Profile::NodeListener("harbin".parse().unwrap())).with_ip([127, 0, 0, 1].into());
    certificate(&authority, folder, "harbin", &other);
    std::fs::write(folder.join("ca.pem"), authority.bundle_pem()).unwrap();
    let signing = folder.join("signing.pem");
    std::fs::write(&signing, key(1).to_pem().unwrap().as_bytes()).unwrap();
    std::fs::set_permissions(&signing, std::fs::Permissions::from_mode(0o600)).unwrap();
    authority
}

pub(crate) fn serve_tls(folder: &Path, name: &str, hub: &fake_hub::Shared) -> String {
    let files = TlsFiles::new(folder.join("ca.pem"))
        .with_identity(folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    let tls = ServerTls::load(files, "tanqiao.local".parse().unwrap(), chrono::Utc::now()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    fake_hub::run(hub, listener, Some(tls.federation_config().unwrap()));
    base
}

pub(crate) async fn open(folder: &Path, base: &str) -> Node {
    let text = format!(
        "member = \"wuhan\"\nregion = \"420100\"\ntrust_domain = \"tanqiao.local\"\ndatabase = \"sqlite:node.db\"\n\
         [hub]\nurl = \"{base}\"\nfeed_wait_s = 0\n[tls]\ncertificate = \"node.pem\"\nkey = \"node.key\"\nca = \"ca.pem\"\n\
         [signing]\nkey = \"signing.pem\"\n"
    );
    std::fs::write(folder.join("node.toml"), text).unwrap();
    let config = Config::load(&folder.join("node.toml")).unwrap();
    migrate(&config.database).unwrap();
    Node::open(config).await.unwrap()
}

#[tokio::test]
async fn a_node_deals_with_its_hub_over_mutual_tls_and_with_nobody_else() {
    tanqiao_certs::install_crypto_provider();
    let folder = tempfile::TempDir::new().unwrap();
    write_files(folder.path());
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    let node = open(folder.path(), &serve_tls(folder.path(), "hub", &hub)).await;
    node.accounts().create(account("a"), AccountKind::Holder).await.unwrap();
    node.issue(issuance(&[("a", 10)])).await.unwrap();
    assert!(matches!(
        send::step(&node).await.unwrap(),
        send::Sent::Some { decided: 1, .. }
    ));
    assert_eq!(follow::step(&node).await.unwrap(), follow::Step::Applied);
    // Another member's listener has a good certificate, and is not the hub.
    let node = open(folder.path(), &serve_tls(folder.path(), "harbin", &hub)).await;
    let refused = node.hub().members().await.unwrap_err();
    assert_eq!(refused.code(), "hub-unreachable", "{refused}");
}
