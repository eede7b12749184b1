//! A hub that is restored from a backup, and what its operators and its members' do then.

use std::path::PathBuf;

use serde_json::Value;

use crate::federation::Federation;
use crate::ledger::LogHead;
use crate::patience::{until, when};
use crate::program::{self, Answer, HUB, KILLED, NODE};

impl Federation {
    /// Stops the hub, keeps a copy of its database, and starts it again.
    pub async fn back_up_hub(&mut self) {
        self.stop_hub().await;
        self.ledger.back_up();
        self.start_hub().await;
    }

    /// Waits until the hub has noted how far it has answered; the head.
    pub async fn noted_head(&self) -> LogHead {
        let head = self.ledger.head().await;
        until("the hub's note", async || {
            let note: Value = serde_json::from_slice(&std::fs::read(self.place.hub("log.head")).unwrap()).unwrap();
            when(note["size"] == head.size, note)
        })
        .await;
        head
    }

    /// Stops the hub and puts the copy of its database in its place.
    pub async fn restore_hub(&mut self) {
        self.stop_hub().await;
        self.ledger.restore();
    }

    /// What a member's operator hands over.
    pub async fn recovery_file(&self, member: &str) -> PathBuf {
        let file = self.place.member(member, "recovery");
        let out = file.display().to_string();
        self.node_command(member, &["export", "recovery", "--out", &out])
            .await
            .done();
        file
    }

    /// `tanqiao-node …` beside a member's node.
    pub async fn node_command(&self, member: &str, arguments: &[&str]) -> Answer {
        let config = self.place.member(member, "node.toml").display().to_string();
        let all: Vec<&str> = ["--config", &config]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        program::run(NODE, &all).await
    }

    /// `tanqiao-hub admin recover` from these files.
    pub async fn recover(&self, files: &[PathBuf], more: &[String]) -> Answer {
        program::run(HUB, &self.recovering(files, more)).await
    }

    /// The same, by a process that dies at a point.
    pub async fn recover_to_die(&self, files: &[PathBuf], more: &[String], point: &str) {
        let signal = program::run_to_die(HUB, &self.recovering(files, more), point).await;
        assert_eq!(signal, KILLED, "{point}");
    }

    fn recovering(&self, files: &[PathBuf], more: &[String]) -> Vec<String> {
        let config = self.place.hub("hub.toml").display().to_string();
        let mut all: Vec<String> = ["--config", &config, "admin", "recover"].map(str::to_owned).to_vec();
        for file in files {
            all.extend(["--from".to_owned(), file.display().to_string()]);
        }
        all.extend_from_slice(more);
        all
    }
}
