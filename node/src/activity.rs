//! Activities as they are kept: pages of quantified records, and pages of the record ids that are taken. Pure.
//!
//! A record is written once, read in the order of import, and looked for by its id when another one comes with the same
//! id. A row and an index entry for each would cost more than everything else of an import, so that many share a row:
//!
//! - an **activity page** has up to [`PAGE_RECORDS`] activities of one series, with consecutive ids; it never changes;
//! - a **record page** has the ids of neighbouring records of one platform, in the order of their keys, each with the
//!   activity that it became. Record ids mostly ascend, so that an import rewrites the last page and adds some; where they
//!   are random, a larger batch makes the pages that it touches cheaper.
//!
//! **Architecture invariant:** every activity of the activity pages is in one record page, under its platform and record
//! id, exactly once; both are written in one transaction that is alone with the activities.

mod codec;
mod page;
mod record_page;

#[cfg(test)]
mod tests;

pub use page::{Activity, PageReader, PageWriter};
pub use record_page::{Covered, Divided, RecordKey, Taken, find, insert};

use crate::store::StoreError;

/// The most activities of one activity page.
pub const PAGE_RECORDS: usize = 1_000;

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(format!("a damaged page of {what}"))
}
