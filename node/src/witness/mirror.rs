//! The whole log as files that a plain web server could serve: checkpoint, policy, tiles and bundles.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tanqiao_certs::durable;
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::tile::{Bundle, Kind, TILE_WIDTH, Tile, TileBuilder};

use super::pin;
use crate::error::NodeError;
use crate::exchange::HubError;
use crate::service::Node;

/// After so many leaves the tiles that have become full are written: 8 MiB are kept until then.
const LEAVES_A_WRITE: u64 = 65_536;

/// What was mirrored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mirrored {
    /// Leaves.
    pub size: u64,
    /// Their root, hexadecimal.
    pub root: String,
    /// Bundles that were fetched now; the others were there.
    pub fetched: u64,
}

/// Mirrors the published log into `folder`, and says after each bundle how many leaves are there of how many. What is there whole is
/// not fetched again. The checkpoint is written last, once everything was read back from the folder and has its root.
///
/// # Errors
/// [`NodeError::Hub`] if the hub cannot be asked, or what it serves is not what its checkpoint says; [`NodeError::Refused`] with `file`.
pub async fn mirror(node: &Node, folder: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Mirrored, NodeError> {
    let note = node.hub().checkpoint().await?;
    let checkpoint = believed(node, &note).await?;
    let policy = node.hub().log_policy().await?;
    let size = checkpoint.size();
    let (mut builder, mut fetched) = (TileBuilder::new(), 0);
    for index in 0..size.div_ceil(u64::from(TILE_WIDTH)) {
        let there = size
            .saturating_sub(index * u64::from(TILE_WIDTH))
            .min(u64::from(TILE_WIDTH));
        let width = u16::try_from(there).unwrap_or(TILE_WIDTH);
        let tile = Tile::new(Kind::Entries, index, width).ok_or_else(|| unreadable("it is too long"))?;
        let path = folder.join(tile.to_string());
        let kept = read(&path).await?.filter(|bytes| Bundle::entries(bytes, width).is_ok());
        if kept.is_none() {
            let bytes = node.hub().tile(tile).await?;
            write(&path, whole_of(tile, &bytes)?).await?;
            fetched += 1;
        }
        // What counts is what stands in the folder.
        let bytes = read(&path).await?.unwrap_or_default();
        let entries = Bundle::entries(&bytes, width).map_err(|error| unreadable(&format!("{tile}: {error}")))?;
        for entry in entries {
            builder.add(leaf_hash(entry));
        }
        if builder.size() % LEAVES_A_WRITE == 0 || builder.size() == size {
            for (tile, bytes) in builder.take() {
                write(&folder.join(tile.to_string()), bytes).await?;
            }
        }
        progress(builder.size(), size);
    }
    if builder.root() != *checkpoint.root() {
        return Err(unreadable(&format!(
            "the entries in {} are not those of the checkpoint: remove the folder and mirror again; if that does not help, tell the \
             officers",
            folder.display()
        )));
    }
    write(&folder.join("policy"), policy.print()).await?;
    write(&folder.join("checkpoint"), note.to_string().into_bytes()).await?;
    Ok(Mirrored {
        size,
        root: builder.root().to_string(),
        fetched,
    })
}

/// The checkpoint of a note that the pinned key has signed.
async fn believed(node: &Node, note: &Note) -> Result<Checkpoint, NodeError> {
    let keys = pin::believed(node).await?;
    note.verify(&keys)
        .map_err(|error| unreadable(&format!("its checkpoint: {error}")))?;
    note.text()
        .parse()
        .map_err(|error| unreadable(&format!("its checkpoint: {error}")))
}

fn unreadable(why: &str) -> NodeError {
    HubError::Unreadable(format!("the log: {why}")).into()
}

/// The bytes of just this bundle, also where the full one was served in its place.
fn whole_of(tile: Tile, bytes: &[u8]) -> Result<Vec<u8>, NodeError> {
    let wrong = |error: &dyn std::fmt::Display| unreadable(&format!("{tile}: {error}"));
    let mut bundle = Bundle::new();
    for entry in Bundle::entries(bytes, tile.width()).map_err(|error| wrong(&error))? {
        bundle.add(entry).map_err(|error| wrong(&error))?;
    }
    Ok(bundle.into_bytes())
}

async fn read(path: &Path) -> Result<Option<Vec<u8>>, NodeError> {
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Writes a file whole, so that one that was cut off is never taken for it, and so that others may read it.
async fn write(path: &Path, bytes: Vec<u8>) -> Result<(), NodeError> {
    let path: PathBuf = path.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(&path, &error))?;
        }
        durable::write_public(&path, &bytes).map_err(|error| failed(&path, &error))
    });
    written.await.map_err(NodeError::cancelled)?
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> NodeError {
    NodeError::refused("file", format!("{}: {error}", path.display()))
}
