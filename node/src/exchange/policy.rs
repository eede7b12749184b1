//! The standing policy for offers: rules in order, and what the configuration says for the rest.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::Offer;

use crate::config::AcceptanceConfig;
use crate::ledger::AccountId;
use crate::ledger::dealing::stored_words;
use crate::store::StoreError;
use crate::store::rows::RuleRow;

stored_words! {
    /// What a rule says about an offer.
    Verdict {
        /// Accept it at once.
        Accept = 1 "accept",
        /// Ask a person.
        Ask = 2 "ask",
        /// Decline it at once.
        Decline = 3 "decline",
    }
}

/// A rule: the first in order whose every condition fits decides. An absent condition fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its place in the order; writing a rule replaces the one in its place.
    pub place: i64,
    /// From this member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<NodeId>,
    /// For this use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#use: Option<Use>,
    /// All blocks of this methodology, by its id without version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methodology: Option<String>,
    /// So many delivered grams at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_g_max: Option<Grams>,
    /// What then.
    pub verdict: Verdict,
    /// Credit to this account; the configuration's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
}

impl Rule {
    fn fits(&self, offer: &Offer) -> bool {
        self.source.as_ref().is_none_or(|s| *s == offer.source)
            && self.r#use.is_none_or(|u| u == offer.r#use)
            && self
                .methodology
                .as_ref()
                .is_none_or(|m| offer.blocks.iter().all(|b| b.series.methodology().id() == m))
            && self.quantity_g_max.is_none_or(|g| offer.quote.delivered_g <= g)
    }

    pub(crate) fn of_row(row: RuleRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::Corrupt(format!("acceptance rule {}", row.place));
        Ok(Self {
            place: row.place,
            source: row
                .source
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| corrupt())?,
            r#use: row.purpose.map(|u| Use::from_code(u).ok_or_else(corrupt)).transpose()?,
            quantity_g_max: row.quantity_g_max.map(Grams::new).transpose().map_err(|_| corrupt())?,
            verdict: Verdict::from_code(row.verdict)?,
            account: row
                .account
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| corrupt())?,
            methodology: row.methodology,
        })
    }

    pub(crate) fn to_row(&self) -> RuleRow {
        RuleRow {
            place: self.place,
            source: self.source.as_ref().map(ToString::to_string),
            purpose: self.r#use.map(Use::code),
            methodology: self.methodology.clone(),
            quantity_g_max: self.quantity_g_max.map(Grams::get),
            verdict: self.verdict.code(),
            account: self.account.as_ref().map(ToString::to_string),
        }
    }
}

/// What the policy says about an offer, and which account it would be credited to.
pub(super) fn judge(rules: &[Rule], rest: &AcceptanceConfig, offer: &Offer) -> (Verdict, AccountId) {
    if let Some(rule) = rules.iter().find(|r| r.fits(offer)) {
        return (
            rule.verdict,
            rule.account.clone().unwrap_or_else(|| rest.account.clone()),
        );
    }
    let small = rest.quantity_g_max.is_none_or(|g| offer.quote.delivered_g <= g);
    let verdict = if rest.accept_at_once && small {
        Verdict::Accept
    } else {
        Verdict::Ask
    };
    (verdict, rest.account.clone())
}
