//! Accounts of staff, their sessions and second factors, and what they did.

use diesel::prelude::*;

use super::Conn;
use crate::store::desk::{
    ActRow, AttemptRow, DeskTx, FactorRow, RecoveryCodeRow, SessionRow, StaffRow, desk_act, desk_attempt, desk_factor,
    desk_recovery_code, desk_session, staff,
};

impl DeskTx for Conn {
    fn staff(&mut self, name: &str) -> QueryResult<Option<StaffRow>> {
        staff::table.find(name).first(self).optional()
    }

    fn all_staff(&mut self) -> QueryResult<Vec<StaffRow>> {
        staff::table.order(staff::name).load(self)
    }

    fn put_staff(&mut self, row: &StaffRow) -> QueryResult<()> {
        diesel::insert_into(staff::table)
            .values(row)
            .on_conflict(staff::name)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn insert_session(&mut self, row: &SessionRow) -> QueryResult<()> {
        diesel::insert_into(desk_session::table)
            .values(row)
            .execute(self)
            .map(|_| ())
    }

    fn session(&mut self, token_sha256: &str) -> QueryResult<Option<SessionRow>> {
        desk_session::table.find(token_sha256).first(self).optional()
    }

    fn use_session(&mut self, token_sha256: &str, seen_at: i64, confirmed_at: Option<i64>) -> QueryResult<()> {
        diesel::update(desk_session::table.find(token_sha256))
            .set((
                desk_session::seen_at.eq(seen_at),
                desk_session::confirmed_at.eq(confirmed_at),
            ))
            .execute(self)
            .map(|_| ())
    }

    fn delete_session(&mut self, token_sha256: &str) -> QueryResult<()> {
        diesel::delete(desk_session::table.find(token_sha256))
            .execute(self)
            .map(|_| ())
    }

    fn delete_sessions(&mut self, began_before: i64, seen_before: i64) -> QueryResult<()> {
        let old = desk_session::began_at
            .lt(began_before)
            .or(desk_session::seen_at.lt(seen_before));
        diesel::delete(desk_session::table.filter(old))
            .execute(self)
            .map(|_| ())
    }

    fn factor(&mut self, account: &str) -> QueryResult<Option<FactorRow>> {
        desk_factor::table.find(account).first(self).optional()
    }

    fn insert_factor(&mut self, row: &FactorRow) -> QueryResult<()> {
        diesel::insert_into(desk_factor::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(self)
            .map(|_| ())
    }

    fn take_step(&mut self, account: &str, step: i64) -> QueryResult<bool> {
        let taken = diesel::update(desk_factor::table.find(account))
            .filter(desk_factor::last_step.lt(step))
            .set((desk_factor::last_step.eq(step), desk_factor::enrolled.eq(1_i16)))
            .execute(self)?;
        Ok(taken == 1)
    }

    fn delete_factor(&mut self, account: &str) -> QueryResult<()> {
        diesel::delete(desk_factor::table.find(account)).execute(self)?;
        diesel::delete(desk_recovery_code::table.filter(desk_recovery_code::account.eq(account))).execute(self)?;
        diesel::delete(desk_session::table.filter(desk_session::account.eq(account))).execute(self)?;
        Ok(())
    }

    fn insert_recovery_codes(&mut self, rows: &[RecoveryCodeRow]) -> QueryResult<()> {
        diesel::insert_into(desk_recovery_code::table)
            .values(rows)
            .execute(self)
            .map(|_| ())
    }

    fn delete_recovery_code(&mut self, account: &str, code_sha256: &str) -> QueryResult<bool> {
        let taken = diesel::delete(desk_recovery_code::table.find((account, code_sha256))).execute(self)?;
        Ok(taken == 1)
    }

    fn attempts(&mut self, subject: &str) -> QueryResult<Option<AttemptRow>> {
        desk_attempt::table.find(subject).first(self).optional()
    }

    fn put_attempts(&mut self, row: &AttemptRow) -> QueryResult<()> {
        diesel::insert_into(desk_attempt::table)
            .values(row)
            .on_conflict(desk_attempt::subject)
            .do_update()
            .set(row)
            .execute(self)
            .map(|_| ())
    }

    fn delete_attempts(&mut self, subject: &str) -> QueryResult<()> {
        diesel::delete(desk_attempt::table.find(subject))
            .execute(self)
            .map(|_| ())
    }

    fn delete_attempts_before(&mut self, time: i64) -> QueryResult<()> {
        let old = desk_attempt::since.lt(time).and(desk_attempt::locked_until.lt(time));
        diesel::delete(desk_attempt::table.filter(old))
            .execute(self)
            .map(|_| ())
    }

    fn insert_act(&mut self, row: &ActRow) -> QueryResult<()> {
        diesel::insert_into(desk_act::table)
            .values(row)
            .execute(self)
            .map(|_| ())
    }

    fn acts(&mut self, before: Option<&str>, limit: i64) -> QueryResult<Vec<ActRow>> {
        let mut query = desk_act::table.into_boxed();
        if let Some(before) = before {
            query = query.filter(desk_act::id.lt(before.to_owned()));
        }
        query.order(desk_act::id.desc()).limit(limit).load(self)
    }
}
