//! What project-type reductions come from is registered before anything is issued on it: roofs, weighbridges, flow meters.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::message::RightsBasis;
use tanqiao_protocol::view::AssetView;

use super::{Answer, Items, done};
use crate::failure::{Doing as _, Outcome, expect};
use crate::records::{BATCHES, Batch};
use crate::teller::Lines;
use crate::world::World;

/// Where the demonstration's plants stand, by member: longitude and latitude of a place near the city, in 10^-7 degree.
const CITIES: [(&str, i64, i64); 4] = [
    ("wuhan", 1_145_000_000, 305_000_000),
    ("chengdu", 1_040_600_000, 306_700_000),
    ("shanghai", 1_216_000_000, 310_500_000),
    ("guangzhou", 1_135_000_000, 232_000_000),
];
/// From one roof to the next, and across one, in 10^-7 degree: about 200 m and 20 m.
const STEP: i64 = 20_000;
const ROOF: i64 = 2_000;

/// True for a batch of a project's records.
fn is_project(batch: &Batch) -> bool {
    batch.rights == RightsBasis::TransferredByProjectOwner
}

/// The registered assets that a batch's records come from; none for what citizens do. An id is the region's code and the meter's own
/// number.
pub fn named(world: &World, batch: &Batch) -> Outcome<Vec<Name>> {
    if !is_project(batch) {
        return Ok(Vec::new());
    }
    let publication = batch.publication(&world.catalogue)?;
    let text = batch.write(&world.place, &publication)?;
    let numbers: BTreeSet<&str> = text.lines().skip(1).filter_map(|row| row.rsplit(',').next()).collect();
    let name = |number: &str| format!("{}-{number}", publication.region).parse::<Name>();
    numbers
        .into_iter()
        .map(|number| name(number).doing("naming an asset"))
        .collect()
}

/// Registers the assets of every project.
pub async fn registered(world: &mut World) -> Outcome<()> {
    let title = "Projects register what their reductions come from: one asset, one registrant, one scheme at a time";
    world
        .step("assets", title, async |world, lines| register_all(world, lines).await)
        .await
}

async fn register_all(world: &mut World, lines: &mut Lines) -> Outcome<()> {
    let mut count = 0;
    for batch in BATCHES.iter().filter(|batch| is_project(batch)) {
        let publication = batch.publication(&world.catalogue)?;
        let assets = named(world, batch)?;
        for (number, asset) in (0..).zip(&assets) {
            let id = world.journal.id(&format!("asset-{asset}"))?;
            let body = json!({
                "asset": asset, "activity": publication.activity, "region": publication.region, "place": place(batch.member, number),
                "capacity": { "amount": "10", "unit": if publication.activity_unit == "kWh" { "kW" } else { publication.activity_unit.as_str() } },
                "commissioned_at": "2023-06-01T00:00:00+08:00", "period_from": "2024-01-01T00:00:00+08:00",
                "period_until": "2034-01-01T00:00:00+08:00", "other_schemes": [],
            });
            let answer: Answer = world
                .platform(batch.member)?
                .order(Method::POST, "/api/v1/assets", id, &body)
                .await?;
            let outcome = done(&answer, "a registration")?;
            expect(
                format!("the state of {asset}"),
                "registered".to_owned(),
                outcome.state.unwrap_or_default(),
            )?;
        }
        count += assets.len();
        lines.say(format!(
            "{:<10} {:>3} assets of class {}",
            batch.member,
            assets.len(),
            publication.activity
        ));
    }
    let known: Items<AssetView> = world.platform("wuhan")?.get("/api/v1/assets", &[]).await?;
    expect("registered assets", count, known.items.len())?;
    lines.figure("assets", count);
    Ok(())
}

/// A square roof, each at its own place: twenty in a row.
pub fn place(member: &str, number: i64) -> Value {
    let (_, longitude, latitude) =
        CITIES
            .iter()
            .find(|(city, ..)| *city == member)
            .copied()
            .unwrap_or(("", 1_100_000_000, 350_000_000));
    let (west, south) = (longitude + number % 20 * STEP, latitude + number / 20 * STEP);
    let degrees = |coordinate: i64| format!("{}.{:07}", coordinate / 10_000_000, coordinate % 10_000_000);
    let corner = |east: i64, north: i64| {
        let [x, y] = [degrees(west + east), degrees(south + north)].map(|text| text.parse::<f64>().unwrap_or_default());
        json!([x, y])
    };
    let ring = json!([
        corner(0, 0),
        corner(ROOF, 0),
        corner(ROOF, ROOF),
        corner(0, ROOF),
        corner(0, 0)
    ]);
    json!({ "type": "Polygon", "coordinates": [ring] })
}
