//! `serve`, with real requests.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr};

use serde_json::Value;

use super::folder::{Folder, RULE, rides, text};

/// A serving node; killed when dropped.
struct Serving {
    child: Child,
    log: BufReader<ChildStderr>,
    url: String,
}

impl Serving {
    fn start(folder: &Folder) -> Self {
        let mut child = folder.command(&["serve"]).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert!(
                log.read_line(&mut line).unwrap() > 0,
                "the server ended before it served"
            );
            let entry: Value = serde_json::from_str(&line).unwrap();
            if let Some(url) = entry["fields"]["url"].as_str() {
                break url.to_owned();
            }
        };
        Self { child, log, url }
    }

    fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.log, &mut rest).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_platform_uploads_with_its_token_and_the_server_stops_when_asked() {
    tanqiao_certs::install_crypto_provider();
    for folder in Folder::on_each_database() {
        folder.write("rule.json", RULE);
        folder.write("one.csv", &rides(1));
        folder.ok(&["import", "one.csv", "--rule", "rule.json"]);
        let serving = Serving::start(&folder);
        // While it serves: the command line works beside it.
        folder.ok(&[
            "token", "create", "--name", "platform", "--scope", "import", "--out", "a.token",
        ]);
        let token = std::fs::read_to_string(folder.path("a.token")).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let upload = format!("{}/api/v1/activities?methodology=CN-4201-metro.v1", serving.url);
        let post = || {
            http.post(&upload)
                .header("content-type", "text/csv")
                .body(rides(20_000))
        };
        assert_eq!(post().send().await.unwrap().status(), 401);
        let job: Value = post()
            .bearer_auth(token.trim())
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(
            (&job["added"], &job["already_there"]),
            (&19_999.into(), &1.into()),
            "{job}"
        );
        let ready: Value = http
            .get(format!("{}/health/ready", serving.url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(
            (&ready["database"], &ready["certificate_days_left"]),
            (&true.into(), &89.into())
        );
        assert_eq!(serving.terminate(), Some(0));
    }
}

#[test]
fn an_address_that_others_can_reach_needs_tls() {
    let folder = Folder::sqlite();
    folder.configure("sqlite:node.db", "0.0.0.0:0");
    let output = folder.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("api.tls_certificate"),
        "{}",
        text(&output.stderr)
    );
}
