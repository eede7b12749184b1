//! What the store keeps of screening: conflicts, contested activities, the serials of activities, debts.

use diesel::sql_types::{Binary, Integer};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::conflict::{ActivityRef, ActivityState, ConflictOutcome, ConflictSide, ConflictState};
use tanqiao_protocol::fingerprint::{Token, TokenKind};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::serial::SerialRange;
use tanqiao_protocol::time::Timestamp;

use super::connection::StoreConnection;
use super::convert::{self, content, grams, id_bytes, json, message_id, parse, state};
use super::database::{Database, StoreError, WriteConnection};
use super::load::learn_series;
use super::numbers::Numbers;
use super::row::{Row, WriteRows as _, row};
use super::rows::{
    AttemptRow, BlockRow, ConflictRow, ContestedRow, DebtRow, PageRow, PositionRow, ScreeningKeyRow, ScreeningRunRow,
    StatementRow, TokenOwnerRow, TokenShareRow,
};
use super::screening::hold_run;
use super::statement::Statement;
use crate::ledger::needs::Needs;
use crate::ledger::objects::{Conflict, Contested, Cover, Debt, Holding, Position, SharedToken};
use crate::ledger::working::Working;
use crate::screening::pages::{PAGE_ACTIVITIES, Page, position_in};

/// The most blocks that cover a loss: as many as one batch changes. What they do not cover is covered as if they were all.
const COVER_BLOCKS_MAX: i64 = 20_000;

/// The page of an issuance that begins at a position.
pub const PAGE_OF: &str = "SELECT p.* FROM screening_run r JOIN issuance_page p ON p.attempt = r.attempt
    WHERE r.issuance = ? AND p.first_index = ?";

row!(IdRow in "conflict", key "id", { id: Binary => Vec<u8> });
row!(NoRow in "member", key "no", { no: Integer => i32 });

fn ids(rows: &[IdRow]) -> Result<Vec<MessageId>, StoreError> {
    rows.iter().map(|row| message_id(&row.id)).collect()
}

/// Loads what decisions about conflicts read.
pub(super) fn load<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    load_conflicts(connection, needs, working, numbers)?;
    for activity in &needs.contested {
        let statement = of_activity(
            "SELECT * FROM contested_activity WHERE issuance = ? AND idx = ?",
            activity,
        );
        let found = connection.select::<ContestedRow>(statement)?;
        let found = found.first().map(contested).transpose()?;
        working.contested.load(activity.clone(), found);
    }
    for activity in &needs.predecessors {
        let sql = "SELECT * FROM contested_activity WHERE successor_issuance = ? AND successor_idx = ?";
        let found = connection.select::<ContestedRow>(of_activity(sql, activity))?;
        let found: Vec<Contested> = found.iter().map(contested).collect::<Result<_, _>>()?;
        let before = found.iter().map(|one| one.activity.clone()).collect();
        working.predecessors.load(activity.clone(), Some(before));
        for one in found {
            working.contested.load(one.activity.clone(), Some(one));
        }
    }
    for activity in &needs.positions {
        let position = load_position(connection, activity)?;
        working.positions.load(activity.clone(), position);
    }
    for member in &needs.debts {
        let statement = Statement::new("SELECT * FROM debt WHERE member_no = ? AND covered_g < quantity_g ORDER BY id")
            .bind(numbers.members.number(member)?);
        let found = connection.select::<DebtRow>(statement)?;
        let found = found.iter().map(|row| debt(row, numbers)).collect::<Result<_, _>>()?;
        working.debts.load(member.clone(), Some(found));
    }
    for (of, cover) in &needs.holdings {
        load_holding(connection, of, cover, working, numbers)?;
    }
    Ok(())
}

fn of_activity<'a>(sql: &'static str, activity: &ActivityRef) -> Statement<'a> {
    Statement::new(sql)
        .bind(id_bytes(activity.issuance))
        .bind(i64::from(activity.index))
}

/// As it was noted when somebody collided with the activity, or else as the pages have it.
fn load_position<C: StoreConnection>(c: &mut C, activity: &ActivityRef) -> Result<Option<Position>, StoreError> {
    let noted = "SELECT * FROM activity_position WHERE issuance = ? AND idx = ?";
    if let Some(noted) = c.select::<PositionRow>(of_activity(noted, activity))?.first() {
        return Ok(Some(Position {
            before: noted.before_g,
            grams: noted.grams,
        }));
    }
    let index = i64::from(activity.index);
    let statement = Statement::new(PAGE_OF)
        .bind(id_bytes(activity.issuance))
        .bind(index - index % PAGE_ACTIVITIES);
    let found = c.select::<PageRow>(statement)?;
    Ok(found.first().map(|page| position(page, index)).transpose()?.flatten())
}

