//! Everything that goes wrong is a problem document.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, good, on_each, refused};

#[actix_web::test]
async fn what_is_not_there_and_what_is_asked_wrongly() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        refused(wuhan.get("/v1/nothing").await, "not-found").await;
        refused(
            wuhan.get("/v1/transfers/0190aaaa-0000-7000-8000-000000000000").await,
            "not-found",
        )
        .await;
        refused(wuhan.get("/v1/transfers/not-an-id").await, "not-found").await;
        refused(wuhan.get("/v1/blocks?colour=green").await, "invalid-parameter").await;
        refused(wuhan.get("/v1/members?limit=0").await, "invalid-parameter").await;
        let response = wuhan.send(Method::DELETE, "/v1/transfers", &json!({})).await;
        assert_eq!(response.headers()["allow"], "POST, GET");
        refused(response, "method-not-allowed").await;
        let request = wuhan
            .client
            .post(format!("{}/v1/messages", wuhan.base))
            .header("content-type", "text/plain");
        refused(request.body("{}").send().await.unwrap(), "unsupported-media-type").await;
        let request = wuhan
            .client
            .post(format!("{}/v1/messages", wuhan.base))
            .header("content-type", "application/json");
        refused(request.body("{").send().await.unwrap(), "M01").await;
        refused(wuhan.post("/v1/messages", &json!({})).await, "M02").await;
    })
    .await;
}

#[actix_web::test]
async fn a_refusal_arrives_although_nobody_reads_the_body() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        // More than one window of HTTP/2: the client cannot send it all before it is answered.
        let long = "x".repeat(300_000);
        for (path, media_type, code) in [
            ("/v1/nothing", "application/json", "not-found"),
            ("/v1/messages", "text/plain", "unsupported-media-type"),
            ("/v1/hub", "application/json", "method-not-allowed"),
        ] {
            for body in ["{}".to_owned(), long.clone()] {
                let request = wuhan.client.post(format!("{}{path}", wuhan.base));
                let response = request
                    .header("content-type", media_type)
                    .body(body)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(response.version(), reqwest::Version::HTTP_2);
                refused(response, code).await;
            }
        }
        world.officers(|federation| federation.suspend("wuhan").unwrap()).await;
        let request = wuhan.client.post(format!("{}/v1/messages", wuhan.base)).body(long);
        refused(request.send().await.unwrap(), "N02").await;
    })
    .await;
}

#[actix_web::test]
async fn the_console_listener_shows_health_metrics_and_what_is_public() {
    on_each(async |world: World| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let get = async |path: &str| client.get(world.console(path)).send().await.unwrap();
        let ready: Value = good(get("/health/ready").await).await;
        assert_eq!(ready["status"], "ready");
        assert!(ready["checks"]["certificate"]["days_left"].as_i64().unwrap() >= 80);
        let _: Value = good(get("/health/live").await).await;
        let _: Value = good(get("/v1/public/events").await).await;
        let statistics: Value = good(get("/v1/public/statistics").await).await;
        assert_eq!(statistics["members"], 2);
        refused(
            get("/v1/public/certificates/0190aaaa-0000-7000-8000-000000000000").await,
            "not-found",
        )
        .await;
        // Nothing of the federation's is here.
        refused(get("/v1/members").await, "not-found").await;
        let metrics = get("/metrics").await.text().await.unwrap();
        for line in [
            "tanqiao_hub_requests_total{",
            "tanqiao_hub_commands_total",
            "tanqiao_hub_batch_seconds_bucket",
            "tanqiao_hub_batch_commands_sum",
            "tanqiao_hub_queue_commands",
            "tanqiao_hub_days_left{what=\"certificate\"}",
        ] {
            assert!(metrics.contains(line), "{line} is not in\n{metrics}");
        }
    })
    .await;
}
