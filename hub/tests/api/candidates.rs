//! What members may look at before they propose a mapping.

use serde_json::{Value, json};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::{Candidate, CandidateSet};
use tanqiao_mappings::relation::Relation;
use tanqiao_protocol::id::Sha256;

use crate::support::name;
use crate::world::{Member, World, on_each, refused};

async fn ranked(member: &Member, query: &str) -> Vec<Value> {
    let page: Value = member.read(&format!("/v1/candidates/ranked{query}")).await;
    page["items"].as_array().unwrap().clone()
}

fn has(pairs: &[Value], origin: &str, target: &str) -> bool {
    pairs
        .iter()
        .any(|pair| pair["origin"] == origin && pair["target"] == target)
}

/// A row that says of two methodologies that they do not relate so.
fn rejection(subject: &str, object: &str) -> Decision {
    let row = Candidate {
        key: "r1".to_owned(),
        subject: subject.to_owned(),
        object: Some(object.to_owned()),
        relation: Relation::Close,
        negated: true,
        cells: [("comment".to_owned(), "looked at".to_owned())].into_iter().collect(),
    };
    Decision::PutCandidates(Box::new(CandidateSet {
        id: name("rejections"),
        sha256: Sha256::of(b"file"),
        rows: vec![row],
    }))
}

#[actix_web::test]
async fn pairs_that_could_be_mapped_are_ranked_and_follow_what_is_known() {
    on_each(async |world: World| {
        let harbin = world.member("harbin");
        let pairs = ranked(&harbin, "").await;
        assert!(has(&pairs, "wuhan-metro.v1", "harbin-metro.v1"), "{pairs:#?}");
        let mapped = pairs.iter().find(|pair| pair["precedent"]["kind"] == "mapped").unwrap();
        assert!(mapped["precedent"]["by"].as_str().unwrap().contains(".v1"), "{mapped}");
        assert_eq!(pairs[0]["rank"], 1);
        assert_eq!(ranked(&harbin, "?limit=1").await.len(), 1);
        assert_eq!(ranked(&harbin, "?activity=cycling").await, Vec::<Value>::new());
        let of_wuhan = ranked(&harbin, "?activity=rail-transit&methodology=wuhan-metro").await;
        assert!(of_wuhan.len() < pairs.len() && !of_wuhan.is_empty());
        assert_eq!(ranked(&harbin, "?methodology=wuhan-metro.v1").await, of_wuhan);
        // What is imported meanwhile counts at once.
        world
            .officers(|federation| {
                federation
                    .by_officers(&["first-officer"], rejection("wuhan-metro", "harbin-metro.v1"))
                    .unwrap()
            })
            .await;
        let after = ranked(&harbin, "").await;
        assert!(!has(&after, "wuhan-metro.v1", "harbin-metro.v1"));
        assert!(!has(&after, "harbin-metro.v1", "wuhan-metro.v1"));
        refused(harbin.get("/v1/candidates/ranked?limit=0").await, "invalid-parameter").await;
        refused(
            harbin.get("/v1/candidates/ranked?region=420100").await,
            "invalid-parameter",
        )
        .await;
    })
    .await;
}

#[actix_web::test]
async fn what_the_hub_would_compute_can_be_asked_without_proposing() {
    on_each(async |world: World| {
        let harbin = world.member("harbin");
        let mappings: Value = harbin.read("/v1/mappings?origin=wuhan-metro.v1&state=active").await;
        let version = &mappings["items"][0];
        let (proposal, record) = (&version["proposal"], &version["record"]);
        let head = world.head();
        let ask = |more: &str| {
            let target = proposal["target"].as_str().unwrap();
            format!("/v1/assessment?origin=wuhan-metro.v1&target={target}&predicate=skos:closeMatch&to=230100&vintage=2025{more}")
        };
        let assessed: Value = harbin.read(&ask("")).await;
        assert_eq!(assessed["factor"], record["factor"]);
        assert_eq!(assessed["refusals"], json!([]));
        assert_eq!(assessed["explanation"]["source_region"], "420100");
        let one_use: Value = harbin.read(&ask("&use=corporate-neutrality&mode=factor&source_region=420100")).await;
        assert_eq!(one_use["uses"], json!(["corporate-neutrality"]));
        // Of a reference methodology that bounds the factor as well nothing may be better.
        let bounded: Value = harbin.read(&ask("&reference=wuhan-metro.v1")).await;
        assert!(bounded["factor"].as_i64() <= assessed["factor"].as_i64());
        let through: Value = harbin.read(&ask("&through=harbin-metro.v1")).await;
        assert!(through["factor"].is_null() && !through["refusals"].as_array().unwrap().is_empty());
        assert_eq!(world.head(), head, "nothing was written");
        let unknown = refused(harbin.get(&ask("&reference=nobody-knows.v1")).await, "S01").await;
        assert_eq!(unknown.path.as_deref(), Some("reference"));
        refused(harbin.get(&ask("&vintage=25")).await, "invalid-parameter").await;
        refused(harbin.get("/v1/assessment?origin=wuhan-metro.v1").await, "invalid-parameter").await;
    })
    .await;
}
