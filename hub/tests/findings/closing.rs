//! Findings are closed by officers who know what the log says of them, and of all of them.

use tanqiao_hub::ledger::audit::audit;
use tanqiao_hub::reconciliation::examine::before_closing;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::reconciliation::ReconciliationState;

use crate::ground::{
    OFFICERS, alter, close, close_knowing, examine, examined, given, open, reconciled, waiting, wuhans_first,
};
use crate::support::{Federation, Refused, on_each_database, part};

const ROW: &str = "series_no = 1 AND first = 1";

/// A report of a row that was changed behind the ledger; the log was not asked.
fn shown(f: &Federation) -> MessageId {
    f.two_regions();
    let block = f.issue("wuhan", "420100", 1_000);
    let right = wuhans_first(f, &block);
    assert_eq!(alter(f, &format!("UPDATE block SET uses = uses + 1 WHERE {ROW}")), 1);
    given(f, "wuhan", &[wuhans_first(f, &block)], &[right], &[])
}

#[test]
fn findings_that_the_log_was_not_asked_about_are_looked_at_before_they_are_closed() {
    on_each_database(|f| {
        let id = shown(&f);
        let still = |id| {
            before_closing(&f.database, &f.sequencer.governance(), id)
                .unwrap()
                .contradicted
        };
        assert_eq!(still(id).len(), 1, "the report is asked about too");
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses - 1 WHERE {ROW}")), 1);
        assert!(still(id).is_empty());
        close(&f, &OFFICERS, id).unwrap();
        assert_eq!(examine(&f), 1);
        assert!(waiting(&f).is_empty());
        assert_ne!(f.feed("wuhan").last().unwrap(), "reconciliation.requested");
        f.assert_sound();
    });
}

#[test]
fn what_was_closed_before_the_log_was_asked_is_asked_for_again() {
    on_each_database(|f| {
        let id = shown(&f);
        close_knowing(&f, &OFFICERS, id, None).unwrap();
        assert_eq!(examine(&f), 1);
        let one = reconciled(&f, id);
        assert_eq!((one.state, one.content.examined), (ReconciliationState::Closed, None));
        assert_eq!(f.feed("wuhan").last().unwrap(), "reconciliation.requested");
        assert!(waiting(&f).is_empty());
        assert_eq!(examine(&f), 0, "once");
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses - 1 WHERE {ROW}")), 1);
    });
}

#[test]
fn officers_who_have_not_seen_what_the_log_says_close_nothing() {
    on_each_database(|f| {
        let id = shown(&f);
        assert_eq!(examine(&f), 1);
        assert_eq!(examined(&f, id), (1, 1));
        close_knowing(&f, &OFFICERS, id, None).refused_by("G05");
        close_knowing(&f, &OFFICERS, id, Some(1)).refused_by("G05");
        let held = open(&f, id);
        f.propose("wuhan", "harbin", &[part(&held[0], 1, 10)]).refused_by("T08");
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses - 1 WHERE {ROW}")), 1);
        close(&f, &OFFICERS, id).unwrap();
        f.propose("wuhan", "harbin", &[part(&held[0], 1, 10)]).unwrap();
        f.assert_sound();
    });
}

#[test]
fn nobody_takes_serials_off_the_list_behind_the_ledger() {
    on_each_database(|f| {
        let id = shown(&f);
        assert_eq!(examine(&f), 1);
        assert_eq!(alter(&f, &format!("UPDATE block SET uses = uses - 1 WHERE {ROW}")), 1);
        f.assert_sound();
        let says = |what: &str| {
            let report = audit(&f.database).unwrap();
            let ninth = report.invariant(9).unwrap();
            assert_eq!(ninth.findings.len(), 1, "{ninth:?}");
            assert!(ninth.findings[0].what.contains(what), "{ninth:?}");
        };
        assert_eq!(alter(&f, "UPDATE contradiction SET open = (1 = 0)"), 1);
        says("leaves 0 runs of serials alone, and by the log there are 1");
        assert_eq!(alter(&f, "DELETE FROM contradiction"), 1);
        says("nothing is stored of it");
        // The process that found it goes on knowing, and closing writes it down.
        close(&f, &OFFICERS, id).unwrap();
        f.assert_sound();
    });
}
