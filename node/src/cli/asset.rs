//! `asset`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use tanqiao_protocol::asset::{Asset, AssetState};
use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::view::{AssetConflictView, AssetView};

use super::command::{Context, SendArgs};
use super::report::{Failure, Report};
use crate::error::NodeError;
use crate::service::NewAsset;

/// The largest file, in bytes.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct AssetArgs {
    #[command(subcommand)]
    action: AssetAction,
}

#[derive(Debug, Subcommand)]
enum AssetAction {
    /// Register the assets of a file, or revise them
    #[command(
        after_help = "Examples:\n  tanqiao-node asset put roofs.geojson --wait-s 30\n  tanqiao-node asset put roof.json --staff operator\n\n\
        A .geojson file is a Feature or a FeatureCollection: the geometry is the place, in WGS 84 and not in GCJ-02; the properties are \
        asset, activity, region, capacity {amount, unit}, commissioned_at, period_from, period_until and other_schemes. A .json file is one \
        asset, or a list of them, with the geometry in `place`."
    )]
    Put {
        /// The assets, .geojson or .json
        file: PathBuf,
        #[command(flatten)]
        send: SendArgs,
    },
    /// Registered assets, as the hub has them
    #[command(
        after_help = "Example:\n  tanqiao-node asset list --region 420000 --activity distributed-pv --state contested"
    )]
    List {
        /// In this region only
        #[arg(long)]
        region: Option<RegionCode>,
        /// Of this class only
        #[arg(long)]
        activity: Option<Name>,
        /// Registered by this member only
        #[arg(long)]
        member: Option<NodeId>,
        /// In this state only: registered, contested or lost
        #[arg(long)]
        state: Option<AssetState>,
    },
    /// One asset with its revisions and the conflicts about it
    #[command(after_help = "Example:\n  tanqiao-node asset show 4201-meter-000017")]
    Show {
        /// Its id
        asset: Name,
    },
}

pub(super) async fn asset(context: &Context, args: AssetArgs) -> Result<Report, Failure> {
    match args.action {
        AssetAction::Put { file, send } => put(context, &file, &send).await,
        AssetAction::List {
            region,
            activity,
            member,
            state,
        } => {
            let asked = [
                ("region", region.map(|one| one.to_string())),
                ("activity", activity.map(|one| one.to_string())),
                ("member", member.map(|one| one.to_string())),
                ("state", state.map(|one| one.to_string())),
            ];
            let asked: Vec<(String, String)> = asked
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect();
            let node = context.node().await?;
            let found = node.hub().assets(&asked).await.map_err(NodeError::from)?;
            Report::list(&found, line)
        }
        AssetAction::Show { asset } => {
            let node = context.node().await?;
            let found = node.hub().asset(&asset).await.map_err(NodeError::from)?;
            let mut lines: Vec<String> = found.registrations.iter().map(line).collect();
            lines.extend(found.conflicts.iter().map(conflict_line));
            Report::new(format!("{}\n", lines.join("\n")), &found)
        }
    }
}

fn line(one: &AssetView) -> String {
    let content = &one.content;
    format!(
        "{}  {}  {}  {} {} {} in {}, credited {} to {}, revision {}",
        content.asset,
        one.member,
        one.state,
        content.capacity.amount,
        content.capacity.unit,
        content.activity,
        content.region,
        content.period_from,
        content.period_until,
        one.revision
    )
}

fn conflict_line(one: &AssetConflictView) -> String {
    let second = match (
        &one.second.asset,
        &one.second.member,
        one.second.scheme,
        &one.second.reference,
    ) {
        (Some(asset), Some(member), ..) => format!("{asset} of {member}"),
        (_, _, Some(scheme), Some(reference)) => format!("{reference} of {scheme}"),
        _ => "nobody".to_owned(),
    };
    format!(
        "conflict {} ({}): {} of {} and {second} is {}",
        one.conflict, one.kind, one.first.asset, one.first.member, one.state
    )
}

