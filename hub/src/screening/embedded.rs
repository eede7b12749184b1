//! The store of tokens as files: sorted and immutable, some of each epoch, in a directory beside an SQLite database.
//!
//! | name | what |
//! | --- | --- |
//! | `lock` | locked by the one process that has the store |
//! | `manifest.json` | which files there are; replaced whole |
//! | `2026-05/00000012.tokens` | a file of tokens ([`file`]) |
//! | `archive/2026-05/` | a retired epoch with its checksums |
//!
//! A screening looks its tokens up in all files of their epochs, writes those that nobody has into a new file of each epoch, and then
//! the manifest. Files of confirmed runs are merged when four of about the same size have come together, so that there are few.

mod archive;
mod column;
mod directory;
mod file;
mod indexes;
mod layout;
mod manifest;
mod merging;
mod runs;
mod screening;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tanqiao_protocol::fingerprint::Epoch;

use super::sorting::gather;
use super::{
    Collisions, EpochStats, Fingerprints, RUN_MAX, Reconciled, Screened, ScreeningError, StoreOptions, StoreStats,
    TokenStore,
};
use crate::crash;
use directory::{Draft, delete};
use file::TokenFile;
use indexes::Indexes;
use manifest::{FileEntry, Manifest};

pub(super) use directory::{Directory, delete as delete_file, names, sync as sync_directory};

/// The store in a directory.
#[derive(Debug)]
pub struct EmbeddedStore {
    directory: Directory,
    manifest: Manifest,
    indexes: Indexes,
    options: StoreOptions,
}

impl EmbeddedStore {
    /// Takes the store in `directory`, which is made if it is not there, and checks that its files are those that the manifest names.
    ///
    /// # Errors
    /// [`ScreeningError::Locked`] if another process has it; [`ScreeningError::Damaged`]; [`ScreeningError::File`].
    pub fn open(directory: &Path, options: StoreOptions) -> Result<Self, ScreeningError> {
        let directory = Directory::take(directory)?;
        let manifest = directory.manifest()?;
        directory.settle(&manifest)?;
        let store = Self {
            indexes: Indexes::new(options.index_bytes),
            directory,
            manifest,
            options,
        };
        for (epoch, file) in store.files() {
            store.open_file(epoch, &file)?;
        }
        Ok(store)
    }

    fn files(&self) -> impl Iterator<Item = (Epoch, FileEntry)> {
        let epochs = self.manifest.epochs.iter();
        epochs.flat_map(|(epoch, files)| files.iter().map(|file| (*epoch, *file)))
    }

    fn open_file(&self, epoch: Epoch, file: &FileEntry) -> Result<TokenFile, ScreeningError> {
        let path = self.directory.file(epoch, file);
        let opened = TokenFile::open(&path, file.bytes, file.checksum)?;
        if opened.is.epoch != epoch || opened.is.tokens != file.tokens {
            return Err(ScreeningError::damaged(
                &path,
                "it is not of its epoch, or has not as many tokens as the manifest says",
            ));
        }
        Ok(opened)
    }

    /// The path of a new file of an epoch, and its number.
    fn new_file(&mut self, epoch: Epoch) -> Result<(u64, PathBuf), ScreeningError> {
        let number = self.manifest.take_number();
        let directory = self.directory.epoch(epoch);
        directory::make(&directory)?;
        Ok((number, directory.join(format!("{number:08}.tokens"))))
    }

    /// Makes `next` what the store has, and deletes the files that are not in it any more.
    fn replace_manifest(
        &mut self,
        mut next: Manifest,
        mut draft: Draft,
        gone: &[(Epoch, FileEntry)],
    ) -> Result<(), ScreeningError> {
        next.next_file = self.manifest.next_file;
        let touched: BTreeSet<Epoch> = next.epochs.keys().copied().collect();
        for epoch in touched {
            if next.epochs.get(&epoch) != self.manifest.epochs.get(&epoch) {
                directory::sync(&self.directory.epoch(epoch))?;
            }
        }
        crash::point("tokens.before-manifest");
        next.write(self.directory.root())?;
        draft.keep();
        self.manifest = next;
        crash::point("tokens.after-manifest");
        for (epoch, file) in gone {
            self.indexes.forget(file.number);
            delete(&self.directory.file(*epoch, file))?;
        }
        Ok(())
    }

