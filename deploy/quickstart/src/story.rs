//! The story: from activity files to a covered event, with what is refused and what survives on the way.

mod assets;
mod conference;
mod credits;
mod crossing;
mod duplicates;
mod equivalence;
mod figures;
mod harm;
mod reckoning;
mod witnesses;

pub use reckoning::Counts;

use serde::Deserialize;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::view::Outcome as Done;

use crate::failure::{Doing as _, Outcome, unexpected};
use crate::platform::Asked;
use crate::records::{Batch, VINTAGE};
use crate::world::World;

/// What a node answers to a command that the hub has decided.
#[derive(Debug, Clone, Deserialize)]
struct Answer {
    outcome: Option<Done>,
}

/// A list that a node answers.
#[derive(Debug, Clone, Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

/// A block of a node's book.
#[derive(Debug, Clone, Deserialize)]
struct BlockItem {
    block: BlockRef,
}

/// Plays everything that no earlier run has played.
///
/// # Errors
/// The first thing that is not as the story says.
pub async fn play(world: &mut World) -> Outcome<()> {
    witnesses::admitted(world).await?;
    equivalence::methodologies(world).await?;
    equivalence::mappings(world).await?;
    credits::imports(world).await?;
    assets::registered(world).await?;
    credits::issuances(world).await?;
    credits::pools(world).await?;
    duplicates::one_order(world).await?;
    duplicates::one_ride(world).await?;
    duplicates::one_roof(world).await?;
    crossing::listing(world).await?;
    crossing::transfer(world).await?;
    crossing::double_spend(world).await?;
    conference::announcement(world).await?;
    conference::donations(world).await?;
    conference::certificate(world).await?;
    harm::killed(world).await?;
    harm::shut_out(world).await
}

/// Looks at everything once more: digests, balances, and in any case the invariants.
///
/// # Errors
/// The first thing that is wrong.
pub async fn reckon(world: &mut World) -> Outcome<Counts> {
    let counts = reckoning::reckon(world).await;
    reckoning::invariants(world).await?;
    let counts = counts?;
    witnesses::witnessed(world).await?;
    Ok(counts)
}

/// The hub has done it.
fn done(answer: &Answer, what: &str) -> Outcome<Done> {
    answer
        .outcome
        .clone()
        .ok_or_else(|| unexpected(what, "decided by the hub", "still waiting"))
}

/// It was refused, and for this reason.
fn refused<T: std::fmt::Debug>(answer: Asked<T>, what: &str, code: &str) -> Outcome<Box<Problem>> {
    match answer {
        Err(problem) if problem.code == code => Ok(problem),
        Err(problem) => Err(unexpected(what, code, format!("{}: {}", problem.code, problem.detail))),
        Ok(done) => Err(unexpected(what, code, format!("{done:?}"))),
    }
}

fn version(methodology: &str) -> Outcome<MethodologyRef> {
    MethodologyRef::new(methodology, 1).doing("naming a methodology")
}

/// The series of a regional batch.
fn series(world: &World, batch: &Batch) -> Outcome<SeriesRef> {
    let member = world.member(batch.member)?;
    SeriesRef::new(member.id, member.region, version(batch.methodology)?, VINTAGE).doing("naming a series")
}

/// The batch of a member and methodology.
fn batch(member: &str, methodology: &str) -> Outcome<&'static Batch> {
    let found = crate::records::of_member(member).find(|batch| batch.methodology == methodology);
    found.ok_or_else(|| unexpected("the activity files", methodology, "none"))
}
