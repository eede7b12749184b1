//! Witnesses over real mutual TLS: what they are asked to cosign, what the hub takes, and when it publishes.

use std::time::Duration;

use reqwest::Response;
use tanqiao_hub::ledger::command::Decision;
use tanqiao_protocol::feed::FeedPage;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::tile::{Bundle, Tile, changed_bundles, changed_tiles};
use tanqiao_protocol::log::witness::{AddCheckpoint, Verdict, judge};
use tanqiao_protocol::merkle::RootBuilder;
use tanqiao_protocol::message::{ForkKind, LogFork, WitnessKey};
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};
use tanqiao_protocol::view::{CosignatureTaken, HubInfo, MemberKind, Outcome};

use crate::support::{Federation, node};
use crate::world::{DOMAIN, Member, World, good, on_each, refused, until};

const OFFICERS: [&str; 2] = ["first-officer", "second-officer"];

/// A member's witness.
struct Witness {
    member: Member,
    key: NoteKey,
    secret: SigningKey,
}

fn secret(number: u8) -> SigningKey {
    SigningKey::from_ed25519_seed(&[number; 32]).unwrap()
}

fn witness_key(member: &str, secret: &SigningKey) -> NoteKey {
    let name = format!("{DOMAIN}/witness/{member}");
    NoteKey::of_kind(&name, NoteKind::Cosignature, secret.verifying_key().clone()).unwrap()
}

fn seconds() -> u64 {
    u64::try_from(crate::world::now().micros() / 1_000_000).unwrap()
}

impl Witness {
    fn of(world: &World, member: &str, number: u8) -> Self {
        let secret = secret(number);
        Self {
            member: world.member(member),
            key: witness_key(member, &secret),
            secret,
        }
    }

    async fn propose(&self) -> Outcome {
        let witness_key = self.key.clone();
        let path = "/v1/log/witness-key";
        self.member.done(path, WitnessKey { witness_key }).await.1
    }

    async fn asked(&self, old: u64, wait: u32) -> AddCheckpoint {
        let answer = self.member.get(&format!("/v1/log/pending?old={old}&wait={wait}")).await;
        assert_eq!(answer.status(), 200);
        let media = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(media, "text/plain; charset=utf-8");
        AddCheckpoint::parse(&answer.bytes().await.unwrap()).unwrap()
    }

    fn cosigned(&self, note: &Note, at: u64) -> String {
        let mut cosigned = Note::unsigned(note.text()).unwrap();
        let line = SignatureLine::cosign(note.text(), &self.key, &self.secret, at);
        cosigned.add(line.unwrap()).unwrap();
        cosigned.to_string()
    }

    async fn post(&self, body: String) -> Response {
        post(&self.member, body).await
    }

    /// Cosigns what it is asked after `last`, as a witness must.
    async fn cosign(&self, last: Option<Head>, log: &NoteKey) -> (Head, CosignatureTaken) {
        let asked = self.asked(last.map_or(0, |head| head.size), 30).await;
        let Verdict::Sign(head) = judge(last, &asked, log) else {
            panic!("{asked}")
        };
        (
            head,
            good(self.post(self.cosigned(asked.note(), seconds())).await).await,
        )
    }
}

async fn post(member: &Member, body: String) -> Response {
    let request = member.client.post(format!("{}/v1/log/cosignatures", member.base));
    request
        .header("content-type", "text/plain")
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn log_key(member: &Member) -> NoteKey {
    let info: HubInfo = member.read("/v1/hub").await;
    assert_eq!(
        info.log_public_keys.as_slice(),
        std::slice::from_ref(&info.log_public_key)
    );
    info.log_public_key.parse().unwrap()
}

/// What the console shows to everybody; `None` for what is not there.
async fn public(world: &World, path: &str) -> Option<Vec<u8>> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(world.console(path)).send().await.unwrap();
    match answer.status().as_u16() {
        200 => Some(answer.bytes().await.unwrap().to_vec()),
        404 => None,
        other => panic!("{path}: {other}"),
    }
}

async fn checkpoint(world: &World) -> (Checkpoint, Note) {
    let note = Note::parse(&public(world, "/log/checkpoint").await.expect("a checkpoint")).unwrap();
    (note.text().parse().unwrap(), note)
}

async fn policy(world: &World) -> Policy {
    Policy::parse(&public(world, "/log/policy").await.unwrap()).unwrap()
}

