//! Tokens by evaluators in this process: honest, away, lying.

mod renewed;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use tanqiao_protocol::fingerprint::{
    Epoch, EpochKeys, Evaluation, EvaluationRequest, EvaluatorKey, KeyShare, THRESHOLD, TokenInput, TokenKind, window,
};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::time::Timestamp;

use super::evaluators::check_separate;
use super::*;
use crate::config::FingerprintConfig;
use crate::exchange::HubClient;
use crate::exchange::tests::START_US;
use crate::exchange::tests::fake_hub::{FakeHub, Shared, serve};
use tanqiao_protocol::fingerprint::TokenSuite;
use zeroize::Zeroizing;

/// How an evaluator behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    Away,
    /// Evaluates with another share than the log has.
    Lying,
    /// Answers as the evaluator of another number.
    Posing,
}

/// Three evaluators on loopback, and how many inputs each has evaluated.
#[derive(Clone)]
pub(crate) struct FakeEvaluators {
    pub(crate) config: FingerprintConfig,
    pub(crate) manners: Arc<Mutex<[Manner; 3]>>,
    pub(crate) evaluated: Arc<Mutex<[usize; 3]>>,
    slope: u64,
    /// The hub that keys are stated to when somebody asks for them.
    states_to: Arc<Mutex<Option<Shared>>>,
}

const KEY: u64 = 1_000_003;
const NAMES: [&str; 3] = ["regulator", "notary", "exchange"];

/// Shares on the line `KEY + slope · number`.
fn share(slope: u64, number: u8) -> u64 {
    KEY + slope * u64::from(number)
}

fn key_share(number: u64) -> KeyShare {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    KeyShare::from_bytes(&bytes).unwrap()
}

impl FakeEvaluators {
    /// Those of another process.
    pub(crate) fn elsewhere() -> Self {
        Self {
            config: FingerprintConfig {
                suite: Some(TokenSuite::Voprf),
                batch_max: 64,
                ..FingerprintConfig::default()
            },
            manners: Arc::new(Mutex::new([Manner::Honest; 3])),
            evaluated: Arc::default(),
            slope: 0,
            states_to: Arc::default(),
        }
    }

    /// Starts them. The function is the same whatever the slope.
    pub(crate) fn start(slope: u64) -> Self {
        let mut fake = Self {
            slope,
            ..Self::elsewhere()
        };
        for (place, name) in NAMES.into_iter().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            fake.config.evaluators.push(Party {
                id: name.parse().unwrap(),
                url: format!("http://{}", listener.local_addr().unwrap()),
            });
            let data = web::Data::new((place, fake.clone()));
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(data.clone())
                    .app_data(web::JsonConfig::default().limit(4 * 1024 * 1024))
                    .route("/v1/evaluations", web::post().to(evaluate))
                    .route("/v1/epochs/{epoch}", web::get().to(make_keys))
            });
            tokio::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
        }
        fake
    }

    pub(crate) fn keys(&self, epoch: Epoch) -> EpochKeys {
        let (opens_at, closes_at) = window(epoch, 24).unwrap();
        EpochKeys {
            epoch,
            suite: TokenSuite::Voprf,
            threshold: THRESHOLD,
            public_key: key_share(KEY).public_key(),
            evaluators: (1..=3)
                .zip(NAMES)
                .map(|(number, id)| EvaluatorKey {
                    id: id.parse().unwrap(),
                    number,
                    public_key: key_share(share(self.slope, number)).public_key(),
                })
                .collect(),
            opens_at,
            closes_at,
        }
    }

    /// The provider of a node that deals with the hub at `base`.
    pub(crate) fn provider(&self, base: &str) -> Evaluators {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let clock = Arc::new(|| Timestamp::from_micros(START_US));
        Evaluators::over(&http, &self.config, HubClient::over(http.clone(), base), clock).unwrap()
    }

    fn behave(&self, manners: [Manner; 3]) {
        *self.manners.lock().unwrap() = manners;
    }
}

