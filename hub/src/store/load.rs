//! Loads what decisions read: one query for each kind of thing, however many of it.

mod assets;

use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::lattice::SetDigest;
use tanqiao_protocol::serial::SeriesRef;

use super::challenges;
use super::conflicts;
use super::connection::StoreConnection;
use super::convert::{self, content, grams, id_bytes, message_id, sha256};
use super::convert_claims;
use super::database::StoreError;
use super::numbers::Numbers;
use super::reconciliations;
use super::row::row;
use super::rows::{
    BlockRow, CapRow, ChallengeRow, DealingRow, DonationRow, EventRow, FeedHeadRow, IssuanceRow, ListingRow,
    MessageRow, PermissionRow, PledgeRow, ReconciliationRow, SeriesRow, TransferRow,
};
use super::statement::Statement;
use crate::ledger::decide::WAITING_MAX;
use crate::ledger::nearby::Nearby;
use crate::ledger::needs::Needs;
use crate::ledger::objects::CapCount;
use crate::ledger::working::{FeedHead, StoredAnswer, Working};

/// The most transfers and donations that one sweep ends; the next sweep takes the rest.
const DUE_MAX: i64 = 500;

/// Loads `needs` into `working`.
pub fn load<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &mut Numbers,
    nearby: &mut Nearby,
) -> Result<(), StoreError> {
    load_series(connection, needs, working, numbers)?;
    load_answers(connection, needs, working, numbers)?;
    load_dealings_by_id(connection, needs, working, numbers)?;
    load_blocks(connection, needs, working, numbers)?;
    load_objects(connection, needs, working, numbers)?;
    conflicts::load(connection, needs, working, numbers)?;
    load_events(connection, needs, working)?;
    load_counters(connection, needs, working, numbers)?;
    load_listings(connection, needs, working, numbers)?;
    load_feeds(connection, needs, working, numbers)?;
    load_open(connection, needs, working, numbers)?;
    assets::load(connection, needs, working, numbers, nearby)
}

/// Learns the numbers of series that this process has not met, and their last serials where asked for.
fn load_series<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    let unknown = needs
        .ranges
        .iter()
        .map(|r| &r.series)
        .chain(needs.free.iter().map(|(_, s)| s))
        .filter(|s| numbers.series.find(s).is_none());
    let mut wanted: Vec<String> = needs.series.iter().chain(unknown).map(ToString::to_string).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT * FROM series WHERE {}", C::is_one_of("reference", false));
    for row in connection.select::<SeriesRow>(Statement::new(sql).bind(C::many_texts(wanted)))? {
        let series: SeriesRef = row.reference.parse().map_err(content)?;
        numbers.series.learn(series.clone(), row.no);
        if needs.series.contains(&series) {
            working.series.load(series, Some(row.issued));
        }
    }
    for series in &needs.series {
        working.series.load(series.clone(), None);
    }
    Ok(())
}

/// Learns the series of these numbers.
pub(super) fn learn_series<C: StoreConnection>(
    connection: &mut C,
    numbers: &mut Numbers,
    wanted: impl Iterator<Item = i64>,
) -> Result<(), StoreError> {
    let mut unknown: Vec<i64> = wanted.filter(|no| numbers.series.name(*no).is_err()).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if unknown.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT * FROM series WHERE {}", C::is_one_of("no", false));
    for row in connection.select::<SeriesRow>(Statement::new(sql).bind(C::many_i64(unknown)))? {
        numbers.series.learn(row.reference.parse().map_err(content)?, row.no);
    }
    Ok(())
}

fn load_answers<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    if needs.answers.is_empty() {
        return Ok(());
    }
    let ids = needs.answers.iter().map(|(_, id)| id_bytes(*id)).collect();
    // Whoever used the id: it names what the message opened, and belongs to that member.
    let sql = format!("SELECT * FROM message WHERE {}", C::is_one_of("id", true));
    for row in connection.select::<MessageRow>(Statement::new(sql).bind(C::many_bytes(ids)))? {
        let (member, id) = (numbers.members.name(row.member_no)?.clone(), message_id(&row.id)?);
        let answer = StoredAnswer {
            payload_sha256: sha256(&row.payload_sha256)?,
            status: u16::try_from(row.status).map_err(content)?,
            answer: row.answer,
        };
        working.ids.entry(id).or_insert_with(|| member.clone());
        working.answers.load((member, id), Some(answer));
    }
    for key in &needs.answers {
        working.answers.load(key.clone(), None);
    }
    Ok(())
}

