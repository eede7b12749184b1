//! Recognition at the size of a country: what a quote takes by itself and through the API, the search for pairs, and the import of a
//! mapping set.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tanqiao_mappings::recognition::{Crossing, GivenLot, quote_for_quantity};
use tanqiao_mappings::sssom;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::Lot;
use tanqiao_protocol::serial::SeriesRef;
use tanqiao_protocol::r#use::Use;

use super::BenchError;
use super::end_to_end::Client;
use super::ground::{new_id, now};
use super::place::Place;
use super::recognition_ground::{self as ground, Ground};
use super::world::{Opened, blocking};
use crate::ledger::command::{Body, Command, Decision, Origin};
use crate::ledger::objects::Governance;
use crate::ledger::sequencer::Sequencer;
use crate::recognition::import::Import;
use crate::recognition::ranked::Ranking;
use crate::store::database::Database;
use crate::store::read::mappings as store;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A PostgreSQL database of the bench's own; absent for an SQLite file.
    pub server: Option<String>,
    /// Methodology versions, each with a sheet.
    pub methodologies: usize,
    /// Active mappings.
    pub mappings: usize,
    /// Quotes that are asked for.
    pub quotes: usize,
    /// Rows of the set that is imported.
    pub rows: usize,
    /// How often the search and the import are measured.
    pub rounds: usize,
}

/// The median, and that of the slowest hundredth, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Times {
    /// Median.
    pub p50_us: u64,
    /// Of the slowest hundredth.
    pub p99_us: u64,
    /// How many were measured.
    pub count: usize,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: usize| {
            let time = times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
            time.map_or(0, |time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
        };
        Self {
            p50_us: at(50),
            p99_us: at(99),
            count: times.len(),
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Methodology versions.
    pub methodologies: usize,
    /// Active mappings.
    pub mappings: usize,
    /// A quote of the engine, explained in two languages; another methodology each time.
    pub engine_quote: Times,
    /// `GET /v1/recognition` over one kept-alive connection with mutual TLS.
    pub api_quote: Times,
    /// The ranked search over all methodologies with what the ledger knows of pairs.
    pub search: Times,
    /// Pairs that it finds.
    pub pairs: usize,
    /// `GET /v1/candidates/ranked` once the ranking is kept.
    pub api_ranked: Times,
    /// Reading, comparing and committing a mapping set.
    pub import: Times,
    /// Rows of that set.
    pub import_rows: usize,
    /// The same set again: nothing is written.
    pub import_again: Times,
}

/// Decisions in one batch, as at the terminal.
const DECISIONS_PER_BATCH: usize = 64;

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, directory: &std::path::Path, say: &dyn Fn(&str)) -> Result<Report, BenchError> {
    let place = Place::make(directory, plan.server.clone())?;
    say("making methodologies, sheets and mappings");
    let opened = Opened::found(&place, "bench_recognition").await?;
    let (own, methodologies, mappings) = (opened.database.clone(), plan.methodologies, plan.mappings);
    let ground = blocking(move || ground::prepare(&own, methodologies, mappings)).await?;
    let service = opened.serve()?;
    let measured = in_service(plan, &place, &service, &opened.database, &ground, say).await;
    service.stop().await;
    measured
}

async fn in_service(
    plan: &Plan,
    place: &Place,
    service: &crate::serve::Service,
    database: &Database,
    ground: &Ground,
    say: &dyn Fn(&str),
) -> Result<Report, BenchError> {
    let sequencer = service.hub.sequencer.clone();
    let governance = sequencer.governance();
    say("quotes of the engine");
    let engine_quote = engine_quotes(&governance, ground, plan.quotes)?;
    say("quotes through the API");
    let client = Client {
        trader: Arc::clone(&ground.asker),
        http: place.client(ground.asker.id.as_str())?,
        base: format!("https://localhost:{}", service.federation.port()).into(),
    };
    let paths = (0..plan.quotes).map(|number| ground.question(number));
    let paths: Vec<String> = paths.collect::<Option<_>>().ok_or_else(nothing)?;
    let api_quote = asked(&client, &paths).await?;
    say("the search for pairs");
    let (own, rounds) = (database.clone(), plan.rounds);
    let (search, pairs) = blocking(move || searches(&own, &governance, rounds)).await?;
    // The first answer makes the ranking that the others use.
    let ranked = vec!["/v1/candidates/ranked?limit=20".to_owned(); plan.rounds * 20 + 1];
    asked(&client, ranked.get(..1).unwrap_or_default()).await?;
    let api_ranked = asked(&client, ranked.get(1..).unwrap_or_default()).await?;
    say("the import of a set");
    let (own, officer, rows, rounds) = (database.clone(), ground.officer.clone(), plan.rows, plan.rounds);
    let (import, import_again) = blocking(move || imports(&own, &sequencer, &officer, rows, rounds)).await?;
    Ok(Report {
        database: if plan.server.is_some() { "postgres" } else { "sqlite" },
        methodologies: plan.methodologies,
        mappings: plan.mappings,
        engine_quote,
        api_quote,
        search,
        pairs,
        api_ranked,
        import,
        import_rows: plan.rows,
        import_again,
    })
}

fn nothing() -> BenchError {
    BenchError::Place("the bench has no mappings".to_owned())
}

