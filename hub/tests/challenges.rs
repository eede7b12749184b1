//! Challenge audits: drawn by nobody's choice, answered in time by the member that was asked, opened where the key is, recorded,
//! and forgotten. On both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::{X509, X509NameBuilder};
use support::terminal::Desk;
use support::{Federation, Refused, grams, id_of, issuance, node, on_each_database};
use tanqiao_hub::api::views;
use tanqiao_hub::ledger::command::{Body, Command, Decision, OpenChallenge, Origin};
use tanqiao_hub::store::challenges::{SEALED_DAYS, forget_sealed};
use tanqiao_hub::store::read::challenges;
use tanqiao_hub::store::read::dealings::{self, Window};
use tanqiao_protocol::challenge::{
    ChallengeAnswer, ChallengeFile, ChallengeState, ChallengeView, RevealedRecord, draw, path_text, write,
};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::merkle::ProofBuilder;
use tanqiao_protocol::message::Message;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::view::{MemberKind, Outcome};

const DAY: i64 = 86_400;
const COUNT: u32 = 200;

/// The regulator's mailbox.
struct Mailbox {
    key: PKey<Private>,
    certificate: X509,
}

impl Mailbox {
    fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
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

    fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let mut to = Stack::new().unwrap();
        to.push(self.certificate.clone()).unwrap();
        let cms = CmsContentInfo::encrypt(&to, plain, Cipher::aes_256_gcm(), CMSOptions::BINARY).unwrap();
        cms.to_der().unwrap()
    }
}

fn record(position: u32) -> String {
    format!(
        r#"{{"account":"h:{position}","ended_at":"2025-03-05T01:00:00Z","methodology":"wuhan-metro.v1","place":"420106","quantity":"1.5","record_id":"r-{position}","reduction_g":10,"source":"metro","started_at":"2025-03-05T00:00:00Z","unit":"km"}}"#
    )
}

fn proofs(positions: &[u32]) -> (Sha256, Vec<(u64, Vec<Sha256>)>) {
    let mut proofs = ProofBuilder::new(positions.iter().map(|p| u64::from(*p)).collect());
    for position in 0..COUNT {
        proofs.add(record(position).as_bytes());
    }
    proofs.finish()
}

/// What the member shows.
fn records(challenge: &ChallengeView) -> Vec<RevealedRecord> {
    let shown = proofs(&challenge.positions).1.into_iter().map(|(position, path)| {
        let position = u32::try_from(position).unwrap();
        RevealedRecord {
            position,
            record: record(position),
            salt: None,
            path: path_text(&path),
            tokens: None,
            subject: None,
        }
    });
    shown.collect()
}

/// Wuhan issues 200 records of 10 g.
fn begin(f: &Federation) -> MessageId {
    for (member, region) in [("wuhan", "420100"), ("harbin", "230100")] {
        f.admit(member, region, MemberKind::Region);
        f.publish(member, region);
    }
    let id = f.new_id();
    let mut header = issuance("wuhan", "420100", i64::from(COUNT) * 10, id);
    header.activity_count = COUNT;
    header.records_root = proofs(&[]).0;
    f.ask(f.command("wuhan", id, Body::Issuance(Box::new(header))))
        .result
        .unwrap();
    id
}

fn open(
    f: &Federation,
    issuance: MessageId,
    mailbox: &Mailbox,
    change: impl FnOnce(&mut OpenChallenge),
) -> Result<Outcome, Problem> {
    let mut asked = OpenChallenge {
        issuance,
        count: 12,
        answer_days: 14,
        mailbox_pem: mailbox.pem(),
    };
    change(&mut asked);
    f.by_officers(&["first-officer"], Decision::Challenge(Box::new(asked)))
}

fn opened(f: &Federation, issuance: MessageId, mailbox: &Mailbox) -> ChallengeView {
    view(f, id_of(&open(f, issuance, mailbox, |_| {}).unwrap()))
}

