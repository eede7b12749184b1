//! Three evaluators in a temporary directory, and members that ask them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand_core::OsRng;
use reqwest::{Client, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::identity::Role;
use tanqiao_certs::{Authority, CertificateRequest, ClientTls, Issued, Order, Profile, TlsFiles, TlsKey};
use tanqiao_evaluator::api::Clock;
use tanqiao_evaluator::config::Config;
use tanqiao_evaluator::now;
use tanqiao_evaluator::remote::once_more;
use tanqiao_evaluator::serve::Service;
use tanqiao_evaluator::store::Store;
use tanqiao_protocol::fingerprint::{Blinding, CheckedKeys, Epoch, EpochKeys, Evaluation, EvaluationRequest, Output};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::signing::{Algorithm, SigningKey};

pub const DOMAIN: &str = "tanqiao.test";
pub const IDS: [&str; 3] = ["regulator", "notary", "exchange"];

/// This month.
pub fn this_month() -> Epoch {
    Epoch::of(now()).unwrap()
}

pub struct World {
    pub directory: tempfile::TempDir,
    pub authority: Authority,
    ports: [u16; 3],
}

fn free_ports() -> [u16; 3] {
    let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|socket| socket.local_addr().unwrap().port())
}

impl World {
    pub fn new() -> Self {
        Self::with_hub(1, "")
    }

    /// `more` goes into every configuration: tables, since it stands at the end.
    pub fn with_hub(hub_port: u16, more: &str) -> Self {
        tanqiao_certs::install_crypto_provider();
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::init(
            &directory.path().join("ca"),
            &DOMAIN.parse().unwrap(),
            chrono::Utc::now(),
        )
        .unwrap();
        authority.crl(chrono::Utc::now()).unwrap();
        let world = Self {
            directory,
            authority,
            ports: free_ports(),
        };
        for id in IDS {
            let order = Order::new(Profile::Evaluator(id.parse().unwrap())).with_ip([127, 0, 0, 1].into());
            world.issue(id, &order);
            let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
            tanqiao_certs::durable::write_secret(
                &world.file(&format!("{id}.signing")),
                key.to_pem().unwrap().as_bytes(),
            )
            .unwrap();
            std::fs::write(
                world.file(&format!("{id}.toml")),
                world.configuration(id, hub_port, more),
            )
            .unwrap();
            Store::migrate(&world.config(id).database).unwrap();
        }
        world
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn configuration(&self, id: &str, hub_port: u16, more: &str) -> String {
        let (ca, crl) = (self.authority.bundle_path(), self.authority.crl_path());
        let party =
            |(id, port): (&&str, u16)| format!("[[evaluators]]\nid = \"{id}\"\nurl = \"https://127.0.0.1:{port}\"\n");
        let parties = IDS.iter().zip(self.ports).map(party).collect::<Vec<_>>().concat();
        let place = IDS.iter().position(|one| *one == id).unwrap();
        format!(
            "trust_domain = \"{DOMAIN}\"\nmember = \"{id}\"\ndatabase = \"{id}.db\"\n{parties}\
             [listen]\nmembers = \"127.0.0.1:{port}\"\nhealth = \"127.0.0.1:0\"\n\
             [tls]\nca = \"{ca}\"\ncertificate = \"{id}.pem\"\nkey = \"{id}.key\"\ncrl = \"{crl}\"\n\
             [signing]\nkey = \"{id}.signing\"\n[hub]\nurl = \"https://127.0.0.1:{hub_port}\"\n\
             [shares]\ndirectory = \"{id}.shares\"\nmake_ahead = false\n{more}",
            port = self.ports[place],
            ca = ca.display(),
            crl = crl.display(),
        )
    }

    pub fn config(&self, id: &str) -> Config {
        Config::load(&self.file(&format!("{id}.toml"))).unwrap()
    }

    pub fn issue(&self, name: &str, order: &Order) -> Issued {
        self.issue_at(name, order, chrono::Utc::now())
    }

    /// As if it were this time.
    pub fn issue_at(&self, name: &str, order: &Order, at: tanqiao_certs::Time) -> Issued {
        let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
        let request = CertificateRequest::from_pem(&key.request_pem(name).unwrap()).unwrap();
        let issued = self.authority.issue(&request, order, at).unwrap();
        std::fs::write(self.file(&format!("{name}.pem")), &issued.chain_pem).unwrap();
        key.save_new(&self.file(&format!("{name}.key"))).unwrap();
        issued
    }

    pub fn start(&self, id: &str) -> Service {
        Service::start(&self.config(id)).unwrap()
    }

    pub fn start_at(&self, id: &str, clock: Clock) -> Service {
        Service::start_with(&self.config(id), clock).unwrap()
    }

    pub fn start_all(&self) -> Vec<Service> {
        IDS.map(|id| self.start(id)).into()
    }

    /// A member's node with a certificate of its own.
    pub fn member(&self, id: &str) -> Asker {
        if !self.file(&format!("{id}.pem")).exists() {
            self.issue(id, &Order::new(Profile::Node(id.parse().unwrap())));
        }
        self.asker(Some(id))
    }

    /// Whoever holds the certificate of this name.
    pub fn asker(&self, name: Option<&str>) -> Asker {
        let files = TlsFiles::new(self.authority.bundle_path());
        let files = match name {
            Some(name) => files.with_identity(self.file(&format!("{name}.pem")), self.file(&format!("{name}.key"))),
            None => files,
        };
        let tls = ClientTls::load(files, DOMAIN.parse().unwrap(), chrono::Utc::now()).unwrap();
        let client = |id: &str| {
            let config = tls.config_for(Role::Evaluator(id.parse().unwrap())).unwrap();
            let builder = Client::builder().tls_backend_preconfigured(config).no_proxy();
            builder
                .timeout(Duration::from_secs(60))
                .retry(once_more())
                .build()
                .unwrap()
        };
        Asker {
            clients: IDS.map(client),
            ports: self.ports,
        }
    }
}

pub struct Asker {
    clients: [Client; 3],
    ports: [u16; 3],
}

impl Asker {
    fn url(&self, number: u8, path: &str) -> (&Client, String) {
        let place = usize::from(number) - 1;
        (
            &self.clients[place],
            format!("https://127.0.0.1:{}{path}", self.ports[place]),
        )
    }

