//! Receipts and certificates: fetched from the hub, verified here before anybody sees them, and kept.
//!
//! Whom this node trusts is a policy file of its own, or the log's key as its witness has pinned it and the witnesses that the leaves
//! have admitted which it has compared: a hub that shows another log, or names fewer witnesses, is refused.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tanqiao_certs::durable;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::receipt::{
    CertificateFile, ReceiptFile, ReceiptKind, ReceiptRefusal, Statement, attached, verify, verify_certificate,
};
use tanqiao_protocol::signing::NoteKey;
use tokio::time::Instant;

use super::Node;
use crate::config::ConfigError;
use crate::error::NodeError;
use crate::exchange::HubError;
use crate::witness::{self, Judge};

/// How long witnesses are waited for: usual is a second.
const WITNESSED_WITHIN: Duration = Duration::from_secs(10);
/// How often the hub is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// The problem of a receipt that witnesses have not seen yet.
const NOT_WITNESSED: &str = "not-witnessed-yet";

/// Whom receipts are verified by.
struct Trusted {
    policy: Policy,
    /// The keys of the log that are believed.
    keys: Vec<NoteKey>,
    /// True if the policy is of the leaves that were compared so far: a receipt may be under a later head than these.
    may_grow: bool,
}

impl Trusted {
    /// A statement, if it is under a key that is believed.
    fn believe(&self, proven: Result<Statement, ReceiptRefusal>) -> Result<Statement, NodeError> {
        let refuse = |detail: String| NodeError::refused("not-proven", detail);
        let statement = proven.map_err(|refusal| refuse(format!("the hub's receipt proves nothing: {refusal}")))?;
        if self.keys.iter().any(|key| key.to_string() == statement.tree.log_key) {
            return Ok(statement);
        }
        Err(refuse(format!(
            "the receipt is under the log key {}, which this node does not believe: set `receipts.policy` to the policy of the log that \
             you trust, or tell the hub's officers",
            statement.tree.log_key
        )))
    }
}

impl Node {
    /// The certificate of a donation or retirement with its receipt, verified. Waits a moment for witnesses.
    ///
    /// # Errors
    /// [`NodeError::Hub`], among others with `not-witnessed-yet`; refused with `not-proven` if it does not hold.
    pub async fn certificate(&self, id: MessageId) -> Result<CertificateFile, NodeError> {
        let path = self.kept(id, "certificate");
        let trusted = self.trusted().await?;
        if let Some(bytes) = read(&path).await?
            && let Ok(file) = CertificateFile::parse(&bytes)
            && trusted.believe(verify_certificate(&file, &trusted.policy)).is_ok()
        {
            return Ok(file);
        }
        let until = Instant::now() + WITNESSED_WITHIN;
        let file = loop {
            let file = self.hub().certificate(id).await?;
            if file.receipt.is_some() {
                break file;
            }
            if Instant::now() >= until {
                return Err(HubError::not_witnessed().into());
            }
            tokio::time::sleep(ASK_EVERY).await;
        };
        // Of nothing else than what was asked for.
        if file.certificate.certificate != id {
            return Err(NodeError::refused(
                "not-proven",
                "the hub's certificate is of something else",
            ));
        }
        self.believe_until(until, |trusted| {
            trusted.believe(verify_certificate(&file, &trusted.policy))
        })
        .await?;
        keep(&path, serde_json::to_vec(&file)).await?;
        Ok(file)
    }

    /// The certificate as the hub prints it, in `zh` or `en`: the file that is attached to the page is verified, and says what
    /// [`Self::certificate`] says.
    ///
    /// # Errors
    /// As [`Self::certificate`]; the hub's `not-printable`.
    pub async fn printed_certificate(&self, id: MessageId, language: &str) -> Result<Vec<u8>, NodeError> {
        let known = self.certificate(id).await?;
        let page = self.hub().certificate_pdf(id, language).await?;
        let refuse = |refusal: ReceiptRefusal| {
            NodeError::refused(
                "not-proven",
                format!("what is attached to the hub's page proves nothing: {refusal}"),
            )
        };
        let file = attached(&page).and_then(CertificateFile::parse).map_err(refuse)?;
        if file.certificate != known.certificate {
            return Err(NodeError::refused(
                "not-proven",
                "what is attached to the hub's page is another certificate",
            ));
        }
        // Its receipt may be under a later head than the one that is kept here.
        self.believe_until(Instant::now() + WITNESSED_WITHIN, |trusted| {
            trusted.believe(verify_certificate(&file, &trusted.policy))
        })
        .await?;
        Ok(page)
    }

