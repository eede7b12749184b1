//! Receipts, certificates and totals over the real API: who gets which, when, and that a stranger's verifier accepts them.

use std::time::Duration;

use reqwest::Response;
use serde::de::DeserializeOwned;
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::feed::FeedPage;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replay;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::tile::{Bundle, changed_bundles};
use tanqiao_protocol::message::{
    Donation, Issuance, Price, Retirement, TransferAcceptance, TransferProposal, WitnessKey,
};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::receipt::{
    CertificateFile, NotProven, RECEIPT_MEDIA_TYPE, ReceiptFile, verify, verify_certificate, verify_public,
};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{MemberKind, Offer, Outcome, PublicTotals};

use crate::support::{claim, event, issuance, name, node, part};
use crate::world::{DOMAIN, Member, World, good, now, on_each, refused};

async fn issue(member: &Member, quantity: i64) -> BlockRef {
    let content: Issuance = issuance("wuhan", "420100", quantity, tanqiao_hub::serve::new_id());
    let (_, outcome): (_, Outcome) = member.done("/v1/issuances", content).await;
    outcome.blocks[0].clone()
}

async fn public(world: &World, path: &str) -> Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(world.console(path)).send().await.unwrap()
}

async fn shown<T: DeserializeOwned>(world: &World, path: &str) -> T {
    good(public(world, path).await).await
}

async fn policy(world: &World) -> Policy {
    let bytes = public(world, "/log/policy").await.bytes().await.unwrap();
    Policy::parse(&bytes).unwrap()
}

