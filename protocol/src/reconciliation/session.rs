//! What node and hub say to each other in one reconciliation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{RECORD_BYTES, Record, SYMBOL_BYTES, Symbol, SymbolKey};
use crate::block::{Block, BlockState, BlockStatus, BlockTerms};
use crate::id::{MessageId, NodeId, Sha256, TrustDomain};
use crate::methodology::MethodologyRef;
use crate::quantity::Grams;
use crate::serial::BlockRef;
use crate::text::words;
use crate::time::Timestamp;

/// The symbols that the first answer has: enough for sets that are equal or nearly so.
pub const FIRST_SYMBOLS: u32 = 4;
/// The most symbols of one answer.
pub const SYMBOLS_PER_ROUND_MAX: u32 = 4_096;
/// The most records, or blocks, that one round asks for.
pub const ITEMS_PER_ROUND_MAX: usize = 500;
/// The most findings of one result.
pub const FINDINGS_MAX: u32 = 200_000;

/// The most bytes of a report that a member gives to the hub.
pub const REPORT_BYTES_MAX: usize = 32 << 20;

words! {
    /// Why a node reconciles.
    pub enum ReconciliationReason {
        /// By the calendar.
        Scheduled = 1 "scheduled",
        /// A person asked for it.
        Asked = 2 "asked",
        /// The node's book is not what its feed says.
        Diverged = 3 "diverged",
    }
}

words! {
    /// How far a reconciliation is.
    pub enum ReconciliationState {
        /// The cut was taken; no result has come.
        Started = 1 "started",
        /// The result says that both sides have the same blocks.
        Agreed = 10 "agreed",
        /// The result has findings.
        Different = 11 "different",
        /// Officers have closed its findings.
        Closed = 12 "closed",
    }
}

impl ReconciliationState {
    /// True if a reconciliation may go from `from` (`None`: it is not there yet) to `to`.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        match from {
            None => to == Self::Started,
            Some(Self::Started) => matches!(to, Self::Agreed | Self::Different),
            Some(Self::Different) => to == Self::Closed,
            Some(Self::Agreed | Self::Closed) => false,
        }
    }
}

/// Begins a reconciliation; the message's id is the reconciliation's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// Why.
    pub reason: ReconciliationReason,
    /// The last feed entry that the node's book has.
    pub cursor: i64,
    /// The chain there.
    pub chain: Sha256,
    /// The reconciliation because of which the node's book was built anew, by two people's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired: Option<MessageId>,
}

/// What the node found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationResult {
    /// The reconciliation.
    pub reconciliation: MessageId,
    /// The cut that was compared.
    pub cut: Cut,
    /// Findings of each class; all 0 where the sides agree.
    pub counts: super::FindingCounts,
    /// SHA-256 of the findings' canonical JSON.
    pub findings_sha256: Sha256,
}

/// The instant that is compared: a member's blocks after this entry of its feed, with the log so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// The last entry of the member's feed.
    pub seq: i64,
    /// The chain there.
    pub chain: Sha256,
    /// Leaves of the log.
    pub log_size: i64,
}

/// All blocks of one state, methodology and year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassTotal {
    /// The state.
    pub state: BlockState,
    /// The methodology.
    pub methodology: MethodologyRef,
    /// The year.
    pub vintage: u16,
    /// How many blocks.
    pub blocks: u64,
    /// Their grams.
    pub quantity_g: Grams,
}

/// What each side has of one state, methodology and year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparedTotal {
    /// The state.
    pub state: BlockState,
    /// The methodology.
    pub methodology: MethodologyRef,
    /// The year.
    pub vintage: u16,
    /// How many blocks the hub has.
    pub hub_blocks: u64,
    /// Their grams.
    pub hub_g: Grams,
    /// How many blocks the node has.
    pub node_blocks: u64,
    /// Their grams.
    pub node_g: Grams,
}

impl ComparedTotal {
    /// Every state, methodology and year that one of the sides has, in this order.
    #[must_use]
    pub fn of(hub: &[ClassTotal], node: &[ClassTotal]) -> Vec<Self> {
        let mut lines = std::collections::BTreeMap::new();
        let key = |total: &ClassTotal| (total.state.code(), total.methodology.clone(), total.vintage);
        let line = |total: &ClassTotal| Self {
            state: total.state,
            methodology: total.methodology.clone(),
            vintage: total.vintage,
            hub_blocks: 0,
            hub_g: Grams::ZERO,
            node_blocks: 0,
            node_g: Grams::ZERO,
        };
        for total in hub {
            let line = lines.entry(key(total)).or_insert_with(|| line(total));
            (line.hub_blocks, line.hub_g) = (total.blocks, total.quantity_g);
        }
        for total in node {
            let line = lines.entry(key(total)).or_insert_with(|| line(total));
            (line.node_blocks, line.node_g) = (total.blocks, total.quantity_g);
        }
        lines.into_values().collect()
    }
}

/// The hub's answer to the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Which.
    pub reconciliation: MessageId,
    /// The cut.
    pub cut: Cut,
    /// How many blocks the hub has.
    pub blocks: u64,
    /// By state, methodology and year.
    pub totals: Vec<ClassTotal>,
    /// The first [`FIRST_SYMBOLS`] symbols, base64.
    pub symbols: String,
}

/// What the node asks for in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// The symbols from this place on.
    SymbolsFrom(u32),
    /// The blocks of these records, 48 bytes each, base64.
    Records(String),
    /// Who has these serials, which the node's book has and the hub's set has not.
    Serials(Vec<BlockRef>),
}

/// A block, as messages write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The block.
    pub block: BlockRef,
    /// Holder and state.
    pub status: BlockStatus,
    /// What recognition has fixed.
    pub terms: BlockTerms,
}

