//! Whether a shorter log is the beginning of a longer one: the hub's tiles make the proof, and the proof is checked.

use std::collections::BTreeMap;

use tanqiao_protocol::log::checkpoint::Head;
use tanqiao_protocol::log::tile::{ReadError, Tile, TileReader};
use tanqiao_protocol::merkle::{ProofError, consistency, consistent};

use crate::error::NodeError;
use crate::exchange::HubError;
use crate::service::Node;

/// True if the tree of `short` is the beginning of the one of `long`. Tiles that show nothing are `false`.
pub(super) async fn is_prefix(node: &Node, short: Head, long: Head) -> Result<bool, NodeError> {
    if short.size > long.size {
        return Ok(false);
    }
    let mut tiles: BTreeMap<Tile, Vec<u8>> = BTreeMap::new();
    loop {
        // Each round finds one more tile that is needed; a proof needs two of each level at most.
        let mut reader = TileReader::new(long.size, |tile| tiles.get(&tile).cloned().ok_or(tile));
        let missing = match consistency(short.size, long.size, |place| reader.node(place)) {
            Ok(proof) => return Ok(consistent(short.size, &short.root, long.size, &long.root, &proof)),
            Err(ProofError::Read(ReadError::Read(tile))) => tile,
            Err(error) => return Err(HubError::Unreadable(format!("the tiles of its log: {error}")).into()),
        };
        let bytes = node.hub().tile(missing).await?;
        tiles.insert(missing, bytes);
    }
}
