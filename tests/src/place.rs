//! Where a federation is: a directory of its own, and ports on a loopback address of its own.
//!
//! The address is what keeps federations apart that run at the same time: a process that is killed and started again gets
//! its port back, whatever others have opened meanwhile.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;

/// The directory and address of one federation.
#[derive(Debug)]
pub struct Place {
    directory: TempDir,
    given: Mutex<Vec<SocketAddr>>,
    /// The loopback address.
    pub address: Ipv4Addr,
}

impl Place {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let [.., high, low] = std::process::id().to_be_bytes();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::new(127, 1 + high % 254, low, number);
        let directory = tempfile::Builder::new().prefix("tanqiao-").tempdir().unwrap();
        for folder in ["hub", "nodes", "logs"] {
            std::fs::create_dir(directory.path().join(folder)).unwrap();
        }
        Self {
            directory,
            given: Mutex::default(),
            address,
        }
    }

    /// A port that is free now, and that nobody else of this federation was given.
    #[must_use]
    pub fn port(&self) -> SocketAddr {
        let mut given = self.given.lock().unwrap();
        loop {
            let listener = TcpListener::bind((self.address, 0)).unwrap();
            let port = listener.local_addr().unwrap();
            if !given.contains(&port) {
                given.push(port);
                return port;
            }
        }
    }

    /// The root of everything.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The authority's directory.
    #[must_use]
    pub fn certs(&self) -> PathBuf {
        self.root().join("certs")
    }

    /// Root and issuing CA.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.certs().join("ca.pem")
    }

    /// A file of the hub.
    #[must_use]
    pub fn hub(&self, file: &str) -> PathBuf {
        self.root().join("hub").join(file)
    }

    /// A file of a member.
    #[must_use]
    pub fn member(&self, member: &str, file: &str) -> PathBuf {
        self.root().join("nodes").join(member).join(file)
    }

    /// What a process has written to its standard error.
    #[must_use]
    pub fn log(&self, who: &str) -> PathBuf {
        self.root().join("logs").join(format!("{who}.log"))
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}
