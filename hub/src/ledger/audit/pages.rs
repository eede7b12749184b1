//! Invariants 2 and 7 for what screening writes beside the ledger: the pages say which serials each activity has, and are those that
//! make up the issuance's block; a token has changed hands only to an activity that has it.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::conflict::ActivityRef;
use tanqiao_protocol::id::MessageId;

use super::findings::Findings;
use super::screening::Screening;
use crate::ledger::objects::Issuance;
use crate::screening::pages::{PAGE_ACTIVITIES, activities_in};
use crate::store::audit::{issuance_pages, owners_without_share, positions};
use crate::store::convert::message_id;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::PageRow;

/// What the pages of one issuance come to.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    activities: i64,
    clean_g: i64,
    held: BTreeMap<u32, i64>,
    /// As the ledger has noted them of some activities: grams before, and its own.
    noted: BTreeMap<i64, (i64, i64)>,
}

/// The pages that count, by issuance.
#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<MessageId, Numbered>);

impl Pages {
    pub(super) fn read(
        connection: &mut ReadConnection<'_>,
        screening: &Screening,
        findings: &mut Findings,
    ) -> Result<Self, StoreError> {
        let mut pages = Self::default();
        let mut broken = BTreeSet::new();
        let mut noted: BTreeMap<MessageId, BTreeMap<i64, (i64, i64)>> = BTreeMap::new();
        for row in positions(connection)? {
            let of = noted.entry(message_id(&row.issuance)?).or_default();
            of.insert(row.idx, (row.before_g, row.grams));
        }
        issuance_pages(connection, |page| {
            // An attempt that nobody has named counts for nothing.
            let Some(issuance) = screening.issuance_of(&page.attempt) else {
                return Ok(());
            };
            findings.checked(7);
            let numbered = pages.0.entry(issuance).or_insert_with(|| Numbered {
                noted: noted.remove(&issuance).unwrap_or_default(),
                ..Numbered::default()
            });
            if !broken.contains(&issuance)
                && let Err(what) = numbered.add(&page)
            {
                broken.insert(issuance);
                findings.add(7, format!("issuance/{issuance}"), what);
            }
            Ok(())
        })?;
        pages.0.retain(|issuance, _| !broken.contains(issuance));
        for row in owners_without_share(connection)? {
            findings.add(
                7,
                format!("token {} of month {}", hex::encode(&row.token), row.epoch),
                format!(
                    "belongs to activity {} of issuance {} by the ledger, which has no such token",
                    row.idx,
                    hex::encode(&row.issuance)
                ),
            );
        }
        Ok(pages)
    }

    /// The serials of the activities are those of the block, and those without are the ones that were held back.
    pub(super) fn check(&self, issuance: &Issuance, screening: &Screening, findings: &mut Findings) {
        // What a recovery took back was numbered by a hub that is gone.
        let Some(numbered) = self.0.get(&issuance.id) else {
            return;
        };
        let subject = format!("issuance/{}", issuance.id);
        let count = i64::from(issuance.content.activity_count);
        findings.ensure(7, numbered.activities == count, &subject, || {
            format!(
                "its pages number {} activities, and its header {count}",
                numbered.activities
            )
        });
        if let Some(index) = numbered.noted.keys().next() {
            findings.add(7, &subject, format!("has no activity {index}, whose serials are noted"));
        }
        let clean = issuance.block.as_ref().map_or(0, |block| block.range.quantity().get());
        findings.ensure(2, numbered.clean_g == clean, &subject, || {
            format!(
                "its pages give serials to {} g, and its block has {clean}",
                numbered.clean_g
            )
        });
        for (index, grams) in &numbered.held {
            let activity = ActivityRef {
                issuance: issuance.id,
                index: *index,
            };
            let known = screening.quantity(&activity);
            findings.ensure(7, known == Some(*grams), &subject, || {
                let known = known.map_or_else(|| "does not know of it".to_owned(), |known| format!("has {known} g"));
                format!("activity {index} was held back with {grams} g by its pages, and the ledger {known}")
            });
        }
        for activity in screening.held_back(issuance.id) {
            findings.ensure(7, numbered.held.contains_key(&activity.index), &subject, || {
                format!(
                    "activity {} was held back, and its pages give it serials of the block",
                    activity.index
                )
            });
        }
    }
}

impl Numbered {
    fn add(&mut self, page: &PageRow) -> Result<(), String> {
        if page.first_index != self.activities || page.first_index % PAGE_ACTIVITIES != 0 {
            return Err(format!(
                "a page begins at activity {}, where {} is the next",
                page.first_index, self.activities
            ));
        }
        if page.before_g != self.clean_g {
            return Err(format!(
                "the page of activity {} counts {} g before it, and the pages before it give {} g",
                page.first_index, page.before_g, self.clean_g
            ));
        }
        for activity in activities_in(&page.content) {
            let (grams, held) =
                activity.map_err(|error| format!("the page of activity {}: {error}", page.first_index))?;
            let here = (!held).then_some((self.clean_g, grams));
            if let Some(noted) = self.noted.remove(&self.activities).filter(|noted| Some(*noted) != here) {
                return Err(format!(
                    "the serials of activity {} are noted as {} g after {} g, and its page has them elsewhere",
                    self.activities, noted.1, noted.0
                ));
            }
            if held {
                let index = u32::try_from(self.activities).map_err(|error| error.to_string())?;
                self.held.insert(index, grams);
            } else {
                self.clean_g += grams;
            }
            self.activities += 1;
        }
        Ok(())
    }
}
