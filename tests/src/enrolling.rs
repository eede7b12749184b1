//! Joining by a one-time code, as officers and a member's operator do it at their terminals: for the first time, or again
//! after keys were lost.

use crate::federation::Federation;
use crate::program::{self, Answer, HUB, NODE};

impl Federation {
    /// A member enrols: officers invite it, its operator redeems the code, and officers approve, with `approval` after the
    /// request (`--keys-lost REASON`).
    pub async fn enrol(&self, member: &str, region: &str, approval: &[&str]) {
        let names = ["--region", region, "--name-zh", member, "--name-en", member];
        let invitation = [["enrolment", "code", member].as_slice(), &names].concat();
        let invited = self.officers(&invitation).await;
        let code = self.place.member(member, "code.txt");
        std::fs::write(&code, invited["code"].as_str().unwrap()).unwrap();
        let (config, code) = (self.place.member(member, "node.toml"), code.display().to_string());
        let (config, url) = (config.display().to_string(), self.enrolment_url());
        let joining = [
            "--config",
            &config,
            "enrol",
            "--url",
            &url,
            "--code-file",
            &code,
            "--wait-s",
            "0",
        ];
        let pending = program::run(NODE, &joining).await;
        assert_eq!(pending.json["status"], "pending", "{pending:?}");
        let request = pending.json["id"].as_str().unwrap();
        self.officers(&[["enrolment", "approve", request].as_slice(), approval].concat())
            .await;
        program::run(NODE, &joining).await.done();
    }

    /// What somebody looks at at the hub, without deciding: `tanqiao-hub admin …`.
    pub async fn look(&self, arguments: &[&str]) -> Answer {
        let config = self.place.hub("hub.toml").display().to_string();
        let all = [["--config", &config, "admin"].as_slice(), arguments].concat();
        program::run(HUB, &all).await
    }
}
