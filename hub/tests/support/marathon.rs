//! An event in Harbin to which Wuhan may donate.

use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::Event;
use tanqiao_hub::store::audit::events;
use tanqiao_hub::store::convert;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::Outcome;

use super::{Federation, event};

/// Wuhan holds 1,000,000 g, recognised in Harbin at 0.842110 with a buffer of a tenth.
pub fn begin(f: &Federation, target: i64, accept_at_once: bool) -> BlockRef {
    f.two_regions();
    f.plan(event("marathon", "230100", target, accept_at_once)).unwrap();
    f.issue("wuhan", "420100", 1_000_000)
}

/// Reserved and committed grams of the marathon, and what it still needs.
pub fn room(f: &Federation) -> (i64, i64, i64) {
    let event = stored(f);
    (event.reserved.get(), event.committed.get(), event.room().get())
}

/// The marathon as it is stored.
pub fn stored(f: &Federation) -> Event {
    f.database.read(|c| convert::event(&events(c)?[0])).unwrap()
}

/// A decision of one officer.
pub fn decide(f: &Federation, by: &str, decision: Decision) -> Result<Outcome, Problem> {
    f.by_officers(&[by], decision)
}

/// The organiser takes a donation.
pub fn accept(f: &Federation, donation: MessageId) -> Result<Outcome, Problem> {
    decide(f, "organiser", Decision::AcceptDonation { donation })
}

/// The organiser does not take it.
pub fn decline(f: &Federation, donation: MessageId) -> Result<Outcome, Problem> {
    decide(
        f,
        "organiser",
        Decision::DeclineDonation {
            donation,
            reason: "enough".to_owned(),
        },
    )
}
