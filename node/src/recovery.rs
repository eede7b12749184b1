//! When the hub was restored from a backup: giving back what it lost, and following it where that cannot be done.

mod anew;
mod export;
mod follow;
mod lots;

pub(crate) use anew::anew;
pub use export::{Exported, export};
pub(crate) use follow::take_back_answers;
pub use follow::{Followed, follow_origin};
pub use lots::Moved;
