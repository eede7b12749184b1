//! How quick the import is: records a second for reading and parsing a CSV alone, and for importing it durably, on one core.
//!
//! `taskset -c 0 cargo run --release -p tanqiao-node --example import_rate -- 1000000 sqlite:rate.db`
//!
//! The database must not exist yet (SQLite) or be empty (PostgreSQL, whose server takes cores of its own).

use std::error::Error;
use std::io::{self, Cursor, Write};
use std::time::{Duration, Instant};

use tanqiao_node::adapters::{Format, Lines};
use tanqiao_node::import::{Order, Source, run};
use tanqiao_node::quantification::Rule;
use tanqiao_node::store::{Store, migrate};

const RULE: &str = r#"{"methodology": "CN-4201-metro.v1", "region": "420100", "title_zh": "武汉地铁出行",
    "title_en": "Wuhan metro", "activity": "rail-transit", "activity_unit": "km", "factor_g_per_unit": "78.4",
    "record_g_max": 50000, "uses": ["event-neutrality"], "in_force_from": "2024-01-01T00:00:00Z",
    "vintage_first": 2024, "vintage_last": 2030, "source": "https://example.org/metro"}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let count: u64 = args.next().ok_or("say how many records")?.parse()?;
    let url = args.next().ok_or("name a database")?;
    let text = rides(count)?;
    let parsing = parse(&text)?;
    migrate(&url)?;
    let store = Store::open(&url)?;
    let order = Order {
        rule: Rule::new(&serde_json::from_str(RULE)?)?,
        format: Format::Csv,
        strict: false,
    };
    let now = "2026-06-01T00:00:00Z".parse()?;
    let began = Instant::now();
    let job = run(&store, Source::open(Cursor::new(&text))?, &order, &|| now, &mut |_| {})?;
    let importing = began.elapsed();
    let mut out = io::stdout();
    writeln!(
        out,
        "records          {count}, {} bytes each",
        text.len() as u64 / count.max(1)
    )?;
    writeln!(out, "read and parsed  {} records/s", rate(count, parsing))?;
    writeln!(
        out,
        "imported         {} records/s ({} added)",
        rate(job.added, importing),
        job.added
    )?;
    writeln!(
        out,
        "ratio            {} per mille",
        parsing.as_micros() * 1_000 / importing.as_micros().max(1)
    )?;
    Ok(())
}

fn parse(text: &[u8]) -> Result<Duration, Box<dyn Error>> {
    let began = Instant::now();
    let mut lines = Lines::open(Format::Csv, Cursor::new(text))?;
    while let Some(line) = lines.next_line()? {
        line.record?;
    }
    Ok(began.elapsed())
}

fn rate(count: u64, time: Duration) -> u128 {
    u128::from(count) * 1_000_000 / time.as_micros().max(1)
}

fn rides(count: u64) -> io::Result<Vec<u8>> {
    let mut out = b"source,record_id,account,quantity,unit,started_at,ended_at,place\n".to_vec();
    for n in 0..count {
        let (account, km, tenth, day) = (n * 7_919 % 50_000, n % 40 + 1, n % 10, n % 28 + 1);
        writeln!(
            out,
            "wuhan-metro,ride-{n:09},holder-{account:06},{km}.{tenth},km,2025-05-{day:02}T08:00:00+08:00,\
             2025-05-{day:02}T08:40:00+08:00,420106"
        )?;
    }
    Ok(out)
}
