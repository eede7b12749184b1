//! Everybody who may not.

use tanqiao_certs::{Order, Profile, RevocationReason};
use tanqiao_evaluator::ceremony::{Generation, SessionId, Standing};
use tanqiao_evaluator::config::Config;
use tanqiao_evaluator::serve::{ServeError, Service};
use tanqiao_evaluator::store::EpochKeyState;
use tanqiao_protocol::fingerprint::{Elements, Evaluation, EvaluationRequest};

use crate::world::{World, blind, good, refused, this_month, until};

#[actix_web::test]
async fn a_member_over_its_quota_is_refused_and_nobody_else() {
    let world = World::with_hub(1, "[quota]\ninputs_per_month = 100\n[quota.members]\nwuhan = 3\n");
    let _services = world.start_all();
    let wuhan = world.member("wuhan");
    let epoch = this_month();
    let first = blind(&["a", "b"]);
    let _: Evaluation = good(wuhan.evaluate(1, epoch, &first).await).await;
    let problem = refused(wuhan.evaluate(1, epoch, &blind(&["c", "d"])).await, 429, "over-quota").await;
    assert_eq!(problem.expected.as_deref(), Some("1 inputs at most"));
    let _: Evaluation = good(wuhan.evaluate(1, epoch, &blind(&["c"])).await).await;
    refused(wuhan.evaluate(1, epoch, &blind(&["d"])).await, 429, "over-quota").await;
    // What was counted may be asked for again, each evaluator counts for itself, and others have quotas of their own.
    let _: Evaluation = good(wuhan.evaluate(1, epoch, &first).await).await;
    let _: Evaluation = good(wuhan.evaluate(2, epoch, &blind(&["d"])).await).await;
    let _: Evaluation = good(
        world
            .member("harbin")
            .evaluate(1, epoch, &blind(&["d", "e", "f", "g"]))
            .await,
    )
    .await;
}

