//! The part of the fake hub that takes token streams and says what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use tanqiao_protocol::fingerprint::{EpochKeys, StreamRecord, StreamSums, decode};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::message::Issuance;
use tanqiao_protocol::problem::{ApiProblem, Problem};

use super::fake_hub::FakeHub;

/// Token streams, and what the hub does with them.
#[derive(Default)]
pub(crate) struct Screening {
    /// Issuances wait for their streams.
    pub(crate) on: bool,
    pub(crate) streams: BTreeMap<MessageId, Stream>,
    pub(crate) epochs: BTreeMap<String, EpochKeys>,
    /// Activities of the next issuance that are held back.
    pub(crate) hold: BTreeSet<u32>,
    /// Held activities are not listed in the entry.
    pub(crate) too_many_to_list: bool,
    /// Bytes of each next piece that arrive before the connection breaks.
    pub(crate) cuts: Vec<usize>,
    /// Offsets at which pieces came.
    pub(crate) offsets: Vec<u64>,
}

pub(crate) struct Stream {
    pub(crate) content: Issuance,
    pub(crate) bytes: Vec<u8>,
    pub(crate) complete: bool,
}

impl Stream {
    pub(crate) fn records(&self) -> Vec<StreamRecord> {
        let (mut at, mut records, mut sums) = (0, Vec::new(), StreamSums::default());
        while let Some((record, length)) = decode(&self.bytes[at..]).unwrap() {
            assert!(sums.add(&record, &self.bytes[at..at + length]));
            at += length;
            records.push(record);
        }
        assert_eq!(at, self.bytes.len(), "the stream ends with a whole record");
        let promised = self.content.tokens.as_ref().unwrap();
        assert_eq!(sums.commitment(promised.suite).as_ref(), Some(promised));
        assert_eq!(sums.grams(), self.content.quantity_g.get());
        records
    }
}

impl FakeHub {
    /// Registers an issuance whose stream is to come.
    pub(super) fn register(&mut self, id: MessageId, content: &Value) {
        let stream = Stream {
            content: serde_json::from_value(content.clone()).unwrap(),
            bytes: Vec::new(),
            complete: false,
        };
        assert!(stream.content.tokens.is_some(), "a header without tokens");
        self.screening.streams.insert(id, stream);
        self.commit(
            "issuance.registered",
            &format!("issuance/{id}"),
            json!({"state": "registered"}),
            &[],
        );
    }

    fn compare(&mut self, id: MessageId) {
        let subject = format!("issuance/{id}");
        self.commit("issuance.uploaded", &subject, json!({"state": "uploaded"}), &[]);
        let stream = &self.screening.streams[&id];
        let records = stream.records();
        let held: Vec<&StreamRecord> = records
            .iter()
            .filter(|r| self.screening.hold.contains(&r.index))
            .collect();
        let held_g: i64 = held.iter().map(|r| r.grams.get()).sum();
        let clean_g = stream.content.quantity_g.get() - held_g;
        let word = match (held.is_empty(), clean_g) {
            (true, _) => "recognised",
            (false, 0) => "held-back",
            (false, _) => "partially-recognised",
        };
        let ranges: Vec<[u32; 2]> = held.iter().map(|r| [r.index, r.index]).collect();
        let ranges = if self.screening.too_many_to_list {
            Value::Null
        } else {
            json!(ranges)
        };
        let body = json!({
            "state": word, "quantity_g": clean_g, "local_reference": stream.content.local_reference,
            "activities": records.len(), "held_back": held.len(), "held_back_g": held_g, "held_ranges": ranges,
        });
        let block = (clean_g > 0).then(|| self.new_block(id, clean_g));
        let replacements: Vec<Replacement> = block.into_iter().map(Replacement::issue).collect();
        self.commit(&format!("issuance.{word}"), &subject, body, &replacements);
    }

    /// Gives a held activity its serials.
    pub(super) fn release(&mut self, id: MessageId, index: u32, quantity: i64) {
        let block = self.new_block(id, quantity);
        let body = json!({"state": "recognised", "index": index, "quantity_g": quantity,
            "block": block.reference().to_string(), "held_back": 0, "held_back_g": 0});
        let replacement = Replacement::issue(block);
        self.commit("issuance.released", &format!("issuance/{id}"), body, &[replacement]);
    }
}

pub(super) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/v1/issuances/{id}/tokens", web::get().to(offset))
        .route("/v1/issuances/{id}/tokens", web::put().to(piece))
        .route("/v1/issuances/{id}/held", web::get().to(held))
        .route("/v1/token-epochs/{epoch}", web::get().to(epoch))
        .app_data(web::PayloadConfig::new(8 * 1024 * 1024));
}

type Hub = web::Data<Mutex<FakeHub>>;

async fn offset(hub: Hub, id: web::Path<MessageId>) -> HttpResponse {
    let hub = hub.lock().unwrap();
    let Some(stream) = hub.screening.streams.get(&id) else {
        return HttpResponse::NotFound().json(Problem::api(ApiProblem::NotFound));
    };
    let total = stream.content.tokens.as_ref().unwrap().stream_bytes;
    HttpResponse::Ok().json(
        json!({"issuance": *id, "offset": stream.bytes.len(), "stream_bytes": total,
        "complete": stream.complete}),
    )
}

async fn piece(hub: Hub, id: web::Path<MessageId>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
    let at: u64 = header("Upload-Offset").parse().unwrap();
    let mut hub = hub.lock().unwrap();
    hub.screening.offsets.push(at);
    let cut = hub.screening.cuts.pop();
    let stream = hub.screening.streams.get_mut(&id).unwrap();
    let there = stream.bytes.len() as u64;
    if at != there {
        return HttpResponse::Conflict()
            .insert_header(("Upload-Offset", there.to_string()))
            .json(Problem::api(ApiProblem::InvalidParameter));
    }
    if let Some(cut) = cut {
        stream.bytes.extend(&body[..cut.min(body.len())]);
        return HttpResponse::ServiceUnavailable().json(Problem::api(ApiProblem::Busy));
    }
    stream.bytes.extend(&body);
    let total = stream.content.tokens.as_ref().unwrap().stream_bytes;
    let whole = stream.bytes.len() as u64 == total;
    assert_eq!(header("Upload-Complete") == "?1", whole, "the last piece says so");
    let there = stream.bytes.len();
    if whole && !stream.complete {
        stream.complete = true;
        hub.compare(*id);
    }
    HttpResponse::NoContent()
        .insert_header(("Upload-Offset", there.to_string()))
        .insert_header(("Upload-Complete", if whole { "?1" } else { "?0" }))
        .finish()
}

async fn held(hub: Hub, id: web::Path<MessageId>) -> HttpResponse {
    let hub = hub.lock().unwrap();
    let records = hub.screening.streams[&id].records();
    let items: Vec<Value> = records
        .iter()
        .filter(|record| hub.screening.hold.contains(&record.index))
        .map(|record| json!({"index": record.index, "quantity_g": record.grams, "state": "held"}))
        .collect();
    HttpResponse::Ok().json(json!({ "items": items }))
}

async fn epoch(hub: Hub, epoch: web::Path<String>) -> HttpResponse {
    let hub = hub.lock().unwrap();
    match hub.screening.epochs.get(epoch.as_str()) {
        Some(keys) => {
            let mut answer = serde_json::to_value(keys).unwrap();
            answer["log_index"] = json!(7);
            HttpResponse::Ok().json(answer)
        }
        None => HttpResponse::NotFound().json(Problem::api(ApiProblem::NotFound)),
    }
}
