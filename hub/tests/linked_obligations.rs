//! One claim that meets two obligations: only as officers permitted it, within the quantity, until it is taken back; and the
//! report that shows what looks claimed twice. U02, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::sync::Arc;

use support::marathon::{accept, begin, decline};
use support::{Federation, Refused, claim, grams, id_of, name, node, on_each_database, part};
use tanqiao_hub::api::claims::report;
use tanqiao_hub::ledger::command::{Body, Decision};
use tanqiao_hub::store::read::claims::{Asked, permission};
use tanqiao_protocol::event::{Claim, ClaimantKind, InventoryBasis, LinkedObligation};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::permission::{LinkedPermission, PermissionState};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{ClaimFlagKind, ClaimReport, ClaimsQuery, Outcome};

const DAY: i64 = 86_400;
const POLLUTER: &str = "Example Works";

/// That what Wuhan donates to the marathon also compensates the damage that the polluter did.
fn for_the_marathon(f: &Federation, quantity: i64) -> LinkedPermission {
    LinkedPermission {
        member: node("wuhan"),
        r#use: Use::EventNeutrality,
        event: Some(name("marathon")),
        linked_use: Use::EcologicalCompensation,
        claimant: POLLUTER.to_owned(),
        claimant_kind: ClaimantKind::Organisation,
        year: 2026,
        place: "420100".parse().unwrap(),
        quantity_g: grams(quantity),
        until: f.now().plus_micros(30 * DAY_US),
        reason: "judgment 12 of 2026".to_owned(),
    }
}

/// That what Wuhan retires for the polluter's own neutrality also compensates the damage.
fn for_itself(f: &Federation, quantity: i64) -> LinkedPermission {
    LinkedPermission {
        r#use: Use::CorporateNeutrality,
        event: None,
        ..for_the_marathon(f, quantity)
    }
}

fn grant(f: &Federation, content: LinkedPermission) -> Result<Outcome, Problem> {
    f.by_officers(&["first-officer"], Decision::PermitLinkedObligation(Box::new(content)))
}

fn granted(f: &Federation, content: LinkedPermission) -> MessageId {
    id_of(&grant(f, content).unwrap())
}

fn revoke(f: &Federation, permission: MessageId) -> Result<Outcome, Problem> {
    f.by_officers(
        &["first-officer"],
        Decision::RevokeLinkedPermission {
            permission,
            reason: "the judgment was set aside".to_owned(),
        },
    )
}

fn compensation(permission: MessageId) -> LinkedObligation {
    LinkedObligation {
        r#use: Use::EcologicalCompensation,
        claimant: POLLUTER.to_owned(),
        claimant_kind: ClaimantKind::Organisation,
        year: 2026,
        place: "420100".parse().unwrap(),
        permission,
    }
}

fn polluters_claim(linked: Option<LinkedObligation>) -> Claim {
    Claim {
        claimant: POLLUTER.to_owned(),
        claimant_kind: ClaimantKind::Organisation,
        linked,
        ..claim("wuhan", "420100")
    }
}

fn donate(f: &Federation, member: &str, blocks: &[BlockRef], linked: LinkedObligation) -> Result<Outcome, Problem> {
    let mut content = f.donation("marathon", blocks);
    content.linked = Some(linked);
    f.by_member(member, Body::Donation(Box::new(content)))
}

fn retire(f: &Federation, blocks: &[BlockRef], linked: LinkedObligation) -> Result<Outcome, Problem> {
    f.retire("wuhan", blocks, polluters_claim(Some(linked)))
}

/// Reserved and used grams, and what is left.
fn counted(f: &Federation, id: MessageId) -> (i64, i64, i64) {
    let found = f.database.read(|c| permission(c, id)).unwrap().unwrap();
    (found.reserved.get(), found.used.get(), found.left().get())
}

fn report_of(f: &Federation, query: ClaimsQuery) -> ClaimReport {
    let asked = Asked { query, member: None };
    f.database.read(|c| report(c, &asked, 100)).unwrap()
}

fn flags(report: &ClaimReport) -> Vec<(ClaimFlagKind, String)> {
    report
        .flags
        .iter()
        .map(|flag| (flag.kind, flag.subject.clone()))
        .collect()
}

