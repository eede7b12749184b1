//! Transfers, donations and pledges: their states beside those of the log, what they bind, and what they add up to.

use std::collections::BTreeMap;

use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::ledger::{Cap, Linked, Replay, Room};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::transfer::{DonationState, PledgeState, TransferState};

use super::findings::Findings;
use crate::store::audit::{Names, challenges, donations, pledges, reconciliations, transfers};
use crate::store::convert;
use crate::store::database::{ReadConnection, StoreError};

/// An open transfer, donation or pledge, and the serials that it must bind.
#[derive(Debug)]
pub(super) struct Binder {
    /// How people name it.
    pub(super) subject: String,
    /// Whose serials.
    pub(super) holder: NodeId,
    /// Which, ascending.
    pub(super) ranges: Vec<BlockRef>,
    /// Those of its serials whose blocks name it.
    pub(super) bound: Vec<BlockRef>,
}

impl Binder {
    fn new(kind: &str, id: MessageId, holder: NodeId, mut ranges: Vec<BlockRef>) -> Self {
        ranges.sort_unstable();
        Self {
            subject: format!("{kind}/{id}"),
            holder,
            ranges,
            bound: Vec::new(),
        }
    }

    /// True if it names all serials of `block`.
    pub(super) fn contains(&self, block: &BlockRef) -> bool {
        let after = self
            .ranges
            .partition_point(|r| (&r.series, r.range.first()) <= (&block.series, block.range.first()));
        let before = after.checked_sub(1).and_then(|i| self.ranges.get(i));
        before.is_some_and(|r| r.series == block.series && r.range.contains(&block.range))
    }
}

/// What all transfers, donations and pledges bind and add up to.
#[derive(Debug, Default)]
pub(super) struct Dealings {
    /// Open transfers and donations.
    pub(super) open: BTreeMap<MessageId, Binder>,
    /// Active pledges.
    pub(super) pledges: BTreeMap<MessageId, Binder>,
    /// Committed donations and their events.
    pub(super) donated: BTreeMap<MessageId, Name>,
    /// Σ given by mapping version and year.
    pub(super) caps: BTreeMap<(MappingRef, u16), Cap>,
    /// Σ reserved by undecided donations under each permission to link two obligations.
    pub(super) links: BTreeMap<MessageId, Linked>,
    /// Σ delivered by event.
    pub(super) rooms: BTreeMap<Name, Room>,
}

/// A subject's stored state beside that of the log.
pub(super) fn check_state(
    kind: &str,
    id: impl std::fmt::Display,
    state: &str,
    replayed: Option<&mut Replay>,
    findings: &mut Findings,
) {
    let Some(replay) = replayed else { return };
    findings.checked(9);
    let subject = format!("{kind}/{id}");
    match replay.states.remove(&subject) {
        Some(by_log) => findings.ensure(9, by_log == state, subject, || {
            format!("is `{state}`, by the log `{by_log}`")
        }),
        None => findings.add(9, subject, format!("is `{state}`, and the log does not know it")),
    }
}

impl Dealings {
    pub(super) fn read(
        connection: &mut ReadConnection<'_>,
        names: &Names,
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<Self, StoreError> {
        let mut dealings = Self::default();
        transfers(connection, |row| {
            match convert::transfer(&row, &names.numbers) {
                Ok(transfer) => {
                    check_state(
                        "transfer",
                        transfer.id,
                        transfer.state.word(),
                        replayed.as_deref_mut(),
                        findings,
                    );
                    let (open, done) = (transfer.state.is_open(), transfer.state == TransferState::Committed);
                    dealings.count(names, &transfer.content.quote, transfer.cap_year, open, done);
                    if open {
                        let binder = Binder::new("transfer", transfer.id, transfer.source, transfer.content.blocks);
                        dealings.open.insert(transfer.id, binder);
                    }
                }
                Err(error) => findings.add(9, format!("transfer/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })?;
        dealings.read_donations(connection, names, replayed.as_deref_mut(), findings)?;
        dealings.read_pledges(connection, names, replayed.as_deref_mut(), findings)?;
        challenges(connection, |row| {
            match crate::store::challenges::challenge(&row, &names.numbers) {
                Ok(one) => check_state("challenge", one.id, one.state.word(), replayed.as_deref_mut(), findings),
                Err(error) => findings.add(9, format!("challenge/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })?;
        reconciliations(connection, |row| {
            match crate::store::reconciliations::reconciliation(&row, &names.numbers) {
                Ok(one) => check_state(
                    "reconciliation",
                    one.id,
                    one.state.word(),
                    replayed.as_deref_mut(),
                    findings,
                ),
                Err(error) => findings.add(9, format!("reconciliation/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })?;
        Ok(dealings)
    }

    fn read_donations(
        &mut self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        donations(connection, |row| {
            match convert::donation(&row, &names.numbers) {
                Ok(donation) => {
                    check_state(
                        "donation",
                        donation.id,
                        donation.state.word(),
                        replayed.as_deref_mut(),
                        findings,
                    );
                    let (open, done) = (!donation.state.is_final(), donation.state == DonationState::Committed);
                    self.count(names, &donation.content.quote, donation.cap_year, open, done);
                    let room = self.rooms.entry(donation.event.clone()).or_default();
                    let delivered = donation.content.quote.delivered_g.get();
                    room.reserved_g += if open { delivered } else { 0 };
                    room.committed_g += if done { delivered } else { 0 };
                    if let Some(linked) = donation.content.linked.as_ref().filter(|_| open) {
                        self.links.entry(linked.permission).or_default().reserved_g += delivered;
                    }
                    if open {
                        let binder = Binder::new("donation", donation.id, donation.donor, donation.content.blocks);
                        self.open.insert(donation.id, binder);
                    } else if done {
                        self.donated.insert(donation.id, donation.event);
                    }
                }
                Err(error) => findings.add(9, format!("donation/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })
    }

    fn read_pledges(
        &mut self,
        connection: &mut ReadConnection<'_>,
        names: &Names,
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        pledges(connection, |row| {
            match convert::pledge(&row, &names.numbers) {
                Ok(pledge) => {
                    check_state(
                        "pledge",
                        pledge.id,
                        pledge.state.word(),
                        replayed.as_deref_mut(),
                        findings,
                    );
                    if pledge.state == PledgeState::Active {
                        self.pledges.insert(
                            pledge.id,
                            Binder::new("pledge", pledge.id, pledge.debtor, pledge.content.blocks),
                        );
                    }
                }
                Err(error) => findings.add(9, format!("pledge/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })
    }

    /// Adds to the caps of a quote's mappings, and of those that they are composed of.
    fn count(&mut self, names: &Names, quote: &Quote, year: u16, open: bool, done: bool) {
        for lot in &quote.lots {
            let Some(mapping) = &lot.mapping else { continue };
            let record = names.mappings.get(mapping).and_then(|version| version.record());
            let counted: Vec<MappingRef> = record.map_or_else(
                || vec![mapping.clone()],
                |record| record.counted_under().cloned().collect(),
            );
            for mapping in counted {
                let cap = self.caps.entry((mapping, year)).or_default();
                cap.reserved_g += if open { lot.given_g.get() } else { 0 };
                cap.committed_g += if done { lot.given_g.get() } else { 0 };
            }
        }
    }
}
