//! Against the recursive definitions of RFC 6962 for every pair of sizes up to 130, and against the vectors of others.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::*;
use crate::merkle::{includes, includes_hash, leaf_hash};

/// RFC 6962 §2.1, word for word, over hashes of leaves.
fn mth(leaves: &[Sha256]) -> Sha256 {
    match leaves {
        [] => Sha256::of(&[]),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(k(many.len()));
            node(&mth(left), &mth(right))
        }
    }
}

fn k(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// RFC 6962 §2.1.1.
fn path(m: usize, d: &[Sha256]) -> Vec<Sha256> {
    if d.len() == 1 {
        return Vec::new();
    }
    let k = k(d.len());
    let (left, right) = d.split_at(k);
    if m < k {
        [path(m, left), vec![mth(right)]].concat()
    } else {
        [path(m - k, right), vec![mth(left)]].concat()
    }
}

/// RFC 6962 §2.1.2.
fn subproof(m: usize, d: &[Sha256], whole: bool) -> Vec<Sha256> {
    if m == d.len() {
        return if whole { Vec::new() } else { vec![mth(d)] };
    }
    let k = k(d.len());
    let (left, right) = d.split_at(k);
    if m <= k {
        [subproof(m, left, whole), vec![mth(right)]].concat()
    } else {
        [subproof(m - k, right, false), vec![mth(left)]].concat()
    }
}

fn leaves(count: u64) -> Vec<Sha256> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// Every complete subtree of these leaves, and nothing else.
fn reader(leaves: &[Sha256]) -> impl FnMut(Node) -> Result<Sha256, Infallible> + '_ {
    |node| {
        let width = 1_usize << node.level;
        let start = usize::try_from(node.index).unwrap() * width;
        Ok(mth(&leaves[start..start + width]))
    }
}

const SIZES: u64 = 130;

#[test]
fn every_root_and_every_path_is_that_of_rfc_6962() {
    let all = leaves(SIZES);
    for size in 0..=SIZES {
        let d = &all[..usize::try_from(size).unwrap()];
        let head = root(size, reader(d)).unwrap();
        assert_eq!(head, mth(d));
        for index in 0..size {
            let found = inclusion(index, size, reader(d)).unwrap();
            assert_eq!(found, path(usize::try_from(index).unwrap(), d), "{index} of {size}");
            assert!(includes(&head, size, index, &index.to_be_bytes(), &found));
        }
        let beyond = ProofError::Range { wanted: size, size };
        assert_eq!(inclusion(size, size, reader(d)), Err(beyond));
    }
}

#[test]
fn every_consistency_proof_is_that_of_rfc_6962_and_fits_its_two_trees_only() {
    let all = leaves(SIZES);
    let roots: Vec<Sha256> = (0..=all.len()).map(|size| mth(&all[..size])).collect();
    let other = Sha256::of(b"another tree");
    for (size, new_root) in (0..=SIZES).zip(&roots) {
        let d = &all[..usize::try_from(size).unwrap()];
        for (old, old_root) in (0..=size).zip(&roots) {
            let proof = consistency(old, size, reader(d)).unwrap();
            if old > 0 {
                assert_eq!(
                    proof,
                    subproof(usize::try_from(old).unwrap(), d, true),
                    "{old} of {size}"
                );
            }
            assert!(consistent(old, old_root, size, new_root, &proof), "{old} of {size}");
            assert!(!consistent(old, &other, size, new_root, &proof), "{old} of {size}");
            // Nothing is proved of the tree after the empty one: any root may follow.
            assert_eq!(consistent(old, old_root, size, &other, &proof), old == 0 && size > 0);
            assert!(!consistent(
                old,
                old_root,
                size,
                new_root,
                &[proof.clone(), vec![other]].concat()
            ));
            for place in 0..proof.len() {
                let mut changed = proof.clone();
                changed[place].0[31] ^= 0x80;
                assert!(!consistent(old, old_root, size, new_root, &changed), "{old} of {size}");
                changed.remove(place);
                assert!(!consistent(old, old_root, size, new_root, &changed), "{old} of {size}");
            }
            if old != size {
                assert!(
                    !consistent(size, new_root, old, old_root, &proof),
                    "{size} before {old}"
                );
                let wanted = ProofError::Range {
                    wanted: size,
                    size: old,
                };
                assert_eq!(consistency(size, old, reader(d)), Err(wanted));
            }
        }
    }
}

