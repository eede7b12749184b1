//! What members say in the stories.

use tanqiao_hub::serve::new_id;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::mapping::{MappingProposal, Mode};
use tanqiao_protocol::message::{
    Issuance, Methodology, RightsBasis, TransferAcceptance, TransferProposal, Verification,
};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::Predicate;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::Outcome;

/// The federation's name.
pub const TRUST_DOMAIN: &str = "tanqiao.test";
/// Wuhan's methodology, 100 g for a kilometre by metro.
pub const METRO: &str = "wuhan-metro.v1";
/// The reference methodology that Harbin goes by, 85.9296 g for a kilometre by metro.
pub const REFERENCE: &str = "REF-metro.v1";
/// Grams for a kilometre.
pub const G_PER_KM: i64 = 100;
/// What the stories move reductions for.
pub const USE: Use = Use::CorporateNeutrality;
/// The year of all activities.
pub const VINTAGE: u16 = 2025;

/// Now.
#[must_use]
pub fn now() -> Timestamp {
    tanqiao_hub::api::hub::now()
}

/// Grams.
#[must_use]
pub fn grams(number: i64) -> Grams {
    Grams::new(number).unwrap()
}

/// Wuhan's methodology for metro rides.
#[must_use]
pub fn methodology() -> Methodology {
    Methodology {
        methodology: METRO.parse().unwrap(),
        region: "420100".parse().unwrap(),
        title_zh: "轨道交通出行".to_owned(),
        title_en: "Rail transit".to_owned(),
        activity: "rail-transit".parse().unwrap(),
        activity_unit: "km".to_owned(),
        factor_g_per_unit: Some(G_PER_KM.to_string()),
        record_g_max: None,
        uses: Use::ALL.iter().copied().collect(),
        in_force_from: "2024-01-01T00:00:00Z".parse().unwrap(),
        in_force_until: None,
        vintage_first: 2024,
        vintage_last: 2030,
        source: "stories".to_owned(),
    }
}

/// A rail transit sheet of which everything is known, at `unit_factor` grams for one kilometre; without a region that of a reference
/// methodology.
#[must_use]
pub fn sheet(methodology: &str, region: Option<&str>, unit_factor: &str) -> Sheet {
    let text = include_str!("../../mappings/vectors/sheet.json");
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    let factor = format!("{unit_factor} g{{CO2}}/km");
    value["methodology"] = methodology.into();
    value["confirmation"]["unit_factor"] = factor.as_str().into();
    match region {
        Some(code) => value["region"] = code.into(),
        None => value["reference"] = true.into(),
    }
    let attributes = value["attributes"].as_array_mut().unwrap();
    let cell = attributes
        .iter_mut()
        .find(|one| one["attribute"] == "unit-factor")
        .unwrap();
    cell["value"] = factor.into();
    serde_json::from_value(value).unwrap()
}

/// Wuhan's rides shall count in Harbin: at 0.842110, as the sheets say, with a buffer of a tenth.
#[must_use]
pub fn mapping_proposal(mapping: &str, from: Timestamp) -> MappingProposal {
    MappingProposal {
        mapping: mapping.parse().unwrap(),
        origin: METRO.parse().unwrap(),
        target: REFERENCE.parse().unwrap(),
        reference: None,
        through: None,
        predicate: Predicate::Close,
        mode: Mode::Factor,
        to: "230100".parse().unwrap(),
        endorsed_by: "harbin".parse().unwrap(),
        source_region: "420100".parse().unwrap(),
        vintage_first: 2024,
        vintage_last: 2027,
        uses: [USE].into_iter().collect(),
        buffer: Factor::new(100_000).unwrap(),
        cap_g: None,
        valid_from: from,
        valid_until: Some(from.plus_micros(300 * DAY_US)),
        draft: false,
    }
}

/// An issuance of so many grams of metro rides.
#[must_use]
pub fn issuance(quantity_g: i64) -> Issuance {
    Issuance {
        methodology: METRO.parse().unwrap(),
        region_of_act: "420100".parse().unwrap(),
        vintage: VINTAGE,
        quantity_g: grams(quantity_g),
        verified_g: grams(quantity_g),
        activity_count: 1,
        activity_total: format!("{}.{:02}", quantity_g / G_PER_KM, quantity_g % G_PER_KM),
        period_from: "2025-03-01T00:00:00Z".parse().unwrap(),
        period_until: "2025-03-31T00:00:00Z".parse().unwrap(),
        rights_basis: Some(RightsBasis::TransferredByHolders),
        verification: Some(Verification {
            body: "Example Verification Body".to_owned(),
            report_sha256: Sha256::of(b"report"),
            verified_at: "2025-04-01T00:00:00Z".parse().unwrap(),
        }),
        records_root: Sha256::of(new_id().to_string().as_bytes()),
        tokens: None,
        local_reference: format!("ref-{}", new_id()).parse().unwrap(),
        other_schemes: Some(Vec::new()),
        assets: Vec::new(),
    }
}

/// An offer to Harbin, good for a day.
#[must_use]
pub fn proposal(blocks: &[BlockRef]) -> TransferProposal {
    TransferProposal {
        target: "harbin".parse().unwrap(),
        blocks: blocks.to_vec(),
        r#use: USE,
        quote: None,
        valid_until: now().plus_micros(DAY_US),
        price: None,
    }
}

/// The yes to an offer, repeating its terms.
#[must_use]
pub fn acceptance(transfer: MessageId, payload_sha256: Sha256, offered: &Outcome) -> TransferAcceptance {
    TransferAcceptance {
        transfer,
        payload_sha256,
        delivered_g: offered.delivered_g.unwrap(),
        buffered_g: offered.buffered_g.unwrap(),
        cancelled_g: offered.cancelled_g.unwrap(),
        r#use: USE,
    }
}

/// The serials `first` to `last` of a block's series.
#[must_use]
pub fn part(block: &BlockRef, first: i64, last: i64) -> BlockRef {
    format!("{}/{first}-{last}", block.series).parse().unwrap()
}

/// A block in pieces of so many grams each.
#[must_use]
pub fn pieces(block: &BlockRef, grams_each: i64) -> Vec<BlockRef> {
    let (first, last) = (block.range.first(), block.range.last());
    let starts = (first..=last).step_by(usize::try_from(grams_each).unwrap());
    starts
        .map(|start| part(block, start, (start + grams_each - 1).min(last)))
        .collect()
}
