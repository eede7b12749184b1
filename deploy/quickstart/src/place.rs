//! Where everything is: the files of the directory, and the ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use tanqiao_protocol::view::MemberKind;

use crate::cast::Member;
use crate::failure::{Doing as _, Failure, Outcome};

/// The ports of the hub when nobody says otherwise: federation, enrolment, console.
const HUB_PORTS: [u16; 3] = [8443, 8444, 8080];
/// The port of the first node when nobody says otherwise.
const NODE_PORT_FIRST: u16 = 9101;
/// The ports of the first evaluator when nobody says otherwise: members, health.
const EVALUATOR_PORTS: [u16; 2] = [8451, 9451];

/// What is in the directory, closed to others.
const FOLDERS: [&str; 6] = ["hub", "nodes", "evaluators", "secrets", "activities", "logs"];

/// The ports of one federation.
///
/// With `--port-base N`: N federation, N + 1 enrolment, N + 2 console, N + 3 to N + 5 the evaluators and N + 6 to N + 8 their health, N + 11
/// the first node, N + 12 the second, …
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// Members, over mutual TLS.
    pub federation: u16,
    /// Enrolment and the CRL, over TLS.
    pub enrolment: u16,
    /// Public pages, over HTTP.
    pub console: u16,
    /// The first evaluator's listener for members.
    pub evaluator_first: u16,
    /// The first evaluator's health.
    pub evaluator_health_first: u16,
    /// The first node's API.
    pub node_first: u16,
}

impl Ports {
    /// The ports from a base, or the usual ones.
    #[must_use]
    pub fn of_base(base: Option<u16>) -> Self {
        let [federation, enrolment, console] = HUB_PORTS;
        match base {
            None => Self {
                federation,
                enrolment,
                console,
                evaluator_first: EVALUATOR_PORTS[0],
                evaluator_health_first: EVALUATOR_PORTS[1],
                node_first: NODE_PORT_FIRST,
            },
            Some(base) => Self {
                federation: base,
                enrolment: base.saturating_add(1),
                console: base.saturating_add(2),
                evaluator_first: base.saturating_add(3),
                evaluator_health_first: base.saturating_add(6),
                node_first: base.saturating_add(11),
            },
        }
    }

    /// The port of a node by its place in the cast.
    #[must_use]
    pub fn node(self, place: usize) -> u16 {
        self.node_first.saturating_add(u16::try_from(place).unwrap_or(u16::MAX))
    }

    /// Where members ask an evaluator, by its place.
    #[must_use]
    pub const fn evaluator(self, place: u16) -> u16 {
        self.evaluator_first.saturating_add(place)
    }

    /// Where an evaluator's health is, by its place.
    #[must_use]
    pub const fn evaluator_health(self, place: u16) -> u16 {
        self.evaluator_health_first.saturating_add(place)
    }

    /// Refuses a port that is in use, and names it.
    ///
    /// # Errors
    /// [`Failure::Port`].
    pub fn check(self, nodes: &[String]) -> Outcome<()> {
        let hub = [
            (self.federation, "hub, federation"),
            (self.enrolment, "hub, enrolment"),
            (self.console, "hub, console"),
        ];
        for (port, what) in hub {
            check_port(port, what)?;
        }
        for place in 0..3 {
            check_port(self.evaluator(place), "an evaluator")?;
            check_port(self.evaluator_health(place), "an evaluator's health")?;
        }
        for (place, node) in nodes.iter().enumerate() {
            check_port(self.node(place), &format!("node {node}"))?;
        }
        Ok(())
    }
}

fn check_port(port: u16, what: &str) -> Outcome<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    listener.map(drop).map_err(|cause| Failure::Port {
        port,
        what: what.to_owned(),
        cause,
    })
}

/// The files of one federation.
#[derive(Debug, Clone)]
pub struct Place {
    /// The directory, absolute.
    pub root: PathBuf,
    /// The ports.
    pub ports: Ports,
}

impl Place {
    /// Makes the directory and its folders.
    ///
    /// # Errors
    /// [`Failure::Doing`].
    pub fn prepare(dir: &Path, ports: Ports) -> Outcome<Self> {
        std::fs::create_dir_all(dir).doing(format!("making {}", dir.display()))?;
        let root = dir.canonicalize().doing(format!("finding {}", dir.display()))?;
        let place = Self { root, ports };
        for folder in FOLDERS {
            let path = place.root.join(folder);
            std::fs::create_dir_all(&path).doing(format!("making {}", path.display()))?;
        }
        for folder in FOLDERS {
            owner_only(&place.root.join(folder))?;
        }
        Ok(place)
    }

    /// The authority: root and issuing CA.
    #[must_use]
    pub fn certs(&self) -> PathBuf {
        self.root.join("certs")
    }

    /// Root and issuing CA, PEM.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.certs().join("ca.pem")
    }

    /// A file of the hub.
    #[must_use]
    pub fn hub(&self, file: &str) -> PathBuf {
        self.root.join("hub").join(file)
    }

    /// A file of a node.
    #[must_use]
    pub fn node(&self, node: &str, file: &str) -> PathBuf {
        self.root.join("nodes").join(node).join(file)
    }

    /// A file of a member: of an evaluator or a node.
    #[must_use]
    pub fn of(&self, member: &Member, file: &str) -> PathBuf {
        if member.kind == MemberKind::Evaluator {
            self.root.join("evaluators").join(member.name()).join(file)
        } else {
            self.node(member.name(), file)
        }
    }

    /// A secret.
    #[must_use]
    pub fn secret(&self, file: &str) -> PathBuf {
        self.root.join("secrets").join(file)
    }

    /// An activity file.
    #[must_use]
    pub fn activities(&self, file: &str) -> PathBuf {
        self.root.join("activities").join(file)
    }

    /// The log of a process.
    #[must_use]
    pub fn log(&self, who: &str) -> PathBuf {
        self.root.join("logs").join(format!("{who}.log"))
    }

    /// A path as `federation.json` names it: relative to the directory.
    #[must_use]
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

fn owner_only(path: &Path) -> Outcome<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
        .doing(format!("closing {} to others", path.display()))
}

/// Writes a secret once, mode 0600; a secret that is there stays.
///
/// # Errors
/// [`Failure::Doing`].
pub fn secret_once(path: &Path, make: impl FnOnce() -> Outcome<String>) -> Outcome<String> {
    if !path.exists() {
        let text = make()?;
        tanqiao_certs::durable::write_secret(path, text.as_bytes()).doing("writing a secret")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).doing(format!("reading {}", path.display()))
}

/// Writes or replaces a file that everybody may read.
///
/// # Errors
/// [`Failure::Doing`].
pub fn write(path: &Path, text: &str) -> Outcome<()> {
    tanqiao_certs::durable::write_public(path, text.as_bytes()).doing(format!("writing {}", path.display()))
}