#[test]
fn a_proof_between_other_sizes_does_not_fit() {
    let all = leaves(40);
    let roots: Vec<Sha256> = (0..=all.len()).map(|size| mth(&all[..size])).collect();
    let proof = consistency(13, 29, reader(&all)).unwrap();
    for (old, old_root) in (1_u64..).zip(&roots[1..]) {
        for (new, new_root) in (old..).zip(&roots[usize::try_from(old).unwrap()..]) {
            let fits = consistent(old, old_root, new, new_root, &proof);
            assert_eq!(fits, (old, new) == (13, 29), "{old} {new}");
        }
    }
}

#[test]
fn the_largest_trees_have_proofs_too() {
    // Every hash is its own place's: that is enough to see that nothing overflows and no part is asked for twice.
    let mut asked = Vec::new();
    let mut read = |node: Node| {
        asked.push(node);
        Ok::<_, Infallible>(Sha256::of_parts(&[&[node.level], &node.index.to_be_bytes()]))
    };
    let root = root(u64::MAX, &mut read).unwrap();
    let path = inclusion(u64::MAX - 1, u64::MAX, &mut read).unwrap();
    assert_eq!(path.len(), 63);
    let last = read(Node {
        level: 0,
        index: u64::MAX - 1,
    })
    .unwrap();
    assert!(includes_hash(&root, u64::MAX, u64::MAX - 1, &last, &path));
    let proof = consistency(1 << 63, u64::MAX, &mut read).unwrap();
    let half = read(Node { level: 63, index: 0 }).unwrap();
    assert!(consistent(1 << 63, &half, u64::MAX, &root, &proof));
    for node in asked {
        assert!(node.level < 64 && node.index << node.level >> node.level == node.index);
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    assert_eq!(root(3, |_| Err("gone")), Err("gone"));
    assert_eq!(inclusion(1, 3, |_| Err("gone")), Err(ProofError::Read("gone")));
    assert_eq!(consistency(1, 3, |_| Err("gone")), Err(ProofError::Read("gone")));
}

#[derive(Deserialize)]
struct Published {
    consistency: Vec<Consistency>,
    inclusion: Vec<Inclusion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    desc: String,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Vec<String>,
    desc: String,
    want_err: bool,
}

/// A hash of another length than 32 bytes is none: whoever reads a proof refuses it there.
fn hash(text: &str) -> Option<Sha256> {
    STANDARD.decode(text).unwrap().try_into().ok().map(Sha256)
}

fn proof(texts: &[String]) -> Option<Vec<Sha256>> {
    texts.iter().map(|text| hash(text)).collect()
}

#[test]
fn the_vectors_of_transparency_dev_have_the_verdict_that_they_state() {
    let vectors: Published =
        serde_json::from_str(include_str!("../../../vectors/merkle/transparency-dev.json")).unwrap();
    for case in vectors.consistency {
        let parts = proof(&case.proof.unwrap_or_default());
        let fits = || {
            let (old, new) = (hash(&case.root1)?, hash(&case.root2)?);
            Some(consistent(case.size1, &old, case.size2, &new, &parts?))
        };
        let desc = &case.desc;
        assert_eq!(
            fits().unwrap_or(false),
            !case.want_err,
            "{} to {}: {desc}",
            case.size1,
            case.size2
        );
    }
    for case in vectors.inclusion {
        let fits = || {
            let (root, leaf) = (hash(&case.root)?, hash(&case.leaf_hash)?);
            Some(includes_hash(
                &root,
                case.tree_size,
                case.leaf_idx,
                &leaf,
                &proof(&case.proof)?,
            ))
        };
        let desc = &case.desc;
        assert_eq!(
            fits().unwrap_or(false),
            !case.want_err,
            "{} of {}: {desc}",
            case.leaf_idx,
            case.tree_size
        );
    }
}
