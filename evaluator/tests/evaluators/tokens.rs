//! Tokens through any two of three.

use tanqiao_protocol::fingerprint::{Evaluation, EvaluationCounters, TokenKind, VoprfError, token_of};

use crate::world::{World, blind, good, this_month};

#[actix_web::test]
async fn two_nodes_derive_the_same_tokens_through_any_two_evaluators() {
    let world = World::new();
    let mut services = world.start_all();
    let (wuhan, enterprise) = (world.member("wuhan"), world.member("enterprise"));
    // Nobody has made the key of the month: asking the second evaluator for it makes it at all three.
    let epoch = this_month();
    let keys = wuhan.keys(2, epoch).await;
    for number in 1..=3 {
        assert_eq!(enterprise.keys(number, epoch).await, keys, "evaluator {number}");
    }
    let inputs = ["charging session 17", "ride 4"];
    let expected = wuhan.derive(&keys, &inputs, (1, 2)).await;
    for pair in [(1, 3), (3, 2), (2, 1)] {
        let found = enterprise.derive(&keys, &inputs, pair).await;
        assert_eq!(found, expected, "{pair:?}");
    }
    assert_ne!(
        token_of(epoch, TokenKind::Record, &*expected[0]),
        token_of(epoch, TokenKind::Record, &*expected[1])
    );
    // One is away: the other two do, also for who comes later.
    services.remove(0).stop().await;
    assert_eq!(enterprise.derive(&keys, &inputs, (2, 3)).await, expected);
    // And after a restart of both the shares are read back from their files.
    for service in services {
        service.stop().await;
    }
    let _again = [world.start("notary"), world.start("exchange")];
    assert_eq!(world.member("harbin").derive(&keys, &inputs, (3, 2)).await, expected);
}

#[actix_web::test]
async fn an_evaluator_that_uses_another_key_is_caught_by_its_proof() {
    let world = World::new();
    let _services = world.start_all();
    let wuhan = world.member("wuhan");
    let keys = wuhan.keys(1, this_month()).await;
    let blinding = blind(&["ride 1"]);
    let honest: Evaluation = good(wuhan.evaluate(1, keys.epoch, &blinding).await).await;
    // A share of another generation, with a proof that holds for that share.
    let (_, others) = tanqiao_evaluator::bench::generate(keys.epoch).unwrap();
    let (evaluated, proof) = others[0].evaluate(blinding.blinded(), &mut rand_core::OsRng).unwrap();
    let lying = Evaluation {
        evaluated,
        proof,
        ..honest.clone()
    };
    assert_eq!(blinding.verify(&keys, &lying).unwrap_err(), VoprfError::Proof(1));
    // The node goes on with the two honest ones.
    let second: Evaluation = good(wuhan.evaluate(2, keys.epoch, &blinding).await).await;
    let third: Evaluation = good(wuhan.evaluate(3, keys.epoch, &blinding).await).await;
    let pair = (
        blinding.verify(&keys, &second).unwrap(),
        blinding.verify(&keys, &third).unwrap(),
    );
    blinding.finish(&keys, &pair.0, &pair.1).unwrap();
}

#[actix_web::test]
async fn what_is_evaluated_is_counted_once_and_shown_to_whom_it_concerns() {
    let world = World::new();
    let services = world.start_all();
    let (wuhan, harbin) = (world.member("wuhan"), world.member("harbin"));
    let keys = wuhan.keys(1, this_month()).await;
    let blinding = blind(&["a", "b", "c"]);
    let first: Evaluation = good(wuhan.evaluate(1, keys.epoch, &blinding).await).await;
    let again: Evaluation = good(wuhan.evaluate(1, keys.epoch, &blinding).await).await;
    assert_eq!(again.evaluated, first.evaluated);
    let _: Evaluation = good(harbin.evaluate(1, keys.epoch, &blind(&["d"])).await).await;
    let own: EvaluationCounters = good(wuhan.get(1, "/v1/counters").await).await;
    assert_eq!(own.evaluator.as_str(), "regulator");
    let shown: Vec<(&str, u64)> = own
        .counters
        .iter()
        .map(|one| (one.member.as_str(), one.evaluated))
        .collect();
    assert_eq!(shown, [("wuhan", 3)]);
    let all: EvaluationCounters = good(world.asker(Some("notary")).get(1, "/v1/counters").await).await;
    let shown: Vec<(&str, u64)> = all
        .counters
        .iter()
        .map(|one| (one.member.as_str(), one.evaluated))
        .collect();
    assert_eq!(shown, [("harbin", 1), ("wuhan", 3)]);
    let (entries, _) = services[0].evaluator.store.audit_check().unwrap();
    assert_eq!(entries, 5, "prepared, committed, evaluated, repeated, evaluated");
    // Neither store nor log has anything of the inputs or the elements.
    let stored = std::fs::read(world.file("regulator.db")).unwrap();
    let element = &first.evaluated.as_slice()[0];
    assert!(!stored.windows(32).any(|bytes| bytes == element));
}
