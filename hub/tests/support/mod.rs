//! A small federation for tests of the ledger: a sequencer on a database of its own, and members that speak to it.
//! Each test names its databases by [`on_each_database`].
#![allow(dead_code, clippy::missing_panics_doc, reason = "shared by several test programs, each of which uses a part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin, ReceivedEnvelope, Signed};
use tanqiao_hub::ledger::objects::{Policy, Role};
use tanqiao_hub::ledger::sequencer::{Answer, Sequencer, SequencerOptions};
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::message::{Issuance, Methodology, RightsBasis, TransferAcceptance, TransferProposal, Verification};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{MappingRecord, Predicate};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::{KeyId, SigningKey};
use tanqiao_protocol::time::{DAY_US, SECOND_US, Timestamp};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{MemberKind, Outcome};

/// 2026-06-01T00:00:00Z, when every test begins.
pub const START: i64 = 1_780_272_000_000_000;

/// Runs `test` on SQLite, and on PostgreSQL where `TANQIAO_TEST_POSTGRES` names one (in CI it must).
pub fn on_each_database(test: impl Fn(Federation)) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("hub.db").display());
    test(Federation::found(&url));
    match std::env::var("TANQIAO_TEST_POSTGRES") {
        Ok(server) => {
            let database = OwnDatabase::create(&server);
            test(Federation::found(&database.url));
        }
        Err(_) => assert!(std::env::var("CI").is_err(), "in CI every test runs on PostgreSQL too: set TANQIAO_TEST_POSTGRES"),
    }
}

/// A PostgreSQL database of one test, dropped at its end.
pub struct OwnDatabase {
    server: String,
    name: String,
    pub url: String,
}

impl OwnDatabase {
    pub fn create(server: &str) -> Self {
        use diesel::{Connection, RunQueryDsl};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("tanqiao_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = diesel::PgConnection::establish(server).unwrap();
        diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut admin).unwrap();
        let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
        Self { server: server.to_owned(), url: format!("{base}/{name}"), name }
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        use diesel::{Connection, RunQueryDsl};
        if let Ok(mut admin) = diesel::PgConnection::establish(&self.server) {
            let _ = diesel::sql_query(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).execute(&mut admin);
        }
    }
}

/// A hub's ledger with a clock that tests move.
pub struct Federation {
    pub url: String,
    pub database: Database,
    pub sequencer: Sequencer,
    pub clock: Arc<AtomicI64>,
    random: AtomicU64,
}

impl Federation {
    /// A new ledger with two officers, an organiser, and the demonstration setting.
    pub fn found(url: &str) -> Self {
        let database = Database::open(url).unwrap();
        database.migrate().unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let federation = Self { url: url.to_owned(), sequencer: start(&database, &clock), database, clock, random: AtomicU64::new(1) };
        let policy = Policy { trust_domain: "tanqiao.test".parse().unwrap(), demonstration: true, ..Policy::default() };
        federation.by_hub(Decision::SetPolicy(policy)).unwrap();
        federation.by_hub(officer("first-officer", Role::Officer)).unwrap();
        federation.by_officers(&["first-officer"], officer("second-officer", Role::Officer)).unwrap();
        federation.by_officers(&["first-officer"], officer("organiser", Role::Organiser)).unwrap();
        federation
    }

