//! Token streams over the wire: whole, in parts, cut anywhere, and wrong in every way.

use reqwest::Response;
use tanqiao_hub::serve::Service;
use tanqiao_protocol::conflict::{ConflictEvidence, ConflictView, HeldView, UploadView};
use tanqiao_protocol::fingerprint::{
    StreamRecord, StreamSums, Token, TokenCommitment, TokenEntry, TokenKind, TokenSuite, encode,
};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::transfer::IssuanceState;
use tanqiao_protocol::view::{IssuanceView, Outcome, Page};

use crate::support::{Federation, grams, issuance};
use crate::world::{Member, World, good, on_each, on_each_with, refused, until};

fn record(index: u32, order: &str) -> StreamRecord {
    let entry = |kind, label: String| TokenEntry {
        kind,
        epoch: "2025-03".parse().unwrap(),
        token: Token(Sha256::of(label.as_bytes()).0[..16].try_into().unwrap()),
    };
    StreamRecord {
        index,
        grams: grams(100),
        tokens: vec![
            entry(TokenKind::Record, format!("R {order}")),
            entry(TokenKind::Subject, format!("S {order}")),
        ],
    }
}

fn records(orders: &[&str]) -> Vec<StreamRecord> {
    (0..).zip(orders).map(|(index, order)| record(index, order)).collect()
}

fn bytes(records: &[StreamRecord]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        encode(record, &mut bytes);
    }
    bytes
}

fn commitment(records: &[StreamRecord]) -> TokenCommitment {
    let mut sums = StreamSums::default();
    for record in records {
        let mut one = Vec::new();
        encode(record, &mut one);
        assert!(sums.add(record, &one));
    }
    sums.commitment(TokenSuite::HmacSm3).unwrap()
}

async fn register(member: &Member, region: &str, records: &[StreamRecord]) -> MessageId {
    let mut header = issuance(
        &member.id,
        region,
        100 * i64::try_from(records.len()).unwrap(),
        tanqiao_hub::serve::new_id(),
    );
    header.activity_count = u32::try_from(records.len()).unwrap();
    header.tokens = Some(commitment(records));
    let (id, outcome): (_, Outcome) = member.done("/v1/issuances", header).await;
    assert_eq!(outcome.state.as_deref(), Some("registered"));
    id
}

async fn put(member: &Member, id: MessageId, offset: usize, bytes: &[u8]) -> Response {
    let request = member.client.put(format!("{}/v1/issuances/{id}/tokens", member.base));
    request
        .header("Upload-Offset", offset)
        .body(bytes.to_vec())
        .send()
        .await
        .unwrap()
}

fn offset(response: &Response) -> usize {
    response.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
}