fn view(f: &Federation, id: MessageId) -> ChallengeView {
    views::challenge(f.database.read(|c| challenges::challenge(c, id)).unwrap().unwrap())
}

fn content(challenge: &ChallengeView, sealed: &[u8]) -> ChallengeAnswer {
    ChallengeAnswer {
        challenge: challenge.challenge,
        sealed_sha256: Sha256::of(sealed),
        sealed_bytes: sealed.len() as u64,
        sealed: STANDARD.encode(sealed),
    }
}

/// A member's signed answer; the envelope's payload is the message, as intake hands it over.
fn answer_by(f: &Federation, member: &str, content: ChallengeAnswer) -> Result<Outcome, Problem> {
    f.ask(answer_command(f, member, content)).result
}

fn answer_command(f: &Federation, member: &str, content: ChallengeAnswer) -> Command {
    let id = f.new_id();
    let message = Message {
        trust_domain: "tanqiao.test".parse().unwrap(),
        member: node(member),
        protocol: 1,
        id,
        issued_at: f.now(),
        not_after: f.now().plus_micros(DAY * 1_000_000),
        staff: None,
        content: content.clone(),
    };
    let payload = serde_json::to_string(&message).unwrap();
    let mut command = f.command(member, id, Body::ChallengeAnswer(Box::new(content)));
    let sha256 = Sha256::of(payload.as_bytes());
    command.payload_sha256 = sha256;
    let Origin::Member(signed) = &mut command.origin else {
        panic!("a member's command");
    };
    signed.envelope = std::sync::Arc::new(tanqiao_hub::ledger::command::ReceivedEnvelope {
        sha256,
        payload_type: "application/vnd.tanqiao.challenge-answer.v1+json".to_owned(),
        payload: payload.clone().into_bytes(),
        signatures: "[]".to_owned(),
    });
    signed.payload = payload.into();
    command
}

fn sealed_answer(challenge: &ChallengeView, mailbox: &Mailbox) -> Vec<u8> {
    mailbox.seal(&write(challenge, &records(challenge)).unwrap())
}

fn result(f: &Federation, challenge: &ChallengeView, verdict: ChallengeState) -> Result<Outcome, Problem> {
    f.by_officers(
        &["first-officer"],
        Decision::RecordChallenge {
            challenge: challenge.challenge,
            verdict,
            notes: "compared with the meters".to_owned(),
        },
    )
}

/// What `admin challenge fetch` writes.
fn fetched(f: &Federation, id: MessageId) -> Option<ChallengeFile> {
    f.database
        .read(|c| {
            let challenge = challenges::challenge(c, id)?.unwrap();
            let sealed = challenges::sealed(c, &challenge)?;
            let header = dealings::issuance(c, challenge.issuance)?.unwrap().content;
            Ok(sealed.map(|sealed| ChallengeFile {
                challenge: views::challenge(challenge),
                header,
                sealed,
            }))
        })
        .unwrap()
}

#[test]
fn a_sample_is_drawn_by_the_log_and_answered_and_recorded() {
    on_each_database(|f| {
        let (mailbox, issuance) = (Mailbox::new(), begin(&f));
        let before = f.head();
        let challenge = opened(&f, issuance, &mailbox);
        assert_eq!(
            (challenge.state, challenge.positions.len()),
            (ChallengeState::Opened, 12)
        );
        assert_eq!(
            challenge.beacon.0.to_vec(),
            before.1,
            "the chain before the challenge's own leaf"
        );
        assert_eq!(
            challenge.positions,
            draw(challenge.challenge, &challenge.beacon, 12, COUNT)
        );
        assert_eq!(f.feed("wuhan").last().unwrap(), "challenge.opened");
        let sealed = sealed_answer(&challenge, &mailbox);
        answer_by(&f, "wuhan", content(&challenge, &sealed)).unwrap();
        assert_eq!(view(&f, challenge.challenge).sealed_sha256, Some(Sha256::of(&sealed)));
        let file = fetched(&f, challenge.challenge).unwrap();
        assert_eq!(STANDARD.decode(file.sealed).unwrap(), sealed);
        result(&f, &challenge, ChallengeState::Passed).unwrap();
        let ended = view(&f, challenge.challenge);
        assert_eq!(
            (ended.state, ended.notes.as_deref()),
            (ChallengeState::Passed, Some("compared with the meters"))
        );
        let told = f.feed("wuhan");
        assert_eq!(told[told.len() - 2..], ["challenge.answered", "challenge.passed"]);
        f.assert_sound();
    });
}

