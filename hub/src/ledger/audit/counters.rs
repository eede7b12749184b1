//! Invariants 11 and 9: caps and room as stored, as summed over transfers and donations, and as the log gives them.

use std::collections::BTreeSet;

use tanqiao_protocol::ledger::{Cap, Replay, Room};
use tanqiao_protocol::quantity::Grams;

use super::dealings::{Dealings, check_state};
use super::findings::Findings;
use crate::store::audit::{Names, caps, events};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::{CapRow, EventRow};

pub(super) fn check(
    connection: &mut ReadConnection<'_>,
    names: &Names,
    dealings: &Dealings,
    mut replayed: Option<&mut Replay>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    for (mapping, version) in &names.mappings {
        // A mapping of the time before proposals has no state in the log until it is stopped.
        if version.content.proposal.is_some() {
            check_state(
                "mapping",
                mapping,
                version.state.word(),
                replayed.as_deref_mut(),
                findings,
            );
        }
    }
    let replayed = replayed.map(|replay| &*replay);
    check_caps(&caps(connection)?, names, dealings, replayed, findings)?;
    check_rooms(&events(connection)?, dealings, replayed, findings);
    if let Some(replay) = replayed {
        let known = |subject: &str| {
            let mapping = subject.strip_prefix("mapping/").and_then(|name| name.parse().ok());
            mapping.is_some_and(|mapping| names.mappings.contains_key(&mapping))
        };
        for (subject, state) in replay.states.iter().filter(|(subject, _)| !known(subject)) {
            findings.add(9, subject, format!("is `{state}` by the log, and not in the store"));
        }
    }
    Ok(())
}

fn check_caps(
    rows: &[CapRow],
    names: &Names,
    dealings: &Dealings,
    replayed: Option<&Replay>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for row in rows {
        findings.checked(11);
        let mapping = names.numbers.mappings.name(row.mapping_no)?.clone();
        let year = u16::try_from(row.year).unwrap_or_default();
        let subject = format!("mapping/{mapping} in {year}");
        let stored = Cap {
            reserved_g: row.reserved_g,
            committed_g: row.committed_g,
        };
        let cap = names
            .mappings
            .get(&mapping)
            .and_then(|version| version.record())
            .and_then(|record| record.cap_g)
            .map(Grams::get);
        findings.ensure(11, row.cap_g == cap, &subject, || {
            format!("its stored cap is {:?} g, and the signed record's {cap:?} g", row.cap_g)
        });
        let given = stored.reserved_g + stored.committed_g;
        findings.ensure(11, cap.is_none_or(|cap| given <= cap), &subject, || {
            format!("{given} g are given, above the cap of {cap:?} g")
        });
        let key = (mapping, year);
        let summed = dealings.caps.get(&key).copied().unwrap_or_default();
        findings.ensure(11, stored == summed, &subject, || {
            format!(
                "counts {}, and its transfers and donations add up to {}",
                cap_text(stored),
                cap_text(summed)
            )
        });
        if let Some(replay) = replayed {
            let by_log = replay.caps.get(&key).copied().unwrap_or_default();
            findings.ensure(9, stored == by_log, &subject, || {
                format!("counts {}, by the log {}", cap_text(stored), cap_text(by_log))
            });
        }
        seen.insert(key);
    }
    let with_something = |cap: &Cap| *cap != Cap::default();
    for ((mapping, year), cap) in dealings
        .caps
        .iter()
        .filter(|(key, cap)| !seen.contains(*key) && with_something(cap))
    {
        findings.add(
            11,
            format!("mapping/{mapping} in {year}"),
            format!(
                "has no counter, and its transfers and donations add up to {}",
                cap_text(*cap)
            ),
        );
    }
    for ((mapping, year), cap) in replayed
        .iter()
        .flat_map(|r| &r.caps)
        .filter(|(key, cap)| !seen.contains(*key) && with_something(cap))
    {
        findings.add(
            9,
            format!("mapping/{mapping} in {year}"),
            format!("has no counter, by the log {}", cap_text(*cap)),
        );
    }
    Ok(())
}

fn cap_text(cap: Cap) -> String {
    format!("{} g reserved and {} g committed", cap.reserved_g, cap.committed_g)
}

fn check_rooms(rows: &[EventRow], dealings: &Dealings, replayed: Option<&Replay>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for row in rows {
        findings.checked(11);
        let subject = format!("event/{}", row.name);
        let event = match convert::event(row) {
            Ok(event) => event,
            Err(error) => {
                findings.add(11, subject, error);
                continue;
            }
        };
        let stored = Room {
            reserved_g: row.reserved_g,
            committed_g: row.committed_g,
        };
        let given = stored.reserved_g + stored.committed_g;
        findings.ensure(11, given <= row.ceiling_g, &subject, || {
            format!("{given} g are given, above {} g", row.ceiling_g)
        });
        let inventory: Grams = event.plan.inventory.iter().map(|item| item.quantity_g).sum();
        findings.ensure(11, event.target == inventory, &subject, || {
            format!(
                "its target is {} g, and its inventory {} g",
                event.target.get(),
                inventory.get()
            )
        });
        let name = event.plan.event;
        let summed = dealings.rooms.get(&name).copied().unwrap_or_default();
        findings.ensure(11, stored == summed, &subject, || {
            format!(
                "counts {}, and its donations add up to {}",
                room_text(stored),
                room_text(summed)
            )
        });
        if let Some(replay) = replayed {
            let by_log = replay.rooms.get(&name).copied().unwrap_or_default();
            findings.ensure(9, stored == by_log, &subject, || {
                format!("counts {}, by the log {}", room_text(stored), room_text(by_log))
            });
        }
        seen.insert(name);
    }
    for name in dealings.rooms.keys().filter(|name| !seen.contains(*name)) {
        findings.add(11, format!("event/{name}"), "has donations and is not in the store");
    }
    for name in replayed
        .iter()
        .flat_map(|r| r.rooms.keys())
        .filter(|name| !seen.contains(*name))
    {
        findings.add(
            9,
            format!("event/{name}"),
            "has donations by the log and is not in the store",
        );
    }
}

fn room_text(room: Room) -> String {
    format!("{} g reserved and {} g committed", room.reserved_g, room.committed_g)
}
