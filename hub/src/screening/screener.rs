//! The screener: takes the issuances in the order of their headers, compares their tokens, and hands the result to the sequencer.
//!
//! One of all hub processes screens, the one that has the store of tokens. It works beside the ledger; only the sequencer's
//! commit makes a result count, and a crash at any point is followed by the same screening again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tanqiao_protocol::conflict::{ActivityRef, COLLISIONS_MAX};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::transfer::IssuanceState;

use super::judge::Judge;
use super::pages::PageWriter;
use super::{Collision, Concealed, HubKey, ScreeningError, Spool, TokenStore, fingerprints, records};
use crate::crash;
use crate::ledger::command::Decision;
use crate::ledger::objects::{Collided, Collision as CollidedWith, Issuance, Position, Screened, SharedToken};
use crate::ledger::sequencer::{Answer, Sequencer, SequencerError};
use crate::serve::{new_id, own_command};
use crate::store::conflicts::{begin_attempt, clear_attempts, save_pages, save_shares, screening_mark};
use crate::store::database::{Database, StoreError};
use crate::store::read::conflicts as read;

/// Pages that are written in one transaction.
const PAGES_A_WRITE: usize = 256;
/// Shared tokens that are written down in one transaction.
const SHARES_A_WRITE: usize = 4_096;
/// Shared tokens that are looked at in all: beyond it the issuance is refused as a whole.
const SHARED_TOKENS_MAX: usize = COLLISIONS_MAX * 16;

/// What stops the screener.
#[derive(Debug, thiserror::Error)]
pub enum ScreenerError {
    /// The store of tokens or the spool.
    #[error(transparent)]
    Screening(#[from] ScreeningError),
    /// The ledger's database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sequencer.
    #[error("the sequencer: {0}")]
    Sequencer(#[from] SequencerError),
    /// What was found was not accepted.
    #[error("issuance {issuance}: the result of its screening was refused: {why}")]
    Refused {
        /// Of which issuance.
        issuance: MessageId,
        /// Why.
        why: String,
    },
    /// The store of tokens is not the one that belongs to the ledger.
    #[error(
        "the store of tokens lacks {0} of the runs that the ledger names: restore it from the backup that belongs to the database; nothing is screened until then"
    )]
    Missing(usize),
    /// The store's tokens are under another key, or under none.
    #[error(
        "screening.key is not the key under which tokens were stored until now ({0}): restore the one that was there; nothing is screened until then"
    )]
    Key(&'static str),
    /// The spool has less than the header says.
    #[error("its token stream is not complete any more")]
    Incomplete,
    /// What the store and the ledger say does not fit.
    #[error("{0}")]
    Contradiction(String),
}

impl ScreenerError {
    /// True if the same stream would fail again, however often it is tried.
    const fn is_of_the_stream(&self) -> bool {
        matches!(
            self,
            Self::Incomplete
                | Self::Screening(
                    ScreeningError::Record { .. }
                        | ScreeningError::Torn { .. }
                        | ScreeningError::Position(_)
                        | ScreeningError::Retired(_)
                )
        )
    }
}

/// How the store of tokens is opened; `None` while another process has it.
pub type OpenStore = dyn Fn() -> Result<Option<Box<dyn TokenStore>>, ScreeningError> + Send + Sync;

/// Screens what is there to be screened.
pub struct Screener {
    database: Database,
    sequencer: Sequencer,
    spool: Arc<dyn Spool>,
    open: Box<OpenStore>,
    store: Option<Box<dyn TokenStore>>,
    key: Option<HubKey>,
}

