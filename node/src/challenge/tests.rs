//! A node is asked for a sample of what it issued, on both databases: what it seals is opened with the mailbox's key and judged
//! as the regulator does.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::cms::CmsContentInfo;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};
use tanqiao_protocol::challenge::{Answer, Report, judge, read};
use tanqiao_protocol::fingerprint::{
    Epoch, StreamRecord, StreamSums, Token, TokenEntry, TokenKind, TokenSuite, encode,
};
use tanqiao_protocol::message::{Action, Message};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use super::*;
use crate::config::Config;
use crate::exchange::tests::{START_US, config, message_id, node_with};
use crate::import::tests::{import, ride};
use crate::issuing::{IssuingRequest, Streams, issue};
use crate::store::rows::SubjectRow;
use crate::store::test_databases::{TestDatabase, databases};

const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place\n";

struct Mailbox {
    key: PKey<Private>,
    certificate: X509,
}

impl Mailbox {
    fn with(key: PKey<Private>) -> Self {
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "mailbox of a test").unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder
            .set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap())
            .unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Self {
            key,
            certificate: builder.build(),
        }
    }

    fn elliptic() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self::with(PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap())
    }

    fn rsa() -> Self {
        Self::with(PKey::from_rsa(Rsa::generate(2_048).unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    fn open(&self, sealed: &[u8]) -> Vec<u8> {
        let cms = CmsContentInfo::from_der(sealed).unwrap();
        cms.decrypt(&self.key, &self.certificate).unwrap()
    }
}

/// A hub that knows of nothing but challenges.
type Challenges = Arc<Mutex<Vec<ChallengeView>>>;

fn serve(challenges: &Challenges) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let shown = Arc::clone(challenges);
    let server = HttpServer::new(move || {
        let shown = Arc::clone(&shown);
        App::new().route(
            "/v1/challenges",
            web::get().to(move || {
                let items = shown.lock().unwrap().clone();
                async move { HttpResponse::Ok().json(serde_json::json!({ "items": items })) }
            }),
        )
    });
    tokio::spawn(server.workers(1).listen(listener).unwrap().run());
    base
}

struct Story {
    node: Node,
    header: Issuance,
    challenges: Challenges,
    folder: tempfile::TempDir,
}

impl Story {
    /// Forty rides of five holders, issued.
    async fn begin(database: &TestDatabase, change: impl FnOnce(&mut Config, PathBuf)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let challenges = Challenges::default();
        let mut config = config();
        config.subjects.key = folder.path().join("subject.key");
        change(&mut config, folder.path().join("mailbox.pem"));
        let node = node_with(database, &serve(&challenges), config);
        node.subjects().prepare(node.store()).unwrap();
        let rides: Vec<String> = (1..=40).map(|n| ride(n, n % 5 + 1, "10", 2025)).collect();
        import(node.store(), &format!("{HEADER}{}", rides.concat()));
        let request: IssuingRequest = serde_json::from_value(serde_json::json!({
            "id": message_id(1), "methodology": "CN-4201-metro.v1", "region_of_act": "420100", "vintage": 2025,
            "rights_basis": "transferred-by-holders", "local_reference": "wh-1",
            "verification": {"body": "Example Verification Body", "report_sha256": "00".repeat(32),
                "verified_at": "2026-01-31T00:00:00Z"}
        }))
        .unwrap();
        let issued = issue(&node, request).await.unwrap();
        let header = serde_json::from_value(node.dealing(issued.issuance).await.unwrap().content).unwrap();
        Self {
            node,
            header,
            challenges,
            folder,
        }
    }

    fn mailbox_file(&self, pem: &str) -> PathBuf {
        let file = self.folder.path().join("mailbox.pem");
        std::fs::write(&file, pem).unwrap();
        file
    }

    fn ask(&self, n: u64, sample: u32, mailbox_pem: &str) -> ChallengeView {
        let (challenge, beacon) = (message_id(100 + n), Sha256::of(b"chain"));
        let view = ChallengeView {
            challenge,
            state: ChallengeState::Opened,
            member: "wuhan".parse().unwrap(),
            issuance: message_id(1),
            positions: draw(challenge, &beacon, sample, self.header.activity_count),
            beacon,
            opened_at: Timestamp::from_micros(START_US),
            answer_until: Timestamp::from_micros(START_US + 14 * DAY_US),
            mailbox_pem: mailbox_pem.to_owned(),
            answered_at: None,
            sealed_sha256: None,
            ended_at: None,
            notes: None,
            log_index: 0,
        };
        self.challenges.lock().unwrap().push(view.clone());
        view
    }

    /// What waits in the outbox as the answer to a challenge.
    async fn answer(&self, challenge: &ChallengeView) -> Option<ChallengeAnswer> {
        let id = answer_id(challenge).to_string();
        let row = self.node.read(move |tx| Ok(tx.outbox(&id)?)).await.unwrap()?;
        assert_eq!(row.action, Action::ChallengeAnswer.code());
        let message: Message<ChallengeAnswer> = serde_json::from_str(&row.payload).unwrap();
        Some(message.content)
    }

    async fn opened(&self, challenge: &ChallengeView, mailbox: &Mailbox) -> (Report, Answer) {
        let content = self.answer(challenge).await.unwrap();
        let sealed = STANDARD.decode(&content.sealed).unwrap();
        assert_eq!(content.sealed_sha256, Sha256::of(&sealed));
        let answer = read(&mailbox.open(&sealed)).unwrap();
        (judge(challenge, &self.header, &answer), answer)
    }
}

#[tokio::test]
async fn a_sample_is_shown_by_itself_and_opens_with_the_mailboxes_key_only() {
    for mailbox in [Mailbox::elliptic(), Mailbox::rsa()] {
        for database in databases() {
            let story = Story::begin(&database, |config, file| config.challenges.mailbox = Some(file)).await;
            story.mailbox_file(&mailbox.pem());
            let asked = story.ask(1, 7, &mailbox.pem());
            assert_eq!(answer_waiting(&story.node).await.unwrap(), 1);
            assert_eq!(answer_waiting(&story.node).await.unwrap(), 0, "once");
            let (report, answer) = story.opened(&asked, &mailbox).await;
            assert!(report.passed, "{report:?}");
            assert_eq!((report.records.len(), answer.records.len()), (7, 7));
            // What the hub carries shows nothing of a record.
            let sealed = story.answer(&asked).await.unwrap().sealed;
            let sealed = STANDARD.decode(sealed).unwrap();
            assert!(!sealed.windows(6).any(|some| some == b"holder" || some == b"record"));
            assert!(
                CmsContentInfo::from_der(&sealed)
                    .unwrap()
                    .decrypt(&Mailbox::elliptic().key, &Mailbox::elliptic().certificate)
                    .is_err()
            );
            let all = story.ask(2, 1_000, &mailbox.pem());
            assert_eq!(answer_waiting(&story.node).await.unwrap(), 1);
            assert_eq!(story.opened(&all, &mailbox).await.0.sample_g, story.header.quantity_g);
        }
    }
}

#[tokio::test]
async fn the_identifier_that_the_node_has_is_shown_to_the_regulator() {
    for database in databases() {
        let mailbox = Mailbox::elliptic();
        let story = Story::begin(&database, |config, file| config.challenges.mailbox = Some(file)).await;
        story.mailbox_file(&mailbox.pem());
        let subjects = story.node.subjects().clone();
        let row = SubjectRow {
            account: "holder-000002".into(),
            sealed: subjects.seal("holder-000002", "19900000000").unwrap(),
            learned_at: 1,
        };
        let rows = vec![row];
        story
            .node
            .write(move |tx| Ok(tx.insert_subjects(&rows)?))
            .await
            .unwrap();
        let asked = story.ask(1, 40, &mailbox.pem());
        answer_waiting(&story.node).await.unwrap();
        let (report, answer) = story.opened(&asked, &mailbox).await;
        assert_eq!((report.passed, report.with_subject), (true, 8));
        let known = |r: &&tanqiao_protocol::challenge::RevealedRecord| r.subject.as_deref() == Some("19900000000");
        assert!(
            answer
                .records
                .iter()
                .filter(known)
                .all(|r| r.record.contains("holder-000002"))
        );
    }
}

#[tokio::test]
async fn a_mailbox_that_only_the_hub_names_gets_nothing_until_a_person_says_whose_it_is() {
    for database in databases() {
        let (mailbox, other) = (Mailbox::elliptic(), Mailbox::elliptic());
        let story = Story::begin(&database, |_, _| {}).await;
        let asked = story.ask(1, 3, &mailbox.pem());
        assert_eq!(answer_waiting(&story.node).await.unwrap(), 0);
        let shown = list(&story.node).await.unwrap();
        assert!(shown[0].waits.as_ref().unwrap().contains("challenges.mailbox"));
        let by = Staffed::default;
        let refused = answer_one(&story.node, by(), asked.challenge, None).await.unwrap_err();
        assert_eq!(refused.code(), "mailbox");
        let wrong = story.mailbox_file(&other.pem());
        let refused = answer_one(&story.node, by(), asked.challenge, Some(&wrong))
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("another mailbox"), "{refused}");
        assert!(story.answer(&asked).await.is_none());
        let right = story.mailbox_file(&mailbox.pem());
        let id = answer_one(&story.node, by(), asked.challenge, Some(&right))
            .await
            .unwrap();
        assert_eq!(
            answer_one(&story.node, by(), asked.challenge, None).await.unwrap(),
            id,
            "the same again"
        );
        assert!(story.opened(&asked, &mailbox).await.0.passed);
        assert_eq!(list(&story.node).await.unwrap()[0].answer, Some(id));
    }
}

