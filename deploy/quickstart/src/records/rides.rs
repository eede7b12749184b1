//! What citizens do: metro and bicycle rides, charging sessions.

use super::file::{Entry, Rows};

/// Four thousand metro rides of 250 citizens, 2 to 28 km each.
pub fn metro(rows: &mut Rows<'_>) {
    ride(rows, 4_000, 250);
}

/// Fifteen hundred metro rides.
pub fn metro_fewer(rows: &mut Rows<'_>) {
    ride(rows, 1_500, 150);
}

fn ride(rows: &mut Rows<'_>, count: u64, holders: u64) {
    for _ in 0..count {
        let account = rows.holder(holders);
        // Two numbers, so that middling rides are the most frequent.
        let tenths = rows.random.between(10, 140) + rows.random.between(10, 140);
        let minute = rows.daytime();
        let subject = Some(rows.subject(&account));
        rows.add(&Entry {
            account,
            tenths,
            minute,
            minutes: 5 + tenths / 5,
            asset: None,
            subject,
        });
    }
}

/// Fifteen hundred rides on shared bicycles, 0.6 to 6 km each.
pub fn bicycle(rows: &mut Rows<'_>) {
    for _ in 0..1_500 {
        let account = rows.holder(200);
        let tenths = rows.random.between(3, 30) + rows.random.between(3, 30);
        let minute = rows.daytime();
        rows.add(&Entry {
            account,
            tenths,
            minute,
            minutes: 3 + tenths / 2,
            asset: None,
            subject: None,
        });
    }
}

/// Two thousand charging sessions of 8 to 60 kWh at 300 public chargers.
pub fn charging(rows: &mut Rows<'_>) {
    for _ in 0..2_000 {
        let account = rows.holder(180);
        let tenths = rows.random.between(40, 300) + rows.random.between(40, 300);
        let minute = rows.daytime();
        let charger = rows.random.between(1, 300);
        let asset = Some(rows.asset("charger", charger));
        rows.add(&Entry {
            account,
            tenths,
            minute,
            minutes: 10 + tenths / 10,
            asset,
            subject: None,
        });
    }
}
