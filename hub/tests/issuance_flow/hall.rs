//! A hub that screens, with its real store of tokens and spool.

use std::io::Read as _;
use std::sync::Arc;

use tanqiao_hub::config::ScreeningConfig;
use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::ledger::objects::Issuance;
use tanqiao_hub::ledger::sequencer::Sequencer;
use tanqiao_hub::screening::screener::{Screener, ScreenerError};
use tanqiao_hub::screening::{ScreeningError, Spool, fingerprints, open_spool, open_store, records};
use tanqiao_hub::store::read::conflicts::{self, Wanted};
use tanqiao_hub::store::read::dealings::{self, Window};
use tanqiao_protocol::conflict::{ConflictEvidence, ConflictOutcome, ConflictState, ConflictView};
use tanqiao_protocol::fingerprint::{
    StreamRecord, StreamSums, Token, TokenCommitment, TokenEntry, TokenKind, TokenSuite, encode,
};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::{MemberKind, Outcome};

use crate::support::{Federation, grams, id_of, issuance, node, on_each_database};

/// An activity: its grams, and what its tokens are made of, such as `R ride-1`.
pub type Act<'a> = (i64, &'a [&'a str]);

pub struct Hall {
    pub f: Federation,
    pub spool: Arc<dyn Spool>,
    config: ScreeningConfig,
    _directory: tempfile::TempDir,
}

/// Runs `test` on SQLite with files of tokens, and on PostgreSQL with tables of tokens: Wuhan, Harbin, and an enterprise.
pub fn on_each_hall(test: impl Fn(&Hall)) {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let config = ScreeningConfig {
            dir: Some(directory.path().join("tokens")),
            ..ScreeningConfig::default()
        };
        f.two_regions();
        f.admit("bluecar", "CN", MemberKind::Enterprise);
        f.publish("bluecar", "CN");
        f.admit("naas", "CN", MemberKind::Enterprise);
        f.publish("naas", "CN");
        f.set_policy(|policy| {
            policy.screening = true;
            policy.token_suite = TokenSuite::HmacSm3;
        });
        let hall = Hall {
            spool: Arc::from(open_spool(&f.database, &config).unwrap()),
            f,
            config,
            _directory: directory,
        };
        test(&hall);
    });
}

