//! What a file says, counted again without the node: the other side of "no balance exists that an imported record does not
//! explain".

use serde_json::Value;
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::quantity::Grams;

use super::Batch;
use crate::failure::{Doing as _, Outcome, unexpected};

/// Records and grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// How many records.
    pub records: u64,
    /// Σ reductions, each rounded down.
    pub grams: Grams,
}

impl Batch {
    /// Counts a file.
    ///
    /// # Errors
    /// A line that is none of this program's.
    pub fn total(&self, text: &str, publication: &Methodology) -> Outcome<Total> {
        let factor = publication.factor_g_per_unit.as_deref().map(decimal).transpose()?;
        let (mut records, mut grams) = (0, 0);
        for line in text.lines().skip(usize::from(!self.ndjson)) {
            let (quantity, stated) = if self.ndjson { of_ndjson(line)? } else { of_csv(line)? };
            grams += match (factor, stated) {
                (Some(factor), _) => product(decimal(&quantity)?, factor)?,
                (None, Some(stated)) => stated,
                (None, None) => return Err(unexpected(format!("a record of {}", self.name()), "a reduction", line)),
            };
            records += 1;
        }
        Ok(Total {
            records,
            grams: Grams::new(grams).doing("a total")?,
        })
    }
}

fn of_csv(line: &str) -> Outcome<(String, Option<i64>)> {
    let mut fields = line.split(',');
    let quantity = fields
        .nth(3)
        .ok_or_else(|| unexpected("a record", "a quantity", line))?;
    let stated = fields
        .nth(4)
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().doing("reading a record"))
        .transpose()?;
    Ok((quantity.to_owned(), stated))
}

fn of_ndjson(line: &str) -> Outcome<(String, Option<i64>)> {
    let record: Value = serde_json::from_str(line).doing("reading a record")?;
    let quantity = record
        .get("quantity")
        .and_then(Value::as_str)
        .ok_or_else(|| unexpected("a record", "a quantity", line))?;
    Ok((quantity.to_owned(), record.get("reduction_g").and_then(Value::as_i64)))
}

/// A decimal as whole number and number of decimals.
fn decimal(text: &str) -> Outcome<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i64 = format!("{whole}{fraction}").parse().doing(format!("reading {text}"))?;
    let decimals = u32::try_from(fraction.len()).doing(format!("reading {text}"))?;
    Ok((digits, decimals))
}

/// The product of two decimals, rounded down to a whole number.
fn product((a, a_decimals): (i64, u32), (b, b_decimals): (i64, u32)) -> Outcome<i64> {
    let product = i128::from(a) * i128::from(b) / 10_i128.pow(a_decimals + b_decimals);
    i64::try_from(product).doing("a product")
}
