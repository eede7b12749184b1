//! An evaluator whose certificate is past two thirds of its life gets the next from the hub by itself, and serves with it.

use std::net::TcpListener;
use std::sync::Mutex;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::{Value, json};
use tanqiao_certs::renewal::facts;
use tanqiao_certs::{CertificateRequest, Order, PeerIdentity, Profile, ServerTls, Span, TlsFiles, peer_identity};
use tanqiao_evaluator::renewal::identity;

use crate::world::{DOMAIN, World, until};

/// The hub's part: its authority renews for whoever shows the old certificate.
struct Hub {
    authority: tanqiao_certs::Authority,
    old: PeerIdentity,
    asked: Mutex<u32>,
    refuses: Mutex<bool>,
}

async fn renew(hub: Data<Hub>, body: Bytes) -> HttpResponse {
    *hub.asked.lock().unwrap() += 1;
    if *hub.refuses.lock().unwrap() {
        return HttpResponse::Forbidden().json(json!({ "type": "about:blank", "title": "no", "status": 403 }));
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let request = CertificateRequest::from_pem(body["csr_pem"].as_str().unwrap()).unwrap();
    let issued = hub.authority.renew(&request, &hub.old, chrono::Utc::now()).unwrap();
    HttpResponse::Created().json(json!({ "certificate_pem": issued.chain_pem, "ca_pem": "" }))
}

/// An evaluator with a certificate that was issued 70 days ago.
fn aged(world: &World, id: &str) -> PeerIdentity {
    for kind in ["pem", "key"] {
        std::fs::remove_file(world.file(&format!("{id}.{kind}"))).unwrap();
    }
    let order = Order::new(Profile::Evaluator(id.parse().unwrap())).with_ip([127, 0, 0, 1].into());
    let issued = world.issue_at(id, &order, chrono::Utc::now() - Span::days(70));
    peer_identity(&issued.der, &DOMAIN.parse().unwrap()).unwrap()
}

#[actix_web::test]
async fn a_certificate_past_two_thirds_of_its_life_is_renewed_and_served() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::with_hub(socket.local_addr().unwrap().port(), "");
    let order = Order::new(Profile::Hub).with_ip([127, 0, 0, 1].into());
    world.issue("hub", &order);
    let files =
        TlsFiles::new(world.authority.bundle_path()).with_identity(world.file("hub.pem"), world.file("hub.key"));
    let tls = ServerTls::load(files, DOMAIN.parse().unwrap(), chrono::Utc::now()).unwrap();
    let hub = Data::new(Hub {
        authority: tanqiao_certs::Authority::open(&world.directory.path().join("ca")).unwrap(),
        old: aged(&world, "notary"),
        asked: Mutex::new(0),
        refuses: Mutex::new(true),
    });
    let shared = hub.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .route("/v1/certificates", web::post().to(renew))
    })
    .workers(1)
    .disable_signals()
    .listen_rustls_0_23(socket, tls.federation_config().unwrap())
    .unwrap()
    .run();
    let handle = server.handle();
    tokio::spawn(server);

    // The hub says no: the old certificate stays, and the evaluator serves with it.
    let before = facts(&identity(&world.config("notary"))).unwrap();
    let service = world.start("notary");
    until("the hub was asked", || *hub.asked.lock().unwrap() == 1).await;
    assert_eq!(facts(&identity(&world.config("notary"))).unwrap(), before);
    service.stop().await;

    // Another that is not due does not ask.
    let other = world.start("exchange");
    *hub.refuses.lock().unwrap() = false;
    let service = world.start("notary");
    let serial = || service.evaluator.tls.state().certificate().unwrap().serial;
    until("the new certificate is served", || serial() != before.serial).await;
    let after = facts(&identity(&world.config("notary"))).unwrap();
    assert_eq!((&after.serial, after.days_left(chrono::Utc::now())), (&serial(), 89));
    assert_eq!((&after.spiffe_id, &after.ips), (&before.spiffe_id, &before.ips));
    assert_eq!(*hub.asked.lock().unwrap(), 2);
    service.stop().await;
    other.stop().await;
    handle.stop(true).await;
}
