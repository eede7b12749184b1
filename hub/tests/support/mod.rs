//! A small federation for tests of the ledger: a sequencer on a database of its own, and members that speak to it.
//! Each test names its databases by [`on_each_database`].
#![allow(
    dead_code,
    unused_imports,
    clippy::missing_panics_doc,
    clippy::unused_self,
    clippy::must_use_candidate,
    reason = "shared by several test programs, each of which uses a part"
)]

mod content;
mod database;
pub mod marathon;
mod recognising;
mod registering;
mod speaking;
pub mod terminal;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tanqiao_hub::ledger::audit::Report;
use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin, ReceivedEnvelope, Signed};
use tanqiao_hub::ledger::objects::{Policy, Role};
use tanqiao_hub::ledger::sequencer::{Answer, Sequencer, SequencerOptions};
use tanqiao_hub::store::database::{Database, ReadConnection};
use tanqiao_hub::store::{audit, convert};
use tanqiao_protocol::block::Block;
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::{DAY_US, SECOND_US, Timestamp};
use tanqiao_protocol::view::Outcome;

pub use content::*;
pub use database::*;
pub use recognising::*;
pub use registering::*;
pub use speaking::*;

/// 2026-06-01T00:00:00Z, when every test begins.
pub const START: i64 = 1_780_272_000_000_000;

/// A hub's ledger with a clock that tests move.
pub struct Federation {
    pub url: String,
    pub database: Database,
    pub sequencer: Sequencer,
    pub clock: Arc<AtomicI64>,
    random: AtomicU64,
    asked: Mutex<Vec<Command>>,
}

/// Waits for the sequencer's thread: one that still has a connection while the process ends would be in a library that is being taken
/// down.
impl Drop for Federation {
    fn drop(&mut self) {
        self.sequencer.stop();
    }
}

impl Federation {
    /// A new ledger with two officers, an organiser, and the demonstration setting.
    pub fn found(url: &str) -> Self {
        let database = Database::open(url).unwrap();
        database.migrate().unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let federation = Self {
            url: url.to_owned(),
            sequencer: start(&database, &clock),
            database,
            clock,
            random: AtomicU64::new(1),
            asked: Mutex::default(),
        };
        let policy = Policy {
            trust_domain: "tanqiao.test".parse().unwrap(),
            demonstration: true,
            screening: false,
            mapping_comment_period_s: 0,
            ..Policy::default()
        };
        federation.by_hub(Decision::SetPolicy(policy)).unwrap();
        federation.by_hub(officer("first-officer", Role::Officer)).unwrap();
        federation
            .by_officers(&["first-officer"], officer("second-officer", Role::Officer))
            .unwrap();
        federation
            .by_officers(&["first-officer"], officer("organiser", Role::Organiser))
            .unwrap();
        federation
    }

    /// Another hub process on the same database.
    pub fn second_process(&self) -> Sequencer {
        start(&self.database, &self.clock)
    }

    /// The time at which the next batch is decided: the clock's, or right after the last batch.
    pub fn now(&self) -> Timestamp {
        let last = self.database.read(audit::head).unwrap().time_us;
        Timestamp::from_micros(self.clock.load(Ordering::SeqCst).max(last + 1))
    }

    /// Lets time pass from [`Federation::now`] on.
    pub fn pass(&self, seconds: i64) {
        let now = self.now().plus_micros(seconds * SECOND_US);
        self.clock.store(now.micros(), Ordering::SeqCst);
    }

    pub fn new_id(&self) -> MessageId {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.random.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        MessageId::from_parts(self.now(), &random)
    }

    /// What was asked since it was last asked for, command by command.
    pub fn asked(&self) -> Vec<Command> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub fn ask(&self, command: Command) -> Answer {
        self.asked.lock().unwrap().push(command.clone());
        self.sequencer.submit_blocking(vec![command]).unwrap().remove(0)
    }

    pub fn by_hub(&self, decision: Decision) -> Result<Outcome, Problem> {
        let command = Command {
            origin: Origin::Hub,
            id: self.new_id(),
            payload_sha256: Sha256::of(b"hub"),
            body: Body::Governance(Box::new(decision)),
        };
        self.ask(command).result
    }

