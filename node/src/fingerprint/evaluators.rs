//! Three evaluators, any two of which make a token together (tier E): the node blinds, two multiply, the node checks both
//! proofs against the keys of the month that the log has, combines, and takes the blinds off.
//!
//! Inputs are mixed before they are sent, so that an evaluator does not see which belong to one activity. An evaluator that
//! is away or whose proof does not hold is passed over for the third, and named in the log; a batch is sent again with the
//! same blinds, so that it is counted once.

mod ask;
mod keys;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use rand::seq::SliceRandom as _;
use tanqiao_certs::identity::Role;
use tanqiao_protocol::fingerprint::{Blinding, CheckedKeys, Epoch, THRESHOLD, TokenSuite, Verified, check_parties};
use tanqiao_protocol::id::NodeId;
use zeroize::Zeroizing;

use self::ask::{Asked, Asker, Connections, Way};
use self::keys::KnownKeys;
use super::provider::{Outputs, TokenError, TokenProvider};
use crate::config::FingerprintConfig;
use crate::error::NodeError;
use crate::exchange::{ExchangeError, HubClient};
use crate::service::Clock;

/// How often a batch is offered to all evaluators before it is given up for the time being.
const ROUNDS: u32 = 4;
/// The wait after the first round; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// An evaluator, as this node is told by its configuration.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The member that runs it.
    pub id: NodeId,
    /// Its address, such as `https://evaluator.example:8446`.
    pub url: String,
}

/// The evaluators of a federation, as this member asks them.
pub struct Evaluators {
    askers: Vec<Asker>,
    keys: KnownKeys,
    batch_max: usize,
    at_once: usize,
    /// How often each evaluator has failed since it last did not: who fails less is asked first.
    failures: Mutex<BTreeMap<NodeId, u32>>,
}

impl fmt::Debug for Evaluators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.askers.iter().map(|asker| &asker.party.id))
            .finish()
    }
}

impl Evaluators {
    /// Over mutual TLS, each evaluator known by the id in its certificate.
    ///
    /// # Errors
    /// [`NodeError::Refused`] (`evaluators`) for a federation in which the hub or one evaluator could make tokens alone;
    /// [`NodeError::Exchange`] for TLS files that cannot be used.
    pub fn open(config: &FingerprintConfig, hub: HubClient, clock: Clock) -> Result<Self, NodeError> {
        let tls = hub
            .tls()
            .ok_or_else(|| refused("this node has no certificate to show to an evaluator: enrol it first"))?
            .clone();
        let to = hub.clone();
        Self::with(config, hub, clock, |party| {
            let id = party
                .id
                .as_str()
                .parse()
                .map_err(|e: tanqiao_certs::identity::IdError| ExchangeError::Connection(e.to_string()))?;
            let connections = Connections::prepare(to.clone(), tls.clone(), Role::Evaluator(id))?;
            Ok(Way::Tls(connections))
        })
    }

    /// With a given HTTP client: for tests against evaluators in the same process.
    ///
    /// # Errors
    /// As [`Evaluators::open`].
    pub fn over(
        http: &reqwest::Client,
        config: &FingerprintConfig,
        hub: HubClient,
        clock: Clock,
    ) -> Result<Self, NodeError> {
        Self::with(config, hub, clock, |_| Ok(Way::Given(http.clone())))
    }

    fn with(
        config: &FingerprintConfig,
        hub: HubClient,
        clock: Clock,
        way: impl Fn(&Party) -> Result<Way, NodeError>,
    ) -> Result<Self, NodeError> {
        check_separate(&config.evaluators, hub.base())?;
        let asker = |party: &Party| {
            Ok(Asker {
                party: party.clone(),
                way: way(party)?,
            })
        };
        let askers = config.evaluators.iter().map(asker).collect::<Result<_, NodeError>>()?;
        Ok(Self {
            askers,
            keys: KnownKeys::new(
                hub,
                clock,
                config.evaluators.iter().map(|party| party.id.clone()).collect(),
            ),
            batch_max: usize::try_from(config.batch_max).unwrap_or(1),
            at_once: usize::try_from(config.threads).unwrap_or(1).max(1),
            failures: Mutex::default(),
        })
    }

