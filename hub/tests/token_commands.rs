//! The store of tokens at the terminal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use serde_json::json;
use support::terminal::{Desk, at_each_desk};
use tanqiao_hub::config::Config;
use tanqiao_hub::ledger::high_water::{self, Mark};
use tanqiao_hub::screening::{Fingerprint, ScreeningError, TokenStore, open_store};
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::fingerprint::{Token, TokenEntry, TokenKind};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::Timestamp;

fn config(desk: &Desk) -> Config {
    Config::load(&desk.path("hub.toml")).unwrap()
}

/// Opens the store. A PostgreSQL server takes a moment to see that the last connection is gone.
fn open(config: &Config) -> Box<dyn TokenStore> {
    let database = Database::open(&config.database.url).unwrap();
    for _ in 0..500 {
        match open_store(&database, &config.screening) {
            Err(ScreeningError::Locked(_)) => std::thread::sleep(std::time::Duration::from_millis(10)),
            opened => return opened.unwrap(),
        }
    }
    panic!("the store stays locked");
}

/// Stores a token of a run that the ledger had named, as after a restore of an older ledger.
fn ahead(config: &Config) {
    let mut store = open(config);
    let token = Fingerprint {
        position: 0,
        entry: TokenEntry {
            kind: TokenKind::Record,
            epoch: "2026-05".parse().unwrap(),
            token: Token([7; 16]),
        },
    };
    store
        .screen(1, &mut std::iter::once(Ok(token)), &mut |_| Ok(()))
        .unwrap();
    store.confirm(1).unwrap();
}

#[test]
fn tokens_that_the_ledger_has_forgotten_are_deleted_once_nothing_can_be_taken_back() {
    at_each_desk(|desk| {
        let config = config(desk);
        ahead(&config);
        let stats = ["admin", "tokens", "stats"];
        let rewind = ["admin", "tokens", "rewind"];
        // Nothing is deleted by the way, and the operator is told what there is to do.
        let refused = desk.run(&stats);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            said.contains("1 runs that the ledger had named") && said.contains("admin tokens rewind"),
            "{said}"
        );
        // A log that is behind its mark may still name the run.
        let mark = Mark {
            size: 1_000,
            chain: Sha256([9; 32]),
        };
        high_water::replace(&config.high_water(), &mark, Timestamp::from_micros(0)).unwrap();
        let early = desk.run(&rewind);
        let said = String::from_utf8_lossy(&early.stderr).into_owned();
        assert_eq!(early.status.code(), Some(1));
        assert!(said.contains("admin recover"), "{said}");
        assert_eq!(open(&config).stats().unwrap().tokens(), 1);
        std::fs::remove_file(config.high_water()).unwrap();
        assert_eq!(desk.done(&rewind)["discarded"], json!([1]));
        assert_eq!(desk.done(&stats)["epochs"], json!({}));
        // Again, there is nothing to do.
        assert_eq!(desk.done(&rewind)["discarded"], json!([]));
    });
}
