//! Issuance: the hub numbers serials itself, and asks for rule, rights, papers and plausible figures. S01 to S16.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use support::{Federation, Refused, grams, issuance, methodology, name, on_each_database};
use tanqiao_hub::ledger::command::Body;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::{Issuance, Methodology};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::{MemberKind, Outcome};

fn begin(f: &Federation) {
    f.two_regions();
}

fn issue_as(f: &Federation, change: impl FnOnce(&mut Issuance)) -> Result<Outcome, Problem> {
    let id = f.new_id();
    let mut content = issuance("wuhan", "420100", 1_000, id);
    change(&mut content);
    f.ask(f.command("wuhan", id, Body::Issuance(Box::new(content)))).result
}

fn publish_as(f: &Federation, member: &str, change: impl FnOnce(&mut Methodology)) -> Result<Outcome, Problem> {
    let mut content = methodology("wuhan", "420100");
    content.methodology = "wuhan-other.v1".parse().unwrap();
    change(&mut content);
    f.by_member(member, Body::Methodology(Box::new(content)))
}

#[test]
fn issuances_of_a_series_are_numbered_one_after_the_other() {
    on_each_database(|f| {
        begin(&f);
        let first = f.issue("wuhan", "420100", 1_000);
        let second = f.issue("wuhan", "420100", 1);
        let elsewhere = f.issue("wuhan", "420106", 5);
        assert_eq!(first.to_string(), "wuhan/420100/wuhan-metro.v1/2025/1-1000");
        assert_eq!(second.to_string(), "wuhan/420100/wuhan-metro.v1/2025/1001-1001");
        assert_eq!(elsewhere.to_string(), "wuhan/420106/wuhan-metro.v1/2025/1-5");
        assert_eq!(
            f.feed("wuhan").iter().filter(|t| *t == "issuance.recognised").count(),
            3
        );
    });
}

#[test]
fn in_one_batch_every_issuance_takes_the_next_run() {
    on_each_database(|f| {
        begin(&f);
        let commands: Vec<_> = (0..50)
            .map(|_| {
                let id = f.new_id();
                f.command(
                    "wuhan",
                    id,
                    Body::Issuance(Box::new(issuance("wuhan", "420100", 7, id))),
                )
            })
            .collect();
        let answers = f.sequencer.submit_blocking(commands).unwrap();
        for (position, answer) in (0..).zip(answers) {
            assert_eq!(answer.result.unwrap().blocks[0].range.first(), 7 * position + 1);
        }
    });
}

#[test]
fn the_rule_is_published_its_issuers_own_and_covers_the_act() {
    on_each_database(|f| {
        begin(&f);
        issue_as(&f, |c| c.methodology = "wuhan-metro.v2".parse().unwrap()).refused_by("S01");
        issue_as(&f, |c| c.methodology = "harbin-metro.v1".parse().unwrap()).refused_by("N05");
        for outside in ["420000", "430100", "GH", "CN"] {
            issue_as(&f, |c| c.region_of_act = outside.parse().unwrap()).refused_by("S01");
        }
        issue_as(&f, |c| c.region_of_act = "420106".parse().unwrap()).unwrap();
    });
}

#[test]
fn the_acts_lie_in_the_past_and_in_the_time_of_the_rule() {
    on_each_database(|f| {
        begin(&f);
        let until = |c: &mut Methodology| c.in_force_until = Some("2025-03-15T00:00:00Z".parse().unwrap());
        publish_as(&f, "wuhan", until).unwrap();
        issue_as(&f, |c| c.methodology = "wuhan-other.v1".parse().unwrap()).refused_by("S02");
        issue_as(&f, |c| c.period_from = "2023-12-31T00:00:00Z".parse().unwrap()).refused_by("S02");
        issue_as(&f, |c| c.period_until = f.now().plus_micros(1)).refused_by("S02");
        issue_as(&f, |c| c.period_until = "2025-02-01T00:00:00Z".parse().unwrap()).refused_by("S02");
        issue_as(&f, |c| {
            c.methodology = "wuhan-other.v1".parse().unwrap();
            c.period_until = "2025-03-14T23:59:59Z".parse().unwrap();
        })
        .unwrap();
    });
}

