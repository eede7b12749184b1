//! Asking the hub for the next certificate.

use serde::{Deserialize, Serialize};

use super::wire::read;
use super::{ANSWER_TIMEOUT, HubClient, HubError};

#[derive(Serialize)]
struct Renewal<'a> {
    csr_pem: &'a str,
}

#[derive(Deserialize)]
struct Renewed {
    certificate_pem: String,
}

impl HubClient {
    /// `POST /v1/certificates`: a certificate for the key of a signing request, as PEM with the issuing CA's. The connection
    /// shows the old one.
    ///
    /// # Errors
    /// [`HubError`]
    pub(crate) async fn renew_certificate(&self, csr_pem: &str) -> Result<String, HubError> {
        let request = self
            .http()
            .post(format!("{}/v1/certificates", self.base))
            .json(&Renewal { csr_pem })
            .timeout(ANSWER_TIMEOUT);
        let renewed: Renewed = read(self.send(request).await?).await?;
        Ok(renewed.certificate_pem)
    }
}
