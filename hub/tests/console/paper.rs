//! The certificate to print, from the public page; and the codes that telephones read.

use tanqiao_protocol::event::{Claim, ClaimantKind};
use tanqiao_protocol::message::Retirement;
use tanqiao_protocol::receipt::CertificateFile;
use tanqiao_protocol::view::Outcome;

use crate::browser::{Browser, Seen};
use crate::pages::story;
use crate::support::{claim, part};
use crate::world::{World, on_each};

/// A page, once the leaf of its certificate is witnessed.
async fn once_witnessed(browser: &mut Browser, path: &str, witnessed: impl Fn(&Seen) -> bool) -> Seen {
    let asking = async {
        loop {
            let seen = browser.get(path).await;
            if witnessed(&seen) {
                return seen;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), asking)
        .await
        .expect("never witnessed")
}

#[actix_web::test]
async fn anybody_prints_a_certificate_in_either_language() {
    on_each(async |world: World| {
        let story = story(&world).await;
        let mut browser = Browser::new(&world);
        let path = format!("/verify/{}", story.retired);
        for (code, title) in [("zh", "碳普惠减排量注销证书"), ("en", "Certificate of Retirement")] {
            let offered = |seen: &Seen| seen.body.contains("certificate.pdf");
            let page = once_witnessed(&mut browser, &format!("{path}?lang={code}"), offered).await;
            let link = |kind: &str| format!("{path}/certificate.{kind}?lang={code}");
            let page = page.must_say(&link("pdf")).must_say(&link("svg"));
            assert!(!page.body.contains("http://127.0.0.1"), "links are of ours");
            let pdf = browser.get(&link("pdf")).await.must_be(200).must_say("%PDF-1.7");
            assert_eq!(pdf.headers["content-type"], "application/pdf");
            assert_eq!(pdf.headers["x-content-type-options"], "nosniff");
            let name = format!("attachment; filename=\"{}.{code}.pdf\"", story.retired);
            assert_eq!(pdf.headers["content-disposition"], name);
            let svg = browser.get(&link("svg")).await.must_be(200).must_say(title);
            assert_eq!(svg.headers["content-type"], "image/svg+xml");
        }
        browser
            .get(&format!("/verify/{}/certificate.pdf", story.open))
            .await
            .must_be(404);
    })
    .await;
}

#[actix_web::test]
async fn a_hash_on_paper_is_compared_and_not_believed() {
    on_each(async |world: World| {
        let story = story(&world).await;
        let mut browser = Browser::new(&world);
        let certificate = browser
            .get(&format!("/v1/public/certificates/{}", story.retired))
            .await
            .must_be(200);
        let file = CertificateFile::parse(certificate.body.as_bytes()).unwrap();
        let page = |leaf: &str| format!("/verify/{}?leaf={leaf}&lang=en", story.retired);
        let (agrees, differs) = ("leaf hash on paper is the log", "leaf hash on paper is not the log");
        browser
            .get(&page(&file.certificate.leaf_hash.to_string()))
            .await
            .must_be(200)
            .must_say(agrees);
        for leaf in ["0".repeat(64).as_str(), "x", "%3Cscript%3E"] {
            let seen = browser.get(&page(leaf)).await.must_be(200).must_say(differs);
            assert!(!seen.body.contains("<script>"));
        }
        let seen = browser.get(&page("")).await.must_be(200);
        assert!(!seen.body.contains(agrees) && !seen.body.contains(differs));
    })
    .await;
}

#[actix_web::test]
async fn a_name_that_cannot_be_printed_is_shown_on_the_page() {
    on_each(async |world: World| {
        let story = story(&world).await;
        let odd = Retirement {
            blocks: vec![part(&story.block, 906_000_001, 907_000_000)],
            claim: Claim {
                claimant: "Żabka 武汉".to_owned(),
                claimant_kind: ClaimantKind::Organisation,
                ..claim("wuhan", "420100")
            },
        };
        let (id, _): (_, Outcome) = world.member("wuhan").done("/v1/retirements", odd).await;
        let mut browser = Browser::new(&world);
        let path = format!("/verify/{id}/certificate.pdf?lang=zh");
        let seen = once_witnessed(&mut browser, &path, |seen| seen.status != 409).await;
        seen.must_be(422)
            .must_say("U+017B")
            .must_say(&format!("href=\"/verify/{id}\""));
        browser
            .get(&format!("/verify/{id}"))
            .await
            .must_be(200)
            .must_say("Żabka 武汉");
    })
    .await;
}

#[actix_web::test]
async fn the_second_factor_has_a_code() {
    on_each(async |world: World| {
        story(&world).await;
        let mut browser = Browser::of(&world, "li").await;
        let page = browser.get("/account/factor?lang=en").await.must_be(200);
        let page = page.must_say("<svg width=").must_say("for your eyes only");
        let address = crate::browser::between(&page.body, "<code>otpauth:", "</code>").replace("&amp;", "&");
        let code = tanqiao_console::qr::QrCode::of(&format!("otpauth:{address}")).unwrap();
        page.must_say(
            code.picture("QR code of your second factor's key: for your eyes only")
                .as_str(),
        );
    })
    .await;
}
