//! WCAG 2.2: text has 4.5 to 1 on what it stands on, and what is no text has 3 to 1; in both themes.
#![expect(
    clippy::float_arithmetic,
    reason = "relative luminance is defined with powers; no quantity is concerned"
)]

use std::collections::BTreeMap;

const CSS: &str = include_str!("../../assets/console.css");

/// Texts and what they stand on.
const TEXTS: &[(&str, &str)] = &[
    ("text", "bg"),
    ("text", "surface"),
    ("text", "head"),
    ("muted", "bg"),
    ("muted", "surface"),
    ("link", "bg"),
    ("link", "surface"),
    ("link", "head"),
    ("on-primary", "primary"),
    ("on-danger", "danger"),
    ("good", "good-bg"),
    ("running", "running-bg"),
    ("waiting", "waiting-bg"),
    ("bad", "bad-bg"),
    ("neutral", "neutral-bg"),
    ("on-in3", "in3"),
    ("on-in2", "in2"),
    ("on-in1", "in1"),
    ("on-still", "still"),
    ("on-out1", "out1"),
    ("on-out2", "out2"),
    ("on-out3", "out3"),
];

/// Borders and marks that say something.
const MARKS: &[(&str, &str)] = &[
    ("border", "surface"),
    ("border", "bg"),
    ("primary", "bg"),
    ("primary", "surface"),
    ("link", "surface"),
    ("band1", "surface"),
    ("band2", "surface"),
    ("band3", "surface"),
    ("muted", "surface"),
];

fn tokens(block: &str) -> BTreeMap<&str, [f64; 3]> {
    let declarations = block.split(';').filter_map(|one| one.split_once(": #"));
    let colour = |hex: &str| {
        [0, 2, 4].map(|at| f64::from(u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap()) / 255.0)
    };
    declarations
        .map(|(name, hex)| (name.rsplit("--").next().unwrap().trim(), colour(hex)))
        .collect()
}

fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|c| {
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    });
    linear
        .iter()
        .zip([0.2126, 0.7152, 0.0722])
        .map(|(c, weight)| c * weight)
        .sum()
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

#[test]
fn every_pair_can_be_told_apart_in_both_themes() {
    let blocks: Vec<&str> = CSS
        .split(":root {")
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap())
        .collect();
    let [light, dark] = blocks.as_slice() else {
        panic!("there are two themes: {}", blocks.len())
    };
    let (light, dark) = (tokens(light), tokens(dark));
    assert_eq!(
        light.keys().collect::<Vec<_>>(),
        dark.keys().collect::<Vec<_>>(),
        "each token is in both themes"
    );
    for (theme, tokens) in [("light", &light), ("dark", &dark)] {
        for (pairs, least) in [(TEXTS, 4.5), (MARKS, 3.0)] {
            for (front, back) in pairs {
                let ratio = contrast(tokens[front], tokens[back]);
                assert!(ratio >= least, "{theme}: {front} on {back} has {ratio:.2}");
            }
        }
    }
    // Nothing is coloured otherwise than by a token.
    let rest = CSS.rsplit_once("* { box-sizing").unwrap().1;
    let plain: Vec<&str> = rest.lines().filter(|line| line.contains(": #")).collect();
    assert!(plain.is_empty(), "{plain:?}");
}
