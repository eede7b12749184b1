//! What each page says, in both languages, and what it tells the browser not to do.

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Retirement, TransferAcceptance, TransferProposal};
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{Offer, Outcome};

use crate::browser::{Browser, Seen, staff};
use crate::support::{claim, issuance, node, part};
use crate::world::{Member, World, now, on_each};

/// What the pages are about.
pub struct Story {
    pub block: BlockRef,
    pub committed: MessageId,
    pub open: MessageId,
    pub retired: MessageId,
}

async fn offer(wuhan: &Member, block: BlockRef) -> (MessageId, Quote) {
    let grams = block.quantity().get();
    let path = format!(
        "/v1/recognition?methodology=wuhan-metro.v1&to=230100&use=corporate-neutrality&vintage=2025&quantity_g={grams}"
    );
    let quote: Quote = wuhan.read(&path).await;
    let proposal = TransferProposal {
        target: node("harbin"),
        blocks: vec![block],
        r#use: Use::CorporateNeutrality,
        quote: Some(quote.quote),
        valid_until: now().plus_micros(DAY_US),
        price: None,
    };
    let (id, _): (_, Outcome) = wuhan.done("/v1/transfers", proposal).await;
    (id, quote)
}

pub async fn story(world: &World) -> Story {
    staff(world).await;
    let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
    let issuance = issuance("wuhan", "420100", 1_000_000_000, tanqiao_hub::serve::new_id());
    let (_, issued): (_, Outcome) = wuhan.done("/v1/issuances", issuance).await;
    let block = issued.blocks[0].clone();
    let (committed, quote) = offer(&wuhan, part(&block, 1, 904_000_000)).await;
    let feed: tanqiao_protocol::feed::FeedPage = harbin.read("/v1/feed?limit=1000").await;
    let entry = feed
        .entries
        .iter()
        .find(|entry| entry.entry.r#type == "transfer.offered")
        .unwrap();
    let offered: Offer = serde_json::from_value(entry.entry.body.clone()).unwrap();
    let acceptance = TransferAcceptance {
        transfer: committed,
        payload_sha256: offered.payload_sha256,
        delivered_g: quote.delivered_g,
        buffered_g: quote.buffered_g,
        cancelled_g: quote.cancelled_g,
        r#use: Use::CorporateNeutrality,
    };
    let _: (_, Outcome) = harbin
        .done(&format!("/v1/transfers/{committed}/acceptance"), acceptance)
        .await;
    let (open, _) = offer(&wuhan, part(&block, 904_000_001, 905_000_000)).await;
    let retirement = Retirement {
        blocks: vec![part(&block, 905_000_001, 906_000_000)],
        claim: claim("wuhan", "420100"),
    };
    let (retired, _): (_, Outcome) = wuhan.done("/v1/retirements", retirement).await;
    Story {
        block,
        committed,
        open,
        retired,
    }
}

/// What every page has, whatever it is about.
pub fn check(seen: &Seen, path: &str, lang: &str) {
    assert_eq!(seen.status, 200, "{path}: {}", seen.body);
    let (body, headers) = (&seen.body, &seen.headers);
    assert!(body.contains(&format!("<html lang=\"{lang}\">")), "{path}");
    assert_eq!(body.matches("<h1>").count(), 1, "{path}");
    let csp = &headers["content-security-policy"];
    assert!(
        csp.starts_with("default-src 'none'") && !csp.contains("unsafe"),
        "{path}: {csp}"
    );
    assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
    assert_eq!(headers["cache-control"], "no-store", "{path}");
    // Nothing that the policy would block, and nothing of another origin.
    for forbidden in [
        " style=",
        "<style",
        "onclick=",
        "javascript:",
        "src=\"http",
        "href=\"http",
        "src=\"//",
        "href=\"//",
    ] {
        assert!(!body.contains(forbidden), "{path}: {forbidden}");
    }
    assert_eq!(body.matches("<script").count(), 2, "{path}");
}

#[actix_web::test]
async fn every_page_speaks_both_languages() {
    on_each(async |world: World| {
        let story = story(&world).await;
        let mut browser = Browser::of(&world, "li").await;
        let serial = format!("{}/7", story.block.series);
        let pages: Vec<(String, &str, &str)> = vec![
            ("/".to_owned(), "区域净流量", "Net flow of regions"),
            ("/members".to_owned(), "地区平台", "Regional platform"),
            ("/members/wuhan".to_owned(), "签名密钥", "Signing keys"),
            ("/approvals".to_owned(), "没有待审批事项", "No approval is pending"),
            ("/transfers".to_owned(), "待对方接受", "Offered"),
            (
                format!("/transfers/{}", story.committed),
                "入账，分录写入日志",
                "Committed, entries written",
            ),
            (
                format!("/transfers/{}", story.open),
                "等待接收方决定",
                "Waits for the target to decide",
            ),
            (format!("/serials?serial={serial}"), "生命历程", "Its life"),
            ("/log".to_owned(), "最新的叶", "Newest leaves"),
            ("/log/leaves/0".to_owned(), "叶哈希", "Leaf hash"),
            ("/activity".to_owned(), "操作记录", "Activity"),
            ("/account".to_owned(), "第二因素", "Second factor"),
            ("/account/factor".to_owned(), "认证器", "authenticator"),
            ("/confirm".to_owned(), "请确认是您本人", "Confirm that it is you"),
            ("/sign-in".to_owned(), "口令", "Password"),
            ("/verify".to_owned(), "证书编号", "number of a certificate"),
            (format!("/verify/{}", story.retired), "有效", "Valid"),
            ("/statistics".to_owned(), "各状态数量", "Quantities by state"),
            ("/glossary".to_owned(), "活动指纹", "fingerprint token"),
        ];
        for (path, zh, en) in pages {
            let joint = if path.contains('?') { '&' } else { '?' };
            for (code, lang, said) in [("en", "en", en), ("zh", "zh-CN", zh)] {
                let seen = browser.get(&format!("{path}{joint}lang={code}")).await;
                check(&seen, &path, lang);
                assert!(seen.body.contains(said), "{path}: nothing of `{said}` in {}", seen.body);
                // The choice is kept, and the way to the other language is there.
                check(&browser.get(&path).await, &path, lang);
                let other = if code == "en" { "lang=zh" } else { "lang=en" };
                assert!(seen.body.contains(other), "{path}");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn the_overview_adds_up_and_the_list_is_filtered() {
    on_each(async |world: World| {
        let story = story(&world).await;
        let mut browser = Browser::of(&world, "shen").await;
        let overview = browser.get("/").await.must_be(200).must_say("1,000.000");
        assert!(
            overview.body.contains("−904") || overview.body.contains("+685"),
            "{}",
            overview.body
        );
        let all = browser.get("/transfers").await.must_be(200);
        let (committed, open) = (story.committed.to_string(), story.open.to_string());
        assert!(
            all.body.find(&open).unwrap() < all.body.find(&committed).unwrap(),
            "the newest is first"
        );
        assert!(all.body.contains("904.000") && all.body.contains("title=\"904,000,000 g\""));
        let filtered = browser
            .get("/transfers?state=open&source=wuhan&target=")
            .await
            .must_be(200);
        assert!(filtered.body.contains(&open) && !filtered.body.contains(&committed));
        assert!(
            filtered.body.contains("href=\"/transfers?state=open\""),
            "a filter can be taken away alone"
        );
        browser
            .get("/transfers?source=harbin")
            .await
            .must_be(200)
            .must_say("没有符合条件的划转");
        let first = browser.get(&format!("/transfers?before={open}")).await.must_be(200);
        let link = |id: &str| format!("href=\"/transfers/{id}\"");
        assert!(!first.body.contains(&link(&open)) && first.body.contains(&link(&committed)));
        assert!(
            browser
                .get(&format!("/transfers/new?after={committed}"))
                .await
                .body
                .contains("/transfers")
        );
        assert!(
            browser
                .get(&format!("/transfers/new?after={open}"))
                .await
                .body
                .is_empty()
        );
        for (asked, place) in [
            (committed.clone(), format!("/transfers/{committed}")),
            (story.retired.to_string(), format!("/verify/{}", story.retired)),
            ("wuhan".to_owned(), "/members/wuhan".to_owned()),
            ("#3".to_owned(), "/log/leaves/3".to_owned()),
            (
                format!("{}/7", story.block.series),
                format!("/serials?serial={}/7", story.block.series),
            ),
        ] {
            let seen = browser
                .get(&format!("/search?q={}", tanqiao_console::html::query_value(&asked)))
                .await
                .must_be(303);
            assert_eq!(seen.location, Some(place));
        }
        browser
            .get("/search?q=%3Cscript%3E")
            .await
            .must_be(404)
            .must_say("&lt;script&gt;");
        let life = browser
            .get(&format!("/serials?serial={}/7", story.block.series))
            .await
            .must_be(200);
        for step in ["issuance", "transfer.reserved", "transfer.committed", "/members/harbin"] {
            assert!(life.body.contains(step), "{step}");
        }
        browser
            .get(&format!("/serials?serial={}/99999999999", story.block.series))
            .await
            .must_be(404);
    })
    .await;
}

#[actix_web::test]
async fn anybody_verifies_a_certificate_and_files_are_kept_for_ever() {
    on_each(async |world: World| {
        let story = story(&world).await;
        let mut browser = Browser::new(&world);
        browser
            .get(&format!("/verify/{}", story.retired))
            .await
            .must_be(200)
            .must_say("1.000");
        let asked = browser
            .get(&format!("/verify?certificate={}", story.retired))
            .await
            .must_be(303);
        assert_eq!(asked.location, Some(format!("/verify/{}", story.retired)));
        browser
            .get("/verify?certificate=nonsense")
            .await
            .must_be(404)
            .must_say("查无此号");
        browser
            .get(&format!("/verify/{}", story.open))
            .await
            .must_be(404)
            .must_say("查无此号");
        let page = browser.get("/verify").await;
        let style = crate::browser::between(&page.body, "<link rel=\"stylesheet\" href=\"", "\"");
        let asset = browser.get(&style).await.must_be(200);
        assert!(asset.headers["cache-control"].contains("immutable"));
        assert_eq!(asset.headers["content-type"], "text/css; charset=utf-8");
        browser.get("/assets/console.0000000000000000.css").await.must_be(404);
    })
    .await;
}

#[actix_web::test]
async fn a_receipt_is_given_once_it_is_witnessed() {
    on_each(async |world: World| {
        let story = story(&world).await;
        let mut browser = Browser::of(&world, "shen").await;
        browser
            .get(&format!("/transfers/{}/receipt", story.open))
            .await
            .must_be(409);
        let path = format!("/transfers/{}/receipt", story.committed);
        let given = async {
            loop {
                let seen = browser.get(&path).await;
                if seen.status == 200 {
                    return seen;
                }
                assert_eq!(seen.status, 409, "{}", seen.body);
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout(std::time::Duration::from_secs(30), given)
            .await
            .unwrap();
        let receipt: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(receipt["id"], story.committed.to_string());
        assert!(seen.headers["content-disposition"].contains(".receipt.json"));
    })
    .await;
}
