//! The hub's database is restored from an older copy while the members have gone on: `admin recover`.

use std::path::Path;

use serde_json::{Value, json};
use tanqiao_hub::serve::new_id;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::time::SECOND_US;
use tanqiao_tests::content::{METRO, USE, VINTAGE, mapping_proposal, now};
use tanqiao_tests::founding;
use tanqiao_tests::ledger::LogHead;
use tanqiao_tests::platform::{HOLDER, grams_of_rides, offering, rides};
use tanqiao_tests::{Crossing, Federation, Kind, Plan};

use crate::told_on_both;

const RIDES: i64 = 10;
const MEMBERS: [&str; 2] = ["wuhan", "harbin"];

told_on_both!(
    everything_comes_back,
    what_is_missing_is_named,
    what_was_changed_is_refused,
    the_log_begins_anew,
    a_hub_that_went_on_begins_anew,
);

fn plan(kind: Kind) -> Plan {
    Plan {
        sweep: "* * * * * *",
        ..Plan::on(kind)
    }
}

fn retiring(quantity_g: i64) -> Value {
    json!({
        "account": HOLDER, "quantity_g": quantity_g,
        "claim": { "claimant": "Example Company", "claimant_kind": "organisation", "use": USE, "year": 2026, "place": "420000" },
    })
}

/// What the hub will have lost: an issuance, transfers, a retirement, decisions of officers, an offer that ends by itself, and
/// a message that was refused. Gives the transfer that was committed last.
async fn live_on(federation: &mut Federation) -> Crossing {
    let wuhan = federation.platform("wuhan");
    wuhan.import(&rides("second", RIDES)).await;
    wuhan.issue().await;
    let first = Crossing::planned(federation, 1_000).await;
    first.order(federation).await;
    first.happened_once(federation).await;
    wuhan
        .order("/api/v1/retirements?wait_s=30", &retiring(500))
        .await
        .unwrap();
    next_mapping(federation).await;
    let last = grams_of_rides(2 * RIDES);
    let block = format!("wuhan/420100/{METRO}/{VINTAGE}/{}-{last}", last - 999);
    federation.officers(&["freeze", &block, "--reason", "a question"]).await;
    federation.officers(&["unfreeze", &block, "--reason", "answered"]).await;
    // Nobody takes this one: its end comes by the sweep.
    federation.stop_node("harbin").await;
    let silent = new_id();
    let mut order = offering(silent, 700);
    order["valid_until"] = json!(now().plus_micros(3 * SECOND_US));
    wuhan.order("/api/v1/transfers", &order).await.unwrap();
    wuhan.until_transfer(silent, "expired").await;
    federation.start_node("harbin").await;
    let nowhere = json!({ "account": HOLDER, "quantity_g": 100, "target": "nowhere", "use": USE });
    let refused = wuhan.order("/api/v1/transfers?wait_s=30", &nowhere).await.unwrap_err();
    assert_eq!(refused.code, "target-cannot-receive", "{refused:?}");
    federation.in_step().await;
    // While the hub is away two orders wait, and go under one signature.
    federation.stop_hub().await;
    let together = [new_id(), new_id()];
    for id in together {
        wuhan.order("/api/v1/transfers", &offering(id, 300)).await.unwrap();
    }
    federation.start_hub().await;
    for id in together {
        wuhan.until_transfer(id, "committed").await;
    }
    federation.in_step().await;
    let last = Crossing::planned(federation, 2_000).await;
    last.order(federation).await;
    last.happened_once(federation).await;
    last
}

/// Both members agree to the next version of the mapping, and two officers approve it.
async fn next_mapping(federation: &Federation) {
    let (wuhan, harbin) = (federation.platform("wuhan"), federation.platform("harbin"));
    let name = "wuhan-to-harbin.v2";
    let proposal = json!(mapping_proposal(name, now()));
    wuhan.order("/api/v1/mappings?wait_s=30", &proposal).await.unwrap();
    let shown = wuhan.get(&format!("/api/v1/mappings/{name}")).await;
    let read = json!({ "record_sha256": shown["record_sha256"] });
    for platform in [&wuhan, &harbin] {
        let path = format!("/api/v1/mappings/{name}/endorsement?wait_s=30");
        platform.order(&path, &read).await.unwrap();
    }
    let record = shown["record_sha256"].as_str().unwrap();
    federation
        .officers(&["mapping", "approve", name, "--record", record])
        .await;
}

