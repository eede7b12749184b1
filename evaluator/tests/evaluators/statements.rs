//! The statement of a month's keys reaches the hub, once, although the hub was away and the evaluator was restarted.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use tanqiao_certs::{Order, Profile, ServerTls, TlsFiles};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::fingerprint::TokenEpoch;
use tanqiao_protocol::message::{Action, Message};
use tanqiao_protocol::signing::SigningKey;

use crate::world::{DOMAIN, IDS, World, this_month, until};

type Received = Data<Mutex<Vec<Vec<u8>>>>;

async fn take(received: Received, body: Bytes) -> HttpResponse {
    received.lock().unwrap().push(body.to_vec());
    HttpResponse::Ok().json(serde_json::json!({ "subject": "token-epoch" }))
}

#[actix_web::test]
async fn all_three_state_the_same_keys_to_the_hub_once_it_can_be_reached() {
    // The hub's place is known, and nobody is there yet.
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let world = World::with_hub(address.port(), "");
    let services = world.start_all();
    let keys = world.member("wuhan").keys(1, this_month()).await;
    for service in services {
        service.stop().await;
    }
    let order = Order::new(Profile::Hub).with_ip([127, 0, 0, 1].into());
    world.issue("hub", &order);
    let files =
        TlsFiles::new(world.authority.bundle_path()).with_identity(world.file("hub.pem"), world.file("hub.key"));
    let tls = ServerTls::load(files, DOMAIN.parse().unwrap(), chrono::Utc::now()).unwrap();
    let received: Received = Data::from(Arc::new(Mutex::new(Vec::new())));
    let shared = received.clone();
    let hub = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .route("/v1/token-epochs", web::post().to(take))
    })
    .disable_signals()
    .listen_rustls_0_23(TcpListener::bind(address).unwrap(), tls.federation_config().unwrap())
    .unwrap()
    .run();
    let handle = hub.handle();
    tokio::spawn(hub);
    // Each states its keys when it starts.
    let services = world.start_all();
    let stated = |services: &[tanqiao_evaluator::serve::Service]| {
        let known = services
            .iter()
            .filter_map(|one| one.evaluator.store.statement(this_month()).unwrap());
        known.filter(|one| one.answered).count()
    };
    until("all three have stated the keys", || stated(&services) == 3).await;
    let mut members = Vec::new();
    for envelope in received.lock().unwrap().iter() {
        let envelope = Envelope::decode(envelope).unwrap();
        assert_eq!(envelope.payload_type(), Action::TokenEpoch.payload_type());
        let message: Message<TokenEpoch> = serde_json::from_slice(envelope.payload()).unwrap();
        assert_eq!(message.content.keys, *keys);
        let pem = std::fs::read_to_string(world.file(&format!("{}.signing", message.member))).unwrap();
        envelope
            .verify(&[SigningKey::from_pem(&pem).unwrap().verifying_key().clone()])
            .unwrap();
        members.push(message.member.to_string());
    }
    members.sort();
    let mut expected = IDS.map(str::to_owned);
    expected.sort();
    assert_eq!(members, expected, "each once");
    for service in services {
        service.stop().await;
    }
    handle.stop(true).await;
}
