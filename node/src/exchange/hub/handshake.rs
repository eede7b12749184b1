//! Why a TLS handshake with the hub failed, in words that say what to do.
//!
//! In TLS 1.3 the hub looks at the node's certificate when the node already believes the handshake done (RFC 8446 §4.4), so
//! that the alert comes in the middle of a request and the HTTP library only says that the connection broke. Then the
//! handshake is done once more, alone, and the alert is read.

use std::error::Error as StdError;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection, StreamOwned};

/// How long the second handshake may take: the connection, and everything that is read after it.
const PATIENCE: Duration = Duration::from_secs(3);

/// A connection that is read until a moment, however slowly the other side writes.
struct Patient {
    socket: TcpStream,
    until: Instant,
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        self.socket.read(buffer)
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// What an error of the HTTP library says about TLS, if anything.
pub(super) fn refusal_in(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let tls = match error.downcast_ref::<io::Error>() {
            Some(io) => in_io(io),
            None => error.downcast_ref::<rustls::Error>(),
        };
        if let Some(tls) = tls {
            return Some(words(tls));
        }
        cause = error.source();
    }
    None
}

fn in_io(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<io::Error>() {
        Some(deeper) => in_io(deeper),
        None => inner.downcast_ref(),
    }
}

/// Does the handshake once more with the host of `base`, and waits for the first word after it. What TLS refuses, `None`
/// where it does not.
pub(in crate::exchange) fn probe(config: ClientConfig, base: &str) -> Option<String> {
    let url = reqwest::Url::parse(base).ok()?;
    let host = url.host_str()?;
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let address = (name.as_str(), url.port_or_known_default()?)
        .to_socket_addrs()
        .ok()?
        .next()?;
    let socket = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    socket.set_write_timeout(Some(PATIENCE)).ok()?;
    let socket = Patient {
        socket,
        until: Instant::now() + PATIENCE,
    };
    let connection = ClientConnection::new(Arc::new(config), name.try_into().ok()?).ok()?;
    let answer = StreamOwned::new(connection, socket).read(&mut [0; 1]);
    answer.err().as_ref().and_then(in_io).map(words)
}

/// An error of the handshake in plain words, with what to do.
fn words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::AlertReceived(alert) => match of_alert(*alert) {
            Some(text) => format!("{text} (TLS alert {alert:?})"),
            None => {
                format!("it ended the handshake with the TLS alert {alert:?}: look at the hub's log of this moment")
            }
        },
        rustls::Error::InvalidCertificate(refused) => match of_certificate(refused) {
            Some(text) => format!("{text} ({refused})"),
            None => format!("this node refuses the hub's certificate: {refused}"),
        },
        other => other.to_string(),
    }
}

/// What the hub says with an alert (RFC 8446 §6.2).
fn of_alert(alert: AlertDescription) -> Option<&'static str> {
    Some(match alert {
        AlertDescription::CertificateRevoked => {
            "it refuses this node's certificate, which has been revoked: ask the federation's office why, and enrol with a new \
             key (`tanqiao-node enrol`)"
        }
        AlertDescription::CertificateExpired => {
            "it refuses this node's certificate, which has expired: check this machine's clock, and enrol for a new one \
             (`tanqiao-node enrol`)"
        }
        AlertDescription::UnknownCA => {
            "it does not know the authority of this node's certificate: check that `tls.certificate` is from the federation \
             that `hub.url` belongs to"
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown => {
            "it refuses this node's certificate: check that `tls.certificate` is a member's certificate of this federation, \
             whole, and that `tls.key` belongs to it"
        }
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "it asks for a certificate and got none: check `tls.certificate` and `tls.key`, or enrol (`tanqiao-node enrol`)"
        }
        AlertDescription::AccessDenied => {
            "it knows this node's certificate and does not let it in: ask the federation's office about the membership"
        }
        AlertDescription::DecryptError => {
            "it cannot verify this node's certificate: check that `tls.certificate` is from the federation that `hub.url` belongs \
             to, and that `tls.key` belongs to it"
        }
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity
        | AlertDescription::NoApplicationProtocol => {
            "it has no version of TLS or HTTP in common with this node: check that `hub.url` leads to a hub and not to something \
             before it, and that both programs are up to date"
        }
        AlertDescription::UnrecognisedName => "it does not go by the name in `hub.url`: check the address",
        _ => return None,
    })
}

/// Why this node refuses the hub's certificate.
fn of_certificate(refused: &CertificateError) -> Option<&'static str> {
    Some(match refused {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the hub's certificate has expired: check this machine's clock, and tell the hub's operator"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the hub's certificate is not valid yet: check this machine's clock"
        }
        CertificateError::Revoked => {
            "the hub's certificate has been revoked: send nothing, and ask the federation's office"
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the hub's certificate is from another authority: check that `tls.ca` is the federation's and that `hub.url` leads \
             to its hub"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the hub's certificate is for another name: check `hub.url`"
        }
        _ => return None,
    })
}
