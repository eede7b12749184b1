//! The hub's side of reconciliations, over the fake hub's own book.

use std::sync::Mutex;

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use tanqiao_protocol::block::Block;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Message, StaffDecision};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::reconciliation::{
    BlocksFound, Cut, Encoder, FIRST_SYMBOLS, Opened, Place, Reconciliation, ReconciliationReason,
    ReconciliationReport, ReconciliationResult, Record, Round, SymbolKey, Whereabouts, next_symbols, records_from_text,
    symbols_to_bytes, symbols_to_text,
};
use tanqiao_protocol::serial::BlockRef;

use super::fake_hub::FakeHub;

/// What the hub was told, and the cut that it took last.
#[derive(Default)]
pub(crate) struct Reconciling {
    pub(super) begun: Vec<(ReconciliationReason, Option<StaffDecision>)>,
    pub(super) results: Vec<ReconciliationResult>,
    pub(super) repaired: Vec<Option<MessageId>>,
    pub(super) reports: Vec<ReconciliationReport>,
    /// True to refuse reports.
    pub(super) refuses_reports: bool,
    taken: Option<Taken>,
}

struct Taken {
    id: MessageId,
    blocks: Vec<Block>,
    encoder: Encoder,
}

pub(super) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/v1/reconciliations", web::post().to(begin))
        .route("/v1/reconciliations/{id}/rounds", web::post().to(round))
        .route("/v1/reconciliations/{id}/report", web::post().to(report))
        .route("/v1/reconciliations/{id}/result", web::post().to(result));
}

async fn begin(hub: web::Data<Mutex<FakeHub>>, body: web::Bytes) -> HttpResponse {
    let envelope = Envelope::decode(&body).unwrap();
    let message: Message<Reconciliation> = serde_json::from_slice(envelope.payload()).unwrap();
    let mut hub = hub.lock().unwrap();
    hub.reconciling.begun.push((message.content.reason, message.staff));
    hub.reconciling.repaired.push(message.content.repaired);
    let subject = format!("reconciliation/{}", message.id);
    hub.commit("reconciliation.started", &subject, Value::Null, &[]);
    let ours = hub.book.blocks().filter(|block| block.status.holder == hub.member);
    let blocks: Vec<Block> = ours.cloned().collect();
    let key = SymbolKey::of(&"tanqiao.local".parse().unwrap(), message.id);
    let mut encoder = Encoder::new(&key, blocks.iter().map(Record::of));
    let last = hub.entries.last().unwrap();
    let opened = Opened {
        reconciliation: message.id,
        cut: Cut {
            seq: last.entry.seq,
            chain: last.chain,
            log_size: last.entry.log_index + 1,
        },
        blocks: blocks.len() as u64,
        totals: Vec::new(),
        symbols: symbols_to_text(encoder.symbols(FIRST_SYMBOLS)),
    };
    hub.reconciling.taken = Some(Taken {
        id: message.id,
        blocks,
        encoder,
    });
    HttpResponse::Ok().json(opened)
}

async fn round(hub: web::Data<Mutex<FakeHub>>, id: web::Path<MessageId>, round: web::Json<Round>) -> HttpResponse {
    let mut hub = hub.lock().unwrap();
    let hub = &mut *hub;
    let Some(taken) = hub.reconciling.taken.as_mut().filter(|taken| taken.id == *id) else {
        return HttpResponse::Conflict().json(Problem::api(ApiProblem::NotFound));
    };
    match round.into_inner() {
        Round::SymbolsFrom(from) => {
            let symbols = &taken.encoder.symbols(from + next_symbols(from))[from as usize..];
            HttpResponse::Ok().body(symbols_to_bytes(symbols))
        }
        Round::Records(text) => {
            let wanted = records_from_text(&text).unwrap();
            let found = taken.blocks.iter().filter(|block| wanted.contains(&Record::of(block)));
            HttpResponse::Ok().json(BlocksFound {
                blocks: found.cloned().map(Into::into).collect(),
                changed: String::new(),
            })
        }
        Round::Serials(blocks) => {
            let found: Vec<Whereabouts> = blocks.into_iter().map(|block| whereabouts(hub, block)).collect();
            HttpResponse::Ok().json(found)
        }
    }
}

fn whereabouts(hub: &FakeHub, block: BlockRef) -> Whereabouts {
    let found = hub.book.overlapping(&block.series, block.range);
    let place = match found.into_iter().next() {
        Some(found) if found.status.holder == hub.member => Place::Here,
        Some(_) => Place::Elsewhere,
        None => Place::Unknown,
    };
    Whereabouts { block, place }
}

async fn result(hub: web::Data<Mutex<FakeHub>>, body: web::Bytes) -> HttpResponse {
    let envelope = Envelope::decode(&body).unwrap();
    let message: Message<ReconciliationResult> = serde_json::from_slice(envelope.payload()).unwrap();
    let mut hub = hub.lock().unwrap();
    hub.reconciling.results.push(message.content);
    HttpResponse::Ok().json(json!({}))
}

async fn report(hub: web::Data<Mutex<FakeHub>>, body: web::Bytes) -> HttpResponse {
    let mut hub = hub.lock().unwrap();
    if hub.reconciling.refuses_reports {
        return HttpResponse::ServiceUnavailable().json(Problem::api(ApiProblem::Busy));
    }
    hub.reconciling.reports.push(serde_json::from_slice(&body).unwrap());
    HttpResponse::Ok().json(json!({}))
}
