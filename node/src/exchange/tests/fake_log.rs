//! The log of the hub of these tests: real tiles, proofs and signatures, and everything that a bad log may do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use actix_web::{HttpResponse, web};
use serde_json::json;
use tanqiao_protocol::leaf::{Leaf, leaf_hash};
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::tile::{Bundle, Kind, TILE_WIDTH, Tile, TileBuilder, TileReader};
use tanqiao_protocol::log::witness::AddCheckpoint;
use tanqiao_protocol::merkle::consistency;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::signing::{NoteKey, SigningKey};
use tanqiao_protocol::time::Timestamp;

use super::START_US;
use super::fake_hub::FakeHub;
use super::key;

pub(crate) struct FakeLog {
    pub(crate) leaves: Vec<Vec<u8>>,
    /// What signs it now.
    pub(crate) signers: Vec<SigningKey>,
    /// The admitted witness, and its cosignatures as they came.
    pub(crate) witness: Option<NoteKey>,
    pub(crate) taken: Vec<Note>,
    /// Answers a proof that shows nothing.
    pub(crate) bad_proof: bool,
    /// What it says of its policy, in the place of the one with its witness.
    pub(crate) policy: Option<Policy>,
}

pub(crate) fn log_key(secret: &SigningKey) -> NoteKey {
    NoteKey::new("tanqiao.local/log", secret.verifying_key().clone()).unwrap()
}

pub(crate) fn leaf(index: i64, kind: &str, subject: &str) -> Leaf {
    Leaf {
        at: Timestamp::from_micros(START_US + index),
        caps: Vec::new(),
        changes: Vec::new(),
        data: serde_json::Value::Null,
        index,
        linked: None,
        member: None,
        officers: Vec::new(),
        part: None,
        parts: None,
        payload_sha256: None,
        room: None,
        state: None,
        subject: subject.to_owned(),
        r#type: kind.to_owned(),
        v: 1,
    }
}

impl FakeLog {
    pub(crate) fn new() -> Self {
        Self {
            leaves: Vec::new(),
            signers: vec![key(90)],
            witness: None,
            taken: Vec::new(),
            bad_proof: false,
            policy: None,
        }
    }

    pub(crate) fn key(&self) -> NoteKey {
        log_key(&self.signers[0])
    }

    pub(crate) fn append(&mut self, leaf: &Leaf) {
        self.leaves.push(serde_json::to_vec(leaf).unwrap());
    }

    /// A leaf that admits a member's witness.
    pub(crate) fn admit(&mut self, member: &str, key: &NoteKey) {
        let index = i64::try_from(self.leaves.len()).unwrap();
        let mut admitted = leaf(index, "witness.admitted", &format!("witness/{member}"));
        admitted.data = json!({ "key": key, "member": member });
        self.append(&admitted);
    }

    /// Leaves that concern nobody here.
    pub(crate) fn grow(&mut self, count: usize) {
        for _ in 0..count {
            let index = i64::try_from(self.leaves.len()).unwrap();
            self.append(&leaf(index, "member.added", &format!("member/m{index}")));
        }
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap()
    }

    fn tiles(&self) -> (TileBuilder, BTreeMap<Tile, Vec<u8>>) {
        let mut builder = TileBuilder::new();
        for leaf in &self.leaves {
            builder.add(leaf_hash(leaf));
        }
        let tiles = builder.take().into_iter().collect();
        (builder, tiles)
    }

    /// The newest head, signed.
    pub(crate) fn note(&self) -> Note {
        let head = Head {
            size: self.size(),
            root: self.tiles().0.root(),
        };
        let text = Checkpoint::new(self.key().name(), head).unwrap().to_string();
        let mut note = Note::unsigned(&text).unwrap();
        for secret in &self.signers {
            note.add(SignatureLine::sign(&text, &log_key(secret), secret).unwrap())
                .unwrap();
        }
        note
    }