fn engine_quotes(governance: &Governance, ground: &Ground, quotes: usize) -> Result<Times, BenchError> {
    let at = now();
    let mut times = Vec::with_capacity(quotes);
    for number in 0..quotes {
        let (methodology, to) = ground.pair(number).ok_or_else(nothing)?;
        let published = governance
            .methodologies
            .get(methodology)
            .ok_or_else(|| BenchError::Place(format!("{methodology} is not there")))?;
        let region = published.content.region;
        let series = SeriesRef::new(published.publisher.clone(), region, methodology.clone(), 2025)?;
        let given = GivenLot {
            lot: Lot {
                blocks: Vec::new(),
                series,
                mapping: None,
                paid: Factor::ONE,
                buffered: false,
                uses: published.content.uses,
            },
            home: region,
            home_uses: published.content.uses,
            held_in: None,
            batch: None,
        };
        let crossing = Crossing {
            to,
            r#use: Use::CorporateNeutrality,
            at,
        };
        let quantity = Grams::new(1_000_000).unwrap_or_default();
        let began = Instant::now();
        let quote = black_box(quote_for_quantity(&governance.mappings, &given, quantity, &crossing));
        times.push(began.elapsed());
        quote.map_err(|refusal| BenchError::Refused(refusal.reason.to_string()))?;
    }
    Ok(Times::of(times))
}

/// Asks one after the other; every answer must be good.
async fn asked(client: &Client, paths: &[String]) -> Result<Times, BenchError> {
    let fault = |error: reqwest::Error| BenchError::Place(error.to_string());
    let mut times = Vec::with_capacity(paths.len());
    for path in paths {
        let began = Instant::now();
        let answer = client
            .http
            .get(format!("{}{path}", client.base))
            .send()
            .await
            .map_err(fault)?;
        let good = answer.status().is_success();
        let bytes = answer.bytes().await.map_err(fault)?;
        times.push(began.elapsed());
        if !good {
            return Err(BenchError::Refused(String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    Ok(Times::of(times))
}

fn searches(database: &Database, governance: &Governance, rounds: usize) -> Result<(Times, usize), BenchError> {
    let (mut times, mut pairs) = (Vec::new(), 0);
    for _ in 0..rounds {
        let began = Instant::now();
        let candidates = database.read(store::all_candidates)?;
        pairs = black_box(Ranking::of_ledger(governance, &candidates, now())).len();
        times.push(began.elapsed());
    }
    Ok((Times::of(times), pairs))
}

fn imports(
    database: &Database,
    sequencer: &Sequencer,
    officer: &Name,
    rows: usize,
    rounds: usize,
) -> Result<(Times, Times), BenchError> {
    let text = set(rows)?;
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let name: Name = format!("bench-{round}").parse()?;
        let take = |expected| {
            let (took, new) = import(database, sequencer, officer, &name, &text)?;
            if new == expected {
                Ok(took)
            } else {
                Err(BenchError::Refused(format!("{new} rows were new, not {expected}")))
            }
        };
        first.push(take(rows)?);
        again.push(take(0)?);
    }
    Ok((Times::of(first), Times::of(again)))
}

/// Takes a set as the command does: how long, and how many rows were new.
fn import(
    database: &Database,
    sequencer: &Sequencer,
    officer: &Name,
    set: &Name,
    text: &str,
) -> Result<(Duration, usize), BenchError> {
    let refused = |error: &dyn std::fmt::Display| BenchError::Refused(error.to_string());
    let began = Instant::now();
    let file =
        sssom::read(text).map_err(|faults| refused(&faults.first().map_or_else(String::new, ToString::to_string)))?;
    let known = database.read(|connection| store::candidates_of_set(connection, set))?;
    let import = Import::compare(set, &file.set, &known);
    let new = import.counts.new;
    let mut left = import.decisions().map_err(|error| refused(&error))?.into_iter();
    loop {
        let batch: Vec<Command> = left
            .by_ref()
            .take(DECISIONS_PER_BATCH)
            .map(|decision| decided(officer, decision))
            .collect();
        if batch.is_empty() {
            return Ok((began.elapsed(), new));
        }
        for answer in sequencer.submit_blocking(batch)? {
            answer.result.map_err(|problem| BenchError::Refused(problem.detail))?;
        }
    }
}

fn decided(officer: &Name, decision: Decision) -> Command {
    let id = new_id();
    Command {
        origin: Origin::Officers(vec![officer.clone()]),
        id,
        payload_sha256: Sha256::of(id.to_string().as_bytes()),
        body: Body::Governance(Box::new(decision)),
    }
}

/// A set as regulators exchange them: labels, sources, a comment and the federation's own columns.
fn set(rows: usize) -> Result<String, BenchError> {
    let mut text = String::from(
        "#curie_map:\n#  m: https://example.org/m/\n#  x: https://example.org/x/\n#mapping_set_id: https://example.org/s\n\
         #license: https://example.org/l\n#extension_definitions:\n#  - slot_name: ext_activity\n#    property: x:activity\n\
         #  - slot_name: ext_missing_evidence\n#    property: x:missingEvidence\n\
         record_id\tsubject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification\tconfidence\tcomment\t\
         ext_activity\text_missing_evidence\n",
    );
    for number in 0..rows {
        let (left, right) = (number % 1_000, number / 1_000 + number % 991);
        writeln!(
            text,
            "m:row-{number}\tm:L-{left:04}\tMethodology number {left} of a province\tskos:closeMatch\tm:R-{right:04}\tMethodology \
             number {right} of another\tsemapv:CompositeMatching\t0.75\tSame activity, kind and unit; the factor of the right side is not \
             published.\trail-transit\tunit factor of the right side; monitoring plan; period of validity"
        )
        .map_err(|error| BenchError::Place(error.to_string()))?;
    }
    Ok(text)
}
