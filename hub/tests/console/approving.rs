//! What two officers decide.

use tanqiao_hub::store::console::{self, ApprovalState};
use tanqiao_hub::store::read::life::leaf_bytes;
use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::view::MemberStatus;

use crate::browser::{Browser, staff};
use crate::support::node;
use crate::world::{World, on_each};

fn status(world: &World) -> MemberStatus {
    world.service.hub.sequencer.governance().members[&node("wuhan")].status
}

#[actix_web::test]
async fn one_officer_proposes_a_suspension_and_another_carries_it_out() {
    on_each(async |world: World| {
        staff(&world).await;
        let (mut li, mut wang) = (Browser::of(&world, "li").await, Browser::of(&world, "wang").await);
        li.enrol_factor().await;
        wang.enrol_factor().await;
        let form = li.get("/members/wuhan/suspension").await.must_be(200);
        form.must_say("进行中的划转与捐赠全部中止")
            .must_say("须由另一位主管认领并批准后才生效");
        li.post("/members/wuhan/suspension", &[("reason", " ")])
            .await
            .must_be(422)
            .must_say("role=\"alert\"");
        li.post("/members/hub/suspension", &[("reason", "x")])
            .await
            .must_be(404);
        let proposed = li
            .post("/members/wuhan/suspension", &[("reason", "密钥 <b>丢失</b>")])
            .await
            .must_be(303);
        let path = proposed.location.unwrap();
        assert_eq!(
            status(&world),
            MemberStatus::Admitted,
            "nothing happens before the second officer"
        );

        // Whoever proposed it neither claims nor approves it, whatever is sent.
        li.get(&path)
            .await
            .must_be(200)
            .must_say("须由另一人审批")
            .must_say("&lt;b&gt;");
        for what in ["claim", "approval", "rejection"] {
            li.post(&format!("{path}/{what}"), &[("reason", "x")]).await;
        }
        assert_eq!(status(&world), MemberStatus::Admitted);
        wang.post(&format!("{path}/approval"), &[]).await.must_be(409);
        assert_eq!(status(&world), MemberStatus::Admitted, "it is claimed first");

        wang.get("/").await.must_be(200).must_say("暂停节点");
        wang.post(&format!("{path}/claim"), &[]).await.must_be(303);
        wang.get(&path).await.must_be(200).must_say("批准并执行");
        wang.post(&format!("{path}/approval"), &[]).await.must_be(303);
        assert_eq!(status(&world), MemberStatus::Suspended);
        wang.get(&path).await.must_be(200).must_say("已执行");
        let size = world.head().0;
        li.post(&format!("{path}/withdrawal"), &[]).await.must_be(303);
        wang.get(&path).await.must_be(200).must_say("已执行");
        let bytes = world
            .federation
            .database
            .read(move |c| leaf_bytes(c, size - 1))
            .unwrap()
            .unwrap();
        let leaf: Leaf = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            (leaf.r#type.as_str(), leaf.subject.as_str()),
            ("member.suspended", "member/wuhan")
        );
        let officers: Vec<String> = leaf.officers.iter().map(ToString::to_string).collect();
        assert_eq!(officers, ["li", "wang"]);
        // Sent again it changes nothing: it has ended.
        wang.post(&format!("{path}/approval"), &[]).await.must_be(409);
        assert_eq!(world.head().0, size);

        let acts = li.get("/activity").await.must_be(200);
        for said in ["propose-suspension", "claim", "approve", "enrol-factor", "sign-in"] {
            assert!(acts.body.contains(said), "{said}");
        }
    })
    .await;
}

#[actix_web::test]
async fn what_has_gone_to_the_ledger_is_not_taken_back_and_is_sent_again_where_the_answer_was_lost() {
    on_each(async |world: World| {
        staff(&world).await;
        let (mut li, mut wang) = (Browser::of(&world, "li").await, Browser::of(&world, "wang").await);
        li.enrol_factor().await;
        wang.enrol_factor().await;
        let proposed = li
            .post("/members/wuhan/suspension", &[("reason", "an inspection")])
            .await
            .must_be(303);
        let path = proposed.location.unwrap();
        wang.post(&format!("{path}/claim"), &[]).await.must_be(303);
        // The process has died between the two: the approval stands, and nobody knows what the ledger did.
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        let now = world.service.hub.now();
        let (database, wangs) = (&world.federation.database, "wang".parse().unwrap());
        assert!(database.read(|c| console::decide(c, id, &wangs, now)).unwrap());
        li.post(&format!("{path}/withdrawal"), &[]).await.must_be(303);
        wang.post(&format!("{path}/rejection"), &[("reason", "no")])
            .await
            .must_be(303);
        let state = |world: &World| {
            let found = world.federation.database.read(|c| console::approval(c, id));
            found.unwrap().unwrap().state
        };
        assert_eq!(state(&world), ApprovalState::Deciding);
        wang.post(&format!("{path}/approval"), &[]).await.must_be(303);
        assert_eq!(
            (state(&world), status(&world)),
            (ApprovalState::Approved, MemberStatus::Suspended)
        );
    })
    .await;
}

#[actix_web::test]
async fn a_proposal_is_rejected_with_a_reason_or_withdrawn() {
    on_each(async |world: World| {
        staff(&world).await;
        let (mut li, mut wang) = (Browser::of(&world, "li").await, Browser::of(&world, "wang").await);
        li.enrol_factor().await;
        let mut propose = async || {
            let seen = li
                .post("/members/harbin/suspension", &[("reason", "an inspection")])
                .await
                .must_be(303);
            seen.location.unwrap()
        };
        let (first, second) = (propose().await, propose().await);
        wang.post(&format!("{first}/rejection"), &[("reason", "no")])
            .await
            .must_be(409);
        wang.post(&format!("{first}/claim"), &[]).await.must_be(303);
        wang.post(&format!("{first}/rejection"), &[]).await.must_be(422);
        wang.post(&format!("{first}/rejection"), &[("reason", "not proven")])
            .await
            .must_be(303);
        wang.get(&first).await.must_be(200).must_say("not proven");
        wang.post(&format!("{second}/withdrawal"), &[]).await.must_be(403);
        li.post(&format!("{second}/withdrawal"), &[]).await.must_be(303);
        wang.post(&format!("{second}/claim"), &[]).await.must_be(303);
        let ended = world
            .federation
            .database
            .read(|c| console::approvals(c, None, 10))
            .unwrap();
        let states: Vec<ApprovalState> = ended.iter().map(|one| one.state).collect();
        assert_eq!(states, [ApprovalState::Withdrawn, ApprovalState::Rejected]);
    })
    .await;
}
