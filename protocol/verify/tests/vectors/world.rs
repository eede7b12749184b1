//! A log with every kind of dealing in it, right and wrong.

use serde_json::{Value, json};
use tanqiao_protocol::event::Certificate;
use tanqiao_protocol::leaf::{Leaf, leaf_hash};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::receipt::{CertificateFile, ReceiptFile, verify};
use tanqiao_verify::sample::{Dealing, Sample, Tree, Twist, Voice};

/// Everything that the cases are made of.
pub struct World {
    pub sample: Sample,
    pub tree: Tree,
    pub note: Note,
    pub older: (Tree, Note),
    pub dealings: Vec<(&'static str, Dealing)>,
    /// A leaf of the log that admits no key.
    pub plain: u64,
    /// The key of the target of the transfers.
    pub other_key: u64,
    pub later_key: u64,
}

pub const QUORUM: [u8; 3] = [0, 1, 2];

pub fn world() -> World {
    let mut sample = Sample::default();
    let wuhan = sample.admit("wuhan", 2).unwrap();
    let hubei = sample.admit("hubei", 3).unwrap();
    let renewed = sample.renew(&wuhan, 4).unwrap();
    let mut blocks: Vec<_> = (0..24).map(|_| sample.issue(&wuhan, 100).unwrap()).rev().collect();
    let mut pair = || vec![blocks.pop().unwrap(), blocks.pop().unwrap()];
    let parties = (&wuhan, &hubei);
    let mut dealings: Vec<(&'static str, Dealing)> = vec![
        ("transfer", sample.transfer(parties, &pair(), false, 1).unwrap()),
        (
            "transfer-batched",
            sample.transfer((&renewed, &hubei), &pair(), true, 1).unwrap(),
        ),
        (
            "transfer-in-parts",
            sample.transfer(parties, &pair(), false, 3).unwrap(),
        ),
        ("donation", sample.donate(&wuhan, &pair(), false).unwrap()),
        ("donation-at-once", sample.donate(&renewed, &pair(), true).unwrap()),
        ("retirement", sample.retire(&wuhan, &pair()).unwrap()),
    ];
    let whole = sample_block(&mut sample, &wuhan);
    let middle = tanqiao_protocol::serial::BlockRef {
        range: format!("{}-{}", whole.range.first() + 10, whole.range.first() + 39)
            .parse()
            .unwrap(),
        ..whole
    };
    dealings.push(("retirement-of-a-part", sample.retire(&wuhan, &[middle]).unwrap()));
    for (name, twist) in [
        ("twisted-grams", Twist::Grams),
        ("twisted-purpose", Twist::Purpose),
        ("twisted-serials", Twist::Serials),
        ("twisted-target", Twist::Target),
        ("twisted-spelling", Twist::Spelling),
    ] {
        sample.twist = twist;
        dealings.push((name, sample.transfer(parties, &pair(), false, 1).unwrap()));
    }
    sample.twist = Twist::Purpose;
    let block = sample_block(&mut sample, &wuhan);
    dealings.push(("twisted-retirement", sample.retire(&wuhan, &[block]).unwrap()));
    let block = sample_block(&mut sample, &wuhan);
    dealings.push(("twisted-donation", sample.donate(&wuhan, &[block], false).unwrap()));
    sample.twist = Twist::Grams;
    let block = sample_block(&mut sample, &wuhan);
    dealings.push(("twisted-quantity", sample.retire(&wuhan, &[block]).unwrap()));
    sample.twist = Twist::None;
    let early = Sample::unknown(&wuhan, 5).unwrap();
    let block = sample_block(&mut sample, &wuhan);
    let mut early = sample.retire(&early, &[block]).unwrap();
    let tree = sample.tree();
    let size = tree.size();
    let older = Sample::note(size, tree.root(size).unwrap(), &QUORUM).unwrap();
    let later_key = sample.renew(&wuhan, 5).unwrap().admitted;
    early.admitted_by(0, later_key);
    dealings.push(("signed-too-early", early));
    sample.pad(100).unwrap();
    let whole = sample.tree();
    let note = Sample::note(100, whole.root(100).unwrap(), &QUORUM).unwrap();
    World {
        plain: 99,
        other_key: hubei.admitted,
        later_key,
        older: (tree, older),
        tree: whole,
        note,
        sample,
        dealings,
    }
}

fn sample_block(sample: &mut Sample, voice: &Voice) -> tanqiao_protocol::serial::BlockRef {
    sample.issue(voice, 100).unwrap()
}

impl World {
    pub fn dealing(&self, name: &str) -> &Dealing {
        &self.dealings.iter().find(|(found, _)| *found == name).unwrap().1
    }

    pub fn receipt(&self, name: &str) -> ReceiptFile {
        self.receipt_under(name, &self.note)
    }

    pub fn receipt_under(&self, name: &str, note: &Note) -> ReceiptFile {
        self.dealing(name).receipt(&self.sample, &self.tree, note).unwrap()
    }

    pub fn proof(&self, index: u64) -> Value {
        json!(self.sample.prove(&self.tree, &self.note, index).unwrap())
    }

    pub fn certificate(&self, name: &str) -> CertificateFile {
        let receipt = self.receipt(name);
        let proven = verify(&receipt, &policy(4, 3)).unwrap();
        let leaf = &receipt.leaves[0].entry.0;
        let decided: Leaf = serde_json::from_slice(leaf).unwrap();
        CertificateFile {
            certificate: Certificate {
                certificate: receipt.id,
                trust_domain: "sample.example".parse().unwrap(),
                member: proven.parties[0].member.clone(),
                donor: proven.donor_name,
                claim: proven.claim.unwrap(),
                blocks: proven.delivered,
                quantity_g: proven.delivered_g,
                given_g: proven.given_g,
                buffered_g: proven.buffered_g,
                cancelled_g: proven.cancelled_g,
                committed_at: proven.at,
                log_index: decided.index,
                log_origin: proven.tree.origin,
                leaf_hash: leaf_hash(leaf),
                uses: tanqiao_protocol::r#use::Uses::NONE,
                unscreened: true,
            },
            receipt: Some(receipt.public()),
        }
    }
}

pub fn policy(witnesses: u8, quorum: usize) -> Policy {
    Sample::policy(witnesses, quorum).unwrap()
}

pub fn policies() -> Value {
    let text = |policy: Policy| json!(String::from_utf8(policy.print()).unwrap());
    let strange = Sample::witness_key(9).unwrap();
    let key = strange.key().clone();
    let other = tanqiao_protocol::signing::NoteKey::new("sample.example/log", key).unwrap();
    let nobody = Policy::of(other, Vec::new(), 0).unwrap();
    let strangers = (5..8)
        .map(|n| (format!("s{n}"), Sample::witness_key(n).unwrap()))
        .collect();
    json!({
        "three-of-four": text(policy(4, 3)),
        "four-of-four": text(policy(4, 4)),
        "no-witness": text(policy(0, 0)),
        "another-log-key": text(nobody),
        "other-witnesses": text(Policy::of(Sample::log_key().unwrap(), strangers, 1).unwrap()),
    })
}
