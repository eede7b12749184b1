//! Messages that say something that cannot be: each refused with its own code, and nothing written.

use serde_json::{Value, json};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::message::{Action, Content as _, Issuance, TransferProposal};
use tanqiao_protocol::time::{DAY_US, SECOND_US};
use tanqiao_tests::content::{issuance, now, proposal};
use tanqiao_tests::member::{is_kept, verdict};
use tanqiao_tests::{Federation, Kind, Member, Plan, Refused as _};

use crate::told_on_both;

told_on_both!(what_cannot_be_is_refused, time_decides_once, a_replay_writes_nothing);

/// An issuance with a change to its JSON, well signed.
fn issuing(wuhan: &Member, change: impl FnOnce(&mut Value)) -> Envelope {
    let mut message = serde_json::to_value(wuhan.message(issuance(1_000))).unwrap();
    change(&mut message);
    wuhan.sign_bytes(&Issuance::ACTION.payload_type(), serde_json::to_vec(&message).unwrap())
}

/// An offer of these ranges, as text, well signed.
fn offering(wuhan: &Member, ranges: &[&str]) -> Envelope {
    let blocks: Vec<String> = ranges
        .iter()
        .map(|range| format!("wuhan/420100/wuhan-metro.v1/2025/{range}"))
        .collect();
    let mut message = serde_json::to_value(wuhan.message(proposal(&[]))).unwrap();
    message["content"]["blocks"] = json!(blocks);
    wuhan.sign_bytes(
        &TransferProposal::ACTION.payload_type(),
        serde_json::to_vec(&message).unwrap(),
    )
}

/// A text as payload, well signed.
fn saying(wuhan: &Member, text: &str) -> Envelope {
    wuhan.sign_bytes(&Issuance::ACTION.payload_type(), text.as_bytes().to_vec())
}

/// What is wrong, the check that must find it, and the envelope.
type Case = (&'static str, &'static str, Envelope);

/// Payloads that are no text with one meaning.
fn texts(wuhan: &Member) -> Vec<Case> {
    let plain = serde_json::to_string(&wuhan.message(issuance(1_000))).unwrap();
    let with = |first: &str| saying(wuhan, &plain.replacen('{', &format!("{{{first},"), 1));
    let nested = format!("\"a\":{}{}", "[".repeat(40), "]".repeat(40));
    let no_text = b"{\"member\":\"\xff\"}".to_vec();
    let huge = plain.replacen("\"quantity_g\":1000", "\"quantity_g\":18446744073709551616", 1);
    let gift = wuhan.sign_bytes("application/vnd.tanqiao.gift.v1+json", plain.clone().into_bytes());
    vec![
        ("nested 40 deep", "M03", with(&nested)),
        ("a name twice", "M01", with("\"member\":\"wuhan\"")),
        ("a name twice, once escaped", "M01", with("\"m\\u0065mber\":\"wuhan\"")),
        (
            "something after the end",
            "M01",
            saying(wuhan, &format!("{plain} {{}}")),
        ),
        (
            "not UTF-8",
            "M01",
            wuhan.sign_bytes(&Issuance::ACTION.payload_type(), no_text),
        ),
        ("2^64", "M02", saying(wuhan, &huge)),
        ("an action of nobody's", "M11", gift),
    ]
}

/// Messages with a member that cannot be so.
fn members(wuhan: &Member) -> Vec<Case> {
    let six_minutes = now().plus_micros(360 * SECOND_US);
    let ahead = |message: &mut Value| {
        message["issued_at"] = json!(six_minutes);
        message["not_after"] = json!(six_minutes.plus_micros(DAY_US));
    };
    let quantity = |number: Value| issuing(wuhan, |message| message["content"]["quantity_g"] = number);
    let other = |message: &mut Value| message["trust_domain"] = json!("other.test");
    let coloured = |message: &mut Value| message["colour"] = json!("green");
    let coloured_inside = |message: &mut Value| message["content"]["colour"] = json!("green");
    vec![
        ("6 minutes ahead", "M07", issuing(wuhan, ahead)),
        ("less than nothing", "M02", quantity(json!(-1))),
        ("half a gram", "M02", quantity(json!(0.5))),
        ("2^53", "M02", quantity(json!(9_007_199_254_740_992_i64))),
        ("an unknown member of the message", "M02", issuing(wuhan, coloured)),
        (
            "an unknown member of the content",
            "M02",
            issuing(wuhan, coloured_inside),
        ),
        ("another federation", "M11", issuing(wuhan, other)),
        ("a range below 0", "M02", offering(wuhan, &["-3-5"])),
    ]
}

