//! One evaluator in key generations.

mod making;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join_all};
use tanqiao_protocol::fingerprint::{EVALUATORS, Epoch, EpochKeys, EvaluatorKey, THRESHOLD, TokenSuite, window};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::time::{DAY_US, Timestamp};

use super::{CeremonyError, Commitments, Generation, PointFor, SessionId, Standing};
use crate::crash;
use crate::dkg::{self, First, Outcome, Package, Point, Second};
use crate::remote::Remote;
use crate::shares::ShareFiles;
use crate::store::{EpochKeyState, EpochRow, Store};

/// How long before a month's key may be used it may be made: the hub has it in its log before the first token.
const AHEAD_US: i64 = 31 * DAY_US;
/// How long an evaluator that takes part in a generation may be on its way to a prepared share. Whoever asks it meanwhile has to wait:
/// the answer would end a generation that nothing is wrong with.
const ON_ITS_WAY: Duration = Duration::from_secs(20);
/// Key generations that are remembered at once; the oldest is forgotten. Only the other two evaluators start any.
const SESSIONS_MAX: usize = 16;

/// What is known of a running key generation: in memory only, so that a crash forgets every secret but a prepared share.
#[derive(Debug)]
struct Session {
    order: u64,
    began: Instant,
    first: Arc<First>,
    others: BTreeMap<u8, Package>,
    second: Option<Arc<Second>>,
}

#[derive(Debug, Default)]
struct Sessions {
    count: u64,
    running: HashMap<SessionId, Session>,
}

/// This evaluator, and how it reaches the other two.
#[derive(Debug)]
pub struct Party {
    number: u8,
    ids: Vec<NodeId>,
    window_months: u16,
    store: Store,
    shares: ShareFiles,
    others: BTreeMap<u8, Remote>,
    sessions: Mutex<Sessions>,
    making: tokio::sync::Mutex<()>,
}

impl Party {
    /// `ids` are the three in the order of their numbers, `others` the other two.
    #[must_use]
    pub fn new(
        number: u8,
        ids: Vec<NodeId>,
        window_months: u16,
        store: Store,
        shares: ShareFiles,
        others: BTreeMap<u8, Remote>,
    ) -> Self {
        Self {
            number,
            ids,
            window_months,
            store,
            shares,
            others,
            sessions: Mutex::default(),
            making: tokio::sync::Mutex::new(()),
        }
    }

    fn me(&self) -> Result<&NodeId, CeremonyError> {
        let place = usize::from(self.number).checked_sub(1);
        place
            .and_then(|place| self.ids.get(place))
            .ok_or(CeremonyError::Number(self.number))
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the key of a month may be used, if it may be made now.
    fn permitted(&self, epoch: Epoch, now: Timestamp) -> Result<(Timestamp, Timestamp), CeremonyError> {
        window(epoch, self.window_months)
            .filter(|(opens, closes)| opens.plus_micros(-AHEAD_US) <= now && now < *closes)
            .ok_or(CeremonyError::Closed(epoch))
    }

    /// This evaluator's line of a key generation, drawn when it is first asked for.
    fn first(&self, generation: Generation) -> Result<Arc<First>, CeremonyError> {
        if self.store.session(generation.session)?.is_some() {
            return Err(CeremonyError::Aborted(generation.epoch));
        }
        let mut sessions = self.sessions();
        if let Some(session) = sessions.running.get(&generation.session) {
            return Ok(Arc::clone(&session.first));
        }
        if sessions.running.len() >= SESSIONS_MAX {
            let oldest = sessions
                .running
                .iter()
                .min_by_key(|(_, one)| one.order)
                .map(|(id, _)| *id);
            oldest.and_then(|id| sessions.running.remove(&id));
        }
        sessions.count += 1;
        let session = Session {
            order: sessions.count,
            began: Instant::now(),
            first: Arc::new(dkg::first(self.number)?),
            others: BTreeMap::new(),
            second: None,
        };
        let first = Arc::clone(&session.first);
        sessions.running.insert(generation.session, session);
        Ok(first)
    }

    /// Answers another evaluator that asks for the commitments.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub fn commitments(&self, generation: Generation, now: Timestamp) -> Result<Commitments, CeremonyError> {
        self.permitted(generation.epoch, now)?;
        let package = self.first(generation)?.package.clone();
        crash::point("dkg.after-round1");
        Ok(Commitments { package })
    }

