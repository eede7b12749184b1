//! Which activities belong to an issuance, or to none yet, and reading them in their order.
//!
//! An issuance takes whole pages by runs of activity ids. What it leaves out of them (activities whose evidence is
//! incomplete) is named one by one, and can be taken, one by one, by a later issuance.

use std::collections::BTreeSet;

use crate::activity::{Activity, PageReader};
use crate::error::NodeError;
use crate::store::activities::{ActivityIssuanceRow, ActivityPageRow};
use crate::store::screening::LeftOutRow;
use crate::store::{StoreError, Tx};

/// Pages of activities read at a time.
const PAGES_A_QUERY: i64 = 8;

/// Activities of one series: those in the runs but for `without`, and those of `with`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Members {
    pub(super) series_id: i64,
    /// First and last activity ids of whole pages, ascending.
    pub(super) runs: Vec<(i64, i64)>,
    /// Ids inside the runs that do not belong.
    pub(super) without: BTreeSet<i64>,
    /// Ids outside the runs that do.
    pub(super) with: BTreeSet<i64>,
}

impl Members {
    /// The series that they are of.
    pub(crate) const fn series_id(&self) -> i64 {
        self.series_id
    }

    /// What no issuance has.
    pub(super) fn free(tx: &mut dyn Tx, series_id: i64) -> Result<Self, NodeError> {
        let (mut without, mut with) = (BTreeSet::new(), BTreeSet::new());
        for row in tx.left_out(series_id)? {
            match row.taken_by {
                Some(_) => without.insert(row.activity_id),
                None => with.insert(row.activity_id),
            };
        }
        Ok(Self {
            series_id,
            runs: free_runs(tx, series_id)?,
            without,
            with,
        })
    }

    /// What an issuance has; `None` if it has nothing here.
    pub(crate) fn of(tx: &mut dyn Tx, issuance: &str) -> Result<Option<Self>, NodeError> {
        let runs = tx.activity_issuance(issuance)?;
        let rows = tx.left_out_of(issuance)?;
        let Some(series_id) = runs
            .first()
            .map(|run| run.series_id)
            .or(rows.first().map(|row| row.series_id))
        else {
            return Ok(None);
        };
        let taken = |row: &&LeftOutRow| row.taken_by.as_deref() == Some(issuance);
        let with: BTreeSet<i64> = rows.iter().filter(taken).map(|row| row.activity_id).collect();
        let without = rows
            .iter()
            .map(|row| row.activity_id)
            .filter(|id| !with.contains(id))
            .collect();
        Ok(Some(Self {
            series_id,
            runs: runs.into_iter().map(|run| (run.first_id, run.last_id)).collect(),
            without,
            with,
        }))
    }

    /// Gives up to `most` of them with an id above `after` to `each`, ascending. The last id given; `None` if there was none.
    pub(crate) fn read(
        &self,
        tx: &mut dyn Tx,
        after: i64,
        most: usize,
        each: &mut dyn FnMut(i64, &Activity<'_>) -> Result<(), NodeError>,
    ) -> Result<Option<i64>, NodeError> {
        let mut reading = Reading {
            members: self,
            at: after,
            left: most,
            last: None,
            each,
        };
        let mut singles = self.with.range(after + 1..).copied().peekable();
        for (first, last) in self.runs.iter().copied().filter(|(_, last)| *last > after) {
            while let Some(single) = singles.next_if(|single| *single < first) {
                reading.single(tx, single)?;
            }
            reading.run(tx, first, last)?;
        }
        for single in singles {
            reading.single(tx, single)?;
        }
        Ok(reading.last)
    }
}

struct Reading<'a> {
    members: &'a Members,
    /// Ids up to this have been looked at.
    at: i64,
    left: usize,
    last: Option<i64>,
    each: &'a mut dyn FnMut(i64, &Activity<'_>) -> Result<(), NodeError>,
}

impl Reading<'_> {
    fn run(&mut self, tx: &mut dyn Tx, first: i64, last: i64) -> Result<(), NodeError> {
        let series_id = self.members.series_id;
        let mut next = first;
        if self.at >= first && self.left > 0 {
            // Reading was left inside a page.
            next = match tx
                .activity_page_with(self.at + 1)?
                .filter(|page| page.series_id == series_id)
            {
                Some(page) => page.first_id,
                None => self.at + 1,
            };
        }
        while next <= last && self.left > 0 {
            let pages = tx.activity_pages(series_id, next, last, PAGES_A_QUERY)?;
            let Some(end) = pages.last() else { break };
            next = end.last_id + 1;
            pages
                .iter()
                .try_for_each(|page| self.page(page, |members, id| !members.without.contains(&id)))?;
        }
        Ok(())
    }

    fn single(&mut self, tx: &mut dyn Tx, id: i64) -> Result<(), NodeError> {
        // Several of one page are read together.
        if id <= self.at || self.left == 0 {
            return Ok(());
        }
        let missing = || StoreError::Corrupt(format!("activity {id}, which was left out and is not there"));
        let page = tx.activity_page_with(id)?.ok_or_else(missing)?;
        self.page(&page, |members, id| members.with.contains(&id))
    }

    fn page(&mut self, page: &ActivityPageRow, belongs: fn(&Members, i64) -> bool) -> Result<(), NodeError> {
        let mut reader = PageReader::new(page)?;
        while let Some((id, activity)) = reader.next()? {
            if self.left == 0 {
                return Ok(());
            }
            if id <= self.at {
                continue;
            }
            self.at = id;
            if belongs(self.members, id) {
                (self.each)(id, &activity)?;
                self.last = Some(id);
                self.left -= 1;
            }
        }
        Ok(())
    }
}

