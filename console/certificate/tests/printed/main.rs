//! Certificates as others see them: text, code and attachment of the PDF by other programs, the SVG as it is written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod world;

use serde_json::json;
use tanqiao_certificate::CertificateError;
use tanqiao_console::Language::{self, Chinese, English};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::receipt::{CertificateFile, attached, verify_certificate};

use world::{Printed, certificate, claimant, codes, dense, document, policy};

/// The pages of the vectors' certificates. A hash that changes means that every page changes: look at it, and then write the new one here. The PDF
/// draws the same marks; how it is packed is its packer's business, and the same in one program.
#[test]
fn the_same_certificate_gives_the_same_bytes() {
    for (kind, language, svg) in [
        (
            "donation",
            Chinese,
            "ca452e7ee895b8574403f83121e446efb7a2ed5d85d26f29df5270a285d8995f",
        ),
        (
            "donation",
            English,
            "f7f8141fcaf9c56d44f9935148d3b43e71a57986b7f63dc43e544ad7568f8a1c",
        ),
        (
            "retirement",
            Chinese,
            "f60c76c7d1949d6e0a7ab8995aca9d4b5b7c6fbd3b82cf84f553831b427d4380",
        ),
        (
            "retirement",
            English,
            "1d92752e02a19db9c3da769ed4f80746547416368b3e19d231789f92ed0fec66",
        ),
    ] {
        let file = certificate(kind, json!({}));
        let drawn = document(&file).svg(language).unwrap();
        assert_eq!(Sha256::of(drawn.as_bytes()).to_string(), svg, "{kind} {language:?}");
        let first = document(&file).pdf(language).unwrap();
        let again = std::thread::scope(|scope| scope.spawn(|| document(&file).pdf(language).unwrap()).join());
        assert!(first == again.unwrap(), "{kind} {language:?}");
    }
}

#[test]
fn the_page_says_what_the_certificate_says() {
    let donation = certificate("donation", json!({}));
    for (language, words) in [
        (
            Chinese,
            [
                "捐赠证书",
                "2026年大河马拉松",
                "活动碳中和",
                "捐赠方",
                "北京时间",
                "如何核验",
            ],
        ),
        (
            English,
            [
                "CertificateofDonation",
                "RiverRun2026",
                "Eventneutrality",
                "Donor",
                "Beijingtime",
                "Howtoverify",
            ],
        ),
    ] {
        let text = Printed::of(&donation, language).text();
        let facts = [
            "019e53d9-acb8-7020-a020-202020202020",
            "140gCO2e",
            "FriendsoftheRiver",
            "river-run",
            "sample.example/log#36",
            "ac759d567709eaeac31ac6637728ccded43bfa55892c42edd28917bbf3dca606",
            "2026-05-2316:00:36",
            "wuhan/420100/CN-4201-metro.v1/2025/1601-1670",
            "wuhan/420100/CN-4201-metro.v1/2025/1701-1770",
            "https://hub.example/verify",
            "tanqiao-verifycertificate",
        ];
        for fact in facts.into_iter().chain(words) {
            assert!(text.contains(fact), "{language:?}: {fact} is not in {text}");
        }
    }
    let retirement = Printed::of(&certificate("retirement", json!({})), English).text();
    for fact in [
        "CertificateofRetirement",
        "SampleWorks",
        "ayearofdeliveries",
        "200gCO2e",
    ] {
        assert!(retirement.contains(fact), "{fact} is not in {retirement}");
    }
}

#[test]
fn an_unscreened_certificate_says_so() {
    for (unscreened, language, warning) in [
        (true, Chinese, "不得作为凭据"),
        (true, English, "Donotrelyonit"),
        (false, English, "Donotrelyonit"),
    ] {
        let file = certificate("retirement", json!({ "unscreened": unscreened }));
        assert_eq!(Printed::of(&file, language).text().contains(warning), unscreened);
    }
}

#[test]
fn the_proof_is_attached_and_proves_the_certificate() {
    for kind in ["donation", "retirement"] {
        let file = certificate(kind, json!({}));
        let printed = Printed::of(&file, Chinese);
        let found = CertificateFile::parse(attached(&printed.bytes).unwrap()).unwrap();
        assert_eq!(found, file);
        verify_certificate(&found, &policy()).unwrap();
        // Other programs find it too.
        let listed = printed.told_by("pdfdetach", &["-list"]);
        assert!(
            listed.contains(&format!("{}.certificate.json", file.certificate.certificate)),
            "{listed}"
        );
    }
}

