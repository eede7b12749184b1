//! A hub that is restored from an older copy decides what screening found again, from its journal, and comes to the same log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use diesel::{Connection, RunQueryDsl, SqliteConnection};
use tanqiao_hub::ledger::command::{Command, Decision, Origin};
use tanqiao_hub::ledger::high_water::Noted;
use tanqiao_hub::ledger::sequencer::{Sequencer, SequencerOptions};
use tanqiao_hub::recovery::{Sources, recover};
use tanqiao_hub::serve::own_command;
use tanqiao_hub::store::database::Database;
use tanqiao_hub::store::read::dealings;
use tanqiao_protocol::conflict::ConflictOutcome;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::Timestamp;

use crate::hall::{Act, Hall, on_each_hall, stream};
use crate::support::{OwnDatabase, assert_sound, name};

/// What the database of a hall has now, as a backup; with what drops it.
fn copy(h: &Hall, directory: &tempfile::TempDir) -> (String, Option<OwnDatabase>) {
    if let Some(file) = h.f.url.strip_prefix("sqlite:") {
        let copy = directory.path().join("copy.db").display().to_string();
        let mut connection = SqliteConnection::establish(file).unwrap();
        diesel::sql_query(format!("VACUUM INTO '{copy}'"))
            .execute(&mut connection)
            .unwrap();
        return (format!("sqlite:{copy}"), None);
    }
    let copy = OwnDatabase::copy_of(&h.f.url);
    (copy.url.clone(), Some(copy))
}

#[test]
fn what_was_screened_and_ruled_is_decided_again_from_the_journal_to_the_same_log() {
    on_each_hall(|h| {
        let first: &[Act<'_>] = &[(5, &["R a", "S x"]), (100, &["R order-7"]), (9, &["R b"])];
        let second: &[Act<'_>] = &[(100, &["R order-7"]), (6, &["R c", "S x"]), (4, &["R d"])];
        let (one, two) = (h.register("bluecar", first), h.register("wuhan", second));
        let directory = tempfile::tempdir().unwrap();
        let (url, _own) = copy(h, &directory);
        // From here on the hub keeps a journal, and the copy knows nothing.
        let journal = directory.path().join("log.decisions");
        let clock = Arc::clone(&h.f.clock);
        let options = SequencerOptions {
            clock: Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst))),
            compare_clocks: false,
            decisions: Some(journal.clone()),
            ..SequencerOptions::default()
        };
        let sequencer = Sequencer::start(h.f.database.clone(), options).unwrap();
        let ask = |command| {
            let answer = sequencer.submit_blocking(vec![command]).unwrap().remove(0);
            answer.result.unwrap();
        };
        for (id, acts) in [(one, first), (two, second)] {
            let (bytes, commitment) = stream(acts);
            h.spool.append(id, 0, &bytes, commitment.stream_bytes).unwrap();
            ask(own_command(Decision::TokensArrived { issuance: id }));
        }
        assert_eq!(h.screener_of(&sequencer).work().unwrap(), 2);
        let hard = h.open().into_iter().find(|one| one.later.activity.index == 0).unwrap();
        ask(Command {
            origin: Origin::Officers(vec![name("first-officer"), name("second-officer")]),
            ..own_command(Decision::ResolveConflict {
                conflict: hard.conflict,
                outcome: ConflictOutcome::Later,
                reason: "the station is in Wuhan".to_owned(),
            })
        });
        h.f.pass(14 * 86_400);
        for command in tanqiao_hub::serve::due_commands(&h.f.database, h.f.now()).unwrap() {
            ask(command);
        }
        assert!(h.open().is_empty());
        let (size, chain) = h.f.head();
        let mark = Noted {
            size,
            chain: Sha256(chain.try_into().unwrap()),
            at: h.f.now(),
        };
        let sources = Sources {
            trust_domain: name("tanqiao.test").as_str().parse().unwrap(),
            files: Vec::new(),
            decisions: vec![journal],
            mark: Some(mark),
        };
        let restored = Database::open(&url).unwrap();
        let recovered = recover(&restored, &sources, |_, _| {}).unwrap();
        assert!(recovered.complete() && recovered.kept, "{recovered:?}");
        assert_eq!(recovered.size, size, "{recovered:?}");
        assert_sound(&restored);
        for id in [one, two] {
            let again = restored.read(|c| dealings::issuance(c, id)).unwrap().unwrap();
            assert_eq!(again, h.issuance(id));
        }
        assert_eq!((h.free("bluecar"), h.free("wuhan")), (14, 104));
    });
}
