//! What meters count, a record for each meter and month: roof PV, and electricity saved by households.

use super::file::{Entry, Rows};

/// Full-load hours of a roof in eastern China, by month: about a thousand a year.
const SUN_HOURS: [u64; 12] = [55, 60, 80, 95, 110, 100, 125, 120, 95, 80, 60, 55];
/// Days before each month of a year that is no leap year.
const DAYS_BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The months: first minute and length in minutes, the last minute left out so that a record ends in its month.
fn months() -> impl Iterator<Item = (usize, u64, u64)> {
    DAYS_BEFORE
        .iter()
        .zip(DAYS)
        .enumerate()
        .map(|(month, (before, days))| (month, before * 1_440, days * 1_440 - 1))
}

/// Twenty roofs of 300 to 900 kW.
pub fn pv_twenty(rows: &mut Rows<'_>) {
    pv(rows, 20);
}

/// Sixteen roofs.
pub fn pv_sixteen(rows: &mut Rows<'_>) {
    pv(rows, 16);
}

fn pv(rows: &mut Rows<'_>, plants: u64) {
    for plant in 1..=plants {
        let kilowatts = rows.random.between(30, 90) * 10;
        for (month, minute, minutes) in months() {
            let hours = SUN_HOURS.get(month).copied().unwrap_or(80);
            // The weather of the month: 90 to 110 per cent.
            let tenths = kilowatts * hours * rows.random.between(90, 110) / 10;
            let asset = Some(rows.asset("pv-meter", plant));
            rows.add(&Entry {
                account: format!("pv-owner-{plant:03}"),
                tenths,
                minute,
                minutes,
                asset,
                subject: None,
            });
        }
    }
}

/// Two hundred and fifty households that shift their demand, 12 to 80 kWh a month each.
pub fn demand_response(rows: &mut Rows<'_>) {
    for household in 1..=250 {
        let habit = rows.random.between(150, 600);
        for (_, minute, minutes) in months() {
            let tenths = habit * rows.random.between(80, 130) / 100;
            let asset = Some(rows.asset("meter", household));
            rows.add(&Entry {
                account: format!("household-{household:05}"),
                tenths,
                minute,
                minutes,
                asset,
                subject: None,
            });
        }
    }
}