/// Waits until everything that is committed is signed.
async fn signed(world: &World) -> u64 {
    let committed = u64::try_from(world.head().0).unwrap();
    let posted = world.service.hub.log.posted();
    let newest = || posted.borrow().heads.newest.as_ref().map_or(0, |head| head.size);
    until(|| newest() >= committed).await;
    committed
}

/// One more leaf.
async fn grow(world: &World) {
    world
        .officers(|f: &Federation| f.set_policy(|p| p.first_dealing_delay_s += 1))
        .await;
}

/// Four regions with a witness each, admitted by two officers.
async fn four(world: &World) -> [Witness; 4] {
    let more = |f: &Federation| {
        f.admit("shenzhen", "440300", MemberKind::Region);
        f.admit("shanghai", "310000", MemberKind::Region);
    };
    world.officers(more).await;
    let names = ["wuhan", "harbin", "shenzhen", "shanghai"];
    let witnesses = names.map(|name| Witness::of(world, name, name.as_bytes()[2]));
    for witness in &witnesses {
        assert_eq!(witness.propose().await.state.as_deref(), Some("proposed"));
        admit(world, witness).await;
    }
    witnesses
}

async fn admit(world: &World, witness: &Witness) {
    let (member, key) = (node(&witness.member.id), witness.key.clone());
    let decision = Decision::AdmitWitness { member, key };
    let done = world.officers(move |f| f.by_officers(&OFFICERS, decision)).await;
    assert_eq!(done.unwrap().state.as_deref(), Some("admitted"));
}

#[actix_web::test]
async fn a_log_without_witnesses_is_published_at_once_and_anybody_can_check_it() {
    on_each(async |world: World| {
        let size = signed(&world).await;
        until_published(&world, size).await;
        let (head, note) = checkpoint(&world).await;
        let policy = policy(&world).await;
        assert!(policy.evaluate(&note, &head).unwrap().accepted());
        let mut root = RootBuilder::new();
        for bundle in changed_bundles(0, head.size()) {
            let bytes = public(&world, &format!("/log/{bundle}")).await.unwrap();
            Bundle::entries(&bytes, bundle.width())
                .unwrap()
                .into_iter()
                .for_each(|entry| root.add(entry));
        }
        assert_eq!(root.root(), *head.root());
        for tile in changed_tiles(0, head.size()) {
            assert!(public(&world, &format!("/log/{tile}")).await.is_some(), "{tile}");
        }
        // Narrower tiles are cut from what is there; what the log has not is nowhere.
        let one: Tile = "tile/0/000.p/1".parse().unwrap();
        assert_eq!(public(&world, &format!("/log/{one}")).await.unwrap().len(), 32);
        for path in [
            "tile/0/000",
            "tile/0/001",
            "tile/9/000",
            "tile/0/0",
            "tile/entries/000.p/256",
            "tile/..%2fcheckpoint",
        ] {
            assert!(public(&world, &format!("/log/{path}")).await.is_none(), "{path}");
        }
        let wuhan = world.member("wuhan");
        let over_tls = wuhan.get("/log/checkpoint").await;
        assert_eq!(over_tls.text().await.unwrap(), note.to_string());
    })
    .await;
}

async fn until_published(world: &World, size: u64) {
    let posted = world.service.hub.log.posted();
    let published = || {
        posted
            .borrow()
            .heads
            .published
            .as_ref()
            .map_or(0, |(head, _)| head.size)
    };
    until(|| published() >= size).await;
}

