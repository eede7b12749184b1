//! Somebody at the door of the federation's listener: a certificate or none, and what the hub's TLS says to it.

use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls::{AlertDescription, ClientConfig, ClientConnection, Stream};
use tanqiao_certs::{ClientTls, Time, TlsFiles};

use crate::content::TRUST_DOMAIN;
use crate::patience::PATIENCE;
use crate::place::Place;

/// How long an answer may take, a waiting poll of the feed included.
const ANSWER: Duration = Duration::from_secs(40);

/// Somebody who trusts the hub and shows what its files hold.
#[derive(Debug, Clone)]
pub struct Visitor {
    tls: ClientConfig,
}

impl Visitor {
    /// With these files, loaded as if it were this time.
    #[must_use]
    pub fn with(files: TlsFiles, at: Time) -> Self {
        let tls = ClientTls::load(files, TRUST_DOMAIN.parse().unwrap(), at).unwrap();
        Self {
            tls: tls.hub_config().unwrap(),
        }
    }

    /// With `files.pem` and `files.key`.
    #[must_use]
    pub fn showing(place: &Place, files: &Path, at: Time) -> Self {
        let identity = (files.with_extension("pem"), files.with_extension("key"));
        Self::with(TlsFiles::new(place.ca()).with_identity(identity.0, identity.1), at)
    }

    /// With no certificate.
    #[must_use]
    pub fn with_nothing(place: &Place) -> Self {
        Self::with(TlsFiles::new(place.ca()), chrono::Utc::now())
    }

    /// A client with a connection of its own. Nothing is sent through a proxy.
    #[must_use]
    pub fn http(&self) -> Client {
        let builder = Client::builder().tls_backend_preconfigured(self.tls.clone());
        builder.no_proxy().tls_info(true).timeout(ANSWER).build().unwrap()
    }

    /// Shakes hands and says nothing: with which alert the hub ends the connection.
    pub async fn turned_away(&self, hub: SocketAddr) -> AlertDescription {
        let tls = self.tls.clone();
        let told = tokio::task::spawn_blocking(move || listen(tls, hub)).await.unwrap();
        let error = told.expect_err("the hub ends the connection with an alert");
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::AlertReceived(alert)) => *alert,
            _ => panic!("no alert: {error:?}"),
        }
    }
}

/// In TLS 1.3 the client's side of the handshake is done before the server has seen its certificate: what the server thinks
/// of it is the first thing to be read.
fn listen(tls: ClientConfig, hub: SocketAddr) -> io::Result<usize> {
    let mut connection = ClientConnection::new(Arc::new(tls), hub.ip().into()).unwrap();
    let mut socket = TcpStream::connect(hub)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Stream::new(&mut connection, &mut socket).read(&mut [0])
}