/// Runs of activity ids of a series that belong to no issuance, ascending, up to the last activity that there is.
fn free_runs(tx: &mut dyn Tx, series_id: i64) -> Result<Vec<(i64, i64)>, NodeError> {
    let last = tx.last_activity_id(series_id)?;
    let runs = between(&tx.activity_issuances(series_id)?, last);
    let mut out = Vec::with_capacity(runs.len());
    for (first, last) in runs {
        // Ids of other series lie between those of this one: a run without an activity is none.
        let (count, _) = tx.activity_sum(series_id, first, last)?;
        if count > 0 {
            out.push((first, last));
        }
    }
    Ok(out)
}

fn between(taken: &[ActivityIssuanceRow], last: i64) -> Vec<(i64, i64)> {
    let mut runs = Vec::new();
    let mut next = 1;
    for row in taken {
        if next < row.first_id {
            runs.push((next, row.first_id - 1));
        }
        next = row.last_id + 1;
    }
    if next <= last {
        runs.push((next, last));
    }
    runs
}

/// Count and grams of what no issuance has in a series.
pub(super) fn free_sum(tx: &mut dyn Tx, series_id: i64) -> Result<(i64, i64), NodeError> {
    let (mut count, mut grams) = (0, 0);
    let runs = free_runs(tx, series_id)?;
    for (first, last) in &runs {
        let (some, mass) = tx.activity_sum(series_id, *first, *last)?;
        count += some;
        grams += mass;
    }
    for row in tx.left_out(series_id)? {
        let in_runs = runs
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&row.activity_id));
        match (row.taken_by.is_some(), in_runs) {
            (true, true) => {
                count -= 1;
                grams -= row.reduction_g;
            }
            (false, _) => {
                count += 1;
                grams += row.reduction_g;
            }
            (true, false) => {}
        }
    }
    Ok((count, grams))
}

/// Gives `members` to an issuance, without those of `left_out` (id and grams), unless something has changed since they were
/// read. False if it has.
pub(super) fn take(
    tx: &mut dyn Tx,
    issuance: &str,
    members: &Members,
    left_out: &[(i64, i64)],
) -> Result<bool, NodeError> {
    let taken = tx.activity_issuances(members.series_id)?;
    let overlaps = |first: i64, last: i64| taken.iter().any(|row| row.first_id <= last && first <= row.last_id);
    let now = tx.left_out(members.series_id)?;
    let same = now
        .iter()
        .filter(|row| row.taken_by.is_none())
        .map(|row| row.activity_id)
        .eq(members.with.iter().copied())
        && now
            .iter()
            .filter(|row| row.taken_by.is_some())
            .map(|row| row.activity_id)
            .eq(members.without.iter().copied());
    if !same || members.runs.iter().any(|(first, last)| overlaps(*first, *last)) {
        return Ok(false);
    }
    let runs: Vec<ActivityIssuanceRow> = members
        .runs
        .iter()
        .map(|(first, last)| ActivityIssuanceRow {
            series_id: members.series_id,
            first_id: *first,
            last_id: *last,
            issuance: issuance.to_owned(),
        })
        .collect();
    tx.insert_activity_issuances(&runs)?;
    let inside = |id: i64| members.runs.iter().any(|(first, last)| (*first..=*last).contains(&id));
    let skipped: BTreeSet<i64> = left_out.iter().map(|(id, _)| *id).collect();
    let mut rows: Vec<LeftOutRow> = Vec::new();
    for row in now {
        let id = row.activity_id;
        if row.taken_by.is_some() && inside(id) {
            rows.push(LeftOutRow {
                left_by: issuance.to_owned(),
                ..row
            });
        } else if row.taken_by.is_none() && !skipped.contains(&id) {
            rows.push(LeftOutRow {
                taken_by: Some(issuance.to_owned()),
                ..row
            });
        }
    }
    rows.extend(
        left_out
            .iter()
            .filter(|(id, _)| inside(*id))
            .map(|(id, reduction_g)| LeftOutRow {
                activity_id: *id,
                series_id: members.series_id,
                reduction_g: *reduction_g,
                left_by: issuance.to_owned(),
                taken_by: None,
            }),
    );
    tx.put_left_out(&rows)?;
    Ok(true)
}

/// Gives the activities of an issuance back.
pub(super) fn give_back(tx: &mut dyn Tx, issuance: &str) -> Result<(), NodeError> {
    let rows = tx.left_out_of(issuance)?;
    tx.delete_activity_issuance(issuance)?;
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for row in rows {
        let ours = row.taken_by.as_deref() == Some(issuance);
        let range_lives = row.left_by != issuance && !tx.activity_issuance(&row.left_by)?.is_empty();
        match (ours, range_lives) {
            (true, true) => kept.push(LeftOutRow { taken_by: None, ..row }),
            // Without an issuance around it, it is free like its neighbours.
            (true, false) => gone.push(row.activity_id),
            (false, _) if row.taken_by.is_none() => gone.push(row.activity_id),
            // Another issuance has taken it: it stays out of what is free.
            (false, _) => {}
        }
    }
    tx.put_left_out(&kept)?;
    Ok(tx.delete_left_out(&gone)?)
}