impl From<Block> for Version {
    fn from(block: Block) -> Self {
        Self {
            block: block.reference(),
            status: block.status,
            terms: block.terms,
        }
    }
}

impl From<Version> for Block {
    fn from(version: Version) -> Self {
        Self {
            series: version.block.series,
            range: version.block.range,
            status: version.status,
            terms: version.terms,
        }
    }
}

/// The hub's blocks for some records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlocksFound {
    /// As they were at the cut, and still are.
    pub blocks: Vec<Version>,
    /// Records of blocks that have changed since the cut, base64: the feed says how.
    pub changed: String,
}

/// Who has some serials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whereabouts {
    /// The block that was asked for.
    pub block: BlockRef,
    /// Who has its first serial.
    pub place: Place,
}

words! {
    /// Who has a serial, as far as the asking member may know.
    pub enum Place {
        /// The asking member.
        Here = 1 "here",
        /// Another member.
        Elsewhere = 2 "elsewhere",
        /// Nobody: it was never issued.
        Unknown = 3 "unknown",
    }
}

/// What the hub's log says of the serials in findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examination {
    /// The log's leaves at that time.
    pub log_size: i64,
    /// Findings whose serials were looked at.
    pub findings: u32,
    /// Runs of serials of which the hub's ledger does not say what its log says. Nothing is done with these until officers
    /// close the findings.
    pub contradicted: u32,
}

/// How findings ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// Why, in the officers' words.
    pub reason: String,
}

/// One of `GET /v1/reconciliations`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationView {
    /// Its id.
    pub reconciliation: MessageId,
    /// Whose.
    pub member: NodeId,
    /// Why.
    pub reason: ReconciliationReason,
    /// How far.
    pub state: ReconciliationState,
    /// When it began.
    pub started_at: Timestamp,
    /// When the result came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ReconciliationResult>,
    /// What the log says of its findings, once it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examined: Option<Examination>,
    /// How its findings ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closing>,
    /// The reconciliation because of which the node's book had been built anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired: Option<MessageId>,
    /// The leaf of its last change.
    pub log_index: i64,
}

impl SymbolKey {
    /// The key of one reconciliation: the first 16 bytes of SHA-256 of a fixed text, the federation and the id. It is no
    /// secret; it differs from one reconciliation to the next.
    #[must_use]
    pub fn of(trust_domain: &TrustDomain, id: MessageId) -> Self {
        let text = format!("tanqiao reconciliation v1|{trust_domain}|{id}");
        let mut key = [0; 16];
        for (byte, from) in key.iter_mut().zip(Sha256::of(text.as_bytes()).0) {
            *byte = from;
        }
        Self(key)
    }
}

/// How many symbols to ask for next when `taken` did not suffice: a twelfth more, so that little is sent that is not needed.
#[must_use]
pub fn next_symbols(taken: u32) -> u32 {
    (taken / 12).clamp(4, SYMBOLS_PER_ROUND_MAX)
}

/// Symbols as bytes.
#[must_use]
pub fn symbols_to_bytes(symbols: &[Symbol]) -> Vec<u8> {
    symbols.iter().flat_map(Symbol::to_bytes).collect()
}

/// Symbols from bytes; `None` if they are no whole number of symbols, or too many.
#[must_use]
pub fn symbols_from_bytes(bytes: &[u8]) -> Option<Vec<Symbol>> {
    let (symbols, rest) = bytes.as_chunks::<SYMBOL_BYTES>();
    let fits = rest.is_empty() && symbols.len() <= SYMBOLS_PER_ROUND_MAX as usize;
    fits.then(|| symbols.iter().map(Symbol::from_bytes).collect())
}

/// Symbols in base64, as the first answer has them; `None` as in [`symbols_from_bytes`].
#[must_use]
pub fn symbols_from_text(text: &str) -> Option<Vec<Symbol>> {
    symbols_from_bytes(&STANDARD.decode(text).ok()?)
}

/// Symbols in base64.
#[must_use]
pub fn symbols_to_text(symbols: &[Symbol]) -> String {
    STANDARD.encode(symbols_to_bytes(symbols))
}

/// Records in base64.
#[must_use]
pub fn records_to_text(records: &[Record]) -> String {
    let bytes: Vec<u8> = records.iter().flat_map(|record| record.0).collect();
    STANDARD.encode(bytes)
}

/// Records from base64; `None` if it is none, or more than [`ITEMS_PER_ROUND_MAX`].
#[must_use]
pub fn records_from_text(text: &str) -> Option<Vec<Record>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
    let fits = rest.is_empty() && records.len() <= ITEMS_PER_ROUND_MAX;
    fits.then(|| records.iter().copied().map(Record).collect())
}

/// Totals by state, methodology and year, in this order.
#[derive(Debug, Clone, Default)]
pub struct Totals(std::collections::BTreeMap<(i16, MethodologyRef, u16), (u64, i64)>);

impl Totals {
    /// Counts a block.
    pub fn add(&mut self, block: &Block) {
        let key = (
            block.status.state.code(),
            block.series.methodology().clone(),
            block.series.vintage(),
        );
        let total = self.0.entry(key).or_default();
        total.0 += 1;
        total.1 = total.1.saturating_add(block.quantity().get());
    }

    /// All of them.
    #[must_use]
    pub fn list(self) -> Vec<ClassTotal> {
        let total = |((state, methodology, vintage), (blocks, grams))| {
            Some(ClassTotal {
                state: BlockState::from_code(state)?,
                methodology,
                vintage,
                blocks,
                quantity_g: Grams::new(grams).ok()?,
            })
        };
        self.0.into_iter().filter_map(total).collect()
    }
}
