use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{Content, Message, PledgeConsent, PledgeDecision, PledgeRelease};
use tanqiao_protocol::signing::{Algorithm, SigningKey};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::KeyStatus;

use super::*;
use crate::ledger::objects::Key;

const NOW: i64 = 1_780_272_000_000_000;

struct Spoken {
    keys: Vec<(&'static str, SigningKey, KeyStatus)>,
}

impl Spoken {
    fn new() -> Self {
        let key = || SigningKey::generate(Algorithm::Ed25519).unwrap();
        Self {
            keys: vec![
                ("wuhan", key(), KeyStatus::Active),
                ("bank", key(), KeyStatus::Active),
                ("bank", key(), KeyStatus::Retired),
            ],
        }
    }

    fn reception(&self, place: Place) -> Reception {
        let mut governance = Governance::default();
        for (member, key, status) in &self.keys {
            let member = member.parse().unwrap();
            let entry = Key {
                member,
                key: key.verifying_key().clone(),
                status: *status,
                first_index: None,
                last_index: None,
                distrusted_from: None,
            };
            governance.keys.insert(key.id(), entry);
        }
        Reception {
            trust_domain: "tanqiao.test".parse().unwrap(),
            governance: Arc::new(governance),
            caller: "wuhan".parse().unwrap(),
            now: Timestamp::from_micros(NOW),
            place,
        }
    }

    fn sign<C: Content>(&self, key: usize, content: C) -> Envelope {
        let at = Timestamp::from_micros(NOW);
        let (member, key, _) = &self.keys[key];
        let message = Message {
            trust_domain: "tanqiao.test".parse().unwrap(),
            member: member.parse().unwrap(),
            protocol: 1,
            id: MessageId::from_parts(at, &[1; 10]),
            issued_at: at,
            not_after: at.plus_micros(DAY_US),
            staff: None,
            content,
        };
        Envelope::sign(&C::ACTION.payload_type(), serde_json::to_vec(&message).unwrap(), key).unwrap()
    }

    fn release(&self, consenting: usize) -> Option<NodeId> {
        let pledge = MessageId::from_parts(Timestamp::from_micros(NOW), &[2; 10]);
        let consent = self.sign(
            consenting,
            PledgeConsent {
                pledge,
                decision: PledgeDecision::Release,
            },
        );
        let release = self.sign(0, PledgeRelease { pledge, consent });
        let received = self
            .reception(Place::any())
            .receive(&release.to_json().unwrap())
            .unwrap();
        assert!(received.single);
        let Some(Item::Command(command)) = received.items.into_iter().next() else {
            panic!("the release itself is good")
        };
        match command.body {
            Body::PledgeRelease(_, consent) => consent.map(|consent| consent.by),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_pledgee_consents_with_an_active_key_of_its_own() {
    let spoken = Spoken::new();
    assert_eq!(spoken.release(1), Some("bank".parse().unwrap()));
    assert_eq!(spoken.release(2), None, "a retired key does not count");
    // The debtor's own word is found good, and is the ledger's to refuse: it is not the pledgee's.
    assert_eq!(spoken.release(0), Some("wuhan".parse().unwrap()));
}

#[test]
fn a_retired_key_is_told_apart_from_an_unknown_one() {
    let mut spoken = Spoken::new();
    let pledge = MessageId::from_parts(Timestamp::from_micros(NOW), &[2; 10]);
    let body = |spoken: &Spoken| {
        let withdrawal = tanqiao_protocol::message::TransferDecline {
            transfer: pledge,
            reason: "no".to_owned(),
        };
        spoken.sign(0, withdrawal).to_json().unwrap()
    };
    let check = |spoken: &Spoken, body: &[u8]| {
        let received = spoken.reception(Place::any()).receive(body).unwrap();
        match received.items.into_iter().next() {
            Some(Item::Refused { problem, .. }) => problem.check.map(|check| check.to_string()),
            _ => None,
        }
    };
    let signed = body(&spoken);
    assert_eq!(check(&spoken, &signed), None);
    spoken.keys[0].2 = KeyStatus::Retired;
    assert_eq!(check(&spoken, &signed).as_deref(), Some("M06"));
    spoken.keys.remove(0);
    assert_eq!(check(&spoken, &signed).as_deref(), Some("M05"));
}

#[test]
fn many_envelopes_are_answered_in_their_order() {
    let spoken = Spoken::new();
    let pledge = MessageId::from_parts(Timestamp::from_micros(NOW), &[2; 10]);
    let envelopes: Vec<serde_json::Value> = (0..200)
        .map(|n| {
            let content = tanqiao_protocol::message::TransferDecline {
                transfer: pledge,
                reason: format!("{n}"),
            };
            serde_json::to_value(spoken.sign(usize::from(n % 3 == 0), content)).unwrap()
        })
        .collect();
    let body = serde_json::to_vec(&serde_json::json!({ "envelopes": envelopes })).unwrap();
    let received = spoken
        .reception(Place::of(Action::TransferDecline))
        .receive(&body)
        .unwrap();
    assert!(!received.single && received.items.len() == 200);
    for (n, item) in received.items.iter().enumerate() {
        match item {
            Item::Command(command) => {
                assert!(n % 3 != 0 && matches!(&command.body, Body::TransferDecline(c) if c.reason == n.to_string()));
            }
            Item::Refused { problem, .. } => assert!(n % 3 == 0 && problem.code == "not-yours"),
        }
    }
}