#[test]
fn a_second_purpose_without_a_permission_is_refused_and_leaves_no_trace() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let nobody = f.new_id();
        donate(&f, "wuhan", &[part(&block, 1, 1_000)], compensation(nobody)).refused_by("U02");
        retire(&f, &[part(&block, 1, 1_000)], compensation(nobody)).refused_by("U02");
        assert_eq!(f.standing(&block), "wuhan held");
        f.assert_sound();
    });
}

#[test]
fn a_donation_meets_the_obligation_that_the_officers_permitted_and_no_gram_more() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let permission = granted(&f, for_the_marathon(&f, 100_000));
        assert_eq!(f.feed("wuhan").last().unwrap(), "permission.granted");
        let linked = compensation(permission);
        donate(&f, "wuhan", &[part(&block, 1, 100_000)], linked.clone()).unwrap();
        assert_eq!(counted(&f, permission), (0, 75_789, 24_211));
        // 100,000 g more would deliver 75,789 g more.
        let problem = donate(&f, "wuhan", &[part(&block, 200_001, 300_000)], linked.clone()).refused_by("U02");
        assert_eq!(problem.expected.as_deref(), Some("24211"));
        donate(&f, "wuhan", &[part(&block, 400_001, 430_000)], linked).unwrap();
        f.assert_sound();
    });
}

#[test]
fn an_undecided_donation_reserves_what_it_would_use_and_gives_it_back() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let permission = granted(&f, for_the_marathon(&f, 100_000));
        let give = |first: i64| {
            let blocks = [part(&block, first, first + 99_999)];
            donate(&f, "wuhan", &blocks, compensation(permission))
        };
        let first = id_of(&give(1).unwrap());
        assert_eq!(counted(&f, permission), (75_789, 0, 24_211));
        give(200_001).refused_by("U02");
        decline(&f, first).unwrap();
        assert_eq!(counted(&f, permission), (0, 0, 100_000));
        let second = id_of(&give(200_001).unwrap());
        // Taken back meanwhile: what was reserved under it stands, and nothing more is.
        revoke(&f, permission).unwrap();
        give(400_001).refused_by("U02");
        accept(&f, second).unwrap();
        assert_eq!(counted(&f, permission), (0, 75_789, 24_211));
        f.assert_sound();
        let third = give(600_001);
        third.refused_by("U02");
        assert_eq!(f.feed("wuhan").iter().filter(|t| *t == "permission.revoked").count(), 1);
        revoke(&f, permission).refused_by("T05");
    });
}

#[test]
fn an_expired_donation_gives_the_permission_back() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, false);
        let permission = granted(&f, for_the_marathon(&f, 100_000));
        donate(&f, "wuhan", &[part(&block, 1, 100_000)], compensation(permission)).unwrap();
        f.pass(DAY);
        f.sweep();
        assert_eq!(counted(&f, permission), (0, 0, 100_000));
        f.assert_sound();
    });
}

#[test]
fn a_permission_serves_just_what_it_says() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        f.plan(support::event("games", "230100", 1_000, true)).unwrap();
        let harbins = f.issue("harbin", "230100", 1_000);
        let permission = granted(&f, for_the_marathon(&f, 100_000));
        let blocks = [part(&block, 1, 100)];
        let with = |change: fn(&mut LinkedObligation)| {
            let mut linked = compensation(permission);
            change(&mut linked);
            linked
        };
        for other in [
            with(|l| l.claimant.push_str(" and Sons")),
            with(|l| l.claimant_kind = ClaimantKind::Member),
            with(|l| l.r#use = Use::PublicWelfare),
            with(|l| l.year = 2025),
            with(|l| l.place = "420000".parse().unwrap()),
        ] {
            donate(&f, "wuhan", &blocks, other).refused_by("U02");
        }
        donate(&f, "wuhan", &blocks, with(|l| l.year = 2027)).refused_by("U03");
        donate(&f, "harbin", &[harbins], compensation(permission)).refused_by("U02");
        let mut games = f.donation("games", &blocks);
        games.linked = Some(compensation(permission));
        f.by_member("wuhan", Body::Donation(Box::new(games))).refused_by("U02");
        retire(&f, &blocks, compensation(permission)).refused_by("U02");
        f.pass(31 * DAY);
        donate(&f, "wuhan", &blocks, compensation(permission)).refused_by("U02");
        assert_eq!(counted(&f, permission), (0, 0, 100_000));
    });
}

