use tanqiao_protocol::block::BlockTerms;
use tanqiao_protocol::mapping::MappingState;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::Share;
use tanqiao_protocol::r#use::Use;

use super::world::{active, block, carried, crossing, factor, fresh, given, grams, issued, record, region, set, uses};
use crate::recognition::{
    Basis, MappingEntry, MappingSet, Reason, lots_of, quote, quote_for_quantity, quote_to_deliver, recognise,
};

fn federation() -> MappingSet {
    set([
        record(
            "metro-wuhan-harbin.v1",
            "230100",
            842_110,
            20_000,
            &[Use::EventNeutrality],
        ),
        record(
            "metro-wuhan-shanghai.v1",
            "310000",
            905_612,
            30_000,
            &[Use::EventNeutrality, Use::CorporateNeutrality],
        ),
    ])
}

#[test]
fn a_tonne_of_metro_goes_to_harbin() {
    let crossing = crossing("230100", Use::EventNeutrality);
    let recognition = recognise(&federation(), &[fresh(1_000_000)], &crossing).unwrap();
    let [lot] = recognition.lots.as_slice() else { panic!() };
    assert_eq!(lot.division.delivered, grams(825_267));
    assert_eq!(lot.division.buffered, grams(16_843));
    assert_eq!(lot.division.cancelled, grams(157_890));
    let pieces: Vec<String> = lot.pieces().iter().map(|(b, s)| format!("{} {s:?}", b.range)).collect();
    assert_eq!(
        pieces,
        [
            "1-825267 Delivered",
            "825268-842110 Buffered",
            "842111-1000000 Cancelled"
        ]
    );

    let arrived = lot.terms_after(&issued());
    assert_eq!(
        arrived,
        BlockTerms {
            buffered: true,
            factor_paid: factor(842_110),
            mapping: "metro-wuhan-harbin.v1".parse().ok(),
            uses: uses(&[Use::EventNeutrality]),
            ..issued()
        }
    );
    let quote = recognition.quote;
    assert_eq!(quote.lots[0].mapping, "metro-wuhan-harbin.v1".parse().ok());
    assert_eq!(
        (quote.given_g, quote.delivered_g, quote.buffered_g, quote.cancelled_g),
        (grams(1_000_000), grams(825_267), grams(16_843), grams(157_890))
    );
}

#[test]
fn an_officer_can_read_why() {
    let crossing = crossing("230100", Use::EventNeutrality);
    let quote = quote(&federation(), &[fresh(1_000_000)], &crossing).unwrap();
    assert_eq!(
        quote.explanation_zh,
        "给出 1 t，拟在 230100 用于活动碳中和，分 1 批计算。\n\
         第 1 批（wuhan/420100/CN-4201-metro.v1/2025，1 t）：依据映射 metro-wuhan-harbin.v1，系数 0.842110，低于此前已付的系数 \
         1.000000：1 t × 0.842110 ÷ 1.000000，不足一克的舍去，认可 842.11 kg，其余 157.89 kg 作为折减取消。首次跨区，认可量的 2% \
         向上取整为 16.843 kg，进入枢纽缓冲。到达 825.267 kg，可用于活动碳中和。映射理由：哈尔滨的基准线更低\n\
         合计：到达 825.267 kg，进入枢纽缓冲 16.843 kg，折减取消 157.89 kg；三者之和等于给出量。"
    );
    assert_eq!(
        quote.explanation_en,
        "1 t given, to be used in 230100 for event-neutrality, in 1 lot.\n\
         Lot 1 (wuhan/420100/CN-4201-metro.v1/2025, 1 t): mapping metro-wuhan-harbin.v1 recognises it at 0.842110, which is \
         below the 1.000000 paid so far: 1 t × 0.842110 ÷ 1.000000, rounded down to whole grams, recognises 842.11 kg; the \
         other 157.89 kg are cancelled as discount. At this first crossing 2% of what is recognised, rounded up to 16.843 kg, \
         goes to the hub's buffer. 825.267 kg arrive, usable for event-neutrality. Reason of the mapping: the baseline of \
         Harbin is lower\n\
         In all: 825.267 kg arrive, 16.843 kg go to the hub's buffer, 157.89 kg are cancelled as discount; together they are \
         what was given."
    );
}

