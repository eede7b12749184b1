//! One mapping version: what it recognises, why its factor is what it is, both sheets side by side, who agreed, and what happened.

use tanqiao_console::parts::{Chip, Column, Definitions, Kind, Table};
use tanqiao_console::{Html, format, html};
use tanqiao_mappings::explanation::Explanation;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::mapping::{MappingState, Party};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::Comment;

use super::mapping_decisions::{MappingDecision, offered};
use super::mappings::{self, origin};
use super::{explanation, leaf_link, member_link, methodologies, sheet};
use crate::api::answer::Refused;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::console::{frame, states};
use crate::ledger::decide::known_sheet;
use crate::ledger::hub_member;
use crate::ledger::objects::{Governance, MappingVersion, Role};
use crate::store::read::{events, mappings as store};

/// What is kept of a mapping beside governance.
struct Kept {
    explanation: Option<Explanation>,
    comments: Vec<Comment>,
    given: Grams,
}

/// Who signs for each party.
pub(super) fn signs_for(governance: &Governance, version: &MappingVersion, party: Party) -> Option<NodeId> {
    match party {
        Party::Source => origin(version).map(|one| {
            let published = governance.methodologies.get(one);
            published.map_or_else(hub_member, |one| one.publisher.clone())
        }),
        Party::Target => {
            let proposed = version.content.proposal.as_ref().map(|one| one.endorsed_by.clone());
            proposed.or_else(|| version.record().map(|one| one.endorsed_by.clone()))
        }
        Party::Regulator => Some(hub_member()),
    }
}

/// The mapping version of the path.
pub(super) fn find<'a>(governance: &'a Governance, visit: &Visit) -> Result<(MappingRef, &'a MappingVersion), Fault> {
    let mapping: MappingRef = visit.parameter("mapping")?;
    let version = governance.mapping_versions.get(&mapping).ok_or(Fault::NotFound)?;
    Ok((mapping, version))
}

/// `GET /mappings/{mapping}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.recognition;
    let governance = visit.hub.sequencer.governance();
    let (mapping, version) = find(&governance, &visit)?;
    let kept = kept(&visit, &mapping).await?;
    let why = kept.explanation.as_ref().map_or_else(
        || html::paragraph(said.no_explanation),
        |found| explanation::render(found, &visit),
    );
    let body = Html::all([
        facts(&visit, version, kept.given),
        actions(&visit, &governance, &mapping, version),
        html::section(said.agreement, &agreement(&visit, &governance, version)),
        html::section(said.explanation, &why),
        html::section(said.side_by_side, &sheets(&visit, &governance, version)),
        html::section(said.comments, &comments(&visit, &kept.comments)),
        html::section(
            said.history,
            &history(&visit, &governance, &mapping, version, &kept.comments),
        ),
    ]);
    Ok(Reply::page(format!("{} {mapping}", words.mapping), body))
}

async fn kept(visit: &Visit, mapping: &MappingRef) -> Result<Kept, Fault> {
    let (name, year) = (mapping.clone(), visit.hub.now().china_year());
    let (found, comments, mut given) = visit
        .hub
        .read(move |c| {
            Ok((
                store::explanation(c, &name)?,
                store::comments(c, &name)?,
                events::given_under_mappings(c, year)?,
            ))
        })
        .await?;
    let explanation = found
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| Refused::fault(&error))?;
    Ok(Kept {
        explanation,
        comments,
        given: given.remove(mapping).unwrap_or_default(),
    })
}