pub fn stream(acts: &[Act<'_>]) -> (Vec<u8>, TokenCommitment) {
    let (mut bytes, mut sums) = (Vec::new(), StreamSums::default());
    for (index, (mass, labels)) in (0..).zip(acts) {
        let mut tokens: Vec<TokenEntry> = labels.iter().map(|label| entry(label)).collect();
        tokens.sort_unstable();
        let record = StreamRecord {
            index,
            grams: grams(*mass),
            tokens,
        };
        let start = bytes.len();
        encode(&record, &mut bytes);
        assert!(sums.add(&record, &bytes[start..]));
    }
    (bytes, sums.commitment(TokenSuite::HmacSm3).unwrap())
}

pub fn entry(label: &str) -> TokenEntry {
    let kind = TokenKind::ALL
        .iter()
        .find(|kind| label.starts_with(kind.word()))
        .unwrap();
    TokenEntry {
        kind: *kind,
        epoch: "2025-03".parse().unwrap(),
        token: Token(Sha256::of(label.as_bytes()).0[..16].try_into().unwrap()),
    }
}

impl Hall {
    pub fn screener(&self) -> Screener {
        self.screener_of(&self.f.sequencer)
    }

    pub fn screener_of(&self, sequencer: &Sequencer) -> Screener {
        let (database, config) = (self.f.database.clone(), self.config.clone());
        let open = move || match open_store(&database, &config) {
            Ok(store) => Ok(Some(store)),
            Err(ScreeningError::Locked(_)) => Ok(None),
            Err(error) => Err(error),
        };
        Screener::new(
            self.f.database.clone(),
            sequencer.clone(),
            Arc::clone(&self.spool),
            Box::new(open),
        )
    }

    pub fn work(&self) -> Result<usize, ScreenerError> {
        self.screener().work()
    }

    pub fn register(&self, member: &str, acts: &[Act<'_>]) -> MessageId {
        self.try_register(member, acts).map(|outcome| id_of(&outcome)).unwrap()
    }

    pub fn try_register(&self, member: &str, acts: &[Act<'_>]) -> Result<Outcome, Problem> {
        self.try_register_in(member, acts, "2025-03")
    }

    /// With tokens of some month.
    pub fn try_register_in(&self, member: &str, acts: &[Act<'_>], month: &str) -> Result<Outcome, Problem> {
        let id = self.f.new_id();
        let region = if member == "harbin" { "230100" } else { "420100" };
        let total = acts.iter().map(|(mass, _)| mass).sum();
        let mut header = issuance(member, region, total, id);
        header.activity_count = u32::try_from(acts.len()).unwrap();
        let mut tokens = stream(acts).1;
        tokens.first_epoch = month.parse().unwrap();
        tokens.last_epoch = month.parse().unwrap();
        header.tokens = Some(tokens);
        self.f
            .ask(self.f.command(member, id, Body::Issuance(Box::new(header))))
            .result
    }

    pub fn upload(&self, id: MessageId, acts: &[Act<'_>]) {
        let (bytes, commitment) = stream(acts);
        self.spool.append(id, 0, &bytes, commitment.stream_bytes).unwrap();
        self.f.by_hub(Decision::TokensArrived { issuance: id }).unwrap();
    }

    /// Registers, uploads and screens.
    pub fn issue(&self, member: &str, acts: &[Act<'_>]) -> MessageId {
        let id = self.register(member, acts);
        self.upload(id, acts);
        assert_eq!(self.work().unwrap(), 1);
        id
    }

    pub fn issuance(&self, id: MessageId) -> Issuance {
        self.f.database.read(|c| dealings::issuance(c, id)).unwrap().unwrap()
    }

    pub fn state(&self, id: MessageId) -> String {
        self.issuance(id).state.to_string()
    }

    pub fn block(&self, id: MessageId) -> BlockRef {
        self.issuance(id).block.unwrap()
    }

    pub fn open(&self) -> Vec<ConflictView> {
        let wanted = Wanted {
            member: None,
            open: true,
        };
        let window = Window {
            after: None,
            limit: 10_000,
        };
        self.f
            .database
            .read(|c| conflicts::conflicts(c, &wanted, window))
            .unwrap()
    }

    pub fn conflict(&self, id: MessageId) -> ConflictView {
        self.f
            .database
            .read(|c| conflicts::conflict_of(c, id))
            .unwrap()
            .unwrap()
    }

    /// The first conflict for which an activity of an issuance waited.
    pub fn conflict_of(&self, later: MessageId) -> MessageId {
        let window = Window {
            after: None,
            limit: 10_000,
        };
        let all = self
            .f
            .database
            .read(|c| conflicts::conflicts(c, &Wanted::default(), window));
        let found = all
            .unwrap()
            .into_iter()
            .find(|one| one.later.activity.issuance == later);
        found.unwrap().conflict
    }

    /// What a process does that stops between comparing and its commit.
    pub fn compare_only(&self, id: MessageId) {
        let mut store = open_store(&self.f.database, &self.config).unwrap();
        store
            .reconcile(&self.f.database.read(conflicts::runs).unwrap())
            .unwrap();
        let run = self.f.database.read(conflicts::last_run).unwrap() + 1;
        let mut stream = fingerprints(records(self.spool.open(id).unwrap()));
        store.screen(run, &mut stream, &mut |_| Ok(())).unwrap();
    }

    pub fn is_conflict(&self, id: MessageId) -> bool {
        let found = self.f.database.read(|c| conflicts::conflict_of(c, id));
        found.unwrap().is_some()
    }

    /// The only conflict that waits.
    pub fn only(&self) -> ConflictView {
        let mut open = self.open();
        assert_eq!(open.len(), 1, "{open:?}");
        open.remove(0)
    }

    pub fn resolve(&self, conflict: MessageId, outcome: ConflictOutcome) -> Result<Outcome, Problem> {
        let two = ["first-officer", "second-officer"];
        let officers = if outcome == ConflictOutcome::Later {
            &two[..]
        } else {
            &two[..1]
        };
        let decision = Decision::ResolveConflict {
            conflict,
            outcome,
            reason: "the order numbers were compared".to_owned(),
        };
        let outcome = self.f.by_officers(officers, decision)?;
        assert_eq!(self.conflict(conflict).state, ConflictState::Resolved);
        Ok(outcome)
    }

    pub fn say(&self, member: &str, conflict: MessageId, concede: bool) -> Result<Outcome, Problem> {
        let content = ConflictEvidence {
            conflict,
            concede,
            statement: "our station has the receipt".to_owned(),
        };
        self.f.by_member(member, Body::ConflictEvidence(Box::new(content)))
    }

    /// What a member holds free, in grams.
    pub fn free(&self, member: &str) -> i64 {
        let held = tanqiao_protocol::block::BlockState::Held;
        let blocks = self.f.blocks().into_iter();
        let own = blocks.filter(|b| b.status.holder == node(member) && b.status.state == held);
        own.map(|b| b.range.quantity().get()).sum()
    }

    pub fn is_spooled(&self, id: MessageId) -> bool {
        let mut bytes = Vec::new();
        match self.spool.open(id) {
            Ok(mut stream) => stream.read_to_end(&mut bytes).unwrap() > 0,
            Err(_) => false,
        }
    }
}
