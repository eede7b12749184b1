//! A member's witness that cosigns the log over the member's own connection, without a node.

use reqwest::Response;
use tanqiao_protocol::log::checkpoint::Head;
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::witness::{AddCheckpoint, Verdict, judge};
use tanqiao_protocol::message::WitnessKey;
use tanqiao_protocol::signing::{Algorithm, NoteKey, NoteKind, SigningKey};
use tanqiao_protocol::view::{CosignatureTaken, Outcome};

use crate::content::{TRUST_DOMAIN, now};
use crate::member::Member;

/// A member's witness.
#[derive(Debug)]
pub struct Witness {
    /// The member.
    pub member: Member,
    /// Its witness's verifier key.
    pub key: NoteKey,
    /// What it has cosigned last.
    pub last: Option<Head>,
    secret: SigningKey,
}

impl Witness {
    /// A witness with a new key.
    #[must_use]
    pub fn of(member: Member) -> Self {
        let secret = SigningKey::generate(Algorithm::Ed25519).unwrap();
        let name = format!("{TRUST_DOMAIN}/witness/{}", member.id);
        let key = NoteKey::of_kind(&name, NoteKind::Cosignature, secret.verifying_key().clone());
        Self {
            member,
            key: key.unwrap(),
            last: None,
            secret,
        }
    }

    /// Proposes its key to the officers.
    pub async fn propose(&self) -> Outcome {
        let witness_key = self.key.clone();
        self.member.done(WitnessKey { witness_key }).await
    }

    /// What the hub asks it to cosign after so many leaves, once there is something or the time is over.
    pub async fn asked(&self, old: u64, wait_s: u32) -> AddCheckpoint {
        let path = format!("/v1/log/pending?old={old}&wait={wait_s}");
        let response = self.member.ask(&path).await.unwrap();
        let status = response.status();
        let bytes = response.bytes().await.unwrap();
        assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&bytes));
        AddCheckpoint::parse(&bytes).unwrap()
    }

    /// A note with its cosignature of now.
    #[must_use]
    pub fn cosigned(&self, note: &Note) -> String {
        let at = u64::try_from(now().micros() / 1_000_000).unwrap();
        let line = SignatureLine::cosign(note.text(), &self.key, &self.secret, at).unwrap();
        let mut cosigned = Note::unsigned(note.text()).unwrap();
        cosigned.add(line).unwrap();
        cosigned.to_string()
    }

    /// Sends a cosignature.
    pub async fn send(&self, note: String) -> Response {
        let request = self
            .member
            .http
            .post(format!("{}/v1/log/cosignatures", self.member.base));
        let request = request.header("content-type", "text/plain").body(note);
        request.send().await.unwrap()
    }

    /// Cosigns what it is asked, after it has checked that this continues what it has cosigned last.
    pub async fn cosign(&mut self, log: &NoteKey) -> CosignatureTaken {
        let asked = self.asked(self.last.map_or(0, |head| head.size), 30).await;
        let verdict = judge(self.last, &asked, log);
        let Verdict::Sign(head) = verdict else {
            panic!("{verdict:?}: {asked}");
        };
        self.last = Some(head);
        let response = self.send(self.cosigned(asked.note())).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}