    /// Another hub process on the same database.
    pub fn second_process(&self) -> Sequencer {
        start(&self.database, &self.clock)
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::SeqCst))
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * SECOND_US, Ordering::SeqCst);
    }

    pub fn new_id(&self) -> MessageId {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.random.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        MessageId::from_parts(self.now(), &random)
    }

    pub fn ask(&self, command: Command) -> Answer {
        self.sequencer.submit_blocking(vec![command]).unwrap().remove(0)
    }

    pub fn by_hub(&self, decision: Decision) -> Result<Outcome, Problem> {
        let command = Command { origin: Origin::Hub, id: self.new_id(), payload_sha256: Sha256::of(b"hub"), body: Body::Governance(Box::new(decision)) };
        self.ask(command).result
    }

    pub fn by_officers(&self, officers: &[&str], decision: Decision) -> Result<Outcome, Problem> {
        let id = self.new_id();
        let officers = officers.iter().map(|o| name(o)).collect();
        let body = Body::Governance(Box::new(decision));
        self.ask(Command { origin: Origin::Officers(officers), id, payload_sha256: Sha256::of(id.to_string().as_bytes()), body }).result
    }

    /// A member's command, as intake hands it over after the signature was found good.
    pub fn command(&self, member: &str, id: MessageId, body: Body) -> Command {
        let payload = format!("{member} {id} {body:?}");
        let sha256 = Sha256::of(payload.as_bytes());
        let envelope = ReceivedEnvelope { sha256, payload_type: "test".to_owned(), payload: payload.clone().into_bytes(), signatures: "[]".to_owned() };
        let signed = Signed {
            member: node(member),
            key: key_of(member),
            issued_at: self.now(),
            not_after: self.now().plus_micros(DAY_US),
            payload: payload.into(),
            envelope: Arc::new(envelope),
            item: None,
        };
        Command { origin: Origin::Member(Box::new(signed)), id, payload_sha256: sha256, body }
    }

    pub fn by_member(&self, member: &str, body: Body) -> Result<Outcome, Problem> {
        let id = self.new_id();
        self.ask(self.command(member, id, body)).result
    }

    pub fn admit(&self, member: &str, region: &str, kind: MemberKind) {
        let decision = Decision::Admit {
            member: node(member),
            region: region.parse().unwrap(),
            kind,
            name_zh: member.to_owned(),
            name_en: member.to_owned(),
            key: signing_key(member).verifying_key().clone(),
        };
        self.by_officers(&["first-officer"], decision).unwrap();
    }

    /// Publishes `<member>-metro.v1`, 78.4 g/km.
    pub fn publish(&self, member: &str, region: &str) {
        self.by_member(member, Body::Methodology(Box::new(methodology(member, region)))).unwrap();
    }

    /// Issues a block of `grams` and gives its reference.
    pub fn issue(&self, member: &str, region: &str, grams: i64) -> BlockRef {
        let id = self.new_id();
        let body = Body::Issuance(Box::new(issuance(member, region, grams, id)));
        self.ask(self.command(member, id, body)).result.unwrap().blocks.remove(0)
    }

    /// Lets reductions of `from` be recognised in `to`.
    pub fn map(&self, from: &str, to: &str, region: &str, factor: i64, buffer: i64, cap: Option<i64>) {
        let record = mapping(from, to, region, factor, buffer, cap, self.now());
        let signed_by = vec![node(from), node(to)];
        self.by_officers(&["first-officer", "second-officer"], Decision::ActivateMapping { record: Box::new(record), envelope: "{}".to_owned(), signed_by })
            .unwrap();
    }

    pub fn propose(&self, from: &str, to: &str, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        self.by_member(from, self.proposal(to, blocks))
    }

    pub fn proposal(&self, to: &str, blocks: &[BlockRef]) -> Body {
        Body::TransferProposal(Box::new(TransferProposal {
            target: node(to),
            blocks: blocks.to_vec(),
            r#use: Use::CorporateNeutrality,
            quote: None,
            valid_until: self.now().plus_micros(DAY_US),
            price: None,
        }))
    }

    /// The acceptance that the offer of `transfer` asks for.
    pub fn acceptance(&self, transfer: MessageId, proposal: &Command, outcome: &Outcome) -> Body {
        Body::TransferAcceptance(Box::new(TransferAcceptance {
            transfer,
            payload_sha256: proposal.payload_sha256,
            delivered_g: outcome.delivered_g.unwrap(),
            buffered_g: outcome.buffered_g.unwrap(),
            cancelled_g: outcome.cancelled_g.unwrap(),
            r#use: Use::CorporateNeutrality,
        }))
    }

    /// Offers and accepts.
    pub fn transfer(&self, from: &str, to: &str, blocks: &[BlockRef]) -> Outcome {
        let id = self.new_id();
        let proposal = self.command(from, id, self.proposal(to, blocks));
        let offered = self.ask(proposal.clone()).result.unwrap();
        self.by_member(to, self.acceptance(id, &proposal, &offered)).unwrap()
    }
}