#[test]
fn a_retirement_links_obligations_of_one_claimant_only() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let permission = granted(&f, for_itself(&f, 1_000));
        let blocks = [part(&block, 1, 600)];
        f.retire(
            "wuhan",
            &blocks,
            Claim {
                linked: Some(compensation(permission)),
                ..claim("wuhan", "420100")
            },
        )
        .refused_by("U02");
        let mut of_the_event = compensation(permission);
        of_the_event.r#use = Use::EventNeutrality;
        retire(&f, &blocks, of_the_event).refused_by("U02");
        retire(&f, &blocks, compensation(permission)).unwrap();
        assert_eq!(counted(&f, permission), (0, 600, 400));
        retire(&f, &[part(&block, 1_001, 1_401)], compensation(permission)).refused_by("U02");
        retire(&f, &[part(&block, 1_001, 1_400)], compensation(permission)).unwrap();
        assert_eq!(counted(&f, permission), (0, 1_000, 0));
        f.assert_sound();
    });
}

#[test]
fn forty_at_once_never_pass_what_is_permitted() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let permission = granted(&f, for_itself(&f, 1_000));
        let f = Arc::new(f);
        let threads: Vec<_> = (0..40_i64)
            .map(|i| {
                let (f, blocks) = (Arc::clone(&f), [part(&block, 300 * i + 1, 300 * i + 300)]);
                std::thread::spawn(move || retire(&f, &blocks, compensation(permission)))
            })
            .collect();
        let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 3);
        assert_eq!(counted(&f, permission), (0, 900, 100));
        f.assert_sound();
    });
}

#[test]
fn officers_permit_what_makes_sense() {
    on_each_database(|f| {
        begin(&f, 1_000_000, true);
        let refuse = |check: &str, change: fn(&mut LinkedPermission)| {
            let mut content = for_the_marathon(&f, 1_000);
            change(&mut content);
            grant(&f, content).refused_by(check);
        };
        refuse("M02", |c| c.member = node("hub-buffer"));
        refuse("M02", |c| c.member = node("nobody"));
        refuse("M02", |c| c.linked_use = Use::EventNeutrality);
        refuse("M02", |c| c.claimant_kind = ClaimantKind::Event);
        refuse("M02", |c| c.event = None);
        refuse("M02", |c| c.r#use = Use::EcologicalCompensation);
        refuse("D01", |c| c.event = Some(name("no-such-event")));
        refuse("M02", |c| c.quantity_g = grams(0));
        refuse("M02", |c| c.until = "2020-01-01T00:00:00Z".parse().unwrap());
        refuse("M02", |c| c.reason = "call 19900000000".to_owned());
        refuse("U01", |c| c.claimant_kind = ClaimantKind::Commitment);
        refuse("U01", |c| c.linked_use = Use::PersonalOffset);
        let decision = Decision::PermitLinkedObligation(Box::new(for_the_marathon(&f, 1_000)));
        f.by_officers(&["organiser"], decision).refused_by("G02");
        revoke(&f, f.new_id()).refused_by("M02");
        let id = granted(&f, for_the_marathon(&f, 1_000));
        let found = f.database.read(|c| permission(c, id)).unwrap().unwrap();
        assert_eq!(
            (found.state, found.content.quantity_g),
            (PermissionState::Active, grams(1_000))
        );
    });
}

#[test]
fn a_number_of_a_person_in_a_claim_is_refused_by_the_hub_too() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let blocks = [part(&block, 1, 100)];
        let mut said = polluters_claim(None);
        said.statement = Some("thanks to 199 0000 0000".to_owned());
        f.retire("wuhan", &blocks, said).refused_by("M02");
        let mut by_number = polluters_claim(None);
        by_number.claimant = "19900000000".to_owned();
        f.retire("wuhan", &blocks, by_number).refused_by("M02");
    });
}