fn by_ids<C: StoreConnection, R: super::connection::Readable>(
    connection: &mut C,
    table: &str,
    ids: impl Iterator<Item = MessageId>,
) -> Result<Vec<R>, StoreError> {
    let ids: Vec<Vec<u8>> = ids.map(id_bytes).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT * FROM {table} WHERE {}", C::is_one_of("id", true));
    Ok(connection.select(Statement::new(sql).bind(C::many_bytes(ids)))?)
}

fn load_dealings_by_id<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    for row in by_ids::<C, TransferRow>(connection, "transfer", needs.dealings_by_id.iter().copied())? {
        let transfer = convert::transfer(&row, numbers)?;
        working.transfers.load(transfer.id, Some(transfer));
    }
    let rest: Vec<MessageId> = needs
        .dealings_by_id
        .iter()
        .copied()
        .filter(|id| !working.transfers.knows(id))
        .collect();
    for row in by_ids::<C, DonationRow>(connection, "donation", rest.into_iter())? {
        let donation = convert::donation(&row, numbers)?;
        working.donations.load(donation.id, Some(donation));
    }
    for id in &needs.dealings_by_id {
        working.transfers.load(*id, None);
        working.donations.load(*id, None);
    }
    Ok(())
}

/// The blocks that overlap each range: the one that begins at or before it, and those that begin inside. Blocks of a
/// series are disjoint, so that the primary key answers it however many there are.
fn load_blocks<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let known: Vec<(i64, i64, i64)> = needs
        .ranges
        .iter()
        .filter_map(|r| Some((numbers.series.find(&r.series)?, r.range.first(), r.range.last())))
        .collect();
    let rows = if known.is_empty() {
        Vec::new()
    } else if C::POSTGRES {
        let sql = "SELECT b.* FROM unnest(?, ?, ?) AS r (s, a, z), LATERAL (SELECT * FROM block WHERE series_no = r.s AND first <= r.z
            AND first >= COALESCE((SELECT p.first FROM block p WHERE p.series_no = r.s AND p.first <= r.a ORDER BY p.first DESC LIMIT 1), r.a)) b";
        let statement = Statement::new(sql)
            .bind(C::many_i64(known.iter().map(|k| k.0).collect()))
            .bind(C::many_i64(known.iter().map(|k| k.1).collect()))
            .bind(C::many_i64(known.iter().map(|k| k.2).collect()));
        connection.select::<BlockRow>(statement)?
    } else {
        let mut rows = Vec::with_capacity(known.len());
        for (series, first, last) in known {
            let sql = "SELECT * FROM block WHERE series_no = ? AND first <= ?
                AND first >= COALESCE((SELECT max(p.first) FROM block p WHERE p.series_no = ? AND p.first <= ?), ?)";
            let statement = Statement::new(sql)
                .bind(series)
                .bind(last)
                .bind(series)
                .bind(first)
                .bind(first);
            rows.extend(connection.select::<BlockRow>(statement)?);
        }
        rows
    };
    for row in &rows {
        let block = convert::block(row, numbers)?;
        working.book.apply(&tanqiao_protocol::ledger::Replacement::issue(block));
    }
    working.ranges.extend(needs.ranges.iter().cloned());
    Ok(())
}

