//! The three evaluators: parties of their own, any two of which make fingerprint tokens with a node. They enrol as members do, make the keys
//! of every month of the story among themselves, and state them to the hub.

use std::fmt::Write as _;
use std::time::Duration;

use tanqiao_certs::identity::Role;
use tanqiao_certs::{ClientTls, TlsFiles};
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::view::MemberKind;

use crate::cast::Member;
use crate::failure::{Doing as _, Outcome, unexpected};
use crate::federation::answers;
use crate::foundation::TRUST_DOMAIN;
use crate::place::{Place, Ports, write};
use crate::records::VINTAGE;
use crate::world::World;

/// Id, Chinese and English name, in the order of their numbers.
const EVALUATORS: [(&str, &str, &str); 3] = [
    ("regulator", "监管机构指纹求值方", "The regulator's evaluator"),
    ("notary", "公证机构指纹求值方", "A notary's evaluator"),
    ("exchange", "交易机构指纹求值方", "An exchange's evaluator"),
];
/// How long the hub may take to have the keys of a month.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The three evaluators as they enrol.
///
/// # Errors
/// Never: the names are written here.
pub fn members() -> Outcome<Vec<Member>> {
    EVALUATORS
        .iter()
        .map(|(id, zh, en)| {
            Ok(Member {
                id: id.parse().doing("reading a member id")?,
                region: "CN".parse().doing("reading a region")?,
                kind: MemberKind::Evaluator,
                name_zh: (*zh).to_owned(),
                name_en: (*en).to_owned(),
            })
        })
        .collect()
}

/// The lines of a node's or an evaluator's configuration that name all three.
#[must_use]
pub fn listed(place: &Place, table: &str) -> String {
    let mut text = String::new();
    for ((id, ..), position) in EVALUATORS.iter().zip(0..) {
        let port = place.ports.evaluator(position);
        let _ = write!(text, "[[{table}]]\nid = \"{id}\"\nurl = \"https://127.0.0.1:{port}\"\n");
    }
    text
}

/// Where the three answer members, and where they say how they are, by name.
pub fn addresses(ports: Ports) -> impl Iterator<Item = (&'static str, String, String)> {
    let at = move |(id, position)| {
        let (member, health) = (ports.evaluator(position), ports.evaluator_health(position));
        (
            id,
            format!("https://127.0.0.1:{member}"),
            format!("http://127.0.0.1:{health}"),
        )
    };
    EVALUATORS.map(|(id, ..)| id).into_iter().zip(0..).map(at)
}

/// Configuration and store of one evaluator.
fn prepare(place: &Place, member: &Member, position: u16) -> Outcome<()> {
    let name = member.name();
    let text = format!(
        "# Written by the quickstart at every start.\n\
         trust_domain = \"{TRUST_DOMAIN}\"\nmember = \"{name}\"\nthreshold = 2\ndatabase = \"evaluator.db\"\n\n\
         [listen]\nmembers = \"127.0.0.1:{}\"\nhealth = \"127.0.0.1:{}\"\n\n\
         [tls]\nca = \"../../certs/ca.pem\"\ncertificate = \"evaluator.pem\"\nkey = \"evaluator.key\"\ncrl = \"../../certs/crl.pem\"\n\n\
         [signing]\nkey = \"signing.key\"\n\n\
         [hub]\nurl = \"https://127.0.0.1:{}\"\n\n\
         [shares]\ndirectory = \"shares\"\nmake_ahead = false\n\n\
         [quota]\ninputs_per_month = 1000000\nrequests_per_second = 1000\n\n{}",
        place.ports.evaluator(position),
        place.ports.evaluator_health(position),
        place.ports.federation,
        listed(place, "evaluators"),
    );
    write(&place.of(member, "evaluator.toml"), &text)?;
    tanqiao_evaluator::store::Store::migrate(&place.of(member, "evaluator.db"))
        .map(drop)
        .doing(format!("preparing the store of {name}"))
}

/// Starts all three, and waits until each answers.
///
/// # Errors
/// One cannot be started, or does not answer.
pub async fn start(world: &mut World) -> Outcome<()> {
    let members = members()?;
    for (member, position) in members.iter().zip(0..) {
        prepare(&world.place, member, position)?;
        let config = world.place.of(member, "evaluator.toml");
        world
            .processes
            .start(&world.place, "evaluator", member.name(), &config, None)?;
    }
    for (member, position) in members.iter().zip(0..) {
        let url = format!(
            "http://127.0.0.1:{}/health/live",
            world.place.ports.evaluator_health(position)
        );
        answers(&url, member.name(), &mut world.processes).await?;
    }
    Ok(())
}

/// Has the keys of every month of the story made, and waits until the hub's log has them: how many.
///
/// # Errors
/// An evaluator refuses, or the hub does not have them in time.
pub async fn make_keys(world: &World, asked_by: &str) -> Outcome<usize> {
    let months = months()?;
    let evaluator = client(world, asked_by)?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    for month in &months {
        let governance = world.desk.governance();
        if governance
            .token_epochs
            .get(month)
            .is_some_and(|known| known.log_index.is_some())
        {
            continue;
        }
        let url = format!("https://127.0.0.1:{}/v1/epochs/{month}", world.place.ports.evaluator(0));
        loop {
            let answer = evaluator.get(&url).send().await.doing("asking an evaluator")?;
            if answer.status().is_success() {
                break;
            }
            // A generation that was disturbed is done again.
            let again = answer.status() == reqwest::StatusCode::SERVICE_UNAVAILABLE;
            if !again || tokio::time::Instant::now() >= deadline {
                let text = answer.text().await.unwrap_or_default();
                return Err(unexpected(url, "the keys of a month", text));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    loop {
        let governance = world.desk.governance();
        let known = |month: &&Epoch| {
            governance
                .token_epochs
                .get(month)
                .is_some_and(|one| one.log_index.is_some())
        };
        let Some(missing) = months.iter().find(|month| !known(month)) else {
            return Ok(months.len());
        };
        if tokio::time::Instant::now() >= deadline {
            return Err(unexpected(
                "the hub's log",
                format!("the token keys of {missing}"),
                "none",
            ));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The months of the story's year, and the ones beside it: acts near the border have tokens of both.
fn months() -> Outcome<Vec<Epoch>> {
    let year = |text: String| text.parse::<Epoch>().doing("naming a month");
    let mut month = year(format!("{}-12", VINTAGE - 1))?;
    let last = year(format!("{}-01", VINTAGE + 1))?;
    let mut months = vec![month];
    while let Some(next) = month.next().filter(|next| *next <= last) {
        months.push(next);
        month = next;
    }
    Ok(months)
}

/// A member's client that accepts the first evaluator and nobody else.
fn client(world: &World, member: &str) -> Outcome<reqwest::Client> {
    let place = &world.place;
    let files = TlsFiles::new(place.ca()).with_identity(place.node(member, "node.pem"), place.node(member, "node.key"));
    let domain = TRUST_DOMAIN.parse().doing("reading the trust domain")?;
    let tls = ClientTls::load(files, domain, chrono::Utc::now()).doing("reading a member's certificate")?;
    let (first, ..) = EVALUATORS[0];
    let role = Role::Evaluator(first.parse().doing("reading an evaluator's id")?);
    reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls.config_for(role).doing("preparing TLS")?)
        .build()
        .doing("preparing TLS")
}