fn start(database: &Database, clock: &Arc<AtomicI64>) -> Sequencer {
    let clock = Arc::clone(clock);
    // PostgreSQL's own clock is years away from the test's: the sequencer compares them only in the hub's own tests.
    let options = SequencerOptions { clock: Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst))), compare_clocks: false, ..SequencerOptions::default() };
    Sequencer::start(database.clone(), options).unwrap()
}

fn officer(account: &str, role: Role) -> Decision {
    Decision::PutOfficer { account: name(account), role, password_hash: "$argon2id$test".to_owned(), active: true }
}

pub fn node(id: &str) -> NodeId {
    id.parse().unwrap()
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn grams(g: i64) -> Grams {
    Grams::new(g).unwrap()
}

/// A member's key, the same in every test.
pub fn signing_key(member: &str) -> SigningKey {
    SigningKey::from_ed25519_seed(&Sha256::of(member.as_bytes()).0).unwrap()
}

pub fn key_of(member: &str) -> KeyId {
    signing_key(member).id()
}

pub fn methodology(member: &str, region: &str) -> Methodology {
    Methodology {
        methodology: format!("{member}-metro.v1").parse().unwrap(),
        region: region.parse().unwrap(),
        title_zh: "轨道交通出行".to_owned(),
        title_en: "Rail transit".to_owned(),
        activity: name("rail-transit"),
        activity_unit: "km".to_owned(),
        factor_g_per_unit: Some("1".to_owned()),
        record_g_max: None,
        uses: Use::ALL.iter().copied().collect(),
        in_force_from: "2024-01-01T00:00:00Z".parse().unwrap(),
        in_force_until: None,
        vintage_first: 2024,
        vintage_last: 2027,
        source: "test".to_owned(),
    }
}

pub fn issuance(member: &str, region: &str, grams_issued: i64, id: MessageId) -> Issuance {
    Issuance {
        methodology: format!("{member}-metro.v1").parse().unwrap(),
        region_of_act: region.parse().unwrap(),
        vintage: 2025,
        quantity_g: grams(grams_issued),
        verified_g: grams(grams_issued),
        activity_count: 1,
        activity_total: grams_issued.to_string(),
        period_from: "2025-03-01T00:00:00Z".parse().unwrap(),
        period_until: "2025-03-31T00:00:00Z".parse().unwrap(),
        rights_basis: Some(RightsBasis::TransferredByHolders),
        verification: Some(Verification { body: "test body".to_owned(), report_sha256: Sha256::of(b"report"), verified_at: "2025-04-01T00:00:00Z".parse().unwrap() }),
        records_root: Sha256::of(b"records"),
        local_reference: name(&format!("ref-{id}")),
        other_schemes: Some(Vec::new()),
    }
}

pub fn mapping(from: &str, to: &str, region: &str, factor: i64, buffer: i64, cap: Option<i64>, now: Timestamp) -> MappingRecord {
    MappingRecord {
        mapping: format!("{from}-to-{to}.v1").parse().unwrap(),
        origin: format!("{from}-metro.v1").parse().unwrap(),
        to: region.parse().unwrap(),
        endorsed_by: node(to),
        counterpart: None,
        predicate: Predicate::Close,
        factor: Factor::new(factor).unwrap(),
        buffer: Factor::new(buffer).unwrap(),
        uses: Use::ALL.iter().copied().filter(|u| *u != Use::EtsOffset).collect(),
        cap_g: cap.map(grams),
        valid_from: now,
        valid_until: now.plus_micros(300 * DAY_US),
        reason_zh: "测试".to_owned(),
        reason_en: "test".to_owned(),
        demonstration: true,
    }
}
