//! The programs of the federation, as an operator starts them.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::patience::{PATIENCE, until};

/// The hub.
pub const HUB: &str = "tanqiao-hub";
/// A node.
pub const NODE: &str = "tanqiao-node";
/// The signal that a crash point sends to its own process.
pub const KILLED: Option<i32> = Some(9);

/// Variables of the environment that would change what a program does.
const FOREIGN: [&str; 6] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
];

/// Where a program of this workspace is: beside this test, built with the same profile.
#[must_use]
pub fn path_of(program: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join(program);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --workspace --bins` first",
        path.display()
    );
    path
}

fn command(program: &str) -> Command {
    let mut command = Command::new(path_of(program));
    command.stdin(Stdio::null()).env_remove("TANQIAO_CRASH_AT");
    for (name, _) in std::env::vars() {
        if name.starts_with("TANQIAO_HUB_") || name.starts_with("TANQIAO_NODE_") || FOREIGN.contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command
}

/// A process that runs until it is told otherwise. Dropping it kills and reaps it.
#[derive(Debug)]
pub struct Process {
    who: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `PROGRAM serve`; `crash_at` names a point at which it kills itself.
    #[must_use]
    pub fn serve(program: &str, who: &str, config: &Path, log: &Path, crash_at: Option<&str>) -> Self {
        let file = File::options().create(true).append(true).open(log).unwrap();
        let mut command = command(program);
        command
            .arg("serve")
            .arg("--config")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(file);
        if let Some(point) = crash_at {
            command.env("TANQIAO_CRASH_AT", point);
        }
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{who} does not start: {error}"));
        Self {
            who: who.to_owned(),
            child,
            log: log.to_owned(),
        }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Stops the story if it has ended.
    pub fn must_run(&mut self) {
        if let Some(status) = self.ended() {
            panic!("{} has ended: {status}\n{}", self.who, self.last_words());
        }
    }

    /// Waits until it has ended by itself; the signal, if one ended it.
    pub async fn death(&mut self) -> Option<i32> {
        let who = self.who.clone();
        let status = until(&format!("the end of {who}"), async || {
            self.ended().ok_or_else(|| "it runs".to_owned())
        })
        .await;
        status.signal()
    }

    /// Kills it at once, as a power cut does.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let signal = self.death().await;
        assert_eq!(
            signal,
            None,
            "{} did not stop by itself\n{}",
            self.who,
            self.last_words()
        );
    }

    /// The end of its log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(12).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn end(&mut self) {
        // It may have ended before: then there is nothing to kill, and the wait only reaps it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a command that ran to its end has answered.
#[derive(Debug)]
pub struct Answer {
    /// Its exit status.
    pub status: Option<i32>,
    /// What it printed, which must be JSON.
    pub json: Value,
    /// What it complained of.
    pub complaint: String,
}

impl Answer {
    /// The answer of a command that must have done what was asked.
    #[track_caller]
    pub fn done(self) -> Value {
        assert_eq!(self.status, Some(0), "{}\n{}", self.complaint, self.json);
        self.json
    }
}

/// Runs a command to its end and reads its JSON.
pub async fn run(program: &str, arguments: &[impl AsRef<OsStr>]) -> Answer {
    let mut command = tokio::process::Command::from(command(program));
    command.arg("--json").args(arguments).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output
        .unwrap_or_else(|_| panic!("{program} did not end in {PATIENCE:?}"))
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{program} printed no JSON ({error}): {}\n{complaint}",
            String::from_utf8_lossy(&output.stdout)
        )
    });
    Answer {
        status: output.status.code(),
        json,
        complaint,
    }
}

/// Runs a command that dies at a crash point; the signal.
pub async fn run_to_die(program: &str, arguments: &[impl AsRef<OsStr>], point: &str) -> Option<i32> {
    let mut command = tokio::process::Command::from(command(program));
    command
        .env("TANQIAO_CRASH_AT", point)
        .args(arguments)
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("{program} did not end in {PATIENCE:?}"));
    output.unwrap().status.signal()
}

/// The crash points of a program, as it lists them itself.
pub async fn crash_points(program: &str) -> Vec<String> {
    let listed = run(program, &["crash-points"]).await.done();
    let items = listed.get("items").unwrap_or(&listed);
    let points: Vec<String> = serde_json::from_value(items.clone()).unwrap();
    assert!(!points.is_empty(), "{program} lists its crash points");
    points
}
