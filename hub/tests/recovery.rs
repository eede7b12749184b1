//! What a restored hub takes back from its members' files, and what it does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::path::{Path, PathBuf};

use diesel::{Connection, RunQueryDsl};
use support::{Federation, issuance, node, signing_key};
use tanqiao_hub::intake::{Item, Place, Reception};
use tanqiao_hub::ledger::command::Command;
use tanqiao_hub::ledger::high_water::Mark;
use tanqiao_hub::recovery::{Recovered, RecoveryError, Sources, recover};
use tanqiao_hub::store::audit;
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::feed::{CHAIN_START, FeedEntry, chain};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::{Content, Message};
use tanqiao_protocol::recovery::{Record, VERSION};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::Outcome;

const DOMAIN: &str = "tanqiao.test";

struct Restored {
    directory: tempfile::TempDir,
    federation: Federation,
}

impl Restored {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let federation = Federation::found(&format!("sqlite:{}", directory.path().join("hub.db").display()));
        federation.two_regions();
        let restored = Self { directory, federation };
        let file = restored.directory.path().join("hub.db").display().to_string();
        let mut connection = diesel::SqliteConnection::establish(&file).unwrap();
        let copy = restored.directory.path().join("copy.db");
        diesel::sql_query(format!("VACUUM INTO '{}'", copy.display()))
            .execute(&mut connection)
            .unwrap();
        restored
    }

    fn mark(&self) -> Mark {
        let (size, chain) = self.federation.head();
        Mark {
            size,
            chain: Sha256(chain.try_into().unwrap()),
        }
    }

    fn recover(&self, files: &[&PathBuf], mark: Option<Mark>) -> Result<Recovered, RecoveryError> {
        let database = Database::open(&format!("sqlite:{}", self.directory.path().join("copy.db").display())).unwrap();
        let sources = Sources {
            trust_domain: DOMAIN.parse().unwrap(),
            files: files.iter().map(|file| (*file).clone()).collect(),
            decisions: Vec::new(),
            mark,
            anew: false,
        };
        recover(&database, &sources, |_, _| {})
    }

    /// What a node exports.
    fn file(&self, member: &str, said: Vec<(Envelope, Outcome)>) -> PathBuf {
        let mut entries: Vec<Record> = Vec::new();
        let mut last = (0, CHAIN_START);
        self.federation
            .database
            .read(|c| {
                let number = audit::names(c)?.numbers.members.number(&node(member))?;
                audit::feed(c, number, |row| {
                    let entry: FeedEntry = serde_json::from_slice(&row.bytes).unwrap();
                    last = (entry.seq, chain(&last.1, &row.bytes));
                    let (seq, log_index) = (entry.seq, entry.log_index);
                    entries.push(Record::Entry {
                        seq,
                        chain: last.1,
                        log_index,
                        bytes: String::from_utf8(row.bytes).unwrap(),
                    });
                    Ok(())
                })
            })
            .unwrap();
        let mut records = vec![Record::Recovery {
            v: VERSION,
            member: node(member),
            trust_domain: DOMAIN.parse().unwrap(),
            feed_seq: last.0,
            feed_chain: last.1,
            at: self.federation.now(),
        }];
        records.extend(entries);
        records.extend(said.into_iter().map(|(envelope, outcome)| Record::Message {
            envelope,
            outcome: Some(Box::new(outcome)),
            problem: None,
        }));
        records.push(Record::End {
            records: records.len() as u64 - 1,
        });
        let path = self.directory.path().join(format!("{member}.recovery"));
        write(&path, &records);
        path
    }

    fn say<C: Content>(&self, member: &str, content: C) -> (Envelope, Command) {
        let f = &self.federation;
        let message = Message {
            trust_domain: DOMAIN.parse().unwrap(),
            member: node(member),
            protocol: 1,
            id: f.new_id(),
            issued_at: f.now(),
            not_after: f.now().plus_micros(DAY_US),
            staff: None,
            content,
        };
        let envelope = Envelope::sign(
            &C::ACTION.payload_type(),
            serde_json::to_vec(&message).unwrap(),
            &signing_key(member),
        )
        .unwrap();
        let reception = Reception {
            trust_domain: DOMAIN.parse().unwrap(),
            governance: f.sequencer.governance(),
            caller: node(member),
            now: f.now(),
            place: Place::any(),
        };
        let item = reception.receive(&envelope.to_json().unwrap()).unwrap().items.remove(0);
        match item {
            Item::Command(command) => (envelope, *command),
            Item::Refused { problem, .. } => panic!("{problem}"),
        }
    }

    fn issuing(&self, member: &str, region: &str) -> (Envelope, Command) {
        self.say(member, issuance(member, region, 1_000, self.federation.new_id()))
    }
}

fn write(path: &Path, records: &[Record]) {
    let lines: Vec<String> = records
        .iter()
        .map(|r| serde_json::to_string(r).unwrap() + "\n")
        .collect();
    std::fs::write(path, lines.concat()).unwrap();
}

#[test]
fn a_batch_of_two_members_comes_back_when_the_second_file_comes_later() {
    let restored = Restored::new();
    let (first, second) = (
        restored.issuing("wuhan", "420100"),
        restored.issuing("harbin", "230100"),
    );
    let answers = restored
        .federation
        .sequencer
        .submit_blocking(vec![first.1, second.1])
        .unwrap();
    let outcomes: Vec<Outcome> = answers.into_iter().map(|answer| answer.result.unwrap()).collect();
    assert_eq!(outcomes[0].at, outcomes[1].at);
    let wuhan = restored.file("wuhan", vec![(first.0, outcomes[0].clone())]);
    let harbin = restored.file("harbin", vec![(second.0, outcomes[1].clone())]);
    let part = restored.recover(&[&wuhan], Some(restored.mark())).unwrap();
    assert!(!part.complete(), "{part:?}");
    let whole = restored.recover(&[&wuhan, &harbin], Some(restored.mark())).unwrap();
    assert!(whole.complete(), "{whole:?}");
}

#[test]
fn a_file_from_the_future_is_refused() {
    let restored = Restored::new();
    restored.federation.pass(100 * 366 * 86_400);
    let (envelope, command) = restored.issuing("wuhan", "420100");
    let outcome = restored.federation.ask(command).result.unwrap();
    let wuhan = restored.file("wuhan", vec![(envelope, outcome)]);
    let done = restored.recover(&[&wuhan], None);
    assert!(matches!(done, Err(RecoveryError::File { .. })), "{done:?}");
}
