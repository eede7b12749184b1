//! Many rows at once, in one statement.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Conn;
use crate::store::activities::{RecordPageRow, activity_record_page};
use crate::store::rows::SubjectRow;
use crate::store::schema::subject;
use crate::store::screening::{LeftOutRow, activity_left_out};

/// Writes record pages in the place of those that begin at the same keys.
pub(crate) fn put_record_pages(connection: &mut Conn, rows: &[RecordPageRow]) -> QueryResult<()> {
    diesel::insert_into(activity_record_page::table)
        .values(rows)
        .on_conflict((activity_record_page::source_id, activity_record_page::first_key))
        .do_update()
        .set(activity_record_page::content.eq(excluded(activity_record_page::content)))
        .execute(connection)
        .map(|_| ())
}

/// Keeps identifiers of accounts that have none.
pub(crate) fn insert_subjects(connection: &mut Conn, rows: &[SubjectRow]) -> QueryResult<()> {
    diesel::insert_into(subject::table)
        .values(rows)
        .execute(connection)
        .map(|_| ())
}

/// Writes rows of activities that were left out in the place of those of the same activities.
pub(crate) fn put_left_out(connection: &mut Conn, rows: &[LeftOutRow]) -> QueryResult<()> {
    diesel::insert_into(activity_left_out::table)
        .values(rows)
        .on_conflict(activity_left_out::activity_id)
        .do_update()
        .set((
            activity_left_out::left_by.eq(excluded(activity_left_out::left_by)),
            activity_left_out::taken_by.eq(excluded(activity_left_out::taken_by)),
        ))
        .execute(connection)
        .map(|_| ())
}
