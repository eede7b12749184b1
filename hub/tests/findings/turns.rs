//! Whoever sends many reports has them compared with the log one at a time, and keeps nobody else waiting.

use tanqiao_hub::reconciliation::examine::examine_all;
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::SECOND_US;

use crate::ground::{alter, examined, given, reconciled, waiting, wuhans_first};
use crate::support::{Federation, on_each_database};

const APART: i64 = 600 * SECOND_US;

fn examine(f: &Federation) -> usize {
    examine_all(&f.database, &f.sequencer, f.now(), APART).unwrap()
}

#[test]
fn a_member_has_its_turn_once_in_a_while_and_only_its_newest_report_counts() {
    on_each_database(|f| {
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let right = wuhans_first(&f, &block);
        let mut frozen = right.clone();
        frozen.status.state = BlockState::Frozen;
        frozen.status.state_before = Some(BlockState::Held);
        let report = |member: &str| -> MessageId {
            f.pass(1);
            given(
                &f,
                member,
                std::slice::from_ref(&right),
                std::slice::from_ref(&frozen),
                &[],
            )
        };
        let first = report("wuhan");
        assert_eq!(examine(&f), 1);
        assert_eq!(examined(&f, first), (1, 0));
        let (second, third) = (report("wuhan"), report("wuhan"));
        assert_eq!(examine(&f), 0, "not its turn");
        // Another member does not wait for it, and another process does not take the turn again.
        let others = report("harbin");
        let process = f.second_process();
        assert_eq!(examine_all(&f.database, &process, f.now(), APART).unwrap(), 1);
        assert_eq!(examined(&f, others), (1, 0));
        assert_eq!(waiting(&f), [third]);
        f.pass(600);
        assert_eq!(examine(&f), 1);
        assert_eq!(examined(&f, third), (1, 0));
        assert!(reconciled(&f, second).content.examined.is_none(), "superseded");
        assert!(waiting(&f).is_empty());
        f.pass(600);
        assert_eq!(examine(&f), 0);
        // A clock that was a year ahead took a turn.
        let fourth = report("wuhan");
        let year = "UPDATE examination_turn SET taken_at = taken_at + 31536000000000";
        assert_eq!(alter(&f, year), 2);
        assert_eq!(examine(&f), 1);
        assert_eq!(examined(&f, fourth), (1, 0));
    });
}
