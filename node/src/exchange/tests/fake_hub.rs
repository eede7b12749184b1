//! A hub in a few lines: the protocol's book, a feed for one member, and outcomes by id.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use tanqiao_protocol::block::{Block, BlockState, BlockStatus, BlockTerms};
use tanqiao_protocol::canonical;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::feed::{CHAIN_START, ChainedEntry, FeedEntry, FeedPage, chain};
use tanqiao_protocol::id::{MessageId, NodeId, Sha256};
use tanqiao_protocol::lattice::SetDigest;
use tanqiao_protocol::ledger::{Book, Replacement};
use tanqiao_protocol::message::Action;
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};

use super::START_US;
use super::fake_log::{self, FakeLog};
use super::fake_recognition::{Governed, mount};
use super::fake_reconciliation::Reconciling;
use super::fake_screening::Screening;

pub(crate) struct FakeHub {
    pub(super) member: NodeId,
    pub(super) book: Book,
    pub(crate) entries: Vec<ChainedEntry>,
    pub(crate) outcomes: BTreeMap<MessageId, (String, Value)>,
    /// Requests that are answered with a fault after the work is done.
    pub(super) lose_answers: u32,
    /// Messages that are refused by this check.
    pub(super) refuse: Option<CheckCode>,
    pub(super) requests: u32,
    pub(super) members: Value,
    pub(crate) governed: Governed,
    pub(crate) screening: Screening,
    pub(crate) log: FakeLog,
    pub(crate) reconciling: Reconciling,
    log_index: i64,
}

pub(super) fn series() -> SeriesRef {
    "wuhan/420100/metro.v1/2025".parse().unwrap()
}

pub(super) fn block(first: i64, last: i64) -> BlockRef {
    BlockRef {
        series: series(),
        range: SerialRange::new(first, last).unwrap(),
    }
}

impl FakeHub {
    pub(crate) fn new() -> Self {
        Self {
            member: "wuhan".parse().unwrap(),
            book: Book::default(),
            entries: Vec::new(),
            outcomes: BTreeMap::new(),
            lose_answers: 0,
            refuse: None,
            requests: 0,
            members: json!([]),
            governed: Governed::default(),
            screening: Screening::default(),
            log: FakeLog::new(),
            reconciling: Reconciling::default(),
            log_index: 0,
        }
    }

    /// The fingerprint of all blocks of the member, final ones included.
    pub(super) fn digest(&self) -> Sha256 {
        let mut digest = SetDigest::new();
        for block in self.book.blocks().filter(|b| b.status.holder == self.member) {
            digest.add(block.digest_record().as_bytes());
        }
        Sha256(digest.fingerprint())
    }

    /// Commits replacements and tells the member about those that concern it.
    pub(crate) fn commit(&mut self, kind: &str, subject: &str, body: Value, replacements: &[Replacement]) {
        let mut changes = Vec::new();
        // The log may have leaves that concern nobody here; then the next index is its own.
        self.log_index = self.log_index.max(i64::try_from(self.log.leaves.len()).unwrap());
        let mut leaf = fake_log::leaf(self.log_index, kind, subject);
        leaf.changes = replacements.iter().flat_map(Replacement::changes).collect();
        self.log.append(&leaf);
        for replacement in replacements {
            self.book.check(replacement).unwrap();
            self.book.apply(replacement);
            let ours = |s: &BlockStatus| s.holder == self.member;
            changes.extend(
                replacement
                    .changes()
                    .filter(|c| ours(&c.to) || c.from.as_ref().is_some_and(ours)),
            );
        }
        let entry = FeedEntry {
            at: Timestamp::from_micros(START_US + self.log_index),
            body,
            changes,
            digest: Some(self.digest()),
            log_index: self.log_index,
            seq: i64::try_from(self.entries.len()).unwrap() + 1,
            subject: subject.to_owned(),
            r#type: kind.to_owned(),
        };
        self.log_index += 1;
        let previous = self.entries.last().map_or(CHAIN_START, |e| e.chain);
        let chain = chain(&previous, &canonical::to_vec(&entry).unwrap());
        self.entries.push(ChainedEntry { chain, entry });
    }

    /// New serials for an issuance.
    pub(super) fn issue(&mut self, issuance: MessageId, quantity: i64) -> BlockRef {
        let new = self.new_block(issuance, quantity);
        let reference = new.reference();
        let subject = format!("issuance/{issuance}");
        self.commit("issuance.recognised", &subject, Value::Null, &[Replacement::issue(new)]);
        reference
    }