async fn evaluate(data: web::Data<(usize, FakeEvaluators)>, question: web::Json<EvaluationRequest>) -> HttpResponse {
    let (place, fake) = data.get_ref();
    let manner = fake.manners.lock().unwrap()[*place];
    let number = u8::try_from(*place).unwrap() + 1;
    let used = match manner {
        Manner::Away => return HttpResponse::ServiceUnavailable().json(Problem::api(ApiProblem::Busy)),
        Manner::Lying => share(fake.slope, number) + 1,
        _ => share(fake.slope, number),
    };
    fake.evaluated.lock().unwrap()[*place] += question.blinded.count();
    let share = key_share(used);
    let (evaluated, proof) = share.evaluate(&question.blinded, &mut rand_core::OsRng).unwrap();
    let number = if manner == Manner::Posing {
        number % 3 + 1
    } else {
        number
    };
    HttpResponse::Ok().json(Evaluation {
        epoch: question.epoch,
        number,
        evaluated,
        proof,
    })
}

async fn make_keys(data: web::Data<(usize, FakeEvaluators)>, epoch: web::Path<Epoch>) -> HttpResponse {
    let (_, fake) = data.get_ref();
    let hub = fake.states_to.lock().unwrap().clone();
    let Some(hub) = hub else {
        return HttpResponse::ServiceUnavailable().json(Problem::api(ApiProblem::Busy));
    };
    let keys = fake.keys(*epoch);
    hub.lock()
        .unwrap()
        .screening
        .epochs
        .insert(epoch.to_string(), keys.clone());
    HttpResponse::Ok().json(keys)
}

fn may() -> Epoch {
    "2025-05".parse().unwrap()
}

fn inputs(count: usize) -> Vec<Vec<TokenInput>> {
    let input = |n: usize, kind| TokenInput {
        kind,
        epoch: may(),
        bytes: Zeroizing::new(format!("input {n} {kind}").into_bytes()),
    };
    (0..count)
        .map(|n| vec![input(n, TokenKind::Record), input(n, TokenKind::Subject)])
        .collect()
}