#[test]
fn the_report_shows_claims_by_claimant_event_region_and_year() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let permission = granted(&f, for_the_marathon(&f, 100_000));
        donate(&f, "wuhan", &[part(&block, 1, 100_000)], compensation(permission)).unwrap();
        f.retire("wuhan", &[part(&block, 200_001, 200_500)], claim("wuhan", "420106"))
            .unwrap();
        let mut earlier = claim("wuhan", "420100");
        earlier.year = 2025;
        f.retire("wuhan", &[part(&block, 300_001, 300_010)], earlier).unwrap();

        let all = report_of(&f, ClaimsQuery::default());
        assert_eq!((all.claims.len(), all.more, flags(&all)), (3, false, Vec::new()));
        let sums: Vec<_> = all
            .sums
            .iter()
            .map(|s| (s.year, s.r#use, s.linked, s.claims, s.quantity_g.get()))
            .collect();
        assert_eq!(
            sums,
            [
                (2025, Use::CorporateNeutrality, false, 1, 10),
                (2026, Use::EventNeutrality, false, 1, 75_789),
                (2026, Use::CorporateNeutrality, false, 1, 500),
                (2026, Use::EcologicalCompensation, true, 1, 75_789),
            ]
        );
        let count = |query: ClaimsQuery| report_of(&f, query).claims.len();
        let of = |claimant: &str| ClaimsQuery {
            claimant: Some(claimant.to_owned()),
            ..ClaimsQuery::default()
        };
        // By its linked obligation a claim is found as well.
        let polluters = report_of(&f, of(POLLUTER));
        assert_eq!(polluters.claims.len(), 1);
        assert_eq!(polluters.permissions[0].permission, permission);
        assert_eq!(polluters.permissions[0].left_g, grams(24_211));
        assert_eq!(count(of("wuhan")), 2);
        let within = |region: &str| ClaimsQuery {
            region: Some(region.parse().unwrap()),
            ..ClaimsQuery::default()
        };
        assert_eq!(count(within("420000")), 3);
        assert_eq!(count(within("420106")), 1);
        assert_eq!(count(within("230000")), 1);
        assert_eq!(count(within("440000")), 0);
        let marathon = ClaimsQuery {
            event: Some(name("marathon")),
            year: Some(2026),
            ..ClaimsQuery::default()
        };
        assert_eq!(count(marathon), 1);
        let of_2025 = ClaimsQuery {
            year: Some(2025),
            ..ClaimsQuery::default()
        };
        assert_eq!(count(of_2025), 1);
    });
}

#[test]
fn the_report_flags_what_looks_claimed_twice() {
    on_each_database(|f| {
        let block = begin(&f, 1_000_000, true);
        let harbins = f.issue("harbin", "230100", 10_000);
        f.donate("wuhan", "marathon", &[part(&block, 1, 100_000)]).unwrap();
        // Two members retire for one company and year.
        let company = |place: &str| Claim {
            place: place.parse().unwrap(),
            ..polluters_claim(None)
        };
        f.retire("wuhan", &[part(&block, 200_001, 200_500)], company("420100"))
            .unwrap();
        f.retire("harbin", &[part(&harbins, 1, 10)], company("230100")).unwrap();
        // The damage is compensated by a linked obligation, and by a claim of its own.
        let permission = granted(&f, for_itself(&f, 1_000));
        retire(&f, &[part(&block, 300_001, 300_100)], compensation(permission)).unwrap();
        let mut own = polluters_claim(None);
        own.r#use = Use::EcologicalCompensation;
        f.retire("wuhan", &[part(&block, 400_001, 400_100)], own).unwrap();
        // The verified inventory is smaller than what was given.
        f.by_officers(
            &["organiser"],
            Decision::SetInventory {
                event: name("marathon"),
                basis: InventoryBasis::Verified,
                inventory: support::inventory(70_000),
            },
        )
        .unwrap();
        let found = report_of(&f, ClaimsQuery::default());
        assert_eq!(
            flags(&found),
            [
                (ClaimFlagKind::SeveralMembers, POLLUTER.to_owned()),
                (ClaimFlagKind::MetTwice, POLLUTER.to_owned()),
                (ClaimFlagKind::BeyondTarget, "marathon".to_owned()),
            ]
        );
        assert_eq!(found.flags[0].claimed_g, grams(610));
        assert_eq!(found.flags[1].claimed_g, grams(200));
        assert_eq!(
            (found.flags[2].claimed_g, found.flags[2].limit_g),
            (grams(75_789), Some(grams(70_000)))
        );
        let another_year = ClaimsQuery {
            year: Some(2025),
            ..ClaimsQuery::default()
        };
        assert!(report_of(&f, another_year).flags.is_empty());
        f.assert_sound();
    });
}
