//! Invariant 10: every feed is whole and chained, and applying it from nothing gives the blocks that its member holds.

use std::collections::BTreeMap;

use tanqiao_protocol::block::{Block, BlockChange};
use tanqiao_protocol::feed::{CHAIN_START, FeedEntry, chain};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::lattice::SetDigest;
use tanqiao_protocol::serial::{SerialRange, SeriesRef};

use super::findings::Findings;
use crate::store::audit::{Names, blocks_of, entries_without_head, feed, feed_heads};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{FeedHeadRow, FeedRow};

pub(super) fn check(
    connection: &mut ReadConnection<'_>,
    names: &Names,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let heads = feed_heads(connection)?;
    for (number, member) in &names.members {
        let mut follower = Follower::new(member);
        feed(connection, *number, |row| {
            follower.see(&row, findings);
            Ok(())
        })?;
        let stored = compare_blocks(connection, *number, names, &mut follower, findings)?;
        follower.end(heads.get(number), &stored, findings);
    }
    let lost = entries_without_head(connection)?;
    findings.ensure(10, lost == 0, "feeds", || {
        format!("{lost} entries belong to feeds that have no head")
    });
    Ok(())
}

/// Takes every stored block of the member out of what its feed gave; what differs is a finding. Gives the digest of the
/// stored blocks.
fn compare_blocks(
    connection: &mut ReadConnection<'_>,
    number: i32,
    names: &Names,
    follower: &mut Follower<'_>,
    findings: &mut Findings,
) -> Result<SetDigest, StoreError> {
    let mut stored = SetDigest::new();
    blocks_of(connection, number, |row| {
        if let Ok(block) = convert::block(&row, &names.numbers) {
            stored.add(block.digest_record().as_bytes());
            follower.compare(&block, findings);
        }
        Ok(())
    })?;
    Ok(stored)
}

/// A member that knows nothing but its feed.
#[derive(Debug)]
struct Follower<'a> {
    member: &'a NodeId,
    blocks: BTreeMap<(SeriesRef, i64), Block>,
    digest: SetDigest,
    chain: Sha256,
    seq: i64,
    /// True if the last entry carried a digest.
    sealed: bool,
    /// True once a change did not fit, or an entry could not be read: what follows is not compared.
    lost: bool,
}

impl<'a> Follower<'a> {
    fn new(member: &'a NodeId) -> Self {
        Self {
            member,
            blocks: BTreeMap::new(),
            digest: SetDigest::new(),
            chain: CHAIN_START,
            seq: 0,
            sealed: true,
            lost: false,
        }
    }

    fn name(&self, seq: i64) -> String {
        format!("member/{} entry {seq}", self.member)
    }

    fn see(&mut self, row: &FeedRow, findings: &mut Findings) {
        findings.checked(10);
        let name = self.name(row.seq);
        findings.ensure(10, row.seq == self.seq + 1, self.name(self.seq + 1), || {
            format!("is missing: the next one is {}", row.seq)
        });
        self.seq = row.seq;
        self.chain = chain(&self.chain, &row.bytes);
        findings.ensure(10, self.chain.0[..] == row.chain[..], &name, || {
            "its chain hash does not follow from the entries before it and its bytes".to_owned()
        });
        // From here on with the stored chain: one changed entry is one finding.
        if let Ok(chain) = convert::sha256(&row.chain) {
            self.chain = chain;
        }
        let entry: FeedEntry = match serde_json::from_slice(&row.bytes) {
            Ok(entry) => entry,
            Err(error) => {
                self.lost = true;
                return findings.add(10, name, format!("is not a feed entry: {error}"));
            }
        };
        findings.ensure(10, entry.seq == row.seq, &name, || {
            format!("says of itself that it is entry {}", entry.seq)
        });
        self.sealed = entry.digest.is_some();
        if self.lost {
            return;
        }
        if let Err(what) = self.apply(&entry.changes) {
            self.lost = true;
            return findings.add(10, name, what);
        }
        if let Some(stated) = entry.digest {
            findings.ensure(10, stated.0 == self.digest.fingerprint(), &name, || {
                format!(
                    "its digest is {stated}, and that of the blocks it leaves {}",
                    hex::encode(self.digest.fingerprint())
                )
            });
        }
    }

