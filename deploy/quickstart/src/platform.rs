//! A member's own platform: what its staff and programs ask of its node, over the node's API with a bearer token.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::Problem;

use crate::failure::{Doing as _, Outcome, unexpected};

/// How long the node may wait for the hub, in seconds.
const WAIT_S: u32 = 30;
/// How long an answer may take: an import of thousands of records, at the outside.
const ANSWER: Duration = Duration::from_secs(90);
/// How long to wait for a condition: thousands of tokens, at the outside.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long before a condition is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// One member's platform.
#[derive(Clone)]
pub struct Platform {
    /// The member.
    pub member: String,
    /// `http://127.0.0.1:9101`
    pub url: String,
    http: reqwest::Client,
    token: String,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform")
            .field("member", &self.member)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// An answer, or why the node or the hub refuses.
pub type Asked<T> = Result<T, Box<Problem>>;

impl Platform {
    /// The platform of a node that listens on `port`.
    ///
    /// # Errors
    /// The token cannot be read.
    pub fn open(member: &str, port: u16, token_file: PathBuf) -> Outcome<Self> {
        let token = std::fs::read_to_string(&token_file).doing(format!("reading {}", token_file.display()))?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(ANSWER)
            .build()
            .doing("preparing HTTP")?;
        Ok(Self {
            member: member.to_owned(),
            url: format!("http://127.0.0.1:{port}"),
            http,
            token: token.trim().to_owned(),
        })
    }

    /// Asks.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Outcome<T> {
        let request = self.request(Method::GET, path).query(query);
        self.must(path, self.send(request).await?)
    }

    /// Asks, where a refusal is an answer.
    ///
    /// # Errors
    /// No answer.
    pub async fn try_get<T: DeserializeOwned>(&self, path: &str) -> Outcome<Asked<T>> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Asks the node to do something and waits for the hub's decision. The same id again is the same command.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub async fn order<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        id: MessageId,
        body: &impl Serialize,
    ) -> Outcome<T> {
        let answer = self.try_order(method, path, id, body).await?;
        self.must(path, answer)
    }

    /// As [`Platform::order`], where a refusal is an answer.
    ///
    /// # Errors
    /// No answer.
    pub async fn try_order<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        id: MessageId,
        body: &impl Serialize,
    ) -> Outcome<Asked<T>> {
        let request = self
            .request(method, path)
            .query(&[("wait_s", WAIT_S)])
            .header("Idempotency-Key", id.to_string())
            .json(body);
        self.send(request).await
    }

    /// Asks the node to do something that the hub is not told, or whose decision is not waited for.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub async fn tell(&self, path: &str, id: Option<MessageId>, body: &impl Serialize) -> Outcome<Value> {
        let mut request = self.request(Method::POST, path).json(body);
        if let Some(id) = id {
            request = request.header("Idempotency-Key", id.to_string());
        }
        self.must(path, self.send(request).await?)
    }

    /// Sends a file of activity records.
    ///
    /// # Errors
    /// No answer, or a problem.
    pub async fn upload(&self, methodology: &str, media_type: &str, text: String) -> Outcome<Value> {
        let request = self
            .request(Method::POST, "/api/v1/activities")
            .query(&[("methodology", methodology), ("strict", "true")])
            .header("Content-Type", media_type)
            .body(text);
        self.must("/api/v1/activities", self.send(request).await?)
    }

    /// Asks again and again until `look` finds what it wants.
    ///
    /// # Errors
    /// It does not come in time: then what was found last.
    pub async fn until<T>(&self, what: &str, path: &str, look: impl Fn(&Value) -> Option<T>) -> Outcome<T> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = match self.send::<Value>(self.request(Method::GET, path)).await {
                Ok(Ok(value)) => match look(&value) {
                    Some(wanted) => return Ok(wanted),
                    None => value.to_string(),
                },
                Ok(Err(problem)) => problem.detail.clone(),
                Err(failure) => failure.to_string(),
            };
            if tokio::time::Instant::now() >= deadline {
                return Err(unexpected(format!("{} at {}", path, self.member), what, found));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
    }

    async fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Outcome<Asked<T>> {
        let what = || format!("asking the node of {}", self.member);
        let response = request.send().await.doing(what())?;
        let status = response.status();
        let text = response.text().await.doing(what())?;
        if status.is_success() {
            return Ok(Ok(serde_json::from_str(&text).doing(what())?));
        }
        let problem: Problem = serde_json::from_str(&text).doing(format!("{} ({status})", what()))?;
        Ok(Err(Box::new(problem)))
    }

    fn must<T>(&self, path: &str, answer: Asked<T>) -> Outcome<T> {
        answer.map_err(|problem| {
            unexpected(
                format!("{path} at {}", self.member),
                "done",
                format!("{}: {}", problem.code, problem.detail),
            )
        })
    }
}