/// A federation whose hub has lost what its members did since the backup; the head that it had.
async fn restored(kind: Kind) -> (Federation, Crossing, LogHead) {
    let mut federation = Federation::with_nodes(plan(kind), RIDES).await;
    federation.back_up_hub().await;
    let last = live_on(&mut federation).await;
    let head = federation.noted_head().await;
    federation.restore_hub().await;
    assert!(federation.ledger.head().await.size < head.size);
    (federation, last, head)
}

async fn everything_comes_back(kind: Kind) {
    let (mut federation, last, lost) = restored(kind).await;
    federation.start_hub_unready().await;
    forked(&federation).await;
    federation.stop_hub().await;
    let files = [
        federation.recovery_file("wuhan").await,
        federation.recovery_file("harbin").await,
    ];
    let batches = std::fs::read_to_string(&files[0]).unwrap();
    assert!(batches.contains("\"record\":\"batch\""), "two orders went as one batch");
    // Killed in the middle or at the end, it leaves nothing.
    let before = federation.ledger.head().await;
    for point in ["sequencer.after-write:3", "recovery.before-commit"] {
        federation.recover_to_die(&files, &[], point).await;
        assert_eq!(federation.ledger.head().await, before, "{point}");
    }
    let done = federation.recover(&files, &[]).await.done();
    assert_eq!(
        (&done["from"], &done["kept"]),
        (&json!(before.size), &json!(true)),
        "{done}"
    );
    assert_eq!(done["beyond_the_mark"], 0, "{done}");
    assert_eq!(
        (&done["complete"], &done["size"]),
        (&json!(true), &json!(lost.size)),
        "{done}"
    );
    assert_eq!(
        (&done["transfers"], &done["refusals"]),
        (&json!(4), &json!(1)),
        "{done}"
    );
    assert_eq!(federation.ledger.head().await, lost);
    let again = federation.recover(&files, &[]).await.done();
    assert_eq!(
        (&again["batches"], &again["refusals"]),
        (&json!(0), &json!(0)),
        "{again}"
    );

    // The nodes go on by themselves, and what was answered is answered again.
    federation.start_hub().await;
    federation.reckon().await;
    let before = federation.ledger.head().await;
    for (envelope, problem) in said(&files[0]) {
        let told = federation.member("wuhan").tell(&envelope).await;
        match problem {
            Some(problem) => assert_eq!(*told.unwrap_err(), problem),
            None => drop(told.unwrap()),
        }
    }
    assert_eq!(federation.ledger.head().await, before);
    last.happened_once(&federation).await;
    let next = Crossing::planned(&federation, 1_000).await;
    next.order(&federation).await;
    next.happened_once(&federation).await;
}

/// Harbin's file is not there: the hub says so, keeps nothing, and stays read-only.
async fn what_is_missing_is_named(kind: Kind) {
    let (mut federation, _, lost) = restored(kind).await;
    let wuhan = [federation.recovery_file("wuhan").await];
    let before = federation.ledger.head().await;
    for _ in 0..2 {
        let part = federation.recover(&wuhan, &[]).await;
        assert_eq!(part.status, Some(1), "{}", part.complaint);
        let missing = &part.json["missing"];
        assert_eq!(missing["ask"], json!(["harbin"]), "{}", part.json);
        assert_eq!(missing["first"], part.json["size"], "{}", part.json);
        assert!(part.json["size"].as_i64() > Some(before.size), "{}", part.json);
        assert_eq!(part.json["kept"], false, "{}", part.json);
        assert_eq!(federation.ledger.head().await, before);
    }
    federation.start_hub_unready().await;
    let health = federation.hub_health().await;
    let says = health["checks"]["sequencer"]["says"].as_str().unwrap_or_default();
    assert!(says.contains("recover"), "{health}");
    federation.stop_hub().await;
    // Nor does anybody know what officers decided, when their journal is not there.
    let both = [wuhan[0].clone(), federation.recovery_file("harbin").await];
    let (journal, copy) = (
        federation.place.hub("log.decisions"),
        federation.place.hub("decisions.copy"),
    );
    std::fs::rename(&journal, &copy).unwrap();
    let part = federation.recover(&both, &[]).await;
    let missing = &part.json["missing"];
    assert_eq!((part.status, &missing["ask"]), (Some(1), &json!([])), "{}", part.json);
    assert_eq!(missing["decisions"], false, "{}", part.json);
    // A copy that somebody has edited does not fit the log.
    let edited = federation.place.hub("decisions.edited");
    let text = std::fs::read_to_string(&copy).unwrap();
    std::fs::write(&edited, text.replace("a question", "no question")).unwrap();
    let answer = federation
        .recover(&both, &["--decisions".to_owned(), edited.display().to_string()])
        .await;
    let error = answer.json["error"].as_str().unwrap_or_default();
    assert!(
        answer.status == Some(1) && error.contains("officers' decisions"),
        "{}",
        answer.json
    );
    let more = ["--decisions".to_owned(), copy.display().to_string()];
    federation.recover(&both, &more).await.done();
    assert_eq!(federation.ledger.head().await, lost);
    federation.start_hub().await;
    federation.reckon().await;
}

