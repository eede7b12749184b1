//! The officer's yes: the member is admitted with its key by a logged decision, and its certificate issued. A member that has
//! lost its signing keys enrols again in the same way, and two officers let the new key count in the place of the others.

use std::path::PathBuf;

use tanqiao_certs::{Authority, CertificateRequest, Order, Profile, Time};
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::{KeyStatus, MemberKind};

use super::record::{Enrolment, EnrolmentStatus};
use super::{EnrolmentError, find};
use crate::ledger::command::{Body, Command, Decision, Origin};
use crate::ledger::sequencer::{Sequencer, SequencerError};
use crate::store::database::{Database, StoreError};
use crate::store::read::enrolment as stored;

/// Why an enrolment was not approved or refused.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// There is none, or it is decided.
    #[error("enrolment {0} is not pending: list them with `admin enrolment list`")]
    NotPending(String),
    /// The member has other keys.
    #[error(
        "`{0}` is a member already, with another signing key: it proposes the new key under its active one, and an officer approves that. If it has lost its keys, two officers approve the request with --keys-lost"
    )]
    OtherKey(String),
    /// Keys of nobody were lost.
    #[error("`{0}` is no member yet, and has no keys to lose: approve its request without --keys-lost")]
    NoMember(String),
    /// The ledger refused the admission.
    #[error("the ledger refuses: {0}")]
    Refused(Box<Problem>),
    /// The sequencer.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// The authority.
    #[error(transparent)]
    Authority(#[from] tanqiao_certs::AuthorityError),
    /// The request.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What deciding an enrolment needs.
#[derive(Debug)]
pub struct Approver<'a> {
    /// Where requests are.
    pub database: &'a Database,
    /// For the admission.
    pub sequencer: &'a Sequencer,
    /// The authority's directory.
    pub authority: PathBuf,
    /// Who decides.
    pub officers: Vec<Name>,
    /// How the member has lost its signing keys, where the new one shall count in their place.
    pub keys_lost: Option<String>,
}

/// What the certificate says, from the invitation only: an evaluator listens, and the officer who invites it knows under
/// which names.
fn order(enrolment: &Enrolment) -> Result<Order, ApprovalError> {
    let member = enrolment.member.as_str().parse();
    let member = member.map_err(|_| ApprovalError::NotPending(enrolment.id.clone()))?;
    let invitation = &enrolment.content.invitation;
    if invitation.kind != MemberKind::Evaluator {
        return Ok(Order::new(Profile::Node(member)));
    }
    let named = |order: Order, host: &String| match host.parse() {
        Ok(address) => order.with_ip(address),
        Err(_) => order.with_dns(host),
    };
    Ok(invitation
        .hosts
        .iter()
        .fold(Order::new(Profile::Evaluator(member)), named))
}

impl Approver<'_> {
    /// Admits the member and issues its certificate. Run again after a crash it goes on where it stopped.
    ///
    /// # Errors
    /// [`ApprovalError`].
    pub fn approve(&self, id: &str, admission: MessageId, now: Time) -> Result<Enrolment, ApprovalError> {
        let mut enrolment = self.pending(id)?;
        self.admit(&enrolment, admission)?;
        let request = CertificateRequest::from_pem(&enrolment.content.csr_pem).map_err(EnrolmentError::from)?;
        let authority = Authority::open(&self.authority)?;
        let issued = authority.issue(&request, &order(&enrolment)?, now)?;
        enrolment.content.certificate_pem = Some(issued.chain_pem);
        self.decide(enrolment, EnrolmentStatus::Approved, now)
    }

    /// Says no.
    ///
    /// # Errors
    /// [`ApprovalError`].
    pub fn refuse(&self, id: &str, now: Time) -> Result<Enrolment, ApprovalError> {
        self.decide(self.pending(id)?, EnrolmentStatus::Refused, now)
    }

    fn pending(&self, id: &str) -> Result<Enrolment, ApprovalError> {
        let found = find(self.database, id)?.filter(|enrolment| enrolment.status == EnrolmentStatus::Pending);
        found.ok_or_else(|| ApprovalError::NotPending(id.to_owned()))
    }

    fn decide(&self, mut enrolment: Enrolment, status: EnrolmentStatus, now: Time) -> Result<Enrolment, ApprovalError> {
        enrolment.status = status;
        enrolment.content.decided_at = Some(now);
        let row = enrolment.row()?;
        if self
            .database
            .read(|connection| stored::decide(connection, EnrolmentStatus::Pending.code(), &row))?
        {
            Ok(enrolment)
        } else {
            Err(ApprovalError::NotPending(enrolment.id))
        }
    }

    fn admit(&self, enrolment: &Enrolment, id: MessageId) -> Result<(), ApprovalError> {
        let governance = self.sequencer.governance();
        let (member, key) = (enrolment.member.clone(), enrolment.content.signing_key.clone());
        let known = governance.keys.get(&key.id());
        if known.is_some_and(|key| key.member == member && key.status == KeyStatus::Active) {
            return Ok(());
        }
        let decision = match (governance.members.contains_key(&member), self.keys_lost.clone()) {
            (true, Some(reason)) => Decision::ReplaceKeys { member, key, reason },
            (true, None) => return Err(ApprovalError::OtherKey(member.to_string())),
            (false, Some(_)) => return Err(ApprovalError::NoMember(member.to_string())),
            (false, None) => {
                let invitation = enrolment.content.invitation.clone();
                Decision::Admit {
                    member,
                    region: invitation.region,
                    kind: invitation.kind,
                    name_zh: invitation.name_zh,
                    name_en: invitation.name_en,
                    key,
                }
            }
        };
        let command = Command {
            origin: Origin::Officers(self.officers.clone()),
            id,
            payload_sha256: Sha256::of(format!("enrolment {}", enrolment.id).as_bytes()),
            body: Body::Governance(Box::new(decision)),
        };
        let answers = self.sequencer.submit_blocking(vec![command])?;
        match answers.into_iter().next().map(|answer| answer.result) {
            Some(Ok(_)) => Ok(()),
            Some(Err(problem)) => Err(ApprovalError::Refused(Box::new(problem))),
            None => Err(SequencerError::Ended.into()),
        }
    }
}