    pub async fn try_get(&self, number: u8, path: &str) -> reqwest::Result<Response> {
        let (client, url) = self.url(number, path);
        client.get(url).send().await
    }

    pub async fn get(&self, number: u8, path: &str) -> Response {
        self.try_get(number, path).await.unwrap()
    }

    pub async fn post(&self, number: u8, path: &str, body: &impl Serialize) -> Response {
        let (client, url) = self.url(number, path);
        client.post(url).json(body).send().await.unwrap()
    }

    pub async fn keys(&self, number: u8, epoch: Epoch) -> CheckedKeys {
        let keys: EpochKeys = good(self.get(number, &format!("/v1/epochs/{epoch}")).await).await;
        keys.checked().unwrap()
    }

    pub async fn evaluate(&self, number: u8, epoch: Epoch, blinding: &Blinding<Vec<u8>>) -> Response {
        let request = EvaluationRequest {
            epoch,
            blinded: blinding.blinded().clone(),
        };
        self.post(number, "/v1/evaluations", &request).await
    }

    /// What a node does: ask two, check both, combine.
    pub async fn derive(&self, keys: &CheckedKeys, inputs: &[&str], pair: (u8, u8)) -> Vec<Output> {
        let blinding = blind(inputs);
        let one: Evaluation = good(self.evaluate(pair.0, keys.epoch, &blinding).await).await;
        let other: Evaluation = good(self.evaluate(pair.1, keys.epoch, &blinding).await).await;
        let one = blinding.verify(keys, &one).unwrap();
        let other = blinding.verify(keys, &other).unwrap();
        blinding.finish(keys, &one, &other).unwrap()
    }
}

pub fn blind(inputs: &[&str]) -> Blinding<Vec<u8>> {
    let inputs = inputs.iter().map(|input| input.as_bytes().to_vec()).collect();
    Blinding::new(inputs, &mut OsRng).unwrap()
}

pub async fn good<T: DeserializeOwned>(response: Response) -> T {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

pub async fn refused(response: Response, status: u16, code: &str) -> Problem {
    assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
    let problem: Problem = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(problem.code, code, "{problem}");
    problem
}

/// Waits for a condition, at most 30 seconds.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn clock_at(at: tanqiao_protocol::time::Timestamp) -> Clock {
    Arc::new(move || at)
}

pub fn shares_in(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some())
        .count()
}