    /// Applies changes as a node does, whatever the entry's type.
    fn apply(&mut self, changes: &[BlockChange]) -> Result<(), String> {
        let mut split: Option<(SeriesRef, SerialRange, Block)> = None;
        for change in changes {
            let over = change.split_of.map_or(change.block.range, |whole| whole.0);
            let mine = change.from.as_ref().filter(|from| from.holder == *self.member);
            let before = match (mine, &split) {
                (None, _) => None,
                (Some(_), Some((series, range, block))) if *series == change.block.series && *range == over => {
                    Some(block.clone())
                }
                (Some(from), _) => Some(self.take(change, over, from)?),
            };
            if let (Some(block), true) = (&before, change.split_of.is_some()) {
                split = Some((change.block.series.clone(), over, block.clone()));
            }
            if change.to.holder == *self.member {
                let terms = change.terms.clone().or_else(|| before.map(|b| b.terms));
                let terms = terms.ok_or_else(|| format!("brings {} without terms", change.block))?;
                let after = Block {
                    series: change.block.series.clone(),
                    range: change.block.range,
                    status: change.to.clone(),
                    terms,
                };
                self.digest.add(after.digest_record().as_bytes());
                self.blocks.insert((after.series.clone(), after.range.first()), after);
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        change: &BlockChange,
        over: SerialRange,
        from: &tanqiao_protocol::block::BlockStatus,
    ) -> Result<Block, String> {
        let key = (change.block.series.clone(), over.first());
        let found = self
            .blocks
            .remove(&key)
            .filter(|block| block.range == over && block.status == *from);
        let block =
            found.ok_or_else(|| format!("changes {} from a state in which its feed has not put it", change.block))?;
        self.digest.remove(block.digest_record().as_bytes());
        Ok(block)
    }

    /// A stored block of this member.
    fn compare(&mut self, stored: &Block, findings: &mut Findings) {
        if self.lost {
            return;
        }
        let told = self.blocks.remove(&(stored.series.clone(), stored.range.first()));
        findings.ensure(10, told.as_ref() == Some(stored), stored.reference(), || match &told {
            Some(told) => format!(
                "is stored otherwise than the feed of `{}` has it: {} there, `{}`",
                self.member, told.range, told.status.state
            ),
            None => format!("is held by `{}`, whose feed does not tell of it", self.member),
        });
    }

    /// After the last entry and the last stored block.
    fn end(self, head: Option<&FeedHeadRow>, stored: &SetDigest, findings: &mut Findings) {
        let name = format!("member/{}", self.member);
        for block in self.blocks.values().filter(|_| !self.lost) {
            findings.add(
                10,
                block.reference(),
                format!(
                    "is in the feed of `{}`, which does not hold it as this block",
                    self.member
                ),
            );
        }
        findings.ensure(10, self.sealed, &name, || {
            format!("its last entry, {}, carries no digest", self.seq)
        });
        let Some(head) = head else {
            return findings.ensure(10, self.seq == 0 && stored.is_empty(), name, || {
                "has entries or blocks, and no feed head".to_owned()
            });
        };
        findings.ensure(10, head.seq == self.seq, &name, || {
            format!("its feed's head is at {}, and its last entry is {}", head.seq, self.seq)
        });
        findings.ensure(10, head.chain[..] == self.chain.0[..], &name, || {
            "the chain in its feed's head is not that of its last entry".to_owned()
        });
        let expected = SetDigest::from_bytes(&head.lattice);
        findings.ensure(10, expected.as_ref() == Ok(stored), &name, || {
            format!(
                "the digest that the hub expects is not that of the blocks it holds, {}",
                hex::encode(stored.fingerprint())
            )
        });
        findings.ensure(10, self.lost || self.digest == *stored, name, || {
            "the digest of what its feed tells is not that of the blocks it holds".to_owned()
        });
    }
}
