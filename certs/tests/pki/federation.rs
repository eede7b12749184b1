//! A small federation in a temporary directory, and handshakes between its parts, in memory.

use std::{fs, net::IpAddr, path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection, pki_types::CertificateDer,
};
use tanqiao_certs::{
    Authority, CertificateRequest, ClientTls, Issued, Order, Profile, ServerTls, Span, Time, TlsFiles, TlsKey,
    TrustDomain, enrolment::KeyAlgorithm,
};
use tempfile::TempDir;

pub const HUB_NAME: &str = "hub.example";

pub fn now() -> Time {
    Time::from_timestamp(chrono::Utc::now().timestamp(), 0).unwrap()
}

pub fn days_ago(days: i64) -> Time {
    now() - Span::days(days)
}

pub fn node(id: &str) -> Order {
    Order::new(Profile::Node(id.parse().unwrap()))
}

pub fn hub() -> Order {
    Order::new(Profile::Hub)
        .with_dns(HUB_NAME)
        .with_ip(IpAddr::from([127, 0, 0, 1]))
}

/// A new key and the request for it.
pub fn new_request() -> (TlsKey, CertificateRequest) {
    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    let request = CertificateRequest::from_pem(&key.request_pem("test").unwrap()).unwrap();
    (key, request)
}

pub struct Federation {
    pub dir: TempDir,
    pub authority: Authority,
}

impl Federation {
    pub fn new(trust_domain: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let authority = Authority::init(&dir.path().join("ca"), &trust_domain.parse().unwrap(), days_ago(300)).unwrap();
        authority.crl(now()).unwrap();
        Self { dir, authority }
    }

    pub fn trust_domain(&self) -> TrustDomain {
        self.authority.trust_domain().clone()
    }

    /// Issues for a new key, and writes `name.pem` and `name.key`, replacing what was there.
    pub fn issue(&self, name: &str, order: &Order, at: Time) -> Issued {
        let (key, request) = new_request();
        let issued = self.authority.issue(&request, order, at).unwrap();
        let (certificate, key_path) = self.paths(name);
        fs::write(certificate, &issued.chain_pem).unwrap();
        fs::write(key_path, key.to_pem()).unwrap();
        issued
    }

    pub fn paths(&self, name: &str) -> (PathBuf, PathBuf) {
        (
            self.dir.path().join(format!("{name}.pem")),
            self.dir.path().join(format!("{name}.key")),
        )
    }

    pub fn files(&self, name: &str) -> TlsFiles {
        let (certificate, key) = self.paths(name);
        TlsFiles::new(self.authority.bundle_path())
            .with_crl(self.authority.crl_path())
            .with_identity(certificate, key)
    }

    /// The hub's listener with a certificate just made.
    pub fn hub(&self) -> ServerTls {
        self.issue("hub", &hub(), now());
        ServerTls::load(self.files("hub"), self.trust_domain(), now()).unwrap()
    }

    /// A client with a certificate issued at `at`, looked at with the eyes of that time.
    pub fn client(&self, name: &str, order: &Order, at: Time) -> (ClientTls, Issued) {
        let issued = self.issue(name, order, at);
        (
            ClientTls::load(self.files(name), self.trust_domain(), at).unwrap(),
            issued,
        )
    }

    pub fn revoke(&self, issued: &Issued) {
        self.authority
            .revoke(
                &issued.record.serial,
                tanqiao_certs::RevocationReason::KeyCompromise,
                now(),
            )
            .unwrap();
        self.authority.crl(now()).unwrap();
    }
}

/// What both ends saw.
pub struct Outcome {
    pub server: Result<Connected, rustls::Error>,
    pub client: Result<Connected, rustls::Error>,
}

pub struct Connected {
    pub kind: HandshakeKind,
    pub peer: Option<Vec<CertificateDer<'static>>>,
    pub alpn: Option<Vec<u8>>,
}

impl Outcome {
    pub fn unwrap(self) -> (Connected, Connected) {
        (
            self.server.expect("the server refused"),
            self.client.expect("the client refused"),
        )
    }

    /// The server's refusal in words.
    pub fn server_refusal(self) -> String {
        self.server.map(|_| ()).expect_err("the server accepted").to_string()
    }

    /// The client's refusal in words: its own, or the alert that it received.
    pub fn client_refusal(self) -> String {
        self.client.map(|_| ()).expect_err("the client accepted").to_string()
    }
}

/// A full handshake through two buffers.
pub fn connect(server: ServerConfig, client: ClientConfig) -> Outcome {
    connect_to(HUB_NAME, &Arc::new(server), &Arc::new(client))
}

pub fn connect_to(name: &str, server: &Arc<ServerConfig>, client: &Arc<ClientConfig>) -> Outcome {
    let mut client = ClientConnection::new(Arc::clone(client), name.to_owned().try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    let (mut of_client, mut of_server) = (None, None);
    loop {
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        while client.wants_write() {
            client.write_tls(&mut to_server).unwrap();
        }
        while server.wants_write() {
            server.write_tls(&mut to_client).unwrap();
        }
        if to_server.is_empty() && to_client.is_empty() {
            break;
        }
        let mut reader = to_server.as_slice();
        while !reader.is_empty() && of_server.is_none() {
            server.read_tls(&mut reader).unwrap();
            of_server = server.process_new_packets().err();
        }
        let mut reader = to_client.as_slice();
        while !reader.is_empty() && of_client.is_none() {
            client.read_tls(&mut reader).unwrap();
            of_client = client.process_new_packets().err();
        }
    }
    let connected = |connection: &rustls::CommonState| Connected {
        kind: connection.handshake_kind().expect("the handshake did not finish"),
        peer: connection
            .peer_certificates()
            .map(|chain| chain.iter().map(|c| c.clone().into_owned()).collect()),
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
    };
    Outcome {
        client: of_client.map_or_else(|| Ok(connected(&client)), Err),
        server: of_server.map_or_else(|| Ok(connected(&server)), Err),
    }
}
