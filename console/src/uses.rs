//! What uses are called.

use tanqiao_protocol::r#use::Use;

use crate::words::Words;

/// A use in the reader's language.
#[must_use]
pub const fn name(one: Use, words: &'static Words) -> &'static str {
    match one {
        Use::EventNeutrality => words.u_event,
        Use::CorporateNeutrality => words.u_corporate,
        Use::ProductNeutrality => words.u_product,
        Use::EcologicalCompensation => words.u_ecological,
        Use::EtsOffset => words.u_ets,
        Use::PersonalOffset => words.u_personal,
        Use::PublicWelfare => words.u_welfare,
        Use::Article6Ndc => words.u_ndc,
        Use::Article6Oimp => words.u_oimp,
    }
}
