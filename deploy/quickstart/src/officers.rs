//! The officers' desk: their decisions go to the sequencer of the hub's database, as those of `tanqiao-hub admin` do.

use tanqiao_hub::enrolment::{Approver, Invitation, invite};
use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_hub::ledger::objects::{Governance, Role};
use tanqiao_hub::ledger::sequencer::{Sequencer, SequencerOptions};
use tanqiao_hub::store::database::Database;
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::MemberKind;
use tanqiao_protocol::view::Outcome as Decided;

use crate::cast::Member;
use crate::failure::{Doing as _, Failure, Outcome, unexpected};
use crate::place::{Place, secret_once};

/// The two officers, and the organiser of the event.
pub const ACCOUNTS: [(&str, Role); 3] = [
    ("officer-first", Role::Officer),
    ("officer-second", Role::Officer),
    ("organiser-wgc", Role::Organiser),
];

/// How long an enrolment code works.
const CODE_HOURS: i64 = 24;

/// Where officers decide.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The hub's database.
    pub database: Database,
    sequencer: Sequencer,
}

/// An account of [`ACCOUNTS`] by its place there.
///
/// # Errors
/// Never for the first three.
pub fn account(place: usize) -> Outcome<Name> {
    let (name, _) = ACCOUNTS
        .get(place)
        .ok_or_else(|| unexpected("accounts", ACCOUNTS.len(), place))?;
    name.parse().doing("reading an account's name")
}

impl Desk {
    /// Opens the desk on a migrated database.
    ///
    /// # Errors
    /// The store's.
    pub fn open(database: Database) -> Outcome<Self> {
        let sequencer =
            Sequencer::start(database.clone(), SequencerOptions::default()).doing("opening the officers' desk")?;
        Ok(Self { database, sequencer })
    }

    /// Members, keys, mappings and policy as they are committed.
    #[must_use]
    pub fn governance(&self) -> std::sync::Arc<Governance> {
        self.sequencer.governance()
    }

    /// The officers decide. The same id with the same decision is the same decision.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn decide(&self, id: MessageId, officers: &[Name], decision: Decision) -> Outcome<Decided> {
        let what = format!("{decision:?}");
        let word = what.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
        self.ask(id, Origin::Officers(officers.to_vec()), decision)
            .await?
            .map_err(|problem| refused(&word, &problem))
    }

    /// As [`Desk::decide`], where a refusal is an answer.
    ///
    /// # Errors
    /// The sequencer's.
    pub async fn ask(&self, id: MessageId, origin: Origin, decision: Decision) -> Outcome<Result<Decided, Problem>> {
        let payload_sha256 = Sha256::of(format!("{decision:?}").as_bytes());
        let command = Command {
            origin,
            id,
            payload_sha256,
            body: Body::Governance(Box::new(decision)),
        };
        let waiting = self.sequencer.submit(vec![command]).doing("an officers' decision")?;
        let answers = waiting.await.doing("an officers' decision")?;
        let answer = answers
            .into_iter()
            .next()
            .ok_or_else(|| unexpected("answers to a decision", 1, 0))?;
        Ok(answer.result)
    }

    /// An officer invites a member: a one-time code, in the place of an earlier one.
    ///
    /// # Errors
    /// The store's.
    pub fn invite(&self, member: &Member) -> Outcome<String> {
        let invitation = Invitation {
            region: member.region,
            kind: member.kind,
            name_zh: member.name_zh.clone(),
            name_en: member.name_en.clone(),
            // An evaluator is asked by members, so that its certificate names where it listens.
            hosts: if member.kind == MemberKind::Evaluator {
                vec!["127.0.0.1".to_owned()]
            } else {
                Vec::new()
            },
        };
        let valid_for = chrono::TimeDelta::hours(CODE_HOURS);
        let code = invite(&self.database, &member.id, invitation, chrono::Utc::now(), valid_for);
        Ok(code.doing(format!("inviting {}", member.id))?.reveal().to_owned())
    }

    /// An officer approves an enrolment: the member is admitted, its certificate issued.
    ///
    /// # Errors
    /// Why not.
    pub async fn approve(&self, place: &Place, enrolment: String, admission: MessageId) -> Outcome<()> {
        let desk = self.clone();
        let authority = place.certs();
        let officers = vec![account(0)?];
        let work = tokio::task::spawn_blocking(move || {
            let approver = Approver {
                database: &desk.database,
                sequencer: &desk.sequencer,
                authority,
                officers,
                keys_lost: None,
            };
            approver.approve(&enrolment, admission, chrono::Utc::now()).map(drop)
        });
        work.await
            .doing("approving an enrolment")?
            .doing("approving an enrolment")
    }

    /// Ends the desk's thread.
    pub async fn close(self) {
        let sequencer = self.sequencer;
        // A desk that was not waited for changes nothing: what was answered is committed.
        drop(tokio::task::spawn_blocking(move || sequencer.stop()).await);
    }
}

/// A decision that was refused, as a failure of the story.
#[must_use]
pub fn refused(what: &str, problem: &Problem) -> Failure {
    unexpected(
        format!("the decision {what}"),
        "done",
        format!("{}: {}", problem.code, problem.detail),
    )
}

/// The password of an account, made once.
///
/// # Errors
/// The disk's.
pub fn password(place: &Place, account: &str) -> Outcome<String> {
    use base64::Engine as _;
    let random = || base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 18]>());
    secret_once(&place.secret(&format!("{account}.password")), || Ok(random()))
}
