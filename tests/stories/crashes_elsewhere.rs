//! The crash points of a node that no transfer passes: importing and issuing.

use tanqiao_hub::serve::new_id;
use tanqiao_tests::platform::{HOLDER, grams_of_rides, issuing, rides};
use tanqiao_tests::program::KILLED;
use tanqiao_tests::{Crossing, Federation, Kind, Plan};

use crate::crashes::NODE_ELSEWHERE;
use crate::told_on_both;

const RIDES: i64 = 20;

told_on_both!(no_record_counts_twice);

/// Wuhan's node dies while it imports, twice, and while it issues; every ride is issued once. Here the nodes are on the same
/// kind of database as the hub.
async fn no_record_counts_twice(kind: Kind) {
    let plan = Plan {
        nodes_on: kind,
        ..Plan::on(kind)
    };
    let mut federation = Federation::with_nodes(plan, RIDES).await;
    let mut expected = grams_of_rides(RIDES);
    let [before_batch, after_batch, before_issue] = NODE_ELSEWHERE;
    for point in [before_batch, after_batch] {
        let file = rides(&point.replace('.', "-"), RIDES);
        federation.kill_node("wuhan");
        federation.start_node_to_die("wuhan", point).await;
        let answered = federation.platform("wuhan").try_import(&file).await;
        assert!(answered.is_err(), "{answered:?}");
        assert_eq!(federation.node_death("wuhan").await, KILLED, "the node at {point}");
        federation.start_node("wuhan").await;
        let job = federation.platform("wuhan").import(&file).await;
        assert_eq!(job["state"], "done", "{job}");
        let again = federation.platform("wuhan").import(&file).await;
        assert_eq!(
            (&again["job"], &again["added"]),
            (&job["job"], &job["added"]),
            "{again}"
        );
        federation.platform("wuhan").issue().await;
        expected += grams_of_rides(RIDES);
        federation.reckon().await;
        assert_eq!(federation.ledger.totals().await.issued_g, expected, "after {point}");
    }

    let wuhan = federation.platform("wuhan");
    wuhan.import(&rides("issued-once", RIDES)).await;
    let order = issuing(new_id());
    federation.kill_node("wuhan");
    federation.start_node_to_die("wuhan", before_issue).await;
    let answered = wuhan.try_order("/api/v1/issuances?wait_s=30", &order).await;
    assert!(answered.is_err(), "{answered:?}");
    assert_eq!(
        federation.node_death("wuhan").await,
        KILLED,
        "the node at issue.before-commit"
    );
    federation.start_node("wuhan").await;
    wuhan.order("/api/v1/issuances?wait_s=30", &order).await.unwrap();
    wuhan.order("/api/v1/issuances?wait_s=30", &order).await.unwrap();
    expected += grams_of_rides(RIDES);
    federation.reckon().await;
    assert_eq!(federation.ledger.totals().await.issued_g, expected);
    assert_eq!(wuhan.grams_of(HOLDER, "free_g").await, expected);

    let crossing = Crossing::planned(&federation, expected / 2).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
}
