//! The coded symbols against the vectors of a second implementation (`reconciliation_vectors.py`).
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

use serde::Deserialize;
use tanqiao_protocol::reconciliation::{Encoder, Record, SymbolKey, series_key};
use tanqiao_protocol::serial::{SerialRange, SeriesRef};

#[derive(Deserialize)]
struct Vectors {
    key: String,
    series: SeriesRef,
    blocks: Vec<Block>,
    symbols: Vec<String>,
}

#[derive(Deserialize)]
struct Block {
    first: i64,
    last: i64,
    digest_record: String,
    record: String,
    hash: String,
    places: Vec<u32>,
}

#[test]
fn records_hashes_places_and_symbols_are_those_of_the_second_implementation() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/reconciliation.json")).unwrap();
    let key = SymbolKey(hex::decode(&vectors.key).unwrap().try_into().unwrap());
    let mut records = Vec::new();
    for block in &vectors.blocks {
        let range = SerialRange::new(block.first, block.last).unwrap();
        let record = Record::from_parts(&series_key(&vectors.series), range, block.digest_record.as_bytes());
        assert_eq!(hex::encode(record.0), block.record);
        assert_eq!(format!("{:016x}", key.hash(&record)), block.hash);
        // The places of a record are those at which a set of it alone has something.
        let symbols = Encoder::new(&key, [record]).symbols(2_000).to_vec();
        let places = (0..).zip(&symbols).filter(|(_, symbol)| !symbol.is_empty());
        let places: Vec<u32> = places.map(|(place, _)| place).collect();
        assert_eq!(places, block.places);
        records.push(record);
    }
    let mut encoder = Encoder::new(&key, records);
    // In two steps, as a stream is made.
    encoder.symbols(7);
    let symbols: Vec<String> = encoder.symbols(64).iter().map(|s| hex::encode(s.to_bytes())).collect();
    assert_eq!(symbols, vectors.symbols);
}
