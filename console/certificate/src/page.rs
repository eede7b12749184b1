//! The page: title, claim, figure, facts and blocks, from the top down. Where texts are long, the letters become smaller, and then there is no page.

use tanqiao_console::{Language, format, regions, uses};
use tanqiao_protocol::event::{Claim, ClaimantKind};
use tanqiao_protocol::receipt::ReceiptKind;
use tanqiao_protocol::region::RegionCode;

use crate::blocks;
use crate::error::CertificateError;
use crate::font::Face;
use crate::guide;
use crate::paper::Paper;
use crate::sheet::{Align, Area, Colour, HEIGHT, Sheet, WIDTH};
use crate::text::{Milli, letters, lines};
use crate::wording::{self, Both, exact};

/// The left edge of everything inside the frame.
pub const LEFT: Milli = 46_000;
/// How wide it may be.
pub const ROOM: Milli = WIDTH - 2 * LEFT;
/// The column of labels.
const LABELS: Milli = 104_000;
/// Thousandths of the usual size that are tried.
const SCALES: [i32; 4] = [1_000, 900, 800, 700];
/// Names of signers that are listed.
const SIGNERS: usize = 6;

/// What the page is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// It has the proof attached.
    Pdf,
    /// It has nothing attached.
    Svg,
}

/// Lays the page out.
pub fn compose(paper: &Paper<'_>, language: Language, medium: Medium) -> Result<Sheet, CertificateError> {
    for scale in SCALES {
        let mut page = Page {
            sheet: Sheet::default(),
            y: 0,
            scale,
            language,
        };
        page.frame();
        page.head(paper)?;
        page.claim(paper)?;
        page.facts(paper)?;
        if blocks::draw(&mut page, paper, medium)? {
            guide::draw(&mut page.sheet, paper, language, medium)?;
            return Ok(page.sheet);
        }
    }
    Err(CertificateError::TooLong)
}

/// A page that is being written.
#[derive(Debug)]
pub struct Page {
    pub sheet: Sheet,
    /// The line that was written last.
    pub y: Milli,
    /// In thousandths of the usual size.
    scale: i32,
    pub language: Language,
}

impl Page {
    /// A length of texts of any length.
    pub const fn scaled(&self, length: Milli) -> Milli {
        length * self.scale / 1_000
    }

