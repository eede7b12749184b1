//! The recovery itself: one lost batch after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::time::Timestamp;

use super::compare::{Compare, Expected, Stop};
use super::file::{self, MemberFile, Standing};
use super::missing::{Gap, Missing};
use super::speaker::Speaker;
use super::timeline::{self, Moment, Timeline};
use super::{Recovered, RecoveryError, Sources, refusals};
use crate::ledger::batch::{self, Memory, current_governance};
use crate::ledger::decisions::{self, Line};
use crate::store::audit;
use crate::store::connection::StoreConnection;
use crate::store::convert::{message_id, sha256};
use crate::store::database::{Database, StoreError, WriteConnection};
use crate::store::rows::{HeadRow, MessageRow};
use crate::store::statement::Statement;

/// Takes back what the files and journals prove. `progress` hears how many of how many batches are done.
///
/// # Errors
/// [`RecoveryError`]; what was committed before stays.
pub fn recover(
    database: &Database,
    sources: &Sources,
    mut progress: impl FnMut(u64, u64),
) -> Result<Recovered, RecoveryError> {
    let files = read_files(database, sources)?;
    let leaves = files.iter().map(MemberFile::told).max().unwrap_or(0);
    let done = forks(&files).and_then(|()| match database.writer()? {
        WriteConnection::Sqlite(mut c) => Run::new(&mut *c, sources, &files)?.all(&mut progress),
        WriteConnection::Postgres(mut c) => Run::new(&mut *c, sources, &files)?.all(&mut progress),
    });
    done.map_err(|error| match error {
        RecoveryError::Differs {
            what, expected, found, ..
        } => RecoveryError::Differs {
            told: leaves,
            what,
            expected,
            found,
        },
        other => other,
    })
}

/// A hub that went on by itself from the backup has given its members' next entries another meaning.
fn forks(files: &[MemberFile]) -> Result<(), RecoveryError> {
    let fork = files.iter().find_map(|file| Some((file, file.fork.as_ref()?)));
    fork.map_or(Ok(()), |(file, (seq, held, here))| {
        let what = format!(
            "{}: the chain at entry {seq} of {}: the hub has written since it was restored",
            file.path.display(),
            file.member
        );
        Err(RecoveryError::differs(what, held, here))
    })
}

fn read_files(database: &Database, sources: &Sources) -> Result<Vec<MemberFile>, RecoveryError> {
    let (size, heads) = database.read(|connection| {
        let names = audit::names(connection)?;
        let mut heads = BTreeMap::new();
        for (no, row) in audit::feed_heads(connection)? {
            if let Some(member) = names.members.get(&no) {
                heads.insert(member.clone(), (row.seq, sha256(&row.chain)?));
            }
        }
        Ok((audit::head(connection)?.size, heads))
    })?;
    let mut files: Vec<MemberFile> = Vec::with_capacity(sources.files.len());
    for path in &sources.files {
        let standing = |member: &NodeId| {
            let (seq, chain) = heads.get(member).copied().unwrap_or((0, CHAIN_START));
            Standing { size, seq, chain }
        };
        let file = file::read(path, &sources.trust_domain, standing)?;
        if let Some(other) = files.iter().find(|other| other.member == file.member) {
            let what = format!(
                "{} is of `{}` as well: give one file of each member",
                other.path.display(),
                file.member
            );
            return Err(RecoveryError::File {
                path: path.clone(),
                what,
            });
        }
        files.push(file);
    }
    Ok(files)
}

/// Why a batch was undone.
enum Undone {
    /// It was only looked at; or something is missing.
    Seen(Option<Missing>),
    Error(RecoveryError),
}

impl From<RecoveryError> for Undone {
    fn from(error: RecoveryError) -> Self {
        Self::Error(error)
    }
}
impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self::Error(StoreError::from(error).into())
    }
}

struct Run<'a, C> {
    connection: &'a mut C,
    memory: Memory,
    sources: &'a Sources,
    files: &'a [MemberFile],
    decisions: bool,
    done: Recovered,
}

