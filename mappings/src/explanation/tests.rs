//! Explanations say everything that the number rests on.

use super::*;
use crate::equivalence::assess;
use crate::equivalence::tests::world::{World, charging};

#[test]
fn an_explanation_names_what_bounds_and_what_would_raise_the_number() {
    let world = World::new();
    let (naas, wuhan) = (
        charging("CN-ORG-naas-ev-charging", "500..800"),
        charging("CN-4201-ev-charging", "409.4"),
    );
    let explanation = explain(&assess(&world.question(&naas, &wuhan), &world.library()));
    assert_eq!(explanation.factor.unwrap().to_string(), "0.501515", "409.4/800 · 0.98");
    let text = explanation.text(Language::En);
    assert!(text.contains("* target: 409.4 g, 0.511750"), "{text}");
    assert!(text.contains("≤ 0.802424: the origin discloses"), "{text}");
    assert!(
        text.contains("multiplied as exact fractions and truncated once, to six decimals: 0.501515"),
        "{text}"
    );
    assert!(
        text.contains(
            "Factor 0.501515: the factor of issuance is not disclosed, so that its upper end, 800 g a unit, was compared with \
             409.4 g of the target's methodology."
        ),
        "{text}"
    );
    let zh = explanation.text(Language::Zh);
    assert!(
        zh.contains("签发所用的因子没有披露，按其上限 800 g 与目标方法学的 409.4 g 比较。"),
        "{zh}"
    );
    assert!(zh.contains("目标方因子 409.4 g ÷ 来源方因子 800 g"), "{zh}");
    assert!(zh.contains(&naas.content_hash().to_string()));
    let again: Explanation = serde_json::from_str(&serde_json::to_string(&explanation).unwrap()).unwrap();
    assert_eq!(again.content_hash(), explanation.content_hash());
}

#[test]
fn a_ratio_above_one_is_capped_and_said() {
    let world = World::new();
    let (wuhan, naas) = (
        charging("CN-4201-ev-charging", "409.4"),
        charging("CN-ORG-naas-ev-charging", "500..800"),
    );
    let explanation = explain(&assess(&world.question(&wuhan, &naas), &world.library()));
    assert_eq!(explanation.factor.unwrap().to_string(), "0.980000");
    assert!(explanation.text(Language::En).contains("1.221299 is above 1"));
    assert!(explanation.text(Language::Zh).contains("1.221299 高于 1"));
}
