//! A running hub with its PKI, and members that speak to it as programs outside do.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{Authority, CertificateRequest, ClientTls, Order, Profile, TlsFiles, TlsKey, TrustDomain};
use tanqiao_hub::config::Config;
use tanqiao_hub::ledger::sequencer::SequencerOptions;
use tanqiao_hub::serve::{Service, ensure_log_key, new_id};
use tanqiao_hub::store::audit;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Content, Message};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::signing::SigningKey;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use crate::support::{Federation, OwnDatabase, node, signing_key};

pub const DOMAIN: &str = "tanqiao.test";

/// A hub that serves, with wuhan and harbin admitted and a mapping between them.
pub struct World {
    pub directory: tempfile::TempDir,
    pub authority: Authority,
    pub federation: Arc<Federation>,
    pub service: Service,
    pub config: Config,
    postgres: Option<OwnDatabase>,
}

/// Runs a story on SQLite, and on PostgreSQL where there is one.
pub async fn on_each(story: impl AsyncFn(World)) {
    on_each_with("", story).await;
}

/// As [`on_each`], with more configuration.
pub async fn on_each_with(more: &str, story: impl AsyncFn(World)) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("hub.db").display());
    story(World::start(directory, url, None, more).await).await;
    if let Ok(server) = std::env::var("TANQIAO_TEST_POSTGRES") {
        let database = OwnDatabase::create(&server);
        story(World::start(tempfile::tempdir().unwrap(), database.url.clone(), Some(database), more).await).await;
    } else {
        assert!(
            std::env::var("CI").is_err(),
            "in CI every test runs on PostgreSQL too: set TANQIAO_TEST_POSTGRES"
        );
    }
}

impl World {
    async fn start(directory: tempfile::TempDir, url: String, postgres: Option<OwnDatabase>, more: &str) -> Self {
        tanqiao_certs::install_crypto_provider();
        let certs = directory.path().join("certs");
        let now = chrono::Utc::now();
        let authority = Authority::init(&certs, &DOMAIN.parse::<TrustDomain>().unwrap(), now).unwrap();
        let order = Order::new(Profile::Hub)
            .with_dns("localhost")
            .with_ip([127, 0, 0, 1].into());
        issue(&authority, &order, &certs.join("hub"));
        authority.crl(now).unwrap();
        let config = config(directory.path(), &url, more);
        ensure_log_key(&config.log.key).unwrap();
        let for_ledger = url.clone();
        let federation = actix_web::web::block(move || {
            let federation = Federation::found(&for_ledger);
            federation.two_regions();
            federation
        });
        let federation = Arc::new(federation.await.unwrap());
        let service = Service::start_with(
            &config,
            SequencerOptions {
                compare_clocks: false,
                ..SequencerOptions::default()
            },
        )
        .unwrap();
        Self {
            directory,
            authority,
            federation,
            service,
            config,
            postgres,
        }
    }

    /// The service by itself, to be stopped and started again, and what must outlive it.
    pub fn into_parts(self) -> (Service, Config, impl Sized) {
        (self.service, self.config, (self.directory, self.postgres))
    }

    /// Something that officers do in a process of their own; returns once the hub knows it.
    pub async fn officers<T: Send + 'static>(&self, work: impl FnOnce(&Federation) -> T + Send + 'static) -> T {
        let federation = Arc::clone(&self.federation);
        let done = actix_web::web::block(move || work(&federation)).await.unwrap();
        let head = self.federation.database.read(audit::head).unwrap();
        let version = head.governance_version;
        until(|| self.service.hub.sequencer.governance().version >= version).await;
        done
    }

    /// A member with a certificate of its own.
    pub fn member(&self, id: &str) -> Member {
        let files = self.directory.path().join("certs").join(id);
        if !files.with_extension("pem").exists() {
            issue(&self.authority, &Order::new(Profile::Node(id.parse().unwrap())), &files);
        }
        let client = self.client(Some(&files));
        Member {
            id: id.to_owned(),
            client,
            base: format!("https://{}", self.service.federation),
            key: Arc::new(signing_key(id)),
        }
    }

    /// A client that trusts the hub, with or without a certificate.
    pub fn client(&self, identity: Option<&Path>) -> Client {
        let mut files = TlsFiles::new(self.config.tls.ca.clone());
        if let Some(path) = identity {
            files = files.with_identity(path.with_extension("pem"), path.with_extension("key"));
        }
        let tls = ClientTls::load(files, DOMAIN.parse().unwrap(), chrono::Utc::now()).unwrap();
        Client::builder()
            .tls_backend_preconfigured(tls.hub_config().unwrap())
            .no_proxy()
            .timeout(Duration::from_secs(40))
            .build()
            .unwrap()
    }

    pub fn enrolment(&self, path: &str) -> String {
        format!("https://{}{path}", self.service.enrolment)
    }

    pub fn console(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.console)
    }

    /// Size and chain of the log: equal if nothing was written.
    pub fn head(&self) -> (i64, Vec<u8>) {
        self.federation.head()
    }
}

