//! Certificates: what was retired for whom, put together from the retirement, its donation and its leaf.

use std::collections::BTreeMap;

use tanqiao_protocol::event::Certificate;
use tanqiao_protocol::id::{MessageId, TrustDomain};
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::r#use::Uses;

use super::dealings::{donation, retirement};
use super::life::leaf_bytes;
use super::{Number, many_bytes, one_of_bytes, rows, series_number};
use crate::store::convert::{content, id_bytes};
use crate::store::database::{ReadConnection, StoreError};
use crate::store::rows::BlockRow;
use crate::store::statement::Statement;

/// Where a certificate points to.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The federation.
    pub trust_domain: TrustDomain,
    /// The name of the log.
    pub log_origin: String,
}

/// The certificate of a retirement or committed donation.
///
/// # Errors
/// [`StoreError`].
pub fn find(
    connection: &mut ReadConnection<'_>,
    id: MessageId,
    issuer: &Issuer,
) -> Result<Option<Certificate>, StoreError> {
    let Some(retired) = retirement(connection, id)? else {
        return Ok(None);
    };
    let given = donation(connection, id)?;
    let leaf = leaf_bytes(connection, retired.log_index)?
        .ok_or_else(|| content(format!("leaf {} is missing", retired.log_index)))?;
    let retired_rows = retired_blocks(connection, id, &retired.blocks)?;
    let uses = retired_rows
        .iter()
        .map(|row| Uses::from_bits(row.uses))
        .reduce(Uses::and)
        .unwrap_or(Uses::NONE);
    let unscreened = any_unscreened(connection, &retired_rows)?;
    let quote = given.as_ref().map(|donation| &donation.content.quote);
    Ok(Some(Certificate {
        certificate: id,
        trust_domain: issuer.trust_domain.clone(),
        member: retired.member,
        donor: given.as_ref().and_then(|donation| donation.content.donor_name.clone()),
        claim: retired.claim,
        blocks: retired.blocks,
        quantity_g: retired.quantity,
        given_g: quote.map_or(retired.quantity, |quote| quote.given_g),
        buffered_g: quote.map_or(Grams::ZERO, |quote| quote.buffered_g),
        cancelled_g: quote.map_or(Grams::ZERO, |quote| quote.cancelled_g),
        committed_at: retired.at,
        log_index: retired.log_index,
        log_origin: issuer.log_origin.clone(),
        leaf_hash: leaf_hash(&leaf),
        uses,
        unscreened,
    }))
}

/// The blocks that this retirement ended: one range query a series, since the log has no index by what ended a block.
fn retired_blocks(
    connection: &mut ReadConnection<'_>,
    id: MessageId,
    named: &[BlockRef],
) -> Result<Vec<BlockRow>, StoreError> {
    let mut spans: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for block in named {
        let span = spans
            .entry(block.series.to_string())
            .or_insert((block.range.first(), block.range.last()));
        *span = (span.0.min(block.range.first()), span.1.max(block.range.last()));
    }
    let mut found = Vec::new();
    for (series, (first, last)) in spans {
        let Some(number) = series_number(connection, &series)? else {
            continue;
        };
        let sql = "series_no = ? AND first >= ? AND first <= ? AND bound_to = ?";
        found.extend(rows::<BlockRow>(
            connection,
            sql,
            vec![number.into(), first.into(), last.into(), id_bytes(id).into()],
        )?);
    }
    Ok(found)
}

fn any_unscreened(connection: &mut ReadConnection<'_>, blocks: &[BlockRow]) -> Result<bool, StoreError> {
    let mut issuances: Vec<Vec<u8>> = blocks.iter().map(|row| row.issuance.clone()).collect();
    issuances.sort_unstable();
    issuances.dedup();
    let sql = format!(
        "SELECT COUNT(*) AS n FROM issuance WHERE {} AND unscreened",
        one_of_bytes(connection, "id")
    );
    let statement = Statement::new(sql).bind(many_bytes(connection, issuances));
    let found: Vec<Number> = connection.load(statement)?;
    Ok(found.first().is_some_and(|row| row.n > 0))
}