    pub(super) fn new_block(&self, issuance: MessageId, quantity: i64) -> Block {
        let first = self.book.next_serial(&series());
        Block {
            series: series(),
            range: block(first, first + quantity - 1).range,
            status: BlockStatus::held_by(self.member.clone()),
            terms: BlockTerms {
                buffered: false,
                factor_paid: Factor::ONE,
                issuance,
                mapping: None,
                uses: [Use::EventNeutrality, Use::CorporateNeutrality]
                    .into_iter()
                    .collect::<Uses>(),
            },
        }
    }

    /// New serials of any series with these terms, held by the member.
    pub(super) fn arrive(&mut self, series: &str, quantity: i64, terms: BlockTerms) {
        let series: SeriesRef = series.parse().unwrap();
        let first = self.book.next_serial(&series);
        let new = Block {
            range: SerialRange::new(first, first + quantity - 1).unwrap(),
            status: BlockStatus::held_by(self.member.clone()),
            series,
            terms,
        };
        let replacement = Replacement::issue(new);
        self.commit("issuance.recognised", "issuance/elsewhere", Value::Null, &[replacement]);
    }

    /// Gives exactly these serials a new status, splitting blocks where needed.
    pub(super) fn set(&mut self, kind: &str, subject: &str, pieces: &[(BlockRef, BlockStatus)]) {
        let mut replacements = Vec::new();
        let mut parents: Vec<Block> = Vec::new();
        for (reference, _) in pieces {
            for parent in self.book.overlapping(&reference.series, reference.range) {
                if !parents.contains(parent) {
                    parents.push(parent.clone());
                }
            }
        }
        for parent in parents {
            let mut rest = Some(parent.range);
            let mut after = Vec::new();
            let mut cuts: Vec<_> = pieces.iter().filter(|(r, _)| r.series == parent.series).collect();
            cuts.sort_by_key(|(r, _)| r.range);
            for (reference, status) in cuts {
                let (Some(range), Some(cut)) = (rest, parent.range.intersection(&reference.range)) else {
                    continue;
                };
                if let Ok(before) = SerialRange::new(range.first(), cut.first() - 1) {
                    after.push(Block {
                        range: before,
                        ..parent.clone()
                    });
                }
                after.push(Block {
                    range: cut,
                    status: status.clone(),
                    ..parent.clone()
                });
                rest = SerialRange::new(cut.last() + 1, parent.range.last()).ok();
            }
            if let Some(range) = rest {
                after.push(Block {
                    range,
                    ..parent.clone()
                });
            }
            replacements.push(Replacement {
                before: Some(parent),
                after,
            });
        }
        self.commit(kind, subject, Value::Null, &replacements);
    }

    pub(super) fn page(&self, after: i64) -> FeedPage {
        FeedPage {
            entries: self.entries.iter().filter(|e| e.entry.seq > after).cloned().collect(),
            latest: i64::try_from(self.entries.len()).unwrap(),
        }
    }

    fn take(&mut self, payload_type: &str, payload: &str) -> Value {
        let message: Value = serde_json::from_str(payload).unwrap();
        let id: MessageId = message["id"].as_str().unwrap().parse().unwrap();
        if let Some((known, outcome)) = self.outcomes.get(&id) {
            assert_eq!(known, payload, "the same id with another payload");
            return outcome.clone();
        }
        if let Some(check) = self.refuse {
            let problem = Problem::of(check);
            let answer = json!({"id": id, "status": problem.status, "problem": problem});
            if check.check().stored {
                self.outcomes.insert(id, (payload.to_owned(), answer.clone()));
            }
            return answer;
        }
        let log_index = self.log_index;
        let content = &message["content"];
        let blocks = || -> Vec<BlockRef> { serde_json::from_value(content["blocks"].clone()).unwrap() };
        let all = |status: BlockStatus| blocks().into_iter().map(|b| (b, status.clone())).collect::<Vec<_>>();
        let me = self.member.clone();
        let mut state = None;
        let subject = match Action::of_payload_type(payload_type).unwrap() {
            Action::Issuance if self.screening.on => {
                let content = content.clone();
                self.register(id, &content);
                state = Some("registered");
                format!("issuance/{id}")
            }
            Action::Issuance => {
                self.issue(id, content["quantity_g"].as_i64().unwrap());
                format!("issuance/{id}")
            }
            Action::TransferProposal => {
                let subject = format!("transfer/{id}");
                self.set(
                    "transfer.offered",
                    &subject,
                    &all(BlockStatus::bound(me, BlockState::Reserved, id)),
                );
                subject
            }
            Action::Retirement => {
                let subject = format!("retirement/{id}");
                self.set(
                    "retirement.committed",
                    &subject,
                    &all(BlockStatus::bound(me, BlockState::Retired, id)),
                );
                subject
            }
            Action::TransferAcceptance => {
                let subject = format!("transfer/{}", content["transfer"].as_str().unwrap());
                self.commit("transfer.committed", &subject, Value::Null, &[]);
                subject
            }
            other => format!("{other}/{id}"),
        };
        let outcome =
            json!({"subject": subject, "log_index": log_index, "at": Timestamp::from_micros(START_US), "state": state});
        let answer = json!({"id": id, "status": 200, "outcome": outcome});
        self.outcomes.insert(id, (payload.to_owned(), answer.clone()));
        answer
    }

