//! One screening: a sorted batch against the files of each epoch.

use tanqiao_protocol::fingerprint::Epoch;

use super::super::sorting::{Batch, Key, kind_of, position_of};
use super::super::{Collision, Collisions, Owner, Screened, ScreeningError};
use super::EmbeddedStore;
use super::directory::Draft;
use super::file::{Finder, Sieve, Stored, TokenFile};
use super::manifest::{FileEntry, Manifest};
use super::writer::TokenFileWriter;
use crate::crash;

/// Fingerprints that are looked up together, file by file.
const CHUNK: usize = 16_384;

/// The tokens of one epoch on their way through its files.
struct Passage<'a> {
    run: u32,
    epoch: Epoch,
    keys: Vec<Key>,
    /// Each token of `keys` once, and who had it first.
    tokens: Vec<(u128, Option<(u32, u32)>)>,
    sieve: Sieve,
    screened: &'a mut Screened,
}

impl EmbeddedStore {
    pub(super) fn screen_batch(
        &mut self,
        run: u32,
        mut batch: Batch,
        collisions: &mut Collisions<'_>,
    ) -> Result<Screened, ScreeningError> {
        if let Some(epoch) = batch
            .counts
            .keys()
            .find(|epoch| self.manifest.retired.contains_key(epoch))
        {
            return Err(ScreeningError::Retired(*epoch));
        }
        let mut next = self.manifest.clone();
        // What a screening of the same run has left is replaced, not compared with.
        let before = if next.unconfirmed.0.contains(&run) {
            next.take_files_of(&[run].into())
        } else {
            Vec::new()
        };
        let mut draft = Draft::default();
        let mut screened = Screened::default();
        self.indexes.begin();
        let mut first = batch.next()?;
        let epochs: Vec<(Epoch, u64)> = batch.counts.iter().map(|(epoch, count)| (*epoch, *count)).collect();
        for (epoch, count) in epochs {
            let files = next.epochs.get(&epoch).cloned().unwrap_or_default();
            let passage = Passage {
                run,
                epoch,
                keys: Vec::new(),
                tokens: Vec::new(),
                sieve: Sieve::default(),
                screened: &mut screened,
            };
            let stored = self.pass(passage, &mut batch, &mut first, &files, count, collisions, &mut draft)?;
            if let Some(file) = stored {
                next.epochs.entry(epoch).or_default().push(file);
            }
        }
        crash::point("tokens.after-files");
        self.note(run, &mut next);
        self.replace_manifest(next, draft, &before)?;
        Ok(screened)
    }

    /// The run is stored, and not confirmed unless it was already.
    fn note(&self, run: u32, next: &mut Manifest) {
        next.runs.0.insert(run);
        let confirmed = self.manifest.runs.0.contains(&run) && !self.manifest.unconfirmed.0.contains(&run);
        if !confirmed {
            next.unconfirmed.0.insert(run);
        }
    }

    /// Takes all fingerprints of one epoch from the batch; the file of those that are new, if there are any.
    #[expect(clippy::too_many_arguments, reason = "all of it is one screening's state")]
    fn pass(
        &mut self,
        mut passage: Passage<'_>,
        batch: &mut Batch,
        first: &mut Option<Key>,
        files: &[FileEntry],
        count: u64,
        collisions: &mut Collisions<'_>,
        draft: &mut Draft,
    ) -> Result<Option<FileEntry>, ScreeningError> {
        let epoch = passage.epoch;
        let opened = files
            .iter()
            .map(|file| self.open_file(epoch, file))
            .collect::<Result<Vec<TokenFile>, _>>()?;
        let mut finders = Vec::with_capacity(files.len());
        for (file, opened) in files.iter().zip(&opened) {
            finders.push(Finder::new(opened, self.indexes.of(file.number, opened)?));
        }
        let (number, path) = self.new_file(epoch)?;
        let mut writer: Option<TokenFileWriter> = None;
        while passage.fill(batch, first)? {
            passage.look_up(&mut finders)?;
            passage.settle(collisions, &mut |stored| {
                let writer = match &mut writer {
                    Some(writer) => writer,
                    none => {
                        draft.add(&path);
                        none.insert(TokenFileWriter::create(
                            &path,
                            epoch,
                            count,
                            vec![stored.run],
                            batch.owner_max,
                        )?)
                    }
                };
                writer.push(stored)
            })?;
        }
        let Some(writer) = writer else {
            return Ok(None);
        };
        let run = Some(passage.run);
        Ok(Some(FileEntry::new(number, writer.finish()?, run)))
    }
}

impl Passage<'_> {
    /// Takes the next fingerprints of the epoch; false if there are none.
    fn fill(&mut self, batch: &mut Batch, next: &mut Option<Key>) -> Result<bool, ScreeningError> {
        // A token that both this chunk and the last one have keeps the owner that it has got.
        let last = self.tokens.last().copied();
        self.keys.clear();
        self.tokens.clear();
        while let Some(key) = *next
            && key.epoch() == self.epoch.number()
            && self.keys.len() < CHUNK
        {
            let token = key.token();
            if self.tokens.last().is_none_or(|(same, _)| *same != token) {
                let owner = last.filter(|(same, _)| *same == token).and_then(|(_, owner)| owner);
                self.tokens.push((token, owner));
            }
            self.keys.push(key);
            *next = batch.next()?;
        }
        Ok(!self.keys.is_empty())
    }

    fn look_up(&mut self, finders: &mut [Finder<'_>]) -> Result<(), ScreeningError> {
        for finder in finders {
            finder.sift(&self.tokens, &mut self.sieve);
            let left = self.tokens.iter_mut().zip(&self.sieve.left).filter(|(_, left)| **left);
            for ((token, owner), _) in left {
                *owner = finder.find(*token)?;
            }
        }
        Ok(())
    }

    /// Hands over the collisions, and those that nobody had.
    fn settle(
        &mut self,
        collisions: &mut Collisions<'_>,
        store: &mut dyn FnMut(Stored) -> Result<(), ScreeningError>,
    ) -> Result<(), ScreeningError> {
        let mut tokens = self.tokens.iter_mut().peekable();
        for key in &self.keys {
            let token = key.token();
            while tokens.next_if(|(other, _)| *other != token).is_some() {}
            let Some((_, found)) = tokens.peek_mut() else {
                break;
            };
            let (run, owner) = if let Some(owner) = found {
                *owner
            } else {
                store(Stored {
                    token,
                    run: self.run,
                    owner: key.owner,
                })?;
                self.screened.stored += 1;
                *found = Some((self.run, key.owner));
                continue;
            };
            if run == self.run && position_of(owner) == position_of(key.owner) {
                continue;
            }
            self.screened.collided += 1;
            collisions(Collision {
                found: key.fingerprint(self.epoch),
                owner: Owner {
                    run,
                    position: position_of(owner),
                    kind: kind_of(owner),
                },
            })?;
        }
        Ok(())
    }
}
