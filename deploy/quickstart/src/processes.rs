//! The hub, the evaluators and the nodes as processes of their own: this program starts itself again for each, watches them, and ends them
//! by their own handles.
//!
//! A child reads its standard input: the end of it, which also comes when this program dies, tells it to stop.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};

use crate::failure::{Doing as _, Failure, Outcome, unexpected};
use crate::place::Place;

/// How long a process may take to stop before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Every running process by name.
#[derive(Debug)]
pub struct Processes {
    program: PathBuf,
    running: BTreeMap<String, Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    log: PathBuf,
}

impl Processes {
    /// None yet.
    ///
    /// # Errors
    /// This program's own file cannot be found.
    pub fn none() -> Outcome<Self> {
        Ok(Self {
            program: std::env::current_exe().doing("finding this program")?,
            running: BTreeMap::new(),
        })
    }

    /// Starts `who` with a configuration; `crash_at` names a point at which it kills itself.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        &mut self,
        place: &Place,
        kind: &str,
        who: &str,
        config: &Path,
        crash_at: Option<&str>,
    ) -> Outcome<()> {
        let log = place.log(who);
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .doing(format!("opening {}", log.display()))?;
        let mut command = Command::new(&self.program);
        command
            .arg(kind)
            .arg("--config")
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(file)
            .env_remove("TANQIAO_CRASH_AT")
            .kill_on_drop(true)
            // Ctrl-C on the terminal is for this program, which then stops the children in order.
            .process_group(0);
        if let Some(point) = crash_at {
            command.env("TANQIAO_CRASH_AT", point);
        }
        let mut child = command.spawn().doing(format!("starting {who}"))?;
        let input = child.stdin.take();
        self.running.insert(who.to_owned(), Running { child, input, log });
        Ok(())
    }

    /// Refuses if `who` has ended.
    ///
    /// # Errors
    /// [`Failure::Ended`].
    pub fn check(&mut self, who: &str) -> Outcome<()> {
        let Some(running) = self.running.get_mut(who) else {
            return Ok(());
        };
        match running.child.try_wait().doing(format!("looking at {who}"))? {
            None => Ok(()),
            Some(status) => Err(Failure::Ended {
                who: who.to_owned(),
                how: status.to_string(),
                log: running.log.clone(),
            }),
        }
    }

    /// The name of a process that has ended, if one has.
    ///
    /// # Errors
    /// [`Failure::Ended`].
    pub fn check_all(&mut self) -> Outcome<()> {
        let names: Vec<String> = self.running.keys().cloned().collect();
        names.iter().try_for_each(|who| self.check(who))
    }

    /// Waits until `who` has ended by itself; the signal that ended it, if one did.
    ///
    /// # Errors
    /// It does not end in time.
    pub async fn ended(&mut self, who: &str, patience: Duration) -> Outcome<Option<i32>> {
        let Some(mut running) = self.running.remove(who) else {
            return Ok(None);
        };
        if let Ok(status) = tokio::time::timeout(patience, running.child.wait()).await {
            return Ok(status.doing(format!("waiting for {who}"))?.signal());
        }
        self.running.insert(who.to_owned(), running);
        Err(unexpected(format!("the process of {who}"), "ended", "still running"))
    }

    /// Asks `who` to stop, and kills it if it does not.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub async fn stop(&mut self, who: &str) -> Outcome<()> {
        match self.running.remove(who) {
            Some(running) => running.stop().await.map(drop).doing(format!("stopping {who}")),
            None => Ok(()),
        }
    }

    /// Stops all: the nodes together, then the hub.
    pub async fn stop_all(&mut self) {
        let hub = self.running.remove("hub");
        let nodes = std::mem::take(&mut self.running);
        let stopping: Vec<_> = nodes
            .into_values()
            .map(|running| tokio::spawn(running.stop()))
            .collect();
        for one in stopping {
            // A child that cannot be waited for is killed when its handle is dropped.
            drop(one.await);
        }
        if let Some(hub) = hub {
            drop(hub.stop().await);
        }
    }
}

impl Running {
    async fn stop(mut self) -> std::io::Result<ExitStatus> {
        drop(self.input.take());
        if let Ok(ended) = tokio::time::timeout(STOP_PATIENCE, self.child.wait()).await {
            return ended;
        }
        self.child.kill().await?;
        self.child.wait().await
    }
}
