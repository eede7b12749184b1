//! How the consoles of hub and node look and read: one layout, two languages, parts, charts, and the files that a browser fetches.
//!
//! **Architecture invariant:** nothing here knows a database, dials, or reads a clock. Whoever serves a page brings what it shows.
#![forbid(unsafe_code)]

pub mod assets;
pub mod charts;
pub mod format;
pub mod glossary;
pub mod headers;
pub mod html;
pub mod language;
pub mod layout;
pub mod parts;
pub mod qr;
pub mod regions;
pub mod uses;
pub mod words;

pub use html::Html;
pub use language::Language;
pub use words::Words;
