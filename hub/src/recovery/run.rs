//! The recovery itself: one transaction, which is committed when everything in it is proved, and leaves nothing otherwise.

use std::collections::BTreeMap;

use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::NodeId;

use super::again::Run;
use super::file::{self, MemberFile, Standing};
use super::origin::{self, NewOrigin};
use super::{Recovered, RecoveryError, Sources};
use crate::ledger::decisions::Journal;
use crate::ledger::high_water::{Mark, Noted};
use crate::ledger::objects::Governance;
use crate::store::audit;
use crate::store::connection::StoreConnection;
use crate::store::convert::sha256;
use crate::store::database::{Database, StoreError, WriteConnection};

/// Takes back what the files and journals prove: all of it, or nothing if something is missing. `progress` hears how many of
/// how many batches are done.
///
/// # Errors
/// [`RecoveryError`]; nothing is kept then.
pub fn recover(
    database: &Database,
    sources: &Sources,
    mut progress: impl FnMut(u64, u64),
) -> Result<Recovered, RecoveryError> {
    let files = read_files(database, sources)?;
    let done = forks(&files).and_then(|()| match database.writer()? {
        WriteConnection::Sqlite(mut c) => whole(&mut *c, sources, &files, &mut progress),
        WriteConnection::Postgres(mut c) => whole(&mut *c, sources, &files, &mut progress),
    });
    done.map_err(|error| told_by(&files, error))
}

/// Begins the log anew after what the files and journals prove. `decide` has the officers' decision, of those who are
/// officers then. Both are kept, or nothing.
///
/// # Errors
/// Those of `decide`; [`RecoveryError`], and a refusal is a [`RecoveryError::Refused`].
pub fn begin_anew<E: From<RecoveryError>>(
    database: &Database,
    sources: &Sources,
    journal: Journal,
    mut progress: impl FnMut(u64, u64),
    decide: impl FnOnce(&Governance, &Recovered) -> Result<NewOrigin, E>,
) -> Result<(Recovered, Mark), E> {
    let files = read_files(database, sources)?;
    let beginning = Beginning {
        sources,
        files: &files,
        journal,
        decide,
    };
    match database.writer().map_err(RecoveryError::from)? {
        WriteConnection::Sqlite(mut c) => beginning.run(&mut *c, &mut progress),
        WriteConnection::Postgres(mut c) => beginning.run(&mut *c, &mut progress),
    }
}

/// Why a transaction was undone.
struct Undone<E>(E);

impl<E: From<RecoveryError>> From<RecoveryError> for Undone<E> {
    fn from(error: RecoveryError) -> Self {
        Self(error.into())
    }
}

impl<E: From<RecoveryError>> From<diesel::result::Error> for Undone<E> {
    fn from(error: diesel::result::Error) -> Self {
        RecoveryError::from(StoreError::from(error)).into()
    }
}

/// Why nothing was taken back.
enum Nothing {
    /// Something is missing.
    Incomplete(Box<Recovered>),
    Error(RecoveryError),
}

impl From<RecoveryError> for Nothing {
    fn from(error: RecoveryError) -> Self {
        Self::Error(error)
    }
}

fn whole<C: StoreConnection>(
    connection: &mut C,
    sources: &Sources,
    files: &[MemberFile],
    progress: &mut impl FnMut(u64, u64),
) -> Result<Recovered, RecoveryError> {
    let done = connection.write(|connection| {
        let mut run = Run::new(connection, sources, files)?;
        run.decide(progress)?;
        if run.done.missing.is_some() {
            return Err(Undone(Nothing::Incomplete(Box::new(run.done))));
        }
        run.remember_refusals()?;
        run.done.kept = true;
        crate::crash::point("recovery.before-commit");
        Ok(run.done)
    });
    match done {
        Ok(done) => Ok(done),
        Err(Undone(Nothing::Incomplete(done))) => Ok(*done),
        Err(Undone(Nothing::Error(error))) => Err(error),
    }
}

/// A log that begins anew.
struct Beginning<'a, D> {
    sources: &'a Sources,
    files: &'a [MemberFile],
    journal: Journal,
    decide: D,
}

impl<D> Beginning<'_, D> {
    fn run<C: StoreConnection, E: From<RecoveryError>>(
        self,
        connection: &mut C,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(Recovered, Mark), E>
    where
        D: FnOnce(&Governance, &Recovered) -> Result<NewOrigin, E>,
    {
        let done = connection.write(|connection| {
            let mut run = Run::new(connection, self.sources, self.files)?;
            // What does not fit any more, of a hub that went on by itself from its backup, is given up, and what comes after it.
            if let Err(error) = forks(self.files).and_then(|()| run.decide(progress)) {
                run.stop(told_by(self.files, error))?;
            }
            let Run {
                connection,
                mut done,
                memory,
                ..
            } = run;
            done.kept = true;
            // Officers had begun it when a crash came: their journal has told of it.
            let mark = self.sources.mark.as_ref().map(Noted::mark);
            if let Some(mark) = &mark
                && let Some(begun) = origin::begun_on(connection, mark).map_err(RecoveryError::from)?
            {
                return Ok((done, begun));
            }
            let new = (self.decide)(&memory.governance, &done).map_err(Undone)?;
            let begun = origin::begin(connection, self.journal, &new, crate::api::hub::now())?;
            crate::crash::point("recovery.before-commit");
            Ok((done, begun))
        });
        done.map_err(|Undone(error)| error)
    }
}

/// With how many leaves the files tell of.
fn told_by(files: &[MemberFile], error: RecoveryError) -> RecoveryError {
    let leaves = files.iter().map(MemberFile::told).max().unwrap_or(0);
    match error {
        RecoveryError::Differs {
            what, expected, found, ..
        } => RecoveryError::Differs {
            told: leaves,
            what,
            expected,
            found,
        },
        other => other,
    }
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
