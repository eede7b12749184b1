//! What the hub of these tests knows of recognition: the mappings' own engine over a few records, asked as the hub asks it.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use tanqiao_mappings::recognition::{
    Batch, Crossing, GivenLot, MappingEntry, MappingSet, Refusal, batch_lots_of, quote_for_quantity, recognise,
};
use tanqiao_protocol::block::Block;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::problem::{ApiProblem, Problem};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{Lot, MappingRecord, Quote};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::{Use, Uses};
use tanqiao_protocol::view::RecognitionQuery;

use super::fake_hub::FakeHub;
use super::{START_US, g};

/// What is governed at this hub.
#[derive(Default)]
pub(crate) struct Governed {
    pub(crate) records: Vec<(MappingRecord, MappingState)>,
    /// Activity data and grams of each issuance.
    pub(crate) batches: BTreeMap<MessageId, (String, i64)>,
    /// `MappingDetail` by name.
    pub(crate) mappings: BTreeMap<String, Value>,
    /// `SheetView` by methodology version.
    pub(crate) sheets: BTreeMap<String, Value>,
    /// Every question for a quote.
    pub(crate) asked: Vec<RecognitionQuery>,
}

/// A record of a mapping for events, valid when these tests are.
pub(crate) fn record(mapping: &str, origin: &str, to: &str, factor: i64, batch: bool) -> MappingRecord {
    let batch = batch.then(|| json!({"units": "1", "target_g": "400", "others": "1"}));
    let mut value = json!({"mapping": mapping, "origin": origin, "to": to, "endorsed_by": "harbin",
        "predicate": "skos:closeMatch", "factor": factor, "buffer": 100_000, "uses": ["event-neutrality"],
        "valid_from": "2026-05-01T00:00:00Z", "valid_until": "2027-05-01T00:00:00Z", "reason_zh": "测试", "reason_en": "test"});
    if let Some(rule) = batch {
        value["batch"] = rule;
    }
    serde_json::from_value(value).unwrap()
}

/// Who has published a methodology, and where that member is.
fn publisher(methodology: &MethodologyRef) -> (NodeId, RegionCode) {
    let (member, region) = if methodology.id() == "tram" {
        ("harbin", "230100")
    } else {
        ("wuhan", "420100")
    };
    (member.parse().unwrap(), region.parse().unwrap())
}

fn home_uses() -> Uses {
    [Use::EventNeutrality, Use::CorporateNeutrality].into_iter().collect()
}

impl Governed {
    fn set(&self) -> MappingSet {
        let entry = |(record, state): &(MappingRecord, MappingState)| MappingEntry::new(record.clone(), *state);
        self.records.iter().map(entry).collect()
    }

    fn batch(&self, issuance: MessageId) -> Batch {
        let (total, issued) = &self.batches[&issuance];
        Batch {
            issuance,
            activity_total: total.clone(),
            issued: g(*issued),
        }
    }

    /// What the hub decides about exactly these blocks of Wuhan.
    pub(crate) fn decide(&self, blocks: &[Block], to: &str, purpose: Use) -> Result<Quote, Refusal> {
        let (set, crossing) = (self.set(), crossing(to.parse().unwrap(), purpose));
        let travels = |series: &SeriesRef| {
            let act = tanqiao_mappings::recognition::Act {
                vintage: series.vintage(),
                region: series.region_of_act(),
            };
            let found = set.lookup_act(series.methodology(), &act, crossing.to, purpose, crossing.at);
            found.is_ok_and(|record| record.batch.is_some())
        };
        let lots = batch_lots_of(blocks, |block| travels(&block.series).then_some(block.terms.issuance));
        let given: Vec<GivenLot> = lots
            .into_iter()
            .map(|(lot, issuance)| GivenLot {
                home: publisher(lot.series.methodology()).1,
                home_uses: home_uses(),
                held_in: Some("420100".parse().unwrap()),
                batch: issuance.map(|issuance| self.batch(issuance)),
                lot,
            })
            .collect();
        recognise(&set, &given, &crossing).map(|recognised| recognised.quote)
    }

    /// What the hub answers before serials are chosen.
    fn answer(&self, asked: &RecognitionQuery) -> Result<Quote, Refusal> {
        let (member, home) = publisher(&asked.methodology);
        let region_of_act = asked.region_of_act.unwrap_or(home);
        let named = |mapping: &MappingRef| &self.records.iter().find(|(one, _)| one.mapping == *mapping).unwrap().0;
        let record = asked.mapping.as_ref().map(named);
        let sample = GivenLot {
            lot: Lot {
                blocks: Vec::new(),
                series: SeriesRef::new(member, region_of_act, asked.methodology.clone(), asked.vintage).unwrap(),
                mapping: asked.mapping.clone(),
                paid: asked.paid.unwrap_or(Factor::ONE),
                buffered: record.is_some(),
                uses: record.map_or(home_uses(), |record| record.uses),
            },
            home,
            home_uses: home_uses(),
            held_in: record.map(|record| record.to),
            batch: asked.issuance.map(|issuance| self.batch(issuance)),
        };
        let crossing = crossing(asked.to, asked.r#use);
        quote_for_quantity(&self.set(), &sample, asked.quantity_g.unwrap(), &crossing)
    }
}

fn crossing(to: RegionCode, r#use: Use) -> Crossing {
    let at = Timestamp::from_micros(START_US);
    Crossing { to, r#use, at }
}

type Data = web::Data<std::sync::Mutex<FakeHub>>;

/// The addresses of all this.
pub(super) fn mount(config: &mut web::ServiceConfig) {
    config
        .route("/v1/recognition", web::get().to(recognition))
        .route("/v1/mappings", web::get().to(mappings))
        .route("/v1/mappings/{mapping}", web::get().to(mapping))
        .route("/v1/methodologies/{id}/{version}/sheet", web::get().to(sheet));
}

async fn recognition(hub: Data, asked: web::Query<RecognitionQuery>) -> HttpResponse {
    let mut hub = hub.lock().unwrap();
    hub.governed.asked.push(asked.0.clone());
    match hub.governed.answer(&asked) {
        Ok(quote) => HttpResponse::Ok().json(quote),
        Err(refusal) => problem(&Problem::of(refusal.reason.code().parse().unwrap())),
    }
}

async fn mappings(hub: Data) -> HttpResponse {
    let mut items: Vec<Value> = hub.lock().unwrap().governed.mappings.values().cloned().collect();
    for item in &mut items {
        let members = item.as_object_mut().unwrap();
        members.remove("explanation");
        members.remove("comments");
    }
    HttpResponse::Ok().json(json!({ "items": items }))
}

async fn mapping(hub: Data, name: web::Path<String>) -> HttpResponse {
    found(hub.lock().unwrap().governed.mappings.get(&*name))
}

async fn sheet(hub: Data, path: web::Path<(String, u16)>) -> HttpResponse {
    let name = format!("{}.v{}", path.0, path.1);
    found(hub.lock().unwrap().governed.sheets.get(&name))
}

fn found(value: Option<&Value>) -> HttpResponse {
    value.map_or_else(
        || problem(&Problem::api(ApiProblem::NotFound)),
        |value| HttpResponse::Ok().json(value),
    )
}

fn problem(problem: &Problem) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(problem.status).unwrap();
    HttpResponse::build(status).json(problem)
}
