//! Nobody has to believe the hub: what was dealt is proved from files, by a program that knows no network.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::tile::{changed_bundles, changed_tiles};
use tanqiao_tests::patience::{until, when};
use tanqiao_tests::platform::HOLDER;
use tanqiao_tests::program::{self, Answer};
use tanqiao_tests::{Crossing, Federation, Kind, Plan};

use crate::told_on_both;

told_on_both!(
    receipts_and_certificates_are_proved_without_the_hub,
    a_mirrored_log_is_replayed_and_adds_up_to_what_the_hub_publishes,
);

/// The verifier.
const VERIFY: &str = "tanqiao-verify";

async fn verify(arguments: &[&Path]) -> Answer {
    program::run(VERIFY, arguments).await
}

async fn fetch(federation: &Federation, path: &str) -> Vec<u8> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(federation.console_url(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

/// A folder beside the federation's files, with the policy that everybody may read.
async fn desk(federation: &Federation) -> PathBuf {
    let folder = federation.place.root().join("desk");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("policy"), fetch(federation, "/log/policy").await).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn receipts_and_certificates_are_proved_without_the_hub(kind: Kind) {
    let federation = Federation::with_nodes(Plan::on(kind), 20).await;
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    let desk = desk(&federation).await;
    let (policy, option) = (desk.join("policy"), Path::new("--policy"));
    let id = crossing.id.to_string();
    for member in ["wuhan", "harbin"] {
        let file = desk.join(format!("{member}.receipt.json"));
        let exported = federation
            .staff(member, &["export", "receipt", &id, "--out", text(&file), "--json"])
            .await;
        assert_eq!(exported.done()["proven"]["id"], id.as_str());
        let proven = verify(&[Path::new("receipt"), &file, option, &policy]).await.done();
        let statement = &proven["statement"];
        assert_eq!(statement["given_g"], 1_000, "{proven}");
        assert_eq!(
            statement["parties"],
            json!([
                { "role": "source", "member": "wuhan" }, { "role": "target", "member": "harbin" },
            ])
        );
        // One altered byte, anywhere, and nothing is proven.
        let mut bytes = std::fs::read(&file).unwrap();
        let place = bytes.len() / 2;
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        std::fs::write(&file, bytes).unwrap();
        let refuted = verify(&[Path::new("receipt"), &file, option, &policy]).await;
        assert_eq!((refuted.status, &refuted.json["proven"]), (Some(1), &json!(false)));
    }
    let retirement = new_id();
    let order = json!({
        "id": retirement, "account": HOLDER, "quantity_g": 300,
        "claim": { "claimant": "Wuhan Works", "claimant_kind": "organisation", "use": "corporate-neutrality", "year": 2026, "place": "420100" },
    });
    let wuhan = federation.platform("wuhan");
    wuhan.order("/api/v1/retirements?wait_s=30", &order).await.unwrap();
    let certificate = wuhan.get(&format!("/api/v1/certificates/{retirement}")).await;
    assert_eq!(
        certificate["receipt"]["messages"],
        json!([]),
        "a message may hold private terms"
    );
    let file = desk.join("certificate.json");
    std::fs::write(&file, certificate.to_string()).unwrap();
    let proven = verify(&[Path::new("certificate"), &file, option, &policy]).await.done();
    assert_eq!(proven["statement"]["delivered_g"], 300, "{proven}");
    assert_eq!(
        federation
            .platform("harbin")
            .get(&format!("/api/v1/certificates/{retirement}"))
            .await,
        certificate
    );
    on_paper(&federation, &retirement.to_string(), &desk).await;
}

/// The page that the node fetches, and the one that anybody does, prove the same; with one altered byte in the proof neither does.
async fn on_paper(federation: &Federation, retirement: &str, desk: &Path) {
    let (policy, option) = (desk.join("policy"), Path::new("--policy"));
    let own = desk.join("own.pdf");
    let export = [
        "export",
        "certificate",
        retirement,
        "--lang",
        "en",
        "--out",
        text(&own),
        "--json",
    ];
    federation.staff("wuhan", &export).await.done();
    let public = desk.join("public.pdf");
    let page = fetch(federation, &format!("/v1/public/certificates/{retirement}/pdf?lang=zh")).await;
    std::fs::write(&public, &page).unwrap();
    for file in [&own, &public] {
        let proven = verify(&[Path::new("certificate"), file, option, &policy]).await.done();
        assert_eq!(proven["statement"]["delivered_g"], 300, "{proven}");
        let unproven = proven["statement"]["not_proven"].as_array().unwrap();
        assert!(unproven.contains(&json!("printed-page")), "{proven}");
    }
    let mut changed = page;
    let place = changed.windows(12).position(|bytes| bytes == b"Wuhan Works\"").unwrap();
    changed[place] = b'V';
    std::fs::write(&public, changed).unwrap();
    let refuted = verify(&[Path::new("certificate"), &public, option, &policy]).await;
    assert_eq!(
        (refuted.status, &refuted.json["fault"]),
        (Some(1), &json!("certificate"))
    );
}

/// Copies the log as any file copier would.
async fn mirror(federation: &Federation, folder: &Path, at_least: u64) -> Checkpoint {
    let (bytes, checkpoint) = until("a checkpoint of all leaves", async || {
        let bytes = fetch(federation, "/log/checkpoint").await;
        let note = Note::parse(&bytes).unwrap();
        let checkpoint: Checkpoint = note.text().parse().unwrap();
        when(checkpoint.size() >= at_least, checkpoint.size()).map(|()| (bytes, checkpoint))
    })
    .await;
    let size = checkpoint.size();
    for tile in changed_tiles(0, size).chain(changed_bundles(0, size)) {
        let path = folder.join(tile.to_string());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, fetch(federation, &format!("/log/{tile}")).await).unwrap();
    }
    std::fs::write(folder.join("checkpoint"), bytes).unwrap();
    std::fs::write(folder.join("policy"), fetch(federation, "/log/policy").await).unwrap();
    checkpoint
}

async fn a_mirrored_log_is_replayed_and_adds_up_to_what_the_hub_publishes(kind: Kind) {
    let federation = Federation::with_nodes(Plan::on(kind), 20).await;
    let crossing = Crossing::planned(&federation, 1_000).await;
    crossing.order(&federation).await;
    crossing.happened_once(&federation).await;
    let desk = desk(&federation).await;
    let totals: Value = serde_json::from_slice(&fetch(&federation, "/v1/public/totals").await).unwrap();
    let folder = desk.join("mirror");
    let size = totals["log_size"].as_u64().unwrap();
    let checkpoint = mirror(&federation, &folder, size).await;
    let published = desk.join("totals.json");
    std::fs::write(&published, totals.to_string()).unwrap();
    let policy = desk.join("policy");
    let (replay, with_policy, with_totals) = (Path::new("replay"), Path::new("--policy"), Path::new("--totals"));
    let arguments = [replay, &folder, with_policy, &policy, with_totals, &published];
    let audited = verify(&arguments).await.done();
    assert_eq!(
        (&audited["replayed"], &audited["size"]),
        (&json!(size), &json!(checkpoint.size())),
        "{audited}"
    );
    assert_eq!(audited["totals"], totals);
    // A total that is a gram more is named, and so is a file with another byte in it.
    let mut wrong = totals.clone();
    wrong["totals"][0]["quantity_g"] = json!(wrong["totals"][0]["quantity_g"].as_i64().unwrap() + 1);
    std::fs::write(&published, wrong.to_string()).unwrap();
    let refuted = verify(&arguments).await;
    assert_eq!(refuted.status, Some(1));
    assert_eq!(
        refuted.json["differences"].as_array().unwrap().len(),
        1,
        "{}",
        refuted.json
    );
    std::fs::write(&published, totals.to_string()).unwrap();
    let bundle = folder.join(changed_bundles(0, checkpoint.size()).next().unwrap().to_string());
    let mut bytes = std::fs::read(&bundle).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    let refuted = verify(&arguments).await;
    assert_eq!(refuted.status, Some(1));
    let file = refuted.json["findings"][0]["file"].as_str().unwrap().to_owned();
    assert!(bundle.ends_with(&file), "{file}");
}
