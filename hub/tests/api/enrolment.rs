//! Joining: code, request, approval, certificate, first message; and the next certificate.

use serde_json::{Value, json};
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{Span, TlsKey};
use tanqiao_hub::api::Listener;
use tanqiao_hub::enrolment::{self, ApprovalError, Approver, Invitation};
use tanqiao_hub::serve::new_id;
use tanqiao_protocol::view::{HubInfo, KeyStatus, MemberKind};

use crate::support::{name, node, signing_key};
use crate::world::{World, good, on_each, refused, until};

fn invitation() -> Invitation {
    Invitation {
        region: "510100".parse().unwrap(),
        kind: MemberKind::Region,
        name_zh: "成都".to_owned(),
        name_en: "Chengdu".to_owned(),
        hosts: Vec::new(),
    }
}

fn request(code: &str, csr_pem: &str) -> Value {
    json!({ "member": "chengdu", "code": code, "csr_pem": csr_pem, "signing_key": signing_key("chengdu").verifying_key() })
}

#[actix_web::test]
async fn a_new_member_joins_with_a_code_that_works_once() {
    on_each(async |world: World| {
        let database = world.federation.database.clone();
        let now = chrono::Utc::now();
        let code = enrolment::invite(&database, &node("chengdu"), invitation(), now, Span::days(7)).unwrap();
        let client = world.client(None);
        let post = async |body: &Value| {
            client
                .post(world.enrolment("/v1/enrolments"))
                .json(body)
                .send()
                .await
                .unwrap()
        };
        let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
        let csr = key.request_pem("chengdu").unwrap();

        refused(post(&request("0000-0000", &csr)).await, "forbidden").await;
        refused(post(&request(code.reveal(), "no request")).await, "M02").await;
        let response = post(&request(code.reveal(), &csr)).await;
        assert_eq!(response.status(), 202);
        let pending: Value = good(response).await;
        assert_eq!(pending["status"], "pending");
        let again: Value = good(post(&request(code.reveal(), &csr)).await).await;
        assert_eq!(again, pending, "a lost answer is asked for again");
        let other = TlsKey::generate(KeyAlgorithm::P256)
            .unwrap()
            .request_pem("chengdu")
            .unwrap();
        refused(post(&request(code.reveal(), &other)).await, "forbidden").await;

        let id = pending["id"].as_str().unwrap().to_owned();
        approve(&world, id.clone()).await;
        let url = world.enrolment(&format!("/v1/enrolments/{id}"));
        let approved: Value = good(client.get(&url).send().await.unwrap()).await;
        assert_eq!(approved["status"], "approved");
        assert!(
            approved["log_public_key"]
                .as_str()
                .unwrap()
                .starts_with("tanqiao.test/log+")
        );
        let files = world.directory.path().join("certs/chengdu");
        key.save_new(&files.with_extension("key")).unwrap();
        std::fs::write(
            files.with_extension("pem"),
            approved["certificate_pem"].as_str().unwrap(),
        )
        .unwrap();
        let chengdu = world.member("chengdu");
        until(|| {
            world
                .service
                .hub
                .sequencer
                .governance()
                .members
                .contains_key(&node("chengdu"))
        })
        .await;
        let _: HubInfo = chengdu.read("/v1/hub").await;
        refused(
            client
                .get(world.enrolment("/v1/enrolments/unknown"))
                .send()
                .await
                .unwrap(),
            "not-found",
        )
        .await;
        refused(
            client.get(world.enrolment("/v1/members")).send().await.unwrap(),
            "not-found",
        )
        .await;
        assert!(
            client
                .get(world.enrolment("/v1/crl"))
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap()
                .contains("X509 CRL")
        );

        let next = TlsKey::generate(KeyAlgorithm::Ed25519)
            .unwrap()
            .request_pem("chengdu")
            .unwrap();
        let renewed: Value = good(chengdu.post("/v1/certificates", &json!({ "csr_pem": next })).await).await;
        let facts =
            tanqiao_certs::CertificateFacts::from_pem(renewed["certificate_pem"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(
            facts[0].spiffe_id.as_ref().unwrap().to_string(),
            "spiffe://tanqiao.test/node/chengdu"
        );
    })
    .await;
}

async fn approve(world: &World, id: String) {
    let federation = world.federation.clone();
    let authority = world.config.authority.dir.clone().unwrap();
    let approved = actix_web::web::block(move || {
        let approver = Approver {
            database: &federation.database,
            sequencer: &federation.sequencer,
            authority,
            officers: vec![name("first-officer")],
            keys_lost: None,
        };
        let approved = approver.approve(&id, new_id(), chrono::Utc::now());
        assert!(
            approver.approve(&id, new_id(), chrono::Utc::now()).is_err(),
            "an enrolment is decided once"
        );
        approved
    });
    approved.await.unwrap().unwrap();
}

#[actix_web::test]
async fn an_evaluator_joins_under_the_names_of_its_invitation_and_may_say_little() {
    on_each(async |world: World| {
        let database = world.federation.database.clone();
        let invitation = Invitation {
            kind: MemberKind::Evaluator,
            hosts: vec!["notary.example".to_owned(), "127.0.0.1".to_owned()],
            ..invitation()
        };
        let code = enrolment::invite(
            &database,
            &node("notary"),
            invitation,
            chrono::Utc::now(),
            Span::days(7),
        )
        .unwrap();
        let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
        let mut body = request(code.reveal(), &key.request_pem("notary").unwrap());
        body["member"] = json!("notary");
        body["signing_key"] = json!(signing_key("notary").verifying_key());
        let client = world.client(None);
        let sent = client.post(world.enrolment("/v1/enrolments")).json(&body).send().await;
        let pending: Value = good(sent.unwrap()).await;
        let id = pending["id"].as_str().unwrap().to_owned();
        approve(&world, id.clone()).await;
        let url = world.enrolment(&format!("/v1/enrolments/{id}"));
        let approved: Value = good(client.get(&url).send().await.unwrap()).await;
        let files = world.directory.path().join("certs/notary");
        key.save_new(&files.with_extension("key")).unwrap();
        let certificate = approved["certificate_pem"].as_str().unwrap();
        std::fs::write(files.with_extension("pem"), certificate).unwrap();
        let facts = tanqiao_certs::CertificateFacts::from_pem(certificate.as_bytes())
            .unwrap()
            .remove(0);
        let spiffe = facts.spiffe_id.unwrap().to_string();
        assert!(spiffe.ends_with("/evaluator/notary"), "{spiffe}");
        assert_eq!(facts.dns, ["notary.example"]);
        assert_eq!(facts.ips.len(), 1);

        let joined = || {
            world
                .service
                .hub
                .sequencer
                .governance()
                .members
                .contains_key(&node("notary"))
        };
        until(joined).await;
        let info: HubInfo = world.member("notary").read("/v1/hub").await;
        assert!(!info.frozen);
        let notary = world.member("notary");
        for endpoint in Listener::Federation.endpoints() {
            let path = endpoint.path.replace(['{', '}'], "");
            let refused = match endpoint.method {
                "GET" => notary.get(&path).await,
                _ => notary.post(&path, &json!({})).await,
            };
            let status = refused.status().as_u16();
            let for_it = [
                "/v1/hub",
                "/v1/crl",
                "/v1/openapi.json",
                "/v1/certificates",
                "/v1/messages",
                "/v1/keys",
            ];
            let open = for_it.contains(&endpoint.path) || endpoint.path.starts_with("/v1/token-epochs");
            let said = refused.text().await.unwrap();
            assert_eq!(
                status == 403 && said.contains("\"forbidden\""),
                !open,
                "{path}: {status} {said}"
            );
        }
    })
    .await;
}

#[actix_web::test]
async fn a_member_that_has_lost_its_signing_key_enrols_again() {
    on_each(async |world: World| {
        let database = world.federation.database.clone();
        let invitation = Invitation {
            region: "420100".parse().unwrap(),
            ..invitation()
        };
        let code = enrolment::invite(&database, &node("wuhan"), invitation, chrono::Utc::now(), Span::days(7)).unwrap();
        let csr = TlsKey::generate(KeyAlgorithm::P256)
            .unwrap()
            .request_pem("wuhan")
            .unwrap();
        let new = signing_key("wuhan's next");
        let body = json!({
            "member": "wuhan", "code": code.reveal(), "csr_pem": csr, "signing_key": new.verifying_key()
        });
        let client = world.client(None);
        let sent = client.post(world.enrolment("/v1/enrolments")).json(&body).send().await;
        let pending: Value = good(sent.unwrap()).await;
        let id = pending["id"].as_str().unwrap().to_owned();
        let federation = world.federation.clone();
        let authority = world.config.authority.dir.clone().unwrap();
        let decided = actix_web::web::block(move || {
            let approve = |officers: &[&str], keys_lost: Option<&str>| {
                let approver = Approver {
                    database: &federation.database,
                    sequencer: &federation.sequencer,
                    authority: authority.clone(),
                    officers: officers.iter().map(|officer| name(officer)).collect(),
                    keys_lost: keys_lost.map(str::to_owned),
                };
                approver.approve(&id, new_id(), chrono::Utc::now())
            };
            let (both, why) = (["first-officer", "second-officer"], Some("the node's disk is gone"));
            let silent = approve(&both, None);
            assert!(matches!(silent, Err(ApprovalError::OtherKey(_))), "{silent:?}");
            match approve(&["first-officer"], why) {
                Err(ApprovalError::Refused(problem)) => assert_eq!(problem.code, "same-person", "{problem:?}"),
                other => panic!("{other:?}"),
            }
            let approved = approve(&both, why).unwrap();
            assert!(approved.content.certificate_pem.is_some());
            let governance = federation.sequencer.governance();
            [signing_key("wuhan").id(), new.id()].map(|key| governance.keys[&key].status)
        });
        assert_eq!(decided.await.unwrap(), [KeyStatus::Retired, KeyStatus::Active]);
        // The node asks again with its code, and finds its certificate.
        let sent = client.post(world.enrolment("/v1/enrolments")).json(&body).send().await;
        let again: Value = good(sent.unwrap()).await;
        assert_eq!(again["status"], "approved", "{again}");
    })
    .await;
}

#[actix_web::test]
async fn an_expired_code_does_not_work() {
    on_each(async |world: World| {
        let past = chrono::Utc::now() - Span::days(8);
        let code = enrolment::invite(
            &world.federation.database,
            &node("chengdu"),
            invitation(),
            past,
            Span::days(7),
        )
        .unwrap();
        let csr = TlsKey::generate(KeyAlgorithm::P256)
            .unwrap()
            .request_pem("chengdu")
            .unwrap();
        let response = world
            .client(None)
            .post(world.enrolment("/v1/enrolments"))
            .json(&request(code.reveal(), &csr))
            .send()
            .await
            .unwrap();
        refused(response, "forbidden").await;
    })
    .await;
}

#[actix_web::test]
async fn whoever_guesses_codes_is_slowed_down() {
    crate::world::on_each_with("[limits]\nenrolments_per_minute = 3\n", async |world: World| {
        let client = world.client(None);
        for _ in 0..3 {
            refused(
                client
                    .get(world.enrolment("/v1/enrolments/unknown"))
                    .send()
                    .await
                    .unwrap(),
                "not-found",
            )
            .await;
        }
        refused(
            client
                .get(world.enrolment("/v1/enrolments/unknown"))
                .send()
                .await
                .unwrap(),
            "N06",
        )
        .await;
    })
    .await;
}
