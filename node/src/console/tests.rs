//! The console as a browser without scripts uses it, on both databases.

use actix_http::Request;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{COOKIE, LOCATION, SET_COOKIE};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use tanqiao_desk::{House as _, factor};
use tanqiao_protocol::time::Timestamp;

use super::{Office, mount};
use crate::exchange::tests::node;
use crate::service::Node;
use crate::staff::{self, Staff, StaffRole};
use crate::store::test_databases::databases;

const PASSWORD: &str = "correct horse battery";
const HERE: &str = "node.example";

/// What a browser has.
#[derive(Default)]
struct Browser {
    cookie: String,
    csrf: String,
}

/// What it got.
struct Seen {
    status: u16,
    location: String,
    cookie: String,
    body: String,
}

impl Browser {
    async fn ask<S, B>(&self, service: &S, request: TestRequest) -> Seen
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let request = request
            .insert_header(("host", HERE))
            .insert_header((COOKIE, self.cookie.as_str()));
        let response = call_service(service, request.to_request()).await;
        let header = |name| {
            let value = response.headers().get(name);
            value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        Seen {
            status: response.status().as_u16(),
            location: header(LOCATION),
            cookie: header(SET_COOKIE),
            body: String::from_utf8(read_body(response).await.to_vec()).unwrap(),
        }
    }

    async fn get<S, B>(&self, service: &S, path: &str) -> Seen
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        self.ask(service, TestRequest::get().uri(path)).await
    }

    async fn post<S, B>(&self, service: &S, path: &str, fields: &[(&str, &str)]) -> Seen
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let fields = fields.iter().copied().chain([("csrf", self.csrf.as_str())]);
        let form: Vec<(&str, &str)> = fields.collect();
        let request = TestRequest::post().uri(path).set_form(form);
        self.ask(service, request.insert_header(("origin", format!("https://{HERE}"))))
            .await
    }

    async fn sign_in<S, B>(service: &S, account: &str) -> Self
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let form = [("account", account), ("password", PASSWORD)];
        let signed = Self::default().post(service, "/sign-in", &form).await;
        assert_eq!((signed.status, signed.location.as_str()), (303, "/"), "{}", signed.body);
        let mut browser = Self {
            cookie: signed.cookie.split(';').next().unwrap().to_owned(),
            csrf: String::new(),
        };
        let page = browser.get(service, "/account").await;
        let (_, rest) = page.body.split_once("name=\"csrf\" value=\"").unwrap();
        browser.csrf = rest.split('"').next().unwrap().to_owned();
        browser
    }
}

macro_rules! served {
    ($node:expr) => {{
        let node: &Node = $node;
        init_service(actix_web::App::new().configure(|app| mount(node, true, app))).await
    }};
}

fn engage(node: &Node) {
    for (name, role) in [
        ("yan", StaffRole::Viewer),
        ("li", StaffRole::Operator),
        ("zhao", StaffRole::Approver),
    ] {
        put(node, name, role, PASSWORD, true);
    }
}

fn put(node: &Node, name: &str, role: StaffRole, password: &str, active: bool) {
    let hash = staff::hash(password).unwrap();
    let account = Staff {
        name: name.parse().unwrap(),
        role,
        active,
    };
    node.store().write(|tx| staff::put(tx, &account, &hash)).unwrap();
}

#[actix_web::test]
async fn every_page_is_for_those_whom_its_line_names() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        engage(&node);
        let service = served!(&node);
        let stranger = Browser::default();
        let roles = [
            ("yan", StaffRole::Viewer),
            ("li", StaffRole::Operator),
            ("zhao", StaffRole::Approver),
        ];
        for (account, role) in roles {
            let browser = Browser::sign_in(&service, account).await;
            for route in Office::routes().iter().filter(|route| route.path != "/sign-out") {
                let path = route.path.replace("{name}", "none");
                let (seen, unknown) = if route.method == "POST" {
                    let form = [("account", "nobody")];
                    (
                        browser.post(&service, &path, &form).await,
                        stranger.post(&service, &path, &form).await,
                    )
                } else {
                    (browser.get(&service, &path).await, stranger.get(&service, &path).await)
                };
                assert_eq!(seen.status == 403, !route.who.may(Some(role)), "{account} {route:?}");
                let away = unknown.status == 403 || unknown.location.starts_with("/sign-in?to=");
                assert_eq!(away, !route.who.may(None), "nobody {route:?}");
                assert!(seen.status < 500 && unknown.status < 500, "{route:?}: {}", seen.body);
            }
        }
    }
}

