//! A mapping version that officers propose, as JSON: what they decide about is what the hub would compute of it.

use tanqiao_console::parts::{Definitions, Field, Input};
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::mapping::MappingProposal;
use tanqiao_protocol::strict;

use super::sheet::said;
use crate::console::described::Described;
use crate::console::proposing::Proposing;
use crate::console::states;
use crate::console::visit::{Turn, Visit};
use crate::ledger::command::Decision;
use crate::ledger::decide::examine;

/// The longest proposal, in characters.
const PROPOSAL_CHARS_MAX: usize = 20_000;

fn form(visit: &Visit) -> Proposing {
    let words = visit.words();
    let of = words.recognition;
    Proposing {
        said: Described::new(
            of.d_propose,
            Html::text(of.new_mapping),
            vec![of.propose_1, of.propose_2],
        ),
        fields: vec![
            Field::new("proposal", of.proposal, Input::Long)
                .hint(of.proposal_hint)
                .chars_max(PROPOSAL_CHARS_MAX)
                .value(visit.entered("proposal")),
        ],
        submit: of.propose,
        back: "/mappings".to_owned(),
    }
}

/// `GET /mappings/new`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    Ok(form(&visit).page(&visit, 200, &Html::default()))
}

/// `POST /mappings/new`
pub(in crate::console) async fn propose(visit: Visit) -> Turn {
    let entered = entered(&visit).map(|proposal| Decision::ProposeMapping(Box::new(proposal)));
    form(&visit).propose(&visit, entered).await
}

fn entered(visit: &Visit) -> Result<MappingProposal, Html> {
    let of = visit.words().recognition;
    let wrong = |what: String| visit.error("proposal", format!("{}: {what}", of.proposal));
    let text = visit.entered("proposal");
    if text.is_empty() || text.chars().count() > PROPOSAL_CHARS_MAX {
        return Err(wrong(visit.words().required.to_owned()));
    }
    strict::from_slice(text.as_bytes()).map_err(|error| wrong(error.to_string()))
}

/// What the hub would compute of a proposal now; the ledger computes it again when it is carried out.
pub(in crate::console) fn preview(proposal: &MappingProposal, visit: &Visit) -> Html {
    let words = visit.words();
    let of = words.recognition;
    let governance = visit.hub.sequencer.governance();
    let Ok(found) = examine(&governance, proposal, visit.hub.now()) else {
        return html::paragraph(words.fault);
    };
    let Some(record) = found.record else {
        let why = found.refusals.iter().map(|one| said(one, visit));
        return html::paragraph(of.no_factor_yet).and(&html::list(why));
    };
    Definitions::new()
        .fact(words.factor, Html::text(format::factor(record.factor)))
        .fact(of.uses, Html::text(states::uses(record.uses, words)))
        .fact(of.valid_until, format::time(record.valid_until))
        .fact(
            of.why,
            Html::text(visit.language.pick(&record.reason_zh, &record.reason_en)),
        )
        .fact(of.record, html::code(record.sha256()))
        .render()
}
