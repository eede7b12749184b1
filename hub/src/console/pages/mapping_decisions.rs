//! What two officers decide about a mapping version.

use tanqiao_console::parts::{Field, Input};
use tanqiao_console::{Html, Words, html};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{MappingState, Party, RejectionGround};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::time::Timestamp;

use super::mapping::{find, signs_for};
use crate::console::described::described;
use crate::console::proposing::{Proposing, reason, reason_field, text};
use crate::console::states;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::ledger::command::Decision;
use crate::ledger::hub_member;
use crate::ledger::objects::{Governance, MappingVersion};

/// The longest comment, in characters.
const COMMENT_CHARS_MAX: usize = 2_000;
/// The longest name of an organisation, in characters.
const NAME_CHARS_MAX: usize = 200;

tanqiao_protocol::words! {
    /// What may be decided; the word stands in the address.
    pub(super) enum MappingDecision {
        /// It recognises from now on.
        Approve = 1 "approve",
        /// The record is right, for a reference methodology.
        Endorse = 2 "endorse",
        /// An organisation has commented.
        Comment = 3 "comment",
        /// It is refused.
        Reject = 4 "reject",
        /// It stops at once.
        Suspend = 5 "suspend",
        /// The regulator agrees that it goes on.
        Lift = 6 "lift",
        /// It is taken back for good.
        Revoke = 7 "revoke",
    }
}

