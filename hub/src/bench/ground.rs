//! The ground of a bench: members, methodologies, mappings that discount nothing, and many blocks of one kilogram.

use std::sync::Arc;

use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};
use tanqiao_protocol::signing::SigningKey;
use tanqiao_protocol::time::{DAY_US, Timestamp};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::MemberKind;

use crate::bench::BenchError;
use crate::bench::place::TRUST_DOMAIN;
use crate::ledger::command::{Body, Command, Decision, Origin};
use crate::ledger::objects::{Policy, Role};
use crate::ledger::sequencer::{Sequencer, SequencerOptions, system_clock};
use crate::store::connection::StoreConnection;
use crate::store::database::{Database, WriteConnection};
use crate::store::rows::{BlockRow, MappingRow, MethodologyRow, SeriesRow, SheetRow};
use crate::store::statement::Statement;

/// Grams in each block.
pub const BLOCK_G: i64 = 1_000;

/// Members that trade with each other.
#[derive(Debug)]
pub struct Trader {
    /// Its id.
    pub id: NodeId,
    /// Its region.
    pub region: RegionCode,
    /// Its signing key.
    pub key: Arc<SigningKey>,
    /// The series of the blocks that it trades first.
    pub series: SeriesRef,
    /// The number of the first of these in the series, from 0.
    pub offset: i64,
    /// How many.
    pub blocks: i64,
}

impl Trader {
    /// Number `n` of its blocks, from 0.
    #[must_use]
    pub fn block(&self, n: i64) -> Option<BlockRef> {
        let n = self.offset + n;
        let range = SerialRange::new(n * BLOCK_G + 1, (n + 1) * BLOCK_G).ok()?;
        Some(BlockRef {
            series: self.series.clone(),
            range,
        })
    }
}

/// A new message id of now.
#[must_use]
pub fn new_id() -> MessageId {
    MessageId::from_parts(now(), &rand::random())
}

/// The time now.
#[must_use]
pub fn now() -> Timestamp {
    system_clock()()
}

fn ask(sequencer: &Sequencer, origin: Origin, body: Body) -> Result<(), BenchError> {
    let id = new_id();
    let command = Command {
        origin,
        id,
        payload_sha256: Sha256::of(id.to_string().as_bytes()),
        body,
    };
    submit(sequencer, command)
}

/// Hands in one command, which has to be accepted.
pub(super) fn submit(sequencer: &Sequencer, command: Command) -> Result<(), BenchError> {
    let answer = sequencer.submit_blocking(vec![command])?.into_iter().next();
    let answer = answer.ok_or_else(|| BenchError::Refused("no answer".to_owned()))?;
    answer
        .result
        .map(drop)
        .map_err(|problem| BenchError::Refused(problem.detail))
}

fn decide(sequencer: &Sequencer, officers: &[Name], decision: Decision) -> Result<(), BenchError> {
    let origin = if officers.is_empty() {
        Origin::Hub
    } else {
        Origin::Officers(officers.to_vec())
    };
    ask(sequencer, origin, Body::Governance(Box::new(decision)))
}

/// A decision of both officers.
pub(super) fn decide_by_officers(sequencer: &Sequencer, decision: Decision) -> Result<(), BenchError> {
    decide(sequencer, &["bench-first".parse()?, "bench-second".parse()?], decision)
}

/// Founds the federation, as `migrate` does: a hub serves only its own.
///
/// # Errors
/// [`BenchError`] if the ledger refuses.
pub fn found(database: &Database) -> Result<(), BenchError> {
    let sequencer = Sequencer::start(database.clone(), SequencerOptions::default())?;
    let policy = Policy {
        trust_domain: TRUST_DOMAIN.parse()?,
        demonstration: true,
        screening: false,
        ..Policy::default()
    };
    let founded = decide(&sequencer, &[], Decision::SetPolicy(policy));
    sequencer.stop();
    founded
}

/// Whose blocks are traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Each member begins with blocks that it issued itself.
    Each,
    /// All begin with blocks of the first member's series.
    Hot,
}

/// Makes `members` members with `blocks` blocks among them.
///
/// # Errors
/// [`BenchError`] if the ledger refuses.
pub fn prepare(
    database: &Database,
    sequencer: &Sequencer,
    members: u32,
    blocks: i64,
    spread: Spread,
) -> Result<Vec<Trader>, BenchError> {
    let (first, _) = appoint(sequencer)?;
    let mut traders = Vec::new();
    for n in 0..members {
        traders.push(admit(sequencer, &first, n, blocks / i64::from(members))?);
    }
    load_governance(database, &traders)?;
    if spread == Spread::Hot
        && let Some(hot) = traders.first().map(|first| first.series.clone())
    {
        let mut offset = 0;
        for trader in &mut traders {
            trader.series = hot.clone();
            trader.offset = offset;
            offset += trader.blocks;
        }
    }
    load_blocks(database, &traders)?;
    // The sequencer sees the new governance version at its next look.
    while sequencer.governance().mapping_versions.is_empty() {
        std::thread::yield_now();
    }
    Ok(traders)
}

