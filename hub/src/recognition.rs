//! What people look at and bring in before they propose mappings: pairs that could be mapped, ranked; mapping sets from files; and what
//! the hub would compute for a proposal. Nothing here recognises anything: that is decided in the ledger.

pub mod assessment;
pub mod import;
pub mod ranked;
