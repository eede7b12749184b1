//! The report of a reconciliation: its member's, and that of its result, or refused.

use std::time::Duration;

use serde_json::{Value, json};
use tanqiao_hub::store::findings::REPORTS_PER_DAY_MAX;
use tanqiao_protocol::block::{Block, BlockState};
use tanqiao_protocol::canonical;
use tanqiao_protocol::feed::CHAIN_START;
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::reconciliation::{
    Finding, FindingCounts, Opened, Reconciliation, ReconciliationReason, ReconciliationReport, ReconciliationResult,
    ReconciliationView, Version, classify,
};
use tanqiao_protocol::strict;
use tanqiao_protocol::view::Outcome;

use crate::support::{node, part};
use crate::world::{Member, World, good, now, on_each, refused};

async fn begun(member: &Member) -> Opened {
    let beginning = Reconciliation {
        reason: ReconciliationReason::Asked,
        cursor: 0,
        chain: CHAIN_START,
        repaired: None,
    };
    member.done("/v1/reconciliations", beginning).await.1
}

/// The report in which the node has a block frozen that the hub has not.
fn report_of(opened: &Opened, member: &str, block: Block) -> ReconciliationReport {
    let mut frozen = block.clone();
    frozen.status.state = BlockState::Frozen;
    frozen.status.state_before = Some(BlockState::Held);
    let findings: Vec<Finding> = classify(&[Version::from(block)], &[Version::from(frozen)], &[], |_| false);
    ReconciliationReport {
        reconciliation: opened.reconciliation,
        member: node(member),
        at: now(),
        cut: opened.cut,
        hub_blocks: opened.blocks,
        node_blocks: opened.blocks,
        bytes: 1,
        counts: FindingCounts::of(&findings),
        totals: Vec::new(),
        findings,
    }
}

fn result_of(report: &ReconciliationReport) -> ReconciliationResult {
    ReconciliationResult {
        reconciliation: report.reconciliation,
        cut: report.cut,
        counts: report.counts,
        findings_sha256: Sha256::of(&canonical::to_vec(&report.findings).unwrap()),
    }
}

#[actix_web::test]
async fn a_report_that_is_not_its_results_is_refused_and_anothers_is_not_found() {
    on_each(async |world: World| {
        let issued = world
            .officers(|f| {
                let block = f.issue("wuhan", "420100", 1_000);
                f.block(&part(&block, 1, 1))
            })
            .await;
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let opened = begun(&wuhan).await;
        let path = format!("/v1/reconciliations/{}", opened.reconciliation);
        let (result, put) = (format!("{path}/result"), format!("{path}/report"));
        let report = report_of(&opened, "wuhan", issued);
        refused(wuhan.post(&put, &report).await, "invalid-parameter").await;
        let _: (MessageId, Outcome) = wuhan.done(&result, result_of(&report)).await;
        // Nobody else's, and nothing that is not what the result says.
        refused(harbin.post(&put, &report).await, "not-found").await;
        refused(wuhan.get(&put).await, "not-found").await;
        refuse_others(&wuhan, &put, &report).await;
        let kept: ReconciliationView = good(wuhan.post(&put, &report).await).await;
        assert_eq!(kept.reconciliation, opened.reconciliation);
        // The first one stays, also where the rest of another may differ.
        let mut later = report.clone();
        later.bytes += 1;
        let _: ReconciliationView = good(wuhan.post(&put, &later).await).await;
        assert_eq!(wuhan.read::<ReconciliationReport>(&put).await, report);
        refused(harbin.get(&put).await, "not-found").await;
        refused(wuhan.get(&format!("{put}?format=pdf")).await, "invalid-parameter").await;
        let written = |format: &'static str| {
            let (wuhan, put) = (wuhan.clone(), put.clone());
            async move { wuhan.get(&format!("{put}?format={format}")).await.text().await.unwrap() }
        };
        let csv = written("csv").await;
        assert_eq!(
            csv.lines().filter(|line| line.starts_with("state,")).count(),
            1,
            "{csv}"
        );
        let html = written("html").await;
        assert!(
            html.starts_with("<!doctype html>") && html.contains("<td>state</td>"),
            "{html}"
        );
        let examined = async {
            loop {
                let view: Value = wuhan.read(&path).await;
                if view["examined"]["contradicted"] == json!(0) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), examined)
            .await
            .expect("the log was never asked");
    })
    .await;
}

