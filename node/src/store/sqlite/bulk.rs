//! Many activities at once. SQLite keeps the compiled statement of one row, which is quicker than compiling a statement
//! of a thousand rows each time.

use diesel::prelude::*;

use super::Conn;
use crate::store::activities::{NewActivity, activity};

/// Adds activities; those whose record is there already are left out.
pub(crate) fn insert_activities(connection: &mut Conn, rows: &[NewActivity<'_>]) -> QueryResult<usize> {
    let mut added = 0;
    for row in rows {
        added += diesel::insert_into(activity::table)
            .values(*row)
            .on_conflict_do_nothing()
            .execute(connection)?;
    }
    Ok(added)
}
