//! The API with real tokens, over the handlers as they are served.

pub(super) mod mappings;

use actix_http::Request;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, read_body};
use serde_json::{Value, json};
use tanqiao_protocol::id::MessageId;

use super::endpoints::endpoints;
use crate::catalogue;
use crate::exchange::tests::{message_id, node};
use crate::import::tests::{metro, ride};
use crate::service::Node;
use crate::store::test_databases::{TestDatabase, databases};
use crate::tokens::{self, Scope};

const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place\n";

/// A node with one token of each scope.
pub(super) struct Fixture {
    pub(super) node: Node,
    tokens: Vec<(Scope, String)>,
}

impl Fixture {
    pub(super) fn new(database: &TestDatabase) -> Self {
        Self::over(database, "http://127.0.0.1:1")
    }

    /// With a hub at this address.
    pub(super) fn over(database: &TestDatabase, base: &str) -> Self {
        let node = node(database, base);
        let now = node.now();
        node.store().write(|tx| catalogue::keep(tx, &metro(), now)).unwrap();
        let tokens = Scope::ALL.iter().map(|scope| {
            let name = scope.word().parse().unwrap();
            let token = node
                .store()
                .write(|tx| tokens::create(tx, &name, &[*scope], now, None))
                .unwrap();
            (*scope, token.reveal().to_owned())
        });
        Self {
            tokens: tokens.collect(),
            node,
        }
    }

    pub(super) fn request(&self, method: Method, path: &str, scope: Scope) -> TestRequest {
        let token = &self.tokens.iter().find(|(s, _)| *s == scope).unwrap().1;
        TestRequest::with_uri(path)
            .method(method)
            .insert_header(("Authorization", format!("Bearer {token}")))
    }
}

macro_rules! served {
    ($fixture:expr) => {
        actix_web::test::init_service(
            actix_web::App::new()
                .app_data(actix_web::web::Data::new($fixture.node.clone()))
                .configure(crate::api::endpoints::mount)
                .default_service(actix_web::web::to(crate::api::answer::not_found)),
        )
        .await
    };
}

pub(super) use served;

/// An address of a pattern.
fn address(pattern: &str) -> String {
    let path = pattern
        .replace("{id}", &message_id(1).to_string())
        .replace("{job}", &"0".repeat(64));
    let path = path.replace("{account}", "house").replace("{listing}", "a");
    path.replace("{mapping}", "metro.v1")
        .replace("{methodology}", "metro.v1")
}