/// Gives the federation its two officers.
pub(super) fn appoint(sequencer: &Sequencer) -> Result<(Name, Name), BenchError> {
    let first: Name = "bench-first".parse()?;
    let second: Name = "bench-second".parse()?;
    let officer = |account: &Name| Decision::PutOfficer {
        account: account.clone(),
        role: Role::Officer,
        password_hash: String::new(),
        active: true,
    };
    decide(sequencer, &[], officer(&first))?;
    decide(sequencer, std::slice::from_ref(&first), officer(&second))?;
    Ok((first, second))
}

pub(super) fn admit(sequencer: &Sequencer, officer: &Name, n: u32, blocks: i64) -> Result<Trader, BenchError> {
    let id: NodeId = format!("member-{n}").parse()?;
    let region: RegionCode = format!("{}0100", 11 + n % 55).parse()?;
    let key = SigningKey::generate(tanqiao_protocol::signing::Algorithm::Ed25519)?;
    let decision = Decision::Admit {
        member: id.clone(),
        region,
        kind: MemberKind::Region,
        name_zh: id.to_string(),
        name_en: id.to_string(),
        key: key.verifying_key().clone(),
    };
    decide(sequencer, std::slice::from_ref(officer), decision)?;
    let series = SeriesRef::new(id.clone(), region, format!("{id}-metro.v1").parse()?, 2025)?;
    Ok(Trader {
        id,
        region,
        key: Arc::new(key),
        series,
        offset: 0,
        blocks,
    })
}

/// Admits members that hold nothing and only listen.
///
/// # Errors
/// [`BenchError`] if the ledger refuses.
pub fn admit_idlers(sequencer: &Sequencer, count: u32) -> Result<Vec<Arc<Trader>>, BenchError> {
    let officer: Name = "bench-first".parse()?;
    (1_000..1_000 + count)
        .map(|n| admit(sequencer, &officer, n, 0).map(Arc::new))
        .collect()
}

fn methodology(trader: &Trader) -> Result<Methodology, BenchError> {
    Ok(Methodology {
        methodology: trader.series.methodology().clone(),
        region: trader.region,
        title_zh: "轨道交通".to_owned(),
        title_en: "Rail transit".to_owned(),
        activity: "rail-transit".parse()?,
        activity_unit: "km".to_owned(),
        factor_g_per_unit: None,
        record_g_max: None,
        uses: Use::ALL.iter().copied().collect(),
        in_force_from: Timestamp::from_micros(0),
        in_force_until: None,
        vintage_first: 2020,
        vintage_last: 2030,
        source: "bench".to_owned(),
    })
}

/// What stands in the store of methodologies and mappings.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub methodologies: Vec<MethodologyRow>,
    pub sheets: Vec<SheetRow>,
    pub mappings: Vec<MappingRow>,
}

/// Puts rules straight into the store, in the place of the way through the ledger.
pub(super) fn load_rules(database: &Database, rules: &Rules) -> Result<(), BenchError> {
    let count = i32::try_from(rules.mappings.len())?;
    on(database, |c| c.governance(rules, count))
}

/// Methodologies and mappings straight into the store: the bench measures transfers, not governance.
fn load_governance(database: &Database, traders: &[Trader]) -> Result<(), BenchError> {
    use crate::ledger::objects::MappingContent;
    let mut rules = Rules::default();
    for (no, trader) in (2..).zip(traders) {
        let content = serde_json::to_string(&methodology(trader)?)?;
        rules.methodologies.push(MethodologyRow {
            reference: trader.series.methodology().to_string(),
            publisher_no: no,
            content,
            log_index: 0,
        });
        for target in traders.iter().filter(|t| t.id != trader.id) {
            let record = MappingRecord {
                mapping: format!("{}-to-{}.v1", trader.id, target.id).parse()?,
                origin: trader.series.methodology().clone(),
                to: target.region,
                endorsed_by: target.id.clone(),
                counterpart: None,
                reference: None,
                through: None,
                source_region: None,
                vintages: None,
                batch: None,
                explanation_sha256: None,
                excluded_schemes: Vec::new(),
                predicate: Predicate::Close,
                factor: Factor::ONE,
                buffer: Factor::ZERO,
                uses: Use::ALL.iter().copied().collect(),
                cap_g: None,
                valid_from: Timestamp::from_micros(0),
                valid_until: now().plus_micros(300 * DAY_US),
                reason_zh: "测量".to_owned(),
                reason_en: "bench".to_owned(),
                demonstration: true,
            };
            let content = MappingContent {
                record: Some(Arc::new(record.clone())),
                ..MappingContent::default()
            };
            rules.mappings.push(MappingRow {
                no: i32::try_from(rules.mappings.len() + 1)?,
                reference: record.mapping.to_string(),
                status: MappingState::Active.code(),
                content: serde_json::to_string(&content)?,
                log_index: 0,
            });
        }
    }
    load_rules(database, &rules)
}