fn load_objects<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &mut Numbers,
) -> Result<(), StoreError> {
    for row in by_ids::<C, PledgeRow>(connection, "pledge", needs.pledges.iter().copied())? {
        let pledge = convert::pledge(&row, numbers)?;
        working.pledges.load(pledge.id, Some(pledge));
    }
    for id in &needs.pledges {
        working.pledges.load(*id, None);
    }
    for row in by_ids::<C, ChallengeRow>(connection, "challenge", needs.challenges.iter().copied())? {
        let challenge = challenges::challenge(&row, numbers)?;
        working.challenges.load(challenge.id, Some(challenge));
    }
    for id in &needs.challenges {
        working.challenges.load(*id, None);
    }
    for row in by_ids::<C, ReconciliationRow>(connection, "reconciliation", needs.reconciliations.iter().copied())? {
        let one = reconciliations::reconciliation(&row, numbers)?;
        working.reconciliations.load(one.id, Some(one));
    }
    for id in &needs.reconciliations {
        working.reconciliations.load(*id, None);
    }
    for row in by_ids::<C, PermissionRow>(connection, "linked_permission", needs.permissions.iter().copied())? {
        let permission = convert_claims::permission(&row)?;
        working.permissions.load(permission.id, Some(permission));
    }
    for id in &needs.permissions {
        working.permissions.load(*id, None);
    }
    let issuances = by_ids::<C, IssuanceRow>(connection, "issuance", needs.issuances.iter().copied())?;
    learn_series(connection, numbers, issuances.iter().filter_map(|row| row.series_no))?;
    for row in issuances {
        let issuance = convert::issuance(&row, numbers)?;
        working.issuances.load(issuance.id, Some(issuance));
    }
    for id in &needs.issuances {
        working.issuances.load(*id, None);
    }
    for key in &needs.local_references {
        let found = issuance_where(connection, numbers, &key.0, "local_reference", key.1.as_str())?;
        working.local_references.load(key.clone(), found);
    }
    for member in &needs.waiting_of {
        let mut waiting = 0;
        if let Some(no) = numbers.members.find(member) {
            let sql = "SELECT id FROM issuance WHERE member_no = ? AND state < 10 LIMIT ?";
            let most = i64::from(WAITING_MAX);
            let rows = connection.select::<IdRow>(Statement::new(sql).bind(no).bind(most))?;
            waiting = u32::try_from(rows.len()).unwrap_or(WAITING_MAX);
        }
        working.waiting_of.load(member.clone(), Some(waiting));
    }
    for key in &needs.records_roots {
        let found = issuance_where(connection, numbers, &key.0, "records_root", key.1.0.as_slice())?;
        working.records_roots.load(key.clone(), found);
    }
    Ok(())
}

/// The issuance of a member with this value in a column that is unique for the member.
fn issuance_where<'a, C: StoreConnection>(
    connection: &mut C,
    numbers: &Numbers,
    member: &NodeId,
    column: &str,
    value: impl Into<super::statement::Bind<'a>>,
) -> Result<Option<MessageId>, StoreError> {
    let Some(no) = numbers.members.find(member) else {
        return Ok(None);
    };
    let sql = format!("SELECT * FROM issuance WHERE member_no = ? AND {column} = ?");
    let rows = connection.select::<IssuanceRow>(Statement::new(sql).bind(no).bind(value))?;
    rows.first().map(|row| message_id(&row.id)).transpose()
}

fn load_events<C: StoreConnection>(connection: &mut C, needs: &Needs, working: &mut Working) -> Result<(), StoreError> {
    if needs.events.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT * FROM event WHERE {}", C::is_one_of("name", false));
    let names = needs.events.iter().map(ToString::to_string).collect();
    for row in connection.select::<EventRow>(Statement::new(sql).bind(C::many_texts(names)))? {
        let event = convert::event(&row)?;
        working.events.load(event.plan.event.clone(), Some(event));
    }
    for name in &needs.events {
        working.events.load(name.clone(), None);
    }
    Ok(())
}

fn load_counters<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let mapping_numbers: Vec<i64> = needs
        .caps
        .iter()
        .filter_map(|(m, _)| numbers.mappings.find(m))
        .map(i64::from)
        .collect();
    if !mapping_numbers.is_empty() {
        let sql = format!("SELECT * FROM mapping_cap WHERE {}", C::is_one_of("mapping_no", false));
        for row in connection.select::<CapRow>(Statement::new(sql).bind(C::many_i64(mapping_numbers)))? {
            let key = (
                numbers.mappings.name(row.mapping_no)?.clone(),
                u16::try_from(row.year).map_err(content)?,
            );
            if needs.caps.contains(&key) {
                working.caps.load(
                    key,
                    Some(CapCount {
                        reserved: grams(row.reserved_g)?,
                        committed: grams(row.committed_g)?,
                    }),
                );
            }
        }
    }
    for key in &needs.caps {
        working.caps.load(key.clone(), None);
    }
    for pair in &needs.dealings {
        let found = match (numbers.members.find(&pair.0), numbers.members.find(&pair.1)) {
            (Some(source), Some(target)) => {
                let statement = Statement::new("SELECT * FROM dealing WHERE source_no = ? AND target_no = ?")
                    .bind(source)
                    .bind(target);
                connection
                    .select::<DealingRow>(statement)?
                    .first()
                    .map(|row| row.first_index)
            }
            _ => None,
        };
        working.dealings.load(pair.clone(), found);
    }
    Ok(())
}

row!(SumRow in "block", key "total", { total: diesel::sql_types::BigInt => i64 });