/// Ranges that no series can have: refused wherever they are read, with the same answer each time.
fn ranges(wuhan: &Member) -> Vec<Case> {
    vec![
        ("a range that is reversed", "B07", offering(wuhan, &["10-5"])),
        ("a range from 0", "B07", offering(wuhan, &["0-5"])),
        ("a range beyond 2^53", "B07", offering(wuhan, &["1-9007199254740992"])),
    ]
}

/// What only the ledger can see: refused for good, and still no leaf is written.
fn for_the_ledger(wuhan: &Member) -> Vec<Case> {
    let most = json!(9_007_199_254_740_991_i64);
    let overflowing = issuing(wuhan, |message| {
        let content = &mut message["content"];
        (content["quantity_g"], content["verified_g"]) = (most.clone(), most);
        content["activity_total"] = json!("90071992547409.91");
    });
    vec![
        (
            "serials that were never issued",
            "B01",
            offering(wuhan, &["9000-10001"]),
        ),
        ("the same serials twice", "B07", offering(wuhan, &["1-10", "5-20"])),
        ("more than a series can hold", "B12", overflowing),
    ]
}

async fn what_cannot_be_is_refused(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let wuhan = federation.member("wuhan");
    wuhan.issue(10_000).await;
    let head = federation.ledger.head().await;
    let early = [texts(&wuhan), members(&wuhan)]
        .concat()
        .into_iter()
        .map(|case| (case, false));
    let late = [ranges(&wuhan), for_the_ledger(&wuhan)]
        .concat()
        .into_iter()
        .map(|case| (case, true));
    for ((what, check, envelope), kept) in early.chain(late) {
        let told = wuhan.tell(&envelope).await;
        assert_eq!(
            (what, verdict(&told).as_str(), is_kept(&told)),
            (what, check, kept),
            "{told:?}"
        );
    }
    assert_eq!(federation.ledger.head().await, head);
    federation.reckon().await;
}

/// Unseen and past its own end: refused for good. Old and in time: done.
async fn time_decides_once(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let wuhan = federation.member("wuhan");
    let head = federation.ledger.head().await;
    let mut late = wuhan.message(issuance(1_000));
    late.issued_at = now().plus_micros(-20 * DAY_US);
    late.not_after = now().plus_micros(-SECOND_US);
    let late = wuhan.sign(&late);
    let first = wuhan.tell(&late).await.refused_by("M10");
    assert_eq!(wuhan.tell(&late).await.refused_by("M10"), first);
    assert_eq!(federation.ledger.head().await, head);
    let mut old = wuhan.message(issuance(1_000));
    old.issued_at = now().plus_micros(-20 * DAY_US);
    wuhan.tell(&wuhan.sign(&old)).await.unwrap();
    federation.reckon().await;
}

/// What was done stays done, however often and by whichever hub process it is asked again.
async fn a_replay_writes_nothing(kind: Kind) {
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    let wuhan = federation.member("wuhan");
    let (done, refused) = (wuhan.say(issuance(1_000)).1, offering(&wuhan, &["5000-6000"]));
    let outcome = wuhan.tell(&done).await.unwrap();
    let problem = wuhan.tell(&refused).await.refused_by("B01");
    let head = federation.ledger.head().await;
    for restart in [false, true] {
        if restart {
            federation.kill_hub();
            federation.start_hub().await;
        }
        let wuhan = federation.member("wuhan");
        assert_eq!(wuhan.tell(&done).await.unwrap(), outcome);
        assert_eq!(wuhan.tell(&refused).await.refused_by("B01"), problem);
        // Signed anew, it is the same message; with another payload it is not.
        let again = wuhan.sign_bytes(&Action::Issuance.payload_type(), done.payload().to_vec());
        assert_eq!(wuhan.tell(&again).await.unwrap(), outcome);
        let mut other: Value = serde_json::from_slice(done.payload()).unwrap();
        other["content"]["activity_count"] = json!(2);
        let other = wuhan.sign_bytes(&Action::Issuance.payload_type(), serde_json::to_vec(&other).unwrap());
        wuhan.tell(&other).await.refused_by("M08");
    }
    assert_eq!(federation.ledger.head().await, head);
    federation.reckon().await;
}
