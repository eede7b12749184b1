//! What every maker of tokens can do.

use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::BoxFuture;
use tanqiao_protocol::fingerprint::{Epoch, Token, TokenEntry, TokenInput, TokenSuite, token_of};
use zeroize::Zeroizing;

/// Pseudorandom outputs, in the order of their inputs.
pub type Outputs = Vec<Zeroizing<Vec<u8>>>;

/// Why no tokens could be made. Nothing in it says of what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too few evaluators answer, or the hub does not: it is tried again.
    #[error("{0}")]
    Unavailable(String),
    /// An evaluator, the hub or a key is not what it should be: a person has to look. It is tried again all the same.
    #[error("{0}")]
    Refused(String),
}

/// Makes the outputs behind tokens.
pub trait TokenProvider: Send + Sync + fmt::Debug {
    /// How it makes them: tokens of different suites are never equal.
    fn suite(&self) -> TokenSuite;

    /// The outputs of inputs of one month, in their order. An input is asked for once, whatever is tried again inside.
    fn outputs(&self, epoch: Epoch, inputs: Vec<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<Outputs, TokenError>>;
}

/// The tokens of many activities, each with its inputs; strictly ascending, as a stream has them.
///
/// # Errors
/// [`TokenError`]
pub async fn tokens(
    provider: &dyn TokenProvider,
    activities: Vec<Vec<TokenInput>>,
) -> Result<Vec<Vec<TokenEntry>>, TokenError> {
    let mut entries: Vec<Vec<TokenEntry>> = Vec::new();
    entries.resize_with(activities.len(), Vec::new);
    let mut months: BTreeMap<Epoch, (Vec<_>, Vec<_>)> = BTreeMap::new();
    for (place, inputs) in activities.into_iter().enumerate() {
        for input in inputs {
            let (places, bytes) = months.entry(input.epoch).or_default();
            places.push((place, input.kind));
            bytes.push(input.bytes);
        }
    }
    for (epoch, (places, bytes)) in months {
        let outputs = provider.outputs(epoch, bytes).await?;
        if outputs.len() != places.len() {
            return Err(TokenError::Refused(format!(
                "{} outputs were made of {} inputs",
                outputs.len(),
                places.len()
            )));
        }
        for ((place, kind), output) in places.into_iter().zip(outputs) {
            if let Some(entries) = entries.get_mut(place) {
                let token: Token = token_of(epoch, kind, &output);
                entries.push(TokenEntry { kind, epoch, token });
            }
        }
    }
    for of_activity in &mut entries {
        of_activity.sort_unstable();
        of_activity.dedup();
    }
    Ok(entries)
}