/// Where the serials of an activity of a page lie.
pub fn position(page: &PageRow, index: i64) -> Result<Option<Position>, StoreError> {
    position_in(&page.content, page.before_g, index - page.first_index).map_err(content)
}

fn load_conflicts<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let wanted: Vec<Vec<u8>> = needs.conflicts.iter().map(|id| id_bytes(*id)).collect();
    if !wanted.is_empty() {
        let sql = format!("SELECT * FROM conflict WHERE {}", C::is_one_of("id", true));
        for row in connection.select::<ConflictRow>(Statement::new(sql).bind(C::many_bytes(wanted)))? {
            let found = conflict(&row, numbers)?;
            working.conflicts.load(found.id, Some(found));
        }
    }
    for id in &needs.conflicts {
        working.conflicts.load(*id, None);
    }
    for activity in &needs.conflicts_of {
        let sql = "SELECT id FROM conflict WHERE later_issuance = ? AND later_idx = ? ORDER BY id";
        let found = ids(&connection.select::<IdRow>(of_activity(sql, activity))?)?;
        working.conflicts_of.load(activity.clone(), Some(found));
    }
    Ok(())
}

/// What a member has in a state: enough of it for a cover, those of its issuances first, and then the largest, so that it takes
/// the fewest pieces. All blocks of the member are looked at, by the index over holders: an order of its own for what happens so
/// seldom would make every transfer dearer.
fn load_holding<C: StoreConnection>(
    connection: &mut C,
    (member, held): &(NodeId, BlockState),
    cover: &Cover,
    working: &mut Working,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT * FROM (SELECT p.*, SUM(last - first + 1) OVER (ORDER BY place, last - first DESC, series_no, first) AS upto
            FROM (SELECT b.*, CASE WHEN {} THEN 0 ELSE 1 END AS place FROM block b WHERE holder = ? AND state = ?) AS p) AS q
        WHERE upto - (last - first + 1) < ? ORDER BY upto LIMIT ?",
        C::is_one_of("issuance", true)
    );
    let statement = Statement::new(sql)
        .bind(C::many_bytes(cover.first_from.iter().map(|id| id_bytes(*id)).collect()))
        .bind(numbers.members.number(member)?)
        .bind(held.code())
        .bind(cover.grams)
        .bind(COVER_BLOCKS_MAX);
    let rows = connection.select::<BlockRow>(statement)?;
    learn_series(connection, numbers, rows.iter().map(|row| row.series_no))?;
    let mut holding = Holding {
        cover: cover.clone(),
        ..Holding::default()
    };
    for row in &rows {
        let block = convert::block(row, numbers)?;
        let reference = block.reference();
        holding.grams += block.quantity().get();
        // A range that was asked for before is in the book already, with what this batch has made of it.
        if working.ranges.insert(reference.clone())
            && working.book.overlapping(&block.series, block.range).next().is_none()
        {
            working.book.apply(&Replacement::issue(block));
        }
        holding.blocks.push(reference);
    }
    working.holdings.insert((member.clone(), *held), holding);
    Ok(())
}

/// A conflict.
pub fn conflict(row: &ConflictRow, numbers: &Numbers) -> Result<Conflict, StoreError> {
    let side = |member_no, issuance: &[u8], index| -> Result<ConflictSide, StoreError> {
        Ok(ConflictSide {
            member: numbers.members.name(member_no)?.clone(),
            activity: activity(issuance, index)?,
        })
    };
    Ok(Conflict {
        id: message_id(&row.id)?,
        earlier: side(row.earlier_no, &row.earlier_issuance, row.earlier_idx)?,
        later: side(row.later_no, &row.later_issuance, row.later_idx)?,
        state: state(ConflictState::from_code(row.state), row.state)?,
        opened_at: Timestamp::from_micros(row.opened_at),
        deadline: Timestamp::from_micros(row.deadline),
        outcome: row
            .outcome
            .map(|code| state(ConflictOutcome::from_code(code), code))
            .transpose()?,
        resolved_at: row.resolved_at.map(Timestamp::from_micros),
        content: parse(&row.content)?,
        log_index: row.log_index,
        end_log_index: row.end_log_index,
    })
}

