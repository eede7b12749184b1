//! Months open, close, and their shares go.

use std::process::Command;

use tanqiao_evaluator::store::EpochKeyState;
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::time::DAY_US;

use crate::world::{World, blind, clock_at, refused, shares_in, this_month, until};

fn run(world: &World, id: &str, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_tanqiao-evaluator"))
        .arg("--config")
        .arg(world.file(&format!("{id}.toml")))
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), json)
}

#[actix_web::test]
async fn a_month_outside_its_window_has_no_key() {
    let world = World::new();
    let _services = world.start_all();
    let wuhan = world.member("wuhan");
    let this = this_month();
    let far = Epoch::from_number(this.number() + 3).unwrap();
    let old = Epoch::from_number(this.number() - 26).unwrap();
    for epoch in [far, old] {
        refused(wuhan.get(2, &format!("/v1/epochs/{epoch}")).await, 404, "epoch-closed").await;
        refused(wuhan.evaluate(2, epoch, &blind(&["a"])).await, 404, "epoch-closed").await;
    }
    let recent = Epoch::from_number(this.number() - 23).unwrap();
    wuhan.keys(3, recent).await;
    wuhan.keys(3, this.next().unwrap()).await;
}

#[actix_web::test]
async fn a_share_is_destroyed_by_the_clock_and_its_key_is_never_made_again() {
    let world = World::new();
    let services = world.start_all();
    let (wuhan, epoch) = (world.member("wuhan"), this_month());
    let keys = wuhan.keys(1, epoch).await;
    for service in services {
        service.stop().await;
    }
    let directory = world.config("notary").shares.directory;
    assert_eq!(shares_in(&directory), 1);
    let later = clock_at(keys.closes_at.plus_micros(1));
    let notary = world.start_at("notary", later);
    let store = &notary.evaluator.store;
    until("the share is destroyed", || {
        store.epoch(epoch).unwrap().unwrap().state == EpochKeyState::Destroyed
    })
    .await;
    assert_eq!(shares_in(&directory), 0);
    assert_eq!(wuhan.get(2, &format!("/v1/epochs/{epoch}")).await.status(), 410);
    notary.stop().await;
    // Also where the clock is set back: there is never another key of that month.
    let _again = world.start_at("notary", clock_at(keys.opens_at.plus_micros(DAY_US)));
    refused(
        wuhan.get(2, &format!("/v1/epochs/{epoch}")).await,
        410,
        "epoch-destroyed",
    )
    .await;
}

#[actix_web::test]
async fn a_share_is_destroyed_on_the_command_line_while_the_service_runs() {
    let world = World::new();
    let _services = world.start_all();
    let (wuhan, epoch) = (world.member("wuhan"), this_month());
    wuhan.keys(1, epoch).await;
    let month = epoch.to_string();
    let work = tokio::task::spawn_blocking(move || {
        let (status, made) = run(&world, "notary", &["keys", "--epoch", &month]);
        assert_eq!((status, made["epoch"].as_str()), (Some(0), Some(month.as_str())));
        let (status, said) = run(&world, "notary", &["destroy", "--epoch", &month]);
        assert_eq!(status, Some(1));
        assert!(said["error"].as_str().unwrap().contains("--early"));
        let (status, said) = run(&world, "notary", &["destroy", "--epoch", &month, "--early"]);
        assert_eq!((status, said["destroyed"].as_bool()), (Some(0), Some(true)));
        let (status, listed) = run(&world, "notary", &["epochs"]);
        assert_eq!((status, listed[0]["state"].as_str()), (Some(0), Some("destroyed")));
        let (status, checked) = run(&world, "notary", &["audit", "--check"]);
        assert_eq!((status, checked["entries"].as_i64()), (Some(0), Some(3)));
        assert_eq!(run(&world, "notary", &["counters"]).0, Some(0));
        assert_eq!(run(&world, "notary", &["keys"]).0, Some(2), "misused");
        world
    });
    let _world = work.await.unwrap();
    refused(wuhan.evaluate(2, epoch, &blind(&["a"])).await, 410, "epoch-destroyed").await;
}