#[test]
fn two_challenges_of_one_batch_draw_different_samples() {
    on_each_database(|f| {
        let (mailbox, issuance) = (Mailbox::new(), begin(&f));
        let (one, two) = (opened(&f, issuance, &mailbox), opened(&f, issuance, &mailbox));
        assert_ne!(one.beacon, two.beacon);
        assert_ne!(one.positions, two.positions);
        let all = id_of(&open(&f, issuance, &mailbox, |c| c.count = 1_000).unwrap());
        assert_eq!(view(&f, all).positions, (0..COUNT).collect::<Vec<_>>());
    });
}

#[test]
fn nobody_else_answers_and_nobody_answers_twice_or_late() {
    on_each_database(|f| {
        let (mailbox, issuance) = (Mailbox::new(), begin(&f));
        let challenge = opened(&f, issuance, &mailbox);
        let sealed = sealed_answer(&challenge, &mailbox);
        answer_by(&f, "harbin", content(&challenge, &sealed)).refused_by("N05");
        result(&f, &challenge, ChallengeState::Passed).refused_by("G05");
        result(&f, &challenge, ChallengeState::Unanswered).refused_by("G05");
        answer_by(&f, "wuhan", content(&challenge, &sealed)).unwrap();
        answer_by(&f, "wuhan", content(&challenge, &sealed)).refused_by("G05");
        result(&f, &challenge, ChallengeState::Failed).unwrap();
        result(&f, &challenge, ChallengeState::Passed).refused_by("G05");

        let late = opened(&f, issuance, &mailbox);
        f.pass(14 * DAY);
        let sealed = sealed_answer(&late, &mailbox);
        answer_by(&f, "wuhan", content(&late, &sealed)).refused_by("G05");
        f.sweep();
        assert_eq!(view(&f, late.challenge).state, ChallengeState::Unanswered);
        assert_eq!(f.feed("wuhan").last().unwrap(), "challenge.unanswered");
        let size = f.head().0;
        f.sweep();
        assert_eq!(f.head().0, size, "once");
        answer_by(&f, "wuhan", content(&late, &sealed)).refused_by("G05");
        result(&f, &late, ChallengeState::Passed).refused_by("G05");
        f.assert_sound();
    });
}

#[test]
fn the_same_message_again_is_the_same_answer() {
    on_each_database(|f| {
        let (mailbox, issuance) = (Mailbox::new(), begin(&f));
        let challenge = opened(&f, issuance, &mailbox);
        let command = answer_command(&f, "wuhan", content(&challenge, &sealed_answer(&challenge, &mailbox)));
        let first = f.ask(command.clone());
        assert_eq!(
            first.result,
            f.ask(command).result,
            "a node that crashed sends it again"
        );
        assert!(first.result.is_ok());
    });
}

