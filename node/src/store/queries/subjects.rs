//! Holders' identifiers, sealed.

use diesel::prelude::*;

use super::{Conn, ROWS_MAX};
use crate::store::rows::SubjectRow;
use crate::store::schema::subject;
use crate::store::subjects::SubjectTx;

impl SubjectTx for Conn {
    fn has_subjects(&mut self) -> QueryResult<bool> {
        diesel::select(diesel::dsl::exists(subject::table.select(subject::account))).get_result(self)
    }

    fn subjects(&mut self, accounts: &[&str]) -> QueryResult<Vec<SubjectRow>> {
        let mut found = Vec::new();
        for some in accounts.chunks(ROWS_MAX) {
            let rows: Vec<SubjectRow> = subject::table
                .filter(subject::account.eq_any(some.iter().copied()))
                .order(subject::account)
                .load(self)?;
            found.extend(rows);
        }
        Ok(found)
    }

    fn insert_subjects(&mut self, rows: &[SubjectRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX)
            .try_for_each(|some| super::super::bulk::insert_subjects(self, some))
    }
}
