//! Masses in words.

use serde_json::Value;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Quote;

use crate::failure::{Doing as _, Outcome};

/// A member of a JSON object as grams.
pub fn grams(value: &Value, member: &str) -> Outcome<Grams> {
    let found = value.get(member).and_then(Value::as_i64).unwrap_or_default();
    Grams::new(found).doing(format!("reading {member}"))
}

/// A whole number of grams.
pub fn of(grams: i64) -> Outcome<Grams> {
    Grams::new(grams).doing("a quantity of the story")
}

/// What recognition does, in one line.
pub fn division(quote: &Quote) -> String {
    format!(
        "given {} → delivered {}, to the hub's buffer {}, cancelled as discount {}",
        quote.given_g, quote.delivered_g, quote.buffered_g, quote.cancelled_g
    )
}

/// The last twelve digits of an id, enough to tell ids of one story apart.
pub fn short(id: MessageId) -> String {
    let text = id.to_string();
    text.rsplit('-').next().unwrap_or_default().to_owned()
}