#[test]
fn bytes_that_are_not_those_that_were_signed_are_refused() {
    on_each_database(|f| {
        let (mailbox, issuance) = (Mailbox::new(), begin(&f));
        let challenge = opened(&f, issuance, &mailbox);
        let good = content(&challenge, &sealed_answer(&challenge, &mailbox));
        let refuse = |change: fn(&mut ChallengeAnswer)| {
            let mut other = good.clone();
            change(&mut other);
            answer_by(&f, "wuhan", other).refused_by("M02");
        };
        refuse(|c| c.sealed_sha256 = Sha256::of(b"another"));
        refuse(|c| c.sealed_bytes += 1);
        refuse(|c| c.sealed.insert(0, '?'));
        refuse(|c| {
            c.sealed = STANDARD.encode(b"no CMS");
            c.sealed_sha256 = Sha256::of(b"no CMS");
            c.sealed_bytes = 6;
        });
        let nowhere = ChallengeAnswer {
            challenge: f.new_id(),
            ..good.clone()
        };
        answer_by(&f, "wuhan", nowhere).refused_by("M02");
        answer_by(&f, "wuhan", good).unwrap();
    });
}

#[test]
fn officers_ask_for_what_there_is() {
    on_each_database(|f| {
        let (mailbox, issuance) = (Mailbox::new(), begin(&f));
        open(&f, issuance, &mailbox, |c| c.count = 0).refused_by("M02");
        open(&f, issuance, &mailbox, |c| c.count = 1_001).refused_by("M02");
        open(&f, issuance, &mailbox, |c| c.answer_days = 0).refused_by("M02");
        open(&f, issuance, &mailbox, |c| c.answer_days = 91).refused_by("M02");
        open(&f, issuance, &mailbox, |c| c.mailbox_pem = "somebody".to_owned()).refused_by("M02");
        open(&f, f.new_id(), &mailbox, |_| {}).refused_by("M02");
        let asked = OpenChallenge {
            issuance,
            count: 1,
            answer_days: 1,
            mailbox_pem: mailbox.pem(),
        };
        f.by_officers(&["organiser"], Decision::Challenge(Box::new(asked)))
            .refused_by("G02");
    });
}

#[test]
fn sealed_answers_are_forgotten_some_time_after_the_end() {
    on_each_database(|f| {
        let (mailbox, issuance) = (Mailbox::new(), begin(&f));
        let (ended, waiting) = (opened(&f, issuance, &mailbox), opened(&f, issuance, &mailbox));
        for challenge in [&ended, &waiting] {
            let sealed = sealed_answer(challenge, &mailbox);
            answer_by(&f, "wuhan", content(challenge, &sealed)).unwrap();
        }
        result(&f, &ended, ChallengeState::Passed).unwrap();
        let days = |days: i64| f.now().plus_micros(days * DAY * 1_000_000);
        assert_eq!(forget_sealed(&f.database, days(SEALED_DAYS - 1)).unwrap(), 0);
        assert!(fetched(&f, ended.challenge).is_some());
        assert_eq!(forget_sealed(&f.database, days(SEALED_DAYS + 1)).unwrap(), 1);
        assert_eq!(forget_sealed(&f.database, days(SEALED_DAYS + 1)).unwrap(), 0);
        assert!(fetched(&f, ended.challenge).is_none());
        assert!(fetched(&f, waiting.challenge).is_some(), "nobody has looked at it yet");
        let window = Window { after: None, limit: 10 };
        let open = f
            .database
            .read(|c| challenges::challenges(c, Some(&node("wuhan")), true, window))
            .unwrap();
        assert_eq!(open.iter().map(|c| c.id).collect::<Vec<_>>(), [waiting.challenge]);
        f.assert_sound();
    });
}

