//! What the hub answers is what its description says.

use serde_json::{Map, Value};
use tanqiao_protocol::message::{Donation, Listing, Retirement, TransferProposal};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::Outcome;

use crate::support::{claim, event, grams, issuance, name, node, part, roof, square};
use crate::world::{World, good, now, on_each};

/// The schemas of a description.
struct Description(Value);

impl Description {
    /// Required and permitted members of an object's schema, those that it takes over included.
    fn members<'a>(&'a self, schema: &'a Value, required: &mut Vec<&'a str>, permitted: &mut Map<String, Value>) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.members(self.named(name), required, permitted);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.members(part, required, permitted);
        }
        required.extend(
            schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        );
        permitted.extend(schema["properties"].as_object().cloned().unwrap_or_default());
    }

    fn named(&self, reference: &str) -> &Value {
        self.0
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} is not described"))
    }

    /// Compares a value with a schema, down to its leaves.
    fn check(&self, place: &str, schema: &Value, value: &Value) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.check(place, self.named(name), value);
        }
        if schema["additionalProperties"] == true {
            return;
        }
        match value {
            Value::Object(found) => {
                let (mut required, mut permitted) = (Vec::new(), Map::new());
                self.members(schema, &mut required, &mut permitted);
                for name in required {
                    assert!(found.contains_key(name), "{place}.{name} is missing in {value}");
                }
                for (name, value) in found {
                    let schema = permitted
                        .get(name)
                        .unwrap_or_else(|| panic!("{place}.{name} is not described"));
                    self.check(&format!("{place}.{name}"), schema, value);
                }
            }
            Value::Array(items) => {
                assert_eq!(schema["type"], "array", "{place}");
                for item in items {
                    self.check(&format!("{place}[]"), &schema["items"], item);
                }
            }
            Value::String(text) => {
                assert_eq!(schema["type"], "string", "{place}: {text}");
                if let Some(words) = schema["enum"].as_array() {
                    assert!(words.contains(value), "{place}: {text}");
                }
            }
            Value::Number(number) => assert_eq!(schema["type"], "integer", "{place}: {number}"),
            Value::Bool(_) => assert_eq!(schema["type"], "boolean", "{place}"),
            Value::Null => panic!("{place} is null"),
        }
    }

    /// Compares the answer of an address with what is described for it.
    fn check_answer(&self, pattern: &str, answer: &Value) {
        let content = &self.0["paths"][pattern]["get"]["responses"]["200"]["content"]["application/json"];
        self.check(pattern, &content["schema"], answer);
    }
}

#[actix_web::test]
async fn every_answer_has_the_members_that_are_described() {
    on_each(async |world: World| {
        world.officers(|federation| federation.plan(event("marathon", "230100", 100_000, false)).unwrap()).await;
        let wuhan = world.member("wuhan");
        let description = Description(wuhan.read("/v1/openapi.json").await);
        let (issued, outcome): (_, Outcome) = wuhan.done("/v1/issuances", issuance("wuhan", "420100", 50_000, tanqiao_hub::serve::new_id())).await;
        let block: BlockRef = outcome.blocks[0].clone();
        let valid_until = now().plus_micros(DAY_US);
        let blocks = |first, last| vec![part(&block, first, last)];
        let transfer = TransferProposal { target: node("harbin"), blocks: blocks(1, 9_000), r#use: Use::CorporateNeutrality, quote: None, valid_until, price: None };
        let (transfer, _): (_, Outcome) = wuhan.done("/v1/transfers", transfer).await;
        let donation = Donation { event: name("marathon"), blocks: blocks(9_001, 10_000), quote: None, valid_until, donor: None, linked: None };
        let (donation, _): (_, Outcome) = wuhan.done("/v1/events/marathon/donations", donation).await;
        let (retired, _): (_, Outcome) = wuhan.done("/v1/retirements", Retirement { blocks: blocks(10_001, 11_000), claim: claim("wuhan", "420100") }).await;
        let (series, uses) = (block.series.clone(), [Use::CorporateNeutrality].into_iter().collect());
        let listing = Listing { listing: name("metro"), series, quantity_g: grams(100), uses, smallest_lot_g: grams(1), price_fen_per_t: None };
        let (_, envelope) = wuhan.say(listing);
        let _: Outcome = good(wuhan.send(reqwest::Method::PUT, "/v1/listings/metro", &envelope).await).await;
        for (asset, east) in [("meter-1", 0), ("meter-2", 10)] {
            let (_, answer): (_, Outcome) = wuhan.done("/v1/assets", roof(asset, "420106", square(east, 0, 20))).await;
            assert_eq!(answer.subject, format!("asset/wuhan/{asset}"));
        }
        let asked = [
            ("/v1/hub", "/v1/hub".to_owned()),
            ("/v1/members", "/v1/members?limit=2".to_owned()),
            ("/v1/methodologies", "/v1/methodologies".to_owned()),
            ("/v1/methodologies/{id}", "/v1/methodologies/wuhan-metro.v1".to_owned()),
            ("/v1/mappings", "/v1/mappings".to_owned()),
            ("/v1/recognition", "/v1/recognition?methodology=wuhan-metro.v1&to=230100&use=corporate-neutrality&vintage=2025&quantity_g=1000".to_owned()),
            ("/v1/candidates/ranked", "/v1/candidates/ranked?activity=rail-transit".to_owned()),
            ("/v1/assessment", "/v1/assessment?origin=wuhan-metro.v1&target=harbin-metro.v1&predicate=skos:closeMatch&to=230100".to_owned()),
            ("/v1/issuances", "/v1/issuances".to_owned()),
            ("/v1/issuances/{id}", format!("/v1/issuances/{issued}")),
            ("/v1/credits", "/v1/credits?to=230100&use=corporate-neutrality".to_owned()),
            ("/v1/transfers", "/v1/transfers".to_owned()),
            ("/v1/transfers/{id}", format!("/v1/transfers/{transfer}")),
            ("/v1/donations/{id}", format!("/v1/donations/{donation}")),
            ("/v1/retirements/{id}", format!("/v1/retirements/{retired}")),
            ("/v1/certificates/{id}", format!("/v1/certificates/{retired}")),
            ("/v1/envelopes/{sha256}", format!("/v1/envelopes/{}", envelope.payload_sha256())),
            ("/v1/blocks", format!("/v1/blocks?serial={}/1", block.series)),
            ("/v1/blocks", "/v1/blocks".to_owned()),
            ("/v1/feed", "/v1/feed?limit=1000".to_owned()),
            ("/v1/events", "/v1/events".to_owned()),
            ("/v1/events/{id}", "/v1/events/marathon".to_owned()),
            ("/v1/assets", "/v1/assets?region=420000&activity=distributed-pv&member=wuhan&limit=10".to_owned()),
            ("/v1/assets/{id}", "/v1/assets/meter-2".to_owned()),
            ("/v1/asset-conflicts", "/v1/asset-conflicts?open=true&member=wuhan".to_owned()),
            ("/v1/exclusivity", "/v1/exclusivity".to_owned()),
        ];
        for (pattern, path) in asked {
            let answer: Value = wuhan.read(&path).await;
            description.check_answer(pattern, &answer);
        }
    })
    .await;
}
