//! The list of retired blocks: as many as there is room for, and how many more there are.

use tanqiao_console::{Language, format};
use tanqiao_protocol::serial::BlockRef;

use crate::error::CertificateError;
use crate::font::Face;
use crate::guide;
use crate::page::{LEFT, Medium, Page, ROOM};
use crate::paper::Paper;
use crate::sheet::{Align, Colour};
use crate::text::{Letter, Milli, letters, lines};
use crate::wording::{self, exact};

/// Lines that there must be room for.
const LINES_MIN: usize = 3;
/// The column of quantities.
const QUANTITIES: Milli = 104_000;

/// A block as it is printed.
struct Row {
    text: Vec<Vec<Letter>>,
    grams: Vec<Letter>,
}

/// Draws the list down to the foot. False if there is too little room.
pub fn draw(page: &mut Page, paper: &Paper<'_>, medium: Medium) -> Result<bool, CertificateError> {
    let blocks = &paper.certificate.blocks;
    let (size, leading) = (page.scaled(8_000), page.scaled(11_000));
    page.y += page.scaled(21_000);
    let heading = format!("{} · {}", page.say(wording::BLOCKS), count(page.language, blocks.len()));
    let heading = letters(&heading, Face::Bold, page.scaled(9_500))?;
    page.sheet
        .line(&heading, (LEFT, ROOM), page.y, Align::Left, Colour::MAIN);
    page.y += page.scaled(3_000);
    let room = usize::try_from((guide::TOP - 6_000 - page.y) / leading).unwrap_or(0);
    if room < LINES_MIN {
        return Ok(false);
    }
    let rows = fitting(blocks, size, room)?;
    for row in &rows {
        for (place, line) in row.text.iter().enumerate() {
            page.y += leading;
            page.sheet
                .line(line, (LEFT, ROOM - QUANTITIES), page.y, Align::Left, Colour::TEXT);
            if place == 0 {
                page.sheet
                    .line(&row.grams, (LEFT, ROOM), page.y, Align::Right, Colour::TEXT);
            }
        }
    }
    let left = blocks.len().saturating_sub(rows.len());
    if left > 0 {
        let text = letters(&more(page.language, left, medium), Face::Regular, size)?;
        page.y += leading;
        page.sheet.line(&text, (LEFT, ROOM), page.y, Align::Left, Colour::QUIET);
    }
    // A list of which nothing is printed would be no list.
    Ok(!rows.is_empty())
}

/// The first blocks, in so many lines; one line is left free where there are more.
fn fitting(blocks: &[BlockRef], size: Milli, room: usize) -> Result<Vec<Row>, CertificateError> {
    let (mut rows, mut taken) = (Vec::new(), 0);
    for (place, block) in blocks.iter().enumerate() {
        let text = lines(&letters(&block.to_string(), Face::Regular, size)?, ROOM - QUANTITIES);
        taken += text.len();
        let free = usize::from(place + 1 < blocks.len());
        if taken + free > room {
            break;
        }
        let grams = letters(&exact(block.quantity()), Face::Regular, size)?;
        rows.push(Row { text, grams });
    }
    Ok(rows)
}

fn count(language: Language, blocks: usize) -> String {
    let number = format::number(i64::try_from(blocks).unwrap_or(i64::MAX));
    match (language, blocks) {
        (Language::Chinese, _) => format!("共 {number} 段，每个序列号为 1 克"),
        (Language::English, 1) => "1 block, one gram a serial".to_owned(),
        (Language::English, _) => format!("{number} blocks, one gram a serial"),
    }
}

fn more(language: Language, left: usize, medium: Medium) -> String {
    let number = format::number(i64::try_from(left).unwrap_or(i64::MAX));
    match (language, medium) {
        (Language::Chinese, Medium::Pdf) => format!("另有 {number} 段：本 PDF 所附证明列出全部。"),
        (Language::Chinese, Medium::Svg) => format!("另有 {number} 段：下述第 2 项的文件列出全部。"),
        (Language::English, Medium::Pdf) => {
            format!("And {number} more: the proof attached to this PDF lists all of them.")
        }
        (Language::English, Medium::Svg) => format!("And {number} more: the file in step 2 below lists all of them."),
    }
}