/// A challenge file in a desk's folder, with the mailbox's key; as an officer carries it to another machine.
fn carried(desk: &Desk, mailbox: &Mailbox, change: impl FnOnce(&mut Vec<RevealedRecord>)) -> ChallengeFile {
    let (id, beacon) = (
        "01900000-0000-7000-8000-000000000001".parse().unwrap(),
        Sha256::of(b"chain"),
    );
    let mut challenge = ChallengeView {
        challenge: id,
        state: ChallengeState::Answered,
        member: node("wuhan"),
        issuance: "01900000-0000-7000-8000-000000000002".parse().unwrap(),
        positions: draw(id, &beacon, 12, COUNT),
        beacon,
        opened_at: "2026-06-01T00:00:00Z".parse().unwrap(),
        answer_until: "2026-06-15T00:00:00Z".parse().unwrap(),
        mailbox_pem: mailbox.pem(),
        answered_at: None,
        sealed_sha256: None,
        ended_at: None,
        notes: None,
        log_index: 0,
    };
    let mut shown = records(&challenge);
    change(&mut shown);
    let sealed = mailbox.seal(&write(&challenge, &shown).unwrap());
    challenge.sealed_sha256 = Some(Sha256::of(&sealed));
    let mut header = issuance("wuhan", "420100", 2_000, challenge.issuance);
    header.activity_count = COUNT;
    header.records_root = proofs(&[]).0;
    header.quantity_g = grams(2_000);
    let file = ChallengeFile {
        challenge,
        header,
        sealed: STANDARD.encode(sealed),
    };
    put(desk, &file);
    let pem = mailbox.key.private_key_to_pem_pkcs8().unwrap();
    std::fs::write(desk.path("mailbox.key"), pem).unwrap();
    file
}

fn put(desk: &Desk, file: &ChallengeFile) {
    std::fs::write(desk.path("answer.json"), serde_json::to_vec(file).unwrap()).unwrap();
}

const OPEN: [&str; 6] = ["admin", "challenge", "open", "answer.json", "--key", "mailbox.key"];

#[test]
fn an_answer_is_opened_where_the_key_is_and_there_is_no_hub() {
    let (desk, mailbox) = (Desk::new(), Mailbox::new());
    std::fs::remove_file(desk.path("hub.toml")).unwrap();
    carried(&desk, &mailbox, |_| {});
    let report = desk.done(&[&OPEN[..], &["--records", "records.jsonl"]].concat());
    assert_eq!((&report["passed"], &report["sample_g"]), (&true.into(), &120.into()));
    let written = std::fs::metadata(desk.path("records.jsonl")).unwrap();
    assert_eq!(written.permissions().mode() & 0o777, 0o600);
    assert_eq!(
        std::fs::read_to_string(desk.path("records.jsonl"))
            .unwrap()
            .lines()
            .count(),
        13
    );

    let report = carried_and_failed(&desk, &mailbox, |shown| shown[3].record = record(199));
    let wrong: Vec<&serde_json::Value> = report["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["ok"] == false)
        .collect();
    assert_eq!(wrong.len(), 1, "{report}");
    let report = carried_and_failed(&desk, &mailbox, |shown| drop(shown.pop()));
    assert!(report.to_string().contains("was not shown"));
}

fn carried_and_failed(
    desk: &Desk,
    mailbox: &Mailbox,
    change: impl FnOnce(&mut Vec<RevealedRecord>),
) -> serde_json::Value {
    carried(desk, mailbox, change);
    desk.fails(1, &OPEN)
}

#[test]
fn a_forged_answer_and_another_key_open_nothing() {
    let (desk, mailbox) = (Desk::new(), Mailbox::new());
    let good = carried(&desk, &mailbox, |_| {});
    let mut sealed = STANDARD.decode(&good.sealed).unwrap();
    // One bit of the content: GCM finds it.
    let place = sealed.len() - 40;
    sealed[place] ^= 1;
    let mut forged = good.clone();
    forged.sealed = STANDARD.encode(&sealed);
    put(&desk, &forged);
    assert!(
        desk.fails(1, &OPEN)
            .to_string()
            .contains("not the one that the member signed")
    );
    forged.challenge.sealed_sha256 = Some(Sha256::of(&sealed));
    put(&desk, &forged);
    assert!(desk.fails(1, &OPEN).to_string().contains("does not open"));
    put(&desk, &good);
    let other = Mailbox::new().key.private_key_to_pem_pkcs8().unwrap();
    std::fs::write(desk.path("mailbox.key"), other).unwrap();
    assert!(desk.fails(2, &OPEN).to_string().contains("not the key of the mailbox"));
}
