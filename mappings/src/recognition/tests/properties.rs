//! What must hold for all quantities, factors and routes.

use proptest::prelude::*;
use tanqiao_protocol::block::BlockTerms;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Share;
use tanqiao_protocol::r#use::Use::EventNeutrality;

use super::world::{block, carried, crossing, fresh, given, grams, issued, record, set};
use crate::recognition::{MappingSet, RecognisedLot, lots_of, quote, quote_to_deliver, recognise};

const PLACES: [&str; 4] = ["230100", "310000", "440000", "510100"];
const HOME: &str = "420100";

/// A federation in which every place has a mapping, with the given factors and buffers.
fn federation(terms: &[(i64, i64)]) -> MappingSet {
    set(terms.iter().zip(PLACES).map(|((factor, buffer), place)| {
        record(&format!("to-{place}.v1"), place, *factor, *buffer, &[EventNeutrality])
    }))
}

/// What arrives of serials 1 to `quantity`, or nothing where nothing would.
fn cross(set: &MappingSet, quantity: Grams, terms: &BlockTerms, to: &str) -> Option<RecognisedLot> {
    if quantity.is_zero() {
        return None;
    }
    let recognition = recognise(set, &[carried(quantity.get(), terms)], &crossing(to, EventNeutrality)).ok()?;
    recognition.lots.into_iter().next()
}

/// Follows a route; what is there at its end, and its terms.
fn travel(set: &MappingSet, quantity: Grams, route: &[&str]) -> (Grams, BlockTerms) {
    let mut here = (quantity, issued());
    for stop in route {
        here = match cross(set, here.0, &here.1, stop) {
            Some(lot) => (lot.division.delivered, lot.terms_after(&here.1)),
            None => (Grams::ZERO, here.1),
        };
    }
    here
}

fn quantity() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..2_000, 1_i64..10_000_000, 1_i64..=(1 << 53) - 1]
}

fn terms(buffer_max: i64) -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((1_i64..=1_000_000, 0..=buffer_max), PLACES.len())
}

