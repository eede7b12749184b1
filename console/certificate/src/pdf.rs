//! The page as PDF/A-3b (ISO 19005-3): fonts as subsets, the certificate with its receipt attached as it is, and nothing that changes from
//! one run to the next.

use std::sync::LazyLock;

use krilla::color::rgb;
use krilla::configure::{Archival, Configuration, ConfigurationBuilder};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document as Pdf, SerializeSettings};
use tanqiao_console::Language;
use tanqiao_protocol::receipt::CERTIFICATE_MEDIA_TYPE;
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use crate::error::CertificateError;
use crate::font::Face;
use crate::paper::Paper;
use crate::sheet::{Area, Colour, HEIGHT, Mark, Run, Sheet, WIDTH};
use crate::text::Milli;
use crate::wording;

static REGULAR: LazyLock<Option<Font>> = LazyLock::new(|| Font::new(Face::Regular.bytes().into(), 0));
static BOLD: LazyLock<Option<Font>> = LazyLock::new(|| Font::new(Face::Bold.bytes().into(), 0));

fn fault(what: impl std::fmt::Display) -> CertificateError {
    CertificateError::Fault(what.to_string())
}

fn font(face: Face) -> Result<Font, CertificateError> {
    let font = match face {
        Face::Regular => REGULAR.as_ref(),
        Face::Bold => BOLD.as_ref(),
    };
    font.cloned()
        .ok_or_else(|| fault("a font of this program cannot be read"))
}

/// The bytes of the PDF.
pub fn write(paper: &Paper<'_>, sheet: &Sheet, language: Language) -> Result<Vec<u8>, CertificateError> {
    let mut pdf = Pdf::new_with(SerializeSettings {
        configuration: archival()?,
        enable_tagging: false,
        ..SerializeSettings::default()
    });
    pdf.set_metadata(metadata(paper, language)?);
    pdf.embed_file(attachment(paper)?)
        .ok_or_else(|| fault("the proof cannot be attached"))?;
    let size = PageSettings::from_wh(points(WIDTH), points(HEIGHT)).ok_or_else(|| fault("the size of the page"))?;
    let mut page = pdf.start_page_with(size);
    let mut surface = page.surface();
    for mark in &sheet.marks {
        match mark {
            Mark::Text(run) => text(&mut surface, run)?,
            Mark::Filled(areas, colour) => fill(&mut surface, areas, *colour)?,
        }
    }
    surface.finish();
    page.finish();
    // The validator of the profile has the last word; what it names are its own words, of no use to a reader.
    pdf.finish().map_err(|error| fault(format!("{error}: {error:?}")))
}

fn archival() -> Result<Configuration, CertificateError> {
    let builder = ConfigurationBuilder::new().with_archival_validator(Archival::A3_B);
    builder.finish().map_err(|error| fault(format!("{error:?}")))
}

fn metadata(paper: &Paper<'_>, language: Language) -> Result<Metadata, CertificateError> {
    let id = paper.certificate.certificate;
    Ok(Metadata::new()
        .title(format!("{} {id}", wording::title(paper.kind).say(language)))
        .language(language.tag().to_owned())
        .creator("Tanqiao".to_owned())
        .document_id(format!("{id}/{}", language.tag()))
        .creation_date(date(paper.certificate.committed_at)?))
}

fn attachment(paper: &Paper<'_>) -> Result<EmbeddedFile, CertificateError> {
    let json = serde_json::to_vec(paper.document.file).map_err(fault)?;
    Ok(EmbeddedFile {
        path: paper.attachment(),
        mime_type: MimeType::new(CERTIFICATE_MEDIA_TYPE),
        description: Some("The certificate with its receipt, for tanqiao-verify".to_owned()),
        association_kind: AssociationKind::Data,
        data: json.into(),
        modification_date: Some(date(paper.certificate.committed_at)?),
        // As it is: whoever looks for it needs no other program, and a verifier unpacks nothing.
        compress: Some(false),
        location: None,
    })
}

/// When it was retired: another time would make another file of the same certificate.
fn date(at: Timestamp) -> Result<DateTime, CertificateError> {
    let text = Timestamp::from_micros(at.micros() - at.micros().rem_euclid(SECOND_US)).to_string();
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse::<u16>().ok());
    let (year, rest) = (next(), [next(), next(), next(), next(), next()]);
    let (Some(year), [Some(month), Some(day), Some(hour), Some(minute), Some(second)]) = (year, rest) else {
        return Err(fault(format!("the time {text}")));
    };
    let small = |number: u16| u8::try_from(number).map_err(fault);
    Ok(DateTime::new(year)
        .month(small(month)?)
        .day(small(day)?)
        .hour(small(hour)?)
        .minute(small(minute)?)
        .second(small(second)?)
        .utc_offset_hour(0)
        .utc_offset_minute(0))
}

fn paint(surface: &mut Surface<'_>, colour: Colour) {
    let [red, green, blue] = colour.parts();
    surface.set_fill(Some(Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        ..Fill::default()
    }));
}

fn text(surface: &mut Surface<'_>, run: &Run) -> Result<(), CertificateError> {
    paint(surface, run.colour);
    let mut text = String::new();
    let mut glyphs = Vec::with_capacity(run.letters.len());
    for letter in &run.letters {
        let begins = text.len();
        text.push(letter.letter);
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(letter.glyph.id),
            // Of an em of 1,000 units, as a thousandth of a point is of a point.
            points(letter.glyph.advance),
            0.0,
            0.0,
            0.0,
            begins..text.len(),
            None,
        ));
    }
    let start = Point::from_xy(points(run.x), points(run.y));
    surface.draw_glyphs(start, &glyphs, font(run.face)?, &text, points(run.size), false);
    Ok(())
}

fn fill(surface: &mut Surface<'_>, areas: &[Area], colour: Colour) -> Result<(), CertificateError> {
    paint(surface, colour);
    let mut path = PathBuilder::new();
    for area in areas {
        let rect = Rect::from_xywh(points(area.x), points(area.y), points(area.width), points(area.height));
        path.push_rect(rect.ok_or_else(|| fault("a rectangle without a size"))?);
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
    Ok(())
}

/// PDF measures in points. This is the only place with fractions of them, and no quantity of the ledger comes here.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a place on paper, below 2^24 thousandths of a point"
)]
fn points(milli: Milli) -> f32 {
    milli as f32 / 1_000.0
}
