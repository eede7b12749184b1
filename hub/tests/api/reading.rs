//! What a member may see: its own, and what is everybody's.

use reqwest::Method;
use serde_json::Value;
use tanqiao_protocol::event::Certificate;
use tanqiao_protocol::feed::FeedPage;
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::message::{Donation, Listing, Retirement, TransferAcceptance, TransferProposal};
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{
    BlockView, CreditView, DonationView, EventView, IssuanceView, MappingView, MethodologyView, Offer, Outcome, Page,
    RetirementView, TransferView,
};

use crate::support::{claim, event, grams, issuance, name, node};
use crate::world::{Member, World, at, good, now, on_each, refused};

async fn issue(member: &Member, grams: i64) -> (String, BlockRef) {
    let (id, outcome): (_, Outcome) = member
        .done(
            "/v1/issuances",
            issuance(&member.id, "420100", grams, tanqiao_hub::serve::new_id()),
        )
        .await;
    (id.to_string(), outcome.blocks[0].clone())
}

#[actix_web::test]
async fn a_transfer_is_seen_by_its_two_members_and_by_nobody_else() {
    on_each(async |world: World| {
        world.officers(|federation| federation.admit("chengdu", "510100", tanqiao_protocol::view::MemberKind::Region)).await;
        let (wuhan, harbin, chengdu) = (world.member("wuhan"), world.member("harbin"), world.member("chengdu"));
        let (issuance_id, block) = issue(&wuhan, 1_000_000).await;
        let issued: IssuanceView = wuhan.read(&format!("/v1/issuances/{issuance_id}")).await;
        assert_eq!(issued.blocks, std::slice::from_ref(&block));
        let quote: Quote = wuhan.read("/v1/recognition?methodology=wuhan-metro.v1&to=230100&use=corporate-neutrality&vintage=2025&quantity_g=1000000").await;
        let proposal = TransferProposal {
            target: node("harbin"),
            blocks: vec![block.clone()],
            r#use: Use::CorporateNeutrality,
            quote: Some(quote.quote),
            valid_until: now().plus_micros(DAY_US),
            price: None,
        };
        let (id, offered): (_, Outcome) = wuhan.done("/v1/transfers", proposal).await;
        assert_eq!(offered.state.as_deref(), Some("offered"));
        assert_eq!(offered.delivered_g, Some(quote.delivered_g));
        let path = format!("/v1/transfers/{id}");
        let seen: TransferView = wuhan.read(&path).await;
        assert_eq!(harbin.read::<TransferView>(&path).await, seen);
        refused(chengdu.get(&path).await, "not-found").await;
        assert_eq!(harbin.read::<Page<TransferView>>("/v1/transfers?open=true").await.items, std::slice::from_ref(&seen));
        assert!(chengdu.read::<Page<TransferView>>("/v1/transfers").await.items.is_empty());
        // The offer in the target's feed carries all that it signs; the envelope is for both.
        let feed: FeedPage = harbin.read("/v1/feed?limit=1000").await;
        let entry = feed.entries.iter().find(|entry| entry.entry.r#type == "transfer.offered").unwrap();
        let offer: Offer = serde_json::from_value(entry.entry.body.clone()).unwrap();
        let _: Value = harbin.read(&format!("/v1/envelopes/{}", offer.payload_sha256)).await;
        refused(chengdu.get(&format!("/v1/envelopes/{}", offer.payload_sha256)).await, "not-found").await;
        let acceptance = TransferAcceptance {
            transfer: id,
            payload_sha256: offer.payload_sha256,
            delivered_g: offer.quote.delivered_g,
            buffered_g: offer.quote.buffered_g,
            cancelled_g: offer.quote.cancelled_g,
            r#use: offer.r#use,
        };
        let (_, done): (_, Outcome) = harbin.done(&format!("{path}/acceptance"), acceptance).await;
        assert_eq!(done.state.as_deref(), Some("committed"));
        life_of_a_serial(&wuhan, &harbin, &chengdu, &block).await;
    })
    .await;
}

async fn life_of_a_serial(wuhan: &Member, harbin: &Member, chengdu: &Member, block: &BlockRef) {
    let path = format!("/v1/blocks?serial={}/1", block.series);
    let found: Value = harbin.read(&path).await;
    let now: BlockView = serde_json::from_value(at(&found, "/items/0").clone()).unwrap();
    assert_eq!(now.holder, node("harbin"));
    let life: Vec<Leaf> = serde_json::from_value(at(&found, "/life").clone()).unwrap();
    let types: Vec<&str> = life.iter().map(|leaf| leaf.r#type.as_str()).collect();
    assert_eq!(types.len(), 3, "issued, reserved, committed: {types:?}");
    assert_eq!(wuhan.read::<Value>(&path).await, found, "its issuer sees it too");
    let with_series = format!("/v1/blocks?series={}&serial=1", block.series);
    assert_eq!(wuhan.read::<Value>(&with_series).await, found);
    refused(chengdu.get(&path).await, "not-found").await;
    refused(
        wuhan.get(&format!("/v1/blocks?serial={}/99999999", block.series)).await,
        "not-found",
    )
    .await;
    let held: Page<BlockView> = harbin.read("/v1/blocks?state=held").await;
    assert_eq!(
        held.items.iter().map(|block| block.quantity_g.get()).sum::<i64>(),
        757_899
    );
    refused(wuhan.get("/v1/blocks?holder=harbin").await, "not-found").await;
}

#[actix_web::test]
async fn lists_come_in_pages() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        for _ in 0..5 {
            issue(&wuhan, 100).await;
        }
        for (path, count) in [("/v1/issuances", 5), ("/v1/blocks", 5), ("/v1/members", 3)] {
            let (mut found, mut after) = (Vec::new(), String::new());
            loop {
                let page: Page<Value> = wuhan.read(&format!("{path}?limit=2{after}")).await;
                assert!(page.items.len() <= 2);
                found.extend(page.items);
                let Some(next) = page.next else { break };
                after = format!("&after={next}");
            }
            let whole: Page<Value> = wuhan.read(path).await;
            assert!(whole.next.is_none());
            assert_eq!(found, whole.items, "{path}");
            assert!(found.len() >= count - 1, "{path} has {}", found.len());
        }
    })
    .await;
}

