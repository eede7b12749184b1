//! What pages are made of. Each part is a value that becomes markup; pages put parts together and write no markup themselves.

mod approval;
mod chip;
mod form;
mod list;

pub use approval::Confirmation;
pub use chip::{Chip, Kind};
pub use form::{Errors, Field, Form, Input};
pub use list::{Active, Cell, Column, Definitions, Empty, Filter, FilterField, Listing, Pager, Table, cut};