#[actix_web::test]
async fn pages_speak_both_languages_and_say_what_the_node_knows() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        engage(&node);
        let service = served!(&node);
        let browser = Browser::sign_in(&service, "li").await;
        for (path, zh, en) in [
            ("/", "枢纽连接", "Connection to the hub"),
            ("/holdings", "还没有减排量", "Nothing is held yet"),
            ("/activity", "来源地址", "Address"),
            ("/glossary", "术语", "Meaning"),
        ] {
            let chinese = browser.get(&service, &format!("{path}?lang=zh")).await;
            assert!(
                chinese.status == 200 && chinese.body.contains(zh),
                "{path}: {}",
                chinese.body
            );
            let english = browser.get(&service, &format!("{path}?lang=en")).await;
            assert!(
                english.body.contains(en) && english.body.contains("lang=\"en\""),
                "{path}"
            );
        }
    }
}

#[actix_web::test]
async fn sessions_fall_with_the_account_and_a_second_factor_is_demanded_once_it_is_there() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        engage(&node);
        let service = served!(&node);
        let browser = Browser::sign_in(&service, "li").await;
        let offered = browser.get(&service, "/account/factor").await;
        let (_, rest) = offered.body.split_once("secret=").unwrap();
        let text: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let secret = unbase32(&text);
        let code = |now: Timestamp, later: i64| factor::code(&secret, factor::step(now) + later);
        let enrolled = browser
            .post(&service, "/account/factor", &[("code", &code(node.now(), 0))])
            .await;
        assert_eq!(enrolled.status, 200, "{}", enrolled.body);
        let form = [("account", "li"), ("password", PASSWORD)];
        assert_eq!(Browser::default().post(&service, "/sign-in", &form).await.status, 401);
        let second = code(node.now(), 1);
        let form = [("account", "li"), ("password", PASSWORD), ("code", second.as_str())];
        assert_eq!(Browser::default().post(&service, "/sign-in", &form).await.status, 303);
        assert_eq!(
            Browser::default().post(&service, "/sign-in", &form).await.status,
            401,
            "each code counts once"
        );
        assert_eq!(browser.get(&service, "/").await.status, 200);
        put(&node, "li", StaffRole::Operator, "another password", true);
        assert_eq!(browser.get(&service, "/").await.status, 303);
        let viewer = Browser::sign_in(&service, "yan").await;
        put(&node, "yan", StaffRole::Viewer, PASSWORD, false);
        assert_eq!(viewer.get(&service, "/").await.status, 303);
    }
}

#[actix_web::test]
async fn whoever_guesses_is_locked_out_and_a_form_from_elsewhere_does_nothing() {
    for database in databases() {
        let node = node(&database, "http://127.0.0.1:1");
        engage(&node);
        let service = served!(&node);
        let browser = Browser::sign_in(&service, "zhao").await;
        let evil = TestRequest::post().uri("/sign-out").set_form([("csrf", &browser.csrf)]);
        let evil = evil.insert_header(("origin", "https://evil.example"));
        assert_eq!(browser.ask(&service, evil).await.status, 403);
        assert_eq!(browser.get(&service, "/").await.status, 200);
        for _ in 0..5 {
            let form = [("account", "li"), ("password", "a wrong password")];
            assert_eq!(Browser::default().post(&service, "/sign-in", &form).await.status, 401);
        }
        let form = [("account", "li"), ("password", PASSWORD)];
        assert_eq!(Browser::default().post(&service, "/sign-in", &form).await.status, 429);
        let acts = browser.get(&service, "/activity").await.body;
        assert!(acts.contains("locked-out") && acts.contains("stale-form"), "{acts}");
    }
}

fn unbase32(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_usize, 0_u32);
    for letter in text.chars() {
        held = (held << 5 | alphabet.find(letter).unwrap()) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}