#[tokio::test]
async fn a_node_that_shall_not_answer_by_itself_waits_for_a_person() {
    for database in databases() {
        let mailbox = Mailbox::elliptic();
        let story = Story::begin(&database, |config, file| {
            config.challenges.mailbox = Some(file);
            config.challenges.answer = false;
        })
        .await;
        story.mailbox_file(&mailbox.pem());
        let asked = story.ask(1, 3, &mailbox.pem());
        assert_eq!(answer_waiting(&story.node).await.unwrap(), 0);
        assert!(
            list(&story.node).await.unwrap()[0]
                .waits
                .as_ref()
                .unwrap()
                .contains("challenges.answer")
        );
        answer_one(&story.node, Staffed::default(), asked.challenge, None)
            .await
            .unwrap();
        assert!(story.opened(&asked, &mailbox).await.0.passed);
    }
}

#[tokio::test]
async fn chosen_positions_unknown_issuances_and_lost_records_show_nothing() {
    for database in databases() {
        let mailbox = Mailbox::elliptic();
        let story = Story::begin(&database, |config, file| config.challenges.mailbox = Some(file)).await;
        story.mailbox_file(&mailbox.pem());
        let chosen = story.ask(1, 3, &mailbox.pem());
        let unknown = story.ask(2, 3, &mailbox.pem());
        {
            let mut challenges = story.challenges.lock().unwrap();
            challenges[0].positions = vec![1, 2, 3];
            challenges[1].issuance = message_id(9);
        }
        assert_eq!(answer_waiting(&story.node).await.unwrap(), 0);
        let refused = |id| answer_one(&story.node, Staffed::default(), id, None);
        assert_eq!(refused(chosen.challenge).await.unwrap_err().code(), "positions");
        assert_eq!(refused(unknown.challenge).await.unwrap_err().code(), "no-records");
        assert_eq!(refused(message_id(77)).await.unwrap_err().code(), "not-found");
        let name = message_id(1).to_string();
        story
            .node
            .write(move |tx| Ok(tx.delete_activity_issuance(&name).map(drop)?))
            .await
            .unwrap();
        let lost = story.ask(3, 3, &mailbox.pem());
        assert_eq!(refused(lost.challenge).await.unwrap_err().code(), "no-records");
    }
}

