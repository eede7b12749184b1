//! A federation whose members' tokens can be compared: both make them with one key, and both credit metro rides by their own
//! methodology.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tanqiao_node::service::Staffed;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::Methodology;

use crate::content::{METRO, methodology};
use crate::federation::{Federation, Plan};
use crate::founding::MEMBERS;
use crate::patience::{until, when};
use crate::platform::{Platform, issuing};

/// Harbin's own methodology for the same activity: a member issues by its own.
pub const HARBIN_METRO: &str = "harbin-metro.v1";

/// A ride on 23 May 2025.
#[derive(Debug, Clone)]
pub struct Ride {
    /// The platform that recorded it.
    pub source: &'static str,
    /// Its number there.
    pub record: String,
    /// Whose account it is in.
    pub account: &'static str,
    /// Who rode, as the platform knows it.
    pub subject: String,
    /// The minute in which it began, from 8 in the morning.
    pub minute: u32,
}

/// A member that issues rides that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Issuer {
    /// The member.
    pub member: &'static str,
    methodology: &'static str,
    region: &'static str,
    place: &'static str,
}

/// Wuhan.
pub const WUHAN: Issuer = Issuer {
    member: "wuhan",
    methodology: METRO,
    region: "420100",
    place: "420106",
};
/// Harbin.
pub const HARBIN: Issuer = Issuer {
    member: "harbin",
    methodology: HARBIN_METRO,
    region: "230100",
    place: "230106",
};

impl Issuer {
    /// Lets the member's platform import rides.
    pub async fn import(&self, federation: &Federation, rides: &[Ride]) {
        let platform = federation.platform(self.member);
        let job = platform.import_by(self.methodology, &self.file(rides)).await;
        assert_eq!(job["added"], rides.len(), "{job}");
    }

    fn file(&self, rides: &[Ride]) -> String {
        let mut text = "source,record_id,account,quantity,unit,started_at,ended_at,place,subject\n".to_owned();
        for ride in rides {
            let (hour, minute) = (8 + ride.minute / 60, ride.minute % 60);
            writeln!(
                text,
                "{},{},{},50,km,2025-05-23T{hour:02}:{minute:02}:00+08:00,2025-05-23T20:00:00+08:00,{},{}",
                ride.source, ride.record, ride.account, self.place, ride.subject
            )
            .unwrap();
        }
        text
    }

    /// The order to issue everything that is pending.
    #[must_use]
    pub fn issuing(&self, id: MessageId) -> Value {
        let mut order = issuing(id);
        order["methodology"] = json!(self.methodology);
        order["region_of_act"] = json!(self.region);
        order
    }

    /// Orders that; the node must take the order.
    pub async fn issue(&self, federation: &Federation, id: MessageId) {
        let platform = federation.platform(self.member);
        platform.order("/api/v1/issuances", &self.issuing(id)).await.unwrap();
    }
}

impl Federation {
    /// Founds a federation whose two members make tokens with the same key, and starts the hub and Harbin's node, whose
    /// methodology it publishes. Wuhan's node does not run yet.
    pub async fn comparing(plan: Plan) -> Self {
        let mut federation = Self::with_hub(plan).await;
        for (member, region) in MEMBERS {
            federation.seat_comparing(member, region);
        }
        federation.start_node("harbin").await;
        federation.publish_for_harbin().await;
        federation
    }

    /// Makes the configuration and database of a node that makes tokens.
    pub fn seat_comparing(&mut self, member: &str, region: &str) {
        self.seat(member, region);
        let config = self.place.member(member, "node.toml");
        let mut text = std::fs::read_to_string(&config).unwrap();
        text.push_str("[fingerprint]\nsuite = \"hmac-sm3\"\n");
        std::fs::write(&config, text).unwrap();
        let key = self.place.member(member, "tokens.key");
        std::fs::write(&key, "5a".repeat(32)).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    async fn publish_for_harbin(&self) {
        let node = self.beside("harbin").await;
        let own = Methodology {
            methodology: HARBIN_METRO.parse().unwrap(),
            region: "230100".parse().unwrap(),
            ..methodology()
        };
        let id = node.publish_methodology(Staffed::default(), own).await.unwrap();
        let answer = node.wait_for(id, Duration::from_secs(30)).await.unwrap();
        assert!(answer.outcome.is_some(), "{answer:?}");
    }
}

impl Platform {
    /// Waits until an issuance is in this state at the node.
    pub async fn until_issuance(&self, id: MessageId, state: &str) -> Value {
        until(&format!("issuance {id} is {state}"), async || {
            match self
                .try_ask(Method::GET, &format!("/api/v1/issuances/{id}"), None)
                .await?
            {
                Ok(found) => {
                    // Once it is in the outbox, the hub's word on it says why it waits.
                    let message = self
                        .try_ask(Method::GET, &format!("/api/v1/messages/{id}"), None)
                        .await?;
                    let seen = format!("{} {} {message:?}", found["state"], found["tokens"]);
                    when(found["state"] == state, seen).map(|()| found)
                }
                Err(problem) => Err(problem.to_string()),
            }
        })
        .await
    }

    /// Waits until so many conflicts are open at the node.
    pub async fn until_conflicts(&self, count: usize) -> Vec<Value> {
        until(&format!("{count} conflicts are open"), async || {
            let found = self.get("/api/v1/conflicts?state=open").await;
            let items = found["items"].as_array().unwrap().clone();
            when(items.len() == count, &found).map(|()| items)
        })
        .await
    }
}