/// The receipt, once its leaf is witnessed.
async fn receipt(member: &Member, path: &str) -> ReceiptFile {
    let asking = async {
        loop {
            let answer = member.get(path).await;
            if answer.status() == 200 {
                assert_eq!(answer.headers()["content-type"], RECEIPT_MEDIA_TYPE);
                let name = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
                assert!(name.ends_with(".receipt.json\""), "{name}");
                return ReceiptFile::parse(&answer.bytes().await.unwrap()).unwrap();
            }
            refused(answer, "not-witnessed-yet").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking)
        .await
        .expect("never witnessed")
}

async fn proposed(wuhan: &Member, block: BlockRef) -> MessageId {
    let price = Price {
        amount_fen: Grams::new(12_345).unwrap(),
        reference: None,
    };
    let content = TransferProposal {
        target: node("harbin"),
        blocks: vec![block],
        r#use: Use::CorporateNeutrality,
        quote: None,
        valid_until: now().plus_micros(DAY_US),
        price: Some(price),
    };
    wuhan.done::<_, Outcome>("/v1/transfers", content).await.0
}

async fn accepted(harbin: &Member, id: MessageId) -> Outcome {
    let feed: FeedPage = harbin.read("/v1/feed?limit=1000").await;
    let subject = format!("transfer/{id}");
    let entry = feed
        .entries
        .iter()
        .find(|found| found.entry.subject == subject)
        .unwrap();
    let offer: Offer = serde_json::from_value(entry.entry.body.clone()).unwrap();
    let content = TransferAcceptance {
        transfer: id,
        payload_sha256: offer.payload_sha256,
        delivered_g: offer.quote.delivered_g,
        buffered_g: offer.quote.buffered_g,
        cancelled_g: offer.quote.cancelled_g,
        r#use: offer.r#use,
    };
    harbin.done(&format!("/v1/transfers/{id}/acceptance"), content).await.1
}

#[actix_web::test]
async fn the_parties_of_a_transfer_get_its_receipt_and_nobody_else() {
    on_each(async |world: World| {
        world
            .officers(|f| f.admit("chengdu", "510100", MemberKind::Region))
            .await;
        let [wuhan, harbin, chengdu] = ["wuhan", "harbin", "chengdu"].map(|id| world.member(id));
        let block = issue(&wuhan, 10_000).await;
        let id = proposed(&wuhan, block).await;
        let path = format!("/v1/transfers/{id}/receipt");
        refused(wuhan.get(&path).await, "not-issued-yet").await;
        refused(chengdu.get(&path).await, "not-found").await;
        let outcome = accepted(&harbin, id).await;
        let policy = policy(&world).await;
        let ours = receipt(&wuhan, &path).await;
        let proven = verify(&ours, &policy).unwrap();
        assert_eq!(Some(proven.delivered_g), outcome.delivered_g);
        assert_eq!(proven.price.unwrap().amount_fen.get(), 12_345);
        assert_eq!(verify(&receipt(&harbin, &path).await, &policy).unwrap().id, id);
        refused(chengdu.get(&path).await, "not-found").await;
        refused(
            public(&world, &format!("/v1/public/certificates/{id}")).await,
            "not-found",
        )
        .await;
    })
    .await;
}

#[actix_web::test]
async fn certificates_come_with_a_proof_that_anybody_may_check() {
    on_each(async |world: World| {
        world
            .officers(|federation| federation.plan(event("marathon", "230100", 100_000, false)).unwrap())
            .await;
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let block = issue(&wuhan, 10_000).await;
        let content = Retirement {
            blocks: vec![part(&block, 101, 400)],
            claim: claim("wuhan", "420100"),
        };
        let (retired, _): (_, Outcome) = wuhan.done("/v1/retirements", content).await;
        let content = Donation {
            event: name("marathon"),
            blocks: vec![part(&block, 1_001, 2_000)],
            quote: None,
            valid_until: now().plus_micros(DAY_US),
            donor: Some("Wuhan Metro".to_owned()),
            linked: None,
        };
        let (given, _): (_, Outcome) = wuhan.done("/v1/events/marathon/donations", content).await;
        refused(
            wuhan.get(&format!("/v1/donations/{given}/receipt")).await,
            "not-issued-yet",
        )
        .await;
        let donation = given;
        let decided = world
            .officers(move |f| f.by_officers(&["organiser"], Decision::AcceptDonation { donation }))
            .await;
        assert_eq!(decided.unwrap().state.as_deref(), Some("committed"));
        let policy = policy(&world).await;
        for (id, kind, grams) in [(retired, "retirements", 300), (given, "donations", 1_000)] {
            let path = format!("/v1/{kind}/{id}/receipt");
            refused(harbin.get(&path).await, "not-found").await;
            let own = verify(&receipt(&wuhan, &path).await, &policy).unwrap();
            assert_eq!((own.given_g.get(), own.signatures.len()), (grams, 1));
            let file: CertificateFile = shown(&world, &format!("/v1/public/certificates/{id}")).await;
            let bare = file.receipt.as_ref().unwrap();
            assert!(bare.messages.is_empty(), "a message may hold private terms");
            let proven = verify_certificate(&file, &policy).unwrap();
            assert!(proven.not_proven.contains(&NotProven::MemberSignatures));
            assert_eq!(verify_public(bare, &policy).unwrap().given_g.get(), grams);
            let same: CertificateFile = harbin.read(&format!("/v1/certificates/{id}")).await;
            assert_eq!(same.certificate, file.certificate);
        }
        // By its retirement, a donation has the receipt of the donation.
        let same = receipt(&wuhan, &format!("/v1/retirements/{given}/receipt")).await;
        assert_eq!(same.id, given);
    })
    .await;
}

#[actix_web::test]
async fn a_receipt_waits_until_the_witnesses_have_seen_its_leaf() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let signer = SigningKey::from_ed25519_seed(&[9; 32]).unwrap();
        let name = format!("{DOMAIN}/witness/wuhan");
        let key = NoteKey::of_kind(&name, NoteKind::Cosignature, signer.verifying_key().clone()).unwrap();
        let witness_key = key.clone();
        let _: (_, Outcome) = wuhan.done("/v1/log/witness-key", WitnessKey { witness_key }).await;
        let decision = Decision::AdmitWitness {
            member: node("wuhan"),
            key,
        };
        let done = world
            .officers(move |f| f.by_officers(&["first-officer", "second-officer"], decision))
            .await;
        done.unwrap();
        let block = issue(&wuhan, 1_000).await;
        let content = Retirement {
            blocks: vec![block],
            claim: claim("wuhan", "420100"),
        };
        let (id, _): (_, Outcome) = wuhan.done("/v1/retirements", content).await;
        let answer = wuhan.get(&format!("/v1/retirements/{id}/receipt")).await;
        assert_eq!(answer.headers()["retry-after"], "1");
        refused(answer, "not-witnessed-yet").await;
        let file: CertificateFile = shown(&world, &format!("/v1/public/certificates/{id}")).await;
        assert!(file.receipt.is_none(), "what is not witnessed is the hub's word only");
    })
    .await;
}

#[actix_web::test]
async fn the_public_totals_are_those_of_the_published_log() {
    on_each(async |world: World| {
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let block = issue(&wuhan, 10_000).await;
        let id = proposed(&wuhan, part(&block, 1, 3_000)).await;
        accepted(&harbin, id).await;
        receipt(&wuhan, &format!("/v1/transfers/{id}/receipt")).await;
        let totals: PublicTotals = shown(&world, "/v1/public/totals").await;
        let mut replay = Replay::default();
        for bundle in changed_bundles(0, totals.log_size) {
            let bytes = public(&world, &format!("/log/{bundle}")).await.bytes().await.unwrap();
            for entry in Bundle::entries(&bytes, bundle.width()).unwrap() {
                replay.apply(entry).unwrap();
            }
        }
        assert_eq!(PublicTotals::of(&replay).unwrap(), totals);
        assert_eq!(
            totals.totals.iter().map(|line| line.quantity_g.get()).sum::<i64>(),
            10_000
        );
    })
    .await;
}