#[test]
fn all_acts_fall_in_the_vintage_year_in_china() {
    on_each_database(|f| {
        begin(&f);
        issue_as(&f, |c| c.vintage = 2023).refused_by("S03");
        issue_as(&f, |c| c.vintage = 2028).refused_by("S03");
        issue_as(&f, |c| c.vintage = 2026).refused_by("S03");
        issue_as(&f, |c| c.vintage = 1950).refused_by("S03");
        // 2024-12-31T15:59Z is still 2024 in China; a minute later it is 2025.
        issue_as(&f, |c| c.period_from = "2024-12-31T15:59:00Z".parse().unwrap()).refused_by("S03");
        issue_as(&f, |c| c.period_from = "2024-12-31T16:00:00Z".parse().unwrap()).unwrap();
    });
}

#[test]
fn rights_verification_and_declarations_are_stated() {
    on_each_database(|f| {
        begin(&f);
        issue_as(&f, |c| c.rights_basis = None).refused_by("S04");
        issue_as(&f, |c| c.verification = None).refused_by("S05");
        issue_as(&f, |c| c.other_schemes = None).refused_by("S14");
        let problem = issue_as(&f, |c| c.other_schemes = Some(vec![name("ccer"), name("gec")])).refused_by("S13");
        assert_eq!(problem.found.as_deref(), Some("ccer, gec"));
        let problem = issue_as(&f, |c| c.other_schemes = Some(vec![name("event"), name("itmo")])).refused_by("S13");
        assert_eq!(
            problem.found.as_deref(),
            Some("itmo"),
            "an event retires, it does not credit"
        );
        issue_as(&f, |c| c.other_schemes = Some(vec![name("event")])).unwrap();
        issue_as(&f, |c| c.verified_g = grams(999)).refused_by("S16");
        issue_as(&f, |c| c.activity_count = 0).refused_by("M02");
        issue_as(&f, |c| c.quantity_g = grams(0)).refused_by("M02");
        issue_as(&f, |_| ()).unwrap();
    });
}

#[test]
fn the_quantity_follows_from_the_activities_rounded_down_record_by_record() {
    on_each_database(|f| {
        begin(&f);
        publish_as(&f, "wuhan", |c| c.factor_g_per_unit = Some("78.4".to_owned())).unwrap();
        let issue = |total: &str, count: u32, quantity: i64| {
            issue_as(&f, |c| {
                c.methodology = "wuhan-other.v1".parse().unwrap();
                c.activity_total = total.to_owned();
                c.activity_count = count;
                c.quantity_g = grams(quantity);
                c.verified_g = grams(quantity);
            })
        };
        // 12.5 km · 78.4 g/km = 980 g; in three records less than 3 g may be lost.
        issue("12.5", 3, 981).refused_by("S06");
        issue("12.5", 3, 977).refused_by("S06");
        issue("12.5", 3, 978).unwrap();
        issue("12.5", 1, 980).unwrap();
        issue("12.5", 1, 979).refused_by("S06");
        issue("12,5", 1, 980).refused_by("M02");
        issue("-12.5", 1, 980).refused_by("M02");
        issue("0", 1, 980).refused_by("M02");
        issue("99999999999999999999999999999", 1, 980).refused_by("M02");
    });
}

#[test]
fn a_record_gives_no_more_than_its_activity_plausibly_can() {
    on_each_database(|f| {
        begin(&f);
        publish_as(&f, "wuhan", |c| c.record_g_max = Some(grams(500))).unwrap();
        let issue = |count: u32| {
            issue_as(&f, |c| {
                c.methodology = "wuhan-other.v1".parse().unwrap();
                c.activity_count = count;
            })
        };
        issue(1).refused_by("S07");
        issue(2).unwrap();
    });
}

