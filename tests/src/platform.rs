//! What a member's own platform asks of its node, over the node's API with a bearer token.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::problem::Problem;

use crate::content::{G_PER_KM, METRO, USE, VINTAGE};
use crate::patience::{until, when};

/// The holder of all of Wuhan's rides.
pub const HOLDER: &str = "holder-000001";
/// Kilometres of one ride.
const KM_A_RIDE: i64 = 50;
const ANSWER: Duration = Duration::from_secs(70);

/// An answer, or why the node or the hub refuses.
pub type Asked = Result<Value, Box<Problem>>;

/// One member's platform.
#[derive(Debug, Clone)]
pub struct Platform {
    member: String,
    url: String,
    token: String,
    http: Client,
}

impl Platform {
    /// The platform of a node at this address.
    #[must_use]
    pub fn new(member: &str, url: String, token: String) -> Self {
        let http = Client::builder().no_proxy().timeout(ANSWER).build().unwrap();
        Self {
            member: member.to_owned(),
            url,
            token,
            http,
        }
    }

    /// Asks; `Err` if the node gave no answer.
    pub async fn try_ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Asked, String> {
        let request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        let request = if let Some(body) = body {
            request.json(body)
        } else {
            request
        };
        self.answer(request).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Asked, String> {
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| format!("{error:?}"))?;
        if status.is_success() {
            return Ok(Ok(serde_json::from_str(&text).unwrap()));
        }
        Ok(Err(
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {error}: {text}"))
        ))
    }

    /// What an address gives, which must be good.
    pub async fn get(&self, path: &str) -> Value {
        let asked = self.try_ask(Method::GET, path, None).await;
        asked
            .and_then(|asked| asked.map_err(|problem| problem.to_string()))
            .unwrap_or_else(|why| {
                panic!("{path} at {}: {why}", self.member);
            })
    }

    /// Orders something; `Err` if the node gave no answer.
    pub async fn try_order(&self, path: &str, body: &Value) -> Result<Asked, String> {
        self.try_ask(Method::POST, path, Some(body)).await
    }

    /// Orders something, which the node must answer.
    pub async fn order(&self, path: &str, body: &Value) -> Asked {
        self.try_order(path, body).await.unwrap()
    }

    /// How the node is.
    pub async fn status(&self) -> Value {
        self.get("/api/v1/status").await
    }

    /// Waits until the node says so of itself.
    pub async fn until_status(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{what} at {}", self.member), async || {
            let status = self.status().await;
            when(holds(&status), &status).map(|()| status)
        })
        .await
    }

    /// Waits until a transfer is in this state at the node.
    pub async fn until_transfer(&self, id: MessageId, state: &str) -> Value {
        until(
            &format!("transfer {id} is {state} at {}", self.member),
            async || match self
                .try_ask(Method::GET, &format!("/api/v1/transfers/{id}"), None)
                .await?
            {
                Ok(found) => when(found["state"] == state, &found).map(|()| found),
                Err(problem) => Err(problem.to_string()),
            },
        )
        .await
    }

    /// One account.
    pub async fn account(&self, account: &str) -> Value {
        self.get(&format!("/api/v1/accounts/{account}")).await
    }

    /// A figure of an account in grams; 0 if there is no such account.
    pub async fn grams_of(&self, account: &str, figure: &str) -> i64 {
        let path = format!("/api/v1/accounts/{account}");
        match self.try_ask(Method::GET, &path, None).await.unwrap() {
            Ok(found) => found[figure].as_i64().unwrap(),
            Err(problem) => {
                assert_eq!(problem.code, "not-found", "{problem}");
                0
            }
        }
    }

    /// Sends a file of rides; `Err` if the node gave no answer.
    pub async fn try_import(&self, rides: &str) -> Result<Asked, String> {
        self.try_import_by(METRO, rides).await
    }

    async fn try_import_by(&self, methodology: &str, rides: &str) -> Result<Asked, String> {
        let request = self.http.post(format!(
            "{}/api/v1/activities?methodology={methodology}&strict=true",
            self.url
        ));
        let request = request
            .bearer_auth(&self.token)
            .header("content-type", "text/csv")
            .body(rides.to_owned());
        self.answer(request).await
    }

    /// Imports a file of rides.
    pub async fn import(&self, rides: &str) -> Value {
        self.try_import(rides).await.unwrap().unwrap()
    }

    /// Imports a file of rides by another methodology.
    pub async fn import_by(&self, methodology: &str, rides: &str) -> Value {
        self.try_import_by(methodology, rides).await.unwrap().unwrap()
    }

    /// Issues what is pending, and waits for the hub.
    pub async fn issue(&self) {
        self.order("/api/v1/issuances?wait_s=30", &issuing(new_id()))
            .await
            .unwrap();
    }
}

/// A file of so many rides of one holder; `line` tells its records from those of another file.
#[must_use]
pub fn rides(line: &str, count: i64) -> String {
    let mut text = "source,record_id,account,quantity,unit,started_at,ended_at,place\n".to_owned();
    for ride in 1..=count {
        let minute = ride % 60;
        writeln!(
            text,
            "wuhan-metro,{line}-{ride:06},{HOLDER},{KM_A_RIDE},km,2025-05-23T08:{minute:02}:00+08:00,\
             2025-05-23T10:00:00+08:00,420106"
        )
        .unwrap();
    }
    text
}

/// What so many rides come to.
#[must_use]
pub const fn grams_of_rides(count: i64) -> i64 {
    count * KM_A_RIDE * G_PER_KM
}

/// The order to issue everything that is pending.
#[must_use]
pub fn issuing(id: MessageId) -> Value {
    json!({
        "id": id, "methodology": METRO, "region_of_act": "420100", "vintage": VINTAGE,
        "rights_basis": "transferred-by-holders", "local_reference": format!("wh-{id}"), "other_schemes": [],
        "verification": {
            "body": "Example Verification Body", "verified_at": "2026-01-31T00:00:00Z",
            "report_sha256": "0000000000000000000000000000000000000000000000000000000000000000",
        },
    })
}

/// The order to offer grams of Wuhan's holder to Harbin.
#[must_use]
pub fn offering(id: MessageId, quantity_g: i64) -> Value {
    json!({ "id": id, "account": HOLDER, "quantity_g": quantity_g, "target": "harbin", "use": USE })
}
