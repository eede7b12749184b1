//! What members expose of their credits.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::message::Listing as ListingContent;
use tanqiao_protocol::r#use::Uses;
use tanqiao_protocol::view::Outcome;

use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::Listing;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// Puts a listing, or takes it down with 0 g. Not a reservation: the credits stay free.
pub fn put(working: &mut Working, command: &Command, signed: &Signed, content: &ListingContent) -> Decided<Outcome> {
    let key = (signed.member.clone(), content.listing.clone());
    let before = working
        .listings
        .get(&key)?
        .filter(|l| l.content.series == content.series)
        .map_or(0, |l| l.content.quantity_g.get());
    let (held, listed) = working
        .free
        .get(&(signed.member.clone(), content.series.clone()))?
        .copied()
        .unwrap_or_default();
    let listed_after = listed.get() - before + content.quantity_g.get();
    ensure(content.quantity_g.is_zero() || listed_after <= held.get(), || {
        Refusal::new(CheckCode::L01, "The listings of this series would exceed what the member holds free. List less, or take another listing down.")
            .expected(format!("at most {} g", held.get() - (listed.get() - before)), format!("{} g", content.quantity_g.get()))
    })?;
    let permitted = working
        .governance
        .methodologies
        .get(content.series.methodology())
        .map_or(Uses::NONE, |m| m.content.uses);
    ensure(permitted.contains_all(content.uses) && !content.uses.is_empty(), || {
        let words: Vec<&str> = permitted.iter().map(tanqiao_protocol::r#use::Use::word).collect();
        Refusal::new(
            CheckCode::L02,
            "The listing names a use that the methodology does not permit, or none.",
        )
        .expected(words.join(", "), String::new())
    })?;
    ensure(
        content.smallest_lot_g <= content.quantity_g || content.quantity_g.is_zero(),
        || Refusal::new(CheckCode::M02, "`smallest_lot_g` is larger than `quantity_g`."),
    )?;
    let subject = format!("listing/{}/{}", signed.member, content.listing);
    let log_index = working.carry_out(Step {
        r#type: "listing.put",
        subject: subject.clone(),
        data: json!({ "listing": content }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        ..Step::default()
    })?;
    // A listing that moves to another series leaves its former one.
    let former = working
        .listings
        .get(&key)?
        .filter(|l| l.content.series != content.series)
        .map(|l| (l.content.series.clone(), l.content.quantity_g));
    if let Some((series, quantity)) = former {
        let key = (signed.member.clone(), series);
        if working.free.knows(&key) {
            let free = working.free.get_mut(&key)?;
            free.1 = free.1.saturating_minus(quantity);
        }
    }
    let free = working.free.get_mut(&(signed.member.clone(), content.series.clone()))?;
    free.1 = tanqiao_protocol::quantity::Grams::new(listed_after).unwrap_or_default();
    working.listings.put(
        key,
        Listing {
            member: signed.member.clone(),
            content: content.clone(),
            log_index,
        },
    );
    Ok(working.outcome(subject, None, log_index))
}