fn facts(visit: &Visit, version: &MappingVersion, given: Grams) -> Html {
    let words = visit.words();
    let said = words.recognition;
    let content = &version.content;
    let mut facts = Definitions::new()
        .fact(words.state, states::mapping(version.state, words).render())
        .maybe(said.origin, origin(version).map(methodologies::link));
    if let Some(proposal) = &content.proposal {
        facts = facts
            .fact(said.target, methodologies::link(&proposal.target))
            .maybe(said.reference, proposal.reference.as_ref().map(methodologies::link))
            .maybe(said.through, proposal.through.as_ref().map(methodologies::link))
            .fact(said.relation, Html::text(states::predicate(proposal.predicate, words)))
            .fact(said.acts_in, region(proposal.source_region.as_str(), visit));
    }
    let to = mappings::target_region(version);
    facts = facts.maybe(said.used_in, to.map(|code| region(code.as_str(), visit)));
    if let Some(record) = version.record() {
        facts = of_record(facts, visit, record, given);
    }
    if let Some(suspension) = &content.suspension {
        let by = suspension
            .by
            .map_or(said.by_change, |party| states::party(party, words));
        facts = facts
            .fact(said.stopped_by, Html::text(by))
            .fact(words.reason, Html::text(&suspension.reason));
    }
    facts
        .maybe(said.comment_until, content.comment_until.map(format::time))
        .maybe(
            said.ground,
            content.ground.map(|one| Html::text(states::ground(one, words))),
        )
        .maybe(words.reason, content.reason.as_ref().map(Html::text))
        .fact(words.leaf, leaf_link(version.log_index))
        .render()
}

fn region(code: &str, visit: &Visit) -> Html {
    Html::text(frame::region(code, visit.language))
}

/// What the record says, once there is one.
fn of_record(facts: Definitions, visit: &Visit, record: &MappingRecord, given: Grams) -> Definitions {
    let words = visit.words();
    let said = words.recognition;
    let tonnes = |what: &str| format!("{what} ({})", words.unit_tco2e);
    let vintages = record
        .vintages
        .map(|(first, last)| Html::text(format!("{first}–{last}")));
    let demonstration = record.demonstration.then(|| Html::text(words.demonstration));
    facts
        .fact(words.factor, Html::text(format::factor(record.factor)))
        .fact(words.buffered, Html::text(format::factor(record.buffer)))
        .fact(said.uses, Html::text(states::uses(record.uses, words)))
        .maybe(said.vintages, vintages)
        .maybe(&tonnes(said.cap), record.cap_g.map(format::quantity))
        .fact(tonnes(said.given_this_year), format::quantity(given))
        .fact(said.valid_from, format::time(record.valid_from))
        .fact(said.valid_until, format::time(record.valid_until))
        .maybe(said.figures, demonstration)
        .fact(said.record, html::code(record.sha256()))
}

/// What officers may propose now.
fn actions(visit: &Visit, governance: &Governance, mapping: &MappingRef, version: &MappingVersion) -> Html {
    if !visit.is(Role::Officer) {
        return Html::default();
    }
    let link = |decision: &MappingDecision| {
        let href = format!("/mappings/{mapping}/decisions/{decision}");
        html::link(&href, decision.name(visit.words()))
    };
    let offered = offered(governance, version, visit.hub.now());
    html::actions(offered.iter().map(link))
}

/// The three parties, and what each has said.
fn agreement(visit: &Visit, governance: &Governance, version: &MappingVersion) -> Html {
    let words = visit.words();
    let said = words.recognition;
    let hub = hub_member();
    let rows = Party::ALL.iter().map(|party| {
        let who = signs_for(governance, version, *party);
        let who = who.map_or_else(Html::default, |one| {
            if one == hub {
                Html::text(said.officers)
            } else {
                member_link(&one)
            }
        });
        let endorsed = version.content.endorsements.iter().find(|one| one.party == *party);
        let agreed = endorsed.is_some() || (*party == Party::Regulator && version.state.was_approved());
        let chip = if agreed {
            Chip::new(Kind::Good, said.agreed)
        } else {
            Chip::new(Kind::Waiting, said.not_agreed)
        };
        let lifting = version.content.suspension.as_ref();
        let lifting = lifting.filter(|one| one.lifted_by.contains(party));
        let lifting = lifting.map(|_| Chip::new(Kind::Good, said.agrees_to_lift).render());
        vec![
            Html::text(states::party(*party, words)),
            who,
            chip.render().and(&lifting.unwrap_or_default()),
            endorsed.map(|one| leaf_link(one.log_index)).unwrap_or_default(),
        ]
    });
    let columns = [said.party, words.who, words.state, words.leaf];
    let table = Table::new(said.agreement, columns.map(Column::text).into())
        .rows(rows)
        .render();
    let approvals: Vec<String> = version.content.approvals.iter().map(ToString::to_string).collect();
    let approvals = if approvals.is_empty() {
        words.none.to_owned()
    } else {
        approvals.join(", ")
    };
    table.and(&html::paragraph(format!("{}: {approvals}", said.approved_by)))
}

