//! The arithmetic of a key generation: Pedersen's DKG as FROST runs it (Komlo and Goldberg, Figure 1), each party proving
//! that it knows its part of the secret. `frost-ristretto255` computes; here is how its packages travel.
//!
//! Every evaluator commits to a line of its own and gives each other one a point on it. A share is the sum of the three
//! points; the key is the sum of the three lines at zero, which nobody computes.

use std::collections::BTreeMap;

use frost_ristretto255::keys::dkg::{part1, part2, part3, round1, round2};
use frost_ristretto255::keys::{SigningShare, VerifiableSecretSharingCommitment};
use frost_ristretto255::{Identifier, Signature};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use tanqiao_protocol::fingerprint::{EVALUATORS, PublicElement, THRESHOLD};
use zeroize::Zeroizing;

use crate::secret::SecretText;

/// Bytes of a first package: two commitments and a proof.
const PACKAGE_BYTES: usize = 128;

/// Why a key generation cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DkgError {
    /// A package that is none.
    #[error("evaluator {0} sent a package that is no commitment with its proof")]
    Package(u8),
    /// A point that is none.
    #[error("evaluator {0} sent a point that is no scalar")]
    Point(u8),
    /// A proof or a point does not fit the commitments.
    #[error("the packages do not fit together, so somebody's is wrong: {0}")]
    Refused(frost_ristretto255::Error),
}

/// What every evaluator sends to both others first: commitments to its line and the proof that it knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Package(pub String);

impl Package {
    fn read(&self, from: u8) -> Result<round1::Package, DkgError> {
        let refuse = || DkgError::Package(from);
        let bytes = hex::decode(&self.0).map_err(|_| refuse())?;
        let bytes: [u8; PACKAGE_BYTES] = bytes.try_into().map_err(|_| refuse())?;
        let (commitments, proof) = bytes.split_at(64);
        let commitment =
            VerifiableSecretSharingCommitment::deserialize(commitments.chunks(32)).map_err(|_| refuse())?;
        let proof = Signature::deserialize(proof).map_err(|_| refuse())?;
        Ok(round1::Package::new(commitment, proof))
    }

    fn write(package: &round1::Package) -> Result<Self, DkgError> {
        let mut bytes = package.commitment().serialize().map_err(DkgError::Refused)?.concat();
        bytes.extend(package.proof_of_knowledge().serialize().map_err(DkgError::Refused)?);
        Ok(Self(hex::encode(bytes)))
    }
}

/// A point of one evaluator's line, for one other: secret, so it travels between these two only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Point(pub SecretText);

fn identifier(number: u8) -> Result<Identifier, DkgError> {
    Identifier::try_from(u16::from(number)).map_err(DkgError::Refused)
}

/// This evaluator's line.
#[derive(Debug)]
pub struct First {
    secret: round1::SecretPackage,
    /// What both others get.
    pub package: Package,
}

/// What this evaluator has for the others once it knows their commitments.
#[derive(Debug)]
pub struct Second {
    secret: round2::SecretPackage,
    points: BTreeMap<u8, Point>,
}

/// This evaluator's share, and the public keys of all.
pub struct Outcome {
    /// The share, 32 bytes little-endian.
    pub share: Zeroizing<[u8; 32]>,
    /// The key of the group.
    pub public_key: PublicElement,
    /// The keys of the shares, in the order of the numbers.
    pub share_keys: Vec<PublicElement>,
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outcome(of {})", self.public_key)
    }
}

/// Draws a line.
///
/// # Errors
/// [`DkgError::Refused`] for a number that is no evaluator's.
pub fn first(number: u8) -> Result<First, DkgError> {
    let (most, least) = (u16::from(EVALUATORS), u16::from(THRESHOLD));
    let (secret, package) = part1(identifier(number)?, most, least, OsRng).map_err(DkgError::Refused)?;
    Ok(First {
        package: Package::write(&package)?,
        secret,
    })
}

fn read_all(packages: &BTreeMap<u8, Package>) -> Result<BTreeMap<Identifier, round1::Package>, DkgError> {
    let read = |(number, package): (&u8, &Package)| Ok((identifier(*number)?, package.read(*number)?));
    packages.iter().map(read).collect()
}

/// Checks the proofs of both others, and computes their points.
///
/// # Errors
/// [`DkgError`].
pub fn second(first: &First, others: &BTreeMap<u8, Package>) -> Result<Second, DkgError> {
    let (secret, packages) = part2(first.secret.clone(), &read_all(others)?).map_err(DkgError::Refused)?;
    let mut points = BTreeMap::new();
    for number in others.keys() {
        let package = packages.get(&identifier(*number)?).ok_or(DkgError::Package(*number))?;
        let bytes = Zeroizing::new(package.signing_share().serialize());
        points.insert(*number, Point(SecretText::hex(&bytes)));
    }
    Ok(Second { secret, points })
}

impl Second {
    /// The point for one other evaluator.
    #[must_use]
    pub fn point_for(&self, number: u8) -> Option<&Point> {
        self.points.get(&number)
    }