impl<'a, C: StoreConnection> Run<'a, C> {
    fn new(connection: &'a mut C, sources: &'a Sources, files: &'a [MemberFile]) -> Result<Self, RecoveryError> {
        let mut run = Self {
            connection,
            memory: Memory::default(),
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

    fn all(mut self, progress: &mut impl FnMut(u64, u64)) -> Result<Recovered, RecoveryError> {
        let lines = self.lines()?;
        let known = self.known()?;
        let timeline = timeline::build(self.files, lines, &known);
        let total = timeline.len() as u64;
        let mut moments = timeline.iter().peekable();
        let mut place = 0;
        while let Some((at, moment)) = moments.next() {
            if let Some(missing) = self.step((*at, moment), moments.peek().copied(), &timeline)? {
                self.done.missing = Some(missing);
                self.look()?;
                return Ok(self.done);
            }
            place += 1;
            progress(place, total);
        }
        self.look()?;
        if let Some(mark) = self.sources.mark.as_ref().filter(|mark| mark.size > self.done.size) {
            self.done.missing = Some(self.missing(self.done.size, mark.size - 1, None, &timeline));
            return Ok(self.done);
        }
        let found = refusals::restore(self.connection, &mut self.memory, self.sources, self.files)?;
        (self.done.refusals, self.done.refusals_left) = found;
        Ok(self.done)
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

    /// Decides one batch again, and commits it once it is known to be whole: the next one begins where it ends, or the mark
    /// does. What is missing in a batch could not be added any more.
    fn step(
        &mut self,
        (at, moment): (Timestamp, &Moment),
        next: Option<(&Timestamp, &Moment)>,
        timeline: &Timeline,
    ) -> Result<Option<Missing>, RecoveryError> {
        let (memory, done) = (std::mem::take(&mut self.memory), self.done.clone());
        let (sources, files, decisions) = (self.sources, self.files, self.decisions);
        let tried = self.connection.write(|connection| {
            let mut run = Run {
                connection,
                memory,
                sources,
                files,
                decisions,
                done,
            };
            let mut missing = run.moment(at, moment, timeline)?;
            if missing.is_none() && !sources.anew {
                missing = run.after(next, timeline)?;
            }
            crate::crash::point("recovery.before-commit");
            match missing {
                Some(missing) => Err(Undone::Seen(Some(missing))),
                None => Ok((run.memory, run.done)),
            }
        });
        match tried {
            Ok((memory, done)) => {
                (self.memory, self.done) = (memory, done);
                Ok(None)
            }
            Err(Undone::Seen(missing)) => Ok(missing.map(|missing| Missing {
                first: missing.first.min(self.done.size),
                ..missing
            })),
            Err(Undone::Error(error)) => Err(error),
        }
    }

    /// What is missing between what was decided and the next batch, or the mark; nothing stays of the look ahead.
    fn after(
        &mut self,
        next: Option<(&Timestamp, &Moment)>,
        timeline: &Timeline,
    ) -> Result<Option<Missing>, RecoveryError> {
        let Some((at, next)) = next else {
            let (size, mark) = (self.done.size, self.sources.mark.as_ref());
            let beyond = mark.filter(|mark| mark.size > size);
            return Ok(beyond.map(|mark| self.missing(size, mark.size - 1, None, timeline)));
        };
        let (memory, done) = (self.memory.clone(), self.done.clone());
        let (sources, files, decisions) = (self.sources, self.files, self.decisions);
        let looked = self.connection.write(|connection| {
            let mut ahead = Run {
                connection,
                memory,
                sources,
                files,
                decisions,
                done,
            };
            let missing = ahead.moment(*at, next, timeline)?;
            Err::<(), _>(Undone::Seen(missing))
        });
        match looked {
            Ok(()) => Ok(None),
            Err(Undone::Seen(missing)) => Ok(missing),
            Err(Undone::Error(error)) => Err(error),
        }
    }

    /// Decides one batch again; what is missing, if it cannot be.
    fn moment(
        &mut self,
        at: Timestamp,
        moment: &Moment,
        timeline: &Timeline,
    ) -> Result<Option<Missing>, RecoveryError> {
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
            mark: self.sources.mark.clone(),
            until: moment.until.clone(),
            found: Mutex::new(Err(None)),
        });
        self.memory.witness = Some(compare.clone());
        let ran = batch::run(self.connection, &mut self.memory, &commands, at, false);
        self.memory.witness = None;
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
                Ok(Some(self.missing(first, last, Some(before), timeline)))
            }
            (Err(error), _) => Err(error.into()),
            // Nothing was written: nobody has what these entries were decided from.
            (Ok(_), Err(None)) => Ok(self.unwritten(moment, timeline)),
        }
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
