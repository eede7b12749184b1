//! One change of the ledger, and the leaves that it becomes.

use tanqiao_protocol::block::BlockChange;
use tanqiao_protocol::canonical;
use tanqiao_protocol::id::{Name, NodeId, Sha256};
use tanqiao_protocol::leaf::{CapChange, LEAF_BYTES_MAX, Leaf, LinkChange, RoomChange};
use tanqiao_protocol::ledger::Replacement;

use super::refusal::{Decided, Rejection};

/// One change of the ledger: one leaf, and all that goes with it.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// What happened, such as `transfer.committed`.
    pub r#type: &'static str,
    /// What it is about, such as `transfer/<id>`.
    pub subject: String,
    /// The state afterwards.
    pub state: Option<&'static str>,
    /// What else was decided, in clear.
    pub data: serde_json::Value,
    /// Whose command it was.
    pub member: Option<NodeId>,
    /// Which officers decided.
    pub officers: Vec<Name>,
    /// SHA-256 of the signed payload.
    pub payload_sha256: Option<Sha256>,
    /// Blocks.
    pub replacements: Vec<Replacement>,
    /// Caps.
    pub caps: Vec<CapChange>,
    /// Room.
    pub room: Option<RoomChange>,
    /// What was claimed under a permission to link two obligations.
    pub linked: Option<LinkChange>,
    /// Whom to tell what, besides the blocks.
    pub notices: Vec<Notice>,
}

/// What one member is told.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Whom.
    pub to: NodeId,
    /// The entry's type.
    pub r#type: &'static str,
    /// The entry's body.
    pub body: serde_json::Value,
}

/// The bytes of a leaf: one, or as many parts as its changes need.
pub fn leaf_parts(leaf: Leaf) -> Decided<Vec<Vec<u8>>> {
    let encode = |leaf: &Leaf| serde_json::to_vec(leaf).map_err(Rejection::broken);
    let whole = encode(&leaf)?;
    debug_assert!(
        canonical::is_canonical(&whole),
        "a leaf is RFC 8785: {}",
        String::from_utf8_lossy(&whole)
    );
    if whole.len() <= LEAF_BYTES_MAX {
        return Ok(vec![whole]);
    }
    let sizes: Vec<usize> = leaf
        .changes
        .iter()
        .map(|c| encode_len(c).map(|n| n + 1))
        .collect::<Decided<_>>()?;
    let head_len = whole.len() - sizes.iter().sum::<usize>() + 64;
    let mut groups: Vec<Vec<BlockChange>> = vec![Vec::new()];
    let mut used = head_len;
    for (change, size) in leaf.changes.iter().zip(sizes) {
        if used + size > LEAF_BYTES_MAX {
            groups.push(Vec::new());
            used = 512;
        }
        used += size;
        if let Some(group) = groups.last_mut() {
            group.push(change.clone());
        }
    }
    let parts = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    let mut rest = Leaf {
        caps: Vec::new(),
        changes: Vec::new(),
        data: serde_json::Value::Null,
        linked: None,
        room: None,
        ..leaf.clone()
    };
    let mut first = Some(leaf);
    let mut out = Vec::with_capacity(groups.len());
    for (position, group) in groups.into_iter().enumerate() {
        let mut part = first.take().unwrap_or_else(|| rest.clone());
        part.index = rest.index;
        rest.index += 1;
        part.changes = group;
        part.part = u32::try_from(position + 1).ok();
        part.parts = Some(parts);
        let bytes = encode(&part)?;
        if bytes.len() > LEAF_BYTES_MAX {
            return Err(Rejection::broken(
                "a leaf is larger than 65,535 bytes without its changes",
            ));
        }
        out.push(bytes);
    }
    Ok(out)
}

fn encode_len(change: &BlockChange) -> Decided<usize> {
    serde_json::to_vec(change).map(|b| b.len()).map_err(Rejection::broken)
}