    /// A text in the page's language.
    pub const fn say(&self, text: Both) -> &'static str {
        text.say(self.language)
    }

    /// Lines in the middle of the page, the first `gap` below the last.
    fn centred(
        &mut self,
        text: &str,
        (face, size): (Face, Milli),
        gap: Milli,
        colour: Colour,
    ) -> Result<(), CertificateError> {
        for (place, line) in lines(&letters(text, face, size)?, ROOM).iter().enumerate() {
            self.y += if place == 0 { gap } else { size * 135 / 100 };
            self.sheet.line(line, (LEFT, ROOM), self.y, Align::Centre, colour);
        }
        Ok(())
    }

    fn frame(&mut self) {
        let area = |edge: Milli| Area {
            x: edge,
            y: edge,
            width: WIDTH - 2 * edge,
            height: HEIGHT - 2 * edge,
        };
        self.sheet.frame(area(24_000), 1_500, Colour::MAIN);
        self.sheet.frame(area(28_500), 400, Colour::MAIN);
        self.y = 30_000;
    }

    fn head(&mut self, paper: &Paper<'_>) -> Result<(), CertificateError> {
        let (certificate, title) = (paper.certificate, wording::title(paper.kind));
        let issuer = format!("{} · {}", self.language.words().hub_console, certificate.trust_domain);
        self.centred(&issuer, (Face::Regular, 9_000), 22_000, Colour::QUIET)?;
        self.centred(self.say(title), (Face::Bold, 25_000), 34_000, Colour::MAIN)?;
        let other = title.say(self.language.other());
        self.centred(other, (Face::Regular, 10_500), 17_000, Colour::QUIET)?;
        let number = format!(
            "{}  {}",
            self.language.words().certificate_number,
            certificate.certificate
        );
        self.centred(&number, (Face::Regular, 10_000), 20_000, Colour::TEXT)?;
        if certificate.unscreened {
            let area = Area {
                x: LEFT,
                y: self.y + 8_000,
                width: ROOM,
                height: 18_000,
            };
            self.sheet.fill(area, Colour::WARNING_GROUND);
            self.centred(
                self.say(wording::DEMONSTRATION),
                (Face::Bold, 9_500),
                20_500,
                Colour::WARNING,
            )?;
            self.y += 5_000;
        }
        Ok(())
    }

    /// Who, for what, how much.
    fn claim(&mut self, paper: &Paper<'_>) -> Result<(), CertificateError> {
        let (claim, grams) = (&paper.certificate.claim, paper.certificate.quantity_g);
        let certifies = match paper.kind {
            ReceiptKind::Donation => wording::CERTIFIES_DONATION,
            ReceiptKind::Retirement | ReceiptKind::Transfer => wording::CERTIFIES_RETIREMENT,
        };
        self.centred(self.say(certifies), (Face::Regular, 9_500), 24_000, Colour::TEXT)?;
        let claimant = self.claimant(paper);
        let (size, gap) = self.size_of_claimant(&claimant)?;
        self.centred(&claimant, (Face::Bold, size), gap, Colour::TEXT)?;
        let what = self.purpose(claim.r#use, claim.year, claim.place);
        self.centred(
            &what,
            (Face::Regular, self.scaled(10_500)),
            self.scaled(19_000),
            Colour::TEXT,
        )?;
        let figure = (Face::Bold, self.scaled(28_000));
        self.centred(&exact(grams), figure, self.scaled(38_000), Colour::MAIN)?;
        // The figure is exact already; in grams it needs no second reading.
        if grams.get() >= 1_000 {
            let every = format!("= {} gCO₂e", format::number(grams.get()));
            self.centred(&every, (Face::Regular, 9_000), 17_000, Colour::QUIET)?;
        }
        self.y += self.scaled(12_000);
        Ok(())
    }

    fn claimant(&self, paper: &Paper<'_>) -> String {
        let claim = &paper.certificate.claim;
        match (claim.claimant_kind, paper.document.event) {
            (ClaimantKind::Event, Some((zh, en))) => match self.language {
                Language::Chinese => zh.to_owned(),
                Language::English => en.to_owned(),
            },
            (ClaimantKind::Commitment, _) => self.say(wording::A_PERSON).to_owned(),
            _ => claim.claimant.clone(),
        }
    }

    /// The largest size in which a name takes two lines at most, and the distance to the line above.
    fn size_of_claimant(&self, name: &str) -> Result<(Milli, Milli), CertificateError> {
        for size in [20_000, 15_000] {
            let size = self.scaled(size);
            if lines(&letters(name, Face::Bold, size)?, ROOM).len() <= 2 {
                return Ok((size, size + self.scaled(12_000)));
            }
        }
        Ok((self.scaled(11_000), self.scaled(23_000)))
    }

    fn purpose(&self, one: tanqiao_protocol::r#use::Use, year: u16, place: RegionCode) -> String {
        let what = uses::name(one, self.language.words());
        format!("{what} · {year}{} · {}", self.say(wording::YEAR), self.place(place))
    }

    fn place(&self, code: RegionCode) -> String {
        let name = regions::name(code.as_str(), self.language);
        if name == code.as_str() {
            return name;
        }
        format!("{name} ({code})")
    }

    fn facts(&mut self, paper: &Paper<'_>) -> Result<(), CertificateError> {
        let certificate = paper.certificate;
        let claim = &certificate.claim;
        let donation = paper.kind == ReceiptKind::Donation;
        match claim.claimant_kind {
            ClaimantKind::Event => self.fact(wording::EVENT, &claim.claimant)?,
            ClaimantKind::Commitment => self.fact(wording::COMMITMENT, &claim.claimant)?,
            ClaimantKind::Member | ClaimantKind::Organisation => {}
        }
        if let Some(statement) = &claim.statement {
            self.fact(wording::STATEMENT, statement)?;
        }
        self.linked(claim)?;
        if let Some(donor) = &certificate.donor {
            self.fact(wording::DONOR, donor)?;
        }
        let node = if donation {
            wording::DONOR_NODE
        } else {
            wording::HOLDER_NODE
        };
        self.fact(node, certificate.member.as_str())?;
        if donation {
            let shares = [
                (wording::RETIRED, certificate.quantity_g),
                (wording::CANCELLED, certificate.cancelled_g),
                (wording::BUFFERED, certificate.buffered_g),
            ];
            let shares = shares.into_iter().filter(|(_, grams)| !grams.is_zero());
            let shares = shares.map(|(label, grams)| format!("{} {}", self.say(label), exact(grams)));
            let all: Vec<String> = [exact(certificate.given_g)].into_iter().chain(shares).collect();
            let text = all.join(self.language.pick("；", "; "));
            self.fact(wording::GIVEN, &text)?;
        }
        let at = format!(
            "{} {}",
            format::beijing(certificate.committed_at),
            self.say(wording::BEIJING)
        );
        self.fact(wording::RETIRED_AT, &at)?;
        self.in_the_log(paper)
    }

    fn linked(&mut self, claim: &Claim) -> Result<(), CertificateError> {
        let Some(linked) = &claim.linked else {
            return Ok(());
        };
        let what = self.purpose(linked.r#use, linked.year, linked.place);
        let by = self.say(wording::PERMISSION);
        self.fact(
            wording::LINKED,
            &format!("{} · {what} · {by} {}", linked.claimant, linked.permission),
        )
    }

    fn in_the_log(&mut self, paper: &Paper<'_>) -> Result<(), CertificateError> {
        let (certificate, checkpoint) = (paper.certificate, &paper.checkpoint);
        self.fact(
            wording::LOG,
            &format!("{} #{}", certificate.log_origin, certificate.log_index),
        )?;
        self.fact(wording::LEAF_HASH, &certificate.leaf_hash.to_string())?;
        let size = i64::try_from(checkpoint.size()).unwrap_or(i64::MAX);
        let head = format!(
            "{} {} {}",
            format::number(size),
            self.say(wording::LEAVES),
            checkpoint.root()
        );
        self.fact(wording::CHECKPOINT, &head)?;
        let mut names: Vec<&str> = paper.signers.iter().map(String::as_str).take(SIGNERS).collect();
        let more = format!("{} {}", self.say(wording::MORE_SIGNERS), paper.signers.len());
        if paper.signers.len() > SIGNERS {
            names.push(&more);
        }
        self.fact(wording::SIGNED_BY, &names.join(self.language.pick("、", ", ")))
    }

    /// A label and what it is, in as many lines as it takes.
    fn fact(&mut self, label: Both, value: &str) -> Result<(), CertificateError> {
        let size = self.scaled(8_500);
        self.y += self.scaled(4_200);
        let label = letters(self.say(label), Face::Regular, size)?;
        for (place, line) in lines(&letters(value, Face::Regular, size)?, ROOM - LABELS)
            .iter()
            .enumerate()
        {
            self.y += self.scaled(10_400);
            if place == 0 {
                self.sheet
                    .line(&label, (LEFT, LABELS), self.y, Align::Left, Colour::QUIET);
            }
            self.sheet
                .line(line, (LEFT + LABELS, ROOM - LABELS), self.y, Align::Left, Colour::TEXT);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tanqiao_protocol::receipt::CertificateFile;

    use super::*;
    use crate::Document;
    use crate::sheet::Mark;
    use crate::text::width;

    /// Where nothing but the frame may be: left and right, above and below.
    const INSIDE: Milli = 29_000;

    fn check(file: &Value, verify_at: &str) {
        let file = CertificateFile::parse(&serde_json::to_vec(file).unwrap()).unwrap();
        let document = Document {
            file: &file,
            event: Some(("马拉松", "Marathon")),
            verify_at,
        };
        let paper = Paper::of(&document).unwrap();
        for (language, medium) in Language::ALL
            .into_iter()
            .flat_map(|one| [(one, Medium::Pdf), (one, Medium::Svg)])
        {
            let sheet = compose(&paper, language, medium).unwrap();
            // The two frames come first.
            for mark in sheet.marks.iter().skip(2) {
                let (left, top, right, bottom) = match mark {
                    Mark::Text(run) => (
                        run.x,
                        run.y - run.size,
                        run.x + width(&run.letters),
                        run.y + run.size / 3,
                    ),
                    Mark::Filled(areas, _) => (
                        areas.iter().map(|area| area.x).min().unwrap(),
                        areas.iter().map(|area| area.y).min().unwrap(),
                        areas.iter().map(|area| area.x + area.width).max().unwrap(),
                        areas.iter().map(|area| area.y + area.height).max().unwrap(),
                    ),
                };
                let inside = left >= LEFT && right <= LEFT + ROOM && top >= INSIDE && bottom <= HEIGHT - INSIDE;
                assert!(inside, "{language:?} {medium:?}: {mark:?}");
            }
        }
    }

    #[test]
    fn nothing_leaves_the_frame() {
        let vectors: Value = serde_json::from_str(include_str!("../../../protocol/vectors/receipts.json")).unwrap();
        let addresses = [
            "https://hub.example".to_owned(),
            format!("https://{}.example", "h".repeat(84)),
        ];
        for kind in ["donation", "retirement"] {
            let plain = &vectors["files"][format!("certificate-of-a-{kind}")];
            for (name, wide) in [("W", true), ("汉", true), ("i", false), ("a b ", false)] {
                let text = |most: usize| name.repeat(most).chars().take(most).collect::<String>();
                let mut file = plain.clone();
                file["donor"] = json!(text(200));
                file["claim"]["statement"] = json!(text(500));
                file["claim"]["linked"] = json!({
                    "use": "ecological-compensation", "claimant": text(200), "claimant_kind": "organisation", "year": 2026,
                    "place": "420100", "permission": "019e53d9-bc58-7222-a222-222222222222",
                });
                if kind == "retirement" {
                    file["claim"]["claimant"] = json!(text(200));
                }
                file["unscreened"] = json!(wide);
                for address in &addresses {
                    check(&file, address);
                }
            }
            for address in &addresses {
                check(plain, address);
            }
        }
    }
}
