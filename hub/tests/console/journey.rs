//! An officer's way through the console in a real browser: wide and narrow, light and dark, in both languages. The pictures stay in
//! `target/screenshots` for people to look at.

use std::path::PathBuf;

use serde_json::Value;

use tanqiao_desk::factor;

use crate::browser::{PASSWORD, between, from_base32};
use crate::chromium::{ARROW_RIGHT, Chromium};
use crate::told::{Told, tell};
use crate::world::{World, now, on_each};

fn pictures() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"))
        .join("screenshots")
}

/// Name and address of each page that is looked at.
fn pages(told: &Told) -> Vec<(&'static str, String)> {
    let story = &told.story;
    let serial = format!("/serials?serial={}/7", story.block.series);
    [
        ("overview", "/".to_owned()),
        ("members", "/members".to_owned()),
        ("member", "/members/wuhan".to_owned()),
        ("transfers", "/transfers?source=wuhan".to_owned()),
        ("transfer", format!("/transfers/{}", story.committed)),
        ("serial", serial),
        ("search", "/search?q=nothing".to_owned()),
        ("log", "/log".to_owned()),
        ("leaf", "/log/leaves/1".to_owned()),
        ("methodologies", "/methodologies".to_owned()),
        ("methodology", "/methodologies/wuhan-metro.v1".to_owned()),
        ("mappings", "/mappings".to_owned()),
        ("mapping", format!("/mappings/{}", told.waiting)),
        ("matrix", "/recognition".to_owned()),
        ("conflicts", "/conflicts".to_owned()),
        ("conflict", format!("/conflicts/{}", told.conflict)),
        ("reconciliations", "/reconciliations".to_owned()),
        ("reconciliation", format!("/reconciliations/{}", told.reconciliation)),
        ("events", "/events".to_owned()),
        ("event", "/events/marathon".to_owned()),
        ("donation", format!("/donations/{}", told.undecided)),
        ("certificates", "/certificates".to_owned()),
        ("certificate", format!("/certificates/{}", told.story.retired)),
        ("assets", "/asset-register".to_owned()),
        ("asset", "/asset-register/roof-1".to_owned()),
        ("asset-conflicts", "/asset-conflicts".to_owned()),
        ("asset-conflict", format!("/asset-conflicts/{}", told.asset_conflict)),
        ("officers", "/officers".to_owned()),
        ("approvals", "/approvals".to_owned()),
        ("activity", "/activity".to_owned()),
        ("account", "/account".to_owned()),
        ("factor", "/account/factor".to_owned()),
        ("verify", format!("/verify/{}", story.retired)),
        ("statistics", "/statistics".to_owned()),
        ("glossary", "/glossary".to_owned()),
    ]
    .into()
}

/// What axe finds wrong, where it is at hand.
async fn axe(chromium: &Chromium) -> Vec<String> {
    let Ok(file) = std::env::var("TANQIAO_AXE") else {
        assert!(
            std::env::var("CI").is_err(),
            "in CI axe looks at every page: set TANQIAO_AXE"
        );
        return Vec::new();
    };
    let source = std::fs::read_to_string(file).unwrap();
    chromium.run(&source).await;
    let script = "const done = arguments[arguments.length - 1]; axe.run({resultTypes: ['violations']}).then(r => done(r.violations.map(v => \
        v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | '))), e => done([String(e)]))";
    let found: Value = chromium.run_async(script).await;
    found.as_array().unwrap().iter().map(ToString::to_string).collect()
}

/// Looks at one page; what is wrong with it.
async fn look(
    chromium: &Chromium,
    base: &str,
    name: &str,
    path: &str,
    code: &str,
    width: u32,
    theme: &str,
) -> Vec<String> {
    chromium.resize(width).await;
    chromium.theme(theme).await;
    let joint = if path.contains('?') { '&' } else { '?' };
    chromium.open(&format!("{base}{path}{joint}lang={code}")).await;
    chromium
        .picture(&pictures().join(format!("{name}-{code}-{width}-{theme}.png")))
        .await;
    let mut wrong = Vec::new();
    let scroll = "return [document.documentElement.scrollWidth, window.innerWidth]";
    for narrow in [width, 320] {
        chromium.resize(narrow).await;
        let widths = chromium.run(scroll).await;
        if widths[0].as_i64() > widths[1].as_i64() {
            wrong.push(format!("scrolls to the side at {narrow}: {widths}"));
        }
    }
    chromium.resize(width).await;
    wrong.extend(axe(chromium).await);
    // A search that finds nothing is a 404, which the browser notes.
    wrong.extend(chromium.complaints().await.into_iter().filter(|_| name != "search"));
    wrong.extend(
        chromium
            .fetched()
            .await
            .into_iter()
            .filter(|address| !address.starts_with(base)),
    );
    wrong
        .into_iter()
        .map(|what| format!("{name} {code} {width} {theme}: {what}"))
        .collect()
}

