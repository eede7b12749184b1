//! What `protocol/vectors/log.json` has in it.

use serde::Deserialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::signing::NoteKey;

#[derive(Deserialize)]
pub struct Vectors {
    pub keys: Keys,
    pub notes: Vec<NoteCase>,
    pub cosignatures: Vec<Cosignature>,
    pub checkpoints: Checkpoints,
    pub tiles: Tiles,
    pub proofs: Proofs,
    pub policies: Policies,
    pub receipts: Receipts,
    pub witness: Witness,
}

#[derive(Deserialize)]
pub struct Keys {
    pub log: NoteKey,
    pub witnesses: Vec<NoteKey>,
}

#[derive(Deserialize)]
pub struct NoteCase {
    pub name: String,
    pub note: String,
    pub known: Vec<NoteKey>,
    #[serde(default)]
    pub signed: Vec<(NoteKey, Option<u64>)>,
    pub error: Option<String>,
}

#[derive(Deserialize)]
pub struct Cosignature {
    pub seed_hex: String,
    pub vkey: NoteKey,
    pub text: String,
    pub at: u64,
    pub line: String,
}

#[derive(Deserialize)]
pub struct Checkpoints {
    pub read: Vec<CheckpointCase>,
    pub refused: Vec<String>,
}

#[derive(Deserialize)]
pub struct CheckpointCase {
    pub text: String,
    pub origin: String,
    pub size: u64,
    pub root: String,
}

#[derive(Deserialize)]
pub struct Tiles {
    pub growth: Vec<Growth>,
    pub seventy_thousand: Whole,
    pub paths: Vec<String>,
    pub refused: Vec<String>,
}

#[derive(Deserialize)]
pub struct Growth {
    pub old: u64,
    pub size: u64,
    pub tiles: Vec<String>,
    pub bundles: Vec<String>,
}

#[derive(Deserialize)]
pub struct Whole {
    pub size: u64,
    pub root: String,
    pub tiles: usize,
    pub bundles: usize,
    pub contents: Vec<Content>,
}

#[derive(Deserialize)]
pub struct Content {
    pub path: String,
    pub sha256: Sha256,
}

#[derive(Deserialize)]
pub struct Proofs {
    pub inclusion: Vec<Inclusion>,
    pub consistency: Vec<Consistency>,
    pub inconsistent: Vec<Consistency>,
}

#[derive(Deserialize)]
pub struct Inclusion {
    pub size: u64,
    pub index: u64,
    pub root: String,
    pub path: Vec<String>,
}

#[derive(Deserialize)]
pub struct Consistency {
    pub old: u64,
    pub size: u64,
    pub old_root: String,
    pub root: String,
    pub proof: Vec<String>,
}

#[derive(Deserialize)]
pub struct Policies {
    pub evaluated: Vec<Evaluated>,
    pub refused: Vec<RefusedPolicy>,
}

#[derive(Deserialize)]
pub struct Evaluated {
    pub name: String,
    pub policy: String,
    pub accepted: Vec<Vec<usize>>,
    pub refused: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
pub struct RefusedPolicy {
    pub policy: String,
    pub line: Option<usize>,
}

#[derive(Deserialize)]
pub struct Receipts {
    pub verified: Vec<Verified>,
    pub refused: Vec<String>,
}

#[derive(Deserialize)]
pub struct Verified {
    pub name: String,
    pub policy: String,
    pub receipt: String,
    pub entry: String,
    pub included: bool,
    pub log: bool,
    pub witnesses: Vec<String>,
    pub quorum: bool,
}

#[derive(Deserialize)]
pub struct Witness {
    pub judged: Vec<Judged>,
    pub refused: Vec<String>,
}

#[derive(Deserialize)]
pub struct Judged {
    pub name: String,
    pub last: Option<HeadCase>,
    pub request: String,
    pub status: u16,
    pub evidence: bool,
}

#[derive(Deserialize)]
pub struct HeadCase {
    pub size: u64,
    pub root: String,
}