/// Up to six stops, home among them.
fn route() -> impl Strategy<Value = Vec<&'static str>> {
    let stop = prop::sample::select([PLACES.as_slice(), &[HOME]].concat());
    prop::collection::vec(stop, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_is_created_and_no_serial_is_lost(q in quantity(), terms in terms(500_000), cut in 1_i64..1_000) {
        let set = federation(&terms);
        let first = cut.min(q);
        let mut blocks = vec![block(&format!("1-{first}"), issued())];
        if first < q {
            blocks.push(block(&format!("{}-{q}", first + 1), issued()));
        }
        let lots: Vec<_> = lots_of(&blocks).into_iter().map(given).collect();
        let Ok(recognition) = recognise(&set, &lots, &crossing(PLACES[0], EventNeutrality)) else { return Ok(()) };
        for lot in &recognition.lots {
            let d = &lot.division;
            prop_assert_eq!(Grams::total([d.delivered, d.buffered, d.cancelled]).unwrap(), grams(q));
            let of = |share| lot.pieces().iter().filter(|p| p.1 == share).map(|p| p.0.quantity()).sum::<Grams>();
            prop_assert_eq!(of(Share::Delivered), d.delivered);
            prop_assert_eq!(of(Share::Buffered), d.buffered);
            prop_assert_eq!(of(Share::Cancelled), d.cancelled);
            prop_assert!(lot.pieces().windows(2).all(|w| w[0].0.range.last() < w[1].0.range.first()));
        }
        let quote = recognition.quote;
        prop_assert_eq!(Grams::total([quote.delivered_g, quote.buffered_g, quote.cancelled_g]).unwrap(), quote.given_g);
    }

    /// A detour never ends with more than the direct way recognises, whatever the factors and buffers on it.
    #[test]
    fn onward_never_exceeds_direct(q in quantity(), terms in terms(500_000), route in route()) {
        let set = federation(&terms);
        let (onward, paid) = travel(&set, grams(q), &route);
        let Some(direct) = cross(&set, grams(q), &issued(), route[route.len() - 1]) else { return Ok(()) };
        prop_assert!(onward <= grams(q).minus(direct.division.cancelled).unwrap());
        prop_assert!(onward.is_zero() || paid.factor_paid <= direct.division.paid);
    }

    /// Where no buffer is taken that is what arrives, to the gram.
    #[test]
    fn without_buffers_a_detour_delivers_no_more(q in quantity(), terms in terms(0), route in route()) {
        let set = federation(&terms);
        let (onward, _) = travel(&set, grams(q), &route);
        let (direct, _) = travel(&set, grams(q), &route[route.len() - 1..]);
        prop_assert!(onward <= direct, "{} > {}", onward, direct);
    }

    /// With one buffer share everywhere a detour may deliver one gram more: its buffer is rounded up from a larger quantity,
    /// so that the hub holds more, not less, and the next floor comes after it instead of before.
    #[test]
    fn with_one_buffer_everywhere_a_detour_gains_a_gram_of_rounding_at_most(q in quantity(), factors in terms(0),
        buffer in 0_i64..=500_000, via in 0_usize..4, to in 0_usize..4) {
        let terms: Vec<_> = factors.into_iter().map(|(factor, _)| (factor, buffer)).collect();
        let set = federation(&terms);
        let (onward, _) = travel(&set, grams(q), &[PLACES[via], PLACES[to]]);
        let (direct, _) = travel(&set, grams(q), &[PLACES[to]]);
        prop_assert!(onward <= direct.plus(grams(1)).unwrap(), "{} > {}", onward, direct);
    }

    #[test]
    fn the_way_home_costs_nothing_and_gives_nothing_back(q in quantity(), terms in terms(500_000)) {
        let set = federation(&terms);
        let Some(there) = cross(&set, grams(q), &issued(), PLACES[0]) else { return Ok(()) };
        let away = there.terms_after(&issued());
        let home = cross(&set, there.division.delivered, &away, HOME).unwrap();
        prop_assert_eq!(home.division.delivered, there.division.delivered);
        prop_assert!(home.division.buffered.is_zero() && home.division.cancelled.is_zero());
        prop_assert_eq!(home.division.paid, away.factor_paid);
        prop_assert_eq!(home.terms_after(&away).mapping, None);
        // Going out again by the same mapping costs nothing: it is paid.
        let again = cross(&set, home.division.delivered, &home.terms_after(&away), PLACES[0]).unwrap();
        prop_assert!(again.division.cancelled.is_zero());
        prop_assert!(again.division.buffered.is_zero());
    }

    #[test]
    fn splitting_never_gains(a in 1_i64..10_000_000, b in 1_i64..10_000_000, terms in terms(500_000)) {
        let set = federation(&terms);
        let delivered = |q| cross(&set, grams(q), &issued(), PLACES[0]).map_or(Grams::ZERO, |lot| lot.division.delivered);
        prop_assert!(delivered(a).plus(delivered(b)).unwrap() <= delivered(a + b));
    }

    #[test]
    fn the_buffer_is_taken_once(q in quantity(), terms in terms(500_000), route in route()) {
        let set = federation(&terms);
        let mut here = (grams(q), issued());
        let mut times = 0;
        for stop in route {
            let Some(lot) = cross(&set, here.0, &here.1, stop) else { break };
            times += usize::from(!lot.division.buffered.is_zero());
            prop_assert!(lot.buffered_after() || times == 0);
            here = (lot.division.delivered, lot.terms_after(&here.1));
        }
        prop_assert!(times <= 1);
    }

    /// Wherever a lot goes, it never becomes more, what it paid never falls below the smallest factor of its route, and is
    /// never raised.
    #[test]
    fn a_cycle_never_gains(q in quantity(), terms in terms(500_000), route in route()) {
        let set = federation(&terms);
        let mut here = (grams(q), issued());
        for stop in route.iter().chain([&route[0]]) {
            let Some(lot) = cross(&set, here.0, &here.1, stop) else { break };
            prop_assert!(lot.division.delivered <= here.0);
            prop_assert!(lot.division.paid <= here.1.factor_paid);
            prop_assert!(lot.division.paid == here.1.factor_paid || lot.division.paid == lot.terms.factor);
            here = (lot.division.delivered, lot.terms_after(&here.1));
        }
    }

    #[test]
    fn the_quantity_to_deliver_is_the_smallest(wanted in 1_i64..1_000_000_000, terms in terms(500_000)) {
        let set = federation(&terms);
        let to = crossing(PLACES[0], EventNeutrality);
        let answer = quote_to_deliver(&set, &fresh(1), grams(wanted), &to).unwrap();
        prop_assert!(answer.delivered_g >= grams(wanted));
        let less = cross(&set, answer.given_g.minus(grams(1)).unwrap(), &issued(), PLACES[0]);
        prop_assert!(less.is_none_or(|lot| lot.division.delivered < grams(wanted)));
    }

    #[test]
    fn a_quotes_identity_is_its_factors_not_its_quantities(a in 1_000_000_i64..1 << 40, b in 1_000_000_i64..1 << 40, terms in terms(500_000)) {
        let set = federation(&terms);
        let id = |q| quote(&set, &[fresh(q)], &crossing(PLACES[0], EventNeutrality)).ok().map(|quote| quote.quote);
        if let (Some(one), Some(other)) = (id(a), id(b)) {
            prop_assert_eq!(one, other);
        }
    }
}