#[test]
fn onward_to_a_better_factor_the_serials_stay_and_home_they_come_back_as_they_are() {
    let federation = federation();
    let there = recognise(
        &federation,
        &[fresh(1_000_000)],
        &crossing("230100", Use::EventNeutrality),
    )
    .unwrap();
    let in_harbin = there.lots[0].terms_after(&issued());

    let onward = recognise(
        &federation,
        &[carried(825_267, &in_harbin)],
        &crossing("310000", Use::CorporateNeutrality),
    )
    .unwrap();
    assert_eq!(onward.quote.delivered_g, grams(825_267));
    let in_shanghai = onward.lots[0].terms_after(&in_harbin);
    assert_eq!(
        in_shanghai.factor_paid,
        factor(842_110),
        "what was paid is never raised"
    );
    assert_eq!(in_shanghai.mapping, "metro-wuhan-shanghai.v1".parse().ok());

    let home = recognise(
        &federation,
        &[carried(825_267, &in_shanghai)],
        &crossing("420000", Use::PersonalOffset),
    )
    .unwrap();
    assert_eq!(home.lots[0].terms.basis, Basis::Home);
    assert_eq!(home.quote.delivered_g, grams(825_267));
    assert_eq!(home.quote.lots[0].mapping, None);
    let at_home = home.lots[0].terms_after(&in_shanghai);
    assert_eq!(
        (at_home.factor_paid, at_home.mapping, at_home.buffered),
        (factor(842_110), None, true)
    );
}

#[test]
fn a_donation_next_door_needs_no_mapping_in_force_if_the_holder_says_where_it_is() {
    let in_harbin = BlockTerms {
        buffered: true,
        factor_paid: factor(842_110),
        mapping: "metro-wuhan-harbin.v1".parse().ok(),
        uses: uses(&[Use::EventNeutrality]),
        ..issued()
    };
    let nothing_in_force = MappingSet::default();
    let to_event = crossing("230100", Use::EventNeutrality);
    let mut lot = carried(500, &in_harbin);
    assert_eq!(
        quote(&nothing_in_force, &[lot.clone()], &to_event)
            .unwrap_err()
            .reason
            .code(),
        "R01"
    );
    lot.held_in = Some(region("230100"));
    let recognition = recognise(&nothing_in_force, &[lot.clone()], &to_event).unwrap();
    assert_eq!(recognition.quote.delivered_g, grams(500));
    assert_eq!(recognition.lots[0].terms_after(&in_harbin), in_harbin);
    let other_use = crossing("230100", Use::CorporateNeutrality);
    assert_eq!(
        quote(&nothing_in_force, &[lot], &other_use).unwrap_err().reason.code(),
        "R01"
    );
}

#[test]
fn a_mapping_without_buffer_leaves_the_buffer_to_the_next_crossing() {
    let federation = set([
        record("a.v1", "230100", 900_000, 0, &[Use::EventNeutrality]),
        record("b.v1", "310000", 900_000, 50_000, &[Use::EventNeutrality]),
    ]);
    let first = recognise(&federation, &[fresh(1_000)], &crossing("230100", Use::EventNeutrality)).unwrap();
    let there = first.lots[0].terms_after(&issued());
    assert!(!there.buffered);
    let second = recognise(
        &federation,
        &[carried(900, &there)],
        &crossing("310000", Use::EventNeutrality),
    )
    .unwrap();
    assert_eq!(second.quote.buffered_g, grams(45));
}