fn conflict_row(conflict: &Conflict, numbers: &Numbers) -> Result<ConflictRow, StoreError> {
    Ok(ConflictRow {
        id: id_bytes(conflict.id),
        earlier_no: numbers.members.number(&conflict.earlier.member)?,
        earlier_issuance: id_bytes(conflict.earlier.activity.issuance),
        earlier_idx: i64::from(conflict.earlier.activity.index),
        later_no: numbers.members.number(&conflict.later.member)?,
        later_issuance: id_bytes(conflict.later.activity.issuance),
        later_idx: i64::from(conflict.later.activity.index),
        state: conflict.state.code(),
        opened_at: conflict.opened_at.micros(),
        deadline: conflict.deadline.micros(),
        outcome: conflict.outcome.map(ConflictOutcome::code),
        resolved_at: conflict.resolved_at.map(Timestamp::micros),
        content: json(&conflict.content)?,
        log_index: conflict.log_index,
        end_log_index: conflict.end_log_index,
    })
}

/// An activity by its issuance and position.
pub fn activity(issuance: &[u8], index: i64) -> Result<ActivityRef, StoreError> {
    Ok(ActivityRef {
        issuance: message_id(issuance)?,
        index: u32::try_from(index).map_err(content)?,
    })
}

/// A token that several activities have.
pub fn shared_token(epoch: i32, token: &[u8], kind: i16) -> Result<SharedToken, StoreError> {
    Ok(SharedToken {
        kind: state(TokenKind::from_code(kind), kind)?,
        epoch: u16::try_from(epoch).map_err(content)?,
        token: Token(token.try_into().map_err(content)?),
    })
}

/// An activity that was held back, or lost.
pub fn contested(row: &ContestedRow) -> Result<Contested, StoreError> {
    Ok(Contested {
        activity: activity(&row.issuance, row.idx)?,
        quantity: grams(row.quantity_g)?,
        state: state(ActivityState::from_code(row.state), row.state)?,
        range: match (row.first, row.last) {
            (Some(first), Some(last)) => Some(SerialRange::new(first, last).map_err(content)?),
            _ => None,
        },
        successor: match (&row.successor_issuance, row.successor_idx) {
            (Some(issuance), Some(index)) => Some(activity(issuance, index)?),
            _ => None,
        },
    })
}

fn contested_row(contested: &Contested) -> ContestedRow {
    ContestedRow {
        issuance: id_bytes(contested.activity.issuance),
        idx: i64::from(contested.activity.index),
        quantity_g: contested.quantity.get(),
        state: contested.state.code(),
        first: contested.range.map(|range| range.first()),
        last: contested.range.map(|range| range.last()),
        successor_issuance: contested.successor.as_ref().map(|one| id_bytes(one.issuance)),
        successor_idx: contested.successor.as_ref().map(|one| i64::from(one.index)),
    }
}

/// A debt.
pub fn debt(row: &DebtRow, numbers: &Numbers) -> Result<Debt, StoreError> {
    Ok(Debt {
        id: message_id(&row.id)?,
        member: numbers.members.name(row.member_no)?.clone(),
        quantity: grams(row.quantity_g)?,
        covered: grams(row.covered_g)?,
        log_index: row.log_index,
    })
}

/// The mark of the key under which tokens are stored; `own` becomes it where there is none yet.
///
/// # Errors
/// [`StoreError`].
pub fn screening_mark(database: &Database, own: &[u8]) -> Result<Vec<u8>, StoreError> {
    fn of<C: StoreConnection>(c: &mut C, own: &[u8]) -> Result<Vec<u8>, StoreError> {
        let kept = c.select::<ScreeningKeyRow>(Statement::new("SELECT * FROM screening_key WHERE id = 1"))?;
        if let Some(kept) = kept.into_iter().next() {
            return Ok(kept.mark);
        }
        let mark = own.to_vec();
        c.insert_rows(&[ScreeningKeyRow { id: 1, mark }])?;
        Ok(own.to_vec())
    }
    match database.writer()? {
        WriteConnection::Sqlite(mut c) => c.write(|c| of(c, own)),
        WriteConnection::Postgres(mut c) => c.write(|c| of(c, own)),
    }
}

/// Writes what screening finds before its result is decided: it counts once a run names the attempt.
fn write<R: Row>(database: &Database, rows: &[R]) -> Result<(), StoreError> {
    match database.writer()? {
        WriteConnection::Sqlite(mut c) => c.write(|c| c.insert_rows(rows))?,
        WriteConnection::Postgres(mut c) => c.write(|c| c.insert_rows(rows))?,
    }
    Ok(())
}

/// Begins an attempt to compare an issuance.
///
/// # Errors
/// [`StoreError`].
pub fn begin_attempt(database: &Database, attempt: MessageId) -> Result<(), StoreError> {
    let attempt = id_bytes(attempt);
    write(database, &[AttemptRow { attempt }])
}