    fn known_second(&self, generation: Generation) -> Option<(Arc<Second>, BTreeMap<u8, Package>)> {
        let sessions = self.sessions();
        let session = sessions.running.get(&generation.session)?;
        Some((session.second.clone()?, session.others.clone()))
    }

    /// Pulls the commitments of both others, which are checked and then never replaced.
    async fn second(&self, generation: Generation) -> Result<(Arc<Second>, BTreeMap<u8, Package>), CeremonyError> {
        if let Some(known) = self.known_second(generation) {
            return Ok(known);
        }
        let first = self.first(generation)?;
        let asked = self.others.iter().map(|(number, remote)| async move {
            let answer: Commitments = remote.post("/v1/dkg/commitments", &generation).await?;
            Ok::<_, CeremonyError>((*number, answer.package))
        });
        let came: BTreeMap<u8, Package> = try_join_all(asked).await?.into_iter().collect();
        let mut sessions = self.sessions();
        let forgotten = CeremonyError::Aborted(generation.epoch);
        let Some(session) = sessions.running.get_mut(&generation.session) else {
            return Err(forgotten);
        };
        if session.others.is_empty() {
            session.others = came;
        } else if session.others != came {
            // Somebody says one thing now and another then: this generation has no good end.
            sessions.running.remove(&generation.session);
            return Err(forgotten);
        }
        let second = match &session.second {
            Some(second) => Arc::clone(second),
            None => Arc::new(dkg::second(&first, &session.others)?),
        };
        session.second = Some(Arc::clone(&second));
        Ok((second, session.others.clone()))
    }

    /// Answers the evaluator `number` that asks for its point.
    ///
    /// # Errors
    /// [`CeremonyError`].
    pub async fn point_for(
        &self,
        generation: Generation,
        number: u8,
        now: Timestamp,
    ) -> Result<PointFor, CeremonyError> {
        self.permitted(generation.epoch, now)?;
        let (second, _) = self.second(generation).await?;
        let point = second.point_for(number).cloned();
        Ok(PointFor {
            point: point.ok_or(CeremonyError::Number(number))?,
        })
    }

    /// Takes part to the point where the share is on disk.
    ///
    /// # Errors
    /// [`CeremonyError`]; nothing is left then but what [`Party::settle`] clears.
    pub async fn prepare(&self, generation: Generation, now: Timestamp) -> Result<Standing, CeremonyError> {
        let range = self.permitted(generation.epoch, now)?;
        if let Some(row) = self.store.epoch(generation.epoch)? {
            if row.session == generation.session {
                return Ok(standing(&row));
            }
            let earlier = Generation {
                session: row.session,
                epoch: row.epoch,
            };
            match self.settle(earlier, now).await?.state {
                EpochKeyState::Aborted => {}
                EpochKeyState::Prepared => return Err(CeremonyError::Waiting(generation.epoch)),
                _ => return Err(CeremonyError::Aborted(generation.epoch)),
            }
        }
        let done = self.keep_share(generation, range, now).await;
        if done.is_err() {
            // It is not on its way any more: whoever asks may know that it never comes.
            self.sessions().running.remove(&generation.session);
        }
        done
    }

