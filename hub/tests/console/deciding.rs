//! What two officers decide through the further pages.

use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::Role;
use tanqiao_hub::store::console::{self, ApprovalState};
use tanqiao_hub::store::read::{conflicts, dealings, reconciliations};
use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, AssetState};
use tanqiao_protocol::conflict::ConflictOutcome;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::reconciliation::ReconciliationState;
use tanqiao_protocol::transfer::DonationState;

use crate::browser::{Browser, PASSWORD, Seen};
use crate::support::name;
use crate::told::tell;
use crate::world::{World, on_each};

/// One officer proposes by this form, and another claims and approves; the approval's page.
async fn two_decide(li: &mut Browser, wang: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Seen {
    let form = li
        .get(path)
        .await
        .must_be(200)
        .must_say("须由另一位主管认领并批准后才生效");
    // What the form carries of what its reader has seen.
    let seen: Vec<(&str, String)> = ["record", "asked"]
        .into_iter()
        .filter(|field| form.body.contains(&format!("name=\"{field}\"")))
        .map(|field| (field, form.hidden(field)))
        .collect();
    let mut all = fields.to_vec();
    all.extend(seen.iter().map(|(field, value)| (*field, value.as_str())));
    let approval = li.post(path, &all).await.must_be(303).location.unwrap();
    li.post(&format!("{approval}/approval"), &[]).await.must_be(409);
    wang.post(&format!("{approval}/claim"), &[]).await.must_be(303);
    wang.post(&format!("{approval}/approval"), &[]).await.must_be(303);
    wang.get(&approval).await.must_be(200)
}

async fn officers(world: &World) -> (Browser, Browser) {
    let (mut li, mut wang) = (Browser::of(world, "li").await, Browser::of(world, "wang").await);
    li.enrol_factor().await;
    wang.enrol_factor().await;
    (li, wang)
}

#[actix_web::test]
async fn two_officers_approve_a_mapping_and_stop_it() {
    on_each(async |world: World| {
        let told = tell(&world).await;
        let (mut li, mut wang) = officers(&world).await;
        let path = format!("/mappings/{}/decisions", told.waiting);
        let state = || {
            let governance = world.service.hub.sequencer.governance();
            governance.mapping_versions[&told.waiting].state
        };
        // Only what fits its state is offered, and a record that was not read is not approved.
        li.get(&format!("{path}/lift")).await.must_be(409);
        li.get(&format!("{path}/nothing")).await.must_be(404);
        let other = tanqiao_protocol::id::Sha256::of(b"another record").to_string();
        li.post(&format!("{path}/approve"), &[("record", &other)])
            .await
            .must_be(422)
            .must_say("请重新阅读");
        two_decide(&mut li, &mut wang, &format!("{path}/approve"), &[])
            .await
            .must_say("已执行");
        assert_eq!(state(), MappingState::Active);
        li.post(&format!("{path}/suspend"), &[]).await.must_be(422);
        let reason = [("reason", "核查数据")];
        two_decide(&mut li, &mut wang, &format!("{path}/suspend"), &reason)
            .await
            .must_say("核查数据");
        assert_eq!(state(), MappingState::Suspended);
        let page = li.get(&format!("/mappings/{}", told.waiting)).await.must_be(200);
        assert!(page.body.contains("/decisions/lift") && page.body.contains("/decisions/revoke"));
        two_decide(&mut li, &mut wang, &format!("{path}/revoke"), &reason)
            .await
            .must_say("已执行");
        assert_eq!(state(), MappingState::Revoked);
    })
    .await;
}

#[actix_web::test]
async fn two_officers_propose_a_mapping_after_they_have_seen_what_it_would_be() {
    on_each(async |world: World| {
        tell(&world).await;
        let (mut li, mut wang) = officers(&world).await;
        let governance = world.service.hub.sequencer.governance();
        let waiting = governance.mapping_versions[&"wuhan-to-harbin.v2".parse().unwrap()].clone();
        let mut proposal = waiting.content.proposal.unwrap();
        proposal.mapping = "wuhan-to-harbin.v3".parse().unwrap();
        let text = serde_json::to_string_pretty(&proposal).unwrap();
        for (wrong, said) in [
            ("", "必填"),
            ("{}", "提案"),
            (&text.replace("\"to\"", "\"too\""), "too"),
        ] {
            li.post("/mappings/new", &[("proposal", wrong)])
                .await
                .must_be(422)
                .must_say(said);
        }
        let proposed = li.post("/mappings/new", &[("proposal", &text)]).await.must_be(303);
        let approval = proposed.location.unwrap();
        wang.get(&approval)
            .await
            .must_be(200)
            .must_say("枢纽目前的计算结果")
            .must_say("0.760000");
        wang.post(&format!("{approval}/claim"), &[]).await.must_be(303);
        wang.post(&format!("{approval}/approval"), &[]).await.must_be(303);
        wang.get(&approval).await.must_be(200).must_say("已执行");
        wang.get("/mappings/wuhan-to-harbin.v3")
            .await
            .must_be(200)
            .must_say("证据齐全");
    })
    .await;
}

#[actix_web::test]
async fn two_officers_decide_conflicts_donations_and_findings() {
    on_each(async |world: World| {
        let told = tell(&world).await;
        let (mut li, mut wang) = officers(&world).await;
        let reason = [("reason", "闸机记录已核对")];
        let path = format!("/conflicts/{}/decisions/later", told.conflict);
        two_decide(&mut li, &mut wang, &path, &reason).await.must_say("已执行");
        let database = &world.federation.database;
        let conflict = database
            .read(|c| conflicts::conflict_of(c, told.conflict))
            .unwrap()
            .unwrap();
        assert_eq!(conflict.outcome, Some(ConflictOutcome::Later));
        li.get(&path).await.must_be(409);
        li.get("/conflicts?state=decided").await.must_say("判归后登记方");

        let path = format!("/donations/{}/decisions/decline", told.undecided);
        two_decide(&mut li, &mut wang, &path, &reason).await.must_say("已执行");
        let donation = database
            .read(|c| dealings::donation(c, told.undecided))
            .unwrap()
            .unwrap();
        assert_eq!(donation.state, DonationState::Declined);

        let path = format!("/reconciliations/{}/closing", told.reconciliation);
        // What the proposer has not seen is not closed.
        li.post(&path, &[("reason", "核对"), ("asked", "1")])
            .await
            .must_be(409)
            .must_say("日志在此期间又核对过");
        two_decide(&mut li, &mut wang, &path, &reason).await.must_say("已执行");
        let one = database.read(|c| reconciliations::reconciliation(c, told.reconciliation));
        assert_eq!(one.unwrap().unwrap().state, ReconciliationState::Closed);
        li.get(&path).await.must_be(409);

        let path = format!("/asset-conflicts/{}/decisions/for-first", told.asset_conflict);
        two_decide(&mut li, &mut wang, &path, &reason).await.must_say("已执行");
        let roof = database.read(|c| tanqiao_hub::store::read::assets::registrations(c, &name("roof-2")));
        assert_eq!(roof.unwrap()[0].state, AssetState::Lost);
        li.get(&format!("/asset-conflicts/{}/decisions/upheld", told.asset_conflict))
            .await
            .must_be(404);
        assert!(!AssetConflictState::Upheld.decides(AssetConflictKind::Place));

        two_decide(&mut li, &mut wang, "/members/harbin/reconciliation", &reason)
            .await
            .must_say("已执行");
        let feed = world.federation.feed("harbin");
        assert_eq!(feed.last().map(String::as_str), Some("reconciliation.requested"));
    })
    .await;
}

#[actix_web::test]
async fn two_officers_admit_an_account_and_nobody_decides_about_the_own_one() {
    on_each(async |world: World| {
        crate::browser::staff(&world).await;
        let (mut li, mut wang) = officers(&world).await;
        let put = |account: &str| {
            let governance = world.service.hub.sequencer.governance();
            governance.officers.get(&name(account)).cloned()
        };
        for (fields, said) in [
            (
                [("account", "new one"), ("role", "auditor"), ("password", PASSWORD)],
                "连字符",
            ),
            (
                [("account", "zhao"), ("role", "auditor"), ("password", "too short")],
                "12 至 200",
            ),
            (
                [("account", "shen"), ("role", "auditor"), ("password", PASSWORD)],
                "账户已存在",
            ),
        ] {
            li.post("/officers/new", &fields).await.must_be(422).must_say(said);
        }
        let fields = [("account", "zhao"), ("role", "auditor"), ("password", PASSWORD)];
        let approved = two_decide(&mut li, &mut wang, "/officers/new", &fields).await;
        assert!(!approved.body.contains("argon2"), "no hash is shown");
        assert_eq!(put("zhao").unwrap().role, Role::Auditor);
        Browser::of(&world, "zhao").await.get("/officers").await.must_be(200);

        // Neither the proposer's account nor the approver's.
        li.post("/officers/li/change", &[("role", "auditor"), ("active", "yes")])
            .await
            .must_be(409)
            .must_say("不能决定自己的账户");
        let about_wang = li
            .post("/officers/wang/change", &[("role", "officer"), ("active", "no")])
            .await
            .must_be(303);
        let approval = about_wang.location.unwrap();
        wang.post(&format!("{approval}/claim"), &[]).await.must_be(303);
        wang.post(&format!("{approval}/approval"), &[])
            .await
            .must_be(409)
            .must_say("不能决定自己的账户");
        assert!(put("wang").unwrap().active);

        let change = [("role", "organiser"), ("active", "yes")];
        two_decide(&mut li, &mut wang, "/officers/zhao/change", &change).await;
        assert_eq!(put("zhao").unwrap().role, Role::Organiser);
        // The password that was changed between proposal and approval is not put back.
        let withdrawal = [("role", "organiser"), ("active", "no")];
        let proposed = li.post("/officers/zhao/change", &withdrawal).await.must_be(303);
        let approval = proposed.location.unwrap();
        world
            .officers(|f| {
                let changed = Decision::PutOfficer {
                    account: name("zhao"),
                    role: Role::Organiser,
                    password_hash: "$argon2id$another".to_owned(),
                    active: true,
                };
                f.by_officers(&["first-officer"], changed).unwrap();
            })
            .await;
        wang.post(&format!("{approval}/claim"), &[]).await.must_be(303);
        wang.post(&format!("{approval}/approval"), &[])
            .await
            .must_be(409)
            .must_say("口令在提交之后已改变");
        assert_eq!(put("zhao").unwrap().password_hash, "$argon2id$another");
        let open = world
            .federation
            .database
            .read(|c| console::approvals(c, None, 1))
            .unwrap();
        assert_eq!(open[0].state, ApprovalState::Claimed, "it can still be rejected");
    })
    .await;
}