async fn ended(member: &Member, id: MessageId) -> IssuanceView {
    let path = format!("/v1/issuances/{id}");
    for _ in 0..1_000 {
        let view: IssuanceView = member.read(&path).await;
        if !matches!(
            view.state,
            IssuanceState::Registered | IssuanceState::Uploaded | IssuanceState::Screening
        ) {
            return view;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{id} was never screened");
}

async fn screening(world: &World) {
    let policy = |f: &Federation| {
        f.set_policy(|policy| {
            policy.screening = true;
            policy.token_suite = TokenSuite::HmacSm3;
        });
    };
    world.officers(policy).await;
}

#[actix_web::test]
async fn a_stream_that_is_cut_at_any_byte_goes_on_from_there() {
    on_each(async |world| {
        screening(&world).await;
        let wuhan = world.member("wuhan");
        let records = records(&["a", "b"]);
        let whole = bytes(&records);
        let id = register(&wuhan, "420100", &records).await;
        for at in 0..whole.len() - 1 {
            let response = put(&wuhan, id, at, &whole[at..=at]).await;
            assert_eq!(offset(&response), at + 1);
            let view: UploadView = good(response).await;
            assert!(!view.complete);
        }
        let asked: UploadView = wuhan.read(&format!("/v1/issuances/{id}/tokens")).await;
        assert_eq!(asked.offset, whole.len() as u64 - 1);
        // Repeated, and from elsewhere: the answer says where it goes on.
        for wrong in [0, 1, whole.len() - 2, whole.len()] {
            let response = put(&wuhan, id, wrong, &whole[..1]).await;
            assert_eq!(offset(&response), whole.len() - 1);
            refused(response, "upload-offset").await;
        }
        let last: UploadView = good(put(&wuhan, id, whole.len() - 1, &whole[whole.len() - 1..]).await).await;
        assert!(last.complete);
        assert_eq!(ended(&wuhan, id).await.state, IssuanceState::Recognised);
        // The answer was lost, and the whole is sent again.
        let again: UploadView = good(put(&wuhan, id, 0, &whole).await).await;
        assert!(again.complete);
    })
    .await;
}

#[actix_web::test]
async fn a_stream_that_is_not_the_promised_one_is_refused_and_sent_again_from_the_start() {
    on_each(async |world| {
        screening(&world).await;
        let wuhan = world.member("wuhan");
        let promised = records(&["a", "b", "c"]);
        let id = register(&wuhan, "420100", &promised).await;
        let good_bytes = bytes(&promised);
        let one = good_bytes.len() / 3;
        let mut reordered = good_bytes[one..2 * one].to_vec();
        reordered.extend_from_slice(&good_bytes[..one]);
        reordered.extend_from_slice(&good_bytes[2 * one..]);
        let mut repeated = good_bytes[..2 * one].to_vec();
        repeated.extend_from_slice(&good_bytes[one..2 * one]);
        let other_grams = bytes(&[
            promised[0].clone(),
            promised[1].clone(),
            StreamRecord {
                grams: grams(101),
                ..promised[2].clone()
            },
        ]);
        let mut other_epoch = promised.clone();
        other_epoch[2].tokens[0].epoch = "2025-02".parse().unwrap();
        let mut flipped = good_bytes.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let mut no_record = good_bytes.clone();
        no_record[12] = 17;
        for wrong in [
            reordered,
            repeated,
            other_grams,
            bytes(&other_epoch),
            flipped,
            no_record,
        ] {
            let response = put(&wuhan, id, 0, &wrong).await;
            refused(response, "S09").await;
            let view: UploadView = wuhan.read(&format!("/v1/issuances/{id}/tokens")).await;
            assert_eq!((view.offset, view.complete), (0, false));
        }
        let mut longer = good_bytes.clone();
        longer.push(0);
        refused(put(&wuhan, id, 0, &longer).await, "S09").await;
        let view: UploadView = wuhan.read(&format!("/v1/issuances/{id}/tokens")).await;
        let at = usize::try_from(view.offset).unwrap();
        let done: UploadView = good(put(&wuhan, id, at, &good_bytes[at..]).await).await;
        assert!(done.complete);
        assert_eq!(ended(&wuhan, id).await.state, IssuanceState::Recognised);
    })
    .await;
}

#[actix_web::test]
async fn an_activity_without_the_tokens_of_its_class_is_refused_by_name() {
    on_each(async |world| {
        screening(&world).await;
        let wuhan = world.member("wuhan");
        let mut promised = records(&["a", "b"]);
        promised[1].tokens.pop();
        let id = register(&wuhan, "420100", &promised).await;
        let problem = refused(put(&wuhan, id, 0, &bytes(&promised)).await, "S08").await;
        assert!(problem.detail.contains("Activity 1"), "{}", problem.detail);
    })
    .await;
}

#[actix_web::test]
async fn nobody_uploads_for_another_and_nobody_sees_anothers_conflicts() {
    on_each(async |world| {
        screening(&world).await;
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let promised = records(&["a", "b"]);
        let first = register(&wuhan, "420100", &promised).await;
        refused(put(&harbin, first, 0, &bytes(&promised)).await, "not-found").await;
        refused(harbin.get(&format!("/v1/issuances/{first}/tokens")).await, "not-found").await;
        refused(harbin.get(&format!("/v1/issuances/{first}/held")).await, "not-found").await;
        let second = register(&harbin, "230100", &promised).await;
        good::<UploadView>(put(&harbin, second, 0, &bytes(&promised)).await).await;
        good::<UploadView>(put(&wuhan, first, 0, &bytes(&promised)).await).await;
        assert_eq!(ended(&harbin, second).await.state, IssuanceState::HeldBack);
        let held: Page<HeldView> = harbin.read(&format!("/v1/issuances/{second}/held?limit=1")).await;
        assert_eq!((held.items.len(), held.next.as_deref()), (1, Some("0")));
        let open: Page<ConflictView> = wuhan.read("/v1/conflicts?open=true").await;
        assert_eq!(open.items.len(), 2);
        let conflict = open.items[0].conflict;
        let said = ConflictEvidence {
            conflict,
            concede: true,
            statement: "the other order number is right".to_owned(),
        };
        let (_, outcome): (_, Outcome) = harbin
            .done(&format!("/v1/conflicts/{conflict}/evidence"), said.clone())
            .await;
        assert_eq!(outcome.state.as_deref(), Some("resolved"));
        let view: ConflictView = harbin.read(&format!("/v1/conflicts/{conflict}")).await;
        assert_eq!(view.evidence.len(), 1);
        // Personal numbers stay out of what is kept.
        let personal = ConflictEvidence {
            conflict: open.items[1].conflict,
            concede: false,
            statement: "the rider is 13800000000".to_owned(),
        };
        let (_, envelope) = harbin.say(personal);
        refused(
            harbin
                .post(&format!("/v1/conflicts/{}/evidence", open.items[1].conflict), &envelope)
                .await,
            "M02",
        )
        .await;
    })
    .await;
}

#[actix_web::test]
async fn of_two_that_upload_the_same_activity_at_the_same_instant_one_is_recognised() {
    on_each(async |world| {
        screening(&world).await;
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        for round in 0..5 {
            let order = format!("order-{round}");
            let promised = records(&[&order]);
            let whole = bytes(&promised);
            let (a, b) = tokio::join!(
                async {
                    let id = register(&wuhan, "420100", &promised).await;
                    good::<UploadView>(put(&wuhan, id, 0, &whole).await).await;
                    ended(&wuhan, id).await.state
                },
                async {
                    let id = register(&harbin, "230100", &promised).await;
                    good::<UploadView>(put(&harbin, id, 0, &whole).await).await;
                    ended(&harbin, id).await.state
                }
            );
            let mut states = [a, b];
            states.sort_unstable();
            assert_eq!(states, [IssuanceState::Recognised, IssuanceState::HeldBack]);
        }
        until(|| world.service.hub.sequencer.read_only().is_none()).await;
    })
    .await;
}

/// Many short records: a stream of about `kib`.
fn long(kib: usize, prefix: &str) -> Vec<StreamRecord> {
    let one = bytes(&records(&["x"])).len();
    let orders: Vec<String> = (0..kib * 1_024 / one).map(|n| format!("{prefix}-{n}")).collect();
    let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
    records(&orders)
}

#[actix_web::test]
async fn a_member_has_so_much_room_for_streams_and_gets_it_back_when_they_are_screened() {
    on_each_with("[limits]\nupload_mib_per_member = 1\n", async |world| {
        screening(&world).await;
        let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
        let (first, second) = (long(700, "first"), long(600, "second"));
        let (one, two) = (bytes(&first), bytes(&second));
        let a = register(&wuhan, "420100", &first).await;
        let b = register(&wuhan, "420100", &second).await;
        // What was begun takes its room, and can be ended.
        good::<UploadView>(put(&wuhan, a, 0, &one[..100]).await).await;
        let full = refused(put(&wuhan, b, 0, &two).await, "upload-quota").await;
        assert_eq!((full.status, full.retry_after_s), (429, Some(60)));
        assert!(
            full.detail.contains("send it again once earlier issuances"),
            "{}",
            full.detail
        );
        let view: UploadView = wuhan.read(&format!("/v1/issuances/{b}/tokens")).await;
        assert_eq!(view.offset, 0);
        // Another member has room of its own.
        let c = register(&harbin, "230100", &second).await;
        good::<UploadView>(put(&harbin, c, 0, &two[..100]).await).await;
        good::<UploadView>(put(&wuhan, a, 100, &one[100..]).await).await;
        assert_eq!(ended(&wuhan, a).await.state, IssuanceState::Recognised);
        good::<UploadView>(put(&wuhan, b, 0, &two).await).await;
        // No waiting helps a stream that is longer than all the room.
        let huge = long(1_100, "huge");
        let d = register(&harbin, "230100", &huge).await;
        let long = refused(put(&harbin, d, 0, &bytes(&huge)).await, "upload-too-large").await;
        assert_eq!((long.status, long.expected), (413, Some("1048576".into())));
    })
    .await;
}

#[actix_web::test]
async fn of_two_streams_that_begin_at_the_same_instant_no_more_are_kept_than_there_is_room_for() {
    on_each_with("[limits]\nupload_mib_per_member = 1\n", async |world| {
        screening(&world).await;
        let wuhan = world.member("wuhan");
        let streams = [long(600, "one"), long(600, "two"), long(600, "three")];
        let mut ids = Vec::new();
        for stream in &streams {
            ids.push(register(&wuhan, "420100", stream).await);
        }
        let parts: Vec<Vec<u8>> = streams.iter().map(|stream| bytes(stream)[..200].to_vec()).collect();
        for _ in 0..10 {
            let sent = (0..3).map(|n| put(&wuhan, ids[n], 0, &parts[n]));
            let kept = futures_util::future::join_all(sent).await;
            let kept = kept.iter().filter(|response| response.status().is_success()).count();
            assert!(kept <= 1, "{kept} of 600 KiB in 1 MiB");
            let spool = &world.service.hub.spool;
            assert_eq!(spool.list().unwrap().len(), kept);
            for id in &ids {
                spool.remove(*id).unwrap();
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn streams_that_nobody_needs_are_deleted_when_the_hub_starts() {
    on_each(async |world| {
        screening(&world).await;
        let wuhan = world.member("wuhan");
        let promised = records(&["a", "b"]);
        let id = register(&wuhan, "420100", &promised).await;
        good::<UploadView>(put(&wuhan, id, 0, &bytes(&promised)[..20]).await).await;
        // What a crash has left of an issuance that has ended, or a ledger that was restored does not know.
        let unknown = tanqiao_hub::serve::new_id();
        world.service.hub.spool.append(unknown, 0, &[1; 10], 100).unwrap();
        let (service, config, _ground) = world.into_parts();
        service.stop().await;
        let mut again = Service::start(&config);
        for _ in 0..500 {
            if again.is_ok() {
                break;
            }
            // The last to use the spool lets go of it a moment later.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            again = Service::start(&config);
        }
        let again = again.unwrap();
        until(|| again.hub.spool.list().unwrap() == [id].into()).await;
        assert_eq!(again.hub.spool.offset(id).unwrap(), 20);
        again.stop().await;
    })
    .await;
}