#[actix_web::test]
async fn a_revoked_certificate_opens_nothing_and_keeps_nothing_open() {
    let world = World::new();
    let _services = world.start_all();
    let issued = world.issue("wuhan", &Order::new(Profile::Node("wuhan".parse().unwrap())));
    let wuhan = world.member("wuhan");
    wuhan.keys(1, this_month()).await;
    world
        .authority
        .revoke(
            &issued.record.serial,
            RevocationReason::KeyCompromise,
            chrono::Utc::now(),
        )
        .unwrap();
    world.authority.crl(chrono::Utc::now()).unwrap();
    // The open connection, as soon as the list is read again.
    let path = format!("/v1/epochs/{}", this_month());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        match wuhan.try_get(1, &path).await {
            Ok(response) if response.status() == 200 => assert!(std::time::Instant::now() < deadline),
            Ok(response) => {
                let problem = refused(response, 403, "certificate-revoked").await;
                assert_eq!(problem.check.unwrap().to_string(), "N01");
                break;
            }
            Err(_) => break,
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(
        world.member("wuhan").try_get(1, &path).await.is_err(),
        "no new connection"
    );
}

#[actix_web::test]
async fn who_is_no_member_is_refused() {
    let world = World::new();
    let _services = world.start_all();
    let path = format!("/v1/epochs/{}", this_month());
    assert!(
        world.asker(None).try_get(1, &path).await.is_err(),
        "without a certificate"
    );
    // A member of a federation of the same name, under another authority.
    let other = World::new();
    other.issue("wuhan", &Order::new(Profile::Node("wuhan".parse().unwrap())));
    for extension in ["pem", "key"] {
        let name = format!("wuhan.{extension}");
        std::fs::copy(other.file(&name), world.file(&name)).unwrap();
    }
    assert!(world.asker(Some("wuhan")).try_get(1, &path).await.is_err());
    // An evaluator of this federation that is none of the three.
    let stranger = Order::new(Profile::Evaluator("stranger".parse().unwrap())).with_ip([127, 0, 0, 1].into());
    world.issue("stranger", &stranger);
    refused(world.asker(Some("stranger")).get(1, &path).await, 401, "unauthorised").await;
}

#[actix_web::test]
async fn each_does_its_own_part_only() {
    let world = World::new();
    let services = world.start_all();
    let (wuhan, notary) = (world.member("wuhan"), world.asker(Some("notary")));
    let epoch = this_month();
    wuhan.keys(1, epoch).await;
    refused(notary.evaluate(1, epoch, &blind(&["a"])).await, 403, "forbidden").await;
    let generation = Generation {
        session: SessionId::new(),
        epoch,
    };
    for step in ["commitments", "points", "prepare", "standing", "settle"] {
        refused(
            wuhan.post(1, &format!("/v1/dkg/{step}"), &generation).await,
            403,
            "forbidden",
        )
        .await;
    }
    let keys = format!("/v1/epochs/{epoch}/keys");
    refused(wuhan.post(1, &keys, &serde_json::json!({})).await, 403, "forbidden").await;
    // A second generation of the month never replaces the key.
    let before = wuhan.keys(2, epoch).await;
    let answered = notary.post(2, "/v1/dkg/prepare", &generation).await;
    assert!(!answered.status().is_success());
    assert_eq!(wuhan.keys(2, epoch).await, before);
    assert!(services[1].evaluator.keyring.find(epoch).unwrap().is_some());
}

#[actix_web::test]
async fn whoever_asks_about_a_generation_that_is_on_its_way_waits_and_does_not_end_it() {
    let world = World::new();
    let services = world.start_all();
    let notary = world.asker(Some("notary"));
    let epoch = this_month();
    let generation = Generation {
        session: SessionId::new(),
        epoch,
    };
    assert!(
        notary
            .post(1, "/v1/dkg/commitments", &generation)
            .await
            .status()
            .is_success()
    );
    refused(
        notary.post(1, "/v1/dkg/standing", &generation).await,
        503,
        "epoch-waiting",
    )
    .await;
    let prepared: Standing = good(notary.post(1, "/v1/dkg/prepare", &generation).await).await;
    assert_eq!(prepared.state, EpochKeyState::Prepared);
    // One that has no part in a generation promises at once never to prepare it.
    let stranger = Generation {
        session: SessionId::new(),
        epoch,
    };
    let never: Standing = good(notary.post(1, "/v1/dkg/standing", &stranger).await).await;
    assert_eq!(never.state, EpochKeyState::Aborted);
    for service in services {
        service.stop().await;
    }
}

#[actix_web::test]
async fn bodies_that_are_no_batch_are_refused_and_not_counted() {
    let world = World::new();
    let services = world.start_all();
    let wuhan = world.member("wuhan");
    let epoch = this_month();
    wuhan.keys(1, epoch).await;
    let identity = EvaluationRequest {
        epoch,
        blinded: Elements::new(vec![*blind(&["a"]).blinded().as_slice().first().unwrap(), [0; 32]]).unwrap(),
    };
    let problem = refused(wuhan.post(1, "/v1/evaluations", &identity).await, 422, "schema").await;
    assert!(problem.detail.contains("element 1"), "{problem}");
    let long = serde_json::json!({ "epoch": epoch, "blinded": "A".repeat(4_000_000) });
    assert_eq!(wuhan.post(1, "/v1/evaluations", &long).await.status(), 413);
    let unknown = serde_json::json!({ "epoch": epoch, "blinded": "", "member": "harbin" });
    assert!(
        wuhan
            .post(1, "/v1/evaluations", &unknown)
            .await
            .status()
            .is_client_error()
    );
    assert_eq!(wuhan.get(1, "/v1/epochs/2026-13").await.status(), 400);
    assert_eq!(wuhan.get(1, "/v1/anything").await.status(), 404);
    assert!(services[0].evaluator.desk.counters(None).unwrap().is_empty());
}

#[actix_web::test]
async fn no_single_party_can_compute_a_token() {
    let world = World::new();
    // Two places in the configuration for one party, the hub as a party, and a threshold of one.
    let text = std::fs::read_to_string(world.file("regulator.toml")).unwrap();
    for (from, to) in [
        ("id = \"notary\"", "id = \"regulator\""),
        ("id = \"exchange\"", "id = \"hub\""),
        ("database =", "threshold = 1\ndatabase ="),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let read = Config::read(&changed, &world.file("regulator.toml"), std::iter::empty());
        assert!(read.is_err(), "{to}");
    }
    // The evaluators' own records: an evaluator whose share is another one than the keys name does not start, and no two
    // evaluators hold the same share.
    let services = world.start_all();
    world.member("wuhan").keys(1, this_month()).await;
    let committed = || {
        services
            .iter()
            .all(|one| one.evaluator.keyring.find(this_month()).unwrap().is_some())
    };
    until("all three have the key", committed).await;
    let shares: Vec<_> = services
        .iter()
        .map(|one| {
            one.evaluator
                .keyring
                .find(this_month())
                .unwrap()
                .unwrap()
                .share
                .public_key()
        })
        .collect();
    assert!(shares[0] != shares[1] && shares[1] != shares[2] && shares[0] != shares[2]);
    for service in services {
        service.stop().await;
    }
    let file = |id: &str| {
        let entries = std::fs::read_dir(world.config(id).shares.directory).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some()).unwrap()
    };
    let stolen = std::fs::read_to_string(file("notary")).unwrap();
    std::fs::write(file("regulator"), stolen.replace("\"number\":2", "\"number\":1")).unwrap();
    let refused = Service::start(&world.config("regulator"));
    assert!(matches!(refused, Err(ServeError::Keyring(_))));
}