async fn put(context: &Context, file: &Path, send: &SendArgs) -> Result<Report, Failure> {
    let assets = read(file)?;
    if send.id.is_some() && assets.len() > 1 {
        let text = "one --id is for one asset: give a file with one asset";
        return Err(Failure::new("arguments", text));
    }
    let node = context.node().await?;
    let mut said = Vec::with_capacity(assets.len());
    for asset in assets {
        let what = format!("asset {}:", asset.asset);
        said.push((node.register_asset(send.staffed(), asset).await?, what));
    }
    send.report_all(&node, &said).await
}

/// Every asset of a file; the first fault refuses all of it, with the number of the asset.
fn read(file: &Path) -> Result<Vec<Asset>, Failure> {
    let size = std::fs::metadata(file).map_err(|e| Failure::file(file, e))?.len();
    if size > BYTES_MAX {
        return Err(Failure::file(file, "the file is larger than 64 MiB"));
    }
    let text = std::fs::read_to_string(file).map_err(|e| Failure::file(file, e))?;
    let value: Value = serde_json::from_str(&text).map_err(|e| Failure::file(file, e))?;
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let values = match ending {
        "geojson" => features(file, value)?,
        "json" => match value {
            Value::Array(items) => items,
            one => vec![one],
        },
        _ => return Err(Failure::file(file, "a file of assets ends in .geojson or .json")),
    };
    if values.is_empty() {
        return Err(Failure::file(file, "the file holds no asset"));
    }
    let mut assets = Vec::with_capacity(values.len());
    for (number, value) in (1..).zip(values) {
        let fault = |what: &dyn std::fmt::Display| Failure::file(file, format!("asset {number}: {what}"));
        let new = NewAsset::deserialize(value).map_err(|e| fault(&e))?;
        assets.push(new.asset().map_err(|e| fault(&e))?);
    }
    Ok(assets)
}

/// Each Feature as an asset: its properties, with its geometry as `place`.
fn features(file: &Path, value: Value) -> Result<Vec<Value>, Failure> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    let found = match kind {
        "Feature" => vec![value],
        "FeatureCollection" => value
            .get("features")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
        _ => {
            return Err(Failure::file(
                file,
                "a GeoJSON file of assets is a Feature or a FeatureCollection",
            ));
        }
    };
    let asset = |feature: Value| {
        let mut members = feature
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        members.insert("place".to_owned(), feature.get("geometry").cloned().unwrap_or_default());
        json!(members)
    };
    Ok(found.into_iter().map(asset).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature() -> Value {
        json!({
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": [114.3055, 30.5928] },
            "properties": {
                "asset": "4201-meter-000017", "activity": "distributed-pv", "region": "420106",
                "capacity": { "amount": "8.25", "unit": "kW" }, "commissioned_at": "2024-05-01T00:00:00+08:00",
                "period_from": "2024-06-01T00:00:00+08:00", "period_until": "2034-06-01T00:00:00+08:00", "other_schemes": [],
            },
        })
    }

    fn read_as(name: &str, value: &Value) -> Result<Vec<Asset>, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(name);
        std::fs::write(&file, value.to_string()).unwrap();
        read(&file).map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn features_and_plain_assets_are_the_same_assets() {
        let collection = json!({ "type": "FeatureCollection", "features": [feature(), feature()] });
        let two = read_as("roofs.geojson", &collection).unwrap();
        assert_eq!(two.len(), 2);
        let mut plain = feature()["properties"].clone();
        plain["place"] = feature()["geometry"].clone();
        assert_eq!(read_as("roof.json", &plain).unwrap(), two[..1]);
        assert_eq!(two[0].place.bounds().west, 1_143_055_000);
    }

    #[test]
    fn a_fault_names_the_asset_and_the_member() {
        let mut second = feature();
        second["properties"]["capacity"]["amount"] = json!("much");
        let collection = json!({ "type": "FeatureCollection", "features": [feature(), second] });
        let found = read_as("roofs.geojson", &collection).unwrap_err();
        assert!(
            found.contains("asset 2") && found.contains("capacity.amount"),
            "{found}"
        );
        assert!(
            read_as("roofs.geojson", &json!([]))
                .unwrap_err()
                .contains("FeatureCollection")
        );
        assert!(read_as("roofs.csv", &feature()).unwrap_err().contains(".geojson"));
        assert!(read_as("roofs.json", &json!([])).unwrap_err().contains("no asset"));
    }
}