#[test]
fn lots_are_grouped_by_what_was_paid_and_come_in_one_order() {
    let paid = BlockTerms {
        factor_paid: factor(842_110),
        buffered: true,
        mapping: "metro-wuhan-harbin.v1".parse().ok(),
        ..issued()
    };
    let mut blocks = [
        block("301-400", issued()),
        block("1-100", paid.clone()),
        block("101-200", issued()),
        block("501-600", paid),
    ];
    let lots = lots_of(&blocks);
    let names: Vec<Vec<String>> = lots
        .iter()
        .map(|lot| lot.blocks.iter().map(|b| b.range.to_string()).collect())
        .collect();
    assert_eq!(names, [vec!["101-200", "301-400"], vec!["1-100", "501-600"]]);
    blocks.reverse();
    assert_eq!(lots_of(&blocks), lots);
}

#[test]
fn a_refusal_names_the_blocks_and_all_or_nothing_goes() {
    let federation = set([record("tiny.v1", "230100", 1, 0, &[Use::EventNeutrality])]);
    let lots: Vec<_> = [fresh(5_000_000), fresh(999_999)].into();
    let refusal = recognise(&federation, &lots, &crossing("230100", Use::EventNeutrality)).unwrap_err();
    assert_eq!(refusal.reason, Reason::DeliversNothing { given: grams(999_999) });
    assert_eq!(refusal.blocks, lots[1].lot.blocks);
    assert_eq!(
        refusal.to_string(),
        "R08 wuhan/420100/CN-4201-metro.v1/2025: 999.999 kg would deliver 0 g: give a larger lot"
    );
}

#[test]
fn serials_given_twice_are_refused() {
    let mut lot = fresh(10).lot;
    lot.blocks.push(lot.blocks[0].clone());
    let refusal = quote(&federation(), &[given(lot)], &crossing("230100", Use::EventNeutrality)).unwrap_err();
    assert_eq!(refusal.reason, Reason::SerialsInvalid);
}

#[test]
fn a_question_before_blocks_are_chosen() {
    let (federation, to) = (federation(), crossing("230100", Use::EventNeutrality));
    let forward = quote_for_quantity(&federation, &fresh(1), grams(1_000_000), &to).unwrap();
    assert_eq!(forward.delivered_g, grams(825_267));
    let backward = quote_to_deliver(&federation, &fresh(1), grams(825_267), &to).unwrap();
    assert_eq!(backward.delivered_g, grams(825_267));
    assert!(backward.given_g <= grams(1_000_000));
    assert_eq!(
        forward.quote, backward.quote,
        "a quote's identity does not depend on quantities"
    );

    let nothing = quote_for_quantity(&federation, &fresh(1), Grams::ZERO, &to).unwrap_err();
    assert_eq!(nothing.reason.code(), "R08");
    let all = grams(tanqiao_protocol::quantity::MAX_SAFE_INTEGER);
    let too_much = quote_to_deliver(&federation, &fresh(1), all, &to).unwrap_err();
    assert_eq!(too_much.reason, Reason::OutOfReach { wanted: all });
    assert_eq!(
        quote_to_deliver(&federation, &fresh(1), Grams::ZERO, &to)
            .unwrap()
            .delivered_g,
        grams(1)
    );
}

#[test]
fn a_quote_finds_its_mapping_among_ten_thousand() {
    let federation: MappingSet = (0..10_000)
        .map(|n| {
            let (of, to) = (n / 34, 110_000 + n % 34 * 10_000);
            let mut record = record(
                &format!("m{n}.v1"),
                &to.to_string(),
                900_000,
                20_000,
                &[Use::EventNeutrality],
            );
            record.origin = format!("CN-{of}-rule.v1").parse().unwrap();
            MappingEntry::new(record, MappingState::Active)
        })
        .chain([active(record(
            "metro-wuhan-harbin.v1",
            "230100",
            842_110,
            20_000,
            &[Use::EventNeutrality],
        ))])
        .collect();
    let (lot, to) = ([fresh(1_000_000)], crossing("230100", Use::EventNeutrality));
    assert_eq!(
        quote(&federation, &lot, &to).unwrap().lots[0].paid_after,
        factor(842_110)
    );
    assert_eq!(lot[0].lot.paid, Factor::ONE);
    assert_eq!(
        recognise(&federation, &lot, &to).unwrap().lots[0].pieces()[0].1,
        Share::Delivered
    );
}
