//! The transparency log of a hub that runs: its witnesses cosign over mutual TLS, it is killed where it signs, its key is replaced, and a
//! program of another lineage reads what it has written.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::log::receipt::Receipt;
use tanqiao_protocol::log::tile::TileReader;
use tanqiao_protocol::merkle::inclusion;
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::view::HubInfo;
use tanqiao_tests::program::KILLED;
use tanqiao_tests::{Federation, Kind, Plan, Witness, until};

use crate::crashes::HUB_LOG;
use crate::told_on_both;

told_on_both!(
    three_of_four_witnesses_publish_the_log,
    a_hub_that_dies_while_it_signs_signs_one_history,
    the_log_goes_on_under_another_key
);

pub async fn log_key(federation: &Federation) -> NoteKey {
    let info: HubInfo = federation.member("wuhan").read("/v1/hub").await;
    info.log_public_key.parse().unwrap()
}

pub async fn published(federation: &Federation) -> Option<(Head, Note)> {
    let note = Note::parse(&federation.public("/log/checkpoint").await?).unwrap();
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    Some((checkpoint.head(), note))
}

pub async fn policy(federation: &Federation) -> Policy {
    Policy::parse(&federation.public("/log/policy").await.unwrap()).unwrap()
}

/// Four members, each with a witness that two officers have admitted.
async fn four_witnesses(federation: &Federation) -> Vec<Witness> {
    let members = [
        federation.member("wuhan"),
        federation.member("harbin"),
        federation.admitted("shenzhen", "440300").await,
        federation.admitted("shanghai", "310000").await,
    ];
    let mut witnesses = Vec::new();
    for member in members {
        let witness = Witness::of(member);
        witness.propose().await;
        federation.officers(&["witness", "admit", &witness.member.id]).await;
        witnesses.push(witness);
    }
    witnesses
}

/// Waits until the hub has signed everything and asks for it.
async fn settled(federation: &Federation) {
    until("everything is signed", async || {
        let health = federation.hub_health().await;
        let log = &health["log"];
        if log["behind"] == 0 && log["size"].as_i64() == Some(federation.ledger.head().await.size) {
            Ok(())
        } else {
            Err(log.to_string())
        }
    })
    .await;
}

/// Waits until a head of at least this size is published.
pub async fn until_published(federation: &Federation, size: u64) -> (Head, Note) {
    until("the checkpoint", async || match published(federation).await {
        Some((head, note)) if head.size >= size => Ok((head, note)),
        other => Err(format!("{:?} and not {size}", other.map(|(head, _)| head.size))),
    })
    .await
}

async fn three_of_four_witnesses_publish_the_log(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let log = log_key(&federation).await;
    let mut witnesses = four_witnesses(&federation).await;
    federation.member("wuhan").issue(1_000).await;
    settled(&federation).await;
    let before = published(&federation).await.map_or(0, |(head, _)| head.size);
    let late = witnesses.pop().unwrap();
    let asked_early = late.asked(0, 30).await;
    for (number, witness) in (1..).zip(&mut witnesses) {
        let taken = witness.cosign(&log).await;
        assert_eq!(
            (taken.cosignatures, taken.quorum, taken.published),
            (number, 3, number == 3)
        );
        let now = published(&federation).await.map_or(0, |(head, _)| head.size);
        assert_eq!(now > before, number == 3, "published with the third, and not before");
    }
    let (older, note) = published(&federation).await.unwrap();
    assert!(
        policy(&federation)
            .await
            .evaluate(&note, &note.text().parse().unwrap())
            .unwrap()
            .accepted()
    );
    let sent = late.send(late.cosigned(asked_early.note())).await;
    assert!(sent.status().is_success());
    assert_eq!(published(&federation).await.unwrap().1.signatures().len(), 5);
    // What a wrong key, or another member, has signed counts for nothing.
    let stranger = Witness::of(federation.member("wuhan"));
    assert_eq!(stranger.send(stranger.cosigned(&note)).await.status(), 403);
    let taken = late.send(witnesses[0].cosigned(&note)).await;
    assert_eq!(taken.status(), 403);
    // The log grows, and is published again.
    for _ in 0..3 {
        federation.member("wuhan").issue(1_000).await;
    }
    settled(&federation).await;
    let request = witnesses[0].asked(older.size, 30).await;
    for witness in &mut witnesses {
        while witness.last.unwrap().size < u64::try_from(federation.ledger.head().await.size).unwrap() {
            witness.cosign(&log).await;
        }
    }
    let (newer, cosigned) = until_published(&federation, request.checkpoint().size()).await;
    let health = federation.hub_health().await;
    assert_eq!(
        (&health["log"]["quorum"], &health["log"]["witnesses"]),
        (&3.into(), &4.into())
    );
    assert_eq!(health["log"]["witnessed_size"], newer.size);
    assert_eq!(federation.decided_by(&[], &["audit"]).await.done()["log"]["ok"], true);
    let listed = federation.decided_by(&[], &["witness", "list"]).await.done();
    assert_eq!(listed["witnessed_size"], newer.size);
    let request = witnesses[0].asked(older.size, 0).await;
    read_by_go(&federation, &log, (&note, &request.to_string()), &cosigned, &witnesses);
    federation.reckon().await;
}

