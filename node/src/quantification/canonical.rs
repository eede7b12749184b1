//! The canonical bytes of a quantified record: what an issuance commits to.

use std::fmt::Write as _;

use tanqiao_protocol::time::Timestamp;

/// A quantified record, by the texts that it is stored with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanonicalRecord<'a> {
    /// Whose.
    pub account: &'a str,
    /// The asset, where there is one.
    pub asset: Option<&'a str>,
    /// The act ended.
    pub ended_at: Timestamp,
    /// The methodology version.
    pub methodology: &'a str,
    /// Where.
    pub place: &'a str,
    /// Activity data, in the one text that an amount has.
    pub quantity: &'a str,
    /// Its id at the platform.
    pub record_id: &'a str,
    /// The reduction in grams.
    pub reduction_g: i64,
    /// The platform.
    pub source: &'a str,
    /// The act began.
    pub started_at: Timestamp,
    /// The unit of the quantity.
    pub unit: &'a str,
}

impl CanonicalRecord<'_> {
    /// Appends the record as a JSON object in the form of RFC 8785: members sorted, no spaces, `asset` only where there is
    /// one.
    pub fn write(&self, out: &mut String) {
        // Every text but the unit is of a character set that JSON writes as it is; the unit is escaped.
        let unit = serde_json::Value::from(self.unit);
        let _ = write!(out, "{{\"account\":\"{}\"", self.account);
        if let Some(asset) = self.asset {
            let _ = write!(out, ",\"asset\":\"{asset}\"");
        }
        let _ = write!(
            out,
            ",\"ended_at\":\"{}\",\"methodology\":\"{}\",\"place\":\"{}\",\"quantity\":\"{}\"",
            self.ended_at, self.methodology, self.place, self.quantity
        );
        let _ = write!(
            out,
            ",\"record_id\":\"{}\",\"reduction_g\":{},\"source\":\"{}\",\"started_at\":\"{}\",\"unit\":{unit}}}",
            self.record_id, self.reduction_g, self.source, self.started_at
        );
    }
}