#[test]
fn it_is_one_page_for_the_archive_with_its_fonts_inside() {
    let printed = Printed::of(&certificate("donation", json!({})), Chinese);
    let facts = printed.told_by("pdfinfo", &[]);
    for fact in [
        "Pages:           1",
        "Page size:       595.276 x 841.89 pts (A4)",
        "JavaScript:      no",
    ] {
        assert!(facts.contains(fact), "{fact} is not in {facts}");
    }
    let xmp = printed.told_by("pdfinfo", &["-meta"]);
    assert!(
        xmp.contains("<pdfaid:part>3</pdfaid:part>") && xmp.contains("<pdfaid:conformance>B</pdfaid:conformance>"),
        "{xmp}"
    );
    let fonts = printed.told_by("pdffonts", &[]);
    let fonts: Vec<&str> = fonts.lines().skip(2).collect();
    assert_eq!(fonts.len(), 2, "{fonts:?}");
    // Embedded, a subset, and with the letters that its shapes stand for.
    assert!(fonts.iter().all(|font| font.contains("yes yes yes")), "{fonts:?}");
    assert!(printed.bytes.len() < 200_000, "{} bytes", printed.bytes.len());
}

#[test]
fn the_code_on_paper_leads_to_the_page_that_verifies() {
    let file = certificate("retirement", json!({}));
    let expected = "https://hub.example/verify/019e53d9-bc58-7222-a222-222222222222?leaf=\
                    b799e7abff0f4cd6569f2c7b8ad79de356c4ff31657bcdf584c8b34f47cf3e24";
    assert_eq!(document(&file).code(), expected);
    assert_eq!(Printed::of(&file, English).codes(), [expected]);
    assert_eq!(code_in(&document(&file).svg(Chinese).unwrap()), [expected]);
}

/// What the black rectangles of an SVG say, four points a module.
fn code_in(svg: &str) -> Vec<String> {
    let path = svg
        .split("<path fill=\"#000000\" d=\"M")
        .nth(1)
        .unwrap()
        .split("z\"/>")
        .next()
        .unwrap();
    let areas: Vec<Vec<usize>> = path
        .split("zM")
        .map(|area| {
            area.split([' ', 'h', 'v'])
                .take(4)
                .map(|n| n.parse().unwrap())
                .collect()
        })
        .collect();
    // The first is the upper edge of the upper left finder, whose corner is the code's.
    let (left, top, module) = (
        areas[0][0] - 4 * areas[0][3],
        areas[0][1] - 4 * areas[0][3],
        areas[0][3],
    );
    let side = (areas.iter().map(|area| area[0] + area[2]).max().unwrap() - left) / module * 4 + 16;
    let dark = |x: usize, y: usize| {
        let (x, y) = (left + x * module / 4 + 1, top + y * module / 4 + 1);
        areas
            .iter()
            .any(|a| (a[0]..a[0] + a[2]).contains(&x) && (a[1]..a[1] + a[3]).contains(&y))
    };
    codes(side, side, |x, y| if dark(x, y) { 0 } else { 255 })
}

#[test]
fn a_character_without_a_shape_is_named() {
    for (name, named) in [
        ("Żabka 武汉", "`Ż` (U+017B)"),
        ("武汉\u{202e}moc.live", "U+202E"),
        ("武汉\u{200b}马拉松", "U+200B"),
        ("马拉松 🏃", "U+1F3C3"),
        ("bell \u{7}", "U+0007"),
    ] {
        let file = certificate("retirement", claimant(name));
        for drawn in [
            document(&file).pdf(Chinese).map(drop),
            document(&file).svg(English).map(drop),
        ] {
            let error = drawn.unwrap_err();
            assert!(error.is_of_content() && error.to_string().contains(named), "{error}");
        }
    }
}