    /// The keys of a month. Where the log has none yet, the evaluators are asked to make them: of a month that is long past
    /// nobody may have issued before.
    async fn keys_of(&self, epoch: Epoch) -> Result<Arc<CheckedKeys>, TokenError> {
        let mut pause = FIRST_PAUSE;
        for round in 0..ROUNDS {
            if let Some(keys) = self.keys.of(epoch).await? {
                return Ok(keys);
            }
            if round == 0 {
                self.have_keys_made(epoch).await;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(TokenError::Unavailable(format!(
            "the keys of {epoch} are not in the hub's log yet: the three evaluators have to make and state them"
        )))
    }

    async fn have_keys_made(&self, epoch: Epoch) {
        for asker in &self.askers {
            match asker.have_keys_made(epoch).await {
                Ok(()) => return,
                Err(why) => tracing::warn!(evaluator = %asker.party.id, %epoch, why, "no keys were made"),
            }
        }
    }

    /// The outputs of one batch.
    async fn batch(&self, keys: Arc<CheckedKeys>, inputs: Vec<Zeroizing<Vec<u8>>>) -> Result<Outputs, TokenError> {
        let epoch = keys.epoch;
        let blinding = compute(move || Blinding::new(inputs, &mut rand_core::OsRng)).await?;
        let blinding =
            Arc::new(blinding.map_err(|e| TokenError::Refused(format!("the inputs cannot be blinded: {e}")))?);
        let mut verified: Vec<Verified> = Vec::new();
        let mut troubles: BTreeMap<NodeId, String> = BTreeMap::new();
        let mut pause = FIRST_PAUSE;
        for round in 0..ROUNDS {
            if round > 0 {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            let mut left = self.in_order(&keys, &verified);
            while verified.len() < usize::from(THRESHOLD) && !left.is_empty() {
                let wanted = usize::from(THRESHOLD) - verified.len();
                let some: Vec<(&Asker, u8)> = left.drain(..wanted.min(left.len())).collect();
                let asked = some.iter().map(|(asker, _)| asker.ask(epoch, blinding.blinded()));
                let answers = join_all(asked).await;
                for ((asker, number), answer) in some.into_iter().zip(answers) {
                    match self.checked(&keys, &blinding, number, answer).await? {
                        Ok(good) => {
                            self.note(&asker.party.id, None);
                            verified.push(good);
                        }
                        Err(why) => {
                            self.note(&asker.party.id, Some(&why));
                            troubles.insert(asker.party.id.clone(), why);
                        }
                    }
                }
            }
            if let [one, other, ..] = verified.as_slice() {
                let (one, other) = (one.clone(), other.clone());
                let outputs = compute(move || blinding.finish(&keys, &one, &other)).await?;
                let outputs =
                    outputs.map_err(|e| TokenError::Refused(format!("two evaluations do not combine: {e}")))?;
                return Ok(outputs
                    .into_iter()
                    .map(|output| Zeroizing::new(output.to_vec()))
                    .collect());
            }
        }
        let named: Vec<String> = troubles.iter().map(|(id, why)| format!("`{id}`: {why}")).collect();
        Err(TokenError::Unavailable(format!(
            "two of the three evaluators are needed for the tokens of {epoch}, and only {} answered well: {}",
            verified.len(),
            named.join("; ")
        )))
    }

    /// The evaluators that have not made this batch's evaluation yet, those first that fail least.
    fn in_order(&self, keys: &CheckedKeys, verified: &[Verified]) -> Vec<(&Asker, u8)> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left: Vec<(&Asker, u8)> = self
            .askers
            .iter()
            .filter_map(|asker| {
                let key = keys.evaluators.iter().find(|key| key.id == asker.party.id)?;
                let done = verified.iter().any(|one| one.number() == key.number);
                (!done).then_some((asker, key.number))
            })
            .collect();
        left.sort_by_key(|(asker, _)| failures.get(&asker.party.id).copied().unwrap_or(0));
        left
    }

    async fn checked(
        &self,
        keys: &Arc<CheckedKeys>,
        blinding: &Arc<Blinding<Zeroizing<Vec<u8>>>>,
        number: u8,
        answer: Asked,
    ) -> Result<Result<Verified, String>, TokenError> {
        let evaluation = match answer {
            Ok(evaluation) if evaluation.number == number => evaluation,
            Ok(evaluation) => {
                return Ok(Err(format!(
                    "it answers as evaluator {}, and the keys of the month call it {number}",
                    evaluation.number
                )));
            }
            Err(why) => return Ok(Err(why)),
        };
        let (keys, blinding) = (Arc::clone(keys), Arc::clone(blinding));
        let verified = compute(move || blinding.verify(&keys, &evaluation)).await?;
        Ok(verified.map_err(|e| e.to_string()))
    }

    fn note(&self, id: &NodeId, trouble: Option<&str>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            None => {
                failures.remove(id);
            }
            Some(why) => {
                *failures.entry(id.clone()).or_default() += 1;
                drop(failures);
                tracing::warn!(evaluator = %id, why, "an evaluation was not usable; another evaluator is asked");
            }
        }
    }
}

impl TokenProvider for Evaluators {
    fn suite(&self) -> TokenSuite {
        TokenSuite::Voprf
    }