impl std::fmt::Debug for Screener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screener")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Screener {
    /// A screener that has not looked yet.
    #[must_use]
    pub fn new(database: Database, sequencer: Sequencer, spool: Arc<dyn Spool>, open: Box<OpenStore>) -> Self {
        Self {
            database,
            sequencer,
            spool,
            open,
            store: None,
            key: None,
        }
    }

    /// Stores tokens under a key of the hub's own.
    #[must_use]
    pub fn concealing(mut self, key: Option<HubKey>) -> Self {
        self.key = key;
        self
    }

    /// Screens issuances until the next one waits for its tokens, or there is none; how many got a result. Blocks.
    ///
    /// # Errors
    /// [`ScreenerError`]; what was done before stays done.
    pub fn work(&mut self) -> Result<usize, ScreenerError> {
        let mut done = 0;
        // Nothing to do needs no store.
        while let Some(issuance) = self.next()? {
            if !self.take_store()? {
                return Ok(done);
            }
            match self.screen(&issuance) {
                Ok(()) => {}
                // What stays wrong must not keep everybody waiting: its issuer registers it again.
                Err(error) if error.is_of_the_stream() => self.give_up(issuance.id, &error)?,
                Err(error) => {
                    // What is in memory may not be what is on disk: begin again from there.
                    self.store = None;
                    return Err(error);
                }
            }
            done += 1;
        }
        Ok(done)
    }

    /// Deletes the uploads of issuances that have ended; how many. Blocks.
    ///
    /// # Errors
    /// [`ScreenerError`].
    pub fn tidy(&self) -> Result<usize, ScreenerError> {
        // In this order: an upload that begins meanwhile is of none of these.
        let mut here = self.spool.list()?;
        let waiting = self.database.read(|c| read::waiting(c, &here))?;
        here.retain(|issuance| !waiting.contains(issuance));
        here.iter().try_for_each(|issuance| self.spool.remove(*issuance))?;
        Ok(here.len())
    }

    /// Ends an issuance whose stream cannot be screened.
    fn give_up(&mut self, issuance: MessageId, error: &ScreenerError) -> Result<(), ScreenerError> {
        self.store = None;
        tracing::error!(%issuance, %error, "an issuance cannot be screened");
        let reason = format!("its token stream cannot be screened, register it again: {error}");
        let reason: String = reason.chars().take(500).collect();
        let answer = submit(&self.sequencer, Decision::GiveUpScreening { issuance, reason })?;
        answer.result.map_err(|problem| ScreenerError::Refused {
            issuance,
            why: problem.detail,
        })?;
        self.spool.remove(issuance)?;
        Ok(())
    }

    /// The issuance whose turn it is, if its tokens are here.
    fn next(&self) -> Result<Option<Issuance>, ScreenerError> {
        let next = self.database.read(read::next)?;
        Ok(next.filter(|issuance| issuance.state == IssuanceState::Uploaded))
    }

    /// Opens the store and makes it agree with the ledger; false while another process has it.
    fn take_store(&mut self) -> Result<bool, ScreenerError> {
        if self.store.is_some() {
            return Ok(true);
        }
        let Some(mut store) = (self.open)()? else {
            return Ok(false);
        };
        self.check_key()?;
        let named = self.database.read(read::runs)?;
        let found = store.reconcile(&named)?;
        if !found.discarded.is_empty() {
            tracing::info!(
                runs = found.discarded.len(),
                "deleted what was screened and never committed"
            );
        }
        if !found.missing.is_empty() {
            return Err(ScreenerError::Missing(found.missing.len()));
        }
        clear_attempts(&self.database)?;
        self.store = Some(store);
        Ok(true)
    }

    /// With another key nothing that is stored would be found: it is the one of the first screening, or none as then.
    fn check_key(&self) -> Result<(), ScreenerError> {
        let own = self.key.as_ref().map_or_else(Vec::new, HubKey::mark);
        let kept = screening_mark(&self.database, &own)?;
        if kept == own {
            return Ok(());
        }
        Err(ScreenerError::Key(match (kept.is_empty(), own.is_empty()) {
            (true, _) => "there was none",
            (_, true) => "there is none now",
            _ => "it is another one",
        }))
    }

    fn screen(&mut self, issuance: &Issuance) -> Result<(), ScreenerError> {
        let run = self.database.read(read::last_run)? + 1;
        let (id, attempt) = (issuance.id, new_id());
        begin_attempt(&self.database, attempt)?;
        tracing::info!(issuance = %id, run, activities = issuance.content.activity_count, "screening");
        let store = self
            .store
            .as_mut()
            .ok_or_else(|| ScreenerError::Contradiction("the store of tokens is not open".to_owned()))?;
        crash::point("screening.before-compare");
        let ground = (&self.database, self.spool.as_ref());
        let shared = match &self.key {
            Some(key) => compare(ground, &mut Concealed::new(store.as_mut(), key), id, (run, attempt)),
            None => compare(ground, store.as_mut(), id, (run, attempt)),
        }?;
        crash::point("screening.after-compare");
        let found = match shared {
            Some(shared) => self.judge(issuance, (run, attempt), &shared)?,
            None => None,
        };
        let found = found.unwrap_or_else(|| Screened {
            issuance: id,
            run,
            attempt,
            clean_g: Grams::ZERO,
            held: Vec::new(),
            too_many: true,
            owned: Vec::new(),
        });
        let named = self.submit(found)?;
        crash::point("screening.after-commit");
        let store = self
            .store
            .as_mut()
            .ok_or_else(|| ScreenerError::Contradiction("the store of tokens is not open".to_owned()))?;
        if named {
            store.confirm(run)?;
        } else {
            store.discard(run)?;
        }
        clear_attempts(&self.database)?;
        self.spool.remove(id)?;
        Ok(())
    }

    /// What the collisions mean for each activity; `None` if there are too many.
    fn judge(
        &self,
        issuance: &Issuance,
        (run, attempt): (u32, MessageId),
        shared: &[Collision],
    ) -> Result<Option<Screened>, ScreenerError> {
        let mut judge = Judge::new(&self.database, issuance, run, shared)?;
        let mut ascending: Vec<&Collision> = shared.iter().collect();
        ascending.sort_unstable_by_key(|collision| collision.found);
        for collision in ascending {
            judge.add(collision)?;
        }
        let with = judge.with;
        if with.values().map(BTreeMap::len).sum::<usize>() > COLLISIONS_MAX {
            return Ok(None);
        }
        let others: BTreeSet<ActivityRef> = with.values().flat_map(BTreeMap::keys).cloned().collect();
        let mut positions = self.database.read(|c| read::positions(c, &others))?;
        let (clean_g, grams) = self.number(issuance, attempt, &with, (&others, &mut positions))?;
        let held = with.into_iter().map(|(index, others)| Collided {
            index,
            grams: grams.get(&index).copied().unwrap_or_default(),
            with: others
                .into_iter()
                .map(|(activity, tokens)| CollidedWith {
                    position: positions.get(&activity).copied(),
                    activity,
                    tokens,
                })
                .collect(),
        });
        Ok(Some(Screened {
            issuance: issuance.id,
            run,
            attempt,
            clean_g,
            held: held.collect(),
            too_many: false,
            owned: judge.owned,
        }))
    }

    /// Writes where the serials of the clean activities lie, and notes it of those with which others collide; their grams, and those of each activity that collides.
    fn number(
        &self,
        issuance: &Issuance,
        attempt: MessageId,
        with: &BTreeMap<u32, BTreeMap<ActivityRef, Vec<SharedToken>>>,
        (others, positions): (&BTreeSet<ActivityRef>, &mut BTreeMap<ActivityRef, Position>),
    ) -> Result<(Grams, BTreeMap<u32, Grams>), ScreenerError> {
        let mut grams = BTreeMap::new();
        let mut writer = PageWriter::default();
        let mut pages = Vec::new();
        for record in records(self.spool.open(issuance.id)?) {
            let record = record?.record;
            let held = with.contains_key(&record.index);
            if held {
                grams.insert(record.index, record.grams);
            } else {
                let activity = ActivityRef {
                    issuance: issuance.id,
                    index: record.index,
                };
                if others.contains(&activity) {
                    let (before, grams) = (writer.clean_g(), record.grams.get());
                    positions.insert(activity, Position { before, grams });
                }
            }
            pages.extend(writer.add(record.grams.get(), held));
            if pages.len() >= PAGES_A_WRITE {
                save_pages(&self.database, attempt, &pages)?;
                pages.clear();
            }
        }
        let total = writer.clean_g() + grams.values().map(|held: &Grams| held.get()).sum::<i64>();
        if total != issuance.content.quantity_g.get() {
            return Err(ScreenerError::Incomplete);
        }
        let clean = Grams::new(writer.clean_g()).map_err(|error| ScreenerError::Contradiction(error.to_string()))?;
        pages.extend(writer.finish());
        save_pages(&self.database, attempt, &pages)?;
        Ok((clean, grams))
    }

    /// True if the run counts now.
    fn submit(&self, found: Screened) -> Result<bool, ScreenerError> {
        let issuance = found.issuance;
        let answer = submit(&self.sequencer, Decision::Screened(Box::new(found)))?;
        match answer.result {
            Ok(outcome) => Ok(!matches!(outcome.state.as_deref(), Some("refused" | "abandoned"))),
            Err(problem) => Err(ScreenerError::Refused {
                issuance,
                why: problem.detail,
            }),
        }
    }
}

