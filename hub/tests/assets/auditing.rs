//! The register as the log has it, and as looking at everything would have it.

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use proptest::prelude::*;
use tanqiao_hub::ledger::audit::audit;
use tanqiao_hub::ledger::command::Body;
use tanqiao_hub::ledger::register::contend;
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::asset::{Asset, AssetConflictState, Scheme};

use crate::support::{Federation, assert_sound, entry, name, on_sqlite, roof, square};

/// A register with an open conflict, an ended one, a list and an issuance.
fn a_busy_register(f: &Federation) {
    f.two_regions_with_roofs();
    for (asset, east) in [("meter-1", 0), ("meter-2", 10), ("meter-3", 100), ("meter-4", 110)] {
        f.register("wuhan", &roof(asset, "420106", square(east, 0, 20)))
            .unwrap();
    }
    f.issue_month("wuhan", "420100", &["meter-1", "meter-3"], 3).unwrap();
    f.rule(f.asset_conflicts()[0].id, AssetConflictState::Distinct).unwrap();
    f.list(&[entry(
        Scheme::Gec,
        "GEC-1",
        &roof("other", "420106", square(500, 0, 20)),
    )])
    .unwrap();
}

const DROP_TRIGGERS: &str =
    "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; DROP TRIGGER asset_revision_fixed;
    DROP TRIGGER asset_revision_kept; DROP TRIGGER asset_conflict_final;";

#[test]
fn a_corrupted_register_is_found_and_the_asset_named() {
    on_sqlite(|f| {
        a_busy_register(&f);
        let corruptions = [
            ("UPDATE asset SET state = 1 WHERE asset = 'meter-4'", 9, "asset/wuhan/meter-4: is `registered`"),
            ("UPDATE asset SET state = 2 WHERE asset = 'meter-1'", 9, "nothing contests it"),
            ("DELETE FROM asset WHERE asset = 'meter-3'", 9, "asset/wuhan/meter-3: is `registered` by the log"),
            (
                "UPDATE asset SET content = replace(content, '\"10\"', '\"99\"') WHERE asset = 'meter-1'",
                9,
                "asset/wuhan/meter-1: is not as leaf",
            ),
            (
                "UPDATE asset_revision SET content = replace(content, '\"10\"', '\"99\"') WHERE asset = 'meter-1'",
                9,
                "is not what the log says",
            ),
            ("DELETE FROM asset_revision WHERE asset = 'meter-2'", 9, "a revision of an asset is not in the store"),
            ("UPDATE asset_conflict SET state = 10 WHERE state = 1", 9, "is `for-first`, by the log `open`"),
            ("UPDATE scheme_entry SET content = replace(content, '1200', '1')", 9, "entry/gec/GEC-1: is not what"),
            ("DELETE FROM scheme_entry", 9, "entry/gec/GEC-1: was listed by the log"),
            ("DELETE FROM asset_issuance WHERE asset = 'meter-3'", 7, "the register does not know it"),
            (
                "INSERT INTO asset_issuance SELECT 'meter-2', issuance FROM asset_issuance WHERE asset = 'meter-1'",
                7,
                "does not name it",
            ),
            (
                "INSERT INTO issuance (id, member_no, local_reference, records_root, state, unscreened, series_no, first, last, content, log_index)
                 SELECT x'00000000000070008000000000000009', member_no, 'again', zeroblob(32), state, unscreened, series_no, first, last,
                 content, log_index FROM issuance",
                7,
                "has two live issuances for one time",
            ),
        ];
        for (sql, invariant, finds) in corruptions {
            let directory = tempfile::tempdir().unwrap();
            let copy = directory.path().join("copy.db").display().to_string();
            let mut original = SqliteConnection::establish(f.url.strip_prefix("sqlite:").unwrap()).unwrap();
            original.batch_execute(&format!("VACUUM INTO '{copy}'")).unwrap();
            let mut connection = SqliteConnection::establish(&copy).unwrap();
            connection.batch_execute(DROP_TRIGGERS).unwrap();
            connection.batch_execute(sql).unwrap();
            drop(connection);
            let report = audit(&Database::open(&format!("sqlite:{copy}")).unwrap()).unwrap();
            let findings = &report.invariant(invariant).unwrap().findings;
            let found: Vec<String> = findings.iter().map(|f| format!("{}: {}", f.subject, f.what)).collect();
            assert!(
                found.iter().any(|f| f.contains(finds)),
                "{sql}\nmust be found as {finds}, found was\n{}",
                found.join("\n")
            );
        }
    });
}

fn asset(number: usize, (east, north, size, later): (i64, i64, i64, bool)) -> Asset {
    let mut asset = roof(&format!("plot-{number:03}"), "420106", square(east, north, size));
    if later {
        (asset.period_from, asset.period_until) = (asset.period_until, "2044-01-01T00:00:00Z".parse().unwrap());
    }
    if number.is_multiple_of(5) {
        asset.activity = name("mangrove");
    }
    asset
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]

    /// However they come, one by one or in batches: the conflicts are those that comparing every asset with every earlier one finds.
    #[test]
    fn the_register_finds_what_comparing_everything_with_everything_finds(
        plots in prop::collection::vec((0..400_i64, 0..400_i64, 2..80_i64, any::<bool>()), 1..50),
        portion in 1..12_usize,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let f = Federation::found(&format!("sqlite:{}", directory.path().join("hub.db").display()));
        f.two_regions_with_roofs();
        let assets: Vec<Asset> = plots.into_iter().enumerate().map(|(number, plot)| asset(number, plot)).collect();
        for some in assets.chunks(portion) {
            let commands = some.iter().map(|one| f.command("wuhan", f.new_id(), Body::Asset(Box::new(one.clone())))).collect();
            for answer in f.sequencer.submit_blocking(commands).unwrap() {
                answer.result.unwrap();
            }
        }
        let mut expected = Vec::new();
        for (number, later) in assets.iter().enumerate() {
            for earlier in &assets[..number] {
                if contend(earlier, later) {
                    expected.push(format!("{} wuhan/{}", earlier.asset, later.asset));
                }
            }
        }
        let mut found: Vec<String> = f.asset_conflicts().iter().map(|one| format!("{} {}", one.first.asset, one.second)).collect();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
        assert_sound(&f.database);
    }
}