    fn pending(&self, old: u64) -> Result<AddCheckpoint, Problem> {
        if self.leaves.is_empty() {
            return Err(Problem::api(ApiProblem::NotFound));
        }
        if old > self.size() {
            return Err(Problem::api(ApiProblem::LogBehind).note(self.note().to_string()));
        }
        let tiles = self.tiles().1;
        let mut reader = TileReader::new(self.size(), |tile| {
            tiles
                .get(&tile)
                .or_else(|| tiles.get(&tile.full()))
                .cloned()
                .ok_or("no tile")
        });
        let mut proof = consistency(old, self.size(), |node| reader.node(node)).unwrap();
        if self.bad_proof {
            proof.clear();
        }
        Ok(AddCheckpoint::new(old, proof, self.note()).unwrap())
    }

    fn file(&self, tile: Tile) -> Option<Vec<u8>> {
        if !tile.is_of(self.size()) {
            return None;
        }
        if tile.kind() != Kind::Entries {
            return self.tiles().1.get(&tile).cloned();
        }
        let mut bundle = Bundle::new();
        let start = usize::try_from(tile.start()).unwrap();
        for entry in self
            .leaves
            .iter()
            .skip(start)
            .take(usize::from(TILE_WIDTH.min(tile.width())))
        {
            bundle.add(entry).unwrap();
        }
        Some(bundle.into_bytes())
    }
}

type Hub = web::Data<Mutex<FakeHub>>;

fn refuse(problem: &Problem) -> HttpResponse {
    HttpResponse::build(actix_web::http::StatusCode::from_u16(problem.status).unwrap()).json(problem)
}

fn not_found() -> HttpResponse {
    refuse(&Problem::api(ApiProblem::NotFound))
}

#[derive(serde::Deserialize)]
struct Asked {
    old: u64,
}

pub(super) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/v1/log/pending", web::get().to(pending))
        .route("/v1/log/cosignatures", web::get().to(highest))
        .route("/v1/log/cosignatures", web::post().to(cosign))
        .route("/log/checkpoint", web::get().to(checkpoint))
        .route("/log/policy", web::get().to(policy))
        .route("/log/tile/{path:.*}", web::get().to(tile));
}

async fn pending(hub: Hub, asked: web::Query<Asked>) -> HttpResponse {
    match hub.lock().unwrap().log.pending(asked.old) {
        Ok(request) => HttpResponse::Ok().body(request.to_string()),
        Err(problem) => refuse(&problem),
    }
}

async fn highest(hub: Hub) -> HttpResponse {
    match hub.lock().unwrap().log.taken.last() {
        Some(note) => HttpResponse::Ok().body(note.to_string()),
        None => not_found(),
    }
}

async fn cosign(hub: Hub, body: web::Bytes) -> HttpResponse {
    let log = &mut hub.lock().unwrap().log;
    let note = Note::parse(&body).unwrap();
    let admitted = log.witness.clone();
    if admitted.is_none_or(|key| note.verify([&key]).is_err()) {
        return refuse(&Problem::api(ApiProblem::Forbidden));
    }
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    if note.text() != log.note().text() && checkpoint.size() == log.size() {
        return refuse(&Problem::api(ApiProblem::LogFork).note(log.note().to_string()));
    }
    log.taken.push(note);
    HttpResponse::Ok().json(json!({"size": checkpoint.size(), "cosignatures": 1, "quorum": 1, "published": true}))
}

async fn checkpoint(hub: Hub) -> HttpResponse {
    let log = &hub.lock().unwrap().log;
    match log.taken.last() {
        Some(note) => HttpResponse::Ok().body(note.to_string()),
        None => not_found(),
    }
}

async fn policy(hub: Hub) -> HttpResponse {
    let log = &hub.lock().unwrap().log;
    if let Some(policy) = &log.policy {
        return HttpResponse::Ok().body(policy.print());
    }
    let witnesses = log
        .witness
        .iter()
        .map(|key| ("wuhan".to_owned(), key.clone()))
        .collect();
    let keys = log.signers.iter().map(log_key).collect();
    HttpResponse::Ok().body(Policy::of_keys(keys, witnesses, 1).unwrap().print())
}

async fn tile(hub: Hub, path: web::Path<String>) -> HttpResponse {
    let tile: Tile = format!("tile/{path}").parse().unwrap();
    match hub.lock().unwrap().log.file(tile) {
        Some(bytes) => HttpResponse::Ok().body(bytes),
        None => not_found(),
    }
}