    /// The receipt of a transfer, donation or retirement of this member, verified, and what it proves. Waits a moment for witnesses.
    ///
    /// # Errors
    /// As [`Self::certificate`]; the hub's `not-found` or `not-issued-yet`.
    pub async fn receipt(&self, id: MessageId) -> Result<(ReceiptFile, Statement), NodeError> {
        let path = self.kept(id, "receipt");
        let trusted = self.trusted().await?;
        if let Some(bytes) = read(&path).await?
            && let Ok(file) = ReceiptFile::parse(&bytes)
            && let Ok(statement) = trusted.believe(verify(&file, &trusted.policy))
        {
            return Ok((file, statement));
        }
        let until = Instant::now() + WITNESSED_WITHIN;
        let file = loop {
            match self.any_receipt(id).await {
                Err(HubError::Problem(problem)) if problem.code == NOT_WITNESSED && Instant::now() < until => {
                    tokio::time::sleep(ASK_EVERY).await;
                }
                other => break other?,
            }
        };
        // Of no other dealing than the one that was asked for.
        if file.id != id {
            return Err(NodeError::refused(
                "not-proven",
                "the hub's receipt is of something else",
            ));
        }
        let statement = self
            .believe_until(until, |trusted| trusted.believe(verify(&file, &trusted.policy)))
            .await?;
        keep(&path, file.to_json()).await?;
        Ok((file, statement))
    }

    /// Whatever of this id there is.
    async fn any_receipt(&self, id: MessageId) -> Result<ReceiptFile, HubError> {
        for kind in [ReceiptKind::Transfer, ReceiptKind::Donation] {
            match self.hub().receipt(kind, id).await {
                Err(HubError::Problem(problem)) if problem.status == 404 => {}
                other => return other,
            }
        }
        self.hub().receipt(ReceiptKind::Retirement, id).await
    }

    /// What is proven; as long as the leaves that say who witnesses are still being compared, once more.
    async fn believe_until(
        &self,
        until: Instant,
        proven: impl Fn(&Trusted) -> Result<Statement, NodeError>,
    ) -> Result<Statement, NodeError> {
        loop {
            let trusted = self.trusted().await?;
            match proven(&trusted) {
                Err(_) if trusted.may_grow && Instant::now() < until => tokio::time::sleep(ASK_EVERY).await,
                other => return other,
            }
        }
    }

    fn kept(&self, id: MessageId, what: &str) -> PathBuf {
        self.config().receipts.dir.join(format!("{id}.{what}.json"))
    }

    /// Whom this node believes now; the hub's policy only where it has none of its own.
    async fn trusted(&self) -> Result<Trusted, NodeError> {
        let judge = witness::judge(self).await?;
        let keys = match &judge {
            Judge::Pinned(policy) => policy.logs().iter().map(|log| log.key.clone()).collect(),
            Judge::Leaves(_) | Judge::Hub => witness::believed(self).await?,
        };
        let may_grow = matches!(judge, Judge::Leaves(_));
        let policy = match judge {
            Judge::Pinned(policy) | Judge::Leaves(policy) => policy,
            Judge::Hub => self.hub().log_policy().await?,
        };
        Ok(Trusted { policy, keys, may_grow })
    }
}

async fn read(path: &Path) -> Result<Option<Vec<u8>>, NodeError> {
    match tokio::fs::read(path).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Read {
            path: path.to_owned(),
            source,
        }
        .into()),
    }
}

/// Keeps a file for its owner only: a receipt may hold private terms.
async fn keep(path: &Path, bytes: Result<Vec<u8>, serde_json::Error>) -> Result<(), NodeError> {
    let failed = |error: String| NodeError::refused("file", error);
    let bytes = bytes.map_err(|error| failed(error.to_string()))?;
    let path = path.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        durable::replace_secret(&path, &bytes).map_err(|error| error.to_string())
    });
    written.await.map_err(NodeError::cancelled)?.map_err(failed)
}
