//! Members join while the hub dies in the middle of their requests.

use tanqiao_protocol::signing::SigningKey;
use tanqiao_tests::program::{KILLED, NODE, run};
use tanqiao_tests::{Federation, Kind, Plan};

use crate::crashes::HUB_ELSEWHERE;
use crate::told_on_both;

told_on_both!(a_request_survives_the_hub);

async fn a_request_survives_the_hub(kind: Kind) {
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    let [before_write, after_write, ..] = HUB_ELSEWHERE;
    for (point, member, region) in [
        (before_write, "chengdu", "510100"),
        (after_write, "guangzhou", "440100"),
    ] {
        federation.seat(member, region);
        let names = ["--region", region, "--name-zh", member, "--name-en", member];
        let invitation = [["enrolment", "code", member].as_slice(), &names].concat();
        let invited = federation.officers(&invitation).await;
        let code = federation.place.member(member, "code.txt");
        std::fs::write(&code, invited["code"].as_str().unwrap()).unwrap();

        federation.kill_hub();
        federation.start_hub_to_die(point);
        let config = federation.place.member(member, "node.toml");
        let url = federation.enrolment_url();
        let enrol = [
            "--config",
            &config.display().to_string(),
            "enrol",
            "--url",
            &url,
            "--code-file",
            &code.display().to_string(),
            "--wait-s",
            "0",
        ]
        .map(str::to_owned);
        // The hub may not listen yet: the command may be repeated until the hub has died.
        let lost = tanqiao_tests::until("the hub has taken the request", async || {
            let answer = run(NODE, &enrol).await;
            if federation.hub_has_ended() {
                Ok(answer)
            } else {
                Err(answer.complaint)
            }
        })
        .await;
        assert_ne!(lost.status, Some(0), "{lost:?}");
        assert_eq!(federation.hub_death().await, KILLED, "the hub at {point}");
        federation.start_hub().await;

        let pending = run(NODE, &enrol).await;
        assert_eq!(
            (pending.status, &pending.json["status"]),
            (Some(1), &"pending".into()),
            "{pending:?}"
        );
        federation
            .officers(&["enrolment", "approve", pending.json["id"].as_str().unwrap()])
            .await;
        run(NODE, &enrol).await.done();
        federation.start_node(member).await;
        federation.in_step().await;
        let pem = std::fs::read_to_string(federation.place.member(member, "signing.key")).unwrap();
        let key = SigningKey::from_pem(&pem).unwrap();
        let members: serde_json::Value = federation.member(member).read("/v1/members").await;
        let registered = members["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["member"] == member)
            .unwrap();
        assert_eq!(registered["keys"].as_array().unwrap().len(), 1, "{registered}");
        assert_eq!(registered["keys"][0]["key_id"], key.id().to_string(), "{registered}");
    }
    federation.reckon().await;
}
