//! Invariants 7 and 9 for losses: what is stored of debts is what the log says, and what a loss took, replaced, drew from the buffer
//! and left owing makes up what was lost.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::quantity::Grams;

use super::findings::Findings;
use super::screening::Screening;
use super::serials::Issued;
use crate::store::audit::{Names, debts};
use crate::store::conflicts::debt;
use crate::store::database::{ReadConnection, StoreError};

/// What the log says of one loss.
#[derive(Debug, Default)]
struct Said {
    member: Option<NodeId>,
    /// Own serials, others in their place, and the buffer's, in grams.
    covered: i64,
    /// Left owing, with its leaf.
    owed: Option<(i64, i64)>,
    /// Cancelled since for what is owed.
    made_up: i64,
    /// What two officers recorded as reversed; `None` for a conflict's.
    reversed: Option<i64>,
}

/// What the log says of all losses, by what caused them.
#[derive(Debug, Default)]
pub(super) struct Losses(BTreeMap<MessageId, Said>);

#[derive(Deserialize)]
struct Data {
    member: Option<NodeId>,
    quantity_g: Grams,
    covers: Option<MessageId>,
}

impl Losses {
    /// A leaf.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let concerns = [
            "\"type\":\"loss.",
            "\"type\":\"debt.",
            "\"type\":\"reversal.",
            "\"covers\":",
        ];
        if !concerns.iter().any(|word| text.contains(word)) {
            return;
        }
        let Ok(leaf) = serde_json::from_slice::<Leaf>(bytes) else {
            return;
        };
        // The later parts of a long change have no data of their own.
        let Ok(data) = serde_json::from_value::<Data>(leaf.data) else {
            return;
        };
        let subject = leaf.subject.split_once('/').and_then(|(_, id)| id.parse().ok());
        let cancellation = leaf.r#type == "cancellation.committed";
        let Some(cause) = data.covers.filter(|_| cancellation).or(subject) else {
            return;
        };
        let grams = data.quantity_g.get();
        let said = self.0.entry(cause).or_default();
        match leaf.r#type.as_str() {
            "loss.cancelled" | "loss.replaced" | "loss.buffered" => said.covered += grams,
            "debt.recorded" => said.owed = Some((grams, leaf.index)),
            "reversal.recorded" => said.reversed = Some(grams),
            "cancellation.committed" => said.made_up += grams,
            _ => {}
        }
        said.member = said.member.take().or(data.member);
    }

    /// Compares with what is stored.
    pub(super) fn check(
        &self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        screening: &Screening,
        issued: &Issued,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        self.check_debts(connection, names, findings)?;
        // A conflict's loss is the serials of its loser: the log names the member, and the store what its activities have lost.
        let mut suffered: BTreeMap<&NodeId, i64> = BTreeMap::new();
        for (cause, said) in &self.0 {
            let total = said.covered + said.owed.map_or(0, |(grams, _)| grams);
            match (said.reversed, &said.member) {
                (Some(reversed), _) => {
                    findings.checked(7);
                    findings.ensure(7, total == reversed, format!("reversal/{cause}"), || {
                        format!("{reversed} g were reversed, and {total} g were covered or are owed")
                    });
                }
                (None, Some(member)) => *suffered.entry(member).or_default() += total,
                (None, None) => {}
            }
        }
        let mut lost: BTreeMap<&NodeId, i64> = BTreeMap::new();
        for (issuance, grams) in screening.lost() {
            if let Some(issuer) = issued.issuer(issuance) {
                *lost.entry(issuer).or_default() += grams;
            }
        }
        let members: BTreeSet<&NodeId> = suffered.keys().chain(lost.keys()).copied().collect();
        for member in members {
            findings.checked(7);
            let (took, lost) = (
                suffered.get(member).copied().unwrap_or(0),
                lost.get(member).copied().unwrap_or(0),
            );
            findings.ensure(7, took == lost, format!("member/{member}"), || {
                format!("its activities lost {lost} g in conflicts, and by the log {took} g were covered or are owed")
            });
        }
        Ok(())
    }

    fn check_debts(
        &self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let mut owed: BTreeMap<MessageId, &Said> = self
            .0
            .iter()
            .filter(|(_, said)| said.owed.is_some())
            .map(|(id, said)| (*id, said))
            .collect();
        debts(connection, |row| {
            findings.checked(9);
            let found = match debt(&row, &names.numbers) {
                Ok(found) => found,
                Err(error) => {
                    findings.add(9, format!("debt/{}", hex::encode(&row.id)), error);
                    return Ok(());
                }
            };
            let subject = format!("debt/{}", found.id);
            let Some(said) = owed.remove(&found.id) else {
                findings.add(9, subject, "is stored, and no leaf records it");
                return Ok(());
            };
            let (grams, leaf) = said.owed.unwrap_or_default();
            let stored = (found.quantity.get(), found.log_index, found.covered.get());
            findings.ensure(9, stored == (grams, leaf, said.made_up), &subject, || {
                format!(
                    "says {} g of leaf {}, {} g of them covered; by the log it is {grams} g of leaf {leaf}, {} g of them covered",
                    stored.0, stored.1, stored.2, said.made_up
                )
            });
            findings.ensure(9, said.member.as_ref() == Some(&found.member), &subject, || {
                format!("is owed by `{}`, and by the log by another", found.member)
            });
            Ok(())
        })?;
        for id in owed.keys() {
            findings.add(9, format!("debt/{id}"), "is recorded by the log, and not stored");
        }
        Ok(())
    }
}
