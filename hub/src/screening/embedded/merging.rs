//! Merging files, so that a look-up touches few of them.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use tanqiao_protocol::fingerprint::Epoch;

use super::super::ScreeningError;
use super::EmbeddedStore;
use super::directory::Draft;
use super::file::{Scan, Stored, TokenFile};
use super::layout::TOKENS_MAX;
use super::manifest::FileEntry;
use super::writer::TokenFileWriter;
use crate::crash;

/// So many files of one size are merged.
const FILES_OF_A_SIZE: usize = 4;
/// Files up to 2^16 tokens are of one size, then each size has up to 4 times as many tokens.
const SMALL_BITS: u32 = 16;

/// The size of a file, from 0.
fn size_class(tokens: u64) -> u32 {
    let bits = u64::BITS - tokens.saturating_sub(1).leading_zeros();
    bits.saturating_sub(SMALL_BITS).div_ceil(2)
}

impl EmbeddedStore {
    /// Merges files of confirmed runs until no epoch has four of one size.
    pub(super) fn merge_what_is_due(&mut self) -> Result<(), ScreeningError> {
        let epochs: Vec<Epoch> = self.manifest.epochs.keys().copied().collect();
        for epoch in epochs {
            while let Some(files) = self.due(epoch) {
                let mut draft = Draft::default();
                let merged = self.merge(epoch, &files, &BTreeSet::new(), &mut draft)?;
                crash::point("tokens.after-merge");
                let mut next = self.manifest.clone();
                let left = next.epochs.entry(epoch).or_default();
                left.retain(|file| !files.contains(file));
                left.extend(merged);
                let gone: Vec<_> = files.iter().map(|file| (epoch, *file)).collect();
                self.replace_manifest(next, draft, &gone)?;
            }
        }
        Ok(())
    }

    /// Files of an epoch that are to be one.
    fn due(&self, epoch: Epoch) -> Option<Vec<FileEntry>> {
        let mut sizes: BTreeMap<u32, Vec<FileEntry>> = BTreeMap::new();
        for file in self.manifest.epochs.get(&epoch)? {
            if !self.manifest.is_unconfirmed(file) {
                sizes.entry(size_class(file.tokens)).or_default().push(*file);
            }
        }
        sizes.into_values().find(|files| {
            let tokens: u64 = files.iter().map(|file| file.tokens).sum();
            files.len() >= FILES_OF_A_SIZE && tokens <= TOKENS_MAX
        })
    }

    /// Writes one file of several, without the tokens of some runs; `None` if nothing is left.
    pub(super) fn merge(
        &mut self,
        epoch: Epoch,
        files: &[FileEntry],
        without: &BTreeSet<u32>,
        draft: &mut Draft,
    ) -> Result<Option<FileEntry>, ScreeningError> {
        let opened = files
            .iter()
            .map(|file| self.open_file(epoch, file))
            .collect::<Result<Vec<TokenFile>, _>>()?;
        let runs: BTreeSet<u32> = opened.iter().flat_map(|file| &file.is.runs).copied().collect();
        let runs: Vec<u32> = runs.difference(without).copied().collect();
        if runs.is_empty() {
            return Ok(None);
        }
        let (number, path) = self.new_file(epoch)?;
        let tokens = files.iter().map(|file| file.tokens).sum();
        let owner_max = opened.iter().map(|file| file.is.owner_max).max().unwrap_or_default();
        draft.add(&path);
        let mut writer = TokenFileWriter::create(&path, epoch, tokens, runs, owner_max)?;
        each(&opened, &mut |stored| {
            if without.contains(&stored.run) {
                return Ok(());
            }
            writer.push(stored)
        })?;
        Ok(Some(FileEntry::new(number, writer.finish()?, None)))
    }
}

/// All tokens of several files, in order.
fn each(files: &[TokenFile], then: &mut dyn FnMut(Stored) -> Result<(), ScreeningError>) -> Result<(), ScreeningError> {
    let mut scans: Vec<Scan<'_>> = files.iter().map(Scan::of).collect();
    let mut heads = BinaryHeap::with_capacity(scans.len());
    for (number, scan) in scans.iter_mut().enumerate() {
        heads.extend(scan.next()?.map(|stored| Reverse((stored, number))));
    }
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((stored, number)) = *head;
        then(stored)?;
        match scans.get_mut(number).map(Scan::next).transpose()?.flatten() {
            Some(next) => *head = Reverse((next, number)),
            None => drop(PeekMut::pop(head)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_four_from_sixty_five_thousand_on() {
        for (tokens, class) in [
            (0, 0),
            (1, 0),
            (65_536, 0),
            (65_537, 1),
            (262_144, 1),
            (262_145, 2),
            (100_000_000, 6),
        ] {
            assert_eq!(size_class(tokens), class, "{tokens}");
        }
    }
}