/// The sheets that the factor rests on, side by side.
fn sheets(visit: &Visit, governance: &Governance, version: &MappingVersion) -> Html {
    let said = visit.words().recognition;
    let Some(proposal) = &version.content.proposal else {
        return html::paragraph(said.no_proposal);
    };
    let sides = [
        Some(&proposal.origin),
        Some(&proposal.target),
        proposal.reference.as_ref(),
    ];
    let found: Vec<(&MethodologyRef, Sheet)> = sides
        .into_iter()
        .flatten()
        .map(|one| (one, known_sheet(governance, one)))
        .collect();
    let named: Vec<(Html, &Sheet)> = found
        .iter()
        .map(|(one, sheet)| (methodologies::link(one), sheet))
        .collect();
    sheet::compared(&named, visit)
}

fn comments(visit: &Visit, all: &[Comment]) -> Html {
    let words = visit.words();
    let said = words.recognition;
    if all.is_empty() {
        return html::paragraph(words.none);
    }
    let rows = all.iter().map(|one| {
        let by = one.member.as_ref().map(member_link);
        let by = by.or_else(|| one.on_behalf_of.as_ref().map(Html::text));
        vec![
            format::time(one.at),
            by.unwrap_or_default(),
            Html::text(&one.text),
            leaf_link(one.log_index),
        ]
    });
    let columns = [words.when, words.who, said.comment, words.leaf];
    Table::new(said.comments, columns.map(Column::text).into())
        .rows(rows)
        .render()
}

/// What is known to have happened, in the order of the log, and the versions beside this one.
fn history(
    visit: &Visit,
    governance: &Governance,
    mapping: &MappingRef,
    version: &MappingVersion,
    comments: &[Comment],
) -> Html {
    let words = visit.words();
    let said = words.recognition;
    let content = &version.content;
    let mut steps: Vec<(i64, Option<Timestamp>, String)> = content
        .endorsements
        .iter()
        .map(|one| {
            (
                one.log_index,
                None,
                format!("{}: {}", states::party(one.party, words), said.agreed),
            )
        })
        .collect();
    steps.extend(
        comments
            .iter()
            .map(|one| (one.log_index, Some(one.at), said.comment.to_owned())),
    );
    if steps.iter().all(|(index, ..)| *index != version.log_index) {
        let since = content.suspension.as_ref().map(|one| one.since).or(content.ended_at);
        let now = states::mapping(version.state, words).word;
        steps.push((version.log_index, since, format!("{}: {now}", said.last_change)));
    }
    steps.sort();
    let rows = steps.into_iter().map(|(index, at, what)| {
        vec![
            leaf_link(index),
            at.map(format::time).unwrap_or_default(),
            Html::text(what),
        ]
    });
    let columns = [words.leaf, words.when, words.happened];
    let table = Table::new(said.history, columns.map(Column::text).into())
        .rows(rows)
        .render();
    let versions = governance
        .mapping_versions
        .iter()
        .filter(|(one, _)| one.id() == mapping.id());
    let links: Vec<Html> = versions
        .map(|(one, version)| mappings::link(one).and(&states::mapping(version.state, words).render()))
        .collect();
    table
        .and(&html::subsection(said.versions, &html::actions(links)))
        .and(&html::paragraph_of(&proposer(visit, version)))
}

fn proposer(visit: &Visit, version: &MappingVersion) -> Html {
    let words = visit.words();
    if version.content.proposal.is_none() || version.state == MappingState::Draft {
        return Html::default();
    }
    let by = version
        .content
        .proposed_by
        .as_ref()
        .map_or_else(|| Html::text(words.recognition.officers), member_link);
    Html::text(format!("{}: ", words.proposed_by)).and(&by)
}
