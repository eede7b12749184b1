//! One order for everything: processes, threads, batches and the largest commands; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::sync::Arc;

use support::{Federation, Refused, grams, node, on_each_database, on_sqlite, part};
use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_hub::ledger::sequencer::{Answer, Sequencer};
use tanqiao_hub::store::connection::StoreConnection as _;
use tanqiao_hub::store::database::WriteConnection;
use tanqiao_hub::store::statement::Statement;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::MemberKind;

fn ask(process: &Sequencer, command: Command) -> Answer {
    process.submit_blocking(vec![command]).unwrap().remove(0)
}

fn decision(f: &Federation, decision: Decision) -> Command {
    let id = f.new_id();
    let payload_sha256 = Sha256::of(id.to_string().as_bytes());
    Command {
        origin: Origin::Officers(vec![support::name("first-officer")]),
        id,
        payload_sha256,
        body: Body::Governance(Box::new(decision)),
    }
}

fn suspension(f: &Federation, member: &str) -> Command {
    decision(
        f,
        Decision::Suspend {
            member: node(member),
            reason: "an inspection".to_owned(),
        },
    )
}

#[test]
fn a_suspension_in_one_process_holds_in_the_other_from_its_commit_on() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let second = f.second_process();
        ask(&second, suspension(&f, "harbin")).result.unwrap();
        f.propose("wuhan", "harbin", std::slice::from_ref(&block))
            .refused_by("T02");
        f.by_member("harbin", f.proposal("wuhan", &[])).refused_by("N02");
        f.by_officers(&["first-officer"], Decision::Reinstate { member: node("harbin") })
            .unwrap();
        let proposal = f.command("wuhan", f.new_id(), f.proposal("harbin", std::slice::from_ref(&block)));
        let offered = ask(&second, proposal.clone()).result.unwrap();
        let id = support::id_of(&offered);
        f.by_member("harbin", f.acceptance(id, &proposal, &offered)).unwrap();
        second.stop();
    });
}

#[test]
fn what_one_process_numbers_the_other_knows() {
    on_each_database(|f| {
        f.two_regions();
        let second = f.second_process();
        let admit = Decision::Admit {
            member: node("shenzhen"),
            region: "440300".parse().unwrap(),
            kind: MemberKind::Region,
            name_zh: "深圳".to_owned(),
            name_en: "Shenzhen".to_owned(),
            key: support::signing_key("shenzhen").verifying_key().clone(),
        };
        ask(&second, decision(&f, admit)).result.unwrap();
        f.publish("shenzhen", "440300");
        let id = f.new_id();
        let body = Body::Issuance(Box::new(support::issuance("shenzhen", "440300", 500, id)));
        let first = ask(&second, f.command("shenzhen", id, body))
            .result
            .unwrap()
            .blocks
            .remove(0);
        let next = f.issue("shenzhen", "440300", 500);
        assert_eq!((first.range.last(), next.range.first()), (500, 501));
        second.stop();
    });
}

#[test]
fn two_processes_with_eight_threads_each_keep_one_order() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 64_000);
        let (f, processes) = (Arc::new(f), [Arc::new(None), Arc::new(Some(()))]);
        let second = f.second_process();
        let worker = |i: i64| {
            let (f, block, second) = (Arc::clone(&f), block.clone(), second.clone());
            let other = processes[usize::try_from(i % 2).unwrap()].is_some();
            std::thread::spawn(move || {
                let process = if other { &second } else { &f.sequencer };
                let mut done = 0;
                for n in 0..12 {
                    // Every thread wants every piece: each piece is given once.
                    let piece = part(&block, 1_000 * n + 1, 1_000 * n + 500 + i);
                    let proposal = f.command("wuhan", f.new_id(), f.proposal("harbin", &[piece]));
                    let id = proposal.id;
                    let Ok(offered) = ask(process, proposal.clone()).result else {
                        continue;
                    };
                    let acceptance = f.command("harbin", f.new_id(), f.acceptance(id, &proposal, &offered));
                    done += i32::from(ask(process, acceptance).result.is_ok());
                }
                done
            })
        };
        let threads: Vec<_> = (0..16).map(worker).collect();
        let done: i32 = threads.into_iter().map(|t| t.join().unwrap()).sum();
        assert_eq!(done, 12);
        second.stop();
        f.assert_sound();
    });
}