/// Has the sequencer decide something that the hub does by itself. Blocks.
///
/// # Errors
/// [`SequencerError`].
pub fn submit(sequencer: &Sequencer, decision: Decision) -> Result<Answer, SequencerError> {
    let answers = sequencer.submit_blocking(vec![own_command(decision)])?;
    answers.into_iter().next().ok_or(SequencerError::Ended)
}

/// The tokens that others had first, each written down; `None` if there are more than are looked at.
fn compare(
    (database, spool): (&Database, &dyn Spool),
    store: &mut dyn TokenStore,
    issuance: MessageId,
    (run, attempt): (u32, MessageId),
) -> Result<Option<Vec<Collision>>, ScreenerError> {
    let (mut shared, mut shares) = (Vec::new(), Vec::new());
    let mut too_many = false;
    let mut stream = fingerprints(records(spool.open(issuance)?));
    let compared = store.screen(run, &mut stream, &mut |collision| {
        shares.push((SharedToken::from(collision.found.entry), collision.found.position));
        if shares.len() == SHARES_A_WRITE {
            save_shares(database, attempt, &shares)?;
            shares.clear();
        }
        if collision.owner.run == run && !collision.found.entry.kind.counts_inside() {
            return Ok(());
        }
        if shared.len() == SHARED_TOKENS_MAX {
            too_many = true;
            return Err(ScreeningError::Stopped("too many collisions".to_owned()));
        }
        shared.push(collision);
        Ok(())
    });
    match compared {
        Ok(_) => {
            save_shares(database, attempt, &shares)?;
            Ok(Some(shared))
        }
        Err(_) if too_many => Ok(None),
        Err(error) => Err(error.into()),
    }
}