impl MappingDecision {
    /// What it is called.
    pub(super) const fn name(self, words: &'static Words) -> &'static str {
        let said = words.recognition;
        match self {
            Self::Approve => said.d_approve,
            Self::Endorse => said.d_endorse,
            Self::Comment => said.d_comment,
            Self::Reject => said.d_reject,
            Self::Suspend => said.d_suspend,
            Self::Lift => said.d_lift,
            Self::Revoke => said.d_revoke,
        }
    }
}

/// What officers may decide about a version as it stands. The ledger has the last word.
pub(super) fn offered(governance: &Governance, version: &MappingVersion, now: Timestamp) -> Vec<MappingDecision> {
    let hub = hub_member();
    let ours = |party| signs_for(governance, version, party).is_some_and(|one| one == hub);
    let commented = version.content.comment_until.is_none_or(|until| until <= now);
    let endorses = match version.state {
        MappingState::EvidenceComplete => ours(Party::Source),
        MappingState::SourceEndorsed => ours(Party::Target),
        _ => false,
    };
    let lifted = version.content.suspension.as_ref();
    let lifted = lifted.is_some_and(|one| one.lifted_by.contains(&Party::Regulator));
    let open = version.state == MappingState::Candidate || version.state.awaits_parties();
    let stands = |decision: &MappingDecision| match decision {
        MappingDecision::Approve => version.state == MappingState::TargetEndorsed && commented,
        MappingDecision::Endorse => endorses,
        MappingDecision::Comment | MappingDecision::Reject => open,
        MappingDecision::Suspend => version.state == MappingState::Active,
        MappingDecision::Lift => version.state == MappingState::Suspended && !lifted,
        MappingDecision::Revoke => matches!(version.state, MappingState::Active | MappingState::Suspended),
    };
    MappingDecision::ALL.iter().copied().filter(stands).collect()
}

/// What is asked about, and the page before the proposal; `None` if the mapping does not stand so.
fn form(visit: &Visit) -> Result<Option<(MappingDecision, Proposing)>, Fault> {
    let words = visit.words();
    let asked: MappingDecision = visit.parameter("decision")?;
    let governance = visit.hub.sequencer.governance();
    let (mapping, version) = find(&governance, visit)?;
    if !offered(&governance, version, visit.hub.now()).contains(&asked) {
        return Ok(None);
    }
    let read = version.record().map_or_else(|| Sha256::of(b""), |one| one.sha256());
    let back = format!("/mappings/{mapping}");
    let form = Proposing {
        said: described(&decision(asked, mapping, read, &Entered::default()), visit),
        fields: fields(visit, asked, read),
        submit: words.recognition.propose,
        back,
    };
    Ok(Some((asked, form)))
}

/// What was entered beside the record.
#[derive(Default)]
struct Entered {
    reason: String,
    ground: Option<RejectionGround>,
    on_behalf_of: String,
}

fn decision(asked: MappingDecision, mapping: MappingRef, record_sha256: Sha256, entered: &Entered) -> Decision {
    let reason = entered.reason.clone();
    match asked {
        MappingDecision::Approve => Decision::ApproveMapping { mapping, record_sha256 },
        MappingDecision::Endorse => Decision::EndorseMapping { mapping, record_sha256 },
        MappingDecision::Comment => Decision::CommentMapping {
            mapping,
            on_behalf_of: entered.on_behalf_of.clone(),
            text: reason,
        },
        MappingDecision::Reject => Decision::RejectMapping {
            mapping,
            ground: entered.ground.unwrap_or(RejectionGround::Accuracy),
            reason,
        },
        MappingDecision::Suspend => Decision::SuspendMapping { mapping, reason },
        MappingDecision::Lift => Decision::LiftMapping { mapping },
        MappingDecision::Revoke => Decision::RevokeMapping { mapping, reason },
    }
}

fn fields(visit: &Visit, asked: MappingDecision, read: Sha256) -> Vec<Field> {
    let words = visit.words();
    let said = words.recognition;
    match asked {
        // Whoever approves has read one record: if it has changed meanwhile, it is read again.
        MappingDecision::Approve | MappingDecision::Endorse => vec![Field::hidden("record", read.to_string())],
        MappingDecision::Comment => vec![
            Field::new("on_behalf_of", said.on_behalf_of, Input::Text)
                .hint(said.on_behalf_of_hint)
                .chars_max(NAME_CHARS_MAX)
                .value(visit.entered("on_behalf_of")),
            Field::new("text", said.comment, Input::Long)
                .hint(words.reason_hint)
                .chars_max(COMMENT_CHARS_MAX)
                .value(visit.entered("text")),
        ],
        MappingDecision::Reject => {
            let options = RejectionGround::ALL.iter();
            let options = options.map(|one| (one.to_string(), states::ground(*one, words).to_owned()));
            let ground = Field::choice("ground", said.ground, options.collect());
            vec![ground.value(visit.entered("ground")), reason_field(visit)]
        }
        MappingDecision::Suspend | MappingDecision::Revoke => vec![reason_field(visit)],
        MappingDecision::Lift => Vec::new(),
    }
}

fn not_now(visit: &Visit) -> Reply {
    let words = visit.words();
    Reply::status(409, words.problem, html::paragraph(words.recognition.not_now))
}

/// `GET /mappings/{mapping}/decisions/{decision}`
pub(in crate::console) async fn show(visit: Visit) -> Turn {
    match form(&visit)? {
        Some((_, form)) => Ok(form.page(&visit, 200, &Html::default())),
        None => Ok(not_now(&visit)),
    }
}

/// `POST /mappings/{mapping}/decisions/{decision}`
pub(in crate::console) async fn propose(visit: Visit) -> Turn {
    let Some((asked, form)) = form(&visit)? else {
        return Ok(not_now(&visit).outcome("not-now"));
    };
    let entered = entered(&visit, asked);
    form.propose(&visit, entered).await
}

/// What was decided, from the form.
fn entered(visit: &Visit, asked: MappingDecision) -> Result<Decision, Html> {
    let words = visit.words();
    let wrong = |field: &str, what: &str| visit.error(field, format!("{what}: {}", words.required));
    let mapping: MappingRef = visit.parameter("mapping").map_err(|_| wrong("", words.mapping))?;
    let mut found = Entered::default();
    let mut read = Sha256::of(b"");
    match asked {
        MappingDecision::Approve | MappingDecision::Endorse => {
            read = visit
                .entered("record")
                .parse()
                .map_err(|_| visit.error("", words.stale_form))?;
            let governance = visit.hub.sequencer.governance();
            let version = governance.mapping_versions.get(&mapping);
            let stands = version.and_then(MappingVersion::record).map(|one| one.sha256());
            if stands != Some(read) {
                return Err(visit.error("", words.recognition.record_changed));
            }
        }
        MappingDecision::Comment => {
            let said = words.recognition;
            found.on_behalf_of = text(visit, "on_behalf_of", said.on_behalf_of, NAME_CHARS_MAX)?;
            found.reason = text(visit, "text", said.comment, COMMENT_CHARS_MAX)?;
        }
        MappingDecision::Reject => {
            let ground = visit.entered("ground").parse();
            found.ground = Some(ground.map_err(|_| wrong("ground", words.recognition.ground))?);
            found.reason = reason(visit)?;
        }
        MappingDecision::Suspend | MappingDecision::Revoke => found.reason = reason(visit)?,
        MappingDecision::Lift => {}
    }
    Ok(decision(asked, mapping, read, &found))
}
