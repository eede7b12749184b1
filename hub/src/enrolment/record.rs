//! What is kept of codes and requests.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tanqiao_certs::{CodeRecord, Time};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::signing::VerifyingKey;
use tanqiao_protocol::view::MemberKind;

use crate::store::database::StoreError;
use crate::store::read::enrolment::EnrolmentRow;

tanqiao_protocol::words! {
    /// How far a request is.
    pub enum EnrolmentStatus {
        /// An officer has to decide.
        Pending = 1 "pending",
        /// Admitted; the certificate is there.
        Approved = 2 "approved",
        /// Not admitted.
        Refused = 3 "refused",
    }
}

/// What the officer who invites knows of the new member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its region.
    pub region: RegionCode,
    /// Its kind.
    pub kind: MemberKind,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// DNS names and addresses of its listener, for an evaluator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

/// A code as it is kept: hashed, with what it invites to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Code {
    pub record: CodeRecord,
    pub invitation: Invitation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed: Option<Redeemed>,
}

/// By which request a code was redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redeemed {
    pub enrolment: String,
    /// SHA-256 over both public keys of the request.
    pub keys: Sha256,
}

/// A request to enrol.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Its id.
    pub id: String,
    /// Who asks.
    pub member: NodeId,
    /// How far it is.
    pub status: EnrolmentStatus,
    /// The rest.
    pub content: Content,
}

/// What a request says and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Content {
    /// The certificate signing request, PEM.
    pub csr_pem: String,
    /// The signing key.
    pub signing_key: VerifyingKey,
    /// What the officer knew who invited.
    pub invitation: Invitation,
    /// When it came.
    pub requested_at: Time,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Time>,
    /// The certificate with the issuing CA's, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_pem: Option<String>,
}

impl Enrolment {
    pub(super) fn new(
        id: String,
        member: NodeId,
        csr_pem: String,
        signing_key: VerifyingKey,
        invitation: Invitation,
        now: Time,
    ) -> Self {
        let content = Content {
            csr_pem,
            signing_key,
            invitation,
            requested_at: now,
            decided_at: None,
            certificate_pem: None,
        };
        Self {
            id,
            member,
            status: EnrolmentStatus::Pending,
            content,
        }
    }

    pub(super) fn of_row(row: &EnrolmentRow) -> Result<Self, StoreError> {
        let content = |what: String| StoreError::Content(what);
        Ok(Self {
            id: row.id.clone(),
            member: row
                .member
                .parse()
                .map_err(|error: tanqiao_protocol::id::TextError| content(error.to_string()))?,
            status: EnrolmentStatus::from_code(row.status)
                .ok_or_else(|| content(format!("unknown enrolment status {}", row.status)))?,
            content: parse(&row.content)?,
        })
    }

    pub(super) fn row(&self) -> Result<EnrolmentRow, StoreError> {
        let content = json(&self.content)?;
        Ok(EnrolmentRow {
            id: self.id.clone(),
            member: self.member.to_string(),
            status: self.status.code(),
            content,
        })
    }
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Content(error.to_string()))
}

pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Content(error.to_string()))
}
