//! How often honest activities are held back, and how often double ones are missed, in a generated city.
//!
//! ```sh
//! cargo run --release -p tanqiao-protocol --example precision -- 1000000 1
//! ```
//! The arguments are the number of activities and the seed. `assumptions.rs` says what the city is like.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program that prints a report and stops where it is wrong"
)]

mod acts;
mod assumptions;
mod city;
mod random;
mod report;
mod screening;

use city::{City, DAYS};
use report::Duplicate;
use screening::Screening;
use tanqiao_protocol::fingerprint::TokenKind;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u32>().expect("a number"));
    let wanted = arguments.next().unwrap_or(1_000_000);
    let seed = arguments.next().unwrap_or(1);
    let mut city = City::of_activities(u64::from(seed), wanted);
    let mut screening = Screening::default();
    for _ in 0..DAYS {
        screening.day(&city.next_day());
    }
    let tally = &screening.tally;
    println!(
        "{} activities, {} inputs, {DAYS} days, seed {seed}\n",
        tally.reports, tally.tokens
    );
    println!("| held back by mistake through | activities | in a million |\n| --- | --- | --- |");
    for (kind, held) in TokenKind::ALL.iter().zip(tally.falsely_held) {
        println!("| {kind} | {held} | {} |", tally.per_million(held));
    }
    let held = tally.falsely_held_at_all;
    println!("| any | {held} | {} |\n", tally.per_million(held));
    for ((kind, activity), held) in &tally.places {
        println!("{kind} of {activity}: {held}");
    }
    println!("\n| reported twice | acts | missed |\n| --- | --- | --- |");
    for how in Duplicate::ALL {
        println!("| {} | {} | {} |", how.name(), tally.duplicates(how), tally.missed(how));
    }
}
