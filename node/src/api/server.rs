//! The listener of the API: loopback, or TLS.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::read_private;
use crate::console;
use crate::error::NodeError;
use crate::service::Node;

/// How long a request has to send its head, and a connection to say goodbye.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long open requests may go on after the stop signal, in seconds.
const SHUTDOWN_S: u64 = 30;
/// Worker threads of the API: the database is the bottleneck, not HTTP.
const WORKERS: usize = 2;

/// The API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Others could reach it unencrypted.
    #[error("{0} is not a loopback address: set `api.tls_certificate` and `api.tls_key`, or listen on 127.0.0.1")]
    Unprotected(SocketAddr),
    /// The certificate or key.
    #[error("the API's certificate cannot be used: {0}")]
    Certificate(String),
    /// The key file.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// A running API.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// True if it speaks TLS.
    pub tls: bool,
    handle: ServerHandle,
}

impl Serving {
    /// Stops: no new connections, open requests are finished.
    pub async fn stop(self) {
        self.handle.stop(true).await;
    }
}

/// Starts the API and the console of a node at their configured address. It serves until [`Serving::stop`].
///
/// # Errors
/// [`ServerError`]
pub fn serve(node: &Node) -> Result<(Serving, Server), ServerError> {
    let api = &node.config().api;
    let tls = match (&api.tls_certificate, &api.tls_key) {
        (Some(certificate), Some(key)) => Some(server_tls(certificate, key)?),
        _ if api.listen.ip().is_loopback() => None,
        _ => return Err(ServerError::Unprotected(api.listen)),
    };
    let failed = |source| ServerError::Listen {
        address: api.listen,
        source,
    };
    let listener = TcpListener::bind(api.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let data = web::Data::new(node.clone());
    let encrypted = tls.is_some();
    let http = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .configure(super::endpoints::mount)
            .configure(|app| console::mount(&data, encrypted, app))
            .default_service(web::to(super::answer::not_found))
    })
    .workers(WORKERS)
    .tcp_nodelay(true)
    .client_request_timeout(PATIENCE)
    .client_disconnect_timeout(PATIENCE)
    .shutdown_timeout(SHUTDOWN_S)
    .disable_signals();
    let http = match tls {
        Some(tls) => http.listen_rustls_0_23(listener, tls),
        None => http.listen(listener),
    };
    let server = http.map_err(failed)?.run();
    let serving = Serving {
        address,
        tls: encrypted,
        handle: server.handle(),
    };
    Ok((serving, server))
}

fn server_tls(certificate: &Path, key: &Path) -> Result<ServerConfig, ServerError> {
    let refuse = |text: String| ServerError::Certificate(text);
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| refuse(format!("{}: {e}", certificate.display())))?;
    let key = read_private(key).map_err(NodeError::from)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|e| refuse(e.to_string()))?;
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| refuse(e.to_string()))
}