async fn refuse_others(wuhan: &Member, put: &str, report: &ReconciliationReport) {
    type Change = fn(&mut ReconciliationReport);
    let changes: [Change; 5] = [
        |report| report.findings.clear(),
        |report| report.counts.state += 1,
        |report| report.member = node("harbin"),
        |report| report.cut.log_size += 1,
        |report| {
            let finding = report.findings[0].clone();
            report.findings.push(finding);
        },
    ];
    for change in changes {
        let mut other = report.clone();
        change(&mut other);
        refused(wuhan.post(put, &other).await, "invalid-parameter").await;
    }
    let mut unknown = serde_json::to_value(report).unwrap();
    unknown["findings"][0]["more"] = json!(1);
    refused(wuhan.post(put, &unknown).await, "M02").await;
    refused(wuhan.post(put, &json!({})).await, "M02").await;
}

/// A report of so many lines of totals, which make it as long as one of many findings.
fn long(mut report: ReconciliationReport, lines: usize) -> ReconciliationReport {
    let line = json!({
        "state": "held", "methodology": "wuhan-metro.v1", "vintage": 2025, "hub_blocks": 1_000_000, "hub_g": 1_000_000_000,
        "node_blocks": 1_000_000, "node_g": 1_000_000_000,
    });
    report.totals = vec![serde_json::from_value(line).unwrap(); lines];
    report
}

#[actix_web::test]
async fn a_report_may_be_longer_than_a_message_and_a_member_gives_so_many_in_a_day() {
    on_each(async |world: World| {
        let issued = world
            .officers(|f| {
                let block = f.issue("wuhan", "420100", 1_000);
                f.block(&part(&block, 1, 1))
            })
            .await;
        let wuhan = world.member("wuhan");
        let mut first = None;
        for given in 0..=REPORTS_PER_DAY_MAX {
            let opened = begun(&wuhan).await;
            let path = format!("/v1/reconciliations/{}", opened.reconciliation);
            let mut report = report_of(&opened, "wuhan", issued.clone());
            let _: (MessageId, Outcome) = wuhan.done(&format!("{path}/result"), result_of(&report)).await;
            let put = format!("{path}/report");
            if given == REPORTS_PER_DAY_MAX {
                refused(wuhan.post(&put, &report).await, "upload-quota").await;
                continue;
            }
            if given == 0 {
                report = long(report, 60_000);
                assert!(serde_json::to_vec(&report).unwrap().len() > strict::MAX_BYTES);
                first = Some((put.clone(), report.clone()));
            }
            let _: ReconciliationView = good(wuhan.post(&put, &report).await).await;
        }
        // One that is there already is no other.
        let (put, report) = first.unwrap();
        let _: ReconciliationView = good(wuhan.post(&put, &report).await).await;
        assert_eq!(wuhan.read::<ReconciliationReport>(&put).await, report);
    })
    .await;
}

#[actix_web::test]
async fn a_member_that_never_agreed_is_as_old_as_what_it_was_first_told() {
    on_each(async |world: World| {
        let issued = world
            .officers(|f| {
                let block = f.issue("wuhan", "420100", 1_000);
                f.block(&part(&block, 1, 1))
            })
            .await;
        let wuhan = world.member("wuhan");
        let opened = begun(&wuhan).await;
        let report = report_of(&opened, "wuhan", issued);
        let path = format!("/v1/reconciliations/{}/result", opened.reconciliation);
        let _: (MessageId, Outcome) = wuhan.done(&path, result_of(&report)).await;
        let metrics = world.client(None).get(world.console("/metrics")).send().await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let line = metrics
            .lines()
            .find(|line| line.contains("oldest_agreement_seconds") && line.contains("\"region\""))
            .unwrap_or_else(|| panic!("{metrics}"));
        let age: i64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        let admitted = crate::support::START;
        let since_admission = (now().micros() - admitted) / tanqiao_protocol::time::SECOND_US;
        let difference = since_admission - age;
        assert!((0..3_600).contains(&difference), "{line}: {since_admission}");
    })
    .await;
}
