//! The one checkpoint that all proofs of a file are under, and the leaves in its tree.

use super::file::LeafProof;
use super::refusal::{ReceiptFault, ReceiptRefusal};
use super::statement::{TreeSeen, WitnessSeen};
use crate::canonical;
use crate::leaf::Leaf;
use crate::log::checkpoint::Checkpoint;
use crate::log::note::Note;
use crate::log::policy::Policy;
use crate::log::receipt::Receipt;

/// A leaf that is in the tree.
#[derive(Debug)]
pub(super) struct ProvenLeaf {
    pub leaf: Leaf,
    pub index: u64,
}

/// A checkpoint that the policy accepts.
#[derive(Debug)]
pub(super) struct Tree {
    note: Note,
    seen: TreeSeen,
}

impl Tree {
    /// The tree of a proof, if a log of the policy and enough witnesses have signed it.
    pub fn accept(proof: &LeafProof, place: &str, policy: &Policy) -> Result<Self, ReceiptRefusal> {
        let receipt = read(proof, place)?;
        let refuse = |fault, detail: String| Err(ReceiptRefusal::new(fault, format!("{place}.proof"), detail));
        let evaluation = match policy.evaluate(receipt.note(), receipt.checkpoint()) {
            Ok(evaluation) => evaluation,
            Err(error) => return refuse(ReceiptFault::Signature, error.to_string()),
        };
        let Some(log) = evaluation.log else {
            let origin = receipt.checkpoint().origin();
            let detail = format!(
                "no log of the policy has signed the checkpoint of `{origin}`: this is another log, or another policy is needed"
            );
            return refuse(ReceiptFault::Log, detail);
        };
        if !evaluation.quorum {
            let signed = evaluation.witnesses.len();
            let known = policy.witnesses().len();
            let detail =
                format!("{signed} of {known} witnesses have signed the checkpoint, fewer than the policy asks for");
            return refuse(ReceiptFault::Quorum, detail);
        }
        let witnesses = evaluation.witnesses.iter().map(|found| WitnessSeen {
            witness: found.witness.name.to_string(),
            key: found.witness.key.name().to_owned(),
            at: found.at,
        });
        Ok(Self {
            seen: TreeSeen::new(receipt.checkpoint(), log, witnesses.collect()),
            note: receipt.note().clone(),
        })
    }

    /// A leaf of the tree.
    pub fn leaf(&self, proof: &LeafProof, place: &str) -> Result<ProvenLeaf, ReceiptRefusal> {
        let receipt = read(proof, place)?;
        if *receipt.note() != self.note {
            let detail = "its checkpoint is not that of the first proof: all proofs of a file are under one checkpoint";
            return Err(ReceiptRefusal::new(
                ReceiptFault::Checkpoints,
                format!("{place}.proof"),
                detail,
            ));
        }
        let entry = &proof.entry.0;
        let index = receipt.index();
        if !receipt.includes(entry) {
            let detail = format!("the entry is not leaf {index} of the tree: leaf, index or path was changed");
            return Err(ReceiptRefusal::new(ReceiptFault::Inclusion, place, detail));
        }
        let refuse = |detail: String| {
            Err(ReceiptRefusal::new(
                ReceiptFault::Leaf,
                format!("{place}.entry"),
                detail,
            ))
        };
        // A text with one meaning only: no name twice, one spelling.
        if !canonical::is_canonical(entry) {
            return refuse("the entry is not RFC 8785 JSON, as leaves are".to_owned());
        }
        match serde_json::from_slice::<Leaf>(entry) {
            Ok(leaf) if u64::try_from(leaf.index) == Ok(index) => Ok(ProvenLeaf { leaf, index }),
            Ok(leaf) => refuse(format!("the leaf says index {}, and stands at {index}", leaf.index)),
            Err(error) => refuse(format!("the entry is no leaf: {error}")),
        }
    }

    pub fn seen(&self) -> &TreeSeen {
        &self.seen
    }
}

fn read(proof: &LeafProof, place: &str) -> Result<Receipt, ReceiptRefusal> {
    Receipt::parse(proof.proof.as_bytes())
        .map_err(|error| ReceiptRefusal::new(ReceiptFault::Proof, format!("{place}.proof"), error))
}

impl TreeSeen {
    fn new(checkpoint: &Checkpoint, log: &crate::signing::NoteKey, witnesses: Vec<WitnessSeen>) -> Self {
        Self {
            origin: checkpoint.origin().to_owned(),
            size: checkpoint.size(),
            root: *checkpoint.root(),
            log_key: log.to_string(),
            witnesses,
        }
    }
}
