//! The repair of a hub that its log contradicts: a backup from before, and the journal, with the finding still open.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use diesel::{Connection, RunQueryDsl, SqliteConnection};
use tanqiao_hub::ledger::high_water::Noted;
use tanqiao_hub::ledger::sequencer::{Sequencer, SequencerOptions};
use tanqiao_hub::reconciliation::examine::{contradicted, examine_all};
use tanqiao_hub::recovery::{Sources, recover};
use tanqiao_hub::store::database::Database;
use tanqiao_hub::store::findings::contradictions;
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::Timestamp;

use crate::ground::{alter, given, wuhans_first};
use crate::support::{Federation, OwnDatabase, assert_sound, name, node, on_each_database};

/// What the database has now, as a backup; with what drops it.
fn backup(f: &Federation, directory: &tempfile::TempDir) -> (String, Option<OwnDatabase>) {
    if let Some(file) = f.url.strip_prefix("sqlite:") {
        let copy = directory.path().join("copy.db").display().to_string();
        let mut connection = SqliteConnection::establish(file).unwrap();
        diesel::sql_query(format!("VACUUM INTO '{copy}'"))
            .execute(&mut connection)
            .unwrap();
        return (format!("sqlite:{copy}"), None);
    }
    let copy = OwnDatabase::copy_of(&f.url);
    (copy.url.clone(), Some(copy))
}

#[test]
fn a_hub_restored_from_before_the_alteration_comes_to_the_same_log_with_the_finding_open() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let right = wuhans_first(&f, &block);
        let mut wrong = right.clone();
        wrong.status.state = BlockState::Frozen;
        wrong.status.state_before = Some(BlockState::Held);
        let id = given(&f, "wuhan", &[wrong], std::slice::from_ref(&right), &[]);
        let directory = tempfile::tempdir().unwrap();
        let (url, _own) = backup(&f, &directory);
        // From here on the hub keeps a journal, and the copy knows nothing.
        let row = "UPDATE block SET state = 4, state_before = 1 WHERE series_no = 1 AND first = 1";
        assert_eq!(alter(&f, row), 1);
        let journal = directory.path().join("log.decisions");
        let clock = Arc::clone(&f.clock);
        let options = SequencerOptions {
            clock: Arc::new(move || Timestamp::from_micros(clock.load(Ordering::SeqCst))),
            compare_clocks: false,
            decisions: Some(journal.clone()),
            ..SequencerOptions::default()
        };
        let sequencer = Sequencer::start(f.database.clone(), options).unwrap();
        assert_eq!(examine_all(&f.database, &sequencer, f.now(), 0).unwrap(), 1);
        sequencer.stop();
        let (size, chain) = f.head();
        let sources = Sources {
            trust_domain: name("tanqiao.test").as_str().parse().unwrap(),
            files: Vec::new(),
            decisions: vec![journal],
            mark: Some(Noted {
                size,
                chain: Sha256(chain.try_into().unwrap()),
                at: f.now(),
            }),
        };
        let restored = Database::open(&url).unwrap();
        let recovered = recover(&restored, &sources, |_, _| {}).unwrap();
        assert!(recovered.complete() && recovered.kept, "{recovered:?}");
        let open = restored.read(contradictions).unwrap();
        assert_eq!(open.keys().collect::<Vec<_>>(), [&id]);
        assert!(open[&id].open && open[&id].blocks == [right.reference()]);
        let asked = contradicted(&restored, &node("wuhan"), open[&id].blocks.iter()).unwrap();
        assert_eq!((asked.contradicted, asked.log_size), (Vec::new(), size), "repaired");
        assert_sound(&restored);
        let row = "UPDATE block SET state = 1, state_before = NULL WHERE series_no = 1 AND first = 1";
        assert_eq!(alter(&f, row), 1);
    });
}
