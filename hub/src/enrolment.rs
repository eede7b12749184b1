//! Joining: an officer invites, the node asks with the one-time code, an officer approves, and the node fetches its
//! certificate. Codes and requests are not part of the ledger; the admission that an approval makes is.

mod approval;
pub mod certificates;
mod record;

use tanqiao_certs::{CertificateRequest, CodeRecord, CodeRefusal, OneTimeCode, Span, Time};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::signing::VerifyingKey;

use crate::store::database::{Database, StoreError};
use crate::store::read::enrolment::{self as stored, CodeRow};

pub use approval::{ApprovalError, Approver};
pub use record::{Enrolment, EnrolmentStatus, Invitation};

use record::{Code, Redeemed};

/// A node's request to enrol.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// Who asks.
    pub member: NodeId,
    /// The one-time code.
    pub code: String,
    /// The certificate signing request, PEM.
    pub csr_pem: String,
    /// The key with which it will sign messages.
    pub signing_key: VerifyingKey,
}

/// Why a request is refused, or an invitation not made.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The code.
    #[error(transparent)]
    Code(#[from] CodeRefusal),
    /// The signing request.
    #[error(transparent)]
    Request(#[from] tanqiao_certs::enrolment::RequestError),
    /// The member id or another text.
    #[error("{0}")]
    Text(String),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] tanqiao_certs::enrolment::RandomError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a one-time code for a member, in the place of an earlier one.
///
/// # Errors
/// [`EnrolmentError`].
pub fn invite(
    database: &Database,
    member: &NodeId,
    invitation: Invitation,
    now: Time,
    valid_for: Span,
) -> Result<OneTimeCode, EnrolmentError> {
    let certificate_member = member
        .as_str()
        .parse()
        .map_err(|error: tanqiao_certs::identity::IdError| EnrolmentError::Text(error.to_string()))?;
    let (record, code) = CodeRecord::invite(certificate_member, now, valid_for)?;
    let row = CodeRow {
        member: member.to_string(),
        content: record::json(&Code {
            record,
            invitation,
            redeemed: None,
        })?,
    };
    database.read(|connection| stored::put_code(connection, &row))?;
    Ok(code)
}

/// Redeems the code and records the request. The same request again, after a lost answer, is the same enrolment.
///
/// # Errors
/// [`EnrolmentError`]; a request that cannot be read does not cost the code.
pub fn request(database: &Database, asked: EnrolmentRequest, now: Time) -> Result<Enrolment, EnrolmentError> {
    let csr = CertificateRequest::from_pem(&asked.csr_pem)?;
    let member = asked.member.as_str().parse().map_err(|_| CodeRefusal::Wrong)?;
    let row = database
        .read(|connection| stored::code(connection, asked.member.as_str()))?
        .ok_or(CodeRefusal::Wrong)?;
    let mut code: Code = record::parse(&row.content)?;
    let keys = Sha256::of_parts(&[
        csr.public_key_sha256().as_bytes(),
        b"\n",
        asked.signing_key.to_string().as_bytes(),
    ]);
    match code.record.redeem(&member, &asked.code, now) {
        Ok(()) => {
            let id = uuid::Uuid::now_v7().to_string();
            code.redeemed = Some(Redeemed { enrolment: id, keys });
            let content = record::json(&code)?;
            if !database.read(|connection| stored::replace_code(connection, &row, &content))? {
                return Err(CodeRefusal::Used.into());
            }
        }
        Err(CodeRefusal::Used) if code.redeemed.as_ref().is_some_and(|redeemed| redeemed.keys == keys) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    let Some(Redeemed { enrolment: id, .. }) = code.redeemed else {
        return Err(CodeRefusal::Used.into());
    };
    if let Some(found) = find(database, &id)? {
        return Ok(found);
    }
    let enrolment = Enrolment::new(id, asked.member, asked.csr_pem, asked.signing_key, code.invitation, now);
    let row = enrolment.row()?;
    crate::crash::point("enrolment.before-write");
    database.read(|connection| stored::insert(connection, &row))?;
    crate::crash::point("enrolment.after-write");
    Ok(enrolment)
}

/// One request.
///
/// # Errors
/// [`StoreError`].
pub fn find(database: &Database, id: &str) -> Result<Option<Enrolment>, StoreError> {
    let row = database.read(|connection| stored::find(connection, id))?;
    row.as_ref().map(Enrolment::of_row).transpose()
}

/// The last requests, newest first.
///
/// # Errors
/// [`StoreError`].
pub fn list(database: &Database) -> Result<Vec<Enrolment>, StoreError> {
    let rows = database.read(|connection| stored::list(connection, 1_000))?;
    rows.iter().map(Enrolment::of_row).collect()
}