    fn outputs(&self, epoch: Epoch, inputs: Vec<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<Outputs, TokenError>> {
        Box::pin(async move {
            let keys = self.keys_of(epoch).await?;
            let count = inputs.len();
            let mut mixed: Vec<(usize, Zeroizing<Vec<u8>>)> = inputs.into_iter().enumerate().collect();
            mixed.shuffle(&mut rand::rng());
            let mut batches = Vec::with_capacity(count.div_ceil(self.batch_max));
            while !mixed.is_empty() {
                let rest = mixed.split_off(self.batch_max.min(mixed.len()));
                batches.push(std::mem::replace(&mut mixed, rest));
            }
            let made: Vec<Vec<(usize, Zeroizing<Vec<u8>>)>> = iter(batches)
                .map(|batch| {
                    let keys = Arc::clone(&keys);
                    async move {
                        let (places, inputs): (Vec<usize>, Vec<_>) = batch.into_iter().unzip();
                        let outputs = self.batch(keys, inputs).await?;
                        Ok::<_, TokenError>(places.into_iter().zip(outputs).collect())
                    }
                })
                .buffer_unordered(self.at_once)
                .try_collect()
                .await?;
            let mut made: Vec<(usize, Zeroizing<Vec<u8>>)> = made.into_iter().flatten().collect();
            made.sort_unstable_by_key(|(place, _)| *place);
            Ok(made.into_iter().map(|(_, output)| output).collect())
        })
    }
}

/// Runs arithmetic off the async threads.
async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TokenError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| TokenError::Unavailable("the node is shutting down".to_owned()))
}

fn refused(detail: impl Into<String>) -> NodeError {
    NodeError::refused("evaluators", detail)
}

/// Refuses evaluators that are not three different parties at three different addresses, apart from the hub.
pub(crate) fn check_separate(parties: &[Party], hub: &str) -> Result<(), NodeError> {
    let number = |place: usize| u8::try_from(place + 1).unwrap_or(u8::MAX);
    let numbered = parties
        .iter()
        .enumerate()
        .map(|(place, party)| (&party.id, number(place)));
    check_parties(THRESHOLD, numbered).map_err(|e| refused(e.to_string()))?;
    let authority = |url: &str| {
        let url = reqwest::Url::parse(url).ok()?;
        Some((url.host_str()?.to_ascii_lowercase(), url.port_or_known_default()?))
    };
    let hub = authority(hub);
    let mut seen = Vec::new();
    for party in parties {
        let place = authority(&party.url)
            .ok_or_else(|| refused(format!("`{}` of evaluator `{}` is no address", party.url, party.id)))?;
        if Some(&place) == hub.as_ref() {
            return Err(refused(format!(
                "evaluator `{}` has the hub's address: the hub compares tokens, and may not evaluate them as well",
                party.id
            )));
        }
        if seen.contains(&place) {
            return Err(refused(format!(
                "evaluator `{}` has the address of another one: one party alone could make tokens",
                party.id
            )));
        }
        seen.push(place);
    }
    Ok(())
}
