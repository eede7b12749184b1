//! The regulator asks to see a sample of what was issued: drawn by the log, shown by the node that issued it to a mailbox that the hub
//! cannot read, judged where the mailbox's key is; and what becomes of a record that was changed, and of an answer that comes too late.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::X509;
use serde_json::{Value, json};
use tanqiao_hub::ledger::sequencer::{Sequencer, SequencerOptions};
use tanqiao_hub::serve::{new_id, sweep_command};
use tanqiao_protocol::challenge::{ChallengeAnswer, ChallengeFile, ChallengeView, read, write};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_tests::founding::{MEMBERS, OFFICERS};
use tanqiao_tests::patience::{until, when};
use tanqiao_tests::platform::{issuing, rides};
use tanqiao_tests::program::{self, Answer, HUB};
use tanqiao_tests::{Federation, Kind, Plan, Refused as _};

use crate::told_on_both;

told_on_both!(
    a_sample_is_shown_to_the_regulator_and_to_nobody_else,
    a_record_that_was_changed_is_found_and_an_answer_that_is_late_does_not_count,
);

/// Rides that Wuhan issues.
const RIDES: u32 = 20;

/// A federation in which Wuhan has issued its rides and knows the regulator's mailbox; the regulator's files are in a folder of their own.
struct Audit {
    federation: Federation,
    issuance: MessageId,
    folder: PathBuf,
}

