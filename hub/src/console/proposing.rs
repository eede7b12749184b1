//! The page before a proposal, and what stands in the way of one.

use tanqiao_console::parts::{Confirmation, Definitions, Field, Form, Input};
use tanqiao_console::{Html, html};
use tanqiao_protocol::id::Name;

use super::approvals;
use super::described::Described;
use super::pages::{officers, reconciliation};
use super::visit::{Fault, Reply, Turn, Visit};
use crate::ledger::command::Decision;

/// The longest reason, in characters.
pub(super) const REASON_CHARS_MAX: usize = 500;

/// A decision that somebody is about to propose: what it does, what is asked for, and where whoever thinks better of it goes.
#[derive(Debug)]
pub(super) struct Proposing {
    /// What it does; what is not entered yet is not said.
    pub said: Described,
    /// What is asked for.
    pub fields: Vec<Field>,
    /// On the button.
    pub submit: &'static str,
    /// Back to what it is about.
    pub back: String,
}

impl Proposing {
    /// The page: consequences, fields, button.
    pub fn page(self, visit: &Visit, status: u16, errors: &Html) -> Reply {
        let words = visit.words();
        let said = self.said;
        let form = Form::new(visit.path.clone(), visit.csrf(), self.fields, self.submit);
        let mut consequences = said.consequences;
        consequences.push(words.two_people);
        let page = Confirmation::new(words.consequences, consequences, form, self.back, words.back);
        let subject = Definitions::new().fact(words.subject, said.subject);
        let body = errors.clone().and(&subject.render()).and(&page.render());
        Reply::status(status, said.what, body)
    }

    /// Proposes what was entered, or shows the page again and says what is wrong.
    pub async fn propose(self, visit: &Visit, entered: Result<Decision, Html>) -> Turn {
        let decision = match entered {
            Ok(decision) => decision,
            Err(errors) => return Ok(self.page(visit, 422, &errors).outcome("incomplete")),
        };
        let proposer = visit.known()?.account.clone();
        if let Some(why) = objection(visit, &decision, &[proposer]).await? {
            let errors = visit.error("", why);
            return Ok(self.page(visit, 409, &errors).outcome("refused"));
        }
        approvals::propose(visit, decision).await
    }
}

/// The page before a proposal, or that it is decided already.
pub(super) fn shown(visit: &Visit, form: Option<Proposing>) -> Reply {
    form.map_or_else(
        || decided_already(visit),
        |form| form.page(visit, 200, &Html::default()),
    )
}

/// Somebody was faster.
pub(super) fn decided_already(visit: &Visit) -> Reply {
    let words = visit.words();
    Reply::status(409, words.problem, html::paragraph(words.oversight.decided_already))
}

/// The field of a reason, with what was entered.
pub(super) fn reason_field(visit: &Visit) -> Field {
    let words = visit.words();
    Field::new("reason", words.reason, Input::Long)
        .hint(words.reason_hint)
        .chars_max(REASON_CHARS_MAX)
        .value(visit.entered("reason"))
}

/// A text that must be entered, at most so long.
pub(super) fn text(visit: &Visit, field: &str, label: &str, chars_max: usize) -> Result<String, Html> {
    let entered = visit.entered(field).to_owned();
    if entered.is_empty() || entered.chars().count() > chars_max {
        return Err(visit.error(field, format!("{label}: {}", visit.words().required)));
    }
    Ok(entered)
}

/// The reason that was entered.
pub(super) fn reason(visit: &Visit) -> Result<String, Html> {
    text(visit, "reason", visit.words().reason, REASON_CHARS_MAX)
}

/// What stands in the way of a decision by these officers that the ledger does not judge; asked when it is proposed, and when it is
/// approved.
pub(super) async fn objection(visit: &Visit, decision: &Decision, deciding: &[Name]) -> Result<Option<String>, Fault> {
    match decision {
        Decision::PutOfficer { .. } => Ok(officers::objection(visit, decision, deciding)),
        Decision::CloseFindings {
            reconciliation, asked, ..
        } => reconciliation::not_closed(visit, *reconciliation, *asked).await,
        _ => Ok(None),
    }
}
