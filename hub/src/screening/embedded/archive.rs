//! Epochs that are not compared with any more: their directory moves into the archive, with a list of its files that `sha256sum -c`
//! understands. From there it can be moved elsewhere, and put back before it is restored.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use tanqiao_certs::durable;
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::id::Sha256;

use super::super::ScreeningError;
use super::EmbeddedStore;
use super::directory::{Draft, delete};
use super::manifest::FileEntry;
use crate::crash;

const SUMS: &str = "SHA256SUMS";
const ENTRIES: &str = "files.json";

impl EmbeddedStore {
    pub(super) fn move_to_archive(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        if self.manifest.retired.contains_key(&epoch) {
            // What the manifest says already may still have to be moved.
            return self.directory.settle(&self.manifest);
        }
        let files = self.manifest.epochs.get(&epoch).cloned();
        let files = files.ok_or(ScreeningError::Unknown(epoch, "retire"))?;
        let unsettled = files.iter().find(|file| self.manifest.is_unconfirmed(file));
        if let Some(run) = unsettled.and_then(|file| file.run) {
            return Err(ScreeningError::Unsettled { run, epoch });
        }
        let directory = self.directory.epoch(epoch);
        let entries = directory.join(ENTRIES);
        let text = serde_json::to_vec(&files).map_err(|error| ScreeningError::file("write", &entries)(error.into()))?;
        durable::replace_secret(&entries, &text)?;
        let names = files.iter().map(FileEntry::name).chain([ENTRIES.to_owned()]);
        let sums = sums(&directory, names)?;
        durable::replace_secret(&directory.join(SUMS), sums.as_bytes())?;
        let mut next = self.manifest.clone();
        next.epochs.remove(&epoch);
        next.retired.insert(epoch, Sha256::of(sums.as_bytes()));
        for file in &files {
            self.indexes.forget(file.number);
        }
        self.replace_manifest(next, Draft::default(), &[])?;
        self.directory.move_epoch(&directory, &self.directory.archived(epoch))?;
        crash::point("tokens.after-move");
        Ok(())
    }

    pub(super) fn move_from_archive(&mut self, epoch: Epoch) -> Result<(), ScreeningError> {
        if self.manifest.epochs.contains_key(&epoch) {
            return self.directory.settle(&self.manifest);
        }
        let sha256 = *self
            .manifest
            .retired
            .get(&epoch)
            .ok_or(ScreeningError::Unknown(epoch, "restore"))?;
        let archived = self.directory.archived(epoch);
        let path = archived.join(SUMS);
        let kept = std::fs::read(&path).map_err(ScreeningError::file("read", &path))?;
        if Sha256::of(&kept) != sha256 {
            return Err(ScreeningError::damaged(&path, "it is not the list that was archived"));
        }
        let kept = String::from_utf8_lossy(&kept).into_owned();
        let names = kept
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(_, name)| name.to_owned());
        if sums(&archived, names)? != kept {
            return Err(ScreeningError::damaged(
                &archived,
                format!("its files are not those of {SUMS}"),
            ));
        }
        let path = archived.join(ENTRIES);
        let text = std::fs::read(&path).map_err(ScreeningError::file("read", &path))?;
        let files: Vec<FileEntry> =
            serde_json::from_slice(&text).map_err(|error| ScreeningError::damaged(&path, error.to_string()))?;
        let mut next = self.manifest.clone();
        next.retired.remove(&epoch);
        next.epochs.insert(epoch, files);
        self.write_restored(next, epoch)
    }

    /// The manifest first, then the move: [`super::directory::Directory::settle`] ends it after a crash.
    fn write_restored(&mut self, next: super::Manifest, epoch: Epoch) -> Result<(), ScreeningError> {
        crash::point("tokens.before-manifest");
        next.write(self.directory.root())?;
        crash::point("tokens.after-manifest");
        self.manifest = next;
        let (archived, back) = (self.directory.archived(epoch), self.directory.epoch(epoch));
        self.directory.move_epoch(&archived, &back)?;
        crash::point("tokens.after-move");
        delete(&back.join(SUMS))?;
        delete(&back.join(ENTRIES))
    }
}

/// As `sha256sum` writes it, by name.
fn sums(directory: &Path, names: impl Iterator<Item = String>) -> Result<String, ScreeningError> {
    let mut lines = BTreeMap::new();
    for name in names {
        let path = directory.join(&name);
        let sum = hash(&path).map_err(ScreeningError::file("read", &path))?;
        lines.insert(name, sum);
    }
    let lines: Vec<String> = lines.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    Ok(lines.concat())
}

fn hash(path: &Path) -> std::io::Result<Sha256> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(buffer.get(..read).unwrap_or_default());
    }
    let mut sum = [0; 32];
    sum.copy_from_slice(context.finish().as_ref());
    Ok(Sha256(sum))
}
