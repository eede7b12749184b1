//! A real browser, spoken to as the W3C's `WebDriver` says: a handful of JSON requests to `chromedriver`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// What W3C's `WebDriver` calls a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
pub const ARROW_RIGHT: &str = "\u{e014}";

pub struct Chromium {
    process: Child,
    client: Client,
    session: String,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The driver takes its browsers along.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program in `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

impl Chromium {
    /// Starts a browser; `None` where there is none, which in CI is a failure.
    pub async fn start() -> Option<Self> {
        let (Some(driver), Some(browser)) = (program("chromedriver"), program("chromium")) else {
            assert!(
                std::env::var("CI").is_err(),
                "in CI the console is looked at in Chromium: install chromium and chromium-driver"
            );
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(driver)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        let mut chromium = Self {
            process,
            client,
            session: format!("http://127.0.0.1:{port}"),
        };
        chromium.begin(&browser).await;
        Some(chromium)
    }

    async fn begin(&mut self, browser: &Path) {
        let ready = async {
            while self
                .client
                .get(format!("{}/status", self.session))
                .send()
                .await
                .is_err()
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ready)
            .await
            .expect("chromedriver never answered");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
            "--hide-scrollbars",
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": browser, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let begun = self.ask(Method::POST, "/session", capabilities).await;
        let id = begun["sessionId"].as_str().unwrap_or_else(|| panic!("{begun}"));
        self.session = format!("{}/session/{id}", self.session);
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method.clone(), format!("{}{path}", self.session));
        let request = if method == Method::POST {
            request.json(&body)
        } else {
            request
        };
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let value = answer["value"].clone();
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    /// Goes to an address.
    pub async fn open(&self, address: &str) {
        self.ask(Method::POST, "/url", json!({ "url": address })).await;
    }

    /// Runs a function's body in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.ask(Method::POST, "/execute/sync", json!({ "script": script, "args": [] }))
            .await
    }

    /// As [`Chromium::run`], for a script that calls `arguments[0]` with its result.
    pub async fn run_async(&self, script: &str) -> Value {
        self.ask(Method::POST, "/execute/async", json!({ "script": script, "args": [] }))
            .await
    }

    /// Types into an element.
    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.ask(
            Method::POST,
            &format!("/element/{element}/value"),
            json!({ "text": text }),
        )
        .await;
    }

    /// Clicks on what sends a form, and waits for the page that follows.
    pub async fn send(&self, selector: &str) {
        self.run("window.isBefore = true").await;
        let element = self.element(selector).await;
        self.ask(Method::POST, &format!("/element/{element}/click"), json!({}))
            .await;
        let has_come = "return !window.isBefore && document.readyState === 'complete'";
        for _ in 0..600 {
            if self.run(has_come).await == Value::Bool(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no page follows {selector}");
    }

    async fn element(&self, selector: &str) -> String {
        let found = self
            .ask(
                Method::POST,
                "/element",
                json!({ "using": "css selector", "value": selector }),
            )
            .await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Types where the focus is.
    pub async fn press(&self, keys: &str) {
        let active = self.ask(Method::GET, "/element/active", Value::Null).await;
        let element = active[ELEMENT].as_str().unwrap();
        self.ask(
            Method::POST,
            &format!("/element/{element}/value"),
            json!({ "text": keys }),
        )
        .await;
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.ask(
            Method::POST,
            "/goog/cdp/execute",
            json!({ "cmd": command, "params": parameters }),
        )
        .await
    }

    /// Makes the window so wide.
    pub async fn resize(&self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// `light` or `dark`, as the reader's system would ask.
    pub async fn theme(&self, theme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// The whole page as a picture.
    pub async fn picture(&self, file: &Path) {
        let shot = self
            .devtools(
                "Page.captureScreenshot",
                json!({"format": "png", "captureBeyondViewport": true}),
            )
            .await;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(shot["data"].as_str().unwrap())
            .unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    /// What the browser has complained about since it was last asked: what a policy blocked, what failed.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.ask(Method::POST, "/se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe
            .map(|entry| entry["message"].to_string())
            .filter(|message| !message.contains("favicon.ico"))
            .collect()
    }

    /// Every address that the page has fetched something from.
    pub async fn fetched(&self) -> Vec<String> {
        let names = self
            .run("return performance.getEntriesByType('resource').map(entry => entry.name)")
            .await;
        names
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    }
}