#[actix_web::test]
async fn a_checkpoint_is_published_with_the_third_of_four_witnesses_and_takes_the_last_one_late() {
    on_each(async |world: World| {
        let witnesses = four(&world).await;
        let log = log_key(&witnesses[0].member).await;
        let before = checkpoint(&world).await.0.size();
        let size = signed(&world).await;
        assert!(before < size, "nothing is published any more without witnesses");
        let asked_early = witnesses[3].asked(0, 30).await;
        let mut cosigned = Vec::new();
        for (number, witness) in (1..).zip(&witnesses[..2]) {
            let (head, taken) = witness.cosign(None, &log).await;
            assert_eq!((taken.cosignatures, taken.quorum, taken.published), (number, 3, false));
            cosigned.push(head);
        }
        assert_eq!(cosigned[0], cosigned[1], "both are asked for the same head");
        assert_eq!(checkpoint(&world).await.0.size(), before, "two are not enough");
        let (head, taken) = witnesses[2].cosign(None, &log).await;
        assert!(taken.published && taken.cosignatures == 3 && head == cosigned[0]);
        let (published, note) = checkpoint(&world).await;
        assert_eq!(published.head(), head);
        let policy = policy(&world).await;
        let evaluation = policy.evaluate(&note, &published).unwrap();
        assert!(evaluation.accepted() && evaluation.witnesses.len() == 3);
        // The last one is late, and still heard.
        let late = witnesses[3].cosigned(asked_early.note(), seconds());
        let taken: CosignatureTaken = good(witnesses[3].post(late).await).await;
        assert!(taken.published && taken.cosignatures == 4 && taken.size == head.size);
        let (again, note) = checkpoint(&world).await;
        assert_eq!(again.head(), head);
        assert_eq!(policy.evaluate(&note, &again).unwrap().witnesses.len(), 4);
        // A member that starts anew asks what it has cosigned, and goes on from there.
        let kept = witnesses[0]
            .member
            .get("/v1/log/cosignatures")
            .await
            .text()
            .await
            .unwrap();
        let kept = Note::parse(kept.as_bytes()).unwrap();
        assert_eq!(kept.verify([&log, &witnesses[0].key]).unwrap().len(), 2);
        assert_eq!(kept.text().parse::<Checkpoint>().unwrap().head(), head);
        grow(&world).await;
        let (next, taken) = witnesses[0].cosign(Some(head), &log).await;
        assert!(next.size > head.size && !taken.published, "one is not enough");
        // The same cosignature again changes nothing.
        let again: CosignatureTaken = good(witnesses[0].post(witnesses[0].cosigned(&kept, seconds())).await).await;
        assert!(again.published);
        let on_disk = world.config.log_dir().join("checkpoint");
        let published = checkpoint(&world).await.1.to_string();
        until(|| std::fs::read_to_string(&on_disk).is_ok_and(|text| text == published)).await;
        assert_eq!(
            std::fs::read(world.config.log_dir().join("policy")).unwrap(),
            policy.print()
        );
    })
    .await;
}

#[actix_web::test]
async fn a_cosignature_counts_only_by_the_admitted_key_of_the_caller_over_a_head_of_the_log() {
    on_each(async |world: World| {
        let witnesses = four(&world).await;
        let log = log_key(&witnesses[0].member).await;
        signed(&world).await;
        let [wuhan, harbin, ..] = &witnesses;
        let asked = wuhan.asked(0, 0).await;
        let (note, head) = (asked.note(), asked.checkpoint().head());
        // By a key that nobody has admitted, and by another member.
        let mut stranger = Witness::of(&world, "wuhan", 99);
        refused(stranger.post(stranger.cosigned(note, seconds())).await, "forbidden").await;
        stranger.key = wuhan.key.clone();
        let forged = harbin
            .cosigned(note, seconds())
            .replace(&harbin.key.to_string(), &wuhan.key.to_string());
        refused(wuhan.post(forged).await, "forbidden").await;
        refused(harbin.post(wuhan.cosigned(note, seconds())).await, "forbidden").await;
        // Of another root, of a size that the log does not have, of another log, and of tomorrow.
        let of = |origin: &str, size, root| {
            let text = Checkpoint::new(origin, Head { size, root }).unwrap().to_string();
            Note::unsigned(&text).unwrap()
        };
        let other = of(log.name(), head.size, Sha256::of(b"another history"));
        let problem = refused(wuhan.post(wuhan.cosigned(&other, seconds())).await, "log-fork").await;
        let shown = Note::parse(problem.note.unwrap().as_bytes()).unwrap();
        assert!(shown.verify([&log]).is_ok() && shown.text() == note.text());
        let ahead = of(log.name(), head.size + 1_000, head.root);
        refused(wuhan.post(wuhan.cosigned(&ahead, seconds())).await, "log-behind").await;
        let elsewhere = of("elsewhere.test/log", head.size, head.root);
        refused(
            wuhan.post(wuhan.cosigned(&elsewhere, seconds())).await,
            "invalid-parameter",
        )
        .await;
        refused(wuhan.post(wuhan.cosigned(note, seconds() + 600)).await, "M07").await;
        refused(wuhan.post("nothing of that kind".to_owned()).await, "invalid-parameter").await;
        let as_json = wuhan.member.post("/v1/log/cosignatures", &"text").await;
        refused(as_json, "unsupported-media-type").await;
        // None of it counted; a good one does.
        refused(wuhan.member.get("/v1/log/cosignatures").await, "not-found").await;
        let taken: CosignatureTaken = good(wuhan.post(wuhan.cosigned(note, seconds())).await).await;
        assert_eq!(taken.cosignatures, 1);
        // A witness that is removed counts no more.
        let (member, reason) = (node("wuhan"), "its machine is gone".to_owned());
        let removal = Decision::RemoveWitness { member, reason };
        world
            .officers(move |f| f.by_officers(&OFFICERS, removal))
            .await
            .unwrap();
        refused(wuhan.post(wuhan.cosigned(note, seconds())).await, "forbidden").await;
        assert_eq!(policy(&world).await.witnesses().len(), 3);
    })
    .await;
}

