//! Issuances on registered assets while their tokens are still awaited.

use tanqiao_hub::ledger::command::Body;
use tanqiao_protocol::asset::{AssetConflictState, Scheme};
use tanqiao_protocol::id::MessageId;

use crate::hall::{Act, Hall, on_each_hall, stream};
use crate::support::{Refused as _, entry, issuance, name, station};

const ACTS: &[Act<'static>] = &[(100, &["R a"]), (50, &["R b"])];

/// Registers an issuance on a station, whose tokens are still to come.
fn registered(h: &Hall) -> MessageId {
    h.f.register("wuhan", &station("station-1", 0)).unwrap();
    let id = h.f.new_id();
    h.f.ask(h.f.command("wuhan", id, Body::Issuance(Box::new(header(id)))))
        .result
        .unwrap();
    id
}

fn header(id: MessageId) -> tanqiao_protocol::message::Issuance {
    let mut header = issuance("wuhan", "420100", 150, id);
    header.activity_count = 2;
    header.tokens = Some(stream(ACTS).1);
    header.assets = vec![name("station-1")];
    header
}

#[test]
fn serials_that_came_after_the_list_are_cancelled_with_the_ruling() {
    on_each_hall(|h| {
        let id = registered(h);
        h.f.list(&[entry(Scheme::Ccer, "CCER-1", &station("station-1", 0))])
            .unwrap();
        let conflict = h.f.asset_conflicts().remove(0);
        assert!(conflict.content.frozen.is_empty(), "there was nothing to freeze yet");
        h.upload(id, ACTS);
        assert_eq!(h.work().unwrap(), 1);
        let block = h.block(id);
        assert_eq!(h.f.standing(&block), "wuhan held");
        h.f.rule(conflict.id, AssetConflictState::Upheld).unwrap();
        assert_eq!(h.f.standing(&block), "wuhan cancelled");
        assert_eq!(h.f.asset_conflicts()[0].content.frozen, [block]);
    });
}

#[test]
fn an_issuance_holds_its_asset_until_it_is_abandoned() {
    on_each_hall(|h| {
        registered(h);
        let again = |h: &Hall| {
            let id = h.f.new_id();
            h.f.ask(h.f.command("wuhan", id, Body::Issuance(Box::new(header(id)))))
                .result
        };
        again(h).refused_by("S12");
        h.f.pass(86_400 + 1);
        h.f.sweep();
        again(h).unwrap();
    });
}