#[test]
fn long_names_are_printed_whole_on_one_page() {
    let name = "黄河流域生态保护和高质量发展志愿服务联合会"
        .repeat(10)
        .chars()
        .take(200)
        .collect::<String>();
    let statement = "Seven hundred deliveries in the district, by night, on bicycles. "
        .repeat(8)
        .chars()
        .take(500)
        .collect::<String>();
    let linked = json!({
        "use": "ecological-compensation", "claimant": name, "claimant_kind": "organisation", "year": 2026, "place": "420100",
        "permission": "019e53d9-bc58-7222-a222-222222222222",
    });
    let edits = json!({ "donor": name, "claim": { "claimant": name, "statement": statement, "linked": linked } });
    for language in Language::ALL {
        let printed = Printed::of(&certificate("retirement", edits.clone()), language);
        assert!(printed.told_by("pdfinfo", &[]).contains("Pages:           1"));
        let text = printed.text();
        // Labels stand between the lines of what they name, so that a whole line is looked for.
        assert!(
            text.contains(&dense(&name.chars().take(30).collect::<String>())),
            "{text}"
        );
        assert_eq!(text.matches("区块段").count() > 0, language == Chinese);
        assert!(text.contains("1201-1400"), "{text}");
    }
    let endless = certificate("retirement", json!({ "claim": { "statement": "W".repeat(6_000) } }));
    assert_eq!(document(&endless).pdf(English), Err(CertificateError::TooLong));
}

#[test]
fn ten_thousand_blocks_are_counted_and_all_attached() {
    let blocks: Vec<String> = (0..10_000)
        .map(|n| format!("wuhan/420100/CN-4201-metro.v1/2025/{}-{}", n * 10 + 1, n * 10 + 5))
        .collect();
    let file = certificate(
        "retirement",
        json!({ "blocks": blocks, "quantity_g": 50_000, "given_g": 50_000 }),
    );
    let printed = Printed::of(&file, Chinese);
    let text = printed.text();
    let listed = text.matches("CN-4201-metro.v1").count();
    assert!((5..30).contains(&listed), "{listed} blocks on the page");
    assert!(
        text.contains("共10,000段") && text.contains(&format!("另有9,{}段", 1_000 - listed)),
        "{text}"
    );
    assert!(printed.told_by("pdfinfo", &[]).contains("Pages:           1"));
    let attached = CertificateFile::parse(attached(&printed.bytes).unwrap()).unwrap();
    assert_eq!(attached.certificate.blocks.len(), 10_000);
    // The list of so many as fit exactly has no line about more.
    let exactly = certificate("retirement", json!({ "blocks": blocks[..=listed] }));
    let text = Printed::of(&exactly, Chinese).text();
    assert!(
        text.matches("CN-4201-metro.v1").count() == listed + 1 && !text.contains("另有"),
        "{text}"
    );
}

#[test]
fn a_hostile_text_stays_a_text() {
    let evil = "</desc><script>alert(1)</script>\"'&]]>";
    let edits = json!({ "donor": "/Type /EmbeddedFile (x) endstream endobj", "claim": { "claimant": evil } });
    let file = certificate("retirement", edits);
    let svg = document(&file).svg(English).unwrap();
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"));
    let printed = Printed::of(&file, English);
    assert!(printed.text().contains(evil));
    assert_eq!(CertificateFile::parse(attached(&printed.bytes).unwrap()).unwrap(), file);
}

#[test]
fn an_svg_needs_nothing_from_elsewhere() {
    for language in Language::ALL {
        let svg = document(&certificate("donation", json!({}))).svg(language).unwrap();
        for forbidden in ["<text", "font", "style", "url(", "<image", "<!", "javascript", "data:"] {
            assert!(!svg.contains(forbidden), "{forbidden}");
        }
        let places: Vec<&str> = svg
            .split("href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(places.len() > 500);
        for place in places {
            let id = place
                .strip_prefix('#')
                .unwrap_or_else(|| panic!("{place} is elsewhere"));
            assert!(svg.contains(&format!("<path id=\"{id}\" d=\"M")), "{id}");
        }
        // Whoever does not see the page hears it.
        assert!(svg.contains("<title id=\"t\">") && svg.contains("sample.example/log #36"));
    }
}

#[test]
fn what_is_not_proven_yet_is_not_printed() {
    let mut file = certificate("donation", json!({}));
    file.receipt = None;
    assert_eq!(document(&file).pdf(Chinese), Err(CertificateError::NotProven));
    assert_eq!(document(&file).svg(Chinese), Err(CertificateError::NotProven));
}