async fn what_was_changed_is_refused(kind: Kind) {
    let (federation, _, _) = restored(kind).await;
    let before = federation.ledger.head().await;
    let (wuhan, harbin) = (
        federation.recovery_file("wuhan").await,
        federation.recovery_file("harbin").await,
    );
    let text = std::fs::read_to_string(&harbin).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.iter().rfind(|line| line["record"] == "entry").unwrap().clone();
    let refused = async |changed: Vec<Value>, name: &str| {
        let text: Vec<String> = changed.iter().map(Value::to_string).collect();
        std::fs::write(&harbin, text.join("\n")).unwrap();
        let answer = federation.recover(&[wuhan.clone(), harbin.clone()], &[]).await;
        let error = answer.json["error"].as_str().unwrap_or_default();
        assert!(
            answer.status == Some(1) && error.contains(name),
            "{name}: {}",
            answer.json
        );
        assert_eq!(federation.ledger.head().await, before, "{name}");
    };
    // An entry that says something else.
    let mut changed = lines.clone();
    let entry = changed.iter_mut().find(|line| **line == last).unwrap();
    let bytes = entry["bytes"].as_str().unwrap().replace("committed", "committee");
    entry["bytes"] = json!(bytes);
    refused(changed, &format!("entry {} of harbin", last["seq"])).await;
    // A message that nobody signed.
    let mut changed = lines.clone();
    let message = changed.iter_mut().find(|line| line["record"] == "message").unwrap();
    message["envelope"]["signatures"][0]["sig"] = json!("AAAA");
    refused(changed, "signature").await;
    // A file that was cut off.
    refused(lines[..lines.len() - 1].to_vec(), "last line").await;
}

/// Harbin's node is lost with its file, and then found again.
async fn the_log_begins_anew(kind: Kind) {
    let (mut federation, last, lost) = restored(kind).await;
    let issued_g = grams_of_rides(2 * RIDES);
    federation.start_hub_unready().await;
    forked(&federation).await;
    federation.stop_hub().await;
    let wuhan = [federation.recovery_file("wuhan").await];
    let mut origin: Vec<String> = ["--new-origin", "--reason", "harbin's node is lost"]
        .map(str::to_owned)
        .to_vec();
    let one = federation
        .recover(&wuhan, &[&origin[..], &officers(&federation, 1)[..]].concat())
        .await;
    assert_eq!(
        (one.status, &one.json["problem"]["check"]),
        (Some(1), &json!("G01")),
        "{}",
        one.json
    );
    origin.extend(officers(&federation, 2));
    // Killed before the commit, nothing is there but what the officers have decided, in their journal; killed between the
    // leaf and the mark, it does not begin twice.
    let before = federation.ledger.head().await;
    federation
        .recover_to_die(&wuhan, &origin, "recovery.before-commit")
        .await;
    assert_eq!(federation.ledger.head().await, before);
    federation.recover_to_die(&wuhan, &origin, "recovery.before-mark").await;
    let begun = federation.ledger.head().await;
    let done = federation.recover(&wuhan, &origin).await.done();
    assert_eq!(federation.ledger.head().await, begun);
    assert!(done["new_origin"]["size"].as_i64().unwrap() <= lost.size, "{done}");

    federation.start_hub().await;
    for member in MEMBERS {
        let followed = federation
            .node_command(member, &["recover", "--follow-origin"])
            .await
            .done();
        assert!(followed["orphaned"].as_i64().unwrap() > 0, "{member}: {followed}");
        let again = federation.node_command(member, &["recover", "--follow-origin"]).await;
        assert_eq!(again.json["error"]["code"], "feed-fork", "{}", again.json);
    }
    federation.platform("wuhan").until_transfer(last.id, "committed").await;
    federation.platform("harbin").until_transfer(last.id, "committed").await;
    federation.reckon().await;
    assert_eq!(federation.ledger.totals().await.issued_g, issued_g);
    let next = Crossing::planned(&federation, 1_000).await;
    next.order(&federation).await;
    next.happened_once(&federation).await;
}