#[actix_web::test]
async fn a_witness_waits_for_news_and_a_log_that_is_behind_it_is_said_to_be() {
    on_each(async |world: World| {
        let wuhan = Witness::of(&world, "wuhan", 5);
        let log = log_key(&wuhan.member).await;
        let size = signed(&world).await;
        let asked = wuhan.asked(0, 0).await;
        assert_eq!(asked.checkpoint().size(), size);
        let Verdict::Sign(last) = judge(None, &asked, &log) else {
            panic!()
        };
        let began = std::time::Instant::now();
        let same = wuhan.asked(size, 1).await;
        assert!(began.elapsed() >= Duration::from_secs(1));
        assert_eq!(judge(Some(last), &same, &log), Verdict::Sign(last));
        let waiting = Witness::of(&world, "wuhan", 5);
        let polling = actix_web::rt::spawn(async move { waiting.asked(size, 30).await });
        grow(&world).await;
        let news = polling.await.unwrap();
        assert!(matches!(judge(Some(last), &news, &log), Verdict::Sign(head) if head.size > size));
        let ahead = wuhan.member.get("/v1/log/pending?old=100000&wait=30").await;
        let problem = refused(ahead, "log-behind").await;
        Note::parse(problem.note.unwrap().as_bytes())
            .unwrap()
            .verify([&log])
            .unwrap();
    })
    .await;
}

#[actix_web::test]
async fn two_notes_that_contradict_each_other_reach_every_member() {
    on_each(async |world: World| {
        let wuhan = world.member("wuhan");
        let log = log_key(&wuhan).await;
        signed(&world).await;
        let shown = Witness::of(&world, "wuhan", 5).asked(0, 0).await.note().clone();
        let head = shown.text().parse::<Checkpoint>().unwrap().head();
        let note_of = |head: Head, key: &NoteKey, secret: &SigningKey| {
            let mut note = Note::unsigned(&Checkpoint::new(key.name(), head).unwrap().to_string()).unwrap();
            note.add(SignatureLine::sign(note.text(), key, secret).unwrap())
                .unwrap();
            note.to_string()
        };
        let other = Head {
            root: Sha256::of(b"another history"),
            ..head
        };
        let report = |kind, second: String| LogFork {
            kind,
            first: shown.to_string(),
            second,
            detail: "seen at the poll of noon".to_owned(),
        };
        // What no key of the log has signed proves nothing.
        let own = NoteKey::new(log.name(), secret(9).verifying_key().clone()).unwrap();
        let (_, forged) = wuhan.say(report(ForkKind::Fork, note_of(other, &own, &secret(9))));
        refused(wuhan.post("/v1/log/forks", &forged).await, "forbidden").await;
        let pem = std::fs::read_to_string(&world.config.log.key).unwrap();
        let evidence = note_of(other, &log, &SigningKey::from_pem(&pem).unwrap());
        let (_, outcome): (_, Outcome) = wuhan
            .done("/v1/log/forks", report(ForkKind::Fork, evidence.clone()))
            .await;
        assert_eq!(outcome.state.as_deref(), Some("proven"));
        for member in ["wuhan", "harbin"] {
            let page: FeedPage = world.member(member).read("/v1/feed?limit=1000").await;
            let entry = &page.entries.last().unwrap().entry;
            assert_eq!(
                (entry.r#type.as_str(), entry.log_index),
                ("log.fork-reported", outcome.log_index)
            );
            assert_eq!(entry.body["second"], evidence.as_str());
            assert_eq!(
                (&entry.body["proven"], &entry.body["kind"]),
                (&true.into(), &"fork".into())
            );
        }
        // Two heads of different sizes need more than themselves to be believed.
        let shorter = Head {
            size: head.size - 1,
            ..head
        };
        let shorter = note_of(shorter, &log, &SigningKey::from_pem(&pem).unwrap());
        let (_, outcome): (_, Outcome) = wuhan.done("/v1/log/forks", report(ForkKind::Rollback, shorter)).await;
        assert_eq!(outcome.state.as_deref(), Some("reported"));
        world.federation.assert_sound();
    })
    .await;
}