/// Blocks straight into the store, as if they had been issued and split long ago.
fn load_blocks(database: &Database, traders: &[Trader]) -> Result<(), BenchError> {
    let mut series: Vec<SeriesRow> = Vec::new();
    for trader in traders {
        let (reference, grams) = (trader.series.to_string(), trader.blocks * BLOCK_G);
        if let Some(row) = series.iter_mut().find(|row| row.reference == reference) {
            row.issued += grams;
        } else {
            let no = i64::try_from(series.len() + 1)?;
            series.push(SeriesRow {
                no,
                reference,
                issued: grams,
            });
        }
    }
    on(database, |c| c.series(&series))?;
    for (member_no, trader) in (2_i32..).zip(traders) {
        let reference = trader.series.to_string();
        let series_no = series
            .iter()
            .find(|row| row.reference == reference)
            .map_or(0, |row| row.no);
        let issuance = new_id().uuid().as_bytes().to_vec();
        let mut from = trader.offset;
        let until = trader.offset + trader.blocks;
        while from < until {
            let to = (from + 10_000).min(until);
            let rows: Vec<BlockRow> = (from..to)
                .map(|n| BlockRow {
                    series_no,
                    first: n * BLOCK_G + 1,
                    last: (n + 1) * BLOCK_G,
                    holder: member_no,
                    state: 1,
                    state_before: None,
                    bound_to: None,
                    issuance: issuance.clone(),
                    uses: 511,
                    mapping_no: None,
                    factor_paid: 1_000_000,
                    buffered: false,
                    log_index: 0,
                })
                .collect();
            on(database, |c| c.blocks(&rows))?;
            from = to;
        }
    }
    on(database, |c| c.analyse())
}

/// What the ground writes, on either database.
trait Ground {
    fn governance(&mut self, rules: &Rules, count: i32) -> diesel::QueryResult<()>;
    fn series(&mut self, rows: &[SeriesRow]) -> diesel::QueryResult<()>;
    fn blocks(&mut self, rows: &[BlockRow]) -> diesel::QueryResult<()>;
    fn analyse(&mut self) -> diesel::QueryResult<()>;
}

impl<C: StoreConnection> Ground for C {
    fn governance(&mut self, rules: &Rules, count: i32) -> diesel::QueryResult<()> {
        self.write(|c| {
            c.put_rows(&rules.methodologies)?;
            c.put_rows(&rules.sheets)?;
            c.put_rows(&rules.mappings)?;
            let sql = "UPDATE log_head SET governance_version = governance_version + 1, mapping_count = ?";
            c.run(Statement::new(sql).bind(count)).map(drop)
        })
    }

    fn series(&mut self, rows: &[SeriesRow]) -> diesel::QueryResult<()> {
        self.write(|c| {
            c.put_rows(rows)?;
            c.run(Statement::new("UPDATE log_head SET series_count = ?").bind(i64::try_from(rows.len()).unwrap_or(0)))
                .map(drop)
        })
    }

    fn blocks(&mut self, rows: &[BlockRow]) -> diesel::QueryResult<()> {
        self.write(|c| c.put_rows(rows))
    }

    fn analyse(&mut self) -> diesel::QueryResult<()> {
        if C::POSTGRES {
            self.run(Statement::new("VACUUM ANALYZE block")).map(drop)
        } else {
            self.run(Statement::new("ANALYZE")).map(drop)
        }
    }
}

fn on(database: &Database, work: impl FnOnce(&mut dyn Ground) -> diesel::QueryResult<()>) -> Result<(), BenchError> {
    let done = match database.writer()? {
        WriteConnection::Sqlite(mut c) => work(&mut *c),
        WriteConnection::Postgres(mut c) => work(&mut *c),
    };
    done.map_err(|error| BenchError::Store(error.into()))
}
