//! How long a verification takes.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::merkle::{consistent, includes_hash};
use tanqiao_protocol::receipt::{self, ReceiptFile};

use crate::mirror::Mirror;
use crate::replay::{self, Asked};
use crate::sample::{MirrorWriter, Sample, SampleFault, Tree};

/// What is measured with.
const WITNESSES: u8 = 7;
const QUORUM: [u8; 5] = [0, 1, 2, 4, 6];
/// Leaves that a log has before anything is traded: its member and its witnesses.
const SMALLEST: u64 = 1 + WITNESSES as u64;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// What was verified.
    pub what: &'static str,
    /// How often.
    pub rounds: u32,
    /// Nanoseconds for one, on average.
    pub ns: u64,
    /// Bytes of what was verified.
    pub bytes: usize,
    /// Leaves a second, where it is a whole log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u64>,
}

/// Figures for one size of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Leaves of the log.
    pub leaves: u64,
    /// What was measured.
    pub measured: Vec<Measured>,
}

fn time(
    what: &'static str,
    rounds: u32,
    bytes: usize,
    mut one: impl FnMut(u32) -> bool,
) -> Result<Measured, SampleFault> {
    let begin = Instant::now();
    for round in 0..rounds {
        if !one(round) {
            return Err(SampleFault::refused(what));
        }
    }
    let spent = begin.elapsed().as_nanos() / u128::from(rounds.max(1));
    Ok(Measured {
        what,
        rounds,
        ns: u64::try_from(spent).unwrap_or(u64::MAX),
        bytes,
        per_second: None,
    })
}

/// Verifies receipts, inclusion and consistency in a log of so many leaves, `rounds` times each.
///
/// # Errors
/// [`SampleFault`] if something does not verify: a fault of this program.
pub fn run(leaves: u64, rounds: u32) -> Result<Figures, SampleFault> {
    let mut sample = Sample::default();
    let source = sample.admit("wuhan", 2)?;
    let target = sample.admit("hubei", 3)?;
    let blocks = sample.issue(&source, 10_000)?;
    let own = sample.issue(&source, 1_000)?;
    let given = sample.issue(&source, 1_000)?;
    let transfer = sample.transfer((&source, &target), &[blocks], false, 1)?;
    let donation = sample.donate(&source, &[given], false)?;
    let retirement = sample.retire(&source, &[own])?;
    let mut hashes = sample.hashes();
    let made = leaves.max(sample.size());
    hashes.extend((sample.size()..made).map(|index| Sha256::of(&index.to_be_bytes())));
    let tree = Tree::over(hashes.clone());
    let root = tree.root(made)?;
    let note = Sample::note(made, root, &QUORUM)?;
    let policy = Sample::policy(WITNESSES, QUORUM.len())?;

    let mut measured = Vec::new();
    for (what, dealing) in [
        ("receipt of a transfer", &transfer),
        ("receipt of a donation", &donation),
        ("receipt of a retirement", &retirement),
    ] {
        let bytes = dealing
            .receipt(&sample, &tree, &note)?
            .to_json()
            .map_err(SampleFault::of)?;
        measured.push(time(what, rounds, bytes.len(), |_| {
            ReceiptFile::parse(&bytes).is_ok_and(|file| receipt::verify(&file, &policy).is_ok())
        })?);
    }
    let places: Vec<u64> = (0..64).map(|n| n * 7_919 % made).collect();
    let paths: Vec<Vec<Sha256>> = places
        .iter()
        .map(|place| tree.inclusion(*place))
        .collect::<Result<_, _>>()?;
    measured.push(time(
        "inclusion",
        rounds,
        32 * paths.first().map_or(0, Vec::len),
        |round| {
            let turn = usize::try_from(round).unwrap_or(0) % places.len();
            let place = places.get(turn).copied().unwrap_or(0);
            let leaf = usize::try_from(place).ok().and_then(|place| hashes.get(place));
            leaf.zip(paths.get(turn))
                .is_some_and(|(leaf, path)| includes_hash(&root, made, place, leaf, path))
        },
    )?);
    let old = made * 2 / 3 + 1;
    let old = old.min(made);
    let (old_root, proof) = (tree.root(old)?, tree.consistency(old)?);
    measured.push(time("consistency", rounds, 32 * proof.len(), |_| {
        consistent(old, &old_root, made, &root, &proof)
    })?);
    Ok(Figures { leaves: made, measured })
}

/// Replays the log in a directory; where there is none, one of so many leaves is written first, half of them issuances and half
/// retirements. `progress` is told how many leaves of how many are done.
///
/// # Errors
/// [`SampleFault`] if it cannot be written, or does not hold.
pub fn replay(leaves: u64, directory: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Figures, SampleFault> {
    let policy = Sample::policy(WITNESSES, QUORUM.len())?;
    if !directory.join("checkpoint").exists() {
        write_log(leaves, directory, &policy, &mut progress)?;
    }
    let asked = Asked {
        policy: Some(&policy),
        ..Asked::default()
    };
    let mut size = 0;
    let mut measured = time("replay of the log", 1, bytes_below(directory)?, |_| {
        let audited = replay::audit(&Mirror::new(directory.to_owned()), &asked, &mut progress);
        audited.is_ok_and(|audited| {
            size = audited.size;
            audited.holds()
        })
    })?;
    measured.per_second = (u128::from(size) * 1_000_000_000)
        .checked_div(measured.ns.into())
        .and_then(|rate| u64::try_from(rate).ok());
    Ok(Figures {
        leaves: size,
        measured: vec![measured],
    })
}

/// Writes as it makes: no more than some bundles of leaves are in memory.
fn write_log(
    leaves: u64,
    directory: &Path,
    policy: &Policy,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), SampleFault> {
    let mut sample = Sample::default();
    let mut files = MirrorWriter::new(directory, leaves.max(SMALLEST));
    let issuer = sample.admit("wuhan", 2)?;
    sample.admit_witnesses(WITNESSES)?;
    while sample.size() + 2 <= leaves {
        let block = sample.issue(&issuer, 100)?;
        sample.retire(&issuer, &[block])?;
        sample.hand_over(&mut files)?;
        progress(sample.size(), leaves);
    }
    sample.pad(leaves)?;
    sample.finish(files, &QUORUM, policy)
}

/// The bytes of all files below a directory.
fn bytes_below(directory: &Path) -> Result<usize, SampleFault> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory).map_err(SampleFault::of)? {
        let entry = entry.map_err(SampleFault::of)?;
        let meta = entry.metadata().map_err(SampleFault::of)?;
        bytes += if meta.is_dir() {
            bytes_below(&entry.path())?
        } else {
            usize::try_from(meta.len()).map_err(SampleFault::of)?
        };
    }
    Ok(bytes)
}
