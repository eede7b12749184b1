//! Every crash point that a screened issuance passes: the process that passes it is killed there and started again; what
//! is issued is issued once, and an act that two members credit is found, whichever of them was on its way.

use tanqiao_hub::serve::new_id;
use tanqiao_tests::comparing::{HARBIN, Issuer, Ride, WUHAN};
use tanqiao_tests::platform::grams_of_rides;
use tanqiao_tests::program::KILLED;
use tanqiao_tests::{Federation, Kind, Plan};

use crate::told_on_both;

/// Points of the hub that only a screened issuance passes, on one of its databases at least.
pub const HUB_SCREENING: [&str; 13] = [
    "spool.before-write",
    "spool.after-write",
    "upload.before-arrival",
    "screening.before-compare",
    "screening.after-compare",
    "screening.after-commit",
    "tokens.after-files",
    "tokens.before-manifest",
    "tokens.after-manifest",
    "tokens.before-commit",
    "tokens.after-commit",
    // These are for `hub/tests/screening/crashes.rs`, which has a store of many runs and epochs.
    "tokens.after-merge",
    "tokens.after-move",
];
/// Points of a node that only a screened issuance passes.
pub const NODE_SCREENING: [&str; 9] = [
    "derive.before-append",
    "derive.in-append",
    "derive.after-append",
    "derive.before-rename",
    "derive.after-rename",
    "derive.before-register",
    "derive.after-register",
    "upload.before-send",
    "upload.after-send",
];
/// Whose the rides of an issuance are.
const ACCOUNTS: [&str; 3] = ["holder-a", "holder-b", "holder-c"];
/// Rides of an issuance; one of them is the other member's too.
const RIDES: i64 = 3;

told_on_both!(
    the_hub_dies_while_it_screens,
    the_node_dies_while_it_derives_and_uploads
);

/// The points at which the hub dies on a database, and at which passing of one issuance's screening.
fn hub_points(kind: Kind) -> Vec<&'static str> {
    let other = match kind {
        Kind::Sqlite => ["tokens.before-commit", "tokens.after-commit"].as_slice(),
        Kind::Postgres => &["tokens.after-files", "tokens.before-manifest", "tokens.after-manifest"],
    };
    let many = ["tokens.after-merge", "tokens.after-move"];
    let points = HUB_SCREENING.iter().copied();
    points
        .filter(|point| !other.contains(point) && !many.contains(point))
        .collect()
}

/// The rides of one round, an hour of it; the first is everybody's.
fn rides(issuer: Issuer, round: usize) -> Vec<Ride> {
    let minutes = u32::try_from(round).unwrap() * 60;
    let ride = |number: u32| {
        let own = number > 0 && issuer.member == HARBIN.member;
        Ride {
            source: if own { "other-app" } else { "metro-app" },
            record: format!("{round}-{number}"),
            account: ACCOUNTS[number as usize],
            subject: format!("{}0000000{number}", if own { "198" } else { "199" }),
            minute: minutes + number * 15,
        }
    };
    (0..).take(ACCOUNTS.len()).map(ride).collect()
}

/// Once while Wuhan's issuance is screened, which is clean, and once while Harbin's is, which has an act of Wuhan's.
async fn the_hub_dies_while_it_screens(kind: Kind) {
    let mut federation = Federation::comparing(Plan::on(kind)).await;
    federation.start_node("wuhan").await;
    let mut issued = 0;
    for (round, point) in hub_points(kind).into_iter().enumerate() {
        for (issuer, state, clean) in [
            (WUHAN, "recognised", RIDES),
            (HARBIN, "partially-recognised", RIDES - 1),
        ] {
            issuer.import(&federation, &rides(issuer, round)).await;
            let id = new_id();
            // The order waits in the outbox, so that the first thing that the hub does is this issuance.
            federation.kill_hub();
            issuer.issue(&federation, id).await;
            federation.start_hub_to_die(point);
            assert_eq!(federation.hub_death().await, KILLED, "the hub at {point}");
            federation.start_hub().await;
            let ended = federation.platform(issuer.member).until_issuance(id, state).await;
            assert_eq!(ended["delivered_g"], grams_of_rides(clean), "{point}: {ended}");
            issued += clean;
        }
        federation.platform("harbin").until_conflicts(round + 1).await;
        federation.reckon().await;
        let totals = federation.ledger.totals().await;
        assert_eq!(totals.issued_g, grams_of_rides(issued), "after {point}");
    }
}

async fn the_node_dies_while_it_derives_and_uploads(kind: Kind) {
    let plan = Plan {
        nodes_on: kind,
        ..Plan::on(kind)
    };
    let mut federation = Federation::comparing(plan).await;
    federation.start_node("wuhan").await;
    for (round, point) in NODE_SCREENING.into_iter().enumerate() {
        WUHAN.import(&federation, &rides(WUHAN, round)).await;
        let id = new_id();
        federation.kill_node("wuhan");
        federation.start_node_to_die("wuhan", point).await;
        let wuhan = federation.platform("wuhan");
        // Where the node dies before it has answered, nobody knows whether it has taken the order.
        let answered = wuhan.try_order("/api/v1/issuances", &WUHAN.issuing(id)).await;
        assert_eq!(federation.node_death("wuhan").await, KILLED, "the node at {point}");
        federation.start_node("wuhan").await;
        if answered.is_err() {
            WUHAN.issue(&federation, id).await;
        }
        let ended = wuhan.until_issuance(id, "recognised").await;
        assert_eq!(ended["delivered_g"], grams_of_rides(RIDES), "{point}: {ended}");
    }

    // Of no act is a token lost: each is found when Harbin credits it as well.
    let rounds = NODE_SCREENING.len();
    let all: Vec<Ride> = (0..rounds).flat_map(|round| rides(HARBIN, round)).collect();
    HARBIN.import(&federation, &all).await;
    let id = new_id();
    HARBIN.issue(&federation, id).await;
    let harbin = federation.platform("harbin");
    let ended = harbin.until_issuance(id, "partially-recognised").await;
    assert_eq!(ended["tokens"]["held_back"], rounds, "{ended}");
    harbin.until_conflicts(rounds).await;
    federation.reckon().await;
    let rounds = i64::try_from(rounds).unwrap();
    let issued = grams_of_rides(rounds * RIDES + rounds * (RIDES - 1));
    assert_eq!(federation.ledger.totals().await.issued_g, issued);
}