/// Writes where the serials of an issuance's activities lie.
///
/// # Errors
/// [`StoreError`].
pub fn save_pages(database: &Database, attempt: MessageId, pages: &[Page]) -> Result<(), StoreError> {
    let row = |page: &Page| PageRow {
        attempt: id_bytes(attempt),
        first_index: page.first_index,
        before_g: page.before_g,
        content: page.content.clone(),
    };
    write(database, &pages.iter().map(row).collect::<Vec<_>>())
}

/// Writes which activities have tokens that others had first.
///
/// # Errors
/// [`StoreError`].
pub fn save_shares(database: &Database, attempt: MessageId, shares: &[(SharedToken, u32)]) -> Result<(), StoreError> {
    let row = |(token, index): &(SharedToken, u32)| TokenShareRow {
        epoch: i32::from(token.epoch),
        token: token.token.0.to_vec(),
        kind: token.kind.code(),
        attempt: id_bytes(attempt),
        idx: i64::from(*index),
    };
    write(database, &shares.iter().map(row).collect::<Vec<_>>())
}

/// Deletes what attempts wrote that no run has named. Whoever has the store of tokens calls it, between two comparisons.
///
/// # Errors
/// [`StoreError`].
pub fn clear_attempts(database: &Database) -> Result<(), StoreError> {
    fn clear<C: StoreConnection>(c: &mut C) -> Result<(), StoreError> {
        let unnamed = "SELECT attempt FROM screening_attempt WHERE attempt NOT IN (SELECT attempt FROM screening_run)";
        for table in ["issuance_page", "token_share"] {
            c.run(Statement::new(format!(
                "DELETE FROM {table} WHERE attempt IN ({unnamed})"
            )))?;
        }
        c.run(Statement::new("DELETE FROM screening_attempt"))?;
        Ok(())
    }
    match database.writer()? {
        WriteConnection::Sqlite(mut c) => c.write(clear),
        WriteConnection::Postgres(mut c) => c.write(clear),
    }
}

/// Writes what a batch changed.
pub(super) fn save<C: StoreConnection>(
    connection: &mut C,
    working: &Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let conflicts = working.conflicts.changed().map(|(_, one)| conflict_row(one, numbers));
    connection.put_rows(&conflicts.collect::<Result<Vec<_>, _>>()?)?;
    let contested: Vec<ContestedRow> = working.contested.changed().map(|(_, one)| contested_row(one)).collect();
    connection.put_rows(&contested)?;
    let positions = working.positions.changed().map(|(activity, position)| PositionRow {
        issuance: id_bytes(activity.issuance),
        idx: i64::from(activity.index),
        before_g: position.before,
        grams: position.grams,
    });
    connection.put_rows(&positions.collect::<Vec<_>>())?;
    let mut debts = Vec::new();
    for debt in working.debts.changed().flat_map(|(_, debts)| debts) {
        debts.push(DebtRow {
            id: id_bytes(debt.id),
            member_no: numbers.members.number(&debt.member)?,
            quantity_g: debt.quantity.get(),
            covered_g: debt.covered.get(),
            log_index: debt.log_index,
        });
    }
    connection.put_rows(&debts)?;
    let mut runs = Vec::new();
    for named in &working.written.runs {
        // Another process may have taken the store over and deleted what nobody had named.
        if !working.recovering && !hold_run(connection, named.run, &id_bytes(named.attempt))? {
            let what = format!("run {} is not in the store of tokens any more", named.run);
            return Err(content(what));
        }
        runs.push(ScreeningRunRow {
            run: i32::try_from(named.run).map_err(content)?,
            issuance: id_bytes(named.issuance),
            attempt: id_bytes(named.attempt),
            named_log_index: named.log_index,
        });
    }
    connection.insert_rows(&runs)?;
    let owners = working.written.owners.iter().map(|(token, owner)| TokenOwnerRow {
        epoch: i32::from(token.epoch),
        token: token.token.0.to_vec(),
        kind: token.kind.code(),
        issuance: id_bytes(owner.issuance),
        idx: i64::from(owner.index),
    });
    connection.put_rows(&owners.collect::<Vec<_>>())?;
    let mut statements = Vec::new();
    for said in &working.written.said {
        statements.push(StatementRow {
            conflict: id_bytes(said.conflict),
            log_index: said.log_index,
            member_no: numbers.members.number(&said.member)?,
            said_at: said.at.micros(),
            concede: said.concede,
            statement: said.statement.clone(),
        });
    }
    Ok(connection.insert_rows(&statements)?)
}
