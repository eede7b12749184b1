//! Project-type records of plants: recycled plastic by the lorry, reused effluent by the year.

use super::file::{Entry, Rows};

/// A hundred and fifty lorries with 8 to 24 t of sorted plastic, from ten collectors.
pub fn plastic(rows: &mut Rows<'_>) {
    for _ in 0..150 {
        let collector = rows.random.between(1, 10);
        let tenths = rows.random.between(8_000, 24_000) * 10;
        let minute = rows.daytime();
        rows.add(&Entry {
            account: format!("collector-{collector:02}"),
            tenths,
            minute,
            minutes: 40,
            asset: Some(rows.asset("weighbridge", collector)),
            subject: None,
        });
    }
}

/// Six plants that sell 0.8 to 1.2 million cubic metres of cleaned water a year for streets and parks.
pub fn effluent(rows: &mut Rows<'_>) {
    for plant in 1..=6 {
        let tenths = rows.random.between(800, 1_200) * 10_000;
        let minutes = 365 * 1_440 - 1;
        rows.add(&Entry {
            account: format!("water-plant-{plant:02}"),
            tenths,
            minute: 0,
            minutes,
            asset: Some(rows.asset("flow-meter", plant)),
            subject: None,
        });
    }
}