fn hub_with(fake: &FakeEvaluators) -> (Shared, String) {
    let hub = Arc::new(Mutex::new(FakeHub::new()));
    hub.lock()
        .unwrap()
        .screening
        .epochs
        .insert(may().to_string(), fake.keys(may()));
    let base = serve(&hub);
    (hub, base)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_two_evaluators_make_the_same_tokens_and_those_who_fail_are_passed_over() {
    use Manner::{Away, Honest, Lying, Posing};
    let fake = FakeEvaluators::start(77);
    let (_hub, base) = hub_with(&fake);
    let all = tokens(&fake.provider(&base), inputs(70)).await.unwrap();
    assert_eq!(all.len(), 70);
    assert!(all.iter().all(|entries| entries.len() == 2 && entries.is_sorted()));
    let once: std::collections::BTreeSet<_> = all.iter().flatten().collect();
    assert_eq!(once.len(), 140, "each input has a token of its own");
    for manners in [
        [Away, Honest, Honest],
        [Honest, Lying, Honest],
        [Honest, Honest, Posing],
        [Lying, Honest, Honest],
    ] {
        fake.behave(manners);
        assert_eq!(
            tokens(&fake.provider(&base), inputs(70)).await.unwrap(),
            all,
            "{manners:?}"
        );
    }
    // Other shares of the same key: another key generation does not change a token.
    let again = FakeEvaluators::start(5);
    let (_hub, base) = hub_with(&again);
    assert_eq!(tokens(&again.provider(&base), inputs(70)).await.unwrap(), all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_one_good_evaluator_nothing_is_made_and_the_others_are_named() {
    use Manner::{Away, Honest, Lying};
    let fake = FakeEvaluators::start(77);
    let (_hub, base) = hub_with(&fake);
    fake.behave([Away, Honest, Lying]);
    let error = tokens(&fake.provider(&base), inputs(3)).await.unwrap_err().to_string();
    assert!(
        error.contains("only 1 answered well") && error.contains("`regulator`"),
        "{error}"
    );
    assert!(
        error.contains("`exchange`: the proof of evaluator 3 does not hold"),
        "{error}"
    );
    // The same batch was sent again with the same blinds: the honest one has evaluated it once.
    assert_eq!(fake.evaluated.lock().unwrap()[1], 6);
}

#[tokio::test]
async fn keys_by_which_somebody_else_could_make_tokens_are_refused() {
    let fake = FakeEvaluators::start(77);
    let (hub, base) = hub_with(&fake);
    type Change = fn(&mut EpochKeys);
    let refusals: [(Change, &str); 4] = [
        (|keys| keys.threshold = 1, "makes tokens alone"),
        (
            |keys| keys.evaluators[0].id = "stranger".parse().unwrap(),
            "not among the evaluators",
        ),
        (|keys| keys.evaluators[0].id = "hub".parse().unwrap(), "the hub"),
        (|keys| keys.epoch = "2025-06".parse().unwrap(), "those of 2025-06"),
    ];
    for (change, wanted) in refusals {
        let mut keys = fake.keys(may());
        change(&mut keys);
        hub.lock().unwrap().screening.epochs.insert(may().to_string(), keys);
        let error = tokens(&fake.provider(&base), inputs(1)).await.unwrap_err();
        assert!(matches!(&error, TokenError::Refused(_)), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(wanted) || wanted == "makes tokens alone" && text.contains("alone"),
            "{text}"
        );
    }
    hub.lock().unwrap().screening.epochs.clear();
    let error = tokens(&fake.provider(&base), inputs(1)).await.unwrap_err();
    assert!(matches!(error, TokenError::Unavailable(_)), "{error}");
    assert_eq!(*fake.evaluated.lock().unwrap(), [0; 3], "nobody was asked");
    // Of a month of which nobody has issued before, the evaluators make keys when they are asked.
    *fake.states_to.lock().unwrap() = Some(hub);
    assert_eq!(tokens(&fake.provider(&base), inputs(1)).await.unwrap().len(), 1);
}

#[test]
fn evaluators_are_three_parties_at_three_places_apart_from_the_hub() {
    let party = |id: &str, url: &str| Party {
        id: id.parse().unwrap(),
        url: url.to_owned(),
    };
    let (a, b) = (party("a", "https://a.example"), party("b", "https://b.example"));
    let check = |parties: &[Party]| check_separate(parties, "https://hub.example:8443");
    check(&[a.clone(), b.clone(), party("c", "https://c.example")]).unwrap();
    for (third, wanted) in [
        (party("a", "https://c.example"), "two evaluators"),
        (party("c", "https://B.example:443/x"), "the address of another one"),
        (party("c", "https://hub.example:8443"), "the hub's address"),
        (party("hub", "https://c.example"), "the hub"),
        (party("c", "nowhere"), "no address"),
    ] {
        let error = check(&[a.clone(), b.clone(), third]).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    assert!(check(&[a, b]).is_err());
}

#[tokio::test]
async fn a_key_of_this_site_makes_tokens_without_asking_anybody() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |text: &str, mode| {
        std::fs::write(file.path(), text).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("short", 0o600);
    assert_eq!(HmacSm3::open(file.path()).unwrap_err().code(), "token-key");
    write(&"5a".repeat(32), 0o644);
    assert_eq!(HmacSm3::open(file.path()).unwrap_err().code(), "configuration");
    write(&format!("{}\n", "5a".repeat(32)), 0o600);
    let provider = HmacSm3::open(file.path()).unwrap();
    let made = tokens(&provider, inputs(3)).await.unwrap();
    let by_month: BTreeMap<_, _> = made.iter().flatten().map(|entry| (entry.token, entry.epoch)).collect();
    assert_eq!(by_month.len(), 6);
    assert_eq!(made, tokens(&provider, inputs(3)).await.unwrap());
}
