//! What the further pages say, and what their filters do.

use crate::browser::Browser;
use crate::pages::check;
use crate::told::{Told, tell};
use crate::world::{World, on_each};

/// Each page with what it says in both languages.
fn said(told: &Told) -> Vec<(String, &'static str, &'static str)> {
    let page = |path: &str| path.to_owned();
    vec![
        (page("/methodologies"), "轨道交通出行", "Rail transit"),
        (page("/methodologies/wuhan-metro.v1"), "属性表", "Attribute sheet"),
        (
            page("/mappings"),
            "双方已会签，待主管批准",
            "Both endorsed, waits for officers",
        ),
        (
            format!("/mappings/{}", told.waiting),
            "系数的由来",
            "Why the factor is what it is",
        ),
        (page("/recognition"), "互认矩阵", "Recognition matrix"),
        (page("/conflicts"), "判归先登记方", "For the first"),
        (format!("/conflicts/{}", told.conflict), "同一条记录", "the same record"),
        (
            page("/reconciliations"),
            "各节点近 14 天",
            "Members in the last 14 days",
        ),
        (
            format!("/reconciliations/{}", told.reconciliation),
            "节点按事件流重建账目",
            "book anew from the feed",
        ),
        (page("/events"), "马拉松", "Marathon"),
        (page("/events/marathon"), "各地区捐赠", "Donors by region"),
        (
            format!("/donations/{}", told.undecided),
            "待组织方决定",
            "Waits for the organiser",
        ),
        (page("/certificates"), "受益方或证书编号", "Beneficiary or number"),
        (
            format!("/certificates/{}", told.story.retired),
            "公众核验页",
            "Public verification",
        ),
        (page("/asset-register"), "有争议", "Contested"),
        (page("/asset-register/roof-1"), "重叠与冲突", "Overlaps and conflicts"),
        (page("/asset-conflicts"), "同一地点与时段", "The same place and period"),
        (
            format!("/asset-conflicts/{}", told.asset_conflict),
            "判归先登记方",
            "For the first",
        ),
        (page("/officers"), "账户与角色", "Accounts and roles"),
    ]
}