#[test]
fn a_thousand_commands_are_one_batch() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let batches = f
            .sequencer
            .counters()
            .batches
            .load(std::sync::atomic::Ordering::Relaxed);
        let commands: Vec<Command> = (0..1_000)
            .map(|n| {
                f.command(
                    "wuhan",
                    f.new_id(),
                    f.proposal("harbin", &[part(&block, 1_000 * n + 1, 1_000 * n + 500)]),
                )
            })
            .collect();
        let answers = f.sequencer.submit_blocking(commands).unwrap();
        assert!(answers.iter().all(|a| a.status == 201));
        assert_eq!(
            f.sequencer
                .counters()
                .batches
                .load(std::sync::atomic::Ordering::Relaxed),
            batches + 1
        );
    });
}

#[test]
fn three_thousand_blocks_cross_together_in_a_leaf_of_many_parts() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 100_000);
        let blocks: Vec<BlockRef> = (0..3_000).map(|n| part(&block, 30 * n + 1, 30 * n + 20)).collect();
        let size = f.head().0;
        let offer = f.offer("wuhan", "harbin", &blocks);
        assert!(f.head().0 > size + 10, "3,000 changes do not fit one leaf");
        let outcome = f.accept("harbin", &offer).unwrap();
        assert_eq!(
            (outcome.delivered_g, outcome.buffered_g),
            (Some(grams(45_473)), Some(grams(5_053)))
        );
        f.transfer("harbin", "wuhan", &blocks[..2_000]);
    });
}

#[test]
fn in_one_batch_everything_sees_what_came_before() {
    on_each_database(|f| {
        f.two_regions();
        f.plan(support::event("marathon", "230100", 1_000_000, false)).unwrap();
        let block = f.issue("wuhan", "420100", 10_000);
        let pieces: Vec<BlockRef> = (0..5).map(|n| part(&block, 1_000 * n + 1, 1_000 * n + 1_000)).collect();
        let proposal = f.command("wuhan", f.new_id(), f.proposal("harbin", &pieces[..1]));
        let donation = f.command(
            "wuhan",
            f.new_id(),
            Body::Donation(Box::new(f.donation("marathon", &pieces[1..2]))),
        );
        let second = f.command(
            "wuhan",
            f.new_id(),
            Body::Donation(Box::new(f.donation("marathon", &pieces[2..3]))),
        );
        let freeze = decision(
            &f,
            Decision::Freeze {
                blocks: vec![part(&block, 1_500, 1_500)],
                reason: "a finding".to_owned(),
            },
        );
        let commands = vec![
            proposal,
            donation,
            second,
            freeze,
            suspension(&f, "wuhan"),
            f.command("wuhan", f.new_id(), f.proposal("harbin", &pieces[3..4])),
        ];
        let answers = f.sequencer.submit_blocking(commands).unwrap();
        let done: Vec<bool> = answers.iter().map(|a| a.result.is_ok()).collect();
        assert_eq!(done, [true, true, true, true, true, false], "{answers:?}");
        for piece in [&pieces[0], &pieces[2], &pieces[3]] {
            assert_eq!(
                f.standing(piece),
                "wuhan held",
                "a suspension halts what its own batch opened"
            );
        }
        assert_eq!(f.standing(&part(&block, 1_500, 1_500)), "wuhan frozen");
    });
}

#[test]
fn a_batch_that_changes_governance_under_its_own_commands_decides_all_of_them() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 10_000);
        f.admit("shenzhen", "440300", MemberKind::Region);
        let record = support::mapping("wuhan", "shenzhen", "440300", 500_000, 0, Some(1_000), f.now());
        f.agree_on_mapping("wuhan", &record).unwrap();
        let mut approve = decision(
            &f,
            Decision::ApproveMapping {
                record_sha256: f.record_sha256(&record.mapping),
                mapping: record.mapping,
            },
        );
        approve.origin = Origin::Officers(vec![support::name("first-officer"), support::name("second-officer")]);
        let mut policy = f.sequencer.governance().policy.clone();
        policy.first_dealing_delay_s = 60;
        policy.demonstration = false;
        let give = |first| {
            f.command(
                "wuhan",
                f.new_id(),
                f.proposal("shenzhen", &[part(&block, first, first + 599)]),
            )
        };
        let commands = vec![
            approve,
            give(1),
            give(1_001),
            decision(&f, Decision::SetPolicy(policy)),
            give(2_001),
        ];
        let answers = f.sequencer.submit_blocking(commands).unwrap();
        let refused: Vec<Option<String>> = answers.into_iter().map(|a| a.result.err().map(|p| p.code)).collect();
        let expected = [None, None, Some("cap-reached"), None, Some("tokens-missing")];
        assert_eq!(
            refused,
            expected.map(|code: Option<&str>| code.map(str::to_owned)),
            "none of them is a fault of the hub"
        );
    });
}

