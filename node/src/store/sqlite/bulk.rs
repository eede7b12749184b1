//! Many pages at once: one statement a page, which is compiled once and kept.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Conn;
use crate::store::activities::{RecordPageRow, activity_record_page};

/// Writes record pages in the place of those that begin at the same keys.
pub(crate) fn put_record_pages(connection: &mut Conn, rows: &[RecordPageRow]) -> QueryResult<()> {
    rows.iter().try_for_each(|row| {
        diesel::insert_into(activity_record_page::table)
            .values(row)
            .on_conflict((activity_record_page::source_id, activity_record_page::first_key))
            .do_update()
            .set(activity_record_page::content.eq(excluded(activity_record_page::content)))
            .execute(connection)
            .map(|_| ())
    })
}