    fn post(&mut self, envelope: &Envelope) -> (u16, Value) {
        self.requests += 1;
        let payload = std::str::from_utf8(envelope.payload()).unwrap();
        let batch = envelope.payload_type() == Action::Batch.payload_type();
        let (status, answer) = if batch {
            let message: Value = serde_json::from_str(payload).unwrap();
            let items = message["content"]["items"].as_array().unwrap().clone();
            let results: Vec<Value> = items
                .iter()
                .map(|i| self.take(i["payloadType"].as_str().unwrap(), i["payload"].as_str().unwrap()))
                .collect();
            (207, json!({ "results": results }))
        } else {
            let result = self.take(envelope.payload_type(), payload);
            let status = u16::try_from(result["status"].as_u64().unwrap()).unwrap();
            (
                status,
                if status == 200 {
                    result["outcome"].clone()
                } else {
                    result["problem"].clone()
                },
            )
        };
        if self.lose_answers > 0 {
            self.lose_answers -= 1;
            return (503, serde_json::to_value(Problem::api(ApiProblem::Busy)).unwrap());
        }
        (status, answer)
    }
}

pub(crate) type Shared = Arc<Mutex<FakeHub>>;

#[derive(serde::Deserialize)]
struct Question {
    after: i64,
    chain: Sha256,
}

/// Serves a hub on loopback; returns its address.
pub(crate) fn serve(hub: &Shared) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    run(hub, listener, None);
    base
}

/// Serves a hub, over TLS where a configuration is given.
pub(super) fn run(hub: &Shared, listener: TcpListener, tls: Option<rustls::ServerConfig>) {
    let data = web::Data::from(Arc::clone(hub));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .route("/v1/messages", web::post().to(messages))
            .route("/v1/feed", web::get().to(feed))
            .route("/v1/members", web::get().to(members))
            .configure(mount)
            .configure(super::fake_screening::mount)
            .configure(fake_log::mount)
            .configure(super::fake_reconciliation::mount)
    })
    .workers(1)
    .disable_signals();
    let bound = match tls {
        Some(config) => server.listen_rustls_0_23(listener, config),
        None => server.listen(listener),
    };
    tokio::spawn(bound.unwrap().run());
}

async fn messages(hub: web::Data<Mutex<FakeHub>>, body: web::Bytes) -> HttpResponse {
    let envelope = Envelope::decode(&body).unwrap();
    let (status, answer) = hub.lock().unwrap().post(&envelope);
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(answer)
}

async fn feed(hub: web::Data<Mutex<FakeHub>>, question: web::Query<Question>) -> HttpResponse {
    let hub = hub.lock().unwrap();
    let at = usize::try_from(question.after).unwrap();
    let chain = if at == 0 {
        Some(CHAIN_START)
    } else {
        hub.entries.get(at - 1).map(|e| e.chain)
    };
    if chain == Some(question.chain) {
        HttpResponse::Ok().json(hub.page(question.after))
    } else {
        let problem = Problem::api(ApiProblem::FeedFork).expected("chain of another feed");
        HttpResponse::Conflict().json(problem)
    }
}

async fn members(hub: web::Data<Mutex<FakeHub>>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"items": hub.lock().unwrap().members}))
}
