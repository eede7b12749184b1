//! Every crash point that a transfer passes: the process that passes it is killed there, started again, and the transfer
//! happens exactly once.

use tanqiao_tests::program::{HUB, KILLED, NODE, crash_points};
use tanqiao_tests::{Crossing, Federation, Kind, Plan};

use crate::crashes_screening::{HUB_SCREENING, NODE_SCREENING};
use crate::told_on_both;

/// Rides that Wuhan begins with.
const RIDES: i64 = 60;
/// What crosses in each round.
const QUANTITY_G: i64 = 1_000;

/// Points of the hub that no transfer passes: `enrolment.rs` and `recovered.rs` do. Those of screening are in
/// `crashes_screening.rs`.
pub const HUB_ELSEWHERE: [&str; 4] = [
    "enrolment.before-write",
    "enrolment.after-write",
    "recovery.before-commit",
    "recovery.before-mark",
];
/// Points of the hub that what it does beside transfers passes: `witnessed.rs` does.
pub const HUB_LOG: [&str; 2] = ["log.before-sign", "log.after-sign"];
/// Points of a node that no transfer passes: `crashes_elsewhere.rs` does.
pub const NODE_ELSEWHERE: [&str; 3] = [
    "import.before-batch-commit",
    "import.after-batch-commit",
    "issue.before-commit",
];
/// Points of a node that cosigns the log: `node/src/witness/tests/crashes.rs` dies there.
pub const NODE_WITNESS: [&str; 6] = [
    "witness.before-store",
    "witness.after-store",
    "witness.before-post",
    "witness.after-post",
    "witness.before-evidence",
    "witness.after-evidence",
];
/// Points that only the node that is offered something passes.
const TARGET_ONLY: [&str; 2] = ["offer.before-decision", "offer.after-decision"];

told_on_both!(
    the_hub_dies_everywhere,
    wuhans_node_dies_everywhere,
    harbins_node_dies_everywhere
);

/// The points that the program lists, without those that its transfers do not pass, all of which it must list.
async fn passed(program: &str, elsewhere: &[&str]) -> Vec<String> {
    let points = crash_points(program).await;
    let screening: &[&str] = if program == HUB {
        &HUB_SCREENING
    } else {
        &NODE_SCREENING
    };
    let witness: &[&str] = if program == HUB { &[] } else { &NODE_WITNESS };
    let elsewhere = [elsewhere, screening, witness].concat();
    for point in &elsewhere {
        assert!(
            points.iter().any(|listed| listed == point),
            "{program} has no point `{point}` any more"
        );
    }
    points
        .into_iter()
        .filter(|point| !elsewhere.contains(&point.as_str()))
        .collect()
}

/// Once at the proposal, which comes first, and once at the acceptance.
async fn the_hub_dies_everywhere(kind: Kind) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    for point in passed(HUB, &[&HUB_ELSEWHERE[..], &HUB_LOG].concat()).await {
        for point in [point.clone(), format!("{point}:2")] {
            let crossing = Crossing::planned(&federation, QUANTITY_G).await;
            // The order waits in Wuhan's outbox, so that the first thing that the hub does is this transfer.
            federation.kill_hub();
            crossing.order(&federation).await;
            federation.start_hub_to_die(&point);
            assert_eq!(federation.hub_death().await, KILLED, "the hub at {point}");
            federation.start_hub().await;
            crossing.happened_once(&federation).await;
        }
    }
    for point in HUB_ELSEWHERE {
        let crossing = Crossing::planned(&federation, QUANTITY_G).await;
        federation.kill_hub();
        crossing.order(&federation).await;
        federation.start_hub_to_die(point);
        crossing.happened_once(&federation).await;
        federation.hub_must_run();
    }
}

async fn wuhans_node_dies_everywhere(kind: Kind) {
    let elsewhere: Vec<&str> = NODE_ELSEWHERE.into_iter().chain(TARGET_ONLY).collect();
    let points = passed(NODE, &elsewhere).await;
    the_node_dies_everywhere(kind, "wuhan", &points, &elsewhere).await;
}

/// With each point of the feed twice: once when the offer comes, and once when what was accepted comes.
async fn harbins_node_dies_everywhere(kind: Kind) {
    let mut points = passed(NODE, &NODE_ELSEWHERE).await;
    let feed: Vec<String> = points
        .iter()
        .filter(|point| point.starts_with("feed."))
        .cloned()
        .collect();
    assert!(!feed.is_empty(), "{points:?}");
    points.extend(feed.iter().map(|point| format!("{point}:2")));
    the_node_dies_everywhere(kind, "harbin", &points, &NODE_ELSEWHERE).await;
}

async fn the_node_dies_everywhere(kind: Kind, member: &str, points: &[String], elsewhere: &[&str]) {
    let mut federation = Federation::with_nodes(Plan::on(kind), RIDES).await;
    for point in points {
        let crossing = Crossing::planned(&federation, QUANTITY_G).await;
        federation.kill_node(member);
        federation.start_node_to_die(member, point).await;
        federation.node_must_run(member);
        // Where Wuhan's node dies before it has answered, nobody knows whether it has taken the order.
        let answered = crossing.try_order(&federation).await;
        assert_eq!(
            federation.node_death(member).await,
            KILLED,
            "the node of {member} at {point}"
        );
        federation.start_node(member).await;
        if answered.is_err() {
            crossing.order(&federation).await;
        }
        crossing.happened_once(&federation).await;
    }
    for point in elsewhere {
        let crossing = Crossing::planned(&federation, QUANTITY_G).await;
        federation.kill_node(member);
        federation.start_node_to_die(member, point).await;
        crossing.order(&federation).await;
        crossing.happened_once(&federation).await;
        federation.node_must_run(member);
    }
}