fn load_listings<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    for key in &needs.listings {
        let no = numbers.members.number(&key.0)?;
        let statement = Statement::new("SELECT * FROM listing WHERE member_no = ? AND name = ?")
            .bind(no)
            .bind(key.1.as_str());
        let found = connection
            .select::<ListingRow>(statement)?
            .first()
            .map(|row| convert::listing(row, numbers))
            .transpose()?;
        working.listings.load(key.clone(), found);
    }
    for key in &needs.free {
        let no = numbers.members.number(&key.0)?;
        let Some(series) = numbers.series.find(&key.1) else {
            working.free.load(key.clone(), None);
            continue;
        };
        let held = "SELECT CAST(COALESCE(SUM(last - first + 1), 0) AS BIGINT) AS total FROM block WHERE holder = ? AND series_no = ? AND state = 1";
        let listed = "SELECT CAST(COALESCE(SUM(quantity_g), 0) AS BIGINT) AS total FROM listing WHERE member_no = ? AND series_no = ?";
        let mut sum = |sql: &'static str| -> Result<_, StoreError> {
            let rows = connection.select::<SumRow>(Statement::new(sql).bind(no).bind(series))?;
            grams(rows.first().map_or(0, |row| row.total))
        };
        working.free.load(key.clone(), Some((sum(held)?, sum(listed)?)));
    }
    Ok(())
}

fn load_feeds<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let members: Vec<i64> = needs
        .feeds
        .iter()
        .filter_map(|m| numbers.members.find(m))
        .map(i64::from)
        .collect();
    if !members.is_empty() {
        let sql = format!("SELECT * FROM feed_head WHERE {}", C::is_one_of("member_no", false));
        for row in connection.select::<FeedHeadRow>(Statement::new(sql).bind(C::many_i64(members)))? {
            let lattice = SetDigest::from_bytes(&row.lattice).map_err(content)?;
            let head = FeedHead {
                seq: row.seq,
                chain: sha256(&row.chain)?,
                lattice,
            };
            working
                .feeds
                .load(numbers.members.name(row.member_no)?.clone(), Some(head));
        }
    }
    for member in &needs.feeds {
        working.feeds.load(member.clone(), None);
    }
    Ok(())
}

row!(IdRow in "transfer", key "id", { id: diesel::sql_types::Binary => Vec<u8> });

fn message_ids(rows: &[IdRow]) -> Result<Vec<MessageId>, StoreError> {
    rows.iter().map(|row| message_id(&row.id)).collect()
}

fn load_open<C: StoreConnection>(
    connection: &mut C,
    needs: &Needs,
    working: &mut Working,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    for member in &needs.open_of {
        let mut open = Vec::new();
        if let Some(no) = numbers.members.find(member) {
            let sql = "SELECT id FROM transfer WHERE state < 10 AND source_no = ? UNION SELECT id FROM transfer WHERE state < 10 AND target_no = ?
                UNION SELECT id FROM donation WHERE state < 10 AND donor_no = ?";
            for row in connection.select::<IdRow>(Statement::new(sql).bind(no).bind(no).bind(no))? {
                open.push(message_id(&row.id)?);
            }
        }
        working.open_of.load(member.clone(), Some(open));
    }
    if needs.due {
        let now = working.now.micros();
        // What is in an open finding stays due: where there is some, now the first and now the last are taken, so that it cannot stand
        // in front of everything else.
        let is_turned = working.governance.open_contradictions().next().is_some() && now % 2 == 1;
        let order = if is_turned { "due DESC, id" } else { "due, id" };
        let sql = format!("SELECT id FROM (SELECT id, valid_until AS due FROM transfer WHERE state < 10 AND valid_until <= ?
            UNION ALL SELECT id, delayed_until AS due FROM transfer WHERE state < 10 AND delayed_until <= ?
            UNION ALL SELECT id, valid_until AS due FROM donation WHERE state < 10 AND valid_until <= ?
            UNION ALL SELECT id, answer_until AS due FROM challenge WHERE state = 2 AND answer_until <= ?) AS waiting ORDER BY {order} LIMIT ?");
        let rows = connection.select::<IdRow>(
            Statement::new(sql)
                .bind(now)
                .bind(now)
                .bind(now)
                .bind(now)
                .bind(DUE_MAX),
        )?;
        let mut due = message_ids(&rows)?;
        due.dedup();
        working.due = Some(due);
    }
    Ok(())
}
