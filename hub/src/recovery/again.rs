//! Deciding the lost batches again, one after the other, inside one transaction.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::time::Timestamp;

use super::compare::{Compare, Expected, Stop};
use super::file::MemberFile;
use super::missing::{Gap, Missing};
use super::speaker::Speaker;
use super::timeline::{self, Moment, Timeline};
use super::{Recovered, RecoveryError, Sources, refusals};
use crate::ledger::batch::{self, Memory, current_governance};
use crate::ledger::decisions::{self, Line};
use crate::ledger::high_water::Noted;
use crate::store::connection::StoreConnection;
use crate::store::convert::{message_id, sha256};
use crate::store::database::StoreError;
use crate::store::rows::{HeadRow, MessageRow};
use crate::store::statement::Statement;

/// What was decided again so far. Nothing of it is committed.
pub(super) struct Run<'a, C> {
    pub connection: &'a mut C,
    pub memory: Memory,
    pub done: Recovered,
    sources: &'a Sources,
    files: &'a [MemberFile],
    decisions: bool,
}

impl<'a, C: StoreConnection> Run<'a, C> {
    pub(super) fn new(
        connection: &'a mut C,
        sources: &'a Sources,
        files: &'a [MemberFile],
    ) -> Result<Self, RecoveryError> {
        let mut run = Self {
            connection,
            memory: Memory {
                recovering: true,
                ..Memory::default()
            },
            sources,
            files,
            decisions: false,
            done: Recovered {
                expected: sources.mark.as_ref().map(|mark| mark.size),
                ..Recovered::default()
            },
        };
        let row = run.look()?;
        run.done.from = row.size;
        run.check_signatures()?;
        Ok(run)
    }

    /// Reads the head, and governance at its version.
    fn look(&mut self) -> Result<HeadRow, RecoveryError> {
        let rows = self
            .connection
            .select::<HeadRow>(Statement::new("SELECT * FROM log_head WHERE id = 1"));
        let row = rows.map_err(StoreError::from)?.into_iter().next();
        let row =
            row.ok_or_else(|| StoreError::Content("the log has no head: run `tanqiao-hub migrate`".to_owned()))?;
        let mut numbers = std::mem::take(&mut self.memory.numbers);
        let governance = current_governance(self.connection, &row, &self.memory, &mut numbers);
        self.memory.numbers = numbers;
        self.memory.governance = governance?;
        self.done.size = row.size;
        self.done.chain = Some(sha256(&row.chain)?);
        Ok(row)
    }

