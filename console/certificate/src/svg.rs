//! The page as SVG: every letter an outline, so that nothing has to be installed where it is opened or printed. Whole numbers only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tanqiao_console::Language;
use tanqiao_console::html::escape;

use crate::error::CertificateError;
use crate::font::{EM, Face, Glyph, outline};
use crate::paper::Paper;
use crate::sheet::{Area, Colour, HEIGHT, Mark, Run, Sheet, WIDTH};
use crate::wording;

/// The text of the SVG.
pub fn write(paper: &Paper<'_>, sheet: &Sheet, language: Language) -> Result<String, CertificateError> {
    let title = format!(
        "{} {}",
        wording::title(paper.kind).say(language),
        paper.certificate.certificate
    );
    let mut svg = String::with_capacity(400_000);
    let _ = write!(
        svg,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" height=\"297mm\" \
         viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"t d\" xml:lang=\"{}\">\n<title id=\"t\">{}</title>\n<desc \
         id=\"d\">{}</desc>\n",
        language.tag(),
        escape(&title),
        escape(&sheet.read.join("\n")),
    );
    outlines(&mut svg, sheet)?;
    let _ = writeln!(svg, "<path fill=\"#ffffff\" d=\"M0 0H{WIDTH}V{HEIGHT}H0Z\"/>");
    for mark in &sheet.marks {
        match mark {
            Mark::Text(run) => text(&mut svg, run),
            Mark::Filled(areas, colour) => fill(&mut svg, areas, *colour),
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn name(glyph: Glyph) -> String {
    let face = match glyph.face {
        Face::Regular => 'r',
        Face::Bold => 'b',
    };
    format!("{face}{}", glyph.id)
}

/// Each letter once.
fn outlines(svg: &mut String, sheet: &Sheet) -> Result<(), CertificateError> {
    let runs = sheet.marks.iter().filter_map(|mark| match mark {
        Mark::Text(run) => Some(run),
        Mark::Filled(..) => None,
    });
    let glyphs = runs.flat_map(|run| run.letters.iter().map(|letter| (name(letter.glyph), letter.glyph)));
    let all: BTreeMap<String, Glyph> = glyphs.collect();
    svg.push_str("<defs>\n");
    for (name, glyph) in all {
        let path = outline(glyph)?;
        if !path.is_empty() {
            let _ = writeln!(svg, "<path id=\"{name}\" d=\"{path}\"/>");
        }
    }
    svg.push_str("</defs>\n");
    Ok(())
}

fn colour(colour: Colour) -> String {
    format!("#{:06x}", colour.0)
}

/// A run in units of its font, put in its place and size.
fn text(svg: &mut String, run: &Run) {
    let _ = write!(
        svg,
        "<g fill=\"{}\" transform=\"translate({} {}) scale({})\">",
        colour(run.colour),
        run.x,
        run.y,
        in_thousandths(run.size),
    );
    let mut x = 0;
    for letter in &run.letters {
        if letter.letter != ' ' {
            let _ = write!(svg, "<use href=\"#{}\" x=\"{x}\"/>", name(letter.glyph));
        }
        x += letter.glyph.advance;
    }
    svg.push_str("</g>\n");
}

/// So many thousandths of a point are one unit of an em: 8,500 of 1,000 is `8.500`.
fn in_thousandths(size: i32) -> String {
    format!("{}.{:03}", size / EM, size % EM)
}

fn fill(svg: &mut String, areas: &[Area], filled: Colour) {
    let _ = write!(svg, "<path fill=\"{}\" d=\"", colour(filled));
    for area in areas {
        let _ = write!(
            svg,
            "M{} {}h{}v{}h-{}z",
            area.x, area.y, area.width, area.height, area.width
        );
    }
    svg.push_str("\"/>\n");
}