#[test]
fn time_does_not_go_back() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let offer = f.offer("wuhan", "harbin", &[block]);
        f.pass(86_400);
        f.publish_again();
        f.pass(-86_400);
        // The log knows what time it was.
        f.accept("harbin", &offer).refused_by("T04");
        f.sweep();
        f.accept("harbin", &offer).refused_by("T05");
    });
}

impl Federation {
    /// Something that is logged, so that the head has the time of now.
    fn publish_again(&self) {
        let mut content = support::methodology("wuhan", "420100");
        content.methodology = "wuhan-bus.v1".parse().unwrap();
        self.by_member("wuhan", Body::Methodology(Box::new(content))).unwrap();
    }
}

#[test]
fn a_database_that_went_back_is_read_and_not_written() {
    use diesel::Connection as _;
    use diesel::connection::SimpleConnection as _;
    on_sqlite(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let mut other = diesel::SqliteConnection::establish(f.url.strip_prefix("sqlite:").unwrap()).unwrap();
        other.batch_execute("UPDATE log_head SET size = size - 1").unwrap();
        assert_eq!(
            f.propose("wuhan", "harbin", std::slice::from_ref(&block))
                .unwrap_err()
                .code,
            "read-only"
        );
        assert!(f.sequencer.read_only().unwrap().contains("restored or replaced"));
        other.batch_execute("UPDATE log_head SET size = size + 1").unwrap();
        assert_eq!(
            f.propose("wuhan", "harbin", std::slice::from_ref(&block))
                .unwrap_err()
                .code,
            "read-only",
            "until it is started again"
        );
        let again = f.second_process();
        ask(&again, f.command("wuhan", f.new_id(), f.proposal("harbin", &[block])))
            .result
            .unwrap();
        again.stop();
    });
}

#[test]
fn an_idle_process_sees_that_the_log_went_back_before_it_has_grown_again() {
    use diesel::Connection as _;
    use diesel::connection::SimpleConnection as _;
    on_sqlite(|f| {
        f.two_regions();
        let mut other = diesel::SqliteConnection::establish(f.url.strip_prefix("sqlite:").unwrap()).unwrap();
        other.batch_execute("UPDATE log_head SET size = size - 1").unwrap();
        let began = std::time::Instant::now();
        while f.sequencer.read_only().is_none() {
            assert!(began.elapsed().as_secs() < 30, "nobody looked");
            std::thread::yield_now();
        }
        other.batch_execute("UPDATE log_head SET size = size + 1").unwrap();
        assert!(f.sequencer.read_only().unwrap().contains("restored or replaced"));
    });
}

#[test]
fn an_audit_runs_beside_a_working_hub() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 100_000);
        let f = Arc::new(f);
        let writer = {
            let f = Arc::clone(&f);
            std::thread::spawn(move || {
                for n in 0..40 {
                    f.transfer("wuhan", "harbin", &[part(&block, 100 * n + 1, 100 * n + 100)]);
                }
            })
        };
        while !writer.is_finished() {
            f.assert_sound();
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_head_whose_time_was_moved_ends_nothing_before_its_time() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let offered = f.offer("wuhan", "harbin", &[part(&block, 1, 100)]);
        let year = "UPDATE log_head SET time_us = time_us + 31536000000000";
        let statement = Statement::new(year);
        let moved = match f.database.writer().unwrap() {
            WriteConnection::Sqlite(mut c) => c.run(statement).unwrap(),
            WriteConnection::Postgres(mut c) => c.run(statement).unwrap(),
        };
        assert_eq!(moved, 1);
        let committed = f.accept("harbin", &offered).unwrap();
        let since = committed.at.micros() - offered.outcome.at.micros();
        assert!((1..3_600_000_000).contains(&since), "{since}");
        f.assert_sound();
    });
}