    pub fn by_officers(&self, officers: &[&str], decision: Decision) -> Result<Outcome, Problem> {
        let id = self.new_id();
        let officers = officers.iter().map(|o| name(o)).collect();
        let body = Body::Governance(Box::new(decision));
        self.ask(Command {
            origin: Origin::Officers(officers),
            id,
            payload_sha256: Sha256::of(id.to_string().as_bytes()),
            body,
        })
        .result
    }

    /// A member's command, as intake hands it over after the signature was found good.
    pub fn command(&self, member: &str, id: MessageId, body: Body) -> Command {
        let payload = format!("{member} {id} {body:?}");
        let sha256 = Sha256::of(payload.as_bytes());
        let envelope = ReceivedEnvelope {
            sha256,
            payload_type: "test".to_owned(),
            payload: payload.clone().into_bytes(),
            signatures: "[]".to_owned(),
        };
        let signed = Signed {
            member: node(member),
            key: key_of(member),
            issued_at: self.now(),
            not_after: self.now().plus_micros(DAY_US),
            payload: payload.into(),
            envelope: Arc::new(envelope),
            item: None,
        };
        Command {
            origin: Origin::Member(Box::new(signed)),
            id,
            payload_sha256: sha256,
            body,
        }
    }

    pub fn by_member(&self, member: &str, body: Body) -> Result<Outcome, Problem> {
        let id = self.new_id();
        self.ask(self.command(member, id, body)).result
    }

    /// The block that has the first serial of `block` now.
    pub fn block(&self, block: &BlockRef) -> Block {
        let serial = block.range.first();
        let is_it = |b: &Block| b.series == block.series && b.range.first() <= serial && serial <= b.range.last();
        self.blocks()
            .into_iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("{block} is in no block"))
    }

    /// Every block.
    pub fn blocks(&self) -> Vec<Block> {
        let read = |c: &mut ReadConnection<'_>| {
            let names = audit::names(c)?;
            let mut blocks = Vec::new();
            audit::blocks(c, |row| convert::block(&row, &names.numbers).map(|b| blocks.push(b)))?;
            Ok(blocks)
        };
        self.database.read(read).unwrap()
    }

    /// Holder and state of the first serial of `block`, in one word: `wuhan held`.
    pub fn standing(&self, block: &BlockRef) -> String {
        let found = self.block(block);
        format!("{} {}", found.status.holder, found.status.state)
    }

    /// Size and chain of the log: equal if nothing was written.
    pub fn head(&self) -> (i64, Vec<u8>) {
        let head = self.database.read(audit::head).unwrap();
        (head.size, head.chain)
    }

    /// The types of a member's feed entries, oldest first.
    pub fn feed(&self, member: &str) -> Vec<String> {
        let read = |c: &mut ReadConnection<'_>| {
            let number = audit::names(c)?.numbers.members.number(&node(member))?;
            let mut types = Vec::new();
            audit::feed(c, number, |row| {
                types.push(serde_json::from_slice::<FeedEntry>(&row.bytes).unwrap().r#type);
                Ok(())
            })?;
            Ok(types)
        };
        self.database.read(read).unwrap()
    }

    /// Audits the ledger, which must be without findings.
    pub fn assert_sound(&self) -> Report {
        assert_sound(&self.database)
    }
}

/// The id in an outcome's subject.
pub fn id_of(outcome: &Outcome) -> MessageId {
    outcome.subject.split_once('/').unwrap().1.parse().unwrap()
}

fn start(database: &Database, clock: &Arc<AtomicI64>) -> Sequencer {
    let clock = Arc::clone(clock);
    // PostgreSQL's own clock is years away from the test's: the sequencer compares them only in the hub's own tests.
    let options = SequencerOptions {
        clock: Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst))),
        compare_clocks: false,
        ..SequencerOptions::default()
    };
    Sequencer::start(database.clone(), options).unwrap()
}

fn officer(account: &str, role: Role) -> Decision {
    Decision::PutOfficer {
        account: name(account),
        role,
        password_hash: "$argon2id$test".to_owned(),
        active: true,
    }
}
