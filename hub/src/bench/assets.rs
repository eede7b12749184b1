//! The asset register as it grows: what registering costs with few and with many assets in it. Every roof is compared with what lies near it,
//! and none overlaps another.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use tanqiao_protocol::asset::{Asset, Capacity, Place as Where, Position};
use tanqiao_protocol::time::Timestamp;

use super::BenchError;
use super::ground::{Trader, admit, appoint};
use super::place::Place;
use super::sequencer::{command, envelope};
use super::world::{Opened, blocking};
use crate::ledger::command::Body;
use crate::ledger::sequencer::{Sequencer, SequencerOptions};

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A PostgreSQL database of the bench's own; absent for an SQLite file.
    pub server: Option<String>,
    /// Assets in the register at the first measurement.
    pub few: usize,
    /// Assets in the register at the second.
    pub many: usize,
    /// Assets that are registered in each measurement.
    pub measured: usize,
    /// Assets in one batch.
    pub batch: usize,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// With few assets.
    pub few: Measured,
    /// With many.
    pub many: Measured,
    /// What an asset costs with many, for 1,000 of what it costs with few.
    pub ratio_millis: u64,
    /// Reading the register into the memory of a process that has just started, and one asset, in milliseconds.
    pub start_ms: u64,
}

/// One measurement.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Measured {
    /// Assets in the register before it.
    pub stored: usize,
    /// Assets that were registered.
    pub registered: usize,
    /// Microseconds an asset, committed.
    pub each_us: u64,
}

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, directory: &Path, say: &dyn Fn(&str)) -> Result<Report, BenchError> {
    let place = Place::make(directory, plan.server.clone())?;
    say("registering");
    let opened = Opened::found(&place, "bench_assets").await?;
    let (plan, database) = (plan.clone(), opened.database.clone());
    blocking(move || {
        let sequencer = Sequencer::start(database.clone(), SequencerOptions::default())?;
        let (officer, _) = appoint(&sequencer)?;
        let member = admit(&sequencer, &officer, 0, 0)?;
        let mut stored = 0;
        fill(&sequencer, &member, &mut stored, plan.few, plan.batch)?;
        let few = measured(&sequencer, &member, &mut stored, &plan)?;
        fill(&sequencer, &member, &mut stored, plan.many, plan.batch)?;
        let many = measured(&sequencer, &member, &mut stored, &plan)?;
        sequencer.stop();
        let fresh = Sequencer::start(database, SequencerOptions::default())?;
        let started = Instant::now();
        register(&fresh, &member, &mut stored, 1)?;
        let start_ms = u64::try_from(started.elapsed().as_millis())?;
        fresh.stop();
        Ok(Report {
            database: if plan.server.is_some() { "postgres" } else { "sqlite" },
            few,
            many,
            ratio_millis: many.each_us * 1_000 / few.each_us.max(1),
            start_ms,
        })
    })
    .await
}

fn fill(
    sequencer: &Sequencer,
    member: &Trader,
    stored: &mut usize,
    until: usize,
    batch: usize,
) -> Result<(), BenchError> {
    while *stored < until {
        register(sequencer, member, stored, batch.min(until - *stored))?;
    }
    Ok(())
}

fn measured(sequencer: &Sequencer, member: &Trader, stored: &mut usize, plan: &Plan) -> Result<Measured, BenchError> {
    let (before, started) = (*stored, Instant::now());
    fill(sequencer, member, stored, before + plan.measured, plan.batch)?;
    let registered = u64::try_from(*stored - before)?;
    Ok(Measured {
        stored: before,
        registered: *stored - before,
        each_us: u64::try_from(started.elapsed().as_micros())? / registered.max(1),
    })
}

fn register(sequencer: &Sequencer, member: &Trader, stored: &mut usize, count: usize) -> Result<(), BenchError> {
    let envelope = envelope(count);
    let commands: Result<Vec<_>, BenchError> = (0_u32..)
        .zip(*stored..*stored + count)
        .map(|(item, number)| {
            Ok(command(
                member,
                Body::Asset(Box::new(roof(member, number)?)),
                &envelope,
                item,
            ))
        })
        .collect();
    for answer in sequencer.submit_blocking(commands?)? {
        let outcome = answer.result.map_err(|problem| BenchError::Refused(problem.detail))?;
        if outcome.state.as_deref() != Some("registered") {
            return Err(BenchError::Refused(format!("{} is contested", outcome.subject)));
        }
    }
    *stored += count;
    Ok(())
}

/// Roofs of about 20 m in rows of 1,000, about 20 m apart.
fn roof(member: &Trader, number: usize) -> Result<Asset, BenchError> {
    let number = i64::try_from(number)?;
    let (west, south) = (
        1_050_000_000 + number % 1_000 * 4_000,
        300_000_000 + number / 1_000 * 4_000,
    );
    let corner = |east: i64, north: i64| {
        Position::new(west + east, south + north).map_err(|error| BenchError::Refused(error.to_string()))
    };
    let ring = vec![
        corner(0, 0)?,
        corner(2_000, 0)?,
        corner(2_000, 2_000)?,
        corner(0, 2_000)?,
        corner(0, 0)?,
    ];
    let year = 31_556_952_000_000;
    Ok(Asset {
        asset: format!("roof-{number}").parse()?,
        activity: "distributed-pv".parse()?,
        place: Where::Polygon(vec![ring]),
        region: member.region,
        capacity: Capacity {
            amount: "10".to_owned(),
            unit: "kW".to_owned(),
        },
        commissioned_at: Timestamp::from_micros(53 * year),
        period_from: Timestamp::from_micros(54 * year),
        period_until: Timestamp::from_micros(64 * year),
        other_schemes: Vec::new(),
    })
}
