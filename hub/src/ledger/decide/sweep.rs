//! Ends what nobody ended: delays, offers and donations whose time has come. Idempotent, and harmless when two processes
//! run it: an acceptance decided at or after `valid_until` is refused whether or not the sweep ran.

use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::transfer::{DonationState, Sweep, TransferState};
use tanqiao_protocol::view::Outcome;

use super::membership::in_open_findings;
use super::transfer::By;
use super::{challenge, donation, mapping, transfer};
use crate::ledger::refusal::{Decided, Rejection};
use crate::ledger::working::Working;

/// Ends everything that is due. The outcome's state says how many.
pub fn sweep(working: &mut Working, id: MessageId) -> Decided<Outcome> {
    let due = working
        .due
        .clone()
        .ok_or_else(|| Rejection::NotLoaded("what is due".to_owned()))?;
    let log_index = working.next_index();
    for subject in due {
        sweep_one(working, subject)?;
    }
    mapping::sweep(working)?;
    Ok(working.outcome(format!("sweep/{id}"), None, log_index))
}

fn sweep_one(working: &mut Working, id: MessageId) -> Decided<()> {
    // Its time has come, and it ends once officers have closed the finding.
    if in_open_findings(working, id)?.is_some() {
        return Ok(());
    }
    if let Some(open) = working.transfers.get(&id)?.filter(|t| t.state.is_open()).cloned() {
        if working.now >= open.valid_until {
            transfer::release(
                working,
                open,
                TransferState::Expired,
                "nobody accepted it before `valid_until`",
                By::default(),
            )?;
        } else if open.state.sweep() == Some(Sweep::DelayEnds)
            && open.delayed_until.is_some_and(|until| working.now >= until)
        {
            transfer::go_on(working, open, &[], false)?;
        }
        return Ok(());
    }
    if let Some(open) = working
        .donations
        .get(&id)?
        .filter(|d| !d.state.is_final() && working.now >= d.valid_until)
        .cloned()
    {
        donation::release(
            working,
            open,
            DonationState::Expired,
            "nobody decided before `valid_until`",
            By::default(),
        )?;
    }
    if let Some(open) = working.challenges.get(&id)?.cloned() {
        challenge::expire(working, open)?;
    }
    Ok(())
}
