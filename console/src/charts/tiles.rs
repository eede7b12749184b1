use std::fmt::Write as _;

use crate::format::signed_tonnes;
use crate::html::{Html, escape};
use crate::language::Language;
use crate::parts::{Column, Table};
use crate::regions::{self, Region};

/// A side of the grid, in tiles.
const SIDE: u16 = 8;
/// A tile and the room around it, in units of the picture.
const TILE: u16 = 80;
const GAP: u16 = 6;

/// What a region's tile shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Any code in the region.
    pub region: String,
    /// Members there; city nodes roll up.
    pub members: usize,
    /// Grams that came in less those that went out.
    pub net: i64,
    /// Where the tile leads.
    pub href: String,
}

/// The regions as tiles, by what flowed in and out.
#[derive(Debug, Clone)]
pub struct TileGrid {
    /// What the picture is called.
    pub label: String,
    /// What dashed and colours mean.
    pub legend: &'static str,
    /// The tiles of regions with members.
    pub tiles: Vec<Tile>,
}

impl TileGrid {
    /// The picture, and the table that says the same.
    #[must_use]
    pub fn render(&self, language: Language) -> Html {
        let side = SIDE * TILE;
        let largest = self.tiles.iter().map(|tile| tile.net.unsigned_abs()).max().unwrap_or(0);
        let mut svg = format!(
            "<tile-grid><svg class=\"tiles\" viewBox=\"0 0 {side} {side}\" role=\"group\" aria-label=\"{}\">",
            escape(&self.label)
        );
        for region in regions::all() {
            let tile = self.tiles.iter().find(|tile| is_in(tile, region));
            draw(&mut svg, region, tile, largest, language);
        }
        svg.push_str("</svg></tile-grid>");
        let words = language.words();
        let legend = crate::html::paragraph(self.legend);
        let table = format!(
            "<details><summary>{}</summary>{}</details>",
            words.as_a_table,
            self.table(language)
        );
        Html::written(format!("{svg}{legend}{table}"))
    }

    fn table(&self, language: Language) -> Html {
        let words = language.words();
        let columns = vec![
            Column::text(words.region),
            Column::number(words.members),
            Column::number(format!("{} ({})", words.net, words.unit_tco2e)),
        ];
        let rows = regions::all().iter().filter_map(|region| {
            let tile = self.tiles.iter().find(|tile| is_in(tile, region))?;
            Some(vec![
                Html::text(region.name(language)),
                Html::text(tile.members),
                Html::text(signed(tile.net)),
            ])
        });
        Table::new(self.label.clone(), columns).rows(rows).render()
    }
}

fn is_in(tile: &Tile, region: &Region) -> bool {
    regions::containing(&tile.region) == Some(region)
}

fn draw(svg: &mut String, region: &Region, tile: Option<&Tile>, largest: u64, language: Language) {
    let (x, y) = ((region.column - 1) * TILE, (region.row - 1) * TILE);
    let (middle, size) = (x + TILE / 2, TILE - GAP);
    let shape = |name_y: u16| {
        format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{size}\" height=\"{size}\" rx=\"6\"/><text x=\"{middle}\" y=\"{}\">{}</text>",
            x + GAP / 2,
            y + GAP / 2,
            y + name_y,
            region.short(language)
        )
    };
    // Writing to a string does not fail.
    let _ = match tile {
        None => write!(
            svg,
            "<g class=\"absent\"><title>{}</title>{}</g>",
            region.name(language),
            shape(46)
        ),
        Some(tile) => write!(
            svg,
            "<a class=\"{}\" href=\"{}\" data-row=\"{}\" data-column=\"{}\" aria-label=\"{}\"><title>{}</title>{}<text class=\"figure\" x=\"{middle}\" y=\"{}\">{}</text></a>",
            class(tile.net, largest),
            escape(&tile.href),
            region.row,
            region.column,
            escape(&said(region, tile, language)),
            escape(&said(region, tile, language)),
            shape(36),
            y + 58,
            short(tile.net)
        ),
    };
}

fn said(region: &Region, tile: &Tile, language: Language) -> String {
    let words = language.words();
    format!(
        "{} {} · {} {} {} · {} {}",
        region.short(language),
        short(tile.net),
        region.name(language),
        signed(tile.net),
        words.unit_tco2e,
        words.members,
        tile.members
    )
}

/// Tonnes with their sign, also above zero.
fn signed(grams: i64) -> String {
    let plus = if grams >= 1_000 { "+" } else { "" };
    format!("{plus}{}", signed_tonnes(grams))
}

/// As much of it as a tile holds: from a hundred tonnes on without kilograms.
fn short(grams: i64) -> String {
    let text = signed(grams);
    if grams.unsigned_abs() < 100_000_000 {
        return text;
    }
    text.split('.').next().unwrap_or(&text).to_owned()
}

/// One of seven steps, by thirds of the largest.
fn class(net: i64, largest: u64) -> &'static str {
    let size = net.unsigned_abs();
    let third = largest.div_ceil(3).max(1);
    match (net.signum(), size.saturating_sub(1) / third) {
        (0, _) => "still",
        (1, 0) => "in1",
        (1, 1) => "in2",
        (1, _) => "in3",
        (_, 0) => "out1",
        (_, 1) => "out2",
        (_, _) => "out3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_regions_are_there_and_the_table_says_what_the_picture_does() {
        let grid = TileGrid {
            label: "<net>".to_owned(),
            legend: "teal in, orange out",
            tiles: vec![
                Tile {
                    region: "420100".to_owned(),
                    members: 2,
                    net: -904_000_000,
                    href: "/members?region=420000".to_owned(),
                },
                Tile {
                    region: "230000".to_owned(),
                    members: 1,
                    net: 684_155_000,
                    href: "/members?region=230000".to_owned(),
                },
            ],
        };
        for language in Language::ALL {
            let html = grid.render(language).to_string();
            assert_eq!(html.matches("<rect").count(), 34);
            assert_eq!(html.matches("class=\"absent\"").count(), 32);
            assert!(html.contains("class=\"out3\"") && html.contains("class=\"in3\""));
            let (picture, table) = html.split_once("<details>").unwrap();
            assert!(picture.contains("−904<") && table.contains("−904.000") && table.contains("+684.155"));
            assert!(!html.contains("<net>") && !html.contains(" style="));
        }
    }

    #[test]
    fn the_largest_is_the_darkest_and_nothing_is_still() {
        assert_eq!(class(0, 0), "still");
        assert_eq!(class(9, 9), "in3");
        assert_eq!(class(-3, 9), "out1");
        assert_eq!(class(-4, 9), "out2");
        assert_eq!(class(i64::MIN, u64::MAX), "out2");
    }
}
