//! The example, the variables, and what is refused.

use super::*;

const EXAMPLE: &str = include_str!("../../config.example.toml");

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Config::read(text, Path::new("/etc/tanqiao/evaluator.toml"), variables)
}

#[test]
fn the_example_names_every_key_and_holds_the_defaults() {
    let config = read(EXAMPLE, &[]).unwrap();
    assert_eq!(config.number(), Some(1));
    assert_eq!(config.shares.directory, Path::new("/etc/tanqiao/shares"));
    let table: Table = EXAMPLE.parse().unwrap();
    for key in KEYS {
        let found = match key.split_once('.') {
            None => table.get(*key),
            Some((section, key)) => table.get(section).and_then(|section| section.get(key)),
        };
        assert!(found.is_some(), "{key} is not in the example");
    }
    let named = table.iter().flat_map(|(section, value)| match value {
        Value::Table(inner) => inner.keys().map(|key| format!("{section}.{key}")).collect(),
        _ => vec![section.clone()],
    });
    for key in named.filter(|key| !matches!(key.as_str(), "evaluators" | "quota.members")) {
        assert!(KEYS.contains(&key.as_str()), "{key} is in no list");
    }
    assert_eq!(config.listen, ListenConfig::default());
    assert_eq!(config.quota.inputs_per_month, QuotaConfig::default().inputs_per_month);
    assert_eq!(config.shares.window_months, RECOGNITION_WINDOW_MONTHS_DEFAULT);
    assert_eq!(config.logging, LoggingConfig::default());
}

#[test]
fn variables_win_and_unknown_ones_are_named() {
    let config = read(
        EXAMPLE,
        &[
            ("TANQIAO_EVALUATOR_MEMBER", "notary"),
            ("TANQIAO_EVALUATOR_SHARES_WINDOW_MONTHS", "36"),
            ("TANQIAO_EVALUATOR_CONFIG", "elsewhere.toml"),
        ],
    )
    .unwrap();
    assert_eq!((config.number(), config.shares.window_months), (Some(2), 36));
    assert!(matches!(
        read(EXAMPLE, &[("TANQIAO_EVALUATOR_SHARE_WINDOW", "1")]),
        Err(ConfigError::Variable(_))
    ));
}

#[test]
fn no_single_party_can_compute_a_token() {
    let refused = |from: &str, to: &str| {
        assert!(EXAMPLE.contains(from), "{from}");
        read(&EXAMPLE.replace(from, to), &[]).unwrap_err().to_string()
    };
    assert!(refused("threshold = 2", "threshold = 1").contains("alone"));
    assert!(refused("id = \"notary\"", "id = \"regulator\"").contains("alone"));
    assert!(refused("id = \"exchange\"", "id = \"hub\"").contains("hub"));
    assert!(refused("id = \"exchange\"", "id = \"hub-buffer\"").contains("hub"));
    assert!(refused("https://notary.example:8461", "https://regulator.example:8461").contains("one address"));
    assert!(refused("https://notary.example:8461", "https://hub.example:8443").contains("hub's own address"));
    assert!(refused("member = \"regulator\"", "member = \"stranger\"").contains("none of the three"));
    let two: String = EXAMPLE.replacen(
        "[[evaluators]]\nid = \"exchange\"\nurl = \"https://exchange.example:8461\"\n",
        "",
        1,
    );
    assert!(read(&two, &[]).unwrap_err().to_string().contains("three"));
}

#[test]
fn other_settings_that_do_not_fit_are_refused() {
    for (from, to) in [
        ("health = \"127.0.0.1:9461\"", "health = \"0.0.0.0:9461\""),
        ("window_months = 24", "window_months = 0"),
        ("window_months = 24", "window_months = 121"),
        ("requests_per_second = 50", "requests_per_second = 0"),
        ("https://hub.example", "http://hub.example"),
    ] {
        assert!(EXAMPLE.contains(from), "{from}");
        assert!(read(&EXAMPLE.replace(from, to), &[]).is_err(), "{to}");
    }
}
