//! Two hub processes on one PostgreSQL keep one order.

use tanqiao_protocol::canonical;
use tanqiao_protocol::feed::{CHAIN_START, FeedPage, chain};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_tests::content::{pieces, proposal};
use tanqiao_tests::{Federation, Kind, Member, Plan, Refused as _};

const CLIENTS: usize = 8;
const TRANSFERS: usize = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hub_processes_keep_one_order() {
    if tanqiao_tests::ledger::postgres().is_none() {
        return;
    }
    let mut federation = Federation::with_hub(Plan::on(Kind::Postgres)).await;
    federation.start_hub_process("second-hub").await;
    let hubs = ["hub", "second-hub"];
    let block = federation
        .member("wuhan")
        .issue(1_000 * i64::try_from(TRANSFERS + 1).unwrap())
        .await;
    let mut blocks = pieces(&block, 1_000);
    let last = blocks.pop().unwrap();

    // What is offered through one process is accepted through the other.
    let trading: Vec<_> = blocks
        .chunks(TRANSFERS / CLIENTS)
        .enumerate()
        .map(|(client, blocks)| {
            let wuhan = federation.member_through(hubs[client % 2], "wuhan");
            let harbin = federation.member_through(hubs[(client + 1) % 2], "harbin");
            tokio::spawn(trade(wuhan, harbin, blocks.to_vec()))
        })
        .collect();
    for one in trading {
        one.await.unwrap();
    }
    assert_eq!(
        federation.ledger.totals().await.transfers_committed,
        i64::try_from(TRANSFERS).unwrap()
    );
    for member in ["wuhan", "harbin"] {
        let read = [
            read_feed(&federation.member_through(hubs[0], member)).await,
            read_feed(&federation.member_through(hubs[1], member)).await,
        ];
        assert_eq!(read[0], read[1], "both processes tell {member} the same");
    }

    // Suspended by one process, refused by the others from its answer on.
    let wuhan = federation.member_through("second-hub", "wuhan");
    let harbin = federation.member_through("second-hub", "harbin");
    let offered = wuhan.offer(std::slice::from_ref(&last)).await;
    federation
        .officers(&["member", "suspend", "wuhan", "--reason", "an inspection"])
        .await;
    for hub in hubs {
        let wuhan = federation.member_through(hub, "wuhan");
        let refused = wuhan.tell(&wuhan.say(proposal(std::slice::from_ref(&last))).1).await;
        refused.refused_by("N02");
    }
    wuhan.tell(&wuhan.say(proposal(&[last])).1).await.refused_by("N02");
    harbin.tell(&harbin.accepting(&offered)).await.refused_by("T05");
    federation.reckon().await;
}

async fn trade(wuhan: Member, harbin: Member, blocks: Vec<BlockRef>) {
    for block in blocks {
        let offered = wuhan.offer(&[block]).await;
        harbin.tell(&harbin.accepting(&offered)).await.unwrap();
    }
}

/// A member's whole feed; its last entry and chain. Entries come without a gap, and each chain fits the one before.
async fn read_feed(member: &Member) -> (i64, String) {
    let (mut seq, mut at) = (0, CHAIN_START);
    loop {
        let page: FeedPage = member.read(&format!("/v1/feed?after={seq}&chain={at}&limit=100")).await;
        for entry in &page.entries {
            assert_eq!(entry.entry.seq, seq + 1);
            at = chain(&at, &canonical::to_vec(&entry.entry).unwrap());
            assert_eq!(entry.chain, at);
            seq = entry.entry.seq;
        }
        if page.entries.is_empty() {
            assert_eq!(page.latest, seq);
            return (seq, at.to_string());
        }
    }
}
