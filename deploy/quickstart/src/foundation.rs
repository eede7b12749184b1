//! What has to be there before the hub starts: the authority, the hub's certificate and configuration, its database with
//! policy and first accounts.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use tanqiao_certs::{Authority, CertificateRequest, Order, Profile, TlsKey};
use tanqiao_hub::config::Config;
use tanqiao_hub::ledger::command::{Decision, Origin};
use tanqiao_hub::ledger::objects::Policy;
use tanqiao_hub::serve::ensure_log_key;
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::fingerprint::TokenSuite;
use tanqiao_protocol::quantity::Grams;

use crate::failure::{Doing as _, Failure, Outcome};
use crate::journal::Journal;
use crate::officers::{self, ACCOUNTS, Desk};
use crate::place::{Place, write};

/// The federation of every quickstart.
pub const TRUST_DOMAIN: &str = "tanqiao.local";
/// How long the revocation lists are good: a stopped federation can be started again within this time.
const CRL_DAYS: i64 = 366;

/// Root and issuing CA, made once; the revocation lists are written anew.
///
/// # Errors
/// The authority's.
pub fn authority(place: &Place) -> Outcome<Authority> {
    let domain = TRUST_DOMAIN.parse().doing("reading the trust domain")?;
    let now = chrono::Utc::now();
    let authority = Authority::init(&place.certs(), &domain, now).doing("making the certificate authority")?;
    publish_crl(&authority)?;
    Ok(authority)
}

/// Writes the revocation lists.
///
/// # Errors
/// The authority's.
pub fn publish_crl(authority: &Authority) -> Outcome<()> {
    authority
        .crl_valid_for(chrono::Utc::now(), chrono::TimeDelta::days(CRL_DAYS))
        .map(drop)
        .doing("writing the revocation list")
}

/// The hub's certificate, its configuration, its log's key and a migrated database.
///
/// # Errors
/// The disk's, the authority's, the store's.
pub fn hub(place: &Place, authority: &Authority) -> Outcome<(Config, Database)> {
    let key_file = place.hub("hub.key");
    let certificate = place.hub("hub.pem");
    if !certificate.exists() {
        let key = if key_file.exists() {
            TlsKey::load(&key_file).doing("reading the hub's key")?
        } else {
            let key = TlsKey::generate(tanqiao_certs::enrolment::KeyAlgorithm::P256).doing("making the hub's key")?;
            key.save_new(&key_file).doing("writing the hub's key")?;
            key
        };
        let request = key.request_pem("hub").doing("asking for the hub's certificate")?;
        let request = CertificateRequest::from_pem(&request).doing("asking for the hub's certificate")?;
        let order = Order::new(Profile::Hub)
            .with_dns("localhost")
            .with_ip([127, 0, 0, 1].into());
        let issued = authority
            .issue(&request, &order, chrono::Utc::now())
            .doing("issuing the hub's certificate")?;
        write(&certificate, &issued.chain_pem)?;
    }
    let file = place.hub("hub.toml");
    write(&file, &configuration(place))?;
    let config = Config::load(&file).doing("reading the hub's configuration")?;
    ensure_log_key(&config.log.key).doing("making the key of the transparency log")?;
    let database = Database::open(&config.database.url).doing("opening the hub's database")?;
    database.migrate().doing("preparing the hub's database")?;
    Ok((config, database))
}

fn configuration(place: &Place) -> String {
    let ports = place.ports;
    format!(
        "# Written by the quickstart at every start.\n\
         trust_domain = \"{TRUST_DOMAIN}\"\n\n\
         [database]\nurl = \"sqlite:hub.db\"\n\n\
         [federation]\nlisten = \"127.0.0.1:{}\"\ntls = true\n\n\
         [enrolment]\nlisten = \"127.0.0.1:{}\"\ntls = true\n\n\
         [console]\nlisten = \"127.0.0.1:{}\"\ntls = false\n\n\
         [tls]\nca = \"../certs/ca.pem\"\ncertificate = \"hub.pem\"\nkey = \"hub.key\"\ncrl = \"../certs/crl.pem\"\n\n\
         [authority]\ndir = \"../certs\"\n\n\
         [log]\nkey = \"log.key\"\n\n\
         [limits]\n# All members enrol from one address.\nenrolments_per_minute = 6000\n\n\
         [logging]\nfilter = \"info\"\n",
        ports.federation, ports.enrolment, ports.console
    )
}

/// The policy and the first accounts, each once.
///
/// # Errors
/// The ledger's.
pub async fn found(place: &Place, desk: &Desk, journal: &mut Journal) -> Outcome<()> {
    for (position, (account, role)) in ACCOUNTS.into_iter().enumerate() {
        let password = officers::password(place, account)?;
        let name = officers::account(position)?;
        if desk.governance().officers.contains_key(&name) {
            continue;
        }
        if position == 0 {
            set_policy(desk, journal).await?;
        }
        let origin = if position == 0 {
            Origin::Hub
        } else {
            Origin::Officers(vec![officers::account(0)?])
        };
        // The hash has a salt of its own, so that it is not the same decision twice: an account that is there is left alone.
        let decision = Decision::PutOfficer {
            account: name,
            role,
            password_hash: hashed(password.trim()).await?,
            active: true,
        };
        let id = crate::journal::new_id();
        desk.ask(id, origin, decision)
            .await?
            .map_err(|problem| officers::refused("PutOfficer", &problem))?;
    }
    Ok(())
}

/// Every issuance is screened.
async fn set_policy(desk: &Desk, journal: &mut Journal) -> Outcome<()> {
    let policy = Policy {
        trust_domain: TRUST_DOMAIN.parse().doing("reading the trust domain")?,
        demonstration: false,
        screening: true,
        token_suite: TokenSuite::Voprf,
        first_dealing_delay_s: 0,
        second_approval_from_g: None,
        smallest_piece_g: Grams::new(1).doing("one gram")?,
        // Nobody is there to comment in a story of seconds.
        mapping_comment_period_s: 0,
    };
    let id = journal.id("policy")?;
    let answer = desk.ask(id, Origin::Hub, Decision::SetPolicy(policy)).await?;
    answer
        .map(drop)
        .map_err(|problem| officers::refused("SetPolicy", &problem))
}

async fn hashed(password: &str) -> Outcome<String> {
    let password = password.to_owned();
    let work = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
    });
    let hash = work.await.doing("hashing a password")?;
    hash.map_err(|error| Failure::Doing {
        doing: "hashing a password".to_owned(),
        cause: error.to_string().into(),
    })
}