#[test]
fn a_local_reference_is_used_once_by_a_member() {
    on_each_database(|f| {
        begin(&f);
        let first = issue_as(&f, |c| c.local_reference = name("WH-2025-001")).unwrap();
        let problem = issue_as(&f, |c| c.local_reference = name("WH-2025-001")).refused_by("S15");
        assert!(first.subject.ends_with(&problem.found.unwrap()));
        let id = f.new_id();
        let mut theirs = issuance("harbin", "230100", 1_000, id);
        theirs.local_reference = name("WH-2025-001");
        f.by_member("harbin", Body::Issuance(Box::new(theirs))).unwrap();
        // Twice in one batch: the second sees the first.
        let twice = || {
            let id = f.new_id();
            let mut content = issuance("wuhan", "420100", 1_000, id);
            content.local_reference = name("WH-2025-002");
            f.command("wuhan", id, Body::Issuance(Box::new(content)))
        };
        let answers = f.sequencer.submit_blocking(vec![twice(), twice()]).unwrap();
        assert!(answers[0].result.is_ok());
        answers[1].result.clone().refused_by("S15");
    });
}

#[test]
fn the_same_activity_records_are_issued_once_by_a_member() {
    on_each_database(|f| {
        begin(&f);
        let records = Sha256::of(b"the same file, imported again after a restore");
        let first = issue_as(&f, |c| c.records_root = records).unwrap();
        let problem = issue_as(&f, |c| c.records_root = records).refused_by("S11");
        assert!(first.subject.ends_with(&problem.found.unwrap()));
        // Twice in one batch: the second sees the first.
        let twice = || {
            let id = f.new_id();
            let mut content = issuance("wuhan", "420100", 1_000, id);
            content.records_root = Sha256::of(b"others");
            f.command("wuhan", id, Body::Issuance(Box::new(content)))
        };
        let answers = f.sequencer.submit_blocking(vec![twice(), twice()]).unwrap();
        assert!(answers[0].result.is_ok());
        answers[1].result.clone().refused_by("S11");
    });
}

#[test]
fn an_unscreened_reduction_crosses_no_border_outside_a_demonstration() {
    on_each_database(|f| {
        begin(&f);
        f.admit("suburb", "420106", MemberKind::Region);
        f.plan(support::event("abroad", "230100", 1_000_000, true)).unwrap();
        f.plan(support::event("at-home", "420000", 1_000_000, true)).unwrap();
        let block = f.issue("wuhan", "420100", 10_000);
        f.set_policy(|p| p.demonstration = false);
        let problem = f
            .propose("wuhan", "harbin", &[support::part(&block, 1, 100)])
            .refused_by("S08");
        assert_eq!(problem.blocks.unwrap(), [block.to_string()]);
        f.donate("wuhan", "abroad", &[support::part(&block, 1, 100)])
            .refused_by("S08");
        // Inside the region of its issuer it may be used.
        f.donate("wuhan", "at-home", &[support::part(&block, 101, 200)])
            .unwrap();
        f.retire(
            "wuhan",
            &[support::part(&block, 201, 300)],
            support::claim("wuhan", "420100"),
        )
        .unwrap();
        f.set_policy(|p| p.demonstration = true);
        f.propose("wuhan", "harbin", &[support::part(&block, 1, 100)]).unwrap();
    });
}

#[test]
fn a_methodology_version_is_published_once_by_its_own_region() {
    on_each_database(|f| {
        begin(&f);
        publish_as(&f, "harbin", |_| ()).refused_by("N05");
        publish_as(&f, "wuhan", |c| c.region = "420106".parse().unwrap()).unwrap();
        publish_as(&f, "wuhan", |_| ()).refused_by("M02");
        f.admit("hankou", "420100", MemberKind::Region);
        publish_as(&f, "hankou", |c| c.methodology = "wuhan-other.v2".parse().unwrap()).refused_by("N05");
        let third = "wuhan-third.v1".parse().unwrap();
        publish_as(&f, "wuhan", |c| {
            c.methodology = tanqiao_protocol::methodology::MethodologyRef::clone(&third);
        })
        .unwrap();
        for change in [
            (|c| c.title_zh = String::new()) as fn(&mut Methodology),
            |c| c.source = "x".repeat(501),
            |c| c.vintage_first = 2028,
            |c| c.uses = tanqiao_protocol::r#use::Uses::NONE,
            |c| c.factor_g_per_unit = Some("0".to_owned()),
            |c| c.factor_g_per_unit = Some("1e3".to_owned()),
        ] {
            publish_as(&f, "wuhan", |c| {
                c.methodology = "wuhan-fourth.v1".parse().unwrap();
                change(c);
            })
            .refused_by("M02");
        }
    });
}