/// Killed before and after the signature: once it is started again, the log goes on from the head that was claimed.
async fn a_hub_that_dies_while_it_signs_signs_one_history(kind: Kind) {
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    let mut witness = Witness::of(federation.member("wuhan"));
    let log = log_key(&federation).await;
    witness.propose().await;
    federation.officers(&["witness", "admit", "wuhan"]).await;
    settled(&federation).await;
    witness.cosign(&log).await;
    for point in HUB_LOG {
        federation.kill_hub();
        federation.start_hub_to_die(point);
        // Whatever comes first is signed, and kills it.
        let member = federation.member("wuhan");
        until("the hub has died", async || {
            let _ = member
                .try_tell(&member.say(tanqiao_tests::content::issuance(1_000)).1)
                .await;
            if federation.hub_has_ended() {
                Ok(())
            } else {
                Err("it runs".to_owned())
            }
        })
        .await;
        assert_eq!(federation.hub_death().await, KILLED, "the hub at {point}");
        federation.start_hub().await;
        settled(&federation).await;
        witness.member = federation.member("wuhan");
        witness.cosign(&log).await;
        until_published(&federation, witness.last.unwrap().size).await;
    }
    assert_eq!(federation.decided_by(&[], &["audit"]).await.done()["ok"], true);
    federation.reckon().await;
}

/// The next key is made, signs beside the old one, and then alone.
async fn the_log_goes_on_under_another_key(kind: Kind) {
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    let old = log_key(&federation).await;
    let mut witness = Witness::of(federation.member("wuhan"));
    witness.propose().await;
    federation.officers(&["witness", "admit", "wuhan"]).await;
    settled(&federation).await;
    witness.cosign(&old).await;
    let proposed = federation.decided_by(&[], &["log-key", "propose"]).await.done();
    let new: NoteKey = proposed["key"].as_str().unwrap().parse().unwrap();
    federation.officers(&["log-key", "rotate"]).await;
    settled(&federation).await;
    // A witness that knows the old key only goes on, and sees the leaf that names the new one under it.
    witness.cosign(&old).await;
    let (_, note) = until_published(&federation, witness.last.unwrap().size).await;
    assert_eq!(note.verify([&old, &new]).unwrap().len(), 2);
    let info: HubInfo = federation.member("wuhan").read("/v1/hub").await;
    assert_eq!(info.log_public_keys, [old.to_string(), new.to_string()]);
    assert_eq!(info.log_public_key, new.to_string());
    federation.officers(&["log-key", "retire-old"]).await;
    settled(&federation).await;
    witness.cosign(&new).await;
    let (_, note) = until_published(&federation, witness.last.unwrap().size).await;
    assert!(note.verify([&old]).is_err());
    // The new file takes the place of the old one.
    federation.stop_hub().await;
    fs::rename(federation.place.hub("log.next.key"), federation.place.hub("log.key")).unwrap();
    federation.start_hub().await;
    federation.member("wuhan").issue(1_000).await;
    settled(&federation).await;
    witness.member = federation.member("wuhan");
    witness.cosign(&new).await;
    assert_eq!(federation.decided_by(&[], &["audit"]).await.done()["ok"], true);
    federation.reckon().await;
}

/// Where Debian puts the sources of Go's libraries.
const GO_SOURCES: &str = "/usr/share/gocode";

/// Go's own verifier reads the directory that the hub has written: tiles, entries, the checkpoint with its cosignatures, the growth from
/// an older checkpoint, and receipts.
fn read_by_go(
    federation: &Federation,
    log: &NoteKey,
    (older, request): (&Note, &str),
    newer: &Note,
    witnesses: &[Witness],
) {
    let go = std::env::var_os("TANQIAO_GO")
        .map(PathBuf::from)
        .filter(|path| path.is_file());
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
    assert!(
        go.is_some() || !ci,
        "TANQIAO_GO does not name go: tests/run installs it"
    );
    let Some(go) = go else {
        eprintln!("TANQIAO_GO does not name go, so that nothing is verified: tests/run installs it");
        return;
    };
    let files = federation.log_dir("hub");
    let (directory, program) = (federation.place.hub("mirror"), federation.place.hub("log-verifier"));
    copy(&files, &directory);
    let checkpoint: Checkpoint = newer.text().parse().unwrap();
    let mut keys = format!("{log}\n");
    for witness in witnesses {
        writeln!(keys, "{}", witness.key).unwrap();
    }
    fs::write(directory.join("keys"), keys).unwrap();
    fs::write(directory.join("older"), older.to_string()).unwrap();
    fs::write(directory.join("request"), request).unwrap();
    fs::write(directory.join("checkpoint"), newer.to_string()).unwrap();
    fs::create_dir_all(directory.join("receipts")).unwrap();
    let size = checkpoint.size();
    let mut reader = TileReader::new(size, |tile| fs::read(files.join(tile.to_string())));
    for index in [0, size / 2, size - 1] {
        let path = inclusion(index, size, |node| reader.node(node)).unwrap();
        let receipt = Receipt::new(index, path, newer.clone()).unwrap();
        fs::write(
            directory.join(format!("receipts/{index}.tlog-proof")),
            receipt.to_string(),
        )
        .unwrap();
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/log_verifier/main.go");
    let built = Command::new(go)
        .args(["build", "-o"])
        .args([&program, &source])
        .env("GO111MODULE", "off")
        .env("GOPATH", GO_SOURCES)
        .env("GOPROXY", "off")
        .env("GOFLAGS", "")
        .env("GOCACHE", program.with_extension("cache"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let read = |expected: bool| {
        let found = Command::new(&program).arg(&directory).output().unwrap();
        assert_eq!(
            found.status.success(),
            expected,
            "{}",
            String::from_utf8_lossy(&found.stderr)
        );
    };
    read(true);
    let bundle = directory.join("tile/entries/000.p").join(size.to_string());
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[10] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    read(false);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
