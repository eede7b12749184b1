//! Import jobs, their refused lines and totals; tokens.

use diesel::dsl::max;
use diesel::prelude::*;

use super::{Conn, ROWS_MAX};
use crate::store::activities::{
    ActivityPageRow, ImportBatchRow, ImportErrorRow, ImportJobRow, ImportTotalRow, ImportTx, TokenRow, TokenTx,
    activity_page, api_token, import_batch, import_error, import_job, import_total,
};

impl ImportTx for Conn {
    fn import_job(&mut self, id: &str) -> QueryResult<Option<ImportJobRow>> {
        import_job::table.find(id).first(self).optional()
    }

    fn import_jobs(&mut self, before: i64, limit: i64) -> QueryResult<Vec<ImportJobRow>> {
        import_job::table
            .filter(import_job::number.lt(before))
            .order(import_job::number.desc())
            .limit(limit)
            .load(self)
    }

    fn insert_import_job(&mut self, row: ImportJobRow) -> QueryResult<i64> {
        let last: Option<i64> = import_job::table.select(max(import_job::number)).first(self)?;
        let number = last.unwrap_or(0) + 1;
        diesel::insert_into(import_job::table)
            .values(ImportJobRow { number, ..row })
            .execute(self)?;
        Ok(number)
    }

    fn update_import_job(&mut self, row: &ImportJobRow) -> QueryResult<()> {
        diesel::update(import_job::table.find(&row.id))
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn insert_import_batch(&mut self, row: &ImportBatchRow) -> QueryResult<()> {
        diesel::insert_into(import_batch::table)
            .values(row)
            .execute(self)
            .map(|_| ())
    }

    fn insert_import_errors(&mut self, rows: &[ImportErrorRow]) -> QueryResult<()> {
        rows.chunks(ROWS_MAX).try_for_each(|some| {
            diesel::insert_into(import_error::table)
                .values(some)
                .on_conflict_do_nothing()
                .execute(self)
                .map(|_| ())
        })
    }

    fn import_errors(&mut self, job: i64, after_line: i64, limit: i64) -> QueryResult<Vec<ImportErrorRow>> {
        import_error::table
            .filter(import_error::job.eq(job).and(import_error::line.gt(after_line)))
            .order(import_error::line)
            .limit(limit)
            .load(self)
    }

    fn count_import_errors(&mut self, job: i64) -> QueryResult<i64> {
        import_error::table
            .filter(import_error::job.eq(job))
            .count()
            .get_result(self)
    }

    fn import_totals(&mut self, job: i64) -> QueryResult<Vec<ImportTotalRow>> {
        import_total::table
            .filter(import_total::job.eq(job))
            .order(import_total::series_id)
            .load(self)
    }

    fn put_import_total(&mut self, row: &ImportTotalRow) -> QueryResult<()> {
        diesel::insert_into(import_total::table)
            .values(row)
            .on_conflict((import_total::job, import_total::series_id))
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn import_starts(&mut self, limit: i64) -> QueryResult<Vec<i64>> {
        let first = diesel::dsl::min(import_batch::first_id);
        let starts: Vec<Option<i64>> = import_batch::table
            .group_by(import_batch::job)
            .select(first)
            .order(import_batch::job)
            .limit(limit)
            .load(self)?;
        Ok(starts.into_iter().flatten().collect())
    }

    fn import_pages(&mut self, job: i64, series_id: i64, after: i64, limit: i64) -> QueryResult<Vec<ActivityPageRow>> {
        let of_batch = activity_page::first_id.between(import_batch::first_id, import_batch::last_id);
        import_batch::table
            .inner_join(activity_page::table.on(of_batch))
            .filter(import_batch::job.eq(job))
            .filter(
                activity_page::series_id
                    .eq(series_id)
                    .and(activity_page::first_id.gt(after)),
            )
            .order(activity_page::first_id)
            .limit(limit)
            .select(activity_page::all_columns)
            .load(self)
    }
}

impl TokenTx for Conn {
    fn insert_token(&mut self, row: &TokenRow) -> QueryResult<bool> {
        let added = diesel::insert_into(api_token::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(self)?;
        Ok(added == 1)
    }

    fn token(&mut self, token_sha256: &str) -> QueryResult<Option<TokenRow>> {
        api_token::table
            .filter(api_token::token_sha256.eq(token_sha256))
            .first(self)
            .optional()
    }

    fn tokens(&mut self) -> QueryResult<Vec<TokenRow>> {
        api_token::table.order(api_token::name).load(self)
    }

    fn revoke_token(&mut self, name: &str, at: i64) -> QueryResult<bool> {
        let ended = diesel::update(api_token::table.find(name))
            .filter(api_token::revoked_at.is_null())
            .set(api_token::revoked_at.eq(at))
            .execute(self)?;
        Ok(ended == 1)
    }
}
