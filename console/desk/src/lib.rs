//! People at the browser, the same for the hub and for a node: who they are, what their role may do, and what was done.
//!
//! **Architecture invariant:** a page exists only through its [`Route`], which says who may see it; the gate asks that line before any
//! page runs. Where accounts and sessions are kept is the [`House`]'s business: this crate knows no database.

pub mod address;
pub mod factor;
pub mod lists;
pub mod pages;
pub mod password;

mod gate;
mod house;
mod route;
mod session;
mod visit;

pub use house::{Account, Act, DeskStore, Factor, House, Patience, Session, StoreFault};
pub use route::{Answering, Route, Who, mount};
pub use session::Keeping;
pub use visit::{Fault, Fields, Kind, Known, Reply, Turn, Visit};
