//! Invariants 5, 9 and 11 for claims: what claims are found by is what they say, and every linked obligation was permitted,
//! within its quantity.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::{Linked, Replay};
use tanqiao_protocol::quantity::Grams;

use super::dealings::{Dealings, check_state};
use super::findings::Findings;
use crate::ledger::objects::{Permission, Retirement};
use crate::store::audit::{Names, claimed, permissions};
use crate::store::convert;
use crate::store::convert_claims::{self, claim_rows};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::ClaimRow;

pub(super) fn check(
    connection: &mut ReadConnection<'_>,
    names: &Names,
    dealings: &Dealings,
    mut replayed: Option<&mut Replay>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let mut known: BTreeMap<MessageId, Permission> = BTreeMap::new();
    permissions(connection, |row| {
        match convert_claims::permission(&row) {
            Ok(permission) => {
                let subject = format!("permission/{}", permission.id);
                findings.ensure(
                    11,
                    row.quantity_g == permission.content.quantity_g.get(),
                    subject,
                    || {
                        format!(
                            "its stored quantity is {} g, and it permits {} g",
                            row.quantity_g,
                            permission.content.quantity_g.get()
                        )
                    },
                );
                let state = permission.state.word();
                check_state("permission", permission.id, state, replayed.as_deref_mut(), findings);
                known.insert(permission.id, permission);
            }
            Err(error) => findings.add(11, format!("permission/{}", hex::encode(&row.id)), error),
        }
        Ok(())
    })?;
    let mut used = dealings.links.clone();
    claimed(connection, |row, found| {
        match convert::retirement(&row, &names.numbers) {
            Ok(retirement) => {
                check_rows(&retirement, &found, names, findings)?;
                check_link(&retirement, dealings, &known, &mut used, findings);
            }
            Err(error) => findings.add(5, format!("retirement/{}", hex::encode(&row.id)), error),
        }
        Ok(())
    })?;
    check_counters(&known, &used, replayed.as_deref(), findings);
    Ok(())
}

/// The rows by which a claim is found say what it says.
fn check_rows(
    retirement: &Retirement,
    found: &[ClaimRow],
    names: &Names,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let expected = claim_rows(retirement, &names.numbers)?;
    let same = expected.len() == found.len() && expected.iter().all(|row| found.iter().any(|other| row.says(other)));
    findings.ensure(5, same, format!("retirement/{}", retirement.id), || {
        "is found by other words than its claim has".to_owned()
    });
    Ok(())
}

/// A linked obligation fits the permission that it names.
fn check_link(
    retirement: &Retirement,
    dealings: &Dealings,
    known: &BTreeMap<MessageId, Permission>,
    used: &mut BTreeMap<MessageId, Linked>,
    findings: &mut Findings,
) {
    let claim = &retirement.claim;
    let Some(linked) = &claim.linked else { return };
    let subject = format!("retirement/{}", retirement.id);
    used.entry(linked.permission).or_default().committed_g += retirement.quantity.get();
    let Some(permission) = known.get(&linked.permission) else {
        findings.add(
            5,
            subject,
            format!("has a second purpose, and there is no permission {}", linked.permission),
        );
        return;
    };
    let event = dealings.donated.get(&retirement.id);
    let misfit = permission
        .content
        .misfit(&retirement.member, claim.r#use, event, linked);
    findings.ensure(5, misfit.is_none(), subject, || {
        let (differs, permitted, said) = misfit.unwrap_or_default();
        format!("has a second purpose that was not permitted: `{differs}` is {said}, and {permitted} was permitted")
    });
}

fn check_counters(
    known: &BTreeMap<MessageId, Permission>,
    used: &BTreeMap<MessageId, Linked>,
    replayed: Option<&Replay>,
    findings: &mut Findings,
) {
    let ids: BTreeSet<&MessageId> = known
        .keys()
        .chain(used.keys())
        .chain(replayed.iter().flat_map(|replay| replay.links.keys()))
        .collect();
    for id in ids {
        findings.checked(11);
        let subject = format!("permission/{id}");
        let Some(permission) = known.get(id) else {
            findings.add(11, subject, "is used, and is not in the store");
            continue;
        };
        let quantity = permission.content.quantity_g;
        let stored = (permission.reserved.get(), permission.used.get());
        let summed = used.get(id).copied().unwrap_or_default();
        let summed = (summed.reserved_g, summed.committed_g);
        findings.ensure(11, stored == summed, &subject, || {
            format!("counts {}, and what names it adds up to {}", text(stored), text(summed))
        });
        let given: Grams = [permission.reserved, permission.used].into_iter().sum();
        findings.ensure(11, given <= quantity, &subject, || {
            format!("{} g are used, above {} g", given.get(), quantity.get())
        });
        if let Some(replay) = replayed {
            let by_log = replay.links.get(id).copied().unwrap_or_default();
            let log = (by_log.reserved_g, by_log.committed_g);
            let same = stored == log && by_log.quantity_g == quantity.get();
            findings.ensure(9, same, &subject, || {
                format!(
                    "counts {} of {} g, by the log {} of {} g",
                    text(stored),
                    quantity.get(),
                    text(log),
                    by_log.quantity_g
                )
            });
        }
    }
}

fn text((reserved, claimed): (i64, i64)) -> String {
    format!("{reserved} g reserved and {claimed} g claimed")
}
