use std::time::Duration;
use tanqiao_hub::{bench, ledger::sequencer::*, store::database::Database};
fn main() {
    let url = std::env::args().nth(1).unwrap();
    let blocks: i64 = std::env::args().nth(2).map_or(200_000, |s| s.parse().unwrap());
    let secs: u64 = std::env::args().nth(3).map_or(5, |s| s.parse().unwrap());
    let db = Database::open(&url).unwrap();
    db.migrate().unwrap();
    let s = Sequencer::start(db.clone(), SequencerOptions::default()).unwrap();
    let t = bench::ground::prepare(&db, &s, 16, blocks).unwrap();
    let mut first = 0;
    for batch in [100usize, 100, 1000] {
        let r = bench::sequencer::run(&s, &t, first, batch, Duration::from_secs(secs)).unwrap();
        println!("batch {batch}: {r:?}");
        first += (r.committed as i64) / 8 + 4 * batch as i64;
    }
    s.stop();
}