impl Audit {
    async fn begin(kind: Kind) -> Self {
        let mut federation = Federation::with_hub(Plan::on(kind)).await;
        let folder = federation.place.member("regulator", "");
        std::fs::create_dir_all(&folder).unwrap();
        let mailbox = rcgen::generate_simple_self_signed(["mailbox".to_owned()]).unwrap();
        std::fs::write(folder.join("mailbox.pem"), mailbox.cert.pem()).unwrap();
        std::fs::write(folder.join("mailbox.key"), mailbox.signing_key.serialize_pem()).unwrap();
        for (member, region) in MEMBERS {
            federation.seat(member, region);
            let config = federation.place.member(member, "node.toml");
            let mut text = std::fs::read_to_string(&config).unwrap();
            text.push_str("[challenges]\nmailbox = \"../regulator/mailbox.pem\"\n");
            std::fs::write(&config, text).unwrap();
            federation.start_node(member).await;
        }
        let (wuhan, issuance) = (federation.platform("wuhan"), new_id());
        wuhan.import(&rides("first", RIDES.into())).await;
        let order = wuhan.order("/api/v1/issuances?wait_s=30", &issuing(issuance)).await;
        order.unwrap();
        federation.in_step().await;
        Self {
            federation,
            issuance,
            folder,
        }
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// An officer has a sample drawn; what the hub shows of it.
    async fn draw(&self, count: u32) -> ChallengeView {
        let (issuance, count, mailbox) = (self.issuance.to_string(), count.to_string(), self.file("mailbox.pem"));
        let draw = [
            "challenge",
            "draw",
            &issuance,
            "--count",
            &count,
            "--days",
            "1",
            "--mailbox",
            &mailbox,
        ];
        self.federation.decided_by(&OFFICERS[..1], &draw).await.done();
        self.challenges().await.pop().unwrap()
    }

    async fn challenges(&self) -> Vec<ChallengeView> {
        let listed = self.admin(&["challenge", "list"]).await.done();
        serde_json::from_value(listed).unwrap()
    }

    /// A command that needs no officer.
    async fn admin(&self, arguments: &[&str]) -> Answer {
        let config = self.federation.place.hub("hub.toml").display().to_string();
        program::run(HUB, &[&["--config", config.as_str(), "admin"][..], arguments].concat()).await
    }

    async fn state(&self, challenge: &ChallengeView) -> String {
        let found = self.challenges().await;
        let found = found.into_iter().find(|one| one.challenge == challenge.challenge);
        found.unwrap().state.to_string()
    }

    async fn until(&self, challenge: &ChallengeView, state: &str) {
        until(&format!("challenge {} is {state}", challenge.challenge), async || {
            let found = self.state(challenge).await;
            when(found == state, &found)
        })
        .await;
    }

    /// Fetches the answer and opens it with the mailbox's key: exit status, report, and the file of the opened records.
    async fn open(&self, challenge: &ChallengeView) -> (Answer, String) {
        let id = challenge.challenge.to_string();
        let (file, records) = (self.file(&format!("{id}.json")), self.file(&format!("{id}.jsonl")));
        self.admin(&["challenge", "fetch", &id, &file]).await.done();
        let key = self.file("mailbox.key");
        let opened = ["challenge", "open", &file, "--key", &key, "--records", &records];
        (self.admin(&opened).await, records)
    }

    async fn record(&self, challenge: &ChallengeView, verdict: &str, notes: &str) -> Answer {
        let id = challenge.challenge.to_string();
        let record = ["challenge", "record", &id, "--verdict", verdict, "--notes", notes];
        self.federation.decided_by(&OFFICERS[..1], &record).await
    }

    /// What Wuhan's node says of a challenge.
    async fn told(&self, challenge: &ChallengeView) -> Value {
        let listed = self.federation.staff("wuhan", &["challenge", "list"]).await.done();
        let all = listed["items"].as_array().unwrap().clone();
        let id = json!(challenge.challenge);
        all.into_iter().find(|one| one["challenge"] == id).unwrap()
    }

    /// Seals lines to the mailbox and signs them as Wuhan, without Wuhan's node.
    fn sealed(&self, challenge: &ChallengeView, plain: &[u8]) -> ChallengeAnswer {
        let certificate = X509::from_pem(&std::fs::read(self.file("mailbox.pem")).unwrap()).unwrap();
        let mut to = Stack::new().unwrap();
        to.push(certificate).unwrap();
        let sealed = CmsContentInfo::encrypt(&to, plain, Cipher::aes_256_gcm(), CMSOptions::BINARY);
        let sealed = sealed.unwrap().to_der().unwrap();
        ChallengeAnswer {
            challenge: challenge.challenge,
            sealed_sha256: Sha256::of(&sealed),
            sealed_bytes: sealed.len() as u64,
            sealed: STANDARD.encode(&sealed),
        }
    }

    /// The hub's clock passes the deadline: a process of the hub decides what is due then.
    async fn let_time_pass(&mut self, challenge: &ChallengeView) {
        self.federation.stop_hub().await;
        let late = challenge.answer_until.plus_micros(1);
        let sweep = move |database: &tanqiao_hub::store::database::Database| {
            let options = SequencerOptions {
                clock: Arc::new(move || late),
                compare_clocks: false,
                ..SequencerOptions::default()
            };
            let sequencer = Sequencer::start(database.clone(), options).unwrap();
            let mut answers = sequencer.submit_blocking(vec![sweep_command()]).unwrap();
            answers.remove(0).result.unwrap();
            sequencer.stop();
        };
        self.federation.ledger.with(sweep).await;
        self.federation.start_hub().await;
    }
}

async fn a_sample_is_shown_to_the_regulator_and_to_nobody_else(kind: Kind) {
    let audit = Audit::begin(kind).await;
    let challenge = audit.draw(7).await;
    assert_eq!(challenge.positions.len(), 7);
    audit.until(&challenge, "answered").await;
    let (opened, records) = audit.open(&challenge).await;
    let report = opened.done();
    assert_eq!(
        (&report["passed"], &report["sample_g"]),
        (&json!(true), &json!(7 * 5_000))
    );

    // The records are those of the platform.
    let answer = read(&std::fs::read(&records).unwrap()).unwrap();
    let shown: Vec<u32> = answer.records.iter().map(|record| record.position).collect();
    assert_eq!(shown, challenge.positions);
    assert!(
        answer
            .records
            .iter()
            .all(|one| one.record.contains("\"record_id\":\"first-"))
    );
    // What the hub keeps shows nothing of them.
    let fetched = std::fs::read_to_string(audit.file(&format!("{}.json", challenge.challenge))).unwrap();
    let sealed = STANDARD
        .decode(&serde_json::from_str::<ChallengeFile>(&fetched).unwrap().sealed)
        .unwrap();
    assert!(!fetched.contains("first-") && !sealed.windows(6).any(|bytes| bytes == b"first-"));

    audit
        .record(&challenge, "passed", "all seven agree with the gates")
        .await
        .done();
    assert_eq!(audit.state(&challenge).await, "passed");
    audit.federation.in_step().await;
    let told = audit.told(&challenge).await;
    assert_eq!(
        (&told["state"], &told["notes"]),
        (&json!("passed"), &json!("all seven agree with the gates"))
    );
    audit.federation.reckon().await;
}

async fn a_record_that_was_changed_is_found_and_an_answer_that_is_late_does_not_count(kind: Kind) {
    let mut audit = Audit::begin(kind).await;
    let all = audit.draw(RIDES).await;
    audit.until(&all, "answered").await;
    let (opened, records) = audit.open(&all).await;
    opened.done();
    let mut answer = read(&std::fs::read(&records).unwrap()).unwrap();

    // Asked again, Wuhan shows one ride longer than it was when it was issued.
    audit.federation.stop_node("wuhan").await;
    let second = audit.draw(RIDES).await;
    assert_ne!(second.beacon, all.beacon);
    let changed = &mut answer.records[11];
    let longer = changed.record.replace("\"quantity\":\"50\"", "\"quantity\":\"60\"");
    assert_ne!(longer, changed.record);
    changed.record = longer;
    let forged = audit.sealed(&second, &write(&second, &answer.records).unwrap());
    audit.federation.member("wuhan").done(forged).await;
    let (opened, _) = audit.open(&second).await;
    assert_eq!(opened.status, Some(1), "{}", opened.json);
    let wrong: Vec<&Value> = opened.json["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["ok"] == false)
        .collect();
    assert_eq!(wrong.len(), 1, "{}", opened.json);
    assert_eq!(
        (&wrong[0]["position"], &wrong[0]["findings"]),
        (
            &json!(11),
            &json!(["it is not the record that was committed to at this position"])
        )
    );
    audit
        .record(&second, "failed", "position 11 is not what was issued")
        .await
        .done();

    // The third time nobody answers until it is too late.
    let third = audit.draw(5).await;
    let early = audit.record(&third, "unanswered", "nothing came").await;
    assert_eq!(early.status, Some(1), "the member may still answer: {}", early.json);
    audit.let_time_pass(&third).await;
    let late = audit.sealed(&third, &write(&third, &answer.records[..5]).unwrap());
    let wuhan = audit.federation.member("wuhan");
    let refused = wuhan.tell(&wuhan.say(late).1).await;
    refused.refused_by("G05");
    assert_eq!(audit.state(&third).await, "unanswered");
    audit.federation.start_node("wuhan").await;
    audit.federation.in_step().await;
    for (challenge, state) in [(&all, "answered"), (&second, "failed"), (&third, "unanswered")] {
        assert_eq!(audit.told(challenge).await["state"], state);
    }
    audit.federation.reckon().await;
}