    async fn keep_share(
        &self,
        generation: Generation,
        range: (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Standing, CeremonyError> {
        let (second, others) = self.second(generation).await?;
        let asked = self.others.iter().map(|(number, remote)| async move {
            let answer: PointFor = remote.post("/v1/dkg/points", &generation).await?;
            Ok::<_, CeremonyError>((*number, answer.point))
        });
        let points: BTreeMap<u8, Point> = try_join_all(asked).await?.into_iter().collect();
        let outcome = second.finish(&others, &points)?;
        let keys = self.keys(generation.epoch, range, &outcome);
        keys.check()?;
        let mut packages = others;
        packages.insert(self.number, self.first(generation)?.package.clone());
        let transcript = transcript(generation, &keys, &packages)?;
        crash::point("dkg.before-share");
        self.shares
            .keep(generation.epoch, generation.session, self.number, &outcome.share)?;
        crash::point("dkg.after-share");
        if !self
            .store
            .prepare(self.me()?, generation.session, &keys, transcript, now)?
        {
            self.shares.destroy(generation.epoch, generation.session)?;
            return Err(CeremonyError::Aborted(generation.epoch));
        }
        crash::point("dkg.after-prepare");
        Ok(Standing {
            state: EpochKeyState::Prepared,
            transcript: Some(transcript),
        })
    }

    fn keys(&self, epoch: Epoch, (opens_at, closes_at): (Timestamp, Timestamp), outcome: &Outcome) -> EpochKeys {
        let parties = self.ids.iter().zip(&outcome.share_keys).zip(1..=EVALUATORS);
        EpochKeys {
            epoch,
            suite: TokenSuite::Voprf,
            threshold: THRESHOLD,
            public_key: outcome.public_key,
            evaluators: parties
                .map(|((id, public_key), number)| EvaluatorKey {
                    id: id.clone(),
                    number,
                    public_key: *public_key,
                })
                .collect(),
            opens_at,
            closes_at,
        }
    }

    /// Answers how far this evaluator is. One that has not prepared never will from here on, unless it is on its way.
    ///
    /// # Errors
    /// [`CeremonyError::Store`]; [`CeremonyError::Waiting`] while it is on its way.
    pub fn standing(&self, generation: Generation, now: Timestamp) -> Result<Standing, CeremonyError> {
        let known = self.store.session(generation.session)?;
        let row = match known {
            Some(row) => row,
            None if self.on_its_way(generation) => return Err(CeremonyError::Waiting(generation.epoch)),
            None => self
                .store
                .refuse_unprepared(self.me()?, generation.session, generation.epoch, now)?,
        };
        if row.state != EpochKeyState::Prepared {
            self.sessions().running.remove(&generation.session);
        }
        Ok(standing(&row))
    }

    fn on_its_way(&self, generation: Generation) -> bool {
        let sessions = self.sessions();
        let session = sessions.running.get(&generation.session);
        session.is_some_and(|session| session.began.elapsed() < ON_ITS_WAY)
    }

    /// Brings a prepared generation to its end, if the other two can be asked: committed where all three have prepared the
    /// same, aborted where one never will.
    ///
    /// # Errors
    /// [`CeremonyError`] of this evaluator's own store and files; one that cannot be asked only leaves it prepared.
    pub async fn settle(&self, generation: Generation, now: Timestamp) -> Result<Standing, CeremonyError> {
        let own = self.standing(generation, now)?;
        if own.state != EpochKeyState::Prepared {
            return Ok(own);
        }
        let asked = self
            .others
            .values()
            .map(|remote| async move { remote.post::<Standing>("/v1/dkg/standing", &generation).await });
        let answers = join_all(asked).await;
        let told: Vec<&Standing> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        for failed in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            tracing::warn!(epoch = %generation.epoch, error = %failed, "an evaluator cannot be asked about a key generation");
        }
        let never = |one: &Standing| one.state == EpochKeyState::Aborted || one.transcript != own.transcript;
        if told.iter().any(|one| never(one)) {
            self.store.abort(self.me()?, generation.session, now)?;
            self.shares.destroy(generation.epoch, generation.session)?;
        } else if told.len() == self.others.len() {
            crash::point("dkg.before-commit");
            self.store.commit(self.me()?, generation.session, now)?;
            crash::point("dkg.after-commit");
            tracing::info!(epoch = %generation.epoch, "the key of a month is in use");
        }
        self.standing(generation, now)
    }
}

fn standing(row: &EpochRow) -> Standing {
    Standing {
        state: row.state,
        transcript: row.transcript,
    }
}

/// The hash of everything that is public in a generation, which all three compare: whoever tells two evaluators two things
/// makes their hashes differ.
fn transcript(
    generation: Generation,
    keys: &EpochKeys,
    packages: &BTreeMap<u8, Package>,
) -> Result<Sha256, CeremonyError> {
    let keys = serde_json::to_vec(keys).map_err(|e| CeremonyError::Broken(e.to_string()))?;
    let mut parts: Vec<&[u8]> = vec![b"tanqiao-dkg/v1\n", generation.session.as_bytes(), &keys];
    parts.extend(packages.values().map(|package| package.0.as_bytes()));
    Ok(Sha256::of_parts(&parts))
}