    /// Checks the points that came against the commitments, and adds up.
    ///
    /// # Errors
    /// [`DkgError`].
    pub fn finish(&self, others: &BTreeMap<u8, Package>, points: &BTreeMap<u8, Point>) -> Result<Outcome, DkgError> {
        let mut packages = BTreeMap::new();
        for (number, point) in points {
            let bytes = point.0.bytes().ok_or(DkgError::Point(*number))?;
            let share = SigningShare::deserialize(&*bytes).map_err(|_| DkgError::Point(*number))?;
            packages.insert(identifier(*number)?, round2::Package::new(share));
        }
        let (own, public) = part3(&self.secret, &read_all(others)?, &packages).map_err(DkgError::Refused)?;
        let element = |bytes: Vec<u8>, number: u8| {
            let bytes: Option<[u8; 32]> = bytes.try_into().ok();
            bytes
                .and_then(PublicElement::from_bytes)
                .ok_or(DkgError::Package(number))
        };
        let mut share_keys = Vec::new();
        for number in 1..=EVALUATORS {
            let key = public.verifying_shares().get(&identifier(number)?);
            let key = key.ok_or(DkgError::Package(number))?;
            share_keys.push(element(key.serialize().map_err(DkgError::Refused)?, number)?);
        }
        let group = public.verifying_key().serialize().map_err(DkgError::Refused)?;
        let bytes = Zeroizing::new(own.signing_share().serialize());
        let mut share = Zeroizing::new([0; 32]);
        for (to, from) in share.iter_mut().zip(bytes.iter()) {
            *to = *from;
        }
        Ok(Outcome {
            share,
            public_key: element(group, 0)?,
            share_keys,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
    use curve25519_dalek::scalar::Scalar;

    fn others(packages: &BTreeMap<u8, Package>, number: u8) -> BTreeMap<u8, Package> {
        packages
            .iter()
            .filter(|(other, _)| **other != number)
            .map(|(other, package)| (*other, package.clone()))
            .collect()
    }

    fn two_rounds() -> (BTreeMap<u8, Package>, BTreeMap<u8, Second>) {
        let firsts: BTreeMap<u8, First> = (1..=3).map(|number| (number, first(number).unwrap())).collect();
        let packages: BTreeMap<u8, Package> = firsts.iter().map(|(n, one)| (*n, one.package.clone())).collect();
        let seconds = firsts
            .iter()
            .map(|(number, one)| (*number, second(one, &others(&packages, *number)).unwrap()))
            .collect();
        (packages, seconds)
    }

    fn points(seconds: &BTreeMap<u8, Second>, number: u8) -> BTreeMap<u8, Point> {
        seconds
            .iter()
            .filter(|(other, _)| **other != number)
            .map(|(other, second)| (*other, second.point_for(number).unwrap().clone()))
            .collect()
    }

    #[test]
    fn three_evaluators_get_shares_of_a_key_that_only_two_of_them_could_compute() {
        let (packages, seconds) = two_rounds();
        let outcomes: Vec<Outcome> = (1..=3_u8)
            .map(|number| {
                seconds[&number]
                    .finish(&others(&packages, number), &points(&seconds, number))
                    .unwrap()
            })
            .collect();
        let scalars: Vec<Scalar> = outcomes
            .iter()
            .map(|outcome| Scalar::from_canonical_bytes(*outcome.share).unwrap())
            .collect();
        let encoded = |scalar: Scalar| (RISTRETTO_BASEPOINT_POINT * scalar).compress().to_bytes();
        for (number, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.public_key, outcomes[0].public_key);
            assert_eq!(outcome.share_keys, outcomes[0].share_keys);
            assert_eq!(*outcome.share_keys[number].as_bytes(), encoded(scalars[number]));
        }
        // The line through shares 1 and 2, at zero and at 3.
        let key = scalars[0] + scalars[0] - scalars[1];
        assert_eq!(*outcomes[0].public_key.as_bytes(), encoded(key));
        assert_eq!(scalars[2], scalars[1] + scalars[1] - scalars[0]);
    }

    #[test]
    fn a_wrong_point_or_a_borrowed_proof_is_noticed() {
        let (packages, seconds) = two_rounds();
        let mut wrong = points(&seconds, 1);
        wrong.insert(3, points(&seconds, 2)[&3].clone());
        assert!(matches!(
            seconds[&1].finish(&others(&packages, 1), &wrong),
            Err(DkgError::Refused(_))
        ));
        let mine = first(1).unwrap();
        let mut borrowed = others(&packages, 1);
        borrowed.insert(2, packages[&3].clone());
        assert!(matches!(second(&mine, &borrowed), Err(DkgError::Refused(_))));
        let mut broken = others(&packages, 1);
        broken.insert(2, Package("00".repeat(128)));
        assert!(matches!(second(&mine, &broken), Err(DkgError::Package(2))));
        assert_eq!(format!("{:?}", Point(SecretText::hex(&[1]))), "Point(SecretText(…))");
    }
}
