//! Visits to the hub's pages.

use crate::api::answer::Refused;
use crate::ledger::objects::Role;

use super::Hall;

pub(super) use tanqiao_desk::{Fault, Reply, Turn};

/// One request, once the gate has let it pass.
pub(super) type Visit = tanqiao_desk::Visit<Hall>;
/// Somebody who has signed in.
pub(super) type Known = tanqiao_desk::Known<Role>;

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        (*refused.0).into()
    }
}