pub(crate) fn officers(federation: &Federation, count: usize) -> Vec<String> {
    let named = founding::OFFICERS.iter().take(count).flat_map(|officer| {
        let file = founding::password_file(&federation.place, officer)
            .display()
            .to_string();
        [
            "--officer".to_owned(),
            (*officer).to_owned(),
            "--officer-password-file".to_owned(),
            file,
        ]
    });
    named.collect()
}

/// Both nodes have stopped, and take no new order.
async fn forked(federation: &Federation) {
    for member in MEMBERS {
        let platform = federation.platform(member);
        platform
            .until_status("the fork", |status| status["feed"] == "forked")
            .await;
    }
    let refused = federation
        .platform("wuhan")
        .order("/api/v1/retirements", &retiring(1))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (409, "feed-fork"),
        "{refused:?}"
    );
}

/// The messages of a file, each with its refusal if it was refused.
fn said(file: &Path) -> Vec<(Envelope, Option<Problem>)> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let messages = lines.filter(|line| line["record"] == "message");
    messages
        .map(|line| {
            let envelope = serde_json::from_value(line["envelope"].clone()).unwrap();
            (envelope, serde_json::from_value(line["problem"].clone()).unwrap())
        })
        .collect()
}

/// The mark was restored with the database, and the hub went on: what it has lost does not fit any more.
async fn a_hub_that_went_on_begins_anew(kind: Kind) {
    let mut federation = Federation::with_nodes(plan(kind), RIDES).await;
    federation.noted_head().await;
    federation.back_up_hub().await;
    let mark = federation.place.hub("log.head");
    std::fs::copy(&mark, federation.place.hub("log.head.backup")).unwrap();
    let lost = Crossing::planned(&federation, 1_000).await;
    lost.order(&federation).await;
    lost.happened_once(&federation).await;
    federation.restore_hub().await;
    std::fs::copy(federation.place.hub("log.head.backup"), &mark).unwrap();
    // Somebody speaks to the hub past its node, and the hub takes it.
    federation.start_hub().await;
    forked(&federation).await;
    federation.member("wuhan").issue(5_000).await;
    federation.stop_hub().await;
    let files = [
        federation.recovery_file("wuhan").await,
        federation.recovery_file("harbin").await,
    ];
    let answer = federation.recover(&files, &[]).await;
    let error = answer.json["error"].as_str().unwrap_or_default();
    assert!(
        answer.status == Some(1) && error.contains("expected"),
        "{}",
        answer.json
    );
    let mut origin: Vec<String> = ["--new-origin", "--reason", "it went on"].map(str::to_owned).to_vec();
    origin.extend(officers(&federation, 2));
    federation.recover(&files, &origin).await.done();
    federation.start_hub().await;
    for member in MEMBERS {
        federation
            .node_command(member, &["recover", "--follow-origin"])
            .await
            .done();
    }
    federation.platform("wuhan").until_transfer(lost.id, "committed").await;
    federation.platform("harbin").until_transfer(lost.id, "committed").await;
    federation.reckon().await;
    let suspense_g = federation.platform("wuhan").grams_of("suspense", "total_g").await;
    assert_eq!(suspense_g, 5_000, "what the node did not order belongs to nobody yet");
}