    /// Deletes runs, also from files in which they are merged with others.
    fn delete_runs(&mut self, runs: &BTreeSet<u32>) -> Result<(), ScreeningError> {
        let mut next = self.manifest.clone();
        let mut draft = Draft::default();
        let mut gone = next.take_files_of(runs);
        let merged: Vec<_> = self.files().filter(|(_, file)| file.run.is_none()).collect();
        for (epoch, file) in merged {
            if !self
                .open_file(epoch, &file)?
                .is
                .runs
                .iter()
                .any(|run| runs.contains(run))
            {
                continue;
            }
            let left = self.merge(epoch, &[file], runs, &mut draft)?;
            let files = next.epochs.entry(epoch).or_default();
            files.retain(|other| other.number != file.number);
            files.extend(left);
            gone.push((epoch, file));
        }
        next.forget(runs);
        self.replace_manifest(next, draft, &gone)
    }

    fn reconcile_with(&mut self, named: &BTreeSet<u32>, unnamed: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError> {
        if !unnamed.is_empty() {
            self.delete_runs(unnamed)?;
        }
        if !self.manifest.unconfirmed.0.is_empty() {
            let mut next = self.manifest.clone();
            next.unconfirmed.0.clear();
            self.replace_manifest(next, Draft::default(), &[])?;
        }
        self.merge_what_is_due()?;
        Ok(Reconciled {
            discarded: unnamed.iter().copied().collect(),
            missing: named.difference(&self.manifest.runs.0).copied().collect(),
        })
    }

    fn unnamed(&self, named: &BTreeSet<u32>) -> BTreeSet<u32> {
        self.manifest.runs.0.difference(named).copied().collect()
    }
}

impl TokenStore for EmbeddedStore {
    fn screen(
        &mut self,
        run: u32,
        fingerprints: &mut Fingerprints<'_>,
        collisions: &mut Collisions<'_>,
    ) -> Result<Screened, ScreeningError> {
        if !(1..=RUN_MAX).contains(&run) {
            return Err(ScreeningError::Run(run));
        }
        let batch = gather(fingerprints, self.options.sort_bytes, self.directory.root())?;
        self.screen_batch(run, batch, collisions)
    }

    fn reconcile(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError> {
        let unnamed = self.unnamed(named);
        let confirmed = unnamed.difference(&self.manifest.unconfirmed.0).count();
        if confirmed > 0 {
            return Err(ScreeningError::Ahead {
                place: self.directory.root().display().to_string(),
                runs: confirmed,
            });
        }
        self.reconcile_with(named, &unnamed)
    }

    fn rewind(&mut self, named: &BTreeSet<u32>) -> Result<Reconciled, ScreeningError> {
        let unnamed = self.unnamed(named);
        self.reconcile_with(named, &unnamed)
    }

    fn discard(&mut self, run: u32) -> Result<(), ScreeningError> {
        if self.manifest.unconfirmed.0.contains(&run) {
            return self.delete_runs(&[run].into());
        }
        if self.manifest.runs.0.contains(&run) {
            return Err(ScreeningError::Named(run));
        }
        Ok(())
    }

    fn confirm(&mut self, run: u32) -> Result<(), ScreeningError> {
        if self.manifest.unconfirmed.0.contains(&run) {
            let mut next = self.manifest.clone();
            next.unconfirmed.0.remove(&run);
            self.replace_manifest(next, Draft::default(), &[])?;
            self.merge_what_is_due()?;
        }
        Ok(())
    }

    fn retire(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        self.move_to_archive(epoch)
    }

    fn restore(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        self.move_from_archive(epoch)
    }

    fn verify(&mut self) -> Result<(), ScreeningError> {
        self.files()
            .try_for_each(|(epoch, file)| self.open_file(epoch, &file)?.verify())
    }

    fn stats(&mut self) -> Result<StoreStats, ScreeningError> {
        let of = |files: &Vec<FileEntry>| EpochStats {
            tokens: files.iter().map(|file| file.tokens).sum(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            parts: files.len() as u64,
        };
        let epochs: BTreeMap<Epoch, EpochStats> = self
            .manifest
            .epochs
            .iter()
            .map(|(epoch, files)| (*epoch, of(files)))
            .collect();
        let retired = self.manifest.retired.keys().copied().collect();
        Ok(StoreStats { epochs, retired })
    }
}
