//! What members and officers do about assets in tests.

use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::ledger::objects::{AssetConflict, RegisteredAsset, SchemeEntry, SchemeList};
use tanqiao_hub::store::audit;
use tanqiao_hub::store::database::ReadConnection;
use tanqiao_hub::store::read::assets as store;
use tanqiao_protocol::asset::{Asset, AssetConflictState, Capacity, Place, Scheme};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::Issuance;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::Outcome;

use super::{Federation, issuance, methodology, name};

/// A rectangle of `size` × `size` metres, `east` and `north` metres from a point in Wuhan. A degree of latitude is 111,320 m, one of
/// longitude there 95,800 m.
pub fn square(east: i64, north: i64, size: i64) -> Place {
    let at = |x: i64, y: i64| {
        serde_json::json!([
            1_143_000_000 + (east + x) * 10_000_000 / 95_800,
            306_000_000 + (north + y) * 10_000_000 / 111_320
        ])
    };
    let ring = serde_json::json!([at(0, 0), at(size, 0), at(size, size), at(0, size), at(0, 0)]);
    serde_json::from_value(serde_json::json!({ "type": "Polygon", "coordinates": [ring] })).unwrap()
}

/// A roof of 10 kW, credited from 2024 to 2034.
pub fn roof(asset: &str, region: &str, place: Place) -> Asset {
    Asset {
        asset: name(asset),
        activity: name("distributed-pv"),
        place,
        region: region.parse().unwrap(),
        capacity: Capacity {
            amount: "10".to_owned(),
            unit: "kW".to_owned(),
        },
        commissioned_at: "2023-06-01T00:00:00Z".parse().unwrap(),
        period_from: "2024-01-01T00:00:00Z".parse().unwrap(),
        period_until: "2034-01-01T00:00:00Z".parse().unwrap(),
        other_schemes: Vec::new(),
    }
}

/// A metro station, `east` metres from a point in Wuhan: of a class that needs no assets, but may name them.
pub fn station(asset: &str, east: i64) -> Asset {
    Asset {
        activity: name("rail-transit"),
        ..roof(asset, "420106", square(east, 0, 20))
    }
}

/// An entry of a list about a roof, for the years 2024 to 2030.
pub fn entry(scheme: Scheme, reference: &str, about: &Asset) -> SchemeEntry {
    SchemeEntry {
        scheme,
        reference: reference.to_owned(),
        asset: None,
        activity: about.activity.clone(),
        place: Some(about.place.clone()),
        from: "2024-01-01T00:00:00Z".parse().unwrap(),
        until: "2031-01-01T00:00:00Z".parse().unwrap(),
        quantity: "1200".to_owned(),
        unit: "t".to_owned(),
    }
}

impl Federation {
    /// Wuhan and Harbin, as ever, both also with a methodology for roofs, `<member>-pv.v1`, which states no factor.
    pub fn two_regions_with_roofs(&self) {
        self.two_regions();
        for (member, region) in [("wuhan", "420100"), ("harbin", "230100")] {
            let mut content = methodology(member, region);
            content.methodology = format!("{member}-pv.v1").parse().unwrap();
            content.activity = name("distributed-pv");
            "kWh".clone_into(&mut content.activity_unit);
            content.factor_g_per_unit = None;
            self.by_member(member, Body::Methodology(Box::new(content))).unwrap();
        }
    }

    pub fn register(&self, member: &str, asset: &Asset) -> Result<Outcome, Problem> {
        self.by_member(member, Body::Asset(Box::new(asset.clone())))
    }

    /// Registers, and says how it stands: `registered` or `contested`.
    pub fn registered(&self, member: &str, asset: &Asset) -> String {
        self.register(member, asset).unwrap().state.unwrap()
    }

    /// Issues 1,000 g on assets, by the member's methodology for roofs, with these changes.
    pub fn issue_on_as(
        &self,
        member: &str,
        region: &str,
        assets: &[&str],
        change: impl FnOnce(&mut Issuance),
    ) -> Result<Outcome, Problem> {
        let id = self.new_id();
        let mut content = issuance(member, region, 1_000, id);
        content.methodology = format!("{member}-pv.v1").parse().unwrap();
        content.assets = assets.iter().map(|asset| name(asset)).collect();
        change(&mut content);
        self.ask(self.command(member, id, Body::Issuance(Box::new(content))))
            .result
    }

    pub fn issue_on(&self, member: &str, region: &str, assets: &[&str]) -> Result<Outcome, Problem> {
        self.issue_on_as(member, region, assets, |_| ())
    }

    /// Issues 1,000 g of rides on a station.
    pub fn issue_at_station(&self, member: &str, region: &str, station: &str) -> Result<Outcome, Problem> {
        self.issue_on_as(member, region, &[station], |c| {
            c.methodology = format!("{member}-metro.v1").parse().unwrap();
        })
    }

    /// Issues on assets for one month of 2025.
    pub fn issue_month(&self, member: &str, region: &str, assets: &[&str], month: u32) -> Result<Outcome, Problem> {
        self.issue_on_as(member, region, assets, |c| {
            c.period_from = format!("2025-{month:02}-01T00:00:00Z").parse().unwrap();
            c.period_until = format!("2025-{month:02}-28T00:00:00Z").parse().unwrap();
        })
    }

    pub fn list(&self, rows: &[SchemeEntry]) -> Result<Outcome, Problem> {
        let list = SchemeList {
            sha256: Sha256::of(format!("{rows:?}").as_bytes()),
            rows: rows.to_vec(),
        };
        self.by_officers(&["first-officer"], Decision::PutSchemeList(Box::new(list)))
    }

    pub fn rule(&self, conflict: i64, ruling: AssetConflictState) -> Result<Outcome, Problem> {
        let officers = if ruling == AssetConflictState::Upheld {
            &["first-officer", "second-officer"][..]
        } else {
            &["first-officer"]
        };
        let reason = "the papers of both sides were seen".to_owned();
        self.by_officers(
            officers,
            Decision::ResolveAssetConflict {
                conflict,
                ruling,
                reason,
            },
        )
    }

    /// Every conflict, in the order in which they were opened.
    pub fn asset_conflicts(&self) -> Vec<AssetConflict> {
        self.database
            .read(|c| store::conflicts(c, &store::ConflictsAsked::default(), 1_000))
            .unwrap()
    }

    /// How a registration stands, in one word.
    pub fn asset_state(&self, member: &str, asset: &str) -> String {
        let found: Vec<RegisteredAsset> = self.database.read(|c| store::registrations(c, &name(asset))).unwrap();
        let of_member = found.into_iter().find(|one| one.key.member.as_str() == member);
        of_member.map_or_else(|| "unknown".to_owned(), |one| one.state.to_string())
    }

    /// The types of the leaves from `first` on.
    pub fn leaf_types(&self, first: i64) -> Vec<String> {
        let read = |c: &mut ReadConnection<'_>| {
            let mut types = Vec::new();
            audit::leaves(c, |_, rows| {
                for row in rows.into_iter().filter(|row| row.idx >= first) {
                    let leaf: tanqiao_protocol::leaf::Leaf = serde_json::from_slice(&row.bytes).unwrap();
                    types.push(leaf.r#type);
                }
                Ok(())
            })?;
            Ok(types)
        };
        self.database.read(read).unwrap()
    }

    pub fn state_of(&self, block: &BlockRef) -> String {
        self.block(block).status.state.to_string()
    }
}
