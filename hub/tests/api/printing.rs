//! Certificates on paper over the real API: the proof is on the page, the address is the configured one, and what cannot be printed is named.

use std::time::Duration;

use reqwest::Response;
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::event::{Claim, ClaimantKind};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::message::{Donation, Retirement};
use tanqiao_protocol::receipt::{CertificateFile, attached, verify_certificate};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::Outcome;

use crate::support::{claim, event, issuance, name, part};
use crate::world::{Member, World, now, on_each_with, refused};

const ADDRESS: &str = "[public]\nurl = \"https://hub.example\"\n";

async fn public(world: &World, path: &str) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(world.console(path)).send().await.unwrap()
}

/// A page, once its leaf is witnessed.
async fn page(world: &World, path: &str) -> (String, Vec<u8>) {
    let asking = async {
        loop {
            let answer = public(world, path).await;
            if answer.status() == 200 {
                let media = answer.headers()["content-type"].to_str().unwrap().to_owned();
                return (media, answer.bytes().await.unwrap().to_vec());
            }
            refused(answer, "not-witnessed-yet").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking)
        .await
        .expect("never witnessed")
}

async fn retire(member: &Member, block: BlockRef, claim: Claim) -> MessageId {
    let blocks = vec![block];
    let (id, _): (_, Outcome) = member.done("/v1/retirements", Retirement { blocks, claim }).await;
    id
}

async fn donate(world: &World, member: &Member, block: BlockRef) -> MessageId {
    world
        .officers(|federation| federation.plan(event("marathon", "230100", 100_000, false)).unwrap())
        .await;
    let content = Donation {
        event: name("marathon"),
        blocks: vec![block],
        quote: None,
        valid_until: now().plus_micros(DAY_US),
        donor: Some("武汉地铁集团有限公司".to_owned()),
        linked: None,
    };
    let (donation, _): (_, Outcome) = member.done("/v1/events/marathon/donations", content).await;
    let accepted = world.officers(move |f| f.by_officers(&["organiser"], Decision::AcceptDonation { donation }));
    accepted.await.unwrap();
    donation
}

#[actix_web::test]
async fn a_certificate_is_printed_with_its_proof() {
    on_each_with(ADDRESS, async |world: World| {
        let wuhan = world.member("wuhan");
        let issued = issuance("wuhan", "420100", 10_000, tanqiao_hub::serve::new_id());
        let (_, issued): (_, Outcome) = wuhan.done("/v1/issuances", issued).await;
        let block = &issued.blocks[0];
        let retired = retire(&wuhan, part(block, 101, 400), claim("wuhan", "420100")).await;
        let given = donate(&world, &wuhan, part(block, 1_001, 2_000)).await;
        let policy = public(&world, "/log/policy").await.bytes().await.unwrap();
        for (id, said) in [(retired, "wuhan"), (given, "Marathon")] {
            let path = format!("/v1/public/certificates/{id}");
            let (media, pdf) = page(&world, &format!("{path}/pdf?lang=zh")).await;
            assert_eq!(media, "application/pdf");
            let file = CertificateFile::parse(attached(&pdf).unwrap()).unwrap();
            let proven = verify_certificate(&file, &Policy::parse(&policy).unwrap()).unwrap();
            assert_eq!(proven.id, id);
            let (media, svg) = page(&world, &format!("{path}/svg?lang=en")).await;
            assert_eq!(media, "image/svg+xml");
            let svg = String::from_utf8(svg).unwrap();
            for words in [
                said,
                "https://hub.example/verify",
                &id.to_string(),
                &file.certificate.leaf_hash.to_string(),
            ] {
                assert!(svg.contains(words), "{words}");
            }
            let member = wuhan.get(&format!("/v1/certificates/{id}/pdf")).await;
            let disposition = member.headers()["content-disposition"].to_str().unwrap().to_owned();
            assert_eq!(disposition, format!("attachment; filename=\"{id}.zh.pdf\""));
        }
    })
    .await;
}

#[actix_web::test]
async fn what_cannot_be_printed_is_named_and_what_is_not_there_is_not() {
    on_each_with(ADDRESS, async |world: World| {
        let wuhan = world.member("wuhan");
        let issued = issuance("wuhan", "420100", 10_000, tanqiao_hub::serve::new_id());
        let (_, issued): (_, Outcome) = wuhan.done("/v1/issuances", issued).await;
        let odd = Claim {
            claimant: "武汉\u{202e}马拉松".to_owned(),
            claimant_kind: ClaimantKind::Organisation,
            ..claim("wuhan", "420100")
        };
        let id = retire(&wuhan, part(&issued.blocks[0], 1, 100), odd).await;
        let path = format!("/v1/public/certificates/{id}");
        let asking = async {
            loop {
                let answer = public(&world, &format!("{path}/pdf")).await;
                if answer.status() == 422 {
                    return answer;
                }
                refused(answer, "not-witnessed-yet").await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answer = tokio::time::timeout(Duration::from_secs(30), asking).await.unwrap();
        let problem = refused(answer, "not-printable").await;
        assert!(problem.detail.contains("U+202E"), "{problem:?}");
        assert_eq!(
            public(&world, &path).await.status(),
            200,
            "the certificate itself is there"
        );
        let nothing = format!("/v1/public/certificates/{}/svg", tanqiao_hub::serve::new_id());
        refused(public(&world, &nothing).await, "not-found").await;
        refused(
            public(&world, &format!("{path}/pdf?lang=fr")).await,
            "invalid-parameter",
        )
        .await;
        refused(
            public(&world, &format!("{path}/pdf?size=a3")).await,
            "invalid-parameter",
        )
        .await;
    })
    .await;
}
