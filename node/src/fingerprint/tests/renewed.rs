//! A member's certificate is exchanged while its node has connections to the evaluators.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use tanqiao_certs::{Authority, CertificateFacts, Order, Profile, RevocationReason, ServerTls, TlsFiles};

use super::*;
use crate::exchange::tests::opening::{certificate, open, serve_tls, write_files};

/// Evaluators behind mutual TLS that ask the authority's list of revoked certificates, and how many connections each has had.
struct Guarded {
    fake: FakeEvaluators,
    tls: Vec<ServerTls>,
    connections: Arc<[AtomicUsize; 3]>,
}

impl Guarded {
    fn start(authority: &Authority, folder: &Path) -> Self {
        let mut fake = FakeEvaluators {
            slope: 7,
            ..FakeEvaluators::elsewhere()
        };
        let (mut tls, connections) = (Vec::new(), Arc::<[AtomicUsize; 3]>::default());
        for (place, name) in NAMES.into_iter().enumerate() {
            let order = Order::new(Profile::Evaluator(name.parse().unwrap())).with_ip([127, 0, 0, 1].into());
            certificate(authority, folder, name, &order);
            let files = TlsFiles::new(folder.join("ca.pem"))
                .with_crl(folder.join("ca/crl.pem"))
                .with_identity(folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
            let own = ServerTls::load(files, "tanqiao.local".parse().unwrap(), chrono::Utc::now()).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            fake.config.evaluators.push(Party {
                id: name.parse().unwrap(),
                url: format!("https://{}", listener.local_addr().unwrap()),
            });
            let data = web::Data::new((place, fake.clone()));
            let counted = Arc::clone(&connections);
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(data.clone())
                    .app_data(web::JsonConfig::default().limit(4 * 1024 * 1024))
                    .route("/v1/evaluations", web::post().to(evaluate))
            })
            .on_connect(move |_, _| {
                counted[place].fetch_add(1, Ordering::SeqCst);
            });
            let server = server.workers(1).disable_signals();
            let config = own.federation_config().unwrap();
            tokio::spawn(server.listen_rustls_0_23(listener, config).unwrap().run());
            tls.push(own);
        }
        Self { fake, tls, connections }
    }

    fn connections(&self) -> [usize; 3] {
        [0, 1, 2].map(|place| self.connections[place].load(Ordering::SeqCst))
    }
}

/// Another certificate in the place of the node's, and the one before on the list of the revoked.
fn exchanged(authority: &Authority, folder: &Path) {
    let now = chrono::Utc::now();
    let old = CertificateFacts::from_pem(&std::fs::read(folder.join("node.pem")).unwrap()).unwrap();
    std::fs::remove_file(folder.join("node.key")).unwrap();
    let order = Order::new(Profile::Node("wuhan".parse().unwrap()));
    certificate(authority, folder, "node", &order);
    authority
        .revoke(&old[0].serial, RevocationReason::Superseded, now)
        .unwrap();
    authority.crl(now).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_evaluators_are_left_with_those_to_the_hub_when_the_certificate_is_another() {
    tanqiao_certs::install_crypto_provider();
    let folder = tempfile::TempDir::new().unwrap();
    let authority = write_files(folder.path());
    authority.crl(chrono::Utc::now()).unwrap();
    let guarded = Guarded::start(&authority, folder.path());
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    let keys = guarded.fake.keys(may());
    hub.lock().unwrap().screening.epochs.insert(may().to_string(), keys);
    let node = open(folder.path(), &serve_tls(folder.path(), "hub", &hub)).await;
    let clock = Arc::new(|| Timestamp::from_micros(START_US));
    let provider = Evaluators::open(&guarded.fake.config, node.hub().clone(), clock).unwrap();
    let first = tokens(&provider, inputs(3)).await.unwrap();
    let opened = guarded.connections();
    assert_eq!(opened.iter().sum::<usize>(), 2, "two of three are asked");
    assert_eq!(tokens(&provider, inputs(3)).await.unwrap(), first);
    assert_eq!(guarded.connections(), opened, "over the same connections");

    exchanged(&authority, folder.path());
    for tls in &guarded.tls {
        assert!(tls.reload_if_changed(chrono::Utc::now()).unwrap());
    }
    let own = node.hub().tls().unwrap();
    assert!(own.reload_if_changed(chrono::Utc::now()).unwrap());
    node.hub().reconnect().unwrap();
    // Only a connection with the new certificate is let in.
    assert_eq!(tokens(&provider, inputs(3)).await.unwrap(), first);
    let again = guarded.connections();
    for (before, after) in opened.into_iter().zip(again) {
        assert_eq!(after, before * 2, "{opened:?} and then {again:?}");
    }
}
