//! Somebody at the door of the federation's listener: a certificate or none, and what the hub's TLS says to it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use reqwest::Client;
use rustls::{ClientConfig, ClientConnection, Stream};
use tanqiao_certs::{ClientTls, Time, TlsFiles};

use crate::content::TRUST_DOMAIN;
use crate::patience::PATIENCE;
use crate::place::Place;

/// How long an answer may take, a waiting poll of the feed included.
const ANSWER: std::time::Duration = std::time::Duration::from_secs(40);

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
        Self { tls: tls.hub_config().unwrap() }
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

    /// Shakes hands and asks for `/v1/hub`: the first line of the answer, or the alert that the hub ended the connection with.
    pub async fn greeted(&self, hub: SocketAddr) -> Result<String, String> {
        let mut tls = self.tls.clone();
        // Without HTTP/2 a question is one line.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let greeting = tokio::task::spawn_blocking(move || greet(tls, hub));
        greeting.await.unwrap().map_err(|error| error.to_string())
    }
}

fn greet(tls: ClientConfig, hub: SocketAddr) -> std::io::Result<String> {
    let mut connection = ClientConnection::new(Arc::new(tls), hub.ip().into()).unwrap();
    let mut socket = TcpStream::connect(hub)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    // In TLS 1.3 the client is done before the server has seen its certificate: what the server thinks of it comes now.
    let mut stream = Stream::new(&mut connection, &mut socket);
    let mut answer = [0; 12];
    if stream.conn.wants_write() {
        stream.flush()?;
    }
    let judged = judgement(&mut stream)?;
    if judged {
        stream.write_all(format!("GET /v1/hub HTTP/1.1\r\nhost: {hub}\r\nconnection: close\r\n\r\n").as_bytes())?;
        stream.read_exact(&mut answer)?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