#[actix_web::test]
async fn an_officer_goes_through_the_console_in_a_browser() {
    on_each(async |world: World| {
        // What a page says is tested on both databases elsewhere; how it looks does not depend on them.
        if world.config.database.url.starts_with("postgres") {
            return;
        }
        let told = tell(&world).await;
        let Some(chromium) = Chromium::start().await else {
            return;
        };
        let base = world.console("");
        chromium.resize(1_440).await;
        chromium.open(&format!("{base}/members/wuhan?lang=zh")).await;
        chromium.picture(&pictures().join("sign-in-zh-1440-light.png")).await;
        chromium.write("#account", "li").await;
        chromium.write("#password", PASSWORD).await;
        chromium.send("main button").await;
        let title = chromium.run("return document.title").await;
        assert!(title.as_str().unwrap().contains("wuhan"), "{title}");

        let mut wrong = Vec::new();
        for (name, path) in pages(&told) {
            for (code, width, theme) in [
                ("zh", 1_440, "light"),
                ("en", 1_440, "dark"),
                ("zh", 390, "dark"),
                ("en", 390, "light"),
            ] {
                wrong.extend(look(&chromium, &base, name, &path, code, width, theme).await);
            }
        }
        by_keyboard(&chromium, &base).await;
        wrong.extend(proposing(&chromium, &base, &told).await);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

/// The pages before a proposal; the one whose form is sent stands last.
fn forms(told: &Told) -> Vec<(&'static str, String)> {
    vec![
        (
            "propose-approval",
            format!("/mappings/{}/decisions/approve", told.waiting),
        ),
        (
            "propose-rejection",
            format!("/mappings/{}/decisions/reject", told.waiting),
        ),
        (
            "propose-comment",
            format!("/mappings/{}/decisions/comment", told.waiting),
        ),
        (
            "propose-ruling",
            format!("/conflicts/{}/decisions/later", told.conflict),
        ),
        (
            "propose-closing",
            format!("/reconciliations/{}/closing", told.reconciliation),
        ),
        ("propose-reconciliation", "/members/harbin/reconciliation".to_owned()),
        ("propose-event-closing", "/events/marathon/closing".to_owned()),
        (
            "propose-donation",
            format!("/donations/{}/decisions/decline", told.undecided),
        ),
        (
            "propose-asset-ruling",
            format!("/asset-conflicts/{}/decisions/distinct", told.asset_conflict),
        ),
        ("propose-account", "/officers/new".to_owned()),
        ("propose-account-change", "/officers/shen/change".to_owned()),
        ("suspension", "/members/wuhan/suspension".to_owned()),
    ]
}

/// The second factor, and a proposal that another officer has to approve.
async fn proposing(chromium: &Chromium, base: &str, told: &Told) -> Vec<String> {
    chromium.open(&format!("{base}/account/factor?lang=zh")).await;
    let address = chromium.run("return document.body.innerText").await;
    let secret = from_base32(&between(address.as_str().unwrap(), "secret=", "&"));
    chromium
        .write("#code", &factor::code(&secret, factor::step(now())))
        .await;
    chromium.send("main button").await;
    chromium.picture(&pictures().join("recovery-zh-1440-light.png")).await;
    let mut wrong = Vec::new();
    for (name, path) in forms(told) {
        wrong.extend(look(chromium, base, name, &path, "en", 390, "light").await);
        wrong.extend(look(chromium, base, name, &path, "zh", 1_440, "light").await);
    }
    chromium.write("#reason", "an inspection").await;
    chromium.send("main button").await;
    let place = chromium.run("return location.pathname").await;
    let place = place.as_str().unwrap();
    assert!(place.starts_with("/approvals/"), "{place}");
    wrong.extend(look(chromium, base, "approval", place, "en", 390, "dark").await);
    wrong.extend(look(chromium, base, "approval", place, "zh", 1_440, "light").await);
    wrong
}

/// The tiles are one stop, and arrow keys go from one to the next; `/` is the search.
async fn by_keyboard(chromium: &Chromium, base: &str) {
    chromium.open(&format!("{base}/?lang=zh")).await;
    let stops = "return document.querySelectorAll('tile-grid a[tabindex=\"0\"]').length";
    assert_eq!(chromium.run(stops).await, 1);
    let focused = "return document.activeElement.getAttribute('aria-label') || ''";
    chromium
        .run("document.querySelector('tile-grid a[tabindex=\"0\"]').focus()")
        .await;
    let first = chromium.run(focused).await;
    chromium.press("\u{e015}").await;
    let second = chromium.run(focused).await;
    assert_ne!(first, second, "an arrow goes to another region");
    assert!(second.as_str().unwrap().contains("湖北"), "{first} {second}");
    chromium.press(ARROW_RIGHT).await;
    chromium.run("document.activeElement.blur()").await;
    chromium.press("/").await;
    assert_eq!(chromium.run("return document.activeElement.id").await, "search");
}
