//! Who may speak: the certificate decides, at every request.

use tanqiao_certs::RevocationReason;
use tanqiao_protocol::view::{HubInfo, MemberView, Page};

use crate::world::{World, on_each, on_each_with, refused, until};

#[actix_web::test]
async fn without_a_certificate_of_this_federation_there_is_no_answer() {
    on_each(async |world: World| {
        let url = format!("https://{}/v1/hub", world.service.federation);
        assert!(world.client(None).get(&url).send().await.is_err());
        let hub: HubInfo = world.member("wuhan").read("/v1/hub").await;
        assert_eq!(hub.trust_domain.as_str(), crate::world::DOMAIN);
        assert!(hub.log_public_key.starts_with("tanqiao.test/log+"));
        assert_eq!(hub.log_size, world.head().0);
    })
    .await;
}

#[actix_web::test]
async fn a_revoked_member_is_refused_on_its_open_connection() {
    on_each(async |world: World| {
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let _: HubInfo = wuhan.read("/v1/hub").await;
        let pem = std::fs::read(world.directory.path().join("certs/wuhan.pem")).unwrap();
        let facts = tanqiao_certs::CertificateFacts::from_pem(&pem).unwrap().remove(0);
        world
            .authority
            .revoke(&facts.serial, RevocationReason::KeyCompromise, chrono::Utc::now())
            .unwrap();
        world.authority.crl(chrono::Utc::now()).unwrap();
        until(|| world.service.hub.tls.state().revocations().contains(&facts.key)).await;
        refused(wuhan.get("/v1/hub").await, "N01").await;
        refused(wuhan.get("/nowhere").await, "N01").await;
        // A new connection does not even get so far.
        assert!(
            world
                .member("wuhan")
                .client
                .get(format!("{}/v1/hub", wuhan.base))
                .send()
                .await
                .is_err()
        );
        let _: HubInfo = harbin.read("/v1/hub").await;
    })
    .await;
}

#[actix_web::test]
async fn a_suspended_member_is_refused_until_it_is_reinstated() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let _: HubInfo = wuhan.read("/v1/hub").await;
        world.officers(|federation| federation.suspend("wuhan").unwrap()).await;
        refused(wuhan.get("/v1/feed").await, "N02").await;
        let members: Page<MemberView> = world.member("harbin").read("/v1/members").await;
        assert!(members.items.iter().any(|member| member.member.as_str() == "wuhan"
            && member.status.word() == "suspended"
            && member.keys.len() == 1));
        refused(world.member("nobody").get("/v1/hub").await, "N03").await;
    })
    .await;
}

#[actix_web::test]
async fn a_member_that_asks_too_often_is_told_when_to_come_back() {
    on_each_with(
        "[limits]\nrequests_per_second = 1\nrequests_burst = 3\n",
        async |world: World| {
            let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
            for _ in 0..3 {
                let _: HubInfo = wuhan.read("/v1/hub").await;
            }
            let response = wuhan.get("/v1/hub").await;
            assert!(response.headers().contains_key("retry-after"));
            let problem = refused(response, "N06").await;
            assert!(problem.retry_after_s.is_some());
            let _: HubInfo = harbin.read("/v1/hub").await;
        },
    )
    .await;
}
