//! `enrol` against an enrolment listener made for this test.

use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{CertificateRequest, Order, Profile, TlsKey};
use tanqiao_protocol::signing::VerifyingKey;

use super::folder::{Folder, mode, text};

/// What the listener has heard, and whether it approves.
#[derive(Default)]
struct Hub {
    requests: Vec<Value>,
    approves: bool,
}

fn listen(folder: &Folder, hub: Arc<Mutex<Hub>>) -> String {
    let authority = folder.authority();
    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    let request = CertificateRequest::from_pem(&key.request_pem("hub").unwrap()).unwrap();
    let order = Order::new(Profile::Hub).with_ip(IpAddr::from([127, 0, 0, 1]));
    let issued = authority.issue(&request, &order, chrono::Utc::now()).unwrap();
    let chain = CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes())
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_slice(key.to_pem().as_bytes()).unwrap();
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ca_pem = std::fs::read_to_string(folder.path("authority/ca.pem")).unwrap();
    let authority = web::Data::new(authority);
    let server = HttpServer::new(move || {
        let (hub, got, ca_pem) = (hub.clone(), hub.clone(), ca_pem.clone());
        let authority = authority.clone();
        App::new()
            .route(
                "/v1/enrolments",
                web::post().to(move |body: web::Json<Value>| {
                    let mut hub = got.lock().unwrap();
                    hub.requests.push(body.0);
                    async { HttpResponse::Accepted().json(json!({"id": "e-1", "status": "pending"})) }
                }),
            )
            .route(
                "/v1/enrolments/e-1",
                web::get().to(move || {
                    let hub = hub.lock().unwrap();
                    let answer = if hub.approves {
                        let csr = CertificateRequest::from_pem(hub.requests[0]["csr_pem"].as_str().unwrap()).unwrap();
                        let order = Order::new(Profile::Node("wuhan".parse().unwrap()));
                        let issued = authority.issue(&csr, &order, chrono::Utc::now()).unwrap();
                        json!({"id": "e-1", "status": "approved", "certificate_pem": issued.chain_pem, "ca_pem": ca_pem,
                            "log_public_key": "tanqiao.local+00000000+AA=="})
                    } else {
                        json!({"id": "e-1", "status": "pending"})
                    };
                    async { HttpResponse::Ok().json(answer) }
                }),
            )
    })
    .workers(1)
    .listen_rustls_0_23(listener, tls)
    .unwrap()
    .run();
    tokio::spawn(server);
    format!("https://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_enrols_once_and_keeps_its_keys_to_itself() {
    tanqiao_certs::install_crypto_provider();
    let folder = Folder::bare();
    let hub = Arc::new(Mutex::new(Hub::default()));
    let url = listen(&folder, hub.clone());
    let ca = folder.path("authority/ca.pem");
    let enrol = [
        "enrol",
        "--url",
        &url,
        "--ca",
        ca.to_str().unwrap(),
        "--code-file",
        "code.txt",
        "--wait-s",
        "0",
    ];

    assert_eq!(folder.refused(&enrol), "file", "no code, nothing is sent");
    folder.secret("code.txt", "ABCD-EFGH\n");
    for _ in 0..2 {
        let waiting = folder.run(&enrol);
        assert_eq!(waiting.status.code(), Some(1));
        assert!(
            text(&waiting.stdout).contains("waits for an officer"),
            "{}",
            text(&waiting.stderr)
        );
    }
    hub.lock().unwrap().approves = true;
    assert_eq!(folder.ok(&enrol)["status"], "approved");

    let requests = hub.lock().unwrap().requests.clone();
    assert_eq!(requests.len(), 1, "the code works once, so it is sent once");
    assert_eq!(
        (&requests[0]["member"], &requests[0]["code"]),
        (&"wuhan".into(), &"ABCD-EFGH".into())
    );
    assert!(
        requests[0]["signing_key"]
            .as_str()
            .unwrap()
            .parse::<VerifyingKey>()
            .is_ok()
    );
    assert!(!requests[0].to_string().contains("PRIVATE"));
    for secret in ["node.key", "signing.pem", "node.pem"] {
        assert_eq!(mode(&folder.path(secret)), 0o600, "{secret}");
    }
    folder.ok(&["migrate"]);
    assert_eq!(
        folder.ok(&["status"])["member"],
        "wuhan",
        "keys and certificate can be used"
    );
}
