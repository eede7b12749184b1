//! What each decision of two officers says to people: what it is called, what it is about, and what follows from it.

use tanqiao_console::{Html, Words, format, html};
use tanqiao_protocol::asset::AssetConflictState;
use tanqiao_protocol::conflict::ConflictOutcome;
use tanqiao_protocol::methodology::MappingRef;

use super::frame::role;
use super::pages::{mapping_proposal, member_link, methodologies};
use super::states;
use super::visit::Visit;
use crate::ledger::command::Decision;
use crate::ledger::objects::Officer;

/// A decision in the reader's words.
#[derive(Debug)]
pub(super) struct Described {
    /// What it is called.
    pub what: &'static str,
    /// What it is about, leading there.
    pub subject: Html,
    /// What else it says.
    pub facts: Vec<(&'static str, Html)>,
    /// What follows from it, in sentences.
    pub consequences: Vec<&'static str>,
}

impl Described {
    /// Without further facts.
    pub fn new(what: &'static str, subject: Html, consequences: Vec<&'static str>) -> Self {
        Self {
            what,
            subject,
            facts: Vec::new(),
            consequences,
        }
    }

    fn fact(mut self, name: &'static str, value: Html) -> Self {
        self.facts.push((name, value));
        self
    }

    fn because(self, reason: &str, words: &'static Words) -> Self {
        self.fact(words.reason, Html::text(reason))
    }
}

/// What a decision says.
pub(super) fn described(decision: &Decision, visit: &Visit) -> Described {
    let words = visit.words();
    match decision {
        Decision::Suspend { member, reason } => Described::new(
            words.d_suspend,
            member_link(member),
            vec![words.suspend_1, words.suspend_2, words.suspend_3, words.suspend_4],
        )
        .because(reason, words),
        Decision::Reinstate { member } => Described::new(
            words.d_reinstate,
            member_link(member),
            vec![words.reinstate_1, words.reinstate_2],
        ),
        other => about_mappings(other, words)
            .or_else(|| about_findings(other, visit))
            .or_else(|| about_events(other, visit))
            .unwrap_or_else(|| unknown(other, words)),
    }
}

/// What would come of a decision now, where that can be told before it is carried out.
pub(super) fn foreseen(decision: &Decision, visit: &Visit) -> Html {
    match decision {
        Decision::ProposeMapping(proposal) => html::section(
            visit.words().recognition.computed_now,
            &mapping_proposal::preview(proposal, visit),
        ),
        _ => Html::default(),
    }
}

/// Not proposed by a page of this program; another version's may be.
fn unknown(decision: &Decision, words: &'static Words) -> Described {
    let text = serde_json::to_string(decision).unwrap_or_default();
    Described::new(words.action, html::code(text), Vec::new())
}

fn mapping_link(mapping: &MappingRef) -> Html {
    html::code_link(&format!("/mappings/{mapping}"), mapping)
}

fn about_mappings(decision: &Decision, words: &'static Words) -> Option<Described> {
    let said = words.recognition;
    Some(match decision {
        Decision::ProposeMapping(proposal) => Described::new(
            said.d_propose,
            html::code(&proposal.mapping),
            vec![said.propose_1, said.propose_2],
        )
        .fact(said.origin, methodologies::link(&proposal.origin))
        .fact(said.target, methodologies::link(&proposal.target))
        .fact(said.used_in, html::code(proposal.to))
        .fact(said.relation, Html::text(states::predicate(proposal.predicate, words)))
        .fact(said.uses, Html::text(states::uses(proposal.uses, words)))
        .fact(said.valid_from, format::time(proposal.valid_from)),
        Decision::ApproveMapping { mapping, record_sha256 } => Described::new(
            said.d_approve,
            mapping_link(mapping),
            vec![said.approve_1, said.approve_2, said.approve_3],
        )
        .fact(said.record, html::code(record_sha256)),
        Decision::EndorseMapping { mapping, record_sha256 } => {
            Described::new(said.d_endorse, mapping_link(mapping), vec![said.endorse_1])
                .fact(said.record, html::code(record_sha256))
        }
        Decision::RejectMapping {
            mapping,
            ground,
            reason,
        } => Described::new(said.d_reject, mapping_link(mapping), vec![said.reject_1, said.reject_2])
            .fact(said.ground, Html::text(states::ground(*ground, words)))
            .because(reason, words),
        Decision::SuspendMapping { mapping, reason } => Described::new(
            said.d_suspend,
            mapping_link(mapping),
            vec![said.suspend_1, said.suspend_2],
        )
        .because(reason, words),
        Decision::LiftMapping { mapping } => {
            Described::new(said.d_lift, mapping_link(mapping), vec![said.lift_1, said.lift_2])
        }
        Decision::RevokeMapping { mapping, reason } => {
            Described::new(said.d_revoke, mapping_link(mapping), vec![said.revoke_1, said.revoke_2])
                .because(reason, words)
        }
        Decision::CommentMapping {
            mapping,
            on_behalf_of,
            text,
        } => Described::new(said.d_comment, mapping_link(mapping), vec![said.comment_1])
            .fact(said.on_behalf_of, Html::text(on_behalf_of))
            .fact(said.comment, Html::text(text)),
        _ => return None,
    })
}

/// Conflicts, reconciliations, and conflicts about assets.
fn about_findings(decision: &Decision, visit: &Visit) -> Option<Described> {
    let words = visit.words();
    let said = words.oversight;
    Some(match decision {
        Decision::ResolveConflict {
            conflict,
            outcome,
            reason,
        } => Described::new(
            said.d_resolve,
            html::code_link(&format!("/conflicts/{conflict}"), conflict),
            outcome_consequences(*outcome, words),
        )
        .fact(said.ruling, Html::text(states::conflict_outcome(*outcome, words)))
        .because(reason, words),
        Decision::CloseFindings {
            reconciliation,
            reason,
            asked,
        } => Described::new(
            said.d_close,
            html::code_link(&format!("/reconciliations/{reconciliation}"), reconciliation),
            vec![said.close_1, said.close_2],
        )
        .fact(
            said.log_asked_at,
            Html::text(asked.map_or_else(|| words.none.to_owned(), format::number)),
        )
        .because(reason, words),
        Decision::RequestReconciliation { member, reason } => Described::new(
            said.d_request,
            member_link(member),
            vec![said.request_1, said.request_2],
        )
        .because(reason, words),
        Decision::ResolveAssetConflict {
            conflict,
            ruling,
            reason,
        } => Described::new(
            said.d_asset,
            html::code_link(&format!("/asset-conflicts/{conflict}"), format!("#{conflict}")),
            ruling_consequences(*ruling, words),
        )
        .fact(said.ruling, states::asset_conflict(*ruling, words).render())
        .because(reason, words),
        _ => return None,
    })
}

/// What follows from the decision of a conflict.
fn outcome_consequences(outcome: ConflictOutcome, words: &'static Words) -> Vec<&'static str> {
    let said = words.oversight;
    let follows = match outcome {
        ConflictOutcome::Earlier => said.earlier_1,
        ConflictOutcome::Later => said.later_1,
        ConflictOutcome::Distinct => said.distinct_1,
    };
    vec![follows, said.resolve_told, said.resolve_final]
}

/// What follows from the decision of a conflict about an asset.
fn ruling_consequences(ruling: AssetConflictState, words: &'static Words) -> Vec<&'static str> {
    let said = words.oversight;
    let follows = match ruling {
        AssetConflictState::ForFirst => said.for_first_1,
        AssetConflictState::ForSecond => said.for_second_1,
        AssetConflictState::Upheld => said.upheld_1,
        AssetConflictState::Dismissed => said.dismissed_1,
        AssetConflictState::Distinct | AssetConflictState::Open | AssetConflictState::Corrected => {
            said.asset_distinct_1
        }
    };
    vec![follows, said.resolve_told, said.resolve_final]
}

/// Events, donations and accounts.
fn about_events(decision: &Decision, visit: &Visit) -> Option<Described> {
    let words = visit.words();
    let said = words.events;
    Some(match decision {
        Decision::CloseEvent { event } => Described::new(
            said.d_close,
            html::code_link(&format!("/events/{event}"), event),
            vec![said.close_1, said.close_2],
        ),
        Decision::AcceptDonation { donation } => Described::new(
            said.d_accept,
            html::code_link(&format!("/donations/{donation}"), donation),
            vec![said.accept_1, said.accept_2],
        ),
        Decision::DeclineDonation { donation, reason } => Described::new(
            said.d_decline,
            html::code_link(&format!("/donations/{donation}"), donation),
            vec![said.decline_1],
        )
        .because(reason, words),
        Decision::PutOfficer {
            account,
            role: wanted,
            active,
            ..
        } => {
            let governance = visit.hub.sequencer.governance();
            let now = governance.officers.get(account);
            let subject = html::code(account);
            Described::new(
                said.d_account,
                subject,
                officer_consequences(*active, now.is_some(), words),
            )
            .fact(said.now, standing(now, words))
            .fact(said.then, Html::text(standing_of(role(*wanted, words), *active, words)))
        }
        _ => return None,
    })
}

/// What follows for an account.
pub(super) fn officer_consequences(active: bool, known: bool, words: &'static Words) -> Vec<&'static str> {
    let said = words.events;
    match (active, known) {
        (true, false) => vec![said.admit_1, said.admit_2],
        (true, true) => vec![said.change_1],
        (false, _) => vec![said.withdraw_1],
    }
}

/// What an account is now.
fn standing(officer: Option<&Officer>, words: &'static Words) -> Html {
    Html::text(officer.map_or_else(
        || words.none.to_owned(),
        |one| standing_of(role(one.role, words), one.active, words),
    ))
}

fn standing_of(role: &str, active: bool, words: &'static Words) -> String {
    let said = if active {
        words.events.active
    } else {
        words.events.withdrawn
    };
    format!("{role} · {said}")
}
