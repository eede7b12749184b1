//! How a member joins: an officer invites it, its node asks with the one-time code and its own keys over the enrolment
//! listener, an officer approves, and the node fetches its certificate.

use std::path::Path;

use serde_json::{Value, json};
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{ClientTls, TlsFiles, TlsKey};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::signing::{Algorithm, SigningKey};
use tanqiao_protocol::view::MemberKind;

use crate::cast::Member;
use crate::evaluators::listed;
use crate::failure::{Doing as _, Outcome, unexpected};
use crate::foundation::TRUST_DOMAIN;
use crate::journal::Journal;
use crate::officers::Desk;
use crate::place::{Place, secret_once, write};

/// The enrolment listener.
#[derive(Debug, Clone)]
pub struct Enrolment {
    http: reqwest::Client,
    url: String,
}

impl Enrolment {
    /// A client that trusts the federation's root and has no certificate yet.
    ///
    /// # Errors
    /// TLS.
    pub fn open(place: &Place) -> Outcome<Self> {
        let domain = TRUST_DOMAIN.parse().doing("reading the trust domain")?;
        let tls = ClientTls::load(TlsFiles::new(place.ca()), domain, chrono::Utc::now())
            .doing("reading the root certificate")?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(tls.hub_config().doing("preparing TLS")?)
            .build()
            .doing("preparing TLS")?;
        Ok(Self {
            http,
            url: format!("https://127.0.0.1:{}/v1/enrolments", place.ports.enrolment),
        })
    }

    /// Asks to enrol; the enrolment's id.
    async fn request(&self, body: &Value) -> Outcome<String> {
        let response = self.http.post(&self.url).json(body).send().await.doing("enrolling")?;
        let answer = Self::read(response).await?;
        let id = answer.get("id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| unexpected("the enrolment", "an id", &answer))
    }

    async fn read(response: reqwest::Response) -> Outcome<Value> {
        let status = response.status();
        let text = response.text().await.doing("enrolling")?;
        if status.is_success() {
            return serde_json::from_str(&text).doing("enrolling");
        }
        Err(unexpected(
            "the answer of the enrolment listener",
            "a request in hand",
            text,
        ))
    }
}

/// Brings one member in; a member that is in already is left as it is.
///
/// # Errors
/// What stands in the way.
pub async fn join(
    place: &Place,
    desk: &Desk,
    enrolment: &Enrolment,
    journal: &mut Journal,
    member: &Member,
) -> Outcome<bool> {
    let name = member.name();
    let folder = place.of(member, "");
    std::fs::create_dir_all(&folder).doing(format!("making {}", folder.display()))?;
    let program = if member.kind == MemberKind::Evaluator {
        "evaluator"
    } else {
        "node"
    };
    let certificate = place.of(member, &format!("{program}.pem"));
    if certificate.exists() {
        return Ok(false);
    }
    let tls = tls_key(&place.of(member, &format!("{program}.key")))?;
    let signing = signing_key(&place.of(member, "signing.key"))?;
    let key = format!("enrolment-{name}");
    let id: String = if let Some(id) = journal.kept(&key) {
        id
    } else {
        let body = json!({
            "member": name, "code": desk.invite(member)?,
            "csr_pem": tls.request_pem(name).doing("asking for a certificate")?, "signing_key": signing.verifying_key(),
        });
        let id = enrolment.request(&body).await?;
        journal.keep(&key, || Ok(id))?
    };
    let url = format!("{}/{id}", enrolment.url);
    let ask = || async { Enrolment::read(enrolment.http.get(&url).send().await.doing("enrolling")?).await };
    if text(&ask().await?, "status") != "approved" {
        desk.approve(place, id, journal.id(&format!("admission-{name}"))?)
            .await?;
    }
    let answer = ask().await?;
    let pem = text(&answer, "certificate_pem");
    if pem.is_empty() {
        return Err(unexpected(format!("the enrolment of {name}"), "a certificate", answer));
    }
    write(&certificate, &pem)?;
    Ok(true)
}

fn text(answer: &Value, member: &str) -> String {
    answer
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn tls_key(path: &Path) -> Outcome<TlsKey> {
    if path.exists() {
        return TlsKey::load(path).doing("reading a TLS key");
    }
    let key = TlsKey::generate(KeyAlgorithm::P256).doing("making a TLS key")?;
    key.save_new(path).doing("writing a TLS key")?;
    Ok(key)
}

fn signing_key(path: &Path) -> Outcome<SigningKey> {
    let make = || {
        let key = SigningKey::generate(Algorithm::Ed25519).doing("making a signing key")?;
        Ok(key.to_pem().doing("writing a signing key")?.to_string())
    };
    let pem = secret_once(path, make)?;
    SigningKey::from_pem(&pem).doing("reading a signing key")
}

/// The node's configuration, database and token.
///
/// # Errors
/// The disk's, the store's.
pub fn prepare(place: &Place, member: &Member, port: u16) -> Outcome<()> {
    let name = member.name();
    let text = format!(
        "# Written by the quickstart at every start.\n\
         member = \"{name}\"\nregion = \"{}\"\ntrust_domain = \"{TRUST_DOMAIN}\"\ndatabase = \"sqlite:node.db\"\n\n\
         [hub]\nurl = \"https://127.0.0.1:{}\"\n\n\
         [tls]\ncertificate = \"node.pem\"\nkey = \"node.key\"\nca = \"../../certs/ca.pem\"\ncrl = \"../../certs/crl.pem\"\n\n\
         [signing]\nkey = \"signing.key\"\n\n\
         [subjects]\nkey = \"subject.key\"\n\n\
         [fingerprint]\nsuite = \"voprf-ristretto255-sha512\"\nstreams = \"streams\"\n\n{}\n\
         [api]\nlisten = \"127.0.0.1:{port}\"\n",
        member.region,
        place.ports.federation,
        listed(place, "fingerprint.evaluators"),
    );
    write(&place.node(name, "node.toml"), &text)?;
    let url = format!("sqlite:{}", place.node(name, "node.db").display());
    tanqiao_node::store::migrate(&url).doing(format!("preparing the database of {name}"))?;
    token(place, name, &url)
}

/// A bearer token for the member's platform. The database has its hash only, so that a token whose file was not written is
/// ended and made anew.
fn token(place: &Place, name: &str, url: &str) -> Outcome<()> {
    use tanqiao_node::tokens::{self, Scope};
    let path = token_file(place, name);
    if path.exists() {
        return Ok(());
    }
    let store = tanqiao_node::store::Store::open(url).doing(format!("opening the database of {name}"))?;
    let now = crate::journal::now();
    let label: Name = format!("quickstart-{}", now.micros()).parse().doing("naming a token")?;
    let made = store
        .write(|tx| tokens::create(tx, &label, &[Scope::Admin], now, None))
        .doing(format!("making the token of {name}"))?;
    secret_once(&path, || Ok(made.reveal().to_owned())).map(drop)
}

/// Where a node's token is.
#[must_use]
pub fn token_file(place: &Place, name: &str) -> std::path::PathBuf {
    place.secret(&format!("{name}.token"))
}