pub(super) async fn json_of<S, B>(service: &S, request: TestRequest) -> (u16, Value)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = call_service(service, request.to_request()).await;
    let status = response.status().as_u16();
    let body = read_body(response).await;
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[actix_web::test]
async fn every_route_but_health_asks_for_a_token() {
    let database = &databases()[0];
    let fixture = Fixture::new(database);
    let service = served!(fixture);
    for endpoint in endpoints() {
        let method: Method = endpoint.method.parse().unwrap();
        let path = address(endpoint.path);
        let open = path.starts_with("/health") || path == "/metrics" || path.ends_with("openapi.json");
        assert_eq!(endpoint.scope.is_none(), open, "{path}");
        for header in [None, Some("Bearer nothing"), Some("Basic eDp5")] {
            let mut request = TestRequest::with_uri(&path).method(method.clone());
            if let Some(header) = header {
                request = request.insert_header(("Authorization", header));
            }
            let (status, body) = json_of(&service, request).await;
            if open {
                assert!(matches!(status, 200 | 503), "{method} {path}: {status}");
            } else {
                assert_eq!(
                    (status, body["code"].as_str()),
                    (401, Some("unauthorised")),
                    "{method} {path}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn a_token_does_what_its_scope_says() {
    let database = &databases()[0];
    let fixture = Fixture::new(database);
    let service = served!(fixture);
    for (scope, path, may) in [
        (Scope::Read, "/api/v1/transfers", false),
        (Scope::Import, "/api/v1/transfers", false),
        (Scope::Read, "/api/v1/accounts", false),
        (Scope::Trade, "/api/v1/accounts", false),
        (Scope::Import, "/api/v1/accounts", true),
        (Scope::Admin, "/api/v1/accounts", true),
        (Scope::Trade, "/api/v1/catalogue", false),
    ] {
        let request = fixture
            .request(Method::POST, path, scope)
            .set_json(json!({"account": "holder-000001"}));
        let (status, body) = json_of(&service, request).await;
        assert_eq!(status != 403, may, "{scope} {path}: {status} {body}");
        assert!(may || body["code"] == "forbidden", "{body}");
    }
}

#[actix_web::test]
async fn every_route_asks_for_the_scope_that_is_described() {
    let database = &databases()[0];
    let fixture = Fixture::new(database);
    let service = served!(fixture);
    for endpoint in endpoints() {
        let Some(wanted) = endpoint.scope else { continue };
        let path = address(endpoint.path);
        for (scope, _) in &fixture.tokens {
            let request = fixture.request(endpoint.method.parse().unwrap(), &path, *scope);
            let (status, _) = json_of(&service, request).await;
            assert_eq!(
                status == 403,
                !scope.covers(wanted),
                "{scope} {} {path}",
                endpoint.method
            );
        }
    }
}

#[actix_web::test]
async fn what_is_not_there_and_what_is_not_allowed_are_problem_documents() {
    let database = &databases()[0];
    let fixture = Fixture::new(database);
    let service = served!(fixture);
    for (method, path, status, code) in [
        (Method::GET, "/nothing", 404, "not-found"),
        (Method::GET, "/api/v1/nothing", 404, "not-found"),
        (Method::DELETE, "/api/v1/accounts", 405, "method-not-allowed"),
        (Method::GET, "/api/v1/accounts?limt=5", 400, "invalid-parameter"),
        (Method::GET, "/api/v1/accounts?limit=many", 400, "invalid-parameter"),
        (Method::GET, "/api/v1/transfers/7", 400, "invalid-parameter"),
        (Method::GET, "/api/v1/accounts/nobody", 404, "not-found"),
        (Method::GET, "/api/v1/events", 503, "hub-unreachable"),
    ] {
        let (found, body) = json_of(&service, fixture.request(method, path, Scope::Read)).await;
        assert_eq!((found, body["code"].as_str()), (status, Some(code)), "{path}: {body}");
        assert!(
            body["detail"].as_str().unwrap().len() > 20 && body["type"].as_str().unwrap().ends_with(code),
            "{body}"
        );
    }
}

#[actix_web::test]
async fn bodies_are_strict() {
    let database = &databases()[0];
    let fixture = Fixture::new(database);
    let service = served!(fixture);
    for (body, code) in [
        ("{\"account\":\"holder-000001\",\"knd\":\"pool\"}", "schema"),
        (
            "{\"account\":\"holder-000001\",\"account\":\"holder-000002\"}",
            "malformed",
        ),
        ("{\"account\":\"19900000000\"}", "schema"),
        ("{", "malformed"),
    ] {
        let request = fixture
            .request(Method::POST, "/api/v1/accounts", Scope::Import)
            .insert_header(("Content-Type", "application/json"))
            .set_payload(body);
        let (_, found) = json_of(&service, request).await;
        assert_eq!(found["code"], code, "{body}: {found}");
        assert!(
            !found.to_string().contains("19900000000"),
            "a number of a person is not repeated"
        );
    }
    let request = fixture
        .request(Method::POST, "/api/v1/accounts", Scope::Import)
        .set_payload("{}");
    assert_eq!(json_of(&service, request).await.0, 415);
}

#[actix_web::test]
async fn a_file_is_uploaded_issued_and_never_counted_twice() {
    for database in databases() {
        let fixture = Fixture::new(&database);
        let service = served!(fixture);
        let file = format!(
            "{HEADER}{}{}{}",
            ride(1, 1, "10", 2025),
            ride(2, 2, "NaN", 2025),
            ride(3, 2, "12.5", 2025)
        );
        let upload = || {
            fixture
                .request(
                    Method::POST,
                    "/api/v1/activities?methodology=CN-4201-metro.v1",
                    Scope::Import,
                )
                .insert_header(("Content-Type", "text/csv; charset=utf-8"))
                .set_payload(file.clone())
        };
        let (status, job) = json_of(&service, upload()).await;
        assert_eq!(
            (status, &job["state"], &job["added"], &job["refused"]),
            (200, &json!("done"), &json!(2), &json!(1))
        );
        assert_eq!(job["errors"][0]["line"], 3);
        assert_eq!(json_of(&service, upload()).await.1, job);
        let path = format!("/api/v1/activities/jobs/{}", job["job"].as_str().unwrap());
        assert_eq!(
            json_of(&service, fixture.request(Method::GET, &path, Scope::Read))
                .await
                .1,
            job
        );
        let (_, accounts) = json_of(
            &service,
            fixture.request(Method::GET, &format!("{path}/accounts"), Scope::Read),
        )
        .await;
        assert_eq!(accounts["items"][1]["quantity_g"], 980);

        let key = message_id(7).to_string();
        let issue = || {
            fixture
                .request(Method::POST, "/api/v1/issuances", Scope::Trade)
                .insert_header(("Idempotency-Key", key.clone()))
                .set_json(json!({"methodology": "CN-4201-metro.v1", "region_of_act": "420100", "vintage": 2025,
                    "rights_basis": "transferred-by-holders", "local_reference": "wh-1", "verification":
                    {"body": "Example Verification Body", "verified_at": "2026-01-31T00:00:00Z", "report_sha256": "00".repeat(32)}}))
        };
        let (status, issued) = json_of(&service, issue()).await;
        assert_eq!(
            (status, &issued["issuance"], &issued["quantity_g"]),
            (202, &json!(key), &json!(1_764)),
            "{issued}"
        );
        assert_eq!(json_of(&service, issue()).await.1, issued);
        let (_, pending) = json_of(
            &service,
            fixture.request(Method::GET, "/api/v1/issuances/pending", Scope::Read),
        )
        .await;
        assert_eq!(pending, json!({"items": []}));
        let id: MessageId = key.parse().unwrap();
        let (status, message) = json_of(
            &service,
            fixture.request(Method::GET, &format!("/api/v1/messages/{id}"), Scope::Read),
        )
        .await;
        assert_eq!((status, &message["id"]), (200, &json!(key)));
        let (_, seen) = json_of(
            &service,
            fixture.request(Method::GET, &format!("/api/v1/issuances/{id}"), Scope::Read),
        )
        .await;
        assert_eq!(seen["kind"], "issuance");
        let (status, _) = json_of(
            &service,
            fixture.request(Method::GET, &format!("/api/v1/transfers/{id}"), Scope::Read),
        )
        .await;
        assert_eq!(status, 404, "an issuance is not a transfer");
    }
}

#[actix_web::test]
async fn an_upload_must_say_what_it_is() {
    let database = &databases()[0];
    let fixture = Fixture::new(database);
    let service = served!(fixture);
    let upload = |query: &str, media: &'static str, body: &'static str| {
        fixture
            .request(Method::POST, &format!("/api/v1/activities{query}"), Scope::Import)
            .insert_header(("Content-Type", media))
            .set_payload(body)
    };
    let known = "?methodology=CN-4201-metro.v1";
    assert_eq!(json_of(&service, upload(known, "application/json", "{}")).await.0, 415);
    assert_eq!(json_of(&service, upload("", "text/csv", "")).await.0, 400);
    let (status, body) = json_of(&service, upload(known, "text/csv", "a;b\n")).await;
    assert_eq!((status, &body["code"]), (422, &json!("file-unreadable")), "{body}");
    let (status, body) = json_of(&service, upload("?methodology=unknown.v1", "text/csv", "")).await;
    assert_eq!((status, &body["code"]), (503, &json!("hub-unreachable")), "{body}");
}

#[actix_web::test]
async fn a_command_that_the_node_cannot_carry_out_says_why() {
    for database in databases() {
        let fixture = Fixture::new(&database);
        let service = served!(fixture);
        let offer = |body: Value| {
            fixture
                .request(Method::POST, "/api/v1/transfers", Scope::Trade)
                .set_json(body)
        };
        let full = json!({"account": "house", "quantity_g": 5, "target": "harbin", "use": "event-neutrality"});
        let (status, body) = json_of(&service, offer(full.clone())).await;
        assert_eq!(status, 422, "{body}");
        assert!(body["detail"].as_str().unwrap().len() > 10);
        let mut none = full.clone();
        none.as_object_mut().unwrap().remove("quantity_g");
        assert_eq!(json_of(&service, offer(none)).await.0, 400);
        let mut two = full;
        two["id"] = json!(message_id(1));
        let request = offer(two).insert_header(("Idempotency-Key", message_id(2).to_string()));
        assert_eq!(json_of(&service, request).await.1["path"], "Idempotency-Key");
    }
}

#[actix_web::test]
async fn health_and_metrics_are_open_and_say_what_is_wrong() {
    let database = &databases()[0];
    let fixture = Fixture::new(database);
    let service = served!(fixture);
    assert_eq!(
        json_of(&service, TestRequest::get().uri("/health/live")).await,
        (200, json!({"live": true}))
    );
    let (status, body) = json_of(&service, TestRequest::get().uri("/health/ready")).await;
    assert_eq!((status, &body["database"]), (200, &json!(true)), "{body}");
    let response = call_service(&service, TestRequest::get().uri("/metrics").to_request()).await;
    let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    assert!(text.contains("tanqiao_node_outbox_waiting 0"), "{text}");
}