/// Waits for a condition, without a fixed time.
pub async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .expect("the condition never came true");
}

fn issue(authority: &Authority, order: &Order, files: &Path) {
    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    key.save_new(&files.with_extension("key")).unwrap();
    let request = CertificateRequest::from_pem(&key.request_pem("test").unwrap()).unwrap();
    let issued = authority.issue(&request, order, chrono::Utc::now()).unwrap();
    std::fs::write(files.with_extension("pem"), issued.chain_pem).unwrap();
}

fn config(directory: &Path, url: &str, more: &str) -> Config {
    let text = format!(
        "trust_domain = \"{DOMAIN}\"\n[database]\nurl = \"{url}\"\nsingle_server = true\n\
         [federation]\nlisten = \"127.0.0.1:0\"\ntls = true\n[enrolment]\nlisten = \"127.0.0.1:0\"\ntls = true\n[console]\nlisten = \"127.0.0.1:0\"\n\
         [tls]\nca = \"certs/ca.pem\"\ncertificate = \"certs/hub.pem\"\nkey = \"certs/hub.key\"\ncrl = \"certs/crl.pem\"\n\
         [authority]\ndir = \"certs\"\n[log]\nkey = \"log.key\"\n{more}"
    );
    Config::read(&text, &directory.join("hub.toml"), std::iter::empty()).unwrap()
}

/// A member that speaks over its own connection.
#[derive(Clone)]
pub struct Member {
    pub id: String,
    pub client: Client,
    pub base: String,
    pub key: Arc<SigningKey>,
}

impl Member {
    /// A message of now.
    pub fn message<C: Content>(&self, content: C) -> Message<C> {
        let now = now();
        Message {
            trust_domain: DOMAIN.parse().unwrap(),
            member: node(&self.id),
            protocol: 1,
            id: new_id(),
            issued_at: now,
            not_after: now.plus_micros(DAY_US),
            staff: None,
            content,
        }
    }

    /// Signs a message.
    pub fn sign<C: Content>(&self, message: &Message<C>) -> Envelope {
        Envelope::sign(
            &C::ACTION.payload_type(),
            serde_json::to_vec(message).unwrap(),
            &self.key,
        )
        .unwrap()
    }

    /// A signed message of now, and its id.
    pub fn say<C: Content>(&self, content: C) -> (MessageId, Envelope) {
        let message = self.message(content);
        (message.id, self.sign(&message))
    }

    pub async fn send(&self, method: Method, path: &str, body: &impl Serialize) -> Response {
        self.client
            .request(method, format!("{}{path}", self.base))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Response {
        self.send(Method::POST, path, body).await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    /// What an address gives, which must be good.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        good(self.get(path).await).await
    }

    /// Says something, which must be done.
    pub async fn done<C: Content, T: DeserializeOwned>(&self, path: &str, content: C) -> (MessageId, T) {
        let (id, envelope) = self.say(content);
        (id, good(self.post(path, &envelope).await).await)
    }
}

/// The body of an answer that must be good.
pub async fn good<T: DeserializeOwned>(response: Response) -> T {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The problem document of an answer that must be refused by this code.
pub async fn refused(response: Response, code: &str) -> Problem {
    let status = response.status().as_u16();
    let media = response
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    let request_id = response.headers().contains_key("x-request-id");
    let text = response.text().await.unwrap();
    let problem: Problem = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {status} {text}"));
    assert_eq!(media.as_deref(), Some("application/problem+json"), "{text}");
    assert_eq!(
        problem
            .check
            .map_or_else(|| problem.code.clone(), |check| check.to_string()),
        code,
        "{text}"
    );
    assert_eq!(problem.status, status, "{text}");
    assert!(
        problem.type_uri.ends_with(&format!("/problems/{}", problem.code)) && !problem.detail.is_empty(),
        "{text}"
    );
    assert!(request_id, "an answer names its request");
    problem
}

pub fn now() -> Timestamp {
    tanqiao_hub::api::hub::now()
}

/// A JSON pointer in a value.
pub fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value
        .pointer(pointer)
        .unwrap_or_else(|| panic!("nothing at {pointer} in {value}"))
}