#[actix_web::test]
async fn what_everybody_may_know() {
    on_each(async |world: World| {
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let (_, block) = issue(&wuhan, 5_000).await;
        let rules: Page<MethodologyView> = harbin.read("/v1/methodologies?region=420000&activity=rail-transit").await;
        assert_eq!(rules.items.len(), 1);
        let one: MethodologyView = harbin.read("/v1/methodologies/wuhan-metro").await;
        assert_eq!(one, rules.items[0]);
        assert_eq!(harbin.read::<MethodologyView>("/v1/methodologies/wuhan-metro/1").await, one);
        assert_eq!(harbin.read::<MethodologyView>("/v1/methodologies/wuhan-metro.v1").await, one);
        let mappings: Page<MappingView> = harbin.read("/v1/mappings?origin=wuhan-metro.v1&to=230100&state=active").await;
        assert_eq!(mappings.items.len(), 1);
        let listing = Listing {
            listing: name("metro-2025"),
            series: block.series.clone(),
            quantity_g: grams(4_000),
            uses: [Use::CorporateNeutrality].into_iter().collect(),
            smallest_lot_g: grams(1),
            price_fen_per_t: Some(6_000),
        };
        let (_, envelope) = wuhan.say(listing);
        let _: Outcome = good(wuhan.send(Method::PUT, "/v1/listings/metro-2025", &envelope).await).await;
        let credits: Page<CreditView> = harbin.read("/v1/credits?to=230100&use=corporate-neutrality&vintage=2025&region=420000").await;
        assert_eq!(credits.items[0].member, node("wuhan"));
        assert!(credits.items[0].recognised.as_ref().unwrap().delivered_g < grams(4_000));
        assert!(harbin.read::<Page<CreditView>>("/v1/credits?activity=cycling").await.items.is_empty());
        refused(harbin.get("/v1/recognition?methodology=wuhan-metro.v1&to=510100&use=corporate-neutrality&vintage=2025&quantity_g=1").await, "R01").await;
        refused(harbin.get("/v1/recognition?methodology=wuhan-metro.v1&to=230100&use=corporate-neutrality&vintage=2025").await, "invalid-parameter").await;
        let deliver: Quote =
            harbin.read("/v1/recognition?methodology=wuhan-metro.v1&to=230100&use=corporate-neutrality&vintage=2025&deliver_g=1000").await;
        assert!(deliver.delivered_g >= grams(1_000) && deliver.given_g > grams(1_000));
    })
    .await;
}

#[actix_web::test]
async fn a_retirement_and_a_donation_have_certificates_that_anybody_may_check() {
    on_each(async |world: World| {
        world
            .officers(|federation| federation.plan(event("marathon", "230100", 1_000, true)).unwrap())
            .await;
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let (_, block) = issue(&wuhan, 10_000).await;
        let part = |first, last| crate::support::part(&block, first, last);
        let retirement = Retirement {
            blocks: vec![part(1, 300)],
            claim: claim("wuhan", "420100"),
        };
        let (id, _): (_, Outcome) = wuhan.done("/v1/retirements", retirement).await;
        let seen: RetirementView = wuhan.read(&format!("/v1/retirements/{id}")).await;
        assert_eq!(seen.quantity_g, grams(300));
        refused(harbin.get(&format!("/v1/retirements/{id}")).await, "not-found").await;
        let certificate: Certificate = harbin.read(&format!("/v1/certificates/{id}")).await;
        assert_eq!((certificate.quantity_g, certificate.given_g), (grams(300), grams(300)));
        assert!(certificate.unscreened && certificate.uses.contains(Use::CorporateNeutrality));

        let blocks = vec![part(301, 1_300)];
        let donation = Donation {
            event: name("marathon"),
            blocks,
            quote: None,
            valid_until: now().plus_micros(DAY_US),
            donor: Some("武汉地铁".to_owned()),
            linked: None,
        };
        let (id, done): (_, Outcome) = wuhan.done("/v1/events/marathon/donations", donation).await;
        assert_eq!(done.state.as_deref(), Some("committed"));
        let seen: DonationView = wuhan.read(&format!("/v1/donations/{id}")).await;
        refused(harbin.get(&format!("/v1/donations/{id}")).await, "not-found").await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let public: Certificate = good(
            client
                .get(world.console(&format!("/v1/public/certificates/{id}")))
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(public.donor.as_deref(), Some("武汉地铁"));
        assert_eq!(
            (public.given_g, public.quantity_g),
            (grams(1_000), seen.quote.delivered_g)
        );
        assert_eq!(public.log_index, done.log_index);
        let events: Page<EventView> = harbin.read("/v1/events").await;
        assert_eq!(events.items[0].committed_g, seen.quote.delivered_g);
    })
    .await;
}
