//! Assets of this member: what project-type reductions come from, registered at the hub.

use serde::Deserialize;
use serde_json::Value;
use tanqiao_protocol::asset::{Asset, Capacity, Place, SchemeDeclaration};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use super::{Node, Staffed};
use crate::error::NodeError;

/// An asset as people and maps have it: its place is `GeoJSON`, in degrees.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAsset {
    /// Its number in the numbering of its region.
    pub asset: Name,
    /// Its class: the activity of the methodology that credits it.
    pub activity: Name,
    /// A `GeoJSON` geometry: Point, Polygon or `MultiPolygon`, WGS 84.
    pub place: Value,
    /// The division that it lies in.
    pub region: RegionCode,
    /// What it can do.
    pub capacity: Capacity,
    /// When it went into service, or was planted.
    pub commissioned_at: Timestamp,
    /// Its crediting period begins.
    pub period_from: Timestamp,
    /// Its crediting period ends; this instant is outside.
    pub period_until: Timestamp,
    /// The other schemes that it takes or took part in, if only as an empty list.
    pub other_schemes: Vec<SchemeDeclaration>,
}

impl NewAsset {
    /// The asset as it is signed.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `asset`: what is wrong, and where.
    pub fn asset(self) -> Result<Asset, NodeError> {
        let refused = |what: String| NodeError::refused("asset", format!("{}: {what}", self.asset));
        let place = Place::from_geojson(&self.place).map_err(|error| refused(error.to_string()))?;
        let asset = Asset {
            asset: self.asset.clone(),
            activity: self.activity,
            place,
            region: self.region,
            capacity: self.capacity,
            commissioned_at: self.commissioned_at,
            period_from: self.period_from,
            period_until: self.period_until,
            other_schemes: self.other_schemes,
        };
        asset.check().map_err(|fault| refused(fault.to_string()))?;
        Ok(asset)
    }
}

impl Node {
    /// Registers an asset, or its next revision.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with `id-reused`.
    pub async fn register_asset(&self, by: Staffed, asset: Asset) -> Result<MessageId, NodeError> {
        self.say(by, asset).await
    }
}
