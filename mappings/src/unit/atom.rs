//! The units that are known, in grams, metres and seconds.

use crate::ratio::Ratio;

/// Powers of mass, length and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dimension(i8, i8, i8);

impl Dimension {
    pub(super) const NONE: Self = Self(0, 0, 0);
    pub(super) const MASS: Self = Self(1, 0, 0);
    const LENGTH: Self = Self(0, 1, 0);
    const AREA: Self = Self(0, 2, 0);
    const VOLUME: Self = Self(0, 3, 0);
    const TIME: Self = Self(0, 0, 1);
    const ENERGY: Self = Self(1, 2, -2);
    const POWER: Self = Self(1, 2, -3);

    pub(super) const fn times(self, other: Self) -> Self {
        Self(
            self.0.saturating_add(other.0),
            self.1.saturating_add(other.1),
            self.2.saturating_add(other.2),
        )
    }

    pub(super) const fn over(self, other: Self) -> Self {
        Self(
            self.0.saturating_sub(other.0),
            self.1.saturating_sub(other.1),
            self.2.saturating_sub(other.2),
        )
    }
}

/// Size and dimension of a symbol with its prefix, as written in UCUM (case sensitive); an annual period is the Julian year
/// (UCUM table 5, `a`).
pub(super) fn factor_of(symbol: &str) -> Option<(Ratio, Dimension)> {
    if let Some((size, dimension)) = atom(symbol) {
        return Some((Ratio::whole(size), dimension));
    }
    match symbol {
        "L" => return Some((per(1_000), Dimension::VOLUME)),
        "%" => return Some((per(100), Dimension::NONE)),
        _ => {}
    }
    let mut letters = symbol.chars();
    let prefix = letters.next()?;
    let (size, dimension) = metric_atom(letters.as_str())?;
    let size = Ratio::whole(size);
    let scaled = match prefix {
        'k' => &size * &Ratio::whole(1_000),
        'M' => &size * &Ratio::whole(1_000_000),
        'G' => &size * &Ratio::whole(1_000_000_000_i64),
        'T' => &size * &Ratio::whole(1_000_000_000_000_i64),
        'm' => &size * &per(1_000),
        _ => return None,
    };
    Some((scaled, dimension))
}

fn per(parts: i64) -> Ratio {
    Ratio::one().over(&Ratio::whole(parts)).unwrap_or_else(Ratio::zero)
}

fn atom(symbol: &str) -> Option<(i64, Dimension)> {
    metric_atom(symbol).or(match symbol {
        "1" => Some((1, Dimension::NONE)),
        "m2" => Some((1, Dimension::AREA)),
        "m3" => Some((1, Dimension::VOLUME)),
        "ha" => Some((10_000, Dimension::AREA)),
        "h" => Some((3_600, Dimension::TIME)),
        "d" => Some((86_400, Dimension::TIME)),
        "a" => Some((31_557_600, Dimension::TIME)),
        _ => None,
    })
}

/// Those that take a prefix.
fn metric_atom(symbol: &str) -> Option<(i64, Dimension)> {
    match symbol {
        "g" => Some((1, Dimension::MASS)),
        "t" => Some((1_000_000, Dimension::MASS)),
        "m" => Some((1, Dimension::LENGTH)),
        "s" => Some((1, Dimension::TIME)),
        "J" => Some((1_000, Dimension::ENERGY)),
        "W" => Some((1_000, Dimension::POWER)),
        _ => None,
    }
}