#[tokio::test]
async fn the_tokens_of_each_record_are_shown_with_their_proofs_or_nothing_is() {
    for database in databases() {
        let story = Story::begin(&database, |_, _| {}).await;
        let asked = story.ask(1, 7, &Mailbox::elliptic().pem());
        let (mut bytes, mut sums) = (Vec::new(), StreamSums::default());
        for index in 0..story.header.activity_count {
            let token = TokenEntry {
                kind: TokenKind::Record,
                epoch: Epoch::from_number(304).unwrap(),
                token: Token([u8::try_from(index).unwrap(); 16]),
            };
            let record = StreamRecord {
                index,
                grams: Grams::new(784).unwrap(),
                tokens: vec![token],
            };
            let before = bytes.len();
            encode(&record, &mut bytes);
            assert!(sums.add(&record, &bytes[before..]));
        }
        let commitment = sums.commitment(TokenSuite::Voprf).unwrap();
        let streams = Streams::in_folder(story.folder.path());
        let file = streams.whole(&asked.issuance.to_string());
        std::fs::write(&file, &bytes).unwrap();
        let (subjects, sought, root) = (story.node.subjects().clone(), asked.clone(), story.header.records_root);
        let gathered = story
            .node
            .read(move |tx| records::gather(tx, &subjects, &sought, root))
            .await;
        let mut shown = gathered.unwrap();
        records::add_tokens(&streams, &asked, &commitment, &mut shown).unwrap();
        let header = Issuance {
            tokens: Some(commitment.clone()),
            ..story.header.clone()
        };
        let report = judge(&asked, &header, &read(&write(&asked, &shown).unwrap()).unwrap());
        assert!(report.passed, "{report:?}");
        for wrong in [&bytes[..bytes.len() - 1], &bytes[32..], b""] {
            std::fs::write(&file, wrong).unwrap();
            let refused = records::add_tokens(&streams, &asked, &commitment, &mut shown).unwrap_err();
            assert_eq!(refused.code(), "no-records");
        }
    }
}
