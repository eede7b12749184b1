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
use support::{Federation, OwnDatabase, issuance, node, signing_key};
use tanqiao_hub::intake::{Item, Place, Reception};
use tanqiao_hub::ledger::command::Command;
use tanqiao_hub::ledger::decisions::Journal;
use tanqiao_hub::ledger::high_water::Noted;
use tanqiao_hub::recovery::{NewOrigin, Recovered, RecoveryError, Sources, begin_anew, recover};
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

/// A hub that goes on, and the copy of its database from before.
struct Restored {
    directory: tempfile::TempDir,
    federation: Federation,
    copy: String,
    _databases: Vec<OwnDatabase>,
}

impl Restored {
    fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("hub.db").display().to_string();
        let federation = Federation::found(&format!("sqlite:{file}"));
        federation.two_regions();
        let copy = directory.path().join("copy.db").display().to_string();
        let mut connection = diesel::SqliteConnection::establish(&file).unwrap();
        diesel::sql_query(format!("VACUUM INTO '{copy}'"))
            .execute(&mut connection)
            .unwrap();
        Self {
            directory,
            federation,
            copy: format!("sqlite:{copy}"),
            _databases: Vec::new(),
        }
    }

    fn on_postgres(server: &str) -> Self {
        let original = OwnDatabase::create(server);
        let federation = Federation::found(&original.url);
        federation.two_regions();
        let copy = original.copy();
        Self {
            directory: tempfile::tempdir().unwrap(),
            federation,
            copy: copy.url.clone(),
            _databases: vec![original, copy],
        }
    }

    /// The mark of now.
    fn mark(&self) -> Noted {
        let (size, chain) = self.federation.head();
        Noted {
            size,
            chain: Sha256(chain.try_into().unwrap()),
            at: self.federation.now(),
        }
    }

    fn database(&self) -> Database {
        Database::open(&self.copy).unwrap()
    }

    fn size(&self) -> i64 {
        self.database().read(audit::head).unwrap().size
    }

    fn sources(files: &[&PathBuf], mark: Option<Noted>) -> Sources {
        Sources {
            trust_domain: DOMAIN.parse().unwrap(),
            files: files.iter().map(|file| (*file).clone()).collect(),
            decisions: Vec::new(),
            mark,
        }
    }

    fn recover(&self, files: &[&PathBuf], mark: Option<Noted>) -> Result<Recovered, RecoveryError> {
        recover(&self.database(), &Self::sources(files, mark), |_, _| {})
    }

    /// Issues a little, in a batch of its own.
    fn issue(&self, member: &str, region: &str) -> (Envelope, Outcome) {
        let (envelope, command) = self.issuing(member, region);
        (envelope, self.federation.ask(command).result.unwrap())
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

/// Runs `test` on SQLite, and on PostgreSQL where `TANQIAO_TEST_POSTGRES` names one (in CI it must).
fn on_each_database(test: impl Fn(Restored)) {
    test(Restored::on_sqlite());
    match std::env::var("TANQIAO_TEST_POSTGRES") {
        Ok(server) => test(Restored::on_postgres(&server)),
        Err(_) => assert!(std::env::var("CI").is_err(), "in CI every test runs on PostgreSQL too"),
    }
}

fn differs(done: Result<Recovered, RecoveryError>) -> String {
    match done {
        Err(RecoveryError::Differs { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_batch_of_two_members_comes_back_when_the_second_file_comes_later() {
    on_each_database(|restored| {
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
        let before = restored.size();
        let part = restored.recover(&[&wuhan], Some(restored.mark())).unwrap();
        assert!(!part.complete() && !part.kept, "{part:?}");
        assert_eq!((part.from, restored.size()), (before, before), "{part:?}");
        let whole = restored.recover(&[&wuhan, &harbin], Some(restored.mark())).unwrap();
        assert!(whole.complete() && whole.kept, "{whole:?}");
        assert_eq!((whole.beyond_the_mark(), restored.size()), (0, restored.mark().size));
        support::assert_sound(&restored.database());
    });
}

/// Everything in a file agrees with everything in it, and the hub had answered for something else.
#[test]
fn nothing_is_kept_of_a_history_that_does_not_lead_to_the_mark() {
    on_each_database(|restored| {
        let said = vec![restored.issue("wuhan", "420100"), restored.issue("wuhan", "420100")];
        let wuhan = restored.file("wuhan", said);
        let before = restored.size();
        let mut other = restored.mark();
        other.chain = Sha256::of(b"another history of as many leaves");
        let what = differs(restored.recover(&[&wuhan], Some(other)));
        assert!(what.contains("the high-water mark"), "{what}");
        assert_eq!(
            restored.size(),
            before,
            "the first batch agreed, and is not there either"
        );
        // A log that has as many leaves as the mark from the start must be the mark's as well.
        let here = Noted {
            size: before,
            chain: Sha256::of(b"another history"),
            at: restored.federation.now(),
        };
        let what = differs(restored.recover(&[], Some(here)));
        assert!(what.contains("the high-water mark"), "{what}");
    });
}

#[test]
fn without_a_mark_it_is_said_how_many_leaves_stand_on_members_word() {
    on_each_database(|restored| {
        let wuhan = restored.file("wuhan", vec![restored.issue("wuhan", "420100")]);
        let before = restored.size();
        let done = restored.recover(&[&wuhan], None).unwrap();
        assert!(done.complete() && done.kept, "{done:?}");
        assert_eq!(done.beyond_the_mark(), restored.size() - before);
    });
}

/// The hub had answered a little more than it had noted. Much later it can have answered nothing, or it had noted that.
#[test]
fn what_stands_after_the_mark_came_soon_after_it() {
    for (later_s, comes_back) in [(119, true), (3_600, false)] {
        on_each_database(|restored| {
            let first = restored.issue("wuhan", "420100");
            let mark = restored.mark();
            restored.federation.pass(later_s);
            let wuhan = restored.file("wuhan", vec![first, restored.issue("wuhan", "420100")]);
            let before = restored.size();
            let done = restored.recover(&[&wuhan], Some(mark.clone()));
            if comes_back {
                assert_eq!(done.unwrap().beyond_the_mark(), restored.size() - mark.size);
                assert!(restored.size() > mark.size);
            } else {
                let what = differs(done);
                assert!(what.contains("the time of the batch"), "{what}");
                assert_eq!(restored.size(), before);
            }
        });
    }
}

/// A node that has rotated its key sends a message again that the hub has answered: in its file it has both signatures.
#[test]
fn a_message_that_was_sent_again_under_a_rotated_key_comes_back() {
    on_each_database(|restored| {
        let (mut envelope, outcome) = restored.issue("wuhan", "420100");
        let rotated = signing_key("wuhan's next");
        let again = Envelope::sign(envelope.payload_type(), envelope.payload().to_vec(), &rotated).unwrap();
        let wuhan = restored.file("wuhan", vec![(again, outcome.clone())]);
        let done = restored.recover(&[&wuhan], Some(restored.mark()));
        assert!(
            matches!(&done, Err(RecoveryError::File { what, .. }) if what.contains("key")),
            "a key of later says nothing about then: {done:?}"
        );
        envelope.add_signature(&rotated).unwrap();
        let wuhan = restored.file("wuhan", vec![(envelope, outcome)]);
        let done = restored.recover(&[&wuhan], Some(restored.mark())).unwrap();
        assert!(done.complete(), "{done:?}");
    });
}

/// The part that can be taken back and the new origin are there together, or not at all.
#[test]
fn a_log_begins_anew_with_what_was_taken_back_or_not_at_all() {
    on_each_database(|restored| {
        let wuhan = restored.file("wuhan", vec![restored.issue("wuhan", "420100")]);
        restored.issue("harbin", "230100");
        let before = restored.size();
        let journal = || Journal::open(&restored.directory.path().join("log.decisions")).unwrap();
        let sources = Restored::sources(&[&wuhan], Some(restored.mark()));
        let begin = |officers: &[&str]| {
            begin_anew(
                &restored.database(),
                &sources,
                journal(),
                |_, _| {},
                |_, recovered| {
                    assert!(recovered.missing.is_some() && recovered.size > before, "{recovered:?}");
                    Ok::<_, RecoveryError>(NewOrigin {
                        officers: officers.iter().map(|officer| support::name(officer)).collect(),
                        lost_size: restored.mark().size,
                        lost_chain: Some(restored.mark().chain),
                        reason: "harbin's node is lost".to_owned(),
                    })
                },
            )
        };
        let one = begin(&["first-officer"]);
        assert!(matches!(one, Err(RecoveryError::Refused(_))), "{one:?}");
        assert_eq!(restored.size(), before);
        let (recovered, begun) = begin(&["first-officer", "second-officer"]).unwrap();
        assert_eq!((begun.size, restored.size()), (recovered.size + 1, recovered.size + 1));
    });
}

#[test]
fn registered_assets_come_back_with_their_conflicts_and_what_was_issued_on_them() {
    on_each_database(|restored| {
        let f = &restored.federation;
        let mut said = Vec::new();
        for (asset, east) in [("station-1", 0), ("station-2", 10)] {
            let (envelope, command) = restored.say("wuhan", support::station(asset, east));
            said.push((envelope, f.ask(command).result.unwrap()));
        }
        let mut content = issuance("wuhan", "420100", 1_000, f.new_id());
        content.assets = vec![support::name("station-1")];
        let (envelope, command) = restored.say("wuhan", content);
        said.push((envelope, f.ask(command).result.unwrap()));
        let wuhan = restored.file("wuhan", said);
        let whole = restored.recover(&[&wuhan], Some(restored.mark())).unwrap();
        assert!(whole.complete() && whole.kept, "{whole:?}");
        let conflicts = restored.database().read(|c| {
            let asked = tanqiao_hub::store::read::assets::ConflictsAsked::default();
            tanqiao_hub::store::read::assets::conflicts(c, &asked, 10)
        });
        assert_eq!(conflicts.unwrap(), f.asset_conflicts());
        support::assert_sound(&restored.database());
    });
}

#[test]
fn a_file_from_the_future_is_refused() {
    let restored = Restored::on_sqlite();
    restored.federation.pass(100 * 366 * 86_400);
    let (envelope, command) = restored.issuing("wuhan", "420100");
    let outcome = restored.federation.ask(command).result.unwrap();
    let wuhan = restored.file("wuhan", vec![(envelope, outcome)]);
    let done = restored.recover(&[&wuhan], None);
    assert!(matches!(done, Err(RecoveryError::File { .. })), "{done:?}");
}