#[actix_web::test]
async fn every_further_page_speaks_both_languages() {
    on_each(async |world: World| {
        let told = tell(&world).await;
        let mut browser = Browser::of(&world, "li").await;
        for (path, zh, en) in said(&told) {
            for (code, lang, said) in [("en", "en", en), ("zh", "zh-CN", zh)] {
                let seen = browser.get(&format!("{path}?lang={code}")).await;
                check(&seen, &path, lang);
                assert!(seen.body.contains(said), "{path}: nothing of `{said}` in {}", seen.body);
                assert!(!seen.body.contains("<b>"), "{path}: what others wrote is text");
            }
        }
        // The menu leads to every list, and an auditor sees them without anything to decide.
        let mut auditor = Browser::of(&world, "shen").await;
        let menu = auditor.get("/").await.must_be(200);
        for (path, _, _) in said(&told).iter().filter(|(path, _, _)| path.matches('/').count() == 1) {
            assert!(menu.body.contains(&format!("<a href=\"{path}\"")), "{path}");
        }
        for path in [
            format!("/mappings/{}", told.waiting),
            format!("/conflicts/{}", told.conflict),
        ] {
            let seen = auditor.get(&path).await.must_be(200);
            assert!(!seen.body.contains("/decisions/"), "{path}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_filter_stands_in_the_address_and_an_empty_list_says_why() {
    on_each(async |world: World| {
        let told = tell(&world).await;
        let mut browser = Browser::of(&world, "shen").await;
        for (path, there, not_there) in [
            ("/methodologies?region=230000", "harbin-metro.v1", "wuhan-metro.v1"),
            (
                "/methodologies?after=harbin-metro.v1",
                "wuhan-metro.v1",
                "/methodologies/harbin-metro.v1",
            ),
            (
                "/mappings?state=target-endorsed",
                "wuhan-to-harbin.v2",
                "/mappings/wuhan-to-harbin.v1",
            ),
            ("/mappings?to=420000", "harbin-to-wuhan.v1", "/mappings/wuhan-to-harbin"),
            (
                "/mappings?origin=wuhan-metro",
                "wuhan-to-harbin.v1",
                "/mappings/harbin-to-wuhan",
            ),
            ("/recognition?region=420000", "0.842110", "0.900000"),
            ("/events?after=a", "marathon", "尚无活动"),
            ("/certificates?claimant=marathon", "marathon", ">wuhan</td>"),
            ("/certificates?year=2026&member=wuhan", "marathon", "没有符合条件"),
            ("/asset-register?member=wuhan", "roof-1", "roof-2"),
            ("/asset-register?region=230000", "roof-2", "/asset-register/roof-1"),
            ("/asset-register?state=contested", "roof-2", "/asset-register/roof-1"),
            ("/asset-register?after=roof-1~wuhan", "roof-2", "/asset-register/roof-1"),
            ("/reconciliations?state=different", "wuhan", "没有符合条件"),
            ("/conflicts?member=harbin", "/conflicts/", "没有符合条件"),
        ] {
            let seen = browser.get(path).await.must_be(200);
            assert!(
                seen.body.contains(there),
                "{path}: nothing of `{there}` in {}",
                seen.body
            );
            let list = seen.body.split_once("<tbody>").map_or("", |(_, list)| list);
            assert!(!list.contains(not_there), "{path}: `{not_there}` in {list}");
        }
        for path in [
            "/methodologies?region=710000",
            "/mappings?state=revoked",
            "/recognition?region=710000",
            "/conflicts?state=decided",
            "/conflicts?state=decided&member=wuhan",
            "/reconciliations?state=closed&member=harbin",
            "/certificates?claimant=nobody",
            "/certificates?claimant=marathon&year=1999",
            "/certificates?member=harbin",
            "/asset-register?region=710000",
            "/asset-conflicts?state=decided",
        ] {
            browser.get(path).await.must_be(200).must_say("没有符合条件");
        }
        // A number leads to its certificate, and the search leads everywhere.
        let found = browser.get(&format!("/certificates?claimant={}", told.accepted)).await;
        assert_eq!(found.location, Some(format!("/certificates/{}", told.accepted)));
        for (asked, place) in [
            (told.conflict.to_string(), format!("/conflicts/{}", told.conflict)),
            (
                told.reconciliation.to_string(),
                format!("/reconciliations/{}", told.reconciliation),
            ),
            (told.undecided.to_string(), format!("/donations/{}", told.undecided)),
            (
                "wuhan-to-harbin.v1".to_owned(),
                "/mappings/wuhan-to-harbin.v1".to_owned(),
            ),
            ("wuhan-metro.v1".to_owned(), "/methodologies/wuhan-metro.v1".to_owned()),
        ] {
            let seen = browser.get(&format!("/search?q={asked}")).await.must_be(303);
            assert_eq!(seen.location, Some(place));
        }
    })
    .await;
}

#[actix_web::test]
async fn a_mapping_shows_every_number_of_its_factor_and_where_its_sheets_differ() {
    on_each(async |world: World| {
        let told = tell(&world).await;
        let mut browser = Browser::of(&world, "shen").await;
        let seen = browser.get("/mappings/wuhan-to-harbin.v1?lang=en").await.must_be(200);
        for said in [
            "0.842110",
            "k_ef",
            "k_gwp",
            "k_bnd",
            "k_unc",
            "k_perm",
            "98 g",
            "84.211 g",
            "multiplied as exact fractions",
            ">same<",
            ">different<",
            "wuhan-to-harbin.v2",
            "first-officer, second-officer",
        ] {
            let found = seen.body.contains(said) || seen.body.contains(&said.replace('>', "> "));
            assert!(found, "{said} in {}", seen.body);
        }
        let waiting = browser.get(&format!("/mappings/{}", told.waiting)).await.must_be(200);
        assert!(waiting.body.contains("城市交通协会") && waiting.body.contains("&lt;b&gt;段"));
        let matrix = browser.get("/recognition").await.must_be(200);
        assert!(
            matrix
                .body
                .contains("href=\"/mappings/wuhan-to-harbin.v1\">0.842110</a>")
        );
        assert!(matrix.body.contains("at home"));
    })
    .await;
}

#[actix_web::test]
async fn findings_are_listed_and_downloaded_and_an_event_says_how_far_it_is_covered() {
    on_each(async |world: World| {
        let told = tell(&world).await;
        let mut browser = Browser::of(&world, "shen").await;
        let path = format!("/reconciliations/{}/report", told.reconciliation);
        for (format, media, said) in [
            ("csv", "text/csv", "class,hub"),
            ("json", "application/json", "\"findings\""),
            ("html", "text/html", "<html"),
        ] {
            let seen = browser.get(&format!("{path}?format={format}")).await.must_be(200);
            assert!(seen.headers["content-type"].starts_with(media), "{format}");
            assert!(seen.headers["content-disposition"].contains(&format!("{}.{format}", told.reconciliation)));
            assert!(seen.body.contains(said), "{format}");
        }
        let event = browser.get("/events/marathon").await.must_be(200);
        // What is delivered of 400,000 g at 0.842110, without a tenth for the buffer.
        assert!(
            event.body.contains("0.303 / 1.000") && event.body.contains("30.3 %"),
            "{}",
            event.body
        );
        assert!(event.body.contains("湖北"));
        let days = browser.get("/reconciliations").await.must_be(200);
        assert!(
            days.body
                .contains(&format!("<td><a href=\"/reconciliations/{}\"", told.reconciliation))
        );
    })
    .await;
}
