//! A page as marks on paper, before it is PDF or SVG. All lengths are in thousandths of a point, from the upper left corner.

use crate::font::Face;
use crate::text::{Letter, Milli, width};

/// A4, ISO 216: 210 mm.
pub const WIDTH: Milli = 595_276;
/// 297 mm.
pub const HEIGHT: Milli = 841_890;

/// A colour, `0xRRGGBB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u32);

impl Colour {
    /// Text.
    pub const TEXT: Self = Self(0x001b_2430);
    /// What stands beside the text.
    pub const QUIET: Self = Self(0x004d_5866);
    /// Title and frame.
    pub const MAIN: Self = Self(0x000b_6b57);
    /// Lines between parts.
    pub const LINE: Self = Self(0x00c5_ccd3);
    /// A warning, and its ground.
    pub const WARNING: Self = Self(0x00a3_211a);
    /// The ground of a warning.
    pub const WARNING_GROUND: Self = Self(0x00fc_e8e6);
    /// The modules of a code.
    pub const BLACK: Self = Self(0);

    /// Red, green, blue.
    pub const fn parts(self) -> [u8; 3] {
        let [_, red, green, blue] = self.0.to_be_bytes();
        [red, green, blue]
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x: Milli,
    pub y: Milli,
    pub width: Milli,
    pub height: Milli,
}

/// Letters of one face and size, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub x: Milli,
    /// The line on which they stand.
    pub y: Milli,
    pub face: Face,
    pub size: Milli,
    pub colour: Colour,
    pub letters: Vec<Letter>,
}

/// Something on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Text.
    Text(Run),
    /// Filled rectangles.
    Filled(Vec<Area>, Colour),
}

/// Where a line of text stands between two edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// In the order in which they are drawn.
    pub marks: Vec<Mark>,
    /// The lines of text, for readers who do not see the page.
    pub read: Vec<String>,
}

impl Sheet {
    /// Puts a line of letters between `left` and `left + room`, on the line `y`.
    pub fn line(&mut self, line: &[Letter], (left, room): (Milli, Milli), y: Milli, align: Align, colour: Colour) {
        let free = room - width(line);
        let mut x = match align {
            Align::Left => left,
            Align::Centre => left + free / 2,
            Align::Right => left + free,
        };
        let alike = |a: &Letter, b: &Letter| (a.glyph.face, a.size, a.drop) == (b.glyph.face, b.size, b.drop);
        for letters in line.chunk_by(alike) {
            let Some(first) = letters.first() else { continue };
            self.marks.push(Mark::Text(Run {
                x,
                y: y + first.drop,
                face: first.glyph.face,
                size: first.size,
                colour,
                letters: letters.to_vec(),
            }));
            x += width(letters);
        }
        self.read.push(line.iter().map(|letter| letter.letter).collect());
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, area: Area, colour: Colour) {
        self.marks.push(Mark::Filled(vec![area], colour));
    }

    /// Draws the edges of a rectangle, `thick` inwards.
    pub fn frame(&mut self, area: Area, thick: Milli, colour: Colour) {
        let Area { x, y, width, height } = area;
        let edge = |x, y, width, height| Area { x, y, width, height };
        let edges = vec![
            edge(x, y, width, thick),
            edge(x, y + height - thick, width, thick),
            edge(x, y + thick, thick, height - 2 * thick),
            edge(x + width - thick, y + thick, thick, height - 2 * thick),
        ];
        self.marks.push(Mark::Filled(edges, colour));
    }
}
