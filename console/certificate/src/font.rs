//! The two faces, in the fonts' own units: 1,000 to the em.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use crate::error::{CertificateError, Unprintable};

/// Units to the em, of both faces.
pub const EM: i32 = 1_000;

const REGULAR: &[u8] = include_bytes!("../fonts/NotoSansCJKsc-Regular.otf");
const BOLD: &[u8] = include_bytes!("../fonts/NotoSansCJKsc-Bold.otf");

/// A face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    /// Running text; it has every character that can be printed.
    Regular,
    /// Headings and figures. What it does not have is drawn in [`Face::Regular`].
    Bold,
}

impl Face {
    /// The font file.
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => REGULAR,
            Self::Bold => BOLD,
        }
    }
}

/// A drawn letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glyph {
    /// Of which face.
    pub face: Face,
    /// Its number there.
    pub id: u32,
    /// To the next letter, in units.
    pub advance: i32,
}

/// A face that has been read.
struct Read {
    font: FontRef<'static>,
    glyphs: BTreeMap<u32, (u32, i32)>,
}

static READ_REGULAR: LazyLock<Option<Read>> = LazyLock::new(|| read(Face::Regular));
static READ_BOLD: LazyLock<Option<Read>> = LazyLock::new(|| read(Face::Bold));

fn read(face: Face) -> Option<Read> {
    let font = FontRef::new(face.bytes()).ok()?;
    let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
    if i32::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em) != EM {
        return None;
    }
    let mut glyphs = BTreeMap::new();
    for (code, id) in font.charmap().mappings() {
        glyphs.insert(code, (id.to_u32(), units(metrics.advance_width(id)?)));
    }
    Some(Read { font, glyphs })
}

fn of(face: Face) -> Result<&'static Read, CertificateError> {
    let read = match face {
        Face::Regular => READ_REGULAR.as_ref(),
        Face::Bold => READ_BOLD.as_ref(),
    };
    read.ok_or_else(|| CertificateError::Fault("a font of this program cannot be read".to_owned()))
}

/// The glyph of a letter: in this face, or in the regular one.
pub fn glyph(letter: char, face: Face) -> Result<Glyph, CertificateError> {
    // A soft hyphen draws a hyphen here and nothing elsewhere.
    if letter != '\u{ad}' {
        for face in [face, Face::Regular] {
            if let Some((id, advance)) = of(face)?.glyphs.get(&u32::from(letter)) {
                return Ok(Glyph {
                    face,
                    id: *id,
                    advance: *advance,
                });
            }
        }
    }
    Err(CertificateError::Character(Unprintable(letter)))
}

/// The outline of a glyph as the `d` of an SVG path, in units, downwards; empty for a space.
pub fn outline(glyph: Glyph) -> Result<String, CertificateError> {
    let outlines = of(glyph.face)?.font.outline_glyphs();
    let mut path = Path(String::new());
    if let Some(found) = outlines.get(GlyphId::new(glyph.id)) {
        let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
        found
            .draw(settings, &mut path)
            .map_err(|error| CertificateError::Fault(format!("glyph {}: {error}", glyph.id)))?;
    }
    Ok(path.0)
}

struct Path(String);

impl Path {
    fn write(&mut self, command: char, points: &[(f32, f32)]) {
        self.0.push(command);
        for (place, (x, y)) in points.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            let _ = write!(self.0, "{gap}{} {}", units(*x), -units(*y));
        }
    }
}

impl OutlinePen for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.write('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.write('L', &[(x, y)]);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.write('Q', &[(cx, cy), (x, y)]);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.write('C', &[(cx0, cy0), (cx1, cy1), (x, y)]);
    }

    fn close(&mut self) {
        self.0.push('Z');
    }
}

/// The fonts' coordinates are whole numbers, which their reader gives as floats.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a coordinate has 16 bits, and a cast saturates"
)]
fn units(coordinate: f32) -> i32 {
    coordinate.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_places_can_be_printed() {
        for letter in "武汉哈尔滨乌鲁木齐香港澳門臺灣龘犇喆堃旸玥䶮𬭊 é×·—“”、。（）《》→²".chars()
        {
            glyph(letter, Face::Bold).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn what_hides_or_turns_letters_is_named() {
        for (letter, named) in [
            ('\u{202e}', "U+202E"),
            ('\u{200b}', "U+200B"),
            ('\u{ad}', "U+00AD"),
            ('\u{7}', "U+0007"),
            ('ł', "`ł` (U+0142)"),
            ('😀', "U+1F600"),
        ] {
            let error = glyph(letter, Face::Regular).unwrap_err();
            assert!(error.is_of_content());
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn an_outline_is_closed_and_a_space_has_none() {
        let path = outline(glyph('国', Face::Regular).unwrap()).unwrap();
        assert!(path.starts_with('M') && path.ends_with('Z'), "{path}");
        assert_eq!(outline(glyph(' ', Face::Regular).unwrap()).unwrap(), "");
    }
}