    /// A signature by a key that the hub knows must be good before anything is decided. A key that was admitted in the lost
    /// stretch is known once the recovery has come there.
    fn check_signatures(&self) -> Result<(), RecoveryError> {
        for file in self.files {
            let keys: Vec<_> = self
                .memory
                .governance
                .keys
                .values()
                .filter(|key| key.member == file.member)
                .collect();
            let keys: Vec<_> = keys.into_iter().map(|key| key.key.clone()).collect();
            let messages = file
                .messages
                .iter()
                .map(|(id, said)| (format!("message {id}"), &said.envelope));
            let batches = file.batches.iter().map(|sent| ("a batch".to_owned(), &sent.envelope));
            for (name, envelope) in messages.chain(batches) {
                match envelope.verify(&keys) {
                    Err(refusal) if refusal.check() == tanqiao_protocol::check::CheckCode::M04 => {
                        return Err(RecoveryError::File {
                            path: file.path.clone(),
                            what: format!("{name}: {refusal}"),
                        });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Decides the lost batches again, one after the other, up to the first that cannot be: what is missing then is noted.
    pub(super) fn decide(&mut self, progress: &mut impl FnMut(u64, u64)) -> Result<(), RecoveryError> {
        self.stands_at_the_mark()?;
        let lines = self.lines()?;
        let known = self.known()?;
        let timeline = timeline::build(self.files, lines, &known);
        let total = timeline.len() as u64;
        for (place, (at, moment)) in (1..).zip(&timeline) {
            self.done.missing = self.moment(*at, moment, &timeline)?;
            if let Some(missing) = &self.done.missing {
                self.done.told = missing.last + 1;
                return Ok(());
            }
            progress(place, total);
        }
        if let Some(mark) = self.sources.mark.as_ref().filter(|mark| mark.size > self.done.size) {
            self.done.told = mark.size;
            self.done.missing = Some(self.missing(self.done.size, mark.size - 1, None, &timeline));
        }
        Ok(())
    }

    /// Takes the refusals back that the members remember.
    pub(super) fn remember_refusals(&mut self) -> Result<(), RecoveryError> {
        let found = refusals::restore(self.connection, &mut self.memory, self.sources, self.files)?;
        (self.done.refusals, self.done.refusals_left) = found;
        Ok(())
    }

    /// A log of as many leaves as were answered for is the one that was answered for.
    fn stands_at_the_mark(&self) -> Result<(), RecoveryError> {
        let (size, mark) = (self.done.size, self.sources.mark.as_ref());
        match (mark.filter(|mark| mark.size == size), self.done.chain) {
            (Some(mark), Some(chain)) if mark.chain != chain => {
                let what = format!("the chain over {size} leaves, against the high-water mark");
                Err(RecoveryError::differs(what, mark.chain, chain))
            }
            _ => Ok(()),
        }
    }

    fn lines(&mut self) -> Result<Vec<Line>, RecoveryError> {
        let mut lines = Vec::new();
        for path in self.sources.decisions.iter().filter(|path| path.exists()) {
            lines.extend(decisions::read(path, self.done.size).map_err(RecoveryError::Text)?);
            self.decisions = true;
        }
        Ok(lines)
    }

    /// The messages in the files that the hub remembers.
    fn known(&mut self) -> Result<BTreeSet<(NodeId, MessageId)>, RecoveryError> {
        let ids: Vec<MessageId> = self
            .files
            .iter()
            .flat_map(|file| file.messages.keys().copied())
            .collect();
        let mut known = BTreeSet::new();
        for some in ids.chunks(1_000) {
            let bytes = some.iter().map(|id| crate::store::convert::id_bytes(*id)).collect();
            let sql = format!("SELECT * FROM message WHERE {}", C::is_one_of("id", true));
            let rows = self
                .connection
                .select::<MessageRow>(Statement::new(sql).bind(C::many_bytes(bytes)));
            for row in rows.map_err(StoreError::from)? {
                let member = self.memory.numbers.members.name(row.member_no)?.clone();
                known.insert((member, message_id(&row.id)?));
            }
        }
        Ok(known)
    }

    /// Decides one batch again; what is missing, if it cannot be.
    fn moment(
        &mut self,
        at: Timestamp,
        moment: &Moment,
        timeline: &Timeline,
    ) -> Result<Option<Missing>, RecoveryError> {
        self.came_in_time(at, moment)?;
        let speaker = Speaker {
            sources: self.sources,
            files: self.files,
            governance: &self.memory.governance,
        };
        let mut commands = Vec::with_capacity(moment.commands.len());
        let mut expected = Vec::with_capacity(moment.commands.len());
        for (index, source) in &moment.commands {
            let (command, name, outcome) = speaker.command(at, source)?;
            commands.push(command);
            expected.push(Expected {
                name,
                index: *index,
                outcome,
            });
        }
        let compare = Arc::new(Compare {
            commands: expected,
            entries: moment.entries.clone(),
            seqs: self
                .files
                .iter()
                .map(|file| (file.member.clone(), file.feed_seq))
                .collect(),
            mark: self.sources.mark.as_ref().map(Noted::mark),
            until: moment.until.clone(),
            found: Mutex::new(Err(None)),
        });
        self.memory.onlooker = Some(compare.clone());
        let ran = batch::run(self.connection, &mut self.memory, &commands, at, false);
        self.memory.onlooker = None;
        let found = compare
            .found
            .lock()
            .map(|mut found| std::mem::replace(&mut *found, Err(None)));
        match (ran, found.unwrap_or(Err(None))) {
            (Ok(done), Ok(agreed)) => {
                self.done.batches += 1;
                let committed = done.answers.iter().filter_map(|answer| answer.result.as_ref().ok());
                let committed =
                    committed.filter(|o| o.subject.starts_with("transfer/") && o.state.as_deref() == Some("committed"));
                self.done.transfers += committed.count() as u64;
                for (member, count) in agreed.entries {
                    *self.done.entries.entry(member).or_default() += count;
                }
                self.look()?;
                Ok(None)
            }
            (_, Err(Some(Stop::Differs(error)))) => Err(error),
            (_, Err(Some(Stop::Gap { first, last, before }))) => {
                self.look()?;
                Ok(Some(self.missing(first, last, Some(before), timeline)))
            }
            (Err(error), _) => Err(error.into()),
            // Nothing was written: nobody has what these entries were decided from.
            (Ok(_), Err(None)) => Ok(self.unwritten(moment, timeline)),
        }
    }

    /// What stands after the mark rests on the members' word, and so does its time. The hub notes at least once a minute how
    /// far it has answered: what it had answered later than that allows, it had noted. The journal of decisions is its own.
    fn came_in_time(&self, at: Timestamp, moment: &Moment) -> Result<(), RecoveryError> {
        let (size, mark) = (self.done.size, self.sources.mark.as_ref());
        match mark.filter(|mark| mark.size <= size) {
            Some(mark) if moment.until.is_none() && at > mark.latest() => {
                let what = format!(
                    "the time of the batch after leaf {}, which is beyond the high-water mark of {} leaves",
                    size - 1,
                    mark.size
                );
                let latest = format!("{} at the latest, because the mark is of {}", mark.latest(), mark.at);
                Err(RecoveryError::differs(what, latest, at))
            }
            _ => Ok(()),
        }
    }

    /// Gives up what differs and everything after it: the log begins anew before it.
    pub(super) fn stop(&mut self, error: RecoveryError) -> Result<(), RecoveryError> {
        let text = error.to_string();
        let RecoveryError::Differs { told, .. } = error else {
            return Err(error);
        };
        (self.done.differs, self.done.told) = (Some(text), told);
        self.look().map(drop)
    }

    fn unwritten(&mut self, moment: &Moment, timeline: &Timeline) -> Option<Missing> {
        let told = moment.entries.values().flatten().map(|held| held.entry.log_index);
        let indexes: BTreeSet<i64> = told.chain(moment.commands.keys().copied()).collect();
        let (first, last) = (*indexes.first()?, *indexes.last()?);
        Some(self.missing(self.done.size.min(first), last, None, timeline))
    }

    fn missing(&self, first: i64, last: i64, before: Option<String>, timeline: &Timeline) -> Missing {
        let decisions = self.decisions;
        let gap = Gap {
            first,
            last,
            before,
            decisions,
        };
        gap.told_by(self.files, &self.memory.governance, timeline)
    }
}
