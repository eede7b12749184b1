//! Envelopes that somebody has tampered with, and bodies that are no envelopes: refused, and nothing written.

use serde_json::{Value, json};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::message::{Action, Content as _, Issuance, TransferDecline};
use tanqiao_protocol::signing::{Algorithm, SigningKey};
use tanqiao_tests::content::issuance;
use tanqiao_tests::member::{is_kept, told, verdict};
use tanqiao_tests::{Federation, Kind, Plan, Refused as _};

use crate::told_on_both;

told_on_both!(what_was_tampered_with_is_refused, a_body_has_limits);

async fn what_was_tampered_with_is_refused(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let (wuhan, harbin) = (federation.member("wuhan"), federation.member("harbin"));
    let message = wuhan.message(issuance(1_000));
    let bytes = serde_json::to_vec(&message).unwrap();
    let issuing = Issuance::ACTION.payload_type();
    let value = |envelope: &Envelope| serde_json::to_value(envelope).unwrap();
    let good = value(&wuhan.sign(&message));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        envelope
    };
    let more = value(&wuhan.sign(&wuhan.message(issuance(1_000_000))));
    // A no has the same shape as a withdrawal: only the signature tells that it was signed as a no.
    let decline = wuhan
        .say(TransferDecline {
            transfer: message.id,
            reason: "no".to_owned(),
        })
        .1;
    let mut turned = value(&decline);
    turned["payloadType"] = json!(Action::TransferWithdrawal.payload_type());
    let stranger = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let cases = [
        (
            "another payload",
            "M04",
            changed(&|envelope| envelope["payload"] = more["payload"].clone()),
        ),
        ("another type of the same shape", "M04", turned),
        (
            "another type",
            "M02",
            changed(&|envelope| envelope["payloadType"] = json!(Action::Retirement.payload_type())),
        ),
        (
            "another member's signature",
            "M05",
            value(&harbin.sign_bytes(&issuing, bytes.clone())),
        ),
        (
            "a stranger's signature",
            "M05",
            value(&Envelope::sign(&issuing, bytes, &stranger).unwrap()),
        ),
        ("another member's signature under this member's key id", "M04", {
            let theirs = value(&harbin.sign(&message));
            changed(&|envelope| envelope["signatures"][0]["sig"] = theirs["signatures"][0]["sig"].clone())
        }),
        (
            "no signature",
            "M04",
            changed(&|envelope| envelope["signatures"] = json!([])),
        ),
        (
            "no base64",
            "M02",
            changed(&|envelope| envelope["payload"] = json!("***")),
        ),
        (
            "an unknown member",
            "M02",
            changed(&|envelope| envelope["colour"] = json!("green")),
        ),
    ];
    let head = federation.ledger.head().await;
    for (what, check, envelope) in cases {
        let response = wuhan.send(serde_json::to_vec(&envelope).unwrap()).await.unwrap();
        let told = told(response).await.unwrap();
        assert_eq!(
            (what, verdict(&told).as_str(), is_kept(&told)),
            (what, check, false),
            "{told:?}"
        );
    }
    assert_eq!(federation.ledger.head().await, head);
    wuhan.tell(&wuhan.sign(&message)).await.unwrap();
}

async fn a_body_has_limits(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let wuhan = federation.member("wuhan");
    let envelope = wuhan.say(issuance(1_000)).1;
    let text = String::from_utf8(envelope.to_json().unwrap()).unwrap();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let cases = [
        ("9 MiB", "M03", 413, vec![b' '; 9 * 1024 * 1024]),
        ("nested 100,000 deep", "M03", 413, deep.into_bytes()),
        ("cut off", "M01", 400, text.as_bytes()[..text.len() - 1].to_vec()),
        (
            "not UTF-8",
            "M01",
            400,
            text.replacen("payload", "pay\u{7f}load", 1)
                .into_bytes()
                .iter()
                .map(|b| if *b == 0x7f { 0xff } else { *b })
                .collect(),
        ),
        (
            "a name twice",
            "M01",
            400,
            text.replacen('{', "{\"signatures\":[],", 1).into_bytes(),
        ),
        ("empty", "M01", 400, Vec::new()),
        ("no envelope", "M02", 422, b"{}".to_vec()),
        ("a list of nothing", "M02", 422, b"{\"envelopes\":[]}".to_vec()),
    ];
    let head = federation.ledger.head().await;
    for (what, check, status, body) in cases {
        let response = wuhan.send(body).await.unwrap();
        assert_eq!((what, response.status().as_u16()), (what, status));
        let told = told(response).await.unwrap();
        assert_eq!((what, verdict(&told).as_str()), (what, check), "{told:?}");
    }
    let mut one_type_wrong = wuhan
        .http
        .post(format!("{}/v1/messages", wuhan.base))
        .body(text.clone());
    one_type_wrong = one_type_wrong.header("content-type", "text/plain");
    told(one_type_wrong.send().await.unwrap())
        .await
        .unwrap()
        .refused_by("unsupported-media-type");
    assert_eq!(federation.ledger.head().await, head);
    // The connection is as good as before.
    wuhan.tell(&envelope).await.unwrap();
}
